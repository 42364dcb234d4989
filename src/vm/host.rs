//! Host functions: plain Rust closures that programs can import.

use std::sync::Arc;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::types::FuncType;
use wasm_dispatch_machine::state::State;

use super::asynchronous::AsyncClosure;
use super::handles::{Memory, VmId};
use super::value::WasmTuple;

/// How a host function may fail. A [`Trap`] becomes a trap of the program, anything else
/// [`ErrorKind::Host`](crate::ErrorKind::Host).
pub type HostError = Box<dyn std::error::Error + Send + Sync>;

type HostClosure<T> = dyn Fn(&mut Caller<'_, T>, &mut [u64]) -> Result<(), HostError> + Send + Sync;

/// A host function: its type and a closure over slots. Arguments are read from the slots, results written over them.
pub(crate) struct HostFunction<T> {
    pub ty: Arc<FuncType>,
    pub call: HostCall<T>,
}

impl<T> HostFunction<T> {
    pub fn new(ty: FuncType, call: HostCall<T>) -> HostFunction<T> {
        HostFunction { ty: Arc::new(ty), call }
    }
}

impl<T> Clone for HostFunction<T> {
    fn clone(&self) -> HostFunction<T> {
        HostFunction {
            ty: self.ty.clone(),
            call: self.call.clone(),
        }
    }
}

/// How a host function is called.
pub(crate) enum HostCall<T> {
    /// At once.
    Plain(Arc<HostClosure<T>>),
    /// As a future.
    Async(Arc<AsyncClosure<T>>),
}

impl<T> Clone for HostCall<T> {
    fn clone(&self) -> HostCall<T> {
        match self {
            HostCall::Plain(call) => HostCall::Plain(call.clone()),
            HostCall::Async(call) => HostCall::Async(call.clone()),
        }
    }
}

/// The caller of a host function, and what that may use: the host's data, and the caller's memories.
///
/// It cannot call back into the program.
pub struct Caller<'a, T = ()> {
    pub(super) vm: VmId,
    pub(super) state: &'a mut State,
    /// The calling instance, unless the host called the function itself.
    pub(super) instance: Option<u32>,
    pub(super) data: &'a mut T,
}

impl<T> Caller<'_, T> {
    /// The host's data, which the machine holds.
    pub fn data(&self) -> &T {
        self.data
    }

    /// The host's data, to be changed.
    pub fn data_mut(&mut self) -> &mut T {
        self.data
    }

    /// The bytes of the caller's memory of this index, and the host's data: both can be changed at once.
    pub fn memory_and_data_mut(&mut self, index: u32) -> Option<(&mut [u8], &mut T)> {
        let id = self.memory_id(index)?;
        Some((self.state.bytes_mut(id), self.data))
    }

    pub(super) fn memory_id(&self, index: u32) -> Option<u32> {
        let instance = self.state.store.instances.get(self.instance? as usize)?;
        instance.memories.get(index as usize).copied()
    }

    /// The bytes of the caller's memory of this index (0 is the one that most modules have).
    pub fn memory(&self, index: u32) -> Option<&[u8]> {
        Some(self.state.bytes(self.memory_id(index)?))
    }

    /// The bytes of the caller's memory of this index, to be changed.
    pub fn memory_mut(&mut self, index: u32) -> Option<&mut [u8]> {
        let id = self.memory_id(index)?;
        Some(self.state.bytes_mut(id))
    }

    /// A handle to the caller's memory of this index.
    pub fn memory_handle(&self, index: u32) -> Option<Memory> {
        self.memory_id(index).map(|id| Memory::new(self.vm, id))
    }

    /// Copies bytes out of the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps when they lie past its end, or there is none.
    pub fn read(&self, address: u32, into: &mut [u8]) -> Result<(), Trap> {
        let start = address as usize;
        let from = self
            .memory(0)
            .and_then(|bytes| bytes.get(start..start.checked_add(into.len())?));
        into.copy_from_slice(from.ok_or(Trap::OutOfBoundsMemoryAccess)?);
        Ok(())
    }

    /// Copies bytes into the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past its end, or there is none.
    pub fn write(&mut self, address: u32, from: &[u8]) -> Result<(), Trap> {
        let start = address as usize;
        let to = self
            .memory_mut(0)
            .and_then(|bytes| bytes.get_mut(start..start.checked_add(from.len())?));
        to.ok_or(Trap::OutOfBoundsMemoryAccess)?.copy_from_slice(from);
        Ok(())
    }
}

/// Writes what a host function returned to slots of a machine.
#[inline(always)]
pub(super) fn write_results<R: WasmTuple>(results: R, slots: &mut [u64], vm: VmId) -> Result<(), HostError> {
    if !results.is_of(vm) {
        return Err(ForeignResult.into());
    }
    results.write(slots);
    Ok(())
}

/// A host function returned a function of another machine: [`ErrorKind::Usage`](crate::ErrorKind::Usage) for the caller.
#[derive(Debug)]
pub(super) struct ForeignResult;

impl std::fmt::Display for ForeignResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// A closure that can be a host function in machines that hold a `T`: up to eight typed parameters, after an optional
/// `&mut Caller<'_, T>`.
///
/// `Marker` only keeps the implementations from overlapping.
pub trait IntoHostFunction<T, Marker>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_host(self) -> HostParts<T>;
}

/// A closure's type and its form over slots.
#[doc(hidden)]
pub struct HostParts<T>(pub(crate) HostFunction<T>);

/// Marks closures without a caller.
#[doc(hidden)]
pub struct Plain;
/// Marks closures with a caller.
#[doc(hidden)]
pub struct WithCaller;

macro_rules! host_function {
    ($($t:ident $v:ident)*) => {
        impl<Data, Func, Ret, $($t,)*> IntoHostFunction<Data, (Plain, Ret, $($t,)*)> for Func
        where
            Func: Fn($($t),*) -> Ret + Send + Sync + 'static,
            Ret: HostResults,
            ($($t,)*): WasmTuple,
        {
            fn into_host(self) -> HostParts<Data> {
                HostParts(HostFunction::new(
                    FuncType::new(<($($t,)*)>::types(), Ret::Results::types()),
                    HostCall::Plain(Arc::new(move |caller, slots| {
                        let ($($v,)*) = <($($t,)*)>::read(slots, caller.vm);
                        write_results(self($($v),*).into_results()?, slots, caller.vm)
                    })),
                ))
            }
        }

        impl<Data, Func, Ret, $($t,)*> IntoHostFunction<Data, (WithCaller, Ret, $($t,)*)> for Func
        where
            Func: Fn(&mut Caller<'_, Data>, $($t),*) -> Ret + Send + Sync + 'static,
            Ret: HostResults,
            ($($t,)*): WasmTuple,
        {
            fn into_host(self) -> HostParts<Data> {
                HostParts(HostFunction::new(
                    FuncType::new(<($($t,)*)>::types(), Ret::Results::types()),
                    HostCall::Plain(Arc::new(move |caller, slots| {
                        let ($($v,)*) = <($($t,)*)>::read(slots, caller.vm);
                        write_results(self(caller, $($v),*).into_results()?, slots, caller.vm)
                    })),
                ))
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
