//! Our strategy `threaded` with one technique left out, to see what it is worth.

use wasm_dispatch_threaded::{Techniques, Threaded};
use wasm_dispatch_workloads::Workload;

use crate::{Engine, Entrant, Ours, Prepared, Timing};

/// Leaves techniques out.
type Leave = fn(&mut Techniques);

/// Names, what is left out, and how.
pub const ALL: [(&str, &str, Leave); 12] = [
    ("without-triples", "two nodes share a handler, never three", |t| {
        t.triples = false
    }),
    ("without-pairs", "every node has its own dispatch", |t| t.pairs = false),
    (
        "without-jumps",
        "a loop calls the handlers, which return to it; there are no pairs then, so compare it with \
      without-pairs",
        |t| t.jumps = false,
    ),
    (
        "without-tests",
        "a comparison leaves its result in the accumulator, and a branch looks at it",
        |t| t.tests = false,
    ),
    (
        "without-sums",
        "an address that is a sum is computed by a node of its own",
        |t| t.sums = false,
    ),
    (
        "without-accumulators",
        "what was just written to a slot is read from there",
        |t| {
            t.accumulators = false;
            t.edges = false;
            t.loops = false;
        },
    ),
    (
        "without-moves",
        "values that only move overwrite what the accumulator caches",
        |t| t.moves = false,
    ),
    (
        "without-edges",
        "accumulators hold nothing at the beginning of a block",
        |t| t.edges = false,
    ),
    (
        "without-loops",
        "a loop of one block hands nothing on in the accumulator",
        |t| t.loops = false,
    ),
    ("without-copies", "jumps to short blocks are jumps", |t| {
        t.copies = false
    }),
    (
        "without-fusion",
        "no pairs, tests or sums: one operation, one dispatch",
        |t| {
            t.pairs = false;
            t.tests = false;
            t.sums = false;
        },
    ),
    ("plain", "no technique but jumps", |t| {
        *t = Techniques {
            jumps: true,
            pairs: false,
            triples: false,
            tests: false,
            sums: false,
            accumulators: false,
            moves: false,
            edges: false,
            loops: false,
            copies: false,
        };
    }),
];

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
    let (.., leave) = ALL
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| format!("no technique is left out by {name}"))?;
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
