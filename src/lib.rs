//! wasm-dispatch
