//! Calls and returns.
//!
//! No native recursion and no allocation: a call stores the caller's frame on the machine's frame stack, whose room was
//! reserved when the run began, and goes on with the callee's first node.

use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::backend::{Compiled, ModuleCode};
use wasm_dispatch_machine::state::{Callee, Frame};

use crate::Threaded;
use crate::abi::{Entry, HANDLER_UNITS, Handler, Mode, Picked, Regs, Unit, enter_rare, filled, picked};
use crate::code::Code;
use crate::context::{Context, Leave};
use crate::kind::Kind;

/// A call of an own function: units are function, base slot, block to go on with.
pub(super) struct Call;

impl Handler for Call {
    const KIND: Kind = Kind::CALL;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: operand units as said above; see `enter_own`.
        unsafe {
            let frame = r.frame.add(r.unit(1) as usize);
            enter_own::<M>(r, || r.unit(0), frame, Some(2), enter_rare::<CompileFirst<false>, M>)
        }
    }
}

/// A call of an own function in place of this one: the unit is the function. The arguments are in place.
pub(super) struct TailCall;

impl Handler for TailCall {
    const KIND: Kind = Kind::TAIL_CALL;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the operand unit is an own function; see `enter_own`.
        unsafe { enter_own::<M>(r, || r.unit(0), r.frame, None, enter_rare::<CompileFirst<true>, M>) }
    }
}

/// Goes on with an own function whose frame is at `frame`; suspends the caller, to go on with the block whose number is in
/// the last operand unit, which is that of this index, unless this is a tail call. `uncompiled` takes over if the function
/// is not compiled yet.
///
/// # Safety
///
/// As [`Handler::run`]; `function` gives an own function of the current instance, and its arguments are at `frame`. It is
/// asked twice, because in between there is a better use for the register.
#[inline(always)]
unsafe fn enter_own<M: Mode>(
    r: Regs,
    function: impl Fn() -> u32,
    frame: *mut u64,
    suspended: Option<usize>,
    uncompiled: Entry,
) -> u64 {
    // SAFETY: the caller's.
    unsafe {
        match (*(*r.context).own_functions.add(function() as usize)).get() {
            Some(callee) => enter_compiled::<M>(r, callee, function, frame, suspended),
            None => r.call(uncompiled),
        }
    }
}

/// [`enter_own`] of a function whose code is there.
///
/// # Safety
///
/// As [`enter_own`]; `callee` is the code of `function`, or what stands in for it.
#[inline(always)]
unsafe fn enter_compiled<M: Mode>(
    r: Regs,
    callee: &Compiled<Code>,
    function: impl FnOnce() -> u32,
    frame: *mut u64,
    suspended: Option<usize>,
) -> u64 {
    // SAFETY: the caller's; `frames_top` is below `frames_end` when written, and the callee's frame is checked to fit
    // the value stack before anything uses it.
    unsafe {
        let context = r.context;
        // No wrapping: a frame has at most 65,536 slots, and the value stack ends below the end of the address space.
        if frame.wrapping_add(callee.shape.frame_size as usize) > (*context).stack_end {
            return r.trap(Trap::CallStackExhausted);
        }
        if let Some(block) = suspended {
            if (*context).frames_top == (*context).frames_end {
                return r.trap(Trap::CallStackExhausted);
            }
            suspend(&r, block, r.ip.add(HANDLER_UNITS + filled(block + 1)));
        }
        (*context).function = function();
        // No function expects anything in the accumulator when it is entered: its register is free until here.
        Regs { frame, acc: 0, ..r }.go::<M>(callee.code.entry())
    }
}

/// An indirect call (`TAIL`: in place of this function), with the units of [`CallOther`], which takes over when the
/// callee is of another instance, of the host's, or not compiled yet. The index is in its slot, and in the accumulator
/// if `ACC`, where it is there sooner.
struct CallIndirect<const TAIL: bool, const ACC: bool>;

impl<const TAIL: bool, const ACC: bool> Handler for CallIndirect<TAIL, ACC> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        let acc = r.acc as u32;
        // A call leaves nothing in the accumulator: its register is free.
        let r = Regs { acc: 0, ..r };
        // SAFETY: the node has the units of `CallOther`: the table and the type are of the current instance, and the
        // index slot is within the frame. References in tables name functions of the machine.
        unsafe {
            let context = r.context;
            let table = (*context)
                .all_tables
                .add((*context).tables.add(r.unit(1) as usize).read() as usize);
            let index = match ACC {
                true => acc,
                false => r.frame.add(r.unit(3) as usize).read() as u32,
            };
            let elements: &[u64] = &(*table).elements;
            let Some(&reference) = elements.get(index as usize) else {
                return r.trap(Trap::UndefinedElement);
            };
            if reference == 0 {
                return r.trap(Trap::UninitializedElement);
            }
            let entry = (*context).functions.add(reference as usize - 1);
            if (*entry).signature != (*context).signatures.add(r.unit(4) as usize).read() {
                return r.trap(Trap::IndirectCallTypeMismatch);
            }
            if (*entry).instance != (*context).instance {
                return r.call(enter_rare::<CallOther, M>);
            }
            if TAIL {
                return enter_own::<M>(r, || (*entry).index, r.frame, None, enter_rare::<CallOther, M>);
            }
            let frame = r.frame.add(r.unit(2) as usize);
            enter_own::<M>(r, || (*entry).index, frame, Some(5), enter_rare::<CallOther, M>)
        }
    }
}

/// Stores the caller's frame, to go on with the block whose number is in this operand unit, which begins at `native`.
///
/// One field after the other: read together, the fields need more registers than a handler has without saving any.
#[inline(always)]
unsafe fn suspend(r: &Regs, block: usize, native: *const Unit) {
    // SAFETY: the caller has checked that there is room.
    unsafe {
        let context = r.context;
        let top = (*context).frames_top;
        (&raw mut (*top).native).write(native as u64);
        (&raw mut (*top).base).write((*context).base_of(r.frame));
        (&raw mut (*top).instance).write((*context).instance);
        (&raw mut (*top).function).write((*context).function);
        (&raw mut (*top).block).write(r.unit(block));
        (*context).frames_top = top.add(1);
    }
}

/// A call (`TAIL`: in place of this function) finds the callee not compiled: compile it and enter it.
struct CompileFirst<const TAIL: bool>;

impl<const TAIL: bool> Handler for CompileFirst<TAIL> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the node is that of `Call` or `TailCall`; see `enter_own`. The module's code is alive during the run.
        unsafe {
            let function = r.unit(0);
            let callee = compile(&*(*r.context).module, function);
            if TAIL {
                enter_compiled::<M>(r, callee, || function, r.frame, None)
            } else {
                let frame = r.frame.add(r.unit(1) as usize);
                enter_compiled::<M>(r, callee, || function, frame, Some(2))
            }
        }
    }
}

#[cold]
#[inline(never)]
fn compile(module: &ModuleCode<Threaded>, function: u32) -> &Compiled<Code> {
    module.get(function)
}

/// Calls of all kinds: units are what, (function | table), base slot, index slot, type, block to go on with.
///
/// They leave the handler for an ordinary function: imports change the instance, indirect calls look up and compare.
struct CallOther;

/// The kinds of [`CallOther`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum CallKind {
    Import,
    Indirect,
    Tail,
    TailIndirect,
}

impl Handler for CallOther {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: operand units as said above; see `transfer`.
        unsafe {
            let outcome = transfer(r.context, r.ip, r.frame);
            if outcome.is_null() {
                return r.exit();
            }
            if (outcome as usize) < 256 {
                return r.trap(Trap::from_code(outcome as usize as u8).unwrap_or(Trap::Unreachable));
            }
            let state = (*r.context).state;
            r.frame = (*r.context).frame;
            r.memory = (*state).memory.as_mut_ptr();
            r.memory_len = (*state).memory.len();
            r.go::<M>(outcome)
        }
    }
}

/// Carries out a call; returns the callee's first node, null to leave the run, or a trap's code.
#[inline(never)]
unsafe fn transfer(context: *mut Context, ip: *const Unit, frame: *mut u64) -> *const Unit {
    // SAFETY: no reference into the context or the state is held by the handler that called.
    let result = unsafe { try_transfer(&mut *context, ip, frame) };
    match result {
        Ok(entry) => entry,
        Err(trap) => usize::from(trap.code()) as *const Unit,
    }
}

unsafe fn try_transfer(context: &mut Context, ip: *const Unit, frame: *mut u64) -> Result<*const Unit, Trap> {
    // SAFETY: the node has the operand units of `CallOther`; state and program are alive.
    let (unit, state, program) = unsafe {
        let operands = std::slice::from_raw_parts(ip.add(HANDLER_UNITS), 6);
        (operands, &mut *context.state, &*context.program)
    };
    let [kind, function, base, index, ty, block] = *unit else {
        return Err(Trap::Unreachable);
    };
    let indirect = kind == CallKind::Indirect as u32 || kind == CallKind::TailIndirect as u32;
    let tail = kind == CallKind::Tail as u32 || kind == CallKind::TailIndirect as u32;
    let callee = if indirect {
        // SAFETY: the index slot is within the frame.
        let element = unsafe { frame.add(index as usize).read() };
        state.indirect_callee(function, ty, element as u32)?
    } else {
        state.callee(function)
    };
    let caller_base = context.base_of(frame);
    let base = if tail { caller_base } else { caller_base + base };
    if !tail && context.frames_top == context.frames_end {
        return Err(Trap::CallStackExhausted);
    }
    let entered = match callee {
        Callee::Host(_) => None,
        Callee::Wasm { instance, function } => {
            let code = program.module(instance).get(function);
            state.enter(base, code.shape.frame_size)?;
            Some((instance, function, code.code.entry()))
        }
    };
    if !tail {
        let suspended = Frame {
            instance: context.instance,
            function: context.function,
            block,
            base: caller_base,
            native: match callee {
                // A return to another instance has more to do.
                Callee::Wasm { instance, .. } if instance != context.instance => 0,
                // SAFETY: the node after this one is the next block's first.
                _ => unsafe { ip.add(HANDLER_UNITS + 6) as u64 },
            },
        };
        // SAFETY: there is room, checked above.
        unsafe {
            context.frames_top.write(suspended);
            context.frames_top = context.frames_top.add(1);
        }
    }
    match (entered, callee) {
        (Some((instance, function, entry)), _) => {
            if instance != context.instance {
                if tail {
                    // The frame below was suspended for a callee of its own instance; now another will return to it.
                    // SAFETY: there is the bottom frame at least.
                    unsafe { (*context.frames_top.sub(1)).native = 0 };
                }
                state.switch_to(instance);
                context.load_instance();
            }
            context.function = function;
            context.frame = context.stack.wrapping_add(base as usize);
            Ok(entry)
        }
        (None, Callee::Host(function)) => {
            context.reason = Leave::HostCall { function, base };
            Ok(std::ptr::null())
        }
        (None, _) => Err(Trap::Unreachable),
    }
}

/// Return to the frame on top of the frame stack.
pub(super) struct Return;

impl Handler for Return {
    const KIND: Kind = Kind::RETURN;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: `run` has made sure of the bottom frame; a frame with a native resume point was pushed by this strategy for a
        // block of its function, when it called one of the same instance.
        unsafe {
            let context = r.context;
            let top = (*context).frames_top.sub(1);
            let frame = top.read();
            if frame.native == 0 {
                return r.call(enter_rare::<ReturnElsewhere, M>);
            }
            (*context).frames_top = top;
            (*context).function = frame.function;
            let base = (*context).stack.add(frame.base as usize);
            Regs { frame: base, ..r }.go::<M>(frame.native as *const Unit)
        }
    }
}

/// Return to another instance, to a frame that some other strategy pushed, or out of the run.
struct ReturnElsewhere;

impl Handler for ReturnElsewhere {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: no reference into the context or the state is held here; see `resume`.
        unsafe {
            let ip = resume(r.context);
            if ip.is_null() {
                return r.exit();
            }
            let state = (*r.context).state;
            r.frame = (*r.context).frame;
            r.memory = (*state).memory.as_mut_ptr();
            r.memory_len = (*state).memory.len();
            r.go::<M>(ip)
        }
    }
}

/// Takes the topmost frame and returns the node to go on with, or null at the bottom.
///
/// # Safety
///
/// `context` is the run's, and nothing else refers to it or to the state.
#[cold]
#[inline(never)]
pub(crate) unsafe fn resume(context: *mut Context) -> *const Unit {
    // SAFETY: the caller's; `run` has made sure of the bottom frame.
    unsafe {
        let context = &mut *context;
        context.frames_top = context.frames_top.sub(1);
        let frame = context.frames_top.read();
        if frame.instance == Frame::BOTTOM {
            context.reason = Leave::Returned;
            return std::ptr::null();
        }
        (*context.state).switch_to(frame.instance);
        context.load_instance();
        context.function = frame.function;
        context.frame = context.stack.wrapping_add(frame.base as usize);
        let code = &(*context.module).get(frame.function).code;
        if frame.native != 0 {
            frame.native as *const Unit
        } else {
            code.block(frame.block)
        }
    }
}

/// Pay for a block, or suspend the run at it: units are cost and block.
struct Meter;

impl Handler for Meter {
    const KIND: Kind = Kind::METER;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: operand units as said above; see `Handler::run`.
        unsafe {
            let (left, short) = (*r.context).slice.overflowing_sub(u64::from(r.unit(0)));
            if short {
                return r.call(enter_rare::<Suspend, M>);
            }
            (*r.context).slice = left;
            r.next::<M>(2)
        }
    }
}

/// The other outcome of [`Meter`]: suspends the current frame at the block and leaves the run.
struct Suspend;

impl Handler for Suspend {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: `run` has reserved room for one frame more than calls may suspend.
        unsafe {
            suspend(&r, 1, std::ptr::null());
            (*r.context).reason = Leave::Suspended;
            r.exit()
        }
    }
}

pub(crate) fn meter() -> Picked {
    picked::<Meter>()
}

pub(crate) fn call() -> Picked {
    picked::<Call>()
}

pub(crate) fn tail_call() -> Picked {
    picked::<TailCall>()
}

/// The handler of a call with the units of [`CallOther`]; `acc` if the accumulator mirrors the index slot.
pub(crate) fn pick_call(kind: CallKind, acc: bool) -> Picked {
    match (kind, acc) {
        (CallKind::Indirect, false) => picked::<CallIndirect<false, false>>(),
        (CallKind::Indirect, true) => picked::<CallIndirect<false, true>>(),
        (CallKind::TailIndirect, false) => picked::<CallIndirect<true, false>>(),
        (CallKind::TailIndirect, true) => picked::<CallIndirect<true, true>>(),
        (CallKind::Import | CallKind::Tail, _) => picked::<CallOther>(),
    }
}

pub(crate) fn return_() -> Picked {
    picked::<Return>()
}
