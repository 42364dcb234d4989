//! A strategy beside its control experiment: the same handlers without a dispatch.

mod common;

use std::collections::BTreeMap;

use common::world::{World, good};
use wasm_dispatch_report::cost::{self, Executed, Kernel};
use wasm_dispatch_report::record::Recording;
use wasm_dispatch_report::summary::summarise;

/// Dispatches of a run of each workload.
const DISPATCHES: u64 = 100_000;

/// A run of two strategies, of which the faster is the other's control: 1.0 and 1.5 ms.
fn recording() -> Recording {
    let mut recording = World {
        states: [0.0; 4],
        ..good()
    }
    .recording(1);
    let control = recording.traits.iter_mut().find(|traits| traits.strategy == "fast");
    control.unwrap().control_of = Some("slow".to_owned());
    recording
}

fn counts(classes: [&str; 3]) -> Vec<Executed> {
    let counted = |(number, class): (usize, &str)| Executed {
        workload: format!("w{number}"),
        class: class.to_owned(),
        kernel: None,
        size: "full".to_owned(),
        nodes: 2 * DISPATCHES,
        work: BTreeMap::new(),
        dispatches: BTreeMap::from([("slow".to_owned(), DISPATCHES), ("fast".to_owned(), 0)]),
    };
    classes.into_iter().enumerate().map(counted).collect()
}

#[test]
fn what_a_dispatch_takes_is_the_strategy_less_its_control() {
    let recording = recording();
    let model = cost::of(&recording, &recording, &counts(["loops", "calls", "startup"]));
    let [controlled] = &model.controlled[..] else {
        panic!("{:?}", model.controlled)
    };
    assert_eq!((&*controlled.strategy, &*controlled.control), ("slow", "fast"));
    assert!(controlled.ratio.contains(1.0 / 1.5), "{:?}", controlled.ratio);
    // What mostly loads and compiles is left out.
    let names: Vec<&str> = controlled
        .workloads
        .iter()
        .map(|workload| &*workload.workload)
        .collect();
    assert_eq!(names, ["w0", "w1"]);
    // 1.5 ms less 1.0 ms, for each of 100,000.
    for workload in &controlled.workloads {
        assert!((workload.nanoseconds_of_each - 5.0).abs() < 0.2, "{workload:?}");
    }
    assert!((controlled.typical_nanoseconds().unwrap() - 5.0).abs() < 0.2);
}

#[test]
fn a_strategy_that_hardly_dispatches_has_no_time_of_a_dispatch() {
    let mut recording = recording();
    recording.traits.iter_mut().for_each(|traits| traits.control_of = None);
    let mut counts = counts(["loops", "calls", "loops"]);
    counts[0].kernel = Some(Kernel::Tight);
    let notes_of = |counts: &[Executed]| {
        let model = cost::of(&recording, &recording, counts);
        let of_fast = model.strategies.iter().any(|model| model.strategy == "fast");
        let notes = model.warnings.into_iter();
        (
            of_fast,
            notes.filter(|note| note.contains("fast hardly dispatches")).count(),
        )
    };
    counts[0].dispatches.insert("fast".to_owned(), 1);
    assert_eq!(notes_of(&counts), (false, 1));
    counts[0].dispatches.insert("fast".to_owned(), DISPATCHES);
    assert_eq!(notes_of(&counts), (true, 0));
}

#[test]
fn a_run_without_a_control_experiment_says_nothing_of_one() {
    let recording = good().recording(1);
    let model = cost::of(&recording, &recording, &counts(["loops", "calls", "loops"]));
    assert!(model.controlled.is_empty());
}

#[test]
fn a_control_experiment_is_measured_and_no_head_of_a_decision() {
    let summary = summarise(&recording());
    assert!(summary.strategies.iter().any(|strategy| strategy.name == "fast"));
    assert!(!summary.heads.is_empty());
    for head in &summary.heads {
        assert_eq!(head.strategy, "slow", "{}", head.head);
        assert!(head.ranking.iter().all(|place| place.strategy != "fast"));
    }
}
