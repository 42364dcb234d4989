//! The loop.

use pastey::paste;
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_ir::ops::{self, Binary, Load, Store, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::backend::{Exit, Program};
use wasm_dispatch_machine::driver::{self, Called, Resume, Running};
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

use crate::MatchLoop;
use crate::code::{Op, Opcode};
use crate::vector;

/// The low half of an immediate: a branch target, an offset, an index.
#[inline(always)]
fn low(imm: u64) -> usize {
    imm as u32 as usize
}

/// The high half of an immediate, sign-extended: a constant.
#[inline(always)]
fn high(imm: u64) -> u64 {
    (imm as i64 >> 32) as u64
}

/// The block that an operation names in `a` and `b`.
#[inline(always)]
fn block(op: Op) -> BlockId {
    u32::from(op.a) | u32::from(op.b) << 16
}

/// Where a caller goes on: with a block, which is the operation at `pc`.
#[inline(always)]
fn resume(block: BlockId, pc: usize) -> Resume {
    let native = pc as u64;
    Resume { block, native }
}

/// Runs the topmost frame and what it calls.
pub fn run(program: &Program<MatchLoop>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
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
    // The statement of a trap: `pc` is already past the operation.
    let trap = 'run: {
        loop {
            let op = ops[pc];
            pc += 1;

            macro_rules! slot {
                ($slot:ident) => {
                    window[usize::from(op.$slot)]
                };
            }
            macro_rules! set {
                ($result:expr) => {
                    match $result {
                        Ok(value) => slot!(d) = value.to_slot(),
                        Err(trap) => break 'run trap,
                    }
                };
            }
            macro_rules! attempt {
                ($result:expr) => {
                    match $result {
                        Ok(value) => value,
                        Err(trap) => break 'run trap,
                    }
                };
            }
            macro_rules! binary {
                ($operation:ident, $a:expr, $b:expr) => {
                    set!(<ops::$operation as Binary>::apply(
                        SlotValue::from_slot($a),
                        SlotValue::from_slot($b)
                    ))
                };
            }
            macro_rules! test {
                ($operation:ident, $when:literal, $b:expr) => {
                    // Rows of the test part do not trap.
                    if let Ok(value) =
                        <ops::$operation as Binary>::apply(SlotValue::from_slot(slot!(a)), SlotValue::from_slot($b))
                        && (value != 0) == $when
                    {
                        pc = low(op.imm);
                    }
                };
            }
            // Kept in 32 bits: then the sum with an address cannot overflow, and the compiler knows.
            macro_rules! offset {
                () => {
                    u64::from(op.imm as u32)
                };
            }
            macro_rules! store {
                ($operation:ident, $memory:expr, $address:expr, $offset:expr, $value:expr) => {
                    attempt!(<ops::$operation as Store>::store(
                        $memory,
                        $address,
                        $offset,
                        SlotValue::from_slot($value)
                    ))
                };
            }
            // Begins the function that was entered.
            macro_rules! begin {
                () => {{
                    window = stack.window(running.frame.base);
                    running.clear_locals(window);
                    ops = &running.function.code.ops[..];
                    pc = 0;
                }};
            }
            // Goes on with the caller that was returned to.
            macro_rules! go_on {
                () => {{
                    window = stack.window(running.frame.base);
                    ops = &running.function.code.ops[..];
                    pc = running.function.code.resume(running.frame);
                }};
            }
            macro_rules! follow {
                ($called:expr) => {
                    match attempt!($called) {
                        Called::Entered => begin!(),
                        Called::Done => go_on!(),
                        Called::Left => return running.exit,
                    }
                };
            }
            macro_rules! execute {
                (unary [$($unary:ident)*] test [$($test:ident)*] value [$($value:ident)*]
                 load [$($load:ident)*] store [$($store:ident)*] builtin $builtin:tt) => {
                    paste! { match op.code {
                        $(Opcode::[<$unary S>] => set!(<ops::$unary as Unary>::apply(SlotValue::from_slot(slot!(a)))),)*
                        $(Opcode::[<$test Ss>] => binary!($test, slot!(a), slot!(b)),)*
                        $(Opcode::[<$value Ss>] => binary!($value, slot!(a), slot!(b)),)*
                        $(Opcode::[<$test Sc>] => binary!($test, slot!(a), op.imm),)*
                        $(Opcode::[<$value Sc>] => binary!($value, slot!(a), op.imm),)*
                        $(Opcode::[<$test Cs>] => binary!($test, op.imm, slot!(b)),)*
                        $(Opcode::[<$value Cs>] => binary!($value, op.imm, slot!(b)),)*
                        $(Opcode::[<If $test Ss>] => test!($test, true, slot!(b)),)*
                        $(Opcode::[<If $test Sc>] => test!($test, true, high(op.imm)),)*
                        $(Opcode::[<Unless $test Ss>] => test!($test, false, slot!(b)),)*
                        $(Opcode::[<Unless $test Sc>] => test!($test, false, high(op.imm)),)*
                        $(Opcode::[<$load S>] => {
                            set!(<ops::$load as Load>::load(&state.memory, slot!(a) as u32, offset!()));
                        })*
                        $(Opcode::[<$load C>] => set!(<ops::$load as Load>::load(&state.memory, 0u32, op.imm)),)*
                        $(Opcode::[<$load Any>] => {
                            let memory = state.module_memory(u32::from(op.b));
                            set!(<ops::$load as Load>::load(memory, slot!(a), op.imm));
                        })*
                        $(Opcode::[<$store Ss>] => {
                            store!($store, &mut state.memory, slot!(a) as u32, offset!(), slot!(b));
                        })*
                        $(Opcode::[<$store Sc>] => {
                            store!($store, &mut state.memory, slot!(a) as u32, offset!(), high(op.imm));
                        })*
                        $(Opcode::[<$store Cs>] => store!($store, &mut state.memory, 0u32, op.imm, slot!(b)),)*
                        $(Opcode::[<$store Any>] => {
                            let memory = state.module_memory(u32::from(op.d));
                            store!($store, memory, slot!(a), op.imm, slot!(b));
                        })*
                        Opcode::Copy => slot!(d) = slot!(a),
                        Opcode::Const => slot!(d) = op.imm,
                        Opcode::SelectSs => {
                            let condition = window[usize::from(op.imm as u16)];
                            slot!(d) = if condition != 0 { slot!(a) } else { slot!(b) };
                        }
                        Opcode::SelectSc => slot!(d) = if slot!(b) != 0 { slot!(a) } else { op.imm },
                        Opcode::SelectCs => slot!(d) = if slot!(a) != 0 { op.imm } else { slot!(b) },
                        Opcode::OwnGlobalGet => slot!(d) = state.own_global(op.imm as u32),
                        Opcode::GlobalGet => slot!(d) = state.global(op.imm as u32),
                        Opcode::OwnGlobalSet => state.set_own_global(op.imm as u32, slot!(a)),
                        Opcode::GlobalSet => state.set_global(op.imm as u32, slot!(a)),
                        Opcode::Vector => {
                            let code = &running.function.code;
                            attempt!(vector::step(&code.vector_ops[low(op.imm)], &code.vectors, state, window));
                        }
                        Opcode::Builtin => {
                            let call = running.function.code.builtins[low(op.imm)];
                            attempt!(state.builtin(call.op, call.x, call.y, &mut window[usize::from(call.base)..]));
                        }
                        Opcode::Meter => {
                            if !state.charge(op.imm as u32) {
                                let block = block(op);
                                return driver::suspended(state, running.frame, block);
                            }
                        }
                        Opcode::Jump => pc = low(op.imm),
                        Opcode::BranchIf => {
                            if slot!(a) != 0 {
                                pc = low(op.imm);
                            }
                        }
                        Opcode::BranchUnless => {
                            if slot!(a) == 0 {
                                pc = low(op.imm);
                            }
                        }
                        Opcode::Switch => {
                            let last = (op.imm >> 32) as u32 - 1;
                            let index = (slot!(a) as u32).min(last);
                            pc = running.function.code.targets[low(op.imm) + index as usize] as usize;
                        }
                        Opcode::Call => {
                            attempt!(running.call_own(state, resume(block(op), pc), op.imm as u32, op.d));
                            begin!();
                        }
                        Opcode::CallImport => {
                            let callee = state.callee(op.imm as u32);
                            follow!(running.call(state, stack, resume(block(op), pc), callee, op.d));
                        }
                        Opcode::CallIndirect => {
                            let call = running.function.code.indirect[low(op.imm)];
                            let callee = attempt!(state.indirect_callee(call.table, call.ty, slot!(a) as u32));
                            follow!(running.call(state, stack, resume(call.block, pc), callee, op.d));
                        }
                        Opcode::TailCall => {
                            let callee = running.callee(state, op.imm as u32);
                            follow!(running.tail_call(state, stack, callee));
                        }
                        Opcode::TailCallIndirect => {
                            let call = running.function.code.indirect[low(op.imm)];
                            let callee = attempt!(state.indirect_callee(call.table, call.ty, slot!(a) as u32));
                            follow!(running.tail_call(state, stack, callee));
                        }
                        Opcode::Return => {
                            if let Some(exit) = running.ret(state) {
                                return exit;
                            }
                            go_on!();
                        }
                        Opcode::Trap => break 'run Trap::from_code(op.a as u8).unwrap_or(Trap::Unreachable),
                    } }
                };
            }
            wasm_dispatch_ir::for_each_name!(execute);
        }
    };
    let statement = running.function.code.statements[pc - 1];
    driver::trapped(state, running.frame, trap, statement)
}
