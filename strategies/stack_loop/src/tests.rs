use wasm_dispatch_machine::backend::Exit;
use wasm_dispatch_machine::sample;

use crate::StackLoop;
use crate::op::Op;

#[test]
fn agrees_with_the_reference() {
    sample::agrees_with_reference::<StackLoop>(0..400);
}

#[test]
fn a_loop_counts() {
    let outcome = sample::run::<StackLoop>(&[sample::counting_loop()], &[1000, 0]);
    assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![0, 3000]));
}

#[test]
fn calls_return() {
    let outcome = sample::run::<StackLoop>(&[sample::fibonacci()], &[20, 0]);
    assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
}

#[test]
fn an_operation_takes_sixteen_bytes() {
    assert_eq!(size_of::<Op>(), 16);
}
