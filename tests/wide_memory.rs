//! Memories and tables with 64-bit addresses, and memories with pages of one byte.

mod common;

use std::cell::OnceCell;

use common::{add, error_of, for_each_strategy, module, start, trap_of, vm, wasm};
use wasm_dispatch::{
    AddressType, ErrorKind, Extern, Imports, Limits, MemoryType, Metering, Module, SizeLimits, Strategy, TableType,
    Trap, ValType, Value, Vm,
};

/// Pages of 64 KiB in 4 GiB.
const FOUR_GIB: u64 = 1 << 16;

/// A memory of more than 4 GiB if the host gives it: little of it is touched.
const LARGE: &str = r#"(module
    (memory (export "memory") i64 65537 70000)
    (data (i64.const 0x1_0000_0010) "far")
    (func (export "size") (result i64) (memory.size))
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
    (func (export "store") (param i64 i64) (i64.store offset=8 (local.get 0) (local.get 1)))
    (func (export "load") (param i64) (result i64) (i64.load offset=8 (local.get 0)))
    (func (export "byte") (param i64) (result i32) (i32.load8_u offset=0x1_0000_0000 (local.get 0)))
    (func (export "fill") (param i64 i32 i64) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i64 i64 i64) (memory.copy (local.get 0) (local.get 1) (local.get 2))))"#;

fn i64_of(vm: &mut Vm, instance: wasm_dispatch::Instance, name: &str, arguments: &[i64]) -> i64 {
    let arguments: Vec<Value> = arguments.iter().copied().map(Value::I64).collect();
    match vm.call(instance, name, &arguments).as_deref() {
        Ok([Value::I64(value)]) => *value,
        other => panic!("{name} gave {other:?}"),
    }
}

#[test]
fn a_memory_of_more_than_4_gib_is_declared_grown_and_reached() {
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default().memory_pages(FOUR_GIB + 100));
        let instance = match vm.instantiate(&module(LARGE), &Imports::new()) {
            Ok(instance) => instance,
            Err(error) if matches!(error.kind(), ErrorKind::Limit { .. }) => {
                println!("{strategy}: not tested, because the host gives no memory of 4 GiB: {error}");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert_eq!(i64_of(&mut vm, instance, "size", &[]), 65_537);
        let byte = |vm: &mut Vm, at: i64| vm.call(instance, "byte", &[Value::I64(at)]);
        assert_eq!(byte(&mut vm, 0x10).unwrap(), [Value::I32(i32::from(b'f'))]);
        assert_eq!(byte(&mut vm, 0x12).unwrap(), [Value::I32(i32::from(b'r'))]);
        let far = 0x1_0000_0100;
        let store = |vm: &mut Vm, at: i64, value: i64| vm.call(instance, "store", &[Value::I64(at), Value::I64(value)]);
        store(&mut vm, far, 7).unwrap();
        assert_eq!(i64_of(&mut vm, instance, "load", &[far]), 7);
        // The same place but for the bits above 32.
        assert_eq!(i64_of(&mut vm, instance, "load", &[far & 0xFFFF_FFFF]), 0);
        let fill = |vm: &mut Vm, at: i64, len: i64| {
            vm.call(instance, "fill", &[Value::I64(at), Value::I32(1), Value::I64(len)])
        };
        fill(&mut vm, far, 1000).unwrap();
        let one = 0x0101_0101_0101_0101;
        assert_eq!(i64_of(&mut vm, instance, "load", &[far]), one);
        vm.call(instance, "copy", &[16, far, 8 + 8].map(Value::I64)).unwrap();
        assert_eq!(i64_of(&mut vm, instance, "load", &[16]), one);
        let end = 65_537 << 16;
        assert!(fill(&mut vm, end - 1, 1).is_ok());
        for (at, len) in [(end - 1, 2), (0, 1 << 40), (-1, 1), (-1, 2)] {
            assert_eq!(trap_of(fill(&mut vm, at, len)), Trap::OutOfBoundsMemoryAccess);
        }
        assert!(store(&mut vm, end - 16, 1).is_ok());
        for at in [end - 15, end, 1 << 40, i64::MAX, -1, -9, -16] {
            assert_eq!(trap_of(store(&mut vm, at, 1)), Trap::OutOfBoundsMemoryAccess, "{at}");
        }
        // Up to the limit of the machine, which is less than the declared one.
        assert_eq!(i64_of(&mut vm, instance, "grow", &[100]), -1);
        assert_eq!(i64_of(&mut vm, instance, "grow", &[-1]), -1);
        assert_eq!(i64_of(&mut vm, instance, "grow", &[99]), 65_537);
        assert_eq!(i64_of(&mut vm, instance, "size", &[]), 65_636);
        assert_eq!(i64_of(&mut vm, instance, "load", &[far]), one);
        assert_eq!(i64_of(&mut vm, instance, "load", &[end]), 0);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(vm.memory(memory).unwrap().len(), 65_636 << 16);
    });
}

#[test]
fn offsets_of_64_bits_are_added_without_wrapping() {
    let text = r#"(module
        (memory i64 1)
        (func (export "load") (param i64) (result i32) (i32.load8_u offset=0xFFFF_FFFF_FFFF_FF00 (local.get 0)))
        (func (export "loaded twice") (param i64) (result i32)
            (i32.add
                (i32.load8_u offset=0x1_0000_0000 (i64.sub (local.get 0) (i64.const 0x1_0000_0000)))
                (i32.load8_u (local.get 0))))
        (func (export "store") (param i64 i32)
            (i32.store8 offset=0x1_0000_0000 (i64.mul (local.get 0) (i64.const 2)) (i32.div_u (i32.const 6) (local.get 1))))
        (func (export "constant") (result i32) (i32.load8_u offset=0x1_0000_0000 (i64.const 0x10)))
        (func (export "wrapping constant") (result i32)
            (i32.load8_u offset=0x1_0000_0000 (i64.const 0xFFFF_FFFF_0000_0001)))
        (func (export "last byte") (result i32) (i32.load8_u offset=65535 (i64.const 0)))
        (func (export "in a tree") (param i64) (result i64)
            (i64.add (i64.const 1) (i64.load offset=0x8000_0000_0000_0000 (i64.load (local.get 0))))))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, text);
        let mut traps = |name: &str, arguments: &[Value]| trap_of(vm.call(instance, name, arguments));
        let oob = Trap::OutOfBoundsMemoryAccess;
        // Wrapped, these addresses would be within the memory.
        for address in [0, 0x100, 0x1FF, -1, i64::MIN] {
            assert_eq!(traps("load", &[Value::I64(address)]), oob, "{address}");
        }
        assert_eq!(traps("loaded twice", &[Value::I64(5)]), oob);
        assert_eq!(traps("in a tree", &[Value::I64(8)]), oob);
        assert_eq!(traps("constant", &[]), oob);
        assert_eq!(traps("wrapping constant", &[]), oob);
        // The address comes first, then the value, then the access.
        assert_eq!(
            traps("store", &[Value::I64(0), Value::I32(0)]),
            Trap::IntegerDivideByZero
        );
        assert_eq!(traps("store", &[Value::I64(0), Value::I32(1)]), oob);
        assert_eq!(vm.call(instance, "last byte", &[]).unwrap(), [Value::I32(0)]);
    });
}

#[test]
fn bulk_operations_between_memories_take_the_narrower_length() {
    let text = r#"(module
        (memory $wide i64 1)
        (memory $narrow (export "narrow") 1)
        (data $text "hello")
        (func (export "run") (param i64 i32)
            (memory.init $wide $text (local.get 0) (i32.const 0) (i32.const 5))
            (memory.copy $narrow $wide (local.get 1) (local.get 0) (i32.const 5))
            (memory.copy $wide $wide (i64.const 100) (local.get 0) (i64.const 5))
            (memory.copy $wide $narrow (i64.const 0) (local.get 1) (i32.const 1)))
        (func (export "from") (param i64) (memory.copy $narrow $wide (i32.const 0) (local.get 0) (i32.const 1)))
        (func (export "init") (param i64)
            (memory.init $wide $text (local.get 0) (i32.const 0) (i32.const 1))))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, text);
        vm.call(instance, "run", &[Value::I64(65_531), Value::I32(65_531)])
            .unwrap();
        let narrow = vm.exported_memory(instance, "narrow").unwrap();
        assert_eq!(&vm.memory(narrow).unwrap()[65_531..], b"hello");
        for far in [1 << 32, -1, 65_536] {
            for name in ["from", "init"] {
                let trap = trap_of(vm.call(instance, name, &[Value::I64(far)]));
                assert_eq!(trap, Trap::OutOfBoundsMemoryAccess, "{name} {far}");
            }
        }
    });
}

#[test]
fn an_index_of_64_bits_names_no_other_element() {
    let text = r#"(module
        (type $answer (func (result i32)))
        (table $t (export "table") i64 3 10 funcref)
        (elem (table $t) (i64.const 1) func $f)
        (func $f (type $answer) (i32.const 42))
        (func (export "call") (param i64) (result i32) (call_indirect $t (type $answer) (local.get 0)))
        (func (export "call in place") (param i64) (result i32) (return_call_indirect $t (type $answer) (local.get 0)))
        (func (export "call computed") (param i64) (result i32)
            (i32.add (i32.const 1) (call_indirect $t (type $answer) (i64.add (local.get 0) (i64.const 1)))))
        (func (export "call constant") (result i32) (call_indirect $t (type $answer) (i64.const 1)))
        (func (export "call far constant") (result i32) (call_indirect $t (type $answer) (i64.const 0x1_0000_0001)))
        (func (export "get") (param i64) (result i32) (ref.is_null (table.get $t (local.get 0))))
        (func (export "set") (param i64) (table.set $t (local.get 0) (ref.null func)))
        (func (export "size") (result i64) (table.size $t))
        (func (export "grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0)))
        (func (export "fill") (param i64 i64) (table.fill $t (local.get 0) (ref.null func) (local.get 1))))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, text);
        let mut call = |name: &str, arguments: &[i64]| {
            let arguments: Vec<Value> = arguments.iter().copied().map(Value::I64).collect();
            vm.call(instance, name, &arguments)
        };
        for name in ["call", "call in place"] {
            assert_eq!(call(name, &[1]).unwrap(), [Value::I32(42)]);
            assert_eq!(trap_of(call(name, &[0])), Trap::UninitializedElement);
            for far in [3, 0xFFFF_FFFF, 0x1_0000_0001, 1 << 63, -1] {
                assert_eq!(trap_of(call(name, &[far])), Trap::UndefinedElement, "{name} {far}");
            }
        }
        assert_eq!(call("call computed", &[0]).unwrap(), [Value::I32(43)]);
        assert_eq!(trap_of(call("call computed", &[1 << 32])), Trap::UndefinedElement);
        assert_eq!(call("call constant", &[]).unwrap(), [Value::I32(42)]);
        assert_eq!(trap_of(call("call far constant", &[])), Trap::UndefinedElement);
        assert_eq!(call("get", &[1]).unwrap(), [Value::I32(0)]);
        for name in ["get", "set"] {
            for far in [3, 0x1_0000_0001, -1] {
                assert_eq!(
                    trap_of(call(name, &[far])),
                    Trap::OutOfBoundsTableAccess,
                    "{name} {far}"
                );
            }
        }
        assert_eq!(call("size", &[]).unwrap(), [Value::I64(3)]);
        for too_many in [8, 1 << 32, -1] {
            assert_eq!(call("grow", &[too_many]).unwrap(), [Value::I64(-1)]);
        }
        assert_eq!(call("grow", &[7]).unwrap(), [Value::I64(3)]);
        for (at, len) in [(10, 1), (0, 1 << 32), (1 << 32, 1), (-1, 2)] {
            assert_eq!(trap_of(call("fill", &[at, len])), Trap::OutOfBoundsTableAccess);
        }
        call("fill", &[0, 10]).unwrap();
        assert_eq!(trap_of(call("call", &[1])), Trap::UninitializedElement);
    });
}

#[test]
fn a_page_may_be_a_byte() {
    let text = r#"(module
        (memory (export "memory") 5 100000 (pagesize 1))
        (func (export "size") (result i32) (memory.size))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 1))))"#;
    for_each_strategy(|strategy| {
        // The limit counts 64 KiB, whatever pages a memory has.
        let mut vm = Vm::with(strategy, Limits::default().memory_pages(1));
        let instance = add(&mut vm, text, &Imports::new());
        let mut call = |name: &str, arguments: &[i32]| {
            let arguments: Vec<Value> = arguments.iter().copied().map(Value::I32).collect();
            vm.call(instance, name, &arguments)
        };
        assert_eq!(call("size", &[]).unwrap(), [Value::I32(5)]);
        assert!(call("store", &[4]).is_ok());
        assert_eq!(trap_of(call("store", &[5])), Trap::OutOfBoundsMemoryAccess);
        assert_eq!(call("grow", &[1]).unwrap(), [Value::I32(5)]);
        assert!(call("store", &[5]).is_ok());
        assert_eq!(call("grow", &[65_531]).unwrap(), [Value::I32(-1)]);
        assert_eq!(call("grow", &[65_530]).unwrap(), [Value::I32(6)]);
        assert_eq!(call("size", &[]).unwrap(), [Value::I32(65_536)]);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        let error = error_of(vm.grow_memory(memory, 1));
        assert!(
            matches!(error.kind(), ErrorKind::Limit { limit: 65_536, .. }),
            "{error}"
        );
    });
}

#[test]
fn the_host_makes_memories_and_tables_of_every_kind() {
    let limits = SizeLimits { min: 3, max: Some(9) };
    let wide = MemoryType {
        address: AddressType::I64,
        ..limits.into()
    };
    let small = MemoryType {
        page_size_log2: 0,
        ..limits.into()
    };
    let table = TableType {
        address: AddressType::I64,
        ..TableType::new(ValType::FuncRef, limits)
    };
    let mut vm = Vm::new();
    let given: [Extern; 3] = [
        vm.new_memory(wide).unwrap().into(),
        vm.new_memory(small).unwrap().into(),
        vm.new_table(table).unwrap().into(),
    ];
    let imported = [
        ("(memory i64 3 9)", "64-bit memory of 3 pages..9"),
        ("(memory 3 9 (pagesize 1))", "memory of 3 pages..9, 1 byte each"),
        ("(table i64 3 9 funcref)", "64-bit table of 3 funcref..9"),
        ("(memory 3 9)", "memory of 3 pages..9"),
        (
            "(memory i64 3 9 (pagesize 1))",
            "64-bit memory of 3 pages..9, 1 byte each",
        ),
        ("(table 3 9 funcref)", "table of 3 funcref..9"),
    ];
    for (import, words) in imported {
        let importing = module(&format!(
            r#"(module (import "m" "x" {import}) (export "x" ({} 0)))"#,
            &import[1..7]
        ));
        assert_eq!(importing.imports().next().unwrap().ty.to_string(), words);
        for (item, found) in given.into_iter().zip(imported.map(|(_, words)| words)) {
            let mut imports = Imports::new();
            imports.define("m", "x", item);
            match vm.instantiate(&importing, &imports) {
                Ok(_) => assert_eq!(words, found),
                Err(error) => {
                    assert_ne!(words, found);
                    let expected = format!("incompatible import type: m.x should be {words} and is {found}");
                    assert_eq!(error.to_string(), expected);
                }
            }
        }
    }
    let odd = MemoryType {
        page_size_log2: 12,
        ..limits.into()
    };
    assert!(matches!(error_of(vm.new_memory(odd)).kind(), ErrorKind::Usage(_)));
    // Sizes that no address space holds.
    let mut vm = Vm::with(Strategy::default(), Limits::default().memory_pages(u64::MAX));
    for min in [1 << 48, u64::MAX] {
        let limits = SizeLimits { min, max: None };
        let ty = MemoryType {
            address: AddressType::I64,
            ..limits.into()
        };
        assert!(matches!(error_of(vm.new_memory(ty)).kind(), ErrorKind::Limit { .. }));
    }
}

#[test]
fn a_host_function_reaches_addresses_of_64_bits() {
    let text = r#"(module
        (import "host" "peek" (func $peek (param i64) (result i32)))
        (memory i64 1)
        (data (i64.const 65535) "\2a")
        (func (export "run") (param i64) (result i32) (call $peek (local.get 0))))"#;
    let mut imports = Imports::new();
    imports.func(
        "host",
        "peek",
        |caller: &mut wasm_dispatch::Caller<'_>, address: u64| -> Result<u32, Trap> {
            let mut byte = [0];
            caller.read(address, &mut byte)?;
            caller.write(address, &[byte[0] + 1])?;
            Ok(byte[0].into())
        },
    );
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let instance = add(&mut vm, text, &imports);
        let mut run = |address| vm.call(instance, "run", &[Value::I64(address)]);
        assert_eq!(run(65_535).unwrap(), [Value::I32(42)]);
        assert_eq!(run(65_535).unwrap(), [Value::I32(43)]);
        for far in [65_536, 0x1_0000_FFFF, -1] {
            assert_eq!(trap_of(run(far)), Trap::OutOfBoundsMemoryAccess);
        }
    });
}

/// A loop over a 64-bit memory, a table and pages of a byte; what it costs is the same everywhere.
const METERED: &str = r#"(module
    (memory $wide (export "wide") i64 1 3)
    (memory $bytes (export "bytes") 10 5000 (pagesize 1))
    (table $t i64 3 100 funcref)
    (func (export "run") (param $n i64) (result i64) (local $sum i64)
        (loop $again
            (i64.store $wide (i64.shl (local.get $n) (i64.const 3)) (local.get $n))
            (local.set $sum (i64.add (local.get $sum) (i64.load $wide offset=8 (i64.shl (local.get $n) (i64.const 3)))))
            (drop (memory.grow $bytes (i32.const 7)))
            (drop (table.grow $t (ref.null func) (i64.const 1)))
            (memory.fill $wide (i64.const 4096) (i32.const 3) (i64.const 3000))
            (memory.copy $bytes $wide (i32.const 1) (i64.const 4096) (i32.const 9))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br_if $again (i64.ne (local.get $n) (i64.const 0))))
        (i64.add (local.get $sum) (i64.add (memory.size $wide) (i64.extend_i32_u (memory.size $bytes))))))"#;

#[test]
fn what_is_paid_for_64_bit_memories_is_the_same_on_every_strategy() {
    let metered = Module::options()
        .metering(Metering::Fuel)
        .compile(&wasm(METERED))
        .unwrap();
    let first = OnceCell::new();
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        vm.set_fuel(Some(1_000_000)).unwrap();
        let instance = vm.instantiate(&metered, &Imports::new()).unwrap();
        let result = i64_of(&mut vm, instance, "run", &[40]);
        let seen = (result, vm.fuel());
        assert!(seen.1.is_some_and(|fuel| fuel < 1_000_000));
        assert_eq!(*first.get_or_init(|| seen), seen);
    });
}
