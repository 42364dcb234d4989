use wasm_dispatch_machine::backend::Backend;

use crate::{LinkedClosures, dispatches_by_jumps};

wasm_dispatch_testing::chain_strategy_tests! {
    LinkedClosures,
    |body| crate::compile::build(body, false),
    dispatches_by_jumps()
}

#[test]
fn size_counts_what_closures_captured() {
    let code = LinkedClosures::compile(&wasm_dispatch_testing::straight_line(10));
    // One entry. Ten additions of a constant: a pointer to the next, a constant, two slots. `return` captures nothing.
    let (entries, links) = (16, 10 * 32);
    assert_eq!(LinkedClosures::code_bytes(&code), entries + links);
}
