//! What goes wrong around a measurement: programs that never end, two at one folder, names that are made to mislead.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wasm_dispatch_report::record;

#[path = "common/lab.rs"]
mod common;

use common::{LAB, Said, lab};

/// Adds up, or never ends, and says so from its start function in the third.
const SUM: &str = r#"(module (func (export "run") (param i32) (result i32)
    (local $sum i32)
    (loop $next
        (local.set $sum (i32.add (local.get $sum) (local.get 0)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum)))"#;
const ENDLESS: &str = r#"(module (func (export "run") (result i32) (loop (br 0)) (i32.const 1)))"#;
const NEVER_STARTS: &str =
    r#"(module (func $start (loop (br 0))) (start $start) (func (export "run") (result i32) (i32.const 1)))"#;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(folder: &Path, name: impl AsRef<OsStr>, text: &str) {
    fs::write(folder.join(name.as_ref()), text).unwrap();
}

/// Measures `run` of a module in a folder, in one block of two strategies.
fn bench(folder: &Path, module: impl AsRef<OsStr>, more: &[&str]) -> Said {
    let mut lab = Command::new(LAB);
    lab.args([
        "bench",
        "--blocks",
        "1",
        "--strategies",
        "match_loop,threaded",
        "--quiet",
        "--invoke",
        "run",
    ]);
    lab.arg("--module").arg(module.as_ref()).args(more);
    lab.current_dir(folder).stdin(Stdio::null());
    lab.output().expect("the lab starts").into()
}

/// Nothing that a terminal would obey.
#[track_caller]
fn assert_tame(said: &Said) {
    for text in [&said.out, &said.err] {
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{said:?}");
        assert!(!text.contains('\u{202e}'), "{said:?}");
    }
}

#[test]
fn a_module_that_never_ends_is_given_up_before_anything_is_measured() {
    let folder = folder();
    for (name, text) in [("endless.wat", ENDLESS), ("never_starts.wat", NEVER_STARTS)] {
        write(folder.path(), name, text);
        let begun = Instant::now();
        let said = bench(folder.path(), name, &["--timeout", "1", "-o", "run"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("did not end within 1 s"), "{said:?}");
        assert!(said.err.contains("--timeout"), "{said:?}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        assert!(!folder.path().join("run/samples.jsonl").exists());
    }
    let said = bench(folder.path(), "endless.wat", &["--timeout", "0"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn of_two_at_one_folder_the_second_is_refused_before_it_writes_anything() {
    let folder = folder();
    write(folder.path(), "sum.wat", SUM);
    // A run that takes long, as one of a user's own does.
    let long = ["--timeout", "600", "-o", "run", "--args", "2000000000"];
    let mut first = Command::new(LAB)
        .args(["bench", "--quiet", "--invoke", "run", "--module", "sum.wat"])
        .args(long)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !folder.path().join("run/.lock").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the first has not begun");
        assert_eq!(first.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = bench(folder.path(), "sum.wat", &["-o", "run", "--args", "10"]);
    let (killed, _) = (first.kill().unwrap(), first.wait().unwrap());
    let () = killed;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("another process is writing this run"), "{second:?}");
    let left: Vec<_> = fs::read_dir(folder.path().join("run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, [".lock"]);

    // The first has died, and with it its right to the folder.
    let third = bench(folder.path(), "sum.wat", &["-o", "run", "--args", "10"]);
    assert_eq!(third.code, Some(0), "{third:?}");
    let samples = || record::read(&folder.path().join("run")).unwrap().samples;
    let measured = samples();

    // As long as somebody else has it, it is not resumed either.
    let held = fs::File::open(folder.path().join("run/.lock")).unwrap();
    held.try_lock().unwrap();
    let said = lab(folder.path(), &["bench", "--resume", "run", "--quiet"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("another process"), "{said:?}");
    drop(held);
    let said = lab(folder.path(), &["bench", "--resume", "run", "--quiet"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(samples(), measured);
}

#[test]
fn modules_whose_names_look_alike_are_neither_merged_nor_compared() {
    let folder = folder();
    let place = folder.path();
    write(place, "größe.wat", SUM);
    write(place, "gr__e.wat", &SUM.replace("i32.add", "i32.xor"));
    for (run, module, args) in [
        ("one", "größe.wat", "9"),
        ("two", "gr__e.wat", "9"),
        ("three", "größe.wat", "8"),
        ("same", "größe.wat", "9"),
    ] {
        let said = bench(place, module, &["-o", run, "--args", args]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    for (other, what) in [("two", "another module"), ("three", "other arguments or results")] {
        let said = lab(place, &["merge", "one", other, "-o", "merged"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(&format!("its workload gr__e has {what}")), "{said:?}");
        assert!(!place.join("merged").exists());
        let said = lab(place, &["compare", "one", other]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("in common") && said.err.contains(what), "{said:?}");
    }
    let said = lab(place, &["compare", "one", "same", "--json", "--limit", "10000"]);
    assert_eq!(said.json()["cells"].as_array().map(Vec::len), Some(2), "{said:?}");
    let said = lab(place, &["merge", "one", "same", "-o", "merged"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_lose_no_results() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = folder();
    let place = folder.path().join(OsStr::from_bytes(b"pl\xffce"));
    fs::create_dir(&place).unwrap();
    let name = OsStr::from_bytes(b"s\xfem.wat");
    write(&place, name, SUM);
    let said = bench(&place, name, &["-o", "run", "--args", "9"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let recording = record::read(&place.join("run")).unwrap();
    assert!(recording.failures.is_empty(), "{:?}", recording.failures);
    assert!(!recording.samples.is_empty());
    for arguments in [
        &["report", "run", "--json"][..],
        &["list", "runs", "--runs", ".", "--json"],
        &["list", "runs", "--runs", "."],
        &["compare", "run", "run", "--json"],
        &["bench", "--resume", "run", "--json"],
    ] {
        let said = lab(&place, arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        if arguments.contains(&"--json") {
            said.json();
        }
    }
    let run = |more: &[&str]| -> Said {
        let mut lab = Command::new(LAB);
        lab.arg("run")
            .arg(name)
            .args(["--invoke", "run"])
            .args(more)
            .current_dir(&place);
        lab.output().unwrap().into()
    };
    assert_eq!(run(&["9", "--json"]).json()["results"][0], "i32:45");
    assert_eq!(run(&["9"]).out, "i32:45\n");
}

#[test]
fn nothing_in_a_name_reaches_the_terminal_or_the_page_but_what_can_be_seen() {
    let folder = folder();
    let place = folder.path();
    let nasty = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
    let in_text: String = nasty.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let long = "x".repeat(300_000);
    let text = format!(
        r#"(module
            (import "{in_text}" "{in_text}" (func))
            (func $f (export "{in_text}") unreachable)
            (func (export "{long}") (call $f))
            (func (export "run") (param i32) (result i32) (local.get 0)))"#
    );
    write(place, "nasty.wat", &text);
    let long_name = format!("{}.wat", "n".repeat(200));
    write(place, &long_name, SUM);
    let cases: [&[&str]; 6] = [
        &["explain", "nasty.wat"],
        &["run", "nasty.wat", "--stubs", "--invoke", nasty],
        &["run", "nasty.wat", "--stubs", "--invoke", "nothing"],
        &["run", "nasty.wat", "--invoke", nasty],
        &["profile", "nasty.wat", "--stubs", "--invoke", nasty],
        &["bench", "--module", "nasty.wat", "--invoke", nasty],
    ];
    for arguments in cases {
        for json in [&[][..], &["--json"]] {
            let said = lab(place, &[arguments, json].concat());
            assert!(said.code.is_some_and(|code| code <= 1), "{said:?}");
            assert_tame(&said);
            let most = if json.is_empty() { 20_000 } else { usize::MAX };
            assert!(
                said.out.len() + said.err.len() < most,
                "{arguments:?}: {}",
                said.out.len() + said.err.len()
            );
        }
    }
    let said = bench(place, &long_name, &["-o", "run", "--args", "9"]);
    assert_eq!(said.code, Some(0), "{said:?}");

    // A record of somebody else's, with a workload of such a name.
    let samples = fs::read_to_string(place.join("run/samples.jsonl")).unwrap();
    let forged = samples.replace(&"n".repeat(60), r"\u001b]0;owned\u0007\u009b2J\u202e<b>");
    assert_ne!(forged, samples);
    fs::create_dir(place.join("forged")).unwrap();
    write(&place.join("forged"), "samples.jsonl", &forged);
    for arguments in [
        &["report", "forged"][..],
        &["list", "runs", "--runs", "."],
        &["compare", "forged", "forged"],
    ] {
        let said = lab(place, arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_tame(&said);
    }
    for file in fs::read_dir(place.join("forged")).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|end| end == "html" || end == "svg" || end == "md")
        {
            let text = fs::read_to_string(&path).unwrap();
            let bad = text
                .chars()
                .find(|&c| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}');
            assert_eq!(bad, None, "{}", path.display());
            assert!(
                path.extension().is_some_and(|end| end == "md") || !text.contains("}<b>"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn what_the_lab_does_not_know_is_made_up_if_that_is_asked_for() {
    let folder = folder();
    let text = r#"(module
        (import "env" "log" (func $log (param i64) (result f32)))
        (import "env" "memory" (memory 1))
        (import "env" "table" (table 2 funcref))
        (import "env" "base" (global $base i32))
        (import "env" "top" (global $top (mut f64)))
        (func (export "run") (param i32) (result i32)
            (if (i32.gt_s (local.get 0) (i32.const 100)) (then (drop (call $log (i64.const 1)))))
            (i32.add (local.get 0) (i32.load (global.get $base)))))"#;
    write(folder.path(), "imports.wat", text);
    let said = bench(folder.path(), "imports.wat", &["--args", "9", "-o", "run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("'log' from 'env'") && said.err.contains("--stubs"),
        "{said:?}"
    );

    let said = bench(folder.path(), "imports.wat", &["--args", "9", "--stubs", "-o", "run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let recording = record::read(&folder.path().join("run")).unwrap();
    assert!(recording.failures.is_empty() && !recording.samples.is_empty());

    // What is called all the same ends it, with its name.
    let said = bench(folder.path(), "imports.wat", &["--args", "101", "--stubs"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("'log' of 'env' is made up"), "{said:?}");
    let run = ["run", "imports.wat", "--stubs", "--invoke", "run"];
    assert_eq!(lab(folder.path(), &[&run[..], &["9"]].concat()).out, "i32:9\n");
    assert_eq!(lab(folder.path(), &[&run[..], &["101"]].concat()).code, Some(1));
}

#[test]
fn a_run_of_one_workload_says_nothing_of_others() {
    let folder = folder();
    write(folder.path(), "sum.wat", SUM);
    let said = bench(folder.path(), "sum.wat", &["--args", "100000", "-o", "run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = lab(folder.path(), &["report", "run"]);
    let page = fs::read_to_string(folder.path().join("run/index.html")).unwrap();
    let markdown = fs::read_to_string(folder.path().join("run/summary.md")).unwrap();
    for text in [&said.out, &page, &markdown] {
        for claim in [
            "eaving out",
            "shortest",
            "short ones",
            "of the programs",
            "most programs",
            "nine of ten",
            "no class",
            "no workload",
            "program to program",
        ] {
            assert!(!text.contains(claim), "{claim} in {text}");
        }
        assert!(text.contains("about one workload"), "{text}");
    }
}

/// With room for so many KiB in each file, as on a disk that is full.
#[cfg(unix)]
fn on_a_full_disk(folder: &Path, kilobytes: u32, line: &str) -> Said {
    // Blocks have 512 bytes. Without the signal, writing more is an error as any other.
    let limit = kilobytes * 2;
    common::shell(
        folder,
        &format!("trap '' XFSZ; ulimit -f {limit}; wasm-dispatch-lab {line}"),
    )
}

#[cfg(unix)]
#[test]
fn on_a_full_disk_what_was_there_stays_and_no_part_of_a_run_is_taken_for_one() {
    let folder = folder();
    write(folder.path(), "sum.wat", SUM);
    for run in ["one", "two"] {
        let said = bench(folder.path(), "sum.wat", &["--args", "1000", "--out", run]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let summary = folder.path().join("one/summary.json");
    let before = fs::read(&summary).unwrap();
    assert!(before.len() > 2048, "{} bytes", before.len());
    let said = on_a_full_disk(folder.path(), 1, "report one");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(fs::read(&summary).unwrap() == before, "the summary is another");
    let said = on_a_full_disk(folder.path(), 1, "merge one two -o both");
    assert_eq!(said.code, Some(1), "{said:?}");
    let said = lab(folder.path(), &["report", "both"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let said = lab(folder.path(), &["merge", "one", "two", "-o", "both", "--json"]);
    assert_eq!((said.code, &said.json()["blocks"]), (Some(0), &2.into()), "{said:?}");
    let names = fs::read_dir(folder.path().join("both")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", record::FILE_NAME]);
}

#[cfg(unix)]
#[test]
fn what_is_asked_for_may_be_no_text_and_out_of_all_proportion() {
    use std::os::unix::ffi::OsStrExt;

    let folder = folder();
    let plan = |arguments: &[&OsStr]| -> Said {
        let mut lab = Command::new(LAB);
        lab.arg("plan")
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null());
        lab.output().expect("the lab starts").into()
    };
    let text = OsStr::new;
    let no_text = OsStr::from_bytes(b"my-\xff.wasm");
    for (arguments, complaint) in [
        (
            &[text("--shards"), text("2"), text("--module"), no_text][..],
            "is no text",
        ),
        (
            &[text("--shards"), text("1"), text("--layouts"), text("4294967295")],
            "1000",
        ),
        (&[text("--shards"), text("18446744073709551615")], "too many"),
    ] {
        let said = plan(arguments);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(complaint), "{said:?}");
    }
}

#[test]
fn numbers_that_no_run_has_are_no_trouble_to_whoever_reads_a_record() {
    let folder = folder();
    write(folder.path(), "sum.wat", SUM);
    let said = bench(folder.path(), "sum.wat", &["--args", "1000", "--out", "run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let text = fs::read_to_string(folder.path().join("run").join(record::FILE_NAME)).unwrap();
    let without_plan = text.lines().filter(|line| !line.contains(r#""row":"plan""#));
    let of_last_block = |line: &str| line.replace(r#""block":0"#, &format!(r#""block":{}"#, u32::MAX));
    let lines: Vec<String> = without_plan.map(of_last_block).collect();
    fs::create_dir(folder.path().join("forged")).unwrap();
    write(
        &folder.path().join("forged"),
        record::FILE_NAME,
        &(lines.join("\n") + "\n"),
    );
    for command in [
        &["report", "forged"][..],
        &["list", "runs", "--runs", "."],
        &["export", "forged"],
    ] {
        let said = lab(folder.path(), command);
        assert!(matches!(said.code, Some(0 | 1)), "{command:?}: {said:?}");
        assert!(!said.err.contains("panicked"), "{command:?}: {said:?}");
    }
}
