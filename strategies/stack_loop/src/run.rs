//! The loop.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_ir::ops::{self, Binary, Load, LoadOp, Store, StoreOp, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{State, Window};

use crate::code::{Code, Op};

/// Defines [`step`]: one arm for each opcode, those of the instruction table expanded over it.
macro_rules! define_step {
    (unary [$($u:ident)*] test [$($t:ident)*] value [$($v:ident)*] load [$($l:ident)*] store [$($s:ident)*]
     builtin $builtin:tt) => {
        /// Runs from the start of a block until there is something for the driver to do.
        #[inline(never)]
        pub fn step(code: &Code, state: &mut State, window: &mut Window, block: BlockId) -> Flow {
            let ops = &code.ops[..];
            let mut pc = code.block_starts[block as usize] as usize;
            // The operand stack is empty at the start of each block.
            let mut sp = code.stack;
            let trap = loop {
                // By reference: an arm reads only the parameters that it has.
                let op = &ops[pc];
                pc += 1;
                macro_rules! push {
                    ($value:expr) => {{
                        let value = $value;
                        window[usize::from(sp)] = value;
                        sp = sp.wrapping_add(1);
                    }};
                }
                macro_rules! pop {
                    () => {{
                        sp = sp.wrapping_sub(1);
                        window[usize::from(sp)]
                    }};
                }
                macro_rules! push_or_trap {
                    ($result:expr) => {
                        match $result {
                            Ok(value) => push!(value.to_slot()),
                            Err(trap) => break trap,
                        }
                    };
                }
                macro_rules! binary {
                    ($o:ident) => {{
                        let b = SlotValue::from_slot(pop!());
                        let a = SlotValue::from_slot(pop!());
                        push_or_trap!(<ops::$o as Binary>::apply(a, b))
                    }};
                }
                match *op {
                    Op::LocalGet(slot) => push!(window[usize::from(slot)]),
                    Op::LocalSet(slot) => window[usize::from(slot)] = pop!(),
                    Op::Const(value) => push!(value),
                    Op::OwnGlobalGet(global) => push!(state.own_global(global)),
                    Op::OwnGlobalSet(global) => state.set_own_global(global, pop!()),
                    Op::ImportedGlobalGet(global) => push!(state.global(global)),
                    Op::ImportedGlobalSet(global) => state.set_global(global, pop!()),
                    Op::Select => {
                        let condition = pop!() as u32;
                        let b = pop!();
                        let a = pop!();
                        push!(if condition != 0 { a } else { b });
                    }
                    Op::Drop => sp = sp.wrapping_sub(1),
                    $(Op::$u => push_or_trap!(<ops::$u as Unary>::apply(SlotValue::from_slot(pop!()))),)*
                    $(Op::$t => binary!($t),)*
                    $(Op::$v => binary!($v),)*
                    $(Op::$l(offset) => {
                        push_or_trap!(<ops::$l as Load>::load(&state.memory, pop!() as u32, offset))
                    })*
                    $(Op::$s(offset) => {
                        let value = SlotValue::from_slot(pop!());
                        let address = pop!() as u32;
                        if let Err(trap) = <ops::$s as Store>::store(&mut state.memory, address, offset, value) {
                            break trap;
                        }
                    })*
                    Op::OtherLoad(load, other) => {
                        let address = pop!() as u32;
                        match other_load(code, state, load, other, address) {
                            Ok(value) => push!(value),
                            Err(trap) => break trap,
                        }
                    }
                    Op::OtherStore(store, other) => {
                        let value = pop!();
                        let address = pop!() as u32;
                        if let Err(trap) = other_store(code, state, store, other, address, value) {
                            break trap;
                        }
                    }
                    Op::Builtin(index) => {
                        if let Err(trap) = builtin(code, state, window, index) {
                            break trap;
                        }
                    }
                    Op::Meter { cost, block } => {
                        if !state.charge(cost) {
                            return Flow::suspend(block);
                        }
                    }
                    Op::Br(target) => pc = target as usize,
                    Op::BrIf(target) => {
                        if pop!() as u32 != 0 {
                            pc = target as usize;
                        }
                    }
                    Op::BrUnless(target) => {
                        if pop!() as u32 == 0 {
                            pc = target as usize;
                        }
                    }
                    Op::BrTable { first, count } => {
                        let index = (pop!() as u32).min(count - 1);
                        pc = target(code, first + index);
                    }
                    Op::Call(block) => return Flow::leave(block),
                    Op::CallIndirect(block) => {
                        state.operand = pop!() as u32;
                        return Flow::leave(block);
                    }
                    Op::Return => return Flow::RETURN,
                    Op::Trap(trap) => break trap,
                }
            };
            state.trap = Some(trap);
            Flow::trapped(code.statements[pc - 1])
        }
    };
}

wasm_dispatch_ir::for_each_name!(define_step);

// What is rare is out of line: inlined, it took so many registers that `window` was reloaded from the native stack by
// every operation.

#[inline(never)]
fn target(code: &Code, index: u32) -> usize {
    code.targets[index as usize] as usize
}

#[inline(never)]
fn other_load(code: &Code, state: &mut State, load: LoadOp, other: u32, address: u32) -> Result<u64, Trap> {
    let other = code.others[other as usize];
    load.apply(
        state.module_memory(u32::from(other.memory)),
        address,
        u64::from(other.offset),
    )
}

#[inline(never)]
fn other_store(
    code: &Code,
    state: &mut State,
    store: StoreOp,
    other: u32,
    address: u32,
    value: u64,
) -> Result<(), Trap> {
    let other = code.others[other as usize];
    store.apply(
        state.module_memory(u32::from(other.memory)),
        address,
        u64::from(other.offset),
        value,
    )
}

#[inline(never)]
fn builtin(code: &Code, state: &mut State, window: &mut Window, index: u32) -> Result<(), Trap> {
    let call = code.builtins[index as usize];
    state.builtin(call.op, call.x, call.y, &mut window[usize::from(call.base)..])
}
