//! The handlers, by concept, and for each group the function that picks one.

pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod memory;
pub(crate) mod numeric;
pub(crate) mod superinstructions;
pub(crate) mod wide;

/// Every handler that the compiler can write and that may be part of a superinstruction, some of them more than once.
#[cfg(test)]
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
        call::return_(),
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
