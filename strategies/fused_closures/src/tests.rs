use wasm_dispatch_machine::backend::Backend;

use crate::{FusedClosures, dispatches_by_jumps};

wasm_dispatch_testing::chain_strategy_tests! {
    FusedClosures,
    |body| crate::compile::build(body, false, crate::compile::COPIED),
    dispatches_by_jumps()
}

#[test]
fn size_counts_what_closures_captured() {
    let code = FusedClosures::compile(&wasm_dispatch_testing::straight_line(10));
    // One entry. Ten additions of a constant: a pointer to the next, a constant, one slot. `return` captures nothing.
    let (entries, links) = (16, 10 * 32);
    assert_eq!(FusedClosures::code_bytes(&code), entries + links);
}
