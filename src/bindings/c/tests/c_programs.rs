//! Programs in C that use the header and the libraries as any program would: gcc builds them, valgrind watches what they own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

const WARNINGS: [&str; 5] = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];

/// Where cargo left this crate's libraries: beside this test, or one up.
fn library(name: &str) -> PathBuf {
    let test = env::current_exe().expect("this program");
    let found = test.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    let found = found.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is not where cargo leaves it"))
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Builds a program with one of the libraries, and runs it, under valgrind or without.
fn program(name: &str, shared: bool, valgrind: bool) {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = crate_folder.join("tests/programs");
    let built = tempfile::tempdir().expect("a folder");
    let wasm = built.path().join("module.wasm");
    fs::write(
        &wasm,
        wat::parse_file(programs.join(format!("{name}.wat"))).expect("a module"),
    )
    .expect("written");
    let executable = built.path().join(name);
    let mut gcc = Command::new("gcc");
    gcc.args(WARNINGS).arg("-I").arg(crate_folder.join("include"));
    gcc.arg(programs.join(format!("{name}.c"))).arg("-o").arg(&executable);
    if shared {
        let library = library("libwasm_dispatch_c.so");
        let folder = library.parent().expect("a folder").display().to_string();
        gcc.arg(format!("-L{folder}"))
            .arg("-lwasm_dispatch_c")
            .arg(format!("-Wl,-rpath,{folder}"));
    } else {
        gcc.arg(library("libwasm_dispatch_c.a"));
    }
    run(gcc.args(["-lpthread", "-ldl", "-lm"]));
    let mut command = if valgrind {
        let mut command = Command::new("valgrind");
        // What statics keep is possibly lost, in valgrind's words.
        command.args(["-q", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect"]);
        command
            .args(["--show-leak-kinds=definite,indirect", "--error-exitcode=9"])
            .arg(&executable);
        command
    } else {
        Command::new(&executable)
    };
    let output = run(command.arg(&wasm));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn c_calls_programs_and_programs_call_c() {
    program("calls", false, true);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn c_has_globals_memories_tables_and_references() {
    program("objects", false, true);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn what_c_gets_wrong_gives_a_trap_or_null() {
    program("hostile", false, true);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn modules_are_shared_by_threads_and_kept_as_bytes() {
    program("shared", false, true);
}

/// The first program that a README shows.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn the_program_of_the_readme_doubles_a_number() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(crate_folder.join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("```c\n").expect("a program");
    let (text, _) = rest.split_once("```").expect("its end");
    let built = tempfile::tempdir().expect("a folder");
    let (source, executable) = (built.path().join("readme.c"), built.path().join("readme"));
    fs::write(&source, text).expect("written");
    let mut gcc = Command::new("gcc");
    gcc.args(WARNINGS).arg("-I").arg(crate_folder.join("include"));
    gcc.arg(&source)
        .arg("-o")
        .arg(&executable)
        .arg(library("libwasm_dispatch_c.a"));
    run(gcc.args(["-lpthread", "-ldl", "-lm"]));
    assert_eq!(
        String::from_utf8_lossy(&run(&mut Command::new(&executable)).stdout),
        "42\n"
    );
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "links as Linux does")]
fn the_shared_library_is_the_static_one() {
    program("shared", true, false);
}
