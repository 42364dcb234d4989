//! `list` and `run` as a user runs them.

#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use lab::{LAB, lab, shell};

/// A command: says hello to its arguments, and its exit code is how many there are.
const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 600) "hello\n")
    (data (i32.const 620) "warning\n")
    (func $say (param $file i32) (param $text i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $text))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $write (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start")
        (drop (call $sizes (i32.const 16) (i32.const 20)))
        (drop (call $args (i32.const 100) (i32.const 200)))
        (call $say (i32.const 1) (i32.const 600) (i32.const 6))
        (call $say (i32.const 2) (i32.const 620) (i32.const 8))
        (call $say (i32.const 1) (i32.const 200) (i32.load (i32.const 20)))
        (call $exit (i32.sub (i32.load (i32.const 16)) (i32.const 1)))))"#;

/// Functions: some end well, some do not.
const FUNCTIONS: &str = r#"(module
    (func (export "both") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
    (func (export "nothing"))
    (func $deeper (param i32) (unreachable))
    (func (export "trap") (param i32) (call $deeper (local.get 0)))
    (func (export "forever") (loop (br 0)))
    (func $down (export "down") (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "negative") (result i32) (i32.const -7))
    (func (export "lanes") (param v128) (result v128) (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))))"#;

/// A command: prints its input, and then a file.
const PRINT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 600) "things/text")
    (func $print (param $file i32)
        (i32.store (i32.const 0) (i32.const 1000))
        (i32.store (i32.const 4) (i32.const 1000))
        (drop (call $read (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start")
        (call $print (i32.const 0))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 600) (i32.const 11) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 20)))
        (call $print (i32.load (i32.const 20)))))"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("hello.wat"), HELLO).unwrap();
    fs::write(folder.path().join("functions.wat"), FUNCTIONS).unwrap();
    folder
}

#[test]
fn list_names_every_strategy_class_and_workload_and_json_has_the_same() {
    let folder = folder();
    let all = lab(folder.path(), &["list", "--json"]);
    assert_eq!((all.code, all.err.as_str()), (Some(0), ""));
    let all = all.json();
    assert_eq!(all["schema"], 1);
    for kind in ["workloads", "classes", "strategies"] {
        let names = lab(folder.path(), &["list", kind, "--quiet"]);
        assert_eq!(names.code, Some(0), "{names:?}");
        let in_json: Vec<&str> = (all[kind].as_array().unwrap().iter())
            .map(|item| item["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.out.lines().collect::<Vec<_>>(), in_json, "{kind}");
        assert!(in_json.len() > 5, "{in_json:?}");
    }
    let strategies = all["strategies"].as_array().unwrap();
    let unsafe_ones: Vec<_> = strategies.iter().filter(|one| one["safe"] == false).collect();
    assert_eq!(unsafe_ones.len(), 1);
    assert_eq!(unsafe_ones[0]["name"], "threaded");
    assert_eq!(strategies.iter().filter(|one| one["default"] == true).count(), 1);
    // Every workload stands in exactly one class.
    let in_classes = all["classes"].as_array().unwrap().iter();
    let in_classes: Vec<String> = in_classes
        .flat_map(|class| class["workloads"].as_array().unwrap().clone())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    let workloads: BTreeSet<String> = (all["workloads"].as_array().unwrap().iter())
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(in_classes.len(), workloads.len());
    assert_eq!(BTreeSet::from_iter(in_classes), workloads);
}

#[test]
fn list_chooses_by_name_class_and_pattern_and_refuses_what_names_nothing() {
    let folder = folder();
    let chosen = lab(folder.path(), &["list", "calls", "fib_*", "--quiet"]);
    assert_eq!(
        chosen.out.lines().collect::<Vec<_>>(),
        ["fib_iterative", "fib_recursive", "fib_tail"]
    );
    let long = lab(folder.path(), &["list", "workloads", "sort", "--long"]);
    for word in ["branchy", "licence", "i32:22000", "sort.wasm"] {
        assert!(long.out.contains(word), "{word} in {long:?}");
    }
    for arguments in [
        &["list", "nonsense"][..],
        &["list", "strategies", "fastest"],
        &["list", "classes", "slow*"],
        &["list", "--longer"],
    ] {
        let refused = lab(folder.path(), arguments);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(refused.err.contains("--help"), "{refused:?}");
    }
    let nowhere = lab(folder.path(), &["list", "runs", "--runs", "nowhere"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.err.contains("nowhere"), "{nowhere:?}");
    let none = lab(folder.path(), &["list", "runs", "--runs", "."]);
    assert_eq!(none.code, Some(0));
    assert!(none.out.contains("none yet"), "{none:?}");
}

#[test]
fn a_command_gets_its_arguments_and_its_exit_code_is_passed_on() {
    let folder = folder();
    let strategies = lab(folder.path(), &["list", "strategies", "--quiet"]).out;
    assert_eq!(strategies.lines().count(), 6);
    for strategy in strategies.lines() {
        let said = lab(
            folder.path(),
            &["run", "hello.wat", "--strategy", strategy, "--", "--its", "-1", "own"],
        );
        assert_eq!(said.code, Some(3), "{strategy}: {said:?}");
        assert_eq!(said.out, "hello\nhello.wat\0--its\0-1\0own\0", "{strategy}");
        assert_eq!(said.err, "warning\n", "{strategy}");
    }
    let said = lab(folder.path(), &["run", "hello.wat"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "hello\nhello.wat\0"));

    // In JSON, what it wrote is a part of the result.
    let said = lab(folder.path(), &["run", "hello.wat", "--json", "--", "a"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    let json = said.json();
    assert_eq!(json["exit_code"], 1);
    assert_eq!(json["stdout"], "hello\nhello.wat\0a\0");
    assert_eq!(json["stderr"], "warning\n");
    assert_eq!(json["error"], serde_json::Value::Null);
}

#[test]
fn a_command_gets_input_files_and_folders_by_the_same_options_everywhere() {
    let folder = folder();
    let root = folder.path();
    fs::write(root.join("print.wat"), PRINT).unwrap();
    fs::write(root.join("input"), "input\n").unwrap();
    fs::create_dir(root.join("things")).unwrap();
    fs::write(root.join("things/text"), "text\n").unwrap();
    for given in [["--file", "things/text=things/text"], ["--dir", "."]] {
        let options = [&["--stdin", "input"][..], &given].concat();
        let run = lab(root, &[&["run", "print.wat"][..], &options].concat());
        assert_eq!((run.code, run.out.as_str()), (Some(0), "input\ntext\n"), "{run:?}");
        let profile = lab(root, &[&["profile", "print.wat"][..], &options].concat());
        assert_eq!(profile.code, Some(0), "{profile:?}");
        let few = ["--blocks", "1", "--strategies", "match_loop", "--quiet"];
        let out = format!("bench{}", given[0]);
        let bench = ["bench", "--module", "print.wat", "-o", &out];
        let bench = lab(root, &[&bench[..], &few, &options].concat());
        assert_eq!(bench.code, Some(0), "{bench:?}");
        let manifest = fs::read_to_string(root.join(&out).join("workload/print.toml")).unwrap();
        assert!(manifest.contains("guest = \"things/text\""), "{manifest}");
        // "input", "text".
        let printed = "8811e6d62f9bb6e191937009cb18df3dae8fec8649f3a1bc47a7eef30e0795e8";
        assert!(manifest.contains(printed), "{manifest}");
    }
    let wrong = lab(
        root,
        &["run", "functions.wat", "--invoke", "nothing", "--stdin", "input"],
    );
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("--stdin is for WASI commands"), "{wrong:?}");
    let missing = lab(root, &["run", "print.wat", "--stdin", "nowhere"]);
    assert!(
        missing.code == Some(1) && missing.err.contains("nowhere"),
        "{missing:?}"
    );
}

#[test]
fn a_file_that_is_no_module_is_refused_for_what_it_is() {
    let folder = folder();
    for (bytes, why) in [
        (&b""[..], "it is empty"),
        (&[0xff; 100], "it does not begin with \\0asm"),
        (b"(module)", "it does not begin with \\0asm"),
    ] {
        fs::write(folder.path().join("not.wasm"), bytes).unwrap();
        for command in [&["run"][..], &["explain"], &["profile"], &["bench", "--module"]] {
            let ran = lab(folder.path(), &[command, &["not.wasm"]].concat());
            assert_eq!(ran.code, Some(1), "{command:?}: {ran:?}");
            let expected = format!("not.wasm: not a WebAssembly module: {why}");
            assert!(ran.err.contains(&expected), "{command:?}: {ran:?}");
        }
    }
}

#[test]
fn a_function_gets_typed_arguments_and_its_results_are_printed_one_a_line() {
    let folder = folder();
    let run = |arguments: &[&str]| {
        lab(
            folder.path(),
            &[&["run", "functions.wat", "--invoke"][..], arguments].concat(),
        )
    };
    assert_eq!(run(&["both", "i32:7", "0.5"]).out, "f64:0.5\ni32:7\n");
    assert_eq!(run(&["both", "--", "-7", "-0.5"]).out, "f64:-0.5\ni32:-7\n");
    assert_eq!(run(&["both", "0xff", "f64:inf"]).out, "f64:inf\ni32:255\n");
    let lanes = "v128:0x00000004000000030000000200000001\n";
    assert_eq!(run(&["lanes", "0"]).out, lanes);
    assert_eq!(
        run(&["lanes", lanes.trim()]).out,
        lanes.replace("4000000030000000200000001", "8000000060000000400000002")
    );
    // Tiers need modules that can be stopped, and get such.
    if cfg!(feature = "stencils") {
        assert_eq!(run(&["both", "1", "2", "--strategy", "tiered"]).out, "f64:2.0\ni32:1\n");
    }
    // That a function returns 7 is no exit code.
    let negative = run(&["negative"]);
    assert_eq!((negative.code, negative.out.as_str()), (Some(0), "i32:-7\n"));
    assert_eq!(run(&["negative", "--quiet"]).out, "");
    let json = run(&["both", "1", "2", "--json", "--time"]).json();
    assert_eq!(json["results"], serde_json::json!(["f64:2.0", "i32:1"]));
    assert!(json["phases_ns"]["compile"].as_u64().unwrap() > 0, "{json}");
    assert!(json["code_bytes"].as_u64().unwrap() > 0);

    let timed = run(&["negative", "--time"]);
    assert_eq!(timed.out, "i32:-7\n");
    for phase in [
        "decode, validate",
        "lower",
        "compile",
        "instantiate",
        "run",
        "compiled code",
    ] {
        assert!(timed.err.contains(phase), "{phase} in {timed:?}");
    }
}

#[test]
fn a_trap_is_1_and_says_where_it_happened() {
    let folder = folder();
    let trap = ["run", "functions.wat", "--invoke", "trap", "3"];
    let said = lab(folder.path(), &trap);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.starts_with("error: "), "{said:?}");
    for word in ["unreachable", "deeper", "trap"] {
        assert!(said.err.contains(word), "{word} in {said:?}");
    }
    let said = lab(folder.path(), &[&trap[..], &["--json"]].concat());
    assert_eq!(said.code, Some(1));
    let error = said.json()["error"].clone();
    assert_eq!(error["trap"], "unreachable");
    let frames = error["backtrace"].as_array().unwrap();
    assert_eq!(frames.len(), 2, "{error}");
    assert_eq!(frames[0]["name"], "deeper");
    assert!(frames[0]["offset"].as_u64().unwrap() > 0);

    let limits = [
        (&["forever", "--fuel", "1000"][..], "fuel"),
        (&["down", "5000", "--call-depth", "100"], "call stack exhausted"),
    ];
    for (arguments, reason) in limits {
        let said = lab(
            folder.path(),
            &[&["run", "functions.wat", "--invoke"][..], arguments].concat(),
        );
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(reason), "{reason} in {said:?}");
    }
    let fuelled = [
        "run",
        "functions.wat",
        "--invoke",
        "down",
        "10",
        "--fuel",
        "1000",
        "--json",
    ];
    let used = lab(folder.path(), &fuelled).json()["fuel_used"].as_u64().unwrap();
    assert!((11..1000).contains(&used), "{used}");
}

#[test]
fn what_cannot_be_run_is_refused_with_the_reason() {
    let folder = folder();
    fs::write(folder.path().join("bad.wasm"), "hello").unwrap();
    fs::write(
        folder.path().join("wants.wat"),
        r#"(module (import "env" "log" (func)) (func (export "f")))"#,
    )
    .unwrap();
    fs::write(
        folder.path().join("large.wat"),
        r#"(module (memory 3) (func (export "f")))"#,
    )
    .unwrap();
    let cases: [(&[&str], i32, &str); 15] = [
        (&["run"], 2, "<FILE>"),
        (&["run", "functions.wat"], 1, "--invoke"),
        (
            &["run", "functions.wat", "--invoke", "missing"],
            1,
            "both (i32, f64) -> (f64, i32)",
        ),
        (&["run", "functions.wat", "--invoke", "both", "1"], 2, "1 argument"),
        (&["run", "functions.wat", "--invoke", "both", "1.5", "1"], 2, "1.5"),
        (&["run", "functions.wat", "--invoke", "both", "i64:1", "1"], 2, "i64:1"),
        (&["run", "functions.wat", "--invoke", "both", "-7", "1"], 2, "--"),
        (
            &["run", "functions.wat", "--invoke", "nothing", "--dir", "."],
            2,
            "--dir",
        ),
        (&["run", "functions.wat", "--strategy", "fastest"], 2, "stack_loop"),
        (&["run", "hello.wat", "--its-option"], 2, "'-- --its-option'"),
        (&["run", "hello.wat", "--env", "novalue"], 2, "novalue"),
        (&["run", "nowhere.wasm"], 1, "nowhere.wasm"),
        (&["run", "bad.wasm"], 1, "bad.wasm"),
        (&["run", "wants.wat", "--invoke", "f"], 1, "env"),
        (
            &["run", "large.wat", "--invoke", "f", "--memory-pages", "2"],
            1,
            "memory",
        ),
    ];
    for (arguments, code, reason) in cases {
        let said = lab(folder.path(), arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("error: "), "{arguments:?}: {said:?}");
        assert!(said.err.contains(reason), "{arguments:?}: {said:?}");
        assert_eq!(said.out, "", "{arguments:?}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut lab = Command::new(LAB)
        .args(["list", "--long", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything was read; the output is larger than a pipe holds.
    drop(lab.stdout.take());
    let mut said = String::new();
    lab.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((lab.wait().unwrap().code(), said.as_str()), (Some(0), ""));

    let folder = folder();
    let first = shell(folder.path(), "wasm-dispatch-lab list | head -n 1");
    assert_eq!(first.out, "WORKLOADS:\n");
    assert_eq!(first.err, "");
}

#[test]
fn every_command_explains_itself_and_refuses_options_it_does_not_have() {
    let folder = folder();
    let help = lab(folder.path(), &["--help"]).out;
    let section = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = section
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let said = lab(folder.path(), &[command, "--help"]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{command}");
        for word in [
            "Usage: wasm-dispatch-lab ",
            "Examples:",
            "Exit code:",
            "--json",
            "--quiet",
        ] {
            assert!(said.out.contains(word), "{command} --help says nothing of {word}");
        }
        assert_eq!(lab(folder.path(), &["help", command]).out, said.out);
        let said = lab(folder.path(), &[command, "--nonsense"]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{command}: {said:?}");
        assert!(said.err.contains(&format!("{command} --help")), "{said:?}");
    }
}
