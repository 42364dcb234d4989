//! The code that the loop runs: 16-byte operations, one opcode for each instruction and form of operands.
//!
//! ```text
//! | opcode u16 | a u16 | b u16 | d u16 | immediate u64 |
//! ```
//!
//! The form is part of the opcode (`ss`: both operands in slots, `sc`: the right one is the immediate, `cs`: the left
//! one), so that no operation looks up at run time where its operands are.

use wasm_dispatch_machine::code::{FunctionBody, RuntimeOp, Slot, ValType};
use wasm_dispatch_machine::instruction::{FlatCode, Instruction, Operand, Test};
use wasm_dispatch_machine::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_machine::state::Frame;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    pub code: u16,
    pub a: Slot,
    pub b: Slot,
    pub d: Slot,
    pub imm: u64,
}

const UNARY: u16 = UnaryOp::ALL.len() as u16;
const BINARY: u16 = BinaryOp::ALL.len() as u16;
const LOAD: u16 = LoadOp::ALL.len() as u16;
const STORE: u16 = StoreOp::ALL.len() as u16;

/// Groups of opcodes: the first number of each. Within a group the table's order decides.
pub mod group {
    use super::{BINARY, LOAD, STORE, UNARY};
    pub const UNARY_S: u16 = 0;
    pub const BINARY_SS: u16 = UNARY_S + UNARY;
    pub const BINARY_SC: u16 = BINARY_SS + BINARY;
    pub const BINARY_CS: u16 = BINARY_SC + BINARY;
    pub const TEST_SS: u16 = BINARY_CS + BINARY;
    pub const TEST_SC: u16 = TEST_SS + BINARY;
    pub const UNTEST_SS: u16 = TEST_SC + BINARY;
    pub const UNTEST_SC: u16 = UNTEST_SS + BINARY;
    pub const LOAD_S: u16 = UNTEST_SC + BINARY;
    pub const LOAD_C: u16 = LOAD_S + LOAD;
    pub const LOAD_ANY: u16 = LOAD_C + LOAD;
    pub const STORE_SS: u16 = LOAD_ANY + LOAD;
    pub const STORE_SC: u16 = STORE_SS + STORE;
    pub const STORE_CS: u16 = STORE_SC + STORE;
    pub const STORE_ANY: u16 = STORE_CS + STORE;
    pub const OTHER: u16 = STORE_ANY + STORE;
}

macro_rules! others {
    ($($(#[$doc:meta])* $name:ident)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Others { $($name),* }
        /// Opcodes that are not in the instruction table.
        pub mod other {
            use super::{Others, group::OTHER};
            $($(#[$doc])* pub const $name: u16 = OTHER + Others::$name as u16;)*
        }
    };
}

others! {
    /// d = a
    COPY
    /// d = imm
    CONST
    /// d = imm as slot != 0 ? a : b
    SELECT_SS
    /// d = b != 0 ? a : imm
    SELECT_SC
    /// d = a != 0 ? imm : b
    SELECT_CS
    /// d = own global imm
    GLOBAL_GET_OWN
    /// d = global imm
    GLOBAL_GET
    /// own global imm = a
    GLOBAL_SET_OWN
    /// global imm = a
    GLOBAL_SET
    /// runtime operation imm
    RUNTIME
    /// go to imm
    JUMP
    /// if a != 0 go to imm
    BRANCH_IF
    /// if a == 0 go to imm
    BRANCH_UNLESS
    /// go to target a of table imm
    SWITCH
    /// call own function imm, frame at d, go on with block (a, b)
    CALL
    /// call function imm, frame at d, go on with block (a, b)
    CALL_IMPORT
    /// indirect call imm, frame at d, element a
    CALL_INDIRECT
    /// call function imm in place of this one
    TAIL_CALL
    /// indirect call imm in place of this function, element a
    TAIL_CALL_INDIRECT
    /// return
    RETURN
    /// trap with code a
    TRAP
}

/// An operand of `RUNTIME`.
#[derive(Clone, Copy, Debug)]
pub struct Runtime {
    pub op: RuntimeOp,
    pub base: Slot,
    pub x: u32,
    pub y: u32,
}

/// An operand of `CALL_INDIRECT` and `TAIL_CALL_INDIRECT`.
#[derive(Clone, Copy, Debug)]
pub struct Indirect {
    pub table: u32,
    pub ty: u32,
    /// The block to go on with.
    pub block: u32,
}

/// A compiled function.
#[derive(Debug, Default)]
pub struct Code {
    pub(crate) ops: Vec<Op>,
    /// Statement of each operation, for traps.
    pub(crate) statements: Vec<u32>,
    /// First operation of each block.
    pub(crate) blocks: Vec<u32>,
    /// Targets of switches, as operation numbers.
    pub(crate) targets: Vec<u32>,
    pub(crate) runtime: Vec<Runtime>,
    pub(crate) indirect: Vec<Indirect>,
}

impl Code {
    /// Where a frame goes on.
    #[inline(always)]
    pub(crate) fn resume(&self, frame: Frame) -> usize {
        if frame.native != 0 {
            frame.native as usize
        } else {
            self.blocks[frame.block as usize] as usize
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.ops[..])
            + size_of_val(&self.statements[..])
            + size_of_val(&self.blocks[..])
            + size_of_val(&self.targets[..])
            + size_of_val(&self.runtime[..])
            + size_of_val(&self.indirect[..])
    }
}

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
}

/// Compiles a function.
pub fn encode(body: &FunctionBody) -> Code {
    let flat = FlatCode::new(body);
    let spare = (body.frame_size - u32::from(wasm_dispatch_machine::verify::SPARE_SLOTS)) as Slot;
    let mut encoder = Encoder {
        body,
        code: Code::default(),
        statement: 0,
        spare,
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
    fn emit(&mut self, code: u16, a: Slot, b: Slot, d: Slot, imm: u64) {
        self.code.ops.push(Op { code, a, b, d, imm });
        self.code.statements.push(self.statement);
    }

    /// The operand in a slot: its own, or spare slot 0 or 1 with the constant.
    fn slot(&mut self, operand: Operand, spare: u16) -> Slot {
        match operand {
            Operand::Slot(slot) => slot,
            Operand::Const(value) => {
                let d = self.spare + spare;
                self.emit(other::CONST, 0, 0, d, value);
                d
            }
        }
    }

    /// Branch targets are blocks until here.
    fn finish(mut self) -> Code {
        let code = &mut self.code;
        for op in &mut code.ops {
            let branches = (group::TEST_SS..group::LOAD_S).contains(&op.code)
                || matches!(op.code, other::JUMP | other::BRANCH_IF | other::BRANCH_UNLESS);
            if branches {
                op.imm = halves(code.blocks[op.imm as u32 as usize], (op.imm >> 32) as u32);
            }
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
            Instruction::Copy { d, a } => self.emit(other::COPY, a, 0, d, 0),
            Instruction::Const { d, value } => self.emit(other::CONST, 0, 0, d, value),
            Instruction::Unary { op, d, a } => {
                let a = self.slot(a, 0);
                self.emit(group::UNARY_S + op as u16, a, 0, d, 0);
            }
            Instruction::Binary { op, d, a, b } => match (a, b) {
                (Slot(a), Slot(b)) => self.emit(group::BINARY_SS + op as u16, a, b, d, 0),
                (Const(a), Slot(b)) => self.emit(group::BINARY_CS + op as u16, 0, b, d, a),
                (a, Const(b)) => {
                    let a = self.slot(a, 0);
                    self.emit(group::BINARY_SC + op as u16, a, 0, d, b);
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
                (Slot(a), Const(b)) => self.emit(other::SELECT_SC, a, condition, d, b),
                (Const(a), Slot(b)) => self.emit(other::SELECT_CS, condition, b, d, a),
                (a, b) => {
                    let (a, b) = (self.slot(a, 0), self.slot(b, 1));
                    self.emit(other::SELECT_SS, a, b, d, u64::from(condition));
                }
            },
            Instruction::GlobalGet { d, global } => match global.checked_sub(self.body.imported_globals) {
                Some(own) => self.emit(other::GLOBAL_GET_OWN, 0, 0, d, u64::from(own)),
                None => self.emit(other::GLOBAL_GET, 0, 0, d, u64::from(global)),
            },
            Instruction::GlobalSet { global, value } => {
                let a = self.slot(value, 0);
                match global.checked_sub(self.body.imported_globals) {
                    Some(own) => self.emit(other::GLOBAL_SET_OWN, a, 0, 0, u64::from(own)),
                    None => self.emit(other::GLOBAL_SET, a, 0, 0, u64::from(global)),
                }
            }
            Instruction::Runtime { op, base, x, y } => {
                let index = self.code.runtime.len() as u64;
                self.code.runtime.push(Runtime { op, base, x, y });
                self.emit(other::RUNTIME, 0, 0, 0, index);
            }
            Instruction::Jump(target) => self.emit(other::JUMP, 0, 0, 0, u64::from(target)),
            Instruction::Branch { test, when, target } => self.branch(test, when, target),
            Instruction::Switch { index, first, count } => {
                self.emit(other::SWITCH, index, 0, 0, halves(first, count));
            }
            Instruction::Call { function, base } => {
                let next = block + 1;
                let (low, high) = (next as u16, (next >> 16) as u16);
                match function.checked_sub(self.body.imported_functions) {
                    Some(own) => self.emit(other::CALL, low, high, base, u64::from(own)),
                    None => self.emit(other::CALL_IMPORT, low, high, base, u64::from(function)),
                }
            }
            Instruction::CallIndirect { table, ty, index, base } => {
                let a = self.slot(index, 0);
                let call = self.indirect(table, ty, block + 1);
                self.emit(other::CALL_INDIRECT, a, 0, base, call);
            }
            Instruction::TailCall { function } => self.emit(other::TAIL_CALL, 0, 0, 0, u64::from(function)),
            Instruction::TailCallIndirect { table, ty, index } => {
                let a = self.slot(index, 0);
                let call = self.indirect(table, ty, 0);
                self.emit(other::TAIL_CALL_INDIRECT, a, 0, 0, call);
            }
            Instruction::Return => self.emit(other::RETURN, 0, 0, 0, 0),
            Instruction::Trap(trap) => self.emit(other::TRAP, u16::from(trap.code()), 0, 0, 0),
        }
    }

    fn indirect(&mut self, table: u32, ty: u32, block: u32) -> u64 {
        self.code.indirect.push(Indirect { table, ty, block });
        (self.code.indirect.len() - 1) as u64
    }

    fn load(&mut self, op: LoadOp, d: Slot, address: Operand, memory: u32, offset: u64) {
        let short = u32::try_from(offset).is_ok();
        match address {
            Operand::Slot(a) if memory == 0 && short => self.emit(group::LOAD_S + op as u16, a, 0, d, offset),
            // An address that does not fit wraps to one that is out of bounds as well.
            Operand::Const(a) if memory == 0 => {
                self.emit(
                    group::LOAD_C + op as u16,
                    0,
                    0,
                    d,
                    u64::from(a as u32).saturating_add(offset),
                );
            }
            address => {
                let a = self.slot(address, 0);
                self.emit(group::LOAD_ANY + op as u16, a, memory as u16, d, offset);
            }
        }
    }

    fn store(&mut self, op: StoreOp, address: Operand, value: Operand, memory: u32, offset: u64) {
        if memory != 0 || u32::try_from(offset).is_err() {
            let (a, b) = (self.slot(address, 0), self.slot(value, 1));
            return self.emit(group::STORE_ANY + op as u16, a, b, memory as u16, offset);
        }
        match (address, value) {
            (Operand::Slot(a), Operand::Const(value)) if fits_half(value, is_32(op.operand())) => {
                self.emit(
                    group::STORE_SC + op as u16,
                    a,
                    0,
                    0,
                    halves(offset as u32, value as u32),
                );
            }
            (Operand::Slot(a), value) => {
                let b = self.slot(value, 1);
                self.emit(group::STORE_SS + op as u16, a, b, 0, offset);
            }
            (Operand::Const(a), value) => {
                let b = self.slot(value, 1);
                let address = u64::from(a as u32).saturating_add(offset);
                self.emit(group::STORE_CS + op as u16, 0, b, 0, address);
            }
        }
    }

    fn branch(&mut self, test: Test, when: bool, target: u32) {
        match test {
            Test::NotZero(a) => {
                let code = if when { other::BRANCH_IF } else { other::BRANCH_UNLESS };
                self.emit(code, a, 0, 0, u64::from(target));
            }
            Test::Binary { op, a, b } => {
                let (_, b_type, _) = op.types();
                let narrow = is_32(b_type);
                match b {
                    Operand::Const(b) if fits_half(b, narrow) => {
                        let group = if when { group::TEST_SC } else { group::UNTEST_SC };
                        self.emit(group + op as u16, a, 0, 0, halves(target, b as u32));
                    }
                    b => {
                        let b = self.slot(b, 1);
                        let group = if when { group::TEST_SS } else { group::UNTEST_SS };
                        self.emit(group + op as u16, a, b, 0, u64::from(target));
                    }
                }
            }
        }
    }
}
