//! `wasm-dispatch-lab bench`: measures, and draws the report.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_engines::own::{Given, OwnModule};
use wasm_dispatch_measure::against::run as measure_against;
use wasm_dispatch_measure::bench::Request;
use wasm_dispatch_measure::resume;
use wasm_dispatch_measure::shards::Shard;
use wasm_dispatch_report::compare::Limits;
use wasm_dispatch_report::report;

use super::compare;
use super::shared::percent;
use super::{Failed, Outcome, Output};

/// Measure the strategies, on the workloads or on your own module
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab bench [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab bench [OPTIONS] --module FILE [--invoke NAME] [--args A,B | -- ARGS...]
       wasm-dispatch-lab bench --against REVISION [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab bench --resume RUN",
    after_help = "\
In every block a fresh process runs all strategies on all workloads in random order and verifies every
result. One strategy runs twice, under two names, to show how much is noise; in the full run the strategies
take turns at that.

Examples:
  wasm-dispatch-lab bench                                  all but the scalar twins, about two minutes
  wasm-dispatch-lab bench sort 'fib_*' calls --blocks 20   some workloads
  wasm-dispatch-lab bench --full                           the run that a decision is based on
  wasm-dispatch-lab bench --module my.wasm --invoke run --args 1000
  wasm-dispatch-lab bench --module tool.wasm --stdin text -- --sort -n
  wasm-dispatch-lab bench --against main --strategies threaded
                                                           what a pull request does to one strategy

Exit code: 0 if all is well, 1 if a strategy failed or the measurement did, or if something is slower
than the base beyond the limits, 2 if the command line is wrong."
)]
pub struct Options {
    #[command(flatten)]
    matrix: Matrix,
    /// Only this part of workloads x layouts; 'plan' prints the commands
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Continue a run that was killed, as it was planned
    #[arg(long, value_name = "RUN", conflicts_with_all = ["Request", "module", "args", "Given", "shard", "out", "against"])]
    resume: Option<PathBuf>,
    /// Did a change make anything slower? Measure this tree next to the lab at a git revision, or next to a lab that is
    /// already built (a file): for each workload a fresh process of each side, in random order; the control is the base in
    /// other layouts [default: 8 layouts, 3 blocks of each]
    #[arg(long, value_name = "REV", conflicts_with = "shard")]
    against: Option<String>,
    /// With --against: how much slower a strategy's mean over workloads may be [default: 1]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    limit: Option<f64>,
    /// With --against: how much slower a workload may be [default: 3]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    limit_workload: Option<f64>,
    /// Folder of the run [default: target/wasm-dispatch/<date>-<time>-<quick|full>]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What to measure: all that `plan` can split.
#[derive(Args)]
pub struct Matrix {
    #[command(flatten)]
    request: Request,
    #[command(flatten)]
    own: Own,
}

/// A module of the user's, and what it is given.
#[derive(Args)]
struct Own {
    /// Your own module, .wasm or .wat. Its result under the best strategy without unsafe code is what all must give
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Arguments: 30 or i32:30; they may also follow --, separated by spaces
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        requires = "module",
        allow_hyphen_values = true
    )]
    args: Vec<String>,
    #[command(flatten)]
    given: Given,
}

impl Matrix {
    /// The whole of it.
    pub fn request(self) -> Result<Request, Failed> {
        let Matrix { mut request, own } = self;
        if let (None, Some(option)) = (&own.module, own.given.any()) {
            return Err(Failed::Usage(format!("{option} needs --module")));
        }
        request.own = own.module.map(|file| OwnModule {
            file,
            // With a module, what has no option before it belongs to it.
            args: [own.args, std::mem::take(&mut request.workloads)].concat(),
            given: own.given,
        });
        Ok(request)
    }
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let Options { output, .. } = options;
    if (options.limit.or(options.limit_workload)).is_some() && options.against.is_none() && options.resume.is_none() {
        return Err(Failed::Usage("--limit and --limit-workload need --against".to_owned()));
    }
    let limits = Limits {
        mean: options.limit.unwrap_or(1.0),
        workload: options.limit_workload.unwrap_or(3.0),
    };
    let request = Request {
        shard: options.shard,
        folder: options.out,
        quiet: output.quiet,
        ..options.matrix.request()?
    };
    let measured = match (&options.resume, &options.against) {
        (Some(folder), _) => resume(folder, output.quiet)?,
        (None, Some(base)) => measure_against(&request, base)?,
        (None, None) => request.run()?,
    };
    if let Some(outcome) = compare::of_sides(&measured, limits, output.json)? {
        return Ok(outcome);
    }
    let report = report(&measured.folder, &measured.folder)?;
    let outcome = output.result().tell(&report.summary, || {
        let failures = measured.recording.failures.iter();
        let failures =
            failures.map(|failed| format!("FAILED: {} / {}: {}\n", failed.workload, failed.strategy, failed.error));
        report.text() + &failures.collect::<String>()
    })?;
    Ok(outcome.failing_if(!measured.is_clean()))
}
