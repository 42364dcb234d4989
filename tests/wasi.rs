//! WASI: what programs see of the host, and what they do not.

mod common;

use std::io::Cursor;

use common::{for_each_strategy, module, vm};
use wasm_dispatch::wasi::{Context, Errno, Function, Output, Wasi, exit_code};
use wasm_dispatch::{Imports, Strategy, Vm};

/// A program of one page that imports what it uses.
fn program(strategy: Strategy, wasi: Wasi, imports: &str, body: &str) -> (u32, Vec<u8>) {
    let output = Output::default();
    let text = format!(
        r#"(module {imports}
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            ;; Prints a number of bytes from an address.
            (func $print (param $at i32) (param $len i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $len))
                (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
                    (then (call $exit (i32.const 99)))))
            (func (export "_start") {body}))"#
    );
    let wasi = wasi.stdout(output.clone());
    let code = wasi.run(&mut vm(strategy), &module(&text)).expect("an exit code");
    (code, output.take())
}

const ARGS: &str = r#"
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))"#;

#[test]
fn a_program_sees_its_arguments_and_exits_with_a_code() {
    for_each_strategy(|strategy| {
        let body = r#"
            (drop (call $sizes (i32.const 16) (i32.const 20)))
            (drop (call $get (i32.const 32) (i32.const 100)))
            (call $print (i32.const 100) (i32.load (i32.const 20)))
            (call $exit (i32.load (i32.const 16)))
            unreachable"#;
        let wasi = Wasi::new().arg("name").args(["one", "two\0cut"]);
        let (code, output) = program(strategy, wasi, ARGS, body);
        assert_eq!((code, &output[..]), (3, &b"name\0one\0two\0"[..]));
    });
}

#[test]
fn returning_from_start_is_exit_code_zero() {
    for_each_strategy(|strategy| assert_eq!(program(strategy, Wasi::new(), "", "").0, 0));
}

#[test]
fn an_exit_is_an_error_of_the_call_with_its_code() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (func (export "_start") (call $exit (i32.const 7)) unreachable))"#;
    let mut imports = Imports::new();
    Wasi::new().define(&mut imports);
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module(text), &imports).expect("an instance");
    let error = vm.call(instance, "_start", &[]).expect_err("an exit");
    assert_eq!(exit_code(&error), Some(7));
}

#[test]
fn every_function_of_the_definition_can_be_imported() {
    let mut imports = Imports::new();
    Wasi::new().define(&mut imports);
    let text: String = Function::ALL
        .iter()
        .map(|function| {
            let params: Vec<_> = function.params().iter().map(ToString::to_string).collect();
            let result = if *function == Function::ProcExit {
                ""
            } else {
                "(result i32)"
            };
            format!(
                r#"(import "wasi_snapshot_preview1" "{}" (func (param {}) {result}))"#,
                function.name(),
                params.join(" ")
            )
        })
        .collect();
    assert_eq!(Function::ALL.len(), 46);
    Vm::new()
        .instantiate(&module(&format!("(module {text})")), &imports)
        .expect("an instance");
}

/// The rights to read, seek, tell, list, open and look at.
const READING: u64 = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 13 | 1 << 14 | 1 << 18 | 1 << 21;

/// A context and a memory to call functions with.
struct Caller {
    context: Context,
    memory: Vec<u8>,
}

impl Caller {
    fn new(wasi: Wasi) -> Caller {
        Caller {
            context: wasi.context(),
            memory: vec![0; 1 << 16],
        }
    }

    fn call(&mut self, function: Function, args: &[u64]) -> Errno {
        self.context.call(function, args, &mut self.memory).expect("no exit")
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.memory[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.memory[at..at + 8].try_into().expect("eight bytes"))
    }

    /// Opens a path below a descriptor to be read.
    fn open(&mut self, fd: u64, path: &str) -> Result<u64, Errno> {
        self.memory[1000..1000 + path.len()].copy_from_slice(path.as_bytes());
        match self.call(
            Function::PathOpen,
            &[fd, 1, 1000, path.len() as u64, 0, READING, READING, 0, 8],
        ) {
            Errno::SUCCESS => Ok(self.u32(8).into()),
            errno => Err(errno),
        }
    }

    /// Reads up to 1,000 bytes.
    fn read(&mut self, fd: u64) -> Result<Vec<u8>, Errno> {
        self.memory[16..20].copy_from_slice(&5000u32.to_le_bytes());
        self.memory[20..24].copy_from_slice(&1000u32.to_le_bytes());
        match self.call(Function::FdRead, &[fd, 16, 1, 24]) {
            Errno::SUCCESS => Ok(self.memory[5000..5000 + self.u32(24) as usize].to_vec()),
            errno => Err(errno),
        }
    }
}

fn with_files() -> Caller {
    let wasi = Wasi::new()
        .file("a.txt", *b"alpha")
        .and_then(|wasi| wasi.file("sub/b.txt", *b"beta"));
    Caller::new(wasi.expect("good names"))
}

#[test]
fn files_in_memory_are_read_and_sought_and_closed() {
    let mut caller = with_files();
    let fd = caller.open(3, "sub/../a.txt").expect("a file");
    assert_eq!(caller.read(fd).expect("bytes"), b"alpha");
    assert_eq!(caller.read(fd).expect("the end"), b"");
    assert_eq!(
        caller.call(Function::FdSeek, &[fd, -2i64 as u64, 2, 40]),
        Errno::SUCCESS
    );
    assert_eq!(caller.u64(40), 3);
    assert_eq!(caller.read(fd).expect("bytes"), b"ha");
    assert_eq!(caller.call(Function::FdPread, &[fd, 16, 1, 1, 24]), Errno::SUCCESS);
    assert_eq!(&caller.memory[5000..5004], b"lpha");
    assert_eq!(caller.call(Function::FdTell, &[fd, 40]), Errno::SUCCESS);
    assert_eq!(caller.u64(40), 5);
    assert_eq!(caller.call(Function::FdFilestatGet, &[fd, 64]), Errno::SUCCESS);
    assert_eq!((caller.memory[64 + 16], caller.u64(64 + 32)), (4, 5));
    assert_eq!(caller.call(Function::FdClose, &[fd]), Errno::SUCCESS);
    assert_eq!(caller.read(fd), Err(Errno::BADF));
    let sub = caller.open(3, "sub").expect("a folder");
    let fd = caller.open(sub, "b.txt").expect("a file");
    assert_eq!(caller.read(fd).expect("bytes"), b"beta");
    assert_eq!(
        caller.open(sub, "../a.txt"),
        Err(Errno::PERM),
        "a folder is a capability of its own"
    );
}

#[test]
fn a_folder_lists_its_entries() {
    let mut caller = with_files();
    assert_eq!(caller.call(Function::FdReaddir, &[3, 2000, 1000, 0, 8]), Errno::SUCCESS);
    let mut at = 2000;
    let mut names = Vec::new();
    while at < 2000 + caller.u32(8) as usize {
        let len = caller.u32(at + 16) as usize;
        names.push(String::from_utf8_lossy(&caller.memory[at + 24..at + 24 + len]).into_owned());
        at += 24 + len;
    }
    assert_eq!(names, [".", "..", "a.txt", "sub"]);
    // From the third on, cut off in the middle.
    assert_eq!(caller.call(Function::FdReaddir, &[3, 2000, 26, 2, 8]), Errno::SUCCESS);
    assert_eq!((caller.u32(8), &caller.memory[2024..2026]), (26, &b"a."[..]));
}

/// Names and cookies from a cookie on.
fn list(caller: &mut Caller, fd: u64, cookie: u64) -> Vec<(String, u64)> {
    let args = [fd, 2000, 1000, cookie, 8];
    assert_eq!(caller.call(Function::FdReaddir, &args), Errno::SUCCESS);
    let (mut at, mut found) = (2000, Vec::new());
    while at < 2000 + caller.u32(8) as usize {
        let len = caller.u32(at + 16) as usize;
        let name = String::from_utf8_lossy(&caller.memory[at + 24..at + 24 + len]).into_owned();
        found.push((name, caller.u64(at)));
        at += 24 + len;
    }
    found
}

#[test]
fn cookies_stay_true_when_files_are_made_and_removed_meanwhile() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["b", "d", "f"] {
        std::fs::write(folder.path().join(name), "").expect("a file");
    }
    let mut caller = Caller::new(Wasi::new().folder(folder.path(), "/").expect("a folder"));
    let names = |list: Vec<(String, u64)>| list.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let all = list(&mut caller, 3, 0);
    let after_b = all[2].1;
    std::fs::write(folder.path().join("a"), "").expect("a file");
    std::fs::write(folder.path().join("c"), "").expect("a file");
    std::fs::remove_file(folder.path().join("d")).expect("removed");
    assert_eq!(names(list(&mut caller, 3, after_b)), ["d", "f"], "as reading began");
    // Reading from the beginning shows what there is now, and the old cookie still stands behind the same name.
    assert_eq!(names(list(&mut caller, 3, 0)), [".", "..", "b", "f", "a", "c"]);
    assert_eq!(names(list(&mut caller, 3, after_b)), ["f", "a", "c"]);
}

#[test]
fn nothing_can_be_written_made_or_removed() {
    let mut caller = with_files();
    caller.memory[1000..1005].copy_from_slice(b"a.txt");
    for flags in [1, 5, 8, 9] {
        assert_eq!(
            caller.call(Function::PathOpen, &[3, 1, 1000, 5, flags, 2, 0, 0, 8]),
            Errno::ROFS
        );
    }
    assert_eq!(
        caller.call(Function::PathOpen, &[3, 1, 1000, 5, 0, 64, 0, 0, 8]),
        Errno::ROFS
    );
    let fd = caller.open(3, "a.txt").expect("a file");
    assert_eq!(caller.call(Function::FdWrite, &[fd, 16, 1, 24]), Errno::BADF);
    assert_eq!(caller.call(Function::PathUnlinkFile, &[3, 1000, 5]), Errno::ROFS);
    assert_eq!(caller.call(Function::PathCreateDirectory, &[3, 1000, 5]), Errno::ROFS);
    assert_eq!(caller.call(Function::SockSend, &[3, 0, 0, 0, 0]), Errno::NOTSOCK);
}

#[test]
fn names_that_lead_out_are_refused() {
    let mut caller = with_files();
    for path in ["..", "../a.txt", "/a.txt", "sub/../../a.txt", "sub/../.."] {
        assert_eq!(caller.open(3, path), Err(Errno::PERM), "{path}");
    }
    for (path, errno) in [
        ("", Errno::NOENT),
        ("none", Errno::NOENT),
        ("a.txt/x", Errno::NOTDIR),
        ("a.txt/", Errno::NOTDIR),
        ("a\0b", Errno::INVAL),
    ] {
        assert_eq!(caller.open(3, path), Err(errno), "{path:?}");
    }
    assert!(Wasi::new().file("../x", *b"").is_err());
    assert!(Wasi::new().file("/x", *b"").is_err());
    assert!(Wasi::new().file("", *b"").is_err());
    let taken = Wasi::new().file("x", *b"").expect("a good name");
    assert!(taken.file("x/y", *b"").is_err());
}

#[cfg(unix)]
#[test]
fn a_folder_of_the_host_is_read_and_cannot_be_left() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "secret").expect("a file");
    let inside = outside.path().join("inside");
    std::fs::create_dir_all(inside.join("sub")).expect("folders");
    std::fs::write(inside.join("a.txt"), "alpha").expect("a file");
    symlink("a.txt", inside.join("good")).expect("a link");
    symlink("../secret", inside.join("up")).expect("a link");
    symlink(outside.path().join("secret"), inside.join("absolute")).expect("a link");
    symlink("..", inside.join("sub/dots")).expect("a link");
    symlink("../..", inside.join("sub/far")).expect("a link");
    symlink("around", inside.join("around")).expect("a link");
    let mut caller = Caller::new(Wasi::new().read_only_folder(&inside, "/data").expect("a folder"));
    assert_eq!(caller.call(Function::FdPrestatGet, &[3, 8]), Errno::SUCCESS);
    assert_eq!(caller.u32(12), 5);
    for path in ["a.txt", "good", "sub/../a.txt", "sub/dots/a.txt"] {
        let fd = caller.open(3, path).unwrap_or_else(|errno| panic!("{path}: {errno:?}"));
        assert_eq!(caller.read(fd).expect("bytes"), b"alpha", "{path}");
    }
    let absolute = outside.path().join("secret").to_string_lossy().into_owned();
    for path in [
        "../secret",
        "up",
        "absolute",
        "sub/far/secret",
        "sub/dots/../secret",
        "..",
        &absolute,
        "around",
    ] {
        assert!(caller.open(3, path).is_err(), "{path}");
        let args = [3, 1, 1000, path.len() as u64, 64];
        assert_ne!(caller.call(Function::PathFilestatGet, &args), Errno::SUCCESS, "{path}");
    }
    assert_eq!(caller.call(Function::PathUnlinkFile, &[3, 1000, 5]), Errno::ROFS);
}

#[test]
fn input_clock_and_randomness_are_what_was_asked_for() {
    let make = || {
        Wasi::new()
            .stdin(Cursor::new(b"typed".to_vec()))
            .steady_clock(100, 5)
            .random_seed(3)
    };
    let mut caller = Caller::new(make());
    assert_eq!(caller.read(0).expect("bytes"), b"typed");
    for expected in [100, 105, 110] {
        assert_eq!(caller.call(Function::ClockTimeGet, &[1, 0, 40]), Errno::SUCCESS);
        assert_eq!(caller.u64(40), expected);
    }
    assert_eq!(caller.call(Function::ClockTimeGet, &[9, 0, 40]), Errno::INVAL);
    let random = |caller: &mut Caller| {
        assert_eq!(caller.call(Function::RandomGet, &[64, 13]), Errno::SUCCESS);
        caller.memory[64..77].to_vec()
    };
    let (first, second) = (random(&mut caller), random(&mut caller));
    assert_ne!(first, second);
    assert_eq!(random(&mut Caller::new(make())), first);
    // Waiting takes no time by that clock: it is just later then.
    caller.memory[300..348].fill(0);
    caller.memory[324..332].copy_from_slice(&u64::to_le_bytes(1 << 60));
    assert_eq!(caller.call(Function::PollOneoff, &[300, 400, 1, 8]), Errno::SUCCESS);
    let mut system = Caller::new(Wasi::new());
    assert_eq!(system.call(Function::RandomGet, &[64, 13]), Errno::SUCCESS);
    assert_eq!(system.call(Function::ClockTimeGet, &[0, 0, 40]), Errno::SUCCESS);
    assert!(system.u64(40) > 1_600_000_000_000_000_000);
}

#[test]
fn descriptors_run_out_and_come_back() {
    let mut caller = with_files();
    let mut last = 0;
    let errno = loop {
        match caller.open(3, "a.txt") {
            Ok(fd) => last = fd,
            Err(errno) => break errno,
        }
    };
    assert_eq!((errno, last), (Errno::MFILE, 1023));
    assert_eq!(caller.call(Function::FdClose, &[500]), Errno::SUCCESS);
    assert_eq!(caller.open(3, "a.txt"), Ok(500));
}

/// SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn whatever_a_program_passes_is_answered() {
    let mut state = 1;
    let mut answers = std::collections::HashMap::new();
    for round in 0..300 {
        let wasi = Wasi::new()
            .file("a.txt", *b"alpha")
            .expect("a good name")
            .steady_clock(0, 1);
        let mut caller = Caller::new(wasi.random_seed(1));
        if round % 3 == 0 {
            caller.memory.truncate(random(&mut state) as usize % 100);
        }
        for at in 0..caller.memory.len() / 8 {
            let word = random(&mut state) >> (random(&mut state) % 64);
            caller.memory[at * 8..at * 8 + 8].copy_from_slice(&word.to_le_bytes());
        }
        for _ in 0..200 {
            let functions = Function::ALL;
            let function = functions[random(&mut state) as usize % functions.len()];
            let args: Vec<u64> = function
                .params()
                .iter()
                .map(|ty| {
                    let value = match random(&mut state) % 4 {
                        0 => random(&mut state) % 8,
                        1 => random(&mut state) % 70_000,
                        2 => u64::from(u32::MAX) - random(&mut state) % 70_000,
                        _ => random(&mut state),
                    };
                    if *ty == wasm_dispatch::ValType::I64 {
                        value
                    } else {
                        value & 0xFFFF_FFFF
                    }
                })
                .collect();
            if let Ok(errno) = caller.context.call(function, &args, &mut caller.memory) {
                *answers.entry(errno.0).or_insert(0) += 1;
            }
        }
    }
    // Not just refusals.
    assert!(answers.len() >= 10 && answers[&0] > 500, "{answers:?}");
}

#[test]
fn an_output_holds_no_more_than_it_may() {
    use std::io::{ErrorKind, Write};

    let mut output = Output::with_limit(5);
    assert_eq!(output.write(b"123").expect("room"), 3);
    assert_eq!(output.write(b"456").expect("room"), 2);
    assert_eq!(output.write(b"7").expect_err("no room").kind(), ErrorKind::StorageFull);
    assert_eq!(output.take(), b"12345");
    assert_eq!(output.write(b"89").expect("room again"), 2);
    let full = Wasi::new().stdout(Output::with_limit(0));
    let mut memory = [0; 64];
    memory[..8].copy_from_slice(&[32, 0, 0, 0, 5, 0, 0, 0]);
    let errno = full.context().call(Function::FdWrite, &[1, 0, 1, 16], &mut memory);
    assert_eq!(errno, Ok(Errno::NOSPC));
}

#[test]
fn a_large_folder_that_is_opened_again_and_again_takes_no_more_than_so_much_memory() {
    const DIRECTORY: u64 = 2;
    const READDIR: u64 = 1 << 14;

    let folder = tempfile::tempdir().expect("a folder");
    // As long as names may be: each takes two thirds of a kilobyte in a listing.
    for number in 0..3_000 {
        std::fs::write(folder.path().join(format!("{number:0>250}")), "").expect("a file");
    }
    let mut context = Wasi::new().folder(folder.path(), "/").expect("a folder").context();
    let mut memory = vec![0; 1 << 16];
    memory[1000] = b'.';
    let mut call = |function: Function, args: &[u64]| context.call(function, args, &mut memory).expect("no exit");
    let listed =
        |call: &mut dyn FnMut(Function, &[u64]) -> Errno, fd: u64| call(Function::FdReaddir, &[fd, 2000, 100, 0, 8]);
    let mut full = None;
    for fd in 4..400 {
        let open = [3, 0, 1000, 1, DIRECTORY, READDIR, 0, 0, 8];
        assert_eq!(call(Function::PathOpen, &open), Errno::SUCCESS);
        match listed(&mut call, fd) {
            Errno::SUCCESS => {}
            errno => {
                assert_eq!(errno, Errno::NOMEM);
                full = Some(fd);
                break;
            }
        }
    }
    let full = full.expect("an end");
    // One that is closed makes room for another.
    assert_eq!(call(Function::FdClose, &[4]), Errno::SUCCESS);
    assert_eq!(listed(&mut call, full), Errno::SUCCESS);
}
