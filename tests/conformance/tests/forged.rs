//! Forged snapshots with checksums that fit are refused, or give a machine that runs to some end: no panic, no hang, no
//! memory beyond the limits, under any strategy.
//!
//! `WASM_DISPATCH_SEED=n` runs one seed, `WASM_DISPATCH_SEEDS=n` n seeds.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use wasm_dispatch::{
    Error, ErrorKind, Extern, Imports, Instance, Limits, Metering, Module, OutOfFuel, Snapshot, Strategy, Value, Vm,
};
use wasm_dispatch_conformance::differential::plan::{HostLog, argument};
use wasm_dispatch_conformance::differential::{ours, smith};
use wasm_dispatch_conformance::forgery::{Data, alter, invent_frames};
use wasm_dispatch_conformance::random::{Random, setting};
use wasm_dispatch_conformance::watchdog::Watchdog;

/// Fuel for what goes on after a forgery was let pass.
const FUEL: u64 = 3_000;

/// A module that exports all kinds of things, some of them to [`CALLER`].
const LIBRARY: &str = include_str!("forged/library.wat");

/// Calls between instances, references, floats and vectors that wait in frames, loops with a switch, tail calls.
const CALLER: &str = include_str!("forged/caller.wat");

/// Makes the instances of a machine; returns the one that is called.
type Build = Box<dyn Fn(&mut Vm) -> Result<Instance, Error>>;

/// What is made in every machine, and forged snapshots of.
struct World {
    /// By instance; the last one is called.
    modules: Vec<Module>,
    build: Build,
}

impl World {
    fn two_modules() -> World {
        let load = |text: &str| {
            let wasm = wat::parse_str(text).expect("text");
            Module::options()
                .metering(Metering::Fuel)
                .compile(&wasm)
                .expect("a module")
        };
        let (library, caller) = (load(LIBRARY), load(CALLER));
        World {
            modules: vec![library.clone(), caller.clone()],
            build: Box::new(move |vm| {
                let lib = vm.prepare(&library, &Imports::new())?;
                let mut imports = Imports::new();
                for (name, item) in vm.exports(lib)? {
                    imports.define("lib", name, item);
                }
                for import in caller.imports().filter(|import| import.module == "host") {
                    let wasm_dispatch::ExternType::Func(ty) = &import.ty else {
                        continue;
                    };
                    imports.func_dynamic("host", &import.name, ty.clone(), |_, arguments| Ok(vec![arguments[0]]));
                }
                vm.prepare(&caller, &imports)
            }),
        }
    }

    fn generated(seed: u64) -> Option<World> {
        let module = Module::options()
            .limits(limits())
            .metering(Metering::Fuel)
            .compile(&smith::module(seed)?)
            .ok()?;
        let inner = module.clone();
        Some(World {
            modules: vec![module],
            build: Box::new(move |vm| {
                let imports = ours::imports(vm, &inner, &Arc::new(HostLog::default()))?;
                vm.prepare(&inner, &imports)
            }),
        })
    }

    fn machine(&self, strategy: Strategy) -> Result<(Vm, Instance), Error> {
        let mut vm = Vm::with(strategy, limits());
        let instance = (self.build)(&mut vm)?;
        Ok((vm, instance))
    }
}

fn limits() -> Limits {
    Limits::default()
        .stack_slots(1 << 13)
        .call_depth(60)
        .memory_pages(40)
        .table_elements(1_000)
}

/// What became of forgeries.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    unreadable: u64,
    refused: u64,
    returned: u64,
    trapped: u64,
    /// Of those that ran, the ones whose frames were made up.
    invented: u64,
}

/// Calls an export of a real machine until it is paused somewhere, and writes it down.
fn real(world: &World, random: &mut Random) -> Result<Option<Data>, Error> {
    let (mut vm, instance) = world.machine(*random.pick(Strategy::ALL))?;
    vm.set_out_of_fuel(OutOfFuel::Pause);
    let functions: Vec<String> = functions(&vm, instance);
    for _ in 0..6 {
        let Some(name) = (!functions.is_empty()).then(|| random.pick(&functions)) else {
            break;
        };
        let most = *random.pick(&[10, 60, 400, 1_500]);
        vm.set_fuel(Some(random.below(most) as u64))?;
        let arguments = arguments(&vm, instance, name, random)?;
        match vm.call(instance, name, &arguments) {
            Err(error) if matches!(error.kind(), ErrorKind::Paused(_)) => break,
            _ => {}
        }
    }
    let bytes = vm.snapshot()?.to_bytes();
    Ok(Some(Data::read(&bytes).expect("the format that is written down here")))
}

fn functions(vm: &Vm, instance: Instance) -> Vec<String> {
    let exports = vm.exports(instance).expect("an instance of this machine").into_iter();
    let functions = exports.filter(|(_, item)| matches!(item, Extern::Func(_)));
    functions.map(|(name, _)| name).collect()
}

fn arguments(vm: &Vm, instance: Instance, name: &str, random: &mut Random) -> Result<Vec<Value>, Error> {
    let ty = vm.func_type(vm.exported_func(instance, name)?)?;
    let arguments = ty.params.iter().map(|&ty| match ours::value(argument(random, ty)) {
        // Small numbers keep programs busy for a while.
        Value::I32(_) => Value::I32(random.below(9) as i32),
        Value::I64(_) => Value::I64(random.below(9) as i64),
        other => other,
    });
    Ok(arguments.collect())
}

/// Restores a forgery and goes on with it to its end.
fn try_forgery(world: &World, bytes: &[u8], strategy: Strategy, random: &mut Random, tally: &mut Tally) -> bool {
    let is_snapshot = |error: &Error| matches!(error.kind(), ErrorKind::Snapshot(_));
    let snapshot = match Snapshot::from_bytes(bytes) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(is_snapshot(&error), "{error}");
            tally.unreadable += 1;
            return false;
        }
    };
    let (mut vm, instance) = world.machine(strategy).expect("an instance, as before");
    let before = vm.snapshot().expect("a snapshot");
    if let Err(error) = vm.restore(&snapshot) {
        assert!(is_snapshot(&error), "{error}");
        assert!(
            vm.snapshot().expect("a snapshot") == before,
            "a refusal changed the machine"
        );
        tally.refused += 1;
        return false;
    }
    // What was let pass can be written down and taken up again.
    let written = vm.snapshot().expect("a snapshot");
    let (mut again, _) = world.machine(Strategy::default()).expect("an instance, as before");
    again.restore(&written).expect("its own snapshot");
    assert!(
        again.snapshot().expect("a snapshot") == written,
        "it changes on the way"
    );
    drop(again);
    // Nor does it contradict the types: then strategies would end differently.
    let another = Strategy::best_safe();
    let (mut other, its_instance) = world.machine(another).expect("an instance, as before");
    other.restore(&snapshot).expect("as before");
    let ends = go_on(&mut vm, instance, random.clone());
    assert_eq!(
        ends,
        go_on(&mut other, its_instance, random.clone()),
        "{another} ends differently"
    );
    let left = |vm: &Vm| Data::read(&vm.snapshot().expect("a snapshot").to_bytes()).expect("the format");
    assert!(left(&vm) == left(&other), "{another} leaves something else behind");
    for (end, _) in ends {
        *(if end.starts_with("Ok") {
            &mut tally.returned
        } else {
            &mut tally.trapped
        }) += 1;
    }
    true
}

/// Goes on to the end and calls some exports, which use what is in tables and globals. Returns the ends, and the fuel left
/// at each.
fn go_on(vm: &mut Vm, instance: Instance, mut random: Random) -> Vec<(String, Option<u64>)> {
    vm.set_out_of_fuel(OutOfFuel::Trap);
    let mut ends = Vec::new();
    let mut ended = |vm: &Vm, result: Result<Vec<Value>, Error>| {
        let end = match result {
            Ok(results) => format!("Ok {:?}", results.iter().map(ours::seen).collect::<Vec<_>>()),
            Err(error) => format!("{:?}", error.trap().unwrap_or_else(|| panic!("{error}"))),
        };
        ends.push((end, vm.fuel()));
    };
    if vm.is_paused() {
        vm.set_fuel(Some(FUEL)).expect("fuel");
        let result = vm.resume();
        ended(vm, result);
    }
    for name in functions(vm, instance).iter().take(4) {
        vm.set_fuel(Some(FUEL)).expect("fuel");
        let arguments = arguments(vm, instance, name, &mut random).expect("arguments");
        let result = vm.call(instance, name, &arguments);
        ended(vm, result);
    }
    ends
}

/// Forges this many snapshots of a world.
fn forge(world: &World, seed: u64, count: usize, tally: &mut Tally) -> Result<(), String> {
    let mut random = Random::new(seed);
    // The instances of some modules cannot be made.
    let Ok(Some(mut data)) = real(world, &mut random) else {
        return Ok(());
    };
    for number in 0..count {
        if number % 40 == 39 {
            let Ok(Some(other)) = real(world, &mut random) else {
                continue;
            };
            data = other;
        }
        let strategy = Strategy::ALL[(seed as usize + number) % Strategy::ALL.len()];
        let mut invented = data.clone();
        let (bytes, is_invented) = if random.chance(40) && invent_frames(&mut invented, &world.modules, &mut random) {
            let bytes = if random.chance(50) {
                alter(&invented, &mut random)
            } else {
                invented.write()
            };
            (bytes, true)
        } else {
            (alter(&data, &mut random), false)
        };
        let tried = catch_unwind(AssertUnwindSafe(|| {
            try_forgery(world, &bytes, strategy, &mut random, tally)
        }));
        match tried {
            Ok(ran) => tally.invented += u64::from(ran && is_invented),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                return Err(format!("forgery {number}, {strategy}: {}", text.unwrap_or_default()));
            }
        }
    }
    Ok(())
}

/// Goes through seeds; a failing one is printed.
fn campaign(test: &str, usual: u64, count: usize, world: impl Fn(u64) -> Option<World>) -> Tally {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let alone = setting("WASM_DISPATCH_SEED");
    let seeds = match alone {
        Some(seed) => seed..seed + 1,
        None => 0..setting("WASM_DISPATCH_SEEDS").unwrap_or(usual),
    };
    let mut tally = Tally::default();
    let mut failures = String::new();
    for seed in seeds {
        let replay = format!("WASM_DISPATCH_SEED={seed} cargo test -p wasm-dispatch-conformance --test forged {test}");
        watchdog.step(&replay);
        if let Some(world) = world(seed)
            && let Err(message) = forge(&world, seed, count, &mut tally)
        {
            let _ = writeln!(failures, "{message}\nreplay: {replay}");
        }
    }
    println!("{tally:?}");
    assert!(failures.is_empty(), "{failures}");
    if alone.is_none() {
        let ran = tally.returned + tally.trapped;
        for (what, number) in [
            ("unreadable", tally.unreadable),
            ("refused", tally.refused),
            ("with invented frames", tally.invented),
            ("returned", tally.returned),
            ("trapped", tally.trapped),
        ] {
            assert!(number >= usual, "few forgeries {what}: {tally:?}, {ran} runs");
        }
    }
    tally
}

#[test]
fn forged_snapshots_of_two_modules_are_refused_or_run_to_an_end() {
    let test = "forged_snapshots_of_two_modules_are_refused_or_run_to_an_end";
    campaign(test, 40, 150, |_| Some(World::two_modules()));
}

#[test]
fn forged_snapshots_of_generated_modules_are_refused_or_run_to_an_end() {
    let test = "forged_snapshots_of_generated_modules_are_refused_or_run_to_an_end";
    campaign(test, 100, 60, World::generated);
}

#[test]
fn fuel_is_refused_where_nothing_pays_for_it() {
    for metering in [Metering::Off, Metering::Interrupts, Metering::Fuel] {
        let wasm = wat::parse_str("(module (func (export \"run\") (loop (br 0))))").expect("text");
        let module = Module::options()
            .limits(limits())
            .metering(metering)
            .compile(&wasm)
            .expect("a module");
        let mut vm = Vm::new();
        vm.prepare(&module, &Imports::new()).expect("an instance");
        let snapshot = vm.snapshot().expect("a snapshot").to_bytes();
        let mut forged = Data::read(&snapshot).expect("the format that is written down here");
        forged.fuel = Some(100);
        let forged = Snapshot::from_bytes(&forged.write()).expect("a snapshot");
        match vm.restore(&forged) {
            Ok(()) => assert_eq!((metering, vm.fuel()), (Metering::Fuel, Some(100))),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Snapshot(_)), "{error}");
                assert_ne!(metering, Metering::Fuel);
            }
        }
    }
}

#[test]
fn no_reference_names_a_function_of_an_instance_that_could_not_be_made() {
    let load = |text: &str| {
        let wasm = wat::parse_str(text).expect("text");
        Module::options().limits(limits()).compile(&wasm).expect("a module")
    };
    // Of the same type, and more of them.
    let too_large = load("(module (func) (func) (func) (memory 41))");
    let module = load(r#"(module (table 1 funcref) (func (export "run") (call_indirect (i32.const 0))))"#);
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, limits());
        vm.prepare(&too_large, &Imports::new()).expect_err("a limit");
        vm.prepare(&module, &Imports::new()).expect("an instance");
        let snapshot = vm.snapshot().expect("a snapshot").to_bytes();
        let mut forged = Data::read(&snapshot).expect("the format that is written down here");
        for reference in 2..6 {
            forged.tables[0][0] = reference;
            let forged = Snapshot::from_bytes(&forged.write()).expect("a snapshot");
            let error = vm.restore(&forged).expect_err("there is no such function");
            assert!(matches!(error.kind(), ErrorKind::Snapshot(_)), "{error}");
        }
    }
}

/// A call that is three frames deep, the topmost of them in the middle of its function.
fn deep(world: &World) -> Data {
    // A page that is grown costs 4096 units, and `run` grows one.
    for fuel in (20..200).chain((4_096..8_192).step_by(8)) {
        let (mut vm, instance) = world.machine(Strategy::default()).expect("an instance");
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(fuel)).expect("fuel");
        let arguments = [Value::ExternRef(None), Value::I32(6)];
        vm.call(instance, "run", &arguments).expect_err("a pause");
        let data = Data::read(&vm.snapshot().expect("a snapshot").to_bytes()).expect("the format");
        if data.frames.len() == 3 && data.frames[2][2] != 0 {
            return data;
        }
    }
    panic!("nowhere is it three frames deep")
}

#[test]
fn each_contradiction_is_refused_for_its_own_reason() {
    use wasm_dispatch::SnapshotError::{self, Inconsistent, Limit};
    type Change = fn(&mut Data);
    const VALUE: SnapshotError = Inconsistent("a value that its type does not have");
    // Instances are the library and the caller; globals `count`, `ref`, `thing`, `fixed`, `lanes`; tables `table`, `things`;
    // the bottom frame is that of `run`.
    let changes: &[(SnapshotError, Change)] = &[
        (Inconsistent("number of globals"), |data| data.globals.push(0)),
        (Inconsistent("number of globals that are vectors"), |data| {
            data.globals_high.push(0)
        }),
        (Inconsistent("number of globals that are vectors"), |data| {
            data.globals_high.clear()
        }),
        (VALUE, |data| data.globals[1] = 1_000),
        (VALUE, |data| data.globals[2] = (1 << 32) + 1),
        (Inconsistent("number of tables"), |data| data.tables.push(Vec::new())),
        (Inconsistent("size of a table"), |data| data.tables[1].resize(10, 0)),
        (Limit("table elements"), |data| data.tables[0].resize(11, 0)),
        (VALUE, |data| data.tables[0][5] = u64::MAX),
        (VALUE, |data| data.tables[1][0] = (1 << 32) + 1),
        (Inconsistent("number of memories"), |data| {
            data.memories.push((0, Vec::new()))
        }),
        (Inconsistent("size of a memory"), |data| data.memories[0].0 = 5),
        (Limit("memory pages"), |data| data.memories[0].0 = 4),
        (Inconsistent("size of a memory"), |data| data.memories[1].0 = u64::MAX),
        (Limit("memory pages"), |data| data.memories[1].0 = 4),
        (Inconsistent("size of a memory"), |data| data.memories[2].0 = 9_001),
        // Of a memory of few bytes, its one part has as many.
        (Inconsistent("part of a memory"), |data| {
            data.memories[2] = (5, vec![(0, vec![1; 4096])])
        }),
        (Inconsistent("part of a memory"), |data| {
            data.memories[2] = (4_100, vec![(1, vec![1; 5])])
        }),
        (Inconsistent("part of a memory"), |data| {
            data.memories[0].1.push((16, vec![1; 4096]))
        }),
        (Inconsistent("part of a memory"), |data| {
            data.memories[0].1.push((0, vec![1; 4095]))
        }),
        (Inconsistent("number of instances"), |data| drop(data.segments.pop())),
        (Inconsistent("number of data segments"), |data| {
            data.segments[0].0.push(true)
        }),
        (Inconsistent("number of element segments"), |data| {
            data.segments[1].1.push(true)
        }),
        (Inconsistent("a segment that instances do not keep"), |data| {
            data.segments[0].1[0] = false
        }),
        (Inconsistent("frames of no call"), |data| data.paused = None),
        (Inconsistent("a value stack without frames"), |data| {
            data.paused = None;
            data.frames.clear();
        }),
        (Inconsistent("a call without frames"), |data| data.frames.clear()),
        (Inconsistent("the paused function"), |data| data.paused = Some(u32::MAX)),
        (Limit("value stack"), |data| data.stack.resize((1 << 13) + 1, 0)),
        (Limit("call depth"), |data| data.frames.resize(62, [0; 4])),
        (Inconsistent("function of a frame"), |data| data.frames[0][0] = 2),
        (Inconsistent("function of a frame"), |data| data.frames[1][1] = u32::MAX),
        (Inconsistent("block of a frame"), |data| data.frames[2][2] = u32::MAX),
        (Inconsistent("base of a frame"), |data| data.frames[0][3] = 1),
        (Inconsistent("base of a frame"), |data| data.frames[1][3] += 1),
        // `down` returns less than `run`, and `run` more than is awaited in its place.
        (Inconsistent("results of a frame"), |data| {
            data.frames[0] = [data.frames[0][0], 0, 1, data.frames[0][3]];
        }),
        (Inconsistent("results of a frame"), |data| {
            data.frames[2] = [data.frames[0][0], data.frames[0][1], 1, data.frames[2][3]];
        }),
        (Inconsistent("a frame that waits for nothing"), |data| {
            data.frames[0][2] = 0
        }),
        (Inconsistent("size of the value stack"), |data| data.stack.push(0)),
        (Inconsistent("size of the value stack"), |data| data.stack.truncate(3)),
        (VALUE, |data| data.stack[0] = (1 << 32) + 1),
        (VALUE, |data| data.stack[1] = 1 << 32),
        (VALUE, |data| data.stack[3] = 1 << 32),
        // A reference that waits on the operand stack while `pair` runs.
        (VALUE, |data| data.stack[4] = 1_000),
        (SnapshotError::Foreign, |data| data.structure[0] ^= 1),
    ];
    let world = World::two_modules();
    let data = deep(&world);
    for (number, (reason, change)) in changes.iter().enumerate() {
        let mut forged = data.clone();
        change(&mut forged);
        for &strategy in Strategy::ALL {
            let mut vm = Vm::with(strategy, limits().memory_pages(3).table_elements(10));
            (world.build)(&mut vm).expect("an instance");
            let snapshot = Snapshot::from_bytes(&forged.write()).expect("a snapshot");
            let error = vm.restore(&snapshot).expect_err("a refusal");
            assert!(
                matches!(error.kind(), ErrorKind::Snapshot(found) if found == reason),
                "{number}: {error} instead of {reason}"
            );
            // What it was made from is no contradiction.
            let snapshot = Snapshot::from_bytes(&data.write()).expect("a snapshot");
            vm.restore(&snapshot).expect("a fit");
        }
    }
}

/// A call of `woven` that is three frames deep: vectors are in locals, in a global, and wait on the operand stack.
fn woven(world: &World) -> Data {
    for fuel in 20..400 {
        let (mut vm, instance) = world.machine(Strategy::default()).expect("an instance");
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(fuel)).expect("fuel");
        let arguments = [Value::V128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10), Value::I32(4)];
        vm.call(instance, "woven", &arguments).expect_err("a pause");
        let data = Data::read(&vm.snapshot().expect("a snapshot").to_bytes()).expect("the format");
        if data.frames.len() == 3 {
            return data;
        }
    }
    panic!("nowhere is it three frames deep")
}

#[test]
fn forged_vectors_may_have_any_bits_but_must_have_both_halves() {
    let world = World::two_modules();
    let data = woven(&world);
    let restored = |data: &Data, strategy| {
        let (mut vm, instance) = world.machine(strategy).expect("an instance");
        let snapshot = Snapshot::from_bytes(&data.write()).expect("a snapshot");
        vm.restore(&snapshot).map(|()| (vm, instance))
    };
    let ends = |data: &Data| {
        let mut ends = Strategy::ALL.iter().map(|&strategy| {
            let (mut vm, instance) = restored(data, strategy).expect("bits of a vector");
            let ends = go_on(&mut vm, instance, Random::new(1));
            (ends, vm.snapshot().expect("a snapshot").to_bytes())
        });
        let first = ends.next().expect("a strategy");
        assert!(ends.all(|other| other == first), "strategies end differently");
        first.0[0].0.clone()
    };
    let real = ends(&data);
    assert!(real.starts_with("Ok"), "{real}");
    // The first two slots are the parameter `v` of `woven`, the fifth global is `lanes`: of signalling NaNs, say.
    let changes: [fn(&mut Data); 4] = [
        |data| data.stack[0] = 0x7ff0_0000_0000_0001,
        |data| data.stack[1] = 0xff80_0001_ff80_0001,
        |data| data.globals[4] = u64::MAX,
        |data| data.globals_high[0] = 0x7f80_0001_8000_0000,
    ];
    for change in changes {
        let mut forged = data.clone();
        change(&mut forged);
        assert_ne!(ends(&forged), real, "these bits matter");
    }
    for &strategy in Strategy::ALL {
        let mut half = data.clone();
        half.stack.pop();
        let error = restored(&half, strategy).expect_err("a refusal");
        let expected = wasm_dispatch::SnapshotError::Inconsistent("size of the value stack");
        assert!(
            matches!(error.kind(), ErrorKind::Snapshot(found) if *found == expected),
            "{error}"
        );
    }
}
