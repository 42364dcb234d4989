//! `wasm-dispatch-lab`: draws the report of a recorded run again, without measuring anything.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use wasm_dispatch_harness::{newest_run, report, runs_folder};

const HELP: &str = "\
Draws the report of a recorded benchmark run again, without measuring anything.

Usage: wasm-dispatch-lab report [OPTIONS] [RUN]

Arguments:
  [RUN]         Folder of a run, or its samples.jsonl; the newest run by default

Options:
      --runs DIR   Where to look for the newest run [default: target/wasm-dispatch]
  -o, --out DIR    Where to write the report [default: the folder of the run]
      --json       Print the summary as JSON instead of the table
  -h, --help       Print this help
  -V, --version    Print the version

Exit code: 0 if the report was written, 1 if it was not, 2 if the command line is wrong.
";

/// What the command line asks for.
enum Command {
    Help,
    Version,
    Report(Options),
}

#[derive(Default)]
struct Options {
    run: Option<PathBuf>,
    runs: Option<PathBuf>,
    out: Option<PathBuf>,
    json: bool,
}

fn main() -> ExitCode {
    let command = match parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\nTry 'wasm-dispatch-lab --help'.");
            return ExitCode::from(2);
        }
    };
    let outcome = match command {
        Command::Help => Ok(HELP.to_owned()),
        Command::Version => Ok(format!("wasm-dispatch-lab {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Report(options) => run(options),
    };
    let text = match outcome {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads may have seen enough: `wasm-dispatch-lab report | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    use lexopt::Arg::{Long, Short, Value};
    let mut command: Option<OsString> = None;
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("json") => options.json = true,
            Long("runs") => options.runs = Some(parser.value()?.into()),
            Short('o') | Long("out") => options.out = Some(parser.value()?.into()),
            Value(value) if command.is_none() => command = Some(value),
            Value(value) if options.run.is_none() => options.run = Some(value.into()),
            other => return Err(other.unexpected()),
        }
    }
    match command {
        Some(command) if command == "report" => Ok(Command::Report(options)),
        Some(command) => Err(format!("unknown command '{}'", command.to_string_lossy()).into()),
        None => Err("a command is missing: 'report'".into()),
    }
}

fn run(options: Options) -> Result<String, wasm_dispatch_harness::Error> {
    let run = match options.run {
        Some(run) => run,
        None => newest_run(&options.runs.unwrap_or_else(runs_folder))?,
    };
    let beside = if run.is_dir() {
        run.clone()
    } else {
        run.parent().map(PathBuf::from).unwrap_or_default()
    };
    let report = report(&run, &options.out.unwrap_or(beside))?;
    if !options.json {
        return Ok(report.text());
    }
    let path = report.json;
    std::fs::read_to_string(&path).map_err(|source| wasm_dispatch_harness::Error::Io { path, source })
}
