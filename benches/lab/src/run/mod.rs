//! `wasm-dispatch-lab run`: runs a module under any strategy.

mod program;
mod values;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use wasm_dispatch::Limits;
use wasm_dispatch_engines::Entrant;

pub use self::program::Ended;
use self::program::Ran;
use super::shared::{pair, strategy};
use super::{Failed, Outcome};

pub const HELP: &str = "\
Runs a module, .wasm or .wat, under any strategy: a WASI command, or a function that it exports.

Usage: wasm-dispatch-lab run [OPTIONS] FILE [--] [ARGS...]
       wasm-dispatch-lab run [OPTIONS] FILE --invoke NAME [--] [ARGS...]

What:
      FILE               The module
      --strategy NAME    How to dispatch [default: the recommended strategy]; 'list strategies' has them
      --invoke NAME      The exported function to call [default: _start, the entry of a WASI command]
      ARGS               The function's arguments: 30, i32:30, f64:0.5; after 0x the bit pattern.
                         Or the command's. After -- nothing is taken for an option of the lab

WASI commands (preview 1; files can be read, not written):
      --dir FOLDER       Let it read a folder, under its own name; may be repeated
      --dir NAME=FOLDER  The same, under another name
      --env NAME=VALUE   A variable of its environment, which is empty otherwise; may be repeated

Limits:
      --fuel N           Trap after N instructions
      --memory-pages N   Pages of 64 KiB that a memory may have
      --call-depth N     Calls that may be inside each other

Output:
      --time             Compile everything first, and print on standard error what each phase took
      --json             Print results, exit code, trap and phases as JSON, with what a command wrote
      --quiet            Print no results
  -h, --help             Print this help

Examples:
  wasm-dispatch-lab run workloads/kernels/fib_recursive.wat --invoke run 26
  wasm-dispatch-lab run program.wasm --dir . -- --its-option file
  wasm-dispatch-lab run program.wasm --strategy match_loop --time < input
  wasm-dispatch-lab run loop.wat --invoke forever --fuel 1000000

Exit code: that of a WASI command; for a function 0. 1 if it trapped or could not be run, 2 if the
command line is wrong.
";

/// What the command line asks for.
#[derive(Default)]
pub struct Request {
    /// The module.
    pub file: PathBuf,
    strategy: Entrant,
    invoke: Option<String>,
    /// The function's arguments, or the command's.
    pub args: Vec<String>,
    /// Name for the program, folder of the host.
    dirs: Vec<(String, PathBuf)>,
    env: Vec<(String, String)>,
    fuel: Option<u64>,
    /// Limits of the machine.
    pub limits: Limits,
    time: bool,
    json: bool,
    quiet: bool,
}

pub fn run(parser: Parser) -> Result<Outcome, Failed> {
    let Some(request) = parse(parser)? else {
        return Ok(Outcome::fine(HELP));
    };
    let ran = request.run()?;
    if request.json {
        let outcome = Outcome::json(&ran.json(&request))?;
        return Ok(Outcome {
            code: code(&ran),
            ..outcome
        });
    }
    if request.time {
        eprint!("{}", ran.phases());
    }
    match &ran.ended {
        Ended::Stopped(error) => Err(Failed::Work(error.to_string())),
        Ended::Returned(results) if !request.quiet => {
            let lines = results.iter().map(|value| values::show(value) + "\n");
            Ok(Outcome::fine(lines.collect::<String>()))
        }
        _ => Ok(Outcome {
            text: String::new(),
            code: code(&ran),
        }),
    }
}

fn code(ran: &Ran) -> ExitCode {
    match &ran.ended {
        Ended::Returned(_) => ExitCode::SUCCESS,
        // The operating system keeps eight bits; what does not fit is a failure all the same.
        Ended::Exited(code) => ExitCode::from(u8::try_from(*code).unwrap_or(1)),
        Ended::Stopped(_) => ExitCode::FAILURE,
    }
}

/// `None` if help is asked for.
fn parse(mut parser: Parser) -> Result<Option<Request>, Failed> {
    let mut file: Option<PathBuf> = None;
    let mut request = Request::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("strategy") => request.strategy = strategy(&parser.value()?.string()?)?,
            Long("time") => request.time = true,
            Long("json") => request.json = true,
            Long("quiet") => request.quiet = true,
            Long(name) => {
                let name = name.to_owned();
                if !request.take(&name, &mut parser)? {
                    return Err(unknown(&format!("invalid option '--{name}'"), file.is_some()));
                }
            }
            Value(value) if file.is_none() => file = Some(value.into()),
            Value(value) => request.args.push(value.string()?),
            Short(digit @ '0'..='9') => {
                return Err(Failed::Usage(format!(
                    "'-{digit}' looks like an option: write -- before the arguments"
                )));
            }
            other => return Err(unknown(&other.unexpected().to_string(), file.is_some())),
        }
    }
    request.file = file.ok_or_else(|| Failed::Usage("name the module to run".to_owned()))?;
    Ok(Some(request))
}

fn unknown(what: &str, has_file: bool) -> Failed {
    let hint = match has_file {
        true => ": what belongs to the program goes after --",
        false => "",
    };
    Failed::Usage(format!("{what}{hint}"))
}

impl Request {
    /// Takes an option that says what to run and within which limits. `false`: it is none of these.
    pub fn take(&mut self, name: &str, parser: &mut Parser) -> Result<bool, Failed> {
        match name {
            "invoke" => self.invoke = Some(parser.value()?.string()?),
            "dir" => self.dirs.push(folder(&parser.value()?.string()?)),
            "env" => self.env.push(pair(&parser.value()?.string()?)?),
            "fuel" => self.fuel = Some(parser.value()?.parse()?),
            "memory-pages" => self.limits = self.limits.memory_pages(parser.value()?.parse()?),
            "call-depth" => self.limits = self.limits.call_depth(parser.value()?.parse()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `FOLDER`, or `NAME=FOLDER`.
fn folder(text: &str) -> (String, PathBuf) {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() => (name.to_owned(), folder.into()),
        _ => (text.to_owned(), text.into()),
    }
}
