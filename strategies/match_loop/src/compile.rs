//! From the flat view to operations: which form of each, and where constants go.

use wasm_dispatch_ir::code::{BuiltinCall, FunctionBody, Slot};
use wasm_dispatch_ir::flat::{FlatCode, Instruction, Operand, Test};
use wasm_dispatch_ir::ops::{LoadOp, StoreOp};
use wasm_dispatch_ir::types::ValType;

use crate::code::*;
use crate::vector;

/// A constant that fits the upper half of an immediate: sign-extended from 32 bits it gives the same slot value.
fn fits_half(value: u64, is_32: bool) -> bool {
    is_32 || i64::from(value as i32) as u64 == value
}

/// Whether slots of this type use only the low 32 bits, so that sign extension does not matter.
fn is_32(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::F32)
}

/// Two halves of an immediate.
fn halves(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

struct Encoder<'a> {
    body: &'a FunctionBody,
    code: Code,
    statement: u32,
    spare: Slot,
    /// Operations with a branch target.
    branches: Vec<usize>,
}

/// Compiles a function.
pub fn compile(body: &FunctionBody) -> Code {
    let flat = FlatCode::new(body);
    let spare = (body.frame_size - u32::from(wasm_dispatch_ir::verify::SPARE_SLOTS)) as Slot;
    let mut encoder = Encoder {
        body,
        code: Code {
            vectors: body.vectors.clone(),
            ..Code::default()
        },
        statement: 0,
        spare,
        branches: Vec::new(),
    };
    for block in 0..body.blocks.len() as u32 {
        encoder.code.blocks.push(encoder.code.ops.len() as u32);
        let (instructions, statements) = flat.block(block);
        for (&instruction, &statement) in instructions.iter().zip(statements) {
            encoder.statement = statement;
            encoder.instruction(block, instruction);
        }
    }
    encoder.finish()
}

impl Encoder<'_> {
    fn emit(&mut self, code: Opcode, a: Slot, b: Slot, d: Slot, imm: u64) {
        self.code.ops.push(Op { code, a, b, d, imm });
        self.code.statements.push(self.statement);
    }

    /// The operand in a slot: its own, or spare slot 0 or 1 with the constant.
    fn slot(&mut self, operand: Operand, spare: u16) -> Slot {
        match operand {
            Operand::Slot(slot) => slot,
            Operand::Const(value) => {
                let d = self.spare + spare;
                self.emit(Opcode::Const, 0, 0, d, value);
                d
            }
        }
    }

    /// Branch targets are blocks until here.
    fn finish(mut self) -> Code {
        let code = &mut self.code;
        for branch in self.branches {
            let op = &mut code.ops[branch];
            op.imm = halves(code.blocks[op.imm as u32 as usize], (op.imm >> 32) as u32);
        }
        let targets = self.body.targets.iter();
        code.targets = targets.map(|&block| code.blocks[block as usize]).collect();
        code.ops.shrink_to_fit();
        code.statements.shrink_to_fit();
        self.code
    }

    fn instruction(&mut self, block: u32, instruction: Instruction) {
        use Operand::{Const, Slot};
        match instruction {
            Instruction::Copy { d, a } => self.emit(Opcode::Copy, a, 0, d, 0),
            Instruction::Const { d, value } => self.emit(Opcode::Const, 0, 0, d, value),
            Instruction::Unary { op, d, a } => {
                let a = self.slot(a, 0);
                self.emit(unary_s(op), a, 0, d, 0);
            }
            Instruction::Binary { op, d, a, b } => match (a, b) {
                (Slot(a), Slot(b)) => self.emit(binary_ss(op), a, b, d, 0),
                (Const(a), Slot(b)) => self.emit(binary_cs(op), 0, b, d, a),
                (a, Const(b)) => {
                    let a = self.slot(a, 0);
                    self.emit(binary_sc(op), a, 0, d, b);
                }
            },
            Instruction::Load {
                op,
                d,
                address,
                memory,
                offset,
            } => self.load(op, d, address, memory, offset),
            Instruction::Store {
                op,
                address,
                value,
                memory,
                offset,
            } => {
                self.store(op, address, value, memory, offset);
            }
            Instruction::Select { d, condition, a, b } => match (a, b) {
                (Slot(a), Const(b)) => self.emit(Opcode::SelectSc, a, condition, d, b),
                (Const(a), Slot(b)) => self.emit(Opcode::SelectCs, condition, b, d, a),
                (a, b) => {
                    let (a, b) = (self.slot(a, 0), self.slot(b, 1));
                    self.emit(Opcode::SelectSs, a, b, d, u64::from(condition));
                }
            },
            Instruction::GlobalGet { d, global } => match global.checked_sub(self.body.imported_globals) {
                Some(own) => self.emit(Opcode::OwnGlobalGet, 0, 0, d, u64::from(own)),
                None => self.emit(Opcode::GlobalGet, 0, 0, d, u64::from(global)),
            },
            Instruction::GlobalSet { global, value } => {
                let a = self.slot(value, 0);
                match global.checked_sub(self.body.imported_globals) {
                    Some(own) => self.emit(Opcode::OwnGlobalSet, a, 0, 0, u64::from(own)),
                    None => self.emit(Opcode::GlobalSet, a, 0, 0, u64::from(global)),
                }
            }
            Instruction::Vector(instruction) => {
                let body = self.body;
                let op = vector::encode(body, instruction, |operand| self.slot(operand, 0));
                let index = self.code.vector_ops.len() as u64;
                self.code.vector_ops.push(op);
                self.emit(Opcode::Vector, 0, 0, 0, index);
            }
            Instruction::Builtin { op, base, x, y } => {
                let index = self.code.builtins.len() as u64;
                self.code.builtins.push(BuiltinCall { op, base, x, y });
                self.emit(Opcode::Builtin, 0, 0, 0, index);
            }
            Instruction::Meter { cost } => {
                self.emit(Opcode::Meter, block as u16, (block >> 16) as u16, 0, u64::from(cost));
            }
            Instruction::Jump(target) => {
                self.branches.push(self.code.ops.len());
                self.emit(Opcode::Jump, 0, 0, 0, u64::from(target));
            }
            Instruction::Branch { test, when, target } => self.branch(test, when, target),
            Instruction::Switch { index, first, count } => {
                self.emit(Opcode::Switch, index, 0, 0, halves(first, count));
            }
            Instruction::Call { function, base } => {
                let next = block + 1;
                let (low, high) = (next as u16, (next >> 16) as u16);
                match function.checked_sub(self.body.imported_functions) {
                    Some(own) => self.emit(Opcode::Call, low, high, base, u64::from(own)),
                    None => self.emit(Opcode::CallImport, low, high, base, u64::from(function)),
                }
            }
            Instruction::CallIndirect { table, ty, index, base } => {
                let a = self.slot(index, 0);
                let call = self.indirect(table, ty, block + 1);
                self.emit(Opcode::CallIndirect, a, 0, base, call);
            }
            Instruction::TailCall { function } => self.emit(Opcode::TailCall, 0, 0, 0, u64::from(function)),
            Instruction::TailCallIndirect { table, ty, index } => {
                let a = self.slot(index, 0);
                let call = self.indirect(table, ty, 0);
                self.emit(Opcode::TailCallIndirect, a, 0, 0, call);
            }
            Instruction::Return => self.emit(Opcode::Return, 0, 0, 0, 0),
            Instruction::Trap(trap) => self.emit(Opcode::Trap, u16::from(trap.code()), 0, 0, 0),
        }
    }

    fn indirect(&mut self, table: u32, ty: u32, block: u32) -> u64 {
        self.code.indirect.push(Indirect { table, ty, block });
        (self.code.indirect.len() - 1) as u64
    }

    fn load(&mut self, op: LoadOp, d: Slot, address: Operand, memory: u16, offset: u32) {
        let offset = u64::from(offset);
        match address {
            Operand::Slot(a) if self.body.is_fast(memory) => self.emit(load_s(op), a, 0, d, offset),
            Operand::Const(a) if self.body.is_fast(memory) => {
                self.emit(load_c(op), 0, 0, d, u64::from(a as u32) + offset);
            }
            address => {
                let a = self.slot(address, 0);
                self.emit(load_any(op), a, memory, d, offset);
            }
        }
    }

    fn store(&mut self, op: StoreOp, address: Operand, value: Operand, memory: u16, offset: u32) {
        if !self.body.is_fast(memory) {
            let (a, b) = (self.slot(address, 0), self.slot(value, 1));
            return self.emit(store_any(op), a, b, memory, u64::from(offset));
        }
        match (address, value) {
            (Operand::Slot(a), Operand::Const(value)) if fits_half(value, is_32(op.operand())) => {
                self.emit(store_sc(op), a, 0, 0, halves(offset, value as u32));
            }
            (Operand::Slot(a), value) => {
                let b = self.slot(value, 1);
                self.emit(store_ss(op), a, b, 0, u64::from(offset));
            }
            (Operand::Const(a), value) => {
                let b = self.slot(value, 1);
                self.emit(store_cs(op), 0, b, 0, u64::from(a as u32) + u64::from(offset));
            }
        }
    }

    fn branch(&mut self, test: Test, when: bool, target: u32) {
        self.compare_and_branch(test, when, target);
        self.branches.push(self.code.ops.len() - 1);
    }

    fn compare_and_branch(&mut self, test: Test, when: bool, target: u32) {
        match test {
            Test::NotZero(a) => {
                let code = if when { Opcode::BranchIf } else { Opcode::BranchUnless };
                self.emit(code, a, 0, 0, u64::from(target));
            }
            Test::Binary { op, a, b } => {
                let (_, b_type, _) = op.types();
                let narrow = is_32(b_type);
                match b {
                    Operand::Const(b) if fits_half(b, narrow) => {
                        let code = if when { if_sc(op) } else { unless_sc(op) };
                        self.emit(code, a, 0, 0, halves(target, b as u32));
                    }
                    b => {
                        let b = self.slot(b, 1);
                        let code = if when { if_ss(op) } else { unless_ss(op) };
                        self.emit(code, a, b, 0, u64::from(target));
                    }
                }
            }
        }
    }
}
