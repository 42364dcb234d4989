//! How long a program may run, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wasm_dispatch_machine::state::State;

use crate::types::Pause;

/// Instructions that a program runs before the machine looks for interrupts: about a millisecond under a slow strategy.
const SLICE: u64 = 1 << 18;

/// The stand-in for a function that has not arrived costs more than this, so it never runs.
const MAX_SLICE: u64 = u32::MAX as u64 - 1;

/// What happens when the fuel is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutOfFuel {
    /// The program traps with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel).
    #[default]
    Trap,
    /// The call ends with [`ErrorKind::Paused`](crate::ErrorKind::Paused) and can be resumed with more fuel.
    Pause,
}

/// Stops a running program from outside, from any thread.
#[derive(Clone, Debug)]
pub struct InterruptHandle(Arc<AtomicBool>);

impl InterruptHandle {
    /// Pauses the call that is running, or else the next one, where its module lets it be stopped (see
    /// [`Metering`](crate::Metering)): within some hundred thousand instructions.
    pub fn interrupt(&self) {
        self.0.store(true, Relaxed);
    }
}

/// What the programs of a machine may use up.
#[derive(Debug)]
pub(super) struct Budget {
    /// Fuel besides what is in the machine's slice; `None` without a limit.
    reserve: Option<u64>,
    pub(super) out_of_fuel: OutOfFuel,
    slice: u64,
    interrupted: Arc<AtomicBool>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            reserve: None,
            out_of_fuel: OutOfFuel::default(),
            slice: SLICE,
            interrupted: Arc::default(),
        }
    }
}

impl Budget {
    pub(super) fn handle(&self) -> InterruptHandle {
        InterruptHandle(self.interrupted.clone())
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

    pub(super) fn set_fuel(&mut self, state: &mut State, fuel: Option<u64>) {
        // The next meter asks for a slice.
        state.slice = 0;
        self.reserve = fuel;
    }

    pub(super) fn fuel(&self, state: &State) -> Option<u64> {
        Some(self.reserve?.saturating_add(state.slice))
    }

    /// Gives the machine a slice that holds `cost`, or says why not.
    pub(super) fn grant(&mut self, state: &mut State, cost: u64) -> Result<(), Pause> {
        if self.interrupted.swap(false, Relaxed) {
            return Err(Pause::Interrupted);
        }
        let wanted = self.slice.max(cost);
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
        Ok(())
    }
}
