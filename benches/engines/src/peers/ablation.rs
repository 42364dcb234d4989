//! Our strategy `threaded` with one technique left out, to see what it is worth.

use wasm_dispatch_threaded::{Techniques, Threaded};
use wasm_dispatch_workloads::Workload;

use crate::{Engine, Entrant, Ours, Prepared, Timing};

/// Leaves techniques out.
type Leave = fn(&mut Techniques);

/// Rows of [`ALL`]: a name, what becomes of that, and the techniques that are left out.
macro_rules! rows {
    ($($name:literal $what:literal: $($technique:ident)*;)*) => {
        &[$(($name, $what, |techniques| { $(techniques.$technique = false;)* })),*]
    };
}

/// Names, what is left out, and how.
pub const ALL: &[(&str, &str, Leave)] = rows! {
    "without-triples" "two nodes share a handler, never three": triples;
    "without-pairs" "every node has its own dispatch": pairs;
    "without-jumps" "a loop calls the handlers, which return to it; there are no pairs then, so compare it with \
                     without-pairs": jumps;
    "without-tests" "a comparison leaves its result in the accumulator, and a branch looks at it": tests;
    "without-sums" "an address that is a sum is computed by a node of its own": sums;
    "without-accumulators" "what was just written to a slot is read from there": accumulators vectors edges loops;
    "without-vectors" "vectors are written to their slots and read from there": vectors;
    "without-moves" "values that only move overwrite what the accumulator caches": moves;
    "without-edges" "accumulators hold nothing at the beginning of a block": edges;
    "without-loops" "a loop of one block hands nothing on in the accumulator": loops;
    "without-copies" "jumps to short blocks are jumps": copies;
    "without-fusion" "no pairs, tests or sums: one operation, one dispatch": pairs tests sums;
    "plain" "no technique but jumps": pairs triples tests sums accumulators vectors moves edges loops copies;
};

struct Without {
    name: String,
    techniques: Techniques,
    threaded: Ours,
}

/// The engine of this name.
///
/// # Errors
///
/// If there is none.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let found = ALL.iter().find(|(known, ..)| *known == name);
    let (.., leave) = found.ok_or_else(|| format!("no technique is left out by {name}"))?;
    let mut techniques = Techniques::ALL;
    leave(&mut techniques);
    Ok(Box::new(Without {
        name: name.to_string(),
        techniques,
        threaded: Entrant::of::<Threaded>().engine(),
    }))
}

impl Without {
    /// Compiles what `work` compiles without the technique.
    fn chosen<T>(&self, work: impl FnOnce() -> T) -> T {
        self.techniques.choose();
        let result = work();
        Techniques::ALL.choose();
        result
    }
}

impl Engine for Without {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        self.chosen(|| self.threaded.prepare(workload, wasm))
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        self.chosen(|| self.threaded.load(workload, wasm))
    }
}
