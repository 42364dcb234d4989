//! wasmi 2 beside our own: calls, host calls, resumable calls, fuel.

use std::cell::RefCell;
use std::rc::Rc;

use wasmi::errors::HostError;
use wasmi::{Caller, Config, Engine, Extern, Instance, Linker, Module, ResumableCall, Store, Val};

use crate::calls::{
    DYNAMIC, FRESH, FUEL, LINKED, OWN, READS, RESUME, RUST_CALL, Shared, TURNS_PER_MACHINE, TYPED, WAITS, counts,
    makes, nothing,
};
use crate::events::{Failed, Subject};
use crate::programs;

/// What a host function stops a resumable call with.
#[derive(Debug)]
struct Waits(i64);

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("waits")
    }
}

impl HostError for Waits {}

/// What an instance's host function `step` is.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Adds,
    Reads,
    Waits,
    /// Another instance's.
    Linked,
}

/// An instance with its store.
struct Counting {
    store: Store<()>,
    instance: Instance,
}

fn engine(fuel: bool) -> Engine {
    let mut config = Config::default();
    config.consume_fuel(fuel);
    Engine::new(&config)
}

impl Counting {
    /// An instance of a program, with fuel without end at first, if it has any.
    fn new(wasm: &[u8], fuel: bool, step: Step) -> Result<Counting, Failed> {
        let engine = engine(fuel);
        let mut store = Store::new(&engine, ());
        if fuel {
            store.set_fuel(u64::MAX / 2)?;
        }
        let mut linker = Linker::new(&engine);
        match step {
            Step::Adds => drop(linker.func_wrap("host", "step", |value: i64| value + 1)?),
            Step::Reads => drop(linker.func_wrap("host", "step", |caller: Caller<'_, ()>, value: i64| {
                let memory = caller.get_export("memory").and_then(Extern::into_memory);
                let memory = memory.ok_or_else(|| wasmi::Error::new("no memory"))?;
                let mut bytes = [0; 8];
                memory.read(&caller, 0, &mut bytes).map_err(wasmi::Error::from)?;
                Ok(value + i64::from_le_bytes(bytes))
            })?),
            Step::Waits => drop(
                linker.func_wrap("host", "step", |value: i64| -> Result<i64, wasmi::Error> {
                    Err(wasmi::Error::host(Waits(value)))
                })?,
            ),
            Step::Linked => {
                let other = Module::new(&engine, programs::step()?)?;
                let other = linker.instantiate_and_start(&mut store, &other)?;
                linker.instance(&mut store, "host", other)?;
            }
        }
        let instance = linker.instantiate_and_start(&mut store, &Module::new(&engine, wasm)?)?;
        Ok(Counting { store, instance })
    }

    fn shared(fuel: bool, step: Step) -> Result<Shared<Counting>, Failed> {
        let program = match step {
            Step::Reads => programs::count_with_memory()?,
            Step::Adds | Step::Waits | Step::Linked => programs::count()?,
        };
        Ok(Rc::new(RefCell::new(Counting::new(&program, fuel, step)?)))
    }

    fn call(&mut self, export: &str, turns: u32) -> Result<i64, Failed> {
        let func = self.instance.get_func(&self.store, export).ok_or("no such export")?;
        let mut results = [Val::I64(0)];
        func.call(&mut self.store, &[Val::I32(turns as i32)], &mut results)?;
        counted(&results)
    }

    /// Calls and resumes, whatever the call stops for.
    fn resume(&mut self, export: &str, turns: u32, fuel: Option<u64>) -> Result<i64, Failed> {
        let Counting { store, instance } = self;
        let func = instance.get_func(&*store, export).ok_or("no such export")?;
        let mut results = [Val::I64(0)];
        if let Some(fuel) = fuel {
            store.set_fuel(fuel)?;
        }
        let mut call = func.call_resumable(&mut *store, &[Val::I32(turns as i32)], &mut results)?;
        loop {
            call = match call {
                ResumableCall::Finished => break,
                ResumableCall::HostTrap(waiting) => {
                    let value = waiting.host_error().downcast_ref::<Waits>().map(|waits| waits.0);
                    let value = value.ok_or("another error of the host")?;
                    waiting.resume(&mut *store, &[Val::I64(value + 1)], &mut results)?
                }
                ResumableCall::OutOfFuel(waiting) => {
                    let left = store.get_fuel()?;
                    store.set_fuel(left + fuel.unwrap_or(0).max(waiting.required_fuel()))?;
                    waiting.resume(&mut *store, &mut results)?
                }
            };
        }
        if fuel.is_some() {
            store.set_fuel(u64::MAX / 2)?;
        }
        counted(&results)
    }

    /// How many times a turn of the loop runs out of fuel: counted, not computed, since its fuel is not ours.
    fn pauses(&mut self) -> Result<f64, Failed> {
        const TURNS: u32 = 10_000;
        let before = self.store.get_fuel()?;
        self.call("without", TURNS)?;
        let used = before - self.store.get_fuel()?;
        Ok(used as f64 / f64::from(TURNS) / FUEL as f64)
    }
}

fn counted(values: &[Val]) -> Result<i64, Failed> {
    match values {
        [Val::I64(result)] => Ok(*result),
        other => Err(format!("one number expected, not {other:?}").into()),
    }
}

/// wasmi's calls, host calls, resumable calls, calls that are out of fuel, and fresh stores.
pub fn wasmi_calls() -> Result<Vec<Subject>, Failed> {
    let call = |shared, export: &'static str| counts(shared, move |store: &mut Counting, n| store.call(export, n));
    let plain = Counting::shared(false, Step::Adds)?;
    let reading = Counting::shared(false, Step::Reads)?;
    let other = Counting::shared(false, Step::Linked)?;
    let host = Counting::shared(false, Step::Waits)?;
    let metered = Counting::shared(true, Step::Adds)?;
    let pauses = metered.borrow_mut().pauses()?;
    let waits = counts(&host, |store: &mut Counting, n| store.resume("host", n, None));
    let resumes = counts(&metered, |store: &mut Counting, n| {
        store.resume("without", n, Some(FUEL))
    });
    let adding = || -> Result<_, Failed> {
        let adding = Counting::new(&programs::step()?, false, Step::Adds)?;
        Ok(Rc::new(RefCell::new(adding)))
    };
    let typed = counts(&adding()?, |Counting { store, instance }, turns| {
        let step = instance.get_typed_func::<i64, i64>(&*store, "step")?;
        Ok((0..turns).try_fold(0, |sum, _| step.call(&mut *store, sum))?)
    });
    let dynamic = counts(&adding()?, |Counting { store, instance }, turns| {
        let step = instance.get_func(&*store, "step").ok_or("no such export")?;
        let mut results = [Val::I64(0)];
        for _ in 0..turns {
            let arguments = results.clone();
            step.call(&mut *store, &arguments, &mut results)?;
        }
        counted(&results)
    });
    let engine = engine(false);
    let module = Module::new(&engine, programs::count()?)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "step", |value: i64| value + 1)?;
    let fresh = makes(move || {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        Counting { store, instance }.call("without", 1)
    });
    let waits_once = counts(&host, |store: &mut Counting, n| store.resume("host_once", n, None));
    let more = f64::from(programs::MORE);
    let rows = [
        (TYPED, 1.0, typed, nothing()),
        (DYNAMIC, 1.0, dynamic, nothing()),
        (OWN, more, call(&other, "own"), call(&other, "own_once")),
        (LINKED, more, call(&other, "host"), call(&other, "host_once")),
        (RUST_CALL, more, call(&plain, "host"), call(&plain, "host_once")),
        (READS, more, call(&reading, "host"), call(&reading, "host_once")),
        (WAITS, more, waits, waits_once),
        (RESUME, pauses, resumes, call(&metered, "without")),
        (FRESH, 1.0 / f64::from(TURNS_PER_MACHINE), fresh, nothing()),
    ];
    Ok(Subject::all("wasmi 2", rows))
}

/// A call that is paused for want of fuel, with all that it keeps alive.
pub fn paused(wasm: &[u8], depth: i32, fuel: u64) -> Result<impl Sized + use<>, Failed> {
    let Counting { mut store, instance } = Counting::new(wasm, true, Step::Adds)?;
    store.set_fuel(fuel)?;
    let func = instance.get_func(&store, "wait").ok_or("no such export")?;
    match func.call_resumable(&mut store, &[Val::I32(depth)], &mut [Val::I64(0)])? {
        ResumableCall::OutOfFuel(waiting) => Ok((store, waiting)),
        _ => Err("it was to run out of fuel".into()),
    }
}
