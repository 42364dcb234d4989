//! Stack code: one variant per instruction, operands implicit.

use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::code::{FunctionBody, Node, NodeId, RuntimeOp, Slot, Statement};
use wasm_dispatch_machine::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

/// Static operands of a load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemArg {
    pub memory: u16,
    /// 32 bits, because a memory's addresses have 32.
    pub offset: u32,
}

macro_rules! define {
    (
        unary { $($(#[$ud:meta])* $u:ident: $um:ident $(:: $uf:ident)* ($ua:ty) -> $ur:ty, $uk:ident, $umn:literal;)* }
        test { $($(#[$td:meta])* $t:ident: $tm:ident $(:: $tf:ident)* ($ta:ty, $tb:ty) -> $tr:ty, $tk:ident, $tmn:literal;)* }
        value { $($(#[$vd:meta])* $v:ident: $vm:ident $(:: $vf:ident)* ($va:ty, $vb:ty) -> $vr:ty, $vk:ident, $vmn:literal;)* }
        load { $($(#[$ld:meta])* $l:ident: $lm:ty as $lr:ty, $lw:literal, $lmn:literal;)* }
        store { $($(#[$sd:meta])* $s:ident: $sv:ty as $sm:ty, $sw:literal, $smn:literal;)* }
    ) => {
        /// One operation. It pops its operands off the operand stack and pushes its result.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Op {
            $($(#[$ud])* $u,)*
            $($(#[$td])* $t,)*
            $($(#[$vd])* $v,)*
            $($(#[$ld])* $l(MemArg),)*
            $($(#[$sd])* $s(MemArg),)*
            /// push the slot
            LocalGet(Slot),
            /// slot = pop
            LocalSet(Slot),
            /// push the constant
            Const(u64),
            /// pop and forget
            Drop,
            /// pop condition, b, a; push a or b
            Select,
            /// push a global that the module defines
            OwnGlobalGet(u32),
            /// a global that the module defines = pop
            OwnGlobalSet(u32),
            /// push an imported global
            GlobalGet(u32),
            /// an imported global = pop
            GlobalSet(u32),
            /// a rare instruction, by its index in [`Code::runtime`]
            Runtime(u32),
            /// go to an operation
            Jump(u32),
            /// pop; go to an operation if it was not zero
            BranchIf(u32),
            /// pop; go to an operation if it was zero
            BranchUnless(u32),
            /// pop; go to one of the targets from `first` on, at most the one `last` after it
            Switch { first: u32, last: u32 },
            /// leave the carrying out of this statement, a call, to the driver
            Leave(u32),
            /// the same, for an indirect call: pop the element index first
            LeaveIndirect(u32),
            /// return
            Return,
            /// trap
            Raise(Trap),
        }

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

        fn load(op: LoadOp, at: MemArg) -> Op {
            match op {
                $(LoadOp::$l => Op::$l(at),)*
            }
        }

        fn store(op: StoreOp, at: MemArg) -> Op {
            match op {
                $(StoreOp::$s => Op::$s(at),)*
            }
        }
    };
}

wasm_dispatch_machine::for_each_instruction!(define);

/// Operands of a rare instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runtime {
    pub op: RuntimeOp,
    pub base: Slot,
    pub x: u32,
    pub y: u32,
}

/// A compiled function.
#[derive(Debug)]
pub struct Code {
    pub(crate) ops: Vec<Op>,
    /// Statement of each operation, for traps.
    pub(crate) statements: Vec<u32>,
    /// First operation of each block.
    pub(crate) blocks: Vec<u32>,
    /// Targets of switches, as operation numbers.
    pub(crate) targets: Vec<u32>,
    pub(crate) runtime: Vec<Runtime>,
    /// First slot of the operand stack. Between statements it is empty.
    pub(crate) stack: Slot,
}

impl Code {
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.ops[..])
            + size_of_val(&self.statements[..])
            + size_of_val(&self.blocks[..])
            + size_of_val(&self.targets[..])
            + size_of_val(&self.runtime[..])
    }
}

struct Compiler<'a> {
    body: &'a FunctionBody,
    code: Code,
    statement: u32,
}

/// Compiles a function: every tree in postfix order.
pub(crate) fn compile(body: &FunctionBody) -> Code {
    let code = Code {
        ops: Vec::with_capacity(body.nodes.len() + body.statements.len()),
        statements: Vec::new(),
        blocks: Vec::new(),
        targets: Vec::new(),
        runtime: Vec::new(),
        stack: body.scratch,
    };
    let mut compiler = Compiler {
        body,
        code,
        statement: 0,
    };
    for (number, block) in body.blocks.iter().enumerate() {
        compiler.code.blocks.push(compiler.code.ops.len() as u32);
        for index in block.first..=block.terminator {
            compiler.statement = index;
            compiler.statement(number as u32, body.statements[index as usize]);
        }
    }
    compiler.finish()
}

impl Compiler<'_> {
    /// Branch targets are blocks until here.
    fn finish(mut self) -> Code {
        let blocks = &self.code.blocks;
        for op in &mut self.code.ops {
            if let Op::Jump(target) | Op::BranchIf(target) | Op::BranchUnless(target) = op {
                *target = blocks[*target as usize];
            }
        }
        self.code.targets = self.body.targets.iter().map(|&block| blocks[block as usize]).collect();
        self.code.ops.shrink_to_fit();
        self.code.statements.shrink_to_fit();
        self.code
    }

    fn emit(&mut self, op: Op) {
        self.code.ops.push(op);
        self.code.statements.push(self.statement);
    }

    fn tree(&mut self, id: NodeId) {
        match self.body.node(id) {
            Node::Slot(slot) => self.emit(Op::LocalGet(slot)),
            Node::Const(value) => self.emit(Op::Const(value)),
            Node::Unary { op, a } => {
                self.tree(a);
                self.emit(unary(op));
            }
            Node::Binary { op, a, b } => {
                self.tree(a);
                self.tree(b);
                self.emit(binary(op));
            }
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => {
                self.tree(address);
                self.emit(load(op, mem_arg(memory, offset)));
            }
            Node::Select { condition, a, b } => {
                self.tree(a);
                self.tree(b);
                self.tree(condition);
                self.emit(Op::Select);
            }
            Node::GlobalGet(global) => self.emit(match global.checked_sub(self.body.imported_globals) {
                Some(own) => Op::OwnGlobalGet(own),
                None => Op::GlobalGet(global),
            }),
        }
    }

    fn statement(&mut self, block: u32, statement: Statement) {
        for operand in statement.operands() {
            self.tree(operand);
        }
        match statement {
            Statement::Set { slot, .. } => self.emit(Op::LocalSet(slot)),
            Statement::GlobalSet { global, .. } => self.emit(match global.checked_sub(self.body.imported_globals) {
                Some(own) => Op::OwnGlobalSet(own),
                None => Op::GlobalSet(global),
            }),
            Statement::Store { op, memory, offset, .. } => self.emit(store(op, mem_arg(memory, offset))),
            Statement::Eval(_) => self.emit(Op::Drop),
            Statement::Runtime { op, base, x, y } => {
                self.emit(Op::Runtime(self.code.runtime.len() as u32));
                self.code.runtime.push(Runtime { op, base, x, y });
            }
            Statement::Jump(target) if target == block + 1 => {}
            Statement::Jump(target) => self.emit(Op::Jump(target)),
            Statement::Branch { when: true, target, .. } => self.emit(Op::BranchIf(target)),
            Statement::Branch {
                when: false, target, ..
            } => self.emit(Op::BranchUnless(target)),
            Statement::Switch { first, count, .. } => self.emit(Op::Switch { first, last: count - 1 }),
            Statement::Call { .. } | Statement::TailCall { .. } => self.emit(Op::Leave(self.statement)),
            Statement::CallIndirect { .. } | Statement::TailCallIndirect { .. } => {
                self.emit(Op::LeaveIndirect(self.statement));
            }
            Statement::Return => self.emit(Op::Return),
            Statement::Trap(trap) => self.emit(Op::Raise(trap)),
        }
    }
}

fn mem_arg(memory: u32, offset: u64) -> MemArg {
    // A module has at most 100 memories, and offsets of 32-bit memories have 32 bits: validation says so.
    MemArg {
        memory: memory as u16,
        offset: offset as u32,
    }
}
