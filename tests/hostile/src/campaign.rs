//! Many modules in one process, each within limits.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use cpu_time::ThreadTime;
use wasm_dispatch::Strategy;

use crate::modules::{Made, Source, module};
use crate::outcome::{load, outcome};

/// Heap bytes that a module may take at once under one strategy: for itself, its code, its memories and tables.
const MOST_BYTES: u64 = 192 << 20;

/// CPU time that loading a module, or all that follows under one strategy, may take: a hundred times what any does.
const MOST_TIME: Duration = Duration::from_secs(10);

/// What to try.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Where modules come from.
    pub source: Source,
    /// The first seed.
    pub from: u64,
    /// How many seeds; none: until the time is over.
    pub seeds: Option<u64>,
    /// How long.
    pub time: Option<Duration>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Modules that were tried.
    pub tried: u64,
    /// Those of them that were loaded, and went through all strategies.
    pub loaded: u64,
    /// Most heap bytes at once.
    pub most_bytes: u64,
    /// Most CPU time in one step.
    pub most_time: Duration,
    /// What went wrong, a line each.
    pub wrong: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} modules, of which {} were valid; at most {} heap bytes at once, and {:.1?} of CPU time in one step; {} went wrong",
            self.tried,
            self.loaded,
            self.most_bytes,
            self.most_time,
            self.wrong.len()
        )
    }
}

impl Campaign {
    /// Tries modules, and says from time to time how far it is.
    pub fn run(&self, mut says: impl FnMut(u64, &Found)) -> Found {
        let begun = Instant::now();
        let mut found = Found::default();
        for seed in (self.from..).take(
            self.seeds
                .map_or(usize::MAX, |seeds| usize::try_from(seeds).unwrap_or(usize::MAX)),
        ) {
            if self.time.is_some_and(|time| begun.elapsed() > time) {
                break;
            }
            if let Some(made) = module(self.source, seed) {
                found.tried += 1;
                if let Err(what) = found.step(&made) {
                    found.wrong.push(format!("{}: {what}", made.name));
                }
            }
            says(seed, &found);
        }
        found
    }
}

impl Found {
    /// Takes a module through everything.
    fn step(&mut self, made: &Made) -> Result<(), String> {
        let Ok(module) = self.within("loading", || load(&made.bytes))? else {
            return Ok(());
        };
        self.loaded += 1;
        let mut first = None;
        for &strategy in Strategy::ALL {
            let ended = self.within(strategy.name(), || outcome(&module, strategy))?;
            let first = first.get_or_insert_with(|| ended.clone());
            if *first != ended {
                let pair = first.iter().zip(&ended).find(|(one, other)| one != other);
                return Err(format!("{strategy} differs from {}: {pair:?}", Strategy::ALL[0]));
            }
        }
        Ok(())
    }

    /// Does something within the limits.
    fn within<T>(&mut self, what: &str, work: impl FnOnce() -> T) -> Result<T, String> {
        let begun = ThreadTime::now();
        let mut done = None;
        let info = measure(|| done = Some(catch_unwind(AssertUnwindSafe(work))));
        let taken = begun.elapsed();
        self.most_bytes = self.most_bytes.max(info.bytes_max);
        self.most_time = self.most_time.max(taken);
        let Some(Ok(done)) = done else {
            return Err(format!("{what} panicked"));
        };
        if info.bytes_max > MOST_BYTES {
            return Err(format!("{} heap bytes at once, {what}", info.bytes_max));
        }
        if taken > MOST_TIME {
            return Err(format!("{taken:?} of CPU time, {what}"));
        }
        Ok(done)
    }
}
