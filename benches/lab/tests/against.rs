//! `bench --against` as a user runs it, with bases that need no building: the lab itself, and scripts around it.
#![cfg(unix)]

#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lab::{LAB, Said, lab};
use wasm_dispatch_record::record::{self, Phase, Recording};

/// One layout, so that nothing is built.
fn against(folder: &Path, base: &str, more: &[&str]) -> Said {
    let what = [
        "bench",
        "--against",
        base,
        "count",
        "fib_iterative",
        "--strategies",
        "match_loop",
    ];
    lab(folder, &[&what[..], &["--layouts", "1"], more].concat())
}

fn script(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn read(folder: &Path) -> Recording {
    record::read(&folder.join("run")).unwrap()
}

#[test]
fn each_workload_is_measured_by_a_process_of_each_side_and_a_killed_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let generous = ["--limit", "1000", "--limit-workload", "1000"];
    let said = against(
        folder.path(),
        LAB,
        &[&["--blocks", "3", "-o", "run"][..], &generous].concat(),
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    for text in [
        "base:",
        "new:",
        "control:",
        "match_loop",
        "3 blocks",
        "processes of one binary",
        "Nothing is slower",
    ] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
    assert!(said.out.contains("as it was given"), "{}", said.out);
    let whole = read(folder.path());
    assert_eq!(whole.processes.len(), 3 * 2 * 3, "blocks, workloads, sides");
    let numbers: BTreeSet<u32> = whole.processes.iter().map(|process| process.process).collect();
    assert_eq!(numbers.len(), 18);
    let names: BTreeSet<&str> = whole.samples.iter().map(|sample| sample.strategy.as_str()).collect();
    for name in ["match_loop@base", "match_loop@new", "match_loop@control"] {
        assert!(names.contains(name), "{names:?}");
    }
    // Not always the same side first.
    let order = |block: u32| -> Vec<&str> {
        let samples = whole.samples.iter().filter(|sample| sample.block == Some(block));
        samples.map(|sample| sample.strategy.as_str()).collect()
    };
    assert!(order(0) != order(1) || order(1) != order(2));

    // As if it had been killed within the last block.
    let file = folder.path().join("run/samples.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let cut = text.rfind("{\"row\":\"block_end\"").unwrap();
    fs::write(&file, &text[..cut]).unwrap();
    let resume = ["bench", "--resume", "run", "--json", "--quiet"];
    let said = lab(folder.path(), &[&resume[..], &generous].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let json = said.json();
    assert_eq!(
        (json["blocks"].as_u64(), json["limit_percent"].as_f64()),
        (Some(3), Some(1000.0))
    );
    assert_eq!(json["cells"].as_array().unwrap().len(), 2);
    assert_eq!(json["strategies"][0]["new"]["cases"], 3);
    assert!(json["strategies"][0]["control"]["ratio"]["value"].as_f64().unwrap() > 0.0);
    assert_eq!(read(folder.path()).processes.len(), 18);
}

#[test]
fn what_takes_longer_than_the_base_is_listed_and_is_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    // A base that says it took a hundredth of the time.
    let faster = r#"s/"cpu_nanoseconds":\([0-9][0-9]*\)[0-9][0-9]/"cpu_nanoseconds":\1/"#;
    script(folder.path(), "faster", &format!("{LAB} | sed '{faster}'"));
    let said = against(folder.path(), "faster", &["--blocks", "4", "--quiet"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    for text in [
        "SLOWER: match_loop over all workloads",
        "SLOWER: match_loop on count",
        "2 [0]",
    ] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
    assert!(!said.out.contains("Nothing is slower"), "{}", said.out);
}

#[test]
fn a_workload_that_the_base_cannot_read_is_left_out_of_all_sides_and_said() {
    let folder = tempfile::tempdir().unwrap();
    // A base from before there were such manifests: it ends before it begins anything.
    let unread = "*fib_iterative.toml*) echo 'unknown variant of a class' >&2; exit 1";
    let text = format!("job=$(cat); case \"$job\" in {unread};; esac; printf %s \"$job\" | {LAB}");
    script(folder.path(), "older", &text);
    let generous = [
        "--limit",
        "1000",
        "--limit-workload",
        "1000",
        "--blocks",
        "3",
        "-o",
        "run",
    ];
    let said = against(folder.path(), "older", &generous);
    assert_eq!(said.code, Some(0), "{said:?}");
    let note = "Note: fib_iterative: it ended with exit status: 1: unknown variant of a class (base).";
    assert!(said.out.contains(note), "{}", said.out);
    let record = read(folder.path());
    let of = |name: &str| {
        let samples = record.samples.iter().filter(|sample| sample.workload == name);
        samples.filter(|sample| sample.phase == Phase::Execute).count()
    };
    assert_eq!(of("count"), 3 * 3, "on all sides in all blocks");
    assert!(of("fib_iterative") <= 1, "no side goes on with it");
    // A run that goes on knows it, too.
    let resume = [
        "bench",
        "--resume",
        "run",
        "--json",
        "--quiet",
        "--limit-workload",
        "1000",
        "--limit",
        "1000",
    ];
    let json = lab(folder.path(), &resume).json();
    assert_eq!(json["cells"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["left_out"].as_array().unwrap().len(), 1, "{json}");
}

#[test]
fn one_block_proves_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let said = against(folder.path(), LAB, &["--blocks", "1", "--quiet"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("one case has no interval"), "{}", said.out);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    script(root, "broken", "echo no such luck >&2; exit 3");
    fs::write(root.join("x.wat"), "(module (func (export \"f\")))").unwrap();
    for (arguments, code, reason) in [
        (
            &["bench", "--against", "no-such-revision"][..],
            2,
            "'no-such-revision' is neither a revision",
        ),
        (
            &["bench", "--against", LAB, "--module", "x.wat", "--invoke", "f"],
            2,
            "--module",
        ),
        (&["bench", "--against", LAB, "--shard", "1/2"], 2, "--shard"),
        (&["bench", "--against", LAB, "--resume", "run"], 2, "--against"),
        (&["bench", "--against", LAB, "--limit", "-1"], 2, "-1"),
        (&["bench", "--limit-workload", "3"], 2, "--against"),
        (&["plan", "--shards", "2", "--against", LAB], 2, "--against"),
        (
            &["bench", "--against", "broken", "count", "--layouts", "1", "--quiet"],
            1,
            "no such luck",
        ),
    ] {
        let said = lab(root, arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(said.err.contains(reason), "{arguments:?}: {said:?}");
        assert_eq!(said.out, "", "{arguments:?}");
    }
}
