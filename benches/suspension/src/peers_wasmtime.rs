//! wasmtime beside our own: host calls, asynchronous host calls, fuel that yields. Compiled by Cranelift, so the loops
//! around the events are machine code; what is compared is the events.

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::block_on;
use wasmtime::{Config, Engine, Instance, Linker, Module, Store, TypedFunc};

use crate::calls::{FUEL, READY, RUST_CALL, Shared, WAITS, YIELD, counts, once};
use crate::events::{Failed, Subject};
use crate::programs;

struct Counting {
    store: Store<()>,
    instance: Instance,
}

/// How the host function is defined.
#[derive(Clone, Copy)]
enum Host {
    Plain,
    Ready,
    Waits,
}

impl Counting {
    fn shared(host: Host, fuel: Option<u64>) -> Result<Shared<Counting>, Failed> {
        let mut config = Config::new();
        config.consume_fuel(fuel.is_some());
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, programs::count()?)?;
        let mut store = Store::new(&engine, ());
        if fuel.is_some() {
            store.set_fuel(u64::MAX / 2)?;
            store.fuel_async_yield_interval(fuel)?;
        }
        let mut linker = Linker::new(&engine);
        match host {
            Host::Plain => linker.func_wrap("host", "step", |value: i64| value + 1)?,
            Host::Ready => {
                linker.func_wrap_async("host", "step", |_, (value,): (i64,)| Box::new(async move { value + 1 }))?
            }
            Host::Waits => linker.func_wrap_async("host", "step", |_, (value,): (i64,)| {
                Box::new(async move {
                    once().await;
                    value + 1
                })
            })?,
        };
        let instance = block_on(linker.instantiate_async(&mut store, &module))?;
        Ok(Rc::new(RefCell::new(Counting { store, instance })))
    }

    fn call(&mut self, export: &str, awaits: bool, turns: u32) -> Result<i64, Failed> {
        let func: TypedFunc<i32, i64> = self.instance.get_typed_func(&mut self.store, export)?;
        Ok(match awaits {
            true => block_on(func.call_async(&mut self.store, turns as i32))?,
            false => func.call(&mut self.store, turns as i32)?,
        })
    }
}

/// wasmtime's host calls, plain and asynchronous, and its fuel that yields.
pub fn calls() -> Result<Vec<Subject>, Failed> {
    let call = |shared, export: &'static str, awaits| {
        counts(shared, move |store: &mut Counting, n| store.call(export, awaits, n))
    };
    let both = |shared, awaits| (call(shared, "host", awaits), call(shared, "host_once", awaits));
    let plain = Counting::shared(Host::Plain, None)?;
    let ready = Counting::shared(Host::Ready, None)?;
    let waits = Counting::shared(Host::Waits, None)?;
    let metered = Counting::shared(Host::Plain, Some(FUEL))?;
    let whole = Counting::shared(Host::Plain, Some(u64::MAX / 4))?;
    let per_turn = {
        let whole = &mut *whole.borrow_mut();
        let before = whole.store.get_fuel()?;
        whole.call("without", true, 10_000)?;
        (before - whole.store.get_fuel()?) as f64 / 10_000.0
    };
    let more = f64::from(programs::MORE);
    let (plain_host, plain_once) = both(&plain, false);
    let (ready_host, ready_once) = both(&ready, true);
    let (waits_host, waits_once) = both(&waits, true);
    let rows = [
        (RUST_CALL, more, plain_host, plain_once),
        (READY, more, ready_host, ready_once),
        (WAITS, more, waits_host, waits_once),
        (
            YIELD,
            per_turn / FUEL as f64,
            call(&metered, "without", true),
            call(&whole, "without", true),
        ),
    ];
    Ok(Subject::all("wasmtime", rows))
}
