//! `wasm-dispatch-lab` as a user runs it.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn write_run(folder: &Path) {
    common::write_run(folder, &common::STRATEGIES[3..], &common::WORKLOADS[..3], None);
}

#[test]
fn a_run_is_drawn_again_into_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path());
    let output = lab(&["report", path(folder.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(
        printed.contains("geometric mean") && printed.contains("index.html"),
        "{printed}"
    );
    for file in [
        "index.html",
        "summary.json",
        "summary.md",
        "ranking.svg",
        "heat-map.svg",
        "run-length.svg",
    ] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn the_newest_run_is_the_default() {
    let runs = tempfile::tempdir().unwrap();
    for id in ["20260101-000000-quick", "20260102-000000-full"] {
        write_run(&runs.path().join(id));
    }
    let output = lab(&["report", "--runs", path(runs.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(runs.path().join("20260102-000000-full/index.html").is_file());
    assert!(!runs.path().join("20260101-000000-quick/index.html").exists());
}

#[test]
fn json_is_the_summary_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("elsewhere");
    let run = folder.path().join("run");
    write_run(&run);
    let file = run.join("samples.jsonl");
    let output = lab(&["report", path(&file), "--json", "--out", path(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["recommendation"]["best"], "threaded");
    assert_eq!(output.stdout, fs::read(out.join("summary.json")).unwrap());
    assert!(!run.join("index.html").exists());
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = lab(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Usage: wasm-dispatch-lab COMMAND"));
    let version = lab(&["-V"]);
    assert_eq!(version.status.code(), Some(0));
    assert!(text(&version.stdout).starts_with("wasm-dispatch-lab "));
}

#[test]
fn a_wrong_command_line_is_2_and_a_failure_is_1() {
    for arguments in [
        &[][..],
        &["draw"],
        &["report", "--fast"],
        &["report", "a", "b"],
        &["report", "--out"],
    ] {
        let output = lab(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("error: "), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    let folder = tempfile::tempdir().unwrap();
    let output = lab(&["report", "--runs", path(folder.path())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("no recorded run"),
        "{}",
        text(&output.stderr)
    );
    fs::write(folder.path().join("samples.jsonl"), "nonsense\n").unwrap();
    let output = lab(&["report", path(folder.path())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("samples.jsonl:1:"),
        "{}",
        text(&output.stderr)
    );
}
