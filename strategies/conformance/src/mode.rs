//! How a program is run: as a whole, or with suspensions that must not make a difference.

use wasm_dispatch::{
    Error, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, Strategy, Value, Vm,
};

use crate::random::Random;

/// Fuel that no test uses up.
const PLENTY: u64 = 1 << 60;

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As production code would: nothing is metered.
    Whole,
    /// Metered, in slices of the usual size.
    Metered,
    /// Suspended at every resume point, and resumed.
    Stepping,
    /// Paused every few instructions, and resumed under another strategy, both chosen by this seed.
    Hopping(u64),
}

impl Mode {
    /// How modules must be made.
    pub fn metering(self) -> Metering {
        match self {
            Mode::Whole => Metering::Off,
            _ => Metering::Fuel,
        }
    }

    /// The limits of machines. Every hop looks at every frame, so recursion without end must end soon.
    pub fn limits(self) -> Limits {
        match self {
            Mode::Hopping(_) => Limits::default().call_depth(1000),
            _ => Limits::default(),
        }
    }
}

/// A machine that runs in a mode.
pub struct Runner {
    /// The machine.
    pub vm: Vm,
    mode: Mode,
    strategy: Strategy,
    random: Random,
    /// Instructions that were paid for so far.
    pub fuel: u64,
    /// Times that a call was paused and went on.
    pub hops: u64,
}

impl Runner {
    /// A machine without instances.
    pub fn new(strategy: Strategy, mode: Mode) -> Runner {
        let mut vm = Vm::with(strategy, mode.limits());
        let seed = match mode {
            Mode::Stepping => {
                vm.set_slice(0);
                0
            }
            Mode::Hopping(seed) => seed,
            _ => 0,
        };
        Runner {
            vm,
            mode,
            strategy,
            random: Random::new(seed),
            fuel: 0,
            hops: 0,
        }
    }

    /// Instantiates a module. Its start function runs without pauses.
    ///
    /// # Errors
    ///
    /// As [`Vm::instantiate`].
    pub fn instantiate(&mut self, module: &Module, imports: &Imports) -> Result<Instance, Error> {
        self.supply(PLENTY)?;
        let result = self.vm.instantiate(module, imports);
        self.settle(PLENTY);
        result
    }

    /// Calls an export.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub fn call(&mut self, instance: Instance, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        if !matches!(self.mode, Mode::Hopping(_)) {
            self.supply(PLENTY)?;
            let result = self.vm.call(instance, name, arguments);
            self.settle(PLENTY);
            return result;
        }
        self.vm.set_out_of_fuel(OutOfFuel::Pause);
        self.vm.set_strategy(self.strategy);
        let mut given = 0;
        self.supply(given)?;
        let mut result = self.vm.call(instance, name, arguments);
        while let Err(error) = &result
            && matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel))
        {
            self.settle(given);
            // Few at first; more later, so that long runs end.
            let most = 8 + (self.hops as usize >> 5).min(1 << 20);
            given = self.vm.fuel().unwrap_or(0) + self.random.below(most) as u64;
            self.vm.set_strategy(*self.random.pick(Strategy::ALL));
            self.supply(given)?;
            self.hops += 1;
            result = self.vm.resume();
        }
        self.settle(given);
        result
    }

    fn supply(&mut self, fuel: u64) -> Result<(), Error> {
        if self.mode == Mode::Whole {
            return Ok(());
        }
        self.vm.set_fuel(Some(fuel))
    }

    fn settle(&mut self, given: u64) {
        self.fuel += self.vm.fuel().map_or(0, |left| given - left);
    }
}
