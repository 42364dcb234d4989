//! The header in the repository is the one that the functions make.

use std::path::Path;
use std::{env, fs};

/// `WASM_DISPATCH_WRITE=1` writes it.
#[test]
fn the_header_is_what_the_functions_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/wasm.h");
    let made = wasm_dispatch_c::header();
    if env::var_os("WASM_DISPATCH_WRITE").is_some() {
        fs::write(&path, &made).expect("the header");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "run this test with WASM_DISPATCH_WRITE=1; first difference: {differs:?}"
    );
}
