//! The handlers, by concept, and for each group the function that picks one.

pub(crate) mod call;
pub(crate) mod control;
mod host;
pub(crate) mod memory;
pub(crate) mod memory64;
pub(crate) mod numeric;
pub(crate) mod returns;
#[cfg(feature = "superinstructions")]
pub(crate) mod superinstructions;
mod vector;
pub(crate) mod vector_constants;
pub(crate) mod vector_memory;
#[cfg(feature = "superinstructions")]
mod vector_pairs;
pub(crate) mod vector_pick;
pub(crate) mod wide;

/// Those on vectors.
#[cfg(any(test, feature = "copies"))]
fn vectors() -> Vec<crate::abi::Picked> {
    use wasm_dispatch_ir::vector_ops::*;

    use crate::kind::{AddressForm, Location};
    use {vector_constants as constants, vector_pick as pick};

    const PLACES: [Location; 2] = [Location::Slot, Location::Acc];
    let mut all = Vec::new();
    for a in [Location::Slot, Location::Const, Location::Acc] {
        all.extend([pick::pick_move(a), pick::pick_copy(a)]);
    }
    for to_slot in [false, true] {
        for a in PLACES {
            all.extend(Vector1Op::ALL.iter().map(|&op| pick::pick_one(op, a, to_slot)));
            all.extend(VectorTestOp::ALL.iter().map(|&op| pick::pick_test(op, a, to_slot)));
            all.extend(SplatOp::ALL.iter().map(|&op| pick::pick_splat(op, a, to_slot)));
            all.extend(ExtractOp::ALL.iter().map(|&op| pick::pick_extract(op, a, to_slot)));
            all.extend(
                Vector2Op::ALL
                    .iter()
                    .filter_map(|&op| constants::pick_two(op, a, to_slot)),
            );
            let rotated = ShiftOp::ALL.iter().filter(|&&op| constants::rotation(op).is_some());
            all.extend(rotated.map(|&op| constants::pick_rotation(op, a, to_slot)));
            for b in [Location::Slot, Location::Const] {
                all.extend(ShiftOp::ALL.iter().map(|&op| pick::pick_shift(op, a, b, to_slot)));
            }
            for b in PLACES {
                all.extend(Vector2Op::ALL.iter().map(|&op| pick::pick_two(op, a, b, to_slot)));
                all.extend(Vector3Op::ALL.iter().map(|&op| pick::pick_three(op, a, b, to_slot)));
                all.extend(ReplaceOp::ALL.iter().map(|&op| pick::pick_replace(op, a, b, to_slot)));
                all.push(pick::pick_shuffle(a, b, to_slot));
            }
        }
        for address in [Location::Slot, Location::Const, Location::Acc] {
            for address in [
                AddressForm::One(address),
                AddressForm::Sum(address, Location::Slot),
                AddressForm::Sum(address, Location::Const),
            ] {
                all.extend(
                    VectorLoadOp::ALL
                        .iter()
                        .map(|&op| pick::pick_load(op, address, to_slot)),
                );
                all.extend(PLACES.map(|value| pick::pick_store(VectorStoreOp::V128Store, address, value)));
            }
        }
    }
    all
}

/// Every handler that the compiler can write and that may be part of a superinstruction, some of them more than once.
#[cfg(any(test, feature = "copies"))]
pub(crate) fn all_picked() -> Vec<crate::abi::Picked> {
    use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

    use crate::kind::{AddressForm, Class, Location};

    const LOCATIONS: [Location; 3] = [Location::Slot, Location::Const, Location::Acc];
    let pairs = || LOCATIONS.iter().flat_map(|&a| LOCATIONS.iter().map(move |&b| (a, b)));
    let addresses = || {
        let sums = pairs().map(|(a, b)| AddressForm::Sum(a, b));
        LOCATIONS.into_iter().map(AddressForm::One).chain(sums)
    };
    let mut all = vec![
        control::jump(),
        returns::return_(),
        call::call(),
        call::tail_call(),
        call::meter(),
        numeric::step_past(),
    ];
    for flag in [false, true] {
        for a in LOCATIONS {
            all.extend(UnaryOp::ALL.iter().map(|&op| numeric::pick_unary(op, a, flag)));
            all.extend([control::pick_branch(a, flag), control::pick_switch(a)]);
            all.extend(pairs().flat_map(|(b, c)| CLASSES.map(|class| numeric::pick_select(class, a, b, c, flag))));
        }
        for (a, b) in pairs() {
            all.extend(BinaryOp::ALL.iter().map(|&op| numeric::pick_binary(op, a, b, flag)));
            let tests = BinaryOp::ALL.iter().filter(|op| op.is_test());
            all.extend(tests.map(|&op| control::pick_test(op, a, b, flag)));
        }
        for address in addresses() {
            all.extend(LoadOp::ALL.iter().map(|&op| memory::pick_load(op, address, flag)));
        }
        all.extend(CLASSES.map(|class| numeric::pick_global_get(class, true, flag)));
    }
    for address in addresses() {
        for value in LOCATIONS {
            all.extend(StoreOp::ALL.iter().map(|&op| memory::pick_store(op, address, value)));
        }
    }
    all.extend(vectors());
    const CLASSES: [Class; 4] = [Class::I32, Class::I64, Class::F32, Class::F64];
    for class in CLASSES {
        for a in LOCATIONS {
            all.extend([
                numeric::pick_move(class, a),
                numeric::pick_copy(class, a),
                numeric::pick_global_set(class, true, a),
            ]);
        }
    }
    all
}
