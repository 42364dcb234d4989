//! wasmtime beside our own: host calls, asynchronous host calls, fuel that yields. Compiled by Cranelift, so the loops
//! around the events are machine code; what is compared is the events.

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::block_on;
use wasmtime::{Config, Engine, Linker, Module, Store, TypedFunc};

use crate::calls::{FUEL, READY, RUST_CALL, Shared, WAITS, YIELD, counts, once};
use crate::events::{Failed, Subject};
use crate::programs;

struct Counting {
    store: Store<()>,
    with: TypedFunc<i32, i64>,
    without: TypedFunc<i32, i64>,
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
        let with = instance.get_typed_func(&mut store, "with")?;
        let without = instance.get_typed_func(&mut store, "without")?;
        Ok(Rc::new(RefCell::new(Counting { store, with, without })))
    }

    fn call(&mut self, with: bool, awaits: bool, turns: u32) -> Result<i64, Failed> {
        let func = if with { &self.with } else { &self.without };
        Ok(match awaits {
            true => block_on(func.call_async(&mut self.store, turns as i32))?,
            false => func.call(&mut self.store, turns as i32)?,
        })
    }
}

/// wasmtime's host calls, plain and asynchronous, and its fuel that yields.
pub fn calls() -> Result<Vec<Subject>, Failed> {
    let call = |shared, with, awaits| counts(shared, move |store: &mut Counting, n| store.call(with, awaits, n));
    let plain = Counting::shared(Host::Plain, None)?;
    let ready = Counting::shared(Host::Ready, None)?;
    let waits = Counting::shared(Host::Waits, None)?;
    let metered = Counting::shared(Host::Plain, Some(FUEL))?;
    let whole = Counting::shared(Host::Plain, Some(u64::MAX / 4))?;
    let per_turn = {
        let whole = &mut *whole.borrow_mut();
        let before = whole.store.get_fuel()?;
        whole.call(false, true, 10_000)?;
        (before - whole.store.get_fuel()?) as f64 / 10_000.0
    };
    let rows = [
        (RUST_CALL, 1.0, call(&plain, true, false), call(&plain, false, false)),
        (READY, 1.0, call(&ready, true, true), call(&ready, false, true)),
        (WAITS, 1.0, call(&waits, true, true), call(&waits, false, true)),
        (
            YIELD,
            per_turn / FUEL as f64,
            call(&metered, false, true),
            call(&whole, false, true),
        ),
    ];
    Ok(Subject::all("wasmtime", rows))
}
