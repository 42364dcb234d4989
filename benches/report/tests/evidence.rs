//! What a number rests on: programs that weigh the same, controls that could show something, all processes, enough starts. Each
//! fault is injected into made-up measurements that go through the real pipeline.

mod common;

use common::world::{World, good};
use wasm_dispatch_report::summary::{Grade, Head, Verdict};

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
    // Four programs are few, of bytes as of times.
    let head = small(&World { workloads: 4, ..world });
    assert_eq!((head.grade, head.reasons.len()), (Grade::C, 1), "{head:?}");
}
