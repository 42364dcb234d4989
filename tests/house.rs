//! What the house promises about its strategies: each says itself what it is, and nothing else has to know it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_dispatch::Strategy;

/// Where no strategy is named, but in its own folder and in its row.
const ROOMS: &[&str] = &["src", "strategies", "tests", "examples", "workloads"];

/// The file with a row for each strategy.
const ROWS: &str = "src/strategy.rs";

/// Whether the strategy in a folder is built from another one, and may name that.
fn is_built_from(folder: &Path, other: &str) -> bool {
    let manifest = root().join(folder).join("Cargo.toml");
    let crate_name = format!("\nwasm-dispatch-{} ", other.replace('_', "-"));
    fs::read_to_string(manifest).is_ok_and(|manifest| manifest.contains(&crate_name))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: impl AsRef<Path>) -> String {
    let file = root().join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Files whose names end with `.rs`, in a folder and those within it, as paths from the root.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"));
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "target" {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.strip_prefix(root()).expect("within the root").to_owned());
        }
    }
    files
}

/// What a strategy is called in Rust and on the command line.
fn names(strategy: Strategy) -> [String; 3] {
    let name = strategy.name();
    [
        name.to_owned(),
        format!("{strategy:?}"),
        format!("wasm_dispatch_{name}"),
    ]
}

/// Whether a line has the name as a word. "Threaded code" is a technique, and not the strategy that is called so.
fn mentions(line: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        !before.ends_with(|c| is_part(c) || c == '-') && !after.starts_with(is_part) && !after.starts_with(" code")
    })
}

#[test]
fn only_its_own_folder_and_its_row_name_a_strategy() {
    let mut found = Vec::new();
    for file in ROOMS.iter().flat_map(|room| rust_files(&root().join(room))) {
        let text = read(&file);
        for &strategy in Strategy::ALL {
            let own = file.starts_with(Path::new("strategies").join(strategy.name()));
            let folder: PathBuf = file.components().take(2).collect();
            let built = file.starts_with("strategies") && is_built_from(&folder, strategy.name());
            if file == Path::new(ROWS) || own || built {
                continue;
            }
            for (number, line) in (1..).zip(text.lines()) {
                // A strategy's page may compare it with another, and so may an example's.
                let page = file.starts_with("strategies") && file.ends_with("src/lib.rs");
                let compares = line.starts_with("//!") && (page || file.starts_with("examples"));
                if !compares && names(strategy).iter().any(|name| mentions(line, name)) {
                    found.push(format!("{}:{number}: {line}", file.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "a strategy is named here:\n{}", found.join("\n"));
}

/// Files of the lab that may name a strategy in code, and why.
const MAY_NAME: &[(&str, &str)] = &[
    (
        "engines/src/peers/ablation.rs",
        "leaves out one technique at a time of one strategy",
    ),
    ("engines/src/control.rs", "the control experiment of one strategy"),
    ("counts.rs", "its benchmarks are functions, which macros make of names"),
    ("report/src/counts.rs", "the one that instructions are compared with"),
    (
        "report/src/summary/mod.rs",
        "recorded runs do not say which strategies are safe",
    ),
];

/// In the lab, usage texts and comments may name a strategy for example, and tests have data of their own.
#[test]
fn the_lab_names_no_strategy_in_code() {
    let mut found = Vec::new();
    for file in rust_files(&root().join("benches")) {
        let may = |name: &str| file == Path::new("benches").join(name);
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        if is_test || MAY_NAME.iter().any(|(name, _)| may(name)) {
            continue;
        }
        let text = read(&file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for &strategy in Strategy::ALL {
                let [name, variant, module] = names(strategy);
                let literal = line.contains(&format!("\"{name}\""));
                if literal || mentions(line, &variant) || mentions(line, &module) {
                    found.push(format!("{}:{number}: {line}", file.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "a strategy is named here:\n{}", found.join("\n"));
}

#[test]
fn a_name_is_found_as_a_word() {
    assert!(mentions("let vm = Vm::with(Strategy::Woven, limits);", "Woven"));
    assert!(mentions("// `woven` and others", "woven"));
    for other in ["dispatches_woven", "hand-woven", "woven code", "interwoven"] {
        assert!(!mentions(other, "woven"), "{other}");
    }
}

#[test]
fn every_folder_with_a_strategy_has_a_row() {
    let folders = fs::read_dir(root().join("strategies")).expect("a folder");
    let folders = folders.map(|entry| entry.expect("an entry").path());
    let with_strategy = folders.filter(|folder| {
        let page = folder.join("src/lib.rs");
        page.exists() && read(page).contains("\nimpl Backend for ")
    });
    let folders: BTreeSet<String> = with_strategy
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    // In this build or not: `@"feature" Variant: wasm_dispatch_name::Variant;`
    let rows = read(ROWS);
    let rows = rows.lines().filter_map(|line| {
        let (_, backend) = line.strip_suffix(';')?.split_once(": wasm_dispatch_")?;
        let (name, variant) = backend.split_once("::")?;
        line.trim_end_matches(';').ends_with(variant).then(|| name.to_owned())
    });
    let rows: BTreeSet<String> = rows.collect();
    assert_eq!(folders, rows);
    let here: BTreeSet<String> = Strategy::ALL.iter().map(Strategy::to_string).collect();
    // One is behind a feature that not even `all-strategies` has.
    let elsewhere: Vec<&String> = rows.difference(&here).collect();
    assert!(elsewhere.len() <= 1, "not in this build: {elsewhere:?}");
}

/// The files with unsafe code of a strategy that makes machine code.
const UNSAFE_FILES: &[&str] = &["enter.rs", "memory.rs"];

#[test]
fn a_strategy_that_makes_machine_code_has_its_unsafe_code_in_two_files() {
    let mut files = rust_files(&root().join("strategies"));
    files.retain(|file| {
        root().join(file).with_file_name("memory.rs").exists() && file.iter().nth(2) == Some("src".as_ref())
    });
    files.retain(|file| root().join(file).with_file_name("enter.rs").exists());
    assert!(files.len() > UNSAFE_FILES.len(), "{files:?}");
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let text = read(&file);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| mentions(line, "unsafe")).count();
        assert_eq!(found > 0, UNSAFE_FILES.contains(&&*name), "{}", file.display());
    }
}

#[test]
fn a_strategy_is_safe_if_its_crate_forbids_unsafe_code() {
    for strategy in Strategy::ALL {
        let page = read(format!("strategies/{strategy}/src/lib.rs"));
        let forbids = page.lines().any(|line| line == "#![forbid(unsafe_code)]");
        assert_eq!(strategy.is_safe(), forbids, "{strategy}");
    }
}

#[test]
fn tables_of_strategies_repeat_what_the_strategies_say() {
    for file in ["README.md", "strategies/README.md"] {
        let text = read(file);
        for strategy in Strategy::ALL {
            let link = format!("[`{strategy}`](");
            let row = text.lines().find(|line| line.starts_with("| ") && line.contains(&link));
            let row = row.unwrap_or_else(|| panic!("{file} has no row with {link}..)"));
            let safe = if strategy.is_safe() { "yes" } else { "no" };
            let told = format!(" | {} | {} | {safe} |", strategy.term(), strategy.idea());
            assert!(row.ends_with(&told), "{file}: {row}\nshould end with {told}");
        }
    }
}

/// What the headings of a strategy's page are about, in order; a page may have more.
const SECTIONS: &[&str] = &["one dispatch", "traps", "what it costs", "literature"];

#[test]
fn strategies_have_one_outline() {
    for strategy in Strategy::ALL {
        let source = Path::new("strategies").join(strategy.name()).join("src");
        let there = |name: &str| root().join(&source).join(name).exists();
        let page = read(source.join("lib.rs"));
        // Those that chain closures share the form of the code and running it.
        let chained = page.contains("wasm_dispatch_closures::chain::");
        assert!(there("tests.rs"), "{strategy}");
        assert!(there("compile.rs") || there("compile/mod.rs"), "{strategy}");
        assert!(there("code.rs") || chained, "{strategy}");
        assert!(there("run.rs") || chained, "{strategy}");
        let headings = page.lines().filter_map(|line| line.strip_prefix("//! # "));
        let headings: Vec<String> = headings.map(str::to_lowercase).collect();
        let about = |heading: &String| SECTIONS.iter().copied().find(|section| heading.contains(section));
        let sections: Vec<&str> = headings.iter().filter_map(about).collect();
        assert_eq!(sections, SECTIONS, "{strategy}: {headings:?}");
        // What the registry shows: lines are broken anywhere.
        let readme = read(Path::new("strategies").join(strategy.name()).join("README.md"));
        let readme: Vec<&str> = readme.split_whitespace().collect();
        let says = format!("*{}*: {}.", strategy.term(), strategy.idea());
        assert!(
            readme.join(" ").contains(&says),
            "{strategy}: its README.md says something else"
        );
    }
}
