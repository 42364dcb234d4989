//! `history`, `export` and `claims` on recorded runs, and how wide what the lab prints is.

#[path = "common/lab.rs"]
mod lab;

use std::fs;
use std::path::Path;

use lab::lab;
use wasm_dispatch_record::record::{Kind, Phase, Process, Run, Sample, Writer};

/// A run of that day whose times are `factor` times those of another: five processes, two workloads, two strategies.
fn write(runs: &Path, id: &str, started: u64, factor: u64) {
    let mut run = Run::start(Kind::Quick);
    (run.id, run.started) = (id.to_owned(), started);
    let mut writer = Writer::create(&runs.join(id), &run).unwrap();
    for block in 0..5 {
        let process = Process {
            process: block,
            block: Some(block),
            started,
            wall_nanoseconds: 1_000_000,
            cpu_nanoseconds: Some(1_000_000),
            ..Process::default()
        };
        writer.write(process).unwrap();
        for (workload, time) in [("sort", 100_000), ("fib", 50_000)] {
            for (strategy, times) in [("threaded", 1), ("match_loop", 3)] {
                writer
                    .write(Sample {
                        workload: workload.to_owned(),
                        class: "calls".to_owned(),
                        strategy: strategy.to_owned(),
                        phase: Phase::Execute,
                        iterations: 1,
                        nanoseconds: time * times * factor / 10 + u64::from(block),
                        cpu_nanoseconds: None,
                        block: Some(block),
                        layout: None,
                        process: Some(block),
                        verified: true,
                    })
                    .unwrap();
            }
        }
    }
}

fn runs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (id, started, factor) in [
        ("20261101-000000-quick", 1_793_491_200, 10),
        ("20261102-000000-quick", 1_793_577_600, 10),
        ("20261103-000000-quick", 1_793_664_000, 12),
    ] {
        write(folder.path(), id, started, factor);
        let drawn = lab(folder.path(), &["report", id, "--quiet"]);
        assert_eq!(drawn.code, Some(0), "{drawn:?}");
    }
    folder
}

#[test]
fn a_history_has_every_run_in_order_and_marks_what_changed() {
    let runs = runs();
    let said = lab(runs.path(), &["history", "sort", "--runs", ".", "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let series = &said.json()["series"];
    assert_eq!(series.as_array().unwrap().len(), 1, "one machine, one size");
    let points = series[0]["points"].as_array().unwrap();
    let of = |point: usize| &points[point]["values"][0];
    assert_eq!(points.len(), 3);
    assert_eq!(points[0]["run"], "20261101-000000-quick");
    assert_eq!(of(0)["strategy"], "threaded");
    assert!(of(0)["change"].is_null() && of(1)["change"].is_null(), "{series}");
    let change = of(2)["change"].as_f64().unwrap();
    assert!((change - 1.2).abs() < 0.01, "{change}");

    let text = lab(runs.path(), &["history", "sort", "--runs", "."]).out;
    assert!(text.contains("+20 %") && text.matches('%').count() == 2, "{text}");
    let lenient = lab(runs.path(), &["history", "sort", "--runs", ".", "--limit", "25"]).out;
    assert!(!lenient.contains('%'), "{lenient}");
    // All got slower alike: relative to each other nothing changed.
    let means = lab(runs.path(), &["history", "--runs", "."]).out;
    assert!(means.contains("3.00") && !means.contains('%'), "{means}");

    assert_eq!(lab(runs.path(), &["history", "nothing", "--runs", "."]).code, Some(1));
    let unknown = ["history", "sort", "--strategies", "nothing"];
    assert_eq!(lab(runs.path(), &unknown).code, Some(2));
}

#[test]
fn times_are_exported_as_other_programs_read_them() {
    let runs = runs();
    let export = |format: &str| {
        let said = lab(runs.path(), &["export", "--runs", ".", "--format", format]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        said.out
    };
    let csv = export("csv");
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), 4, "{csv}");
    // The newest run, the workloads by name.
    let first: Vec<&str> = rows[0].split(',').collect();
    assert_eq!(first[0], "20261103-000000-quick");
    let of = |name: &str| first[first.len() - head.len() + head.iter().position(|other| *other == name).unwrap()];
    assert_eq!(
        (of("workload"), of("strategy"), of("processes")),
        ("fib", "threaded", "5")
    );
    let time = |name: &str| of(name).parse::<f64>().unwrap();
    assert!(
        time("low") <= time("nanoseconds") && time("nanoseconds") <= time("high"),
        "{csv}"
    );
    assert!((time("nanoseconds") - 60_002.0).abs() < 1.0, "{csv}");

    let bencher: serde_json::Value = serde_json::from_str(&export("bencher")).unwrap();
    assert_eq!(bencher.as_object().unwrap().len(), 4);
    let latency = &bencher["sort/match_loop"]["latency"];
    let value = |name: &str| latency[name].as_f64().unwrap();
    assert!((value("value") - 360_002.0).abs() < 1.0, "{latency}");
    assert!(value("lower_value") <= value("value") && value("value") <= value("upper_value"));

    let github: serde_json::Value = serde_json::from_str(&export("github")).unwrap();
    let entry = &github[0];
    assert_eq!(
        (entry["name"].as_str(), entry["unit"].as_str()),
        (Some("fib/threaded"), Some("ns"))
    );
    assert!(
        entry["value"].is_f64() && entry["range"].as_str().unwrap().starts_with('±'),
        "{entry}"
    );

    let written = lab(runs.path(), &["export", "20261101-000000-quick", "-o", "times.csv"]);
    assert!(written.out.contains("4 times: times.csv"), "{written:?}");
    assert!(
        fs::read_to_string(runs.path().join("times.csv"))
            .unwrap()
            .contains("20261101")
    );
}

#[test]
fn a_page_with_a_number_that_no_record_carries_fails_the_claims() {
    let runs = runs();
    let root = runs.path();
    fs::create_dir(root.join("reports")).unwrap();
    fs::write(root.join("reports/claims.toml"), "").unwrap();
    let marked = "<!-- summary: written by wasm-dispatch-lab readme -->\n<!-- /summary -->\n";
    fs::write(root.join("README.md"), marked).unwrap();
    let run = "20261103-000000-quick";
    for command in [&["decide", run][..], &["readme", "--write"]] {
        let said = lab(root, command);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let page = root.join(run).join("index.html");
    let claims = || lab(root, &["claims", "--page", page.to_str().unwrap()]);
    let fine = claims();
    assert_eq!(fine.code, Some(0), "{fine:?}");

    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("3.00x"), "the page gives the mean");
    fs::write(&page, text.replace("3.00x", "3.01x")).unwrap();
    let found = claims();
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(
        found.out.contains("NO CLAIM BEHIND IT: threaded is fastest: 3.01x"),
        "{found:?}"
    );
    fs::write(
        &page,
        text.replace("<h1>", "<ul><li>fused_closures is faster.</li></ul><h1>"),
    )
    .unwrap();
    assert!(claims().out.contains("NO CLAIM BEHIND IT: fused_closures is faster"));
}

#[test]
fn what_is_printed_for_people_is_at_most_120_columns_wide() {
    let runs = runs();
    let root = runs.path();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let reports = repository.join("reports");
    let (reports, readme) = (reports.to_str().unwrap(), repository.join("README.md"));
    for command in [
        &["list"][..],
        &["list", "runs", "--runs", "."],
        &["report", "20261101-000000-quick"],
        &["compare", "20261101-000000-quick", "20261103-000000-quick", "--all"],
        &["history", "--runs", "."],
        &["history", "sort", "--runs", "."],
        &["claims", "--reports", reports, "--readme", readme.to_str().unwrap()],
    ] {
        let said = lab(root, command);
        assert!(said.out.lines().count() > 1, "{command:?}: {said:?}");
        for line in said.out.lines() {
            let width = line.chars().count();
            assert!(width <= 120, "{command:?} prints {width} columns: {line}");
        }
    }
}
