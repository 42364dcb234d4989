//! Asynchronous host functions and calls.

mod common;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use common::{for_each_strategy, wasm};
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::join_all;
use wasm_dispatch::{
    AsyncCaller, ErrorKind, HostPanic, Imports, Instance, Limits, Metering, Module, Strategy, Trap, Value, Vm,
};

/// `run` calls the host with its argument plus one, and adds to the result what it kept on its operand stack and in a
/// local meanwhile.
const WAITS: &str = r#"(module
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (memory (export "memory") 1)
    (func $inner (param i32) (result i32) (local $kept i32)
        (local.set $kept (i32.const 1000))
        (i32.add (local.get $kept)
            (i32.add (i32.const 20) (call $wait (i32.add (local.get 0) (i32.const 1))))))
    (func (export "run") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.const 7))
        (i32.add (i32.load (i32.const 0)) (call $inner (local.get 0))))
    (func (export "tail") (param i32) (result i32) (return_call $wait (local.get 0)))
    (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func (export "fail") (result i32) unreachable)
    (func (export "plain") (result i32) (i32.const 5)))"#;

fn start(strategy: Strategy, text: &str, imports: &Imports) -> (Vm, Instance) {
    common::start_with(strategy, text, imports)
}

/// A future that is pending some times before it is ready.
struct Later(u32);

impl Future for Later {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn waiting(times: u32) -> Imports {
    let mut imports = Imports::new();
    imports.func_async("host", "wait", move |_: AsyncCaller<'_>, value: i32| {
        Box::pin(async move {
            Later(times).await;
            Ok(value * 100)
        })
    });
    imports
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_program_waits_for_its_host_and_goes_on() {
    for_each_strategy(|strategy| {
        for times in [0, 1, 5] {
            let (mut vm, instance) = start(strategy, WAITS, &waiting(times));
            let results = block_on(is_send(vm.call_async(instance, "run", &[Value::I32(2)])));
            assert_eq!(results.expect("results"), [Value::I32(1327)]);
            let results = block_on(vm.call_async(instance, "tail", &[Value::I32(2)]));
            assert_eq!(results.expect("results"), [Value::I32(200)]);
            let run = vm.typed_func::<i32, i32>(instance, "run").expect("a function");
            assert_eq!(block_on(is_send(vm.call_typed_async(run, 3))).expect("a result"), 1427);
        }
    });
}

#[test]
fn a_blocking_call_says_that_it_cannot_wait() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, WAITS, &waiting(0));
        let error = vm.call(instance, "run", &[Value::I32(2)]).expect_err("an error");
        assert!(matches!(error.kind(), ErrorKind::NeedsAsync));
        assert_eq!(vm.call(instance, "plain", &[]).expect("a result"), [Value::I32(5)]);
    });
}

#[test]
fn a_host_function_uses_memory_before_and_after_it_waits() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        imports.func_async("host", "wait", |mut caller: AsyncCaller<'_>, value: i32| {
            Box::pin(async move {
                let mut byte = [0];
                caller.read(0, &mut byte)?;
                assert_eq!(byte, [7]);
                caller.write(0, &[9])?;
                Later(2).await;
                assert_eq!(caller.memory(0).expect("a memory")[0], 9);
                caller.memory_mut(0).expect("a memory")[1] = 1;
                assert!(caller.read(65_536, &mut byte).is_err());
                Ok(value)
            })
        });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        block_on(vm.call_async(instance, "run", &[Value::I32(0)])).expect("results");
        let memory = vm.exported_memory(instance, "memory").expect("a memory");
        assert_eq!(vm.memory(memory).expect("bytes")[..2], [9, 1]);
    });
}

/// A host function that calls `run` again, this many levels deep, and waits on each.
fn nesting() -> Imports {
    let mut imports = Imports::new();
    imports.func_async("host", "wait", |mut caller: AsyncCaller<'_>, level: i32| {
        Box::pin(async move {
            Later(1).await;
            if level == 0 {
                return Ok(1);
            }
            // `run` adds one to what it hands on.
            let results = caller.call("run", &[Value::I32(level - 2)]).await?;
            let doubled = caller.call("double", &results).await?;
            let [Value::I32(value)] = doubled[..] else {
                panic!("{doubled:?}");
            };
            Ok(value)
        })
    });
    imports
}

#[test]
fn a_host_function_calls_the_program_again_inside_itself() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, WAITS, &nesting());
        let mut expected = 1 + 1027;
        for level in 0..40 {
            let results = block_on(vm.call_async(instance, "run", &[Value::I32(level - 1)])).expect("results");
            assert_eq!(results, [Value::I32(expected)], "level {level}");
            expected = expected.wrapping_mul(2).wrapping_add(1027);
            if level > 18 {
                break;
            }
        }
    });
}

#[test]
fn host_functions_inside_each_other_are_limited() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, WAITS, &nesting());
        let error = block_on(vm.call_async(instance, "run", &[Value::I32(1000)])).expect_err("a trap");
        // The innermost call trapped; the host functions around it handed the error on.
        let text = format!("{error}");
        assert!(text.contains("call stack exhausted"), "{text}");
        let results = block_on(vm.call_async(instance, "run", &[Value::I32(-1)])).expect("results");
        assert_eq!(results, [Value::I32(1028)]);
    });
}

#[test]
fn a_host_function_survives_a_trap_of_what_it_calls() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        imports.func_async("host", "wait", |mut caller: AsyncCaller<'_>, _: i32| {
            Box::pin(async move {
                let error = caller.call("fail", &[]).await.expect_err("a trap");
                assert_eq!(error.trap(), Some(Trap::Unreachable));
                assert!(caller.call("nothing", &[]).await.is_err());
                Ok(1)
            })
        });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        let results = block_on(vm.call_async(instance, "run", &[Value::I32(0)])).expect("results");
        assert_eq!(results, [Value::I32(1028)]);
    });
}

#[test]
fn a_call_inside_that_is_given_up_leaves_the_caller_as_it_was() {
    for_each_strategy(|strategy| {
        let level = Arc::new(AtomicUsize::new(0));
        let mut imports = Imports::new();
        imports.func_async("host", "wait", move |mut caller: AsyncCaller<'_>, _: i32| {
            let level = level.clone();
            Box::pin(async move {
                if level.fetch_add(1, Relaxed) > 0 {
                    // The inner call never ends.
                    std::future::pending::<()>().await;
                }
                {
                    let mut inner = pin!(caller.call("run", &[Value::I32(0)]));
                    let mut context = Context::from_waker(Waker::noop());
                    assert!(inner.as_mut().poll(&mut context).is_pending());
                }
                assert_eq!(caller.call("plain", &[]).await?, [Value::I32(5)]);
                Ok(1)
            })
        });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        let results = block_on(vm.call_async(instance, "run", &[Value::I32(0)])).expect("results");
        assert_eq!(results, [Value::I32(1028)]);
    });
}

#[test]
fn a_dropped_call_is_abandoned_and_the_machine_stays_usable() {
    for_each_strategy(|strategy| {
        let (sender, receiver) = oneshot::channel::<i32>();
        let receiver = Arc::new(Mutex::new(Some(receiver)));
        let mut imports = Imports::new();
        imports.func_async("host", "wait", move |_: AsyncCaller<'_>, value: i32| {
            let receiver = receiver.lock().expect("no panic").take();
            Box::pin(async move {
                match receiver {
                    Some(receiver) => Ok(receiver.await?),
                    None => Ok(value),
                }
            })
        });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        {
            let mut call = pin!(vm.call_async(instance, "run", &[Value::I32(2)]));
            let mut context = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
        // The future of the host function is gone with the call.
        assert!(sender.is_canceled());
        let memory = vm.exported_memory(instance, "memory").expect("a memory");
        assert_eq!(vm.memory(memory).expect("bytes")[0], 7);
        assert!(!vm.is_paused() && vm.resume().is_err());
        let results = block_on(vm.call_async(instance, "run", &[Value::I32(2)]));
        assert_eq!(results.expect("results"), [Value::I32(1030)]);
    });
}

#[test]
fn a_call_dropped_between_slices_leaves_memory_and_fuel_as_they_were() {
    // Each turn adds one to what is in memory, and costs eight.
    let text = r#"(module
        (memory (export "memory") 1)
        (func (export "count") (loop $next
            (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
            (br_if $next (i32.const 1)))))"#;
    for_each_strategy(|strategy| {
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&wasm(text))
            .expect("a module");
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        let memory = vm.exported_memory(instance, "memory").expect("a memory");
        vm.set_slice(80);
        vm.set_fuel(Some(1 << 20)).expect("fuel");
        let mut turns = 0;
        for calls in 1..=5 {
            {
                let mut call = pin!(vm.call_async(instance, "count", &[]));
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..=10 {
                    assert!(call.as_mut().poll(&mut context).is_pending());
                }
            }
            let bytes = &vm.memory(memory).expect("bytes")[..4];
            let counted = u64::from(u32::from_le_bytes(bytes.try_into().expect("four bytes")));
            // Nothing runs before the first slice is granted.
            assert!((turns + 90..=turns + 110).contains(&counted), "{counted} after {turns}");
            turns = counted;
            let used = (1 << 20) - vm.fuel().expect("a limit");
            assert!((turns * 8..=(turns + calls) * 8).contains(&used), "{used} for {turns}");
        }
    });
}

#[test]
fn any_number_of_calls_may_be_dropped() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, WAITS, &waiting(3));
        for _ in 0..200 {
            let mut call = pin!(vm.call_async(instance, "run", &[Value::I32(2)]));
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let results = block_on(vm.call_async(instance, "run", &[Value::I32(2)]));
        assert_eq!(results.expect("results"), [Value::I32(1327)]);
    });
}

#[test]
fn errors_and_panics_of_host_functions_are_errors_with_backtraces() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        imports.func_async("host", "wait", |_: AsyncCaller<'_>, value: i32| {
            Box::pin(async move {
                match value {
                    1 => Err::<i32, _>("no luck".into()),
                    2 => panic!("out of order"),
                    3 => Err(Trap::IntegerOverflow.into()),
                    _ => {
                        Later(1).await;
                        panic!("later")
                    }
                }
            })
        });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        let mut error = |value: i32| {
            let result = block_on(vm.call_async(instance, "run", &[Value::I32(value - 1)]));
            let error = result.expect_err("an error");
            let names: Vec<_> = error
                .backtrace()
                .expect("one")
                .frames
                .iter()
                .map(|f| f.function)
                .collect();
            assert_eq!(names, [1, 2]);
            error
        };
        let source = |error: &wasm_dispatch::Error| std::error::Error::source(error).expect("a source").to_string();
        assert_eq!(source(&error(1)), "no luck");
        let panicked = error(2);
        assert_eq!(source(&panicked), "panic: out of order");
        let panicked = std::error::Error::source(&panicked).expect("a source");
        assert!(panicked.downcast_ref::<HostPanic>().is_some());
        assert_eq!(error(3).trap(), Some(Trap::IntegerOverflow));
        assert_eq!(source(&error(4)), "panic: later");
    });
}

#[test]
fn a_panic_of_a_plain_host_function_is_an_error() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        imports.func("host", "wait", |_: i32| -> i32 { panic!("{} {}", "plain", "panic") });
        let (mut vm, instance) = start(strategy, WAITS, &imports);
        let error = vm.call(instance, "run", &[Value::I32(0)]).expect_err("an error");
        assert!(error.to_string().contains("plain panic"), "{error}");
        assert_eq!(vm.call(instance, "plain", &[]).expect("a result"), [Value::I32(5)]);
    });
}

#[test]
fn a_start_function_may_wait() {
    for_each_strategy(|strategy| {
        let text = r#"(module
            (import "host" "wait" (func $wait (param i32) (result i32)))
            (global $got (export "got") (mut i32) (i32.const 0))
            (func $start (global.set $got (call $wait (i32.const 3))))
            (start $start))"#;
        let module = Module::new(&wasm(text)).expect("a module");
        let mut vm = Vm::with(strategy, Limits::default());
        let blocking = vm.instantiate(&module, &waiting(1)).expect_err("an error");
        assert!(matches!(blocking.kind(), ErrorKind::NeedsAsync));
        let instance = block_on(is_send(vm.instantiate_async(&module, &waiting(1)))).expect("an instance");
        let got = vm.exported_global(instance, "got").expect("a global");
        assert_eq!(vm.global(got).expect("a value"), Value::I32(300));
    });
}

#[test]
fn a_host_function_can_be_called_by_the_host() {
    for_each_strategy(|strategy| {
        let text = r#"(module
            (import "host" "wait" (func $wait (param i32) (result i32)))
            (export "wait" (func $wait)))"#;
        let (mut vm, instance) = start(strategy, text, &waiting(2));
        let results = block_on(vm.call_async(instance, "wait", &[Value::I32(4)]));
        assert_eq!(results.expect("results"), [Value::I32(400)]);
    });
}

#[test]
fn a_thousand_machines_share_one_thread_fairly() {
    let text = r#"(module
        (import "host" "tick" (func $tick))
        (func (export "run") (param $n i32)
            (loop $next
                (call $tick)
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $next (local.get $n)))))"#;
    let module = Module::options()
        .metering(Metering::Fuel)
        .compile(&wasm(text))
        .expect("a module");
    let ticks: Arc<Mutex<Vec<usize>>> = Arc::default();
    // Machines are small until they are used: their value stacks are address space.
    let limits = Limits::default().stack_slots(1000).call_depth(100);
    let runs = (0..1000).map(|number| {
        let (module, ticks) = (module.clone(), ticks.clone());
        async move {
            let mut imports = Imports::new();
            imports.func("host", "tick", move || ticks.lock().expect("no panic").push(number));
            let mut vm = Vm::with(Strategy::default(), limits);
            vm.set_slice(50);
            let instance = vm.instantiate(&module, &imports).expect("an instance");
            vm.call_async(instance, "run", &[Value::I32(100)])
                .await
                .expect("no trap");
        }
    });
    block_on(join_all(runs));
    let ticks = ticks.lock().expect("no panic");
    assert_eq!(ticks.len(), 100_000);
    // A turn is six instructions, so a slice holds eight or nine of them: no machine is ever far ahead.
    let mut counts = vec![0i32; 1000];
    for &number in ticks.iter() {
        counts[number] += 1;
        if counts[number] == 50 {
            let behind = counts.iter().min().expect("a minimum");
            assert!(*behind >= 50 - 20, "one is at 50 and another at {behind}");
        }
    }
}
