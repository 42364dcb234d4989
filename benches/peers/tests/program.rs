//! The program as a user calls it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn peers(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_peers"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_short_run_ranks_the_engines_that_are_asked_for_and_the_reference() {
    let arguments = [
        "--seconds",
        "1",
        "--engines",
        "match_loop",
        "--workloads",
        "fib_iterative",
        "--json",
    ];
    let output = peers(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let ladder: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let engines = ladder["engines"].as_array().unwrap();
    let mut names: Vec<&str> = engines.iter().map(|rung| rung["engine"].as_str().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["match_loop", "threaded"]);
    assert!(engines.iter().all(|rung| rung["mean"]["value"].as_f64().unwrap() > 0.0));
    assert!(
        engines
            .iter()
            .all(|rung| rung["load_ns_per_byte"].as_f64().unwrap() > 0.0)
    );
}

#[test]
fn what_is_not_there_is_an_error_of_the_command_line() {
    for arguments in [
        &["--engines", "nobody"][..],
        &["--workloads", "nothing"],
        &["--seconds", "many"],
        &["--fast"],
    ] {
        let output = peers(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn the_list_has_engines_that_were_not_built_too() {
    let output = peers(&["--list"]);
    assert!(output.status.success());
    let list = text(&output.stdout);
    for name in [
        "threaded",
        "wasmi",
        "wasmtime-cranelift",
        "wasmtime-pulley",
        "wasm3",
        "tinywasm",
        "sf-nano",
        "stitch",
    ] {
        assert!(list.contains(name), "{name} is missing:\n{list}");
    }
}

/// A workload that expects a wrong result.
fn wrong(folder: &Path) -> String {
    let wat = "(module (func (export \"run\") (result i32) i32.const 41))";
    fs::write(folder.join("wrong.wat"), wat).unwrap();
    let sha256 = wasm_dispatch_workloads::sha256_hex(wat.as_bytes());
    let manifest = format!(
        "name = \"wrong\"\nclass = \"calls\"\ndescription = \"Expects 42, and gets 41.\"\nsource = \"this test\"\n\
         licence = \"MIT\"\nmodule = \"wrong.wat\"\nsha256 = \"{sha256}\"\nentry = \"run\"\n\
         expected_from = \"nowhere\"\n[quick]\nargs = []\nexpect = [\"i32:42\"]\n[full]\nargs = []\n\
         expect = [\"i32:42\"]\n"
    );
    let file = folder.join("wrong.toml");
    fs::write(&file, manifest).unwrap();
    file.to_str().unwrap().to_string()
}

#[test]
fn a_wrong_result_fails_the_trial() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = wrong(folder.path());
    let output = peers(&["--trial", "wasmi", &manifest]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).contains("expected"), "{}", text(&output.stdout));
}

/// Every engine of the build runs the simplest workload: what cannot do that is not wired up.
#[test]
fn every_engine_that_was_built_runs_a_simple_workload() {
    let workloads = wasm_dispatch_workloads::all().unwrap();
    let workload = workloads.iter().find(|workload| workload.name() == "sieve").unwrap();
    for entry in wasm_dispatch_peers::catalogue::all() {
        // stitch needs its calls optimised into jumps, which only a release build does.
        if entry.missing().is_some() || (entry.name == "stitch" && cfg!(debug_assertions)) {
            continue;
        }
        let output = peers(&["--trial", &entry.name, workload.file().to_str().unwrap()]);
        let reason = text(&output.stdout);
        // A machine without gcc is no fault of the program.
        if entry.name == "native" && reason.contains("gcc cannot be started") {
            continue;
        }
        assert!(
            output.status.success(),
            "{}: {reason}{}",
            entry.name,
            text(&output.stderr)
        );
    }
}
