//! From trees to stack code.

use wasm_dispatch_ir::code::{BlockId, BuiltinCall, FunctionBody, Node, NodeId, Statement};
use wasm_dispatch_ir::types::ValType;

use crate::code::{Code, Indirect, Op, Other};
use crate::vector::VectorOp;

/// Compiles a function.
pub fn compile(body: &FunctionBody) -> Code {
    let mut emitter = Emitter {
        body,
        code: Code {
            stack: body.scratch,
            targets: body.targets.clone(),
            vectors: body.vectors.clone(),
            ..Code::default()
        },
        statement: 0,
    };
    for (number, block) in body.blocks.iter().enumerate() {
        emitter.code.block_starts.push(emitter.code.ops.len() as u32);
        for statement in block.first..=block.terminator {
            emitter.statement = statement;
            emitter.statement(number as BlockId, body.statements[statement as usize]);
        }
    }
    emitter.finish()
}

struct Emitter<'a> {
    body: &'a FunctionBody,
    code: Code,
    statement: u32,
}

impl Emitter<'_> {
    /// Replaces block numbers by operation numbers. Code is kept for long, so it gives back what it does not use.
    fn finish(mut self) -> Code {
        let code = &mut self.code;
        let starts = &code.block_starts;
        for op in &mut code.ops {
            if let Op::Br(target) | Op::BrIf(target) | Op::BrUnless(target) = op {
                *target = starts[*target as usize];
            }
        }
        for target in &mut code.targets {
            *target = starts[*target as usize];
        }
        code.ops.shrink_to_fit();
        code.statements.shrink_to_fit();
        self.code
    }

    fn emit(&mut self, op: Op) {
        self.code.ops.push(op);
        self.code.statements.push(self.statement);
    }

    fn other(&mut self, memory: u16, offset: u32) -> u32 {
        self.code.others.push(Other { memory, offset });
        self.code.others.len() as u32 - 1
    }

    fn indirect(&mut self, call: Indirect) -> u32 {
        self.code.indirect.push(call);
        self.code.indirect.len() as u32 - 1
    }

    /// A tree in post-order: operands first, then the operation that pops them.
    fn tree(&mut self, node: NodeId) {
        match self.body.node(node) {
            Node::Slot(slot) => self.emit(Op::LocalGet(slot)),
            Node::Const(value) => self.emit(Op::Const(value)),
            Node::Unary { op, a } => {
                self.tree(a);
                self.emit(Op::unary(op));
            }
            Node::Binary { op, a, b } => {
                self.tree(a);
                self.tree(b);
                self.emit(Op::binary(op));
            }
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => {
                self.tree(address);
                let load = if self.body.is_fast(memory) {
                    Op::load(op, u64::from(offset))
                } else {
                    Op::OtherLoad(op, self.other(memory, offset))
                };
                self.emit(load);
            }
            Node::Select { condition, a, b } => {
                self.tree(a);
                self.tree(b);
                self.tree(condition);
                self.emit(Op::Select);
            }
            Node::Vector(vector) => {
                for operand in self.body.node(node).operands() {
                    self.tree(operand);
                }
                self.emit(Op::Vector(VectorOp::node(vector, self.body)));
            }
            Node::GlobalGet(global) => self.emit(match global.checked_sub(self.body.imported_globals) {
                Some(own) => Op::OwnGlobalGet(own),
                None => Op::ImportedGlobalGet(global),
            }),
        }
    }

    fn statement(&mut self, block: BlockId, statement: Statement) {
        for operand in statement.operands() {
            self.tree(operand);
        }
        let op = match statement {
            Statement::Set { slot, .. } => Op::LocalSet(slot),
            Statement::GlobalSet { global, .. } => match global.checked_sub(self.body.imported_globals) {
                Some(own) => Op::OwnGlobalSet(own),
                None => Op::ImportedGlobalSet(global),
            },
            Statement::Store { op, memory, offset, .. } => {
                if self.body.is_fast(memory) {
                    Op::store(op, u64::from(offset))
                } else {
                    Op::OtherStore(op, self.other(memory, offset))
                }
            }
            Statement::VectorSet { slot, .. } => Op::Vector(VectorOp::LocalSet(slot)),
            Statement::VectorGlobalSet { global, .. } => Op::Vector(VectorOp::GlobalSet(global)),
            Statement::VectorStore { op, memory, offset, .. } => Op::Vector(VectorOp::store(
                op,
                memory,
                self.body.is_fast(u16::from(memory)),
                offset,
            )),
            Statement::StoreLane {
                op,
                lane,
                memory,
                offset,
                ..
            } => Op::Vector(VectorOp::store_lane(
                op,
                lane,
                memory,
                self.body.is_fast(u16::from(memory)),
                offset,
            )),
            Statement::Eval(value) if self.body.node_types[value as usize] == ValType::V128 => {
                Op::Vector(VectorOp::Drop)
            }
            Statement::Eval(_) => Op::Drop,
            Statement::Builtin { op, base, x, y } => {
                self.code.builtins.push(BuiltinCall { op, base, x, y });
                Op::Builtin(self.code.builtins.len() as u32 - 1)
            }
            Statement::Meter { cost } => Op::Meter { cost, block },
            Statement::Jump(target) if target == block + 1 => return,
            Statement::Jump(target) => Op::Br(target),
            Statement::Branch { when: true, target, .. } => Op::BrIf(target),
            Statement::Branch {
                when: false, target, ..
            } => Op::BrUnless(target),
            Statement::Switch { first, count, .. } => Op::BrTable { first, count },
            Statement::Call { function, base } => {
                let next = block + 1;
                match function.checked_sub(self.body.imported_functions) {
                    Some(function) => Op::Call { function, base, next },
                    None => Op::CallImport { function, base, next },
                }
            }
            Statement::CallIndirect { table, ty, base, .. } => {
                let next = block + 1;
                Op::CallIndirect(self.indirect(Indirect { table, ty, base, next }))
            }
            Statement::TailCall { function } => Op::TailCall(function),
            Statement::TailCallIndirect { table, ty, .. } => {
                let (base, next) = (0, 0);
                Op::TailCallIndirect(self.indirect(Indirect { table, ty, base, next }))
            }
            Statement::Return => Op::Return,
            Statement::Trap(trap) => Op::Trap(trap),
        };
        self.emit(op);
    }
}
