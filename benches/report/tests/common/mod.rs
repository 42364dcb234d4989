//! Made-up runs that look like real ones.

// Each test file uses a part of this.
#![allow(dead_code)]

pub mod random;
pub mod world;

use std::path::Path;

use random::Random;
use wasm_dispatch_report::record::{Failure, Kind, Phase, Process, Run, Sample, Size, Writer};
use wasm_dispatch_report::{Fingerprint, record};

/// Strategies with their usual slowness, and nanoseconds to compile a byte of wasm.
pub const STRATEGIES: [(&str, f64, f64); 6] = [
    ("stack_loop", 5.2, 14.0),
    ("match_loop", 2.6, 35.0),
    ("closure_per_op", 3.4, 90.0),
    ("linked_closures", 2.3, 110.0),
    ("fused_closures", 1.45, 160.0),
    ("threaded", 1.0, 120.0),
];

/// Workloads: name, class, nanoseconds under the fastest, bytes of wasm.
pub const WORKLOADS: [(&str, &str, f64, u64); 11] = [
    ("count", "dispatch", 2.1e6, 96),
    ("fib_recursive", "calls", 8.4e6, 120),
    ("fib_iterative", "dispatch", 4.1e5, 130),
    ("fib_tail_calls", "tail calls", 9.0e5, 140),
    ("memory_fill", "memory", 1.3e6, 210),
    ("memory_sum", "memory", 1.9e6, 180),
    ("table_calls", "indirect calls", 3.3e6, 320),
    ("br_table", "branchy", 2.2e6, 410),
    ("sort", "branchy", 1.1e7, 3_900),
    ("sha256", "dispatch", 1.6e7, 9_800),
    ("nbody", "floats", 6.5e6, 14_500),
];

/// A run header without anything that changes from machine to machine.
pub fn header() -> Run {
    Run {
        schema: record::SCHEMA,
        id: "20260102-030405-quick".into(),
        started: 1_767_323_045,
        kind: Kind::Quick,
        seed: Some(42),
        fingerprint: Fingerprint {
            cpu: "Example CPU <1> & Co".into(),
            cores: 2,
            kernel: "linux 6.1".into(),
            rustc: "rustc 1.95.0".into(),
            profile: "release, opt-level 3".into(),
            revision: "0123abc".into(),
            binary: "00ff".into(),
            version: "0.1.0".into(),
            ..Fingerprint::default()
        },
    }
}

/// A batch of one verified run.
pub fn sample(workload: &str, class: &str, strategy: &str, phase: Phase, nanoseconds: f64) -> Sample {
    Sample {
        workload: workload.into(),
        class: class.into(),
        strategy: strategy.into(),
        phase,
        iterations: 1,
        nanoseconds: nanoseconds.round() as u64,
        cpu_nanoseconds: None,
        block: None,
        layout: None,
        process: None,
        verified: true,
    }
}

/// A process that nothing disturbed, with a block of its own.
pub fn process(number: u32) -> Process {
    Process {
        process: number,
        block: Some(number),
        started: header().started + 60 * u64::from(number),
        wall_nanoseconds: 100_000_000,
        cpu_nanoseconds: Some(99_500_000),
        steal: Some(0.0),
        ..Process::default()
    }
}

/// Writes a run of any size into `folder`. With `broken`, that strategy fails on the second workload.
pub fn write_run(
    folder: &Path,
    strategies: &[(&str, f64, f64)],
    workloads: &[(&str, &str, f64, u64)],
    broken: Option<&str>,
) {
    let mut random = Random::new(5);
    let mut writer = Writer::create(folder, &header()).expect("a new folder");
    for number in 0..12 {
        writer.write(process(number)).expect("a writable file");
    }
    for (index, &(workload, class, nanoseconds, bytes)) in workloads.iter().enumerate() {
        for &(strategy, slowness, compile) in strategies {
            if broken == Some(strategy) && index == 1 {
                writer
                    .write(Failure {
                        workload: workload.into(),
                        class: class.into(),
                        strategy: strategy.into(),
                        error: "expected 55, got 54".into(),
                    })
                    .expect("a writable file");
                continue;
            }
            // Strategies differ from workload to workload; with fusion one overtakes the other here and there.
            let own = 0.35 * (random.unit() - 0.5);
            let slowness = slowness.powf(0.7 + 0.6 * random.unit()) * (1.0 + own);
            writer
                .write(Size {
                    workload: workload.into(),
                    strategy: strategy.into(),
                    wasm_bytes: bytes,
                    code_bytes: (bytes as f64 * (4.0 + compile / 20.0)) as u64,
                })
                .expect("a writable file");
            for block in 0..12 {
                let noise = |random: &mut Random| 1.0 + 0.04 * random.unit();
                let mut add = |phase, time: f64| {
                    let mut sample = sample(workload, class, strategy, phase, time * noise(&mut random));
                    sample.block = Some(block);
                    writer.write(sample).expect("a writable file");
                };
                add(Phase::Load, 4_000.0 + 60.0 * bytes as f64);
                add(Phase::Compile, 900.0 + compile * bytes as f64);
                add(Phase::Execute, nanoseconds * slowness);
            }
        }
    }
}
