//! From made-up samples with known answers to the decision.

mod common;

use std::path::PathBuf;

use common::{header, sample};
use wasm_dispatch_report::record::{EVERY_STRATEGY, Failure, Phase, Recording, Sample, Size};
use wasm_dispatch_report::summary::{Cell, Summary, Verdict, summarise};
use wasm_dispatch_report::table;

fn recording(samples: Vec<Sample>) -> Recording {
    Recording {
        samples,
        processes: vec![common::process(0), common::process(1)],
        ..Recording::empty(PathBuf::from("samples.jsonl"), header())
    }
}

/// Ten executions around a median, without any luck in it.
fn runs(workload: &str, class: &str, strategy: &str, median: f64) -> Vec<Sample> {
    let spread = [-0.02, -0.015, -0.01, -0.005, 0.0, 0.0, 0.005, 0.01, 0.015, 0.02];
    spread
        .iter()
        .map(|by| sample(workload, class, strategy, Phase::Execute, median * (1.0 + by)))
        .collect()
}

/// Three strategies on three workloads; `b` wins on `w3`, which is alone in its class.
fn known() -> Recording {
    let mut samples = Vec::new();
    let medians = [
        ("w1", "x", [1000e3, 2000e3, 3000e3]),
        ("w3", "y", [4000e3, 2000e3, 8000e3]),
        ("w2", "x", [1000e3, 4000e3, 9000e3]),
    ];
    for (workload, class, times) in medians {
        for (strategy, time) in ["threaded", "b", "c"].iter().zip(times) {
            samples.extend(runs(workload, class, strategy, time));
        }
    }
    recording(samples)
}

fn ratio(summary: &Summary, workload: &str, strategy: &str) -> Option<f64> {
    let row = summary.workloads.iter().find(|row| row.name == workload)?;
    let column = summary.strategies.iter().position(|column| column.name == strategy)?;
    match &row.cells[column] {
        Cell::Measured { ratio, .. } => Some(ratio.value),
        _ => None,
    }
}

fn near(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-6
}

#[test]
fn known_times_give_known_ratios_and_means() {
    let summary = summarise(&known());
    let names: Vec<_> = summary.strategies.iter().map(|s| (s.name.as_str(), s.rank)).collect();
    assert_eq!(names, [("threaded", Some(1)), ("b", Some(2)), ("c", Some(3))]);
    // Workloads of one class stand together.
    let rows: Vec<_> = summary.workloads.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(rows, ["w1", "w2", "w3"]);
    assert!(near(ratio(&summary, "w2", "b").unwrap(), 4.0));
    assert!(near(ratio(&summary, "w3", "threaded").unwrap(), 2.0));
    assert!(near(ratio(&summary, "w3", "b").unwrap(), 1.0));
    let mean = |index: usize| summary.strategies[index].geometric_mean.unwrap();
    assert!(near(mean(0), 2_f64.cbrt()), "1, 1, 2");
    assert!(near(mean(1), 8_f64.cbrt()), "2, 4, 1");
    assert!(near(mean(2), 108_f64.cbrt()), "3, 9, 4");
    let classes = &summary.strategies[1].classes;
    assert!(near(classes[0].geometric_mean, 8_f64.sqrt()), "2, 4");
    assert_eq!(summary.strategies[1].worst.as_ref().unwrap().workload, "w2");
}

#[test]
fn the_recommendation_names_its_margin_and_its_exceptions() {
    let summary = summarise(&known());
    let advice = summary.recommendation.as_ref().unwrap();
    assert_eq!(advice.best, "threaded");
    let rival = advice.runner_up.as_ref().unwrap();
    assert_eq!((rival.strategy.as_str(), rival.verdict), ("b", Verdict::Faster));
    let expected = (2.0 * 4.0 * 0.5_f64).cbrt();
    assert!(near(rival.times_as_long.value, expected) && rival.times_as_long.contains(expected));
    assert!(
        rival.times_as_long.low > 1.5 && rival.times_as_long.high < 1.7,
        "{:?}",
        rival.times_as_long
    );
    assert_eq!(advice.best_safe.as_ref().unwrap().strategy, "b");
    assert_eq!(advice.workloads.len(), 1);
    assert_eq!(
        (advice.workloads[0].on.as_str(), advice.workloads[0].strategy.as_str()),
        ("w3", "b")
    );
    assert!(near(advice.workloads[0].times_as_fast.value, 2.0));
    // It is a class of its own, which says nothing of a class.
    assert!(advice.classes.is_empty(), "{:?}", advice.classes);
    // Without w1 it is 1, 2 against 4, 1: threaded still; without w2 it is 1, 2 against 2, 1: a tie that stays.
    assert!(advice.hinges_on.is_empty(), "{:?}", advice.hinges_on);
    assert!(
        summary.headline().starts_with("threaded is fastest: 1.59x ahead of b"),
        "{}",
        summary.headline()
    );
}

#[test]
fn a_workload_that_decides_alone_is_named() {
    let mut samples = Vec::new();
    for (workload, times) in [("w1", [100e3, 300e3]), ("w2", [110e3, 100e3]), ("w3", [110e3, 100e3])] {
        samples.extend(runs(workload, "x", "a", times[0]));
        samples.extend(runs(workload, "x", "b", times[1]));
    }
    let advice = summarise(&recording(samples)).recommendation.unwrap();
    assert_eq!(advice.best, "a");
    assert_eq!(advice.hinges_on.len(), 1);
    assert_eq!(
        (
            advice.hinges_on[0].workload.as_str(),
            advice.hinges_on[0].best_without.as_str()
        ),
        ("w1", "b")
    );
    // `a` has no unsafe code, so it is the best of both kinds.
    assert_eq!(advice.best_safe.unwrap().strategy, "a");
}

#[test]
fn a_wrong_result_is_an_error_and_ranks_nowhere() {
    let mut data = known();
    data.failures.push(Failure {
        workload: "w2".into(),
        class: String::new(),
        strategy: "threaded".into(),
        error: "expected 55, got 54".into(),
    });
    let summary = summarise(&data);
    let names: Vec<_> = summary.strategies.iter().map(|s| (s.name.as_str(), s.rank)).collect();
    assert_eq!(names, [("b", Some(1)), ("c", Some(2)), ("threaded", None)]);
    let failed = &summary.strategies[2];
    assert_eq!((failed.errors, failed.geometric_mean), (1, None));
    assert!(matches!(&summary.workloads[1].cells[2], Cell::Error { what } if what == "expected 55, got 54"));
    // The others are still ranked on all three workloads, by the best of the ranked ones.
    assert!(summary.workloads.iter().all(|row| row.counts));
    assert!(near(ratio(&summary, "w2", "b").unwrap(), 1.0));
    assert_eq!(summary.recommendation.as_ref().unwrap().best, "b");
    let text = table::of(&summary).plain();
    assert!(text.contains("error"), "{text}");
    assert!(
        summary.warnings.iter().any(|warning| warning.contains("threaded")),
        "{:?}",
        summary.warnings
    );
}

#[test]
fn an_unverified_sample_spoils_its_cell() {
    let mut data = known();
    data.samples[3].verified = false;
    let summary = summarise(&data);
    let threaded = summary.strategies.iter().find(|s| s.name == "threaded").unwrap();
    assert_eq!((threaded.rank, threaded.errors), (None, 1));
    let text = table::of(&summary).markdown();
    assert!(text.contains("| error |"), "{text}");
}

#[test]
fn a_workload_that_fails_for_all_counts_against_none() {
    let mut data = known();
    for strategy in ["threaded", "b", "c"] {
        data.failures.push(Failure {
            workload: "w4".into(),
            class: "z".into(),
            strategy: strategy.into(),
            error: "no such export".into(),
        });
    }
    let summary = summarise(&data);
    assert_eq!(summary.recommendation.unwrap().best, "threaded");
    let row = summary.workloads.iter().find(|row| row.name == "w4").unwrap();
    assert!(!row.counts && row.best.is_none());
}

#[test]
fn an_interrupted_run_is_ranked_on_what_all_have() {
    let mut data = known();
    data.samples
        .retain(|sample| sample.workload != "w2" || sample.strategy != "c");
    let summary = summarise(&data);
    let counted: Vec<_> = summary
        .workloads
        .iter()
        .map(|row| (row.name.as_str(), row.counts))
        .collect();
    assert_eq!(counted, [("w1", true), ("w2", false), ("w3", true)]);
    assert!(
        summary.warnings.iter().any(|warning| warning.contains("2 of 3")),
        "{:?}",
        summary.warnings
    );
    assert!(table::of(&summary).plain().contains("(w2)"));
}

#[test]
fn strategies_within_two_percent_are_called_equal_and_noise_is_called_unsure() {
    let mut equal = Vec::new();
    for workload in ["v", "w"] {
        equal.extend(runs(workload, "x", "a", 1000e3));
        equal.extend(runs(workload, "x", "b", 1001e3));
    }
    let summary = summarise(&recording(equal));
    let rival = summary.recommendation.as_ref().unwrap().runner_up.clone().unwrap();
    assert_eq!(rival.verdict, Verdict::Equivalent, "{rival:?}");
    assert!(summary.headline().contains("equally fast"), "{}", summary.headline());

    let mut noisy = Vec::new();
    let times = [100e3, 400e3, 120e3, 300e3, 200e3, 150e3];
    for (time, other) in times.iter().zip(times.iter().rev()) {
        noisy.push(sample("w", "x", "a", Phase::Execute, *time));
        noisy.push(sample("w", "x", "b", Phase::Execute, other * 1.1));
    }
    let advice = summarise(&recording(noisy)).recommendation.unwrap();
    assert_eq!(advice.runner_up.unwrap().verdict, Verdict::Unsure);
    assert_eq!(advice.within_noise, ["b"]);
}

#[test]
fn too_few_samples_decide_nothing() {
    let samples = vec![
        sample("w", "x", "a", Phase::Execute, 100e3),
        sample("w", "x", "b", Phase::Execute, 500e3),
    ];
    let summary = summarise(&recording(samples));
    assert_eq!(
        summary.recommendation.unwrap().runner_up.unwrap().verdict,
        Verdict::Unsure
    );
    assert!(summary.warnings.iter().any(|warning| warning.contains("fewer than")));
}

#[test]
fn the_table_has_means_of_classes_and_costs_apart_from_execution() {
    let mut data = known();
    for workload in ["w1", "w2", "w3"] {
        data.samples
            .push(sample(workload, "x", EVERY_STRATEGY, Phase::Load, 2e6));
        for (strategy, time) in [("threaded", 6e6), ("b", 1e6), ("c", 3e6)] {
            data.samples.push(sample(workload, "x", strategy, Phase::Compile, time));
            data.sizes.push(Size {
                workload: workload.into(),
                strategy: strategy.into(),
                wasm_bytes: 500,
                code_bytes: 1_000,
            });
        }
    }
    let summary = summarise(&data);
    let text = table::of(&summary).plain();
    let cells = |label: &str| -> Vec<&str> {
        let line = text.lines().find(|line| line.starts_with(label)).expect(label);
        line[label.len()..].split_whitespace().collect()
    };
    for class in &summary.strategies[0].classes {
        let means = cells(&format!("mean of {}", class.class));
        let expected = summary.strategies.iter().map(|strategy| {
            let of_class = strategy.classes.iter().find(|other| other.class == class.class);
            format!("{:.2}", of_class.unwrap().geometric_mean)
        });
        assert_eq!(means, Vec::from_iter(expected), "{text}");
    }
    assert_eq!(cells("decode, lower"), ["6.00", "ms"].repeat(3));
    assert_eq!(cells("compile time").concat(), "18.0ms3.00ms9.00ms");
    assert_eq!(cells("compiled code"), ["3.00", "KB"].repeat(3));
    // What all strategies share is not the best of one.
    let markdown = table::of(&summary).markdown();
    let line = markdown.lines().find(|line| line.contains("decode, lower")).unwrap();
    assert!(!line.contains("**6.00"), "{line}");
}

#[test]
fn costs_are_totals_over_what_all_have() {
    let mut data = known();
    for (strategy, time) in [("threaded", 600.0), ("b", 100.0), ("c", 300.0)] {
        for workload in ["w1", "w2"] {
            data.samples.push(sample(workload, "x", strategy, Phase::Compile, time));
            data.sizes.push(Size {
                workload: workload.into(),
                strategy: strategy.into(),
                wasm_bytes: 50,
                code_bytes: time as u64,
            });
        }
    }
    // Only one strategy was compiled for w3: that must not make it look slower.
    data.samples.push(sample("w3", "y", "threaded", Phase::Compile, 1e9));
    data.samples.push(sample("w1", "x", EVERY_STRATEGY, Phase::Load, 70.0));
    let summary = summarise(&data);
    let costs = &summary.strategies[0].costs;
    assert_eq!(costs.compile_ns, Some(1200.0));
    assert_eq!(costs.compile_ns_per_wasm_byte, Some(12.0));
    assert_eq!(costs.code_bytes, Some(1200.0));
    assert_eq!(costs.code_bytes_per_wasm_byte, Some(12.0));
    assert_eq!(costs.load_ns, Some(70.0));
    assert!(
        summary
            .strategies
            .iter()
            .all(|strategy| strategy.name != EVERY_STRATEGY)
    );
    // With compile times there is a break-even point: b compiles faster, threaded runs faster on w1 and w2.
    let length = summary.run_length.unwrap();
    let programs: Vec<_> = length
        .programs
        .iter()
        .map(|program| program.workload.as_str())
        .collect();
    assert_eq!(programs, ["w1", "w2"]);
    assert!(!length.lazily, "an older record has functions compiled beforehand");
    let segments = length.programs[0].segments.iter();
    let order: Vec<_> = segments.map(|segment| segment.strategy.as_str()).collect();
    assert_eq!(order, ["b", "threaded"]);
}

#[test]
fn nothing_measured_is_no_ranking_and_no_panic() {
    let summary = summarise(&recording(Vec::new()));
    assert!(summary.recommendation.is_none() && summary.run_length.is_none());
    assert!(summary.headline().starts_with("No ranking"));
    table::of(&summary).plain();
    table::of(&summary).markdown();

    let zero = vec![sample("w", "x", "a", Phase::Execute, 0.0)];
    let summary = summarise(&recording(zero));
    assert!(summary.warnings[0].contains("left out"), "{:?}", summary.warnings);
}

#[test]
fn the_summary_survives_json_and_is_the_same_every_time() {
    let summary = summarise(&known());
    let text = serde_json::to_string(&summary).unwrap();
    let back: Summary = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    assert_eq!(summarise(&known()), summary);
}

#[test]
fn the_table_is_aligned() {
    let text = table::of(&summarise(&known())).plain();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
    // Numbers are right-aligned, so every row ends where the head ends.
    let width = lines[0].chars().count();
    assert!(lines.iter().all(|line| line.chars().count() == width), "{text}");
    let markdown = table::of(&summarise(&known())).markdown();
    let bars = markdown.lines().map(|line| line.matches('|').count());
    assert!(bars.into_iter().all(|bars| bars == 6), "{markdown}");
}
