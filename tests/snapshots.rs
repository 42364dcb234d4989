//! A paused machine becomes bytes, and goes on elsewhere, under another strategy, as if nothing had happened.

mod common;

use common::{for_each_strategy, wasm};
use wasm_dispatch::{
    Caller, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Snapshot, SnapshotError, Strategy,
    Value, Vm,
};

/// Memory, tables, globals, segments, recursion, and values of all types that wait in frames.
const PROGRAM: &str = r#"(module
    (import "host" "add" (func $add (param i64 i64) (result i64)))
    (memory (export "memory") 2 200)
    (table (export "table") 4 10 funcref)
    (global $count (export "count") (mut i64) (i64.const 0))
    (elem $functions func $double $fib)
    (data $text "hello")
    (func $double (export "double") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
    (func $fib (export "fib") (param $n i64) (result i64) (local $f funcref) (local $x f32) (local $y f64)
        (local.set $f (ref.func $double))
        (local.set $x (f32.convert_i64_u (local.get $n)))
        (local.set $y (f64.convert_i64_u (local.get $n)))
        (global.set $count (i64.add (global.get $count) (i64.const 1)))
        (i64.store (i32.add (i32.const 70000) (i32.wrap_i64 (i64.shl (local.get $n) (i64.const 3)))) (global.get $count))
        (if (i64.lt_u (local.get $n) (i64.const 2)) (then (return (local.get $n))))
        (table.set (i32.const 1) (local.get $f))
        (call $add
            (call $fib (i64.sub (local.get $n) (i64.const 1)))
            (i64.add
                (call $fib (i64.sub (local.get $n) (i64.const 2)))
                (i64.sub
                    (i64.trunc_f32_u (local.get $x))
                    (i64.trunc_f64_u (local.get $y))))))
    (func (export "prepare")
        (table.init $functions (i32.const 2) (i32.const 0) (i32.const 2))
        (elem.drop $functions)
        (memory.init $text (i32.const 10) (i32.const 0) (i32.const 5))
        (data.drop $text)
        (drop (memory.grow (i32.const 3))))
    (func (export "initialise") (memory.init $text (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "through") (param i32 i64) (result i64)
        (call_indirect (param i64) (result i64) (local.get 1) (local.get 0))))"#;

fn imports() -> Imports {
    let mut imports = Imports::new();
    imports.func("host", "add", |_: &mut Caller<'_>, a: u64, b: u64| a.wrapping_add(b));
    imports
}

fn program() -> Module {
    Module::options()
        .metering(Metering::Fuel)
        .compile(&wasm(PROGRAM))
        .expect("a module")
}

fn machine(strategy: Strategy, limits: Limits) -> (Vm, Instance) {
    let mut vm = Vm::with(strategy, limits);
    vm.set_out_of_fuel(OutOfFuel::Pause);
    let instance = vm.prepare(&program(), &imports()).expect("an instance");
    (vm, instance)
}

/// A machine that is paused deep in `fib(12)`.
fn paused(strategy: Strategy, fuel: u64) -> (Vm, Instance) {
    let (mut vm, instance) = machine(strategy, Limits::default());
    vm.call(instance, "prepare", &[]).expect("nothing");
    vm.set_fuel(Some(fuel)).expect("fuel");
    let error = vm.call(instance, "fib", &[Value::I64(12)]).expect_err("a pause");
    assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}");
    (vm, instance)
}

#[test]
fn a_call_goes_on_in_another_machine_under_another_strategy() {
    for_each_strategy(|strategy| {
        for (number, &next) in Strategy::ALL.iter().enumerate() {
            let (vm, _) = paused(strategy, 500 + 97 * number as u64);
            let bytes = vm.snapshot().unwrap().to_bytes();
            drop(vm);
            let (mut vm, instance) = machine(next, Limits::default());
            vm.restore(&Snapshot::from_bytes(&bytes).expect("a snapshot"))
                .expect("a fit");
            assert!(vm.is_paused());
            vm.set_fuel(None).expect("no limit");
            assert_eq!(vm.resume().expect("a result"), [Value::I64(144)], "then {next}");
            let count = vm.exported_global(instance, "count").expect("a global");
            assert_eq!(vm.global(count).expect("a value"), Value::I64(465));
            let memory = vm.exported_memory(instance, "memory").expect("a memory");
            let memory = vm.memory(memory).expect("bytes");
            assert_eq!((memory.len(), &memory[10..15]), (5 << 16, &b"hello"[..]));
            // Functions in the table, and segments that were dropped.
            let through = vm.call(instance, "through", &[Value::I32(1), Value::I64(21)]);
            assert_eq!(through.expect("a result"), [Value::I64(42)]);
            assert!(vm.call(instance, "initialise", &[]).is_err(), "the segment is gone");
        }
    });
}

/// A local that nothing reads after a call may be in no memory while the call waits: then its slot must not have what another
/// function left there.
#[test]
fn a_local_that_is_not_used_any_more_has_its_type() {
    let module = Module::options().metering(Metering::Fuel).compile(&wasm(
        r#"(module
            (global $g (mut i32) (i32.const 0))
            (func $leaves_bits (result i64) (local i64 i64 i64 i64)
                (local.set 0 (i64.const -1)) (local.set 1 (i64.const -1))
                (local.set 2 (i64.const -1)) (local.set 3 (i64.const -1))
                (i64.add (i64.add (local.get 0) (local.get 1)) (i64.add (local.get 2) (local.get 3))))
            (func $waits (param $turns i32) (result i32)
                (loop $again (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
                (i32.const 7))
            (func $victim (param $n i32) (result i32) (local $unused i32)
                (loop $again
                    (local.set $unused (i32.add (local.get $unused) (local.get $n)))
                    (global.set $g (i32.xor (global.get $g) (local.get $unused)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $again (local.get $n)))
                (call $waits (i32.const 1000)))
            (func (export "run") (result i32)
                (drop (call $leaves_bits))
                (call $victim (i32.const 9))))"#,
    ));
    let module = module.expect("a module");
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default());
        vm.set_out_of_fuel(OutOfFuel::Pause);
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        vm.set_fuel(Some(900)).expect("fuel");
        let error = vm.call(instance, "run", &[]).expect_err("a pause");
        assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}");
        let snapshot = vm.snapshot().expect("a snapshot");
        let mut other = Vm::with(Strategy::default(), Limits::default());
        other.prepare(&module, &Imports::new()).expect("an instance");
        other.restore(&snapshot).expect("a fit");
        other.set_fuel(None).expect("no limit");
        assert_eq!(other.resume().expect("a result"), [Value::I32(7)]);
    });
}

#[test]
fn hopping_through_snapshots_changes_nothing() {
    let (mut vm, _) = paused(Strategy::default(), 100);
    let mut hops = 0;
    let result = loop {
        let bytes = vm.snapshot().unwrap().to_bytes();
        let next = Strategy::ALL[hops % Strategy::ALL.len()];
        vm = machine(next, Limits::default()).0;
        vm.restore(&Snapshot::from_bytes(&bytes).expect("a snapshot"))
            .expect("a fit");
        vm.set_fuel(Some(150)).expect("fuel");
        hops += 1;
        match vm.resume() {
            Ok(result) => break result,
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}"),
        }
    };
    assert_eq!(result, [Value::I64(144)]);
    assert!(hops > 50, "{hops}");
}

#[test]
fn a_machine_that_is_not_paused_has_a_snapshot_of_its_state() {
    let (mut vm, instance) = machine(Strategy::default(), Limits::default());
    vm.call(instance, "fib", &[Value::I64(5)]).expect("a result");
    let snapshot = vm.snapshot().unwrap();
    let (mut other, instance) = machine(Strategy::best_safe(), Limits::default());
    other.restore(&snapshot).expect("a fit");
    assert!(!other.is_paused());
    let count = other.exported_global(instance, "count").expect("a global");
    assert_eq!(other.global(count).expect("a value"), Value::I64(15));
    assert_eq!(other.snapshot().unwrap(), snapshot);
}

#[test]
fn a_machine_that_has_gone_on_goes_back_to_its_snapshot() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default());
        let before = vm.snapshot().expect("a snapshot");
        vm.call(instance, "prepare", &[]).expect("nothing");
        assert!(vm.call(instance, "initialise", &[]).is_err(), "the segment is gone");
        let after = vm.snapshot().expect("a snapshot");
        vm.restore(&before).expect("a fit");
        assert_eq!(vm.snapshot().expect("a snapshot"), before);
        // Segments are back: of bytes, and of functions.
        vm.call(instance, "initialise", &[]).expect("nothing");
        vm.restore(&before).expect("a fit");
        vm.call(instance, "prepare", &[]).expect("nothing");
        assert_eq!(vm.snapshot().expect("a snapshot"), after);
        let through = vm.call(instance, "through", &[Value::I32(2), Value::I64(4)]);
        assert_eq!(through.expect("a result"), [Value::I64(8)]);
    });
}

#[test]
fn the_size_follows_what_is_used() {
    let (vm, _) = paused(Strategy::default(), 1000);
    let bytes = vm.snapshot().unwrap().to_bytes();
    // 5 pages of memory of which parts of two are used, and a dozen frames.
    assert!(bytes.len() < 12_000, "{}", bytes.len());
    let deep = Limits::default().stack_slots(1 << 24).call_depth(1 << 20);
    let (mut vm, _) = machine(Strategy::default(), deep);
    vm.restore(&Snapshot::from_bytes(&bytes).expect("a snapshot"))
        .expect("a fit");
    assert_eq!(vm.snapshot().unwrap().to_bytes().len(), bytes.len());
}

#[test]
fn truncated_and_changed_bytes_are_refused() {
    let (vm, _) = paused(Strategy::default(), 600);
    let bytes = vm.snapshot().unwrap().to_bytes();
    for end in 0..bytes.len() {
        assert!(Snapshot::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        let error = Snapshot::from_bytes(&changed).expect_err("a change");
        assert!(matches!(error.kind(), ErrorKind::Snapshot(_)), "{error}");
    }
    let mut newer = bytes.clone();
    newer[8] = 99;
    let error = Snapshot::from_bytes(&newer).expect_err("another version");
    let (found, reads) = (99, 2);
    assert!(
        matches!(error.kind(), ErrorKind::Snapshot(why) if *why == SnapshotError::Version { found, reads }),
        "{error}"
    );
    let said = "the snapshot has format version 99, and this version of wasm-dispatch reads version 2";
    assert!(error.to_string().starts_with(said), "{error}");
}

fn refused(vm: &mut Vm, snapshot: &Snapshot, why: SnapshotError) {
    let error = vm.restore(snapshot).expect_err("a refusal");
    assert!(
        matches!(error.kind(), ErrorKind::Snapshot(found) if *found == why),
        "{error}"
    );
}

#[test]
fn snapshots_of_other_modules_and_other_instances_are_refused() {
    let (vm, _) = paused(Strategy::default(), 600);
    let snapshot = vm.snapshot().unwrap();
    let foreign = SnapshotError::Foreign;
    refused(&mut Vm::new(), &snapshot, foreign);
    let (mut twice, _) = machine(Strategy::default(), Limits::default());
    twice.prepare(&program(), &imports()).expect("a second instance");
    refused(&mut twice, &snapshot, foreign);
    let changed = wasm(&PROGRAM.replace("hello", "hallo"));
    let changed = Module::options()
        .metering(Metering::Fuel)
        .compile(&changed)
        .expect("a module");
    let mut vm = Vm::new();
    vm.prepare(&changed, &imports()).expect("an instance");
    refused(&mut vm, &snapshot, foreign);
    let unmetered = Module::new(&wasm(PROGRAM)).expect("a module");
    let mut vm = Vm::new();
    vm.prepare(&unmetered, &imports()).expect("an instance");
    refused(&mut vm, &snapshot, foreign);
}

#[test]
fn limits_of_the_new_machine_hold() {
    let (vm, _) = paused(Strategy::default(), 600);
    let snapshot = vm.snapshot().unwrap();
    for (limits, what) in [
        (Limits::default().memory_pages(3), "memory pages"),
        (Limits::default().call_depth(2), "call depth"),
        (Limits::default().stack_slots(60), "value stack"),
    ] {
        let (mut vm, instance) = machine(Strategy::default(), limits);
        refused(&mut vm, &snapshot, SnapshotError::Limit(what));
        // It is as it was.
        assert_eq!(
            vm.call(instance, "double", &[Value::I64(2)]).expect("4"),
            [Value::I64(4)]
        );
    }
}

#[test]
fn through_serde_a_snapshot_is_its_bytes() {
    let (vm, _) = paused(Strategy::default(), 600);
    let snapshot = vm.snapshot().unwrap();
    let json = serde_json::to_string(&snapshot).expect("JSON");
    assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("a snapshot"), snapshot);
    assert!(serde_json::from_str::<Snapshot>(&json.replacen(",7", ",8", 1)).is_err());
    assert!(serde_json::from_str::<Snapshot>("[1,2,3]").is_err());
}

/// Names the snapshot that the other process goes on with.
const FILE: &str = "WASM_DISPATCH_TEST_SNAPSHOT";

/// Names its strategy.
const STRATEGY: &str = "WASM_DISPATCH_TEST_STRATEGY";

/// What the other process runs: this test binary with [`FILE`] set. Without it there is nothing to do.
#[test]
fn the_other_process_finishes_a_snapshot_file() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let strategy: Strategy = std::env::var(STRATEGY).expect("a name").parse().expect("a strategy");
    let bytes = std::fs::read(file).expect("a file");
    let (mut vm, instance) = machine(strategy, Limits::default());
    vm.restore(&Snapshot::from_bytes(&bytes).expect("a snapshot"))
        .expect("a fit");
    vm.set_fuel(Some(1 << 40)).expect("fuel");
    let results = vm.resume().expect("a result");
    let used = (1 << 40) - vm.fuel().expect("a limit");
    let count = vm.exported_global(instance, "count").expect("a global");
    println!(
        "{}: {results:?}, {:?}, {used} instructions",
        std::process::id(),
        vm.global(count).expect("a value")
    );
}

#[test]
fn a_snapshot_file_is_finished_by_another_process_under_another_strategy() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = {
        let (mut vm, _) = paused(Strategy::default(), 0);
        vm.set_fuel(Some(1 << 40)).expect("fuel");
        assert_eq!(vm.resume().expect("a result"), [Value::I64(144)]);
        (1 << 40) - vm.fuel().expect("a limit")
    };
    for (number, &strategy) in Strategy::ALL.iter().enumerate() {
        let next = Strategy::ALL[(number + 1) % Strategy::ALL.len()];
        let given = 700 + 131 * number as u64;
        let (vm, _) = paused(strategy, given);
        let file = folder.path().join(strategy.name());
        std::fs::write(&file, vm.snapshot().expect("a snapshot").to_bytes()).expect("a file");
        let used = given - vm.fuel().expect("a limit");
        drop(vm);
        let child = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "the_other_process_finishes_a_snapshot_file", "--nocapture"])
            .env(FILE, &file)
            .env(STRATEGY, next.name())
            .output()
            .expect("another process");
        let printed = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{strategy}, then {next}: {printed}");
        let result = format!(": [I64(144)], I64(465), {} instructions", whole - used);
        let line = printed.lines().find(|line| line.contains(&result));
        let line = line.unwrap_or_else(|| panic!("{strategy}, then {next}: no {result:?} in {printed}"));
        assert!(
            !line.contains(&std::process::id().to_string()),
            "it was another process"
        );
    }
}
