//! Host functions: Rust closures that programs can call, of three kinds.

use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use wasm_dispatch_ir::types::FuncType;

use super::asynchronous::{AsyncCaller, AsyncClosure, Slots};
use super::caller::Caller;
use super::handles::VmId;
use super::reentrant::ReentrantCaller;
use super::value::{Value, WasmTuple};
use super::waiting::WaitingClosure;

/// How a host function may fail. A [`Trap`](crate::Trap) becomes a trap of the program, anything else
/// [`ErrorKind::Host`](crate::ErrorKind::Host).
pub type HostError = Box<dyn std::error::Error + Send + Sync>;

/// Arguments are read from the slots, results written over them.
type PlainClosure<T> = dyn Fn(&mut Caller<'_, T>, &mut [u64]) -> Result<(), HostError> + Send + Sync;

/// Arguments are read from the machine's slots, this one first, and results written over them.
type ReentrantClosure<T> = dyn Fn(&mut ReentrantCaller<'_, T>, u32) -> Result<(), HostError> + Send + Sync;

/// A host function for machines that hold a `T`: a Rust closure and its WebAssembly type.
///
/// It belongs to no machine. [`Imports`](crate::Imports) give it to instances under a name, [`Vm::host_func`](crate::Vm::host_func)
/// makes it a value. `docs/embedding.md` in the repository says which kind to use when.
pub struct HostFunction<T = ()> {
    pub(super) ty: Arc<FuncType>,
    pub(super) call: HostCall<T>,
}

/// How a host function is called.
pub(super) enum HostCall<T> {
    /// At once.
    Plain(Arc<PlainClosure<T>>),
    /// At once, with the whole machine.
    Reentrant(Arc<ReentrantClosure<T>>),
    /// As a future.
    Async(Arc<AsyncClosure<T>>),
    /// In steps, between which it waits.
    #[cfg_attr(not(feature = "wasi"), allow(dead_code))]
    Waiting(Arc<WaitingClosure<T>>),
}

impl<T: 'static> HostFunction<T> {
    /// A function with typed parameters. The closure's first parameter says what it may do: use its [`Caller`], call programs
    /// again through its [`ReentrantCaller`], or, without such a parameter, neither.
    pub fn new<M>(function: impl IntoHostFunction<T, M>) -> HostFunction<T> {
        function.into_host()
    }

    /// A function of any type: the closure is given the arguments and must return results of that type.
    pub fn dynamic(
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &[Value]) -> Result<Vec<Value>, HostError> + Send + Sync + 'static,
    ) -> HostFunction<T> {
        let signature = ty.clone();
        HostFunction::of_slots(ty, move |caller, slots| {
            let arguments = Value::list(&signature.params, slots, caller.vm);
            let results = function(caller, &arguments)?;
            write_values(&signature, &results, slots, caller.vm)
        })
    }

    /// A function of any type that may call programs again.
    pub fn dynamic_reentrant(
        ty: FuncType,
        function: impl Fn(&mut ReentrantCaller<'_, T>, &[Value]) -> Result<Vec<Value>, HostError> + Send + Sync + 'static,
    ) -> HostFunction<T> {
        let signature = Arc::new(ty);
        HostFunction {
            ty: signature.clone(),
            call: HostCall::Reentrant(Arc::new(move |caller, base| {
                let vm = caller.vm_id();
                let arguments = Value::list(&signature.params, caller.slots(base), vm);
                let results = function(caller, &arguments)?;
                write_values(&signature, &results, caller.slots(base), vm)
            })),
        }
    }

    /// An asynchronous function, see [`Imports::func_async`](crate::Imports::func_async).
    pub fn asynchronous<P: WasmTuple, R: WasmTuple>(
        function: impl for<'a> Fn(AsyncCaller<'a, T>, P) -> BoxFuture<'a, Result<R, HostError>> + Send + Sync + 'static,
    ) -> HostFunction<T> {
        let call: Arc<AsyncClosure<T>> = Arc::new(move |caller, slots| {
            let vm = caller.vm_id();
            let future = function(caller, P::read(slots, vm));
            Box::pin(async move {
                let mut slots = Slots::default();
                write_results(future.await?, &mut slots, vm)?;
                Ok(slots)
            })
        });
        HostFunction {
            ty: Arc::new(FuncType::new(P::types(), R::types())),
            call: HostCall::Async(call),
        }
    }

    /// A function of any type over slots that may wait: it is called again, with the same arguments, after what it returns.
    /// When it returns `None` its results have replaced the arguments. What it is given last says whether it is called again.
    #[cfg(feature = "wasi")]
    pub(crate) fn waiting(
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &mut [u64], bool) -> Result<Option<super::waiting::Wait>, HostError>
        + Send
        + Sync
        + 'static,
    ) -> HostFunction<T> {
        HostFunction {
            ty: Arc::new(ty),
            call: HostCall::Waiting(Arc::new(function)),
        }
    }

    /// A plain function of any type over slots.
    pub(crate) fn of_slots(
        ty: FuncType,
        function: impl Fn(&mut Caller<'_, T>, &mut [u64]) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> HostFunction<T> {
        HostFunction {
            ty: Arc::new(ty),
            call: HostCall::Plain(Arc::new(function)),
        }
    }
}

impl<T> HostFunction<T> {
    /// The function's type.
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }
}

impl<T> Clone for HostFunction<T> {
    fn clone(&self) -> HostFunction<T> {
        HostFunction {
            ty: self.ty.clone(),
            call: match &self.call {
                HostCall::Plain(call) => HostCall::Plain(call.clone()),
                HostCall::Reentrant(call) => HostCall::Reentrant(call.clone()),
                HostCall::Async(call) => HostCall::Async(call.clone()),
                HostCall::Waiting(call) => HostCall::Waiting(call.clone()),
            },
        }
    }
}

impl<T> fmt::Debug for HostFunction<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.call {
            HostCall::Plain(_) => "plain",
            HostCall::Reentrant(_) => "re-entrant",
            HostCall::Async(_) => "asynchronous",
            HostCall::Waiting(_) => "waiting",
        };
        write!(f, "HostFunction({kind}, {})", self.ty)
    }
}

/// Writes what a host function returned to slots of a machine.
#[inline(always)]
fn write_results<R: WasmTuple>(results: R, slots: &mut [u64], vm: VmId) -> Result<(), HostError> {
    if !results.is_of(vm) {
        return Err(ForeignResult.into());
    }
    results.write(slots);
    Ok(())
}

/// [`write_results`] for a function of any type.
fn write_values(ty: &FuncType, results: &[Value], slots: &mut [u64], vm: VmId) -> Result<(), HostError> {
    if !results.iter().map(Value::ty).eq(ty.results.iter().copied()) {
        return Err(format!("a host function of type {ty} returned {results:?}").into());
    }
    let mut at = 0;
    for value in results {
        let own = value.to_slots(vm).map_err(|_| ForeignResult)?;
        let own = &own[..usize::from(value.ty().slots())];
        slots[at..at + own.len()].copy_from_slice(own);
        at += own.len();
    }
    Ok(())
}

/// A host function returned a function of another machine: [`ErrorKind::Usage`](crate::ErrorKind::Usage) for the caller.
#[derive(Debug)]
pub(super) struct ForeignResult;

impl fmt::Display for ForeignResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the function that a host function returned belongs to another Vm: a handle is valid only in the Vm that gave it out",
        )
    }
}

impl std::error::Error for ForeignResult {}

/// What a host closure may return: results, or a `Result` with them.
pub trait HostResults {
    /// The results.
    type Results: WasmTuple;
    #[doc(hidden)]
    fn into_results(self) -> Result<Self::Results, HostError>;
}

impl<R: WasmTuple> HostResults for R {
    type Results = R;
    fn into_results(self) -> Result<R, HostError> {
        Ok(self)
    }
}

impl<R: WasmTuple, E: Into<HostError>> HostResults for Result<R, E> {
    type Results = R;
    fn into_results(self) -> Result<R, HostError> {
        self.map_err(Into::into)
    }
}

/// A closure that can be a host function in machines that hold a `T`: up to 16 typed parameters, after an optional
/// `&mut Caller<'_, T>` or `&mut ReentrantCaller<'_, T>`.
///
/// `Marker` only keeps the implementations from overlapping.
pub trait IntoHostFunction<T, Marker>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_host(self) -> HostFunction<T>;
}

/// Marks closures without a caller.
#[doc(hidden)]
pub struct Plain;
/// Marks closures with a caller.
#[doc(hidden)]
pub struct WithCaller;
/// Marks closures with the machine.
#[doc(hidden)]
pub struct WithMachine;

macro_rules! host_function {
    ($($t:ident $v:ident)*) => {
        impl<Data: 'static, Func, Ret, $($t,)*> IntoHostFunction<Data, (Plain, Ret, $($t,)*)> for Func
        where
            Func: Fn($($t),*) -> Ret + Send + Sync + 'static,
            Ret: HostResults,
            ($($t,)*): WasmTuple,
        {
            fn into_host(self) -> HostFunction<Data> {
                let ty = FuncType::new(<($($t,)*)>::types(), Ret::Results::types());
                HostFunction::of_slots(ty, move |caller, slots| {
                    let ($($v,)*) = <($($t,)*)>::read(slots, caller.vm);
                    write_results(self($($v),*).into_results()?, slots, caller.vm)
                })
            }
        }

        impl<Data: 'static, Func, Ret, $($t,)*> IntoHostFunction<Data, (WithCaller, Ret, $($t,)*)> for Func
        where
            Func: Fn(&mut Caller<'_, Data>, $($t),*) -> Ret + Send + Sync + 'static,
            Ret: HostResults,
            ($($t,)*): WasmTuple,
        {
            fn into_host(self) -> HostFunction<Data> {
                let ty = FuncType::new(<($($t,)*)>::types(), Ret::Results::types());
                HostFunction::of_slots(ty, move |caller, slots| {
                    let ($($v,)*) = <($($t,)*)>::read(slots, caller.vm);
                    write_results(self(caller, $($v),*).into_results()?, slots, caller.vm)
                })
            }
        }

        impl<Data: 'static, Func, Ret, $($t,)*> IntoHostFunction<Data, (WithMachine, Ret, $($t,)*)> for Func
        where
            Func: Fn(&mut ReentrantCaller<'_, Data>, $($t),*) -> Ret + Send + Sync + 'static,
            Ret: HostResults,
            ($($t,)*): WasmTuple,
        {
            fn into_host(self) -> HostFunction<Data> {
                HostFunction {
                    ty: Arc::new(FuncType::new(<($($t,)*)>::types(), Ret::Results::types())),
                    call: HostCall::Reentrant(Arc::new(move |caller, base| {
                        let vm = caller.vm_id();
                        let ($($v,)*) = <($($t,)*)>::read(caller.slots(base), vm);
                        let results = self(caller, $($v),*).into_results()?;
                        write_results(results, caller.slots(base), vm)
                    })),
                }
            }
        }
    };
}

host_function!();
host_function!(A a);
host_function!(A a B b);
host_function!(A a B b C c);
host_function!(A a B b C c D d);
host_function!(A a B b C c D d E e);
host_function!(A a B b C c D d E e F f);
host_function!(A a B b C c D d E e F f G g);
host_function!(A a B b C c D d E e F f G g H h);
host_function!(A a B b C c D d E e F f G g H h I i);
host_function!(A a B b C c D d E e F f G g H h I i J j);
host_function!(A a B b C c D d E e F f G g H h I i J j K k);
host_function!(A a B b C c D d E e F f G g H h I i J j K k L l);
host_function!(A a B b C c D d E e F f G g H h I i J j K k L l M m);
host_function!(A a B b C c D d E e F f G g H h I i J j K k L l M m N n);
host_function!(A a B b C c D d E e F f G g H h I i J j K k L l M m N n O o);
host_function!(A a B b C c D d E e F f G g H h I i J j K k L l M m N n O o P p);
