//! Several instances in one machine: what they share, and what they do not.

mod common;

use common::{add, call_i32, error_of, for_each_strategy, module, start, trap_of, vm};
use wasm_dispatch::{Caller, Imports, Instance, SizeLimits, Trap, Value, Vm};

/// All exports of an instance as imports from `module`.
fn exports_of(vm: &Vm, instance: Instance, module: &str) -> Imports {
    let mut imports = Imports::new();
    for (name, item) in vm.exports(instance).expect("an instance of this machine") {
        imports.define(module, name, item);
    }
    imports
}

const OWNER: &str = r#"(module
    (memory (export "memory") 1 10)
    (table (export "table") 4 funcref)
    (global (export "global") (mut i64) (i64.const 5))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "get") (result i64) (global.get 0))
    (func (export "pages") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#;

const GUEST: &str = r#"(module
    (import "owner" "memory" (memory 1))
    (import "owner" "table" (table 1 funcref))
    (import "owner" "global" (global $global (mut i64)))
    (import "owner" "load" (func $load (param i32) (result i32)))
    (import "owner" "pages" (func $pages (result i32)))
    (elem (i32.const 2) $mine)
    (func $mine (result i32) (i32.const 222))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "add_to_global") (param i64)
        (global.set $global (i64.add (global.get $global) (local.get 0))))
    (func (export "load_there") (param i32) (result i32) (call $load (local.get 0)))
    (func (export "grow_and_store") (param i32) (result i32 i32)
        (drop (memory.grow (local.get 0)))
        (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 77))
        (call $pages)
        (call $load (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)))))"#;

#[test]
fn two_instances_share_memory_table_global_and_functions() {
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        let guest = add(&mut vm, GUEST, &imports);
        vm.call(guest, "store", &[Value::I32(8), Value::I32(99)]).unwrap();
        assert_eq!(vm.call(owner, "load", &[Value::I32(8)]).unwrap(), [Value::I32(99)]);
        assert_eq!(
            vm.call(guest, "load_there", &[Value::I32(8)]).unwrap(),
            [Value::I32(99)]
        );
        vm.call(guest, "add_to_global", &[Value::I64(37)]).unwrap();
        assert_eq!(vm.call(owner, "get", &[]).unwrap(), [Value::I64(42)]);
        assert_eq!(vm.call(owner, "call", &[Value::I32(2)]).unwrap(), [Value::I32(222)]);
        assert_eq!(
            trap_of(vm.call(owner, "call", &[Value::I32(3)])),
            Trap::UninitializedElement
        );
        // The same things by the host's handles.
        let memory = vm.exported_memory(owner, "memory").unwrap();
        assert_eq!(vm.memory(memory).unwrap()[8], 99);
        vm.memory_mut(memory).unwrap()[8] = 98;
        assert_eq!(
            vm.call(guest, "load_there", &[Value::I32(8)]).unwrap(),
            [Value::I32(98)]
        );
    });
}

#[test]
fn a_shared_memory_that_grows_is_seen_by_both() {
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        let guest = add(&mut vm, GUEST, &imports);
        let grown = vm.call(guest, "grow_and_store", &[Value::I32(2)]).unwrap();
        assert_eq!(grown, [Value::I32(3), Value::I32(77)]);
        assert_eq!(call_i32(&mut vm, owner, "pages"), 3);
        assert_eq!(vm.call(owner, "grow", &[Value::I32(1)]).unwrap(), [Value::I32(3)]);
        vm.call(guest, "store", &[Value::I32(4 * 65536 - 4), Value::I32(5)])
            .unwrap();
        let past_end = vm.call(guest, "store", &[Value::I32(4 * 65536 - 3), Value::I32(5)]);
        assert_eq!(trap_of(past_end), Trap::OutOfBoundsMemoryAccess);
        // The host grows it between calls; but not past the declared maximum.
        let memory = vm.exported_memory(owner, "memory").unwrap();
        assert_eq!(vm.grow_memory(memory, 6).unwrap(), 4);
        assert_eq!(call_i32(&mut vm, owner, "pages"), 10);
        vm.call(guest, "store", &[Value::I32(10 * 65536 - 4), Value::I32(5)])
            .unwrap();
        assert_eq!(vm.call(owner, "grow", &[Value::I32(1)]).unwrap(), [Value::I32(-1)]);
        assert_eq!(
            error_of(vm.grow_memory(memory, 1)).to_string(),
            "memory pages beyond the limit of 10"
        );
    });
}

/// Fills its own memory 0 with its own byte, and gives functions away by a table.
const CALLEE: &str = r#"(module
    (memory 1)
    (data (i32.const 0) "\0b\0b\0b\0b")
    (global $calls (mut i32) (i32.const 0))
    (func (export "byte") (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.load8_u (i32.const 0)))
    (func (export "calls") (result i32) (global.get $calls))
    (func $unused)
    (func $fails (export "fails") (param i32) (result i32)
        (i32.store8 (i32.const 0) (i32.const 12))
        (i32.load (local.get 0))))"#;

const CALLER: &str = r#"(module
    (import "callee" "byte" (func $byte (result i32)))
    (import "callee" "fails" (func $fails (param i32) (result i32)))
    (memory 1)
    (data (i32.const 0) "\16\16\16\16")
    (global $calls (mut i32) (i32.const 1000))
    (table funcref (elem $byte $own $fails))
    (func $own (result i32) (i32.load8_u (i32.const 1)))
    (func (export "direct") (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.add (i32.mul (call $byte) (i32.const 100)) (i32.load8_u (i32.const 0))))
    (func (export "indirect") (param i32) (result i32)
        (i32.add (i32.mul (call_indirect (result i32) (local.get 0)) (i32.const 100)) (i32.load8_u (i32.const 0))))
    (func $tail (result i32) (return_call $byte))
    (func (export "tail") (result i32)
        (i32.add (i32.mul (call $tail) (i32.const 100)) (i32.load8_u (i32.const 0))))
    (func $tail_indirect (result i32) (return_call_indirect (result i32) (i32.const 0)))
    (func (export "tail_indirect") (result i32)
        (i32.add (i32.mul (call $tail_indirect) (i32.const 100)) (i32.load8_u (i32.const 0))))
    (func $middle (param i32) (result i32) (i32.add (call $fails (local.get 0)) (i32.const 1)))
    (func (export "fail") (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1)))
    (func (export "calls") (result i32) (global.get $calls)))"#;

fn caller_and_callee(strategy: wasm_dispatch::Strategy) -> (Vm, Instance, Instance) {
    let (mut vm, callee) = start(strategy, CALLEE);
    let imports = exports_of(&vm, callee, "callee");
    let caller = add(&mut vm, CALLER, &imports);
    (vm, caller, callee)
}

#[test]
fn each_instance_uses_its_own_memory_0_and_globals_before_and_after_a_call() {
    for_each_strategy(|strategy| {
        let (mut vm, caller, callee) = caller_and_callee(strategy);
        for _ in 0..2 {
            assert_eq!(call_i32(&mut vm, caller, "direct"), 1122);
            let mut indirect = |n| vm.call(caller, "indirect", &[Value::I32(n)]).unwrap();
            assert_eq!(indirect(0), [Value::I32(1122)]);
            assert_eq!(indirect(1), [Value::I32(2222)]);
            assert_eq!(call_i32(&mut vm, caller, "tail"), 1122);
            assert_eq!(call_i32(&mut vm, caller, "tail_indirect"), 1122);
        }
        assert_eq!(call_i32(&mut vm, callee, "calls"), 8);
        assert_eq!(call_i32(&mut vm, caller, "calls"), 1002);
    });
}

#[test]
fn a_trap_in_another_instance_names_the_functions_of_both_modules() {
    for_each_strategy(|strategy| {
        let (mut vm, caller, callee) = caller_and_callee(strategy);
        let error = error_of(vm.call(caller, "fail", &[Value::I32(-1)]));
        assert_eq!(error.trap(), Some(Trap::OutOfBoundsMemoryAccess));
        let frames = &error.backtrace().expect("a backtrace").frames;
        let names = frames
            .iter()
            .map(|frame| (frame.function, frame.name.as_deref()))
            .collect::<Vec<_>>();
        assert_eq!(names, [(3, Some("fails")), (9, Some("middle")), (10, Some("fail"))]);
        // The trap left the callee's memory in use; the next call uses the caller's again.
        assert_eq!(
            vm.call(caller, "indirect", &[Value::I32(1)]).unwrap(),
            [Value::I32(2222)]
        );
        assert_eq!(call_i32(&mut vm, callee, "byte"), 12);
        assert_eq!(call_i32(&mut vm, caller, "direct"), 1222);
    });
}

#[test]
fn an_indirect_call_compares_types_across_modules() {
    for_each_strategy(|strategy| {
        let (mut vm, caller, _) = caller_and_callee(strategy);
        let other_type = vm.call(caller, "indirect", &[Value::I32(2)]);
        assert_eq!(trap_of(other_type), Trap::IndirectCallTypeMismatch);
        assert_eq!(
            trap_of(vm.call(caller, "indirect", &[Value::I32(3)])),
            Trap::UndefinedElement
        );
    });
}

#[test]
fn instances_call_each_other_in_a_circle_through_a_table() {
    // Each hop goes to the other instance and back deeper; every frame checks its own memory on the way out.
    let text = |byte: u8| {
        format!(
            r#"(module
            (import "owner" "table" (table 4 funcref))
            (memory 1)
            (func $hop (export "hop") (param $n i32) (result i32)
                (if (i32.eqz (local.get $n)) (then (return (i32.load8_u (i32.const 9)))))
                (i32.store8 (i32.const 9) (i32.const {byte}))
                (i32.add
                    (call_indirect (param i32) (result i32) (i32.sub (local.get $n) (i32.const 1)) (i32.const {other}))
                    (i32.load8_u (i32.const 9))))
            (elem (i32.const {own}) $hop))"#,
            own = byte & 1,
            other = byte & 1 ^ 1,
        )
    };
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        let two = add(&mut vm, &text(2), &imports);
        let three = add(&mut vm, &text(3), &imports);
        // 1000 hops: 500 times 2 and 3, and the byte of the one that ends it.
        assert_eq!(
            vm.call(two, "hop", &[Value::I32(1000)]).unwrap(),
            [Value::I32(500 * 5 + 2)]
        );
        assert_eq!(
            vm.call(three, "hop", &[Value::I32(999)]).unwrap(),
            [Value::I32(500 * 3 + 499 * 2 + 2)]
        );
    });
}

#[test]
fn tail_calls_between_instances_take_no_room_and_calls_do() {
    let text = |byte: u8| {
        format!(
            r#"(module
            (import "owner" "table" (table 4 funcref))
            (type $hop (func (param i32 i32) (result i32)))
            (memory 1) (data (i32.const 0) "\0{byte}")
            (func $hop (param $n i32) (param $sum i32) (result i32)
                (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
                (return_call_indirect (type $hop)
                    (i32.sub (local.get $n) (i32.const 1))
                    (i32.add (local.get $sum) (i32.load8_u (i32.const 0)))
                    (i32.const {other})))
            (func $dive (param i32 i32) (result i32)
                (call_indirect (type $hop) (local.get 0) (local.get 1) (i32.const {dive})))
            (func (export "hops") (param i32) (result i32)
                (i32.add (call $hop (local.get 0) (i32.const 0)) (i32.load8_u (i32.const 0))))
            (func (export "dives") (result i32) (call $dive (i32.const 0) (i32.const 0)))
            (elem (i32.const {own}) $hop) (elem (i32.const {own_dive}) $dive))"#,
            own = byte & 1,
            other = byte & 1 ^ 1,
            own_dive = 2 + (byte & 1),
            dive = 2 + (byte & 1 ^ 1),
        )
    };
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        let two = add(&mut vm, &text(2), &imports);
        let three = add(&mut vm, &text(3), &imports);
        // As many hops as no stack would hold, half of them in each; then the first one's own byte again.
        for (instance, own) in [(two, 2), (three, 3), (two, 2)] {
            let hops = vm.call(instance, "hops", &[Value::I32(200_000)]).unwrap();
            assert_eq!(hops, [Value::I32(500_000 + own)]);
        }
        assert_eq!(trap_of(vm.call(two, "dives", &[])), Trap::CallStackExhausted);
        let hops = vm.call(three, "hops", &[Value::I32(2)]).unwrap();
        assert_eq!(hops, [Value::I32(8)]);
    });
}

const TWO_MEMORIES: &str = r#"(module
    (import "m" "a" (memory $a 1))
    (import "m" "b" (memory $b 1))
    (func (export "store_a") (param i32 i32) (i32.store $a (local.get 0) (local.get 1)))
    (func (export "store_b") (param i32 i32) (i32.store $b offset=4 (local.get 0) (local.get 1)))
    (func (export "load_a") (param i32) (result i32) (i32.load $a (local.get 0)))
    (func (export "load_b") (param i32) (result i32) (i32.load $b (local.get 0)))
    (func (export "a_to_b") (param i32 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "b_to_a") (param i32 i32 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill_b") (param i32 i32 i32) (memory.fill $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "sizes") (result i32 i32) (memory.size $a) (memory.size $b))
    (func (export "mixed") (param i32) (result i32)
        (i32.store $a (local.get 0) (i32.const 1))
        (i32.store $b (local.get 0) (i32.add (i32.load $a (local.get 0)) (i32.const 10)))
        (i32.store $a (local.get 0) (i32.add (i32.load $b (local.get 0)) (i32.load $a (local.get 0))))
        (i32.load $b (local.get 0))))"#;

fn call3(vm: &mut Vm, instance: Instance, name: &str, arguments: [i32; 3]) -> Result<(), wasm_dispatch::Error> {
    vm.call(instance, name, &arguments.map(Value::I32)).map(|_| ())
}

#[test]
fn two_memories_are_separate_and_can_be_copied_between() {
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let mut imports = Imports::new();
        let size = |min| SizeLimits { min, max: None };
        let (a, b) = (vm.new_memory(size(1)).unwrap(), vm.new_memory(size(2)).unwrap());
        imports.define("m", "a", a).define("m", "b", b);
        let instance = add(&mut vm, TWO_MEMORIES, &imports);
        vm.memory_mut(a).unwrap()[..4].copy_from_slice(b"abcd");
        call3(&mut vm, instance, "a_to_b", [70_000, 1, 3]).unwrap();
        assert_eq!(vm.memory(b).unwrap()[70_000..70_003], *b"bcd");
        assert_eq!(vm.memory(b).unwrap()[..4], [0; 4]);
        call3(&mut vm, instance, "b_to_a", [65_533, 70_000, 3]).unwrap();
        assert_eq!(vm.memory(a).unwrap()[65_533..], *b"bcd");
        for (name, arguments) in [
            ("b_to_a", [65_534, 70_000, 3]),
            ("b_to_a", [0, 131_072, 1]),
            ("a_to_b", [0, 65_536, 1]),
            ("a_to_b", [131_070, 0, 3]),
            ("fill_b", [131_072, 1, 1]),
        ] {
            let trap = trap_of(call3(&mut vm, instance, name, arguments));
            assert_eq!(trap, Trap::OutOfBoundsMemoryAccess, "{name} {arguments:?}");
        }
        // Each bounds check is against the right memory: address 65,536 is in b only.
        vm.call(instance, "store_b", &[Value::I32(65_536), Value::I32(1)])
            .unwrap();
        let store = vm.call(instance, "store_a", &[Value::I32(65_536), Value::I32(1)]);
        assert_eq!(trap_of(store), Trap::OutOfBoundsMemoryAccess);
        assert_eq!(vm.call(instance, "grow_b", &[Value::I32(3)]).unwrap(), [Value::I32(2)]);
        assert_eq!(vm.call(instance, "sizes", &[]).unwrap(), [Value::I32(1), Value::I32(5)]);
        assert_eq!(vm.call(instance, "mixed", &[Value::I32(16)]).unwrap(), [Value::I32(11)]);
        assert_eq!(
            vm.call(instance, "load_a", &[Value::I32(16)]).unwrap(),
            [Value::I32(12)]
        );
    });
}

#[test]
fn one_memory_imported_twice_is_one_memory() {
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let mut imports = Imports::new();
        let memory = vm.new_memory(SizeLimits { min: 1, max: None }).unwrap();
        imports.define("m", "a", memory).define("m", "b", memory);
        let instance = add(&mut vm, TWO_MEMORIES, &imports);
        vm.call(instance, "store_a", &[Value::I32(8), Value::I32(7)]).unwrap();
        assert_eq!(vm.call(instance, "load_b", &[Value::I32(8)]).unwrap(), [Value::I32(7)]);
        vm.call(instance, "store_b", &[Value::I32(8), Value::I32(9)]).unwrap();
        assert_eq!(vm.call(instance, "load_a", &[Value::I32(12)]).unwrap(), [Value::I32(9)]);
        // 1, then 1 + 10, then 11 + 11.
        assert_eq!(vm.call(instance, "mixed", &[Value::I32(16)]).unwrap(), [Value::I32(22)]);
        // Copies that overlap, in both directions.
        vm.memory_mut(memory).unwrap()[100..106].copy_from_slice(b"abcdef");
        call3(&mut vm, instance, "a_to_b", [102, 100, 6]).unwrap();
        assert_eq!(vm.memory(memory).unwrap()[100..108], *b"ababcdef");
        call3(&mut vm, instance, "b_to_a", [100, 102, 6]).unwrap();
        assert_eq!(vm.memory(memory).unwrap()[100..108], *b"abcdefef");
        call3(&mut vm, instance, "fill_b", [100, i32::from(b'x'), 2]).unwrap();
        assert_eq!(vm.memory(memory).unwrap()[100..104], *b"xxcd");
        // Grown by one name, larger by the other, also for plain loads.
        assert_eq!(vm.call(instance, "grow_b", &[Value::I32(1)]).unwrap(), [Value::I32(1)]);
        assert_eq!(vm.call(instance, "sizes", &[]).unwrap(), [Value::I32(2), Value::I32(2)]);
        vm.call(instance, "store_a", &[Value::I32(131_068), Value::I32(3)])
            .unwrap();
        assert_eq!(
            vm.call(instance, "load_b", &[Value::I32(131_068)]).unwrap(),
            [Value::I32(3)]
        );
    });
}

#[test]
fn instances_of_one_module_are_independent() {
    let module = module(
        r#"(module
            (memory (export "memory") 1)
            (table (export "table") 1 10 funcref)
            (global $count (mut i32) (i32.const 0))
            (data $text "once")
            (func (export "count") (result i32)
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 2)))
                (drop (memory.grow (i32.const 1)))
                (drop (table.grow (ref.null func) (i32.const 1)))
                (i32.add (i32.mul (global.get $count) (i32.const 1000))
                    (i32.add (i32.mul (memory.size) (i32.const 100))
                        (i32.add (i32.mul (table.size) (i32.const 10)) (i32.load (i32.const 0))))))
            (func (export "drop") (data.drop $text))
            (func (export "init") (memory.init $text (i32.const 8) (i32.const 0) (i32.const 4))))"#,
    );
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let first = vm.instantiate(&module, &Imports::new()).unwrap();
        let second = vm.instantiate(&module, &Imports::new()).unwrap();
        assert_eq!(call_i32(&mut vm, first, "count"), 1000 + 200 + 20 + 2);
        assert_eq!(call_i32(&mut vm, first, "count"), 2000 + 300 + 30 + 4);
        assert_eq!(call_i32(&mut vm, second, "count"), 1000 + 200 + 20 + 2);
        vm.call(first, "drop", &[]).unwrap();
        assert_eq!(trap_of(vm.call(first, "init", &[])), Trap::OutOfBoundsMemoryAccess);
        vm.call(second, "init", &[]).unwrap();
        let memory = vm.exported_memory(second, "memory").unwrap();
        assert_eq!(vm.memory(memory).unwrap()[8..12], *b"once");
    });
}

#[test]
fn functions_written_to_a_table_outlive_an_instantiation_that_trapped() {
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        // The element segment is copied before the data segment traps.
        let by_segment = module(
            r#"(module
                (import "owner" "table" (table 4 funcref))
                (memory 1)
                (func $own (result i32) (i32.add (i32.const 300) (memory.size)))
                (elem (i32.const 0) $own)
                (data (i32.const 65536) "x"))"#,
        );
        let error = error_of(vm.instantiate(&by_segment, &imports));
        assert_eq!(error.trap(), Some(Trap::OutOfBoundsMemoryAccess));
        assert_eq!(error.backtrace().map(|trace| trace.frames.len()), Some(0));
        let by_start = module(
            r#"(module
                (import "owner" "table" (table 4 funcref))
                (import "owner" "memory" (memory 1))
                (global $g (mut i32) (i32.const 400))
                (func $own (result i32) (i32.add (global.get $g) (i32.load8_u (i32.const 50))))
                (elem (i32.const 1) $own)
                (data (i32.const 50) "\05")
                (func $start (global.set $g (i32.const 500)) unreachable)
                (start $start))"#,
        );
        assert_eq!(trap_of(vm.instantiate(&by_start, &imports)), Trap::Unreachable);
        assert_eq!(vm.call(owner, "call", &[Value::I32(0)]).unwrap(), [Value::I32(301)]);
        assert_eq!(vm.call(owner, "call", &[Value::I32(1)]).unwrap(), [Value::I32(505)]);
        // A later instance does not get mixed up with those.
        let later = add(&mut vm, GUEST, &imports);
        assert_eq!(
            vm.call(later, "load_there", &[Value::I32(50)]).unwrap(),
            [Value::I32(5)]
        );
        assert_eq!(vm.call(owner, "call", &[Value::I32(0)]).unwrap(), [Value::I32(301)]);
    });
}

#[test]
fn an_instantiation_that_fails_before_it_begins_leaves_nothing_behind() {
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        let wants_more = module(
            r#"(module
                (import "owner" "table" (table 4 funcref))
                (import "owner" "missing" (func))
                (elem (i32.const 0) $own)
                (func $own (result i32) (i32.const 1)))"#,
        );
        error_of(vm.instantiate(&wants_more, &imports));
        assert_eq!(
            trap_of(vm.call(owner, "call", &[Value::I32(0)])),
            Trap::UninitializedElement
        );
        let too_much = module("(module (memory 1) (table 100000000 funcref) (func (result i32) (i32.const 1)))");
        error_of(vm.instantiate(&too_much, &imports));
        let guest = add(&mut vm, GUEST, &imports);
        assert_eq!(vm.call(guest, "load_there", &[Value::I32(0)]).unwrap(), [Value::I32(0)]);
        assert_eq!(vm.call(owner, "call", &[Value::I32(2)]).unwrap(), [Value::I32(222)]);
    });
}

#[test]
fn the_host_reads_and_writes_tables_and_globals() {
    for_each_strategy(|strategy| {
        let (mut vm, owner) = start(strategy, OWNER);
        let imports = exports_of(&vm, owner, "owner");
        add(&mut vm, GUEST, &imports);
        let table = vm.exported_table(owner, "table").unwrap();
        assert_eq!(vm.table_len(table).unwrap(), 4);
        let mine = vm.table_get(table, 2).unwrap();
        assert_ne!(mine, Value::FuncRef(None));
        vm.table_set(table, 3, mine).unwrap();
        vm.table_set(table, 2, Value::FuncRef(None)).unwrap();
        assert_eq!(vm.call(owner, "call", &[Value::I32(3)]).unwrap(), [Value::I32(222)]);
        assert_eq!(
            trap_of(vm.call(owner, "call", &[Value::I32(2)])),
            Trap::UninitializedElement
        );
        assert!(vm.table_get(table, 4).is_err());
        assert!(vm.table_set(table, 4, mine).is_err());
        assert!(vm.table_set(table, 0, Value::ExternRef(None)).is_err());
        let global = vm.exported_global(owner, "global").unwrap();
        vm.set_global(global, Value::I64(-9)).unwrap();
        assert_eq!(vm.call(owner, "get", &[]).unwrap(), [Value::I64(-9)]);
        assert!(vm.set_global(global, Value::I32(1)).is_err());
        let constant = vm.new_global(Value::F32(1.5), false).unwrap();
        assert!(vm.set_global(constant, Value::F32(2.5)).is_err());
        assert_eq!(vm.global(constant).unwrap(), Value::F32(1.5));
    });
}

/// One of a chain of modules of which each calls the next: before and after, it uses everything that is its own.
fn link(number: i32) -> String {
    format!(
        r#"(module
            (import "host" "peek" (func $peek (param i32) (result i32)))
            (import "next" "step" (func $next (param i32) (result i32)))
            (import "shared" "count" (global $count (mut i32)))
            (memory 1 100) (memory $other 1)
            (global $own (mut i32) (i32.const {number}))
            (table $table 2 funcref)
            (elem declare func $next)
            (data $bytes "\01\02\03\04")
            (func $sum (result i32)
                (i32.add
                    (i32.add (call $peek (i32.const 8)) (i32.load (i32.const 8)))
                    (i32.add
                        (i32.add (i32.load $other (i32.const 16)) (global.get $own))
                        (i32.add (memory.size) (table.size $table)))))
            (func (export "step") (param $depth i32) (result i32)
                (local $result i32)
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (global.set $own (i32.add (global.get $own) (local.get $depth)))
                (i32.store (i32.const 8) (i32.mul (local.get $depth) (i32.const 1000)))
                (i32.store $other (i32.const 16) (i32.const {number}))
                (drop (memory.grow (i32.const {number})))
                (drop (table.grow $table (ref.func $next) (i32.const 1)))
                (local.set $result (call $sum))
                (local.set $result (i32.add (local.get $result) (call $next (i32.add (local.get $depth) (i32.const 1)))))
                (memory.init $bytes (i32.const 8) (i32.const 1) (i32.const 2))
                (memory.fill $other (i32.const 16) (i32.const 1) (i32.const 1))
                (drop (memory.grow (i32.const 1)))
                (table.set $table (i32.const 0) (ref.func $next))
                (global.set $own (i32.add (global.get $own) (i32.const 1)))
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.add (local.get $result) (call $sum))))"#
    )
}

#[test]
fn each_of_a_chain_of_instances_finds_its_own_before_and_after_calling_the_next() {
    const LENGTH: i32 = 9;
    for_each_strategy(|strategy| {
        let (mut vm, shared) = start(
            strategy,
            r#"(module (global (export "count") (mut i32) (i32.const 0)) (func (export "step") (param i32) (result i32) (i32.const 5)))"#,
        );
        let mut last = shared;
        for number in (1..=LENGTH).rev() {
            let mut imports = Imports::new();
            imports.define("shared", "count", vm.exported_global(shared, "count").unwrap());
            imports.define("next", "step", vm.exported_func(last, "step").unwrap());
            imports.func(
                "host",
                "peek",
                |caller: &mut Caller<'_>, address: u32| -> Result<i32, Trap> {
                    let mut bytes = [0; 4];
                    caller.read(address, &mut bytes)?;
                    Ok(i32::from_le_bytes(bytes))
                },
            );
            last = add(&mut vm, &link(number), &imports);
        }
        let mut expected = 5;
        for round in 1..=2 {
            for number in 1..=LENGTH {
                let stored = number * 1000;
                // Grown by its number and by one in each round; its own global grows by its depth, its number, and one.
                let (own, pages) = (number + round * number + round - 1, 1 + round * number + round - 1);
                let table = 2 + round;
                expected += 2 * stored + number + own + pages + table;
                let stored = stored & !0xffff | 0x0302;
                let other = number & !0xff | 1;
                expected += 2 * stored + other + own + 1 + pages + 1 + table;
            }
            assert_eq!(vm.call(last, "step", &[Value::I32(1)]).unwrap(), [Value::I32(expected)]);
            expected = 5;
        }
        let count = vm.exported_global(shared, "count").unwrap();
        assert_eq!(vm.global(count).unwrap(), Value::I32(2 * 2 * LENGTH));
    });
}
