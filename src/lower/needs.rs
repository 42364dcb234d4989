//! Bounds on what lowering a function needs, computed while it is validated: functions are lowered when they are first
//! called, and that must not fail.

use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::verify::scratch_slots;

/// Slots that a frame may have: what 16-bit slot numbers can name.
const MAX_SLOTS: u64 = 1 << 16;

/// The first byte of the operators of vectors.
const VECTOR_PREFIX: u8 = 0xfd;

/// Upper bounds of what lowering a function takes.
#[derive(Debug)]
pub(crate) struct Needs {
    /// Slots of parameters and locals.
    locals: u64,
    /// Slots of the highest operand stack.
    height: u64,
    /// Whether operands may be vectors, which take two slots.
    vectors: bool,
}

impl Needs {
    /// A function whose parameters and locals take this many slots, and which may get vectors from elsewhere.
    pub(crate) fn new(locals: usize, vectors: bool) -> Needs {
        Needs {
            locals: locals as u64,
            height: 0,
            vectors,
        }
    }

    /// Adds an operator.
    pub(crate) fn operator(&mut self, opcode: u8) {
        self.vectors |= opcode == VECTOR_PREFIX;
    }

    /// Whether this many operands are more than there were before.
    pub(crate) fn exceeded_by(&self, operands: u32) -> bool {
        u64::from(operands) > self.height
    }

    /// Adds what follows an operator and can be reached: so many operands.
    pub(crate) fn operands(&mut self, operands: u32) {
        self.height = self.height.max(u64::from(operands));
    }

    /// Whether a frame can hold its slots.
    pub(crate) fn fit(&self) -> bool {
        // Each operand may be of the widest type.
        let width = if self.vectors { u64::from(ValType::MAX_SLOTS) } else { 1 };
        self.locals + self.height * width + u64::from(scratch_slots(self.vectors)) <= MAX_SLOTS
    }

    /// Whether something needs no more than was foreseen.
    pub(super) fn cover(slots: usize) -> bool {
        slots as u64 <= MAX_SLOTS
    }
}
