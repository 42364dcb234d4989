//! Asynchronous calls: futures without an executor of their own.
//!
//! The machine is stackless: a waiting program is frames and slots, and nothing of it is on the native stack. So a
//! call that waits for a host function is a future that holds the host function's future and nothing else. Only that one
//! is boxed; calls between functions of programs never create a future.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::types::{ValType, slots};

use super::Vm;
use super::call::{TypedFunc, put_values};
use super::caller::{Address, Caller};
use super::handles::{Func, Instance, Memory, VmId, calling};
use super::host::{HostCall, HostError};
use super::imports::Imports;
use super::reentrant::Outer;
use super::run::{Absent, Pending, Progress, panic_error};
use super::value::{Value, WasmTuple};
use super::waiting::until_stopped;
use crate::error::Error;
use crate::module::Module;
use crate::types::Pause;

/// Slots of arguments or results: a tuple has at most 16.
pub(crate) type Slots = [u64; 16 * ValType::MAX_SLOTS as usize];

/// An asynchronous host function over slots.
pub(crate) type AsyncClosure<T> =
    dyn for<'a> Fn(AsyncCaller<'a, T>, &Slots) -> BoxFuture<'a, Result<Slots, HostError>> + Send + Sync;

/// The caller of an asynchronous host function: the whole machine, borrowed until the function is done.
///
/// The function may use the caller's memories and call functions of programs again, which may call asynchronous host functions in
/// turn, up to [`Limits::host_depth`](crate::Limits::host_depth) inside each other.
pub struct AsyncCaller<'a, T = ()> {
    vm: &'a mut Vm<T>,
    id: VmId,
    instance: Option<u32>,
    outer: Outer,
}

/// Also when the host function's future is dropped before it is done.
impl<T> Drop for AsyncCaller<'_, T> {
    fn drop(&mut self) {
        // Unless the function has put another machine in its place.
        if self.vm.id == self.id {
            self.vm.leave_host(self.outer);
        }
    }
}

impl<T> AsyncCaller<'_, T> {
    /// The machine.
    pub fn vm(&self) -> &Vm<T> {
        self.vm
    }

    /// The machine, mutably: to instantiate modules, or to change the fuel. Replacing it by another machine ends
    /// the call with [`Usage`](crate::ErrorKind::Usage).
    pub fn vm_mut(&mut self) -> &mut Vm<T> {
        self.vm
    }

    /// The host's data, which the machine holds.
    pub fn data(&self) -> &T {
        &self.vm.data
    }

    /// The host's data, mutably.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.vm.data
    }

    /// The calling instance, unless the host called the function itself.
    pub fn instance(&self) -> Option<Instance> {
        self.instance.map(|instance| Instance::new(self.vm.id, instance))
    }

    /// A handle to the caller's memory of this index (0 is the one that most modules have).
    pub fn memory_handle(&mut self, index: u32) -> Option<Memory> {
        self.plain().memory_handle(index)
    }

    /// The bytes of the caller's memory of this index.
    pub fn memory(&self, index: u32) -> Option<&[u8]> {
        let state = &self.vm.machine.state;
        let instance = state.store.instances.get(self.instance? as usize)?;
        Some(state.bytes(*instance.memories.get(index as usize)?))
    }

    /// The bytes of the caller's memory of this index, mutably.
    pub fn memory_mut(&mut self, index: u32) -> Option<&mut [u8]> {
        let id = self.plain().memory_id(index)?;
        Some(self.vm.machine.state.bytes_mut(id))
    }

    /// Copies bytes out of the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps when they lie past its end, or there is none.
    pub fn read(&mut self, address: impl Address, into: &mut [u8]) -> Result<(), Trap> {
        self.plain().read(address, into)
    }

    /// Copies bytes into the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past its end, or there is none.
    pub fn write(&mut self, address: impl Address, from: &[u8]) -> Result<(), Trap> {
        self.plain().write(address, from)
    }

    pub(super) fn vm_id(&self) -> VmId {
        self.vm.id
    }

    /// Everything that a plain host function may use.
    pub fn plain(&mut self) -> Caller<'_, T> {
        self.vm.caller(self.instance)
    }

    /// Calls an export of the calling instance.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`]; [`Usage`](crate::ErrorKind::Usage) when there is no calling instance. After an error the host
    /// function may go on; the caller's frames are untouched. A pause ends this call with
    /// [`Paused`](crate::ErrorKind::Paused), and it cannot be resumed.
    pub async fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let instance = calling(self.instance())?;
        let func = self.vm.exported_func(instance, name)?;
        self.call_func(func, arguments).await
    }

    /// Calls a function.
    ///
    /// # Errors
    ///
    /// As for [`AsyncCaller::call`].
    pub async fn call_func(&mut self, func: Func, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        self.vm.call_func_async(func, arguments).await
    }

    /// Calls a typed function.
    ///
    /// # Errors
    ///
    /// As for [`AsyncCaller::call`].
    pub async fn call_typed<P: WasmTuple, R: WasmTuple>(
        &mut self,
        func: TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error> {
        self.vm.call_typed_async(func, params).await
    }
}

impl<T> Vm<T> {
    /// [`Vm::call`] for programs that may call asynchronous host functions. The future is `Send`, and needs no particular
    /// executor. It yields to other tasks after each slice ([`Vm::set_slice`]) of a metered module.
    ///
    /// Dropping the future abandons the call: memories, tables and globals stay as the program left them, and the
    /// machine is ready for the next call.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`].
    pub async fn call_async(
        &mut self,
        instance: Instance,
        name: &str,
        arguments: &[Value],
    ) -> Result<Vec<Value>, Error> {
        let func = self.exported_func(instance, name)?;
        self.call_func_async(func, arguments).await
    }

    /// [`Vm::call_func`] as a future.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`].
    pub async fn call_func_async(&mut self, func: Func, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let func = func.index_in(self.id)?;
        self.check_arguments(func, arguments)?;
        let progress = self.start(func, |stack| put_values(arguments, stack))?;
        self.finish_call_async(func, progress).await?;
        Ok(self.results_at(func, self.floor.slot))
    }

    /// [`Vm::call_typed`] as a future.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call_typed`].
    pub async fn call_typed_async<P: WasmTuple, R: WasmTuple>(
        &mut self,
        func: TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error> {
        let func = self.check_typed(func, &params)?;
        let progress = self.start(func, |stack| params.write(stack))?;
        self.finish_call_async(func, progress).await?;
        Ok(R::read(self.machine.stack.from(self.floor.slot), self.id))
    }

    /// [`Vm::instantiate`] for modules whose start function may call asynchronous host functions.
    ///
    /// # Errors
    ///
    /// As for [`Vm::instantiate`].
    pub async fn instantiate_async(&mut self, module: &Module, imports: &Imports<T>) -> Result<Instance, Error> {
        let (instance, start) = self.instantiate_without_start(module, imports)?;
        if let Some(start) = start {
            let progress = self.start(start, |_| {})?;
            self.finish_call_async(start, progress).await?;
        }
        Ok(instance)
    }

    /// [`Vm::resume`] as a future.
    ///
    /// # Errors
    ///
    /// As for [`Vm::resume`].
    pub async fn resume_async(&mut self) -> Result<Vec<Value>, Error> {
        let func = self.take_paused()?;
        self.finish_call_async(func, None).await?;
        Ok(self.results_at(func, self.floor.slot))
    }

    /// Runs a call from the host to its end.
    async fn finish_call_async(&mut self, func: u32, progress: Option<Progress>) -> Result<(), Error> {
        match self.finish_async(progress).await? {
            None => Ok(()),
            Some(pause) => Err(self.pause(func, pause)),
        }
    }

    /// Runs until the bottom frame on top of the frame stack is reached, or a pause.
    async fn finish_async(&mut self, mut progress: Option<Progress>) -> Result<Option<Pause>, Error> {
        loop {
            progress = match progress {
                None => Some(self.advance()?),
                Some(Progress::Slice) => {
                    GiveWay(false).await;
                    None
                }
                Some(Progress::Async(pending)) => {
                    self.await_host(pending).await?;
                    // Called by the host itself, it was the whole run.
                    pending.instance.is_none().then_some(Progress::Returned)
                }
                Some(Progress::Waiting(waiting)) => {
                    let waited = until_stopped(waiting.wait, self.budget.stop()).await;
                    self.waiting = Some(waiting.pending);
                    if waited.is_none() {
                        return Ok(Some(Pause::Interrupted));
                    }
                    None
                }
                Some(Progress::Absent(Absent { instance, function })) => {
                    let bodies = self.modules[instance as usize].inner.bodies.clone();
                    let arrival = poll_fn(|context| bodies.poll_arrived(function, context));
                    match until_stopped(arrival, self.budget.stop()).await {
                        Some(arrived) => arrived?,
                        None => return Ok(Some(Pause::Interrupted)),
                    }
                    None
                }
                Some(Progress::Returned) => return Ok(None),
                Some(Progress::Paused(pause)) => return Ok(Some(pause)),
            }
        }
    }

    async fn await_host(&mut self, pending: Pending) -> Result<(), Error> {
        let Pending { host, base, instance } = pending;
        let function = &self.hosts[host as usize];
        let HostCall::Async(call) = &function.call else {
            return Err(Error::usage("a plain host function is not asynchronous"));
        };
        let call = call.clone();
        let (params, results) = (slots(&function.ty.params), slots(&function.ty.results));
        let free = base + params.max(results) as u32;
        let (outer, id) = (self.enter_host(free)?, self.id);
        let mut arguments = Slots::default();
        arguments[..params].copy_from_slice(&self.machine.stack.from(base)[..params]);
        let caller = AsyncCaller {
            vm: self,
            id,
            instance,
            outer,
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| call(caller, &arguments))) {
            Ok(future) => Guarded(future).await,
            Err(panic) => Err(panic_error(&*panic)),
        };
        self.same_machine(id)?;
        // If the caller was leaked.
        self.leave_host(outer);
        match outcome {
            Ok(slots) => {
                self.machine.stack.from(base)[..results].copy_from_slice(&slots[..results]);
                Ok(())
            }
            Err(error) => Err(self.host_error(error)),
        }
    }
}

/// A host function's future, whose panics are errors.
struct Guarded<'a>(BoxFuture<'a, Result<Slots, HostError>>);

impl Future for Guarded<'_> {
    type Output = Result<Slots, HostError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Not polled again after a panic.
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panic_error(&*panic))))
    }
}

/// Lets other tasks run once.
struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
