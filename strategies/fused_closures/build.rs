//! Sets `cfg(trampoline)` where the compiler makes no jumps of calls in tail position, see "Calls that are jumps" in the page
//! of `wasm_dispatch_closures::chain`: at opt-level 0. Other builds are tried at start.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(trampoline)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=trampoline");
    }
}
