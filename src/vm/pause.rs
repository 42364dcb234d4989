//! Fuel, interrupts, and calls that stop in the middle.

use super::Vm;
use super::budget::{InterruptHandle, OutOfFuel};
use super::value::Value;
use crate::error::Error;
use crate::metering::Metering;
use crate::module::Module;

impl<T> Vm<T> {
    /// Sets how much the programs of this machine may still run; `None` means no limit. [`Metering::Fuel`] says what a unit
    /// is. All calls draw on the same supply.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) if a limit is set and a module of this machine is not metered by [`Metering::Fuel`].
    pub fn set_fuel(&mut self, fuel: Option<u64>) -> Result<(), Error> {
        check_paying(&self.modules, fuel)?;
        self.budget.set_fuel(&mut self.machine.state.slice, fuel);
        Ok(())
    }

    /// What is left of the fuel; `None` without a limit.
    pub fn fuel(&self) -> Option<u64> {
        self.budget.fuel(&self.machine.state)
    }

    /// Sets what happens when the fuel is used up.
    pub fn set_out_of_fuel(&mut self, what: OutOfFuel) {
        self.budget.out_of_fuel = what;
    }

    /// Sets how many instructions a program runs before it looks for interrupts and, in an asynchronous call, lets other
    /// tasks run. The default is 32,768: well below a millisecond. A stretch of straight code of up to 4,096 instructions runs
    /// as a whole.
    pub fn set_slice(&mut self, instructions: u64) {
        self.budget.set_slice(&mut self.machine.state, instructions);
    }

    /// A handle with which any thread can pause the program running in this machine.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.budget.handle()
    }

    /// A handle for one run: the next call in this machine, or the resumption of a paused one. To give a call a deadline, take
    /// the handle before the call begins: it stops that call however early the deadline comes, and no other call however late.
    ///
    /// Instantiating a module with a start function is a call as well.
    pub fn next_run_handle(&self) -> InterruptHandle {
        self.budget.next_handle()
    }

    /// Whether a call is paused and can be resumed.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Continues the paused call, and returns its results.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) when no call is paused; otherwise as for [`Vm::call`].
    pub fn resume(&mut self) -> Result<Vec<Value>, Error> {
        let func = self.take_paused()?;
        self.finish_blocking(func, None)?;
        Ok(self.results_at(func, self.floor.slot))
    }

    pub(super) fn take_paused(&mut self) -> Result<u32, Error> {
        let func = self.paused.take().ok_or_else(|| Error::usage("no call is paused"))?;
        if self.nested == 0 {
            self.budget.begin_run();
        }
        Ok(func)
    }

    /// Whether a module may be instantiated here.
    pub(super) fn check_metering(&self, module: &Module) -> Result<(), Error> {
        if let Some(tier) = &self.budget.first_tier {
            tier.then.check()?;
            if module.metering() == Metering::Off {
                return Err(Error::usage(
                    "the machine has tiers, but the module was made without metering: its programs could not change strategy",
                ));
            }
        }
        if self.budget.is_limited() { pays(module) } else { Ok(()) }
    }
}

/// Refuses to limit the fuel of modules that do not pay.
pub(super) fn check_paying(modules: &[Module], fuel: Option<u64>) -> Result<(), Error> {
    if fuel.is_some() {
        modules.iter().try_for_each(pays)?;
    }
    Ok(())
}

fn pays(module: &Module) -> Result<(), Error> {
    if module.metering() == Metering::Fuel {
        Ok(())
    } else {
        Err(Error::usage(
            "fuel is limited, but a module was not made with Metering::Fuel",
        ))
    }
}
