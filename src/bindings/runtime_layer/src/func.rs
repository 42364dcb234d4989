//! Functions, and the values that they take and give.

use std::any::Any;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_dispatch::{self as wd, HostError, HostFunction, ReentrantCaller, Value, Vm};
use wasm_runtime_layer::FuncType;
use wasm_runtime_layer::backend::{AsContext, AsContextMut, Ref, Val, WasmExternRef, WasmFunc};

use crate::Engine;
use crate::store::{Data, StoreContext, StoreContextMut};
use crate::types;

/// A function of a store.
#[derive(Clone, Copy, Debug)]
pub struct Func(pub(crate) wd::Func);

/// A reference to something of the host's, which a store keeps as long as it lives.
#[derive(Clone, Debug)]
pub struct ExternRef {
    number: u32,
    object: Arc<dyn Any + Send + Sync>,
}

impl WasmExternRef<Engine> for ExternRef {
    fn new<T: 'static + Send + Sync>(mut ctx: impl AsContextMut<Engine>, object: T) -> Self {
        let object: Arc<dyn Any + Send + Sync> = Arc::new(object);
        let number = keep(ctx.as_context_mut().0, &object);
        ExternRef { number, object }
    }

    fn downcast<'a, 's: 'a, T: 'static, S: 'static>(&'a self, _: StoreContext<'s, S>) -> Result<&'a T> {
        self.object
            .downcast_ref()
            .context("the reference is to something of another type")
    }
}

/// Keeps an object in a store.
fn keep<T>(vm: &mut Vm<Data<T>>, object: &Arc<dyn Any + Send + Sync>) -> u32 {
    let externs = &mut vm.data_mut().externs;
    externs.push(object.clone());
    (externs.len() - 1) as u32
}

/// A value of the layer's for a machine.
pub(crate) fn lower<T>(vm: &mut Vm<Data<T>>, value: &Val<Engine>) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(*value),
        Val::F64(value) => Value::F64(*value),
        Val::V128(value) => Value::V128(*value),
        Val::FuncRef(func) => Value::FuncRef(func.map(|func| func.0)),
        Val::ExternRef(None) => Value::ExternRef(None),
        Val::ExternRef(Some(reference)) => {
            let known = vm.data().externs.get(reference.number as usize);
            let number = match known {
                Some(known) if Arc::ptr_eq(known, &reference.object) => reference.number,
                // Made in another store.
                _ => keep(vm, &reference.object),
            };
            Value::ExternRef(Some(wd::ExternRef(number)))
        }
    }
}

/// A value of a machine for the layer; an error for an external reference that the layer did not make.
pub(crate) fn lift<T>(vm: &Vm<Data<T>>, value: Value) -> Result<Val<Engine>> {
    Ok(match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(value),
        Value::F64(value) => Val::F64(value),
        Value::V128(value) => Val::V128(value),
        Value::FuncRef(func) => Val::FuncRef(func.map(Func)),
        Value::ExternRef(None) => Val::ExternRef(None),
        Value::ExternRef(Some(wd::ExternRef(number))) => {
            let object = vm.data().externs.get(number as usize).cloned();
            let object = object.context("an external reference that stands for nothing")?;
            Val::ExternRef(Some(ExternRef { number, object }))
        }
        other => return Err(anyhow!("the layer has no value for {other:?}")),
    })
}

/// A reference of the layer's for a machine.
pub(crate) fn lower_reference<T>(vm: &mut Vm<Data<T>>, reference: Ref<Engine>) -> Value {
    lower(vm, &Val::from(reference))
}

/// A reference of a machine's for the layer.
pub(crate) fn lift_reference<T>(vm: &Vm<Data<T>>, value: Value) -> Option<Ref<Engine>> {
    match lift(vm, value).ok()? {
        Val::FuncRef(func) => Some(Ref::FuncRef(func)),
        Val::ExternRef(reference) => Some(Ref::ExternRef(reference)),
        Val::I32(_) | Val::I64(_) | Val::F32(_) | Val::F64(_) | Val::V128(_) => None,
    }
}

impl WasmFunc<Engine> for Func {
    fn new<T: 'static>(
        mut ctx: impl AsContextMut<Engine, UserState = T>,
        ty: FuncType,
        func: impl 'static + Send + Sync + Fn(StoreContextMut<'_, T>, &[Val<Engine>], &mut [Val<Engine>]) -> Result<()>,
    ) -> Self {
        let own = types::own_func(&ty);
        let zeros = own.results.clone();
        let call =
            move |caller: &mut ReentrantCaller<'_, Data<T>>, arguments: &[Value]| -> Result<Vec<Value>, HostError> {
                let vm = caller.vm_mut();
                let arguments = arguments
                    .iter()
                    .map(|&value| lift(vm, value))
                    .collect::<Result<Vec<_>>>()?;
                let results = zeros.iter().map(|&ty| lift(vm, Value::zero(ty)));
                let mut results = results.collect::<Result<Vec<_>>>()?;
                func(StoreContextMut(vm), &arguments, &mut results)?;
                Ok(results.iter().map(|value| lower(vm, value)).collect())
            };
        let function = HostFunction::dynamic_reentrant(own, call);
        Func(ctx.as_context_mut().0.host_func(&function))
    }

    /// # Panics
    ///
    /// For a function of another store.
    fn ty(&self, ctx: impl AsContext<Engine>) -> FuncType {
        let ctx = ctx.as_context();
        types::func(ctx.0.func_type(self.0).expect("a function of this store"))
    }

    fn call<T>(
        &self,
        mut ctx: impl AsContextMut<Engine>,
        args: &[Val<Engine>],
        results: &mut [Val<Engine>],
    ) -> Result<()> {
        let vm = ctx.as_context_mut().0;
        let wanted = vm.func_type(self.0)?.results.len();
        ensure!(
            results.len() == wanted,
            "{wanted} results, and room for {}",
            results.len()
        );
        let args: Vec<Value> = args.iter().map(|value| lower(vm, value)).collect();
        let returned = vm.call_func(self.0, &args)?;
        for (place, value) in results.iter_mut().zip(returned) {
            *place = lift(vm, value)?;
        }
        Ok(())
    }
}
