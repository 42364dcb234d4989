//! WASI for engines that are not ours: the same surroundings behind a handle that any host function can hold.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasm_dispatch::ValType;
use wasm_dispatch::wasi::{Context, Exit, Function};

use crate::engine::Timing;

/// What a command's imported functions act on. Clones share it.
#[derive(Clone, Debug)]
pub struct Host(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    context: Context,
    exit: Option<u32>,
    aside: Timing,
}

impl Host {
    /// A host with these surroundings.
    pub fn new(context: Context) -> Host {
        let aside = Timing {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
        };
        Host(Arc::new(Mutex::new(State {
            context,
            exit: None,
            aside,
        })))
    }

    /// Carries out a function. The result is the error number that the program gets.
    ///
    /// # Errors
    ///
    /// [`Exit`] when the program has ended itself: the engine's function must then fail, with whatever error the engine
    /// has. The exit code is remembered here.
    pub fn call(&self, function: Function, args: &[u64], memory: &mut [u8]) -> Result<i32, Exit> {
        let mut state = self.state();
        match state.context.call(function, args, memory) {
            Ok(errno) => Ok(errno.0.into()),
            Err(exit) => {
                state.exit = Some(exit.0);
                Err(exit)
            }
        }
    }

    /// Does something whose time is not the engine's: what its interface makes us do and what a program compiled for it
    /// would not need.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        let (result, timing) = Timing::of(work);
        let aside = &mut self.state().aside;
        aside.wall += timing.wall;
        aside.cpu += timing.cpu;
        result
    }

    /// The code with which the program has ended itself.
    pub fn exit(&self) -> Option<u32> {
        self.state().exit
    }

    /// Time that [`Host::aside`] took, all together.
    pub fn time_aside(&self) -> Timing {
        self.state().aside
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
