//! `wasm-dispatch-lab profile`: what programs run.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use serde_json::json;
use wasm_dispatch::Metering;
use wasm_dispatch_measure::choice;
use wasm_dispatch_measure::tally;
use wasm_dispatch_profile::profile::Options;
use wasm_dispatch_profile::{Profile, Program};
use wasm_dispatch_report::Progress;
use wasm_dispatch_workloads::{all, all_and_extra};

use super::run::{Ended, Request};
use super::{Failed, Outcome, subject};

pub const HELP: &str = "\
Runs programs and counts what they run: the hottest functions and blocks, how often each strategy
dispatches, operations, statements, trees and pairs, superinstructions. Counts, not times: they are the
same each time. Over several programs, each counts the same.

Usage: wasm-dispatch-lab profile [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab profile [OPTIONS] FILE [--invoke NAME] [--] [ARGS...]

What:
  [NAME|CLASS|PATTERN]   Workloads by name, by class, or by a pattern with * and ?; all by default
      --extra            All of them, with the extra workloads if they have been built
  FILE                   A module, .wasm or .wat; it is run as by 'run', with the options --invoke, --dir,
                         --env, --fuel, --memory-pages, --call-depth. What a command prints is dropped
      ARGS               The function's arguments, or the command's

Output:
      --top N            Rows of each table [default: 20]
      --depth N          Levels of a tree that are told apart [default: 2]
      --json             Print everything as JSON
      --quiet            No progress
  -h, --help             Print this help

In shapes, s is a slot, c a constant, g a global, a the accumulator of threaded, * something deeper.

Examples:
  wasm-dispatch-lab profile sort
  wasm-dispatch-lab profile calls 'fib_*' --top 5
  wasm-dispatch-lab profile my.wasm --invoke run 1000
  wasm-dispatch-lab profile tool.wasm --dir . -- --its-option file < input
  wasm-dispatch-lab profile --extra --json | jq '.dispatches'

Exit code: 0, or 1 if a program could not be run or trapped (its profile up to there is shown), 2 if the
command line is wrong.
";

#[derive(Default)]
struct Asked {
    texts: Vec<String>,
    /// The module to run, and how.
    request: Option<Request>,
    /// Whether an option was given that is for a module only.
    of_module: Option<String>,
    extra: bool,
    options: Options,
    json: bool,
    quiet: bool,
}

pub fn run(parser: Parser) -> Result<Outcome, Failed> {
    let Some(asked) = parse(parser)? else {
        return Ok(Outcome::fine(HELP));
    };
    let mut trapped = None;
    let programs = match &asked.request {
        Some(request) => {
            let (program, error) = of_module(request)?;
            trapped = error;
            vec![program]
        }
        None => of_workloads(&asked)?,
    };
    let profile = Profile::of(&programs, asked.options);
    let outcome = match asked.json {
        true => {
            let mut value = serde_json::to_value(&profile).map_err(|error| Failed::Work(error.to_string()))?;
            value["schema"] = json!(1);
            value["trapped"] = json!(trapped);
            Outcome::json(&value)?
        }
        false => {
            let mut text = profile.text();
            if let Some(trap) = &trapped {
                text.push_str(&format!("\nIt did not end by itself: {trap}\n"));
            }
            Outcome::fine(text)
        }
    };
    Ok(outcome.failing_if(trapped.is_some()))
}

/// `None` if help is asked for.
fn parse(mut parser: Parser) -> Result<Option<Asked>, Failed> {
    let mut asked = Asked::default();
    let mut request = Request::default();
    let mut has_file = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("extra") => asked.extra = true,
            Long("top") => asked.options.top = parser.value()?.parse()?,
            Long("depth") => asked.options.depth = parser.value()?.parse()?,
            Long("json") => asked.json = true,
            Long("quiet") => asked.quiet = true,
            Long(name) => {
                let name = name.to_owned();
                if !request.take(&name, &mut parser)? {
                    return Err(Failed::Usage(format!("invalid option '--{name}'")));
                }
                asked.of_module.get_or_insert(format!("--{name}"));
            }
            Value(value) if has_file => request.args.push(value.string()?),
            Value(value) => {
                let text = value.string()?;
                match asked.texts.is_empty() && subject::is_file(&text) {
                    true => {
                        request.file = PathBuf::from(text);
                        has_file = true;
                    }
                    false => asked.texts.push(text),
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if let (false, Some(option)) = (has_file, &asked.of_module) {
        return Err(Failed::Usage(format!(
            "{option} is for a module of your own: name its file first"
        )));
    }
    if has_file && asked.extra {
        return Err(Failed::Usage("--extra is for workloads, not for a module".to_owned()));
    }
    asked.request = has_file.then_some(request);
    Ok(Some(asked))
}

fn of_workloads(asked: &Asked) -> Result<Vec<Program>, Failed> {
    // Extra workloads are only counted if they are asked for: not everybody has built them.
    let known = match asked.extra || !asked.texts.is_empty() {
        true => all_and_extra()?,
        false => all()?,
    };
    let chosen = choice::choose(known, &asked.texts)?;
    let mut progress = (!asked.quiet).then(|| Progress::new(chosen.len()));
    let mut programs = Vec::new();
    for workload in &chosen {
        if let Some(progress) = &mut progress {
            progress.begin(&format!("counting: {}", workload.name()));
        }
        let program = Program::of_workload(workload, workload.quick());
        programs.push(program.map_err(|error| Failed::Work(format!("{}: {error}", workload.name())))?);
        if let Some(progress) = &mut progress {
            progress.finish_step();
        }
    }
    if let Some(progress) = progress {
        progress.finish();
    }
    Ok(programs)
}

/// Runs a module of the user's, and says why it did not end by itself.
fn of_module(request: &Request) -> Result<(Program, Option<String>), Failed> {
    let (ran, counted) = tally::during(|| request.run_counting());
    let trap = match ran?.ended {
        Ended::Returned(_) | Ended::Exited(_) => None,
        Ended::Stopped(error) => Some(error.to_string()),
    };
    let module = subject::of_file(&request.file, &request.limits, Metering::Off)?;
    let name = request.file.display().to_string();
    Ok((Program::new(&name, &module, &counted), trap))
}
