//! `wasm-dispatch-lab`: measures, and draws and decides from recorded runs.
#![forbid(unsafe_code)]

mod tool;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use wasm_dispatch_harness::{Error, counts, newest_run, record_decision, report, runs_folder};

const HELP: &str = "\
Measures the dispatch strategies, and works on recorded runs without measuring anything.

Usage: wasm-dispatch-lab bench [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab plan --shards N [OPTIONS]
       wasm-dispatch-lab merge RUN... -o DIR
       wasm-dispatch-lab report [OPTIONS] [RUN]
       wasm-dispatch-lab decide [OPTIONS] [RUN]
       wasm-dispatch-lab counts [--runs DIR] [RUN]

Commands:
  bench    Measure; 'wasm-dispatch-lab bench --help' has its options
  plan     Print the commands that split a measurement over machines or jobs
  merge    Join the records of several runs
  report   Draw the report of a run again
  decide   Make a run the recorded decision: write reports/decision.json and keep the run in
           reports/recorded. Refused if the decision that is there has a better foundation.
  counts   Show counted instructions (of cargo bench --bench counts) again

Arguments:
  [RUN]         Folder of a run, or its samples.jsonl; the newest run by default

Options:
      --runs DIR     Where to look for the newest run [default: target/wasm-dispatch]
  -o, --out DIR      report: where to write it [default: the folder of the run]
      --json         Print the summary (or the decision) as JSON instead of text
      --reports DIR  decide: the folder with decision.json [default: reports]
      --force        decide: replace the decision whatever speaks against it
  -h, --help         Print this help
  -V, --version      Print the version

Exit code: 0 if the report or decision was written, 1 if it was not, 2 if the command line is wrong.
";

/// What the command line asks for.
enum Command {
    Help,
    Version,
    Report(Options),
    Decide(Options),
    Counts(Options),
}

#[derive(Default)]
struct Options {
    run: Option<PathBuf>,
    runs: Option<PathBuf>,
    out: Option<PathBuf>,
    json: bool,
    reports: Option<PathBuf>,
    force: bool,
}

fn main() -> ExitCode {
    // A measurement starts this binary again, once for every block.
    if let Some(code) = wasm_dispatch_measure::worker::serve_if_asked() {
        return code;
    }
    match tool::run_if_named() {
        Some(Ok(outcome)) => return print(&outcome.text, outcome.code),
        Some(Err(tool::Failed::Work(error))) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
        Some(Err(tool::Failed::Usage(error))) => {
            eprintln!("error: {error}\n\nTry 'wasm-dispatch-lab --help'.");
            return ExitCode::from(2);
        }
        None => {}
    }
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
        Command::Report(options) => draw(options),
        Command::Decide(options) => decide(options),
        Command::Counts(options) => show_counts(options),
    };
    let text = match outcome {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    print(&text, ExitCode::SUCCESS)
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => code,
        // Whoever reads may have seen enough: `wasm-dispatch-lab report | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => code,
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
            Long("force") => options.force = true,
            Long("reports") => options.reports = Some(parser.value()?.into()),
            Long("runs") => options.runs = Some(parser.value()?.into()),
            Short('o') | Long("out") => options.out = Some(parser.value()?.into()),
            Value(value) if command.is_none() => command = Some(value),
            Value(value) if options.run.is_none() => options.run = Some(value.into()),
            other => return Err(other.unexpected()),
        }
    }
    let wrong = |command, option| Err(format!("'{command}' has no option '{option}'").into());
    match command {
        Some(command) if command == "report" => match options {
            Options { force: true, .. } => wrong("report", "--force"),
            Options { reports: Some(_), .. } => wrong("report", "--reports"),
            options => Ok(Command::Report(options)),
        },
        Some(command) if command == "decide" => match options {
            Options { out: Some(_), .. } => wrong("decide", "--out"),
            options => Ok(Command::Decide(options)),
        },
        Some(command) if command == "counts" => match options {
            Options { force: true, .. } => wrong("counts", "--force"),
            Options { reports: Some(_), .. } => wrong("counts", "--reports"),
            Options { out: Some(_), .. } => wrong("counts", "--out"),
            Options { json: true, .. } => wrong("counts", "--json"),
            options => Ok(Command::Counts(options)),
        },
        Some(command) => Err(format!("unknown command '{}'", command.to_string_lossy()).into()),
        None => Err("a command is missing: 'report', 'decide' or 'counts'".into()),
    }
}

/// The run that was asked for.
fn chosen_run(options: &Options) -> Result<PathBuf, Error> {
    match &options.run {
        Some(run) => Ok(run.clone()),
        None => newest_run(&options.runs.clone().unwrap_or_else(runs_folder)),
    }
}

fn draw(options: Options) -> Result<String, Error> {
    let run = chosen_run(&options)?;
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
    std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })
}

fn show_counts(options: Options) -> Result<String, Error> {
    let runs = options.runs.unwrap_or_else(runs_folder);
    let folder = match options.run {
        Some(folder) => folder,
        None => counts::newest(&runs, None)?,
    };
    counts::text(&runs, &folder)
}

fn decide(options: Options) -> Result<String, Error> {
    let run = chosen_run(&options)?;
    let reports = options.reports.unwrap_or_else(|| PathBuf::from("reports"));
    if !reports.is_dir() {
        return Err(Error::NoReports { folder: reports });
    }
    let recorded = record_decision(&run, &reports, options.force)?;
    if options.json {
        return recorded.decision.text();
    }
    let mut text = String::new();
    for reason in recorded.overruled {
        text.push_str(&format!("Overruled: {reason}.\n"));
    }
    let order =
        (recorded.decision.ranking.iter()).map(|place| format!("{} {}", place.strategy, place.times_as_long.value));
    text.push_str(&format!(
        "Default: {}\nOrder:   {}\nRun:     {}\nWritten: {}\n",
        recorded.decision.default,
        Vec::from_iter(order).join(", "),
        recorded.kept.display(),
        recorded.path.display()
    ));
    Ok(text)
}
