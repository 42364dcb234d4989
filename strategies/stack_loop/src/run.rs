//! The loop.

use wasm_dispatch_machine::code::BlockId;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::ops::{self, Binary, Load, Store, Unary};
use wasm_dispatch_machine::slot::SlotValue;
use wasm_dispatch_machine::state::{State, Window};

use crate::op::{Code, Op};

/// Runs from the start of a block until something changes the frame.
#[inline(always)]
pub(crate) fn step(code: &Code, state: &mut State, window: &mut Window, block: BlockId) -> Flow {
    let mut pc = code.blocks[block as usize] as usize;
    // Next free slot of the operand stack. Trees are shallow, so it stays below the end of the frame.
    let mut sp = code.stack;
    let trap = loop {
        let op = code.ops[pc];
        pc += 1;
        macro_rules! push {
            ($value:expr) => {{
                window[usize::from(sp)] = $value;
                sp = sp.wrapping_add(1);
            }};
        }
        macro_rules! pop {
            () => {{
                sp = sp.wrapping_sub(1);
                window[usize::from(sp)]
            }};
        }
        macro_rules! push_result {
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
                push_result!(<ops::$o as Binary>::apply(a, b));
            }};
        }
        macro_rules! execute {
            (
                unary { $($(#[$ud:meta])* $u:ident: $um:ident $(:: $uf:ident)* ($ua:ty) -> $ur:ty, $uk:ident, $umn:literal;)* }
                test { $($(#[$td:meta])* $t:ident: $tm:ident $(:: $tf:ident)* ($ta:ty, $tb:ty) -> $tr:ty, $tk:ident, $tmn:literal;)* }
                value { $($(#[$vd:meta])* $v:ident: $vm:ident $(:: $vf:ident)* ($va:ty, $vb:ty) -> $vr:ty, $vk:ident, $vmn:literal;)* }
                load { $($(#[$ld:meta])* $l:ident: $lm:ty as $lr:ty, $lw:literal, $lmn:literal;)* }
                store { $($(#[$sd:meta])* $s:ident: $sv:ty as $sm:ty, $sw:literal, $smn:literal;)* }
            ) => {
                match op {
                    $(Op::$u => {
                        let a = SlotValue::from_slot(pop!());
                        push_result!(<ops::$u as Unary>::apply(a));
                    })*
                    $(Op::$t => binary!($t),)*
                    $(Op::$v => binary!($v),)*
                    $(Op::$l(at) => {
                        let address = pop!() as u32;
                        let memory = state.module_memory(u32::from(at.memory));
                        push_result!(<ops::$l as Load>::load(memory, address, u64::from(at.offset)));
                    })*
                    $(Op::$s(at) => {
                        let value = SlotValue::from_slot(pop!());
                        let address = pop!() as u32;
                        let memory = state.module_memory(u32::from(at.memory));
                        if let Err(trap) =
                            <ops::$s as Store>::store(memory, address, u64::from(at.offset), value)
                        {
                            break trap;
                        }
                    })*
                    Op::LocalGet(slot) => push!(window[usize::from(slot)]),
                    Op::LocalSet(slot) => window[usize::from(slot)] = pop!(),
                    Op::Const(value) => push!(value),
                    Op::Drop => {
                        pop!();
                    }
                    Op::Select => {
                        let condition = pop!();
                        let b = pop!();
                        let a = pop!();
                        push!(if condition != 0 { a } else { b });
                    }
                    Op::OwnGlobalGet(global) => push!(state.own_global(global)),
                    Op::OwnGlobalSet(global) => {
                        let value = pop!();
                        state.set_own_global(global, value);
                    }
                    Op::GlobalGet(global) => push!(state.global(global)),
                    Op::GlobalSet(global) => {
                        let value = pop!();
                        state.set_global(global, value);
                    }
                    Op::Runtime(index) => {
                        let call = code.runtime[index as usize];
                        let slots = &mut window[usize::from(call.base)..];
                        if let Err(trap) = state.runtime(call.op, call.x, call.y, slots) {
                            break trap;
                        }
                    }
                    Op::Jump(target) => pc = target as usize,
                    Op::BranchIf(target) => {
                        if pop!() != 0 {
                            pc = target as usize;
                        }
                    }
                    Op::BranchUnless(target) => {
                        if pop!() == 0 {
                            pc = target as usize;
                        }
                    }
                    Op::Switch { first, last } => {
                        let index = (pop!() as u32).min(last);
                        pc = code.targets[(first + index) as usize] as usize;
                    }
                    Op::Leave(statement) => return Flow::leave(statement),
                    Op::LeaveIndirect(statement) => {
                        state.operand = pop!() as u32;
                        return Flow::leave(statement);
                    }
                    Op::Return => return Flow::RETURN,
                    Op::Raise(trap) => break trap,
                }
            };
        }
        wasm_dispatch_machine::for_each_instruction!(execute);
    };
    state.trap = Some(trap);
    Flow::trapped(code.statements[pc - 1])
}
