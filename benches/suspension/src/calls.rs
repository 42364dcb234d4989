//! Calls of the host, and slices: nanoseconds each.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, Strategy, Value, Vm,
};

use crate::events::{Failed, Run, Subject, measure};
use crate::programs;
use crate::report::Row;

/// A function of the same instance.
const OWN: &str = "call of an own function";
/// A function of another instance with a memory of its own.
const LINKED: &str = "call of another instance's function";
/// A plain host function.
const RUST_CALL: &str = "RustCall";
/// An asynchronous one that is ready at once.
const READY: &str = "AsyncCall, ready";
/// An asynchronous one that is pending once.
const WAITS: &str = "AsyncCall, waits once";
/// A slice of fuel that is used up and granted again by the machine itself.
const SLICE: &str = "slice of fuel, granted within the call";
/// The same, letting other tasks run.
const YIELD: &str = "slice of fuel, other tasks may run";
/// Out of fuel: back to the host, which resumes.
const RESUME: &str = "out of fuel, resumed by the host";

/// A machine, from nothing to the end of its first call, of a module that is loaded already.
const FRESH: &str = "machine made, called once, dropped";

/// Turns for each machine that is made.
pub const TURNS_PER_MACHINE: u32 = 64;

/// Fuel of a slice: about so many turns of the loop.
const FUEL: u64 = 500;

/// Fuel that a turn takes: eight instructions.
const TURN: u64 = 8;

/// A future that is pending once.
struct Once(bool);

impl Future for Once {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A machine with the counting program.
struct Counting {
    vm: Vm,
    instance: Instance,
}

type Shared = Rc<RefCell<Counting>>;

fn counting(strategy: Strategy, metering: Metering, imports: &Imports) -> Result<Shared, Failed> {
    counting_in(Vm::with(strategy, Limits::default()), strategy, metering, imports)
}

fn counting_in(mut vm: Vm, strategy: Strategy, metering: Metering, imports: &Imports) -> Result<Shared, Failed> {
    let module = Module::options().metering(metering).compile(&programs::count()?)?;
    module.compile(strategy);
    let instance = vm.instantiate(&module, imports)?;
    Ok(Rc::new(RefCell::new(Counting { vm, instance })))
}

/// A machine with the counting program, which is linked to another instance.
fn linked(strategy: Strategy) -> Result<Shared, Failed> {
    let mut vm = Vm::with(strategy, Limits::default());
    let step = vm.instantiate(&Module::new(&programs::step()?)?, &Imports::new())?;
    let mut imports = Imports::new();
    imports.define("host", "step", vm.exported_func(step, "step")?);
    counting_in(vm, strategy, Metering::Off, &imports)
}

/// The result must be the number of turns.
pub fn check(result: i64, turns: u32) -> Result<(), Failed> {
    if result == i64::from(turns) {
        Ok(())
    } else {
        Err(format!("counted to {result} instead of {turns}").into())
    }
}

fn check_values(values: &[Value], turns: u32) -> Result<(), Failed> {
    match values {
        [Value::I64(result)] => check(*result, turns),
        other => Err(format!("one number expected, not {other:?}").into()),
    }
}

fn blocking(counting: &Shared, export: &'static str) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting { vm, instance } = &mut *counting.borrow_mut();
        check_values(&vm.call(*instance, export, &[Value::I32(turns as i32)])?, turns)
    })
}

fn awaiting(counting: &Shared, export: &'static str) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting { vm, instance } = &mut *counting.borrow_mut();
        check_values(
            &block_on(vm.call_async(*instance, export, &[Value::I32(turns as i32)]))?,
            turns,
        )
    })
}

/// Calls with slices of this size first.
fn sliced(counting: &Shared, slice: u64, mut run: Run) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        counting.borrow_mut().vm.set_slice(slice);
        run(turns)
    })
}

/// Calls with little fuel, and resumes with as much again until it is done.
fn resuming(counting: &Shared) -> Run {
    let counting = counting.clone();
    Box::new(move |turns| {
        let Counting { vm, instance } = &mut *counting.borrow_mut();
        vm.set_slice(u64::MAX);
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(FUEL))?;
        let mut ended = vm.call(*instance, "without", &[Value::I32(turns as i32)]);
        while let Err(error) = &ended
            && matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel))
        {
            vm.set_fuel(Some(vm.fuel().unwrap_or(0) + FUEL))?;
            ended = vm.resume();
        }
        vm.set_fuel(None)?;
        check_values(&ended?, turns)
    })
}

/// Makes a machine for each so many turns.
fn fresh(strategy: Strategy, imports: Imports) -> Result<Run, Failed> {
    let module = Module::new(&programs::count()?)?;
    module.compile(strategy);
    Ok(Box::new(move |turns| {
        for _ in 0..turns / TURNS_PER_MACHINE {
            let mut vm = Vm::with(strategy, Limits::default());
            let instance = vm.instantiate(&module, &imports)?;
            check_values(&vm.call(instance, "without", &[Value::I32(1)])?, 1)?;
        }
        Ok(())
    }))
}

/// No work at all.
pub fn nothing() -> Run {
    Box::new(|_| Ok(()))
}

fn ours(strategy: Strategy) -> Result<Vec<Subject>, Failed> {
    let subject = |what, per_turn, with, without| Subject {
        what,
        name: strategy.name().into(),
        per_turn,
        with,
        without,
    };
    let mut plain = Imports::new();
    plain.func("host", "step", |value: i64| value + 1);
    let mut ready = Imports::new();
    ready.func_async("host", "step", |_: AsyncCaller<'_>, value: i64| {
        Box::pin(async move { Ok(value + 1) })
    });
    let mut waits = Imports::new();
    waits.func_async("host", "step", |_: AsyncCaller<'_>, value: i64| {
        Box::pin(async move {
            Once(false).await;
            Ok(value + 1)
        })
    });
    let linked = linked(strategy)?;
    let plain_calls = counting(strategy, Metering::Off, &plain)?;
    let ready = counting(strategy, Metering::Off, &ready)?;
    let waits = counting(strategy, Metering::Off, &waits)?;
    let fuel = counting(strategy, Metering::Fuel, &plain)?;
    let slices = TURN as f64 / FUEL as f64;
    let whole = |counting: &Shared| sliced(counting, u64::MAX, blocking(counting, "without"));
    Ok(vec![
        subject(OWN, 1.0, blocking(&linked, "own"), blocking(&linked, "without")),
        subject(LINKED, 1.0, blocking(&linked, "with"), blocking(&linked, "without")),
        subject(
            RUST_CALL,
            1.0,
            blocking(&plain_calls, "with"),
            blocking(&plain_calls, "without"),
        ),
        subject(READY, 1.0, awaiting(&ready, "with"), awaiting(&ready, "without")),
        subject(WAITS, 1.0, awaiting(&waits, "with"), awaiting(&waits, "without")),
        subject(
            SLICE,
            slices,
            sliced(&fuel, FUEL, blocking(&fuel, "without")),
            whole(&fuel),
        ),
        subject(
            YIELD,
            slices,
            sliced(&fuel, FUEL, awaiting(&fuel, "without")),
            whole(&fuel),
        ),
        subject(RESUME, slices, resuming(&fuel), whole(&fuel)),
        subject(
            FRESH,
            1.0 / f64::from(TURNS_PER_MACHINE),
            fresh(strategy, plain)?,
            nothing(),
        ),
    ])
}

/// Everything in this part.
///
/// # Errors
///
/// When something gives a wrong result.
pub fn run(budget: Duration) -> Result<Vec<Row>, Failed> {
    let mut subjects = Vec::new();
    for &strategy in Strategy::ALL {
        subjects.extend(ours(strategy)?);
    }
    subjects.extend(crate::peers::wasmi_calls(
        [OWN, LINKED, RUST_CALL, WAITS, RESUME, FRESH],
        FUEL,
    )?);
    #[cfg(feature = "wasmtime")]
    subjects.extend(crate::peers_wasmtime::calls(RUST_CALL, READY, WAITS, YIELD, FUEL)?);
    let mut rows = measure("calls", &mut subjects, budget)?;
    let nothing = |what, subject, note| Row::none("calls", what, subject, note);
    rows.push(nothing(READY, "wasmi 2", "it has no asynchronous host functions"));
    rows.push(nothing(YIELD, "wasmi 2", "no such thing"));
    #[cfg(not(feature = "wasmtime"))]
    rows.push(nothing(RUST_CALL, "wasmtime", "not built: --features wasmtime"));
    let kinds = [OWN, LINKED, RUST_CALL, READY, WAITS, SLICE, YIELD, RESUME, FRESH];
    rows.sort_by_key(|row| kinds.iter().position(|kind| *kind == row.what));
    Ok(rows)
}
