//! The loop around a strategy: it carries out host calls, plain ones in the middle of a run, and decides what a suspension means.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::Statement;
use wasm_dispatch_ir::types::slots;
use wasm_dispatch_machine::backend::Exit;
use wasm_dispatch_machine::host::{Host, Reach};
use wasm_dispatch_machine::state::{Frame, Machine};
use wasm_dispatch_machine::store::HOST;

use super::Vm;
use super::budget::{Budget, OutOfFuel};
use super::caller::Caller;
use super::handles::VmId;
use super::host::{ForeignResult, HostCall, HostError, HostFunction};
use super::reentrant::ReentrantCaller;
use super::waiting::Waiting;
use crate::error::{Error, ErrorKind};
use crate::module::Module;
use crate::strategy::Engine;
use crate::types::Pause;

/// How far a run has come.
pub(super) enum Progress {
    /// It is done; the results are where its arguments were.
    Returned,
    /// A slice is used up and the next one granted.
    Slice,
    /// It waits for an asynchronous host function.
    Async(Pending),
    /// It waits for this in a host function, which is then to be called again.
    Waiting(Box<Waiting>),
    /// It waits for a function of an instance that has not arrived.
    Absent(Absent),
    /// It stopped, and can continue later.
    Paused(Pause),
}

/// A call of a host function that is to be made, or made again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// Index among the machine's host functions.
    pub host: u32,
    /// Slot of its first argument, and of its first result.
    pub base: u32,
    /// The calling instance.
    pub instance: Option<u32>,
}

/// A function that is to be waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absent {
    pub instance: u32,
    /// Its index among the own functions of its module.
    pub function: u32,
}

/// A panic of a host function, as the source of [`ErrorKind::Host`](crate::ErrorKind::Host).
#[derive(Debug)]
pub struct HostPanic(String);

impl std::fmt::Display for HostPanic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "panic: {}", self.0)
    }
}

impl std::error::Error for HostPanic {}

/// What a panic said.
pub(super) fn panic_error(panic: &(dyn Any + Send)) -> HostError {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Box::new(HostPanic(text.unwrap_or_else(|| "something that is no text".into())))
}

/// Calls plain host functions within runs: they cannot call programs, so nothing of the run has to be put away before.
struct Within<'a, T> {
    vm: VmId,
    hosts: &'a [HostFunction<T>],
    data: &'a mut T,
    budget: &'a mut Budget,
    modules: &'a [Module],
    /// Why the last one has failed.
    failed: Option<HostError>,
}

impl<T> Within<'_, T> {
    /// Calls a plain host function; `false` if it is of another kind, or has failed.
    #[inline]
    fn call_plain(&mut self, host: u32, instance: Option<u32>, state: Reach<'_>, slots: &mut [u64]) -> bool {
        let HostCall::Plain(call) = &self.hosts[host as usize].call else {
            return false;
        };
        let mut caller = Caller {
            vm: self.vm,
            state,
            instance,
            data: self.data,
            budget: self.budget,
            modules: self.modules,
        };
        // The machine is consistent between any two accesses of the closure, so a panic leaves it usable.
        match catch_unwind(AssertUnwindSafe(|| call(&mut caller, slots))) {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => self.failed = Some(error),
            Err(panic) => self.failed = Some(panic_error(&*panic)),
        }
        false
    }
}

impl<T> Host for Within<'_, T> {
    fn call(&mut self, function: u32, reach: Reach<'_>, slots: &mut [u64]) -> bool {
        let host = reach.store.functions[function as usize].index;
        // Not the topmost frame's instance: a tail call may replace the frame of the function that calls.
        let instance = reach.instance;
        self.call_plain(host, Some(instance), reach, slots)
    }
}

impl<T> Vm<T> {
    /// Prepares a run of a function whose arguments are on the stack from `base` on.
    #[inline]
    pub(super) fn begin(&mut self, func: u32, base: u32) -> Result<Option<Progress>, Error> {
        let state = &mut self.machine.state;
        let entry = state.store.functions[func as usize];
        if entry.instance == HOST {
            return self.begin_host(func, base);
        }
        state.frames.push(Frame::bottom());
        state.frames.push(Frame::entry(entry.instance, entry.index, base));
        Ok(None)
    }

    #[cold]
    fn begin_host(&mut self, func: u32, base: u32) -> Result<Option<Progress>, Error> {
        let progress = self.call_host(func, base, None)?;
        Ok(Some(progress.unwrap_or(Progress::Returned)))
    }

    /// Runs until there is something that the caller must know.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Progress, Error> {
        if self.waiting.is_some() {
            self.check_engine()?;
            if let Some(progress) = self.call_again()? {
                return Ok(progress);
            }
        }
        let (exit, failed) = self.run()?;
        self.advance_from(exit, failed)
    }

    /// Runs on from where the strategy has come back, until there is something that the caller must know.
    pub(super) fn advance_from(&mut self, mut exit: Exit, mut failed: Option<HostError>) -> Result<Progress, Error> {
        loop {
            match exit {
                Exit::Returned => return Ok(Progress::Returned),
                Exit::HostCall { function, base } => {
                    if let Some(error) = failed.take() {
                        return Err(self.host_error(error));
                    }
                    // Not the topmost frame's instance: a tail call has replaced the frame of the function that called.
                    let caller = self.machine.state.instance;
                    if let Some(progress) = self.call_host(function, base, Some(caller))? {
                        return Ok(progress);
                    }
                }
                Exit::Suspended => return self.suspended(),
                Exit::Trapped { trap, statement } => return Err(self.trapped(trap, statement)),
            }
            (exit, failed) = self.run()?;
        }
    }

    /// Runs the strategy until it comes back. Also says why a host function has failed, if one has.
    ///
    /// # Errors
    ///
    /// When it cannot run here.
    #[inline]
    pub(super) fn run(&mut self) -> Result<(Exit, Option<HostError>), Error> {
        self.check_engine()?;
        let (engine, machine, mut within) = self.parts();
        let exit = engine.run(machine, &mut within);
        Ok((exit, within.failed))
    }

    /// [`Engine::check`](crate::strategy::Engine), asked once.
    #[inline]
    fn check_engine(&self) -> Result<(), Error> {
        if self.engine_runs { Ok(()) } else { self.engine.check() }
    }

    #[cold]
    fn trapped(&mut self, trap: Trap, statement: u32) -> Error {
        let at = self.trap_site(statement);
        self.trap_error(trap, Some(at))
    }

    /// The topmost frame waits for a slice, or for its code.
    fn suspended(&mut self) -> Result<Progress, Error> {
        let (now, modules) = (&*self.engine, &self.modules);
        if let Some(tier) = self.budget.first_tier.take_if(|tier| tier.ends(now, modules)) {
            self.set_engine(tier.then);
        }
        let state = &mut self.machine.state;
        let Some(&frame) = state.frames.last() else {
            return Ok(Progress::Returned);
        };
        let Frame { instance, function, .. } = frame;
        let Some(body) = self.modules[instance as usize].inner.bodies.get(function) else {
            return Ok(Progress::Absent(Absent { instance, function }));
        };
        let block = &body.blocks[frame.block as usize];
        let owed = state.take_owed();
        let cost = match body.statements[block.first as usize] {
            Statement::Meter { cost } => u64::from(cost),
            _ => owed,
        };
        match self.budget.grant(state, cost) {
            Ok(()) => Ok(Progress::Slice),
            Err(Pause::OutOfFuel) if self.budget.out_of_fuel == OutOfFuel::Trap => {
                let offset = body.statement_offsets[block.first as usize];
                state.frames.pop();
                Err(self.trap_error(Trap::OutOfFuel, Some((frame, offset))))
            }
            Err(pause) => Ok(Progress::Paused(pause)),
        }
    }

    /// Calls a host function. `None` when it is done, and not waited for.
    pub(super) fn call_host(
        &mut self,
        function: u32,
        base: u32,
        instance: Option<u32>,
    ) -> Result<Option<Progress>, Error> {
        let host = self.machine.state.store.functions[function as usize].index;
        match &self.hosts[host as usize].call {
            HostCall::Plain(_) => self.call_plain(host, base, instance).map(|()| None),
            HostCall::Reentrant(_) => self.call_reentrant(host, base, instance).map(|()| None),
            HostCall::Async(_) => Ok(Some(Progress::Async(Pending { host, base, instance }))),
            HostCall::Waiting(_) => self.call_waiting(Pending { host, base, instance }, false),
        }
    }

    // Out of line, like the next one: nested calls have the caller's frame on the native stack many times.
    #[inline(never)]
    fn call_plain(&mut self, host: u32, base: u32, instance: Option<u32>) -> Result<(), Error> {
        let (_, machine, mut within) = self.parts();
        within.call_plain(host, instance, Reach::new(&mut machine.state), machine.stack.from(base));
        match within.failed {
            None => Ok(()),
            Some(error) => Err(self.host_error(error)),
        }
    }

    /// What runs, in which machine, and who calls plain host functions meanwhile.
    fn parts(&mut self) -> (&dyn Engine, &mut Machine, Within<'_, T>) {
        let within = Within {
            vm: self.id,
            hosts: &self.hosts,
            data: &mut self.data,
            budget: &mut self.budget,
            modules: &self.modules,
            failed: None,
        };
        (&*self.engine, &mut self.machine, within)
    }

    // Out of line: plain functions are to stay the cheapest.
    #[inline(never)]
    fn call_reentrant(&mut self, host: u32, base: u32, instance: Option<u32>) -> Result<(), Error> {
        let function = &self.hosts[host as usize];
        let HostCall::Reentrant(call) = &function.call else {
            return Err(Error::usage("the host function is not re-entrant"));
        };
        // The machine may do anything meanwhile, even forget the function.
        let call = call.clone();
        let free = base + slots(&function.ty.params).max(slots(&function.ty.results)) as u32;
        let (outer, id) = (self.enter_host(free)?, self.id);
        let mut caller = ReentrantCaller { vm: self, instance };
        let result = catch_unwind(AssertUnwindSafe(|| call(&mut caller, base)));
        self.same_machine(id)?;
        self.leave_host(outer);
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.host_error(error)),
            Err(panic) => Err(self.host_error(panic_error(&*panic))),
        }
    }

    /// Refuses to go on in a machine that a host function has put in the place of its own.
    pub(super) fn same_machine(&self, id: VmId) -> Result<(), Error> {
        if self.id == id {
            Ok(())
        } else {
            Err(Error::usage("a host function has replaced its Vm by another"))
        }
    }

    /// What a plain host function may use.
    pub(super) fn caller(&mut self, instance: Option<u32>) -> Caller<'_, T> {
        Caller {
            vm: self.id,
            state: Reach::new(&mut self.machine.state),
            instance,
            data: &mut self.data,
            budget: &mut self.budget,
            modules: &self.modules,
        }
    }

    #[cold]
    pub(super) fn host_error(&mut self, source: HostError) -> Error {
        if let Some(&trap) = source.downcast_ref::<Trap>() {
            return self.trap_error(trap, None);
        }
        if let Some(foreign) = source.downcast_ref::<ForeignResult>() {
            return Error::usage(foreign.to_string());
        }
        let backtrace = self.backtrace(None);
        ErrorKind::Host { source, backtrace }.into()
    }
}
