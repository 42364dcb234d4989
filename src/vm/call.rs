//! Calls from the host, and what a run's end means for it.

use std::marker::PhantomData;

use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::backend::Exit;
use wasm_dispatch_machine::code::FuncType;
use wasm_dispatch_machine::eval;
use wasm_dispatch_machine::state::Frame;
use wasm_dispatch_machine::store::HOST;

use super::Vm;
use super::handles::{Func, Instance};
use super::host::{Caller, HostError};
use super::value::{Value, WasmTuple};
use crate::error::{Backtrace, BacktraceFrame, Error, ErrorKind, TrapInfo};

/// Frames that a backtrace keeps: half from each end.
const BACKTRACE_FRAMES: usize = 32;

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

impl Vm {
    /// Calls an exported function with values of the types it takes.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport), [`Signature`](ErrorKind::Signature), [`Trap`](ErrorKind::Trap) or
    /// [`Host`](ErrorKind::Host). The machine stays usable after all of them.
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
        let ty = self.func_type(func)?;
        if !arguments.iter().map(Value::ty).eq(ty.params.iter().copied()) {
            let found = arguments.iter().map(Value::ty).collect::<Vec<_>>();
            return Err(signature_error(&ty, &FuncType::new(found, ty.results.clone())));
        }
        let mut slots = Vec::with_capacity(arguments.len());
        for &argument in arguments {
            slots.push(self.checked_slot(argument)?);
        }
        self.invoke(func, |stack| stack[..slots.len()].copy_from_slice(&slots))?;
        let results = self.machine.stack.from(0);
        Ok(ty
            .results
            .iter()
            .zip(results)
            .map(|(&ty, slot)| Value::from_slot(ty, *slot))
            .collect())
    }

    /// An exported function, its type checked once.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport) or [`Signature`](ErrorKind::Signature).
    pub fn typed_func<P: WasmTuple, R: WasmTuple>(
        &self,
        instance: Instance,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.exported_func(instance, name)?;
        let ty = self.func_type(func)?;
        let wanted = FuncType::new(P::types(), R::types());
        if ty != wanted {
            return Err(signature_error(&ty, &wanted));
        }
        Ok(TypedFunc {
            func,
            types: PhantomData,
        })
    }

    /// Calls a typed function.
    ///
    /// # Errors
    ///
    /// [`Trap`](ErrorKind::Trap) or [`Host`](ErrorKind::Host). The machine stays usable after both.
    pub fn call_typed<P: WasmTuple, R: WasmTuple>(&mut self, func: TypedFunc<P, R>, params: P) -> Result<R, Error> {
        // The handle may come from another machine: then its function here could have any type.
        let ty = self.func_type(func.func)?;
        if !types_match(&ty, &P::types(), &R::types()) {
            return Err(signature_error(&ty, &FuncType::new(P::types(), R::types())));
        }
        self.invoke(func.func, |stack| params.write(stack))?;
        Ok(R::read(self.machine.stack.from(0)))
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn func_type(&self, func: Func) -> Result<FuncType, Error> {
        let entry = self.machine.state.functions.get(func.0 as usize);
        let entry = entry.ok_or_else(|| Error::usage("a function of another machine"))?;
        Ok(self.machine.state.signatures.get(entry.signature).clone())
    }

    /// Runs a function whose arguments `write` puts on the stack; leaves the results at the stack's bottom.
    pub(super) fn invoke(&mut self, func: Func, write: impl FnOnce(&mut [u64])) -> Result<(), Error> {
        let state = &mut self.machine.state;
        state.frames.clear();
        state.frames.push(Frame::bottom());
        write(self.machine.stack.from(0));
        let entry = state.functions[func.0 as usize];
        if entry.instance == HOST {
            return self.call_host(func.0, 0, None);
        }
        state.frames.push(Frame::entry(entry.instance, entry.index, 0));
        loop {
            match self.engine.run(&mut self.machine) {
                Exit::Returned => return Ok(()),
                Exit::HostCall { function, base } => {
                    // Not the topmost frame's instance: a tail call has replaced the frame of the function that called.
                    let caller = self.machine.state.instance;
                    self.call_host(function, base, Some(caller))?;
                }
                Exit::Suspended => self.machine.state.slice = u64::MAX,
                Exit::Trapped { trap, statement } => {
                    let at = self.trap_site(statement);
                    return Err(self.trap_error(trap, Some(at)));
                }
            }
        }
    }

    fn call_host(&mut self, function: u32, base: u32, instance: Option<u32>) -> Result<(), Error> {
        let entry = self.machine.state.functions[function as usize];
        let call = self.hosts[entry.index as usize].call.clone();
        let mut caller = Caller {
            instance,
            state: &mut self.machine.state,
        };
        let result = call(&mut caller, self.machine.stack.from(base));
        result.map_err(|error| self.host_error(error))
    }

    #[cold]
    fn host_error(&mut self, source: HostError) -> Error {
        match source.downcast::<Trap>() {
            Ok(trap) => self.trap_error(*trap, None),
            Err(source) => {
                let backtrace = self.backtrace(None);
                ErrorKind::Host { source, backtrace }.into()
            }
        }
    }

    /// Byte offset of the instruction that trapped in the current frame.
    fn trap_site(&mut self, statement: u32) -> (Frame, u32) {
        let current = self.machine.state.current;
        self.machine.state.switch_to(current.instance);
        let body = &self.modules[current.instance as usize].inner.bodies.0[current.function as usize];
        let window = self.machine.stack.window(current.base);
        let offset = eval::trap_offset(body, statement, window, &mut self.machine.state);
        (current, offset)
    }

    #[cold]
    fn trap_error(&mut self, trap: Trap, at: Option<(Frame, u32)>) -> Error {
        let backtrace = self.backtrace(at);
        ErrorKind::Trap(TrapInfo { trap, backtrace }).into()
    }

    fn backtrace(&self, at: Option<(Frame, u32)>) -> Backtrace {
        let frames = &self.machine.state.frames;
        let suspended = frames.iter().rev().filter(|frame| frame.instance != Frame::BOTTOM);
        let suspended = suspended.map(|&frame| {
            let body = &self.modules[frame.instance as usize].inner.bodies.0[frame.function as usize];
            let call = eval::call_of(body, frame.block);
            let offset = call.map_or(0, |(statement, _)| body.statement_offsets[statement as usize]);
            (frame, offset)
        });
        let all: Vec<(Frame, u32)> = at.into_iter().chain(suspended).collect();
        let omitted = all.len().saturating_sub(BACKTRACE_FRAMES);
        let half = BACKTRACE_FRAMES / 2;
        let keep = |number: &usize| omitted == 0 || *number < half || *number >= half + omitted;
        let kept = (0..all.len()).filter(keep).map(|number| {
            let (frame, offset) = all[number];
            let module = &self.modules[frame.instance as usize].inner;
            let function = frame.function + module.imported_functions;
            BacktraceFrame {
                function,
                name: module.name_of(function),
                offset,
            }
        });
        Backtrace {
            frames: kept.collect(),
            omitted,
        }
    }
}

fn types_match(
    ty: &FuncType,
    params: &[wasm_dispatch_machine::code::ValType],
    results: &[wasm_dispatch_machine::code::ValType],
) -> bool {
    *ty.params == *params && *ty.results == *results
}

fn signature_error(expected: &FuncType, found: &FuncType) -> Error {
    ErrorKind::Signature {
        expected: expected.to_string(),
        found: found.to_string(),
    }
    .into()
}
