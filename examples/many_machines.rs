//! Thousands of machines on a pool of threads: each has state of its own, and all share one module, its code, and one set of
//! imports.
//!
//! ```text
//! cargo run --release --example many_machines
//! ```

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use wasm_dispatch::{Caller, Error, Imports, Instance, Limits, Module, Strategy, Vm};

const MACHINES: usize = 5_000;
const ROUNDS: u32 = 10;

/// Keeps a sum in a global of its own, and tells the host.
const PROGRAM: &str = r#"(module
    (import "host" "report" (func $report (param i64)))
    (memory 1)
    (global $sum (mut i64) (i64.const 0))
    (func (export "add") (param $n i64)
        (loop $again
            (global.set $sum (i64.add (global.get $sum) (local.get $n)))
            (br_if $again (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
        (call $report (global.get $sum))))"#;

/// What the host keeps for each machine.
struct Tenant {
    number: usize,
    reported: Vec<i64>,
}

type Job = (Vm<Tenant>, Instance);

/// Any thread may run any machine: a machine is `Send`, and belongs to the thread that holds it.
fn work(queue: &Mutex<VecDeque<Job>>, done: &Mutex<Vec<Tenant>>) -> Result<(), Error> {
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some((mut vm, instance)) = next() {
        let add = vm.typed_func::<i64, ()>(instance, "add")?;
        let n = vm.data().number as i64 % 100 + 1;
        vm.call_typed(add, n)?;
        if vm.data().reported.len() < ROUNDS as usize {
            queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back((vm, instance));
        } else {
            done.lock().unwrap_or_else(PoisonError::into_inner).push(vm.into_data());
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::new(&wat::parse_str(PROGRAM)?)?;
    // Otherwise each function would be compiled when it is first called; this way no call waits for that.
    module.compile(Strategy::default());
    let mut imports = Imports::new();
    imports.func("host", "report", |caller: &mut Caller<'_, Tenant>, sum: i64| {
        caller.data_mut().reported.push(sum)
    });

    // Small limits: a machine then takes little address space.
    let limits = Limits::default().stack_slots(1_000).call_depth(100).memory_pages(4);
    let started = Instant::now();
    let mut queue = VecDeque::new();
    for number in 0..MACHINES {
        let reported = Vec::with_capacity(ROUNDS as usize);
        let mut vm = Vm::options().limits(limits).build(Tenant { number, reported });
        let instance = vm.instantiate(&module, &imports)?;
        queue.push_back((vm, instance));
    }
    println!("{MACHINES} machines are ready after {:?}", started.elapsed());

    let threads = thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let (queue, done) = (Arc::new(Mutex::new(queue)), Arc::new(Mutex::new(Vec::new())));
    let started = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (queue, done) = (queue.clone(), done.clone());
            thread::spawn(move || work(&queue, &done))
        })
        .collect();
    for worker in workers {
        worker.join().map_err(|_| "a worker has panicked")??;
    }
    println!(
        "{ROUNDS} rounds of all on {threads} threads took {:?}",
        started.elapsed()
    );

    let done = done.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(done.len(), MACHINES);
    for tenant in done.iter() {
        let n = tenant.number as i64 % 100 + 1;
        assert_eq!(tenant.reported.last(), Some(&(n * (n + 1) / 2 * i64::from(ROUNDS))));
    }
    Ok(())
}
