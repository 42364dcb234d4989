//! An engine as the benches see it.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use wasm_dispatch::{Instance, Module, Value, Vm};
use wasm_dispatch_record::named;
use wasm_dispatch_workloads::{Run, Workload};

use crate::values::to_typed;

/// Time that passed, and time that the thread ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Wall clock.
    pub wall: Duration,
    /// CPU time of this thread.
    pub cpu: Duration,
}

impl Timing {
    /// Times a closure by both clocks.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Timing) {
        let cpu = ThreadTime::now();
        let wall = Instant::now();
        let result = work();
        let wall = wall.elapsed();
        let cpu = cpu.elapsed();
        (result, Timing { wall, cpu })
    }
}

impl AddAssign for Timing {
    fn add_assign(&mut self, other: Timing) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

named! {
    /// Which of a workload's sizes.
    Size {
        /// Milliseconds.
        Quick = "quick",
        /// Twenty times that.
        Full = "full",
    }
}

impl Size {
    /// The workload's run of this size.
    pub fn of(self, workload: &Workload) -> &Run {
        match self {
            Size::Quick => workload.quick(),
            Size::Full => workload.full(),
        }
    }
}

/// Something that can run workloads.
pub trait Engine {
    /// Its name in tables.
    fn name(&self) -> &str;

    /// Loads a workload, and compiles it as far as the engine does that beforehand.
    ///
    /// # Errors
    ///
    /// Why the module could not be loaded.
    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String>;

    /// The same from a module that is decoded and lowered already, and how long the rest took: engines of this project
    /// share one. Others begin with the bytes.
    ///
    /// # Errors
    ///
    /// Why the module could not be loaded.
    fn prepare_module(
        &self,
        workload: &Workload,
        wasm: &[u8],
        module: &Module,
    ) -> Result<(Box<dyn Prepared>, Timing), String> {
        let _ = module;
        let (prepared, timing) = Timing::of(|| self.prepare(workload, wasm));
        Ok((prepared?, timing))
    }

    /// Times everything from a module's bytes to an instance that can be called: decoding, validation, compilation of all
    /// functions as far as the engine does that beforehand, memory, tables, data. Nothing is run but a start function.
    /// `None` if there is no such phase.
    ///
    /// # Errors
    ///
    /// Why the module could not be loaded.
    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        let _ = (workload, wasm);
        Ok(None)
    }

    /// Times everything from a module's bytes to the result of a run, as a user's program does it who calls one function:
    /// what is compiled when it is first called is compiled then. `None` if the engine does not say.
    ///
    /// # Errors
    ///
    /// Why it could not be loaded, or what went wrong.
    fn cold(&self, workload: &Workload, wasm: &[u8], run: &Run) -> Result<Option<Timing>, String> {
        let _ = (workload, wasm, run);
        Ok(None)
    }
}

/// A workload loaded by an engine.
pub trait Prepared {
    /// Runs the workload's entry once and verifies results and memory.
    ///
    /// The time is that of the call alone, except for workloads of the startup class: there it is everything from bytes
    /// to result.
    ///
    /// # Errors
    ///
    /// What went wrong: a trap, or "expected A, got B".
    fn run(&mut self, run: &Run) -> Result<Timing, String>;

    /// Of the calls of the last run, if they were made on threads: the time that 99 of 100 do not exceed.
    fn tail(&self) -> Option<Duration> {
        None
    }

    /// Bytes of compiled code, where the engine tells.
    fn code_bytes(&self) -> Option<usize> {
        None
    }
}

/// Refuses what is measured on our strategies only: workloads of several modules.
///
/// # Errors
///
/// For such a workload.
pub fn of_one_module(workload: &Workload) -> Result<(), String> {
    match workload.beside() {
        [] => Ok(()),
        _ => Err("calls between instances are not measured on other engines".to_owned()),
    }
}

/// Compares results to the bit.
///
/// # Errors
///
/// Both sides, for people.
pub fn verify(run: &Run, got: &[u64], memory: impl FnOnce(&str) -> Option<Vec<u8>>) -> Result<(), String> {
    let expected: Vec<u64> = run.expect.iter().map(|value| value.bits()).collect();
    if expected != got {
        return Err(format!("expected result bits {expected:x?}, got {got:x?}"));
    }
    if let Some(check) = &run.memory {
        let bytes = memory(&check.export).ok_or_else(|| format!("no memory is exported as {}", check.export))?;
        if !check.matches(&bytes) {
            return Err(format!("memory {} does not hold what it should", check.export));
        }
    }
    Ok(())
}

/// Compares the results of a call, and the memory that it left, with what a run should give.
///
/// # Errors
///
/// What differs, for people.
pub fn check(run: &Run, vm: &Vm, instance: Instance, results: Vec<Value>) -> Result<(), String> {
    let bits: Vec<u64> = (results.into_iter())
        .map(|value| to_typed(value).map(|value| value.bits()))
        .collect::<Result<_, _>>()?;
    verify(run, &bits, |export| {
        let memory = vm.exported_memory(instance, export).ok()?;
        vm.memory(memory).ok().map(<[u8]>::to_vec)
    })
}
