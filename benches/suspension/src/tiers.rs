//! Runs of different lengths, from a module's bytes to the last result: under two strategies, and under both as tiers.

use std::time::Duration;

use wasm_dispatch::{Imports, Metering, Module, Strategy, Value, Vm, VmOptions};
use wasm_dispatch_engines::control::tiers;
use wasm_dispatch_engines::engine::Timing;
use wasm_dispatch_engines::values::to_value;
use wasm_dispatch_engines::wasi::{ended, surroundings};
use wasm_dispatch_report::statistics::{Estimate, Observation, Paired, median};
use wasm_dispatch_workloads::{Class, Run, Workload, all};

use crate::events::Failed;
use crate::report::{Row, Unit};

const PART: &str = "tiers";

/// How long a run is to be under the first tier alone.
const LENGTHS: [Duration; 4] = [
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

/// A run is as long as it should be if it is within this factor of it.
const NEAR: f64 = 3.0;

/// Longer than the better of the two tiers by more than this, with the whole interval: too long.
const TOO_LONG: f64 = 1.05;

/// What is run: a workload's module, one of its sizes, and how many calls.
#[derive(Clone, Copy)]
struct Job<'a> {
    workload: &'a Workload,
    wasm: &'a [u8],
    run: &'a Run,
    calls: u32,
}

impl Job<'_> {
    /// From bytes to the last result, in a machine of its own. Results are verified while the clock stands.
    fn time(&self, options: VmOptions) -> Result<Duration, Failed> {
        let mut vm: Vm = options.build(());
        let mut imports = Imports::new();
        let printed = surroundings(self.run)?.map(|(wasi, printed)| {
            wasi.define(&mut imports);
            printed
        });
        let (made, mut time) = Timing::of(|| {
            let module = Module::options().metering(Metering::Interrupts).compile(self.wasm)?;
            let instance = vm.instantiate(&module, &imports)?;
            Ok::<_, wasm_dispatch::Error>((module, instance))
        });
        let (_module, instance) = made?;
        let arguments: Vec<Value> = self.run.args.iter().map(|&value| to_value(value)).collect();
        for _ in 0..self.calls {
            let (results, of_call) = Timing::of(|| vm.call(instance, self.workload.entry(), &arguments));
            time += of_call;
            ended(self.run, &vm, instance, printed.as_ref(), results)?;
        }
        Ok(time.cpu)
    }
}

/// The runs of about these lengths that a workload has. A command runs once.
fn jobs<'a>(workload: &'a Workload, wasm: &'a [u8], start: Strategy) -> Result<Vec<(Duration, Job<'a>)>, Failed> {
    let timed = |run: &'a Run| -> Result<(Job<'a>, f64), Failed> {
        let job = Job {
            workload,
            wasm,
            run,
            calls: 1,
        };
        let once = || Vm::options().strategy(start);
        Ok((job, job.time(once())?.min(job.time(once())?).as_secs_f64()))
    };
    let (full, quick) = (timed(workload.full())?, timed(workload.quick())?);
    let mut jobs = Vec::new();
    for length in LENGTHS {
        let wanted = length.as_secs_f64();
        // The larger size if it is not too long already.
        let (job, once) = if full.1 <= wanted * NEAR { full } else { quick };
        let calls = match job.run.wasi {
            Some(_) => 1.0,
            None => (wanted / once).round().max(1.0),
        };
        if (wanted / NEAR..=wanted * NEAR).contains(&(once * calls)) {
            let calls = calls as u32;
            jobs.push((length, Job { calls, ..job }));
        }
    }
    Ok(jobs)
}

/// The mean of ratios with its 95 % interval, from their logarithms.
fn estimate(ratios: &[f64]) -> Option<Estimate> {
    let observation = |ratio: &f64| Observation {
        layout: None,
        process: 0,
        log_ratio: ratio.ln(),
    };
    let observations: Vec<Observation> = ratios.iter().map(observation).collect();
    Some(Paired::of(&observations)?.estimate())
}

/// Everything in this part: so many rounds of each run, three machines in each, in random order.
pub fn run(rounds: usize, only: usize) -> Result<Vec<Row>, Failed> {
    let tiers = tiers();
    let (start, then) = (tiers.start, tiers.then);
    let options = || {
        [
            Vm::options().strategy(start),
            Vm::options().strategy(then),
            Vm::options().tiers(tiers),
        ]
    };
    let mut random = fastrand::Rng::with_seed(1);
    let (mut rows, mut long) = (Vec::new(), 0);
    let workloads = all()?;
    let measured = workloads.iter().filter(|workload| {
        workload.beside().is_empty() && workload.class() != Class::Startup && workload.quick().is_one_call()
    });
    for workload in measured.take(only) {
        eprintln!("{} ...", workload.name());
        let wasm = workload.wasm()?;
        for (length, job) in jobs(workload, &wasm, start)? {
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..rounds {
                let mut order: Vec<(usize, VmOptions)> = options().into_iter().enumerate().collect();
                random.shuffle(&mut order);
                for (which, options) in order {
                    times[which].push(job.time(options)?.as_secs_f64());
                }
            }
            let [first, second, both] = &times;
            let better = if median(first) <= median(second) { first } else { second };
            let ratios: Vec<f64> = both.iter().zip(better).map(|(both, better)| both / better).collect();
            let Estimate { value, low, high } = estimate(&ratios).ok_or("no rounds")?;
            let verdict = if low > TOO_LONG { ", too long" } else { "" };
            long += usize::from(low > TOO_LONG);
            let middle = |times: &[f64]| wasm_dispatch_report::units::time(1e9 * median(times).unwrap_or(0.0));
            let note = format!(
                "{value:.3} ({low:.3} to {high:.3}){verdict}; {start} {}, {then} {}",
                middle(first),
                middle(second)
            );
            let what = format!("tiers by the better of the two, runs of about {length:?}");
            rows.push(Row {
                note,
                ..Row::new(PART, &what, workload.name(), Unit::Number, ratios)
            });
        }
    }
    let all = rows.len();
    rows.sort_by(|a, b| a.what.cmp(&b.what));
    let count = format!("runs of {all} that take more than {TOO_LONG} of the better, by their whole interval");
    rows.push(Row::new(PART, &count, "tiers", Unit::Number, vec![long as f64]));
    Ok(rows)
}
