//! How long it takes until a program that spins has stopped.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use wasm_dispatch::{ErrorKind, Imports, Limits, Metering, Module, Pause, Strategy, Value, Vm};

use crate::events::Failed;
use crate::programs;
use crate::report::{Row, Unit};

/// Everything in this part, with this many tries for each strategy.
pub fn run(tries: usize) -> Result<Vec<Row>, Failed> {
    let module = Module::options()
        .metering(Metering::Interrupts)
        .compile(&programs::wait(0)?)?;
    let mut rows = Vec::new();
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new())?;
        let handle = vm.interrupt_handle();
        let (begin, begun) = mpsc::channel::<()>();
        let (send, interrupted) = mpsc::channel::<Instant>();
        let other = std::thread::spawn(move || {
            while begun.recv().is_ok() {
                // It spins for a while first.
                std::thread::sleep(Duration::from_micros(300));
                let now = Instant::now();
                handle.interrupt();
                if send.send(now).is_err() {
                    return;
                }
            }
        });
        let mut values = Vec::new();
        for _ in 0..tries {
            begin.send(())?;
            match vm.call(instance, "wait", &[Value::I32(0)]) {
                Err(error) if matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)) => {}
                other => return Err(format!("it was to be interrupted, not {other:?}").into()),
            }
            let stopped = Instant::now();
            values.push(stopped.duration_since(interrupted.recv()?).as_nanos() as f64);
        }
        drop(begin);
        other.join().map_err(|_| "the interrupting thread panicked")?;
        let what = "from the interrupt to the end of the call";
        rows.push(Row::new("interrupt", what, strategy.name(), Unit::Nanoseconds, values));
    }
    Ok(rows)
}
