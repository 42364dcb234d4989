//! Handlers jump to each other where the compiler turns their last calls into jumps. At opt-levels 2 and 3 it does so for all
//! (`scripts/check-jumps` looks at each), at 0 for none, and at 1 not for all: a test that dispatches
//! ten million times overflowed its stack there. In such builds handlers return to a loop instead (`cfg(trampoline)`).
//!
//! `cfg(stencil)` is set by the build that copies the handlers' machine code: see `src/holes.rs`.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(trampoline,stencil)");
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    if !matches!(level.as_str(), "2" | "3") {
        println!("cargo::rustc-cfg=trampoline");
    }
}
