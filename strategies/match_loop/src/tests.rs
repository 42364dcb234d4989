use wasm_dispatch_machine::backend::Exit;
use wasm_dispatch_machine::sample;

use crate::MatchLoop;

#[test]
fn agrees_with_the_reference() {
    sample::agrees_with_reference::<MatchLoop>(0..400);
}

#[test]
fn a_loop_counts() {
    let outcome = sample::run::<MatchLoop>(&[sample::counting_loop()], &[1000, 0]);
    assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![0, 3000]));
}

#[test]
fn calls_return() {
    let outcome = sample::run::<MatchLoop>(&[sample::fibonacci()], &[20, 0]);
    assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
}

#[test]
fn a_long_block_needs_little_native_stack() {
    sample::on_small_stack(|| {
        let outcome = sample::run::<MatchLoop>(&[sample::straight_line(100_000)], &[0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![100_000]));
    });
}
