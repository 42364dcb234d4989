//! Curves of growth runs: what they are made of, and `growth` as a user runs it.

#[path = "../../report/tests/common/mod.rs"]
mod common;

use std::path::Path;
use std::process::{Command, Output};

use wasm_dispatch_report::growth::{self, Axis, Growth, Point, Unit};
use wasm_dispatch_report::json;
use wasm_dispatch_report::record::{Control, Failure, Phase, Process, Row, Size, Writer};
use wasm_dispatch_report::summary::Grade;

/// A run of two values, two strategies, and a control; `fast` takes 2 ns an instruction at first and 6 at last.
fn write_run(folder: &Path, broken: bool) {
    let mut writer = Writer::create(folder, &common::header()).unwrap();
    let control = Control {
        name: "fast#2".into(),
        of: "fast".into(),
    };
    writer.write(control).unwrap();
    let mut points = Vec::new();
    for (value, instructions, times) in [(1024, 1000, [2000.0, 5000.0]), (4096, 2000, [12_000.0, 10_000.0])] {
        let workload = format!("hot_code_{value}");
        points.push(Point {
            axis: Axis::HotCode,
            value,
            workload: workload.clone(),
            wasm_bytes: value + 100,
            instructions,
        });
        for (strategy, time) in [("fast", times[0]), ("slow", times[1]), ("fast#2", times[0])] {
            for process in 0..4 {
                // Processes differ by a factor that cancels in the mean.
                let noise = [0.9, 1.0 / 0.9, 0.99, 1.0 / 0.99][process as usize];
                let mut sample = common::sample(&workload, "own", strategy, Phase::Execute, time * noise);
                sample.process = Some(process);
                sample.block = Some(process);
                writer.write(sample).unwrap();
            }
            if strategy != "fast#2" {
                let compile = common::sample(&workload, "own", strategy, Phase::Compile, (value + 100) as f64 * 7.0);
                writer.write(compile).unwrap();
                let size = Size {
                    workload: workload.clone(),
                    strategy: strategy.into(),
                    wasm_bytes: value + 100,
                    code_bytes: value * 10,
                };
                writer.write(size).unwrap();
            }
        }
        writer
            .write(common::sample(
                &workload,
                "own",
                "*",
                Phase::Load,
                (value + 100) as f64 * 3.0,
            ))
            .unwrap();
    }
    if broken {
        writer
            .write(Failure {
                workload: "hot_code_4096".into(),
                class: "own".into(),
                strategy: "slow".into(),
                error: "expected 1, got 2".into(),
            })
            .unwrap();
    }
    wasm_dispatch_record::growth::write(folder, &points).unwrap();
}

#[test]
fn a_curve_is_time_over_instructions_by_value() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), false);
    let growth = growth::read(folder.path()).unwrap();
    assert_eq!(growth.axes.len(), 1);
    let axis = &growth.axes[0];
    assert_eq!((axis.axis, axis.unit), (Axis::HotCode, Unit::Bytes));
    assert_eq!(axis.value_text(4096), "4 KiB");
    let curve = |name: &str| axis.curves.iter().find(|curve| curve.strategy == name).unwrap();
    let fast = curve("fast");
    assert_eq!(
        fast.points.iter().map(|point| point.value).collect::<Vec<_>>(),
        [1024, 4096]
    );
    for (point, expected) in fast.points.iter().zip([2.0, 6.0]) {
        let measured = point.nanoseconds;
        assert!((measured.value - expected).abs() < 0.01, "{measured:?}");
        assert!(
            measured.low.unwrap() < expected && expected < measured.high.unwrap(),
            "{measured:?}"
        );
        assert_eq!((point.samples, point.processes), (4, 4));
        assert!((point.load_nanoseconds.unwrap() - 3.0).abs() < 1e-9);
        assert!((point.compile_nanoseconds.unwrap() - 7.0).abs() < 1e-9);
        assert_eq!(point.code_bytes, Some(point.value * 10));
    }
    assert!((fast.growth().unwrap().value - 3.0).abs() < 0.01);
    assert!((curve("slow").growth().unwrap().value - 1.0).abs() < 0.01);
    assert_eq!(curve("fast#2").control_of.as_deref(), Some("fast"));
    assert_eq!(curve("fast").control_of, None);
    // What draws them reads what was written.
    let path = folder.path().join(growth::FILE_NAME);
    json::save(&path, &growth).unwrap();
    let again: Growth = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(again, growth);
}

/// Four layouts of two processes, of which one takes longer: the interval is that of layouts, and knows of it.
#[test]
fn intervals_of_curves_are_taken_over_layouts() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), &common::header()).unwrap();
    let point = Point {
        axis: Axis::HotCode,
        value: 1024,
        workload: "hot_code_1024".into(),
        wasm_bytes: 1100,
        instructions: 1000,
    };
    for process in 0..8_u32 {
        let (layout, noise) = (u64::from(process % 4), if process < 4 { 0.999 } else { 1.001 });
        let time = if layout == 0 { 2600.0 } else { 2000.0 };
        let mut sample = common::sample(&point.workload, "own", "fast", Phase::Execute, time * noise);
        (sample.layout, sample.process, sample.block) = (Some(layout), Some(process), Some(process));
        writer.write(sample).unwrap();
    }
    wasm_dispatch_record::growth::write(folder.path(), &[point]).unwrap();
    let growth = growth::read(folder.path()).unwrap();
    let of = growth.axes[0].curves[0].points[0].nanoseconds;
    let (low, high) = (of.low.unwrap(), of.high.unwrap());
    // Over four layouts Student's t is 3.18, over eight processes 2.36.
    assert!(low < 1.75 && high > 2.6, "{of:?}");
}

#[test]
fn what_a_strategy_differs_from_itself_by_is_said() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), false);
    let mut growth = growth::read(folder.path()).unwrap();
    let control = growth.axes[0]
        .curves
        .iter_mut()
        .find(|curve| curve.control_of.is_some())
        .unwrap();
    control.points[0].nanoseconds.value *= 1.25;
    let said = growth.control_sentence();
    assert!(said.contains("23.6 % at 95 of 100 points"), "{said}");
    // And shown, where curves are.
    json::save(&folder.path().join(growth::FILE_NAME), &growth).unwrap();
    let shown = lab(&["growth", "--read", folder.path().to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("measured twice differs from itself by less than"));
}

/// A run in four layouts, of two processes each: `fast` comes to take 3 times as long, `slow` 1.5 times, and the control of `fast`,
/// if there is one, that many times as much as `fast`.
fn grown(folder: &Path, control: Option<f64>) -> Growth {
    let mut writer = Writer::create(folder, &common::header()).unwrap();
    if control.is_some() {
        let (name, of) = ("fast#2".into(), "fast".into());
        writer.write(Control { name, of }).unwrap();
    }
    let process = |process| Process {
        process,
        wall_nanoseconds: 100,
        cpu_nanoseconds: Some(100),
        steal: Some(0.0),
        ..Process::default()
    };
    writer
        .write_all(&Vec::from_iter((0..8).map(process).map(Row::from)))
        .unwrap();
    let mut points = Vec::new();
    for (place, value) in [1024, 4096].into_iter().enumerate() {
        let workload = format!("hot_code_{value}");
        for process in 0..8_u32 {
            let noise = 1.0 + 0.04 * f64::from(process * 5 % 8);
            let times = [("fast", [2000.0, 6000.0]), ("slow", [5000.0, 7500.0])];
            let control = control.map(|factor| ("fast#2", [2000.0, 6000.0 * factor]));
            for (strategy, times) in times.into_iter().chain(control) {
                let mut sample = common::sample(&workload, "own", strategy, Phase::Execute, times[place] * noise);
                (sample.process, sample.block) = (Some(process), Some(process));
                sample.layout = Some(u64::from(process / 2));
                writer.write(sample).unwrap();
            }
        }
        points.push(Point {
            axis: Axis::HotCode,
            value,
            workload,
            wasm_bytes: value,
            instructions: 1000,
        });
    }
    wasm_dispatch_record::growth::write(folder, &points).unwrap();
    growth::read(folder).unwrap()
}

#[test]
fn growth_is_said_with_an_interval_and_only_if_it_is_more_than_what_a_control_shows() {
    let said = |growth: &Growth| -> Vec<String> {
        let grown = growth.axes[0].grown().into_iter();
        grown.map(|(curve, _)| curve.strategy.clone()).collect()
    };
    let with = |control: Option<f64>| {
        let folder = tempfile::tempdir().unwrap();
        let growth = grown(folder.path(), control);
        let text = lab(&["growth", "--read", folder.path().to_str().unwrap()]);
        (
            said(&growth),
            (growth.axes[0].grade, growth.axes[0].reasons.join("; ")),
            String::from_utf8(text.stdout).unwrap(),
            growth,
        )
    };
    let (names, (grade, reasons), text, growth) = with(Some(1.0));
    assert_eq!(names, ["slow", "fast"]);
    assert!(
        grade == Grade::C && reasons.contains("4 of the 16 layouts"),
        "{reasons}"
    );
    for (curve, factor) in growth.axes[0].grown() {
        let truth = if curve.strategy == "fast" { 3.0 } else { 1.5 };
        assert!(
            factor.contains(truth) && factor.low < truth * 0.99 && factor.high < truth * 1.5,
            "{factor:?}"
        );
    }
    let last = text.lines().find(|line| line.starts_with("last / first")).unwrap();
    assert!(last.contains("3.00 ± ") && last.contains("1.50 ± "), "{text}");
    assert!(
        text.contains("Measured a second time, fast grew 1.00x as much (1.00 to 1.00)."),
        "{text}"
    );
    assert!(text.contains("Graded C ("), "{text}");

    // A control that is off by 60 %: more than `slow` grows.
    let (names, (grade, reasons), text, _) = with(Some(1.6));
    assert_eq!(names, ["fast"]);
    assert!(
        grade == Grade::C && reasons.contains("fast differs from itself"),
        "{reasons}"
    );
    assert!(text.contains("fast grew 1.60x as much"), "{text}");
    // The same the other way round; and one that is off by more than anything grows.
    assert_eq!(with(Some(1.0 / 1.6)).0, ["fast"]);
    assert!(with(Some(4.0)).0.is_empty());
    // Without a control nothing is said.
    let (_, (grade, reasons), ..) = with(None);
    assert!(
        !grade.speaks() && reasons.contains("no strategy measured against itself"),
        "{reasons}"
    );
}

#[test]
fn a_strategy_that_fails_at_a_value_has_no_time_there() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), true);
    let growth = growth::read(folder.path()).unwrap();
    let curves = &growth.axes[0].curves;
    let slow = curves.iter().find(|curve| curve.strategy == "slow").unwrap();
    assert_eq!(slow.points.len(), 1);
    assert!(
        growth.warnings[0].contains("expected 1, got 2"),
        "{:?}",
        growth.warnings
    );
}

#[test]
fn the_newest_growth_run_is_found_and_no_other_run() {
    let runs = tempfile::tempdir().unwrap();
    assert_eq!(growth::newest(runs.path()), None);
    for name in ["growth-20260101-000000-quick", "growth-20260102-000000-quick"] {
        write_run(&runs.path().join(name), false);
    }
    common::write_run(
        &runs.path().join("20260103-000000-quick"),
        &common::STRATEGIES[4..],
        &common::WORKLOADS[..1],
        None,
    );
    let newest = growth::newest(runs.path()).unwrap();
    assert!(newest.ends_with("growth-20260102-000000-quick"), "{newest:?}");
}

fn lab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasm-dispatch-lab"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

#[test]
fn growth_measures_what_it_is_asked_for_and_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let measured = lab(&[
        "growth",
        "call_depth",
        "instances",
        "--largest",
        "64",
        "--instructions",
        "3000",
        "--processes",
        "2",
        "--iterations",
        "1",
        "--strategies",
        "match_loop,threaded",
        "--quiet",
        "--json",
        "-o",
        run,
    ]);
    assert_eq!(
        measured.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&measured.stderr)
    );
    assert!(measured.stderr.is_empty());
    let growth: Growth = serde_json::from_slice(&measured.stdout).unwrap();
    let axes: Vec<Axis> = growth.axes.iter().map(|axis| axis.axis).collect();
    assert_eq!(axes, [Axis::CallDepth, Axis::Instances]);
    for axis in &growth.axes {
        let names: Vec<&str> = axis.curves.iter().map(|curve| curve.strategy.as_str()).collect();
        assert_eq!(names, ["threaded", "match_loop", "threaded#2"]);
        for curve in &axis.curves {
            assert_eq!(
                curve.points.iter().map(|point| point.value).collect::<Vec<_>>(),
                [1, 8, 64]
            );
            for point in &curve.points {
                assert!(point.nanoseconds.value > 0.0 && point.load_nanoseconds.is_some());
                assert_eq!((point.samples, point.processes), (2, 2));
                assert!(point.code_bytes.is_some_and(|bytes| bytes > 0));
            }
        }
    }
    // Read again, for people. An interrupted run can be resumed; a complete one is complete.
    let shown = lab(&["growth", "--read", run]);
    let text = String::from_utf8_lossy(&shown.stdout);
    assert_eq!(shown.status.code(), Some(0));
    assert!(
        text.contains("instances called in turn") && text.contains("last / first"),
        "{text}"
    );
    let resumed = lab(&["growth", "--resume", run, "--quiet", "--json"]);
    assert_eq!(
        resumed.stdout,
        measured.stdout,
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
}

#[test]
fn machines_on_threads_have_what_most_calls_do_not_exceed() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let few = [
        "--largest",
        "8",
        "--instructions",
        "400000",
        "--processes",
        "1",
        "--quiet",
        "-o",
        run,
    ];
    let axes = ["growth", "machines", "machines_on_two", "--strategies", "match_loop"];
    let measured = lab(&[&axes[..], &few, &["--json"]].concat());
    let stderr = String::from_utf8_lossy(&measured.stderr);
    assert_eq!(measured.status.code(), Some(0), "{stderr}");
    let growth: Growth = serde_json::from_slice(&measured.stdout).unwrap();
    let values = |axis: usize| -> Vec<u64> {
        let points = &growth.axes[axis].curves[0].points;
        // Twenty calls of 20,000 instructions. On a busy machine a thread may wait longer than its calls take, so no more can be
        // said of the longest of them than what so many instructions take at least.
        for point in points {
            let call = point.nanoseconds.value * 20_000.0;
            let tail = point.tail_nanoseconds.unwrap();
            assert!(tail > 1_000.0 && tail < call * 1000.0, "{point:?}");
        }
        points.iter().map(|point| point.value).collect()
    };
    assert_eq!((values(0), values(1)), (vec![1, 4], vec![2, 8]));
    let shown = lab(&["growth", "--read", run]);
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(
        text.contains("What 99 of 100 calls do not exceed, by machines on two threads"),
        "{text}"
    );
}

#[test]
fn what_cannot_grow_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (vec!["growth", "nonsense"], "hot_code"),
        (vec!["growth", "memory", "--largest", "5"], "that small"),
        (vec!["growth", "--processes", "0"], "--processes must be at least 1"),
        (vec!["growth", "--strategies", "nobody"], "nobody"),
        (vec!["growth", "--read", "a", "b"], "one run"),
    ] {
        let output = lab(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    let nowhere = folder.path().to_str().unwrap();
    for arguments in [["growth", "--read", nowhere], ["growth", "--resume", nowhere]] {
        let output = lab(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains(nowhere));
    }
}
