//! `cargo bench`: compares the dispatch strategies on all workloads, verified, and says which one to ship.
//!
//! There are two passes. Criterion's is the familiar front door: one group per workload, one entry per strategy, filters,
//! baselines; in the quick run it has one workload of each class. The interleaved pass afterwards is the one that decides: see
//! `wasm_dispatch_measure::bench`. It starts this program again for every block.
//!
//! `cargo bench -- --full`, or `WASM_DISPATCH_BENCH=full` in the environment, makes the long run, which includes the extra
//! workloads if they have been built; `WASM_DISPATCH_SEED` chooses another order. All other arguments are criterion's.

use std::process::{Command, ExitCode};
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use wasm_dispatch_engines::{Engine, Entrant, Ours};
use wasm_dispatch_measure::bench::Request;
use wasm_dispatch_measure::worker;
use wasm_dispatch_report::Progress;
use wasm_dispatch_workloads::Workload;

type Failed = Box<dyn std::error::Error>;

/// A workload with the bytes of its module.
type Loaded<'w> = (&'w Workload, Vec<u8>);

/// Stands before criterion's own help.
const HELP: &str = "\
cargo bench compares the dispatch strategies and says which one to ship.

  cargo bench                            the quick run: under 5 minutes
  cargo bench -- --full                  the long run; also WASM_DISPATCH_BENCH=full cargo bench
  cargo bench -- sort                    workloads and strategies with 'sort' in 'workload/strategy'
  WASM_DISPATCH_SEED=1 cargo bench       another order of the interleaved pass
  cargo bench --bench dispatch           times only; '--bench counts': instruction counts only

Everything else is criterion's:
";

/// Time for criterion's pass, shared by its entries, and the most that one of them gets: quick, and full. Entries of which
/// ten samples take longer get that.
const CRITERION: [(Duration, Duration); 2] = [
    (Duration::from_secs(30), Duration::from_millis(600)),
    (Duration::from_secs(240), Duration::from_secs(5)),
];

/// What the environment asks for: the long run, and a seed.
fn settings() -> Result<(bool, Option<u64>), Failed> {
    let number = |text: String| {
        let number = text.parse::<u64>();
        number.map_err(|_| format!("WASM_DISPATCH_SEED is not a number: {text}"))
    };
    let seed = std::env::var("WASM_DISPATCH_SEED").ok().map(number).transpose()?;
    match std::env::var("WASM_DISPATCH_BENCH").as_deref() {
        Ok("full") => Ok((true, seed)),
        Ok("quick") | Err(_) => Ok((false, seed)),
        Ok(other) => Err(format!("WASM_DISPATCH_BENCH is quick or full, not {other}").into()),
    }
}

fn main() -> ExitCode {
    if let Some(code) = worker::serve_if_asked() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--full") {
        return again_in_full(&arguments);
    }
    let asks_for_help = |argument: &String| argument == "--help" || argument == "-h";
    if arguments.iter().any(asks_for_help) {
        println!("{HELP}");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs this program again without `--full`, which criterion does not know and would refuse: it reads the command line
/// by itself.
fn again_in_full(arguments: &[String]) -> ExitCode {
    let others = arguments.iter().filter(|argument| *argument != "--full");
    let status = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(others)
            .env("WASM_DISPATCH_BENCH", "full")
            .status()
    });
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot start the full run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failed> {
    let (full, seed) = settings()?;
    let mut request = Request {
        full,
        seed,
        ..Request::default()
    };
    // What is named, or only looked at, is found among all.
    let is_spread = !full && !has_filter(std::env::args().skip(1)) && measures();
    let workloads = match full || is_spread {
        true => request.chosen_workloads()?,
        false => wasm_dispatch_workloads::all()?,
    };
    if full && wasm_dispatch_workloads::extra()?.is_empty() {
        eprintln!("No extra workloads; `scripts/build-workloads --extra` builds them.");
    }
    let loaded = workloads.iter().map(|workload| Ok((workload, workload.wasm()?)));
    let mut loaded: Vec<Loaded<'_>> = loaded.collect::<Result<_, Failed>>()?;
    if is_spread {
        loaded = one_of_each_class(loaded);
    }
    let engines: Vec<Ours> = Entrant::all().map(Entrant::engine).collect();
    // A fixed share, so that more workloads do not make the run longer.
    let (budget, most) = CRITERION[usize::from(full)];
    let entries = u32::try_from(loaded.len() * engines.len())?.max(1);
    let entry = most.min(budget / entries);
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(entry.mul_f64(0.2))
        .measurement_time(entry.mul_f64(0.6))
        .sample_size(10)
        // A tenth of criterion's default, which takes longer than the measurement of ten samples.
        .nresamples(10_000)
        .configure_from_args();
    let measures = measures();
    if measures {
        let (kind, seconds) = (if full { "full" } else { "quick" }, (entry * entries).as_secs());
        eprintln!("{kind} run: criterion's pass (about {seconds} s), then the interleaved one, which decides");
    }
    let chosen = criterion_pass(&mut criterion, &engines, &loaded, entry.mul_f64(0.6));
    criterion.final_summary();
    if !measures {
        return chosen.map(|_| ());
    }
    let chosen = chosen?;
    if chosen.is_empty() {
        eprintln!("no workload matches the filter");
        return Ok(());
    }
    // Without a filter the pass that decides has all of them.
    if !is_spread {
        request.workloads = chosen;
    }
    eprintln!("\nMeasuring interleaved, for the decision");
    let measured = request.run()?;
    let report = wasm_dispatch_report::report(&measured.folder, &measured.folder)?;
    if !full {
        println!("\nThis was the quick run. The long one: cargo bench -- --full");
    }
    print!("{}", report.text());
    match measured.recording.failures.is_empty() {
        true => Ok(()),
        false => Err("not everything did what it should; the failures are in the report".into()),
    }
}

/// Whether there will be something to report on: criterion's `--test` (the default without cargo's `--bench`) runs every
/// entry once, `--list` none, and `--profile-time` keeps no times.
fn measures() -> bool {
    let has = |option: &str| std::env::args().any(|argument| argument.split('=').next() == Some(option));
    has("--bench") && !["--test", "--list", "--profile-time"].into_iter().any(has)
}

/// Whether criterion is given a filter: something that is neither an option nor the value of one.
fn has_filter(arguments: impl Iterator<Item = String>) -> bool {
    // Those of its options that have a value, which may stand after them.
    const VALUED: [&str; 19] = [
        "-c",
        "--color",
        "--colour",
        "-s",
        "--save-baseline",
        "-b",
        "--baseline",
        "--baseline-lenient",
        "--format",
        "--load-baseline",
        "--output-format",
        "--sample-size",
        "--warm-up-time",
        "--measurement-time",
        "--nresamples",
        "--noise-threshold",
        "--confidence-level",
        "--significance-level",
        "--plotting-backend",
    ];
    let mut is_value = false;
    for argument in arguments {
        if !is_value && !argument.starts_with('-') {
            return true;
        }
        is_value = VALUED.contains(&argument.as_str());
    }
    false
}

/// Of each class the workload with the smallest module.
fn one_of_each_class(loaded: Vec<Loaded<'_>>) -> Vec<Loaded<'_>> {
    let is_smallest = |(workload, wasm): &Loaded<'_>| {
        let classmates = loaded.iter().filter(|(other, _)| other.class() == workload.class());
        let smallest = classmates.min_by_key(|(_, other)| other.len());
        smallest.is_some_and(|(_, smallest)| smallest.len() == wasm.len())
    };
    loaded.iter().filter(|each| is_smallest(each)).cloned().collect()
}

/// The pass that criterion drives. Returns the workloads that its filter let through.
///
/// Always of the quick size: ten samples of each full one would take longer than the pass that decides. A wrong result
/// ends the run: criterion has no way to say that a time does not count.
fn criterion_pass(
    criterion: &mut Criterion,
    engines: &[Ours],
    loaded: &[Loaded<'_>],
    measurement: Duration,
) -> Result<Vec<String>, Failed> {
    let mut chosen = Vec::new();
    let mut wrong = None;
    let mut progress = Progress::new(loaded.len() * engines.len(), false);
    // Without a filter everything will run. Then an entry that is slow can be given the time that ten samples take, which
    // saves criterion from complaining about it.
    let everything = measures() && !has_filter(std::env::args().skip(1));
    for (workload, wasm) in loaded {
        let mut group = criterion.benchmark_group(workload.name());
        // Ten samples of equal length: ten runs are enough for a slow entry, where growing samples take 55.
        group.sampling_mode(SamplingMode::Flat);
        let mut ran = false;
        for engine in engines {
            let mut ran_here = false;
            let mut prepared = everything.then(|| engine.prepare(workload, wasm));
            if let Some(Ok(prepared)) = &mut prepared {
                let mut once = || {
                    let timing = prepared.run(workload.quick());
                    timing.map_or(Duration::ZERO, |timing| timing.wall)
                };
                // The first run is the slower one. A little more than ten times a run, and criterion makes twenty.
                let ten = once().min(once()).mul_f64(9.6);
                group.measurement_time(measurement.max(ten));
            }
            group.bench_function(engine.name(), |bencher| {
                if !ran_here {
                    progress.begin(&format!("{} / {}", workload.name(), engine.name()));
                }
                ran_here = true;
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    let prepared = prepared.get_or_insert_with(|| engine.prepare(workload, wasm));
                    for _ in 0..iterations {
                        let timing = match prepared {
                            Ok(prepared) => prepared.run(workload.quick()),
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
            if ran_here {
                progress.finish_step();
            } else {
                progress.skip_step();
            }
            ran |= ran_here;
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
