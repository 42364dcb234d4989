//! The handlers of nodes on vectors, by operation and by where operands are.
//!
//! The pickers say which forms there are: the compiler asks `is_hot` and [`has_all_addresses`], and brings operands to slots
//! for rows that have no other.

use wasm_dispatch_ir::vector_ops::*;

use super::memory::with_address;
use super::vector::*;
use super::vector_memory::*;
use crate::abi::{Picked, picked_once};
use crate::kind::{AddressForm, Location};
use crate::operand::{Acc, Const, PastAcc, Slot, Sum, ToAcc, ToSlot};

/// A row that is `hot` has all forms, others only that with operands and result in slots.
macro_rules! heat {
    (vector1 [$($one:ident $one_heat:ident)*] vector2 [$($two:ident $two_heat:ident)*]
     vector3 [$($three:ident $three_heat:ident)*] vector_test [$($test:ident $test_heat:ident)*]
     shift [$($shift:ident $shift_heat:ident)*] splat $splat:tt extract $extract:tt replace $replace:tt
     vector_load $load:tt vector_store $store:tt load_lane $load_lane:tt store_lane $store_lane:tt) => {
        /// The handler of `d = op(a)`: from a slot or the accumulator.
        pub(crate) fn pick_one(op: Vector1Op, a: Location, to_slot: bool) -> Picked {
            #[cfg(target_arch = "x86_64")]
            if let Some(picked) = v2::pick_one(op, a, to_slot) {
                return picked;
            }
            match op {
                $(Vector1Op::$one => heat! { ? $one_heat one::<$one>(a, to_slot); picked_once::<One<$one, Slot, ToSlot>>() },)*
            }
        }

        /// The handler of `d = op(a, b)`: at most one of them from the accumulator.
        pub(crate) fn pick_two(op: Vector2Op, a: Location, b: Location, to_slot: bool) -> Picked {
            #[cfg(target_arch = "x86_64")]
            if let Some(picked) = v2::pick_two(op, a, b, to_slot) {
                return picked;
            }
            match op {
                $(Vector2Op::$two => {
                    heat! { ? $two_heat two::<$two>(a, b, to_slot); picked_once::<Two<$two, Slot, Slot, ToSlot>>() }
                })*
            }
        }

        /// The handler of `d = op(a, b, c)`: `a` or `c` from the accumulator.
        pub(crate) fn pick_three(op: Vector3Op, a: Location, c: Location, to_slot: bool) -> Picked {
            match op {
                $(Vector3Op::$three => heat! {
                    ? $three_heat three::<$three>(a, c, to_slot); picked_once::<Three<$three, Slot, Slot, Slot, ToSlot>>()
                },)*
            }
        }

        /// The handler of `d = op(a)`, an integer.
        pub(crate) fn pick_test(op: VectorTestOp, a: Location, to_slot: bool) -> Picked {
            match op {
                $(VectorTestOp::$test => {
                    heat! { ? $test_heat test::<$test>(a, to_slot); picked_once::<Test<$test, Slot, ToSlot>>() }
                })*
            }
        }

        /// The handler of `d = op(a, b)`, of an integer `b`, which is a slot or, for a hot row, a constant.
        pub(crate) fn pick_shift(op: ShiftOp, a: Location, b: Location, to_slot: bool) -> Picked {
            match op {
                $(ShiftOp::$shift => {
                    heat! { ? $shift_heat shift::<$shift>(a, b, to_slot); picked_once::<ShiftBy<$shift, Slot, Slot, ToSlot>>() }
                })*
            }
        }
    };
    (? hot $hot:expr; $cold:expr) => { $hot };
    (? cold $hot:expr; $cold:expr) => { $cold };
}

wasm_dispatch_ir::for_each_vector_heat!(heat);

fn one<O: Vector1>(a: Location, to_slot: bool) -> Picked {
    match (a, to_slot) {
        (Location::Acc, false) => picked_once::<One<O, Acc, ToAcc>>(),
        (Location::Acc, true) => picked_once::<One<O, Acc, ToSlot>>(),
        (_, false) => picked_once::<One<O, Slot, ToAcc>>(),
        (_, true) => picked_once::<One<O, Slot, ToSlot>>(),
    }
}

fn two<O: Vector2>(a: Location, b: Location, to_slot: bool) -> Picked {
    match (a, b, to_slot) {
        (Location::Acc, _, false) => picked_once::<Two<O, Acc, Slot, ToAcc>>(),
        (Location::Acc, _, true) => picked_once::<Two<O, Acc, Slot, ToSlot>>(),
        (_, Location::Acc, false) => picked_once::<Two<O, Slot, Acc, ToAcc>>(),
        (_, Location::Acc, true) => picked_once::<Two<O, Slot, Acc, ToSlot>>(),
        (_, _, false) => picked_once::<Two<O, Slot, Slot, ToAcc>>(),
        (_, _, true) => picked_once::<Two<O, Slot, Slot, ToSlot>>(),
    }
}

fn three<O: Vector3>(a: Location, c: Location, to_slot: bool) -> Picked {
    match (a, c, to_slot) {
        (Location::Acc, _, false) => picked_once::<Three<O, Acc, Slot, Slot, ToAcc>>(),
        (Location::Acc, _, true) => picked_once::<Three<O, Acc, Slot, Slot, ToSlot>>(),
        (_, Location::Acc, false) => picked_once::<Three<O, Slot, Slot, Acc, ToAcc>>(),
        (_, Location::Acc, true) => picked_once::<Three<O, Slot, Slot, Acc, ToSlot>>(),
        (_, _, false) => picked_once::<Three<O, Slot, Slot, Slot, ToAcc>>(),
        (_, _, true) => picked_once::<Three<O, Slot, Slot, Slot, ToSlot>>(),
    }
}

fn test<O: VectorTest>(a: Location, to_slot: bool) -> Picked {
    match (a, to_slot) {
        (Location::Acc, false) => picked_once::<Test<O, Acc, ToAcc>>(),
        (Location::Acc, true) => picked_once::<Test<O, Acc, ToSlot>>(),
        (_, false) => picked_once::<Test<O, Slot, ToAcc>>(),
        (_, true) => picked_once::<Test<O, Slot, ToSlot>>(),
    }
}

fn shift<O: Shift>(a: Location, b: Location, to_slot: bool) -> Picked {
    match (a, b, to_slot) {
        (Location::Acc, Location::Const, false) => picked_once::<ShiftBy<O, Acc, Const, ToAcc>>(),
        (Location::Acc, Location::Const, true) => picked_once::<ShiftBy<O, Acc, Const, ToSlot>>(),
        (Location::Acc, _, false) => picked_once::<ShiftBy<O, Acc, Slot, ToAcc>>(),
        (Location::Acc, _, true) => picked_once::<ShiftBy<O, Acc, Slot, ToSlot>>(),
        (_, Location::Const, false) => picked_once::<ShiftBy<O, Slot, Const, ToAcc>>(),
        (_, Location::Const, true) => picked_once::<ShiftBy<O, Slot, Const, ToSlot>>(),
        (_, _, false) => picked_once::<ShiftBy<O, Slot, Slot, ToAcc>>(),
        (_, _, true) => picked_once::<ShiftBy<O, Slot, Slot, ToSlot>>(),
    }
}

/// Rows for newer machines, in the forms of the table's.
#[cfg(target_arch = "x86_64")]
pub(super) mod v2 {
    use wasm_dispatch_ir::V128;
    use wasm_dispatch_ir::semantics::vector::x86::v2 as forms;
    use wasm_dispatch_ir::types::ValType;

    use super::*;
    use crate::abi::picked_v2;

    /// Whether this machine has them.
    pub(in crate::handlers) fn is_there() -> bool {
        is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("sse4.2")
    }

    /// A row, carried out in its form for newer machines.
    #[derive(Clone, Copy)]
    pub(in crate::handlers) struct Fast<O>(std::marker::PhantomData<O>);

    macro_rules! fast {
        (vector1 [$($one:ident $one_form:ident)*] vector2 [$($two:ident $two_form:ident)*]) => {
            $(impl Vector1 for Fast<$one> {
                const OP: Vector1Op = Vector1Op::$one;
                const HOT: bool = <$one as Vector1>::HOT;
                const OPEN_NAN: Option<ValType> = <$one as Vector1>::OPEN_NAN;
                #[inline(always)]
                fn apply(a: V128) -> V128 {
                    // SAFETY: the pickers below choose this handler only where the machine has what the form needs.
                    unsafe { forms::$one_form(a) }
                }
            })*
            $(impl Vector2 for Fast<$two> {
                const OP: Vector2Op = Vector2Op::$two;
                const HOT: bool = <$two as Vector2>::HOT;
                const OPEN_NAN: Option<ValType> = <$two as Vector2>::OPEN_NAN;
                #[inline(always)]
                fn apply(a: V128, b: V128) -> V128 {
                    // SAFETY: as above.
                    unsafe { forms::$two_form(a, b) }
                }
            })*

            /// The handler of a row that has a form here, if this machine has it.
            pub(super) fn pick_one(op: Vector1Op, a: Location, to_slot: bool) -> Option<Picked> {
                if !is_there() {
                    return None;
                }
                match op {
                    $(Vector1Op::$one => Some(one::<Fast<$one>>(a, to_slot)),)*
                    _ => None,
                }
            }

            /// Likewise.
            pub(super) fn pick_two(op: Vector2Op, a: Location, b: Location, to_slot: bool) -> Option<Picked> {
                if !is_there() {
                    return None;
                }
                match op {
                    $(Vector2Op::$two => Some(two::<Fast<$two>>(a, b, to_slot)),)*
                    _ => None,
                }
            }
        };
    }
    wasm_dispatch_ir::for_each_v2_form!(fast);

    fn one<O: Vector1>(a: Location, to_slot: bool) -> Picked {
        match (a, to_slot) {
            _ if !O::HOT => picked_v2::<One<O, Slot, ToSlot>>(),
            (Location::Acc, false) => picked_v2::<One<O, Acc, ToAcc>>(),
            (Location::Acc, true) => picked_v2::<One<O, Acc, ToSlot>>(),
            (_, false) => picked_v2::<One<O, Slot, ToAcc>>(),
            (_, true) => picked_v2::<One<O, Slot, ToSlot>>(),
        }
    }

    fn two<O: Vector2>(a: Location, b: Location, to_slot: bool) -> Picked {
        match (a, b, to_slot) {
            _ if !O::HOT => picked_v2::<Two<O, Slot, Slot, ToSlot>>(),
            (Location::Acc, _, false) => picked_v2::<Two<O, Acc, Slot, ToAcc>>(),
            (Location::Acc, _, true) => picked_v2::<Two<O, Acc, Slot, ToSlot>>(),
            (_, Location::Acc, false) => picked_v2::<Two<O, Slot, Acc, ToAcc>>(),
            (_, Location::Acc, true) => picked_v2::<Two<O, Slot, Acc, ToSlot>>(),
            (_, _, false) => picked_v2::<Two<O, Slot, Slot, ToAcc>>(),
            (_, _, true) => picked_v2::<Two<O, Slot, Slot, ToSlot>>(),
        }
    }

    /// The shuffle of newer machines.
    pub(super) struct FastShuffle;

    impl Shuffler for FastShuffle {
        #[inline(always)]
        fn shuffle(a: V128, b: V128, lanes: [u8; 16]) -> V128 {
            // SAFETY: as above.
            unsafe { forms::i8x16_shuffle(a, b, lanes) }
        }
    }

    pub(super) fn pick_shuffle(a: Location, b: Location, to_slot: bool) -> Option<Picked> {
        type S = FastShuffle;
        is_there().then(|| match (a, b, to_slot) {
            (Location::Acc, _, false) => picked_v2::<ShuffleOf<S, Acc, Slot, ToAcc>>(),
            (Location::Acc, _, true) => picked_v2::<ShuffleOf<S, Acc, Slot, ToSlot>>(),
            (_, Location::Acc, false) => picked_v2::<ShuffleOf<S, Slot, Acc, ToAcc>>(),
            (_, Location::Acc, true) => picked_v2::<ShuffleOf<S, Slot, Acc, ToSlot>>(),
            (_, _, false) => picked_v2::<ShuffleOf<S, Slot, Slot, ToAcc>>(),
            (_, _, true) => picked_v2::<ShuffleOf<S, Slot, Slot, ToSlot>>(),
        })
    }
}

/// The handler of bytes of `a` and `b`: at most one of them from the accumulator.
pub(crate) fn pick_shuffle(a: Location, b: Location, to_slot: bool) -> Picked {
    type S = AnyShuffle;
    #[cfg(target_arch = "x86_64")]
    if let Some(picked) = v2::pick_shuffle(a, b, to_slot) {
        return picked;
    }
    match (a, b, to_slot) {
        (Location::Acc, _, false) => picked_once::<ShuffleOf<S, Acc, Slot, ToAcc>>(),
        (Location::Acc, _, true) => picked_once::<ShuffleOf<S, Acc, Slot, ToSlot>>(),
        (_, Location::Acc, false) => picked_once::<ShuffleOf<S, Slot, Acc, ToAcc>>(),
        (_, Location::Acc, true) => picked_once::<ShuffleOf<S, Slot, Acc, ToSlot>>(),
        (_, _, false) => picked_once::<ShuffleOf<S, Slot, Slot, ToAcc>>(),
        (_, _, true) => picked_once::<ShuffleOf<S, Slot, Slot, ToSlot>>(),
    }
}

/// The handler of `accumulator = a`, or of `slots = accumulator`.
pub(crate) fn pick_move(a: Location) -> Picked {
    match a {
        Location::Slot => picked_once::<VectorMove<Slot, ToAcc>>(),
        Location::Const => picked_once::<VectorMove<Const, ToAcc>>(),
        Location::Acc => picked_once::<VectorMove<Acc, ToSlot>>(),
    }
}

/// The handler of `slots = a`, which leaves the accumulator alone.
pub(crate) fn pick_copy(a: Location) -> Picked {
    match a {
        Location::Const => picked_once::<VectorMove<Const, PastAcc>>(),
        Location::Slot | Location::Acc => picked_once::<VectorMove<Slot, PastAcc>>(),
    }
}

/// The handler of `d = op(a)`, of a scalar that is no constant.
pub(crate) fn pick_splat(op: SplatOp, a: Location, to_slot: bool) -> Picked {
    struct Pick(Location, bool);
    impl SplatVisitor for Pick {
        type Output = Picked;
        fn visit<O: Splat>(self) -> Picked {
            match (self.0, self.1) {
                (Location::Acc, false) => picked_once::<SplatOf<O, Acc, ToAcc>>(),
                (Location::Acc, true) => picked_once::<SplatOf<O, Acc, ToSlot>>(),
                (_, false) => picked_once::<SplatOf<O, Slot, ToAcc>>(),
                (_, true) => picked_once::<SplatOf<O, Slot, ToSlot>>(),
            }
        }
    }
    op.visit(Pick(a, to_slot))
}

/// The handler of a lane of `a`.
pub(crate) fn pick_extract(op: ExtractOp, a: Location, to_slot: bool) -> Picked {
    struct Pick(Location, bool);
    impl ExtractVisitor for Pick {
        type Output = Picked;
        fn visit<O: Extract>(self) -> Picked {
            match (self.0, self.1) {
                (Location::Acc, false) => picked_once::<ExtractOf<O, Acc, ToAcc>>(),
                (Location::Acc, true) => picked_once::<ExtractOf<O, Acc, ToSlot>>(),
                (_, false) => picked_once::<ExtractInPlace<O, ToAcc>>(),
                (_, true) => picked_once::<ExtractInPlace<O, ToSlot>>(),
            }
        }
    }
    op.visit(Pick(a, to_slot))
}

/// The handler of `a` with `b`, which is no constant, in a lane.
pub(crate) fn pick_replace(op: ReplaceOp, a: Location, b: Location, to_slot: bool) -> Picked {
    struct Pick(Location, Location, bool);
    impl ReplaceVisitor for Pick {
        type Output = Picked;
        fn visit<O: Replace>(self) -> Picked {
            match (self.0, self.1, self.2) {
                (Location::Acc, Location::Acc, false) => picked_once::<ReplaceIn<O, Acc, Acc, ToAcc>>(),
                (Location::Acc, Location::Acc, true) => picked_once::<ReplaceIn<O, Acc, Acc, ToSlot>>(),
                (Location::Acc, _, false) => picked_once::<ReplaceIn<O, Acc, Slot, ToAcc>>(),
                (Location::Acc, _, true) => picked_once::<ReplaceIn<O, Acc, Slot, ToSlot>>(),
                (_, Location::Acc, false) => picked_once::<ReplaceIn<O, Slot, Acc, ToAcc>>(),
                (_, Location::Acc, true) => picked_once::<ReplaceIn<O, Slot, Acc, ToSlot>>(),
                (_, _, false) => picked_once::<ReplaceIn<O, Slot, Slot, ToAcc>>(),
                (_, _, true) => picked_once::<ReplaceIn<O, Slot, Slot, ToSlot>>(),
            }
        }
    }
    op.visit(Pick(a, b, to_slot))
}

/// The handler of a choice between two vectors in slots; the condition is no constant.
pub(crate) fn pick_select(condition: Location, to_slot: bool) -> Picked {
    match (condition, to_slot) {
        (Location::Acc, false) => picked_once::<VectorSelect<Acc, ToAcc>>(),
        (Location::Acc, true) => picked_once::<VectorSelect<Acc, ToSlot>>(),
        (_, false) => picked_once::<VectorSelect<Slot, ToAcc>>(),
        (_, true) => picked_once::<VectorSelect<Slot, ToSlot>>(),
    }
}

/// Whether a load has a handler for each form of address, or else for a slot and the accumulator alone.
pub(crate) fn has_all_addresses(op: VectorLoadOp) -> bool {
    op == VectorLoadOp::V128Load
}

/// The handler of a load from memory 0.
pub(crate) fn pick_load(op: VectorLoadOp, address: AddressForm, to_slot: bool) -> Picked {
    struct Pick(AddressForm, bool);
    impl VectorLoadVisitor for Pick {
        type Output = Picked;
        fn visit<O: VectorLoad>(self) -> Picked {
            match (self.0, self.1) {
                (AddressForm::One(Location::Acc), false) => picked_once::<VectorLoadFrom<O, Acc, ToAcc>>(),
                (AddressForm::One(Location::Acc), true) => picked_once::<VectorLoadFrom<O, Acc, ToSlot>>(),
                (_, false) => picked_once::<VectorLoadFrom<O, Slot, ToAcc>>(),
                (_, true) => picked_once::<VectorLoadFrom<O, Slot, ToSlot>>(),
            }
        }
    }
    if has_all_addresses(op) {
        return with_address!(address, A => if to_slot {
            picked_once::<VectorLoadFrom<V128Load, A, ToSlot>>()
        } else {
            picked_once::<VectorLoadFrom<V128Load, A, ToAcc>>()
        });
    }
    op.visit(Pick(address, to_slot))
}

/// The handler of a store to memory 0, from a slot or the accumulator.
pub(crate) fn pick_store(op: VectorStoreOp, address: AddressForm, value: Location) -> Picked {
    struct Pick(AddressForm, Location);
    impl VectorStoreVisitor for Pick {
        type Output = Picked;
        fn visit<O: VectorStore>(self) -> Picked {
            with_address!(self.0, A => match self.1 {
                Location::Acc => picked_once::<VectorStoreTo<O, A, Acc>>(),
                Location::Slot | Location::Const => picked_once::<VectorStoreTo<O, A, Slot>>(),
            })
        }
    }
    op.visit(Pick(address, value))
}

/// The handler of the load of a lane from memory 0.
pub(crate) fn pick_load_lane(op: LoadLaneOp) -> Picked {
    struct Pick;
    impl LoadLaneVisitor for Pick {
        type Output = Picked;
        fn visit<O: LoadLane>(self) -> Picked {
            picked_once::<LoadLaneFrom<O, ToSlot>>()
        }
    }
    op.visit(Pick)
}

/// The handler of the store of a lane to memory 0, from a slot or the accumulator.
pub(crate) fn pick_store_lane(op: StoreLaneOp, value: Location) -> Picked {
    struct Pick(Location);
    impl StoreLaneVisitor for Pick {
        type Output = Picked;
        fn visit<O: StoreLane>(self) -> Picked {
            match self.0 {
                Location::Acc => picked_once::<StoreLaneTo<O, Acc>>(),
                Location::Slot | Location::Const => picked_once::<StoreLaneTo<O, Slot>>(),
            }
        }
    }
    op.visit(Pick(value))
}

/// The handler of an access of another memory.
pub(crate) fn access_any() -> Picked {
    picked_once::<VectorAccessAny>()
}

/// The handler that reads a global.
pub(crate) fn global_get() -> Picked {
    picked_once::<VectorGlobalGet>()
}

/// The handler that sets a global.
pub(crate) fn global_set() -> Picked {
    picked_once::<VectorGlobalSet>()
}
