//! Many machines on one thread: how equal their shares are, and what sharing costs.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures::executor::{LocalPool, block_on};
use futures::task::LocalSpawnExt;
use wasm_dispatch::{Imports, Instance, Limits, Metering, Module, Strategy, Value, Vm};

use crate::calls::{check, counted};
use crate::events::Failed;
use crate::programs;
use crate::report::{Row, Unit};

const PART: &str = "sharing";

/// Fuel of a slice.
const SLICE: u64 = 10_000;

fn machine(module: &Module, turns: &Arc<AtomicU64>) -> Result<(Vm, Instance), Failed> {
    let mut imports = Imports::new();
    let turns = turns.clone();
    imports.func("host", "step", move |value: i64| {
        turns.store(value as u64 + 1, Relaxed);
        value + 1
    });
    let mut vm = Vm::with(Strategy::default(), Limits::default());
    vm.set_slice(SLICE);
    let instance = vm.instantiate(module, &imports)?;
    Ok((vm, instance))
}

/// Everything in this part, with this many machines of this many iterations each.
pub fn run(machines: usize, turns: u32) -> Result<Vec<Row>, Failed> {
    let module = Module::options()
        .metering(Metering::Fuel)
        .compile(&programs::count()?)?;
    let counters: Vec<Arc<AtomicU64>> = (0..machines).map(|_| Arc::default()).collect();
    let argument = [Value::I32(turns as i32)];

    // One after the other.
    let mut alone = Duration::ZERO;
    for counter in &counters {
        let (mut vm, instance) = machine(&module, counter)?;
        let start = Instant::now();
        let result = counted(block_on(vm.call_async(instance, "host_once", &argument)))?;
        check(result, turns)?;
        alone += start.elapsed();
    }

    // All at once.
    let least: Rc<Cell<Option<u64>>> = Rc::default();
    let failures: Rc<Cell<Option<Failed>>> = Rc::default();
    let mut pool = LocalPool::new();
    for counter in &counters {
        counter.store(0, Relaxed);
        let (mut vm, instance) = machine(&module, counter)?;
        let (least, failures, counters) = (least.clone(), failures.clone(), counters.clone());
        pool.spawner().spawn_local(async move {
            let ended = counted(vm.call_async(instance, "host_once", &argument).await);
            if let Err(error) = ended.and_then(|result| check(result, turns)) {
                failures.set(Some(error));
            }
            if least.get().is_none() {
                // The first one is done: how far is the last?
                least.set(counters.iter().map(|counter| counter.load(Relaxed)).min());
            }
        })?;
    }
    let start = Instant::now();
    pool.run();
    let together = start.elapsed();
    if let Some(error) = failures.take() {
        return Err(error);
    }
    let share = least.get().unwrap_or(0) as f64 / f64::from(turns);
    let what = format!("{machines} machines on one thread");
    let row = |subject: &str, value: f64| Row::new(PART, &what, subject, Unit::Number, vec![value]);
    let time = together.as_secs_f64() / alone.as_secs_f64();
    Ok(vec![
        row("progress of the last when the first is done", share),
        row("time, relative to one after the other", time),
    ])
}
