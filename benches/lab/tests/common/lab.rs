//! The lab as a user runs it.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary.
pub const LAB: &str = env!("CARGO_BIN_EXE_wasm-dispatch-lab");

/// How a command ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What is on standard output, as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.out) {
            Ok(value) => value,
            Err(error) => panic!("{error} in {self:?}"),
        }
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// Runs the lab in a folder, with nothing on standard input.
pub fn lab(folder: &Path, arguments: &[&str]) -> Said {
    let mut lab = Command::new(LAB);
    lab.args(arguments).current_dir(folder).stdin(Stdio::null());
    lab.output().expect("the lab starts").into()
}

/// Runs a line of shell with `wasm-dispatch-lab` on the path, for what only a shell can do.
pub fn shell(folder: &Path, line: &str) -> Said {
    let path = format!(
        "{}:{}",
        Path::new(LAB).parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line])
        .env("PATH", path)
        .current_dir(folder)
        .stdin(Stdio::null());
    shell.output().expect("a shell").into()
}
