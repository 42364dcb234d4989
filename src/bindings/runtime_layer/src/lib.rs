#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod externs;
mod func;
mod module;
mod store;
mod types;

use wasm_dispatch::{Limits, ModuleOptions, Strategy};
use wasm_runtime_layer::backend::WasmEngine;

pub use self::externs::{Global, Memory, Table};
pub use self::func::{ExternRef, Func};
pub use self::module::{Instance, Module};
pub use self::store::{Store, StoreContext, StoreContextMut};

/// Makes modules and stores.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    options: ModuleOptions,
    limits: Limits,
    strategy: Strategy,
}

impl Engine {
    /// How modules are made, what each store's machine may take, and its dispatch strategy.
    pub fn new(options: ModuleOptions, limits: Limits, strategy: Strategy) -> Engine {
        Engine {
            options,
            limits,
            strategy,
        }
    }
}

impl WasmEngine for Engine {
    type ExternRef = ExternRef;
    type Func = Func;
    type Global = Global;
    type Instance = Instance;
    type Memory = Memory;
    type Module = Module;
    type Store<T: 'static> = Store<T>;
    type StoreContext<'a, T: 'static> = StoreContext<'a, T>;
    type StoreContextMut<'a, T: 'static> = StoreContextMut<'a, T>;
    type Table = Table;
}
