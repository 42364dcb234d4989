//! The ladder, from recordings whose result is known.

use std::path::Path;

use wasm_dispatch_peers::tables;
use wasm_dispatch_report::Ladder;
use wasm_dispatch_report::record::{self, About, Failure, Kind, Phase, Recording, Run, Sample, Size, Writer};

/// Blocks of the recording, each of which was as fast as the machine then was.
const SPEEDS: [f64; 6] = [1.0, 1.3, 0.9, 1.0, 2.0, 1.1];

struct Tape {
    writer: Writer,
    folder: tempfile::TempDir,
}

impl Tape {
    fn new(engines: &[&str]) -> Tape {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(folder.path(), &Run::start(Kind::Quick)).unwrap();
        for name in engines {
            writer
                .write(About {
                    name: name.to_string(),
                    version: "1.2.3".into(),
                    configuration: "as it comes".into(),
                })
                .unwrap();
        }
        Tape { writer, folder }
    }

    /// Runs of an engine on a workload: by the clock on the wall they take ten times as long as they ran.
    fn runs(&mut self, workload: &str, class: &str, engine: &str, cpu: f64) {
        for (block, speed) in SPEEDS.iter().enumerate() {
            let block = Some(block as u32);
            self.sample(workload, class, engine, Phase::Execute, cpu * speed, block);
        }
    }

    fn load(&mut self, workload: &str, engine: &str, cpu: f64) {
        self.sample(workload, "calls", engine, Phase::Load, cpu, None);
    }

    fn sample(&mut self, workload: &str, class: &str, engine: &str, phase: Phase, cpu: f64, block: Option<u32>) {
        self.writer
            .write(Sample {
                workload: workload.into(),
                class: class.into(),
                strategy: engine.into(),
                phase,
                iterations: 2,
                nanoseconds: (cpu * 20.0) as u64,
                cpu_nanoseconds: Some((cpu * 2.0) as u64),
                block,
                layout: None,
                process: None,
                verified: phase == Phase::Execute,
            })
            .unwrap();
    }

    fn failure(&mut self, workload: &str, engine: &str, error: &str) {
        self.writer
            .write(Failure {
                workload: workload.into(),
                class: "calls".into(),
                strategy: engine.into(),
                error: error.into(),
            })
            .unwrap();
    }

    fn ladder(self) -> Ladder {
        Ladder::of(&read(self.folder.path()), "threaded")
    }
}

fn read(folder: &Path) -> Recording {
    record::read(folder).unwrap()
}

fn order(ladder: &Ladder) -> Vec<&str> {
    ladder.engines.iter().map(|rung| rung.engine.as_str()).collect()
}

#[test]
fn engines_stand_in_the_order_of_their_means_by_cpu_time() {
    let mut tape = Tape::new(&["slow", "threaded", "fast"]);
    for (workload, own) in [("fib", 1e6), ("sort", 3e6)] {
        tape.runs(workload, "calls", "threaded", own);
        tape.runs(workload, "calls", "slow", own * 4.0);
    }
    tape.runs("fib", "calls", "fast", 1e6 / 2.0);
    tape.runs("sort", "calls", "fast", 3e6 / 8.0);
    let ladder = tape.ladder();
    assert_eq!(order(&ladder), ["fast", "threaded", "slow"]);
    let means: Vec<f64> = ladder.engines.iter().map(|rung| rung.mean.unwrap().value).collect();
    for (mean, expected) in means.iter().zip([0.25, 1.0, 4.0]) {
        assert!((mean - expected).abs() < 1e-3, "{means:?}");
    }
    let fast = &ladder.engines[0];
    assert_eq!(fast.fastest.as_ref().unwrap().workload, "sort");
    assert_eq!(fast.slowest.as_ref().unwrap().workload, "fib");
}

#[test]
fn blocks_are_compared_in_pairs_so_that_a_machine_that_changes_speed_does_not_matter() {
    let mut tape = Tape::new(&["threaded", "slow"]);
    tape.runs("fib", "calls", "threaded", 1e6);
    tape.runs("fib", "calls", "slow", 2e6);
    let mean = tape.ladder().engines[1].mean.unwrap();
    assert!(mean.low > 1.999 && mean.high < 2.001, "{mean:?}");
}

#[test]
fn means_go_over_common_workloads_and_who_ran_few_stands_apart() {
    let mut tape = Tape::new(&["threaded", "most", "all", "native"]);
    for (workload, of_all) in [("a", 2.0), ("b", 2.0), ("c", 2.0), ("d", 32.0)] {
        tape.runs(workload, "calls", "threaded", 1e6);
        tape.runs(workload, "calls", "all", of_all * 1e6);
    }
    for workload in ["a", "b", "c"] {
        tape.runs(workload, "calls", "most", 3e6);
    }
    tape.failure("d", "most", "refused: no tail calls");
    tape.runs("a", "calls", "native", 1e5);
    let ladder = tape.ladder();
    // All of four would have 4 for it, behind the 3 of who ran but three.
    assert_eq!(order(&ladder), ["threaded", "all", "most", "native"]);
    let of: Vec<(usize, bool)> = ladder
        .engines
        .iter()
        .map(|rung| (rung.workloads, rung.partial))
        .collect();
    assert_eq!(of, [(3, false), (3, false), (3, false), (1, true)]);
    assert!((ladder.engines[1].mean.unwrap().value - 2.0).abs() < 1e-3);
    let text = tables::markdown(&ladder);
    assert!(text.contains("refused: no tail calls"), "{text}");
}

#[test]
fn two_engines_are_compared_over_what_both_ran_and_loaded() {
    let mut tape = Tape::new(&["threaded", "few", "fast"]);
    for (workload, fast) in [("a", 0.5), ("b", 0.5), ("c", 0.125)] {
        tape.runs(workload, "calls", "threaded", 1e6);
        tape.runs(workload, "calls", "fast", fast * 1e6);
    }
    for workload in ["a", "b"] {
        tape.runs(workload, "calls", "few", 2e6);
    }
    for (workload, threaded, few) in [("a", 1e3, 2e3), ("b", 1e5, 8e5)] {
        tape.load(workload, "threaded", threaded);
        tape.load(workload, "few", few);
    }
    tape.load("c", "few", 1e9);
    // In no mean, but loaded like the others.
    tape.runs("startup", "startup", "threaded", 1e6);
    tape.runs("startup", "startup", "few", 1e9);
    tape.runs("startup", "startup", "fast", 1e3);
    let ladder = tape.ladder();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
    let pair = ladder.pair("fast", "few").unwrap();
    near(pair.time.value, 0.25);
    near(pair.time.low, 0.25);
    near(pair.time.high, 0.25);
    assert_eq!(pair.workloads, 2);
    assert_eq!(ladder.pair("few", "fast"), None);
    assert_eq!(ladder.pair("fast", "threaded").unwrap().workloads, 3);
    let loading = ladder.loading("few").unwrap();
    near(loading.mean, 4.0);
    near(loading.total, 802.0 / 101.0);
    assert_eq!(loading.modules, 2);
    assert_eq!(ladder.loading("fast"), None);
    assert_eq!(ladder.pair("few", "unknown"), None);
    let text = tables::markdown(&ladder);
    assert!(
        text.contains("| 0.25 (2) |") && text.contains("| few | 4.00 | 7.94 | 2 |"),
        "{text}"
    );
}

#[test]
fn an_engine_whose_interval_holds_one_is_a_tie_on_average_and_on_each_workload() {
    let mut tape = Tape::new(&["threaded", "close", "slow"]);
    for workload in ["a", "b"] {
        tape.runs(workload, "calls", "threaded", 1e6);
        tape.runs(workload, "calls", "slow", 1.02e6);
        // Now faster, now slower, and slower by 1 % in the mean.
        for (block, (speed, factor)) in SPEEDS.iter().zip([0.9, 1.12, 0.95, 1.08, 1.0, 1.02]).enumerate() {
            let cpu = 1e6 * speed * factor;
            tape.sample(workload, "calls", "close", Phase::Execute, cpu, Some(block as u32));
        }
    }
    let text = tables::markdown(&tape.ladder());
    let row = |begin: &str| {
        text.lines()
            .find(|line| line.starts_with(begin))
            .unwrap_or_else(|| panic!("{begin}: {text}"))
    };
    assert!(row("| 1= | close").contains("| 1.01 (a tie) |"), "{text}");
    assert!(row("| 1= | threaded").contains("| 1.00 |"), "{text}");
    assert!(row("| 3 | slow").contains("| 1.02 |"), "{text}");
    assert!(row("| a ").contains("| 1.01 = | 1.02 |"), "{text}");
}

#[test]
fn times_from_before_a_failure_do_not_count() {
    let mut tape = Tape::new(&["threaded", "flaky"]);
    tape.runs("fib", "calls", "threaded", 1e6);
    tape.runs("fib", "calls", "flaky", 1e3);
    tape.failure("fib", "flaky", "expected 1, got 2");
    let ladder = tape.ladder();
    assert_eq!(order(&ladder), ["threaded", "flaky"]);
    assert_eq!(ladder.engines[1].mean, None);
    let text = tables::markdown(&ladder);
    let line = text.lines().find(|line| line.contains("flaky")).unwrap_or_default();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    assert_eq!(cells[1..4], ["-", "flaky 1.2.3", "-"], "{text}");
}

#[test]
fn starting_is_shown_but_no_part_of_the_mean() {
    let mut tape = Tape::new(&["threaded", "compiler"]);
    tape.runs("fib", "calls", "threaded", 1e6);
    tape.runs("fib", "calls", "compiler", 1e5);
    tape.runs("startup", "startup", "threaded", 1e4);
    tape.runs("startup", "startup", "compiler", 1e7);
    let bytes = Size {
        workload: "fib".into(),
        strategy: "*".into(),
        wasm_bytes: 200,
        code_bytes: 0,
    };
    tape.writer.write(bytes).unwrap();
    tape.load("fib", "compiler", 60_000.0);
    let ladder = tape.ladder();
    let compiler = &ladder.engines[0];
    assert_eq!((compiler.engine.as_str(), compiler.workloads), ("compiler", 1));
    assert!((compiler.load_ns_per_byte.unwrap() - 300.0).abs() < 1e-6);
    let startup = ladder.workloads.iter().find(|row| row.workload == "startup").unwrap();
    assert!((startup.cells[0].ratio.unwrap().value - 1000.0).abs() < 1.0);
    assert!(tables::markdown(&ladder).contains("(startup)"));
}

#[test]
fn the_ladder_can_be_written_as_json() {
    let mut tape = Tape::new(&["threaded"]);
    tape.runs("fib", "calls", "threaded", 1e6);
    let json = serde_json::to_value(tape.ladder()).unwrap();
    assert_eq!(json["engines"][0]["engine"], "threaded");
    assert_eq!(json["engines"][0]["mean"]["value"], 1.0);
}
