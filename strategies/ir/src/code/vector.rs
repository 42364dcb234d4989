//! Nodes of vectors, apart from those of scalars.
//!
//! A vector takes two slots that follow each other. It is one node all the same, and one statement writes both slots: two
//! writes of half a vector that are then read as a whole would wait until both have left the store buffer.

use crate::index::{NodeId, Slot};
use crate::types::ValType;
use crate::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, SplatOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp, VectorTestOp,
};

/// A node that takes or gives a vector. Memories have 8 bits here: validation lets at most 100 through.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs)] // `op`, `a`, `b`, `c`, `memory`, `address`, `offset` as in `Node`; `lane` is a lane's number.
pub enum VectorNode {
    /// The vector in two frame slots, of which this is the first.
    Slot(Slot),
    /// A constant, by its index in [`FunctionBody::vectors`](super::FunctionBody::vectors).
    Const(u32),
    /// The value of a global, by its index in the module.
    GlobalGet(u32),
    /// `a` if `condition` is not zero, else `b`; all three are evaluated, `a` first and `condition` last.
    Select { condition: NodeId, a: NodeId, b: NodeId },
    /// `op(a)`
    One { op: Vector1Op, a: NodeId },
    /// `op(a, b)`
    Two { op: Vector2Op, a: NodeId, b: NodeId },
    /// `op(a, b, c)`
    Three {
        op: Vector3Op,
        a: NodeId,
        b: NodeId,
        c: NodeId,
    },
    /// `op(a)`, an `i32`.
    Test { op: VectorTestOp, a: NodeId },
    /// `op(a, b)` of an `i32` `b`.
    Shift { op: ShiftOp, a: NodeId, b: NodeId },
    /// `op(a)` of a scalar.
    Splat { op: SplatOp, a: NodeId },
    /// A lane of `a`, a scalar.
    Extract { op: ExtractOp, lane: u8, a: NodeId },
    /// `a` with the scalar `b` in a lane.
    Replace {
        op: ReplaceOp,
        lane: u8,
        a: NodeId,
        b: NodeId,
    },
    /// Bytes of `a` and `b`, chosen by those of a constant: `lanes` is its index in
    /// [`FunctionBody::vectors`](super::FunctionBody::vectors).
    Shuffle { lanes: u32, a: NodeId, b: NodeId },
    /// The vector made of what is at `address + offset` in a memory.
    Load {
        op: VectorLoadOp,
        memory: u8,
        address: NodeId,
        offset: u32,
    },
    /// `a` with what is at `address + offset` in a memory in a lane.
    LoadLane {
        op: LoadLaneOp,
        lane: u8,
        memory: u8,
        address: NodeId,
        offset: u32,
        a: NodeId,
    },
}

impl VectorNode {
    /// Its operands in evaluation order, and how many of them count.
    #[inline(always)]
    pub(super) fn operands(&self) -> ([NodeId; 3], usize) {
        match *self {
            VectorNode::Slot(_) | VectorNode::Const(_) | VectorNode::GlobalGet(_) => ([0; 3], 0),
            VectorNode::One { a, .. }
            | VectorNode::Test { a, .. }
            | VectorNode::Splat { a, .. }
            | VectorNode::Extract { a, .. }
            | VectorNode::Load { address: a, .. } => ([a, 0, 0], 1),
            VectorNode::Two { a, b, .. }
            | VectorNode::Shift { a, b, .. }
            | VectorNode::Replace { a, b, .. }
            | VectorNode::Shuffle { a, b, .. }
            | VectorNode::LoadLane { address: a, a: b, .. } => ([a, b, 0], 2),
            VectorNode::Three { a, b, c, .. } => ([a, b, c], 3),
            VectorNode::Select { condition, a, b } => ([a, b, condition], 3),
        }
    }

    /// Whether it can trap itself, its operands apart.
    #[inline(always)]
    pub fn traps(&self) -> bool {
        match self {
            VectorNode::Slot(_)
            | VectorNode::Const(_)
            | VectorNode::GlobalGet(_)
            | VectorNode::Select { .. }
            | VectorNode::One { .. }
            | VectorNode::Two { .. }
            | VectorNode::Three { .. }
            | VectorNode::Test { .. }
            | VectorNode::Shift { .. }
            | VectorNode::Splat { .. }
            | VectorNode::Extract { .. }
            | VectorNode::Replace { .. }
            | VectorNode::Shuffle { .. } => false,
            VectorNode::Load { .. } | VectorNode::LoadLane { .. } => true,
        }
    }

    /// The name of its operation in the text format; reading slots or a constant is none.
    pub fn mnemonic(&self) -> Option<&'static str> {
        Some(match *self {
            VectorNode::Slot(_) | VectorNode::Const(_) => return None,
            VectorNode::GlobalGet(_) => "global.get",
            VectorNode::Select { .. } => "select",
            VectorNode::One { op, .. } => op.mnemonic(),
            VectorNode::Two { op, .. } => op.mnemonic(),
            VectorNode::Three { op, .. } => op.mnemonic(),
            VectorNode::Test { op, .. } => op.mnemonic(),
            VectorNode::Shift { op, .. } => op.mnemonic(),
            VectorNode::Splat { op, .. } => op.mnemonic(),
            VectorNode::Extract { op, .. } => op.mnemonic(),
            VectorNode::Replace { op, .. } => op.mnemonic(),
            VectorNode::Shuffle { .. } => "i8x16.shuffle",
            VectorNode::Load { op, .. } => op.mnemonic(),
            VectorNode::LoadLane { op, .. } => op.mnemonic(),
        })
    }

    /// Types of its operands in evaluation order, and of its value; of addresses, in memories whose addresses have 32 bits.
    pub fn types(&self) -> (Vec<ValType>, ValType) {
        use ValType::{I32, V128};
        let (operands, result): (&[ValType], _) = match *self {
            VectorNode::Slot(_) | VectorNode::Const(_) | VectorNode::GlobalGet(_) => (&[], V128),
            VectorNode::Select { .. } => (&[V128, V128, I32], V128),
            VectorNode::One { .. } => (&[V128], V128),
            VectorNode::Two { .. } | VectorNode::Shuffle { .. } => (&[V128, V128], V128),
            VectorNode::Three { .. } => (&[V128; 3], V128),
            VectorNode::Test { .. } => (&[V128], I32),
            VectorNode::Shift { .. } => (&[V128, I32], V128),
            VectorNode::Splat { op, .. } => (&[op.operand()], V128),
            VectorNode::Extract { op, .. } => (&[V128], op.result()),
            VectorNode::Replace { op, .. } => (&[V128, op.operand()], V128),
            VectorNode::Load { .. } => (&[I32], V128),
            VectorNode::LoadLane { .. } => (&[I32, V128], V128),
        };
        (operands.to_vec(), result)
    }
}
