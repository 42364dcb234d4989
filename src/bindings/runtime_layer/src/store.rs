//! Stores: a machine with the user's data.

use std::any::Any;
use std::sync::Arc;

use wasm_dispatch::Vm;
use wasm_runtime_layer::backend::{AsContext, AsContextMut, WasmStore, WasmStoreContext, WasmStoreContextMut};

use crate::Engine;

/// What a machine holds.
pub(crate) struct Data<T> {
    user: T,
    engine: Engine,
    /// What external references stand for, by their number.
    pub externs: Vec<Arc<dyn Any + Send + Sync>>,
}

/// A machine with the user's data.
pub struct Store<T: 'static>(Vm<Data<T>>);

/// A machine, to look at.
pub struct StoreContext<'a, T: 'static>(pub(crate) &'a Vm<Data<T>>);

/// A machine, to use.
pub struct StoreContextMut<'a, T: 'static>(pub(crate) &'a mut Vm<Data<T>>);

impl<T: 'static> WasmStore<T, Engine> for Store<T> {
    fn new(engine: &Engine, user: T) -> Self {
        let data = Data {
            user,
            engine: engine.clone(),
            externs: Vec::new(),
        };
        let options = Vm::options().limits(engine.limits).strategy(engine.strategy);
        Store(options.build(data))
    }

    fn engine(&self) -> &Engine {
        &self.0.data().engine
    }

    fn data(&self) -> &T {
        &self.0.data().user
    }

    fn data_mut(&mut self) -> &mut T {
        &mut self.0.data_mut().user
    }

    fn into_data(self) -> T {
        self.0.into_data().user
    }
}

impl<T: 'static> AsContext<Engine> for Store<T> {
    type UserState = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(&self.0)
    }
}

impl<T: 'static> AsContextMut<Engine> for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(&mut self.0)
    }
}

impl<'a, T: 'static> WasmStoreContext<'a, T, Engine> for StoreContext<'a, T> {
    fn engine(&self) -> &Engine {
        &self.0.data().engine
    }

    fn data(&self) -> &T {
        &self.0.data().user
    }
}

impl<T: 'static> AsContext<Engine> for StoreContext<'_, T> {
    type UserState = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<'a, T: 'static> WasmStoreContext<'a, T, Engine> for StoreContextMut<'a, T> {
    fn engine(&self) -> &Engine {
        &self.0.data().engine
    }

    fn data(&self) -> &T {
        &self.0.data().user
    }
}

impl<'a, T: 'static> WasmStoreContextMut<'a, T, Engine> for StoreContextMut<'a, T> {
    fn data_mut(&mut self) -> &mut T {
        &mut self.0.data_mut().user
    }
}

impl<T: 'static> AsContext<Engine> for StoreContextMut<'_, T> {
    type UserState = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContextMut<Engine> for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.0)
    }
}
