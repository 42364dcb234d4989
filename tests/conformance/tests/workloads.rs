//! The programs that the strategies are compared on, suspended: at every resume point, and at random ones to go on under
//! another strategy. Results, outputs, memories, globals and the fuel used are those of a run without suspension. The scalar
//! twins of the vector programs are left out: they are the longest in a debug build, and run nothing that others do not. The
//! vector programs, which are as long, and the largest modules only hop, but with `WASM_DISPATCH_THOROUGH=1`.
//!
//! `WASM_DISPATCH_SEED=n` chooses other slices and strategies. Run one workload with
//! `cargo test -p wasm-dispatch-conformance --test workloads -- json`.

#![forbid(unsafe_code)]

use std::fmt;
use std::fs;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use libtest_mimic::{Arguments, Trial};
use wasm_dispatch::wasi::exit_code;
use wasm_dispatch::{Error, ErrorKind, Imports, Instance, Limits, Metering, Module, Pause, Strategy, Value, Vm};
use wasm_dispatch_conformance::differential::ours::remains;
use wasm_dispatch_conformance::differential::plan::{HostLog, Remains};
use wasm_dispatch_conformance::random::{Random, setting, thorough};
use wasm_dispatch_engines::engine::verify;
use wasm_dispatch_engines::linking::{beside, link};
use wasm_dispatch_engines::values::{to_typed, to_value};
use wasm_dispatch_engines::wasi::surroundings;
use wasm_dispatch_workloads::{Class, Workload, all};

/// Fuel that no workload uses up.
const PLENTY: u64 = 1 << 60;

/// Resume points at which a stepping run is suspended, one after the other, before its slices grow.
const EVERY: u64 = 30_000;

/// How a workload is run.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// In slices of the usual size.
    Plain,
    /// Suspended at each of the first resume points, and then in slices that grow.
    Stepping,
    /// Paused in slices that begin small and grow, and resumed under another strategy each time.
    Hopping,
}

/// What must be the same however a workload is run.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    results: Vec<u64>,
    fuel: u64,
    remains: Remains,
}

/// How often a run was stopped.
#[derive(Clone, Copy, Debug, Default)]
struct Stops {
    /// Times that it gave way to others.
    suspensions: u64,
    /// Times that it was paused and resumed.
    pauses: u64,
    /// Times that it went on under a strategy that is not the one before.
    hops: u64,
}

impl fmt::Display for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stops {
            suspensions,
            pauses,
            hops,
        } = self;
        write!(
            f,
            "{suspensions} suspensions, {pauses} pauses, {hops} changes of strategy"
        )
    }
}

/// A workload as a module that can be suspended, and what a plain run gives.
struct Prepared {
    workload: Workload,
    module: Module,
    plain: Outcome,
}

impl Prepared {
    fn new(workload: Workload) -> Result<Prepared, String> {
        let bytes = workload.wasm().map_err(|error| error.to_string())?;
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&bytes)
            .map_err(|error| error.to_string())?;
        let (plain, _) = run(&workload, &module, Strategy::default(), Mode::Plain)?;
        Ok(Prepared {
            workload,
            module,
            plain,
        })
    }

    /// Runs the workload in a mode and compares.
    fn check(&self, strategy: Strategy, mode: Mode) -> Result<Stops, String> {
        let (outcome, stops) = run(&self.workload, &self.module, strategy, mode)?;
        let expected = &self.plain;
        if outcome != *expected {
            return Err(format!("after {stops}:\n{outcome:?}\ninstead of\n{expected:?}"));
        }
        // The longest stretch without a branch is that of `shuffled`, some 300 instructions.
        let fuel = outcome.fuel;
        let enough = match mode {
            Mode::Plain => true,
            Mode::Stepping => stops.suspensions >= EVERY.min(fuel / 400),
            Mode::Hopping => stops.pauses >= (fuel / 400).min(1_000) && stops.hops * 2 >= stops.pauses,
        };
        if enough {
            Ok(stops)
        } else {
            Err(format!("{fuel} instructions and only {stops}"))
        }
    }
}

/// Runs the quick size in a fresh machine, and verifies what the manifest says about it.
fn run(workload: &Workload, module: &Module, strategy: Strategy, mode: Mode) -> Result<(Outcome, Stops), String> {
    let quick = workload.quick();
    let mut imports = Imports::new();
    let printed = surroundings(quick)?.map(|(wasi, printed)| {
        wasi.define(&mut imports);
        printed
    });
    let say = |error: Error| error.to_string();
    let mut vm = Vm::with(strategy, Limits::default());
    let metered = |wasm: &[u8]| Module::options().metering(Metering::Fuel).compile(wasm);
    link(&mut vm, &beside(workload, metered)?, &mut imports).map_err(say)?;
    let instance = vm.instantiate(module, &imports).map_err(say)?;
    vm.set_fuel(Some(PLENTY)).map_err(say)?;
    let arguments: Vec<Value> = quick.args.iter().map(|&value| to_value(value)).collect();
    let (ended, stops) = match mode {
        Mode::Plain => (vm.call(instance, workload.entry(), &arguments), Stops::default()),
        _ => stopping(&mut vm, strategy, mode, (instance, workload.entry(), &arguments)),
    };
    let fuel = PLENTY - vm.fuel().unwrap_or(PLENTY);
    let (results, code) = match ended {
        Ok(results) => (results, 0),
        Err(error) => (Vec::new(), exit_code(&error).ok_or_else(|| error.to_string())?),
    };
    if let (Some(command), Some(printed)) = (&quick.wasi, printed) {
        printed.verify(command, code)?;
    }
    let results = results
        .into_iter()
        .map(|value| to_typed(value).map(|value| value.bits()));
    let results: Vec<u64> = results.collect::<Result<_, _>>()?;
    verify(quick, &results, |export| {
        let memory = vm.exported_memory(instance, export).ok()?;
        vm.memory(memory).ok().map(<[u8]>::to_vec)
    })?;
    let remains = remains(&vm, instance, &HostLog::default()).map_err(say)?;
    let outcome = Outcome { results, fuel, remains };
    Ok((outcome, stops))
}

/// A call that is stopped again and again, as the mode wants it.
fn stopping(
    vm: &mut Vm,
    mut strategy: Strategy,
    mode: Mode,
    (instance, entry, arguments): (Instance, &str, &[Value]),
) -> (Result<Vec<Value>, Error>, Stops) {
    let mut random = Random::new(setting("WASM_DISPATCH_SEED").unwrap_or(1));
    let mut stops = Stops::default();
    loop {
        // The number of slices until the call is paused, and of instructions in each: small ones first, where loops and
        // calls are new, and larger ones later, so that a debug build is done within seconds.
        let (turns, slice) = match (mode, stops.pauses) {
            (Mode::Stepping, 0) => (EVERY, 0),
            (Mode::Stepping, pauses) => (100, random.below(8 << pauses.min(20))),
            (_, pauses) => (1, random.below(8 + (pauses as usize >> 6).pow(2).min(1 << 20))),
        };
        vm.set_slice(slice as u64);
        let handle = vm.interrupt_handle();
        let paused = vm.is_paused();
        let mut call = Box::pin(async {
            if paused {
                vm.resume_async().await
            } else {
                vm.call_async(instance, entry, arguments).await
            }
        });
        let mut context = Context::from_waker(Waker::noop());
        let mut turn = 0;
        let ended = loop {
            match call.as_mut().poll(&mut context) {
                Poll::Ready(ended) => break ended,
                Poll::Pending => turn += 1,
            }
            if turn >= turns {
                handle.interrupt();
            }
        };
        drop(call);
        stops.suspensions += turn;
        match ended {
            Err(error) if matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)) => stops.pauses += 1,
            ended => return (ended, stops),
        }
        if let Mode::Hopping = mode {
            let next = *random.pick(Strategy::ALL);
            stops.hops += u64::from(next != strategy);
            strategy = next;
            vm.set_strategy(strategy);
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let workloads = match all() {
        Ok(workloads) => workloads
            .into_iter()
            .filter(|workload| workload.class() != Class::ScalarTwin),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let total: Arc<Mutex<Stops>> = Arc::default();
    let mut trials = Vec::new();
    let thorough = thorough();
    for (number, workload) in workloads.enumerate() {
        let name = workload.name().to_string();
        let prepared: Arc<OnceLock<Result<Prepared, String>>> = Arc::default();
        // Each strategy steps through some of them; in a hopping run all take part.
        let strategy = Strategy::ALL[number % Strategy::ALL.len()];
        for mode in [Mode::Stepping, Mode::Hopping] {
            let large = fs::metadata(workload.module_file()).is_ok_and(|file| file.len() > 2 << 20);
            if matches!(mode, Mode::Stepping) && (large || workload.class() == Class::Vector) && !thorough {
                continue;
            }
            let (workload, prepared, total) = (workload.clone(), prepared.clone(), total.clone());
            let name = format!("{mode:?}/{strategy}/{name}").to_lowercase();
            trials.push(Trial::test(name.clone(), move || {
                let prepared = prepared.get_or_init(|| Prepared::new(workload));
                let stops = prepared.as_ref()?.check(strategy, mode)?;
                println!("{name}: {stops}");
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                total.suspensions += stops.suspensions;
                total.pauses += stops.pauses;
                total.hops += stops.hops;
                Ok(())
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let total = total.lock().unwrap_or_else(PoisonError::into_inner);
    println!("in all {total}");
    let all_ran = !conclusion.has_failed() && conclusion.num_filtered_out == 0 && conclusion.num_ignored == 0;
    if all_ran && conclusion.num_passed > 0 && (total.suspensions < 1_000_000 || total.hops < 50_000) {
        eprintln!("that is too few to mean something");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
