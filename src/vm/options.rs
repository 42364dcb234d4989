//! What can be chosen when a machine is made.

use std::fmt;

use wasm_dispatch_machine::backend::Backend;
use wasm_dispatch_machine::limiter::Limiter;

use super::Vm;
use super::tiers::{FirstTier, Tiers};
use crate::limits::Limits;
use crate::strategy::{Engine, Strategy, engine_of};

/// What a machine is made with, see [`Vm::options`].
#[derive(Default)]
#[must_use = "options make a machine through `build`"]
pub struct VmOptions {
    /// `None`: the default strategy's.
    engine: Option<Box<dyn Engine>>,
    first_tier: Option<FirstTier>,
    limits: Limits,
    limiter: Option<Box<dyn Limiter>>,
}

impl VmOptions {
    /// The strategy, by name.
    pub fn strategy(mut self, strategy: Strategy) -> VmOptions {
        self.engine = Some(strategy.engine());
        self.first_tier = None;
        self
    }

    /// Two strategies, one after the other. Modules must have [`Metering`](crate::Metering): a program that cannot be
    /// stopped cannot change its strategy.
    pub fn tiers(self, tiers: Tiers) -> VmOptions {
        VmOptions {
            first_tier: Some(FirstTier::new(tiers)),
            ..self.strategy(tiers.start)
        }
    }

    /// The strategy by type, this library's or one of your own.
    pub fn backend<B: Backend>(mut self) -> VmOptions {
        self.engine = Some(engine_of::<B>());
        self.first_tier = None;
        self
    }

    /// The limits.
    pub fn limits(mut self, limits: Limits) -> VmOptions {
        self.limits = limits;
        self
    }

    /// Decides, within the limits and while programs run, what more the machine may have.
    ///
    /// ```
    /// use wasm_dispatch::{Demand, Imports, Module, Vm};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // A megabyte for all memories of the machine, and one instance.
    /// let mut left = 1 << 20;
    /// let limiter = move |demand: Demand| match demand {
    ///     Demand::Memory { from, to } => {
    ///         let allowed = to - from <= left;
    ///         left -= if allowed { to - from } else { 0 };
    ///         allowed
    ///     }
    ///     Demand::Instance { existing } => existing == 0,
    ///     _ => true,
    /// };
    /// let mut vm = Vm::options().limiter(limiter).build(());
    /// let module = Module::new(&wat::parse_str("(module (memory 10))")?)?;
    /// assert!(vm.instantiate(&module, &Imports::new()).is_ok());
    /// assert!(vm.instantiate(&module, &Imports::new()).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn limiter(mut self, limiter: impl Limiter + 'static) -> VmOptions {
        self.limiter = Some(Box::new(limiter));
        self
    }

    /// Makes the machine, with this data of the host's.
    pub fn build<T>(self, data: T) -> Vm<T> {
        let engine = self.engine.unwrap_or_else(|| Strategy::default().engine());
        let mut vm = Vm::from_engine(engine, self.limits, data);
        vm.budget.first_tier = self.first_tier;
        vm.set_limiter(self.limiter);
        vm
    }
}

impl fmt::Debug for VmOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VmOptions")
            .field("strategy", &self.engine.as_ref().map(|engine| engine.name()))
            .field("limits", &self.limits)
            .finish()
    }
}
