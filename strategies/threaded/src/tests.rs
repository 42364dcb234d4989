use crate::Threaded;

wasm_dispatch_testing::vector_tests! {
    vectors: Threaded;
}

wasm_dispatch_testing::strategy_tests! {
    threaded: Threaded;
}
