//! `wasm-dispatch-lab`: runs, measures, compares and decides. The commands are one file each; here is what they share: the
//! table of their names, how they fail, how they print.
//!
//! A command is a row of [`COMMANDS`]. It gets what follows its name, and returns an [`Outcome`] to print or why it
//! [`Failed`]; it never exits by itself and prints nothing but progress. Every command has `--help` with examples.

#![forbid(unsafe_code)]

mod against;
mod bench;
mod compare;
mod cost;
mod counts;
mod decide;
mod explain;
mod growth;
mod list;
mod merge;
mod plan;
mod profile;
mod readme;
mod report;
mod run;
mod shared;
mod subject;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use lexopt::Parser;
use serde::Serialize;
pub use wasm_dispatch_engines::Entrant;

/// A command of the lab.
struct Command {
    /// Its name on the command line.
    name: &'static str,
    /// What it is for, in one line of at most 70 characters.
    purpose: &'static str,
    /// What `--help` prints.
    help: &'static str,
    /// Reads what follows its name, and does it.
    run: fn(Parser) -> Result<Outcome, Failed>,
}

/// All commands, in the order in which help shows them.
const COMMANDS: &[Command] = &[
    command(
        "list",
        "What there is: workloads, classes, strategies, runs",
        list::HELP,
        list::run,
    ),
    command(
        "run",
        "Run a module, WASI commands included, under any strategy",
        run::HELP,
        run::run,
    ),
    command(
        "bench",
        "Measure the strategies, on a module of your own if you like",
        bench::HELP,
        bench::run,
    ),
    command(
        "plan",
        "Print the commands that split a measurement over machines",
        plan::HELP,
        plan::run,
    ),
    command("merge", "Join the records of several runs", merge::HELP, merge::run),
    command(
        "report",
        "Draw the report of a recorded run again",
        report::HELP,
        report::run,
    ),
    command(
        "compare",
        "Two recorded runs side by side; fails if something got slower",
        compare::HELP,
        compare::run,
    ),
    command("decide", "Make a run the recorded decision", decide::HELP, decide::run),
    command(
        "growth",
        "How speed changes with the size of code, calls, memory, instances",
        growth::HELP,
        growth::run,
    ),
    command(
        "cost",
        "Where the time goes: dispatches, work, and how much that explains",
        cost::HELP,
        cost::run,
    ),
    command(
        "explain",
        "How each strategy compiled one function, side by side",
        explain::HELP,
        explain::run,
    ),
    command(
        "profile",
        "What programs run: hot functions and blocks, operations, pairs",
        profile::HELP,
        profile::run,
    ),
    command("counts", "Show counted instructions again", counts::HELP, counts::run),
    command(
        "readme",
        "Write or check the README's summary of the decision",
        readme::HELP,
        readme::run,
    ),
];

const fn command(
    name: &'static str,
    purpose: &'static str,
    help: &'static str,
    run: fn(Parser) -> Result<Outcome, Failed>,
) -> Command {
    Command {
        name,
        purpose,
        help,
        run,
    }
}

/// What a command prints, and how it went.
pub struct Outcome {
    /// For standard output.
    pub text: String,
    /// 0: fine; 1: something is wrong with what was looked at. `run` passes the program's own code on.
    pub code: ExitCode,
}

/// Why a command did nothing.
pub enum Failed {
    /// The command line is wrong: exit code 2.
    Usage(String),
    /// The work failed: exit code 1.
    Work(String),
}

impl Outcome {
    /// Everything is fine.
    pub fn fine(text: impl Into<String>) -> Outcome {
        Outcome {
            text: text.into(),
            code: ExitCode::SUCCESS,
        }
    }

    /// Everything is fine, said in JSON.
    pub fn json(value: &impl Serialize) -> Result<Outcome, Failed> {
        let mut text = serde_json::to_string_pretty(value).map_err(|error| Failed::Work(error.to_string()))?;
        text.push('\n');
        Ok(Outcome::fine(text))
    }

    /// The same text with exit code 1, if `wrong`.
    pub fn failing_if(mut self, wrong: bool) -> Outcome {
        if wrong {
            self.code = ExitCode::FAILURE;
        }
        self
    }
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

impl From<wasm_dispatch_report::Error> for Failed {
    fn from(error: wasm_dispatch_report::Error) -> Failed {
        Failed::Work(error.to_string())
    }
}

impl From<wasm_dispatch_workloads::Error> for Failed {
    fn from(error: wasm_dispatch_workloads::Error) -> Failed {
        Failed::Work(error.to_string())
    }
}

/// The lab, from the command line to the exit code, with strategies from outside this repository among its own.
///
/// ```no_run
/// use wasm_dispatch::machine::reference::Reference; // or a `Backend` of your own
/// use wasm_dispatch_lab::{Entrant, main_with};
///
/// fn main() -> std::process::ExitCode {
///     main_with(&[Entrant::of::<Reference>()])
/// }
/// ```
pub fn main_with(outside: &[Entrant]) -> ExitCode {
    if let Err(error) = Entrant::open_to(outside) {
        complain(&format!("error: {error}\n"));
        return ExitCode::from(2);
    }
    // A measurement starts this binary again, once for every block.
    if let Some(code) = wasm_dispatch_measure::worker::serve_if_asked() {
        return code;
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let name = arguments.first().cloned();
    let (outcome, command) = match dispatch(arguments) {
        Ok(outcome) => return print(&outcome.text, outcome.code),
        Err(failed) => (failed, name.as_ref().and_then(find)),
    };
    match outcome {
        Failed::Work(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
        Failed::Usage(error) => {
            let of = command.map_or(String::new(), |command| format!(" {}", command.name));
            complain(&format!("error: {error}\n\nTry 'wasm-dispatch-lab{of} --help'.\n"));
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Vec<OsString>) -> Result<Outcome, Failed> {
    let mut rest = arguments.into_iter();
    let Some(first) = rest.next() else {
        return Err(Failed::Usage(format!("a command is missing: {}", names())));
    };
    match first.to_str() {
        Some("-h" | "--help") => Ok(Outcome::fine(help())),
        Some("-V" | "--version") => Ok(Outcome::fine(format!(
            "wasm-dispatch-lab {}\n",
            env!("CARGO_PKG_VERSION")
        ))),
        Some("help") => match rest.next() {
            None => Ok(Outcome::fine(help())),
            Some(name) => match find(&name) {
                Some(command) => Ok(Outcome::fine(command.help)),
                None => Err(unknown(&name)),
            },
        },
        _ => match find(&first) {
            Some(command) => (command.run)(Parser::from_args(rest)),
            None => Err(unknown(&first)),
        },
    }
}

fn find(name: &OsString) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| name == command.name)
}

fn unknown(name: &OsString) -> Failed {
    let name = name.to_string_lossy();
    match name.starts_with('-') {
        true => Failed::Usage(format!(
            "the command comes first, then '{name}'; the commands are {}",
            names()
        )),
        false => Failed::Usage(format!("unknown command '{name}'; the commands are {}", names())),
    }
}

fn names() -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    names.join(", ")
}

fn help() -> String {
    let mut text = "\
Measures the dispatch strategies, decides which one to use, and shows why.

Usage: wasm-dispatch-lab COMMAND [OPTIONS]
       wasm-dispatch-lab COMMAND --help

Commands:
"
    .to_owned();
    let width = COMMANDS.iter().map(|command| command.name.len()).max().unwrap_or(0);
    for Command { name, purpose, .. } in COMMANDS {
        text.push_str(&format!("  {name:width$}  {purpose}\n"));
    }
    text.push_str(
        "
Options of every command:
      --json     Print the result as JSON
      --quiet    No progress, no notes
  -h, --help     Print what the command does, with examples

Examples:
  wasm-dispatch-lab list
  wasm-dispatch-lab run program.wasm -- its arguments
  wasm-dispatch-lab bench --module my.wasm --invoke run --args 1000
  wasm-dispatch-lab report
  wasm-dispatch-lab compare before after --limit 5

Exit code: 0 if all is well, 1 if the work failed or found something wrong, 2 if the command line is wrong.
'run' passes on the exit code of a WASI command.
",
    );
    text
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => code,
        // Whoever reads may have seen enough: `wasm-dispatch-lab report | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => code,
        Err(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard error; if that is closed, nobody wants to know.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
