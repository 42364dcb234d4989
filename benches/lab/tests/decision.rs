//! The recorded decision: what is in it, and what may not replace it.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use wasm_dispatch_report::decision::{DECISION_FILE, DECISION_SCHEMA, Decision, RECORDED, record_decision};
use wasm_dispatch_report::record::{self, BlockEnd, FILE_NAME, Kind, PACKED_NAME, Phase, Plan, Run, Writer};
use wasm_dispatch_report::summary::Verdict;
use wasm_dispatch_report::summary::run_length::From;
use wasm_dispatch_report::{Error, report};

/// A run in which `fast` takes `1` and `slow` takes `2` everywhere but in class `odd`, and compiles ten times as long.
fn run(folder: &Path, id: &str, kind: Kind, workloads: &[(&str, &str)], strategies: &[&str]) {
    let header = Run {
        id: id.into(),
        kind,
        ..common::header()
    };
    let mut writer = Writer::create(folder, &header).unwrap();
    writer.write(Plan { blocks: 8 }).unwrap();
    for block in 0..8 {
        for &(workload, class) in workloads {
            for (place, &strategy) in strategies.iter().enumerate() {
                let place = if class == "odd" {
                    strategies.len() - place
                } else {
                    place + 1
                };
                let noise = 1.0 + f64::from(block) / 1000.0;
                let compile = if strategy == "fast" { 5_000_000.0 } else { 500_000.0 };
                let times = [
                    (Phase::Compile, compile),
                    (Phase::Execute, place as f64 * 1_000_000.0 * noise),
                ];
                for (phase, time) in times {
                    let mut sample = common::sample(workload, class, strategy, phase, time);
                    sample.block = Some(block);
                    writer.write(sample).unwrap();
                }
            }
        }
        writer.write(common::process(block)).unwrap();
        writer.write(BlockEnd { block }).unwrap();
    }
}

const WORKLOADS: [(&str, &str); 8] = [
    ("a", "even"),
    ("b", "even"),
    ("c", "even"),
    ("d", "even"),
    ("e", "even"),
    ("f", "even"),
    ("g", "odd"),
    ("h", "odd"),
];

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("reports")).unwrap();
        Lab { folder }
    }

    fn reports(&self) -> std::path::PathBuf {
        self.folder.path().join("reports")
    }

    /// Records a run under `target` and decides from it.
    fn decide(&self, id: &str, kind: Kind, workloads: &[(&str, &str)], strategies: &[&str]) -> Result<Decision, Error> {
        let folder = self.folder.path().join("target").join(id);
        run(&folder, id, kind, workloads, strategies);
        record_decision(&folder, &self.reports(), false).map(|recorded| recorded.decision)
    }

    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs")
    }
}

#[test]
fn a_decision_says_what_to_use_and_where_not() {
    let lab = Lab::new();
    let decision = lab
        .decide("20260102-000000-full", Kind::Full, &WORKLOADS, &["fast", "slow"])
        .unwrap();
    assert_eq!(decision.default_strategy(), "fast");
    assert_eq!((decision.workloads, decision.blocks), (8, 8));
    let runner_up = decision.heads[0].runner_up.clone().unwrap();
    assert_eq!(
        (runner_up.strategy.as_str(), runner_up.verdict),
        ("slow", Verdict::Faster)
    );
    // Twice as long on six workloads, half as long on two: 2^(4/8).
    assert!(
        (runner_up.times_as_long.value - 2_f64.sqrt()).abs() < 1e-5,
        "{runner_up:?}"
    );
    let classes = &decision.recommendation.classes;
    assert_eq!(
        (classes.len(), classes[0].on.as_str(), classes[0].strategy.as_str()),
        (1, "odd", "slow")
    );
    assert_eq!(decision.recommendation.workloads.len(), 2);
    // It compiles slowly, so short runs belong to the other.
    let break_even = decision.break_even.as_ref().unwrap();
    assert_eq!(break_even.shortest.as_deref(), Some("slow"));
    // 5 ms and 1 ms each against 0.5 ms and 2 ms each: at 4.5 runs; never on the odd one.
    let From::Time(half) = break_even.half else {
        panic!("{break_even:?}")
    };
    assert!(
        (half.value / 9.5e6 - 1.0).abs() < 0.01 && half.contains(half.value),
        "{break_even:?}"
    );
    assert_eq!(break_even.most, From::Never);
    assert_eq!(Decision::read(&lab.reports().join(DECISION_FILE)).unwrap(), decision);

    // The run is kept with what a reader looks at, and gives the same decision.
    let kept = lab.reports().join(RECORDED).join(&decision.run);
    for (file, is_there) in [
        (PACKED_NAME, true),
        (FILE_NAME, false),
        ("summary.md", true),
        ("ranking.svg", true),
        ("index.html", false),
    ] {
        assert_eq!(kept.join(file).exists(), is_there, "{file}");
    }
    let again = Decision::from_recording(&record::read(&kept).unwrap()).unwrap();
    assert_eq!(again, decision);
}

#[test]
fn strategies_that_tie_in_a_class_are_named() {
    let lab = Lab::new();
    let folder = lab.folder.path().join("run");
    let mut writer = Writer::create(&folder, &common::header()).unwrap();
    for (workload, class, slow) in [("a", "even", 2.0), ("b", "level", 1.0), ("c", "level", 1.0)] {
        for block in 0..20 {
            for (strategy, time) in [("fast", 1.0), ("slow", slow)] {
                let noise = 1.0 + f64::from(block % 5) / 1000.0;
                let mut sample = common::sample(workload, class, strategy, Phase::Execute, time * noise * 1e6);
                sample.block = Some(block);
                writer.write(sample).unwrap();
            }
        }
    }
    let decision = Decision::from_recording(&record::read(&folder).unwrap()).unwrap();
    assert!(decision.recommendation.classes.is_empty());
    assert_eq!(decision.recommendation.ties.len(), 1);
    assert_eq!(decision.recommendation.ties[0].on, "level");
}

#[test]
fn a_worse_founded_run_does_not_replace_a_decision() {
    let lab = Lab::new();
    let names = ["fast", "slow"];
    lab.decide("20260102-000000-full", Kind::Full, &WORKLOADS, &names)
        .unwrap();
    let before = fs::read(lab.reports().join(DECISION_FILE)).unwrap();
    let all = &WORKLOADS[..];
    let cases = [
        ("20260103-000000-quick", Kind::Quick, all, &names[..], "is a quick run"),
        (
            "20260104-000000-full",
            Kind::Full,
            &all[..2],
            &names[..],
            "has 2 workloads",
        ),
        (
            "20260105-000000-full",
            Kind::Full,
            all,
            &names[..1],
            "does not rank slow",
        ),
    ];
    for (id, kind, workloads, strategies, reason) in cases {
        let error = lab.decide(id, kind, workloads, strategies).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(fs::read(lab.reports().join(DECISION_FILE)).unwrap(), before, "{id}");
        assert!(!lab.reports().join(RECORDED).join(id).exists(), "{id}");
    }
    // A full one does, and a quick one is as good as another quick one.
    lab.decide("20260106-000000-full", Kind::Full, &WORKLOADS, &["slow", "fast"])
        .unwrap();
    let decision = Decision::read(&lab.reports().join(DECISION_FILE)).unwrap();
    assert_eq!(
        (decision.run.as_str(), decision.default_strategy()),
        ("20260106-000000-full", "slow")
    );
}

#[test]
fn force_overrules_and_says_what() {
    let lab = Lab::new();
    lab.decide("20260102-000000-full", Kind::Full, &WORKLOADS, &["fast", "slow"])
        .unwrap();
    let quick = lab.folder.path().join("target/20260103-000000-quick");
    run(
        &quick,
        "20260103-000000-quick",
        Kind::Quick,
        &WORKLOADS,
        &["slow", "fast"],
    );

    // The newest run is the default.
    let output = lab.command(&["decide", "--runs", "target"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("is a quick run") && error.contains("--force"), "{error}");

    let output = lab.command(&["decide", "--force", "target/20260103-000000-quick"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("Overruled: ") && text.contains("default              slow"),
        "{text}"
    );
    assert_eq!(
        Decision::read(&lab.reports().join(DECISION_FILE))
            .unwrap()
            .default_strategy(),
        "slow"
    );
}

#[test]
fn a_run_that_was_interrupted_is_drawn_without_its_last_block_and_decides_nothing() {
    let lab = Lab::new();
    let folder = lab.folder.path().join("run");
    run(
        &folder,
        "20260102-000000-full",
        Kind::Full,
        &WORKLOADS,
        &["fast", "slow"],
    );
    let path = folder.join(FILE_NAME);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Killed in the middle of the last block, in the middle of a line.
    let last_block = lines.iter().rposition(|line| line.contains("\"block\":6")).unwrap() + 1;
    let mut cut = lines[..last_block + 5].join("\n");
    cut.push_str("\n{\"row\":\"sam");
    fs::write(&path, cut).unwrap();

    let recording = record::read(&folder).unwrap();
    assert_eq!((recording.blocks(), recording.cut_short()), (7, Some(8)));
    assert!(recording.samples.iter().all(|sample| sample.block < Some(7)));
    let drawn = report(&folder, &folder).unwrap();
    assert!(
        drawn.text().contains("interrupted after 7 of 8 blocks"),
        "{}",
        drawn.text()
    );
    assert_eq!(drawn.summary.recommendation.unwrap().best, "fast");
    let error = record_decision(&folder, &lab.reports(), false).unwrap_err();
    assert!(error.to_string().contains("7 of 8 blocks"), "{error}");
}

#[test]
fn what_cannot_be_decided_or_read_is_an_error() {
    let lab = Lab::new();
    let folder = lab.folder.path().join("empty");
    Writer::create(&folder, &common::header()).unwrap();
    let error = record_decision(&folder, &lab.reports(), true).unwrap_err();
    assert!(matches!(error, Error::Undecided { .. }), "{error}");

    let path = lab.reports().join(DECISION_FILE);
    let newer = DECISION_SCHEMA + 1;
    let damaged = [
        (format!("{{\"schema\":{newer}}}"), format!("schema {newer}")),
        ("{}".to_owned(), "no schema".to_owned()),
        ("no".to_owned(), "expected".to_owned()),
        (format!("{{\"schema\":{DECISION_SCHEMA}}}"), "missing field".to_owned()),
    ];
    for (number, (text, reason)) in damaged.into_iter().enumerate() {
        fs::write(&path, text).unwrap();
        let error = Decision::read(&path).unwrap_err();
        assert!(error.to_string().contains(&reason), "{error}");
        // Nor is such a file overwritten unasked.
        let id = format!("run-{number}");
        let error = lab.decide(&id, Kind::Full, &WORKLOADS, &["fast", "slow"]).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    }
    let output = lab.command(&["decide", "--reports", "nowhere", "empty"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no folder nowhere"));
    for arguments in [&["report", "--force"][..], &["decide", "-o", "x"]] {
        assert_eq!(lab.command(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn raw_data_that_is_kept_is_never_overwritten() {
    let lab = Lab::new();
    let id = "20260102-000000-full";
    lab.decide(id, Kind::Full, &WORKLOADS, &["fast", "slow"]).unwrap();
    // Deciding again from the kept run is fine.
    let kept = lab.reports().join(RECORDED).join(id);
    record_decision(&kept, &lab.reports(), false).unwrap();
    let other = lab.folder.path().join("other");
    run(&other, id, Kind::Full, &WORKLOADS, &["slow", "fast"]);
    let error = record_decision(&other, &lab.reports(), true).unwrap_err();
    assert!(matches!(error, Error::RunExists { .. }), "{error}");
    assert_eq!(
        Decision::read(&lab.reports().join(DECISION_FILE))
            .unwrap()
            .default_strategy(),
        "fast"
    );
}
