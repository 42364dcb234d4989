//! How much address space a machine takes. Alone in its program: other tests would take some meanwhile.

#![cfg(target_os = "linux")]

use wasm_dispatch::{Imports, Limits, Module, Value, Vm};

/// Bytes of this process's address space that are in use.
fn address_space() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("proc");
    let pages: usize = statm
        .split(' ')
        .next()
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4096
}

#[test]
fn a_machine_with_small_limits_takes_little_address_space() {
    const MACHINES: usize = 500;
    let text = r#"(module
        (memory (export "memory") 1)
        (func $sum (export "sum") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (local.get 0) (call $sum (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"#;
    let module = Module::new(&wat::parse_str(text).expect("the test's text")).unwrap();
    let imports = Imports::new();
    let limits = Limits::default().stack_slots(4_000).call_depth(200).memory_pages(16);
    let before = address_space();
    let mut machines: Vec<_> = (0..MACHINES)
        .map(|_| {
            let mut vm = Vm::options().limits(limits).build(());
            let instance = vm.instantiate(&module, &imports).unwrap();
            (vm, instance)
        })
        .collect();
    for (vm, instance) in &mut machines {
        assert_eq!(
            vm.call(*instance, "sum", &[Value::I32(100)]).unwrap(),
            [Value::I32(5050)]
        );
    }
    let each = (address_space() - before) / MACHINES;
    assert!(each < 1 << 20, "{each} bytes for each machine");
}
