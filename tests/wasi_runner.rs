//! `examples/wasi`, as a program is run by it: options, standard streams, exit codes.

#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use common::wasm;

/// The runner, which `cargo test` has not built if it was asked for this test alone.
fn runner() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let program = BUILT.get_or_init(|| {
        let exe = std::env::current_exe().expect("this test");
        // <target>/<profile>/deps/<test>
        let profile = exe.ancestors().nth(2).expect("a profile's folder").to_owned();
        let program = profile.join("examples/wasi");
        // A whole `cargo test` has just built it.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = ["src", "strategies", "examples"].map(|folder| newest(&root.join(folder)));
        if modified(&program) > sources.into_iter().max().flatten() {
            return program;
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root);
        cargo.args(["build", "--quiet", "--example", "wasi", "--target-dir"]);
        cargo.arg(profile.parent().expect("the target folder"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo").success());
        program
    });
    Command::new(program)
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// When the last of the files below a folder was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let times = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        _ => modified(&entry.path()),
    });
    times.max().flatten()
}

fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/wasi_programs/{name}.wasm"))
}

/// A program given as text, in a folder of its own.
fn program(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.wasm");
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 100) "0123456789")
            ;; Writes one digit.
            (func $digit (param $fd i32) (param $digit i32) (result i32)
                (i32.store (i32.const 0) (i32.add (i32.const 100) (local.get $digit)))
                (i32.store (i32.const 4) (i32.const 1))
                (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
            (func (export "_start") {text}))"#
    );
    std::fs::write(&file, wasm(&text)).expect("a file");
    (folder, file)
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

#[test]
fn a_prompt_without_a_line_end_is_seen_before_input_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = runner()
        .arg("--dir")
        .arg(format!("{}::/", folder.path().display()))
        .args(["--env", "NAME=value"])
        .arg(built("std"))
        .args(["one", "two words"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the runner");
    let mut stdout = child.stdout.take().expect("its output");
    let mut seen = Vec::new();
    while !seen.ends_with(b"end> ") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("the prompt before input");
        seen.push(byte[0]);
    }
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(b"typed\nmore\n").expect("typed");
    drop(stdin);
    stdout.read_to_end(&mut seen).expect("the rest");
    let output = child.wait_with_output().expect("its end");
    assert_eq!(code(&output), 7);
    assert_eq!(output.stderr, b"on standard error\n");
    let expected = std::fs::read_to_string(built("std").with_extension("expected")).expect("what is expected");
    assert_eq!(String::from_utf8_lossy(&seen) + "exit code 7\n", expected);
}

#[test]
fn outputs_keep_their_order() {
    let (_folder, file) = program(
        r#"(local $i i32)
        (loop $next
            (drop (call $digit (i32.add (i32.const 1) (i32.and (local.get $i) (i32.const 1))) (local.get $i)))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))"#,
    );
    let (mut from, to) = io::pipe().expect("a pipe");
    let mut command = runner();
    command.arg(&file).stdout(to.try_clone().expect("a pipe")).stderr(to);
    let mut child = command.spawn().expect("the runner");
    drop(command);
    let mut text = String::new();
    from.read_to_string(&mut text).expect("both outputs");
    assert_eq!(text, "0123456789");
    assert!(child.wait().expect("its end").success());
}

#[test]
fn arguments_environment_and_exit_codes_are_the_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = runner()
        .env("TAKEN", "from here")
        .arg("run")
        .arg(format!("--dir={}::/", folder.path().display()))
        .args(["--env", "NAME=value", "--env=TAKEN", "--env", "NOT_THERE"])
        .arg(built("process"))
        .args(["--option", "two words"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the runner");
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(b"12345 and more")
        .expect("typed");
    let output = child.wait_with_output().expect("its end");
    assert_eq!(code(&output), 42);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let begin = "argument \"--option\"\nargument \"two words\"\nvariable \"NAME=value\"\nvariable \"TAKEN=from here\"\narguments = 3\n";
    assert!(text.starts_with(begin), "{text}");

    let (_folder, trap) = program("unreachable");
    let output = runner().arg(&trap).output().expect("the runner");
    assert_eq!(code(&output), 134);
    assert!(String::from_utf8_lossy(&output.stderr).contains("unreachable"));
    for arguments in [
        &["none.wasm"][..],
        &["--dir", "/not/there", "x.wasm"],
        &["--what", "x"],
        &[],
    ] {
        let output = runner().args(arguments).output().expect("the runner");
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(output.stderr.starts_with(b"error: "));
    }
}

#[test]
fn a_folder_that_can_only_be_read_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = runner()
        .arg("--read-only-dir")
        .arg(format!("{}::/", folder.path().display()))
        .arg(built("paths"))
        .output()
        .expect("the runner");
    // The first thing that the program makes: a read-only file system, in WASI's numbers.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.starts_with("__wasi_path_create_directory(ROOT, P(\"d\")): 69\n"),
        "{text}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn an_output_that_cannot_be_written_says_why() {
    // Waits for input, so that the other end of its output is closed by then.
    let (_folder, file) = program(
        r#"(i32.store (i32.const 20) (i32.const 50)) (i32.store (i32.const 24) (i32.const 1))
        (drop (call $read (i32.const 0) (i32.const 20) (i32.const 1) (i32.const 8)))
        (call $exit (call $digit (i32.const 1) (i32.const 1)))"#,
    );
    let mut child = runner()
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the runner");
    drop(child.stdout.take());
    child.stdin.take().expect("its input").write_all(b"go").expect("typed");
    assert_eq!(child.wait().expect("its end").code(), Some(64), "a broken pipe");
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let status = runner().arg(&file).stdin(Stdio::null()).stdout(full).status();
        assert_eq!(status.expect("the runner").code(), Some(51), "no space");
    }
}

#[test]
fn terminals_are_character_devices() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    // One bit for each standard stream that is a character device and cannot be sought.
    let (_folder, file) = program(
        r#"(local $fd i32) (local $found i32)
        (loop $next
            (drop (call $stat (local.get $fd) (i32.const 200)))
            (if (i32.and
                    (i32.eq (i32.load8_u (i32.const 200)) (i32.const 2))
                    (i64.eqz (i64.and (i64.load (i32.const 208)) (i64.const 36))))
                (then (local.set $found (i32.or (local.get $found) (i32.shl (i32.const 1) (local.get $fd))))))
            (br_if $next (i32.lt_u (local.tee $fd (i32.add (local.get $fd) (i32.const 1))) (i32.const 3))))
        (call $exit (local.get $found))"#,
    );
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new())
        .expect("its name")
        .into_string()
        .expect("text");
    let terminal = || {
        File::options()
            .read(true)
            .write(true)
            .open(&name)
            .expect("the terminal")
    };
    let status = runner()
        .arg(&file)
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal())
        .status();
    assert_eq!(status.expect("the runner").code(), Some(7));
    let (_from, to) = io::pipe().expect("a pipe");
    let status = runner()
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(to)
        .stderr(terminal())
        .status();
    assert_eq!(status.expect("the runner").code(), Some(4), "only the terminal");
}
