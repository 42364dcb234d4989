//! The project's own manifests: complete, unique, and written for the modules that stand beside them.

use std::collections::HashSet;
use std::fs;

use wasm_dispatch_workloads::{Class, all, default_folder, load_dir, sha256_hex};

/// Fewer than these can only mean that the search has gone wrong.
const AT_LEAST: usize = 8;

#[test]
fn every_manifest_loads_and_names_are_unique_and_sorted() {
    let workloads = all().unwrap();
    assert!(workloads.len() >= AT_LEAST, "only {} workloads found", workloads.len());
    assert!(workloads.windows(2).all(|pair| pair[0].name() < pair[1].name()));
}

#[test]
fn every_manifest_file_is_found() {
    // Counted another way than `load_dir` does: the folders that hold manifests are known here.
    let mut files = 0;
    for folder in ["kernels", "programs"] {
        for entry in fs::read_dir(default_folder().join(folder)).unwrap() {
            files += usize::from(
                entry
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "toml"),
            );
        }
    }
    assert!(files >= AT_LEAST);
    assert_eq!(all().unwrap().len(), files);
}

#[test]
fn every_module_has_the_checksum_of_its_manifest() {
    let workloads = all().unwrap();
    assert!(workloads.len() >= AT_LEAST);
    for workload in &workloads {
        let file = fs::read(workload.module_file()).unwrap();
        assert_eq!(sha256_hex(&file), workload.sha256(), "{}", workload.name());
        let wasm = workload.wasm().unwrap();
        assert!(wasm.starts_with(b"\0asm"), "{}", workload.name());
    }
}

#[test]
fn names_are_those_of_the_manifest_files() {
    for workload in all().unwrap() {
        assert_eq!(workload.file().file_stem().unwrap(), workload.name());
    }
}

#[test]
fn the_two_sizes_differ() {
    for workload in all().unwrap() {
        // Arguments of the entry, or those of a command: either is part of the run.
        assert_ne!(workload.quick(), workload.full(), "{}", workload.name());
    }
}

#[test]
fn every_class_has_a_workload() {
    let present: HashSet<Class> = all().unwrap().iter().map(|workload| workload.class()).collect();
    for class in Class::ALL {
        assert!(present.contains(&class), "no workload of class {class}");
    }
}

#[test]
fn texts_are_in_one_line_for_reports() {
    for workload in all().unwrap() {
        for text in [workload.description(), workload.source(), workload.expected_from()] {
            assert!(
                !text.contains('\n') && !text.starts_with(' '),
                "{}: {text:?}",
                workload.name()
            );
        }
    }
}

#[test]
fn a_folder_without_manifests_has_no_workloads() {
    let folder = tempfile::tempdir().unwrap();
    assert!(load_dir(folder.path()).unwrap().is_empty());
}

#[test]
fn the_readme_lists_every_workload() {
    let readme = fs::read_to_string(default_folder().join("README.md")).unwrap();
    for workload in all().unwrap() {
        let row = format!("| `{}` | {} |", workload.name(), workload.class());
        assert!(
            readme.contains(&row),
            "no `{row}` in README.md; `scripts/build-workloads --sha` writes its table"
        );
    }
}
