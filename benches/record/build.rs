//! Hands the facts only known while compiling (compiler version, profile) to the crate, for the machine fingerprint.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(compiler)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=HARNESS_RUSTC_VERSION={version}");

    let profile = env::var("PROFILE").unwrap_or_else(|_| "unknown".to_owned());
    let level = env::var("OPT_LEVEL").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=HARNESS_PROFILE={profile}, opt-level {level}");
}
