//! What can be chosen when a machine is made.

use std::fmt;

use wasm_dispatch_machine::backend::Backend;

use super::Vm;
use crate::limits::Limits;
use crate::strategy::{Engine, Strategy, engine_of};

/// What a machine is made with, see [`Vm::options`].
#[derive(Default)]
#[must_use = "options make a machine through `build`"]
pub struct VmOptions {
    /// `None`: the default strategy's.
    engine: Option<Box<dyn Engine>>,
    limits: Limits,
}

impl VmOptions {
    /// The strategy, by name.
    pub fn strategy(mut self, strategy: Strategy) -> VmOptions {
        self.engine = Some(strategy.engine());
        self
    }

    /// The strategy by type, this library's or one of your own.
    pub fn backend<B: Backend>(mut self) -> VmOptions {
        self.engine = Some(engine_of::<B>());
        self
    }

    /// The limits.
    pub fn limits(mut self, limits: Limits) -> VmOptions {
        self.limits = limits;
        self
    }

    /// The machine, which holds this data of the host's.
    pub fn build<T>(self, data: T) -> Vm<T> {
        let engine = self.engine.unwrap_or_else(|| Strategy::default().engine());
        Vm::from_engine(engine, self.limits, data)
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
