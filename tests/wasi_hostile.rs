//! Hostile calls of WASI: whatever a program passes is answered, and nothing outside of its folders is touched.
//!
//! `WASM_DISPATCH_WASI_CALLS` sets how many calls are made, for longer campaigns, and `WASM_DISPATCH_SEED` where they begin.

#![cfg(unix)]

use std::collections::HashMap;
use std::io::Cursor;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use wasm_dispatch::ValType;
use wasm_dispatch::wasi::{Context, Errno, Function, Output, Wasi};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Parts of paths, some of which lead out.
const PARTS: [&str; 16] = [
    "a", "b", "sub", "link", "up", "out", "..", ".", "", "secret", "inside", "/", "absolute", "loop", "\u{e9}", "c\0d",
];

/// What is outside.
const SECRET: &[u8] = b"what nobody may know";

/// A folder with a secret beside the folder that programs get.
struct Place {
    outer: tempfile::TempDir,
    inside: PathBuf,
}

impl Place {
    fn new() -> Place {
        let outer = tempfile::tempdir().expect("a folder");
        std::fs::write(outer.path().join("secret"), SECRET).expect("a file");
        std::fs::create_dir(outer.path().join("out")).expect("a folder");
        let inside = outer.path().join("inside");
        let place = Place { outer, inside };
        place.fill();
        place
    }

    /// Makes the folder anew.
    fn fill(&self) {
        let inside = &self.inside;
        if inside.exists() {
            std::fs::remove_dir_all(inside).expect("removed");
        }
        std::fs::create_dir_all(inside.join("sub")).expect("folders");
        std::fs::write(inside.join("a"), "alpha").expect("a file");
        symlink("../secret", inside.join("up")).expect("a link");
        symlink("..", inside.join("out")).expect("a link");
        symlink(self.outer.path().join("secret"), inside.join("absolute")).expect("a link");
        symlink("../..", inside.join("sub/link")).expect("a link");
        symlink("loop", inside.join("loop")).expect("a link");
    }

    /// What is outside: names and contents.
    fn check(&self) {
        let mut names: Vec<_> = std::fs::read_dir(self.outer.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["inside", "out", "secret"], "nothing is made or removed outside");
        let secret = self.outer.path().join("secret");
        assert_eq!(std::fs::read(&secret).expect("a file"), SECRET);
        let links = std::os::unix::fs::MetadataExt::nlink(&std::fs::metadata(&secret).expect("known"));
        assert_eq!(links, 1, "nothing outside has a second name inside");
        let out = std::fs::read_dir(self.outer.path().join("out")).expect("a folder");
        assert_eq!(out.count(), 0);
    }
}

/// A connection whose other end is closed, so that nothing waits for it.
fn closed() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection")
}

fn context(place: &Place) -> Context {
    let wasi = Wasi::new()
        .args(["program", "argument"])
        .env("NAME", "value")
        .stdin(Cursor::new(b"input".to_vec()))
        .stdout(Output::default())
        .file("a", *b"alpha")
        .expect("a good name")
        // Waiting takes no time.
        .steady_clock(0, 1)
        .random_seed(1)
        .folder(&place.inside, "/")
        .expect("a folder")
        .read_only_folder(&place.inside, "/only")
        .expect("a folder");
    wasi.tcp_stream(closed()).expect("a socket").context()
}

/// A path somewhere in memory: where, and how long.
fn put_path(random: &mut Random, memory: &mut [u8]) -> (u64, u64) {
    let mut path = String::new();
    for index in 0..=random.below(4) / 2 {
        if index > 0 || random.below(20) == 0 {
            path.push('/');
        }
        path.push_str(random.one(&PARTS));
    }
    if random.below(10) == 0 {
        path.push('/');
    }
    let at = random.below(60_000);
    if let Some(to) = memory.get_mut(at as usize..at as usize + path.len()) {
        to.copy_from_slice(path.as_bytes());
    }
    (at, path.len() as u64)
}

/// Arguments: about half of them good for something.
fn arguments(random: &mut Random, function: Function, memory: &mut [u8], opened: &[u64]) -> Vec<u64> {
    let wild = random.below(8) == 0;
    let mut args: Vec<u64> = function
        .params()
        .iter()
        .map(|ty| {
            let value = match random.below(if wild { 5 } else { 3 }) {
                0 => random.below(12),
                1 => random.below(70_000),
                2 => random.below(300),
                3 => u64::from(u32::MAX) - random.below(70_000),
                _ => random.next(),
            };
            if *ty == ValType::I64 {
                value
            } else {
                value & 0xFFFF_FFFF
            }
        })
        .collect();
    if function == Function::FdAllocate {
        // The host's disk is not the program's enemy here.
        args[1] &= 0xFFFFF;
        args[2] &= 0xFFFFF;
    }
    if wild {
        return args;
    }
    let name = function.name();
    if (name.starts_with("fd_") || name.starts_with("sock_")) && random.below(3) > 0 {
        let socket = name.starts_with("sock_") || random.below(6) == 0;
        args[0] = if socket { 6 } else { random.one(opened) };
        if args.len() >= 4 && memory.len() > 80 {
            // One good buffer, or few bytes from the start.
            memory[64..72].copy_from_slice(&[0, 16, 0, 0, 20, 0, 0, 0]);
            let length = if name.contains("read") || name.contains("write") || name.starts_with("sock") {
                64
            } else {
                16
            };
            args[1] = length;
            args[2] = random.below(3);
            args[3] = if name.starts_with("sock") {
                random.below(2)
            } else {
                args[3] % 128
            };
        }
    }
    if function == Function::SockShutdown {
        args[1] = random.below(4);
    }
    let paths: &[usize] = match function {
        Function::PathOpen | Function::PathFilestatGet | Function::PathFilestatSetTimes => &[2],
        Function::PathCreateDirectory
        | Function::PathRemoveDirectory
        | Function::PathUnlinkFile
        | Function::PathReadlink => &[1],
        Function::PathRename => &[1, 4],
        Function::PathLink => &[2, 5],
        Function::PathSymlink => &[0, 3],
        _ => &[],
    };
    for &index in paths {
        (args[index], args[index + 1]) = put_path(random, memory);
        // The descriptor before it: mostly a folder.
        if index > 0 && args[index - 1] > 12 {
            args[index - 1] = 3 + random.below(3);
        }
    }
    match function {
        Function::PathOpen => {
            args[0] = random.one(&[3, 4, 4, 4, 5, 9]);
            args[1] = random.below(2);
            args[4] = random.one(&[0, 0, 1, 2, 5, 8, 9]);
            args[5] = random.one(&[u64::MAX, u64::MAX, 2, 64, 66, 0]);
            args[6] = u64::MAX;
            args[7] = random.one(&[0, 0, 1, 4, 16]);
        }
        Function::PathLink => {
            (args[0], args[1], args[4]) = (4, random.below(2), 4);
        }
        Function::PathRename => (args[0], args[3]) = (4, 4),
        Function::PathFilestatGet | Function::PathFilestatSetTimes => {
            (args[0], args[1]) = (random.one(&[3, 4, 4, 5]), random.below(2));
            if function == Function::PathFilestatSetTimes {
                args[6] = random.below(17);
            }
        }
        Function::PathRemoveDirectory | Function::PathCreateDirectory => args[0] = 4,
        Function::FdAdvise => args[3] = random.below(7),
        _ => {}
    }
    args
}

#[test]
fn whatever_a_program_passes_is_answered_and_leads_nowhere_outside() {
    let mut left = setting("WASM_DISPATCH_WASI_CALLS", 30_000);
    let mut seed = setting("WASM_DISPATCH_SEED", 0);
    let place = Place::new();
    let mut answers: HashMap<(Function, u16), u64> = HashMap::new();
    while left > 0 {
        let mut random = Random(seed);
        place.fill();
        let mut context = context(&place);
        let mut opened = vec![3, 4, 5];
        let mut memory = vec![0; 1 << 16];
        if seed.is_multiple_of(16) {
            memory.truncate(random.below(100) as usize);
        }
        for word in memory.chunks_exact_mut(8) {
            word.copy_from_slice(&(random.next() >> random.below(64)).to_le_bytes());
        }
        for _ in 0..left.min(500) {
            let function = random.one(Function::ALL);
            // Descriptors would soon all be closed.
            if matches!(function, Function::FdClose | Function::FdRenumber) && random.below(4) > 0 {
                continue;
            }
            let args = arguments(&mut random, function, &mut memory, &opened);
            if let Ok(errno) = context.call(function, &args, &mut memory) {
                if function == Function::PathOpen && errno == Errno::SUCCESS {
                    let at = args[8] as usize;
                    opened.push(u32::from_le_bytes(memory[at..at + 4].try_into().expect("four bytes")).into());
                }
                *answers.entry((function, errno.0)).or_insert(0) += 1;
            }
            left -= 1;
        }
        // Neither what it has read nor what it has written is the secret.
        drop(context);
        assert!(
            !memory.windows(SECRET.len()).any(|bytes| bytes == SECRET),
            "seed {seed}"
        );
        place.check();
        no_secret(&place.inside);
        seed += 1;
    }
    // Not just refusals: nearly every function has succeeded, and in many ways failed.
    let fails = |function: &&Function| !answers.contains_key(&(**function, 0));
    let failed: Vec<_> = Function::ALL.iter().filter(fails).collect();
    let mut errors: Vec<_> = answers.keys().map(|(_, errno)| errno).collect();
    errors.sort();
    errors.dedup();
    assert!(
        failed.len() <= 8 && errors.len() >= 20,
        "never succeeded: {failed:?}; errors: {errors:?}"
    );
}

/// No file inside holds what is outside.
fn no_secret(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            no_secret(&entry.path());
        } else if kind.is_file() && entry.metadata().is_ok_and(|metadata| metadata.len() < 1 << 20) {
            assert_ne!(std::fs::read(entry.path()).expect("a file"), SECRET);
        }
    }
}
