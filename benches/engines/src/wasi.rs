//! WASI commands as workloads: the same surroundings for every engine, and what must come of a run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dispatch::wasi::{Context, Exit, Function, Output, Wasi, exit_code};
use wasm_dispatch::{Error, Instance, ValType, Value, Vm};
use wasm_dispatch_workloads::{Run, WasiRun};

use crate::engine::{Timing, check};
use crate::values::Number;

/// Where a command's outputs went.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    stdout: Output,
    stderr: Output,
}

/// The surroundings of a run, if it is one of a command.
///
/// # Errors
///
/// When a file cannot be called what the manifest calls it.
pub fn surroundings(run: &Run) -> Result<Option<(Wasi, Printed)>, String> {
    run.wasi.as_ref().map(of_command).transpose()
}

/// The surroundings of a command. Clocks and randomness are the same each time.
///
/// # Errors
///
/// When a file cannot be called what it is to be called.
pub fn of_command(command: &WasiRun) -> Result<(Wasi, Printed), String> {
    let printed = Printed::default();
    let mut wasi = Wasi::new()
        .args(&command.args)
        .stdin(std::io::Cursor::new(command.stdin.clone()))
        .stdout(printed.stdout.clone())
        .stderr(printed.stderr.clone())
        .steady_clock(0, 1_000_000)
        .random_seed(1);
    for (name, value) in &command.env {
        wasi = wasi.env(name, value);
    }
    for file in &command.files {
        wasi = wasi
            .file(&file.guest, file.bytes.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok((wasi, printed))
}

impl Printed {
    /// What was written to standard output.
    ///
    /// # Errors
    ///
    /// When something was written to standard error.
    pub fn stdout(&self) -> Result<Vec<u8>, String> {
        let stderr = self.stderr.take();
        if !stderr.is_empty() {
            let text: String = String::from_utf8_lossy(&stderr).chars().take(500).collect();
            return Err(format!("it writes to standard error: {}", text.trim()));
        }
        Ok(self.stdout.take())
    }

    /// Compares exit code and outputs with what the manifest expects.
    ///
    /// # Errors
    ///
    /// What differs, for people.
    pub fn verify(&self, expected: &WasiRun, code: u32) -> Result<(), String> {
        let stdout = self.stdout()?;
        if code != expected.exit_code {
            return Err(format!("expected exit code {}, got {code}", expected.exit_code));
        }
        if !expected.matches(&stdout) {
            let begin = String::from_utf8_lossy(&stdout[..stdout.len().min(200)]).into_owned();
            return Err(format!(
                "it prints other than expected, {} bytes that begin {begin:?}",
                stdout.len()
            ));
        }
        Ok(())
    }
}

/// Compares everything that came of a call with what a run should give: results or an exit code, what was printed, memory.
///
/// # Errors
///
/// What differs, or what went wrong.
pub fn ended(
    run: &Run,
    vm: &Vm,
    instance: Instance,
    printed: Option<&Printed>,
    outcome: Result<Vec<Value>, Error>,
) -> Result<(), String> {
    let (results, code) = match outcome {
        Ok(results) => (results, 0),
        Err(error) => (Vec::new(), exit_code(&error).ok_or_else(|| error.to_string())?),
    };
    if let (Some(command), Some(printed)) = (&run.wasi, printed) {
        printed.verify(command, code)?;
    }
    check(run, vm, instance, results)
}

/// WASI for engines that are not ours: the surroundings behind a handle that any host function can hold. Clones share
/// them.
#[derive(Clone, Debug)]
pub struct Host(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    context: Context,
    exit: Option<u32>,
    apart: Timing,
}

impl Host {
    /// A host with these surroundings.
    pub fn new(context: Context) -> Host {
        Host(Arc::new(Mutex::new(State {
            context,
            exit: None,
            apart: Timing::default(),
        })))
    }

    /// Carries out a function. The result is the error number that the program gets.
    ///
    /// # Errors
    ///
    /// [`Exit`] when the program has ended itself: the engine's function must then fail, with whatever error the engine
    /// has. The exit code is remembered here.
    pub fn call<N: Number>(&self, function: Function, args: &[N], memory: Option<&mut [u8]>) -> Result<i32, Exit> {
        // WASI has numbers only, so that nothing is lost.
        let slots = args.iter().map(|arg| arg.get().map_or(0, |value| value.bits()));
        let slots: Vec<u64> = slots.collect();
        let mut state = self.state();
        match state.context.call(function, &slots, memory.unwrap_or_default()) {
            Ok(errno) => Ok(errno.0.into()),
            Err(exit) => {
                state.exit = Some(exit.0);
                Err(exit)
            }
        }
    }

    /// Does something whose time is not the engine's: what its interface makes us do and what a program compiled for it
    /// would not need.
    pub fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        let (result, timing) = Timing::of(work);
        self.state().apart += timing;
        result
    }

    /// The code with which the program has ended itself.
    pub fn exit(&self) -> Option<u32> {
        self.state().exit
    }

    /// Time that [`Host::apart`] took, all together.
    pub fn time_apart(&self) -> Timing {
        self.state().apart
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // One thread only: it can be poisoned by a panic that has ended the run anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a parameter of a WASI function is 64 bits wide; the others have 32.
pub fn is_long(param: ValType) -> bool {
    param == ValType::I64
}

/// Whether a WASI function has a result, which is an `i32` then.
pub fn has_result(function: Function) -> bool {
    function != Function::ProcExit
}

/// Parameters and result of a WASI function, from an engine's names for `i32` and `i64`.
pub fn signature<T: Clone>(function: Function, i32: T, i64: T) -> (Vec<T>, Option<T>) {
    let params = function.params().iter();
    let params = params.map(|&param| if is_long(param) { i64.clone() } else { i32.clone() });
    (params.collect(), has_result(function).then_some(i32))
}
