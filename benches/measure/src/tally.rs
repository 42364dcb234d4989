//! A strategy that counts how often each block runs. Blocks are straight lines, so that says how often everything in them
//! does.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_dispatch::ir::code::FunctionBody;
use wasm_dispatch::machine::backend::{Backend, Exit, Listing, Program};
use wasm_dispatch::machine::driver;
use wasm_dispatch::machine::host::Host;
use wasm_dispatch::machine::reference::{Reference, step};
use wasm_dispatch::machine::state::Machine;
use wasm_dispatch_workloads::{Run, Workload};

use wasm_dispatch_engines::Engine;
use wasm_dispatch_engines::Entrant;

/// The plain evaluator, counting.
pub struct Tally;

/// A function and how often each of its blocks ran.
pub struct Counted {
    /// The function.
    pub body: FunctionBody,
    runs: Vec<AtomicU64>,
}

impl Counted {
    /// How often each block ran.
    pub fn runs(&self) -> impl Iterator<Item = u64> {
        self.runs.iter().map(|runs| runs.load(Relaxed))
    }
}

/// What was compiled since it was last looked at.
static COMPILED: Mutex<Vec<Arc<Counted>>> = Mutex::new(Vec::new());

/// One workload is counted at a time.
static COUNTING: Mutex<()> = Mutex::new(());

/// Runs a workload and returns its functions, with how often their blocks ran.
///
/// # Errors
///
/// If it cannot be loaded, traps, or does not give what it should.
pub fn tally(workload: &Workload, run: &Run) -> Result<Vec<Arc<Counted>>, String> {
    let wasm = workload.wasm().map_err(|error| error.to_string())?;
    let (outcome, counted) = during(|| {
        let prepared = Entrant::of::<Tally>().engine().prepare(workload, &wasm);
        prepared.and_then(|mut prepared| prepared.run(run))
    });
    outcome.map(|_| counted)
}

/// Does something, and returns the functions of all machines that ran under [`Tally`] meanwhile, with how often their
/// blocks ran. Only one at a time: a second one waits.
pub fn during<T>(work: impl FnOnce() -> T) -> (T, Vec<Arc<Counted>>) {
    let _alone = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    take();
    let outcome = work();
    (outcome, take())
}

fn take() -> Vec<Arc<Counted>> {
    std::mem::take(&mut COMPILED.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Backend for Tally {
    const NAME: &'static str = "tally";
    const TERM: &'static str = Reference::TERM;
    const IDEA: &'static str = "the reference, which counts how often each block runs";
    const SAFE: bool = true;
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

    fn listing(body: &FunctionBody) -> Listing {
        Reference::listing(body)
    }

    fn code_bytes(_code: &Arc<Counted>) -> usize {
        0
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::run(program, machine, host, |code, state, window, block| {
            code.runs[block as usize].fetch_add(1, Relaxed);
            step(&code.body, state, window, block)
        })
    }
}
