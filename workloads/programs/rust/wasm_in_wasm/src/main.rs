//! wasm_in_wasm INPUT ROUNDS: an interpreter in the interpreter. Assembles a module and runs it in wasmi.

use support::{check, fail, number, text, Checksum};
use wasmi::{Engine, Extern, Linker, Module, Store};

fn main() {
    let (source, rounds) = (text(1), number(2));
    let bytes = check("assembling", wat::parse_str(&source));
    let engine = Engine::default();
    let module = check("loading", Module::new(&engine, &bytes[..]));
    let mut checksum = Checksum::default();
    checksum.add(&bytes);
    for round in 0..rounds {
        let mut store = Store::new(&engine, ());
        let instance = check("instantiating", Linker::<()>::new().instantiate(&mut store, &module));
        let instance = check("starting", instance.start(&mut store));
        for (name, argument) in [("collatz", 300 + round as i32), ("sieve", 2000), ("fib", 14)] {
            let function = instance.get_export(&store, name).and_then(Extern::into_func);
            let function = match function {
                Some(function) => check(name, function.typed::<i32, i64>(&store)),
                None => fail(name, &"not exported"),
            };
            checksum.number(check(name, function.call(&mut store, argument)) as u64);
        }
    }
    checksum.print("wasm_in_wasm");
}
