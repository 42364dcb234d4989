//! Raw data: what is written is what is read, and damage is reported where it is.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::fs;
use std::io::Write;

use common::{header, sample};
use wasm_dispatch_report::record::{self, FILE_NAME, Failure, Kind, Phase, Run, Size, Writer};
use wasm_dispatch_report::{Error, newest_run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn what_is_written_is_what_is_read() {
    let folder = folder();
    let mut measured = sample("fib", "calls", "threaded", Phase::Execute, 123.0);
    measured.cpu_nanoseconds = Some(120);
    measured.block = Some(3);
    let failure = Failure {
        workload: "fib".into(),
        class: "calls".into(),
        strategy: "match_loop".into(),
        error: "expected 55, got \"54\"\n".into(),
    };
    let size = Size {
        workload: "fib".into(),
        strategy: "threaded".into(),
        wasm_bytes: 100,
        code_bytes: 1000,
    };
    let mut writer = Writer::create(folder.path(), &header()).unwrap();
    writer.write(measured.clone()).unwrap();
    writer.write(failure.clone()).unwrap();
    drop(writer);
    let mut writer = Writer::append(folder.path()).unwrap();
    writer.write(size.clone()).unwrap();
    assert_eq!(writer.path(), folder.path().join(FILE_NAME));

    let recording = record::read(folder.path()).unwrap();
    assert_eq!(recording.run, header());
    assert_eq!(recording.samples, [measured]);
    assert_eq!(recording.failures, [failure]);
    assert_eq!(recording.sizes, [size]);
    assert!(recording.warnings.is_empty());
    assert_eq!(record::read(&folder.path().join(FILE_NAME)).unwrap(), recording);
}

#[test]
fn every_line_is_a_json_object_that_says_what_it_is() {
    let folder = folder();
    common::write_run(
        folder.path(),
        &common::STRATEGIES,
        &common::WORKLOADS[..2],
        Some("threaded"),
    );
    let text = fs::read_to_string(folder.path().join(FILE_NAME)).unwrap();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["row"].is_string(), "{line}");
    }
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["schema"], record::SCHEMA);
}

#[test]
fn a_run_is_never_overwritten() {
    let folder = folder();
    Writer::create(folder.path(), &header()).unwrap();
    let error = Writer::create(folder.path(), &header()).unwrap_err();
    assert!(matches!(error, Error::RunExists { .. }), "{error}");
}

#[test]
fn a_killed_run_loses_its_last_line_and_nothing_else() {
    let folder = folder();
    common::write_run(folder.path(), &common::STRATEGIES[..1], &common::WORKLOADS[..1], None);
    let path = folder.path().join(FILE_NAME);
    let whole = fs::read(&path).unwrap();
    let before = record::read(folder.path()).unwrap().samples.len();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap()
        + 1;
    // Cut at every byte of the last line.
    for length in last..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let recording = record::read(folder.path()).unwrap();
        let complete = length == last || length == whole.len() - 1;
        assert_eq!(recording.warnings.is_empty(), complete, "cut at {length}");
        let missing = usize::from(length != whole.len() - 1);
        assert_eq!(recording.samples.len(), before - missing, "cut at {length}");
    }
    // Going on after that does not glue the new row to the half one.
    fs::write(&path, &whole[..last + 20]).unwrap();
    let mut writer = Writer::append(folder.path()).unwrap();
    writer.write(sample("a", "b", "c", Phase::Execute, 1.0)).unwrap();
    let recording = record::read(folder.path()).unwrap();
    assert!(recording.warnings.is_empty());
    assert_eq!(recording.samples.len(), before);
    assert_eq!(recording.samples.last().unwrap().workload, "a");
}

#[test]
fn a_bad_line_is_reported_with_file_and_line() {
    let folder = folder();
    common::write_run(folder.path(), &common::STRATEGIES[..1], &common::WORKLOADS[..1], None);
    let path = folder.path().join(FILE_NAME);
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"row\":\"sample\",\"workload\":7}\n{}\n").unwrap();
    let error = record::read(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::Line(_, line, _) if *line == lines + 1),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(&format!("{FILE_NAME}:{}", lines + 1)), "{text}");
}

#[test]
fn files_that_are_no_runs_are_refused_and_say_why() {
    let folder = folder();
    let path = folder.path().join("x.jsonl");
    let cases = [
        ("", "empty"),
        ("hello\n", "expected value"),
        ("{\"row\":\"sample\"}\n", "no run header"),
        ("{\"row\":\"run\",\"schema\":3}\n", "schema 3"),
        ("{\"row\":\"run\",\"schema\":1}\n", "missing field"),
    ];
    for (text, reason) in cases {
        fs::write(&path, text).unwrap();
        let error = record::read(&path).unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    let error = record::read(&folder.path().join("nothing")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn the_newest_run_is_found_by_its_name() {
    let folder = folder();
    assert!(matches!(newest_run(folder.path()), Err(Error::NoRun { .. })));
    assert!(matches!(
        newest_run(&folder.path().join("none")),
        Err(Error::NoRun { .. })
    ));
    for id in ["20260102-000000-full", "20260103-000000-quick", "20251231-000000-quick"] {
        Writer::create(&folder.path().join(id), &header()).unwrap();
    }
    fs::create_dir(folder.path().join("20990101-000000-quick")).unwrap();
    // Another program's run, which compares something else.
    Writer::create(&folder.path().join("peers-20990101-000000-quick"), &header()).unwrap();
    let newest = newest_run(folder.path()).unwrap();
    assert!(newest.ends_with("20260103-000000-quick"), "{}", newest.display());
}

#[test]
fn a_run_that_starts_now_knows_when_and_on_what() {
    let run = Run::start(Kind::Full);
    assert_eq!(run.schema, record::SCHEMA);
    assert!(run.id.ends_with("-full") && run.id.starts_with("20"), "{}", run.id);
    assert!(run.fingerprint.cores >= 1);
}
