use std::fs;

use super::*;

#[test]
fn what_is_written_can_be_read_and_a_bad_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let points: Vec<Point> = (Axis::ALL.into_iter().zip(1..))
        .map(|(axis, value)| Point {
            axis,
            value,
            workload: format!("{}_{value}", axis.name()),
            wasm_bytes: 100 + value,
            instructions: 1000 * value,
        })
        .collect();
    let path = write(folder.path(), &points).unwrap();
    assert_eq!(read(folder.path()).unwrap(), points);
    let bad = fs::read_to_string(&path).unwrap() + "{\"row\":\"point\"}\n";
    fs::write(&path, bad).unwrap();
    let error = read(folder.path()).unwrap_err().to_string();
    let line = points.len() + 1;
    assert!(error.contains(&format!("growth.jsonl:{line}:")), "{error}");
}

#[test]
fn axes_are_called_the_same_everywhere() {
    for axis in Axis::ALL {
        let json = serde_json::to_string(&axis).unwrap();
        assert_eq!(json, format!("\"{}\"", axis.name()));
        assert_eq!(Axis::named(axis.name()), Some(axis));
    }
    assert_eq!(Axis::named("nonsense"), None);
}
