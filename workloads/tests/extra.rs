//! Extra workloads are found where they have been built, and missing ones are no error.

use std::fs;

use wasm_dispatch_workloads::{Error, extra_in, load_dir, sha256_hex};

const MODULE: &str = r#"(module (func (export "run") (param i32) (result i32) (local.get 0)))"#;

/// A manifest for `MODULE`, in `same.wat`.
fn manifest(name: &str) -> String {
    format!(
        r#"
name = "{name}"
class = "dispatch"
description = "Returns its argument."
source = "this test"
licence = "MIT OR Apache-2.0"
module = "same.wat"
sha256 = "{}"
entry = "run"
expected_from = "reasoning"
quick = {{ args = ["i32:1"], expect = ["i32:1"] }}
full = {{ args = ["i32:2"], expect = ["i32:2"] }}
"#,
        sha256_hex(MODULE.as_bytes())
    )
}

#[test]
fn a_missing_folder_has_no_extra_workloads() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("workloads-extra");
    assert!(extra_in(&missing).unwrap().is_empty());
    // A folder that was asked for by name must be there.
    assert!(matches!(load_dir(&missing), Err(Error::Unreadable { .. })));
}

#[test]
fn extra_workloads_are_loaded_and_their_sources_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("same.wat"), MODULE).unwrap();
    for name in ["second", "first"] {
        fs::write(folder.path().join(format!("{name}.toml")), manifest(name)).unwrap();
    }
    // What the script has unpacked: other people's manifests of all kinds.
    fs::create_dir_all(folder.path().join("src/some-crate-1.0.0")).unwrap();
    fs::write(folder.path().join("src/some-crate-1.0.0/x.toml"), "nonsense").unwrap();
    let workloads = extra_in(folder.path()).unwrap();
    let names: Vec<_> = workloads.iter().map(|workload| workload.name()).collect();
    assert_eq!(names, ["first", "second"]);
    assert!(workloads[0].wasm().unwrap().starts_with(b"\0asm"));
}

#[test]
fn a_bad_extra_workload_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.toml"), "nonsense").unwrap();
    assert!(matches!(extra_in(folder.path()), Err(Error::NotToml { .. })));
}
