use wasm_dispatch_machine::backend::Backend;

use crate::ClosurePerOp;

wasm_dispatch_testing::vector_tests! {
    vectors: ClosurePerOp;
}

wasm_dispatch_testing::strategy_tests! {
    closure_per_op: ClosurePerOp;
}

#[test]
fn size_counts_what_closures_captured() {
    let code = ClosurePerOp::compile(&wasm_dispatch_testing::straight_line(10));
    // Ten additions of a constant, each a fat pointer and a box; `return` captures nothing.
    let (pointers, boxes) = (11 * 16, 10 * 16);
    assert_eq!(ClosurePerOp::code_bytes(&code), pointers + boxes + size_of::<u32>());
}
