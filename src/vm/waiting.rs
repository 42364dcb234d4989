//! Host functions that may have to wait: carried out in steps, each of which is a plain call.
//!
//! A function that cannot go on leaves its arguments where they are and says what it waits for. The driver waits, blocking the
//! thread or as a future, and calls it again. So between two steps nothing of it is on the native stack: an interrupt can pause
//! the program there, and a snapshot can carry it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use futures_core::future::BoxFuture;
use wasm_dispatch_machine::host::Reach;

use super::Vm;
use super::budget::Stop;
use super::caller::Caller;
use super::host::{HostCall, HostError};
use super::run::{Pending, Progress, panic_error};
use crate::error::Error;

/// What a host function waits for before it is called again.
pub(crate) type Wait = BoxFuture<'static, ()>;

/// A host function that waits, and what for.
pub(super) struct Waiting {
    pub pending: Pending,
    pub wait: Wait,
}

/// A host function over slots that may wait. Until it is done it leaves the arguments in them. What it is given last says whether
/// it is called again, after what it has waited for.
pub(crate) type WaitingClosure<T> =
    dyn Fn(&mut Caller<'_, T>, &mut [u64], bool) -> Result<Option<Wait>, HostError> + Send + Sync;

impl<T> Vm<T> {
    /// Calls a host function that may wait, or calls it `again`. `None` when it is done.
    #[inline(never)]
    pub(super) fn call_waiting(&mut self, pending: Pending, again: bool) -> Result<Option<Progress>, Error> {
        let Pending { host, base, instance } = pending;
        let HostCall::Waiting(call) = &self.hosts[host as usize].call else {
            return Err(Error::usage("a host function that does not wait cannot be continued"));
        };
        let call = call.clone();
        let mut caller = Caller {
            vm: self.id,
            state: Reach::new(&mut self.machine.state),
            instance,
            data: &mut self.data,
            budget: &mut self.budget,
            modules: &self.modules,
        };
        let slots = self.machine.stack.from(base);
        match catch_unwind(AssertUnwindSafe(|| call(&mut caller, slots, again))) {
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(wait))) => Ok(Some(Progress::Waiting(Box::new(Waiting { pending, wait })))),
            Ok(Err(error)) => Err(self.host_error(error)),
            Err(panic) => Err(self.host_error(panic_error(&*panic))),
        }
    }

    /// Waits by blocking the thread; then the host function is to be called again. `true` if the run is to be paused before.
    // Out of line: nested calls have this caller's frame on the native stack many times.
    #[inline(never)]
    pub(super) fn wait_blocking(&mut self, waiting: Waiting) -> bool {
        let waited = block_on(until_stopped(waiting.wait, self.budget.stop()));
        self.waiting = Some(waiting.pending);
        waited.is_none()
    }

    /// Calls the host function again that has waited. `None` when the program can go on.
    #[inline(never)]
    pub(super) fn call_again(&mut self) -> Result<Option<Progress>, Error> {
        let Some(pending) = self.waiting.take() else {
            return Ok(None);
        };
        let progress = self.call_waiting(pending, true)?;
        // Called by the host itself, it was the whole run.
        Ok(progress.or_else(|| pending.instance.is_none().then_some(Progress::Returned)))
    }
}

/// Waits for something, or until the run is to be paused: then it is `None`.
pub(super) async fn until_stopped<O>(wait: impl Future<Output = O>, stop: Stop) -> Option<O> {
    let mut wait = pin!(wait);
    poll_fn(|context| match stop.poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => wait.as_mut().poll(context).map(Some),
    })
    .await
}

/// Runs a future by blocking the thread.
fn block_on<O>(future: impl Future<Output = O>) -> O {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
