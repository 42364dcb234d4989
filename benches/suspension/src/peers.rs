//! wasmi 2 beside our own: calls, host calls, resumable calls, fuel.

use std::cell::RefCell;
use std::rc::Rc;

use wasmi::errors::HostError;
use wasmi::{Config, Engine, Func, Instance, Linker, Module, ResumableCall, Store, Val};

use crate::calls::{TURNS_PER_MACHINE, check, nothing};
use crate::events::{Failed, Run, Subject};
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

struct Counting {
    store: Store<()>,
    instance: Instance,
}

type Shared = Rc<RefCell<Counting>>;

fn engine(fuel: bool) -> Engine {
    let mut config = Config::default();
    config.consume_fuel(fuel);
    Engine::new(&config)
}

/// A store with an instance, and fuel without end at first.
fn instance(wasm: &[u8], fuel: bool, waits: bool) -> Result<(Store<()>, Instance), Failed> {
    let engine = engine(fuel);
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, ());
    if fuel {
        store.set_fuel(u64::MAX / 2)?;
    }
    let mut linker = Linker::new(&engine);
    if waits {
        linker.func_wrap("host", "step", |value: i64| -> Result<i64, wasmi::Error> {
            Err(wasmi::Error::host(Waits(value)))
        })?;
    } else {
        linker.func_wrap("host", "step", |value: i64| value + 1)?;
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    Ok((store, instance))
}

fn counting(fuel: bool, waits: bool) -> Result<Shared, Failed> {
    let (store, instance) = instance(&programs::count()?, fuel, waits)?;
    Ok(Rc::new(RefCell::new(Counting { store, instance })))
}

/// The counting program, linked to another instance.
fn linked_counting() -> Result<Shared, Failed> {
    let engine = engine(false);
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let step = linker.instantiate_and_start(&mut store, &Module::new(&engine, programs::step()?)?)?;
    linker.instance(&mut store, "host", step)?;
    let instance = linker.instantiate_and_start(&mut store, &Module::new(&engine, programs::count()?)?)?;
    Ok(Rc::new(RefCell::new(Counting { store, instance })))
}

/// Makes a store and an instance for each so many turns.
fn fresh_stores() -> Result<Run, Failed> {
    let engine = engine(false);
    let module = Module::new(&engine, programs::count()?)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "step", |value: i64| value + 1)?;
    Ok(Box::new(move |turns| {
        for _ in 0..turns / TURNS_PER_MACHINE {
            let mut store = Store::new(&engine, ());
            let instance = linker.instantiate_and_start(&mut store, &module)?;
            let func = export(&store, instance, "without")?;
            let mut results = [Val::I64(0)];
            func.call(&mut store, &[Val::I32(1)], &mut results)?;
            check_values(&results, 1)?;
        }
        Ok(())
    }))
}

fn export(store: &Store<()>, instance: Instance, name: &str) -> Result<Func, Failed> {
    instance.get_func(store, name).ok_or_else(|| "no such export".into())
}

fn check_values(values: &[Val], turns: u32) -> Result<(), Failed> {
    match values {
        [Val::I64(result)] => check(*result, turns),
        other => Err(format!("one number expected, not {other:?}").into()),
    }
}

fn calling(counting: &Shared, name: &'static str) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting { store, instance } = &mut *counting.borrow_mut();
        let func = export(store, *instance, name)?;
        let mut results = [Val::I64(0)];
        func.call(&mut *store, &[Val::I32(turns as i32)], &mut results)?;
        check_values(&results, turns)
    })
}

/// Calls and resumes, whatever the call stops for.
fn resuming(counting: &Shared, name: &'static str, fuel: Option<u64>) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting { store, instance } = &mut *counting.borrow_mut();
        let func = export(store, *instance, name)?;
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
        check_values(&results, turns)
    })
}

/// wasmi's calls, host calls, resumable calls, calls that are out of fuel, and fresh stores, under these names.
///
/// # Errors
///
/// When the program cannot be loaded.
pub fn wasmi_calls(names: [&'static str; 6], fuel: u64) -> Result<Vec<Subject>, Failed> {
    let [own, linked, rust_call, waits, resume, fresh] = names;
    let subject = |what, per_turn, with, without| Subject {
        what,
        name: "wasmi 2".into(),
        per_turn,
        with,
        without,
    };
    let plain = counting(false, false)?;
    let other = linked_counting()?;
    let host = counting(false, true)?;
    let metered = counting(true, false)?;
    // How many times it runs out is counted, not computed: its fuel is not ours.
    let pauses = pauses(&metered, fuel)?;
    Ok(vec![
        subject(own, 1.0, calling(&other, "own"), calling(&other, "without")),
        subject(linked, 1.0, calling(&other, "with"), calling(&other, "without")),
        subject(rust_call, 1.0, calling(&plain, "with"), calling(&plain, "without")),
        subject(waits, 1.0, resuming(&host, "with", None), calling(&host, "without")),
        subject(
            resume,
            pauses,
            resuming(&metered, "without", Some(fuel)),
            calling(&metered, "without"),
        ),
        subject(fresh, 1.0 / f64::from(TURNS_PER_MACHINE), fresh_stores()?, nothing()),
    ])
}

/// How many times a turn of the loop runs out of fuel.
fn pauses(counting: &Shared, fuel: u64) -> Result<f64, Failed> {
    const TURNS: u32 = 10_000;
    let Counting { store, instance } = &mut *counting.borrow_mut();
    let func = export(store, *instance, "without")?;
    let before = store.get_fuel()?;
    func.call(&mut *store, &[Val::I32(TURNS as i32)], &mut [Val::I64(0)])?;
    let used = before - store.get_fuel()?;
    Ok(used as f64 / f64::from(TURNS) / fuel as f64)
}

/// A call that is paused for want of fuel, with all that it keeps alive.
///
/// # Errors
///
/// When the program does not run out of fuel.
pub fn paused(wasm: &[u8], depth: i32, fuel: u64) -> Result<impl Sized + use<>, Failed> {
    let (mut store, instance) = instance(wasm, true, false)?;
    store.set_fuel(fuel)?;
    let func = export(&store, instance, "wait")?;
    match func.call_resumable(&mut store, &[Val::I32(depth)], &mut [Val::I64(0)])? {
        ResumableCall::OutOfFuel(waiting) => Ok((store, waiting)),
        _ => Err("it was to run out of fuel".into()),
    }
}
