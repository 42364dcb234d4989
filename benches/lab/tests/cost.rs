//! The cost model: that it finds what made the times, and `cost` as a user runs it.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use common::random::Random;
use wasm_dispatch_report::cost::{self, CostModel, Executed, FOLDER, Kernel, Work};
use wasm_dispatch_report::json;
use wasm_dispatch_report::record::{Phase, Run, Writer};

/// What a dispatch and each kind of work take, by strategy.
const TRUTH: [(&str, f64, [f64; 9]); 2] = [
    ("threaded", 0.8, [0.3, 6.0, 2.5, 1.5, 0.9, 0.5, 4.0, 30.0, 0.0]),
    ("match_loop", 2.5, [0.4, 5.0, 9.0, 1.2, 1.1, 3.0, 6.0, 20.0, 0.0]),
];

/// A run whose times are what the truth says, times `noise(strategy, workload)`.
fn write_run(folder: &Path, workloads: usize, header: &Run, noise: impl Fn(usize, usize) -> f64) {
    let mut random = Random::new(9);
    let mut counts = Vec::new();
    let mut run = Writer::create(folder, &common::header()).unwrap();
    let mut kernels = Writer::create(&folder.join(FOLDER), header).unwrap();
    let time = |writer: &mut Writer, workload: &str, strategy: &str, time: f64| {
        for process in 0..4 {
            let noise = [0.99, 1.0 / 0.99, 0.995, 1.0 / 0.995][process as usize];
            let mut sample = common::sample(workload, "dispatch", strategy, Phase::Execute, time * noise);
            sample.process = Some(process);
            writer.write(sample).unwrap();
        }
    };
    for number in 0..workloads {
        let work: BTreeMap<Work, u64> = (Work::ALL.into_iter())
            .map(|kind| (kind, (random.unit() * 1e6) as u64))
            .collect();
        let workload = format!("workload_{number}");
        let nodes = work.values().sum();
        let mut dispatches = BTreeMap::new();
        for (index, (strategy, dispatch, costs)) in TRUTH.into_iter().enumerate() {
            let count = (nodes as f64 * (0.6 + 0.8 * random.unit())) as u64;
            let of_work: f64 = work.values().zip(costs).map(|(&times, cost)| times as f64 * cost).sum();
            let nanoseconds = (count as f64 * dispatch + of_work) * noise(index, number);
            time(&mut run, &workload, strategy, nanoseconds);
            dispatches.insert(strategy.to_owned(), count);
        }
        counts.push(Executed {
            workload,
            class: "dispatch".into(),
            kernel: None,
            size: "quick".into(),
            nodes,
            work,
            dispatches,
        });
    }
    for (kernel, slower) in Kernel::ALL.into_iter().zip([1.0, 1.2, 1.5, 3.0]) {
        for (strategy, dispatch, _) in TRUTH {
            time(&mut kernels, &kernel.workload(), strategy, 1e6 * dispatch * slower);
        }
        counts.push(Executed {
            workload: kernel.workload(),
            class: "own".into(),
            kernel: Some(kernel),
            size: "quick".into(),
            nodes: 2_000_000,
            work: BTreeMap::new(),
            dispatches: TRUTH
                .into_iter()
                .map(|(name, ..)| (name.to_owned(), 1_000_000))
                .collect(),
        });
    }
    wasm_dispatch_record::cost::write(&folder.join(FOLDER), &counts).unwrap();
}

#[test]
fn what_made_the_times_is_found() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), 25, &common::header(), |_, _| 1.0);
    let model = cost::read(folder.path()).unwrap();
    assert_eq!(model.warnings, Vec::<String>::new());
    assert_eq!(model.strategies.len(), 2);
    for (found, (strategy, dispatch, costs)) in model.strategies.iter().zip(TRUTH) {
        let near = |a: f64, b: f64| (a - b).abs() < 0.01 * b.max(0.5);
        assert_eq!(found.strategy, strategy);
        assert!(near(found.dispatch_nanoseconds, dispatch), "{found:?}");
        assert!(near(found.free.dispatch_nanoseconds, dispatch), "{:?}", found.free);
        for (work, cost) in found.work.iter().zip(costs) {
            assert!(near(work.nanoseconds, cost), "{work:?}, not {cost}");
        }
        let kernels: Vec<f64> = (found.kernels.iter())
            .map(|time| time.nanoseconds_per_dispatch.value / dispatch)
            .collect();
        assert!(
            kernels.iter().zip([1.0, 1.2, 1.5, 3.0]).all(|(a, b)| near(*a, b)),
            "{kernels:?}"
        );
        assert!(found.explained.unwrap() > 0.999 && found.explained_left_out.unwrap() > 0.999);
        assert!(found.typical_error.unwrap() < 0.01);
        for workload in &found.workloads {
            let parts = workload.dispatch_nanoseconds + workload.work_nanoseconds.values().sum::<f64>();
            assert!((parts - workload.predicted).abs() < 1e-6 * parts);
            assert!((workload.predicted * workload.residual.exp() / workload.measured.value - 1.0).abs() < 1e-9);
        }
    }
    let path = folder.path().join(cost::FILE_NAME);
    json::save(&path, &model).unwrap();
    assert!(path.ends_with("cost.json"));
    assert_eq!(json::load_if_there::<CostModel>(&path).unwrap(), Some(model));
}

#[test]
fn what_the_model_does_not_know_is_not_explained_and_shows_in_one_residual() {
    // Enough that one of them does not hide what the others say.
    const WORKLOADS: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    // One strategy's times have nothing to do with what it executes; of the other's, one is twice what it should be.
    let mut random = Random::new(4);
    let factors: Vec<f64> = (0..WORKLOADS).map(|_| (6.0 * random.unit()).exp()).collect();
    write_run(
        folder.path(),
        WORKLOADS,
        &common::header(),
        |strategy, workload| match (strategy, workload) {
            (0, _) => factors[workload],
            (_, 7) => 2.0,
            _ => 1.0,
        },
    );
    let model = cost::read(folder.path()).unwrap();
    let [random, outlier] = &model.strategies[..] else {
        panic!("two strategies")
    };
    assert!(
        random.explained_left_out.unwrap_or(0.0) < 0.3,
        "{:?}",
        random.explained_left_out
    );
    // Then it is said not to predict, and no share of any time is told.
    assert_eq!(
        (random.predicts(), random.dispatching(), random.working()),
        (false, None, None)
    );
    // Shares are those of the measured time: what is twice as slow as predicted has half of it explained.
    let worst = &outlier.workloads[7];
    assert!(worst.predicted < 0.8 * worst.measured.value);
    let of_measured: f64 = (outlier.workloads.iter())
        .map(|of| of.dispatch_nanoseconds / of.measured.value)
        .sum();
    assert!((outlier.dispatching().unwrap() - of_measured / WORKLOADS as f64).abs() < 1e-9);
    let worst = outlier
        .workloads
        .iter()
        .max_by(|a, b| a.residual.total_cmp(&b.residual))
        .unwrap();
    assert_eq!(worst.workload, "workload_7");
    assert!(worst.residual > 0.3, "{worst:?}");
    assert!(outlier.explained_left_out.unwrap() <= outlier.explained.unwrap());
    // People are shown no nanoseconds that it has made up: counts, what was measured, and how little is explained.
    let text = String::from_utf8_lossy(&lab(&["cost", folder.path().to_str().unwrap()]).stdout).into_owned();
    let cells = |row: &str| -> Vec<bool> {
        let line = text
            .lines()
            .find(|line| line.starts_with(row))
            .unwrap_or_else(|| panic!("no {row}: {text}"));
        let cells = line[row.len()..].split_whitespace();
        cells.filter(|word| *word != "%").map(|cell| cell != "-").collect()
    };
    let fitted = [
        "integer work",
        "call work",
        "a dispatch, if it were fitted",
        "typical error",
        "workload_7 ",
    ];
    for row in fitted {
        let shown = cells(row);
        assert_eq!(&shown[shown.len() - 2..], [false, true], "{row}: {text}");
    }
    for row in [
        "a dispatch, tight kernel",
        "dispatches of an operation",
        "  of workloads left out",
    ] {
        assert_eq!(cells(row), [true, true], "{row}: {text}");
    }
}

#[test]
fn what_takes_time_by_the_byte_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), 14, &common::header(), |_, _| 1.0);
    let aside = folder.path().join(FOLDER);
    let mut counts = wasm_dispatch_record::cost::read(&aside).unwrap();
    counts[0].class = "startup".into();
    counts[1].class = "bulk-memory".into();
    wasm_dispatch_record::cost::write(&aside, &counts).unwrap();
    let model = cost::read(folder.path()).unwrap();
    for strategy in &model.strategies {
        assert_eq!(strategy.workloads.len(), 12);
        assert!(strategy.workloads.iter().all(|cost| cost.class == "dispatch"));
    }
}

#[test]
fn few_workloads_and_kernels_from_elsewhere_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = common::header();
    other.fingerprint.profile = "debug".into();
    write_run(folder.path(), 5, &other, |_, _| 1.0);
    let model = cost::read(folder.path()).unwrap();
    let said = model.warnings.join("; ");
    assert!(
        said.contains("another build profile") && said.contains("5 workloads"),
        "{said}"
    );
    assert!(model.strategies.iter().all(|model| model.explained.is_none()));
    let path = folder.path().join(cost::FILE_NAME);
    assert_eq!(json::load_if_there::<CostModel>(&path).unwrap(), None);
}

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn cost_counts_measures_and_fits_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let path = run.to_str().unwrap();
    let measured = lab(&[
        "bench",
        "fib_recursive",
        "sort",
        "--blocks",
        "2",
        "--iterations",
        "1",
        "--strategies",
        "match_loop,threaded",
        "--quiet",
        "-o",
        path,
    ]);
    assert_eq!(measured.status.code(), Some(0), "{}", stderr(&measured));
    let output = lab(&[
        "cost",
        path,
        "--statements",
        "3000",
        "--processes",
        "2",
        "--iterations",
        "1",
        "--quiet",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let model: CostModel = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(model.size, "quick");
    let names: Vec<&str> = model.strategies.iter().map(|model| model.strategy.as_str()).collect();
    assert_eq!(names, ["threaded", "match_loop"]);
    for strategy in &model.strategies {
        assert_eq!(strategy.kernels.len(), 4);
        assert!(strategy.dispatch_nanoseconds > 0.0);
        let workloads: Vec<&str> = strategy.workloads.iter().map(|cost| cost.workload.as_str()).collect();
        assert_eq!(workloads, ["fib_recursive", "sort"]);
        assert!(
            strategy
                .workloads
                .iter()
                .all(|cost| cost.dispatches > 1000 && cost.predicted > 0.0)
        );
    }
    // Fusion is fewer dispatches for the same nodes.
    let [fused, flat] = &model.strategies[..] else {
        panic!("two strategies")
    };
    for (flat, fused) in flat.workloads.iter().zip(&fused.workloads) {
        assert_eq!(flat.nodes, fused.nodes);
        assert!(fused.dispatches < flat.dispatches, "{fused:?}");
    }
    // The second time nothing is measured, so that nothing differs; for people it is a table.
    let again = lab(&["cost", path, "--quiet", "--json"]);
    assert_eq!(again.stdout, output.stdout);
    let text = String::from_utf8_lossy(&lab(&["cost", path]).stdout).into_owned();
    assert!(
        text.contains("a dispatch, null kernel") && text.contains("dispatches of an operation"),
        "{text}"
    );
}

#[test]
fn a_run_that_is_none_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().to_str().unwrap();
    let output = lab(&["cost", nowhere]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(nowhere), "{}", stderr(&output));
    assert_eq!(lab(&["cost", "--nonsense"]).status.code(), Some(2));
    // A run of other engines has nothing to count.
    let run = folder.path().join("run");
    common::write_run(&run, &[("wasmi", 1.0, 10.0)], &common::WORKLOADS[..1], None);
    let output = lab(&["cost", run.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
