//! Calls from the host, and what the end of a run means for them.

use std::marker::PhantomData;

use wasm_dispatch_ir::types::{FuncType, slots};
use wasm_dispatch_machine::backend::Exit;

use super::Vm;
use super::handles::{Func, Instance, foreign};
use super::reentrant::Floor;
use super::run::Progress;
use super::value::{Value, WasmTuple};
use crate::error::{Error, ErrorKind};
use crate::types::Pause;

/// As many arguments as validation allows: a stack has room for them wherever a call begins.
const MANY: usize = 1_000;

/// A function whose type was checked once, for calls without dynamic values.
#[derive(Debug)]
pub struct TypedFunc<P, R> {
    func: Func,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> TypedFunc<P, R> {
    /// The function.
    pub fn func(&self) -> Func {
        self.func
    }
}

impl<T> Vm<T> {
    /// Calls an exported function with values of the types it takes.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport), [`Signature`](ErrorKind::Signature), [`Trap`](ErrorKind::Trap) or
    /// [`Host`](ErrorKind::Host); [`Usage`](ErrorKind::Usage) for an instance or an argument of another machine. The machine
    /// stays usable after all of them.
    pub fn call(&mut self, instance: Instance, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let func = self.exported_func(instance, name)?;
        self.call_func(func, arguments)
    }

    /// Calls a function with values of the types it takes.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`].
    pub fn call_func(&mut self, func: Func, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let func = func.index_in(self.id)?;
        self.check_arguments(func, arguments)?;
        self.invoke(func, |stack| put_values(arguments, stack))?;
        Ok(self.results_at(func, self.floor.slot))
    }

    /// Calls a function with values of the types it takes, and writes its results to `results`. It allocates nothing.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`]; [`Usage`](ErrorKind::Usage), before anything runs, if `results` is not as long as the list of results.
    pub fn call_into(&mut self, func: Func, arguments: &[Value], results: &mut [Value]) -> Result<(), Error> {
        let func = func.index_in(self.id)?;
        self.check_arguments(func, arguments)?;
        let wanted = self.type_of(func).results.len();
        if results.len() != wanted {
            return Err(Error::usage(format!(
                "a function with {wanted} results was given room for {}",
                results.len()
            )));
        }
        self.invoke(func, |stack| put_values(arguments, stack))?;
        let base = self.floor.slot as usize;
        let types = &self.type_of(func).results;
        let mut slots = &self.machine.stack.first(base + slots(types))[base..];
        for (result, &ty) in results.iter_mut().zip(types.iter()) {
            let (own, after) = slots.split_at(usize::from(ty.slots()));
            *result = Value::from_slots(ty, own, self.id);
            slots = after;
        }
        Ok(())
    }

    /// Checks arguments against a function's type.
    pub(super) fn check_arguments(&self, func: u32, arguments: &[Value]) -> Result<(), Error> {
        let ty = self.type_of(func);
        if !arguments.iter().map(Value::ty).eq(ty.params.iter().copied()) {
            let found = arguments.iter().map(Value::ty).collect::<Vec<_>>();
            return Err(signature_error(ty, &FuncType::new(found, ty.results.clone())));
        }
        // A host function may have more parameters than a stack has slots.
        if arguments.len() > MANY && slots(&ty.params) > self.machine.stack.room(self.floor.slot) {
            return Err(Error::usage("more arguments than the value stack has room for"));
        }
        if arguments.iter().all(|argument| argument.is_of(self.id)) {
            Ok(())
        } else {
            Err(foreign("function"))
        }
    }

    /// The results that a function has left from this slot on.
    pub(super) fn results_at(&self, func: u32, base: u32) -> Vec<Value> {
        let results = &self.type_of(func).results;
        let end = base as usize + slots(results);
        Value::list(results, &self.machine.stack.first(end)[base as usize..], self.id)
    }

    /// An exported function, its type checked once.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport) or [`Signature`](ErrorKind::Signature); [`Usage`](ErrorKind::Usage) for an instance
    /// of another machine.
    pub fn typed_func<P: WasmTuple, R: WasmTuple>(
        &self,
        instance: Instance,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.exported_func(instance, name)?;
        let ty = self.func_type(func)?;
        let wanted = FuncType::new(P::types(), R::types());
        if *ty != wanted {
            return Err(signature_error(ty, &wanted));
        }
        Ok(TypedFunc {
            func,
            types: PhantomData,
        })
    }

    /// Calls a typed function. It allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Trap`](ErrorKind::Trap) or [`Host`](ErrorKind::Host); [`Usage`](ErrorKind::Usage) for a function or an argument of
    /// another machine. The machine stays usable after all of them.
    pub fn call_typed<P: WasmTuple, R: WasmTuple>(&mut self, func: TypedFunc<P, R>, params: P) -> Result<R, Error> {
        let func = self.check_typed(func, &params)?;
        self.invoke(func, |stack| params.write(stack))?;
        Ok(R::read(self.machine.stack.from(self.floor.slot), self.id))
    }

    /// The index of a typed function. Its type was checked when the handle was made, by the machine that made it.
    #[inline]
    pub(super) fn check_typed<P: WasmTuple, R>(&self, func: TypedFunc<P, R>, params: &P) -> Result<u32, Error> {
        let func = func.func.index_in(self.id)?;
        if params.is_of(self.id) {
            Ok(func)
        } else {
            Err(foreign("function"))
        }
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn func_type(&self, func: Func) -> Result<&FuncType, Error> {
        Ok(self.type_of(func.index_in(self.id)?))
    }

    /// The type of a function of this machine.
    pub(super) fn type_of(&self, func: u32) -> &FuncType {
        let state = &self.machine.state;
        state
            .store
            .signatures
            .get(state.store.functions[func as usize].signature)
    }

    /// Runs a function whose arguments `write` puts on the stack; leaves the results at the stack's bottom.
    #[inline]
    pub(super) fn invoke(&mut self, func: u32, write: impl FnOnce(&mut [u64])) -> Result<(), Error> {
        if let Some(progress) = self.start(func, write)? {
            return self.finish_blocking(func, Some(progress));
        }
        let (exit, failed) = self.run()?;
        if exit == Exit::Returned {
            return Ok(());
        }
        let progress = self.advance_from(exit, failed)?;
        self.finish_blocking(func, Some(progress))
    }

    /// Begins a call from the host, or from a host function; what was paused before is abandoned.
    #[inline]
    pub(super) fn start(&mut self, func: u32, write: impl FnOnce(&mut [u64])) -> Result<Option<Progress>, Error> {
        let Floor { frames, slot } = self.floor;
        self.machine.state.frames.truncate(frames);
        self.paused = None;
        self.waiting = None;
        if self.nested == 0 {
            self.budget.begin_run();
        }
        write(self.machine.stack.from(slot));
        self.begin(func, slot)
    }

    /// Runs on until the call is done, paused, or cannot go on without an executor.
    pub(super) fn finish_blocking(&mut self, func: u32, mut progress: Option<Progress>) -> Result<(), Error> {
        loop {
            match progress {
                None | Some(Progress::Slice) => progress = Some(self.advance()?),
                Some(Progress::Returned) => return Ok(()),
                Some(Progress::Async(_)) => return Err(ErrorKind::NeedsAsync.into()),
                Some(Progress::Waiting(waiting)) => {
                    if self.wait_blocking(*waiting) {
                        return Err(self.pause(func, Pause::Interrupted));
                    }
                    progress = None;
                }
                Some(Progress::Absent(absent)) => {
                    if let Some(error) = self.modules[absent.instance as usize].inner.bodies.failure() {
                        return Err(error);
                    }
                    return Err(self.pause(func, Pause::NotArrived));
                }
                Some(Progress::Paused(pause)) => return Err(self.pause(func, pause)),
            }
        }
    }
}

impl<T> Vm<T> {
    /// Leaves a call in the middle, to be resumed.
    pub(super) fn pause(&mut self, func: u32, pause: Pause) -> Error {
        self.paused = Some(func);
        ErrorKind::Paused(pause).into()
    }
}

/// Writes [checked](Vm::check_arguments) arguments into slots, one after another.
pub(super) fn put_values(values: &[Value], slots: &mut [u64]) {
    let mut rest = slots;
    for &value in values {
        let (own, after) = rest.split_at_mut(usize::from(value.ty().slots()));
        value.put(own);
        rest = after;
    }
}

fn signature_error(expected: &FuncType, found: &FuncType) -> Error {
    ErrorKind::Signature {
        expected: expected.to_string(),
        found: found.to_string(),
    }
    .into()
}
