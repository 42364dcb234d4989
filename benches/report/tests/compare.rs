//! What is said about a change, on measurements that are made up, so that the truth is known.

mod common;

use common::random::Random;
use wasm_dispatch_record::Side;
use wasm_dispatch_report::compare::{Comparison, Limits};
use wasm_dispatch_report::record::{self, About, Failure, Part, Phase, Recording, Setup, Writer};

const LIMITS: Limits = Limits {
    mean: 1.0,
    workload: 3.0,
};

const WORKLOADS: [&str; 6] = ["count", "fib", "sort", "sha256", "nbody", "life"];

/// A run of two strategies in 8 layouts, 3 blocks each, without samples.
fn empty() -> Recording {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), &common::header()).unwrap();
    for side in Side::ALL {
        let about = About {
            name: side.name().to_owned(),
            version: "0123abc".to_owned(),
            configuration: String::new(),
        };
        writer.write(about).unwrap();
    }
    let part = |layout| Part {
        layout: Some(layout),
        workloads: WORKLOADS.map(str::to_owned).to_vec(),
    };
    let setup = Setup {
        parts: (1..=8).map(part).collect(),
        strategies: vec!["match_loop".to_owned(), "threaded".to_owned()],
        control: None,
        size: "quick".to_owned(),
        iterations: 2,
        min_blocks: 24,
        max_blocks: 24,
        seconds: None,
        timeout: 120,
        shard: None,
        own: false,
        ..Setup::default()
    };
    writer.write(setup).unwrap();
    record::read(folder.path()).unwrap()
}

/// Deviations between layouts, processes and runs, and the share of processes that take twice as long.
#[derive(Clone, Copy)]
struct Noise {
    layout: f64,
    process: f64,
    run: f64,
    slow: f64,
}

/// What this machine does on an ordinary day.
const NOISE: Noise = Noise {
    layout: 0.02,
    process: 0.01,
    run: 0.005,
    slow: 0.0,
};

fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

/// Measures, where `truth` is what the new side takes longer on a workload by a strategy.
fn simulate(noise: Noise, random: &mut Random, truth: impl Fn(&str, &str) -> f64) -> Recording {
    let mut recording = empty();
    let mut process = 0;
    for strategy in ["match_loop", "threaded"] {
        for workload in WORKLOADS {
            for side in Side::ALL {
                let truth = if side == Side::New {
                    truth(strategy, workload)
                } else {
                    1.0
                };
                for layout in 0..8_u32 {
                    let of_layout = 1e6 * truth * (normal(random) * noise.layout).exp();
                    for block in 0..3 {
                        process += 1;
                        let slow = if random.unit() < noise.slow { 2.0 } else { 1.0 };
                        let of_process = of_layout * slow * (normal(random) * noise.process).exp();
                        for _ in 0..2 {
                            let time = of_process * (normal(random) * noise.run).exp();
                            let mut sample =
                                common::sample(workload, "dispatch", &side.of(strategy), Phase::Execute, time);
                            sample.layout = Some(u64::from(layout) + 1);
                            sample.block = Some(layout * 3 + block);
                            sample.process = Some(process);
                            recording.samples.push(sample);
                        }
                    }
                }
            }
        }
    }
    recording
}

fn compare(recording: &Recording) -> Comparison {
    Comparison::of_sides(recording, LIMITS).unwrap()
}

/// Share of 60 measurements of which something holds.
fn share(noise: Noise, truth: impl Fn(&str, &str) -> f64, holds: impl Fn(&Comparison) -> bool) -> f64 {
    let mut random = Random::new(1);
    let holding = (0..60).filter(|_| holds(&compare(&simulate(noise, &mut random, &truth))));
    holding.count() as f64 / 60.0
}

fn is_slower(against: &Comparison, strategy: &str, workload: Option<&str>) -> bool {
    let mut changes = against.all();
    let change = changes.find(|change| change.strategy == strategy && change.workload.as_deref() == workload);
    change.unwrap().new.slower
}

#[test]
fn a_strategy_that_is_5_percent_slower_is_found_and_the_other_is_not_blamed() {
    let truth = |strategy: &str, _: &str| if strategy == "threaded" { 1.05 } else { 1.0 };
    let found = share(NOISE, truth, |against| {
        against.is_worse() && is_slower(against, "threaded", None)
    });
    assert!(found > 0.95, "{found}");
    let blamed = share(NOISE, truth, |against| is_slower(against, "match_loop", None));
    assert!(blamed < 0.02, "{blamed}");
}

#[test]
fn one_workload_that_is_10_percent_slower_is_found() {
    let truth = |strategy: &str, workload: &str| match (strategy, workload) {
        ("threaded", "sort") => 1.1,
        _ => 1.0,
    };
    let found = share(NOISE, truth, |against| is_slower(against, "threaded", Some("sort")));
    assert!(found > 0.95, "{found}");
}

#[test]
fn the_same_code_is_not_called_slower_or_faster() {
    let any = |against: &Comparison| against.all().any(|change| change.new.slower || change.new.faster);
    let wrong = share(NOISE, |_, _| 1.0, any);
    assert!(wrong < 0.05, "{wrong}");
    // Nor if something disturbs a process now and then.
    let disturbed = Noise { slow: 0.02, ..NOISE };
    let wrong = share(disturbed, |_, _| 1.0, any);
    assert!(wrong < 0.05, "{wrong}");
}

#[test]
fn what_the_control_does_by_itself_is_not_the_changes_fault() {
    // The base's layouts are lucky ones: new and control take 6 % longer, as any other layout would.
    let lucky = |factor: f64| {
        let mut random = Random::new(2);
        let mut recording = simulate(NOISE, &mut random, |_, _| factor);
        for sample in recording
            .samples
            .iter_mut()
            .filter(|sample| sample.strategy.ends_with("@base"))
        {
            sample.nanoseconds = (sample.nanoseconds as f64 / 1.06) as u64;
        }
        compare(&recording)
    };
    let same = lucky(1.0);
    assert!(same.all().all(|change| change.control.unwrap().ratio.value > 1.0));
    assert!(
        same.strategies.iter().all(|change| change.control.unwrap().slower),
        "{same:?}"
    );
    assert!(!same.is_worse(), "{same:?}");
    assert!(lucky(1.1).is_worse());
}

#[test]
fn a_new_failure_is_worse_and_an_old_one_is_left_out() {
    let mut random = Random::new(3);
    let right = simulate(NOISE, &mut random, |_, _| 1.0);
    let failing = |strategy: &str, side: Side| {
        let mut recording = right.clone();
        recording.failures.push(Failure {
            workload: "sort".to_owned(),
            class: "dispatch".to_owned(),
            strategy: side.of(strategy),
            error: "expected 55, got 54".to_owned(),
        });
        compare(&recording)
    };
    let new = failing("threaded", Side::New);
    assert_eq!(new.fails_now, ["threaded on sort: expected 55, got 54"]);
    assert!(new.is_worse());
    assert_eq!((new.cells.len(), new.strategies.len()), (11, 2));
    // A module that does not load fails under each strategy.
    assert_eq!(failing(record::EVERY_STRATEGY, Side::New).fails_now.len(), 2);

    let old = failing("threaded", Side::Base);
    assert_eq!((old.fails_now.len(), old.left_out.len(), old.cells.len()), (0, 1, 11));
    assert!(!old.is_worse());
    let control = failing("threaded", Side::Control);
    assert!(!control.is_worse());
    assert_eq!(
        control.cells.iter().filter(|change| change.control.is_none()).count(),
        1
    );
    // The mean of the control is over the workloads that it has.
    assert!(control.strategies.iter().all(|change| change.control.is_some()));
}

#[test]
fn two_runs_of_their_own_are_compared_by_the_same_arithmetic() {
    let mut random = Random::new(4);
    let side = |random: &mut Random, slower: f64| {
        let mut recording = simulate(NOISE, random, |_, _| slower);
        recording.samples.retain(|sample| sample.strategy.ends_with("@new"));
        for sample in &mut recording.samples {
            sample.strategy = sample.strategy.replace("@new", "");
        }
        recording
    };
    let found = (0..40).filter(|_| {
        let (before, after) = (side(&mut random, 1.0), side(&mut random, 1.06));
        Comparison::of_runs(&before, &after, &[], LIMITS)
            .strategies
            .iter()
            .all(|change| change.new.slower)
    });
    assert!(found.count() >= 36);
    let mut random = Random::new(5);
    let blamed = (0..40).filter(|_| {
        let (before, after) = (side(&mut random, 1.0), side(&mut random, 1.0));
        Comparison::of_runs(&before, &after, &[], LIMITS).is_worse()
    });
    assert!(blamed.count() <= 2);
}

#[test]
fn a_run_without_sides_is_no_such_run() {
    let folder = tempfile::tempdir().unwrap();
    common::write_run(folder.path(), &common::STRATEGIES[4..], &common::WORKLOADS[..2], None);
    assert_eq!(
        Comparison::of_sides(&record::read(folder.path()).unwrap(), LIMITS),
        None
    );
}
