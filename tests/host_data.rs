//! The host's data, which a machine holds and every host function reaches.

mod common;

use std::cell::Cell;

use common::{for_each_strategy, module};
use futures::executor::block_on;
use wasm_dispatch::{AsyncCaller, Caller, FuncType, Imports, Instance, Limits, Strategy, ValType, Value, Vm};

const PROGRAM: &str = r#"(module
    (import "host" "add" (func $add (param i32) (result i32)))
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (import "host" "dynamic" (func $dynamic (param i32) (result i32)))
    (import "host" "copy" (func $copy (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "a word")
    (func (export "plain") (param i32) (result i32) (call $add (local.get 0)))
    (func (export "dynamic") (param i32) (result i32) (call $dynamic (local.get 0)))
    (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
    (func (export "copy") (call $copy (i32.const 8) (i32.const 6))))"#;

/// It is `Send`, as a future needs, but not `Sync`: nothing shares it.
#[derive(Debug, Default)]
struct Host {
    sum: i32,
    text: Vec<u8>,
    calls: Cell<u32>,
}

fn imports() -> Imports<Host> {
    let mut imports = Imports::new();
    imports.func("host", "add", |caller: &mut Caller<'_, Host>, value: i32| {
        caller.data().calls.set(caller.data().calls.get() + 1);
        caller.data_mut().sum += value;
        caller.data().sum
    });
    imports.func_async("host", "wait", |mut caller: AsyncCaller<'_, Host>, value: i32| {
        Box::pin(async move {
            caller.data_mut().sum += value;
            let double = caller.call("plain", &[Value::I32(value)]).await?;
            assert_eq!(double, [Value::I32(caller.data().sum)]);
            Ok(caller.data().sum)
        })
    });
    let ty = FuncType::new([ValType::I32], [ValType::I32]);
    imports.func_dynamic(
        "host",
        "dynamic",
        ty,
        |caller: &mut Caller<'_, Host>, arguments: &[Value]| {
            let [Value::I32(value)] = *arguments else {
                return Err("one integer".into());
            };
            caller.data_mut().sum -= value;
            Ok(vec![Value::I32(caller.data().sum)])
        },
    );
    imports.func(
        "host",
        "copy",
        |caller: &mut Caller<'_, Host>, at: u32, len: u32| -> Result<(), &'static str> {
            let (memory, host) = caller.memory_and_data_mut(0).ok_or("no memory")?;
            let word = at as usize..(at + len) as usize;
            host.text.extend_from_slice(&memory[word.clone()]);
            memory[word].fill(b'x');
            Ok(())
        },
    );
    imports
}

fn machine(strategy: Strategy, imports: &Imports<Host>) -> (Vm<Host>, Instance) {
    let mut vm = Vm::options().strategy(strategy).build(Host::default());
    let instance = vm.instantiate(&module(PROGRAM), imports).unwrap();
    (vm, instance)
}

#[test]
fn every_kind_of_host_function_reaches_the_hosts_data() {
    let imports = imports();
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, &imports);
        let mut call = |name: &str, value| {
            let results = block_on(vm.call_async(instance, name, &[Value::I32(value)])).unwrap();
            results[0]
        };
        assert_eq!(call("plain", 5), Value::I32(5));
        assert_eq!(call("dynamic", 2), Value::I32(3));
        assert_eq!(call("wait", 10), Value::I32(23));
        vm.data_mut().sum = 100;
        assert_eq!(vm.call(instance, "plain", &[Value::I32(1)]).unwrap(), [Value::I32(101)]);
        let host = vm.into_data();
        assert_eq!((host.sum, host.calls.get()), (101, 3));
    });
}

#[test]
fn a_host_function_changes_memory_and_data_at_once() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, &imports());
        vm.call(instance, "copy", &[]).unwrap();
        assert_eq!(vm.data().text, b"a word");
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(&vm.memory(memory).unwrap()[7..15], b"\0xxxxxx\0");
    });
}

#[test]
fn imports_are_made_once_for_many_instances_and_machines() {
    let imports = imports();
    for_each_strategy(|strategy| {
        let mut machines: Vec<Vm<Host>> = (0..3)
            .map(|_| Vm::options().strategy(strategy).build(Host::default()))
            .collect();
        for (vm, value) in machines.iter_mut().zip(1..) {
            let module = module(PROGRAM);
            let instances = [(); 2].map(|()| vm.instantiate(&module, &imports).unwrap());
            for instance in instances {
                vm.call(instance, "plain", &[Value::I32(value)]).unwrap();
            }
        }
        let sums: Vec<i32> = machines.iter().map(|vm| vm.data().sum).collect();
        assert_eq!(sums, [2, 4, 6]);
    });
}

#[test]
fn a_machine_without_data_is_made_as_before_and_one_with_data_by_default() {
    assert_eq!(Vm::new().data(), &());
    assert_eq!(Vm::<Vec<u8>>::default().data(), &[]);
    let vm = Vm::options().limits(Limits::default().call_depth(7)).build("data");
    assert_eq!((vm.limits().call_depth, *vm.data()), (7, "data"));
}

#[test]
fn a_call_can_move_between_threads_if_the_data_can() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (mut vm, instance) = machine(Strategy::default(), &imports());
    let results = block_on(is_send(vm.call_async(instance, "wait", &[Value::I32(1)])));
    assert_eq!(results.unwrap(), [Value::I32(2)]);
}
