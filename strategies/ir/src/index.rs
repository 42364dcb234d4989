//! What parts of a function are numbered by.

/// Index of a 64-bit slot in a frame. 16 bits on purpose: a window of 65,536 slots can be indexed without a check.
pub type Slot = u16;

/// Index of a block in its function.
pub type BlockId = u32;

/// Index of a node in its function.
pub type NodeId = u32;
