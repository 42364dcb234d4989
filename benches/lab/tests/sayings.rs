//! What the README and the list of runs say of a decision: of which machine each number is, and nothing at a grade that says nothing.

#[path = "../../report/tests/common/mod.rs"]
mod common;
#[path = "common/lab.rs"]
mod lab;

use std::fs;
use std::path::Path;

use common::world::{World, good};
use lab::lab;

const README: &str = "<!-- summary: written by wasm-dispatch-lab readme -->\n<!-- /summary -->\n";

/// Measures worlds, decides from them in turn, and returns the README.
fn readme(root: &Path, worlds: &[World]) -> String {
    fs::create_dir(root.join("reports")).unwrap();
    fs::write(root.join("README.md"), README).unwrap();
    for (seed, world) in (1..).zip(worlds) {
        world.measure(root, seed);
        let said = lab(root, &["decide", &world.id, "--force"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let said = lab(root, &["readme", "--write"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    fs::read_to_string(root.join("README.md")).unwrap()
}

/// Tables with the paragraph that stands above each.
fn tables(text: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = text.split("\n\n").collect();
    let table = |pair: &[&str]| {
        pair[1]
            .starts_with('|')
            .then(|| (pair[0].to_owned(), pair[1].to_owned()))
    };
    parts.windows(2).filter_map(table).collect()
}

#[test]
fn no_table_of_the_readme_has_numbers_of_two_machines_or_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let amd = World {
        id: "20260103-030405-full".to_owned(),
        cpu: "AMD Example",
        size: "quick",
        revision: "fedcba9",
        strategies: vec![("fast", 1.0), ("slow", 3.0)],
        ..good()
    };
    let metered = World {
        id: "metered-20260104-030405-full".to_owned(),
        strategies: vec![("fast+Fuel", 1.0), ("slow+Fuel", 1.2)],
        ..good()
    };
    let text = readme(folder.path(), &[good(), amd, metered]);
    let tables = tables(&text);
    let [of_amd, of_intel, heads] = tables.as_slice() else {
        panic!("{text}")
    };
    for ((above, table), machine, other, mean) in [
        (
            of_amd,
            "On [AMD](reports/recorded/20260103-030405-full/summary.md), 10 programs at quick size: AMD",
            "Intel",
            "3.0",
        ),
        (
            of_intel,
            "On [Intel](reports/recorded/20260102-030405-full/summary.md), 10 programs at full size: Intel",
            "AMD",
            "1.5",
        ),
    ] {
        assert!(above.starts_with(machine) && !above.contains(other), "{above}");
        let means: Vec<&str> = table.lines().filter(|line| line.starts_with("| mean |")).collect();
        assert_eq!(means.len(), 1, "{table}");
        assert!(means[0].starts_with(&format!("| mean | 1.00 | {mean}")), "{table}");
        assert!(
            table.contains("\n| one binary |") && table.contains("\n| new program |"),
            "{table}"
        );
    }
    assert!(
        of_amd.0.contains("revision fedcba9") && of_intel.0.contains("revision 0123abc"),
        "{text}"
    );
    // Heads of other runs say so.
    let row = |begin: &str| heads.1.lines().find(|line| line.starts_with(begin)).unwrap();
    assert!(
        row("| nothing (the default) |")
            .contains("| [AMD](reports/recorded/20260103-030405-full/summary.md), 10 programs, full run |"),
        "{}",
        heads.1
    );
    assert!(
        row("| nothing (the default), with fuel |")
            .contains("| [Intel](reports/recorded/metered-20260104-030405-full/summary.md), 10 programs, full run |"),
        "{}",
        heads.1
    );
    for said in [
        "so only the order is compared, on the 10 programs that both have by name",
        "`fast` before `slow` (on AMD; Intel agrees). Intel: full size, revision 0123abc, 10 programs of the same name.",
        "cannot be said from these 2",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_makes_machine_code_is_said_to_be_faster_only_if_it_is() {
    for (takes, is_faster) in [(0.5, true), (1.0, false), (2.0, false)] {
        let folder = tempfile::tempdir().unwrap();
        let compiled = World {
            id: "executable-20260103-030405-full".to_owned(),
            strategies: vec![("fast", 1.0), ("compiled", takes)],
            ..good()
        };
        let text = readme(folder.path(), &[good(), compiled]);
        let among = "`fast` is fastest of those that make no machine code, and";
        let said = "- Where executable memory is allowed, `compiled` is faster: `fast` takes 1.9";
        assert_eq!(text.contains(among), is_faster, "{takes}: {text}");
        assert_eq!(text.contains(said), is_faster, "{takes}: {text}");
        assert!(text.contains("`fast` is fastest"), "{takes}: {text}");
        assert!(text.contains("| executable memory allowed |"), "{takes}: {text}");
    }
}

#[test]
fn what_was_decided_by_force_is_not_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let noisy = World {
        steal: |_| 0.2,
        ..good()
    };
    let text = readme(folder.path(), &[noisy]);
    assert!(
        text.contains("`fast` is the default.") && text.contains("is graded D (the host took 20.0 %"),
        "{text}"
    );
    assert!(text.contains("so nothing is claimed"), "{text}");
    assert!(!text.contains("fastest") && !text.contains("| mean |"), "{text}");
    let listed = lab(folder.path(), &["list", "runs", "--runs", "reports/recorded"]).out;
    assert!(
        listed.contains("grade D") && listed.contains("no winner named") && !listed.contains("best: "),
        "{listed}"
    );
}

#[test]
fn finished_runs_of_growth_and_of_other_engines_are_listed_as_drawn() {
    let folder = tempfile::tempdir().unwrap();
    for (run, file) in [
        ("growth-20260102-030405-quick", "growth.json"),
        ("peers-20260102-030405-quick", "ladder.json"),
        ("20260102-030405-quick", "other.json"),
    ] {
        let run = folder.path().join(run);
        common::write_run(&run, &common::STRATEGIES[4..], &common::WORKLOADS[..1], None);
        fs::write(run.join(file), "{}").unwrap();
    }
    let listed = lab(folder.path(), &["list", "runs", "--runs", "."]).out;
    let row = |begin: &str| listed.lines().find(|line| line.contains(begin)).unwrap().to_owned();
    assert!(row("growth-").contains("  drawn"), "{listed}");
    assert!(row("peers-").contains("  drawn"), "{listed}");
    assert!(row("./2026").contains("not drawn yet"), "{listed}");
    assert!(!listed.contains("grade "), "{listed}");
}
