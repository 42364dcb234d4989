//! Host functions that call programs again, inside a blocking call.

mod common;

use std::sync::Mutex;

use common::{add, backtrace, error_of, for_each_strategy, for_each_strategy_on_a_small_stack, module, trap_of, wasm};
use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, Error, ErrorKind, HostFunction, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause,
    ReentrantCaller, Strategy, Trap, Value, Vm,
};

/// `run` keeps values on its operand stack, in a local and in memory while the host calls back.
const PROGRAM: &str = r#"(module
    (import "host" "back" (func $back (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 64))
    (func (export "allocate") (param i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 0))))
    (func $run (export "run") (param i32) (result i32) (local $kept i32)
        (local.set $kept (i32.const 1000))
        (i32.add
            (i32.add (i32.const 20) (call $back (local.get 0)))
            (local.get $kept)))
    (func (export "tail") (param i32) (result i32) (return_call $back (local.get 0)))
    (func (export "fail") (param i32) (result i32) unreachable)
    (func (export "count") (param i32) (result i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.const 5))
    (func (export "forever") (param i32) (result i32) (loop (br 0)) unreachable))"#;

fn machine(strategy: Strategy, back: HostFunction) -> (Vm, Instance) {
    let options = Module::options().metering(Metering::Fuel);
    let module = options.compile(&wasm(PROGRAM)).unwrap();
    let mut imports = Imports::new();
    imports.host("host", "back", back);
    let mut vm = Vm::with(strategy, Limits::default());
    let instance = vm.instantiate(&module, &imports).unwrap();
    (vm, instance)
}

fn back(
    function: impl Fn(&mut ReentrantCaller<'_>, i32) -> Result<i32, Error> + Send + Sync + 'static,
) -> HostFunction {
    HostFunction::new(function)
}

fn integer(values: &[Value]) -> i32 {
    match values {
        [Value::I32(value)] => *value,
        other => panic!("expected one integer, got {other:?}"),
    }
}

fn run(vm: &mut Vm, instance: Instance, name: &str, argument: i32) -> Result<i32, Error> {
    vm.call(instance, name, &[Value::I32(argument)])
        .map(|values| integer(&values))
}

#[test]
fn a_host_function_asks_the_program_to_allocate() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| {
                let place = integer(&caller.call("allocate", &[Value::I32(8)])?);
                let text = value.to_le_bytes();
                caller.write(place as u32, &text).expect("the place is there");
                Ok(place)
            }),
        );
        for (value, place) in [(7, 64), (8, 72)] {
            assert_eq!(run(&mut vm, instance, "run", value).unwrap(), 1020 + place);
            assert_eq!(run(&mut vm, instance, "allocate", 0).unwrap(), place + 8);
            let memory = vm.exported_memory(instance, "memory").unwrap();
            assert_eq!(vm.memory(memory).unwrap()[place as usize], value as u8);
        }
    });
}

#[test]
fn it_may_be_called_in_a_tail_call_and_by_the_host_itself() {
    for_each_strategy(|strategy| {
        let function = back(|caller, value| match caller.instance() {
            Some(_) => Ok(integer(&caller.call("allocate", &[Value::I32(0)])?) + value),
            None => Ok(-value),
        });
        let (mut vm, instance) = machine(strategy, function.clone());
        assert_eq!(run(&mut vm, instance, "tail", 3).unwrap(), 67);
        let func = vm.host_func(&function);
        assert_eq!(vm.call_func(func, &[Value::I32(3)]).unwrap(), [Value::I32(-3)]);
    });
}

#[test]
fn calls_nest_as_deep_as_the_limit_and_no_deeper() {
    for_each_strategy_on_a_small_stack(|strategy| {
        let function = back(|caller, depth| match depth {
            0 => Ok(0),
            _ => Ok(integer(&caller.call("run", &[Value::I32(depth - 1)])?)),
        });
        let (mut vm, instance) = machine(strategy, function);
        let depth = vm.limits().host_depth as i32;
        // The innermost host function is called at depth 0.
        assert_eq!(run(&mut vm, instance, "run", depth - 1).unwrap(), 1020 * depth);
        let mut error = error_of(run(&mut vm, instance, "run", depth));
        for _ in 0..depth {
            let ErrorKind::Host { source, .. } = error.kind() else {
                panic!("expected the host function's error, got {error}");
            };
            error = source.downcast_ref::<Error>().expect("a machine's error").clone();
        }
        assert_eq!(error.trap(), Some(Trap::CallStackExhausted));
        // The machine is as good as new.
        assert_eq!(run(&mut vm, instance, "run", 2).unwrap(), 3060);
    });
}

#[test]
fn the_value_stack_is_shared_by_all_levels() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        imports.host(
            "host",
            "back",
            back(|caller, value| Ok(integer(&caller.call("run", &[Value::I32(value)])?))),
        );
        let limits = Limits::default().stack_slots(400).host_depth(1_000_000);
        let mut vm = Vm::with(strategy, limits);
        let instance = add(&mut vm, PROGRAM, &imports);
        let mut error = error_of(run(&mut vm, instance, "run", 0));
        while let ErrorKind::Host { source, .. } = error.kind() {
            error = source.downcast_ref::<Error>().expect("a machine's error").clone();
        }
        assert_eq!(error.trap(), Some(Trap::CallStackExhausted));
    });
}

#[test]
fn a_trap_inside_is_an_error_that_the_host_function_may_survive() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| {
                let error = error_of(caller.call("fail", &[Value::I32(0)]));
                assert_eq!(error.trap(), Some(Trap::Unreachable));
                // All that is active is in the backtrace: what failed, and what waits.
                assert_eq!(backtrace(&error).frames.len(), 2);
                if value == 0 { Err(error) } else { Ok(value) }
            }),
        );
        assert_eq!(run(&mut vm, instance, "run", 5).unwrap(), 1025);
        let error = error_of(run(&mut vm, instance, "run", 0));
        let ErrorKind::Host { source, backtrace } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(
            source.downcast_ref::<Error>().and_then(Error::trap),
            Some(Trap::Unreachable)
        );
        assert_eq!(backtrace.frames.len(), 1);
    });
}

#[test]
fn a_panic_inside_is_an_error() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| match value {
                0 => panic!("no good"),
                _ => Ok(integer(&caller.call("run", &[Value::I32(value - 1)])?)),
            }),
        );
        let error = error_of(run(&mut vm, instance, "run", 2));
        assert!(error.to_string().contains("panic: no good"), "{error}");
        assert_eq!(run(&mut vm, instance, "allocate", 0).unwrap(), 64);
    });
}

#[test]
fn all_levels_use_one_supply_of_fuel() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| {
                let before = caller.vm().fuel().expect("a limit");
                caller.call("count", &[Value::I32(value)])?;
                Ok((before - caller.vm().fuel().expect("a limit")) as i32)
            }),
        );
        vm.set_fuel(Some(100_000)).unwrap();
        let used = run(&mut vm, instance, "run", 100).unwrap() - 1020;
        assert!(used >= 300, "{used}");
        let left = vm.fuel().unwrap();
        assert!(left < 100_000 - used as u64);
        vm.set_fuel(Some(100)).unwrap();
        let error = error_of(run(&mut vm, instance, "run", 100));
        let ErrorKind::Host { source, .. } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(
            source.downcast_ref::<Error>().and_then(Error::trap),
            Some(Trap::OutOfFuel)
        );
    });
}

#[test]
fn a_call_that_pauses_inside_is_resumed_inside() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| {
                let vm = caller.vm_mut();
                vm.set_fuel(Some(10))?;
                let mut ended = vm.call_func(vm.exported_func(vm_instance(vm), "count")?, &[Value::I32(value)]);
                let mut pauses = 0;
                while let Err(error) = &ended {
                    assert!(matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel)), "{error}");
                    pauses += 1;
                    vm.set_fuel(Some(50))?;
                    ended = vm.resume();
                }
                vm.set_fuel(Some(1_000_000))?;
                Ok(integer(&ended?) + 10 * pauses)
            }),
        );
        vm.set_out_of_fuel(OutOfFuel::Pause);
        let pauses = (run(&mut vm, instance, "run", 100).unwrap() - 1025) / 10;
        assert!(pauses > 5, "{pauses}");
        assert!(!vm.is_paused());
    });
}

/// The only instance of these tests' machines.
fn vm_instance(vm: &Vm) -> Instance {
    vm.instances().next().expect("an instance")
}

#[test]
fn a_call_that_pauses_inside_ends_with_the_host_function() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, value| {
                caller.vm_mut().set_fuel(Some(10))?;
                let error = error_of(caller.call("count", &[Value::I32(value)]));
                assert!(matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel)), "{error}");
                caller.vm_mut().set_fuel(None)?;
                Ok(1)
            }),
        );
        vm.set_out_of_fuel(OutOfFuel::Pause);
        assert_eq!(run(&mut vm, instance, "run", 100).unwrap(), 1021);
        assert!(!vm.is_paused());
        assert!(matches!(error_of(vm.resume()).kind(), ErrorKind::Usage(_)));
    });
}

#[test]
fn an_interrupt_ends_all_levels() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(
            strategy,
            back(|caller, _| {
                caller.vm().interrupt_handle().interrupt();
                Ok(integer(&caller.call("forever", &[Value::I32(0)])?))
            }),
        );
        let error = error_of(run(&mut vm, instance, "run", 0));
        let ErrorKind::Host { source, .. } = error.kind() else {
            panic!("{error}");
        };
        let inner = source.downcast_ref::<Error>().expect("a machine's error");
        assert!(matches!(inner.kind(), ErrorKind::Paused(Pause::Interrupted)), "{inner}");
        assert_eq!(run(&mut vm, instance, "count", 3).unwrap(), 5);
    });
}

#[test]
fn no_snapshot_is_made_or_restored_inside() {
    for_each_strategy(|strategy| {
        let before = machine(strategy, back(|_, _| Ok(0))).0.snapshot().unwrap();
        let (mut vm, instance) = machine(
            strategy,
            back(move |caller, _| {
                for refused in [
                    error_of(caller.vm().snapshot()),
                    error_of(caller.vm_mut().restore(&before)),
                ] {
                    let in_host = wasm_dispatch::SnapshotError::InHostFunction;
                    assert!(
                        matches!(refused.kind(), ErrorKind::Snapshot(why) if *why == in_host),
                        "{refused}"
                    );
                }
                Ok(1)
            }),
        );
        assert_eq!(run(&mut vm, instance, "run", 0).unwrap(), 1021);
        vm.snapshot().unwrap();
    });
}

#[test]
fn a_snapshot_is_made_after_a_waiting_call_was_given_up() {
    let mut imports = Imports::new();
    imports.func_async("host", "back", |mut caller: AsyncCaller<'_>, value: i32| {
        Box::pin(async move {
            assert!(caller.vm().snapshot().is_err());
            if value > 0 {
                caller.call("run", &[Value::I32(value - 1)]).await?;
            }
            std::future::pending::<Result<i32, wasm_dispatch::HostError>>().await
        })
    });
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = add(&mut vm, PROGRAM, &imports);
        {
            let arguments = [Value::I32(3)];
            let mut call = std::pin::pin!(vm.call_async(instance, "run", &arguments));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
        vm.snapshot().unwrap();
        assert_eq!(run(&mut vm, instance, "count", 3).unwrap(), 5);
    });
}

#[test]
fn it_may_instantiate_modules_and_change_the_strategy() {
    for_each_strategy(|strategy| {
        let plugin = module(
            r#"(module
                (global $sum (mut i32) (i32.const 0))
                (func $start (global.set $sum (i32.const 9)))
                (func (export "sum") (result i32) (global.get $sum))
                (start $start))"#,
        );
        let (mut vm, instance) = machine(
            strategy,
            back(move |caller, value| {
                let vm = caller.vm_mut();
                let instance = vm.instantiate(&plugin, &Imports::new())?;
                let sum = vm.typed_func::<(), i32>(instance, "sum")?;
                vm.set_strategy(Strategy::ALL[value as usize]);
                vm.call_typed(sum, ())
            }),
        );
        for value in 0..Strategy::ALL.len() as i32 {
            assert_eq!(run(&mut vm, instance, "run", value).unwrap(), 1029);
        }
    });
}

#[test]
fn it_works_in_asynchronous_calls_and_waits_for_nothing() {
    let mut imports = Imports::new();
    imports.func(
        "host",
        "back",
        |caller: &mut ReentrantCaller<'_>, value: i32| -> Result<i32, Error> {
            match value {
                0 => Ok(integer(&caller.call("allocate", &[Value::I32(1)])?)),
                _ => {
                    let error = error_of(caller.call("wait", &[]));
                    assert!(matches!(error.kind(), ErrorKind::NeedsAsync), "{error}");
                    Ok(1)
                }
            }
        },
    );
    imports.func_async("host", "wait", |mut caller: AsyncCaller<'_>, ()| {
        Box::pin(async move {
            // Through the program into the re-entrant function.
            Ok(integer(&caller.call("run", &[Value::I32(0)]).await?))
        })
    });
    let text = PROGRAM.replace(
        "(memory (export",
        r#"(import "host" "wait" (func $wait (result i32)))
           (func (export "wait") (result i32) (call $wait))
           (memory (export"#,
    );
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = add(&mut vm, &text, &imports);
        let mut call =
            |name: &str, arguments: &[Value]| integer(&block_on(vm.call_async(instance, name, arguments)).unwrap());
        assert_eq!(call("run", &[Value::I32(1)]), 1021);
        assert_eq!(call("wait", &[]), 1084);
        assert_eq!(call("run", &[Value::I32(0)]), 1085);
    });
}

#[test]
fn a_host_function_that_exchanges_the_machine_is_refused() {
    for_each_strategy(|strategy| {
        let other = Mutex::new(Vm::with(strategy, Limits::default().stack_slots(10)));
        let (mut vm, instance) = machine(
            strategy,
            back(move |caller, _| {
                std::mem::swap(caller.vm_mut(), &mut other.lock().unwrap());
                Ok(1)
            }),
        );
        let error = error_of(run(&mut vm, instance, "run", 0));
        assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error}");
        // What is here now is the other machine.
        assert!(matches!(
            error_of(run(&mut vm, instance, "count", 1)).kind(),
            ErrorKind::Usage(_)
        ));
        let (mut vm, instance) = common::start(strategy, r#"(module (func (export "f") (result i32) i32.const 1))"#);
        assert_eq!(common::call_i32(&mut vm, instance, "f"), 1);
    });
}

#[test]
fn one_of_any_type_calls_back_too() {
    for_each_strategy(|strategy| {
        let ty = wasm_dispatch::FuncType::new([wasm_dispatch::ValType::I32], [wasm_dispatch::ValType::I32]);
        let function = HostFunction::dynamic_reentrant(ty, |caller, arguments| Ok(caller.call("allocate", arguments)?));
        let (mut vm, instance) = machine(strategy, function);
        assert_eq!(run(&mut vm, instance, "run", 4).unwrap(), 1084);
        assert_eq!(run(&mut vm, instance, "run", 4).unwrap(), 1088);
        let trap = HostFunction::new(|_: &mut ReentrantCaller<'_>, _: i32| Err::<i32, Trap>(Trap::Unreachable));
        let (mut vm, instance) = machine(strategy, trap);
        assert_eq!(trap_of(run(&mut vm, instance, "run", 4)), Trap::Unreachable);
    });
}
