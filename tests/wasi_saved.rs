//! A program's surroundings are carried beside a snapshot of its machine: what can be restored is, and the rest is named.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::Cursor;
use std::net::{TcpListener, TcpStream};

use common::{for_each_strategy, module};
use wasm_dispatch::wasi::{Context, Errno, Function, Output, Saved, Wasi, WhyLost};
use wasm_dispatch::{ErrorKind, Imports, Limits, Snapshot, Strategy, Value, Vm};

const ALL: u64 = (1 << 30) - 1;

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

    fn path(&mut self, at: usize, path: &str) -> (u64, u64) {
        self.memory[at..at + path.len()].copy_from_slice(path.as_bytes());
        (at as u64, path.len() as u64)
    }

    fn open(&mut self, fd: u64, path: &str, how: u64, rights: u64, flags: u64) -> u64 {
        let (at, len) = self.path(1000, path);
        let args = [fd, 1, at, len, how, rights, ALL, flags, 8];
        assert_eq!(self.call(Function::PathOpen, &args), Errno::SUCCESS, "{path}");
        u32::from_le_bytes(self.memory[8..12].try_into().expect("four bytes")).into()
    }

    /// Reads or writes five bytes at 5000.
    fn five(&mut self, function: Function, fd: u64) -> Result<String, Errno> {
        self.memory[16..24].copy_from_slice(&[136, 19, 0, 0, 5, 0, 0, 0]);
        match self.call(function, &[fd, 16, 1, 24]) {
            Errno::SUCCESS => {
                let count = self.memory[24] as usize;
                Ok(String::from_utf8_lossy(&self.memory[5000..5000 + count]).into_owned())
            }
            errno => Err(errno),
        }
    }
}

#[test]
fn open_files_are_restored_where_the_same_folders_are_given() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "0123456789").expect("a file");
    fs::write(folder.path().join("gone"), "gone").expect("a file");
    fs::create_dir_all(folder.path().join("sub/deep")).expect("folders");
    fs::write(folder.path().join("sub/deep/b"), "beta").expect("a file");
    let (_other_end, stream) = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let one = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        (one, listener.accept().expect("a connection").0)
    };
    let wasi = |output: &Output| {
        let wasi = Wasi::new().stdout(output.clone()).stdin(Cursor::new("typed"));
        wasi.steady_clock(1000, 10)
            .random_seed(5)
            .folder(folder.path(), "/")
            .expect("a folder")
    };
    let mut before = Caller::new(wasi(&Output::default()).tcp_stream(stream).expect("a socket"));
    let read = before.open(3, "a", 0, ALL & !(1 << 6), 0);
    assert_eq!(before.five(Function::FdRead, read).expect("bytes"), "01234");
    let append = before.open(3, "a", 0, ALL, 1);
    let sub = before.open(3, "sub", 2, ALL & !(1 << 6), 0);
    let deep = before.open(sub, "deep/b", 0, 1 << 1, 0);
    let gone = before.open(3, "gone", 0, ALL, 0);
    fs::remove_file(folder.path().join("gone")).expect("removed");
    // Standard output under another number.
    assert_eq!(before.call(Function::FdRenumber, &[1, gone]), Errno::SUCCESS);
    let gone = before.open(3, "sub/deep/b", 0, ALL, 0);
    fs::rename(folder.path().join("sub/deep/b"), folder.path().join("sub/deep/c")).expect("renamed");
    fs::write(folder.path().join("sub/deep/b"), "other").expect("a file");
    let (output, _) = (gone, ());
    let random = |caller: &mut Caller| {
        assert_eq!(caller.call(Function::RandomGet, &[64, 8]), Errno::SUCCESS);
        caller.memory[64..72].to_vec()
    };
    random(&mut before);
    let saved = before.context.save();
    let why: Vec<_> = saved.lost().iter().map(|lost| (lost.descriptor, lost.why)).collect();
    // The socket, what was opened below a folder and is now another file, and the same by its full path.
    let lost = [
        (4, WhyLost::Socket),
        (deep as u32, WhyLost::Moved),
        (output as u32, WhyLost::Moved),
    ];
    let mut expected = lost.to_vec();
    expected.sort_by_key(|(fd, _)| *fd);
    assert_eq!(why, expected);

    let bytes = serde_json::to_vec(&saved).expect("bytes");
    let saved: Saved = serde_json::from_slice(&bytes).expect("the same");
    let printed = Output::default();
    let mut after = Caller::new(wasi(&printed));
    assert_eq!(after.context.restore(&saved), []);
    assert_eq!(
        after.five(Function::FdRead, read).expect("bytes"),
        "56789",
        "where it was"
    );
    assert_eq!(
        after.five(Function::FdWrite, read),
        Err(Errno::BADF),
        "rights are not gained"
    );
    after.memory[5000..5005].copy_from_slice(b"+more");
    assert_eq!(after.five(Function::FdWrite, append).expect("written"), "+more");
    assert_eq!(
        fs::read(folder.path().join("a")).expect("a file"),
        b"0123456789+more",
        "appended"
    );
    assert_eq!(after.five(Function::FdRead, deep), Err(Errno::BADF));
    assert_eq!(after.five(Function::FdRead, 4), Err(Errno::BADF), "the socket");
    assert_eq!(after.five(Function::FdRead, 0).expect("bytes"), "typed");
    assert_eq!(
        after.five(Function::FdWrite, 1),
        Err(Errno::BADF),
        "it has another number now"
    );
    assert!(after.open(sub, "deep", 2, 0, 0) > 0);
    assert_eq!(random(&mut before), random(&mut after));
    for caller in [&mut before, &mut after] {
        assert_eq!(caller.call(Function::ClockTimeGet, &[1, 0, 40]), Errno::SUCCESS);
        assert_eq!(caller.memory[40..48], 1000u64.to_le_bytes());
    }
}

#[test]
fn what_is_not_given_or_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "alpha").expect("a file");
    let mut before = Caller::new(Wasi::new().folder(folder.path(), "/").expect("a folder"));
    let file = before.open(3, "a", 0, ALL, 0) as u32;
    let saved = before.context.save();
    assert_eq!(saved.lost(), []);
    // No folder.
    let lost = Wasi::new().context().restore(&saved);
    let why: Vec<_> = lost.iter().map(|lost| (lost.descriptor, lost.why)).collect();
    assert_eq!(why, [(3, WhyLost::NotGiven), (file, WhyLost::NotGiven)]);
    // A folder that can only be read.
    let mut only = Wasi::new()
        .read_only_folder(folder.path(), "/")
        .expect("a folder")
        .context();
    let lost = only.restore(&saved);
    assert_eq!((lost.len(), lost[0].why), (1, WhyLost::Refused(Errno::ROFS.0)));
    // Another folder of that name, from which the saved path does not lead out.
    let other = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(folder.path().join("a"), other.path().join("a")).expect("a link");
    let lost = Wasi::new()
        .folder(other.path(), "/")
        .expect("a folder")
        .context()
        .restore(&saved);
    assert_eq!((lost.len(), lost[0].descriptor), (1, file));
    assert!(lost[0].to_string().contains("cannot be opened here"), "{}", lost[0]);
}

#[test]
fn a_program_with_open_files_goes_on_in_another_machine() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "a")
        (data (i32.const 16) "\90\01\00\00\03\00\00\00")
        (data (i32.const 108) "\00\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01")
        (func $next (result i32)
            (drop (call $read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 24)))
            (i32.load8_u (i32.const 400)))
        ;; Opens a file, reads three bytes, waits, and reads three more.
        (func (export "run") (result i32) (local $first i32)
            (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
                (i64.const 6) (i64.const 0) (i32.const 0) (i32.const 8)))
            (local.set $first (call $next))
            (i64.store (i32.const 124) (i64.const 0x0100000000000000))
            (drop (call $poll (i32.const 100) (i32.const 200) (i32.const 1) (i32.const 300)))
            (i32.add (i32.mul (local.get $first) (i32.const 1000)) (call $next))))"#;
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "012345").expect("a file");
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        let surroundings = Wasi::new()
            .folder(folder.path(), "/")
            .expect("a folder")
            .define(&mut imports);
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module(text), &imports).expect("an instance");
        vm.next_run_handle().interrupt();
        let error = vm.call(instance, "run", &[]).expect_err("a pause");
        assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}");
        let (snapshot, saved) = (vm.snapshot().expect("a snapshot").to_bytes(), surroundings.save());
        drop((vm, surroundings));

        let mut imports = Imports::new();
        let wasi = Wasi::new()
            .steady_clock(0, 1)
            .folder(folder.path(), "/")
            .expect("a folder");
        let surroundings = wasi.define(&mut imports);
        let mut vm = Vm::with(Strategy::ALL[0], Limits::default());
        vm.prepare(&module(text), &imports).expect("an instance");
        vm.restore(&Snapshot::from_bytes(&snapshot).expect("a snapshot"))
            .expect("restored");
        assert_eq!(surroundings.restore(&saved), []);
        let expected = i32::from(b'0') * 1000 + i32::from(b'3');
        assert_eq!(vm.resume().expect("a result"), [Value::I32(expected)]);
    });
}

#[test]
fn a_folder_that_can_only_be_read_here_gives_what_is_opened_no_other_rights() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "alpha").expect("a file");
    let mut before = Caller::new(Wasi::new().folder(folder.path(), "/").expect("a folder"));
    let file = before.open(3, "a", 0, ALL & !(1 << 6), 0);
    let saved = before.context.save();
    let mut after = Caller::new(Wasi::new().read_only_folder(folder.path(), "/").expect("a folder"));
    assert_eq!(after.context.restore(&saved), []);
    assert_eq!(after.five(Function::FdRead, file).expect("bytes"), "alpha");
    let modified = || {
        let known = fs::metadata(folder.path().join("a")).expect("known");
        known.modified().expect("a time")
    };
    let was = modified();
    // Both times, to be a second after 1970.
    let times = [file, 1_000_000_000, 1_000_000_000, 1 | 4];
    assert_eq!(after.call(Function::FdFilestatSetTimes, &times), Errno::NOTCAPABLE);
    assert_eq!(modified(), was);
}
