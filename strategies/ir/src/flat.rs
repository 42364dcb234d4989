//! The flat view of code blocks, for strategies that dispatch one opcode at a time.
//!
//! The same trees in evaluation order: each inner node becomes an [`Instruction`] that reads slots or constants and
//! writes a slot. Inner results go to scratch slots, the root goes where its statement wants it.

use crate::builtin::Builtin;
use crate::code::vector::VectorNode;
use crate::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use crate::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use crate::trap::Trap;
use crate::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, SplatOp, StoreLaneOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp,
    VectorStoreOp, VectorTestOp,
};

/// Where an instruction finds an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// In a frame slot.
    Slot(Slot),
    /// In the code, as slot bits.
    Const(u64),
}

/// What a conditional branch tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// A slot that is not zero.
    NotZero(Slot),
    /// A fused comparison; only rows in the `test` part of the table.
    Binary {
        /// The operation.
        op: BinaryOp,
        /// Left operand.
        a: Slot,
        /// Right operand.
        b: Operand,
    },
}

/// One instruction of the flat view. The variants are those of [`Node`] and [`Statement`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // The fields are those of Node and Statement; `d` is the slot written.
pub enum Instruction {
    Copy {
        d: Slot,
        a: Slot,
    },
    Const {
        d: Slot,
        value: u64,
    },
    Unary {
        op: UnaryOp,
        d: Slot,
        a: Operand,
    },
    Binary {
        op: BinaryOp,
        d: Slot,
        a: Operand,
        b: Operand,
    },
    Load {
        op: LoadOp,
        d: Slot,
        address: Operand,
        memory: u16,
        offset: u32,
    },
    Store {
        op: StoreOp,
        address: Operand,
        value: Operand,
        memory: u16,
        offset: u32,
    },
    Select {
        d: Slot,
        condition: Slot,
        a: Operand,
        b: Operand,
    },
    GlobalGet {
        d: Slot,
        global: u32,
    },
    GlobalSet {
        global: u32,
        value: Operand,
    },
    Vector(VectorInstruction),
    Builtin {
        op: Builtin,
        base: Slot,
        x: u32,
        y: u32,
    },
    Meter {
        cost: u32,
    },
    Jump(BlockId),
    Branch {
        test: Test,
        when: bool,
        target: BlockId,
    },
    Switch {
        index: Slot,
        first: u32,
        count: u32,
    },
    Call {
        function: u32,
        base: Slot,
    },
    CallIndirect {
        table: u32,
        ty: u32,
        index: Operand,
        base: Slot,
    },
    TailCall {
        function: u32,
    },
    TailCallIndirect {
        table: u32,
        ty: u32,
        index: Operand,
    },
    Return,
    Trap(Trap),
}

/// An instruction that takes or gives a vector. The variants are those of [`VectorNode`] and [`Statement`]; vectors
/// are always in slots, of which the first is named.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Likewise; `vector` is the index of a constant.
pub enum VectorInstruction {
    Copy {
        d: Slot,
        a: Slot,
    },
    Const {
        d: Slot,
        vector: u32,
    },
    Select {
        d: Slot,
        condition: Slot,
        a: Slot,
        b: Slot,
    },
    GlobalGet {
        d: Slot,
        global: u32,
    },
    GlobalSet {
        global: u32,
        a: Slot,
    },
    One {
        op: Vector1Op,
        d: Slot,
        a: Slot,
    },
    Two {
        op: Vector2Op,
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Three {
        op: Vector3Op,
        d: Slot,
        a: Slot,
        b: Slot,
        c: Slot,
    },
    Test {
        op: VectorTestOp,
        d: Slot,
        a: Slot,
    },
    Shift {
        op: ShiftOp,
        d: Slot,
        a: Slot,
        b: Operand,
    },
    Splat {
        op: SplatOp,
        d: Slot,
        a: Operand,
    },
    Extract {
        op: ExtractOp,
        lane: u8,
        d: Slot,
        a: Slot,
    },
    Replace {
        op: ReplaceOp,
        lane: u8,
        d: Slot,
        a: Slot,
        b: Operand,
    },
    Shuffle {
        lanes: u32,
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Load {
        op: VectorLoadOp,
        d: Slot,
        address: Operand,
        memory: u8,
        offset: u32,
    },
    LoadLane {
        op: LoadLaneOp,
        lane: u8,
        d: Slot,
        address: Operand,
        memory: u8,
        offset: u32,
        a: Slot,
    },
    Store {
        op: VectorStoreOp,
        address: Operand,
        memory: u8,
        offset: u32,
        a: Slot,
    },
    StoreLane {
        op: StoreLaneOp,
        lane: u8,
        address: Operand,
        memory: u8,
        offset: u32,
        a: Slot,
    },
}

impl Instruction {
    /// Whether this instruction ends a block. A block may also end with one that does not: then the next block follows.
    pub fn is_terminator(&self) -> bool {
        use Instruction::*;
        match self {
            Copy { .. } | Const { .. } | Unary { .. } | Binary { .. } | Load { .. } | Store { .. } => false,
            Select { .. } | GlobalGet { .. } | GlobalSet { .. } | Builtin { .. } | Meter { .. } => false,
            Vector(_) => false,
            Jump(_) | Branch { .. } | Switch { .. } | Return | Trap(_) => true,
            Call { .. } | CallIndirect { .. } | TailCall { .. } | TailCallIndirect { .. } => true,
        }
    }
}

/// The instructions of one function.
#[derive(Clone, Debug, Default)]
pub struct FlatCode {
    /// All instructions, block after block. A block whose last instruction is not a terminator, or is a `Branch`, goes
    /// on with the next one.
    pub instructions: Vec<Instruction>,
    /// Statement each instruction belongs to.
    pub statements: Vec<u32>,
    /// Index of the first instruction of each block.
    pub block_starts: Vec<u32>,
}

impl FlatCode {
    /// Flattens a function.
    pub fn new(body: &FunctionBody) -> FlatCode {
        let mut flat = Flattener {
            body,
            out: FlatCode::default(),
            statement: 0,
        };
        for (number, block) in body.blocks.iter().enumerate() {
            flat.out.block_starts.push(flat.out.instructions.len() as u32);
            for statement in block.first..=block.terminator {
                flat.statement = statement;
                flat.statement(number as BlockId, body.statements[statement as usize]);
            }
        }
        flat.out
    }

    /// The instructions of one block and the statements they belong to.
    pub fn block(&self, block: BlockId) -> (&[Instruction], &[u32]) {
        let start = self.block_starts[block as usize] as usize;
        let end = self
            .block_starts
            .get(block as usize + 1)
            .map_or(self.instructions.len(), |&end| end as usize);
        (&self.instructions[start..end], &self.statements[start..end])
    }
}

struct Flattener<'a> {
    body: &'a FunctionBody,
    out: FlatCode,
    statement: u32,
}

impl Flattener<'_> {
    fn emit(&mut self, instruction: Instruction) {
        self.out.instructions.push(instruction);
        self.out.statements.push(self.statement);
    }

    /// An operand that needs no code, or the scratch slot that its code fills.
    fn operand(&mut self, node: NodeId, scratch: &mut Slot) -> Operand {
        match self.body.node(node) {
            Node::Slot(slot) => Operand::Slot(slot),
            Node::Const(value) => Operand::Const(value),
            Node::Unary { .. }
            | Node::Binary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => {
                let slot = *scratch;
                // The subtree may use this scratch slot and those above it; its result then occupies only this one.
                self.value(node, slot, slot);
                *scratch += 1;
                Operand::Slot(slot)
            }
        }
    }

    /// An operand in a slot, whatever it takes.
    fn slot(&mut self, node: NodeId, scratch: &mut Slot) -> Slot {
        match self.operand(node, scratch) {
            Operand::Slot(slot) => slot,
            Operand::Const(value) => {
                let d = *scratch;
                self.emit(Instruction::Const { d, value });
                *scratch += 1;
                d
            }
        }
    }

    /// The first slot of a vector operand.
    fn vector(&mut self, node: NodeId, scratch: &mut Slot) -> Slot {
        if let Node::Vector(VectorNode::Slot(slot)) = self.body.node(node) {
            return slot;
        }
        let slot = *scratch;
        self.value(node, slot, slot);
        *scratch += 2;
        slot
    }

    /// Evaluates a tree into `d`, using scratch slots from `scratch` on.
    fn value(&mut self, node: NodeId, d: Slot, mut scratch: Slot) {
        let scratch = &mut scratch;
        let instruction = match self.body.node(node) {
            Node::Slot(a) => Instruction::Copy { d, a },
            Node::Const(value) => Instruction::Const { d, value },
            Node::Unary { op, a } => Instruction::Unary {
                op,
                d,
                a: self.operand(a, scratch),
            },
            Node::Binary { op, a, b } => {
                let mut a = self.operand(a, scratch);
                let b = self.operand(b, scratch);
                // Two constants remain only where folding them would trap: one of them needs a slot.
                if let (Operand::Const(value), Operand::Const(_)) = (a, b) {
                    self.emit(Instruction::Const { d: *scratch, value });
                    a = Operand::Slot(*scratch);
                }
                Instruction::Binary { op, d, a, b }
            }
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => Instruction::Load {
                op,
                d,
                address: self.operand(address, scratch),
                memory,
                offset,
            },
            Node::Select { condition, a, b } => {
                let a = self.operand(a, scratch);
                let b = self.operand(b, scratch);
                let condition = self.slot(condition, scratch);
                Instruction::Select { d, condition, a, b }
            }
            Node::GlobalGet(global) => Instruction::GlobalGet { d, global },
            Node::Vector(node) => Instruction::Vector(self.vector_value(node, d, scratch)),
        };
        self.emit(instruction);
    }

    fn vector_value(&mut self, node: VectorNode, d: Slot, scratch: &mut Slot) -> VectorInstruction {
        match node {
            VectorNode::Slot(a) => VectorInstruction::Copy { d, a },
            VectorNode::Const(vector) => VectorInstruction::Const { d, vector },
            VectorNode::Select { condition, a, b } => {
                let a = self.vector(a, scratch);
                let b = self.vector(b, scratch);
                let condition = self.slot(condition, scratch);
                VectorInstruction::Select { d, condition, a, b }
            }
            VectorNode::GlobalGet(global) => VectorInstruction::GlobalGet { d, global },
            VectorNode::One { op, a } => VectorInstruction::One {
                op,
                d,
                a: self.vector(a, scratch),
            },
            VectorNode::Two { op, a, b } => {
                let a = self.vector(a, scratch);
                let b = self.vector(b, scratch);
                VectorInstruction::Two { op, d, a, b }
            }
            VectorNode::Three { op, a, b, c } => {
                let a = self.vector(a, scratch);
                let b = self.vector(b, scratch);
                let c = self.vector(c, scratch);
                VectorInstruction::Three { op, d, a, b, c }
            }
            VectorNode::Test { op, a } => VectorInstruction::Test {
                op,
                d,
                a: self.vector(a, scratch),
            },
            VectorNode::Shift { op, a, b } => {
                let a = self.vector(a, scratch);
                let b = self.operand(b, scratch);
                VectorInstruction::Shift { op, d, a, b }
            }
            VectorNode::Splat { op, a } => VectorInstruction::Splat {
                op,
                d,
                a: self.operand(a, scratch),
            },
            VectorNode::Extract { op, lane, a } => VectorInstruction::Extract {
                op,
                lane,
                d,
                a: self.vector(a, scratch),
            },
            VectorNode::Replace { op, lane, a, b } => {
                let a = self.vector(a, scratch);
                let b = self.operand(b, scratch);
                VectorInstruction::Replace { op, lane, d, a, b }
            }
            VectorNode::Shuffle { lanes, a, b } => {
                let a = self.vector(a, scratch);
                let b = self.vector(b, scratch);
                VectorInstruction::Shuffle { lanes, d, a, b }
            }
            VectorNode::Load {
                op,
                memory,
                address,
                offset,
            } => VectorInstruction::Load {
                op,
                d,
                address: self.operand(address, scratch),
                memory,
                offset,
            },
            VectorNode::LoadLane {
                op,
                lane,
                memory,
                address,
                offset,
                a,
            } => {
                let address = self.operand(address, scratch);
                let a = self.vector(a, scratch);
                VectorInstruction::LoadLane {
                    op,
                    lane,
                    d,
                    address,
                    memory,
                    offset,
                    a,
                }
            }
        }
    }

    fn test(&mut self, condition: NodeId, scratch: &mut Slot) -> Test {
        if let Node::Binary { op, a, b } = self.body.node(condition)
            && op.is_test()
        {
            let a = self.slot(a, scratch);
            let b = self.operand(b, scratch);
            return Test::Binary { op, a, b };
        }
        Test::NotZero(self.slot(condition, scratch))
    }

    fn statement(&mut self, block: BlockId, statement: Statement) {
        let scratch = &mut { self.body.scratch };
        let instruction = match statement {
            Statement::Set { slot, value } | Statement::VectorSet { slot, value } => {
                return self.value(value, slot, *scratch);
            }
            Statement::GlobalSet { global, value } => Instruction::GlobalSet {
                global,
                value: self.operand(value, scratch),
            },
            Statement::Store {
                op,
                memory,
                address,
                offset,
                value,
            } => {
                let address = self.operand(address, scratch);
                let value = self.operand(value, scratch);
                Instruction::Store {
                    op,
                    address,
                    value,
                    memory,
                    offset,
                }
            }
            Statement::VectorGlobalSet { global, value } => Instruction::Vector(VectorInstruction::GlobalSet {
                global,
                a: self.vector(value, scratch),
            }),
            Statement::VectorStore {
                op,
                memory,
                address,
                offset,
                value,
            } => {
                let address = self.operand(address, scratch);
                let a = self.vector(value, scratch);
                Instruction::Vector(VectorInstruction::Store {
                    op,
                    address,
                    memory,
                    offset,
                    a,
                })
            }
            Statement::StoreLane {
                op,
                lane,
                memory,
                address,
                offset,
                value,
            } => {
                let address = self.operand(address, scratch);
                let a = self.vector(value, scratch);
                Instruction::Vector(VectorInstruction::StoreLane {
                    op,
                    lane,
                    address,
                    memory,
                    offset,
                    a,
                })
            }
            Statement::Eval(node) => return self.value(node, *scratch, *scratch),
            Statement::Builtin { op, base, x, y } => Instruction::Builtin { op, base, x, y },
            Statement::Meter { cost } => Instruction::Meter { cost },
            Statement::Jump(target) if target == block + 1 => return,
            Statement::Jump(target) => Instruction::Jump(target),
            Statement::Branch {
                condition,
                when,
                target,
            } => Instruction::Branch {
                test: self.test(condition, scratch),
                when,
                target,
            },
            Statement::Switch { index, first, count } => Instruction::Switch {
                index: self.slot(index, scratch),
                first,
                count,
            },
            Statement::Call { function, base } => Instruction::Call { function, base },
            Statement::CallIndirect { table, ty, index, base } => Instruction::CallIndirect {
                table,
                ty,
                index: self.operand(index, scratch),
                base,
            },
            Statement::TailCall { function } => Instruction::TailCall { function },
            Statement::TailCallIndirect { table, ty, index } => Instruction::TailCallIndirect {
                table,
                ty,
                index: self.operand(index, scratch),
            },
            Statement::Return => Instruction::Return,
            Statement::Trap(trap) => Instruction::Trap(trap),
        };
        self.emit(instruction);
    }
}
