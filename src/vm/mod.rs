//! The mutable machine: instances, calls, and everything that the host may access.

mod access;
mod asynchronous;
mod backtrace;
mod budget;
mod call;
mod caller;
mod handles;
mod host;
mod imports;
mod instantiate;
mod options;
mod pause;
mod reentrant;
mod run;
#[cfg(feature = "snapshot")]
mod snapshot;
mod tiers;
mod value;
mod waiting;

use std::fmt;

use wasm_dispatch_machine::backend::Backend;
use wasm_dispatch_machine::state::Machine;

pub use self::asynchronous::AsyncCaller;
pub use self::budget::{InterruptHandle, OutOfFuel};
pub use self::call::TypedFunc;
pub use self::caller::{Address, Caller};
pub use self::handles::{Extern, Func, Global, Instance, Memory, Table};
pub use self::host::{HostError, HostFunction, HostResults, IntoHostFunction};
pub use self::imports::{Imports, MadeUp};
pub use self::options::VmOptions;
pub use self::reentrant::ReentrantCaller;
pub use self::run::HostPanic;
#[cfg(feature = "snapshot")]
pub use self::snapshot::Snapshot;
pub use self::tiers::Tiers;
pub use self::value::{ExternRef, Value, WasmTuple, WasmType};
use crate::limits::Limits;
use crate::module::Module;
use crate::strategy::{Engine, Strategy};

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
/// them out, and stay valid as long as that machine lives: nothing is removed from a machine. Any other machine refuses them with
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage), in calls, as imports, and as functions inside values.
///
/// # Data of the host's
///
/// A machine holds a value of a type of your choice, by default `()`. Every host function reaches it, without a lock:
/// through its [`Caller`], [`ReentrantCaller`] or [`AsyncCaller`].
///
/// ```
/// use wasm_dispatch::{Caller, Imports, Module, Vm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// struct Host {
///     log: Vec<i32>,
/// }
///
/// // Made once, used by any number of machines.
/// let mut imports = Imports::new();
/// imports.func("host", "log", |caller: &mut Caller<'_, Host>, value: i32| caller.data_mut().log.push(value));
///
/// let wasm = wat::parse_str(
///     r#"(module (import "host" "log" (func $log (param i32)))
///         (func (export "run") (call $log (i32.const 7))))"#,
/// )?;
/// let mut vm = Vm::with_data(Host { log: Vec::new() });
/// let instance = vm.instantiate(&Module::new(&wasm)?, &imports)?;
/// vm.call(instance, "run", &[])?;
/// assert_eq!(vm.data().log, [7]);
/// # Ok(())
/// # }
/// ```
pub struct Vm<T = ()> {
    id: handles::VmId,
    machine: Machine,
    engine: Box<dyn Engine>,
    /// Whether it can run here.
    engine_runs: bool,
    modules: Vec<Module>,
    hosts: Vec<host::HostFunction<T>>,
    data: T,
    limits: Limits,
    budget: budget::Budget,
    /// The function whose call is paused.
    paused: Option<u32>,
    /// A host function that waits, and is to be called again before the program goes on.
    waiting: Option<run::Pending>,
    /// Host functions that wait inside each other.
    nested: u32,
    floor: reentrant::Floor,
}

impl<T: Default> Default for Vm<T> {
    fn default() -> Self {
        Vm::with_data(T::default())
    }
}

impl Vm {
    /// A machine with the default strategy and limits.
    pub fn new() -> Vm {
        Vm::with_data(())
    }

    /// A machine with a strategy chosen by name, and limits.
    pub fn with(strategy: Strategy, limits: Limits) -> Vm {
        Vm::options().strategy(strategy).limits(limits).build(())
    }

    /// A machine with a strategy chosen by type, this library's or one of your own, and limits.
    pub fn with_backend<B: Backend>(limits: Limits) -> Vm {
        Vm::options().backend::<B>().limits(limits).build(())
    }

    /// Everything that can be chosen when a machine is made; what is left out has its default.
    ///
    /// ```
    /// use wasm_dispatch::{Limits, Strategy, Vm};
    ///
    /// let limits = Limits::default().call_depth(1_000);
    /// let vm = Vm::options().strategy(Strategy::best_safe()).limits(limits).build(String::from("the host's data"));
    /// assert_eq!(vm.data(), "the host's data");
    /// ```
    pub fn options() -> VmOptions {
        VmOptions::default()
    }
}

impl<T> Vm<T> {
    /// A machine with data of the host's, and the default strategy and limits. See [the data](Vm#data-of-the-hosts).
    pub fn with_data(data: T) -> Vm<T> {
        Vm::options().build(data)
    }

    fn from_engine(engine: Box<dyn Engine>, limits: Limits, data: T) -> Vm<T> {
        let mut machine = Machine::new(limits.machine());
        // The first meter asks for a slice.
        machine.state.slice = 0;
        Vm {
            id: handles::VmId::next(),
            machine,
            engine_runs: engine.refusal().is_none(),
            engine,
            modules: Vec::new(),
            hosts: Vec::new(),
            data,
            limits,
            budget: budget::Budget::default(),
            paused: None,
            waiting: None,
            nested: 0,
            floor: reentrant::Floor::default(),
        }
    }

    /// The name of the machine's strategy.
    pub fn strategy_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Changes the strategy. A paused call continues under the new one: a program's state does not depend on the strategy. A
    /// machine with [`Tiers`] gives them up and stays with this strategy.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.budget.first_tier = None;
        self.set_engine(strategy.engine());
    }

    fn set_engine(&mut self, engine: Box<dyn Engine>) {
        self.engine_runs = engine.refusal().is_none();
        self.engine = engine;
        for module in &self.modules {
            self.engine.add_instance(module);
        }
        self.machine.state.forget_native();
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        &self.data
    }

    /// The host's data, mutably.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.data
    }

    /// Ends the machine and returns the host's data.
    pub fn into_data(self) -> T {
        self.data
    }

    /// The machine's limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl<T> fmt::Debug for Vm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("strategy", &self.strategy_name())
            .field("instances", &self.modules.len())
            .finish_non_exhaustive()
    }
}
