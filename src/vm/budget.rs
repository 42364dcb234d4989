//! How long a program may run, and how it is stopped.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use wasm_dispatch_machine::state::State;

use super::tiers::FirstTier;
use crate::types::Pause;

/// Instructions that a program runs before the machine looks for interrupts: tens of microseconds under a fast strategy, and
/// well below a millisecond under a slow one whose every access misses the caches.
const SLICE: u64 = 1 << 15;

/// The stand-in for a function that has not arrived costs more than this, so it never runs.
const MAX_SLICE: u64 = u32::MAX as u64 - 1;

/// What happens when the fuel is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutOfFuel {
    /// The program traps with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel).
    #[default]
    Trap,
    /// The call ends with [`ErrorKind::Paused`](crate::ErrorKind::Paused) and can be resumed with more fuel. Add to what is left
    /// ([`Vm::fuel`](crate::Vm::fuel)): a single instruction may need more than one portion.
    Pause,
}

/// The runs of a machine, by number: a call from the host is one, and each time that a paused one is resumed another.
#[derive(Debug, Default)]
struct Runs {
    /// The run in progress, or the last one.
    current: AtomicU64,
    /// The runs that are to be paused, those of even and of odd numbers: the highest of each that was asked for. An interrupt
    /// is for the run in progress or for the next.
    stopped: [AtomicU64; 2],
    /// Who waits, in a host function, to be woken when it changes.
    waiting: Mutex<Option<Waker>>,
}

impl Runs {
    fn stopped(&self, run: u64) -> &AtomicU64 {
        &self.stopped[(run % 2) as usize]
    }

    fn is_stopped(&self) -> bool {
        let current = self.current.load(Relaxed);
        self.stopped(current).load(Relaxed) == current
    }
}

/// Stops a running program from outside, from any thread.
///
/// A run is a call from the host, or the resumption of a paused call. An interrupt stops one run and no other:
/// one that comes too late, after the run has ended, does nothing.
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    runs: Arc<Runs>,
    /// The run that this speaks of; `None`: the one in progress.
    only: Option<u64>,
}

impl InterruptHandle {
    /// Pauses the run in progress; a handle for [one run](crate::Vm::next_run_handle) pauses that run, even if it has not begun.
    /// It takes effect where the module's [`Metering`](crate::Metering) allows a stop, within one slice
    /// ([`Vm::set_slice`](crate::Vm::set_slice)). Once the run has ended it does nothing.
    pub fn interrupt(&self) {
        let run = self.only.unwrap_or_else(|| self.runs.current.load(Relaxed));
        // Late, it takes nothing back.
        self.runs.stopped(run).fetch_max(run, Relaxed);
        let waiting = self.runs.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

/// Says when the run in progress is to be paused.
#[derive(Debug)]
pub(super) struct Stop(Arc<Runs>);

impl Stop {
    /// Ready when it is. One at a time is told when that changes.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        // Left before looking, so that an interrupt between the two is not missed.
        let waker = Some(context.waker().clone());
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) = waker;
        if self.0.is_stopped() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// What the programs of a machine may use up.
#[derive(Debug)]
pub(super) struct Budget {
    /// Fuel besides what is in the machine's slice; `None` without a limit.
    reserve: Option<u64>,
    pub(super) out_of_fuel: OutOfFuel,
    slice: u64,
    /// Until the machine has run for as long as it shall under its first strategy.
    pub(super) first_tier: Option<FirstTier>,
    runs: Arc<Runs>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            reserve: None,
            out_of_fuel: OutOfFuel::default(),
            slice: SLICE,
            first_tier: None,
            runs: Arc::default(),
        }
    }
}

impl Budget {
    pub(super) fn handle(&self) -> InterruptHandle {
        InterruptHandle {
            runs: self.runs.clone(),
            only: None,
        }
    }

    /// A handle for the next run.
    pub(super) fn next_handle(&self) -> InterruptHandle {
        InterruptHandle {
            runs: self.runs.clone(),
            only: Some(self.runs.current.load(Relaxed) + 1),
        }
    }

    pub(super) fn stop(&self) -> Stop {
        Stop(self.runs.clone())
    }

    /// A run begins.
    pub(super) fn begin_run(&self) {
        self.runs.current.store(self.runs.current.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn is_limited(&self) -> bool {
        self.reserve.is_some()
    }

    pub(super) fn set_slice(&mut self, state: &mut State, slice: u64) {
        self.slice = slice.min(MAX_SLICE);
        if let Some(reserve) = &mut self.reserve {
            *reserve = reserve.saturating_add(state.slice);
        }
        state.slice = 0;
    }

    pub(super) fn set_fuel(&mut self, slice: &mut u64, fuel: Option<u64>) {
        // The next meter asks for a slice.
        *slice = 0;
        self.reserve = fuel;
    }

    pub(super) fn fuel(&self, state: &State) -> Option<u64> {
        Some(self.reserve?.saturating_add(state.slice))
    }

    /// Gives the machine a slice that holds `cost`, or says why not.
    pub(super) fn grant(&mut self, state: &mut State, cost: u64) -> Result<(), Pause> {
        if self.runs.is_stopped() {
            return Err(Pause::Interrupted);
        }
        let of_tier = self.first_tier.as_ref().map_or(u64::MAX, |tier| tier.left);
        let wanted = self.slice.min(of_tier).max(cost);
        match &mut self.reserve {
            None => state.slice = wanted,
            Some(reserve) => {
                let total = reserve.saturating_add(state.slice);
                if total < cost {
                    return Err(Pause::OutOfFuel);
                }
                state.slice = total.min(wanted);
                *reserve = total - state.slice;
            }
        }
        if let Some(tier) = &mut self.first_tier {
            tier.left = tier.left.saturating_sub(state.slice);
        }
        Ok(())
    }
}
