//! Sets `cfg(trampoline)` where the compiler makes no jumps of calls in tail position: without optimisation.
//!
//! The crate could find out when it starts, and does for builds that this script cannot judge. But the code for jumps
//! need not be compiled where it is known to be useless.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(trampoline)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=trampoline");
    }
}
