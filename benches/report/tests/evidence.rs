//! What a number rests on: programs that weigh the same, controls that could show something, all processes, enough starts. Each
//! fault is injected into made-up measurements that go through the real pipeline.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::world::{World, good};
use wasm_dispatch_report::record::Recording;
use wasm_dispatch_report::summary::{Cell, Grade, Head, Verdict, summarise};
use wasm_dispatch_report::{report, table};

/// The head of the smallest code.
fn small(world: &World) -> Head {
    let heads = world.summary(1).heads;
    heads
        .into_iter()
        .find(|head| head.head == "small")
        .expect("sizes are known")
}

#[test]
fn one_large_program_does_not_decide_whose_code_is_smallest() {
    // The first program has 99 % of all bytes, and `fast` needs twice as many for it; on the nine others it needs fewer.
    let world = World {
        code: |strategy, workload| match (strategy, workload) {
            (0, 0) => 80,
            (0, _) => 20 + workload as u64 % 3,
            _ => 40,
        },
        ..good()
    };
    let head = small(&world);
    assert_eq!(head.strategy, "fast", "{head:?}");
    let rival = head.runner_up.unwrap();
    assert_eq!((rival.verdict, head.grade), (Verdict::Faster, Grade::A));
    let logs = (0..10).map(|workload| (40.0 / (world.code)(0, workload) as f64).ln());
    let mean = logs.sum::<f64>() / 10.0;
    assert!((rival.times_as_long.value / mean.exp() - 1.0).abs() < 1e-9);
    assert!(rival.times_as_long.low < rival.times_as_long.value && rival.new_program.is_some());
}

#[test]
fn sizes_that_differ_from_program_to_program_are_a_tie() {
    let world = World {
        code: |strategy, workload| [[10, 30][workload % 2], 18][strategy],
        ..good()
    };
    let head = small(&world);
    assert_eq!(head.choices().collect::<Vec<_>>(), ["fast", "slow"]);
    assert_eq!(head.runner_up.as_ref().unwrap().verdict, Verdict::Unsure);
    let summary = world.summary(1);
    let claim = summary.claims.iter().find(|claim| claim.id == "bytes fast slow");
    assert!(!claim.unwrap().holds);
    let sentences = summary.sentences().join("\n");
    assert!(sentences.contains("smallest code fast or slow (A)"), "{sentences}");
    // Of one program bytes are what they are, and say nothing of others.
    let head = small(&World {
        workloads: 1,
        ..world.clone()
    });
    assert_eq!((head.ties.len(), head.grade), (0, Grade::D), "{head:?}");
    // Four programs are few, of bytes as of times.
    let head = small(&World { workloads: 4, ..world });
    assert_eq!((head.grade, head.reasons.len()), (Grade::C, 1), "{head:?}");
}

#[test]
fn a_control_that_could_not_have_shown_what_is_claimed_is_no_control() {
    // Each control has two processes, as in a metered run.
    let few = |slow: f64| World {
        layouts: 4,
        processes: 1,
        of_run: 0.03,
        states: [0.0; 4],
        strategies: vec![("fast", 1.0), ("slow", slow)],
        ..good()
    };
    let mut without_power = 0;
    for seed in 0..20 {
        let summary = few(1.06).summary(seed);
        let claim = summary
            .claims
            .iter()
            .find(|claim| claim.id == "mean fast slow")
            .unwrap();
        let controls = summary.foundation.controls.iter();
        let least = controls
            .map(|control| control.shows.unwrap_or(f64::INFINITY))
            .fold(0.0, f64::max);
        let said = claim
            .reasons
            .iter()
            .any(|why| why.contains("could have shown no difference below"));
        if !claim.holds {
            continue;
        }
        assert_eq!(said, least >= claim.ratio.value - 1.0, "{least}: {claim:?}");
        if said {
            assert!(claim.grade == Grade::D && !claim.is_made(), "{claim:?}");
            let head = &summary.heads[0];
            assert!(head.grade == Grade::D && head.reasons == claim.reasons, "{head:?}");
            let sentences = summary.sentences().join("\n");
            assert!(
                sentences.contains("; it could have shown no difference below"),
                "{sentences}"
            );
            without_power += 1;
        }
        // It says enough about a difference that is far larger.
        let summary = few(20.0).summary(seed);
        assert!(
            !summary.foundation.reasons.join("").contains("could have shown"),
            "{:?}",
            summary.foundation
        );
    }
    assert!(without_power > 5, "{without_power}");
    // With all of its processes it has power, and the claim its grade.
    let enough = World {
        layouts: 24,
        processes: 2,
        ..few(1.06)
    };
    assert_eq!(enough.summary(1).foundation.grade, Grade::A);
}

/// Ends of the 95 % interval of the first strategy's time by the second's on a workload, over 24 layouts with all their processes.
fn with_all_processes(recording: &Recording, workload: &str) -> (f64, f64) {
    let mut logs: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
    for sample in recording.samples.iter().filter(|sample| sample.workload == workload) {
        let sign = match sample.strategy.as_str() {
            "fast" => 1.0,
            "slow" => -1.0,
            _ => continue,
        };
        logs.entry(sample.layout)
            .or_default()
            .push(sign * (sample.nanoseconds as f64).ln());
    }
    let layouts: Vec<f64> = logs
        .values()
        .map(|all| 2.0 * all.iter().sum::<f64>() / all.len() as f64)
        .collect();
    let mean = layouts.iter().sum::<f64>() / 24.0;
    let variance = layouts.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 23.0;
    let half = 2.0687 * (variance / 24.0).sqrt();
    ((mean - half).exp(), (mean + half).exp())
}

#[test]
fn a_winner_that_depends_on_what_was_left_out_says_so() {
    let world = World {
        strategies: vec![("fast", 1.0), ("slow", 1.01)],
        states: [0.0; 4],
        of_program: 0.05,
        slow_processes: (0.06, 2.0),
        ..good()
    };
    let (mut depending, mut firm) = (0, 0);
    for seed in 0..20 {
        let recording = world.recording(seed);
        let summary = summarise(&recording);
        let sentences = summary.sentences().join("\n");
        let advice = summary.recommendation.as_ref().unwrap();
        for better in advice.workloads.iter().filter(|better| better.strategy == "slow") {
            let (low, high) = with_all_processes(&recording, &better.on);
            assert!(
                high > 1.0,
                "the opposite was found with all processes: {better:?}, {low} to {high}"
            );
            assert_eq!(better.left_out > 0, low <= 1.0, "{better:?}, {low} to {high}");
            match better.left_out {
                0 => firm += 1,
                some => {
                    depending += 1;
                    let said = match some {
                        1 => "; clear only without a process".to_owned(),
                        some => format!("; clear only without {some} processes"),
                    };
                    assert!(sentences.contains(&said), "{sentences}");
                }
            }
        }
        // The table says where, and a claim that depends on it is not graded A.
        let cells = summary.workloads.iter().flat_map(|workload| &workload.cells);
        let left_out = cells
            .filter(|cell| matches!(cell, Cell::Measured { left_out: 1.., .. }))
            .count();
        assert_eq!(
            table::of(&summary).markdown().matches(" (-").count(),
            left_out,
            "{seed}"
        );
        assert_eq!(
            summary.notes().iter().any(|note| note.starts_with("(-1)")),
            left_out > 0
        );
        for claim in &summary.claims {
            let says = claim.reasons.iter().any(|why| why.starts_with("clear only without"));
            assert!(!says || claim.grade >= Grade::B, "{claim:?}");
        }
    }
    assert!(depending > 5 && firm > 2, "{depending}, {firm}");
}

#[test]
fn texts_of_one_do_not_speak_of_several() {
    let one = World { workloads: 1, ..good() };
    let worlds = [
        World {
            layouts: 1,
            ..one.clone()
        },
        World {
            layouts: 1,
            processes: 1,
            ..one.clone()
        },
        World {
            strategies: vec![("fast", 1.0)],
            ..one.clone()
        },
        World {
            layouts: 2,
            workloads: 2,
            ..good()
        },
        one,
    ];
    for world in worlds {
        let folder = tempfile::tempdir().unwrap();
        let report = report(&world.measure(folder.path(), 1), folder.path()).unwrap();
        let mut texts = vec![report.text(), fs::read_to_string(&report.markdown).unwrap()];
        texts.push(fs::read_to_string(&report.page).unwrap());
        texts.extend(report.summary.foundation.facts().into_iter().map(|(_, fact)| fact));
        for text in texts {
            for noun in [
                "workload", "program", "layout", "block", "cell", "sample", "process", "start",
            ] {
                for odd in [
                    format!(" 1 {noun}s"),
                    format!(" 1 {noun}es"),
                    format!("all 2 {noun}s"),
                    "clearly on 0 of 1".to_owned(),
                ] {
                    assert!(!text.contains(&odd), "{odd}: {text}");
                }
            }
            assert!(!text.contains("not interleaved"), "{text}");
        }
    }
}
