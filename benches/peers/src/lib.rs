//! Our strategies next to other engines, on the same workloads, verified, interleaved in one process.
//!
//! `README.md` beside this crate says what is compared, how, and how to add an engine.

#![forbid(unsafe_code)]

pub mod catalogue;
pub mod command_line;
pub mod engines;
pub mod ladder;
pub mod loads;
pub mod tables;
pub mod trial;
mod versions;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use wasm_dispatch_measure::interleave::{self, Loaded, Plan};
use wasm_dispatch_measure::{Engine, Size};
use wasm_dispatch_report::record::{self, About, Kind, Run, Writer};
use wasm_dispatch_report::runs_folder;
use wasm_dispatch_workloads::Workload;

use crate::catalogue::{Entry, REFERENCE};
use crate::command_line::{Command, HELP, Options};
use crate::ladder::Ladder;

/// What ends a run.
enum Failed {
    /// The command line asks for something that there is not.
    Asked(String),
    /// Anything else.
    Other(Box<dyn std::error::Error>),
}

impl<E: Into<Box<dyn std::error::Error>>> From<E> for Failed {
    fn from(error: E) -> Failed {
        Failed::Other(error.into())
    }
}

/// The program; `called` is how to call it, for messages.
pub fn main(called: &str) -> ExitCode {
    let command = match command_line::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => return wrong_command_line(&error.to_string(), called),
    };
    let outcome = match command {
        Command::Help => Ok(HELP.to_string()),
        Command::Trial { engine, workload } => return trial::run(&engine, &workload),
        Command::List(options) => list(&options),
        Command::Measure(options) => measure(&options),
    };
    match outcome {
        // A closed pipe is the reader's wish.
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(Failed::Asked(what)) => wrong_command_line(&what, called),
        Err(Failed::Other(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_command_line(what: &str, called: &str) -> ExitCode {
    eprintln!("error: {what}\n\nTry '{called} --help'.");
    ExitCode::from(2)
}

fn list(options: &Options) -> Result<String, Failed> {
    let mut text = String::from("Engines:\n");
    for entry in catalogue::all() {
        let state = entry.missing().unwrap_or(&entry.configuration);
        text.push_str(&format!("  {:20} {:24} {state}\n", entry.name, entry.version));
    }
    text.push_str("\nWorkloads:\n");
    for workload in chosen_workloads(options)? {
        text.push_str(&format!("  {:20} {}\n", workload.name(), workload.class().name()));
    }
    Ok(text)
}

/// The engines that are asked for and were built. What was not built is said.
fn chosen_engines(options: &Options) -> Result<Vec<Entry>, Failed> {
    let entries = catalogue::all();
    if options.ablation && !entries.iter().any(catalogue::is_ablated) {
        return Err(Failed::Asked(
            "--ablation is not in this build; add --features ablation".to_string(),
        ));
    }
    for name in &options.engines {
        let known = entries.iter().find(|entry| entry.name == *name);
        let entry = known.ok_or_else(|| Failed::Asked(format!("no engine is called '{name}'; --list has them all")))?;
        if let Some(missing) = entry.missing() {
            return Err(Failed::Asked(format!("{name} is {missing}")));
        }
    }
    let wanted = |entry: &Entry| {
        let named = entry.name == REFERENCE || options.engines.contains(&entry.name);
        named || options.engines.is_empty() && options.ablation == catalogue::is_ablated(entry)
    };
    let (built, missing): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .filter(wanted)
        .partition(|entry| entry.missing().is_none());
    for entry in missing {
        eprintln!("{}: {}", entry.name, entry.missing().unwrap_or_default());
    }
    Ok(built)
}

fn chosen_workloads(options: &Options) -> Result<Vec<Workload>, Failed> {
    let mut workloads = wasm_dispatch_workloads::all()?;
    if options.extra {
        let extra = wasm_dispatch_workloads::extra()?;
        if extra.is_empty() {
            return Err(
                "no extra workloads have been built; `scripts/build-workloads --extra --install` does it".into(),
            );
        }
        workloads.extend(extra);
    }
    if options.workloads.is_empty() {
        return Ok(workloads);
    }
    let fits = |workload: &Workload, text: &String| workload.name().contains(text) || workload.class().name() == text;
    for text in &options.workloads {
        if !workloads.iter().any(|workload| fits(workload, text)) {
            return Err(Failed::Asked(format!("no workload fits '{text}'; --list has them all")));
        }
    }
    workloads.retain(|workload| options.workloads.iter().any(|text| fits(workload, text)));
    Ok(workloads)
}

fn measure(options: &Options) -> Result<String, Failed> {
    let entries = chosen_engines(options)?;
    let workloads = chosen_workloads(options)?;
    let loaded: Vec<Loaded<'_>> = workloads
        .iter()
        .map(|workload| Ok((workload, workload.wasm()?)))
        .collect::<Result<_, wasm_dispatch_workloads::Error>>()?;
    let mut run = Run::start(Kind::Quick);
    let seed = options.seed.unwrap_or(run.started);
    run.seed = Some(seed);
    let folder = runs_folder().join(format!("peers-{}", run.id));
    let mut writer = Writer::create(&folder, &run)?;
    for entry in &entries {
        eprintln!("{} {}: {}", entry.name, entry.version, entry.configuration);
        writer.about(About {
            name: entry.name.clone(),
            version: entry.version.clone(),
            configuration: entry.configuration.clone(),
        })?;
    }
    let engines = trial::all(&entries, &workloads)?;
    // Starting takes a sixth of the time at most.
    let for_loads = options.budget / 6;
    loads::measure(&engines, &loaded, for_loads, &mut writer)?;
    let plan = Plan {
        size: Size::Quick,
        budget: options.budget.saturating_sub(for_loads).max(Duration::from_secs(1)),
        min_blocks: 5,
        max_blocks: 200,
        seed,
    };
    let measured: Vec<&dyn Engine> = engines.iter().map(|engine| engine as &dyn Engine).collect();
    interleave::measure(&measured, &loaded, plan, &mut writer)?;
    let ladder = ladder::ladder(&record::read(&folder)?, REFERENCE);
    let markdown = folder.join("ladder.md");
    let json = folder.join("ladder.json");
    let data = json_text(&ladder)?;
    std::fs::write(&markdown, tables::markdown(&ladder))?;
    std::fs::write(&json, &data)?;
    if options.json {
        return Ok(data);
    }
    Ok(format!(
        "{}\nRaw data: {}\nTables:   {}\nJSON:     {}\n",
        tables::plain(&ladder),
        writer.path().display(),
        markdown.display(),
        json.display()
    ))
}

fn json_text(ladder: &Ladder) -> Result<String, Failed> {
    let mut text = serde_json::to_string_pretty(ladder)?;
    text.push('\n');
    Ok(text)
}
