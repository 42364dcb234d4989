//! `wasm-dispatch-lab run`: runs a module under any strategy.

mod program;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use wasm_dispatch::{Limits, Metering, Vm};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_engines::arguments::show;
use wasm_dispatch_engines::own::Given;
use wasm_dispatch_measure::tally::Tally;

pub use self::program::{Ended, Ran};
use super::{Failed, Outcome, Output};

/// Run a module, WASI commands included, under any strategy
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab run [OPTIONS] FILE [--] [ARGS...]
       wasm-dispatch-lab run [OPTIONS] FILE --invoke NAME [--] [ARGS...]",
    after_help = "\
WASI commands (preview 1) can read files, not write them. With --json, what a command prints is part of the
result.

Examples:
  wasm-dispatch-lab run workloads/kernels/fib_recursive.wat --invoke run 26
  wasm-dispatch-lab run program.wasm --dir . -- --its-option file
  wasm-dispatch-lab run program.wasm --strategy match_loop --time < input
  wasm-dispatch-lab run loop.wat --invoke forever --fuel 1000000

Exit code: that of a WASI command, or 0 for a function; 1 if it trapped or could not be run; 2 if the
command line is wrong."
)]
pub struct Options {
    /// The module, .wasm or .wat
    file: PathBuf,
    /// The function's arguments (30, i32:30, f64:0.5, or a bit pattern after 0x), or the command's. What follows -- is
    /// never an option of the lab
    args: Vec<String>,
    /// The dispatch strategy; 'list strategies' has the names
    #[arg(long, value_name = "NAME", default_value_t)]
    strategy: Entrant,
    #[command(flatten)]
    how: How,
    /// Compile everything first, and print how long each phase took, on standard error
    #[arg(long)]
    time: bool,
    #[command(flatten)]
    output: Output,
}

/// What a program sees, and how far it may go.
#[derive(Args)]
pub struct How {
    #[command(flatten)]
    pub given: Given,
    /// Trap after N instructions
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Limit on the pages of 64 KiB of a memory
    #[arg(long, value_name = "N")]
    memory_pages: Option<u64>,
    /// Limit on nested calls
    #[arg(long, value_name = "N")]
    call_depth: Option<usize>,
}

impl How {
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(pages) = self.memory_pages {
            limits = limits.memory_pages(pages);
        }
        if let Some(depth) = self.call_depth {
            limits = limits.call_depth(depth);
        }
        limits
    }

    /// What its module is compiled to count.
    pub fn metering(&self) -> Metering {
        match self.fuel {
            Some(_) => Metering::Fuel,
            None => Metering::Off,
        }
    }

    /// One of the options that was given.
    pub fn given(&self) -> Option<&'static str> {
        let fuel = self.fuel.map(|_| "--fuel");
        let pages = self.memory_pages.map(|_| "--memory-pages");
        let depth = self.call_depth.map(|_| "--call-depth");
        self.given.any().or(fuel).or(pages).or(depth)
    }
}

/// A program to run.
pub struct Request<'o> {
    /// The module.
    pub file: &'o Path,
    /// The function's arguments, or the command's.
    pub args: &'o [String],
    pub how: &'o How,
}

impl Request<'_> {
    /// Runs it under the strategy that counts, without showing what it prints. That it traps is no failure here.
    pub fn run_counting(&self) -> Result<Ran, Failed> {
        self.run(
            Vm::with_backend::<Tally>(self.how.limits()),
            self.how.metering(),
            None,
            true,
        )
    }
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let request = Request {
        file: &options.file,
        args: &options.args,
        how: &options.how,
    };
    let vm = options.strategy.vm(options.how.limits());
    let compiled = options.time.then_some(options.strategy);
    let metering = options.strategy.metering(options.how.metering());
    let ran = request.run(vm, metering, compiled, options.output.json)?;
    let code = match &ran.ended {
        Ended::Returned(_) => ExitCode::SUCCESS,
        // The operating system keeps eight bits; what does not fit is a failure all the same.
        Ended::Exited(code) => ExitCode::from(u8::try_from(*code).unwrap_or(1)),
        Ended::Stopped(_) => ExitCode::FAILURE,
    };
    if options.output.json {
        let outcome = Outcome::json(&ran.json(&request, options.strategy))?;
        return Ok(Outcome { code, ..outcome });
    }
    if options.time {
        eprint!("{}", ran.phases());
    }
    let text = match &ran.ended {
        Ended::Stopped(error) => return Err(Failed::Work(error.to_string())),
        Ended::Returned(results) if !options.output.quiet => results.iter().map(|value| show(value) + "\n").collect(),
        _ => String::new(),
    };
    Ok(Outcome { text, code })
}
