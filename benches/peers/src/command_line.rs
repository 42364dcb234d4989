//! What the command line asks for.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

/// The help text.
pub const HELP: &str = "\
Runs the workloads on the dispatch strategies of this project and on other engines, interleaved in one process, every
result verified, and prints how fast each engine is compared with our strategy `threaded`.

Usage: cargo run --release -p wasm-dispatch-peers --features all -- [OPTIONS]
       cargo bench -p wasm-dispatch-peers --features all -- [OPTIONS]

Options:
      --seconds N       Time to spend measuring, about [default: 60]. Checking beforehand comes on top of that
      --engines A,B     Only these engines, and `threaded`, by which all are measured; --list has their names
      --workloads A,B   Only workloads with one of these texts in their name, or of the class of this name
      --extra           Also the extra workloads (built by `scripts/build-workloads --extra`)
      --seed N          Seed of the order in which things are measured [default: the time]
      --ablation        Only `threaded`, and `threaded` with one technique left out at a time (--features ablation)
      --json            Print the result as JSON instead of tables
      --list            List engines and workloads, and do nothing
  -h, --help            Print this help

Exit code: 0 if there is a result (engines that refuse workloads are part of it), 1 if there is none, 2 if the command
line is wrong.
";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the help text.
    Help,
    /// List engines and workloads.
    List(Options),
    /// Measure.
    Measure(Options),
    /// Run one workload on one engine, in a process that may die of it. Not for people.
    Trial {
        /// Name of the engine.
        engine: String,
        /// The workload's manifest.
        workload: PathBuf,
    },
}

/// What to measure, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Time to spend measuring.
    pub budget: Duration,
    /// Names of engines; empty for all.
    pub engines: Vec<String>,
    /// Parts of names of workloads, or classes; empty for all.
    pub workloads: Vec<String>,
    /// Whether to take in the extra workloads.
    pub extra: bool,
    /// Seed of the order.
    pub seed: Option<u64>,
    /// Whether to compare `threaded` with itself, less one technique at a time.
    pub ablation: bool,
    /// Whether to print JSON.
    pub json: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            budget: Duration::from_secs(60),
            engines: Vec::new(),
            workloads: Vec::new(),
            extra: false,
            seed: None,
            ablation: false,
            json: false,
        }
    }
}

/// Reads a command line.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Options::default();
    let mut list = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("list") => list = true,
            Long("json") => options.json = true,
            Long("ablation") => options.ablation = true,
            Long("extra") => options.extra = true,
            Long("seconds") => options.budget = Duration::from_secs(parser.value()?.parse()?),
            Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Long("engines") => options.engines.extend(names(parser.value()?.string()?)),
            Long("workloads") => options.workloads.extend(names(parser.value()?.string()?)),
            // What cargo adds for every bench.
            Long("bench") => {}
            Long("trial") => {
                return Ok(Command::Trial {
                    engine: parser.value()?.string()?,
                    workload: parser.value()?.into(),
                });
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(if list {
        Command::List(options)
    } else {
        Command::Measure(options)
    })
}

fn names(list: String) -> Vec<String> {
    let names = list.split(',').map(|name| name.trim().to_string());
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(arguments)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_means_everything_for_a_minute() {
        assert_eq!(parsed(&[]), Ok(Command::Measure(Options::default())));
        assert_eq!(parsed(&["--bench"]), Ok(Command::Measure(Options::default())));
    }

    #[test]
    fn lists_are_separated_by_commas_and_add_up() {
        let options = Options {
            engines: vec!["wasmi".into(), "wasm3".into(), "stitch".into()],
            workloads: vec!["fib".into()],
            budget: Duration::from_secs(5),
            ..Options::default()
        };
        let arguments = [
            "--engines",
            "wasmi, wasm3,",
            "--engines=stitch",
            "--workloads",
            "fib",
            "--seconds",
            "5",
        ];
        assert_eq!(parsed(&arguments), Ok(Command::Measure(options)));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for wrong in [&["--second", "5"][..], &["--seconds", "soon"], &["--seconds"], &["60"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
