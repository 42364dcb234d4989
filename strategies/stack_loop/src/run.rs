//! The loop.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_ir::ops::{self, Binary, Load, LoadOp, Store, StoreOp, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::backend::{Exit, Program};
use wasm_dispatch_machine::driver::{self, Called, Resume, Running};
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::{Machine, State, Window};

use crate::StackLoop;
use crate::code::{Code, Op};

/// Defines [`run`]: one arm for each opcode, those of the instruction table expanded over it.
macro_rules! define_run {
    (unary [$($unary:ident)*] test [$($test:ident)*] value [$($value:ident)*]
     load [$($load:ident)*] store [$($store:ident)*] builtin $builtin:tt) => {
        /// Runs the topmost frame and what it calls.
        pub fn run(program: &Program<StackLoop>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
            let (state, stack) = (&mut machine.state, &mut machine.stack);
            let Some(mut running) = Running::take(program, state, host) else {
                return Exit::Returned;
            };
            let mut window = stack.window(running.frame.base);
            if let Err(trap) = running.begin(state, window) {
                return driver::trapped(state, running.frame, trap, 0);
            }
            let mut pc = running.function.code.resume(running.frame);
            let mut ops = &running.function.code.ops[..];
            // The operand stack is empty between statements.
            let mut sp = running.function.code.stack;
            // The statement of a trap: `pc` is already past the operation.
            let trap = 'run: loop {
                // By reference: an arm reads only the parameters that it has.
                let op = &ops[pc];
                pc += 1;
                macro_rules! push {
                    ($pushed:expr) => {{
                        let value = $pushed;
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
                macro_rules! attempt {
                    ($result:expr) => {
                        match $result {
                            Ok(value) => value,
                            Err(trap) => break 'run trap,
                        }
                    };
                }
                macro_rules! push_or_trap {
                    ($result:expr) => {
                        push!(attempt!($result).to_slot())
                    };
                }
                // Goes on at `pc` in the function that was entered or returned to.
                macro_rules! go_on {
                    ($pc:expr) => {{
                        let code = &running.function.code;
                        ops = &code.ops[..];
                        sp = code.stack;
                        pc = $pc;
                    }};
                }
                macro_rules! begin {
                    () => {{
                        window = stack.window(running.frame.base);
                        running.clear_locals(window);
                        go_on!(0);
                    }};
                }
                // Goes on with the caller that was returned to.
                macro_rules! back {
                    () => {{
                        window = stack.window(running.frame.base);
                        go_on!(running.function.code.resume(running.frame));
                    }};
                }
                macro_rules! follow {
                    ($called:expr) => {
                        match attempt!($called) {
                            Called::Entered => begin!(),
                            Called::Done => back!(),
                            Called::Left => return running.exit,
                        }
                    };
                }
                macro_rules! binary {
                    ($operation:ident) => {{
                        let b = SlotValue::from_slot(pop!());
                        let a = SlotValue::from_slot(pop!());
                        push_or_trap!(<ops::$operation as Binary>::apply(a, b))
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
                    $(Op::$unary => push_or_trap!(<ops::$unary as Unary>::apply(SlotValue::from_slot(pop!()))),)*
                    $(Op::$test => binary!($test),)*
                    $(Op::$value => binary!($value),)*
                    $(Op::$load(offset) => {
                        push_or_trap!(<ops::$load as Load>::load(&state.memory, pop!() as u32, offset))
                    })*
                    $(Op::$store(offset) => {
                        let value = SlotValue::from_slot(pop!());
                        let address = pop!() as u32;
                        attempt!(<ops::$store as Store>::store(&mut state.memory, address, offset, value));
                    })*
                    Op::OtherLoad(load, other) => {
                        let address = pop!();
                        push!(attempt!(other_load(&running.function.code, state, load, other, address)));
                    }
                    Op::OtherStore(store, other) => {
                        let value = pop!();
                        let address = pop!();
                        attempt!(other_store(&running.function.code, state, store, other, address, value));
                    }
                    Op::Vector(op) => {
                        sp = attempt!(op.step(&running.function.code.vectors, state, window, sp));
                    }
                    Op::Builtin(index) => attempt!(builtin(&running.function.code, state, window, index)),
                    Op::Meter { cost, block } => {
                        if !state.charge(cost) {
                            return driver::suspended(state, running.frame, block);
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
                        pc = target(&running.function.code, first + index);
                    }
                    Op::Call { function, base, next } => {
                        attempt!(running.call_own(state, resume(next, pc), function, base));
                        begin!();
                    }
                    Op::CallImport { function, base, next } => {
                        let callee = state.callee(function);
                        follow!(running.call(state, stack, resume(next, pc), callee, base));
                    }
                    Op::CallIndirect(index) => {
                        let call = running.function.code.indirect[index as usize];
                        let callee = attempt!(state.indirect_callee(call.table, call.ty, pop!() as u32));
                        follow!(running.call(state, stack, resume(call.next, pc), callee, call.base));
                    }
                    Op::TailCall(function) => {
                        let callee = running.callee(state, function);
                        follow!(running.tail_call(state, stack, callee));
                    }
                    Op::TailCallIndirect(index) => {
                        let call = running.function.code.indirect[index as usize];
                        let callee = attempt!(state.indirect_callee(call.table, call.ty, pop!() as u32));
                        follow!(running.tail_call(state, stack, callee));
                    }
                    Op::Return => {
                        if let Some(exit) = running.ret(state) {
                            return exit;
                        }
                        back!();
                    }
                    Op::Trap(trap) => break 'run trap,
                }
            };
            let statement = running.function.code.statements[pc - 1];
            driver::trapped(state, running.frame, trap, statement)
        }
    };
}

wasm_dispatch_ir::for_each_name!(define_run);

/// Where a caller goes on: with a block, which is the operation at `pc`.
#[inline(always)]
fn resume(block: BlockId, pc: usize) -> Resume {
    let native = pc as u64;
    Resume { block, native }
}

// Rare operations are out of line: inlined, they took registers, and every operation reloaded `window` from the native
// stack.

#[inline(never)]
fn target(code: &Code, index: u32) -> usize {
    code.targets[index as usize] as usize
}

#[inline(never)]
fn other_load(code: &Code, state: &mut State, load: LoadOp, other: u32, address: u64) -> Result<u64, Trap> {
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
    address: u64,
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
