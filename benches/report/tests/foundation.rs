//! What a run rests on: layouts and processes, a strategy against itself, conditions, and the grade.

mod common;

use std::path::Path;

use common::{header, sample};
use wasm_dispatch_report::decision::{DECISION_FILE, Decision};
use wasm_dispatch_report::record::{self, BlockEnd, Control, Kind, Origin, Phase, Plan, Process, Writer};
use wasm_dispatch_report::statistics::{Level, Random};
use wasm_dispatch_report::summary::{Grade, Summary, Verdict, summarise};
use wasm_dispatch_report::{Error, record_decision, report};

/// A made-up measurement: `slow` takes `ratio` times as long as `fast`, give or take what a layout does to it.
#[derive(Clone, Copy)]
struct Measurement {
    id: &'static str,
    kind: Kind,
    layouts: u32,
    ratio: f64,
    /// How much a layout shifts the ratio, at most.
    of_layout: f64,
    /// How much slower a strategy is than itself.
    of_control: f64,
    steal: f64,
    /// From the middle on, on another machine, where the ratio is upside down.
    other_machine: bool,
}

const GOOD: Measurement = Measurement {
    id: "20260102-030405-full",
    kind: Kind::Full,
    layouts: 8,
    ratio: 1.5,
    of_layout: 0.02,
    of_control: 1.0,
    steal: 0.0,
    other_machine: false,
};

const PROCESSES: u32 = 3;

fn write(folder: &Path, measurement: Measurement) {
    let mut run = header();
    run.id = measurement.id.into();
    run.kind = measurement.kind;
    let mut writer = Writer::create(folder, &run).unwrap();
    writer
        .write(Control {
            name: "fast#2".into(),
            of: "fast".into(),
        })
        .unwrap();
    if measurement.other_machine {
        let mut fingerprint = run.fingerprint.clone();
        fingerprint.cpu = "Another CPU".into();
        writer
            .write(Origin {
                origin: 1,
                id: "elsewhere".into(),
                started: run.started,
                kind: run.kind,
                seed: None,
                fingerprint,
            })
            .unwrap();
    }
    let blocks = measurement.layouts * PROCESSES;
    writer.write(Plan { blocks }).unwrap();
    let mut random = Random::new(9);
    for layout in 0..measurement.layouts {
        let of_layout = 1.0 + measurement.of_layout * (2.0 * random.unit() - 1.0);
        for process in 0..PROCESSES {
            let number = layout * PROCESSES + process;
            let elsewhere = measurement.other_machine && layout >= measurement.layouts / 2;
            for (workload, time) in [("sort", 1e6), ("sieve", 3e6), ("fib", 2e6)] {
                for _ in 0..2 {
                    let ratio = if elsewhere {
                        1.0 / measurement.ratio
                    } else {
                        measurement.ratio
                    };
                    let noise = |random: &mut Random| 1.0 + 0.004 * (random.unit() - 0.5);
                    for (strategy, factor) in [
                        ("fast", 1.0),
                        ("fast#2", measurement.of_control),
                        ("slow", ratio * of_layout),
                    ] {
                        let time = time * factor * noise(&mut random);
                        let mut sample = sample(workload, "x", strategy, Phase::Execute, time);
                        sample.layout = Some(u64::from(layout));
                        sample.process = Some(number);
                        sample.block = Some(number);
                        writer.write(sample).unwrap();
                    }
                }
            }
            writer
                .write(Process {
                    process: number,
                    block: Some(number),
                    layout: Some(u64::from(layout)),
                    origin: elsewhere.then_some(1),
                    started: run.started,
                    seed: 1,
                    binary: format!("{layout:02x}"),
                    wall_nanoseconds: 100_000_000,
                    cpu_nanoseconds: Some(99_500_000),
                    involuntary_switches: Some(1),
                    voluntary_switches: Some(1),
                    steal: Some(measurement.steal),
                    pressure: Some(0.0),
                    load: None,
                    megahertz: None,
                })
                .unwrap();
            writer.write(BlockEnd { block: number }).unwrap();
        }
    }
}

fn summary(measurement: Measurement) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("run"), measurement);
    summarise(&record::read(&folder.path().join("run")).unwrap())
}

fn grade(summary: &Summary) -> Grade {
    summary.foundation.grade
}

#[test]
fn intervals_are_taken_over_layouts() {
    let good = summary(GOOD);
    let foundation = &good.foundation;
    assert_eq!((foundation.level, foundation.cases), (Some(Level::Layout), 8));
    assert_eq!(foundation.grade, Grade::A, "{:?}", foundation.reasons);
    let margin = good.recommendation.as_ref().unwrap().runner_up.as_ref().unwrap();
    assert!(margin.times_as_long.contains(1.5), "{margin:?}");
    assert_eq!(margin.verdict, Verdict::Faster);
    // The more layouts shift it, the wider.
    let shifted = summary(Measurement { of_layout: 0.3, ..GOOD });
    let wider = shifted.recommendation.as_ref().unwrap().runner_up.as_ref().unwrap();
    let width = |estimate: wasm_dispatch_report::statistics::Estimate| estimate.high - estimate.low;
    assert!(
        width(wider.times_as_long) > 5.0 * width(margin.times_as_long),
        "{margin:?} {wider:?}"
    );
    let one = summary(Measurement { layouts: 1, ..GOOD });
    assert_eq!(one.foundation.level, Some(Level::Process));
    assert_eq!(grade(&one), Grade::B);
}

#[test]
fn the_layouts_are_drawn_and_say_whether_the_order_survives_them() {
    let draw = |measurement: Measurement| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), measurement);
        let report = report(folder.path(), folder.path()).unwrap();
        let plot = report.plots.iter().find(|plot| plot.name == "layouts");
        plot.map(|plot| (plot.description.clone(), std::fs::read_to_string(&plot.svg).unwrap()))
    };
    let (title, svg) = draw(GOOD).expect("a plot");
    assert_eq!(
        title,
        "The whole order survives relinking: it is the same in all 8 layouts"
    );
    for layout in 0..8 {
        assert!(
            svg.contains(&format!("<title>slow, layout {layout}: 1.")),
            "{layout}: {svg}"
        );
    }
    let (title, _) = draw(Measurement {
        ratio: 1.02,
        of_layout: 0.2,
        ..GOOD
    })
    .expect("a plot");
    assert!(
        title.starts_with("Relinking changes who is first: fast is in "),
        "{title}"
    );
    // One layout tells nothing.
    assert_eq!(draw(Measurement { layouts: 1, ..GOOD }), None);
}

#[test]
fn a_strategy_that_differs_from_itself_makes_every_verdict_unsure() {
    let bad = summary(Measurement {
        of_control: 1.1,
        ..GOOD
    });
    let control = bad.foundation.control.as_ref().unwrap();
    assert!(control.differs && control.ratio.contains(1.1), "{control:?}");
    assert_eq!(control.told_apart.len(), 3);
    assert_eq!(grade(&bad), Grade::E);
    assert_eq!(
        bad.recommendation.as_ref().unwrap().runner_up.as_ref().unwrap().verdict,
        Verdict::Unsure
    );
    let good = summary(GOOD);
    let control = good.foundation.control.as_ref().unwrap();
    assert!(
        !control.differs && control.told_apart.is_empty() && control.floor < 1.01,
        "{control:?}"
    );
    // A control is no strategy.
    assert_eq!(good.strategies.len(), 2);
}

#[test]
fn disturbed_and_quick_runs_are_graded_worse() {
    assert_eq!(grade(&summary(Measurement { steal: 0.05, ..GOOD })), Grade::C);
    let disturbed = summary(Measurement { steal: 0.2, ..GOOD });
    assert_eq!(grade(&disturbed), Grade::D);
    let reasons = disturbed.foundation.reasons;
    let said = reasons.iter().filter(|reason| reason.contains("20.0 %")).count();
    assert_eq!(said, 1, "a reason is said once: {reasons:?}");
    let quick = Measurement {
        kind: Kind::Quick,
        id: "20260102-030405-quick",
        ..GOOD
    };
    assert_eq!(grade(&summary(quick)), Grade::C);
}

#[test]
fn a_worse_graded_run_does_not_replace_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    std::fs::create_dir(&reports).unwrap();
    write(&folder.path().join("good"), GOOD);
    let noisy = Measurement {
        id: "20260103-030405-full",
        steal: 0.2,
        ..GOOD
    };
    write(&folder.path().join("noisy"), noisy);
    record_decision(&folder.path().join("good"), &reports, false).unwrap();
    let decision = Decision::read(&reports.join(DECISION_FILE)).unwrap();
    assert_eq!(
        (decision.grade, decision.layouts, decision.default.as_str()),
        (Some(Grade::A), 8, "fast")
    );
    assert_eq!(decision.regret.len(), 2);
    let refused = record_decision(&folder.path().join("noisy"), &reports, false).unwrap_err();
    let Error::Refused(_, reasons) = &refused else {
        panic!("{refused}");
    };
    assert!(reasons.iter().any(|reason| reason.contains("graded D")), "{reasons:?}");
    assert_eq!(Decision::read(&reports.join(DECISION_FILE)).unwrap(), decision);
    record_decision(&folder.path().join("noisy"), &reports, true).unwrap();
}

#[test]
fn machines_that_disagree_are_named() {
    let merged = summary(Measurement {
        other_machine: true,
        ..GOOD
    });
    let best: Vec<&str> = (merged.machines.iter())
        .map(|of| of.recommendation.as_ref().unwrap().best.as_str())
        .collect();
    assert_eq!(best, ["fast", "slow"]);
    assert!(
        merged
            .sentences()
            .iter()
            .any(|sentence| sentence.contains("slow on Another CPU"))
    );
    assert!(summary(GOOD).machines.is_empty());
}
