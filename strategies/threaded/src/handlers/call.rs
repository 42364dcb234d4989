//! Calls.
//!
//! No native recursion and no allocation: a call stores the caller's frame on the machine's frame stack, whose room was
//! reserved when the run began, and goes on with the callee's first node.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::backend::Compiled;
use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_machine::store::{FunctionEntry, HOST};

use super::host::CallHost;
use super::returns::{Suspended, forget_copy, suspend, suspend_for};
use crate::abi::{HANDLER_UNITS, Handler, Mode, Picked, Regs, Role, enter_rare, picked};
use crate::code::Code;
use crate::context::{Functions, InstanceView, Leave};
use crate::kind::Kind;

/// A call of an own function: units are function, base slot, block to go on with.
pub(super) struct Call;

impl Handler for Call {
    const ROLE: Role = Role::Call;
    const KIND: Kind = Kind::Call;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above, and arguments are where lowering puts them: at the base slot.
        unsafe {
            let frame = r.slot(1);
            enter_own::<M>(
                r,
                r.callee(0),
                || r.unit(0),
                frame,
                Some(Suspended::Call),
                |r| r.rarely(enter_rare::<CompileFirst<false>, M>),
            )
        }
    }
}

/// A call of an own function in place of this one: the unit is the function. The arguments are in place.
pub(super) struct TailCall;

impl Handler for TailCall {
    const ROLE: Role = Role::TailCall;
    const KIND: Kind = Kind::TailCall;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the unit is an own function; lowering has moved the arguments to the frame's beginning.
        unsafe {
            enter_own::<M>(
                r,
                r.callee(0),
                || r.unit(0),
                r.frame,
                None,
                |r| r.rarely(enter_rare::<CompileFirst<true>, M>),
            )
        }
    }
}

/// Goes on with an own function whose frame is at `frame`; suspends the caller, unless this is a tail call. `rare` takes over if the
/// function is not compiled yet, and if there is no room for it.
///
/// # Safety
///
/// As [`Handler::run`]; `function` gives an own function of the current instance, whose cell is `cell`, and its arguments are at
/// `frame`.
#[inline(always)]
unsafe fn enter_own<M: Mode>(
    r: Regs,
    cell: *const CodeCell,
    function: impl FnOnce() -> u32,
    frame: *mut u64,
    suspended: Option<Suspended>,
    rare: impl Fn(Regs) -> u64,
) -> u64 {
    // SAFETY: `frames_top` is below `frames_end` when a frame is suspended, and the callee is compiled and its frame fits the value
    // stack before anything uses it. The callee's code begins with a node that wants what the registers then are.
    unsafe {
        let context = r.context;
        let cell = one_register(cell);
        if !(*cell).fits(frame as usize, (*context).stack_end as usize) {
            return rare(r);
        }
        if let Some(block) = suspended {
            if (*context).frames_top == (*context).frames_end {
                return rare(r);
            }
            suspend_for(&r, block.unit(), r.behind(block.after()), function);
        } else {
            (*context).function = function();
        }
        // No function expects anything in the accumulator when it is entered: its register is free until here.
        Regs { frame, acc: 0, ..r }.enter::<M>(cell)
    }
}

/// The kinds of calls that may lead anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    Import,
    Indirect,
    Tail,
    TailIndirect,
}

/// An indirect call (`TAIL`: in place of this function): units are table, base slot, index slot, type, block to go on with.
/// The index is in its slot, and in the accumulator if `ACC`, where it is there sooner. `FIRST` if the table is number 0.
struct CallIndirect<const TAIL: bool, const ACC: bool, const FIRST: bool>;

impl<const TAIL: bool, const ACC: bool, const FIRST: bool> Handler for CallIndirect<TAIL, ACC, FIRST> {
    const ROLE: Role = if TAIL { Role::TailCall } else { Role::CallAnywhere };
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        let acc = r.acc as u32;
        // A call leaves nothing in the accumulator: its register is free.
        let r = Regs { acc: 0, ..r };
        // SAFETY: the units are as said above; an entry of the current instance names an own function, and arguments are where
        // lowering puts them: at the base slot, or at the frame's beginning (`TAIL`).
        unsafe {
            let context = r.context;
            let index = match ACC {
                true => acc,
                false => r.slot(2).read() as u32,
            };
            let entry = match element::<FIRST>(&r, index) {
                Ok(entry) => entry,
                Err(trap) => return r.trap(trap),
            };
            if (*entry).instance != (*context).instance {
                return call_element::<TAIL, ACC, FIRST, M>(r);
            }
            let (cell, function) = (r.cell_of((*entry).index), || (*entry).index);
            let rare = |r| call_element::<TAIL, ACC, FIRST, M>(r);
            match TAIL {
                true => enter_own::<M>(r, cell, function, r.frame, None, rare),
                false => enter_own::<M>(r, cell, function, r.slot(1), Some(Suspended::Other), rare),
            }
        }
    }
}

/// The same address, in a register of its own: LLVM would keep what it is the sum of in two, and have none left.
#[inline(always)]
fn one_register<T>(pointer: *const T) -> *const T {
    #[cfg(target_arch = "x86_64")]
    let pointer = {
        let mut address = pointer.expose_provenance();
        // SAFETY: the text does nothing.
        unsafe { std::arch::asm!("# {0}", inout(reg) address, options(pure, nomem, nostack, preserves_flags)) };
        std::ptr::with_exposed_provenance(address)
    };
    pointer
}

/// Leaves an indirect call to [`CallElement`].
///
/// # Safety
///
/// As [`Handler::run`]; the node is a [`CallIndirect`].
#[inline(always)]
unsafe fn call_element<const TAIL: bool, const ACC: bool, const FIRST: bool, M: Mode>(r: Regs) -> u64 {
    // SAFETY: the contract is the same. A copy of the machine code leaves the node to `CallIndirect`, which takes the index from the
    // accumulator again if `ACC`: it is in its slot, too.
    unsafe {
        let acc = match ACC && cfg!(stencil) {
            true => r.slot(2).read(),
            false => r.acc,
        };
        Regs { acc, ..r }.rarely(enter_rare::<CallElement<TAIL, FIRST>, M>)
    }
}

/// The function that an indirect call of this index reaches.
///
/// # Safety
///
/// As [`Handler::run`]; the node is a [`CallIndirect`].
#[inline(always)]
unsafe fn element<const FIRST: bool>(r: &Regs, index: u32) -> Result<*const FunctionEntry, Trap> {
    // SAFETY: the units name a table and a type of the current instance, whose view this is. References in tables name functions of
    // the machine, which keeps all that were ever added.
    unsafe {
        let context = r.context;
        let view = &raw const (*context).view;
        let table = match FIRST {
            true => (*view).first_table,
            false => {
                let table = (*view).tables.add(r.unit(0) as usize).read();
                (*context).all_tables.add(table as usize)
            }
        };
        let elements: &[u64] = &(*table).elements;
        let Some(&reference) = elements.get(index as usize) else {
            return Err(Trap::UndefinedElement);
        };
        if reference == 0 {
            return Err(Trap::UninitializedElement);
        }
        let entry = one_register((*context).functions.add(reference as usize - 1));
        if (*entry).signature != (*context).view.signatures.add(r.unit(3) as usize).read() {
            return Err(Trap::IndirectCallTypeMismatch);
        }
        Ok(entry)
    }
}

/// What [`CallIndirect`] leaves: a callee that is not compiled yet, does not fit the stack, is of another instance, or the host's.
/// Looks it up again: to hand it on would take one more register of the frequent case.
struct CallElement<const TAIL: bool, const FIRST: bool>;

impl<const TAIL: bool, const FIRST: bool> Handler for CallElement<TAIL, FIRST> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: only `CallIndirect` leaves to this handler, so the node is one; `element` gives the callee's entry.
        unsafe {
            match element::<FIRST>(&r, r.slot(2).read() as u32) {
                Ok(entry) => call_elsewhere::<TAIL, M>(r, entry),
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// A call of an imported function (`TAIL`: in place of this function): units are function, base slot, two that are not used,
/// block to go on with.
struct CallImport<const TAIL: bool>;

impl<const TAIL: bool> Handler for CallImport<TAIL> {
    const ROLE: Role = if TAIL { Role::TailCall } else { Role::CallAnywhere };
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above: the function is one of the current instance's, and the view has its entry.
        unsafe {
            let context = r.context;
            let id = (*context).view.all_functions.add(r.unit(0) as usize).read();
            call_elsewhere::<TAIL, M>(r, (*context).functions.add(id as usize))
        }
    }
}

/// Calls any function, of the host, of another instance, or of this one.
///
/// # Safety
///
/// As [`Handler::run`]; the node is a [`CallIndirect`] or a [`CallImport`], and `entry` is the callee's.
#[inline(always)]
unsafe fn call_elsewhere<const TAIL: bool, M: Mode>(r: Regs, entry: *const FunctionEntry) -> u64 {
    // A call leaves nothing in the accumulator: its register is free.
    let r = Regs { acc: entry as u64, ..r };
    // SAFETY: no function is added during a run, so `entry` and what it names are alive. A kept view is that of its instance.
    unsafe {
        if (*entry).instance == HOST {
            return r.call(enter_rare::<CallHost<TAIL>, M>);
        }
        let Some(view) = (*r.context).kept((*entry).instance) else {
            return r.call(enter_rare::<FirstElsewhere<TAIL>, M>);
        };
        let cell = (*view).cells.add((*entry).index as usize);
        let frame = if TAIL { r.frame } else { r.slot(1) };
        if !(*cell).fits(frame as usize, (*r.context).stack_end as usize) {
            return r.call(enter_rare::<FirstElsewhere<TAIL>, M>);
        }
        enter_elsewhere::<TAIL>(r, entry, view, |r| r.enter::<M>(cell))
    }
}

/// A call of a function, whose entry is in the accumulator's register, where the instance's view is not kept, the function is not
/// compiled, or its frame does not fit the stack.
struct FirstElsewhere<const TAIL: bool>;

impl<const TAIL: bool> Handler for FirstElsewhere<TAIL> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        let entry = r.acc as *const FunctionEntry;
        // SAFETY: `call_elsewhere` leaves to this handler, with the callee's entry. The view is that of its instance, and so is the
        // code. The program is alive during the run.
        unsafe {
            let view = (*r.context).keep((*entry).instance);
            let callee = compile(&*(*r.context).program, (*entry).instance, (*entry).index);
            let frame = if TAIL { r.frame } else { r.slot(1) };
            // No wrapping: see `enter_compiled`.
            if frame.wrapping_add(callee.shape.frame_size as usize) > (*r.context).stack_end {
                return r.trap(Trap::CallStackExhausted);
            }
            if TAIL {
                forget_copy(r.context);
            }
            enter_elsewhere::<TAIL>(r, entry, view, |r| r.go::<M>(callee.code.entry()))
        }
    }
}

/// Goes on with a function of any instance, whose frame fits the stack; `go` enters its code.
///
/// # Safety
///
/// As [`Handler::run`]; the node is a [`CallIndirect`] or a [`CallImport`], `entry` is the callee's and `view` its instance's.
#[inline(always)]
unsafe fn enter_elsewhere<const TAIL: bool>(
    mut r: Regs,
    entry: *const FunctionEntry,
    view: *const InstanceView,
    go: impl FnOnce(Regs) -> u64,
) -> u64 {
    // SAFETY: as in `enter_own`, but that view and memory become the callee's before its first node.
    unsafe {
        let context = r.context;
        let frame = if TAIL { r.frame } else { r.slot(1) };
        if !TAIL {
            if (*context).frames_top == (*context).frames_end {
                return r.trap(Trap::CallStackExhausted);
            }
            let switch_back = Suspended::Other.after() - HANDLER_UNITS;
            suspend(&r, Suspended::Other.unit(), r.ip.add(switch_back));
        } else if (*entry).instance != (*context).instance {
            // The frame below, if only the bottom one, was suspended for a callee of its own instance; now another
            // will return to it.
            (*(*context).frames_top.sub(1)).native = 0;
        }
        (*context).switch_to((*entry).instance, view);
        (*context).function = (*entry).index;
        r.frame = frame;
        r.acc = 0;
        r.read_memory();
        go(r)
    }
}

/// A caller goes on after a callee of another instance.
struct SwitchBack;

impl Handler for SwitchBack {
    const ROLE: Role = Role::SwitchBack;
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the node is one that only returns lead to, and a return has just taken the frame on top: it is still there. With
        // its instance's view and memory the registers are as the caller's next node wants them.
        unsafe {
            let instance = (*(*r.context).frames_top).instance;
            let Some(view) = (*r.context).kept(instance) else {
                return r.call(enter_rare::<FirstSwitchBack, M>);
            };
            (*r.context).switch_to(instance, view);
            r.read_memory();
            r.next::<M>(0)
        }
    }
}

/// The other outcome of [`SwitchBack`]: the instance's view is not kept.
struct FirstSwitchBack;

impl Handler for FirstSwitchBack {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: as for `SwitchBack`, which leaves to this handler.
        unsafe {
            let instance = (*(*r.context).frames_top).instance;
            let view = (*r.context).keep(instance);
            (*r.context).switch_to(instance, view);
            r.read_memory();
            r.next::<M>(0)
        }
    }
}

/// A call (`TAIL`: in place of this function) finds the callee not compiled, or no room for it: compile it and enter it.
struct CompileFirst<const TAIL: bool>;

impl<const TAIL: bool> Handler for CompileFirst<TAIL> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: `Call` (`TailCall` if `TAIL`) leaves to this handler, so the node is one. The program is alive during the run.
        unsafe {
            let function = r.unit(0);
            let callee = compile(&*(*r.context).program, (*r.context).instance, function);
            if TAIL {
                forget_copy(r.context);
                enter_compiled::<M>(r, callee, function, r.frame, None)
            } else {
                let frame = r.slot(1);
                enter_compiled::<M>(r, callee, function, frame, Some(Suspended::Call))
            }
        }
    }
}

/// Goes on with an own function whose frame is at `frame`; suspends the caller, unless this is a tail call.
///
/// # Safety
///
/// As [`enter_own`]; `callee` is the code of `function`, or what stands in for it.
#[inline(always)]
unsafe fn enter_compiled<M: Mode>(
    r: Regs,
    callee: &Compiled<Code>,
    function: u32,
    frame: *mut u64,
    suspended: Option<Suspended>,
) -> u64 {
    // SAFETY: as in `enter_own`.
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
            suspend_for(&r, block.unit(), r.behind(block.after()), || function);
        } else {
            (*context).function = function;
        }
        Regs { frame, acc: 0, ..r }.go::<M>(callee.code.entry())
    }
}

#[cold]
#[inline(never)]
fn compile(program: &dyn Functions, instance: u32, function: u32) -> &Compiled<Code> {
    program.get(instance, function)
}

/// Pay for a block, or suspend the run at it: units are cost and block.
struct Meter;

impl Handler for Meter {
    const ROLE: Role = Role::Poll;
    const KIND: Kind = Kind::Meter;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above; the context is not borrowed.
        unsafe {
            let (left, short) = (*r.context).slice.overflowing_sub(u64::from(r.unit(0)));
            if short {
                return r.rarely(enter_rare::<Suspend, M>);
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

/// The handler of a call that may lead anywhere; `acc` if the index slot is cached in the accumulator, `first` if the table is
/// number 0.
pub(crate) fn pick_call(kind: CallKind, acc: bool, first: bool) -> Picked {
    match (kind, acc, first) {
        (CallKind::Indirect, false, false) => picked::<CallIndirect<false, false, false>>(),
        (CallKind::Indirect, false, true) => picked::<CallIndirect<false, false, true>>(),
        (CallKind::Indirect, true, false) => picked::<CallIndirect<false, true, false>>(),
        (CallKind::Indirect, true, true) => picked::<CallIndirect<false, true, true>>(),
        (CallKind::TailIndirect, false, false) => picked::<CallIndirect<true, false, false>>(),
        (CallKind::TailIndirect, false, true) => picked::<CallIndirect<true, false, true>>(),
        (CallKind::TailIndirect, true, false) => picked::<CallIndirect<true, true, false>>(),
        (CallKind::TailIndirect, true, true) => picked::<CallIndirect<true, true, true>>(),
        (CallKind::Import, ..) => picked::<CallImport<false>>(),
        (CallKind::Tail, ..) => picked::<CallImport<true>>(),
    }
}

/// The node after a call, not a tail call, that may lead to another instance.
pub(crate) fn switch_back() -> Picked {
    picked::<SwitchBack>()
}
