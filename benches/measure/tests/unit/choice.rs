//! Workloads are found by what a user types.

use super::*;

fn names(texts: &[&str]) -> Result<Vec<String>, Error> {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    let chosen = choose(wasm_dispatch_workloads::all()?, &texts)?;
    Ok(chosen.iter().map(|workload| workload.name().to_owned()).collect())
}

#[test]
fn workloads_are_chosen_by_name_class_pattern_and_part_of_the_name() {
    // A name stands for itself alone, even if others contain it.
    assert_eq!(names(&["count"]).unwrap(), ["count"]);
    assert_eq!(names(&["tail-calls"]).unwrap(), ["fib_tail", "mutual_tail"]);
    assert_eq!(
        names(&["fib_*"]).unwrap(),
        ["fib_iterative", "fib_recursive", "fib_tail"]
    );
    assert_eq!(names(&["sha25?", "sort"]).unwrap(), ["sha256", "sort"]);
    assert_eq!(names(&["norm"]).unwrap(), ["spectral_norm"]);
    assert_eq!(names(&[]).unwrap().len(), wasm_dispatch_workloads::all().unwrap().len());
}

#[test]
fn a_text_that_means_nothing_is_an_error_that_names_it() {
    for text in ["nonsense", "x*", ""] {
        let error = names(&["sort", text]).unwrap_err().to_string();
        assert!(error.contains(&format!("'{text}'")), "{error}");
    }
}
