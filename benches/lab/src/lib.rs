//! `wasm-dispatch-lab`: runs, measures, compares and decides. A command is a file: the options that it has, with what help
//! says about them, and a function that does it. Here is what they share: how they are found, how they fail, how they print.
//!
//! A command returns an [`Outcome`] to print or why it [`Failed`]; it never exits by itself and prints nothing but progress.

#![forbid(unsafe_code)]

mod bench;
mod claims;
mod compare;
mod cost;
mod counts;
mod decide;
mod explain;
mod export;
mod growth;
mod history;
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

use clap::error::ErrorKind as Wrong;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
pub use wasm_dispatch_engines::Entrant;
use wasm_dispatch_report::table::wrapped;
use wasm_dispatch_report::visible;

/// Measures the dispatch strategies, decides which one to use, and shows why
#[derive(Parser)]
#[command(
    name = "wasm-dispatch-lab",
    version,
    max_term_width = 110,
    disable_help_subcommand = true,
    override_usage = "wasm-dispatch-lab COMMAND [OPTIONS]\n       wasm-dispatch-lab COMMAND --help",
    after_help = "\
Options of every command:
      --json     Print the result as JSON
      --quiet    Print no progress and no notes

Examples:
  wasm-dispatch-lab list
  wasm-dispatch-lab run program.wasm -- its arguments
  wasm-dispatch-lab bench --module my.wasm --invoke run --args 1000
  wasm-dispatch-lab report
  wasm-dispatch-lab compare before after --limit 5

Exit code: 0 if all is well, 1 if the work failed or found something wrong, 2 if the command line is
wrong. 'run' passes on the exit code of a WASI command."
)]
struct Lab {
    #[command(subcommand)]
    command: Command,
}

/// Declares the commands: the variant that clap knows, and the module that does it.
macro_rules! commands {
    ($($name:ident in $module:ident,)+) => {
        /// The commands, in the order in which help shows them.
        #[derive(Subcommand)]
        enum Command {
            $($name($module::Options),)+
        }

        impl Command {
            fn run(self) -> Result<Outcome, Failed> {
                match self {
                    $(Command::$name(options) => $module::run(options),)+
                }
            }
        }
    };
}

commands! {
    List in list,
    Run in run,
    Bench in bench,
    Plan in plan,
    Merge in merge,
    Report in report,
    Compare in compare,
    History in history,
    Export in export,
    Decide in decide,
    Growth in growth,
    Cost in cost,
    Explain in explain,
    Profile in profile,
    Counts in counts,
    Readme in readme,
    Claims in claims,
}

/// How a command prints.
#[derive(Args, Clone, Copy)]
pub struct Output {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Print no progress and no notes, only what is wrong
    #[arg(long)]
    pub quiet: bool,
}

impl Output {
    /// For what was asked for: without progress and notes, it is still shown.
    fn result(self) -> Output {
        Output { quiet: false, ..self }
    }

    /// [`show`](Output::show) for sentences: lines of text are broken where they get too long.
    pub fn tell(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<Outcome, Failed> {
        self.show(value, || wrapped(&text()))
    }

    /// A result in the form that is asked for.
    pub fn show(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<Outcome, Failed> {
        match (self.json, self.quiet) {
            (true, _) => Outcome::json(value),
            (false, true) => Ok(Outcome::fine("")),
            (false, false) => Ok(Outcome::fine(text())),
        }
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
        let text = serde_json::to_string_pretty(value)? + "\n";
        Ok(Outcome::fine(visible::json(&text)))
    }

    /// The same text with exit code 1, if `wrong`.
    pub fn failing_if(mut self, wrong: bool) -> Outcome {
        if wrong {
            self.code = ExitCode::FAILURE;
        }
        self
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

/// Errors that are the work's.
macro_rules! work {
    ($($error:ty),+) => {
        $(impl From<$error> for Failed {
            fn from(error: $error) -> Failed {
                Failed::Work(error.to_string())
            }
        })+
    };
}

work!(
    wasm_dispatch_engines::own::Error,
    wasm_dispatch_report::Error,
    wasm_dispatch_workloads::Error,
    serde_json::Error
);

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
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    // `help COMMAND` is `COMMAND --help`.
    if arguments.get(1).is_some_and(|first| first == "help") {
        arguments.remove(1);
        arguments.truncate(2);
        arguments.push("--help".into());
    }
    let command = arguments.get(1).filter(|name| !name.to_string_lossy().starts_with('-'));
    let command = command.map_or(String::new(), |name| format!(" {}", name.to_string_lossy()));
    let failed = match Lab::try_parse_from(&arguments) {
        Ok(lab) => match lab.command.run() {
            Ok(outcome) => return print(&outcome.text, outcome.code),
            Err(failed) => failed,
        },
        Err(error) if matches!(error.kind(), Wrong::DisplayHelp | Wrong::DisplayVersion) => {
            return print(&error.to_string(), ExitCode::SUCCESS);
        }
        Err(error) => Failed::Usage(shortened(&error.to_string())),
    };
    match failed {
        Failed::Work(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
        Failed::Usage(error) => {
            complain(&format!("error: {error}\n\nTry 'wasm-dispatch-lab{command} --help'.\n"));
            ExitCode::from(2)
        }
    }
}

/// What clap says about a wrong command line, without its own word for errors and its hints at help.
fn shortened(error: &str) -> String {
    let error = error.strip_prefix("error: ").unwrap_or(error);
    let end = ["\n\nUsage:", "\n\nFor more information"].map(|hint| error.find(hint).unwrap_or(error.len()));
    error[..end[0].min(end[1])].trim_end().to_owned()
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(visible::text(text).as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => code,
        // A reader may have seen enough: `wasm-dispatch-lab report | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => code,
        Err(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Characters of an error that are shown: what is wrong may quote a name of megabytes.
const LONGEST_ERROR: usize = 8000;

/// Writes to standard error. If that is closed, there is no place left to say so.
fn complain(text: &str) {
    let cut = text.char_indices().nth(LONGEST_ERROR).map(|(at, _)| &text[..at]);
    let shown = visible::text(cut.unwrap_or(text));
    let more = if cut.is_some() { "…\n" } else { "" };
    let _ = std::io::stderr().write_all(format!("{shown}{more}").as_bytes());
}
