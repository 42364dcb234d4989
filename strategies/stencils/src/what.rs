//! What the holes of a stencil stand for: the build script finds them, and the library fills them.

/// What a hole is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Which of them occur depends on the build: without stencils, none does.
#[allow(dead_code)]
pub enum What {
    /// The distance to the node's operand units.
    Units,
    /// Eight times the slot number in an operand unit.
    Slot(u8),
    /// The distance to a constant of the handler's own.
    Constant(u16),
    /// The distance to the address of the node where a call goes on.
    Behind,
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
