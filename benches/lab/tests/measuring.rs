//! `bench`, `plan` and `merge` as a user runs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wasm_dispatch_report::record::{self, Phase, Recording};

const LAB: &str = env!("CARGO_BIN_EXE_wasm-dispatch-lab");

/// Sums 1 to n, and notes the sum in memory.
const SUM: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "sum") (param i32) (result i64)
        (local i64)
        (loop $next
            (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $next (local.get 0)))
        (i64.store (i32.const 8) (local.get 1))
        (local.get 1))
    (func (export "nothing"))
    (func (export "trap") (result i32) (unreachable))
    (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5))))"#;

/// Prints what stands on standard input, and its last argument's length as exit code.
const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 100))
        (i32.store (i32.const 4) (i32.const 1000))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $sizes (i32.const 16) (i32.const 20)))
        (call $exit (i32.load (i32.const 16)))))"#;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn lab(folder: &Path, arguments: &[&str]) -> Output {
    let mut lab = Command::new(LAB);
    lab.args(arguments)
        .current_dir(folder)
        .output()
        .expect("the lab starts")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn executed(recording: &Recording) -> BTreeSet<(String, String)> {
    let samples = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
    samples
        .map(|sample| (sample.workload.clone(), sample.strategy.clone()))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

#[test]
fn bench_measures_what_it_is_asked_for_and_draws_the_report() {
    let folder = folder();
    let options = ["bench", "count", "--strategies", "match_loop,threaded", "--blocks", "2"];
    let output = lab(folder.path(), &[&options[..], &["-o", "run", "--seed", "5"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("threaded"), "{}", stdout(&output));
    assert!(stderr(&output).contains("block 2 of 2"), "{}", stderr(&output));
    let run = folder.path().join("run");
    assert!(run.join("index.html").is_file());
    let recording = record::read(&run).unwrap();
    assert_eq!((recording.run.seed, recording.blocks()), (Some(5), 2));
    assert_eq!(
        executed(&recording),
        pairs(&[("count", "match_loop"), ("count", "threaded"), ("count", "threaded#2")])
    );

    // A complete run can be resumed: there is nothing to do.
    let output = lab(folder.path(), &["bench", "--resume", "run", "--json", "--quiet"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (Some(0), ""));
    let summary: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(summary["schema"].is_u64());
    assert_eq!(record::read(&run).unwrap().samples, recording.samples);

    // And is never written over.
    let output = lab(folder.path(), &[&options[..], &["-o", "run"]].concat());
    assert_eq!(code(&output), Some(1), "{}", stderr(&output));
}

#[test]
fn a_module_of_ones_own_is_measured_and_can_be_measured_again() {
    let folder = folder();
    fs::write(folder.path().join("My Sum.wat"), SUM).unwrap();
    let output = lab(
        folder.path(),
        &[
            "bench",
            "--module",
            "My Sum.wat",
            "--invoke",
            "sum",
            "--args",
            "20000",
            "--blocks",
            "1",
            "-o",
            "run",
            "--quiet",
        ],
    );
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let recording = record::read(&folder.path().join("run")).unwrap();
    let workloads: BTreeSet<String> = executed(&recording).into_iter().map(|(workload, _)| workload).collect();
    assert_eq!(Vec::from_iter(workloads), ["my_sum"]);
    // Six strategies and the control, once each in a block of the quick run.
    let executions = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
    assert_eq!(executions.count(), 7);
    let manifest = fs::read_to_string(folder.path().join("run/workload/my_sum.toml")).unwrap();
    assert!(manifest.contains("i64:200010000"), "{manifest}");
    assert!(manifest.contains("export = \"memory\""), "{manifest}");
    let output = lab(folder.path(), &["bench", "--resume", "run", "--quiet"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
}

#[test]
fn a_command_of_ones_own_gets_arguments_and_input() {
    let folder = folder();
    fs::write(folder.path().join("echo.wat"), ECHO).unwrap();
    fs::write(folder.path().join("text"), "hello\n").unwrap();
    let output = lab(
        folder.path(),
        &[
            "bench",
            "--blocks",
            "1",
            "-o",
            "run",
            "--quiet",
            "--strategies",
            "match_loop,stack_loop",
            "--stdin",
            "text",
            "--env",
            "A=1",
            "--file",
            "data=text",
            "--module",
            "echo.wat",
            "--",
            "-n",
            "--full",
        ],
    );
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let manifest = fs::read_to_string(folder.path().join("run/workload/echo.toml")).unwrap();
    // The program's name and two arguments.
    assert!(manifest.contains("exit_code = 3"), "{manifest}");
    let hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert!(manifest.contains(&format!("stdout_sha256 = \"{hello}\"")), "{manifest}");
    let recording = record::read(&folder.path().join("run")).unwrap();
    assert!(recording.failures.is_empty(), "{:?}", recording.failures);
    assert_eq!(executed(&recording).len(), 3);
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_reason() {
    let folder = folder();
    fs::write(folder.path().join("sum.wat"), SUM).unwrap();
    fs::write(folder.path().join("bad.wasm"), "hello").unwrap();
    let of_sum = |more: &[&'static str]| [&["bench", "--module", "sum.wat"][..], more].concat();
    let cases: [(Vec<&str>, i32, &str); 22] = [
        (vec!["bench", "nonsense"], 2, "nonsense"),
        (vec!["bench", "--strategies", "fastest"], 2, "fastest"),
        (vec!["bench", "count", "--blocks", "0"], 2, "blocks"),
        (vec!["bench", "count", "--blocks", "x"], 2, "x"),
        (
            vec!["bench", "count", "--blocks", "1", "--time", "1"],
            2,
            "cannot be used with",
        ),
        (vec!["bench", "--nonsense"], 2, "--nonsense"),
        (vec!["bench", "--args", "1"], 2, "--module"),
        (vec!["bench", "--shard", "3/2"], 2, "shard"),
        (vec!["bench", "count", "--shard", "1/2"], 2, "too many"),
        (vec!["bench", "--resume", "x", "--blocks", "2"], 2, "--blocks"),
        (vec!["bench", "--resume", "x", "--module", "sum.wat"], 2, "--module"),
        (vec!["bench", "--resume", "nowhere"], 1, "nowhere"),
        (
            vec!["bench", "--module", "nowhere.wasm", "--invoke", "f"],
            1,
            "nowhere.wasm",
        ),
        (vec!["bench", "--module", "bad.wasm", "--invoke", "f"], 1, "bad.wasm"),
        (of_sum(&[]), 1, "it exports these:\n  "),
        (of_sum(&["--invoke", "product"]), 1, "product"),
        (of_sum(&["--invoke", "sum"]), 1, "0 arguments are given"),
        (of_sum(&["--invoke", "sum", "--args", "1.5"]), 1, "1.5"),
        (of_sum(&["--invoke", "sum", "--args", "i64:1"]), 1, "i32"),
        (of_sum(&["--invoke", "trap"]), 1, "unreachable"),
        (
            of_sum(&["--invoke", "sum", "--args", "1", "--stdin", "x"]),
            1,
            "--stdin",
        ),
        (vec!["plan", "count"], 2, "--shards"),
    ];
    for (arguments, expected, reason) in cases {
        let output = lab(folder.path(), &arguments);
        let said = stderr(&output);
        assert_eq!(code(&output), Some(expected), "{arguments:?}: {said}");
        assert!(said.contains(reason), "{arguments:?}: {said}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
    for command in ["bench", "plan", "merge"] {
        let output = lab(folder.path(), &[command, "--help"]);
        assert_eq!(code(&output), Some(0));
        assert!(stdout(&output).contains("Examples:"), "{}", stdout(&output));
    }
}

#[test]
fn the_shards_of_a_plan_together_are_the_whole_matrix_once() {
    let folder = folder();
    let options = ["--shards", "5", "--layouts", "3", "tail-calls", "sort", "count"];
    let output = lab(folder.path(), &[&["plan", "--json"][..], &options].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let plan: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let shards = plan["shards"].as_array().unwrap();
    assert_eq!(shards.len(), 5);
    let mut seen = BTreeSet::new();
    for shard in shards {
        for part in shard["parts"].as_array().unwrap() {
            for workload in part["workloads"].as_array().unwrap() {
                for strategy in shard["strategies"].as_array().unwrap() {
                    let cell = (part["layout"].to_string(), workload.to_string(), strategy.to_string());
                    assert!(seen.insert(cell.clone()), "{cell:?} twice");
                }
            }
        }
    }
    assert_eq!(seen.len(), 3 * 4 * 6);

    // The commands ask for these parts, and without --json they are all there is.
    let lines = lab(folder.path(), &[&["plan"][..], &options].concat());
    let lines: Vec<String> = stdout(&lines).lines().map(str::to_owned).collect();
    for (line, shard) in lines.iter().zip(shards) {
        assert_eq!(line, shard["command"].as_str().unwrap());
    }
    assert!(
        lines[1].contains("--shard 2/5") && lines[1].contains("tail-calls"),
        "{lines:?}"
    );
}

#[test]
fn scalar_twins_are_measured_in_full_or_when_they_are_named() {
    let folder = folder();
    let planned = |options: &[&str]| -> BTreeSet<String> {
        let output = lab(folder.path(), &[&["plan", "--json", "--shards", "1"], options].concat());
        let plan: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        let workloads = plan["shards"][0]["parts"][0]["workloads"].as_array().unwrap();
        workloads.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (quick, named, full) = (planned(&[]), planned(&["scalar-twin"]), planned(&["--full"]));
    assert!(named.iter().all(|name| name.ends_with("_scalar")), "{named:?}");
    assert!(!named.is_empty() && quick.is_disjoint(&named), "{quick:?}");
    let both = quick.union(&named).cloned().collect();
    assert!(full.is_superset(&both), "{full:?} lacks some of {both:?}");
}

#[test]
fn what_a_plan_prints_can_be_run_and_merged() {
    let folder = folder();
    let options = [
        "--shards",
        "2",
        "--blocks",
        "1",
        "--strategies",
        "match_loop,threaded",
        "count",
        "fib_tail",
    ];
    let plan = lab(folder.path(), &[&["plan", "--lab", LAB][..], &options].concat());
    let runs: Vec<PathBuf> = ["shards/shard-1", "shards/shard-2"].map(PathBuf::from).into();
    for line in stdout(&plan).lines() {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {}", stderr(&output));
    }
    let merge = ["merge", "shards/shard-1", "shards/shard-2", "-o", "merged"];
    let output = lab(folder.path(), &merge);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let merged = record::read(&folder.path().join("merged")).unwrap();
    let mut parts = BTreeSet::new();
    for run in &runs {
        let recording = record::read(&folder.path().join(run)).unwrap();
        assert!(recording.run.id.ends_with("of2"), "{}", recording.run.id);
        parts.extend(executed(&recording));
    }
    assert_eq!(executed(&merged), parts);
    assert_eq!(parts.len(), 2 * 3);
    assert_eq!(code(&lab(folder.path(), &["report", "merged"])), Some(0));

    let output = lab(
        folder.path(),
        &["merge", "shards/shard-1", "merged", "-o", "twice", "--json"],
    );
    assert_eq!(code(&output), Some(1));
    assert!(stderr(&output).contains("already"), "{}", stderr(&output));
    assert!(!folder.path().join("twice").exists());
    assert_eq!(code(&lab(folder.path(), &["merge", "merged"])), Some(2));
}
