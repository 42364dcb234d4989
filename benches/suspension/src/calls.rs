//! Calls of the host, and slices: nanoseconds each.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, Caller, Error, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, Strategy,
    Trap, Value, Vm,
};

use crate::events::{Failed, Run, Subject, measure};
use crate::programs;
use crate::report::Row;

/// The host calls a function whose type it knows.
pub const TYPED: &str = "typed call: a function that adds";
/// The host calls it with values of types that are checked in each call.
pub const DYNAMIC: &str = "dynamic call: a function that adds";
/// A function of the same instance.
pub const OWN: &str = "call of an own function";
/// A function of another instance with a memory of its own.
pub const LINKED: &str = "call of another instance's function";
/// A plain host function.
pub const RUST_CALL: &str = "RustCall";
/// A plain host function that reads eight bytes of the caller's memory.
pub const READS: &str = "RustCall, reads memory";
/// An asynchronous one that is ready at once.
pub const READY: &str = "AsyncCall, ready";
/// An asynchronous one that is pending once.
pub const WAITS: &str = "AsyncCall, waits once";
/// A slice of fuel that is used up and granted again by the machine itself.
const SLICE: &str = "slice of fuel, granted within the call";
/// The same, letting other tasks run.
pub const YIELD: &str = "slice of fuel, other tasks may run";
/// Out of fuel: back to the host, which resumes.
pub const RESUME: &str = "out of fuel, resumed by the host";
/// A machine, from nothing to the end of its first call, of a module that is loaded already.
pub const FRESH: &str = "machine made, called once, dropped";

/// Turns for each machine that is made.
pub const TURNS_PER_MACHINE: u32 = 64;

/// Fuel of a slice: about as many turns of the loop as it is large, by eight.
pub const FUEL: u64 = 500;

/// Fuel that a turn takes: eight instructions.
const TURN: u64 = 8;

/// What is pending once.
pub async fn once() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The result must be the number of turns.
pub fn check(result: i64, turns: u32) -> Result<(), Failed> {
    match result == i64::from(turns) {
        true => Ok(()),
        false => Err(format!("counted to {result} instead of {turns}").into()),
    }
}

/// Something that several runs share.
pub type Shared<T> = Rc<RefCell<T>>;

/// A run of this many iterations on what is shared; its result is checked.
pub fn counts<T: 'static>(shared: &Shared<T>, call: impl Fn(&mut T, u32) -> Result<i64, Failed> + 'static) -> Run {
    let shared = shared.clone();
    Box::new(move |turns| check(call(&mut shared.borrow_mut(), turns)?, turns))
}

/// A run that makes a new machine every so many iterations, and calls it for one iteration.
pub fn makes(once: impl Fn() -> Result<i64, Failed> + 'static) -> Run {
    Box::new(move |turns| (0..turns / TURNS_PER_MACHINE).try_for_each(|_| check(once()?, 1)))
}

/// No work at all.
pub fn nothing() -> Run {
    Box::new(|_| Ok(()))
}

/// A machine with the counting program.
struct Counting {
    vm: Vm,
    instance: Instance,
}

/// The one number that a call gives.
pub fn counted(values: Result<Vec<Value>, Error>) -> Result<i64, Failed> {
    match values?[..] {
        [Value::I64(result)] => Ok(result),
        ref other => Err(format!("one number expected, not {other:?}").into()),
    }
}

impl Counting {
    fn shared(vm: Vm, strategy: Strategy, metering: Metering, imports: &Imports) -> Result<Shared<Self>, Failed> {
        let module = Module::options().metering(metering).compile(&programs::count()?)?;
        Counting::of_module(vm, strategy, &module, imports)
    }

    fn of_module(mut vm: Vm, strategy: Strategy, module: &Module, imports: &Imports) -> Result<Shared<Self>, Failed> {
        module.compile(strategy);
        let instance = vm.instantiate(module, imports)?;
        Ok(Rc::new(RefCell::new(Counting { vm, instance })))
    }

    fn call(&mut self, export: &str, turns: u32) -> Result<i64, Failed> {
        counted(self.vm.call(self.instance, export, &[Value::I32(turns as i32)]))
    }

    fn call_async(&mut self, export: &str, turns: u32) -> Result<i64, Failed> {
        let arguments = [Value::I32(turns as i32)];
        counted(block_on(self.vm.call_async(self.instance, export, &arguments)))
    }

    /// Calls with little fuel, and resumes with as much again until it is done.
    fn resume(&mut self, turns: u32) -> Result<i64, Failed> {
        let Counting { vm, instance } = self;
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
        counted(ended)
    }
}

pub fn ours(strategy: Strategy) -> Result<Vec<Subject>, Failed> {
    let vm = || Vm::with(strategy, Limits::default());
    let machine = |metering, imports: &Imports| Counting::shared(vm(), strategy, metering, imports);
    let mut adds = Imports::new();
    adds.func("host", "step", |value: i64| value + 1);
    let mut reads = Imports::new();
    reads.func(
        "host",
        "step",
        |caller: &mut Caller<'_>, value: i64| -> Result<i64, Trap> {
            let mut bytes = [0; 8];
            caller.read(0, &mut bytes)?;
            Ok(value + i64::from_le_bytes(bytes))
        },
    );
    let mut ready = Imports::new();
    ready.func_async("host", "step", |_: AsyncCaller<'_>, value: i64| {
        Box::pin(async move { Ok(value + 1) })
    });
    let mut waits = Imports::new();
    waits.func_async("host", "step", |_: AsyncCaller<'_>, value: i64| {
        Box::pin(async move {
            once().await;
            Ok(value + 1)
        })
    });
    let linked = {
        let mut vm = vm();
        let step = vm.instantiate(&Module::new(&programs::step()?)?, &Imports::new())?;
        let mut imports = Imports::new();
        imports.define("host", "step", vm.exported_func(step, "step")?);
        Counting::shared(vm, strategy, Metering::Off, &imports)?
    };
    let plain = machine(Metering::Off, &adds)?;
    let reading = Counting::of_module(vm(), strategy, &Module::new(&programs::count_with_memory()?)?, &reads)?;
    let ready = machine(Metering::Off, &ready)?;
    let waits = machine(Metering::Off, &waits)?;
    let fuel = machine(Metering::Fuel, &adds)?;
    let call = |shared, export: &'static str| counts(shared, move |machine: &mut Counting, n| machine.call(export, n));
    let awaited =
        |shared, export: &'static str| counts(shared, move |machine: &mut Counting, n| machine.call_async(export, n));
    let slices = |slice| {
        counts(&fuel, move |machine: &mut Counting, turns| {
            machine.vm.set_slice(slice);
            machine.call("without", turns)
        })
    };
    let yields = counts(&fuel, |machine: &mut Counting, turns| {
        machine.vm.set_slice(FUEL);
        machine.call_async("without", turns)
    });
    let module = Module::new(&programs::count()?)?;
    module.compile(strategy);
    let fresh = makes(move || {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &adds)?;
        counted(vm.call(instance, "without", &[Value::I32(1)]))
    });
    let adding = || -> Result<_, Failed> {
        let mut vm = vm();
        let step = vm.instantiate(&Module::new(&programs::step()?)?, &Imports::new())?;
        let step = vm.typed_func::<i64, i64>(step, "step")?;
        Ok(Rc::new(RefCell::new((vm, step))))
    };
    let typed = counts(&adding()?, |(vm, step), turns| {
        Ok((0..turns).try_fold(0, |sum, _| vm.call_typed(*step, sum))?)
    });
    let dynamic = counts(&adding()?, |(vm, step), turns| {
        let mut results = [Value::I64(0)];
        for _ in 0..turns {
            let arguments = results;
            vm.call_into(step.func(), &arguments, &mut results)?;
        }
        counted(Ok(results.to_vec()))
    });
    let in_a_turn = TURN as f64 / FUEL as f64;
    let more = f64::from(programs::MORE);
    let rows = [
        (TYPED, 1.0, typed, nothing()),
        (DYNAMIC, 1.0, dynamic, nothing()),
        (OWN, more, call(&linked, "own"), call(&linked, "own_once")),
        (LINKED, more, call(&linked, "host"), call(&linked, "host_once")),
        (RUST_CALL, more, call(&plain, "host"), call(&plain, "host_once")),
        (READS, more, call(&reading, "host"), call(&reading, "host_once")),
        (READY, more, awaited(&ready, "host"), awaited(&ready, "host_once")),
        (WAITS, more, awaited(&waits, "host"), awaited(&waits, "host_once")),
        (SLICE, in_a_turn, slices(FUEL), slices(u64::MAX)),
        (YIELD, in_a_turn, yields, slices(u64::MAX)),
        (RESUME, in_a_turn, counts(&fuel, Counting::resume), slices(u64::MAX)),
        (FRESH, 1.0 / f64::from(TURNS_PER_MACHINE), fresh, nothing()),
    ];
    Ok(Subject::all(strategy.name(), rows))
}

/// Everything in this part.
pub fn run(budget: Duration) -> Result<Vec<Row>, Failed> {
    let mut subjects = Vec::new();
    for &strategy in Strategy::ALL {
        subjects.extend(ours(strategy)?);
    }
    subjects.extend(crate::peers::wasmi_calls()?);
    #[cfg(feature = "wasmtime")]
    subjects.extend(crate::peers_wasmtime::calls()?);
    let mut rows = measure("calls", &mut subjects, budget)?;
    let none = |what, subject, note| Row::none("calls", what, subject, note);
    rows.push(none(READY, "wasmi 2", "it has no asynchronous host functions"));
    rows.push(none(YIELD, "wasmi 2", "no such thing"));
    #[cfg(not(feature = "wasmtime"))]
    rows.push(none(RUST_CALL, "wasmtime", "not built: --features wasmtime"));
    let kinds = [
        TYPED, DYNAMIC, OWN, LINKED, RUST_CALL, READS, READY, WAITS, SLICE, YIELD, RESUME, FRESH,
    ];
    rows.sort_by_key(|row| kinds.iter().position(|kind| *kind == row.what));
    Ok(rows)
}
