//! Modules that were precompiled and read again are the same modules, and bytes that are not as they were written are refused; what
//! a forger writes with a checksum that fits is refused, or runs to some end, under any strategy.

#![forbid(unsafe_code)]

use wasm_dispatch::{
    CacheError, Error, ErrorKind, Imports, Limits, Metering, Module, ModuleOptions, Strategy, Trap, Value, Vm,
};
use wasm_dispatch_conformance::differential::smith;
use wasm_dispatch_conformance::random::{Random, setting};
use xxhash_rust::xxh3::xxh3_128;

/// Where the checksum stands, and where what it is of.
const CHECKSUM: usize = 24;
const PAYLOAD: usize = 40;

const METERINGS: [Metering; 3] = [Metering::Off, Metering::Interrupts, Metering::Fuel];

/// Everything that lowered code is made of, in little: calls of all kinds, vectors, references, segments, a loop, a switch.
const SMALL: &str = r#"(module
    (type $unary (func (param i32) (result i32)))
    (import "host" "f" (func $host (type $unary)))
    (import "host" "g" (global $imported i32))
    (memory 1 2)
    (table $t 4 8 funcref)
    (table $x 2 4 externref)
    (global $count (mut i64) (i64.const 0))
    (global $v (mut v128) (v128.const i64x2 1 2))
    (data $d "abc")
    (elem $e func $twice $loop)
    (elem (i32.const 0) $twice $loop)
    (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $last (type $unary) (return_call_indirect $t (type $unary) (local.get 0) (i32.const 0)))
    (func $loop (type $unary) (local $f funcref) (local $v v128) (local $s f64)
        (loop $again
            (block $b (block $a (br_table $a $b (i32.and (local.get 0) (i32.const 1))))
                (global.set $count (i64.add (global.get $count) (i64.extend_i32_u (call $host (local.get 0))))))
            (i32.store offset=4 (i32.const 8) (call_indirect $t (type $unary) (local.get 0) (i32.const 0)))
            (local.set $v (i32x4.add (global.get $v) (i32x4.splat (local.get 0))))
            (v128.store (i32.const 16) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (local.get $v) (global.get $v)))
            (global.set $v (local.get $v))
            (local.set $s (f64.add (local.get $s) (f64.convert_i32_s (i32.load8_u (local.get 0)))))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
        (local.set $f (table.get $t (i32.const 1)))
        (table.set $t (i32.const 2) (select (result funcref) (local.get $f) (ref.null func) (global.get $imported)))
        (table.set $x (i32.const 1) (ref.null extern))
        (i32.add (i32.trunc_sat_f64_s (local.get $s)) (ref.is_null (table.get $x (i32.const 0)))))
    (func (export "run") (param i32) (result i32 i64)
        (memory.init $d (i32.const 30) (i32.const 0) (i32.const 3)) (data.drop $d)
        (table.init $t $e (i32.const 2) (i32.const 0) (i32.const 2)) (elem.drop $e)
        (drop (memory.grow (i32.const 1)))
        (memory.copy (i32.const 40) (i32.const 30) (i32.const 3))
        (table.set $t (i32.const 3) (ref.func $last))
        (i32.add (call $loop (local.get 0)) (call $last (local.get 0)))
        (global.get $count))
    (export "last" (func $last)))"#;

fn options() -> ModuleOptions {
    Module::options().limits(Limits::default().module_size(1 << 24))
}

fn small(metering: Metering) -> Vec<u8> {
    let wasm = wat::parse_str(SMALL).expect("text");
    options().metering(metering).precompile(&wasm).expect("a module")
}

/// The module's functions as they are lowered, one after another.
fn lowered(module: &Module) -> Vec<String> {
    let bodies = module.functions().filter_map(|function| function.body());
    bodies.map(|body| format!("{body:?}")).collect()
}

fn comes_back(wasm: &[u8], options: ModuleOptions) {
    let module = options.compile(wasm).expect("a module");
    let bytes = options.precompile(wasm).expect("precompiled");
    for read in [options.deserialize(&bytes), options.deserialize_lazily(&bytes)] {
        let read = read.expect("what was written");
        assert_eq!(read.meta(), module.meta());
        assert!(read.imports().eq(module.imports()));
        assert!(read.exports().eq(module.exports()));
        assert!(read.custom_sections().eq(module.custom_sections()));
        assert_eq!(lowered(&read), lowered(&module));
    }
}

#[test]
fn every_workload_comes_back_as_it_was() {
    for workload in wasm_dispatch_workloads::all().expect("workloads") {
        let wasm = workload.wasm().expect("its module");
        // The large programs in Go take as long as all others together.
        if wasm.len() > 2 << 20 {
            continue;
        }
        for metering in [Metering::Off, Metering::Fuel] {
            comes_back(&wasm, options().metering(metering));
        }
    }
}

#[test]
fn every_generated_module_comes_back_as_it_was() {
    let seeds = setting("WASM_DISPATCH_SEEDS").unwrap_or(40);
    let mut modules = 0;
    for seed in 0..seeds {
        let Some(wasm) = smith::module(seed) else { continue };
        let options = options()
            .metering(METERINGS[seed as usize % 3])
            .deterministic(seed % 2 == 0);
        if options.compile(&wasm).is_err() {
            continue;
        }
        modules += 1;
        comes_back(&wasm, options);
    }
    assert!(modules > seeds / 2, "only {modules} modules of {seeds} seeds");
}

/// What a run of the module gives under a strategy, and its memory of a few bytes.
fn run(module: &Module, strategy: Strategy) -> Result<Vec<Value>, Error> {
    let mut imports = Imports::new();
    imports.func("host", "f", |value: i32| value.wrapping_add(3));
    let limits = Limits::default().memory_pages(4).table_elements(1_000).call_depth(100);
    let mut vm = Vm::with(strategy, limits);
    let global = vm.new_global(Value::I32(1), false)?;
    imports.define("host", "g", global);
    if module.metering() == Metering::Fuel {
        vm.set_fuel(Some(10_000))?;
    }
    let instance = vm.instantiate(module, &imports)?;
    vm.call(instance, "run", &[Value::I32(5)])
}

#[test]
fn a_module_that_was_read_runs_as_it_does_when_compiled() {
    let wasm = wat::parse_str(SMALL).expect("text");
    for metering in METERINGS {
        let compiled = options().metering(metering).compile(&wasm).expect("a module");
        let read = options()
            .metering(metering)
            .deserialize(&small(metering))
            .expect("what was written");
        for &strategy in Strategy::ALL {
            let (ran, expected) = (run(&read, strategy), run(&compiled, strategy));
            assert_eq!(ran.expect("runs"), expected.expect("runs"), "{strategy}");
        }
    }
}

#[test]
fn every_changed_byte_and_every_truncation_is_refused() {
    let bytes = small(Metering::Fuel);
    let read = |bytes: &[u8]| options().metering(Metering::Fuel).deserialize(bytes);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        assert!(
            options()
                .metering(Metering::Fuel)
                .deserialize_lazily(&bytes[..length])
                .is_err(),
            "{length} bytes"
        );
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let error = options()
                .metering(Metering::Fuel)
                .deserialize_lazily(&changed)
                .expect_err("it was changed");
            assert!(matches!(error.kind(), ErrorKind::Cache(_)), "byte {at}: {error}");
        }
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(
        read(&longer).expect_err("longer").kind(),
        ErrorKind::Cache(CacheError::Checksum)
    ));
}

#[test]
fn a_module_is_read_with_the_choices_that_it_was_made_with() {
    let bytes = small(Metering::Fuel);
    let refused = |options: ModuleOptions| match options.deserialize(&bytes).expect_err("other choices").kind() {
        ErrorKind::Cache(CacheError::Options) => {}
        other => panic!("{other:?}"),
    };
    refused(options());
    refused(options().metering(Metering::Interrupts));
    refused(options().metering(Metering::Fuel).deterministic(true));
    let small = options()
        .metering(Metering::Fuel)
        .limits(Limits::default().module_size(10));
    let error = small.deserialize(&bytes).expect_err("a limit");
    assert!(matches!(
        error.kind(),
        ErrorKind::Limit {
            what: "module size",
            ..
        }
    ));
}

#[test]
fn a_function_that_would_pretend_to_be_out_of_fuel_for_ever_is_refused() {
    let wasm = wat::parse_str(r#"(module (func (export "run") (unreachable)))"#).expect("text");
    let options = options().metering(Metering::Fuel);
    let mut bytes = options.precompile(&wasm).expect("a module");
    // A meter that takes one, and a trap: as written, `Statement::Meter` and `Statement::Trap(Trap::Unreachable)`.
    let code = [8, 1, 18, 0];
    let mut places = (PAYLOAD..bytes.len() - 4).filter(|&at| bytes[at..at + 4] == code);
    let (Some(at), None) = (places.next(), places.next()) else {
        panic!("the code is written otherwise now");
    };
    bytes[at..at + 4].copy_from_slice(&[8, 0, 18, 10]);
    let checksum = xxh3_128(&bytes[PAYLOAD..]).to_le_bytes();
    bytes[CHECKSUM..PAYLOAD].copy_from_slice(&checksum);
    let error = options.deserialize(&bytes).expect_err("a forgery");
    assert!(
        matches!(error.kind(), ErrorKind::Cache(CacheError::Unsound(_))),
        "{error}"
    );
    let module = options.deserialize_lazily(&bytes).expect("not looked at yet");
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        vm.set_fuel(Some(1_000)).expect("fuel");
        let error = vm.call(instance, "run", &[]).expect_err("a trap");
        assert_eq!(error.trap(), Some(Trap::Unreachable), "{strategy}");
    }
}

#[test]
fn a_forgery_with_a_checksum_that_fits_is_refused_or_runs_to_some_end() {
    let bytes = small(Metering::Fuel);
    let seeds = setting("WASM_DISPATCH_SEEDS").unwrap_or(2_500);
    let (mut refused, mut ran) = (0, 0);
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let mut forged = bytes.clone();
        // One change in turn at every byte, then several anywhere.
        let changes = if seed as usize <= bytes.len() - PAYLOAD {
            1
        } else {
            1 + random.below(3)
        };
        for _ in 0..changes {
            let at = match changes {
                1 => (seed as usize).min(bytes.len() - PAYLOAD - 1),
                _ => random.below(bytes.len() - PAYLOAD),
            };
            forged[PAYLOAD + at] = random.below(256) as u8;
        }
        let checksum = xxh3_128(&forged[PAYLOAD..]).to_le_bytes();
        forged[CHECKSUM..PAYLOAD].copy_from_slice(&checksum);
        let options = options().metering(Metering::Fuel);
        match options.deserialize(&forged) {
            Err(_) => refused += 1,
            Ok(_) => ran += 1,
        }
        // What is refused there is a trap here.
        if let Ok(module) = options.deserialize_lazily(&forged) {
            for &strategy in Strategy::ALL {
                let _ = run(&module, strategy);
            }
        }
    }
    assert!(refused > seeds / 4 && ran > seeds / 100, "{refused} refused, {ran} ran");
}
