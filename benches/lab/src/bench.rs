//! `wasm-dispatch-lab bench`: measures, and draws the report.

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use wasm_dispatch_engines::own::OwnModule;
use wasm_dispatch_measure::against::run as measure_against;
use wasm_dispatch_measure::bench::{Measured, Request, resume};
use wasm_dispatch_report::record::Failure;
use wasm_dispatch_report::{Error, report};

use super::against::{self, Limits};
use super::shared::{pair, percent};
use super::{Failed, Outcome};

pub const HELP: &str = "\
Measures the strategies against each other: in every block a fresh process runs all of them on all
workloads in random order, every result verified. One strategy runs twice under two names, to show
how much is noise.

Usage: wasm-dispatch-lab bench [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab bench [OPTIONS] --module FILE [--invoke NAME] [--args A,B | -- ARGS...]
       wasm-dispatch-lab bench --against REVISION [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab bench --resume RUN

What:
  [NAME|CLASS|PATTERN]   Workloads by name, by class, or by a pattern with * and ?; all by default
      --strategies A,B   Some of the strategies
      --module FILE      A module of your own, .wasm or .wat. What it must give is what stack_loop,
                         the reference, makes of it
      --invoke NAME      Its function to call; for a WASI command not needed
      --args A,B         Arguments: 30 or i32:30. The same after --, with spaces between them
      --env NAME=VALUE   WASI commands: a variable of the environment; may be repeated
      --stdin FILE       WASI commands: what stands on standard input
      --file NAME=FILE   WASI commands: a file that it may read; may be repeated

How:
      --full             The long run: large sizes, 8 layouts, extra workloads
      --time SECONDS     How long, about
      --blocks N         So many blocks, whatever they take
      --iterations K     Timed runs in each block [default: 2]
      --layouts N        Link the lab in N layouts and measure all [default: 1 as it is; 8 with --full]
      --seed N           Seed of all orders
      --shard I/N        Only this part of workloads x layouts; 'plan' prints the commands
      --timeout SECONDS  Give a process up after such a silence
      --resume RUN       Go on with a run that was killed

Against another revision (did a change make anything slower?):
      --against REV      Measure this tree next to the lab at a git revision, or next to a built lab (a
                         file): for each workload a fresh process of each side, in random order, and as a
                         control the base in other layouts [default: 8 layouts, 3 blocks of each]
      --limit PERCENT    How much slower the mean over workloads may be [default: 1]
      --limit-workload PERCENT
                         The same for each workload [default: 3]

Output:
  -o, --out DIR          Folder of the run [default: target/wasm-dispatch/<date>-<time>-<quick|full>]
      --json             Print the summary as JSON
      --quiet            No progress
  -h, --help             Print this help

Examples:
  wasm-dispatch-lab bench                                  all workloads, about two minutes
  wasm-dispatch-lab bench sort 'fib_*' calls --blocks 20   some of them
  wasm-dispatch-lab bench --full                           the run that a decision is based on
  wasm-dispatch-lab bench --module my.wasm --invoke run --args 1000
  wasm-dispatch-lab bench --module tool.wasm --stdin text -- --sort -n
  wasm-dispatch-lab bench --against main --strategies threaded
                                                           what a pull request does to one strategy

Exit code: 0 if all is well, 1 if a strategy failed or the measurement did, or if something is slower than the
base beyond the limits, 2 if the command line is wrong.
";

/// What the command line asks for.
#[derive(Default)]
pub struct Options {
    pub request: Request,
    /// What to compare this tree with.
    pub against: Option<String>,
    limits: Limits,
    resume: Option<PathBuf>,
    json: bool,
    help: bool,
}

pub fn run(parser: Parser) -> Result<Outcome, Failed> {
    let options = parse(parser)?;
    if options.help {
        return Ok(Outcome::fine(HELP));
    }
    let measured = match (&options.resume, &options.against) {
        (Some(folder), _) => resume(folder, options.request.quiet)?,
        (None, Some(base)) => measure_against(&options.request, base)?,
        (None, None) => options.request.run()?,
    };
    if let Some(outcome) = against::outcome(&measured, options.limits, options.json)? {
        return Ok(outcome);
    }
    let report = report(&measured.folder, &measured.folder)?;
    let text = match options.json {
        true => std::fs::read_to_string(&report.json).map_err(Error::io(&report.json))?,
        false => {
            let mut text = report.text();
            for failure in &measured.recording.failures {
                text.push_str(&failed(failure));
            }
            text
        }
    };
    Ok(Outcome {
        text,
        code: code(&measured),
    })
}

fn failed(failure: &Failure) -> String {
    format!(
        "FAILED: {} / {}: {}\n",
        failure.workload, failure.strategy, failure.error
    )
}

fn code(measured: &Measured) -> ExitCode {
    match measured.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Reads the command line of this command, which is also that of `plan` but for where things go.
pub fn parse(mut parser: Parser) -> Result<Options, Failed> {
    let mut options = Options::default();
    let mut own = OwnModule::default();
    let mut is_own = false;
    // Which options make sense with --module only, and with --resume not at all.
    let mut of_module: Option<String> = None;
    let mut of_new_run: Option<String> = None;
    let mut of_against: Option<String> = None;
    while let Some(argument) = parser.next()? {
        let request = &mut options.request;
        match argument {
            Short('h') | Long("help") => {
                options.help = true;
                return Ok(options);
            }
            Long("quiet") => request.quiet = true,
            Long("json") => options.json = true,
            Long("resume") => options.resume = Some(parser.value()?.into()),
            Long(name @ ("limit" | "limit-workload")) => {
                let limit = match name {
                    "limit" => &mut options.limits.mean,
                    _ => &mut options.limits.workload,
                };
                of_against.get_or_insert(format!("--{name}"));
                *limit = percent(parser.value()?.parse()?)?;
            }
            Long("module") => {
                own.file = parser.value()?.into();
                is_own = true;
            }
            Long(name @ ("invoke" | "args" | "env" | "stdin" | "file")) => {
                let name = name.to_owned();
                let value = parser.value()?;
                match name.as_str() {
                    "invoke" => own.invoke = Some(value.string()?),
                    "args" => own.args.extend(list(&value.string()?)),
                    "env" => own.env.push(pair(&value.string()?)?),
                    "stdin" => own.stdin = Some(value.into()),
                    _ => {
                        let (guest, host) = pair(&value.string()?)?;
                        own.files.push((guest, host.into()));
                    }
                }
                of_module.get_or_insert(format!("--{name}"));
            }
            other => {
                let name = match &other {
                    Long(name) => format!("--{name}"),
                    Short(name) => format!("-{name}"),
                    Value(value) => value.to_string_lossy().into_owned(),
                };
                match other {
                    Long("against") => options.against = Some(parser.value()?.string()?),
                    Long("full") => request.full = true,
                    Long("strategies") => request.strategies = list(&parser.value()?.string()?),
                    Long("blocks") => request.blocks = Some(parser.value()?.parse()?),
                    Long("time") => request.seconds = Some(parser.value()?.parse()?),
                    Long("iterations") => request.iterations = Some(parser.value()?.parse()?),
                    Long("layouts") => request.layouts = Some(parser.value()?.parse()?),
                    Long("seed") => request.seed = Some(parser.value()?.parse()?),
                    Long("shard") => request.shard = Some(parser.value()?.parse_with(str::parse)?),
                    Long("timeout") => request.timeout = Some(parser.value()?.parse()?),
                    Short('o') | Long("out") => request.folder = Some(parser.value()?.into()),
                    // Whatever follows `--` belongs to the module.
                    Value(value) if is_own => {
                        own.args.push(value.string()?);
                        for value in parser.raw_args()? {
                            own.args.push(value.string()?);
                        }
                    }
                    Value(value) => request.workloads.push(value.string()?),
                    other => return Err(other.unexpected().into()),
                }
                of_new_run.get_or_insert(name);
            }
        }
    }
    let usage = |text: String| Err(Failed::Usage(text));
    if let (false, Some(option)) = (is_own, &of_module) {
        return usage(format!("{option} needs --module"));
    }
    if let (None, None, Some(option)) = (&options.against, &options.resume, of_against) {
        return usage(format!("{option} needs --against"));
    }
    if options.resume.is_some()
        && let Some(option) = of_new_run.or(of_module).or(is_own.then(|| "--module".to_owned()))
    {
        return usage(format!(
            "'{option}' does not go with --resume, which goes on by the same plan"
        ));
    }
    if options.request.blocks.is_some() && options.request.seconds.is_some() {
        return usage("--blocks and --time exclude each other".to_owned());
    }
    options.request.own = is_own.then_some(own);
    Ok(options)
}

fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
