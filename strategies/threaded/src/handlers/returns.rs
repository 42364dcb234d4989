//! Frames that wait for a callee, and returns to them.

use wasm_dispatch_machine::state::Frame;

use crate::abi::{HANDLER_UNITS, Handler, Mode, Picked, Regs, Role, enter_rare, filled, picked};
use crate::code::Unit;
use crate::context::{Context, Leave};
use crate::kind::Kind;

/// Where a caller goes on: in which of a call's operand units that block's number is, the last one.
#[derive(Clone, Copy)]
pub(super) enum Suspended {
    /// Of a [`Call`]. The block is next.
    Call,
    /// Of a [`CallIndirect`] or [`CallImport`]. A [`SwitchBack`] is next, and then the block.
    Other,
}

impl Suspended {
    #[inline(always)]
    pub(super) fn unit(self) -> usize {
        match self {
            Suspended::Call => 2,
            Suspended::Other => 4,
        }
    }

    /// Units from the call's node to what a callee of the same instance returns to.
    #[inline(always)]
    pub(super) fn after(self) -> usize {
        let node = HANDLER_UNITS + filled(self.unit() + 1);
        match self {
            Suspended::Call => node,
            Suspended::Other => node + HANDLER_UNITS,
        }
    }
}

/// Set in a resume point that is machine code of a copy, to which copies of returns jump with the callee's frame. It begins at an odd
/// address, and nodes are at even ones.
pub(crate) const IN_COPY: u64 = 1;

/// Has the frame on top resumed at its block, if only copies can return to it otherwise: for what stands in for a copy in the middle.
///
/// # Safety
///
/// `context` is a run's, and nothing refers to its frames.
#[inline(always)]
pub(super) unsafe fn forget_copy(context: *mut Context) {
    // SAFETY: `run` has made sure of a frame at the bottom.
    unsafe {
        let top = (*context).frames_top.sub(1);
        if cfg!(feature = "copies") && (*top).native & IN_COPY != 0 {
            (*top).native = 0;
        }
    }
}

/// Stores the caller's frame, to go on with the block whose number is in this operand unit, which begins at `native`.
///
/// # Safety
///
/// As [`Handler::run`]; the node has this unit, `frames_top` is below the end of the frame stack, and `native` is a node of
/// this function or null.
#[inline(always)]
pub(super) unsafe fn suspend(r: &Regs, block: usize, native: *const Unit) {
    // SAFETY: the contract is the same.
    unsafe { suspend_for(r, block, native, || (*r.context).function) }
}

/// Likewise; another function is the current one then.
///
/// One field after the other: read together, the fields need more registers than a handler has without saving any. In this order, the
/// caller's frame and what is known of the callee are soon not needed any more.
///
/// # Safety
///
/// As [`suspend`].
#[inline(always)]
pub(super) unsafe fn suspend_for(r: &Regs, block: usize, native: *const Unit, callee: impl FnOnce() -> u32) {
    // SAFETY: there is room for a frame, says the contract; it is written through its fields, as it is not initialised.
    unsafe {
        let context = r.context;
        let top = (*context).frames_top;
        (&raw mut (*top).base).write((*context).base_of(r.frame));
        (&raw mut (*top).function).write((*context).function);
        (*context).function = callee();
        (&raw mut (*top).native).write(native as u64);
        (&raw mut (*top).instance).write((*context).instance);
        (&raw mut (*top).block).write(r.unit(block));
        (*context).frames_top = top.add(1);
    }
}

/// Return to the frame on top of the frame stack.
pub(super) struct Return;

impl Handler for Return {
    const ROLE: Role = Role::Return;
    const KIND: Kind = Kind::Return;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: `run` has made sure of the bottom frame, which has no native resume point. A frame with one was pushed by this
        // strategy, for a node of its function, and `ReturnElsewhere` takes the others; so view and memory are those of its
        // instance: what returns to another one has a `SwitchBack` there. A copy leaves all to this handler that no copy has pushed.
        unsafe {
            let context = r.context;
            let top = (*context).frames_top.sub(1);
            let frame = top.read();
            if !Regs::returns_to(frame.native) {
                return r.rarely(enter_rare::<ReturnElsewhere, M>);
            }
            (*context).frames_top = top;
            (*context).function = frame.function;
            r.go_back::<M>(frame)
        }
    }
}

/// Return to another instance, to a frame that another strategy has pushed, or out of the run.
struct ReturnElsewhere;

impl Handler for ReturnElsewhere {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: no reference to the context or the state is held here; `run` has made sure of a frame at the bottom. `resume`
        // gives a node of the frame's function, and has made its instance the current one.
        unsafe {
            let context = r.context;
            let below = (*context).frames_top.sub(1);
            if (*below).instance == Frame::BOTTOM {
                (*context).frames_top = below;
                (*context).reason = Leave::Returned;
                return r.exit();
            }
            let ip = resume(context);
            r.frame = (*context).frame;
            r.read_memory();
            r.go::<M>(ip)
        }
    }
}

/// Takes the topmost frame and returns the node to go on with.
///
/// # Safety
///
/// `context` is a run's, nothing else refers to it or to the state, and the topmost frame is not the bottom one.
#[cold]
#[inline(never)]
unsafe fn resume(context: *mut Context) -> *const Unit {
    // SAFETY: there is a frame, says the contract; the program outlives the run.
    unsafe {
        let context = &mut *context;
        context.frames_top = context.frames_top.sub(1);
        let frame = context.frames_top.read();
        let view = context.view_of(frame.instance);
        context.switch_to(frame.instance, &raw const view);
        context.function = frame.function;
        context.frame = context.stack.wrapping_add(frame.base as usize);
        if frame.native != 0 {
            return frame.native as *const Unit;
        }
        let program = &*context.program;
        program.get(frame.instance, frame.function).code.block(frame.block)
    }
}

pub(crate) fn return_() -> Picked {
    picked::<Return>()
}
