//! The program as a user calls it.

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
        "wasmtime-winch",
        "wasmtime-pulley",
        "wasm3",
        "tinywasm",
        "sf-nano",
        "stitch",
    ] {
        assert!(list.contains(name), "{name} is missing:\n{list}");
    }
}

/// Every engine of the build runs the simplest workload: what cannot do that is not wired up.
#[test]
fn every_engine_that_was_built_runs_a_simple_workload() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_peers"))
        .args(["--seconds", "1", "--workloads", "sieve", "--json"])
        .env("CARGO_TARGET_DIR", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let ladder: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rungs = ladder["engines"].as_array().unwrap();
    for peer in wasm_dispatch_engines::peers::all() {
        if peer.missing().is_some() || peer.is_ablated {
            continue;
        }
        let rung = rungs.iter().find(|rung| rung["engine"] == peer.name.as_str()).unwrap();
        let reason = rung["refused"][0]["reason"].as_str().unwrap_or_default();
        // stitch needs its calls optimised into jumps, which only a release build does; and a machine without gcc is no
        // fault of the program.
        let is_excused = (peer.name == "stitch" && cfg!(debug_assertions)) || reason.contains("gcc cannot be started");
        let ran = rung["mean"]["high"].as_f64().is_some_and(|high| high > 0.0);
        assert!(ran || is_excused, "{}: {reason}", peer.name);
    }
}
