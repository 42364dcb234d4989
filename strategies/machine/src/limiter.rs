//! What a machine asks before it takes more from its host.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Decides, while programs run and within the fixed limits, what more a machine may have. It is asked only for what those limits
/// allow.
///
/// Any closure that takes a [`Demand`] and returns a `bool` is one. A panic is a refusal.
pub trait Limiter: Send + Sync {
    /// Whether the machine may have this. If not, `memory.grow` and `table.grow` fail as the specification says, and
    /// a request by the host ends with an error.
    fn allow(&mut self, demand: Demand) -> bool;

    /// What was allowed was not taken after all: the host has no memory left, or an instantiation failed later on.
    fn failed(&mut self, demand: Demand) {
        let _ = demand;
    }
}

impl<F: FnMut(Demand) -> bool + Send + Sync> Limiter for F {
    fn allow(&mut self, demand: Demand) -> bool {
        self(demand)
    }
}

/// What a [`Limiter`] is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand {
    /// A memory is to be made, or to grow.
    Memory {
        /// Its bytes now; 0 if it is to be made.
        from: u64,
        /// Its bytes afterwards.
        to: u64,
    },
    /// A table is to be made, or to grow.
    Table {
        /// Its elements now, of 8 bytes each; 0 if it is to be made.
        from: u64,
        /// Its elements afterwards.
        to: u64,
    },
    /// An instance is to be made.
    Instance {
        /// The machine's instances so far.
        existing: u64,
    },
}

/// The limiter of a machine, if it has one.
#[derive(Default)]
pub struct Limited(Option<Box<dyn Limiter>>);

impl Limited {
    /// Asks this limiter from now on.
    pub fn set(&mut self, limiter: Option<Box<dyn Limiter>>) {
        self.0 = limiter;
    }

    /// Whether the machine may have this.
    pub fn allows(&mut self, demand: Demand) -> bool {
        // A panic must not pass through the code of a strategy, which may be unable to unwind.
        self.0.as_mut().is_none_or(|limiter| {
            let allowed = catch_unwind(AssertUnwindSafe(|| limiter.allow(demand)));
            allowed.unwrap_or(false)
        })
    }

    /// What was allowed could not be had.
    pub fn failed(&mut self, demand: Demand) {
        if let Some(limiter) = &mut self.0 {
            // What a limiter does with the news is its own affair.
            let _ = catch_unwind(AssertUnwindSafe(|| limiter.failed(demand)));
        }
    }
}

impl std::fmt::Debug for Limited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Limited" } else { "Unlimited" })
    }
}
