//! Code blocks: what lowering produces and every strategy compiles.
//!
//! A [`FunctionBody`] is a list of [`CodeBlock`]s. A block is entered at the top, runs its [`Statement`]s in order and is
//! left by the last of them, the terminator. Operands of statements are expression trees of [`Node`]s, pure or trapping,
//! never with a side effect. Values that outlive their statement have a canonical slot in the frame:
//!
//! ```text
//! frame:  | parameters | locals | canonical slots of the operand stack | scratch |
//! slot:   0                       \ a callee's frame starts at one of these
//! ```
//!
//! # The resume contract
//!
//! At the start of every block all live values are in frame slots and nothing lives anywhere else. A call ends its block,
//! so this also holds right after every call: a machine can stop at any block and continue later, under any strategy.

pub mod vector;

use std::convert::Infallible;
use std::sync::Arc;

use crate::builtin::Builtin;
use crate::operands::{EntryTypes, OperandTypes, RunId, SlotTypes};
use crate::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use crate::shape::{AddressType, ModuleShape};
use crate::trap::Trap;
use crate::types::ValType;
use crate::vector::V128;
use crate::vector_ops::{StoreLaneOp, VectorStoreOp};

use self::vector::VectorNode;
pub use crate::index::{BlockId, NodeId, Slot};

/// One node of an expression tree: 16 bytes, because lowering is mostly writing them to memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Node {
    /// The value of a frame slot.
    Slot(Slot),
    /// A constant, as slot bits.
    Const(u64),
    /// `op(a)`.
    Unary {
        /// The operation.
        op: UnaryOp,
        /// Its operand.
        a: NodeId,
    },
    /// `op(a, b)`; `a` is evaluated first.
    Binary {
        /// The operation.
        op: BinaryOp,
        /// Left operand.
        a: NodeId,
        /// Right operand.
        b: NodeId,
    },
    /// The value at `address + offset` in a memory.
    Load {
        /// Type and width.
        op: LoadOp,
        /// Index of the memory in the module.
        memory: u16,
        /// The address operand, of the memory's address type.
        address: NodeId,
        /// Static offset in bytes.
        offset: u32,
    },
    /// `a` if `condition` is not zero, else `b`; all three are evaluated, `a` first and `condition` last.
    Select {
        /// An `i32`.
        condition: NodeId,
        /// Chosen when the condition is not zero.
        a: NodeId,
        /// Chosen otherwise.
        b: NodeId,
    },
    /// The value of a global, by its index in the module.
    GlobalGet(u32),
    /// Something that takes or gives a vector.
    Vector(VectorNode),
}

impl Node {
    /// The nodes it is computed from, in evaluation order.
    #[inline(always)]
    pub fn operands(&self) -> impl Iterator<Item = NodeId> + use<> {
        let (operands, count) = match *self {
            Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => ([0; 3], 0),
            Node::Unary { a, .. } | Node::Load { address: a, .. } => ([a, 0, 0], 1),
            Node::Binary { a, b, .. } => ([a, b, 0], 2),
            Node::Select { condition, a, b } => ([a, b, condition], 3),
            Node::Vector(node) => node.operands(),
        };
        operands.into_iter().take(count)
    }

    /// Whether it is computed from no other node.
    #[inline(always)]
    pub fn is_leaf(&self) -> bool {
        match self {
            Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => true,
            Node::Unary { .. } | Node::Binary { .. } | Node::Load { .. } | Node::Select { .. } => false,
            Node::Vector(node) => node.operands().1 == 0,
        }
    }

    /// Whether it can trap itself, its operands apart.
    #[inline(always)]
    pub fn traps(&self) -> bool {
        match *self {
            Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) | Node::Select { .. } => false,
            Node::Unary { op, .. } => op.traps(),
            Node::Binary { op, .. } => op.traps(),
            Node::Load { .. } => true,
            Node::Vector(node) => node.traps(),
        }
    }

    /// Whether it is the value of this slot, alone or with a neighbour.
    #[inline(always)]
    pub fn is_slot(&self, slot: Slot) -> bool {
        self.slots()
            .is_some_and(|(first, count)| slot.wrapping_sub(first) < count)
    }

    /// The first of the slots whose value it is, and their number.
    #[inline(always)]
    pub fn slots(&self) -> Option<(Slot, u16)> {
        match *self {
            Node::Slot(slot) => Some((slot, 1)),
            Node::Vector(VectorNode::Slot(slot)) => Some((slot, 2)),
            Node::Const(_)
            | Node::Unary { .. }
            | Node::Binary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => None,
        }
    }
}

const _: () = assert!(size_of::<Node>() == 16 && size_of::<Statement>() == 16);

/// A statement of a block; the last statement of each block is a terminator, all others are not.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Statement {
    /// `slot = value`
    Set {
        /// The slot written.
        slot: Slot,
        /// The tree evaluated.
        value: NodeId,
    },
    /// `global = value`
    GlobalSet {
        /// Index of the global in the module.
        global: u32,
        /// The tree evaluated.
        value: NodeId,
    },
    /// A store; the address is evaluated first.
    Store {
        /// Type and width.
        op: StoreOp,
        /// Index of the memory in the module.
        memory: u16,
        /// The address operand, of the memory's address type.
        address: NodeId,
        /// Static offset in bytes.
        offset: u32,
        /// The value operand.
        value: NodeId,
    },
    /// `slot, slot + 1 = value`, a vector
    VectorSet {
        /// The first slot written.
        slot: Slot,
        /// The tree evaluated.
        value: NodeId,
    },
    /// `global = value`, a vector
    VectorGlobalSet {
        /// Index of the global in the module.
        global: u32,
        /// The tree evaluated.
        value: NodeId,
    },
    /// A store of a vector; the address is evaluated first.
    VectorStore {
        /// Width.
        op: VectorStoreOp,
        /// Index of the memory in the module.
        memory: u8,
        /// The address operand.
        address: NodeId,
        /// Static offset in bytes.
        offset: u32,
        /// The value operand.
        value: NodeId,
    },
    /// A store of one lane of a vector; the address is evaluated first.
    StoreLane {
        /// Width.
        op: StoreLaneOp,
        /// The lane's number.
        lane: u8,
        /// Index of the memory in the module.
        memory: u8,
        /// The address operand.
        address: NodeId,
        /// Static offset in bytes.
        offset: u32,
        /// The vector operand.
        value: NodeId,
    },
    /// Evaluates a tree for its trap alone.
    Eval(NodeId),
    /// Takes `cost` from the run's slice, or suspends the run at this block if that does not
    /// hold that much. Only as a block's first statement, where the resume contract lets a machine stop.
    Meter {
        /// Instructions that this pays for.
        cost: u32,
    },
    /// A builtin; operands and result are at `base`.
    Builtin {
        /// Which.
        op: Builtin,
        /// First operand slot.
        base: Slot,
        /// First immediate.
        x: u32,
        /// Second immediate.
        y: u32,
    },
    /// Terminator: continue at a block.
    Jump(BlockId),
    /// Terminator: continue at `target` if the condition is not zero (`when`) or zero (not `when`), else at the next
    /// block.
    Branch {
        /// An `i32` tree.
        condition: NodeId,
        /// Which outcome branches.
        when: bool,
        /// Where to.
        target: BlockId,
    },
    /// Terminator: continue at `targets[first + min(index, count - 1)]`.
    Switch {
        /// An `i32` tree, read unsigned.
        index: NodeId,
        /// First entry in [`FunctionBody::targets`].
        first: u32,
        /// Number of entries, the last of which is the default; at least one.
        count: u32,
    },
    /// Terminator: call, then continue at the next block. Arguments are at `base`, where the callee's frame begins and
    /// leaves its results.
    Call {
        /// Index of the function in the module.
        function: u32,
        /// First argument slot.
        base: Slot,
    },
    /// Terminator: call through a table, then continue at the next block.
    CallIndirect {
        /// Index of the table in the module.
        table: u32,
        /// Index of the expected type in the module.
        ty: u32,
        /// The element index, an `i32` tree.
        index: NodeId,
        /// First argument slot.
        base: Slot,
    },
    /// Terminator: call in place of this frame; the arguments have been moved to slot 0 on.
    TailCall {
        /// Index of the function in the module.
        function: u32,
    },
    /// Terminator: call through a table in place of this frame; the arguments have been moved to slot 0 on and the
    /// element index into a slot that is free of them.
    TailCallIndirect {
        /// Index of the table in the module.
        table: u32,
        /// Index of the expected type in the module.
        ty: u32,
        /// The element index, an `i32` tree.
        index: NodeId,
    },
    /// Terminator: return; the results have been moved to slot 0 on.
    Return,
    /// Terminator: trap.
    Trap(Trap),
}

impl Statement {
    /// Whether this statement ends a block.
    pub fn is_terminator(&self) -> bool {
        use Statement::*;
        match self {
            Set { .. } | GlobalSet { .. } | Store { .. } | Eval(_) | Builtin { .. } | Meter { .. } => false,
            VectorSet { .. } | VectorGlobalSet { .. } | VectorStore { .. } | StoreLane { .. } => false,
            Jump(_)
            | Branch { .. }
            | Switch { .. }
            | Call { .. }
            | CallIndirect { .. }
            | TailCall { .. }
            | TailCallIndirect { .. }
            | Return
            | Trap(_) => true,
        }
    }

    /// The trees the statement evaluates, in order.
    pub fn operands(&self) -> impl Iterator<Item = NodeId> {
        use Statement::*;
        let (first, second) = match *self {
            Set { value, .. } | GlobalSet { value, .. } | Eval(value) => (Some(value), None),
            Store { address, value, .. } => (Some(address), Some(value)),
            VectorSet { value, .. } | VectorGlobalSet { value, .. } => (Some(value), None),
            VectorStore { address, value, .. } | StoreLane { address, value, .. } => (Some(address), Some(value)),
            Branch { condition, .. } => (Some(condition), None),
            Switch { index, .. } | CallIndirect { index, .. } | TailCallIndirect { index, .. } => (Some(index), None),
            Builtin { .. } | Meter { .. } | Jump(_) | Call { .. } | TailCall { .. } | Return | Trap(_) => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// A builtin with its operands and immediates, as loops keep it beside operations that have no room for them.
#[derive(Clone, Copy, Debug)]
pub struct BuiltinCall {
    /// Which.
    pub op: Builtin,
    /// First operand slot.
    pub base: Slot,
    /// First immediate.
    pub x: u32,
    /// Second immediate.
    pub y: u32,
}

/// A straight line of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CodeBlock {
    /// Index of its first statement.
    pub first: u32,
    /// Index of its terminator.
    pub terminator: u32,
    /// Types of the canonical slots at entry: see [`FunctionBody::entry`].
    pub entry: EntryTypes,
}

/// A lowered function.
#[derive(Clone, Debug, Default)]
pub struct FunctionBody {
    /// Slots of the parameters, from slot 0 on.
    pub params: u16,
    /// Types of the slots of parameters and locals, from slot 0 on.
    pub locals: SlotTypes,
    /// Types of the results, a type each and not one for each slot.
    pub results: Vec<ValType>,
    /// First scratch slot: no value there outlives its statement.
    pub scratch: u16,
    /// Slots a frame needs, scratch included.
    pub frame_size: u32,
    /// All nodes; operands precede the nodes that use them.
    pub nodes: Vec<Node>,
    /// Type of each node.
    pub node_types: Vec<ValType>,
    /// Byte offset in the module of the instruction behind each node.
    pub node_offsets: Vec<u32>,
    /// All statements, block by block.
    pub statements: Vec<Statement>,
    /// Byte offset in the module of the instruction behind each statement.
    pub statement_offsets: Vec<u32>,
    /// The blocks; the first is the function's entry.
    pub blocks: Vec<CodeBlock>,
    /// Constants that nodes name: vectors, and the lanes of shuffles.
    pub vectors: Vec<V128>,
    /// What the entries of blocks refer to.
    pub operands: OperandTypes,
    /// Branch targets of all `Switch` statements.
    pub targets: Vec<BlockId>,
    /// Whether its [bulk](Builtin::is_bulk) builtins take from the run's slice.
    pub metered: bool,
    /// Number of globals the module imports; own globals follow them and are reached without a look-up.
    pub imported_globals: u32,
    /// Number of functions the module imports.
    pub imported_functions: u32,
    /// The module's memories and tables.
    pub shape: Arc<ModuleShape>,
}

impl FunctionBody {
    /// Empties all lists and keeps their room.
    pub fn clear(&mut self) {
        self.locals.clear();
        self.results.clear();
        self.nodes.clear();
        self.node_types.clear();
        self.node_offsets.clear();
        self.statements.clear();
        self.statement_offsets.clear();
        self.blocks.clear();
        self.vectors.clear();
        self.operands.clear();
        self.targets.clear();
    }

    /// The node behind an index.
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id as usize]
    }

    /// Whether a memory is the one that strategies make fast: memory 0, if its addresses have 32 bits.
    #[inline]
    pub fn is_fast(&self, memory: u16) -> bool {
        let shape = self.shape.memory(u32::from(memory));
        memory == 0 && shape.is_some_and(|shape| shape.address == AddressType::I32)
    }

    /// The block's statements, terminator last: the view for strategies that fuse trees.
    pub fn statements(&self, block: BlockId) -> &[Statement] {
        let block = &self.blocks[block as usize];
        &self.statements[block.first as usize..=block.terminator as usize]
    }

    /// Types of the canonical slots at a block's entry, from the first on: `None` where nothing is that the block uses. An
    /// operand that is a constant, or a tree over locals, is named directly and needs none.
    pub fn entry(&self, block: BlockId) -> Vec<Option<ValType>> {
        self.operands.at(self.blocks[block as usize].entry)
    }

    /// Changes the types at a block's entry.
    pub fn set_entry(&mut self, block: BlockId, types: &[Option<ValType>]) {
        self.blocks[block as usize].entry = self.operands.entry(RunId::NONE, 0, types.iter().copied());
    }

    /// The index of a block's terminator among all statements.
    #[inline]
    pub fn terminator(&self, block: BlockId) -> u32 {
        self.blocks[block as usize].terminator
    }

    /// The block that a statement belongs to.
    pub fn block_of(&self, statement: u32) -> BlockId {
        (self.blocks.partition_point(|block| block.first <= statement) as u32).saturating_sub(1)
    }

    /// Shows each node of a tree to `visit`, a node before its operands and those in evaluation order, until one fails.
    ///
    /// # Errors
    ///
    /// The first that `visit` returns.
    #[inline(always)]
    pub fn walk<E>(&self, root: NodeId, mut visit: impl FnMut(NodeId, Node) -> Result<(), E>) -> Result<(), E> {
        self.walk_on(root, &mut visit)
    }

    /// Most trees are a leaf or an operation on leaves, so a leaf costs no call.
    #[inline(always)]
    fn walk_on<E>(&self, id: NodeId, visit: &mut impl FnMut(NodeId, Node) -> Result<(), E>) -> Result<(), E> {
        let node = self.node(id);
        visit(id, node)?;
        if node.is_leaf() {
            Ok(())
        } else {
            self.walk_below(node, visit)
        }
    }

    fn walk_below<E>(&self, node: Node, visit: &mut impl FnMut(NodeId, Node) -> Result<(), E>) -> Result<(), E> {
        node.operands().try_for_each(|operand| self.walk_on(operand, visit))
    }

    /// [`FunctionBody::walk`] with a `visit` that cannot fail.
    #[inline(always)]
    pub fn for_each(&self, root: NodeId, mut visit: impl FnMut(NodeId, Node)) {
        let Ok(()) = self.walk(root, |id, node| {
            visit(id, node);
            Ok::<(), Infallible>(())
        });
    }

    /// Whether something holds for any node of a tree.
    #[inline(always)]
    pub fn any(&self, root: NodeId, mut holds: impl FnMut(Node) -> bool) -> bool {
        let visit = |_, node| if holds(node) { Err(()) } else { Ok(()) };
        self.walk(root, visit).is_err()
    }

    /// Whether a tree reads a slot.
    #[inline]
    pub fn reads(&self, root: NodeId, slot: Slot) -> bool {
        self.any(root, |node| node.is_slot(slot))
    }

    /// Whether evaluating the tree can trap.
    pub fn may_trap(&self, root: NodeId) -> bool {
        self.any(root, |node| node.traps())
    }

    /// Heap bytes of the lowered form.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&self.nodes[..])
            + size_of_val(&self.node_types[..])
            + size_of_val(&self.node_offsets[..])
            + size_of_val(&self.statements[..])
            + size_of_val(&self.statement_offsets[..])
            + size_of_val(&self.vectors[..])
            + size_of_val(&self.targets[..])
            + size_of_val(&self.blocks[..])
            + self.locals.heap_bytes()
            + self.operands.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `select(s1 / load(s2), 7, s3)`.
    fn tree() -> (FunctionBody, NodeId) {
        let nodes = vec![
            Node::Slot(1),
            Node::Slot(2),
            Node::Load {
                op: LoadOp::I32Load,
                memory: 0,
                address: 1,
                offset: 0,
            },
            Node::Binary {
                op: BinaryOp::I32DivU,
                a: 0,
                b: 2,
            },
            Node::Const(7),
            Node::Slot(3),
            Node::Select {
                condition: 5,
                a: 3,
                b: 4,
            },
        ];
        let body = FunctionBody {
            nodes,
            ..FunctionBody::default()
        };
        (body, 6)
    }

    #[test]
    fn a_walk_shows_nodes_before_their_operands_and_those_in_evaluation_order() {
        let (body, root) = tree();
        let mut seen = Vec::new();
        body.for_each(root, |id, node| {
            assert_eq!(body.node(id), node);
            seen.push(id);
        });
        assert_eq!(seen, [6, 3, 0, 2, 1, 4, 5]);
    }

    #[test]
    fn a_walk_ends_at_the_first_failure() {
        let (body, root) = tree();
        let mut seen = 0;
        let result = body.walk(root, |id, node| {
            seen += 1;
            if node.traps() { Err(id) } else { Ok(()) }
        });
        assert_eq!((result, seen), (Err(3), 2));
    }

    #[test]
    fn what_a_tree_reads_and_whether_it_traps_is_asked_of_all_its_nodes() {
        let (body, root) = tree();
        let read: Vec<Slot> = (0..5).filter(|&slot| body.reads(root, slot)).collect();
        assert_eq!(read, [1, 2, 3]);
        let trapping: Vec<NodeId> = (0..7).filter(|&id| body.may_trap(id)).collect();
        assert_eq!(trapping, [2, 3, 6]);
    }
}
