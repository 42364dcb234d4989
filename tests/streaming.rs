//! Modules that arrive while their programs run.

mod common;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use common::{for_each_strategy, wasm};
use futures::executor::block_on;
use futures::future::{join, join_all};
use futures::io::{AsyncRead, Cursor};
use futures::task::noop_waker;
use wasm_dispatch::{Arrival, Error, ErrorKind, Imports, Instance, Limits, Metering, Module, Pause, Value, Vm};

/// The end of a pipe that is written by hand: bytes arrive when the test says so.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    ended: Option<Result<(), io::ErrorKind>>,
    waker: Option<Waker>,
}

impl Pipe {
    fn write(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap();
        state.bytes.extend(bytes);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn end(&self, how: Result<(), io::ErrorKind>) {
        let mut state = self.0.lock().unwrap();
        state.ended = Some(how);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        if !state.bytes.is_empty() {
            let count = into.len().min(state.bytes.len());
            for (to, byte) in into.iter_mut().zip(state.bytes.drain(..count)) {
                *to = byte;
            }
            return Poll::Ready(Ok(count));
        }
        match state.ended {
            Some(Ok(())) => Poll::Ready(Ok(0)),
            Some(Err(kind)) => Poll::Ready(Err(kind.into())),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A reader that hands out one byte at a time, and is not ready before each.
struct Trickle {
    bytes: Vec<u8>,
    next: usize,
    ready: bool,
}

impl Trickle {
    fn new(bytes: Vec<u8>) -> Trickle {
        Trickle {
            bytes,
            next: 0,
            ready: false,
        }
    }
}

impl AsyncRead for Trickle {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.ready = !self.ready;
        if !self.ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(&byte) = self.bytes.get(self.next) else {
            return Poll::Ready(Ok(0));
        };
        into[0] = byte;
        self.next += 1;
        Poll::Ready(Ok(1))
    }
}

/// The start function comes first and calls the host; `sum` calls functions that come after it in all ways there are.
const PROGRAM: &str = r#"(module
    (import "host" "started" (func $started))
    (type $number (func (param i32) (result i32)))
    (table 2 funcref)
    (elem (i32.const 0) $fourth $tail)
    (global $count (mut i32) (i32.const 0))
    (start $begin)
    (func $begin (call $started))
    (func (export "early") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "sum") (param i32) (result i32) (local $kept i32)
        (local.set $kept (i32.const 10000))
        (i32.add (local.get $kept)
            (i32.add (i32.const 20)
                (i32.add (call $third (local.get 0))
                    (i32.add (call_indirect (type $number) (local.get 0) (i32.const 0))
                        (call_indirect (type $number) (local.get 0) (i32.const 1)))))))
    (func $third (param i32) (result i32) (local i32 i64 f64)
        (i32.add (i32.mul (local.get 0) (i32.const 3)) (local.get 1)))
    (func $fourth (type $number) (i32.mul (local.get 0) (i32.const 4)))
    (func $tail (type $number) (return_call $fifth (local.get 0)))
    (func $fifth (type $number) (return_call_indirect (type $number) (local.get 0) (i32.const 0)))
    (func (export "last") (result i32) (i32.const 77)))"#;

/// What `sum` gives.
fn sum(value: i32) -> i32 {
    10020 + value * (3 + 4 + 4)
}

fn imports(started: &Arc<Mutex<u32>>) -> Imports {
    let mut imports = Imports::new();
    let started = started.clone();
    imports.func("host", "started", move || *started.lock().unwrap() += 1);
    imports
}

fn number(results: Result<Vec<Value>, Error>) -> i32 {
    match results.unwrap()[..] {
        [Value::I32(value)] => value,
        ref other => panic!("one number, not {other:?}"),
    }
}

#[test]
fn the_start_function_runs_before_the_last_byte_arrives() {
    let bytes = wasm(PROGRAM);
    let whole = Module::new(&bytes).unwrap();
    let min = whole.meta().min_size_to_start;
    assert!(min < bytes.len() / 2, "{min} of {}", bytes.len());
    for_each_strategy(|strategy| {
        let pipe = Pipe::default();
        let started = Arc::default();
        let (mut vm, instance, module, arrival) = {
            let mut opening = Box::pin(Module::stream(pipe.clone()));
            let waker = noop_waker();
            let mut context = Context::from_waker(&waker);
            // One byte less than what suffices does not.
            pipe.write(&bytes[..min - 1]);
            assert!(opening.as_mut().poll(&mut context).is_pending());
            pipe.write(&bytes[min - 1..min]);
            let Poll::Ready(opened) = opening.as_mut().poll(&mut context) else {
                panic!("{min} bytes suffice");
            };
            let (module, arrival) = opened.unwrap();
            let mut vm = common::vm(strategy);
            let instance = vm.instantiate(&module, &imports(&started)).unwrap();
            (vm, instance, module, arrival)
        };
        assert_eq!(*started.lock().unwrap(), 1);
        assert!(!module.is_complete());
        assert_eq!(module.meta().min_size_to_start, min);
        assert_eq!(module.functions().len(), 9);
        assert!(module.function(1).unwrap().body().is_some());
        assert!(module.function(8).unwrap().body().is_none());
        // What is missing cannot be called yet, and what waits goes on where it was.
        let pause = vm.call(instance, "last", &[]).unwrap_err();
        assert!(matches!(pause.kind(), ErrorKind::Paused(Pause::NotArrived)), "{pause}");
        pipe.write(&bytes[min..]);
        pipe.end(Ok(()));
        block_on(arrival).unwrap();
        assert!(module.is_complete());
        assert_eq!(module.meta().total_size, bytes.len());
        assert_eq!(number(vm.resume()), 77);
        assert_eq!(number(vm.call(instance, "sum", &[Value::I32(5)])), sum(5));
        assert_eq!(*started.lock().unwrap(), 1);
    });
}

#[test]
fn calls_of_all_kinds_wait_for_functions_that_arrive_byte_by_byte() {
    let bytes = wasm(PROGRAM);
    for_each_strategy(|strategy| {
        for metering in [Metering::Off, Metering::Interrupts, Metering::Fuel] {
            block_on(async {
                let reader = Trickle::new(bytes.clone());
                let (module, arrival) = Module::options().metering(metering).stream(reader).await.unwrap();
                let program = async {
                    let mut vm = common::vm(strategy);
                    // Slices of any size do not reach code that is not there.
                    vm.set_slice(u64::MAX);
                    let instance = vm.instantiate_async(&module, &imports(&Arc::default())).await.unwrap();
                    let early = number(vm.call_async(instance, "early", &[Value::I32(1)]).await);
                    assert!(!module.is_complete());
                    (early, number(vm.call_async(instance, "sum", &[Value::I32(9)]).await))
                };
                let (arrived, results) = join(arrival, program).await;
                arrived.unwrap();
                assert_eq!(results, (2, sum(9)), "{strategy} {metering:?}");
            });
        }
    });
}

#[test]
fn many_machines_wait_for_one_module() {
    let bytes = wasm(PROGRAM);
    block_on(async {
        let (module, arrival) = Module::stream(Trickle::new(bytes)).await.unwrap();
        let programs = (0..50).map(|number_of| {
            let module = &module;
            async move {
                let mut vm = Vm::new();
                let instance = vm.instantiate_async(module, &imports(&Arc::default())).await.unwrap();
                number(vm.call_async(instance, "sum", &[Value::I32(number_of)]).await)
            }
        });
        let (arrived, results) = join(arrival, join_all(programs)).await;
        arrived.unwrap();
        assert_eq!(results, (0..50).map(sum).collect::<Vec<_>>());
    });
}

#[test]
fn a_streamed_program_uses_the_same_fuel() {
    let bytes = wasm(PROGRAM);
    for_each_strategy(|strategy| {
        let run = |module: Module, arrival: Option<wasm_dispatch::Arrival<Trickle>>| {
            block_on(async {
                let mut vm = common::vm(strategy);
                vm.set_fuel(Some(1000)).unwrap();
                vm.set_slice(3);
                let program = async {
                    let instance = vm.instantiate_async(&module, &imports(&Arc::default())).await.unwrap();
                    number(vm.call_async(instance, "sum", &[Value::I32(1)]).await)
                };
                let result = match arrival {
                    Some(arrival) => join(arrival, program).await.1,
                    None => program.await,
                };
                (result, vm.fuel())
            })
        };
        let whole = Module::options().metering(Metering::Fuel).compile(&bytes).unwrap();
        let limits = Limits::default();
        let stream = Module::options()
            .limits(limits)
            .metering(Metering::Fuel)
            .stream(Trickle::new(bytes.clone()));
        let (streamed, arrival) = block_on(stream).unwrap();
        assert_eq!(run(streamed, Some(arrival)), run(whole, None));
    });
}

/// A machine with the program whose head is in a pipe, and what reads the rest.
async fn begun(pipe: &Pipe) -> (Arrival<Pipe>, Vm, Instance) {
    let (module, arrival) = Module::stream(pipe.clone()).await.unwrap();
    let mut vm = Vm::new();
    let instance = vm.instantiate_async(&module, &imports(&Arc::default())).await.unwrap();
    (arrival, vm, instance)
}

/// Starts a program that waits for a function, and returns what it gets in the end.
fn waiting_for(pipe: &Pipe, head: &[u8], then: impl FnOnce()) -> (Result<(), Error>, Result<Vec<Value>, Error>) {
    pipe.write(head);
    block_on(async {
        let (arrival, mut vm, instance) = begun(pipe).await;
        then();
        let ended = join(arrival, vm.call_async(instance, "sum", &[Value::I32(1)])).await;
        // What has arrived still runs; what never will is the same error at once, blocking or not.
        assert_eq!(number(vm.call(instance, "early", &[Value::I32(1)])), 2);
        let again = vm.call(instance, "last", &[]).unwrap_err();
        assert_eq!(again.to_string(), ended.0.as_ref().unwrap_err().to_string());
        let again = vm.call_async(instance, "last", &[]).await.unwrap_err();
        assert_eq!(again.to_string(), ended.0.as_ref().unwrap_err().to_string());
        ended
    })
}

/// Bytes of the program up to a point within `third`.
fn head() -> (Vec<u8>, usize) {
    let bytes = wasm(PROGRAM);
    let min = Module::new(&bytes).unwrap().meta().min_size_to_start;
    (bytes, min + 60)
}

#[test]
fn a_truncated_stream_ends_the_calls_that_wait() {
    let (bytes, cut) = head();
    let pipe = Pipe::default();
    let (arrived, called) = waiting_for(&pipe, &bytes[..cut], || pipe.end(Ok(())));
    let error = arrived.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Malformed { .. }), "{error}");
    assert_eq!(called.unwrap_err().to_string(), error.to_string());
}

#[test]
fn a_reader_that_fails_ends_the_calls_that_wait() {
    let (bytes, cut) = head();
    let pipe = Pipe::default();
    let (arrived, called) = waiting_for(&pipe, &bytes[..cut], || pipe.end(Err(io::ErrorKind::ConnectionReset)));
    let error = arrived.unwrap_err();
    let ErrorKind::Read(source) = error.kind() else {
        panic!("a read error, not {error}");
    };
    assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(called.unwrap_err().to_string(), error.to_string());
}

#[test]
fn a_corrupt_stream_ends_the_calls_that_wait() {
    let (mut bytes, cut) = head();
    let pipe = Pipe::default();
    // No opcode.
    bytes[cut..].fill(0xff);
    let (arrived, called) = waiting_for(&pipe, &bytes[..cut], || pipe.write(&bytes[cut..]));
    let error = arrived.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Malformed { .. } | ErrorKind::Invalid { .. }),
        "{error}"
    );
    assert_eq!(called.unwrap_err().to_string(), error.to_string());
}

#[test]
fn a_stream_that_is_given_up_ends_the_calls_that_wait() {
    let (bytes, cut) = head();
    let pipe = Pipe::default();
    pipe.write(&bytes[..cut]);
    block_on(async {
        let (arrival, mut vm, instance) = begun(&pipe).await;
        let give_up = async { drop(arrival) };
        let (called, ()) = join(vm.call_async(instance, "sum", &[Value::I32(1)]), give_up).await;
        let error = called.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Read(_)), "{error}");
    });
}

#[test]
fn a_call_that_waits_can_be_dropped() {
    let (bytes, cut) = head();
    let pipe = Pipe::default();
    pipe.write(&bytes[..cut]);
    block_on(async {
        let (arrival, mut vm, instance) = begun(&pipe).await;
        let waker = noop_waker();
        for _ in 0..3 {
            let mut call = Box::pin(vm.call_async(instance, "sum", &[Value::I32(1)]));
            assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        pipe.write(&bytes[cut..]);
        pipe.end(Ok(()));
        arrival.await.unwrap();
        assert_eq!(number(vm.call_async(instance, "sum", &[Value::I32(1)]).await), sum(1));
    });
}

#[test]
fn every_truncation_of_a_stream_is_an_error_and_never_hangs() {
    let bytes = wasm(PROGRAM);
    for cut in 0..bytes.len() {
        let loaded = block_on(Module::load(Cursor::new(&bytes[..cut])));
        // A module may end after any whole section; then it is the same as without streaming.
        match (loaded, Module::new(&bytes[..cut])) {
            (Ok(streamed), Ok(whole)) => assert_eq!(streamed.meta(), whole.meta()),
            (Err(streamed), Err(whole)) => assert_eq!(streamed.to_string(), whole.to_string(), "{cut}"),
            (streamed, whole) => panic!("{cut}: {streamed:?} but {whole:?}"),
        }
    }
}

#[test]
fn a_module_with_data_waits_for_it_and_announced_absence_does_not() {
    let with = |rest: &str| {
        let module = format!(
            r#"(module (memory (export "m") 1) {rest}
            (func (export "f") (result i32) (i32.load8_u (i32.const 3))) (func nop) (func nop))"#
        );
        wasm(&module)
    };
    let data = with(r#"(data (i32.const 3) "A")"#);
    let module = Module::new(&data).unwrap();
    assert!(module.meta().min_size_to_start > data.len() - 10, "{:?}", module.meta());
    // Data could come until the end.
    let none = with("");
    assert_eq!(Module::new(&none).unwrap().meta().min_size_to_start, none.len());
    // A data count section of 0 before the code section.
    let code = (0..none.len())
        .find(|&at| {
            let mut announced = none.clone();
            announced.splice(at..at, [12, 1, 0]);
            Module::new(&announced).is_ok_and(|module| module.meta().min_size_to_start < announced.len())
        })
        .expect("a place before the code section");
    assert!(code < none.len());
    // Streamed byte by byte, the program finds its data.
    let result = block_on(async {
        let (module, arrival) = Module::stream(Trickle::new(data)).await.unwrap();
        let mut vm = Vm::new();
        let instance = vm.instantiate_async(&module, &Imports::new()).await.unwrap();
        let (arrived, result) = join(arrival, vm.call_async(instance, "f", &[])).await;
        arrived.unwrap();
        number(result)
    });
    assert_eq!(result, i32::from(b'A'));
}

#[test]
fn a_module_that_is_too_large_is_refused_while_it_arrives() {
    let bytes = wasm(PROGRAM);
    let limits = {
        let mut limits = Limits::default();
        limits.module_size = bytes.len() - 1;
        limits
    };
    let loaded = block_on(Module::options().limits(limits).load(Trickle::new(bytes)));
    let error = loaded.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Limit {
                what: "module size",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn the_arrival_can_be_moved_to_another_thread() {
    let bytes = wasm(PROGRAM);
    let (module, arrival) = block_on(Module::stream(Trickle::new(bytes))).unwrap();
    let reader = std::thread::spawn(move || block_on(arrival));
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module, &imports(&Arc::default())).unwrap();
    let result = block_on(vm.call_async(instance, "sum", &[Value::I32(2)]));
    assert_eq!(number(result), sum(2));
    reader.join().unwrap().unwrap();
}

#[test]
fn a_machine_has_no_snapshot_before_its_modules_have_arrived() {
    let bytes = wasm(PROGRAM);
    let (module, arrival) = block_on(Module::stream(Trickle::new(bytes))).unwrap();
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module, &imports(&Arc::default())).unwrap();
    let pause = vm.call(instance, "sum", &[Value::I32(3)]).unwrap_err();
    assert!(matches!(pause.kind(), ErrorKind::Paused(Pause::NotArrived)), "{pause}");
    let error = vm.snapshot().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Snapshot(_)), "{error}");
    block_on(arrival).unwrap();
    let bytes = vm.snapshot().unwrap().to_bytes();
    let mut other = Vm::new();
    other.prepare(&module, &imports(&Arc::default())).unwrap();
    other
        .restore(&wasm_dispatch::Snapshot::from_bytes(&bytes).unwrap())
        .unwrap();
    assert_eq!(number(other.resume()), sum(3));
}

#[test]
fn an_interrupt_pauses_a_call_that_waits_for_a_function() {
    let (bytes, cut) = head();
    let pipe = Pipe::default();
    pipe.write(&bytes[..cut]);
    block_on(async {
        let (arrival, mut vm, instance) = begun(&pipe).await;
        let handle = vm.next_run_handle();
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        let mut call = Box::pin(vm.call_async(instance, "sum", &[Value::I32(1)]));
        assert!(call.as_mut().poll(&mut context).is_pending());
        handle.interrupt();
        let Poll::Ready(ended) = call.as_mut().poll(&mut context) else {
            panic!("it waits on");
        };
        assert!(matches!(
            ended.unwrap_err().kind(),
            ErrorKind::Paused(Pause::Interrupted)
        ));
        drop(call);
        pipe.write(&bytes[cut..]);
        pipe.end(Ok(()));
        arrival.await.unwrap();
        assert_eq!(number(vm.resume_async().await), sum(1));
    });
}
