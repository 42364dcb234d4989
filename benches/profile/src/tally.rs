//! A strategy that counts how often each block runs. Blocks are straight lines, so that says how often everything in them
//! does.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::code::FunctionBody;
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::sample::step;
use wasm_dispatch_machine::state::Machine;

/// The plain evaluator, counting.
pub struct Tally;

/// A function and how often each of its blocks ran.
pub struct Counted {
    /// The function.
    pub body: FunctionBody,
    /// By block.
    pub runs: Vec<AtomicU64>,
}

/// What was compiled since the last [`take`]: the tool runs one workload at a time.
static COMPILED: Mutex<Vec<Arc<Counted>>> = Mutex::new(Vec::new());

/// The functions compiled since the last time.
pub fn take() -> Vec<Arc<Counted>> {
    std::mem::take(&mut COMPILED.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Backend for Tally {
    const NAME: &'static str = "tally";
    type Code = Arc<Counted>;

    fn compile(body: &FunctionBody) -> Arc<Counted> {
        let counted = Arc::new(Counted {
            body: body.clone(),
            runs: body.blocks.iter().map(|_| AtomicU64::new(0)).collect(),
        });
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.push(counted.clone());
        counted
    }

    fn code_bytes(_code: &Arc<Counted>) -> usize {
        0
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, |code, state, window, block| {
            code.runs[block as usize].fetch_add(1, Relaxed);
            step(&code.body, state, window, block)
        })
    }
}
