//! A host with plugins: each is a module, all are in one machine, and they share the host's state but not each other's.
//!
//! The host keeps a store of texts. Plugins read and write it; to hand a text to a plugin, the host asks that plugin to
//! allocate room for it, in the middle of the plugin's own call.
//!
//! ```text
//! cargo run --example plugin_host
//! ```

use std::collections::BTreeMap;

use wasm_dispatch::{Caller, Demand, HostError, Imports, Module, ReentrantCaller, Trap, Value, Vm};

/// What all plugins share.
#[derive(Default)]
struct Host {
    texts: BTreeMap<String, String>,
    writes: u32,
}

/// Appends an exclamation mark to the text that is called `greeting`.
const SHOUT: &str = r#"(module
    (import "store" "get" (func $get (param i32 i32) (result i32 i32)))
    (import "store" "set" (func $set (param i32 i32 i32 i32)))
    (memory 1)
    (data (i32.const 0) "greeting")
    (global $next (mut i32) (i32.const 1024))

    ;; Room for the host's texts, and for one byte more.
    (func (export "allocate") (param $len i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (i32.add (global.get $next) (local.get $len)) (i32.const 1))))

    (func (export "run") (local $text i32) (local $len i32)
        (call $get (i32.const 0) (i32.const 8))
        (local.set $len) (local.set $text)
        (i32.store8 (i32.add (local.get $text) (local.get $len)) (i32.const 33))
        (call $set (i32.const 0) (i32.const 8) (local.get $text) (i32.add (local.get $len) (i32.const 1)))))"#;

/// Counts the letters of the same text, and stores their number as `length`.
const COUNT: &str = r#"(module
    (import "store" "get" (func $get (param i32 i32) (result i32 i32)))
    (import "store" "set" (func $set (param i32 i32 i32 i32)))
    (memory 1)
    (data (i32.const 0) "greetinglength")
    (func (export "allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "run") (local $len i32)
        (call $get (i32.const 0) (i32.const 8))
        (local.set $len) (drop)
        ;; Two digits.
        (i32.store8 (i32.const 100) (i32.add (i32.const 48) (i32.div_u (local.get $len) (i32.const 10))))
        (i32.store8 (i32.const 101) (i32.add (i32.const 48) (i32.rem_u (local.get $len) (i32.const 10))))
        (call $set (i32.const 8) (i32.const 6) (i32.const 100) (i32.const 2))))"#;

/// A text in a plugin's memory.
fn text(memory: &[u8], address: u32, len: u32) -> Result<String, HostError> {
    let bytes = memory.get(address as usize..).and_then(|rest| rest.get(..len as usize));
    Ok(String::from_utf8(bytes.ok_or(Trap::OutOfBoundsMemoryAccess)?.to_vec())?)
}

fn imports() -> Imports<Host> {
    let mut imports = Imports::new();
    // A plain function: memory and data are enough.
    imports.func(
        "store",
        "set",
        |caller: &mut Caller<'_, Host>, key: u32, key_len: u32, value: u32, value_len: u32| -> Result<(), HostError> {
            let (memory, host) = caller.memory_and_data_mut(0).ok_or("a plugin has a memory")?;
            let (key, value) = (text(memory, key, key_len)?, text(memory, value, value_len)?);
            host.texts.insert(key, value);
            host.writes += 1;
            Ok(())
        },
    );
    // A re-entrant one: it calls back the plugin that called it.
    imports.func(
        "store",
        "get",
        |caller: &mut ReentrantCaller<'_, Host>, key: u32, key_len: u32| -> Result<(u32, u32), HostError> {
            let key = text(caller.memory_mut(0).ok_or("a plugin has a memory")?, key, key_len)?;
            let value = caller.data().texts.get(&key).cloned().unwrap_or_default();
            let place = caller.call("allocate", &[Value::I32(value.len() as i32)])?;
            let [Value::I32(address)] = place[..] else {
                return Err("allocate returns an address".into());
            };
            caller.write(address as u32, value.as_bytes())?;
            Ok((address as u32, value.len() as u32))
        },
    );
    imports
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Made once, for all plugins.
    let imports = imports();
    let limiter = |demand: Demand| match demand {
        Demand::Instance { existing } => existing < 10,
        Demand::Memory { to, .. } => to <= 1 << 20,
        _ => true,
    };
    let mut vm = Vm::options().limiter(limiter).build(Host::default());
    vm.data_mut().texts.insert("greeting".into(), "good morning".into());

    let mut plugins = Vec::new();
    for program in [SHOUT, COUNT] {
        let module = Module::new(&wat::parse_str(program)?)?;
        plugins.push(vm.instantiate(&module, &imports)?);
    }
    for plugin in plugins.into_iter().cycle().take(4) {
        vm.call(plugin, "run", &[])?;
    }

    let host = vm.into_data();
    println!("{:?} after {} writes", host.texts, host.writes);
    assert_eq!(host.texts["greeting"], "good morning!!");
    assert_eq!(host.texts["length"], "14");
    Ok(())
}
