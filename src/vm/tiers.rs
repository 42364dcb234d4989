//! A machine that begins under one strategy and goes on under another once it has run for a while.

use std::fmt;

use crate::strategy::{Engine, Strategy};

/// Two strategies for one machine: programs begin under one that starts quickly and go on under one that runs fast, see
/// [`VmOptions::tiers`](crate::VmOptions::tiers).
///
/// A machine changes once, where the running program checks for fuel and interrupts, in the middle of whatever it is doing: a
/// program's state does not depend on the strategy. Functions are compiled for the second strategy when they are next entered.
/// Results, traps, fuel and snapshots are those of a machine with one strategy.
///
/// ```
/// use wasm_dispatch::{Imports, Limits, Metering, Module, Strategy, Tiers, Value, Vm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str(
///     r#"(module (func (export "count") (param i32) (result i32)
///         (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
///         (local.get 0)))"#,
/// )?;
/// let module = Module::options().metering(Metering::Interrupts).compile(&wasm)?;
/// let tiers = Tiers::new(Strategy::best_safe(), Strategy::default(), 100_000);
/// let mut vm = Vm::options().tiers(tiers).build(());
/// let instance = vm.instantiate(&module, &Imports::new())?;
/// assert_eq!(vm.strategy_name(), Strategy::best_safe().name());
/// vm.call(instance, "count", &[Value::I32(1_000_000)])?;
/// assert_eq!(vm.strategy_name(), Strategy::default().name());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Tiers {
    /// The strategy to begin with.
    pub start: Strategy,
    /// The strategy to go on with.
    pub then: Strategy,
    /// Instructions that the machine runs under the first, counted as [`Metering::Fuel`](crate::Metering::Fuel) counts them.
    pub after: u64,
}

impl Tiers {
    /// From one strategy to another, after this many instructions.
    pub fn new(start: Strategy, then: Strategy, after: u64) -> Tiers {
        Tiers { start, then, after }
    }
}

/// The first tier of a machine.
pub(super) struct FirstTier {
    /// Instructions that it may still run.
    pub left: u64,
    /// What comes then. Made beforehand, so that programs without tiers hold no strategies that they do not use.
    pub then: Box<dyn Engine>,
}

impl fmt::Debug for FirstTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instructions, then {}", self.left, self.then.name())
    }
}
