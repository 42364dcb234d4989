//! What Rust's standard library does with files, through its own functions.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};

fn say<T: std::fmt::Debug>(what: &str, result: io::Result<T>) {
    match result {
        Ok(value) => println!("{what}: {value:?}"),
        Err(error) => println!("{what}: {:?}", error.kind()),
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("{arguments:?} {:?}", std::env::var("NAME"));
    print!("a prompt without a line's end> ");
    io::stdout().flush()?;
    let mut line = String::new();
    say("a line", io::stdin().lock().read_line(&mut line));
    println!("{line:?}");

    say("make a folder", fs::create_dir_all("/a/b/c"));
    say("write", fs::write("/a/b/file", "contents\nof a file\n"));
    say("read", fs::read_to_string("/a/b/file"));
    say("read a folder", fs::read("/a/b").map_err(|_| io::Error::other("refused")));
    say("read what is not there", fs::read("/a/x"));
    say("make new", File::create_new("/a/b/file").map(|_| ()));
    say("copy", fs::copy("/a/b/file", "/a/copy"));
    say("rename", fs::rename("/a/copy", "/a/b/c/moved"));
    say("link", fs::hard_link("/a/b/file", "/a/linked"));
    let mut names: Vec<_> = fs::read_dir("/a/b")?
        .map(|entry| entry.map(|entry| (entry.file_name(), entry.file_type().map(|kind| kind.is_dir()))))
        .map(|entry| format!("{entry:?}"))
        .collect();
    names.sort();
    println!("{names:#?}");

    let mut file = OpenOptions::new().read(true).append(true).open("/a/b/file")?;
    say("append", file.write_all(b"more"));
    say("seek", file.seek(SeekFrom::Start(9)));
    let mut text = String::new();
    say("read on", file.read_to_string(&mut text));
    println!("{text:?}");
    say("cut", OpenOptions::new().write(true).open("/a/b/file")?.set_len(3));
    let found = fs::metadata("/a/b/file")?;
    println!("{} bytes, a file: {}", found.len(), found.is_file());
    let age = SystemTime::now().duration_since(found.modified()?);
    println!("made lately: {}", age.is_ok_and(|age| age < Duration::from_secs(3600)));
    say("write to what is open to be read", File::open("/a/b/file")?.write(b"x").map_err(|_| io::Error::other("refused")));

    say("remove a folder that is not empty", fs::remove_dir("/a"));
    say("remove a folder as a file", fs::remove_file("/a/b").map_err(|_| io::Error::other("refused")));
    say("remove", fs::remove_file("/a/linked"));
    say("remove all", fs::remove_dir_all("/a"));
    say("is it there", fs::exists("/a"));
    say("what is above", fs::read_dir("/..").map(|_| ()).map_err(|_| io::Error::other("refused")));

    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("slept: {}", start.elapsed() >= Duration::from_millis(20));
    let mut rest = Vec::new();
    say("the rest", io::stdin().read_to_end(&mut rest));
    eprintln!("on standard error");
    std::process::exit(7);
}
