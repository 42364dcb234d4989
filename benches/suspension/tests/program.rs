//! The program as somebody runs it.

use std::process::{Command, Output};

fn suspension(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_suspension"))
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder.path())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_part_measures_what_it_says() {
    let output = suspension(&["--quick", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let subjects = |part: &str, what: &str| -> Vec<String> {
        let of = rows
            .iter()
            .filter(|row| row["part"] == part && row["what"].as_str().unwrap().contains(what));
        of.map(|row| row["subject"].as_str().unwrap().to_string()).collect()
    };
    for what in [
        "RustCall",
        "AsyncCall, ready",
        "AsyncCall, waits once",
        "granted within the call",
        "other tasks may run",
        "resumed by the host",
    ] {
        let subjects = subjects("calls", what);
        for strategy in wasm_dispatch::Strategy::ALL {
            assert!(
                subjects.iter().any(|subject| subject == strategy.name()),
                "{what}: {subjects:?}"
            );
        }
    }
    assert_eq!(subjects("memory", "500 calls deep").len(), 3);
    assert_eq!(subjects("interrupt", "").len(), wasm_dispatch::Strategy::ALL.len());
    assert_eq!(subjects("stream", "10 MB/s").len(), 2);
    assert_eq!(subjects("sharing", "").len(), 2);
    // A row has values, or says why not.
    for row in &rows {
        let values = row["values"].as_array().unwrap();
        assert!(!values.is_empty() || !row["note"].as_str().unwrap().is_empty(), "{row}");
    }
}

#[test]
fn help_and_wrong_arguments() {
    let help = suspension(&["--help"]);
    assert!(help.status.success());
    assert!(text(&help.stdout).contains("Usage: suspension"));
    let wrong = suspension(&["everything"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("invalid value 'everything'"),
        "{}",
        text(&wrong.stderr)
    );
}
