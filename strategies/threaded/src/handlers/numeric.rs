//! Values: moves, constants, unary and binary operations, select, globals.

use std::marker::PhantomData;

use wasm_dispatch_machine::ops::{Binary, BinaryOp, BinaryVisitor, Unary, UnaryOp, UnaryVisitor};

use crate::abi::{Entry, Handler, Regs, enter};
use crate::operand::{Acc, Const, Dest, From, Slot, Source, ToAcc, ToSlot, Value};

/// `d = a`
struct Move<T, A, D>(PhantomData<(T, A, D)>);

impl<T: Value, A: Source<T>, D: Dest> Handler for Move<T, A, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: operand units are those of A and D in this order; see `Handler::run`.
        unsafe {
            let value = A::get(&r, 0);
            D::put(&mut r, A::UNITS, value);
            r.next(A::UNITS + D::UNITS)
        }
    }
}

/// `d = O(a)`
struct UnaryOf<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Unary, A: Source<O::A>, D: Dest> Handler for UnaryOf<O, A, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: operand units are those of A and D in this order; see `Handler::run`.
        unsafe {
            match O::apply(A::get(&r, 0)) {
                Ok(value) => {
                    D::put(&mut r, A::UNITS, value);
                    r.next(A::UNITS + D::UNITS)
                }
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// `d = O(a, b)`
struct BinaryOf<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Binary, A: Source<O::A>, B: Source<O::B>, D: Dest> Handler for BinaryOf<O, A, B, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: operand units are those of A, B and D in this order; see `Handler::run`.
        unsafe {
            let a = A::get(&r, 0);
            let b = B::get(&r, A::UNITS);
            match O::apply(a, b) {
                Ok(value) => {
                    D::put(&mut r, A::UNITS + B::UNITS, value);
                    r.next(A::UNITS + B::UNITS + D::UNITS)
                }
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// `d = condition != 0 ? a : b`
struct SelectOf<T, A, B, C, D>(PhantomData<(T, A, B, C, D)>);

impl<T: Value, A: Source<T>, B: Source<T>, C: Source<u32>, D: Dest> Handler for SelectOf<T, A, B, C, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: operand units are those of A, B, C and D in this order; see `Handler::run`.
        unsafe {
            let a = A::get(&r, 0);
            let b = B::get(&r, A::UNITS);
            let condition = C::get(&r, A::UNITS + B::UNITS);
            let value = if condition != 0 { a } else { b };
            D::put(&mut r, A::UNITS + B::UNITS + C::UNITS, value);
            r.next(A::UNITS + B::UNITS + C::UNITS + D::UNITS)
        }
    }
}

/// `d = own global`
struct GlobalGet<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Handler for GlobalGet<T, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: the first operand unit is the index of an own global, all of which stand behind `globals`.
        unsafe {
            let global = (*r.context).globals.add(r.unit(0) as usize);
            D::put(&mut r, 1, T::from_slot(global.read()));
            r.next(1 + D::UNITS)
        }
    }
}

/// `own global = a`
struct GlobalSet<T, A>(PhantomData<(T, A)>);

impl<T: Value, A: Source<T>> Handler for GlobalSet<T, A> {
    #[inline(always)]
    unsafe fn run(r: Regs) -> u64 {
        // SAFETY: as for `GlobalGet`.
        unsafe {
            let global = (*r.context).globals.add(r.unit(0) as usize);
            global.write(A::get(&r, 1).to_slot());
            r.next(1 + A::UNITS)
        }
    }
}

/// `d = imported global`
struct ImportedGet<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Handler for ImportedGet<T, D> {
    #[inline(always)]
    unsafe fn run(mut r: Regs) -> u64 {
        // SAFETY: the state is alive and not borrowed while a handler runs.
        unsafe {
            let value = (*(*r.context).state).global(r.unit(0));
            D::put(&mut r, 1, T::from_slot(value));
            r.next(1 + D::UNITS)
        }
    }
}

/// `imported global = a`
struct ImportedSet<T, A>(PhantomData<(T, A)>);

impl<T: Value, A: Source<T>> Handler for ImportedSet<T, A> {
    #[inline(always)]
    unsafe fn run(r: Regs) -> u64 {
        // SAFETY: the state is alive and not borrowed while a handler runs.
        unsafe {
            let value = A::get(&r, 1).to_slot();
            (*(*r.context).state).set_global(r.unit(0), value);
            r.next(1 + A::UNITS)
        }
    }
}

/// The kind of accumulator a value uses, and the units of its constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    I32,
    I64,
    F32,
    F64,
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

fn to_dest<X>(to_slot: bool, slot: X, acc: X) -> X {
    if to_slot { slot } else { acc }
}

/// The handler of `d = a`.
pub(crate) fn pick_move(class: Class, a: From, to_slot: bool) -> Entry {
    with_class!(class, T => match a {
        From::Slot => to_dest(to_slot, enter::<Move<T, Slot, ToSlot>> as Entry, enter::<Move<T, Slot, ToAcc>>),
        From::Const => to_dest(to_slot, enter::<Move<T, Const, ToSlot>> as Entry, enter::<Move<T, Const, ToAcc>>),
        From::Acc => enter::<Move<T, Acc, ToSlot>>,
    })
}

/// The handler of `d = op(a)`; `a` is no constant.
pub(crate) fn pick_unary(op: UnaryOp, a: From, to_slot: bool) -> Entry {
    struct Pick(From, bool);
    impl UnaryVisitor for Pick {
        type Output = Entry;
        fn visit<O: Unary>(self) -> Entry {
            pick::<O>(self.0, self.1)
        }
    }
    fn pick<O: Unary>(a: From, to_slot: bool) -> Entry {
        match (a, to_slot) {
            (From::Acc, false) => enter::<UnaryOf<O, Acc, ToAcc>>,
            (From::Acc, true) => enter::<UnaryOf<O, Acc, ToSlot>>,
            (_, false) => enter::<UnaryOf<O, Slot, ToAcc>>,
            (_, true) => enter::<UnaryOf<O, Slot, ToSlot>>,
        }
    }
    op.visit(Pick(a, to_slot))
}

/// The handler of `d = op(a, b)`; not both are constants, not both in the accumulator.
pub(crate) fn pick_binary(op: BinaryOp, a: From, b: From, to_slot: bool) -> Entry {
    struct Pick(From, From, bool);
    impl BinaryVisitor for Pick {
        type Output = Entry;
        fn visit<O: Binary>(self) -> Entry {
            let Pick(a, b, to_slot) = self;
            if to_slot {
                pick::<O, ToSlot>(a, b)
            } else {
                pick::<O, ToAcc>(a, b)
            }
        }
    }
    fn pick<O: Binary, D: Dest>(a: From, b: From) -> Entry {
        match (a, b) {
            (From::Slot, From::Slot) => enter::<BinaryOf<O, Slot, Slot, D>>,
            (From::Slot, From::Const) => enter::<BinaryOf<O, Slot, Const, D>>,
            (From::Slot, From::Acc) => enter::<BinaryOf<O, Slot, Acc, D>>,
            (From::Const, From::Acc) => enter::<BinaryOf<O, Const, Acc, D>>,
            (From::Const, _) => enter::<BinaryOf<O, Const, Slot, D>>,
            (From::Acc, From::Const) => enter::<BinaryOf<O, Acc, Const, D>>,
            (From::Acc, _) => enter::<BinaryOf<O, Acc, Slot, D>>,
        }
    }
    op.visit(Pick(a, b, to_slot))
}

/// The handler of `d = condition != 0 ? a : b`; `a` and `b` are slots or constants, the condition is no constant.
pub(crate) fn pick_select(class: Class, a: From, b: From, condition: From, to_slot: bool) -> Entry {
    fn pick<T: Value, A: Source<T>, B: Source<T>>(condition: From, to_slot: bool) -> Entry {
        match (condition, to_slot) {
            (From::Acc, true) => enter::<SelectOf<T, A, B, Acc, ToSlot>>,
            (From::Acc, false) => enter::<SelectOf<T, A, B, Acc, ToAcc>>,
            (_, true) => enter::<SelectOf<T, A, B, Slot, ToSlot>>,
            (_, false) => enter::<SelectOf<T, A, B, Slot, ToAcc>>,
        }
    }
    with_class!(class, T => match (a, b) {
        (From::Const, From::Const) => pick::<T, Const, Const>(condition, to_slot),
        (From::Const, _) => pick::<T, Const, Slot>(condition, to_slot),
        (_, From::Const) => pick::<T, Slot, Const>(condition, to_slot),
        _ => pick::<T, Slot, Slot>(condition, to_slot),
    })
}

/// The handler that reads a global.
pub(crate) fn pick_global_get(class: Class, own: bool, to_slot: bool) -> Entry {
    with_class!(class, T => match (own, to_slot) {
        (true, true) => enter::<GlobalGet<T, ToSlot>> as Entry,
        (true, false) => enter::<GlobalGet<T, ToAcc>>,
        (false, true) => enter::<ImportedGet<T, ToSlot>>,
        (false, false) => enter::<ImportedGet<T, ToAcc>>,
    })
}

/// The handler that sets a global.
pub(crate) fn pick_global_set(class: Class, own: bool, a: From) -> Entry {
    with_class!(class, T => match (own, a) {
        (true, From::Slot) => enter::<GlobalSet<T, Slot>> as Entry,
        (true, From::Const) => enter::<GlobalSet<T, Const>>,
        (true, From::Acc) => enter::<GlobalSet<T, Acc>>,
        (false, From::Slot) => enter::<ImportedSet<T, Slot>>,
        (false, From::Const) => enter::<ImportedSet<T, Const>>,
        (false, From::Acc) => enter::<ImportedSet<T, Acc>>,
    })
}
