use crate::Threaded;

wasm_dispatch_machine::strategy_tests! {
    threaded: Threaded;
}
