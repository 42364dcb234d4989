use wasm_dispatch_ir::code::Statement;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_machine::backend::Backend;
use wasm_dispatch_testing::BodyBuilder;

use crate::StackLoop;
use crate::code::Op;

wasm_dispatch_testing::vector_tests! {
    vectors: StackLoop;
}

wasm_dispatch_testing::strategy_tests! {
    stack_loop: StackLoop;
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

#[test]
fn size_counts_what_is_used() {
    let code = StackLoop::compile(&wasm_dispatch_testing::straight_line(10));
    // Ten additions of four operations, and `return`; each has a statement.
    let (operations, starts) = (41 * (16 + 4), 4);
    assert_eq!(StackLoop::code_bytes(&code), operations + starts);
}
