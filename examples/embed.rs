//! The shortest way to a result: load a module, instantiate it, call its export.
//!
//! ```text
//! cargo run --example embed
//! ```

use wasm_dispatch::{ErrorKind, Imports, Module, Value, Vm};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A module usually comes from a compiler, as bytes in a file. Here it is text, turned into bytes.
    let wasm = wat::parse_str(
        r#"(module
            (memory (export "memory") 1)
            (data (i32.const 16) "Hello from WebAssembly")

            ;; Greatest common divisor.
            (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
                (if (i32.eqz (local.get $b)) (then (return (local.get $a))))
                (return_call $gcd (local.get $b) (i32.rem_u (local.get $a) (local.get $b))))

            (func (export "divide") (param i32 i32) (result i32)
                (i32.div_s (local.get 0) (local.get 1)))

            ;; Address and length of the greeting.
            (func (export "greeting") (result i32 i32) (i32.const 16) (i32.const 22)))"#,
    )?;

    // Decoded and validated once; it can be instantiated any number of times, from several threads as well.
    let module = Module::new(&wasm)?;

    // The machine holds all that changes. `Vm::new` takes the recommended strategy and default limits.
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module, &Imports::new())?;

    // A dynamic call checks the types of its arguments every time.
    let results = vm.call(instance, "gcd", &[Value::I32(1071), Value::I32(462)])?;
    println!("gcd(1071, 462) = {results:?}");

    // A typed function is checked once; then arguments and results are plain Rust values.
    let greeting = vm.typed_func::<(), (u32, u32)>(instance, "greeting")?;
    let (address, len) = vm.call_typed(greeting, ())?;
    let memory = vm.exported_memory(instance, "memory")?;
    let bytes = &vm.memory(memory)?[address as usize..][..len as usize];
    println!("{}", String::from_utf8_lossy(bytes));

    // A trap is an error that says what happened and where. The machine stays usable.
    let error = vm
        .call(instance, "divide", &[Value::I32(1), Value::I32(0)])
        .expect_err("a trap");
    match error.kind() {
        ErrorKind::Trap(info) => println!(
            "as expected, {} in function {:?}",
            info.trap, info.backtrace.frames[0].name
        ),
        _ => return Err(error.into()),
    }
    println!(
        "7 / 2 = {:?}",
        vm.call(instance, "divide", &[Value::I32(7), Value::I32(2)])?
    );
    Ok(())
}
