//! Counted instructions: what iai-callgrind leaves behind is read or refused, and shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[path = "../../report/tests/common/mod.rs"]
mod common;

use wasm_dispatch_report::callgrind::{self, Count, MissingTool, Tools};
use wasm_dispatch_report::record::{self, Kind, Run, Writer};
use wasm_dispatch_report::{Error, Limits, counts, newest_run};

/// A `summary.json` with the fields that are read, in the form of iai-callgrind 0.16.1.
fn summary(version: &str, strategy: &str, workload: &str, instructions: &str) -> String {
    format!(
        r#"{{"version":"{version}","function_name":"{strategy}","id":"{workload}","kind":"LibraryBenchmark",
        "profiles":[{{"tool":"Callgrind","summaries":{{"parts":[],"total":{{"regressions":[],"summary":{{"Callgrind":{{
            "Ir":{{"diffs":null,"metrics":{instructions}}},
            "Dr":{{"diffs":null,"metrics":{{"Left":{{"Int":7}}}}}},
            "Dw":{{"diffs":null,"metrics":{{"Left":{{"Int":5}}}}}}
        }}}}}}}}}}]}}"#
    )
}

fn write(home: &Path, name: &str, text: &str) {
    let folder = home.join("kernels").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("summary.json"), text).unwrap();
    fs::write(folder.join("callgrind.out"), "not looked at").unwrap();
}

#[test]
fn counts_are_read_from_new_runs_and_from_repeated_ones() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        "b",
        &summary("6", "threaded", "sort", r#"{"Left":{"Int":1000}}"#),
    );
    write(
        home.path(),
        "a",
        &summary("6", "match_loop", "sort", r#"{"Both":[{"Int":2500},{"Int":9}]}"#),
    );
    let counts = callgrind::read(home.path()).unwrap();
    let of = |strategy: &str, instructions| Count {
        workload: "sort".into(),
        strategy: strategy.into(),
        instructions,
        reads: 7,
        writes: 5,
    };
    assert_eq!(counts, [of("match_loop", 2500), of("threaded", 1000)]);
}

#[test]
fn what_is_no_count_is_refused_and_says_why() {
    let cases = [
        (summary("6", "a", "b", r#"{"Left":{"Int":0}}"#), "0 instructions"),
        (summary("7", "a", "b", r#"{"Left":{"Int":1}}"#), "version 7"),
        (summary("6", "a", "b", r#"{"Right":{"Int":1}}"#), "no count of Ir"),
        (summary("6", "a", "b", r#"{"Left":{"Float":1.5}}"#), "no count of Ir"),
        (
            r#"{"version":"6","function_name":"a","id":"b","profiles":[]}"#.to_owned(),
            "no events",
        ),
        (r#"{"version":"6","profiles":[]}"#.to_owned(), "no events"),
        ("{}".to_owned(), "no version"),
        ("{".to_owned(), "EOF"),
    ];
    for (text, reason) in cases {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), "a", &text);
        let error = callgrind::read(home.path()).unwrap_err();
        assert!(matches!(error, Error::Callgrind { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
    let error = callgrind::read(Path::new("/nowhere")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

fn record(runs: &Path, id: &str, counts: &[(&str, &str, u64)]) -> std::path::PathBuf {
    let run = Run {
        id: id.into(),
        kind: Kind::Counts,
        ..common::header()
    };
    let folder = runs.join(id);
    let mut writer = Writer::create_named(&folder, counts::FILE_NAME, &run).unwrap();
    for &(workload, strategy, instructions) in counts {
        let count = Count {
            workload: workload.into(),
            strategy: strategy.into(),
            instructions,
            reads: 0,
            writes: 0,
        };
        writer.write(count).unwrap();
    }
    folder
}

#[test]
fn the_table_is_relative_to_the_reference_and_shows_what_changed() {
    let runs = tempfile::tempdir().unwrap();
    let before = [("fib", "slow", 4_000_000), ("fib", "threaded", 1_000_000)];
    let after = [
        ("fib", "slow", 4_400_000),
        ("fib", "threaded", 1_000_100),
        ("sort", "slow", 2_500_000),
        ("sort", "threaded", 1_000_000),
    ];
    let first = record(runs.path(), "20260101-000000-counts", &before);
    let text = counts::text(runs.path(), &first).unwrap();
    assert!(text.contains("1,000,000") && text.contains("4.00"), "{text}");
    assert!(
        text.contains("not for ranking") && !text.contains("ifference"),
        "{text}"
    );

    let second = record(runs.path(), "20260102-000000-counts", &after);
    let text = counts::text(runs.path(), &second).unwrap();
    assert!(text.contains("fib / slow: +10.0 %"), "{text}");
    // A hundredth of a percent is not worth a line, and what was not counted before has not changed.
    assert!(!text.contains("threaded: +") && !text.contains("sort / "), "{text}");
    let mean = text.lines().find(|line| line.starts_with("geometric mean")).unwrap();
    assert!(mean.contains("3.32"), "{mean}");
    assert_eq!(counts::newest(runs.path(), None).unwrap(), second);
    assert_eq!(record::read(&second.join(counts::FILE_NAME)).unwrap().counts.len(), 4);
    // Counts are no run that a report could be drawn from.
    assert!(matches!(newest_run(runs.path()), Err(Error::NoRun { .. })));
}

/// A runner that says it has a version.
fn runner(folder: &Path, version: &str) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join("iai-callgrind-runner");
    let script = format!("#!/bin/sh\necho \"Error: iai-callgrind-runner ({version}) is newer than $1\" >&2\nexit 1\n");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_runner_counts_only_in_the_right_version() {
    let folder = tempfile::tempdir().unwrap();
    let version = "987.6.5";
    // The machine that tests may have no valgrind; then that is what is missing, whatever else is there.
    let missing = Tools::find(version, folder.path()).unwrap_err();
    if missing == MissingTool::Valgrind {
        assert!(missing.to_string().contains("valgrind"));
        return;
    }
    runner(folder.path(), "0.1.2");
    let missing = Tools::find(version, folder.path()).unwrap_err();
    assert!(missing.to_string().ends_with("987.6.5 is needed"), "{missing}");
    runner(folder.path(), version);
    let tools = Tools::find(version, folder.path()).unwrap();
    assert!(tools.version().ends_with(version), "{}", tools.version());
    let search = tools.search_path().unwrap();
    assert_eq!(std::env::split_paths(&search).next().as_deref(), Some(folder.path()));
}

#[test]
fn counts_above_their_limits_are_named_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let counted = |name: &str, instructions: u64, rustc: &str| {
        let mut run = common::header();
        run.kind = Kind::Counts;
        run.fingerprint.rustc = rustc.into();
        let folder = folder.path().join(name);
        let mut writer = Writer::create_named(&folder, counts::FILE_NAME, &run).unwrap();
        for (strategy, instructions) in [("threaded", instructions), ("match_loop", 5000)] {
            writer
                .write(Count {
                    workload: "sort".into(),
                    strategy: strategy.into(),
                    instructions,
                    reads: 300,
                    writes: 100,
                })
                .unwrap();
        }
        record::read(&folder.join(counts::FILE_NAME)).unwrap()
    };
    Limits::of(&counted("before", 1000, "rustc 1"))
        .write(folder.path())
        .unwrap();
    let limits = Limits::read(folder.path()).unwrap();
    let check = |name: &str, instructions| limits.check(&counted(name, instructions, "rustc 1"));
    let same = check("same", 1009);
    assert!(
        same.is_fine() && same.better.is_empty() && same.compared == 6,
        "{same:?}"
    );
    let worse = check("worse", 1011);
    assert!(!worse.is_fine());
    assert_eq!(worse.worse.len(), 1);
    assert!(
        worse
            .text()
            .contains("sort / threaded, instructions: 1011 instead of 1000 (+1.1 %)"),
        "{}",
        worse.text()
    );
    let better = check("better", 900);
    assert!(better.is_fine() && better.better.len() == 1, "{better:?}");
    // Another compiler makes other code.
    let other = limits.check(&counted("other", 2000, "rustc 2"));
    assert!(
        other.is_fine() && other.compared == 0 && other.text().contains("rustc 2"),
        "{other:?}"
    );
    // What was never recorded is not passed over.
    let fewer = Limits {
        counts: limits.counts[..1].to_vec(),
        ..limits.clone()
    };
    let unlimited = fewer.check(&counted("more", 1000, "rustc 1"));
    assert!(
        !unlimited.is_fine() && unlimited.text().contains("WITHOUT A LIMIT"),
        "{unlimited:?}"
    );
    fs::write(folder.path().join("counts.json"), "{").unwrap();
    assert!(matches!(Limits::read(folder.path()), Err(Error::Json { .. })));
}

#[test]
fn the_tool_checks_counts_and_records_complete_ones_only() {
    let folder = tempfile::tempdir().unwrap();
    let (runs, reports) = (folder.path().join("runs"), folder.path().join("reports"));
    fs::create_dir_all(&reports).unwrap();
    let lab = |run: &Path, options: &[&str]| {
        let lab = std::process::Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
            .arg("counts")
            .arg(run)
            .arg("--reports")
            .arg(&reports)
            .args(options)
            .output()
            .unwrap();
        (
            lab.status.code(),
            String::from_utf8_lossy(&lab.stderr).into_owned(),
            lab.stdout,
        )
    };
    let part = record(&runs, "20260101-000000-counts", &[("fib", "slow", 1_000)]);
    // There are no limits yet, and these counts are not all that limits are for.
    assert_eq!(lab(&part, &["--check"]).0, Some(1));
    let (code, error, _) = lab(&part, &["--record"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("counts only a part"), "{error}");

    let kernels: Vec<_> = wasm_dispatch_workloads::all().unwrap();
    let kernels = kernels.iter().filter(|workload| workload.count().is_some());
    let mut counts: Vec<(&str, &str, u64)> = kernels
        .flat_map(|kernel| {
            wasm_dispatch::Strategy::ALL
                .iter()
                .map(|strategy| (kernel.name(), strategy.name(), 1_000))
        })
        .collect();
    let complete = record(&runs, "20260102-000000-counts", &counts);
    let (code, error, _) = lab(&complete, &["--record"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(lab(&complete, &["--check"]).0, Some(0));
    counts[0].2 = 2_000;
    let (code, _, found) = lab(
        &record(&runs, "20260103-000000-counts", &counts),
        &["--check", "--json"],
    );
    assert_eq!(code, Some(1));
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["worse"][0]["counted"], 2_000);
    assert_eq!(lab(&complete, &["--check", "--record"]).0, Some(2));
}
