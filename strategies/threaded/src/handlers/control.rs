//! Branches. Targets are absolute addresses in the code stream: a taken branch waits for nothing but their load.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::ops::{Binary, BinaryOp, BinaryVisitor};
use wasm_dispatch_ir::slot::SlotValue;

use crate::abi::{Handler, Mode, Picked, Regs, Role, Step, picked};
use crate::kind::{Kind, Location};
use crate::operand::{Acc, Const, Slot, Source};

/// Units of an address.
pub(crate) const TARGET_UNITS: usize = 2;

pub(super) struct Jump;

impl Handler for Jump {
    const ROLE: Role = Role::Jump;
    const KIND: Kind = Kind::Jump;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are the address of a node of this function.
        unsafe { r.branch::<M>(0) }
    }
}

/// Branch if `a` is not zero (`WHEN`) or zero.
pub(super) struct BranchIf<A, const WHEN: bool>(PhantomData<A>);

impl<A: Source<u32>, const WHEN: bool> Handler for BranchIf<A, WHEN> {
    const KIND: Kind = Kind::Branch {
        a: A::LOCATION,
        when: WHEN,
    };
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are the target, a node of this function, and A.
        unsafe {
            if (A::get(&r, TARGET_UNITS) != 0) == WHEN {
                return r.branch::<M>(0);
            }
            r.next::<M>(TARGET_UNITS + A::UNITS)
        }
    }
}

/// Branch if the test's result is not zero (`WHEN`) or zero.
pub(super) struct BranchTest<O, A, B, const WHEN: bool>(PhantomData<(O, A, B)>);

impl<O: Binary, A: Source<O::A>, B: Source<O::B>, const WHEN: bool> Handler for BranchTest<O, A, B, WHEN> {
    const KIND: Kind = Kind::Test {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        when: WHEN,
    };
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are the target, a node of this function, A and B.
        unsafe {
            let a = A::get(&r, TARGET_UNITS);
            let b = B::get(&r, TARGET_UNITS + A::UNITS);
            match O::apply(a, b) {
                Ok(result) => {
                    if (result.to_slot() != 0) == WHEN {
                        return r.branch::<M>(0);
                    }
                    r.next::<M>(TARGET_UNITS + A::UNITS + B::UNITS)
                }
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// Branch to one of many: units are the index operand, or nothing, the number of the last target, and the targets.
pub(super) struct Switch<A>(PhantomData<A>);

impl<A: Source<u32>> Handler for Switch<A> {
    const ROLE: Role = Role::Jump;
    const KIND: Kind = Kind::Switch { index: A::LOCATION };
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: units as said above; the index stays below their number, and targets are nodes of this function.
        unsafe {
            let index = A::get(&r, 0).min(r.unit(1));
            r.switch::<M>(2, index)
        }
    }
}

/// `unreachable`, or any trap: the unit is its code.
struct Raise;

impl Handler for Raise {
    const ROLE: Role = Role::Raise;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: there is one unit.
        unsafe { r.trap(Trap::from_code(r.unit(0) as u8).unwrap_or(Trap::Unreachable)) }
    }
}

/// Locals start as zero: units are first slot and number.
struct Clear;

impl Handler for Clear {
    const KIND: Kind = Kind::Clear;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are those of locals, which are within the frame.
        unsafe {
            clear(r.slot(0), r.unit(1) as usize);
            r.next::<M>(2)
        }
    }
}

/// Kept out of the handler: see [`load_any`](super::memory).
///
/// # Safety
///
/// These slots are within a frame, and nothing else refers to them.
#[inline(never)]
unsafe fn clear(slots: *mut u64, count: usize) {
    // SAFETY: the slots are a frame's, says the contract.
    unsafe { slots.write_bytes(0, count) };
}

/// Few locals start as zero: the unit is the first slot. Unrolled by hand, because LLVM turns a loop into a call of `memset`.
struct ClearFew<const COUNT: usize>;

impl<const COUNT: usize> Handler for ClearFew<COUNT> {
    const KIND: Kind = Kind::Clear;
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the unit is the first of that many locals, which are within the frame.
        unsafe {
            r.slot(0).cast::<[u64; COUNT]>().write([0; COUNT]);
            r.next::<M>(1)
        }
    }
}

/// Does nothing, but returns to the loop in builds that have one.
struct Pause;

impl Step for Pause {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 0;
    #[inline(always)]
    unsafe fn step(_r: &mut Regs) -> Result<(), Trap> {
        Ok(())
    }
}

pub(crate) fn pause() -> Picked {
    picked::<Pause>()
}

pub(crate) fn jump() -> Picked {
    picked::<Jump>()
}

pub(crate) fn raise() -> Picked {
    picked::<Raise>()
}

/// The handler that clears this many locals, and its number of operand units: first slot and count, or the first slot alone.
pub(crate) fn clear_locals(count: u32) -> (Picked, usize) {
    let few = match count {
        1 => picked::<ClearFew<1>>(),
        2 => picked::<ClearFew<2>>(),
        3 => picked::<ClearFew<3>>(),
        4 => picked::<ClearFew<4>>(),
        5 => picked::<ClearFew<5>>(),
        6 => picked::<ClearFew<6>>(),
        7 => picked::<ClearFew<7>>(),
        8 => picked::<ClearFew<8>>(),
        9 => picked::<ClearFew<9>>(),
        10 => picked::<ClearFew<10>>(),
        11 => picked::<ClearFew<11>>(),
        12 => picked::<ClearFew<12>>(),
        13 => picked::<ClearFew<13>>(),
        14 => picked::<ClearFew<14>>(),
        15 => picked::<ClearFew<15>>(),
        16 => picked::<ClearFew<16>>(),
        _ => return (picked::<Clear>(), 2),
    };
    (few, 1)
}

/// The handler of a branch on one value, which is no constant.
pub(crate) fn pick_branch(a: Location, when: bool) -> Picked {
    match (a, when) {
        (Location::Acc, true) => picked::<BranchIf<Acc, true>>(),
        (Location::Acc, false) => picked::<BranchIf<Acc, false>>(),
        (_, true) => picked::<BranchIf<Slot, true>>(),
        (_, false) => picked::<BranchIf<Slot, false>>(),
    }
}

/// The handler of a branch on a test; `a` is no constant.
pub(crate) fn pick_test(op: BinaryOp, a: Location, b: Location, when: bool) -> Picked {
    struct Pick(Location, Location, bool);
    impl BinaryVisitor for Pick {
        type Output = Picked;
        fn visit<O: Binary>(self) -> Picked {
            let Pick(a, b, when) = self;
            if when {
                pick::<O, true>(a, b)
            } else {
                pick::<O, false>(a, b)
            }
        }
    }
    fn pick<O: Binary, const WHEN: bool>(a: Location, b: Location) -> Picked {
        match (a, b) {
            (Location::Acc, Location::Const) => picked::<BranchTest<O, Acc, Const, WHEN>>(),
            (Location::Acc, _) => picked::<BranchTest<O, Acc, Slot, WHEN>>(),
            (_, Location::Slot) => picked::<BranchTest<O, Slot, Slot, WHEN>>(),
            (_, Location::Const) => picked::<BranchTest<O, Slot, Const, WHEN>>(),
            (_, Location::Acc) => picked::<BranchTest<O, Slot, Acc, WHEN>>(),
        }
    }
    op.visit(Pick(a, b, when))
}

/// The handler of a switch; the index is no constant.
pub(crate) fn pick_switch(index: Location) -> Picked {
    match index {
        Location::Acc => picked::<Switch<Acc>>(),
        _ => picked::<Switch<Slot>>(),
    }
}
