use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::backend::{Backend, Exit};
use wasm_dispatch_machine::code::{Statement, ValType};
use wasm_dispatch_machine::ops::LoadOp;
use wasm_dispatch_machine::sample::{self, BodyBuilder};

use crate::ClosurePerOp;

#[test]
fn agrees_with_the_reference() {
    sample::agrees_with_reference::<ClosurePerOp>(0..400);
}

#[test]
fn a_loop_counts() {
    let outcome = sample::run::<ClosurePerOp>(&[sample::counting_loop()], &[1000, 0]);
    assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![0, 3000]));
}

#[test]
fn calls_return() {
    let outcome = sample::run::<ClosurePerOp>(&[sample::fibonacci()], &[20, 0]);
    assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
}

#[test]
fn a_trap_names_its_statement_and_writes_nothing() {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    b.add(0, 1);
    let address = b.i32(-1);
    let value = b.load(LoadOp::I32Load, address, 0);
    b.set(0, value);
    b.statement(Statement::Return);
    let outcome = sample::run::<ClosurePerOp>(&[b.finish()], &[41]);
    let trap = Trap::OutOfBoundsMemoryAccess;
    assert_eq!(outcome.exit, Exit::Trapped { trap, statement: 1 });
    assert_eq!(outcome.slots, [42]);
}

#[test]
fn size_counts_what_closures_captured() {
    let code = ClosurePerOp::compile(&sample::straight_line(10));
    // Ten additions of a constant, each a fat pointer and a box; `return` captures nothing.
    let (pointers, boxes) = (11 * 16, 10 * 16);
    assert_eq!(ClosurePerOp::code_bytes(&code), pointers + boxes + size_of::<u32>());
}

#[test]
fn a_long_block_needs_little_native_stack() {
    sample::on_small_stack(|| {
        let outcome = sample::run::<ClosurePerOp>(&[sample::straight_line(100_000)], &[0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![100_000]));
    });
}
