//! Reading what criterion 0.8.2 leaves behind: fixtures in exactly the form in which it writes them.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use wasm_dispatch_report::Error;
use wasm_dispatch_report::criterion_data;
use wasm_dispatch_report::record::Phase;

const ESTIMATE: &str = r#"{"confidence_interval":{"confidence_level":0.95,"lower_bound":9.5,"upper_bound":10.5},"point_estimate":10.0,"standard_error":0.25}"#;

/// Writes one of the folders `new`, `base` as criterion does.
fn write(folder: &Path, group: &str, function: Option<&str>, value: Option<&str>, linear: bool) {
    fs::create_dir_all(folder).unwrap();
    let json = |text: Option<&str>| text.map_or("null".to_owned(), |text| format!("{text:?}"));
    let name = [Some(group), function, value]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("/");
    let ids = format!(
        r#"{{"group_id":{group:?},"function_id":{},"value_str":{},"throughput":{{"Bytes":10}},"full_id":{name:?},"directory_name":{:?},"title":{name:?}}}"#,
        json(function),
        json(value),
        name.replace('?', "_"),
    );
    let (mode, iterations, slope) = match linear {
        true => ("Linear", "[10.0,20.0,30.0]", ESTIMATE),
        false => ("Flat", "[20.0,20.0,20.0]", "null"),
    };
    let samples = format!(r#"{{"sampling_mode":"{mode}","iters":{iterations},"times":[100.5,200.0,300.0]}}"#);
    let estimates = format!(
        r#"{{"mean":{ESTIMATE},"median":{ESTIMATE},"median_abs_dev":{ESTIMATE},"slope":{slope},"std_dev":{ESTIMATE}}}"#
    );
    fs::write(folder.join("benchmark.json"), ids).unwrap();
    fs::write(folder.join("sample.json"), samples).unwrap();
    fs::write(folder.join("estimates.json"), estimates).unwrap();
    fs::write(folder.join("tukey.json"), "[1.0,2.0,3.0,4.0]").unwrap();
}

fn fixture() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    // The folder is mangled, the ids inside are not.
    write(
        &root.path().join("sum_loop_/threaded/new"),
        "sum/loop?",
        Some("threaded"),
        None,
        true,
    );
    write(
        &root.path().join("sum_loop_/threaded/base"),
        "sum/loop?",
        Some("threaded"),
        None,
        true,
    );
    write(
        &root.path().join("sum_loop_/linked/7/new"),
        "sum/loop?",
        Some("linked"),
        Some("7"),
        false,
    );
    write(&root.path().join("lonely/new"), "lonely", None, None, true);
    fs::create_dir_all(root.path().join("report")).unwrap();
    fs::write(root.path().join("report/index.html"), "<html>").unwrap();
    root
}

#[test]
fn ids_come_from_inside_the_files_and_only_the_newest_run_is_read() {
    let root = fixture();
    let found = criterion_data::read(root.path(), None).unwrap();
    let ids: Vec<_> = found
        .iter()
        .map(|benchmark| {
            let value = benchmark.value.as_deref();
            (benchmark.group_id.as_str(), benchmark.function_id.as_deref(), value)
        })
        .collect();
    assert_eq!(
        ids,
        [
            ("lonely", None, None),
            ("sum/loop?", Some("linked"), Some("7")),
            ("sum/loop?", Some("threaded"), None),
        ]
    );
    assert_eq!(found[1].estimates.slope, None);
    assert_eq!(found[2].estimates.slope.unwrap().point_estimate, 10.0);
    assert_eq!(found[2].estimates.median.confidence_interval.upper_bound, 10.5);
}

#[test]
fn samples_become_rows_of_a_run() {
    let root = fixture();
    let found = criterion_data::read(root.path(), None).unwrap();
    let rows = found[2].samples("memory", Phase::Execute, true);
    assert_eq!(rows.len(), 3);
    let second = &rows[1];
    assert_eq!(
        (second.workload.as_str(), second.strategy.as_str()),
        ("sum/loop?", "threaded")
    );
    assert_eq!((second.iterations, second.nanoseconds), (20, 200));
    assert!(second.verified && second.class == "memory");
}

#[test]
fn benchmarks_of_an_earlier_run_are_left_out() {
    let root = fixture();
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    assert_eq!(criterion_data::read(root.path(), Some(now - hour)).unwrap().len(), 3);
    assert_eq!(criterion_data::read(root.path(), Some(now + hour)).unwrap().len(), 0);
    assert_eq!(
        criterion_data::read(&root.path().join("nowhere"), None).unwrap().len(),
        0
    );
}

#[test]
fn another_format_is_an_error_that_names_the_file() {
    let root = fixture();
    let path = root.path().join("lonely/new/sample.json");
    for text in ["{\"times\":[1.0]}", "{\"iters\":[1.0],\"times\":[]}", ""] {
        fs::write(&path, text).unwrap();
        let error = criterion_data::read(root.path(), None).unwrap_err();
        assert!(matches!(error, Error::Criterion { .. }), "{error}");
        assert!(error.to_string().contains("sample.json"), "{error}");
    }
}
