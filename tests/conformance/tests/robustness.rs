//! Damaged modules are refused, or run within their limits: never a panic, never a hang.

#![forbid(unsafe_code)]

use std::time::Duration;

use wasm_dispatch::ir::code::Statement;
use wasm_dispatch::{ExternType, Imports, Limits, Module, Strategy, Value, Vm};
use wasm_dispatch_conformance::differential::{arithmetic, smith};
use wasm_dispatch_conformance::random::{Random, setting};
use wasm_dispatch_conformance::watchdog::Watchdog;

/// Whether a damaged module was refused or ran.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    accepted: usize,
    called: usize,
}

/// Small limits: a damaged size field must not make the test slow.
fn limits() -> Limits {
    Limits::default()
        .call_depth(100)
        .stack_slots(80_000)
        .memory_pages(20)
        .table_elements(10_000)
}

/// Loads the bytes; if that works, compiles them under every strategy; if nothing in them can go on for ever,
/// instantiates the module and calls what it exports.
fn try_out(bytes: &[u8], tally: &mut Tally) {
    let module = match Module::options().limits(limits()).compile(bytes) {
        Ok(module) => module,
        Err(_) => {
            tally.refused += 1;
            return;
        }
    };
    tally.accepted += 1;
    let ends = surely_ends(&module);
    for &strategy in Strategy::ALL {
        // Compiling must cope with everything that was accepted, whether or not it is run.
        module.compile(strategy);
        if ends {
            tally.called += call_everything(&module, strategy);
        }
    }
}

/// Whether no function branches backwards or can call itself. Damage may have removed whatever ended a loop.
fn surely_ends(module: &Module) -> bool {
    module.functions().all(|function| {
        let Some(body) = function.body() else { return true };
        body.blocks.iter().enumerate().all(|(block, code)| {
            let block = block as u32;
            match body.statements[code.terminator as usize] {
                Statement::Jump(target) | Statement::Branch { target, .. } => target > block,
                Statement::Switch { first, count, .. } => {
                    let targets = &body.targets[first as usize..(first + count) as usize];
                    targets.iter().all(|&target| target > block)
                }
                Statement::Call { function: callee, .. } | Statement::TailCall { function: callee } => {
                    callee < function.index()
                }
                Statement::CallIndirect { .. } | Statement::TailCallIndirect { .. } => false,
                _ => true,
            }
        })
    })
}

fn call_everything(module: &Module, strategy: Strategy) -> usize {
    let mut vm = Vm::with(strategy, limits());
    let mut imports = Imports::new();
    for import in module.imports() {
        if let ExternType::Func(ty) = &import.ty {
            let results: Vec<Value> = ty.results.iter().map(|&ty| Value::zero(ty)).collect();
            imports.func_dynamic(
                &import.module,
                &import.name,
                ty.clone(),
                move |_, _| Ok(results.clone()),
            );
        }
    }
    let Ok(instance) = vm.instantiate(module, &imports) else {
        return 0;
    };
    let mut called = 0;
    for export in module.exports() {
        if let ExternType::Func(ty) = export.ty {
            let arguments: Vec<Value> = ty.params.iter().map(|&ty| Value::zero(ty)).collect();
            // A result or an error, both are fine.
            let _ = vm.call(instance, &export.name, &arguments);
            called += 1;
        }
    }
    called
}

/// Modules of many kinds, each with all sections.
fn victims() -> Vec<Vec<u8>> {
    let all_sections = wat::parse_str(
        r#"(module $named
            (type $t (func (param i32 i64) (result i64)))
            (import "host" "f" (func $f (param i32) (result i32)))
            (table $table 3 9 funcref)
            (memory $memory 1 2)
            (global $g (export "g") (mut i64) (i64.const -7))
            (export "memory" (memory $memory))
            (start $start)
            (elem (i32.const 1) $a $b)
            (elem $passive funcref (ref.func $a) (ref.null func))
            (data (i32.const 3) "hello")
            (data $bytes "passive")
            (func $start (drop (call $f (i32.const 1))))
            (func $a (export "a") (type $t)
                (block $out (result i64)
                    (br_if $out (local.get 1) (i32.lt_u (local.get 0) (i32.const 9)))
                    (i64.add (i64.load offset=4 (local.get 0)))))
            (func $b (export "b") (param f32 f64) (result f64 i32) (local i32 f64)
                (if (result f64) (f32.gt (local.get 0) (f32.const 1.5))
                    (then (f64.sqrt (local.get 1)))
                    (else (f64.promote_f32 (local.get 0))))
                (memory.init $bytes (i32.const 10) (i32.const 0) (i32.const 7))
                (table.init $passive (i32.const 0) (i32.const 0) (i32.const 2))
                (block (block (br_table 0 1 0 (local.get 2))))
                (memory.size))
            (func (export "c") (result i64)
                (return_call_indirect (type $t) (i32.const 1) (i64.const 2) (i32.const 1))))"#,
    );
    let mut victims = vec![all_sections.expect("well-formed"), straight()];
    victims.push(wat::parse_str(arithmetic::module(1)).expect("well-formed"));
    victims.extend((0..).filter_map(smith::module).filter(|wasm| wasm.len() > 500).take(3));
    victims
}

/// A module without loops and recursion, so that most damaged forms of it can be run.
fn straight() -> Vec<u8> {
    let wasm = wat::parse_str(
        r#"(module (memory 1 2) (table 4 4 funcref) (elem (i32.const 0) $f $g) (type $t (func (param i32) (result i32)))
            (data "some bytes") (data (i32.const 100) "active")
            (func $f (export "f") (param i32) (result i32)
                (i32.store8 offset=3 (i32.const 17) (i32.add (local.get 0) (i32.const 300)))
                (memory.init 0 (i32.const 5) (i32.const 1) (i32.const 4))
                (memory.fill (i32.const 9) (i32.const 1) (i32.const 70))
                (select (i32.load16_s offset=17 (i32.const 4))
                    (i32.div_s (local.get 0) (i32.const 3)) (i32.ge_s (local.get 0) (i32.const 5))))
            (func $g (export "g") (param i32) (result i32)
                (i32.mul (call $f (i32.const 9)) (i32.popcnt (i32.load8_u offset=99 (local.get 0)))))
            (func (export "h") (result f64) (local f64 i64)
                (local.set 0 (f64.mul (f64.const 2.5) (f64.convert_i64_s (i64.const 12345))))
                (local.set 1 (i64.trunc_sat_f64_s (local.get 0)))
                (f64.add (local.get 0) (f64.convert_i64_u (i64.rotl (local.get 1) (i64.const 9)))))
            (func (export "i") (result i32)
                (memory.copy (i32.const 1) (i32.const 2) (i32.const 64))
                (drop (memory.grow (i32.const 1)))
                (call $f (i32.const 4))))"#,
    );
    wasm.expect("well-formed")
}

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let from = setting("WASM_DISPATCH_FROM").unwrap_or(0);
    match setting("WASM_DISPATCH_SEED") {
        Some(seed) => seed..seed + 1,
        None => from..from + setting("WASM_DISPATCH_SEEDS").unwrap_or(usual),
    }
}

#[test]
fn a_module_cut_off_anywhere_is_refused_or_runs() {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let mut tally = Tally::default();
    for (number, victim) in victims().iter().enumerate() {
        for len in 0..victim.len() {
            watchdog.step(format!("module {number} cut off at byte {len}"));
            try_out(&victim[..len], &mut tally);
        }
    }
    assert!(tally.refused > 1_000, "{tally:?}");
}

#[test]
fn a_module_with_flipped_bits_is_refused_or_runs() {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let victims = victims();
    let mut tally = Tally::default();
    for seed in seeds(4_000) {
        watchdog.step(format!("flipped bits, seed {seed}"));
        let mut random = Random::new(seed);
        let mut bytes = random.pick(&victims).clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        try_out(&bytes, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.refused > 0 && tally.accepted > 0, "{tally:?}");
}

#[test]
fn a_module_with_spliced_bytes_is_refused_or_runs() {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let victims = victims();
    let mut tally = Tally::default();
    for seed in seeds(4_000) {
        watchdog.step(format!("spliced bytes, seed {seed}"));
        let mut random = Random::new(seed ^ 0x5EED);
        let mut bytes = random.pick(&victims).clone();
        let donor = random.pick(&victims).clone();
        let (from, len) = (random.below(donor.len()), random.below(12));
        let piece = &donor[from..(from + len).min(donor.len())];
        let at = random.below(bytes.len());
        let replaced = at..(at + random.below(12)).min(bytes.len());
        bytes.splice(replaced, piece.iter().copied());
        try_out(&bytes, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.refused > 0, "{tally:?}");
}

#[test]
fn a_module_with_any_byte_replaced_is_refused_or_runs() {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let victim = straight();
    let mut tally = Tally::default();
    for at in 8..victim.len() {
        for value in (0..=255).step_by(5).chain([0x80, 0x7F, 0xC0]) {
            watchdog.step(format!("byte {at} set to {value:#x}"));
            let mut bytes = victim.clone();
            bytes[at] = value as u8;
            try_out(&bytes, &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.accepted > 1_000 && tally.called > 10_000, "{tally:?}");
}

#[test]
fn random_bytes_are_refused() {
    let watchdog = Watchdog::new(Duration::from_secs(60));
    let mut tally = Tally::default();
    for seed in seeds(5_000) {
        watchdog.step(format!("random bytes, seed {seed}"));
        let mut random = Random::new(seed);
        let len = random.below(300);
        let mut bytes = random.bytes(len);
        if random.chance(70) {
            // With the right beginning, and often a plausible section.
            let mut started = b"\0asm\x01\0\0\0".to_vec();
            if random.chance(70) {
                started.push(random.below(13) as u8);
                started.push(bytes.len().min(127) as u8);
            }
            started.append(&mut bytes);
            bytes = started;
        }
        try_out(&bytes, &mut tally);
    }
    assert!(tally.refused > 0, "{tally:?}");
}
