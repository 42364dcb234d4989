//! Merged runs: everything that was in the runs is in the merger, nothing is there twice, and what was measured together
//! stays together.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::{header, sample};
use wasm_dispatch_report::Error;
use wasm_dispatch_report::record::{
    self, About, Control, Failure, Kind, Phase, Plan, Process, Recording, Row, Sample, Size, Writer,
};

fn process(number: u32, layout: Option<u64>) -> Process {
    Process {
        process: number,
        block: Some(number),
        layout,
        origin: None,
        started: 1_767_323_045 + u64::from(number),
        seed: 1000 + u64::from(number),
        binary: "00ff".into(),
        wall_nanoseconds: 1_000_000,
        cpu_nanoseconds: Some(990_000),
        involuntary_switches: Some(3),
        voluntary_switches: None,
        steal: Some(0.01),
        pressure: None,
        load: Some(0.5),
        megahertz: None,
        profile: String::new(),
    }
}

/// A run as the lab writes it: `blocks` blocks, two strategies and a control on one workload, times that tell where they
/// come from.
fn write_run(folder: &Path, id: &str, cpu: &str, workload: &str, blocks: u32, first_time: f64) -> PathBuf {
    let mut run = header();
    run.id = id.into();
    run.fingerprint.cpu = cpu.into();
    let folder = folder.join(id);
    let mut writer = Writer::create(&folder, &run).unwrap();
    let control = Control {
        name: "threaded#2".into(),
        of: "threaded".into(),
    };
    writer.write(control).unwrap();
    writer.write(Plan { blocks: blocks + 1 }).unwrap();
    writer
        .write(Size {
            workload: workload.into(),
            strategy: "threaded".into(),
            wasm_bytes: 10,
            code_bytes: 100,
        })
        .unwrap();
    for block in 0..blocks {
        let layout = Some(u64::from(block % 2) + 1);
        let mut rows = vec![Row::Process(process(block, layout))];
        for (place, strategy) in ["threaded", "match_loop", "threaded#2"].into_iter().enumerate() {
            let time = first_time + f64::from(block) * 10.0 + place as f64;
            let mut sample = sample(workload, "calls", strategy, Phase::Execute, time);
            (sample.block, sample.process, sample.layout) = (Some(block), Some(block), layout);
            rows.push(Row::Sample(sample));
        }
        writer.block(&rows, block).unwrap();
    }
    folder
}

/// Times by what they are of, without the numbers that a merger changes.
fn times(recordings: &[&Recording]) -> BTreeSet<(String, String, u64, Option<u64>)> {
    let mut found = BTreeSet::new();
    for recording in recordings {
        for sample in &recording.samples {
            let of = (
                sample.workload.clone(),
                sample.strategy.clone(),
                sample.nanoseconds,
                sample.layout,
            );
            assert!(found.insert(of.clone()), "{of:?} is there twice");
        }
    }
    found
}

/// Which times stand in one block.
fn blocks(recording: &Recording) -> BTreeSet<BTreeSet<u64>> {
    let mut by_block: BTreeMap<Option<u32>, BTreeSet<u64>> = BTreeMap::new();
    for sample in &recording.samples {
        by_block.entry(sample.block).or_default().insert(sample.nanoseconds);
    }
    by_block.into_values().collect()
}

#[test]
fn a_merger_is_the_union_of_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [
        write_run(folder.path(), "one", "A", "fib", 3, 100.0),
        write_run(folder.path(), "two", "B", "fib", 2, 1000.0),
        write_run(folder.path(), "three", "A", "sort", 4, 2000.0),
    ];
    let merged = record::merge(&runs, &folder.path().join("merged")).unwrap();
    let parts: Vec<Recording> = runs.iter().map(|run| record::read(run).unwrap()).collect();
    assert_eq!(times(&[&merged]), times(&parts.iter().collect::<Vec<_>>()));
    let all: BTreeSet<BTreeSet<u64>> = parts.iter().flat_map(blocks).collect();
    assert_eq!(blocks(&merged), all);
    assert_eq!((merged.blocks(), merged.plan.map(|plan| plan.blocks)), (9, Some(12)));
    assert_eq!(merged.controls.len(), 1);
    assert_eq!(merged.sizes.len(), 2);

    // Every sample leads to the machine that it was measured on.
    assert_eq!(merged.origins.len(), 3);
    for sample in &merged.samples {
        let of_sample = |process: &&Process| Some(process.process) == sample.process;
        let found: Vec<&Process> = merged.processes.iter().filter(of_sample).collect();
        let [process] = found[..] else { panic!("{found:?}") };
        assert_eq!((process.block, process.layout), (sample.block, sample.layout));
        let origin = &merged.origins[process.origin.unwrap() as usize];
        let expected = match sample.nanoseconds {
            0..1000 => ("one", "A"),
            1000..2000 => ("two", "B"),
            _ => ("three", "A"),
        };
        assert_eq!((origin.id.as_str(), origin.fingerprint.cpu.as_str()), expected);
        assert_eq!(process.steal, Some(0.01));
    }
}

#[test]
fn mergers_can_be_merged_again() {
    let folder = tempfile::tempdir().unwrap();
    let one = write_run(folder.path(), "one", "A", "fib", 3, 100.0);
    let two = write_run(folder.path(), "two", "B", "fib", 2, 1000.0);
    let three = write_run(folder.path(), "three", "C", "fib", 2, 2000.0);
    let inner = folder.path().join("inner");
    record::merge(&[one.clone(), two], &inner).unwrap();
    let merged = record::merge(&[inner.clone(), three], &folder.path().join("outer")).unwrap();
    let cpus: Vec<&str> = (merged.origins.iter())
        .map(|origin| origin.fingerprint.cpu.as_str())
        .collect();
    assert_eq!(cpus, ["A", "B", "C"]);
    assert_eq!(merged.blocks(), 7);
    for sample in &merged.samples {
        let process = merged
            .processes
            .iter()
            .find(|process| Some(process.process) == sample.process);
        let origin = &merged.origins[process.unwrap().origin.unwrap() as usize];
        let expected = ["A", "B", "C"][(sample.nanoseconds / 1000) as usize];
        assert_eq!(origin.fingerprint.cpu, expected);
    }
    // What is within a merger is known.
    let error = record::merge(&[inner, one], &folder.path().join("twice")).unwrap_err();
    assert!(matches!(error, Error::Merge { .. }), "{error}");
}

#[test]
fn a_run_is_not_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let one = write_run(folder.path(), "one", "A", "fib", 3, 100.0);
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(one.join(record::FILE_NAME), copy.join(record::FILE_NAME)).unwrap();
    let out = folder.path().join("merged");
    for runs in [[one.clone(), one.clone()], [one, copy]] {
        let error = record::merge(&runs, &out).unwrap_err().to_string();
        assert!(error.contains("in the others already"), "{error}");
        assert!(!out.exists());
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let one = write_run(folder.path(), "one", "A", "fib", 1, 100.0);
    let refused = |id: &str, kind: Kind, row: Row| {
        let mut run = header();
        (run.id, run.kind) = (id.into(), kind);
        let other = folder.path().join(id);
        Writer::create(&other, &run).unwrap().write(row).unwrap();
        let error = record::merge(&[one.clone(), other], &folder.path().join("merged")).unwrap_err();
        assert!(matches!(error, Error::Merge { .. }), "{error}");
        error.to_string()
    };
    let fib = |class| Row::Sample(sample("fib", class, "threaded", Phase::Execute, 1.0));
    assert!(refused("counts", Kind::Counts, fib("calls")).contains("counted"));
    assert!(refused("class", Kind::Full, fib("floats")).contains("class"));
    let about = About {
        name: "threaded#2".into(),
        version: "1".into(),
        configuration: "another thing".into(),
    };
    assert!(refused("name", Kind::Full, Row::About(about)).contains("threaded#2"));
    assert!(matches!(
        record::merge(&[], &folder.path().join("nothing")),
        Err(Error::NoRun { .. })
    ));
    let again = record::merge(std::slice::from_ref(&one), &one).unwrap_err();
    assert!(matches!(again, Error::RunExists { .. }), "{again}");
}

#[test]
fn runs_of_one_process_and_without_a_plan_can_be_merged() {
    let folder = tempfile::tempdir().unwrap();
    let one = write_run(folder.path(), "one", "A", "fib", 1, 100.0);
    let mut run = header();
    (run.id, run.schema, run.kind) = ("old".into(), 1, Kind::Full);
    let old = folder.path().join("old");
    let mut writer = Writer::create(&old, &run).unwrap();
    for block in 0..3 {
        let mut sample: Sample = sample("fib", "calls", "threaded", Phase::Execute, 500.0 + f64::from(block));
        sample.block = Some(block);
        writer.write(sample).unwrap();
    }
    let failure = Failure {
        workload: "sort".into(),
        class: "branchy".into(),
        strategy: "match_loop".into(),
        error: "expected 55, got 54".into(),
    };
    writer.write(failure.clone()).unwrap();
    let merged = record::merge(&[one, old], &folder.path().join("merged")).unwrap();
    assert_eq!(merged.blocks(), 4);
    assert_eq!(merged.failures, [failure]);
    // One quick run makes a quick one of both.
    assert_eq!((merged.run.kind, merged.run.schema), (Kind::Quick, record::SCHEMA));
    let of_old: BTreeSet<Option<u32>> = (merged.samples.iter())
        .filter(|sample| sample.nanoseconds >= 500)
        .map(|sample| sample.process)
        .collect();
    let process = merged
        .processes
        .iter()
        .find(|process| of_old.contains(&Some(process.process)));
    assert_eq!((of_old.len(), process.unwrap().origin), (1, Some(1)));
}
