//! The process that measures one block and ends.
//!
//! Any binary can be one: it calls [`serve_if_asked`] before anything else. The [`supervisor`](crate::supervisor) sets an
//! environment variable, writes a [`Job`] to standard input, and reads what is [`Said`] on standard output, a JSON value a
//! line. Before anything that could crash or hang, the worker says what it is about to do, so that the supervisor knows
//! what to blame.
//!
//! `bench --against` starts workers of other revisions, from 12ee1e3 on, older and newer than itself. So what stands in a
//! [`Job`] stays: what is added must be optional here (`#[serde(default)]`), and be fit to be ignored there. The same holds for
//! the rows of the record that a worker says, which are [`Row::Sample`], [`Row::Failure`], [`Row::Size`] and [`Row::Process`].

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasm_dispatch::Module;
use wasm_dispatch_record::record::{Control, EVERY_STRATEGY, Failure, Phase, Row, Sample, Size as CodeSize};
use wasm_dispatch_workloads::Workload;

use crate::conditions::{Watch, nanoseconds};
use wasm_dispatch_engines::{Engine, Entrant, Ours, Prepared, Size, Timing};

/// The environment variable that makes a worker of a binary.
pub const VARIABLE: &str = "WASM_DISPATCH_WORKER";

/// What to measure: one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Manifests of the workloads.
    #[serde(with = "paths")]
    pub manifests: Vec<PathBuf>,
    /// Names of the strategies.
    pub strategies: Vec<String>,
    /// The strategy that is enrolled a second time.
    pub control: Option<Control>,
    /// Others that are, too.
    #[serde(default)]
    pub more_controls: Vec<Control>,
    /// Size of the workloads.
    pub size: Size,
    /// Size of the warm-up run.
    pub warm_up: Size,
    /// Timed runs of each strategy on each workload.
    pub iterations: u32,
    /// What each of them takes at least, in milliseconds: short runs are repeated.
    #[serde(default)]
    pub batch_ms: u64,
    /// Seed of the order.
    pub seed: u64,
    /// Number of the block, and of the process.
    pub block: u32,
    /// Seed of this binary's layout.
    pub layout: Option<u64>,
    /// SHA-256 of this binary.
    pub binary: String,
    /// What is not to be run, because it failed before.
    pub excluded: BTreeSet<Cell>,
    /// Whether to time everything from bytes to the first result, too.
    #[serde(default)]
    pub cold: bool,
}

/// Paths as JSON: texts, and what is no text as its system has it.
mod paths {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Raw(OsString),
    }

    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        let written = paths.iter().map(|path| match path.to_str() {
            Some(text) => Written::Text(text.to_owned()),
            None => Written::Raw(path.as_os_str().to_owned()),
        });
        serializer.collect_seq(written)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
        let written = Vec::<Written>::deserialize(deserializer)?.into_iter();
        Ok(written
            .map(|path| match path {
                Written::Text(text) => text.into(),
                Written::Raw(raw) => raw.into(),
            })
            .collect())
    }
}

/// A strategy on a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// Name of the workload.
    pub workload: String,
    /// Name of the strategy.
    pub strategy: String,
}

impl Cell {
    /// The cell of these names.
    pub fn new(workload: &str, strategy: &str) -> Cell {
        Cell {
            workload: workload.to_owned(),
            strategy: strategy.to_owned(),
        }
    }
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It is about to load or run this.
    Begin(Cell),
    /// A result, for the record.
    Row(Box<Row>),
    /// The block is complete, and this is all. A worker that ends without it has crashed.
    Done,
}

/// If this process was started as a worker, measures a block with the strategies of this process and returns how it went.
pub fn serve_if_asked() -> Option<ExitCode> {
    asked().then(|| {
        let engine = |name: &str| match Ours::named(name) {
            Some(engine) => Ok(Box::new(engine) as Box<dyn Engine>),
            None => Err(format!(
                "this binary has no strategy '{name}'; it has {}",
                Entrant::names()
            )),
        };
        serve(&engine, Loads::Shared)
    })
}

/// Whether this process was started as a worker.
pub fn asked() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Which times from a module's bytes to an instance are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loads {
    /// None: what all strategies load is timed once for all.
    Shared,
    /// Those of each engine.
    Each,
}

/// Makes the engine of a name.
pub type Find<'f> = &'f dyn Fn(&str) -> Result<Box<dyn Engine>, String>;

/// Measures the block that standard input asks for, with engines by name.
pub fn serve(engine: Find<'_>, loads: Loads) -> ExitCode {
    let outcome = read_job().and_then(|job| {
        let mut voice = Voice(BufWriter::new(io::stdout().lock()));
        measure(&job, engine, loads, &mut voice)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_job() -> Result<Job, String> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("{VARIABLE} is set, but standard input is no job: {error}"))
}

/// Where a worker speaks.
struct Voice<W: Write>(BufWriter<W>);

impl<W: Write> Voice<W> {
    fn say(&mut self, said: &Said) -> Result<(), String> {
        let line = serde_json::to_string(said).map_err(|error| error.to_string())?;
        writeln!(self.0, "{line}").map_err(|error| error.to_string())
    }

    fn row(&mut self, row: Row) -> Result<(), String> {
        self.say(&Said::Row(Box::new(row)))
    }

    /// Flushed, so that it is heard even if nothing else ever is.
    fn begin(&mut self, workload: &Workload, strategy: &str) -> Result<(), String> {
        self.say(&Said::Begin(Cell::new(workload.name(), strategy)))?;
        self.0.flush().map_err(|error| error.to_string())
    }

    fn failure(&mut self, workload: &Workload, strategy: &str, error: String) -> Result<(), String> {
        self.row(Row::Failure(Failure {
            workload: workload.name().to_owned(),
            class: workload.class().name().to_owned(),
            strategy: strategy.to_owned(),
            error,
        }))
    }
}

/// An engine under the name it has in the record.
struct Enrolled<'e> {
    name: &'e str,
    engine: Box<dyn Engine>,
    is_control: bool,
}

fn enrolled<'e>(job: &'e Job, engine: Find<'_>) -> Result<Vec<Enrolled<'e>>, String> {
    let enrol = |name, of: &str, is_control| {
        Ok(Enrolled {
            name,
            engine: engine(of)?,
            is_control,
        })
    };
    let strategies = job.strategies.iter().map(|name| enrol(name.as_str(), name, false));
    let controls = job.control.iter().chain(&job.more_controls);
    let controls = controls.map(|control| enrol(&control.name, &control.of, true));
    strategies.chain(controls).collect()
}

fn measure<W: Write>(job: &Job, engine: Find<'_>, loads: Loads, voice: &mut Voice<W>) -> Result<(), String> {
    let enrolled = enrolled(job, engine)?;
    let mut workloads = Vec::new();
    for manifest in &job.manifests {
        workloads.push(Workload::load(manifest).map_err(|error| error.to_string())?);
    }
    let mut random = fastrand::Rng::with_seed(job.seed);
    random.shuffle(&mut workloads);
    let watch = Watch::start();
    for workload in &workloads {
        let here = |enrolled: &&Enrolled<'_>| {
            !job.excluded.iter().any(|cell| {
                cell.workload == workload.name() && (cell.strategy == enrolled.name || cell.strategy == EVERY_STRATEGY)
            })
        };
        let enrolled: Vec<&Enrolled<'_>> = enrolled.iter().filter(here).collect();
        if !enrolled.is_empty() {
            of_workload(job, workload, enrolled, loads, &mut random, voice)?;
        }
    }
    let process = watch.process(job.block, job.layout, job.seed, &job.binary);
    voice.row(Row::Process(process))?;
    voice.say(&Said::Done)?;
    voice.0.flush().map_err(|error| error.to_string())
}

/// Loads a workload once for all strategies, compiles it under each, and runs them in turns. Everything is dropped
/// afterwards, so that the next workload begins with empty hands.
fn of_workload<W: Write>(
    job: &Job,
    workload: &Workload,
    mut enrolled: Vec<&Enrolled<'_>>,
    loads: Loads,
    random: &mut fastrand::Rng,
    voice: &mut Voice<W>,
) -> Result<(), String> {
    voice.begin(workload, EVERY_STRATEGY)?;
    let wasm = workload.wasm().map_err(|error| error.to_string())?;
    let sample = |strategy: &str, phase, iterations, timing: Timing| {
        Row::Sample(Sample {
            workload: workload.name().to_owned(),
            class: workload.class().name().to_owned(),
            strategy: strategy.to_owned(),
            phase,
            iterations,
            nanoseconds: nanoseconds(timing.wall),
            cpu_nanoseconds: Some(nanoseconds(timing.cpu)),
            block: Some(job.block),
            layout: job.layout,
            process: Some(job.block),
            verified: true,
        })
    };
    let load = || Timing::of(|| Module::new(&wasm).inspect(Module::lower));
    let (module, timing) = load();
    let mut module = match module {
        Ok(module) => module,
        Err(error) => {
            for each in &enrolled {
                voice.failure(workload, each.name, error.to_string())?;
            }
            return Ok(());
        }
    };
    voice.row(sample(EVERY_STRATEGY, Phase::Load, 1, timing))?;
    // Controls have their code in a module of their own: where that lies in memory is part of the noise that they are to show.
    // Which of the two is the first in memory is left to chance.
    let mut module_of_control = match enrolled.iter().any(|each| each.is_control) {
        true => load().0.map_err(|error| error.to_string())?,
        false => module.clone(),
    };
    if random.bool() {
        std::mem::swap(&mut module, &mut module_of_control);
    }

    random.shuffle(&mut enrolled);
    let mut running: Vec<(&str, Box<dyn Prepared>)> = Vec::new();
    for each in &enrolled {
        voice.begin(workload, each.name)?;
        let module = if each.is_control { &module_of_control } else { &module };
        let prepared = each.engine.prepare_module(workload, &wasm, module);
        let warm = prepared.and_then(|(mut prepared, timing)| {
            let small = job.warm_up.of(workload);
            let first = prepared.run(small)?;
            let cold = match job.cold && !each.is_control {
                true => each.engine.cold(workload, &wasm, small)?.map(|cold| (cold, first)),
                false => None,
            };
            let load = match loads {
                Loads::Shared => None,
                Loads::Each => load_again(|| each.engine.load(workload, &wasm))?,
            };
            Ok((prepared, timing, load, cold))
        });
        match warm {
            Ok((prepared, timing, load, cold)) => {
                voice.row(sample(each.name, Phase::Compile, 1, timing))?;
                if let Some((cold, first)) = cold {
                    voice.row(sample(each.name, Phase::Cold, 1, cold))?;
                    voice.row(sample(each.name, Phase::Warm, 1, first))?;
                }
                if let Some((times, timing)) = load {
                    voice.row(sample(each.name, Phase::Load, times, timing))?;
                }
                if let (Some(code_bytes), false) = (prepared.code_bytes(), each.is_control) {
                    voice.row(Row::Size(CodeSize {
                        workload: workload.name().to_owned(),
                        strategy: each.name.to_owned(),
                        wasm_bytes: wasm.len() as u64,
                        code_bytes: code_bytes as u64,
                    }))?;
                }
                running.push((each.name, prepared));
            }
            Err(error) => voice.failure(workload, each.name, error)?,
        }
    }
    for _ in 0..job.iterations {
        random.shuffle(&mut running);
        let mut failed = Vec::new();
        for (name, prepared) in &mut running {
            voice.begin(workload, name)?;
            let run = || prepared.run(job.size.of(workload));
            match batch(Duration::from_millis(job.batch_ms), run) {
                Ok((runs, timing)) => {
                    voice.row(sample(name, Phase::Execute, runs, timing))?;
                    if let Some(wall) = prepared.tail() {
                        let cpu = Duration::ZERO;
                        voice.row(sample(name, Phase::Tail, 1, Timing { wall, cpu }))?;
                    }
                }
                Err(error) => {
                    voice.failure(workload, name, error)?;
                    failed.push(*name);
                }
            }
        }
        running.retain(|(name, _)| !failed.contains(name));
    }
    Ok(())
}

/// Runs once, and again until all runs together have taken that long: how many there were, and their time. None takes so much
/// less time that more of them would be worth their cost.
fn batch(least: Duration, mut run: impl FnMut() -> Result<Timing, String>) -> Result<(u64, Timing), String> {
    const MOST: u64 = 20;
    let mut total = run()?;
    let mut runs = 1;
    while total.wall < least && runs < MOST {
        total += run()?;
        runs += 1;
    }
    Ok((runs, total))
}

/// Loads until it has taken long enough for clock readings not to matter: how many times, and the time of all. `None` if
/// there is nothing to load.
fn load_again(mut load: impl FnMut() -> Result<Option<Timing>, String>) -> Result<Option<(u64, Timing)>, String> {
    const ENOUGH: Duration = Duration::from_millis(1);
    const MOST: u64 = 50;
    let Some(mut total) = load()? else { return Ok(None) };
    let mut times = 1;
    while total.wall < ENOUGH && times < MOST {
        let Some(timing) = load()? else { break };
        total += timing;
        times += 1;
    }
    Ok(Some((times, total)))
}
