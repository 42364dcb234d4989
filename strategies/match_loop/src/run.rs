//! The loop.

use pastey::paste;
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::ops::{self, Binary, Load, Store, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::backend::{Compiled, Exit, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::state::{Callee, Frame, Machine};

use crate::MatchLoop;
use crate::encode::{Code, Opcode};

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

/// Runs the topmost frame and what it calls.
pub fn run(program: &Program<MatchLoop>, machine: &mut Machine) -> Exit {
    let state = &mut machine.state;
    let stack = &mut machine.stack;
    let frame = state.pop_frame();
    if frame.instance == Frame::BOTTOM {
        return Exit::Returned;
    }
    state.switch_to(frame.instance);
    let mut module = program.module(frame.instance);
    let mut function: &Compiled<Code> = module.get(frame.function);
    let mut current = frame;
    let mut window = stack.window(current.base);
    let mut pc = function.code.resume(current);
    let mut ops = &function.code.ops[..];
    // What a trap is charged to: `pc` is already past the operation.
    let trap = 'run: {
        if current.block == 0 {
            if let Err(trap) = state.enter(current.base, function.shape.frame_size) {
                pc = 1;
                break 'run trap;
            }
            driver::clear_locals(function, window);
        }
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
                ($o:ident, $a:expr, $b:expr) => {
                    set!(<ops::$o as Binary>::apply(
                        SlotValue::from_slot($a),
                        SlotValue::from_slot($b)
                    ))
                };
            }
            macro_rules! test {
                ($o:ident, $when:literal, $b:expr) => {
                    // Rows of the test part do not trap.
                    if let Ok(value) =
                        <ops::$o as Binary>::apply(SlotValue::from_slot(slot!(a)), SlotValue::from_slot($b))
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
                ($o:ident, $memory:expr, $address:expr, $offset:expr, $value:expr) => {
                    attempt!(<ops::$o as Store>::store(
                        $memory,
                        $address,
                        $offset,
                        SlotValue::from_slot($value)
                    ))
                };
            }
            // Enters `callee` with its frame at `base`; the caller has been suspended if it goes on later.
            macro_rules! enter {
                ($callee:expr, $base:expr, $suspended:literal) => {{
                    let base: u32 = $base;
                    let (instance, index) = match $callee {
                        Callee::Wasm { instance, function } => (instance, function),
                        Callee::Host(function) => return Exit::HostCall { function, base },
                    };
                    let target = program.module(instance);
                    let callee = target.get(index);
                    if let Err(trap) = state.enter(base, callee.shape.frame_size) {
                        if $suspended {
                            state.pop_frame();
                        }
                        break 'run trap;
                    }
                    state.switch_to(instance);
                    module = target;
                    function = callee;
                    current = Frame::entry(instance, index, base);
                    window = stack.window(base);
                    driver::clear_locals(function, window);
                    ops = &function.code.ops[..];
                    pc = 0;
                }};
            }
            macro_rules! suspend {
                ($block:expr) => {
                    attempt!(state.push_frame(Frame {
                        block: $block,
                        native: pc as u64,
                        ..current
                    }))
                };
            }
            macro_rules! execute {
                (unary [$($u:ident)*] test [$($t:ident)*] value [$($v:ident)*] load [$($l:ident)*] store [$($s:ident)*]
                 builtin $builtin:tt) => {
                    paste! { match op.code {
                        $(Opcode::[<$u S>] => set!(<ops::$u as Unary>::apply(SlotValue::from_slot(slot!(a)))),)*
                        $(Opcode::[<$t Ss>] => binary!($t, slot!(a), slot!(b)),)*
                        $(Opcode::[<$v Ss>] => binary!($v, slot!(a), slot!(b)),)*
                        $(Opcode::[<$t Sc>] => binary!($t, slot!(a), op.imm),)*
                        $(Opcode::[<$v Sc>] => binary!($v, slot!(a), op.imm),)*
                        $(Opcode::[<$t Cs>] => binary!($t, op.imm, slot!(b)),)*
                        $(Opcode::[<$v Cs>] => binary!($v, op.imm, slot!(b)),)*
                        $(Opcode::[<If $t Ss>] => test!($t, true, slot!(b)),)*
                        $(Opcode::[<If $t Sc>] => test!($t, true, high(op.imm)),)*
                        $(Opcode::[<Unless $t Ss>] => test!($t, false, slot!(b)),)*
                        $(Opcode::[<Unless $t Sc>] => test!($t, false, high(op.imm)),)*
                        $(Opcode::[<$l S>] => set!(<ops::$l as Load>::load(&state.memory, slot!(a) as u32, offset!())),)*
                        $(Opcode::[<$l C>] => set!(<ops::$l as Load>::load(&state.memory, 0, op.imm)),)*
                        $(Opcode::[<$l Any>] => {
                            let memory = state.module_memory(u32::from(op.b));
                            set!(<ops::$l as Load>::load(memory, slot!(a) as u32, op.imm));
                        })*
                        $(Opcode::[<$s Ss>] => store!($s, &mut state.memory, slot!(a) as u32, offset!(), slot!(b)),)*
                        $(Opcode::[<$s Sc>] => {
                            store!($s, &mut state.memory, slot!(a) as u32, offset!(), high(op.imm));
                        })*
                        $(Opcode::[<$s Cs>] => store!($s, &mut state.memory, 0, op.imm, slot!(b)),)*
                        $(Opcode::[<$s Any>] => {
                            let memory = state.module_memory(u32::from(op.d));
                            store!($s, memory, slot!(a) as u32, op.imm, slot!(b));
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
                        Opcode::Builtin => {
                            let call = function.code.builtins[low(op.imm)];
                            attempt!(state.builtin(call.op, call.x, call.y, &mut window[usize::from(call.base)..]));
                        }
                        Opcode::Meter => {
                            if !state.charge(op.imm as u32) {
                                let block = u32::from(op.a) | u32::from(op.b) << 16;
                                return driver::suspended(state, current, block);
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
                            pc = function.code.targets[low(op.imm) + index as usize] as usize;
                        }
                        Opcode::Call => {
                            suspend!(u32::from(op.a) | u32::from(op.b) << 16);
                            // The same instance goes on, so nothing is switched.
                            let base = current.base + u32::from(op.d);
                            let callee = module.get(op.imm as u32);
                            if let Err(trap) = state.enter(base, callee.shape.frame_size) {
                                state.pop_frame();
                                break 'run trap;
                            }
                            function = callee;
                            current.function = op.imm as u32;
                            current.base = base;
                            window = stack.window(base);
                            driver::clear_locals(function, window);
                            ops = &function.code.ops[..];
                            pc = 0;
                        }
                        Opcode::CallImport => {
                            suspend!(u32::from(op.a) | u32::from(op.b) << 16);
                            enter!(state.callee(op.imm as u32), current.base + u32::from(op.d), true);
                        }
                        Opcode::CallIndirect => {
                            let call = function.code.indirect[low(op.imm)];
                            let callee = attempt!(state.indirect_callee(call.table, call.ty, slot!(a) as u32));
                            suspend!(call.block);
                            enter!(callee, current.base + u32::from(op.d), true);
                        }
                        Opcode::TailCall => {
                            let callee = match (op.imm as u32).checked_sub(function.body.imported_functions) {
                                Some(own) => Callee::Wasm { instance: current.instance, function: own },
                                None => state.callee(op.imm as u32),
                            };
                            enter!(callee, current.base, false);
                        }
                        Opcode::TailCallIndirect => {
                            let call = function.code.indirect[low(op.imm)];
                            let callee = attempt!(state.indirect_callee(call.table, call.ty, slot!(a) as u32));
                            enter!(callee, current.base, false);
                        }
                        Opcode::Return => {
                            let frame = state.pop_frame();
                            if frame.instance != current.instance {
                                if frame.instance == Frame::BOTTOM {
                                    return Exit::Returned;
                                }
                                state.switch_to(frame.instance);
                                module = program.module(frame.instance);
                            }
                            current = frame;
                            function = module.get(frame.function);
                            window = stack.window(frame.base);
                            ops = &function.code.ops[..];
                            pc = function.code.resume(frame);
                        }
                        Opcode::Trap => break 'run Trap::from_code(op.a as u8).unwrap_or(Trap::Unreachable),
                    } }
                };
            }
            wasm_dispatch_ir::for_each_name!(execute);
        }
    };
    let statement = function.code.statements[pc - 1];
    driver::trapped(state, current, trap, statement)
}
