//! Our strategies next to other engines, on the same workloads, every result verified.
//!
//! The engines are those of [`wasm_dispatch_engines::peers`]; they are measured as the lab measures strategies, a fresh
//! process for every block, here of one workload each, so that an engine that panics, crashes or hangs costs nothing but
//! that block. `README.md` beside this crate says what is compared, how, and how to add an engine.

#![forbid(unsafe_code)]

pub mod tables;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wasm_dispatch_engines::peers::{self, Peer};
use wasm_dispatch_engines::{Entrant, control};
use wasm_dispatch_measure::Error;
use wasm_dispatch_measure::choice::choose;
use wasm_dispatch_measure::layouts::Sources;
use wasm_dispatch_measure::run::{self, fresh_folder, launchers_of, layouts_of, setup};
use wasm_dispatch_measure::shards::apart;
use wasm_dispatch_measure::supervisor::Supervisor;
use wasm_dispatch_measure::worker::{self, Loads};
use wasm_dispatch_report::record::{About, Kind, Row, Run, Setup};
use wasm_dispatch_report::{Ladder, json, ladder};
use wasm_dispatch_workloads::Workload;

/// Runs the workloads on the dispatch strategies of this project and on other engines, every result verified, and says
/// how fast each engine is compared with our default strategy.
///
/// Exit code: 0 if there is a result (engines that refuse workloads are part of it), 1 if there is none, 2 if the command
/// line is wrong.
#[derive(Clone, Debug, Parser)]
#[command(name = "peers")]
pub struct Options {
    /// Time to spend measuring, about; each workload is measured in two processes at least
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Only these engines, and our default strategy, to which all are compared; --list has their names
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    engines: Vec<String>,
    /// Only these workloads: names, classes, patterns or parts of names
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    workloads: Vec<String>,
    /// Also the extra workloads (built by `scripts/build-workloads --extra`)
    #[arg(long)]
    extra: bool,
    /// Link this program in N layouts and measure all of them (1: this program as it is)
    #[arg(long, value_name = "N", default_value_t = 1)]
    layouts: u32,
    /// Folder of the run [default: target/wasm-dispatch/peers-DATE-TIME-quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of the order in which things are measured [default: the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only our default strategy, with one technique left out at a time, and as it is (--features ablation)
    #[arg(long)]
    ablation: bool,
    /// Print the result as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// List engines and workloads, and do nothing
    #[arg(long)]
    list: bool,
    /// What cargo adds for every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// If this process was started as a worker, measures a block and returns how it went.
pub fn serve_if_asked() -> Option<ExitCode> {
    worker::asked().then(|| {
        let peers = peers::all();
        let engine = |name: &str| {
            let peer = peers.iter().find(|peer| peer.name == name);
            peer.ok_or_else(|| format!("no engine is called {name}"))?.engine()
        };
        worker::serve(&engine, Loads::Each)
    })
}

/// The program.
pub fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.list {
        true => list(&options),
        false => measure(&options),
    };
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            match error {
                Error::Asked(_) => {
                    eprintln!("\nTry --help.");
                    ExitCode::from(2)
                }
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn list(options: &Options) -> Result<String, Error> {
    let mut text = String::from("Engines:\n");
    for peer in peers::all() {
        let state = peer.missing().unwrap_or(&peer.configuration);
        text.push_str(&format!("  {:20} {:24} {state}\n", peer.name, peer.version));
    }
    text.push_str("\nWorkloads:\n");
    for workload in workloads(options)? {
        text.push_str(&format!("  {:20} {}\n", workload.name(), workload.class().name()));
    }
    Ok(text)
}

/// What this program was built with, so that it is linked with the same in other layouts.
fn features() -> String {
    let named = [
        (cfg!(feature = "all"), "all"),
        (cfg!(feature = "ablation"), "ablation"),
        (true, control::FEATURE),
    ];
    let built = named.iter().filter(|(built, name)| *built && !name.is_empty());
    built.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

/// The engine that all are compared with.
fn reference() -> &'static str {
    Entrant::default().name
}

/// The engines that are asked for and were built. What was not built is said.
fn engines(options: &Options) -> Result<Vec<Peer>, Error> {
    let all = peers::all();
    if options.ablation && !all.iter().any(|peer| peer.is_ablated) {
        let why = "--ablation is not in this build; add --features ablation";
        return Err(Error::Asked(why.to_string()));
    }
    for name in &options.engines {
        let known = all.iter().find(|peer| peer.name == *name);
        let peer = known.ok_or_else(|| Error::Asked(format!("no engine is called '{name}'; --list has them all")))?;
        if let Some(missing) = peer.missing() {
            return Err(Error::Asked(format!("{name} is {missing}")));
        }
    }
    let wanted = |peer: &Peer| {
        let named = peer.name == reference() || options.engines.contains(&peer.name);
        named || options.engines.is_empty() && options.ablation == peer.is_ablated
    };
    let (built, missing): (Vec<Peer>, Vec<Peer>) = (all.into_iter())
        .filter(wanted)
        .partition(|peer| peer.missing().is_none());
    for peer in missing {
        eprintln!("{}: {}", peer.name, peer.missing().unwrap_or_default());
    }
    Ok(built)
}

fn workloads(options: &Options) -> Result<Vec<Workload>, Error> {
    if options.extra && wasm_dispatch_workloads::extra()?.is_empty() {
        let why = "no extra workloads have been built; `scripts/build-workloads --extra --install` does it";
        return Err(Error::Asked(why.to_string()));
    }
    let all = match options.extra {
        true => wasm_dispatch_workloads::all_and_extra()?,
        false => wasm_dispatch_workloads::all()?,
    };
    choose(all, &options.workloads)
}

fn measure(options: &Options) -> Result<String, Error> {
    let engines = engines(options)?;
    let workloads = workloads(options)?;
    let about = |peer: &Peer| {
        Row::About(About {
            name: peer.name.clone(),
            version: peer.version.clone(),
            configuration: peer.configuration.clone(),
        })
    };
    let mut run = Run::start(Kind::Quick);
    run.id.insert_str(0, "peers-");
    let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
    let parts = apart(&layouts_of(options.layouts), &names);
    let engine_names = engines.iter().map(|peer| peer.name.clone()).collect();
    let rounds = setup(parts, engine_names, if options.layouts > 1 { 1 } else { 2 }, 2);
    let setup = Setup {
        max_blocks: rounds.min_blocks.saturating_mul(100),
        seconds: Some(options.seconds),
        timeout: 60,
        own: false,
        ..rounds
    };
    for peer in &engines {
        eprintln!("{} {}: {}", peer.name, peer.version, peer.configuration);
    }
    let abouts: Vec<Row> = engines.iter().map(about).collect();
    let (folder, _lock) = fresh_folder(options.out.as_ref(), &mut run)?;
    let sources = Sources::own().map(|own| Sources {
        binary: "peers",
        features: features(),
        ..own
    });
    let supervisor = Supervisor {
        setup: &setup,
        seed: options.seed.unwrap_or(run.started),
        workloads: &workloads,
        launchers: &launchers_of(sources, &setup, false)?,
        quiet: false,
    };
    let measured = run::measure(&supervisor, &run, &folder, &abouts)?;
    let ladder = Ladder::of(&measured.recording, reference());
    let (markdown_path, json_path) = (folder.join("ladder.md"), folder.join(ladder::FILE_NAME));
    let tables = tables::markdown(&ladder);
    std::fs::write(&markdown_path, &tables).map_err(Error::io(&markdown_path))?;
    json::save(&json_path, &ladder)?;
    Ok(match options.json {
        true => json::text(&json_path, &ladder)?,
        false => format!(
            "{tables}\nTables: {}\nJSON:   {}\n",
            markdown_path.display(),
            json_path.display()
        ),
    })
}
