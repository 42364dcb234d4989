//! The code that the loop runs: opcodes of a stack machine, and how trees become those.

use std::fmt;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

/// Declares the opcodes: one for each row of the instruction table, and those for everything else.
macro_rules! opcodes {
    (unary [$($u:ident)*] test [$($t:ident)*] value [$($v:ident)*] load [$($l:ident)*] store [$($s:ident)*]
     builtin $builtin:tt) => {
        /// One operation of the stack machine. The names are those of WebAssembly; rows of the instruction table pop
        /// their operands and push their result, loads and stores hold their static offset.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Op {
            /// Push a frame slot.
            LocalGet(Slot),
            /// Pop into a frame slot.
            LocalSet(Slot),
            /// Push a constant, as slot bits.
            Const(u64),
            /// Push a global that the module defines.
            OwnGlobalGet(u32),
            /// Pop into a global that the module defines.
            OwnGlobalSet(u32),
            /// Push a global that the module imports.
            ImportedGlobalGet(u32),
            /// Pop into a global that the module imports.
            ImportedGlobalSet(u32),
            /// Pop a condition and two values, push the first if the condition is not zero, else the second.
            Select,
            /// Pop.
            Drop,
            $($u,)* $($t,)* $($v,)*
            $($l(u64),)*
            $($s(u64),)*
            /// A load from another memory than the first: an entry of [`Code::others`].
            OtherLoad(LoadOp, u32),
            /// A store to another memory than the first: an entry of [`Code::others`].
            OtherStore(StoreOp, u32),
            /// A builtin: an entry of [`Code::builtins`].
            Builtin(u32),
            /// Pay for a block, or suspend the run at it.
            Meter { cost: u32, block: BlockId },
            /// Go on at an operation.
            Br(u32),
            /// Pop, and go on there if it is not zero.
            BrIf(u32),
            /// Pop, and go on there if it is zero.
            BrUnless(u32),
            /// Pop an index into `count` entries of [`Code::targets`] from `first` on; the last is the default.
            BrTable { first: u32, count: u32 },
            /// The call or tail call at the end of a block, carried out by the driver.
            Call(BlockId),
            /// Pop the element index of such a call.
            CallIndirect(BlockId),
            Return,
            Trap(Trap),
        }

        impl fmt::Display for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    Op::LocalGet(slot) => write!(f, "local.get {slot}"),
                    Op::LocalSet(slot) => write!(f, "local.set {slot}"),
                    Op::Const(value) => write!(f, "const {value:#x}"),
                    Op::OwnGlobalGet(global) => write!(f, "own_global.get {global}"),
                    Op::OwnGlobalSet(global) => write!(f, "own_global.set {global}"),
                    Op::ImportedGlobalGet(global) => write!(f, "imported_global.get {global}"),
                    Op::ImportedGlobalSet(global) => write!(f, "imported_global.set {global}"),
                    Op::Select => f.write_str("select"),
                    Op::Drop => f.write_str("drop"),
                    $(Op::$u => f.write_str(UnaryOp::$u.mnemonic()),)*
                    $(Op::$t => f.write_str(BinaryOp::$t.mnemonic()),)*
                    $(Op::$v => f.write_str(BinaryOp::$v.mnemonic()),)*
                    $(Op::$l(offset) => write!(f, "{} offset={offset}", LoadOp::$l.mnemonic()),)*
                    $(Op::$s(offset) => write!(f, "{} offset={offset}", StoreOp::$s.mnemonic()),)*
                    Op::OtherLoad(op, other) => write!(f, "{} other {other}", op.mnemonic()),
                    Op::OtherStore(op, other) => write!(f, "{} other {other}", op.mnemonic()),
                    Op::Builtin(index) => write!(f, "builtin {index}"),
                    Op::Meter { cost, block } => write!(f, "meter {cost} or suspend at block {block}"),
                    Op::Br(target) => write!(f, "br {target}"),
                    Op::BrIf(target) => write!(f, "br_if {target}"),
                    Op::BrUnless(target) => write!(f, "br_unless {target}"),
                    Op::BrTable { first, count } => write!(f, "br_table {first} {count}"),
                    Op::Call(block) => write!(f, "call, then block {}", block + 1),
                    Op::CallIndirect(block) => write!(f, "call_indirect, then block {}", block + 1),
                    Op::Return => f.write_str("return"),
                    Op::Trap(trap) => write!(f, "trap: {trap}"),
                }
            }
        }

        impl Op {
            fn unary(op: UnaryOp) -> Op {
                match op {
                    $(UnaryOp::$u => Op::$u,)*
                }
            }

            fn binary(op: BinaryOp) -> Op {
                match op {
                    $(BinaryOp::$t => Op::$t,)*
                    $(BinaryOp::$v => Op::$v,)*
                }
            }

            fn load(op: LoadOp, offset: u64) -> Op {
                match op {
                    $(LoadOp::$l => Op::$l(offset),)*
                }
            }

            fn store(op: StoreOp, offset: u64) -> Op {
                match op {
                    $(StoreOp::$s => Op::$s(offset),)*
                }
            }
        }
    };
}

wasm_dispatch_ir::for_each_name!(opcodes);

/// A builtin's parameters, which do not fit an operation.
#[derive(Clone, Copy, Debug)]
pub struct BuiltinCall {
    pub op: Builtin,
    pub base: Slot,
    pub x: u32,
    pub y: u32,
}

/// An access's memory and offset, which do not fit an operation together.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    pub memory: u16,
    pub offset: u32,
}

/// A function as stack code.
#[derive(Debug, Default)]
pub struct Code {
    /// The operations, block after block; a block that does not end with a branch goes on with the next.
    pub ops: Vec<Op>,
    /// Statement of each operation, for traps.
    pub statements: Vec<u32>,
    /// Index of each block's first operation.
    pub block_starts: Vec<u32>,
    /// First slot of the operand stack.
    pub stack: Slot,
    /// Operation numbers that `br_table` leads to.
    pub targets: Vec<u32>,
    /// Parameters of builtins.
    pub builtins: Vec<BuiltinCall>,
    /// Parameters of accesses to other memories than the first.
    pub others: Vec<Other>,
}

impl Code {
    /// Compiles a function.
    pub fn new(body: &FunctionBody) -> Code {
        let mut emitter = Emitter {
            body,
            code: Code {
                stack: body.scratch,
                targets: body.targets.clone(),
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
        emitter.code.resolve();
        emitter.code
    }

    /// Replaces block numbers by operation numbers.
    fn resolve(&mut self) {
        let starts = &self.block_starts;
        for op in &mut self.ops {
            if let Op::Br(target) | Op::BrIf(target) | Op::BrUnless(target) = op {
                *target = starts[*target as usize];
            }
        }
        for target in &mut self.targets {
            *target = starts[*target as usize];
        }
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.ops.capacity() * size_of::<Op>()
            + (self.statements.capacity() + self.block_starts.capacity() + self.targets.capacity()) * size_of::<u32>()
            + self.builtins.capacity() * size_of::<BuiltinCall>()
            + self.others.capacity() * size_of::<Other>()
    }
}

struct Emitter<'a> {
    body: &'a FunctionBody,
    code: Code,
    statement: u32,
}

impl Emitter<'_> {
    fn emit(&mut self, op: Op) {
        self.code.ops.push(op);
        self.code.statements.push(self.statement);
    }

    fn other(&mut self, memory: u16, offset: u32) -> u32 {
        self.code.others.push(Other { memory, offset });
        self.code.others.len() as u32 - 1
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
                let load = match memory {
                    0 => Op::load(op, u64::from(offset)),
                    memory => Op::OtherLoad(op, self.other(memory, offset)),
                };
                self.emit(load);
            }
            Node::Select { condition, a, b } => {
                self.tree(a);
                self.tree(b);
                self.tree(condition);
                self.emit(Op::Select);
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
            Statement::Store { op, memory, offset, .. } => match memory {
                0 => Op::store(op, u64::from(offset)),
                memory => Op::OtherStore(op, self.other(memory, offset)),
            },
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
            Statement::Call { .. } | Statement::TailCall { .. } => Op::Call(block),
            Statement::CallIndirect { .. } | Statement::TailCallIndirect { .. } => Op::CallIndirect(block),
            Statement::Return => Op::Return,
            Statement::Trap(trap) => Op::Trap(trap),
        };
        self.emit(op);
    }
}
