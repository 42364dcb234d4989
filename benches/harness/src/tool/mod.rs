//! The commands that measure, one file each.

pub mod bench;
pub mod merge;
pub mod plan;

use std::process::ExitCode;

/// What a command prints, and how it went.
pub struct Outcome {
    /// For standard output.
    pub text: String,
    /// 0: fine; 1: something is wrong with what was looked at.
    pub code: ExitCode,
}

/// Why a command did nothing.
pub enum Failed {
    /// The command line is wrong.
    Usage(String),
    /// The work failed.
    Work(String),
}

impl From<lexopt::Error> for Failed {
    fn from(error: lexopt::Error) -> Failed {
        Failed::Usage(error.to_string())
    }
}

impl From<wasm_dispatch_measure::Error> for Failed {
    fn from(error: wasm_dispatch_measure::Error) -> Failed {
        match error {
            wasm_dispatch_measure::Error::Asked(what) => Failed::Usage(what),
            other => Failed::Work(other.to_string()),
        }
    }
}

impl From<wasm_dispatch_harness::Error> for Failed {
    fn from(error: wasm_dispatch_harness::Error) -> Failed {
        Failed::Work(error.to_string())
    }
}

type Command = fn(lexopt::Parser) -> Result<Outcome, Failed>;

/// The commands, by name.
const COMMANDS: [(&str, Command); 3] = [("bench", bench::run), ("plan", plan::run), ("merge", merge::run)];

/// If the first argument names one of these commands, runs it.
pub fn run_if_named() -> Option<Result<Outcome, Failed>> {
    let name = std::env::args_os().nth(1)?;
    let (_, command) = COMMANDS.iter().find(|(known, _)| name == *known)?;
    Some(command(lexopt::Parser::from_args(std::env::args_os().skip(2))))
}

impl Outcome {
    /// Everything is fine.
    pub fn fine(text: impl Into<String>) -> Outcome {
        Outcome {
            text: text.into(),
            code: ExitCode::SUCCESS,
        }
    }
}
