//! `wasm-dispatch-lab plan`: the commands that split a measurement over machines or jobs. Whatever runs them, runs them.

use std::ffi::OsString;
use std::fmt::Write as _;

use lexopt::Parser;
use wasm_dispatch_measure::shards::Shard;

use super::{Failed, Outcome, bench};

pub const HELP: &str = "\
Prints the commands that split a measurement into shards: equal parts of workloads x layouts, each with
all strategies, because only what was measured side by side can be compared. Nothing is measured.

Usage: wasm-dispatch-lab plan --shards N [--format FORMAT] [OPTIONS OF BENCH] [NAME|CLASS|PATTERN]...

Options:
      --shards N        Into how many parts; as many as layouts gives each part a layout
      --format FORMAT   sh: a command a line, as for GNU parallel; slurm: a job array;
                        github: a workflow with a matrix; json [default: sh]
      --lab COMMAND     How the lab is called there [default: wasm-dispatch-lab]
      --runs DIR        Folder for the shards' runs [default: shards]
      --json            The same as --format json
      --quiet           Changes nothing: there is no progress, and shards measure without it
  -h, --help            Print this help

Examples:
  wasm-dispatch-lab plan --shards 8 --full | parallel -j 1 --sshlogin a,b,c,d
  wasm-dispatch-lab plan --shards 8 --full --format slurm | sbatch
  wasm-dispatch-lab plan --shards 4 --layouts 4 sort json --format github > .github/workflows/bench.yml

Exit code: 0 if the plan was printed, 2 if the command line is wrong.
";

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Sh,
    Slurm,
    Github,
    Json,
}

const FORMATS: [(&str, Format); 4] = [
    ("sh", Format::Sh),
    ("slurm", Format::Slurm),
    ("github", Format::Github),
    ("json", Format::Json),
];

struct Plan {
    shards: usize,
    lab: String,
    runs: String,
    /// The options of `bench`, quoted for a shell.
    options: String,
}

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let mut shards: Option<usize> = None;
    let mut format = Format::Sh;
    let mut plan = Plan {
        shards: 0,
        lab: "wasm-dispatch-lab".to_owned(),
        runs: "shards".to_owned(),
        options: String::new(),
    };
    // What is not for this command is for `bench`, word by word.
    let words: Vec<OsString> = parser.raw_args()?.collect();
    let mut others: Vec<String> = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let word = text(word)?;
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (word.clone(), None),
        };
        let mut value = || match &inline {
            Some(value) => Ok(value.clone()),
            None => match words.next() {
                Some(word) => text(word),
                None => Err(Failed::Usage(format!("{name} needs a value"))),
            },
        };
        match name.as_str() {
            "-h" | "--help" => return Ok(Outcome::fine(HELP)),
            "--shards" => {
                let value = value()?;
                let number = value.parse().ok().filter(|&number: &usize| number > 0);
                shards = Some(number.ok_or_else(|| Failed::Usage(format!("--shards {value} is no number of parts")))?);
            }
            "--format" => {
                let value = value()?;
                let known = FORMATS.iter().find(|(name, _)| *name == value);
                let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
                let unknown = || Failed::Usage(format!("--format is one of {}, not '{value}'", names.join(", ")));
                format = known.map(|(_, format)| *format).ok_or_else(unknown)?;
            }
            "--json" => format = Format::Json,
            // What is printed asks for it already.
            "--quiet" => {}
            "--lab" => plan.lab = value()?,
            "--runs" => plan.runs = value()?,
            "--shard" | "--out" | "-o" | "--resume" => {
                return Err(Failed::Usage(format!(
                    "{name} is different for each shard: plan fills it in"
                )));
            }
            _ => others.push(word),
        }
    }
    plan.shards = shards.ok_or_else(|| Failed::Usage("into how many parts? --shards N is missing".to_owned()))?;
    plan.options = others.iter().map(|word| format!(" {}", quoted(word))).collect();

    // Whatever `bench` would refuse is refused here already.
    let options = bench::parse(Parser::from_args(others))?;
    if options.against.is_some() {
        return Err(Failed::Usage(
            "--against compares on one machine: it has no shards".to_owned(),
        ));
    }
    let request = options.request;
    request.strategies()?;
    let workloads = match &request.own {
        Some(own) => vec![own.file.display().to_string()],
        None => {
            let chosen = request.chosen_workloads()?;
            chosen.iter().map(|workload| workload.name().to_owned()).collect()
        }
    };
    let whole = request.setup(&workloads, &request.layouts())?;
    let mut parts = Vec::new();
    for index in 1..=plan.shards {
        let shard = Shard::new(index, plan.shards)?;
        parts.push(serde_json::json!({
            "shard": shard.to_string(),
            "command": plan.command(&index.to_string()),
            "strategies": whole.strategies,
            "parts": shard.of(&whole.parts)?,
        }));
    }
    Ok(Outcome::fine(match format {
        Format::Sh => plan.sh(),
        Format::Slurm => plan.slurm(),
        Format::Github => plan.github(),
        Format::Json => return Outcome::json(&serde_json::json!({"schema": 1, "shards": parts})),
    }))
}

impl Plan {
    /// The command of a shard, whose number may be a variable of whoever runs it.
    fn command(&self, index: &str) -> String {
        format!(
            "{} bench --shard {index}/{} --out {}/shard-{index} --quiet{}",
            self.lab,
            self.shards,
            quoted(&self.runs),
            self.options
        )
    }

    fn merge(&self) -> String {
        let runs = quoted(&self.runs);
        format!("{} merge {runs}/shard-* -o {runs}/merged", self.lab)
    }

    fn sh(&self) -> String {
        let mut text = String::new();
        for index in 1..=self.shards {
            let _ = writeln!(text, "{}", self.command(&index.to_string()));
        }
        text
    }

    fn slurm(&self) -> String {
        format!(
            "#!/bin/sh\n\
             #SBATCH --job-name=wasm-dispatch\n\
             #SBATCH --array=1-{}\n\
             #SBATCH --exclusive\n\
             #SBATCH --cpus-per-task=2\n\
             # Afterwards: {}\n\
             exec {}\n",
            self.shards,
            self.merge(),
            self.command("$SLURM_ARRAY_TASK_ID")
        )
    }

    fn github(&self) -> String {
        let all: Vec<String> = (1..=self.shards).map(|index| index.to_string()).collect();
        // Built in the job itself, so that it measures what was checked out.
        let plan = Plan {
            lab: "target/release/wasm-dispatch-lab".to_owned(),
            options: self.options.clone(),
            runs: self.runs.clone(),
            shards: self.shards,
        };
        let lab = match self.lab.as_str() {
            "wasm-dispatch-lab" => &plan,
            _ => self,
        };
        format!(
            "name: bench\n\
             on: workflow_dispatch\n\
             jobs:\n\
             \x20 shard:\n\
             \x20   runs-on: ubuntu-latest\n\
             \x20   timeout-minutes: 180\n\
             \x20   strategy:\n\
             \x20     fail-fast: false\n\
             \x20     matrix:\n\
             \x20       shard: [{}]\n\
             \x20   steps:\n\
             \x20     - uses: actions/checkout@v4\n\
             \x20     - run: cargo build --release --package wasm-dispatch-lab\n\
             \x20     - run: {}\n\
             \x20     - uses: actions/upload-artifact@v4\n\
             \x20       if: always()\n\
             \x20       with:\n\
             \x20         name: shard-${{{{ matrix.shard }}}}\n\
             \x20         path: {}\n\
             \x20 merge:\n\
             \x20   needs: shard\n\
             \x20   if: always()\n\
             \x20   runs-on: ubuntu-latest\n\
             \x20   steps:\n\
             \x20     - uses: actions/checkout@v4\n\
             \x20     - run: cargo build --release --package wasm-dispatch-lab\n\
             \x20     - uses: actions/download-artifact@v4\n\
             \x20       with:\n\
             \x20         path: {}\n\
             \x20         merge-multiple: true\n\
             \x20     - run: {}\n\
             \x20     - run: {} report {}/merged\n\
             \x20     - uses: actions/upload-artifact@v4\n\
             \x20       with:\n\
             \x20         name: merged\n\
             \x20         path: {}/merged\n",
            all.join(", "),
            lab.command("${{ matrix.shard }}"),
            self.runs,
            self.runs,
            lab.merge(),
            lab.lab,
            self.runs,
            self.runs
        )
    }
}

fn text(word: OsString) -> Result<String, Failed> {
    word.into_string()
        .map_err(|word| Failed::Usage(format!("{} is not Unicode", word.to_string_lossy())))
}

/// A word as a shell must be given it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,/:+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
