//! Bounds on what lowering a function needs, computed while it is validated: functions are lowered when they are first
//! called, and that must not fail.

use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::verify::scratch_slots;

/// Slots that a frame may have: what 16-bit slot numbers can name.
const MAX_SLOTS: u64 = 1 << 16;

/// Operand types that block entries of one function may record together. Only a hostile function, with thousands of
/// operands kept across thousands of branches, needs more; it is refused rather than given gigabytes.
const MAX_ENTRY_TYPES: u64 = 16 << 20;

/// The last of the opcodes that can end a block: `unreachable` to `return_call_indirect` come first.
const LAST_CONTROL: u8 = 0x15;

/// The first byte of the operators of vectors.
const VECTOR_PREFIX: u8 = 0xfd;

/// Upper bounds of what lowering a function takes.
#[derive(Debug)]
pub(crate) struct Needs {
    /// Slots of parameters and locals.
    locals: u64,
    /// Slots of the highest operand stack.
    height: u64,
    entry_types: u64,
    /// Whether operands may be vectors, which take two slots.
    vectors: bool,
}

impl Needs {
    /// A function whose parameters and locals take this many slots, and which may get vectors from elsewhere.
    pub(crate) fn new(locals: usize, vectors: bool) -> Needs {
        Needs {
            locals: locals as u64,
            height: 0,
            entry_types: 0,
            vectors,
        }
    }

    /// Adds an operator of this many bytes, with this many operands before or after it, whichever is more.
    pub(crate) fn operator(&mut self, opcode: u8, operands: u32, bytes: u64) {
        let height = u64::from(operands);
        self.vectors |= opcode == VECTOR_PREFIX;
        self.height = self.height.max(height);
        if opcode <= LAST_CONTROL {
            // Two blocks for the operator, and one for each target of a `br_table`, which takes a byte at least.
            self.entry_types = self.entry_types.saturating_add((height + 1) * (bytes + 1));
        }
    }

    /// Whether a frame can hold its slots, and the block entries their types.
    pub(crate) fn fit(&self) -> bool {
        // Each operand may be of the widest type.
        let width = if self.vectors { u64::from(ValType::MAX_SLOTS) } else { 1 };
        let slots = self.locals + self.height * width + u64::from(scratch_slots(self.vectors));
        slots <= MAX_SLOTS && self.entry_types.saturating_mul(width) <= MAX_ENTRY_TYPES
    }

    /// Whether something needs no more than was foreseen.
    pub(super) fn cover(slots: usize, entry_types: usize) -> bool {
        slots as u64 <= MAX_SLOTS && entry_types as u64 <= MAX_ENTRY_TYPES
    }
}
