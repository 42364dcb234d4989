//! `wasm-dispatch-lab explain` and `profile` as a user runs them.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

/// The folder is kept as long as the module is used.
fn module() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made.wat");
    let wat = r#"(module
        (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
        (func (export "run") (param $n i32) (result i32) (local $sum i32)
            (loop $next
                (local.set $sum (i32.add (local.get $sum) (call $square (local.get $n))))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum))
        (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))"#;
    fs::write(&file, wat).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// What is printed, if the exit code is this one.
fn printed(arguments: &[&str], code: i32) -> String {
    let output = lab(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str], code: i32) -> Value {
    let text = printed(arguments, code);
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(value["schema"], 1);
    value
}

#[test]
fn functions_are_listed_until_one_is_chosen() {
    let (_folder, file) = module();
    let text = printed(&["explain", &file], 0);
    for name in ["square", "run", "divide", "--function"] {
        assert!(text.contains(name), "{text}");
    }
    let all = json(&["explain", &file, "--json"], 0);
    assert_eq!(all["functions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_function_is_explained_side_by_side() {
    let (_folder, file) = module();
    let text = printed(&["explain", &file, "--function", "run"], 0);
    for part in ["stack_loop", "threaded", "block 0:", "call function 0", "bytes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let one = json(
        &[
            "explain",
            &file,
            "--function",
            "0",
            "--strategy",
            "match_loop",
            "--json",
        ],
        0,
    );
    assert_eq!(one["name"], "square");
    assert_eq!(one["strategies"].as_array().unwrap().len(), 1);
    assert!(one["strategies"][0]["code_bytes"].as_u64().unwrap() > 0);
    assert!(one["blocks"][0]["dispatches"][0].as_u64().unwrap() > 0);
}

#[test]
fn a_workload_is_explained_by_its_name() {
    let text = printed(&["explain", "fib_recursive"], 0);
    assert!(text.contains("1 function;") && text.contains("fib"), "{text}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let (_folder, file) = module();
    for (arguments, code, why) in [
        (&["explain"][..], 2, "<FILE|WORKLOAD>"),
        (&["explain", "no_such_workload"], 2, "neither a file nor a workload"),
        (&["explain", "missing.wasm"], 1, "missing.wasm"),
        (&["explain", &file, "--function", "nobody"], 1, "no function 'nobody'"),
        (&["explain", &file, "--function", "17"], 1, "no function '17'"),
        (&["explain", &file, "--strategy", "jit"], 2, "no strategy"),
        (&["profile", "no_such_workload"], 2, "no_such_workload"),
        (&["profile", &file], 1, "--invoke"),
        (&["profile", "--invoke", "run"], 2, "name its file first"),
        (&["profile", &file, "--frobnicate"], 2, "--frobnicate"),
        (&["profile", &file, "--top", "many"], 2, "many"),
    ] {
        let output = lab(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(why), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_module_of_the_users_is_profiled() {
    let (_folder, file) = module();
    let profile = json(&["profile", &file, "--invoke", "run", "100", "--json"], 0);
    let functions = profile["functions"].as_array().unwrap();
    let square = functions.iter().find(|hot| hot["name"] == "square").unwrap();
    assert!(square["nodes"].as_u64().unwrap() >= 200, "{square}");
    assert_eq!(profile["trapped"], Value::Null);
    let dispatches = profile["dispatches"].as_array().unwrap();
    assert_eq!(dispatches.len(), wasm_dispatch::Strategy::ALL.len());
    assert!(dispatches.iter().all(|row| row["dispatches"].as_u64().unwrap() >= 100));
    let text = printed(&["profile", &file, "--invoke", "run", "100"], 0);
    for part in ["hottest functions", "hottest blocks", "i32.mul", "per node", "'square'"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_program_that_traps_is_profiled_up_to_there() {
    let (_folder, file) = module();
    let profile = json(&["profile", &file, "--invoke", "divide", "--json", "0"], 1);
    assert!(
        profile["trapped"].as_str().unwrap().contains("divide by zero"),
        "{profile}"
    );
    assert_eq!(profile["functions"][0]["name"], "divide");
    // And one that would not end.
    let profile = json(
        &[
            "profile", &file, "--invoke", "run", "--fuel", "10000", "--json", "--", "-1",
        ],
        1,
    );
    assert!(profile["programs"][0]["blocks"].as_u64().unwrap() > 100, "{profile}");
}

#[test]
fn workloads_are_profiled_by_pattern() {
    let profile = json(&["profile", "fib_tail", "--top", "3", "--quiet", "--json"], 0);
    assert_eq!(profile["programs"][0]["program"], "fib_tail");
    for table in profile["tables"].as_array().unwrap() {
        let rows = table["rows"].as_array().unwrap().len();
        assert!((1..=3).contains(&rows), "{table}");
    }
}
