//! `compare`, `decide` and `readme` as a user runs them, on made-up runs.

#[path = "../../report/tests/common/mod.rs"]
mod common;
#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lab::{Said, lab};

/// Two strategies on three workloads.
fn write_run(folder: &Path) {
    common::write_run(folder, &common::STRATEGIES[4..], &common::WORKLOADS[..3], None);
}

/// Copies a run, with changed samples of running.
fn copy_run(from: &Path, to: &Path, change: impl Fn(&mut serde_json::Value)) {
    fs::create_dir_all(to).unwrap();
    let text = fs::read_to_string(from.join("samples.jsonl")).unwrap();
    let mut changed = String::new();
    for line in text.lines() {
        let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
        if row["phase"] == "execute" {
            change(&mut row);
        }
        changed.push_str(&format!("{row}\n"));
    }
    fs::write(to.join("samples.jsonl"), changed).unwrap();
}

/// Makes one strategy slower by a factor, on one workload or on all.
fn slower(row: &mut serde_json::Value, strategy: &str, workload: Option<&str>, factor: f64) {
    if row["strategy"] == strategy && workload.is_none_or(|workload| row["workload"] == workload) {
        let time = row["nanoseconds"].as_u64().unwrap() as f64 * factor;
        row["nanoseconds"] = serde_json::json!(time.round() as u64);
    }
}

/// Runs `before`, which nothing happened to; `slow`, where `threaded` takes 8 % longer; `spot`, 30 % on `count` alone; and
/// `wrong`, with a result that was not verified.
fn runs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    write_run(&before);
    let copy = |name: &str, change: &dyn Fn(&mut serde_json::Value)| {
        copy_run(&before, &folder.path().join(name), change);
    };
    copy("slow", &|row| slower(row, "threaded", None, 1.08));
    copy("spot", &|row| slower(row, "threaded", Some("count"), 1.3));
    copy("wrong", &|row| {
        if row["strategy"] == "fused_closures" && row["workload"] == "count" {
            row["verified"] = serde_json::json!(false);
        }
    });
    folder
}

fn compare(folder: &Path, arguments: &[&str]) -> Said {
    lab(folder, &[&["compare"][..], arguments].concat())
}

#[test]
fn the_exit_code_is_1_beyond_the_limit_and_0_within_it() {
    let runs = runs();
    for (limit, code) in [("5", 1), ("7.5", 1), ("9", 0)] {
        let said = compare(runs.path(), &["before", "slow", "--limit", limit]);
        assert_eq!(said.code, Some(code), "{limit} %: {said:?}");
        assert_eq!(
            said.out.contains("SLOWER: threaded over all workloads"),
            code == 1,
            "{said:?}"
        );
        assert!(!said.out.contains("SLOWER: fused_closures"), "{said:?}");
    }
    // What got faster is no reason to fail.
    let said = compare(runs.path(), &["slow", "before"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("Nothing is slower for sure: by more than 5 %"),
        "{said:?}"
    );
    assert!(said.out.contains("0.926"), "{said:?}");
    // Nor is another strategy.
    let others = compare(runs.path(), &["before", "slow", "--strategies", "fused_closures"]);
    assert_eq!(others.code, Some(0), "{others:?}");
    assert!(!others.out.contains("threaded"), "{others:?}");
}

#[test]
fn one_workload_alone_is_found_and_quiet_prints_nothing_else() {
    let runs = runs();
    let said = compare(runs.path(), &["before", "spot", "--limit", "20", "--quiet"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    assert!(said.out.starts_with("SLOWER: threaded on count: 1.300 ("), "{said:?}");
    let none = compare(runs.path(), &["before", "before", "--quiet"]);
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (Some(0), "", ""));
}

#[test]
fn a_result_that_is_wrong_now_fails_whatever_the_limit() {
    let runs = runs();
    let said = compare(runs.path(), &["before", "wrong", "--limit", "1000"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("FAILS: fused_closures on count"), "{said:?}");
    // It was wrong before: that is no news.
    assert_eq!(compare(runs.path(), &["wrong", "wrong"]).code, Some(0));
}

#[test]
fn json_says_the_same_as_the_text_with_numbers() {
    let runs = runs();
    let said = compare(runs.path(), &["before", "slow", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    let json = said.json();
    assert_eq!(
        (json["schema"].as_u64(), json["limit_percent"].as_f64()),
        (Some(2), Some(5.0))
    );
    assert_eq!(json["cells"].as_array().unwrap().len(), 2 * 3);
    let means = json["strategies"].as_array().unwrap();
    let threaded = means.iter().find(|mean| mean["strategy"] == "threaded").unwrap();
    assert!(
        (threaded["new"]["ratio"]["value"].as_f64().unwrap() - 1.08).abs() < 1e-4,
        "{threaded}"
    );
    assert_eq!(threaded["new"]["verdict"], "slower");
    // The mean, and the three workloads.
    assert_eq!(json["slower"].as_array().unwrap().len(), 4);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let runs = runs();
    common::write_run(
        &runs.path().join("else"),
        &common::STRATEGIES[..2],
        &common::WORKLOADS[5..7],
        None,
    );
    for (arguments, code, reason) in [
        (&["before"][..], 2, "two runs"),
        (&["before", "slow", "wrong"], 2, "wrong"),
        (&["before", "slow", "--limit", "-1"], 2, "-1"),
        (&["before", "slow", "--limit", "much"], 2, "much"),
        (&["before", "slow", "--strategies", "stack_loop"], 2, "stack_loop"),
        (&["before", "nowhere"], 1, "nowhere"),
        (&["before", "else"], 1, "in common"),
    ] {
        let said = compare(runs.path(), arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(said.err.contains(reason), "{arguments:?}: {said:?}");
        assert_eq!(said.out, "", "{arguments:?}");
    }
}

#[test]
fn a_readme_is_stale_until_it_says_what_the_decision_says() {
    let runs = runs();
    let root = runs.path();
    fs::create_dir(root.join("reports")).unwrap();
    let decided = lab(root, &["decide", "before", "--json"]);
    assert_eq!(decided.code, Some(0), "{decided:?}");
    assert_eq!(decided.json()["heads"][0]["strategy"], "threaded");
    assert_eq!(
        decided.out,
        fs::read_to_string(root.join("reports/decision.json")).unwrap()
    );

    let no_readme = lab(root, &["readme", "--check"]);
    assert_eq!(no_readme.code, Some(1));
    assert!(no_readme.err.contains("README.md"), "{no_readme:?}");
    fs::write(root.join("README.md"), "# A readme without a place for it\n").unwrap();
    let no_place = lab(root, &["readme", "--check"]);
    assert_eq!(no_place.code, Some(1));
    assert!(no_place.err.contains("there is no line"), "{no_place:?}");

    let around = "before\n<!-- summary: written by wasm-dispatch-lab readme -->\n<!-- /summary -->\nafter\n";
    fs::write(root.join("README.md"), around).unwrap();
    let stale = lab(root, &["readme", "--check"]);
    assert_eq!((stale.code, stale.out.as_str()), (Some(1), ""));
    assert!(stale.err.contains("readme --write"), "{stale:?}");
    assert_eq!(lab(root, &["readme", "--check", "--json"]).json()["stale"], true);
    assert_eq!(
        fs::read_to_string(root.join("README.md")).unwrap(),
        around,
        "--check writes nothing"
    );

    assert_eq!(lab(root, &["readme", "--write"]).code, Some(0));
    let fresh = lab(root, &["readme", "--check"]);
    assert_eq!((fresh.code, fresh.err.as_str()), (Some(0), ""), "{fresh:?}");
    let written = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(
        written.starts_with("before\n") && written.ends_with("\nafter\n"),
        "{written}"
    );
    assert!(written.contains("`threaded` is fastest"), "{written}");
    // What is printed without options is what stands there now.
    assert!(written.contains(&lab(root, &["readme"]).out), "{written}");

    // A number that was touched by hand.
    fs::write(root.join("README.md"), written.replacen("1.00", "1.01", 1)).unwrap();
    assert_eq!(lab(root, &["readme", "--check"]).code, Some(1));
    assert_eq!(lab(root, &["readme", "--check", "--write"]).code, Some(2));
}

#[test]
fn the_json_of_every_command_that_reads_a_run_is_json_and_nothing_else() {
    let runs = runs();
    let root = runs.path();
    fs::create_dir(root.join("reports")).unwrap();
    for arguments in [
        &["report", "before"][..],
        &["decide", "before"],
        &["merge", "before", "-o", "merged"],
        &["list", "runs", "--runs", "."],
        &["compare", "before", "before"],
        &["history", "--runs", "."],
        &["export", "before", "--out", "times.csv"],
        &["plan", "--shards", "2", "count", "sort"],
    ] {
        let said = lab(root, &[arguments, &["--json"]].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(said.json()["schema"].as_u64().is_some(), "{arguments:?} has no schema");
    }
    let listed = lab(root, &["list", "runs", "--runs", ".", "--json"]).json();
    let listed = listed["runs"].as_array().unwrap();
    assert_eq!(listed.len(), 5, "{listed:?}");
    // Only a run that was drawn knows who is best.
    for run in listed {
        let drawn = run["folder"].as_str().unwrap().ends_with("before");
        assert_eq!(run["best"].is_string(), drawn, "{run}");
    }
}

/// All names of fields, at any depth.
fn fields(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                fields(value, found);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_the_json_stands_in_the_readme() {
    let runs = runs();
    let root = runs.path();
    fs::create_dir(root.join("reports")).unwrap();
    assert_eq!(lab(root, &["decide", "before", "--quiet"]).code, Some(0));
    let around = "<!-- summary: written by wasm-dispatch-lab readme -->\n<!-- /summary -->\n";
    fs::write(root.join("README.md"), around).unwrap();
    let trap = "(module (func $f (export \"f\") (unreachable)))";
    fs::write(root.join("trap.wat"), trap).unwrap();

    let few = [
        "--strategies",
        "match_loop,threaded",
        "--iterations",
        "1",
        "--quiet",
        "-o",
        "real",
    ];
    let measured = lab(root, &[&["bench", "count", "--blocks", "1"][..], &few].concat());
    assert_eq!(measured.code, Some(0), "{measured:?}");
    let small = "--processes 1 --iterations 1 --quiet";
    let growth = format!("growth call_depth --largest 8 --instructions 2000 -o growth {small}");
    let cost = format!("cost real --statements 2000 {small}");
    let [growth, cost] = [&growth, &cost].map(|line| line.split(' ').collect::<Vec<&str>>());

    let readme = include_str!("../README.md");
    let section = readme
        .split("\n## JSON\n")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next());
    let section = section.expect("a section about JSON");
    for arguments in [
        &["list"][..],
        &["list", "runs", "--runs", "."],
        &["run", "trap.wat", "--invoke", "f", "--time"],
        &["report", "before"],
        &["plan", "--shards", "2", "count", "sort"],
        &["merge", "before", "-o", "merged"],
        &["compare", "before", "slow"],
        &["history", "--runs", "."],
        &["export", "before", "-o", "times.csv"],
        &["readme"],
        &growth,
        &cost,
    ] {
        let said = lab(root, &[arguments, &["--json"]].concat());
        let mut found = BTreeSet::new();
        fields(&said.json(), &mut found);
        assert!(found.len() > 3, "{arguments:?}: {found:?}");
        let missing: Vec<&String> = found
            .iter()
            .filter(|name| !section.contains(&format!("`{name}`")))
            .collect();
        assert!(
            missing.is_empty(),
            "{arguments:?} has {missing:?}, of which the README says nothing"
        );
    }
}
