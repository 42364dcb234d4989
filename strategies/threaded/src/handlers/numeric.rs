//! Values: moves, constants, unary and binary operations, select, globals.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::ops::{Binary, BinaryOp, BinaryVisitor, I32Add, Unary, UnaryOp, UnaryVisitor};

use crate::abi::{Handler, Mode, Picked, Regs, Step, picked, picked_step};
use crate::kind::{Class, Kind, Location};
use crate::operand::{Acc, Const, Dest, PastAcc, Slot, Source, ToAcc, ToSlot, Value};

/// `d = a`
pub(super) struct Move<T, A, D>(PhantomData<(T, A, D)>);

impl<T: Value, A: Source<T>, D: Dest> Step for Move<T, A, D> {
    const KIND: Kind = Kind::Move {
        class: Class::of(T::TYPE),
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = A::get(r, 0);
            D::put(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d = O(a)`
pub(super) struct UnaryOf<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Unary, A: Source<O::A>, D: Dest> Step for UnaryOf<O, A, D> {
    const KIND: Kind = Kind::Unary {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = O::apply(A::get(r, 0))?;
            D::put(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d = O(a, b)`
pub(super) struct BinaryOf<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Binary, A: Source<O::A>, B: Source<O::B>, D: Dest> Step for BinaryOf<O, A, B, D> {
    const KIND: Kind = Kind::Binary {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + B::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, B and D, in this order.
        unsafe {
            let a = A::get(r, 0);
            #[cfg(stencil)]
            if matches!(B::LOCATION, Location::Const)
                && let Some(shifted) = crate::holes::shifted::<O>(a, A::UNITS)
            {
                D::put(r, A::UNITS + B::UNITS, shifted);
                return Ok(());
            }
            let b = B::get(r, A::UNITS);
            D::put(r, A::UNITS + B::UNITS, O::apply(a, b)?);
        }
        Ok(())
    }
}

/// `d = condition != 0 ? a : b`
pub(super) struct SelectOf<T, A, B, C, D>(PhantomData<(T, A, B, C, D)>);

impl<T: Value, A: Source<T>, B: Source<T>, C: Source<u32>, D: Dest> Step for SelectOf<T, A, B, C, D> {
    const KIND: Kind = Kind::Select {
        class: Class::of(T::TYPE),
        a: A::LOCATION,
        b: B::LOCATION,
        condition: C::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + B::UNITS + C::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, B, C and D, in this order.
        unsafe {
            let a = A::get(r, 0);
            let b = B::get(r, A::UNITS);
            #[cfg(stencil)]
            let (a, b) = (crate::holes::read(a), crate::holes::read(b));
            let condition = C::get(r, A::UNITS + B::UNITS);
            let value = if condition != 0 { a } else { b };
            D::put(r, A::UNITS + B::UNITS + C::UNITS, value);
        }
        Ok(())
    }
}

/// `d = own global`
pub(super) struct GlobalGet<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Step for GlobalGet<T, D> {
    const KIND: Kind = Kind::GlobalGet {
        class: Class::of(T::TYPE),
        d: D::DESTINATION,
    };
    const UNITS: usize = 1 + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the first unit is the number of an own global, and the current instance's own globals follow each other from
        // `globals` on; then come the units of D.
        unsafe {
            D::put(r, 1, T::from_slot(r.global().read()));
        }
        Ok(())
    }
}

/// `own global = a`
pub(super) struct GlobalSet<T, A>(PhantomData<(T, A)>);

impl<T: Value, A: Source<T>> Step for GlobalSet<T, A> {
    const KIND: Kind = Kind::GlobalSet {
        class: Class::of(T::TYPE),
        a: A::LOCATION,
    };
    const UNITS: usize = 1 + A::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: as for `GlobalGet`, with A in D's place.
        unsafe {
            r.global().write(A::get(r, 1).to_slot());
        }
        Ok(())
    }
}

/// `d = imported global`
struct ImportedGet<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Handler for ImportedGet<T, D> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the units are an imported global and D. No reference to the state is held here.
        unsafe {
            let value = (*r.context).state().global(r.unit(0));
            D::put(&mut r, 1, T::from_slot(value));
            r.next::<M>(1 + D::UNITS)
        }
    }
}

/// `imported global = a`
struct ImportedSet<T, A>(PhantomData<(T, A)>);

impl<T: Value, A: Source<T>> Handler for ImportedSet<T, A> {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are an imported global and A. No reference to the state is held here.
        unsafe {
            let value = A::get(&r, 1).to_slot();
            (*r.context).state().set_global(r.unit(0), value);
            r.next::<M>(1 + A::UNITS)
        }
    }
}

/// Instantiates an expression for the type of a class.
macro_rules! with_class {
    ($class:expr, $t:ident => $body:expr) => {
        match $class {
            Class::I32 => {
                type $t = u32;
                $body
            }
            Class::I64 => {
                type $t = u64;
                $body
            }
            Class::F32 => {
                type $t = f32;
                $body
            }
            Class::F64 => {
                type $t = f64;
                $body
            }
        }
    };
}

pub(crate) use with_class;

/// The class that a value moves as. Slots hold 32-bit integers zero-extended: moving all 64 bits is the same, and saves a form.
fn moved(class: Class, a: Location) -> Class {
    match (class, a) {
        (Class::I32, Location::Slot | Location::Acc) => Class::I64,
        (Class::I32, Location::Const) | (Class::I64 | Class::F32 | Class::F64, _) => class,
    }
}

/// The handler of `accumulator = a`, or of `slot = accumulator`.
pub(crate) fn pick_move(class: Class, a: Location) -> Picked {
    with_class!(moved(class, a), T => match a {
        Location::Slot => picked_step::<Move<T, Slot, ToAcc>>(),
        Location::Const => picked_step::<Move<T, Const, ToAcc>>(),
        Location::Acc => picked_step::<Move<T, Acc, ToSlot>>(),
    })
}

/// The handler of `slot = a`, which leaves the accumulator alone; `a` is not the accumulator.
pub(crate) fn pick_copy(class: Class, a: Location) -> Picked {
    // All 64 bits of a slot, whatever they are.
    match (class, a) {
        (_, Location::Slot | Location::Acc) => picked_step::<Move<u64, Slot, PastAcc>>(),
        (Class::I32 | Class::F32, Location::Const) => picked_step::<Move<u32, Const, PastAcc>>(),
        (Class::I64 | Class::F64, Location::Const) => picked_step::<Move<u64, Const, PastAcc>>(),
    }
}

/// The handler of `d = op(a)`; `a` is no constant.
pub(crate) fn pick_unary(op: UnaryOp, a: Location, to_slot: bool) -> Picked {
    struct Pick(Location, bool);
    impl UnaryVisitor for Pick {
        type Output = Picked;
        fn visit<O: Unary>(self) -> Picked {
            pick::<O>(self.0, self.1)
        }
    }
    fn pick<O: Unary>(a: Location, to_slot: bool) -> Picked {
        match (a, to_slot) {
            (Location::Acc, false) => picked_step::<UnaryOf<O, Acc, ToAcc>>(),
            (Location::Acc, true) => picked_step::<UnaryOf<O, Acc, ToSlot>>(),
            (_, false) => picked_step::<UnaryOf<O, Slot, ToAcc>>(),
            (_, true) => picked_step::<UnaryOf<O, Slot, ToSlot>>(),
        }
    }
    op.visit(Pick(a, to_slot))
}

/// The handler of `d = op(a, b)`; not both are constants, not both in the accumulator.
pub(crate) fn pick_binary(op: BinaryOp, a: Location, b: Location, to_slot: bool) -> Picked {
    struct Pick(Location, Location, bool);
    impl BinaryVisitor for Pick {
        type Output = Picked;
        fn visit<O: Binary>(self) -> Picked {
            let Pick(a, b, to_slot) = self;
            if to_slot {
                pick::<O, ToSlot>(a, b)
            } else {
                pick::<O, ToAcc>(a, b)
            }
        }
    }
    fn pick<O: Binary, D: Dest>(a: Location, b: Location) -> Picked {
        match (a, b) {
            (Location::Slot, Location::Slot) => picked_step::<BinaryOf<O, Slot, Slot, D>>(),
            (Location::Slot, Location::Const) => picked_step::<BinaryOf<O, Slot, Const, D>>(),
            (Location::Slot, Location::Acc) => picked_step::<BinaryOf<O, Slot, Acc, D>>(),
            (Location::Const, Location::Acc) => picked_step::<BinaryOf<O, Const, Acc, D>>(),
            (Location::Const, _) => picked_step::<BinaryOf<O, Const, Slot, D>>(),
            (Location::Acc, Location::Const) => picked_step::<BinaryOf<O, Acc, Const, D>>(),
            (Location::Acc, _) => picked_step::<BinaryOf<O, Acc, Slot, D>>(),
        }
    }
    op.visit(Pick(a, b, to_slot))
}

/// The handler of `slot = slot + constant` that leaves the accumulator alone.
pub(crate) fn step_past() -> Picked {
    picked_step::<BinaryOf<I32Add, Slot, Const, PastAcc>>()
}

/// The handler of `d = condition != 0 ? a : b`; `a` and `b` are slots or constants, the condition is no constant.
pub(crate) fn pick_select(class: Class, a: Location, b: Location, condition: Location, to_slot: bool) -> Picked {
    fn pick<T: Value, A: Source<T>, B: Source<T>>(condition: Location, to_slot: bool) -> Picked {
        match (condition, to_slot) {
            (Location::Acc, true) => picked_step::<SelectOf<T, A, B, Acc, ToSlot>>(),
            (Location::Acc, false) => picked_step::<SelectOf<T, A, B, Acc, ToAcc>>(),
            (_, true) => picked_step::<SelectOf<T, A, B, Slot, ToSlot>>(),
            (_, false) => picked_step::<SelectOf<T, A, B, Slot, ToAcc>>(),
        }
    }
    with_class!(class, T => match (a, b) {
        (Location::Const, Location::Const) => pick::<T, Const, Const>(condition, to_slot),
        (Location::Const, _) => pick::<T, Const, Slot>(condition, to_slot),
        (_, Location::Const) => pick::<T, Slot, Const>(condition, to_slot),
        _ => pick::<T, Slot, Slot>(condition, to_slot),
    })
}

/// The handler that reads a global.
pub(crate) fn pick_global_get(class: Class, own: bool, to_slot: bool) -> Picked {
    with_class!(class, T => match (own, to_slot) {
        (true, true) => picked_step::<GlobalGet<T, ToSlot>>(),
        (true, false) => picked_step::<GlobalGet<T, ToAcc>>(),
        (false, true) => picked::<ImportedGet<T, ToSlot>>(),
        (false, false) => picked::<ImportedGet<T, ToAcc>>(),
    })
}

/// The handler that sets a global.
pub(crate) fn pick_global_set(class: Class, own: bool, a: Location) -> Picked {
    with_class!(class, T => match (own, a) {
        (true, Location::Slot) => picked_step::<GlobalSet<T, Slot>>(),
        (true, Location::Const) => picked_step::<GlobalSet<T, Const>>(),
        (true, Location::Acc) => picked_step::<GlobalSet<T, Acc>>(),
        (false, Location::Slot) => picked::<ImportedSet<T, Slot>>(),
        (false, Location::Const) => picked::<ImportedSet<T, Const>>(),
        (false, Location::Acc) => picked::<ImportedSet<T, Acc>>(),
    })
}
