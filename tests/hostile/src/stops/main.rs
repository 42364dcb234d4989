//! How long it takes to stop a program that does not want to be stopped, in CPU time of the thread that runs it: from an
//! interrupt to the end of the call, and for each poll of an asynchronous one. Beside it what cannot be split, by its bytes.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-hostile --bin stops [TRIES]
//! ```

#![forbid(unsafe_code)]

mod programs;
mod whole;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};
use fastrand::Rng;
use programs::Program;
use wasm_dispatch::{ErrorKind, Imports, Limits, Metering, Module, Pause, Strategy, Vm};

type Failed = Box<dyn std::error::Error>;

/// Tries of each strategy and kind of metering, spread over the programs.
const TRIES: usize = 1000;

/// Polls of each program that are timed at most.
const POLLS: usize = 100;

fn main() -> ExitCode {
    let tries = std::env::args().nth(1).map_or(Some(TRIES), |text| text.parse().ok());
    let Some(tries) = tries else {
        eprintln!("Usage: stops [TRIES]");
        return ExitCode::from(2);
    };
    match run(tries) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stops: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(tries: usize) -> Result<(), Failed> {
    let programs = programs::programs();
    for (what, measure) in [
        ("interrupt to end of call", interrupts as fn(_, _, _, _) -> _),
        ("poll of an asynchronous call", polls),
    ] {
        println!(
            "\n{what}, microseconds of CPU time: median, 99th percentile, most; and the slowest program by its 99th percentile\n"
        );
        for &strategy in Strategy::ALL {
            let mut all = Vec::new();
            let mut slowest = (0.0, "");
            for program in &programs {
                let mut times = Vec::new();
                for metering in [Metering::Interrupts, Metering::Fuel] {
                    let each = tries.div_ceil(2 * programs.len());
                    times.extend(measure(program, strategy, metering, each)?);
                }
                let late = percentile(&mut times, 0.99);
                if late > slowest.0 {
                    slowest = (late, program.0);
                }
                all.extend(times);
            }
            let count = all.len();
            let [median, late, most] = [0.5, 0.99, 1.0].map(|part| percentile(&mut all, part));
            println!(
                "{:16} {count:6} tries {median:9.0} {late:9.0} {most:9.0}   {} {:.0}",
                strategy.name(),
                slowest.1,
                slowest.0
            );
        }
    }
    whole::run()
}

/// The value that a part of the values does not exceed.
fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (part * values.len() as f64).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

fn machine(program: &Program, strategy: Strategy, metering: Metering) -> Result<(Vm, wasm_dispatch::Instance), Failed> {
    let (name, _, text) = program;
    let wasm = wat::parse_str(text).map_err(|error| format!("{name}: {error}"))?;
    let module = Module::options().metering(metering).compile(&wasm)?;
    let mut vm = Vm::with(strategy, Limits::default());
    let instance = vm.instantiate(&module, &Imports::new())?;
    // Compiling is what cannot be split: it is shown apart.
    module.compile(strategy);
    Ok((vm, instance))
}

/// From interrupts at any time to the end of the call, in microseconds.
fn interrupts(program: &Program, strategy: Strategy, metering: Metering, tries: usize) -> Result<Vec<f64>, Failed> {
    let (mut vm, instance) = machine(program, strategy, metering)?;
    let handle = vm.interrupt_handle();
    let (begin, begun) = mpsc::channel::<()>();
    let (send, interrupted) = mpsc::channel();
    let other = thread::spawn(move || {
        let mut random = Rng::with_seed(1);
        while begun.recv().is_ok() {
            thread::sleep(Duration::from_micros(random.u64(200..3000)));
            // This thread takes next to none: what the process takes from here on, the program takes.
            let now = (Instant::now(), ProcessTime::now());
            handle.interrupt();
            if send.send(now).is_err() {
                return;
            }
        }
    });
    let mut times = Vec::new();
    for _ in 0..tries {
        begin.send(())?;
        match vm.call(instance, "run", &[]) {
            Err(error) if matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)) => {}
            other => return Err(format!("{}: it was to be interrupted, not {other:?}", program.0).into()),
        }
        let (elapsed, taken) = (Instant::now(), ProcessTime::now());
        let (since, taken_before) = interrupted.recv()?;
        // Neither is less than what the program took: by the clock it may have waited for its processor, and the system counts the
        // time of a thread that runs elsewhere at its next tick only, up to 4 ms later.
        let time = elapsed.duration_since(since).min(taken.duration_since(taken_before));
        times.push(time.as_nanos() as f64 / 1000.0);
    }
    drop(begin);
    other.join().map_err(|_| "the interrupting thread panicked")?;
    Ok(times)
}

/// Each poll, in microseconds.
fn polls(program: &Program, strategy: Strategy, metering: Metering, tries: usize) -> Result<Vec<f64>, Failed> {
    let (mut vm, instance) = machine(program, strategy, metering)?;
    let mut call = pin!(vm.call_async(instance, "run", &[]));
    let mut context = Context::from_waker(Waker::noop());
    let mut times = Vec::new();
    for _ in 0..(10 * tries).min(POLLS) {
        let begun = ThreadTime::now();
        let polled = call.as_mut().poll(&mut context);
        times.push(begun.elapsed().as_nanos() as f64 / 1000.0);
        if let Poll::Ready(ended) = polled {
            return Err(format!("{}: it was to go on, not {ended:?}", program.0).into());
        }
    }
    Ok(times)
}
