//! At opt-level 0 the compiler makes no sibling calls: handlers then return to a loop instead (`cfg(trampoline)`).

fn main() {
    println!("cargo::rustc-check-cfg=cfg(trampoline)");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("OPT_LEVEL").as_deref() == Ok("0") {
        println!("cargo::rustc-cfg=trampoline");
    }
}
