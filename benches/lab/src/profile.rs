//! `wasm-dispatch-lab profile`: what programs run.

use std::path::Path;

use clap::Args;
use serde_json::json;
use wasm_dispatch_measure::choice;
use wasm_dispatch_measure::tally;
use wasm_dispatch_profile::{Profile, Program, profile};
use wasm_dispatch_report::Progress;
use wasm_dispatch_workloads::{all, all_and_extra};

use super::run::{Ended, How, Request};
use super::{Failed, Outcome, Output, subject};

/// Count what programs run: hot functions and blocks, operations, pairs
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab profile [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab profile [OPTIONS] FILE [--invoke NAME] [--] [ARGS...]",
    after_help = "\
These are counts, not times, and the same on every run. Several programs all have the same weight. In shapes,
s is a slot, c a constant, g a global, a the accumulator of threaded, and * something deeper. What your own
module prints is discarded.

Examples:
  wasm-dispatch-lab profile sort
  wasm-dispatch-lab profile calls 'fib_*' --top 5
  wasm-dispatch-lab profile my.wasm --invoke run 1000
  wasm-dispatch-lab profile tool.wasm --dir . -- --its-option file < input
  wasm-dispatch-lab profile --extra --json | jq '.dispatches'

Exit code: 0; 1 if a program could not be run, or trapped (its profile up to there is shown); 2 if the
command line is wrong."
)]
pub struct Options {
    /// Workloads by name, class or pattern [default: all]; or a module, .wasm or .wat, and its arguments
    #[arg(value_name = "NAME|CLASS|PATTERN|FILE")]
    texts: Vec<String>,
    /// All workloads, including the extra ones that have been built
    #[arg(long)]
    extra: bool,
    #[command(flatten)]
    how: How,
    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Levels of a tree that are distinguished
    #[arg(long, value_name = "N", default_value_t = 2)]
    depth: u32,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let usage = |text: String| Err(Failed::Usage(text));
    let (programs, trapped) = match options.texts.split_first() {
        Some((file, args)) if subject::is_file(file) => {
            if options.extra {
                return usage("--extra is for workloads, not for a module".to_owned());
            }
            let (program, error) = of_module(Path::new(file), args, &options.how)?;
            (vec![program], error)
        }
        _ => {
            if let Some(option) = options.how.given() {
                return usage(format!("{option} is for a module of your own: name its file first"));
            }
            (of_workloads(&options)?, None)
        }
    };
    let (top, depth) = (options.top, options.depth);
    let profile = Profile::of(&programs, profile::Options { top, depth });
    let mut value = serde_json::to_value(&profile)?;
    value["schema"] = json!(1);
    value["trapped"] = json!(trapped);
    let trap = match &trapped {
        Some(trap) => format!("\nIt did not end by itself: {trap}\n"),
        None => String::new(),
    };
    let outcome = options.output.result().show(&value, || profile.text() + &trap)?;
    Ok(outcome.failing_if(trapped.is_some()))
}

fn of_workloads(options: &Options) -> Result<Vec<Program>, Failed> {
    // Extra workloads are only counted if they are asked for: they may not have been built.
    let known = match options.extra || !options.texts.is_empty() {
        true => all_and_extra()?,
        false => all()?,
    };
    let chosen = choice::choose(known, &options.texts)?;
    let mut progress = Progress::new(chosen.len(), options.output.quiet);
    let mut programs = Vec::new();
    for workload in &chosen {
        progress.begin(&format!("counting: {}", workload.name()));
        let program = Program::of_workload(workload, workload.quick());
        programs.push(program.map_err(|error| Failed::Work(format!("{}: {error}", workload.name())))?);
        progress.finish_step();
    }
    progress.finish();
    Ok(programs)
}

/// Runs a module of the user's, and says why it did not end by itself.
fn of_module(file: &Path, args: &[String], how: &How) -> Result<(Program, Option<String>), Failed> {
    let request = Request { file, args, how };
    let (ran, counted) = tally::during(|| request.run_counting());
    let trap = match ran?.ended {
        Ended::Returned(_) | Ended::Exited(_) => None,
        Ended::Stopped(error) => Some(error.to_string()),
    };
    let module = subject::of_file(file, &how.limits(), how.metering())?;
    let name = file.display().to_string();
    Ok((Program::new(&name, &module, &counted), trap))
}
