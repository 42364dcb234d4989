//! What the holes of a stencil stand for: the build script finds them, and the library fills them.

/// Bytes from a cell's beginning to the address of the function's code.
pub const CELL_CODE: usize = 16;

/// Bytes from a machine's context to the place where it says how far the frames go, and from there to the resume point of the one on
/// top.
pub const FRAMES_TOP: usize = 8;
pub const TOP_NATIVE: isize = -24;

/// What a hole is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Which of them occur depends on the build: without stencils, none does.
#[allow(dead_code)]
pub enum What {
    /// The distance to the node's operand units.
    Units,
    /// Eight times the slot number in an operand unit.
    Slot(u8),
    /// A byte: of the number in an operand unit, or of its negative (`back`), the bits of a mask.
    Number {
        unit: u8,
        mask: u8,
        back: bool,
    },
    /// The distance to the vector in operand units from this one on, aligned.
    Vector(u8),
    /// Eight times the number of the global in operand unit 0.
    Global,
    /// The distance to the offset of an access of so many bytes.
    Offset(u8),
    /// The distance to a constant of the handler's own.
    Constant(u16),
    /// The distance to where a call goes on.
    Behind,
    /// The distance to the address of the callee's cell, and to that of the module's function 0.
    Cell,
    Cells,
    /// The distance to the targets' distances.
    Table,
    /// The distance to where those count from.
    Here,
    /// The distance to the code of the next node.
    Next,
    /// The distance to the code of the branch's target.
    Target,
    /// The distance to a trap's exit.
    Trap(u8),
    /// The distance to where the handler takes over.
    Rare,
}

impl What {
    /// Bytes of its field.
    #[allow(dead_code)]
    pub fn bytes(self) -> usize {
        if matches!(self, What::Number { .. }) { 1 } else { 4 }
    }
}
