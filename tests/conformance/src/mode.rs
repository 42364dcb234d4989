//! How a program is run: as a whole, or with suspensions that must not make a difference.

use wasm_dispatch::{
    Error, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, Snapshot, Strategy, Value, Vm,
};

use crate::random::{Random, strategies};

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
    /// Paused at random; often the machine is then written down as bytes and dropped, and the call goes on in another
    /// one under another strategy. All of it is chosen by this seed.
    Moving(u64),
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
            Mode::Hopping(_) | Mode::Moving(_) => Limits::default().call_depth(1000),
            _ => Limits::default(),
        }
    }
}

/// Makes the instances of a machine again in a fresh one, without running start functions; returns the one that is called.
type Rebuild<'a> = Box<dyn Fn(&mut Vm) -> Result<Instance, Error> + 'a>;

/// A machine that runs in a mode.
pub struct Runner<'a> {
    /// The machine. While a call runs in [`Mode::Moving`] it is replaced by others.
    pub vm: Vm,
    rebuild: Option<Rebuild<'a>>,
    /// The instance in this machine that stands for the one called, once that was in another machine.
    rebuilt: Option<Instance>,
    mode: Mode,
    strategy: Strategy,
    random: Random,
    /// Instructions that were paid for so far.
    pub fuel: u64,
    /// Times that a call was paused and went on.
    pub hops: u64,
    /// Times that it went on in another machine.
    pub moves: u64,
}

impl<'a> Runner<'a> {
    /// A machine without instances.
    pub fn new(strategy: Strategy, mode: Mode) -> Runner<'a> {
        let mut vm = Vm::with(strategy, mode.limits());
        let seed = match mode {
            Mode::Stepping => {
                vm.set_slice(0);
                0
            }
            Mode::Hopping(seed) | Mode::Moving(seed) => seed,
            _ => 0,
        };
        Runner {
            vm,
            rebuild: None,
            rebuilt: None,
            mode,
            strategy,
            random: Random::new(seed),
            fuel: 0,
            hops: 0,
            moves: 0,
        }
    }

    /// How the other machines of [`Mode::Moving`] get their instances; without it a call stays where it is.
    pub fn set_rebuild(&mut self, rebuild: impl Fn(&mut Vm) -> Result<Instance, Error> + 'a) {
        self.rebuild = Some(Box::new(rebuild));
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

    /// The instance in the present machine that stands for the one that was instantiated.
    pub fn present(&self, instance: Instance) -> Instance {
        self.rebuilt.unwrap_or(instance)
    }

    /// Calls an export.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub fn call(&mut self, instance: Instance, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let instance = self.present(instance);
        if !matches!(self.mode, Mode::Hopping(_) | Mode::Moving(_)) {
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
            let most = match self.mode {
                Mode::Moving(_) => 16 << (self.moves >> 2).min(16),
                _ => 8 + (self.hops as usize >> 5).min(1 << 20),
            };
            given = self.vm.fuel().unwrap_or(0) + self.random.below(most) as u64;
            let next = *self.random.pick(strategies());
            if matches!(self.mode, Mode::Moving(_)) && self.random.chance(60) {
                self.go_elsewhere(next)?;
            } else {
                self.vm.set_strategy(next);
            }
            self.supply(given)?;
            self.hops += 1;
            result = self.vm.resume();
        }
        self.settle(given);
        result
    }

    /// Writes the machine down, and goes on with one that was made from those bytes.
    fn go_elsewhere(&mut self, strategy: Strategy) -> Result<(), Error> {
        let Some(rebuild) = &self.rebuild else { return Ok(()) };
        let snapshot = self.vm.snapshot()?;
        let (bytes, fuel) = (snapshot.to_bytes(), self.vm.fuel());
        self.vm = Vm::with(strategy, self.mode.limits());
        self.vm.set_out_of_fuel(OutOfFuel::Pause);
        self.rebuilt = Some(rebuild(&mut self.vm)?);
        self.vm.restore(&Snapshot::from_bytes(&bytes)?)?;
        assert_eq!(self.vm.fuel(), fuel, "fuel of the restored machine");
        assert_eq!(self.vm.snapshot()?, snapshot, "a snapshot of the restored machine");
        self.moves += 1;
        Ok(())
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
