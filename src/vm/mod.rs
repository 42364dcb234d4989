//! The mutable machine: instances, calls, and everything that a host may access.

mod access;
mod asynchronous;
mod backtrace;
mod budget;
mod call;
mod handles;
mod host;
mod imports;
mod instantiate;
mod pause;
mod run;
#[cfg(feature = "snapshot")]
mod snapshot;
mod value;

use std::fmt;

use wasm_dispatch_machine::backend::Backend;
use wasm_dispatch_machine::state::Machine;

pub use self::asynchronous::AsyncCaller;
pub use self::budget::{InterruptHandle, OutOfFuel};
pub use self::call::TypedFunc;
pub use self::handles::{Extern, Func, Global, Instance, Memory, Table};
pub use self::host::{Caller, HostError, HostResults, IntoHostFunction};
pub use self::imports::Imports;
pub use self::run::HostPanic;
#[cfg(feature = "snapshot")]
pub use self::snapshot::Snapshot;
pub use self::value::{ExternRef, Value, WasmTuple, WasmType};
use crate::limits::Limits;
use crate::module::Module;
use crate::strategy::{Engine, Strategy, engine_of};

/// A virtual machine: it holds instances of modules and runs their functions, under one dispatch strategy.
///
/// ```
/// use wasm_dispatch::{Imports, Module, Vm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str(
///     r#"(module (func (export "add") (param i32 i32) (result i32)
///         local.get 0 local.get 1 i32.add))"#,
/// )?;
/// let module = Module::new(&wasm)?;
/// let mut vm = Vm::new();
/// let instance = vm.instantiate(&module, &Imports::new())?;
/// let add = vm.typed_func::<(i32, i32), i32>(instance, "add")?;
/// assert_eq!(vm.call_typed(add, (2, 3))?, 5);
/// # Ok(())
/// # }
/// ```
///
/// # Handles
///
/// [`Instance`], [`Func`], [`TypedFunc`], [`Memory`], [`Table`] and [`Global`] name something inside the machine that gave
/// them out, and stay valid as long as that lives: nothing is removed from a machine. Any other machine refuses them with
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage), in calls, as imports, and as functions inside of values.
pub struct Vm {
    id: handles::VmId,
    machine: Machine,
    engine: Box<dyn Engine>,
    modules: Vec<Module>,
    hosts: Vec<host::HostFunction>,
    limits: Limits,
    budget: budget::Budget,
    /// The function whose call is paused.
    paused: Option<u32>,
    /// Asynchronous host functions that wait inside each other.
    nested: u32,
}

impl Default for Vm {
    fn default() -> Self {
        Vm::new()
    }
}

impl Vm {
    /// A machine with the default strategy and limits.
    pub fn new() -> Vm {
        Vm::with(Strategy::default(), Limits::default())
    }

    /// A machine with a strategy chosen by name, and limits.
    pub fn with(strategy: Strategy, limits: Limits) -> Vm {
        Vm::from_engine(strategy.engine(), limits)
    }

    /// A machine with a strategy chosen by type, this library's or one of your own, and limits.
    pub fn with_backend<B: Backend>(limits: Limits) -> Vm {
        Vm::from_engine(engine_of::<B>(), limits)
    }

    fn from_engine(engine: Box<dyn Engine>, limits: Limits) -> Vm {
        let mut machine = Machine::new(limits.machine());
        // The first meter asks for a slice.
        machine.state.slice = 0;
        Vm {
            id: handles::VmId::next(),
            machine,
            engine,
            modules: Vec::new(),
            hosts: Vec::new(),
            limits,
            budget: budget::Budget::default(),
            paused: None,
            nested: 0,
        }
    }

    /// The name of the machine's strategy.
    pub fn strategy_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Changes the strategy. A paused call continues under the new one: a program's state does not depend on the strategy.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.engine = strategy.engine();
        for module in &self.modules {
            self.engine.add_instance(module);
        }
        self.machine.state.forget_native();
    }

    /// The machine's limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("strategy", &self.strategy_name())
            .field("instances", &self.modules.len())
            .finish_non_exhaustive()
    }
}
