//! Machines on threads: each stays on its thread, which calls its machines in turn, as a server does that has a machine for each of
//! its clients.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use wasm_dispatch::{Func, Instance, Value, Vm};
use wasm_dispatch_workloads::Run;

use crate::engine::{Timing, check};
use crate::values::to_value;

/// A machine with a function to call.
pub(crate) struct Serving<'a> {
    pub vm: Vm,
    pub instance: Instance,
    pub function: Func,
    pub arguments: &'a [Value],
}

/// What a thread did: from when to when, and what each call took.
type Served = (Instant, Instant, Vec<Duration>);

/// Makes the calls of a run on its threads, with as many machines as it has instances. Returns the wall time from the first call to
/// the last, in which no thread waits for another, and what 99 of 100 calls do not exceed. Every result is verified, outside
/// of the times of calls.
pub(crate) fn on_threads<'a>(
    run: &Run,
    machine: impl Fn() -> Result<Serving<'a>, String> + Sync,
) -> Result<(Timing, Duration), String> {
    let share = |number: u32, thread: u32| number / run.threads + u32::from(thread < number % run.threads);
    let barrier = Barrier::new(run.threads as usize);
    let serve = |thread: u32| -> Result<Served, String> {
        let machines = (0..share(run.instances, thread)).map(|_| machine());
        let machines: Result<Vec<Serving<'_>>, String> = machines.collect();
        // Also if there are none: the others wait.
        barrier.wait();
        call(run, machines?, share(run.calls, thread))
    };
    let served: Vec<Served> = thread::scope(|scope| {
        let serve = &serve;
        let threads: Vec<_> = (0..run.threads)
            .map(|thread| scope.spawn(move || serve(thread)))
            .collect();
        let ended = threads.into_iter().map(|thread| match thread.join() {
            Ok(served) => served,
            Err(_) => Err("a thread has panicked".to_owned()),
        });
        ended.collect::<Result<_, String>>()
    })?;
    let begin = served.iter().map(|(begin, ..)| *begin).min();
    let end = served.iter().map(|(_, end, _)| *end).max();
    let mut times: Vec<Duration> = served.into_iter().flat_map(|(.., times)| times).collect();
    times.sort_unstable();
    let tail = times.get((times.len() * 99).div_ceil(100).saturating_sub(1)).copied();
    let wall = begin.zip(end).map_or(Duration::ZERO, |(begin, end)| end - begin);
    // The CPU time of several threads says nothing about how much they get done.
    let timing = Timing {
        wall,
        cpu: Duration::ZERO,
    };
    Ok((timing, tail.unwrap_or_default()))
}

fn call(run: &Run, mut machines: Vec<Serving<'_>>, calls: u32) -> Result<Served, String> {
    let expected: Vec<Value> = run.expect.iter().map(|&value| to_value(value)).collect();
    let (mut times, mut others) = (Vec::with_capacity(calls as usize), Vec::new());
    let count = machines.len().max(1);
    let begin = Instant::now();
    for at in (0..count).cycle().take(calls as usize) {
        let Some(serving) = machines.get_mut(at) else { break };
        let begun = Instant::now();
        let results = serving.vm.call_func(serving.function, serving.arguments);
        times.push(begun.elapsed());
        let results = results.map_err(|error| error.to_string())?;
        if results != expected {
            others.push((at, results));
        }
    }
    let end = Instant::now();
    // As numbers, a NaN would not be equal to itself: whatever is not equal is looked at again, by its bits.
    for (at, results) in others {
        check(run, &machines[at].vm, machines[at].instance, results)?;
    }
    for serving in &machines {
        check(run, &serving.vm, serving.instance, expected.clone())?;
    }
    Ok((begin, end, times))
}
