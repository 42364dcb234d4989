//! `wasm-dispatch-lab plan`: the commands that split a measurement over machines or jobs. What runs them is the user's
//! choice: docs/lab-at-scale.md shows some.

use std::ffi::OsString;

use clap::Args;
use wasm_dispatch_measure::shards::Shard;

use super::bench::Matrix;
use super::{Failed, Outcome, Output};

/// Print the commands that split a measurement over jobs or machines
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab plan --shards N [OPTIONS] [NAME|CLASS|PATTERN]...",
    after_help = "\
Shards are equal parts of workloads x layouts, each with all strategies, because only what was measured
side by side can be compared. Nothing is measured. The options are those of 'bench'.

Examples:
  wasm-dispatch-lab plan --shards 8 --full | parallel -j 1 --sshlogin a,b,c,d
  wasm-dispatch-lab plan --shards 4 --layouts 4 sort --json | jq -r '.shards[].command'

Exit code: 0 if the plan was printed, 2 if the command line is wrong."
)]
pub struct Options {
    /// Number of parts; with as many parts as layouts, each gets one layout
    #[arg(long, value_name = "N")]
    shards: usize,
    /// How to call the lab there
    #[arg(long, value_name = "COMMAND", default_value = "wasm-dispatch-lab")]
    lab: String,
    /// Folder for the shards' runs
    #[arg(long, value_name = "DIR", default_value = "shards")]
    runs: String,
    #[command(flatten)]
    matrix: Matrix,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let request = options.matrix.request()?;
    let given: Result<Vec<String>, OsString> = std::env::args_os().skip(2).map(OsString::into_string).collect();
    let given = given.map_err(|word| {
        let word = word.to_string_lossy();
        Failed::Usage(format!("'{word}' is no text, which the commands of a plan are"))
    })?;
    let words = words(given.into_iter());
    // What `bench` would refuse is refused here already.
    let workloads = match &request.own {
        Some(own) => vec![own.file.display().to_string()],
        None => {
            let chosen = request.chosen_workloads()?;
            chosen.iter().map(|workload| workload.name().to_owned()).collect()
        }
    };
    let whole = request.setup(&workloads, &request.layouts())?;
    let (mut text, mut shards) = (String::new(), Vec::new());
    for index in 1..=options.shards {
        let shard = Shard::new(index, options.shards)?;
        let command = format!(
            "{} bench --shard {shard} --out {}/shard-{index} --quiet{words}",
            options.lab,
            quoted(&options.runs)
        );
        shards.push(serde_json::json!({
            "shard": shard.to_string(),
            "command": command,
            "strategies": whole.strategies,
            "parts": shard.of(&whole.parts)?,
        }));
        text += &(command + "\n");
    }
    if shards.is_empty() {
        let why = "a measurement has at least one part: --shards 1";
        return Err(Failed::Usage(why.to_owned()));
    }
    let value = serde_json::json!({"schema": 1, "shards": shards});
    options.output.result().show(&value, || text)
}

/// The words of the command line that are for `bench`, as a shell must be given them.
fn words(mut all: impl Iterator<Item = String>) -> String {
    let mut words = String::new();
    let mut is_option = true;
    while let Some(word) = all.next() {
        is_option &= word != "--";
        match word.split('=').next().unwrap_or_default() {
            "--json" | "--quiet" if is_option => {}
            "--shards" | "--lab" | "--runs" if is_option => {
                if !word.contains('=') {
                    all.next();
                }
            }
            _ => words += &format!(" {}", quoted(&word)),
        }
    }
    words
}

/// A word as a shell must be given it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,/:+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
