//! `cargo bench`: compares the dispatch strategies on all workloads, verified, and says which one to ship.
//!
//! Two passes. Criterion's gives the familiar front door: one group per workload, one entry per strategy, filters,
//! baselines. The interleaved pass afterwards is the one that decides: see `wasm_dispatch_measure::interleave`.
//!
//! Environment: `WASM_DISPATCH_BENCH=full` for the long run, which takes in the extra workloads if they have been built;
//! `WASM_DISPATCH_SEED` for another order.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use criterion::Criterion;
use wasm_dispatch::Module;
use wasm_dispatch_harness::record::{EVERY_STRATEGY, Failure, Kind, Phase, Run, Sample, Size as CodeSize, Writer};
use wasm_dispatch_harness::{Progress, runs_folder};
use wasm_dispatch_measure::interleave::{self, Loaded, Plan, nanoseconds};
use wasm_dispatch_measure::ours::{self, Ours};
use wasm_dispatch_measure::{Engine, Size, Timing};
use wasm_dispatch_workloads::Workload;

type Failed = Box<dyn std::error::Error>;

/// What the environment asks for.
struct Settings {
    kind: Kind,
    size: Size,
    seed: u64,
    /// Criterion's time per entry.
    warm_up: Duration,
    measurement: Duration,
    budget: Duration,
}

impl Settings {
    fn from_environment() -> Result<Settings, Failed> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let seed = match std::env::var("WASM_DISPATCH_SEED") {
            Ok(text) => text
                .parse()
                .map_err(|_| format!("WASM_DISPATCH_SEED is not a number: {text}"))?,
            Err(_) => now,
        };
        let quick = Settings {
            kind: Kind::Quick,
            size: Size::Quick,
            seed,
            warm_up: Duration::from_millis(100),
            measurement: Duration::from_millis(400),
            budget: Duration::from_secs(60),
        };
        match std::env::var("WASM_DISPATCH_BENCH").as_deref() {
            Ok("full") => Ok(Settings {
                kind: Kind::Full,
                size: Size::Full,
                warm_up: Duration::from_secs(1),
                measurement: Duration::from_secs(3),
                budget: Duration::from_secs(900),
                ..quick
            }),
            Ok("quick") | Err(_) => Ok(quick),
            Ok(other) => Err(format!("WASM_DISPATCH_BENCH is quick or full, not {other}").into()),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failed> {
    let settings = Settings::from_environment()?;
    let workloads = workloads(settings.kind)?;
    let loaded: Vec<Loaded<'_>> = workloads
        .iter()
        .map(|workload| Ok((workload, workload.wasm()?)))
        .collect::<Result<_, Failed>>()?;
    let engines = ours::all();
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(settings.warm_up)
        .measurement_time(settings.measurement)
        .sample_size(10)
        .configure_from_args();
    let chosen = criterion_pass(&mut criterion, &engines, &loaded, settings.size);
    criterion.final_summary();
    // Criterion's `--test` runs every entry once, `--list` none: neither is a measurement to report on.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return chosen.map(|_| ());
    }
    let chosen: Vec<Loaded<'_>> = {
        let names = chosen?;
        loaded
            .into_iter()
            .filter(|(workload, _)| names.iter().any(|name| name == workload.name()))
            .collect()
    };
    if chosen.is_empty() {
        eprintln!("no workload matches the filter");
        return Ok(());
    }
    let mut run = Run::start(settings.kind);
    run.seed = Some(settings.seed);
    let folder = runs_folder().join(&run.id);
    let mut writer = Writer::create(&folder, &run)?;
    eprintln!(
        "\nMeasuring interleaved, for the decision (raw data: {})",
        writer.path().display()
    );
    phases(&engines, &chosen, settings.size, &mut writer)?;
    let plan = Plan {
        size: settings.size,
        budget: settings.budget,
        min_blocks: 5,
        max_blocks: 60,
        seed: settings.seed,
    };
    let engines: Vec<&dyn Engine> = engines.iter().map(|engine| engine as &dyn Engine).collect();
    interleave::measure(&engines, &chosen, plan, &mut writer)?;
    let report = wasm_dispatch_harness::report(&folder, &folder)?;
    if settings.kind == Kind::Quick {
        println!("\nThis was the quick run. The long one: WASM_DISPATCH_BENCH=full cargo bench");
    }
    print!("{}", report.text());
    Ok(())
}

/// The project's own workloads, and in the full run the extra ones that somebody has built.
fn workloads(kind: Kind) -> Result<Vec<Workload>, Failed> {
    if kind != Kind::Full {
        return Ok(wasm_dispatch_workloads::all()?);
    }
    let extra = wasm_dispatch_workloads::extra()?;
    let names: Vec<&str> = extra.iter().map(Workload::name).collect();
    if names.is_empty() {
        eprintln!("No extra workloads; `scripts/build-workloads --extra` builds them.");
    } else {
        let folder = wasm_dispatch_workloads::extra_folder();
        eprintln!("With extra workloads from {}: {}", folder.display(), names.join(", "));
    }
    Ok(wasm_dispatch_workloads::all_and_extra()?)
}

/// The pass that criterion drives. Returns the workloads that its filter let through.
///
/// A wrong result ends the run: criterion has no way to say that a time does not count.
fn criterion_pass(
    criterion: &mut Criterion,
    engines: &[Ours],
    loaded: &[Loaded<'_>],
    size: Size,
) -> Result<Vec<String>, Failed> {
    let mut chosen = Vec::new();
    let mut wrong = None;
    let mut progress = Progress::new(loaded.len() * engines.len());
    for (workload, wasm) in loaded {
        let mut group = criterion.benchmark_group(workload.name());
        let mut ran = false;
        for engine in engines {
            progress.begin(&format!("{} / {}", workload.name(), engine.name()));
            let mut prepared = None;
            group.bench_function(engine.name(), |bencher| {
                ran = true;
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    let prepared = prepared.get_or_insert_with(|| engine.prepare(workload, wasm));
                    for _ in 0..iterations {
                        let timing = match prepared {
                            Ok(prepared) => prepared.run(size.of(workload)),
                            Err(error) => Err(error.clone()),
                        };
                        match timing {
                            Ok(timing) => total += timing.wall,
                            Err(error) => {
                                wrong = Some(format!("{} / {}: {error}", workload.name(), engine.name()));
                                // Criterion divides by this.
                                total += Duration::from_nanos(1);
                            }
                        }
                    }
                    total
                });
            });
            progress.finish_step();
        }
        group.finish();
        if ran {
            chosen.push(workload.name().to_string());
        }
    }
    progress.finish();
    match wrong {
        Some(error) => Err(error.into()),
        None => Ok(chosen),
    }
}

/// Loading (once for all strategies) and compiling, apart from execution.
fn phases(engines: &[Ours], loaded: &[Loaded<'_>], size: Size, writer: &mut Writer) -> Result<(), Failed> {
    let rounds = if size == Size::Full { 20 } else { 5 };
    for (workload, wasm) in loaded {
        let sample = |strategy: &str, phase, timing: Timing| Sample {
            workload: workload.name().into(),
            class: workload.class().name().into(),
            strategy: strategy.into(),
            phase,
            iterations: 1,
            nanoseconds: nanoseconds(timing.wall),
            cpu_nanoseconds: Some(nanoseconds(timing.cpu)),
            block: None,
            verified: true,
        };
        for round in 0..rounds {
            let (module, timing) = Timing::of(|| Module::new(wasm));
            if let Err(error) = module {
                let strategy = EVERY_STRATEGY.into();
                let (workload, class) = (workload.name().into(), workload.class().name().into());
                writer.failure(Failure {
                    workload,
                    class,
                    strategy,
                    error: error.to_string(),
                })?;
                break;
            }
            writer.sample(sample(EVERY_STRATEGY, Phase::Load, timing))?;
            for engine in engines {
                // Compiled code stays with the module, so each time begins with a fresh one.
                let module = Module::new(wasm)?;
                let (code_bytes, timing) = Timing::of(|| engine.compile(&module));
                writer.sample(sample(engine.name(), Phase::Compile, timing))?;
                if round == 0 {
                    writer.size(CodeSize {
                        workload: workload.name().into(),
                        strategy: engine.name().into(),
                        wasm_bytes: wasm.len() as u64,
                        code_bytes: code_bytes as u64,
                    })?;
                }
            }
        }
    }
    Ok(())
}
