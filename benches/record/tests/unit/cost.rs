use std::fs;

use super::*;

#[test]
fn what_is_written_can_be_read_and_a_bad_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let executed = Executed {
        workload: Kernel::Null.workload(),
        class: "own".into(),
        kernel: Some(Kernel::Null),
        size: "quick".into(),
        nodes: 10,
        work: Work::ALL.into_iter().zip(0..).collect(),
        dispatches: BTreeMap::from([("threaded".into(), 7)]),
    };
    let path = write(folder.path(), std::slice::from_ref(&executed)).unwrap();
    assert_eq!(read(folder.path()).unwrap(), [executed]);
    fs::write(&path, "{\"row\":\"executed\"}\n").unwrap();
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("cost.jsonl"), "{error}");
}

#[test]
fn names_are_those_of_the_files() {
    for work in Work::ALL {
        assert_eq!(serde_json::to_string(&work).unwrap(), format!("\"{}\"", work.name()));
    }
    for kernel in Kernel::ALL {
        assert_eq!(
            serde_json::to_string(&kernel).unwrap(),
            format!("\"{}\"", kernel.name())
        );
    }
}
