//! Host functions that a program calls: with parameters, with access to memory and to the host's data, with errors.
//!
//! ```text
//! cargo run --example host_function
//! ```

use wasm_dispatch::{Caller, Imports, Module, Trap, Value, Vm};

const PROGRAM: &str = r#"(module
    (import "host" "print" (func $print (param i32 i32)))
    (import "host" "square_root" (func $square_root (param f64) (result f64)))
    (import "host" "next_ticket" (func $next_ticket (result i32)))
    (memory 1)
    (data (i32.const 0) "tickets, please")

    (func (export "run") (param $x f64) (result f64 i32)
        (call $print (i32.const 0) (i32.const 15))
        (drop (call $next_ticket))
        (call $square_root (local.get $x))
        (call $next_ticket))

    ;; Asks the host to print what is not there.
    (func (export "print_too_much") (call $print (i32.const 65000) (i32.const 1000))))"#;

/// What the host keeps beside the program.
#[derive(Default)]
struct Host {
    tickets: u32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut imports = Imports::new();

    // A closure's parameters and result give the function's type. A caller as first parameter gives access to the memory
    // of the program; reading past its end returns the trap that a load would have ended with.
    imports.func(
        "host",
        "print",
        |caller: &mut Caller<'_, Host>, address: u32, len: u32| -> Result<(), Trap> {
            let end = u64::from(address) + u64::from(len);
            if caller.memory(0).is_none_or(|bytes| end > bytes.len() as u64) {
                return Err(Trap::OutOfBoundsMemoryAccess);
            }
            let mut text = vec![0; len as usize];
            caller.read(address, &mut text)?;
            println!("the program says: {}", String::from_utf8_lossy(&text));
            Ok(())
        },
    );

    // Any error type will do. The program cannot catch it; the call into the machine returns it.
    imports.func("host", "square_root", |x: f64| -> Result<f64, String> {
        if x < 0.0 {
            return Err(format!("no real number is the square root of {x}"));
        }
        Ok(x.sqrt())
    });

    // The machine holds the host's data, and lends it to each host function: no lock is needed.
    imports.func("host", "next_ticket", |caller: &mut Caller<'_, Host>| {
        caller.data_mut().tickets += 1;
        caller.data().tickets
    });

    let module = Module::new(&wat::parse_str(PROGRAM)?)?;
    let mut vm = Vm::with_data(Host::default());
    let instance = vm.instantiate(&module, &imports)?;

    println!("{:?}", vm.call(instance, "run", &[Value::F64(2.0)])?);
    println!("tickets sold: {}", vm.data().tickets);

    // Errors say where the program was, innermost function first.
    for (export, arguments) in [("run", &[Value::F64(-1.0)][..]), ("print_too_much", &[])] {
        match vm.call(instance, export, arguments) {
            Ok(values) => println!("{export} unexpectedly returned {values:?}"),
            Err(error) => println!("{export} failed. {error}"),
        }
    }
    Ok(())
}
