//! What modules of every shape take in memory, and that they run.

use wasm_dispatch::{Limits, Module, Strategy};
use wasm_dispatch_shapes::shapes::{SHAPES, carrying, dead_results};
use wasm_dispatch_shapes::taking::{Way, take};

/// Bytes of memory that a byte of module may take, beyond what the smallest module of a shape takes.
const PER_BYTE: u64 = 64;

/// Shapes that take more, and what they may take: those whose bytes are mostly functions or calls of nothing, and two whose
/// operators take two bytes and a block each.
const MORE: &[(&str, u64)] = &[
    ("functions", 200),
    ("functions_called", 130),
    ("functions_in_a_row", 120),
    ("functions_of_many_locals", 90),
    ("functions_exported", 90),
    ("straight", 110),
    ("blocks", 70),
    ("ifs", 90),
    ("calls", 80),
    ("tail_calls", 70),
];

#[test]
fn memory_grows_in_proportion_to_the_bytes_of_a_module_under_every_strategy() {
    let mut wrong = Vec::new();
    for shape in SHAPES {
        let more = MORE.iter().find(|(name, _)| *name == shape.name);
        let limit = more.map_or(PER_BYTE, |&(_, limit)| limit);
        let [small, large] = [8, 2].map(|part| (shape.make)(shape.size / part));
        for &strategy in Strategy::ALL {
            let peak = |module: &[u8]| match take(module, strategy) {
                Ok(taken) => taken.peak,
                Err(error) => panic!("{} under {strategy}: {error}", shape.name),
            };
            let bytes = (large.len() - small.len()) as u64;
            let grown = peak(&large).saturating_sub(peak(&small));
            if bytes > 0 && grown > limit * bytes {
                wrong.push(format!("{} under {strategy}: {} for a byte", shape.name, grown / bytes));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_shape_copies_more_for_each_byte_the_larger_it_is() {
    let mut wrong = Vec::new();
    // Debug builds verify lowered code, which writes out the types of what waits on the stack at each block.
    let verified = |name: &str| cfg!(debug_assertions) && name == "stack_across_ifs";
    for shape in SHAPES.iter().filter(|shape| !verified(shape.name)) {
        let [small, middle, large] = [1, 4, 16].map(|times| (shape.make)((shape.size * times / 8).max(1)));
        for way in [Strategy::default().into(), Way::Explain, Way::Profile] {
            let total = |module: &[u8]| match take(module, way) {
                Ok(taken) => taken.total as f64,
                Err(error) => panic!("{}, {way}: {error}", shape.name),
            };
            let slope = |from: &[u8], to: &[u8]| (total(to) - total(from)) / (to.len() - from.len()) as f64;
            let (first, second) = (slope(&small, &middle), slope(&middle, &large));
            // Four times as much if something is copied for each of as many things; what doubles now and then makes up to twice.
            if second > 2.5 * first.max(1.0) {
                wrong.push(format!(
                    "{}, {way}: {first:.1} and then {second:.1} for a byte",
                    shape.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn branches_that_carry_too_many_values_together_are_refused_with_the_name_of_the_limit() {
    let loads = |branches| Module::new(&carrying(branches)).map(drop);
    assert!(loads(100).is_ok());
    let error = loads(1000).expect_err("a limit");
    let message = "values carried by branches beyond the limit of 262144";
    assert_eq!(error.to_string(), message);
    let limits = Limits::default().carried_values(1 << 21);
    assert!(Module::options().limits(limits).compile(&carrying(1000)).is_ok());
}

#[test]
fn operands_in_code_that_cannot_be_reached_are_let_through_up_to_a_limit_with_a_name() {
    assert!(Module::new(&dead_results(1000)).is_ok());
    let error = Module::new(&dead_results(1100)).map(drop).expect_err("a limit");
    assert_eq!(
        error.to_string(),
        "operands of one function beyond the limit of 1048576"
    );
}

#[test]
fn allocations_are_counted() {
    let shape = SHAPES.iter().find(|shape| shape.name == "data").expect("bytes of data");
    let module = (shape.make)(1 << 20);
    let taken = take(&module, Strategy::default()).expect("it runs");
    assert!(taken.peak >= 1 << 20, "{taken:?}");
}
