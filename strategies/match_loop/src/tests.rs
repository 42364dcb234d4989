use crate::MatchLoop;

wasm_dispatch_testing::strategy_tests! {
    match_loop: MatchLoop;
}
