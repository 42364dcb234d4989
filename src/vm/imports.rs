//! What a program is given to import.

use std::collections::HashMap;
use std::fmt;

use futures_core::future::BoxFuture;
use wasm_dispatch_ir::types::FuncType;

use super::Vm;
use super::asynchronous::AsyncCaller;
use super::caller::Caller;
use super::handles::Extern;
use super::host::{HostError, HostFunction, IntoHostFunction};
use super::value::{Value, WasmTuple};
#[cfg(feature = "wasi")]
use super::waiting::Wait;
use crate::error::Error;
use crate::module::Module;
use crate::types::ExternType;

/// Definitions by module and name, for [`Vm::instantiate`](crate::Vm::instantiate). Later definitions replace earlier
/// ones.
///
/// `T` is the [data](crate::Vm#data-of-the-hosts) of the machines that they are for. Host functions belong to no machine, so they
/// can be used for any number of modules, instances and machines; everything else belongs to one machine.
pub struct Imports<T = ()> {
    /// By module, then by name.
    definitions: HashMap<String, HashMap<String, Definition<T>>>,
}

pub(crate) enum Definition<T> {
    Host(HostFunction<T>),
    Extern(Extern),
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Definition<T> {
        match self {
            Definition::Host(function) => Definition::Host(function.clone()),
            Definition::Extern(item) => Definition::Extern(*item),
        }
    }
}

impl<T> Clone for Imports<T> {
    fn clone(&self) -> Imports<T> {
        Imports {
            definitions: self.definitions.clone(),
        }
    }
}

impl<T> Default for Imports<T> {
    fn default() -> Imports<T> {
        Imports {
            definitions: HashMap::new(),
        }
    }
}

impl<T> fmt::Debug for Imports<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self.definitions.iter();
        let names = modules.flat_map(|(module, names)| names.keys().map(move |name| (module, name)));
        f.debug_set().entries(names).finish()
    }
}

impl<T: 'static> Imports<T> {
    /// No definitions.
    pub fn new() -> Imports<T> {
        Imports::default()
    }

    /// Defines a host function from a closure with typed parameters. Its first parameter says what it may do: use its
    /// [`Caller`], call programs again through its [`ReentrantCaller`](crate::ReentrantCaller), or, without such a parameter,
    /// neither.
    ///
    /// ```
    /// # use wasm_dispatch::{Caller, Imports, Trap};
    /// let mut imports: Imports = Imports::new();
    /// imports.func("env", "add", |a: i32, b: i32| a.wrapping_add(b));
    /// imports.func("env", "peek", |caller: &mut Caller<'_>, address: u32| -> Result<u32, Trap> {
    ///     let mut byte = [0];
    ///     caller.read(address, &mut byte)?;
    ///     Ok(u32::from(byte[0]))
    /// });
    /// ```
    pub fn func<M>(
        &mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        function: impl IntoHostFunction<T, M>,
    ) -> &mut Self {
        let function = HostFunction::new(function);
        self.insert(module.into(), name.into(), Definition::Host(function))
    }

    /// Defines an asynchronous host function. It may wait for anything, use the caller's memory before and after, and call
    /// functions of programs. Programs reach it through [`Vm::call_async`](crate::Vm::call_async) and similar calls.
    ///
    /// ```
    /// # use wasm_dispatch::{AsyncCaller, Imports};
    /// # async fn fetch(_: u32) -> u64 { 0 }
    /// let mut imports = Imports::new();
    /// imports.func_async("env", "fetch", |_caller: AsyncCaller<'_>, key: u32| {
    ///     Box::pin(async move { Ok(fetch(key).await) })
    /// });
    /// ```
    pub fn func_async<P: WasmTuple, R: WasmTuple>(
        &mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        function: impl for<'a> Fn(AsyncCaller<'a, T>, P) -> BoxFuture<'a, Result<R, HostError>> + Send + Sync + 'static,
    ) -> &mut Self {
        let function = HostFunction::asynchronous(function);
        self.insert(module.into(), name.into(), Definition::Host(function))
    }

    /// Defines a host function of any type: the closure is given the arguments and must return results of that type.
    pub fn func_dynamic(
        &mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &[Value]) -> Result<Vec<Value>, HostError> + Send + Sync + 'static,
    ) -> &mut Self {
        let function = HostFunction::dynamic(ty, function);
        self.insert(module.into(), name.into(), Definition::Host(function))
    }

    /// Defines a host function of any kind.
    pub fn host(&mut self, module: impl Into<String>, name: impl Into<String>, function: HostFunction<T>) -> &mut Self {
        self.insert(module.into(), name.into(), Definition::Host(function))
    }

    /// Defines a host function of any type over slots that may wait: it is called again, with the same arguments, after what
    /// it returns. When it returns `None` its results have replaced the arguments. What it is given last says whether it is
    /// called again.
    #[cfg(feature = "wasi")]
    pub(crate) fn func_waiting(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &mut [u64], bool) -> Result<Option<Wait>, HostError> + Send + Sync + 'static,
    ) {
        self.insert(
            module.into(),
            name.into(),
            Definition::Host(HostFunction::waiting(ty, function)),
        );
    }

    /// Defines a host function of any type over slots: arguments stand in the first of them, results replace them.
    #[cfg(feature = "wasi")]
    pub(crate) fn func_slots(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &mut [u64]) -> Result<(), HostError> + Send + Sync + 'static,
    ) {
        let function = HostFunction::of_slots(ty, function);
        self.insert(module.into(), name.into(), Definition::Host(function));
    }

    /// Defines something that exists in the same [`Vm`](crate::Vm): an export of another instance, or a memory, table
    /// or global made by the host. One of another machine is refused when the module is instantiated.
    pub fn define(
        &mut self,
        module: impl Into<String>,
        name: impl Into<String>,
        definition: impl Into<Extern>,
    ) -> &mut Self {
        self.insert(module.into(), name.into(), Definition::Extern(definition.into()))
    }

    /// Makes up whatever a module imports that is not defined here: functions that fail with [`MadeUp`] when they are called,
    /// and memories, tables and globals in a machine, of the smallest size and full of zeros. That is enough for whatever a
    /// program does without its imports.
    ///
    /// ```
    /// # use wasm_dispatch::{Imports, Module, Vm};
    /// # let wasm = wat::parse_str(r#"(module (import "env" "log" (func)) (func (export "two") (result i32) (i32.const 2)))"#)?;
    /// let module = Module::new(&wasm)?;
    /// let mut vm = Vm::new();
    /// let mut imports = Imports::new();
    /// imports.make_up(&module, &mut vm)?;
    /// let instance = vm.instantiate(&module, &imports)?;
    /// let two = vm.typed_func::<(), i32>(instance, "two")?;
    /// # assert_eq!(vm.call_typed(two, ())?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Vm::new_memory`] and [`Vm::new_table`], if one would be too large.
    pub fn make_up(&mut self, module: &Module, vm: &mut Vm<T>) -> Result<&mut Self, Error> {
        for import in module.imports() {
            let (from, name) = (&*import.module, &*import.name);
            if self.get(from, name).is_some() {
                continue;
            }
            match import.ty.clone() {
                ExternType::Func(ty) => {
                    let made_up = MadeUp {
                        module: from.to_owned(),
                        name: name.to_owned(),
                    };
                    self.func_dynamic(from, name, ty, move |_, _| Err(made_up.clone().into()));
                }
                ExternType::Memory(ty) => {
                    self.define(from, name, vm.new_memory(ty)?);
                }
                ExternType::Table(ty) => {
                    self.define(from, name, vm.new_table(ty)?);
                }
                ExternType::Global(ty) => {
                    self.define(from, name, vm.new_global(Value::zero(ty.value), ty.mutable)?);
                }
            }
        }
        Ok(self)
    }

    fn insert(&mut self, module: String, name: String, definition: Definition<T>) -> &mut Self {
        self.definitions.entry(module).or_default().insert(name, definition);
        self
    }
}

impl<T> Imports<T> {
    pub(crate) fn get(&self, module: &str, name: &str) -> Option<&Definition<T>> {
        self.definitions.get(module)?.get(name)
    }
}

/// The source of [`ErrorKind::Host`](crate::ErrorKind::Host) when a program calls a function that [`Imports::make_up`] has made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MadeUp {
    /// The module that it was imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

impl fmt::Display for MadeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MadeUp { module, name } = self;
        write!(f, "'{name}' of '{module}' is made up and cannot be called")
    }
}

impl std::error::Error for MadeUp {}

macro_rules! from {
    ($($variant:ident)*) => {
        $(impl From<super::handles::$variant> for Extern {
            fn from(handle: super::handles::$variant) -> Extern {
                Extern::$variant(handle)
            }
        })*
    };
}

from! { Func Memory Table Global }
