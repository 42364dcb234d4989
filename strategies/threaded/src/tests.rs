use crate::Threaded;

wasm_dispatch_testing::strategy_tests! {
    threaded: Threaded;
}
