//! Modules whose results must have the same bits on every machine.

use wasm_dispatch::{Imports, Limits, Module, Strategy, Value, Vm};

/// NaNs of every kind but the canonical one.
const NANS_32: [u32; 4] = [0x7fa0_0000, 0xffc0_0000, 0x7fc0_0001, 0xff80_0001];
const NANS_64: [u64; 4] = [
    0x7ff4_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff8_0000_0000_0001,
    0xfff0_0000_0000_0001,
];

const CANONICAL_32: u32 = 0x7fc0_0000;
const CANONICAL_64: u64 = 0x7ff8_0000_0000_0000;

/// Calls `f` of a deterministic module under every strategy.
#[track_caller]
fn gives(text: &str, arguments: &[Value], expected: &[Value]) {
    let bytes = wat::parse_str(text).expect("a module's text");
    let module = Module::options().deterministic(true).compile(&bytes);
    let module = module.expect("a valid module");
    for &strategy in Strategy::ALL {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
        let found = vm.call(instance, "f", arguments).expect("results");
        assert_eq!(found, expected, "{strategy}: {text} {arguments:x?}");
    }
}

#[test]
fn arithmetic_on_scalars_gives_the_canonical_nan() {
    for (bits_32, bits_64) in NANS_32.into_iter().zip(NANS_64) {
        for op in ["add", "sub", "mul", "div", "min", "max"] {
            let text = |ty: &str, int: &str| {
                format!(
                    "(module (func (export \"f\") (param {int}) (result {int})
                        ({int}.reinterpret_{ty} ({ty}.{op} ({ty}.const 1) ({ty}.reinterpret_{int} (local.get 0))))))"
                )
            };
            let (narrow, wide) = (text("f32", "i32"), text("f64", "i64"));
            gives(
                &narrow,
                &[Value::I32(bits_32 as i32)],
                &[Value::I32(CANONICAL_32 as i32)],
            );
            gives(&wide, &[Value::I64(bits_64 as i64)], &[Value::I64(CANONICAL_64 as i64)]);
        }
        for op in ["ceil", "floor", "trunc", "nearest", "sqrt"] {
            let text = format!(
                "(module (func (export \"f\") (param i64) (result i64)
                    (i64.reinterpret_f64 (f64.{op} (f64.reinterpret_i64 (local.get 0))))))"
            );
            gives(&text, &[Value::I64(bits_64 as i64)], &[Value::I64(CANONICAL_64 as i64)]);
        }
        let demote = "(module (func (export \"f\") (param i64) (result i32)
            (i32.reinterpret_f32 (f32.demote_f64 (f64.reinterpret_i64 (local.get 0))))))";
        gives(
            demote,
            &[Value::I64(bits_64 as i64)],
            &[Value::I32(CANONICAL_32 as i32)],
        );
    }
}

#[test]
fn numbers_and_operations_that_hand_a_nan_on_are_left_alone() {
    let text = "(module (func (export \"f\") (param f64 f64) (result f64 i64)
        (f64.div (f64.add (local.get 0) (local.get 1)) (local.get 1))
        (i64.reinterpret_f64 (f64.neg (f64.copysign (f64.const nan:0x4000000000001) (local.get 1))))))";
    let arguments = [Value::F64(1.5), Value::F64(-0.25)];
    gives(text, &arguments, &[Value::F64(-5.0), Value::I64(0x7ff4_0000_0000_0001)]);
}

#[test]
fn lanes_of_vectors_give_it_each_for_itself() {
    let vector = |lanes: [u32; 4]| Value::from(bytes(lanes));
    let one = 1f32.to_bits();
    for nan in NANS_32 {
        for (op, sum) in [
            ("f32x4.add", 2f32),
            ("f32x4.mul", 1.0),
            ("f32x4.min", 1.0),
            ("f32x4.relaxed_max", 1.0),
        ] {
            let text = format!(
                "(module (func (export \"f\") (param v128 v128) (result v128) ({op} (local.get 0) (local.get 1))))"
            );
            let arguments = [vector([one, nan, one, one]), vector([one, one, nan, one])];
            let expected = vector([sum.to_bits(), CANONICAL_32, CANONICAL_32, sum.to_bits()]);
            gives(&text, &arguments, &[expected]);
        }
        let madd = "(module (func (export \"f\") (param v128) (result v128)
            (f32x4.relaxed_madd (local.get 0) (local.get 0) (f32x4.sqrt (local.get 0)))))";
        let expected = vector([2f32.to_bits(), CANONICAL_32, 2f32.to_bits(), CANONICAL_32]);
        gives(madd, &[vector([one, nan, one, nan])], &[expected]);
    }
}

#[test]
fn what_is_computed_ahead_of_time_is_no_exception() {
    let text = "(module (func (export \"f\") (result i32 v128)
        (i32.reinterpret_f32 (f32.sqrt (f32.const -1)))
        (f32x4.add (v128.const f32x4 -nan:0x200001 1 nan 2) (v128.const f32x4 1 1 1 1))))";
    let lanes = [CANONICAL_32, 2f32.to_bits(), CANONICAL_32, 3f32.to_bits()];
    gives(text, &[], &[Value::I32(CANONICAL_32 as i32), Value::from(bytes(lanes))]);
}

fn bytes(lanes: [u32; 4]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, lane) in bytes.chunks_exact_mut(4).zip(lanes) {
        place.copy_from_slice(&lane.to_le_bytes());
    }
    bytes
}
