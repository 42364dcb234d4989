use crate::MatchLoop;

wasm_dispatch_testing::vector_tests! {
    vectors: MatchLoop;
}

wasm_dispatch_testing::strategy_tests! {
    match_loop: MatchLoop;
}
