use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::backend::{Backend, Exit};
use wasm_dispatch_machine::code::{Statement, ValType};
use wasm_dispatch_machine::ops::LoadOp;
use wasm_dispatch_machine::sample::{self, BodyBuilder};

use crate::StackLoop;
use crate::code::Op;

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
fn a_trap_names_its_statement_and_writes_nothing() {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    b.add(0, 1);
    let address = b.i32(-1);
    let value = b.load(LoadOp::I32Load, address, 0);
    b.set(0, value);
    b.statement(Statement::Return);
    let outcome = sample::run::<StackLoop>(&[b.finish()], &[41]);
    let trap = Trap::OutOfBoundsMemoryAccess;
    assert_eq!(outcome.exit, Exit::Trapped { trap, statement: 1 });
    assert_eq!(outcome.slots, [42]);
}

#[test]
fn trees_become_post_order() {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    b.add(0, 7);
    b.statement(Statement::Return);
    let code = StackLoop::compile(&b.finish());
    assert_eq!(
        code.ops,
        [Op::LocalGet(0), Op::Const(7), Op::I32Add, Op::LocalSet(0), Op::Return]
    );
}

#[test]
fn an_operation_is_16_bytes() {
    assert_eq!(size_of::<Op>(), 16);
}
