//! Programs that wait through WASI: for as long as they ask, stopped by nobody but an interrupt, and blocking no thread in a
//! future.

#![cfg(unix)]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use common::{for_each_strategy, module};
use wasm_dispatch::wasi::Wasi;
use wasm_dispatch::{ErrorKind, Imports, Instance, Limits, Pause, Snapshot, Strategy, Value, Vm};

/// Waits for a clock and reads from descriptors. Each function returns the error number.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_shutdown" (func $shutdown (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    ;; Waits for this many nanoseconds of the monotonic clock.
    (func $sleep (export "sleep") (param $nanos i64) (result i32)
        (i64.store (i32.const 0) (i64.const 77))
        (i32.store8 (i32.const 8) (i32.const 0))
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get $nanos))
        (i32.store16 (i32.const 40) (i32.const 0))
        (call $poll (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300)))
    (func (export "sleep_instead") (param $nanos i64) (result i32)
        (drop (call $sleep (i64.const 0)))
        (i64.store (i32.const 24) (local.get $nanos))
        (return_call $poll (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300)))
    ;; Waits until this descriptor can be read.
    (func (export "readable") (param $fd i32) (result i32)
        (i64.store (i32.const 0) (i64.const 78))
        (i32.store8 (i32.const 8) (i32.const 1))
        (i32.store (i32.const 16) (local.get $fd))
        (call $poll (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300)))
    ;; Reads up to 16 bytes to 400; their number is at 316.
    (func $buffer (i32.store (i32.const 308) (i32.const 400)) (i32.store (i32.const 312) (i32.const 16)))
    (func (export "read") (param $fd i32) (result i32)
        (call $buffer)
        (call $read (local.get $fd) (i32.const 308) (i32.const 1) (i32.const 316)))
    ;; Accepts a connection, answers what comes with the same bytes, and ends it.
    (func (export "echo") (param $fd i32) (result i32) (local $error i32)
        (call $buffer)
        (local.set $error (call $accept (local.get $fd) (i32.const 0) (i32.const 320)))
        (if (local.get $error) (then (return (local.get $error))))
        (local.set $error (call $recv
            (i32.load (i32.const 320)) (i32.const 308) (i32.const 1) (i32.const 0) (i32.const 316) (i32.const 324)))
        (if (local.get $error) (then (return (local.get $error))))
        (i32.store (i32.const 312) (i32.load (i32.const 316)))
        (local.set $error (call $send
            (i32.load (i32.const 320)) (i32.const 308) (i32.const 1) (i32.const 0) (i32.const 316)))
        (if (local.get $error) (then (return (local.get $error))))
        (call $shutdown (i32.load (i32.const 320)) (i32.const 2))))"#;

fn machine(strategy: Strategy, wasi: Wasi) -> (Vm, Instance) {
    let mut imports = Imports::new();
    wasi.define(&mut imports);
    let mut vm = Vm::with(strategy, Limits::default());
    let instance = vm.instantiate(&module(PROGRAM), &imports).expect("an instance");
    (vm, instance)
}

fn nanos(time: Duration) -> Value {
    Value::I64(time.as_nanos() as i64)
}

fn bytes(vm: &Vm, instance: Instance, at: usize, len: usize) -> Vec<u8> {
    let memory = vm.exported_memory(instance, "memory").expect("a memory");
    vm.memory(memory).expect("bytes")[at..at + len].to_vec()
}

/// Two ends of one connection.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let one = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    (one, listener.accept().expect("a connection").0)
}

#[test]
fn a_program_waits_for_longer_than_a_second() {
    let (mut vm, instance) = machine(Strategy::default(), Wasi::new());
    let start = Instant::now();
    let wait = Duration::from_millis(1200);
    let result = vm.call(instance, "sleep", &[nanos(wait)]).expect("a result");
    assert_eq!(result, [Value::I32(0)]);
    assert!(start.elapsed() >= wait);
    assert_eq!(bytes(&vm, instance, 200, 1), [77]);
}

#[test]
fn an_interrupt_pauses_a_program_that_waits_and_it_waits_on_when_resumed() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Wasi::new());
        let wait = Duration::from_millis(300);
        let start = Instant::now();
        let handle = vm.next_run_handle();
        let interrupting = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.interrupt();
        });
        let error = vm.call(instance, "sleep", &[nanos(wait)]).expect_err("a pause");
        assert!(matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)), "{error}");
        interrupting.join().expect("an interrupt");
        vm.set_strategy(Strategy::ALL[0]);
        assert_eq!(vm.resume().expect("a result"), [Value::I32(0)]);
        assert!(start.elapsed() >= wait, "it has waited as a whole");
        assert_eq!(bytes(&vm, instance, 200, 1), [77]);
    });
}

/// Interrupts a program that waits for an hour.
fn interrupted(strategy: Strategy, function: &str) -> (Vm, Instance) {
    let (mut vm, instance) = machine(strategy, Wasi::new());
    vm.next_run_handle().interrupt();
    let hour = nanos(Duration::from_secs(3600));
    let error = vm.call(instance, function, &[hour]).expect_err("a pause");
    assert!(matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)), "{error}");
    (vm, instance)
}

#[test]
fn a_program_that_waits_is_carried_by_a_snapshot() {
    for_each_strategy(|strategy| {
        let (vm, _) = interrupted(strategy, "sleep");
        let snapshot = Snapshot::from_bytes(&vm.snapshot().expect("a snapshot").to_bytes()).expect("the same");
        // There, no time passes while it waits.
        let mut imports = Imports::new();
        Wasi::new().steady_clock(0, 1).define(&mut imports);
        let mut other = Vm::with(Strategy::ALL[0], Limits::default());
        let instance = other.prepare(&module(PROGRAM), &imports).expect("an instance");
        other.restore(&snapshot).expect("restored");
        assert_eq!(other.resume().expect("a result"), [Value::I32(0)]);
        assert_eq!(bytes(&other, instance, 200, 1), [77]);
    });
}

#[test]
fn a_wait_in_place_of_its_caller_is_resumed_but_not_carried() {
    for_each_strategy(|strategy| {
        let (mut vm, _) = interrupted(strategy, "sleep_instead");
        let error = vm.snapshot().expect_err("no snapshot");
        assert!(
            error.to_string().contains("a host function waits that has no caller"),
            "{error}"
        );
        vm.next_run_handle().interrupt();
        let error = vm.resume().expect_err("another pause");
        assert!(matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)), "{error}");
    });
}

#[test]
fn another_call_abandons_a_wait() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = interrupted(strategy, "sleep");
        let brief = nanos(Duration::from_millis(1));
        assert_eq!(vm.call(instance, "sleep", &[brief]).expect("a result"), [Value::I32(0)]);
        assert!(!vm.is_paused());
    });
}

#[test]
fn a_wait_begins_when_it_is_called_whatever_was_given_up_before() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = interrupted(strategy, "sleep");
        let wait = Duration::from_millis(20);
        thread::sleep(wait);
        // By the same arguments.
        let start = Instant::now();
        let result = vm.call(instance, "sleep", &[nanos(wait)]).expect("a result");
        assert_eq!(result, [Value::I32(0)]);
        assert!(start.elapsed() >= wait);
    });
}

#[test]
fn a_program_that_reads_waits_for_what_comes() {
    for_each_strategy(|strategy| {
        let (mut outside, inside) = connection();
        let (mut vm, instance) = machine(strategy, Wasi::new().tcp_stream(inside).expect("a socket"));
        vm.next_run_handle().interrupt();
        let error = vm.call(instance, "read", &[Value::I32(3)]).expect_err("nothing there");
        assert!(matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)), "{error}");
        outside.write_all(b"hello").expect("sent");
        assert_eq!(vm.resume().expect("a result"), [Value::I32(0)]);
        assert_eq!(bytes(&vm, instance, 316, 1), [5]);
        assert_eq!(bytes(&vm, instance, 400, 5), b"hello");
        outside.write_all(b"again").expect("sent");
        let result = vm.call(instance, "readable", &[Value::I32(3)]).expect("a result");
        assert_eq!(result, [Value::I32(0)]);
        // Its user's number, no error, that it can be read, and how much.
        assert_eq!(bytes(&vm, instance, 200, 1), [78]);
        assert_eq!(
            (bytes(&vm, instance, 208, 3), bytes(&vm, instance, 216, 1)),
            (vec![0, 0, 1], vec![5])
        );
        drop(outside);
        for count in [5, 0] {
            assert_eq!(
                vm.call(instance, "read", &[Value::I32(3)]).expect("a result"),
                [Value::I32(0)]
            );
            assert_eq!(bytes(&vm, instance, 316, 1), [count]);
        }
    });
}

#[test]
fn a_program_serves_a_socket_that_the_host_gives() {
    for_each_strategy(|strategy| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (mut vm, instance) = machine(strategy, Wasi::new().tcp_listener(listener).expect("a socket"));
        let client = thread::spawn(move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.write_all(b"echo this").expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer
        });
        assert_eq!(
            vm.call(instance, "echo", &[Value::I32(3)]).expect("a result"),
            [Value::I32(0)]
        );
        assert_eq!(client.join().expect("an answer"), "echo this");
    });
}

#[test]
fn a_program_that_waits_in_a_future_blocks_no_thread() {
    let (mut outside, inside) = connection();
    let (mut reader, reading) = machine(Strategy::default(), Wasi::new().tcp_stream(inside).expect("a socket"));
    let (mut sleeper, sleeping) = machine(Strategy::default(), Wasi::new());
    // On one thread: what the first waits for is sent when the second has slept.
    let read = reader.call_async(reading, "read", &[Value::I32(3)]);
    let slept = async {
        let brief = nanos(Duration::from_millis(20));
        let result = sleeper.call_async(sleeping, "sleep", &[brief]).await;
        outside.write_all(b"awake").expect("sent");
        result
    };
    let (read, slept) = futures::executor::block_on(async { futures::join!(read, slept) });
    assert_eq!(
        (read.expect("a result"), slept.expect("a result")),
        (vec![Value::I32(0)], vec![Value::I32(0)])
    );
    assert_eq!(bytes(&reader, reading, 400, 5), b"awake");
}

#[test]
fn an_interrupt_pauses_a_future_that_waits() {
    let (mut vm, instance) = machine(Strategy::default(), Wasi::new());
    let handle = vm.next_run_handle();
    let interrupting = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        handle.interrupt();
    });
    let hour = nanos(Duration::from_secs(3600));
    let error = futures::executor::block_on(vm.call_async(instance, "sleep", &[hour])).expect_err("a pause");
    assert!(matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)), "{error}");
    interrupting.join().expect("an interrupt");
    assert!(vm.is_paused());
    // Dropping a future abandons its wait.
    let arguments = [hour];
    let call = vm.call_async(instance, "sleep", &arguments);
    futures::executor::block_on(async {
        futures::pin_mut!(call);
        assert!(futures::poll!(call.as_mut()).is_pending());
    });
    let brief = nanos(Duration::from_millis(1));
    assert_eq!(vm.call(instance, "sleep", &[brief]).expect("a result"), [Value::I32(0)]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_poll_takes_few_of_the_hosts_descriptors_however_often_it_names_its_own() {
    const SUBSCRIPTIONS: i32 = 2000;
    let text = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 4)
        ;; Waits until descriptor 3 can be read, and says so in as many ways.
        (func (export "poll") (param $count i32) (result i32) (local $at i32)
            (loop $next
                (i32.store8 offset=8 (local.get $at) (i32.const 1))
                (i32.store offset=16 (local.get $at) (i32.const 3))
                (local.set $at (i32.add (local.get $at) (i32.const 48)))
                (br_if $next (i32.lt_u (local.get $at) (i32.mul (local.get $count) (i32.const 48)))))
            (call $poll (i32.const 0) (i32.const 131072) (local.get $count) (i32.const 262140))))"#;
    let open = || std::fs::read_dir("/proc/self/fd").expect("descriptors").count();
    let (mut outside, inside) = connection();
    let mut imports = Imports::new();
    Wasi::new().tcp_stream(inside).expect("a socket").define(&mut imports);
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module(text), &imports).expect("an instance");
    let before = open();
    let arguments = [Value::I32(SUBSCRIPTIONS)];
    futures::executor::block_on(async {
        let call = vm.call_async(instance, "poll", &arguments);
        futures::pin_mut!(call);
        assert!(futures::poll!(call.as_mut()).is_pending());
        // Other tests have some meanwhile.
        let taken = open().saturating_sub(before);
        assert!(taken < 300, "{taken} descriptors");
        outside.write_all(b"!").expect("sent");
        assert_eq!(call.await.expect("a result"), [Value::I32(0)]);
    });
    assert_eq!(bytes(&vm, instance, 262_140, 4), SUBSCRIPTIONS.to_le_bytes());
}

/// Makes a program of this test: what runs there has a pipe for its output, which nobody reads.
const UNREAD: &str = "WASM_DISPATCH_TEST_UNREAD";

#[test]
fn an_interrupt_pauses_a_program_that_writes_to_a_pipe_that_nobody_reads() {
    use std::process::{Command, Stdio};

    let name = "an_interrupt_pauses_a_program_that_writes_to_a_pipe_that_nobody_reads";
    if std::env::var_os(UNREAD).is_some() {
        let text = r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 3)
            (func (export "run")
                (i32.store (i32.const 4) (i32.const 131072))
                (loop $again
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (br $again))))"#;
        let mut imports = Imports::new();
        Wasi::new().inherit_stdio().define(&mut imports);
        let mut vm = Vm::new();
        let instance = vm.instantiate(&module(text), &imports).expect("an instance");
        let handle = vm.next_run_handle();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            handle.interrupt();
        });
        let error = vm.call(instance, "run", &[]).expect_err("a pause");
        let paused = matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted));
        std::process::exit(if paused { 42 } else { 1 });
    }
    let mut unread = Command::new(std::env::current_exe().expect("this test"));
    unread.args(["--exact", name, "--nocapture"]).env(UNREAD, "1");
    let mut unread = unread.stdout(Stdio::piped()).spawn().expect("a process");
    let start = Instant::now();
    let ended = loop {
        if let Some(status) = unread.try_wait().expect("a status") {
            break status.code();
        }
        if start.elapsed() > Duration::from_secs(20) {
            unread.kill().expect("killed");
            unread.wait().expect("killed");
            break None;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(ended, Some(42), "it writes on");
}
