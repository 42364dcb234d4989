//! What is wrong with a workload is said by type, and names the file.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wasm_dispatch_workloads::{Class, Error, ParseValueError, Value, Workload, load_dir, sha256_hex};

const MODULE: &str = r#"(module (func (export "run") (param i32) (result i32) (local.get 0)))"#;

/// A good manifest for `MODULE`, in `same.wat`.
fn manifest() -> String {
    format!(
        r#"
name = "same"
class = "dispatch"
description = "Returns its argument."
source = "this test"
licence = "MIT OR Apache-2.0"
module = "same.wat"
sha256 = "{}"
entry = "run"
expected_from = "reasoning"

[[links]]
name = "nothing"
version = "1.0.0"
licence = "MIT"

[quick]
args = ["i32:1"]
expect = ["i32:1"]

[full]
args = ["i32:2"]
expect = ["i32:2"]
"#,
        sha256_hex(MODULE.as_bytes())
    )
}

/// Writes a manifest and its module; returns the folder, which is removed when dropped, and the manifest's path.
fn folder_with(manifest: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("same.toml");
    fs::write(&file, manifest).unwrap();
    fs::write(folder.path().join("same.wat"), MODULE).unwrap();
    (folder, file)
}

fn load_error(manifest: &str) -> Error {
    let (_folder, file) = folder_with(manifest);
    let error = Workload::load(&file).expect_err("a bad manifest");
    assert_names(&error, &file);
    error
}

fn assert_names(error: &Error, file: &Path) {
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "`{error}` does not name {}",
        file.display()
    );
}

/// The good manifest with one text replaced; the text must be there.
fn with(from: &str, to: &str) -> String {
    let good = manifest();
    assert!(good.contains(from), "`{from}` is not in the manifest");
    good.replacen(from, to, 1)
}

#[test]
fn the_manifest_of_these_tests_is_good() {
    let (_folder, file) = folder_with(&manifest());
    let workload = Workload::load(&file).unwrap();
    assert_eq!(workload.name(), "same");
    assert_eq!(workload.class(), Class::Dispatch);
    assert_eq!(workload.links()[0].name, "nothing");
    assert_eq!(workload.quick().args, [Value::I32(1)]);
    assert_eq!(workload.full().expect, [Value::I32(2)]);
    assert!(workload.wasm().unwrap().starts_with(b"\0asm"));
}

#[test]
fn a_module_that_was_changed_is_refused() {
    let (folder, file) = folder_with(&manifest());
    let module = folder.path().join("same.wat");
    fs::write(&module, MODULE.replace("local.get 0", "i32.const 1")).unwrap();
    let error = Workload::load(&file).unwrap().wasm().unwrap_err();
    assert!(
        matches!(&error, Error::Sha256Mismatch { file, .. } if *file == module),
        "{error:?}"
    );
    assert_names(&error, &module);
}

#[test]
fn a_module_that_does_not_assemble_is_refused() {
    let bad = "(module (func (export \"run\") (i32.nonsense)))";
    let (folder, file) = folder_with(&with(&sha256_hex(MODULE.as_bytes()), &sha256_hex(bad.as_bytes())));
    let module = folder.path().join("same.wat");
    fs::write(&module, bad).unwrap();
    let error = Workload::load(&file).unwrap().wasm().unwrap_err();
    assert!(matches!(error, Error::BadWat { .. }), "{error:?}");
    assert_names(&error, &module);
}

#[test]
fn missing_files_are_unreadable() {
    let (folder, file) = folder_with(&manifest());
    fs::remove_file(folder.path().join("same.wat")).unwrap();
    let error = Workload::load(&file).unwrap().wasm().unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");

    let absent = folder.path().join("absent.toml");
    let error = Workload::load(&absent).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
    assert_names(&error, &absent);

    let error = load_dir(&folder.path().join("absent")).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
}

#[test]
fn what_is_not_toml_is_refused() {
    for text in ["name = ", "][", "name = \"same\"\nname = \"same\""] {
        assert!(matches!(load_error(text), Error::NotToml { .. }), "{text}");
    }
}

#[test]
fn unknown_fields_are_refused_at_every_level() {
    let cases = [
        with("entry =", "colour = \"red\"\nentry ="),
        with("[quick]", "[quick]\nexpected = []"),
        with("[[links]]", "[[links]]\nurl = \"x\""),
        with("[full]", "[medium]\nargs = []\nexpect = []\n\n[full]"),
        with(
            "[full]",
            "[quick.memory]\nexport = \"m\"\noffset = 0\nlen = 1\nsize = 1\nsha256 = \"\"\n\n[full]",
        ),
    ];
    for text in cases {
        let error = load_error(&text);
        assert!(matches!(error, Error::NotManifest { .. }), "{error:?}");
        assert!(error.to_string().contains("unknown field"), "{error}");
    }
}

#[test]
fn missing_fields_wrong_types_and_unknown_classes_are_refused() {
    let cases = [
        with("entry = \"run\"\n", ""),
        with("[full]\nargs = [\"i32:2\"]\nexpect = [\"i32:2\"]\n", ""),
        with("args = [\"i32:1\"]", "args = [1]"),
        with("class = \"dispatch\"", "class = \"fast\""),
    ];
    for text in cases {
        let error = load_error(&text);
        assert!(matches!(error, Error::NotManifest { .. }), "{error:?}");
    }
}

#[test]
fn a_value_that_cannot_be_read_is_named_with_its_place() {
    let error = load_error(&with("args = [\"i32:2\"]", "args = [\"i32:2\", \"u32:2\"]"));
    let Error::BadValue {
        field, text, source, ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!((field.as_str(), text.as_str()), ("full.args[1]", "u32:2"));
    assert_eq!(*source, ParseValueError::UnknownType("u32".into()));

    let error = load_error(&with("expect = [\"i32:1\"]", "expect = [\"i32:one\"]"));
    assert!(
        matches!(&error, Error::BadValue { field, .. } if field == "quick.expect[0]"),
        "{error:?}"
    );
}

#[test]
fn fields_that_make_no_sense_are_refused() {
    let memory = |len: u64, sha: &str| {
        with(
            "[full]",
            &format!("[quick.memory]\nexport = \"m\"\noffset = 0\nlen = {len}\nsha256 = \"{sha}\"\n\n[full]"),
        )
    };
    let good_sha = sha256_hex(b"");
    let cases = [
        (with("name = \"same\"", "name = \"\""), "name"),
        (with("name = \"same\"", "name = \"a/b\""), "name"),
        (
            with("description = \"Returns its argument.\"", "description = \" \""),
            "description",
        ),
        (with("module = \"same.wat\"", "module = \"same.txt\""), "module"),
        (with(&sha256_hex(MODULE.as_bytes()), "abc"), "sha256"),
        (with("expect = [\"i32:1\"]", "expect = []"), "quick.expect"),
        (memory(0, &good_sha), "quick.memory.len"),
        (memory(1, "abc"), "quick.memory.sha256"),
        (with("[full]", "instances = 0\n\n[full]"), "quick.instances"),
        (with("[full]", "calls = 0\n\n[full]"), "quick.calls"),
        (with("[full]", "instances = 3\ncalls = 2\n\n[full]"), "quick.calls"),
    ];
    for (text, expected) in cases {
        let error = load_error(&text);
        assert!(
            matches!(&error, Error::BadField { field, .. } if field == expected),
            "{expected}: {error:?}"
        );
    }
}

#[test]
fn two_workloads_of_one_name_are_refused() {
    let (folder, file) = folder_with(&manifest());
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("other.toml"), manifest()).unwrap();
    let error = load_dir(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::DuplicateName { name, .. } if name == "same"),
        "{error:?}"
    );
    assert_names(&error, &file);
}

#[test]
fn one_bad_manifest_fails_its_folder() {
    let (folder, _file) = folder_with(&manifest());
    fs::write(folder.path().join("zzz.toml"), "nonsense").unwrap();
    assert!(matches!(load_dir(folder.path()), Err(Error::NotToml { .. })));
}

#[test]
fn folders_of_sources_and_cargo_manifests_are_passed_over() {
    let (folder, _file) = folder_with(&manifest());
    fs::write(folder.path().join("Cargo.toml"), "nonsense").unwrap();
    for hidden in ["src", "target", ".hidden"] {
        fs::create_dir(folder.path().join(hidden)).unwrap();
        fs::write(folder.path().join(hidden).join("x.toml"), "nonsense").unwrap();
    }
    assert_eq!(load_dir(folder.path()).unwrap().len(), 1);
}

#[test]
fn a_memory_check_looks_at_its_part_and_no_further() {
    let memory = format!(
        "[quick.memory]\nexport = \"m\"\noffset = 2\nlen = 3\nsha256 = \"{}\"\n\n[full]",
        sha256_hex(b"abc")
    );
    let (_folder, file) = folder_with(&with("[full]", &memory));
    let workload = Workload::load(&file).unwrap();
    let check = workload.quick().memory.as_ref().unwrap();
    assert!(check.matches(b"..abc"));
    assert!(check.matches(b"..abc..."));
    assert!(!check.matches(b"..abd"));
    assert!(!check.matches(b"..ab"));
    assert!(!check.matches(b""));
}

/// The good manifest as one of a command, with these lines in place of the quick run's `[quick.wasi]`.
fn command(wasi: &str) -> String {
    with(
        "args = [\"i32:1\"]\nexpect = [\"i32:1\"]",
        &format!("[quick.wasi]\n{wasi}\nstdout_sha256 = \"{}\"", sha256_hex(b"out")),
    )
}

#[test]
fn a_command_has_surroundings_and_an_expected_output() {
    let sha = sha256_hex(MODULE.as_bytes());
    let lines = format!(
        "args = [\"a\", \"b\"]\nenv = {{ X = \"1\" }}\nstdin = \"same.wat\"\nstdin_sha256 = \"{sha}\"\nexit_code = 3\n\
         files = [{{ guest = \"in/x\", file = \"same.wat\", sha256 = \"{sha}\" }}]"
    );
    let (_folder, file) = folder_with(&command(&lines));
    let workload = Workload::load(file).unwrap();
    let wasi = workload.quick().wasi.as_ref().unwrap();
    assert_eq!(wasi.args, ["a", "b"]);
    assert_eq!(wasi.env, [("X".to_string(), "1".to_string())]);
    assert_eq!((&*wasi.stdin, wasi.exit_code), (MODULE.as_bytes(), 3));
    assert_eq!(
        (wasi.files[0].guest.as_str(), &*wasi.files[0].bytes),
        ("in/x", MODULE.as_bytes())
    );
    assert!(wasi.matches(b"out") && !wasi.matches(b"other"));
}

#[test]
fn a_command_that_makes_no_sense_is_refused() {
    let sha = sha256_hex(MODULE.as_bytes());
    let file = |guest: &str, file: &str| {
        format!("args = [\"a\"]\nfiles = [{{ guest = \"{guest}\", file = \"{file}\", sha256 = \"{sha}\" }}]")
    };
    for (lines, field) in [
        ("args = []".to_string(), "quick.wasi.args"),
        ("args = [\"a\\u0000b\"]".to_string(), "quick.wasi.args"),
        ("args = [\"a\"]\nstdin = \"same.wat\"".to_string(), "quick.wasi.stdin"),
        (file("../x", "same.wat"), "quick.wasi.files.guest"),
        (file("/x", "same.wat"), "quick.wasi.files.guest"),
        (file("x", "../same.wat"), "quick.wasi.files"),
        (file("x", "/etc/passwd"), "quick.wasi.files"),
    ] {
        match load_error(&command(&lines)) {
            Error::BadField { field: found, .. } => assert_eq!(found, field, "{lines}"),
            other => panic!("{lines}: {other}"),
        }
    }
    let (_folder, manifest) = folder_with(&command(&file("x", "missing")));
    assert!(matches!(Workload::load(manifest), Err(Error::Unreadable { .. })));
    let changed = file("x", "same.wat").replace(&sha, &sha256_hex(b"other"));
    let (_folder, manifest) = folder_with(&command(&changed));
    assert!(matches!(Workload::load(manifest), Err(Error::Sha256Mismatch { .. })));
    let both = with(
        "[full]",
        &format!("[quick.wasi]\nargs = [\"a\"]\nstdout_sha256 = \"{sha}\"\n\n[full]"),
    );
    assert!(matches!(load_error(&both), Error::BadField { .. }));
}
