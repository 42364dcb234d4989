//! wasmtime beside our own: host calls, asynchronous host calls, fuel that yields. Compiled by Cranelift, so the loops
//! around the events are machine code; what is compared is the events.

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::block_on;
use wasmtime::{Config, Engine, Linker, Module, Store, TypedFunc};

use crate::calls::check;
use crate::events::{Failed, Run, Subject};
use crate::programs;

struct Counting {
    store: Store<()>,
    with: TypedFunc<i32, i64>,
    without: TypedFunc<i32, i64>,
}

type Shared = Rc<RefCell<Counting>>;

/// How the host function is defined.
#[derive(Clone, Copy, PartialEq)]
enum Host {
    Plain,
    Ready,
    Waits,
}

async fn once() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return std::task::Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

fn counting(host: Host, fuel: Option<u64>) -> Result<Shared, Failed> {
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

fn calling(counting: &Shared, with: bool, awaits: bool) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting {
            store,
            with: first,
            without,
        } = &mut *counting.borrow_mut();
        let func = if with { &*first } else { &*without };
        let result = if awaits {
            block_on(func.call_async(&mut *store, turns as i32))?
        } else {
            func.call(&mut *store, turns as i32)?
        };
        check(result, turns)
    })
}

/// wasmtime's host calls, plain and asynchronous, and its fuel that yields.
///
/// # Errors
///
/// When the program cannot be loaded.
pub fn calls(
    rust_call: &'static str,
    ready: &'static str,
    waits: &'static str,
    yields: &'static str,
    fuel: u64,
) -> Result<Vec<Subject>, Failed> {
    let subject = |what, per_turn, with, without| Subject {
        what,
        name: "wasmtime".into(),
        per_turn,
        with,
        without,
    };
    let plain = counting(Host::Plain, None)?;
    let at_once = counting(Host::Ready, None)?;
    let waiting = counting(Host::Waits, None)?;
    let metered = counting(Host::Plain, Some(fuel))?;
    let whole = counting(Host::Plain, Some(u64::MAX / 4))?;
    let per_turn = {
        let Counting { store, without, .. } = &mut *whole.borrow_mut();
        let before = store.get_fuel()?;
        block_on(without.call_async(&mut *store, 10_000))?;
        (before - store.get_fuel()?) as f64 / 10_000.0
    };
    Ok(vec![
        subject(
            rust_call,
            1.0,
            calling(&plain, true, false),
            calling(&plain, false, false),
        ),
        subject(
            ready,
            1.0,
            calling(&at_once, true, true),
            calling(&at_once, false, true),
        ),
        subject(
            waits,
            1.0,
            calling(&waiting, true, true),
            calling(&waiting, false, true),
        ),
        subject(
            yields,
            per_turn / fuel as f64,
            calling(&metered, false, true),
            calling(&whole, false, true),
        ),
    ])
}
