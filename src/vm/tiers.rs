//! A machine that begins under one strategy and goes on under another once it has run for a while.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::module::Module;
use crate::strategy::{Engine, Strategy};

/// Two strategies for one machine: programs begin under one that starts quickly and go on under one that runs fast, see
/// [`VmOptions::tiers`](crate::VmOptions::tiers).
///
/// A machine changes once, where the running program checks for fuel and interrupts, in the middle of whatever it is doing: a
/// program's state does not depend on the strategy, so a running loop goes on in its next turn. Functions are compiled for the second
/// strategy when they are next entered or returned to. That takes time, the more the more code a program uses, so a program that runs
/// much code a few times stays longer where it is ([`Tiers::reuse`]).
/// Results, traps, fuel and snapshots are those of a machine with one strategy.
///
/// Modules must be made with [`Metering`](crate::Metering), of interrupts or of fuel: without it, programs check nothing, and
/// [`Vm::instantiate`](crate::Vm::instantiate) refuses them with an error that says so. It also refuses all modules where this system
/// cannot run the second strategy ([`Strategy::refusal`]).
///
/// ```
/// use wasm_dispatch::{Imports, Metering, Module, Strategy, Tiers, Value, Vm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str(
///     r#"(module (func (export "count") (param i32) (result i32)
///         (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
///         (local.get 0)))"#,
/// )?;
/// let module = Module::options().metering(Metering::Interrupts).compile(&wasm)?;
///
/// // The default, and then machine code, if this build and this system have that; otherwise two interpreters.
/// let makes_code = |strategy: &Strategy| strategy.makes_code() && strategy.refusal().is_none();
/// let tiers = match Strategy::ALL.iter().copied().find(makes_code) {
///     Some(compiled) => Tiers::new(Strategy::default(), compiled, 30_000),
///     None => Tiers::new(Strategy::best_safe(), Strategy::default(), 30_000),
/// };
/// let mut vm = Vm::options().tiers(tiers).build(());
/// let instance = vm.instantiate(&module, &Imports::new())?;
/// assert_eq!(vm.strategy_name(), tiers.start.name());
/// vm.call(instance, "count", &[Value::I32(1_000_000)])?;
/// assert_eq!(vm.strategy_name(), tiers.then.name());
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
    /// Instructions that the machine runs under the first at least, counted as [`Metering::Fuel`](crate::Metering::Fuel) counts
    /// them.
    pub after: u64,
    /// What making the second's code must be worth: instructions that the machine runs under the first at least for each statement
    /// whose code the change would have to make. In each module these are the statements of lowered code in the functions that were
    /// compiled for the first because a program called them, less all that is compiled for the second. The machine changes when it has
    /// run as many as both this and [`after`](Tiers::after) ask for. Modules that were compiled for the first beforehand
    /// ([`Module::compile`]) do not delay it.
    pub reuse: u64,
}

/// [`Tiers::reuse`] if nobody says otherwise: of 30, 100, 150 and 250 the one with the fewest runs of 1 to 100 ms that are too long, by
/// the part `tiers` of benches/suspension. To make machine code of a statement takes about as long as to run a hundred instructions under
/// the default.
const REUSE: u64 = 100;

impl Tiers {
    /// From one strategy to another, after this many instructions at least.
    pub fn new(start: Strategy, then: Strategy, after: u64) -> Tiers {
        Tiers {
            start,
            then,
            after,
            reuse: REUSE,
        }
    }

    /// The same with another [`reuse`](Tiers::reuse).
    pub fn with_reuse(self, reuse: u64) -> Tiers {
        Tiers { reuse, ..self }
    }
}

/// The first tier of a machine.
pub(super) struct FirstTier {
    /// Instructions that it may still run before it is asked again whether it ends.
    pub left: u64,
    /// Instructions that it has been given.
    given: u64,
    reuse: u64,
    /// What comes then. Made beforehand, so that programs without tiers hold no strategies that they do not use.
    pub then: Box<dyn Engine>,
}

/// It is not asked again before this many more.
const LEAST: u64 = 1 << 12;

impl FirstTier {
    pub fn new(tiers: Tiers) -> FirstTier {
        FirstTier {
            left: tiers.after,
            given: tiers.after,
            reuse: tiers.reuse,
            then: tiers.then.engine(),
        }
    }

    /// Whether it has run for long enough that the next one's code is worth making. If not, it gets more to run.
    pub fn ends(&mut self, now: &dyn Engine, modules: &[Module]) -> bool {
        if self.left > 0 {
            return false;
        }
        let wanted = self.reuse.saturating_mul(missing(now, &*self.then, modules));
        self.left = match wanted.saturating_sub(self.given) {
            0 => return true,
            more => more.max(LEAST),
        };
        self.given = self.given.saturating_add(self.left);
        false
    }
}

/// Statements that were compiled for one strategy because programs called them, less those that there are for the other.
fn missing(called: &dyn Engine, then: &dyn Engine, modules: &[Module]) -> u64 {
    let of = |module: &Module| called.made(module).called.saturating_sub(then.made(module).all);
    let mut seen = HashSet::new();
    let modules = modules.iter().filter(|module| seen.insert(Arc::as_ptr(&module.inner)));
    modules.map(of).sum()
}

impl fmt::Debug for FirstTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instructions, then {}", self.left, self.then.name())
    }
}
