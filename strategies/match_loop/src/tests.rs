use crate::MatchLoop;

wasm_dispatch_machine::strategy_tests! {
    match_loop: MatchLoop;
}
