//! The table's form of an operation on vectors gives the same as the plain loop over lanes.

use wasm_dispatch_ir::semantics::vector::{bits, conversions, float, integer, memory, tuned, widths};
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{ShiftOp, Vector1Op, Vector2Op, Vector3Op, VectorTestOp};
use wasm_dispatch_testing::vectors::{Vectors, same};

type Unary<A, R = A> = fn(A) -> R;
type Binary = fn(V128, V128) -> V128;
type Shifted = fn(V128, u32) -> V128;

#[test]
fn forms_with_one_operand_give_what_plain_loops_do() {
    use Vector1Op::*;
    let forms: [(Vector1Op, Unary<V128>); 5] = [
        (I32x4ExtAddPairwiseI16x8S, widths::i32x4::extadd_pairwise_i16x8_s),
        (I32x4TruncSatF32x4S, conversions::i32x4::trunc_sat_f32x4_s),
        (I32x4TruncSatF32x4U, conversions::i32x4::trunc_sat_f32x4_u),
        (I32x4TruncSatF64x2SZero, conversions::i32x4::trunc_sat_f64x2_s_zero),
        (I32x4TruncSatF64x2UZero, conversions::i32x4::trunc_sat_f64x2_u_zero),
    ];
    for (op, plain) in forms {
        let mut vectors = Vectors::new(1);
        for _ in 0..Vectors::count() {
            let a = vectors.vector();
            let (form, plain) = (op.apply(a), plain(a));
            assert!(same(op.mnemonic(), form, plain), "{op:?} of {a}: {form} is not {plain}");
        }
    }
}

#[test]
fn forms_with_two_operands_give_what_plain_loops_do() {
    use Vector2Op::*;
    let forms: [(Vector2Op, Binary); 15] = [
        (F32x4Min, float::f32x4::min),
        (F32x4Max, float::f32x4::max),
        (F64x2Min, float::f64x2::min),
        (F64x2Max, float::f64x2::max),
        (I8x16Swizzle, bits::swizzle),
        (I8x16AvgrU, integer::i8x16::avgr_u),
        (I16x8AvgrU, integer::i16x8::avgr_u),
        (I16x8Q15MulrSatS, widths::i16x8::q15mulr_sat_s),
        (I16x8NarrowI32x4U, widths::i16x8::narrow_i32x4_u),
        (I16x8RelaxedDotI8x16I7x16S, widths::i16x8::relaxed_dot_i8x16_i7x16_s),
        (I32x4DotI16x8S, widths::i32x4::dot_i16x8_s),
        (I64x2LtS, integer::i64x2::lt_s),
        (I64x2GtS, integer::i64x2::gt_s),
        (I64x2LeS, integer::i64x2::le_s),
        (I64x2GeS, integer::i64x2::ge_s),
    ];
    for (op, plain) in forms {
        let mut vectors = Vectors::new(2);
        for _ in 0..Vectors::count() {
            let (a, b) = (vectors.vector(), vectors.vector());
            let (form, plain) = (op.apply(a, b), plain(a, b));
            assert!(
                same(op.mnemonic(), form, plain),
                "{op:?} of {a} and {b}: {form} is not {plain}"
            );
        }
    }
}

#[test]
fn forms_with_three_operands_give_what_plain_loops_do() {
    let mut vectors = Vectors::new(3);
    for _ in 0..Vectors::count() {
        let [a, b, c] = [vectors.vector(), vectors.vector(), vectors.vector()];
        let form = Vector3Op::I32x4RelaxedDotI8x16I7x16AddS.apply(a, b, c);
        let plain = widths::i32x4::relaxed_dot_i8x16_i7x16_add_s(a, b, c);
        assert_eq!(form, plain, "{a}, {b}, {c}");
        let indices = std::array::from_fn(|lane| c.0[lane] % 32);
        assert_eq!(
            tuned::i8x16_shuffle(a, b, indices),
            bits::shuffle(a, b, indices),
            "{a}, {b}, {c}"
        );
    }
}

#[test]
fn forms_of_other_shapes_give_what_plain_loops_do() {
    let tests: [(VectorTestOp, Unary<V128, u32>); 4] = [
        (VectorTestOp::I8x16Bitmask, integer::i8x16::bitmask),
        (VectorTestOp::I16x8Bitmask, integer::i16x8::bitmask),
        (VectorTestOp::I32x4Bitmask, integer::i32x4::bitmask),
        (VectorTestOp::I64x2Bitmask, integer::i64x2::bitmask),
    ];
    let loads: [Unary<[u8; 8], [V128; 2]>; 4] = [
        |bytes| [tuned::load8x8_s(bytes), memory::load8x8_s(bytes)],
        |bytes| [tuned::load8x8_u(bytes), memory::load8x8_u(bytes)],
        |bytes| [tuned::load16x4_s(bytes), memory::load16x4_s(bytes)],
        |bytes| [tuned::load16x4_u(bytes), memory::load16x4_u(bytes)],
    ];
    let mut vectors = Vectors::new(4);
    for _ in 0..Vectors::count() {
        let (a, count) = (vectors.vector(), vectors.below(20));
        for (op, plain) in tests {
            assert_eq!(op.apply(a), plain(a), "{op:?} of {a}");
        }
        let shifted = ShiftOp::I8x16ShrS.apply(a, count);
        assert_eq!(shifted, integer::i8x16::shr_s(a, count), "{a} by {count}");
        let rotated: [(Shifted, Shifted); 2] = [
            (tuned::i32x4_rotl, integer::i32x4::rotl),
            (tuned::i64x2_rotl, integer::i64x2::rotl),
        ];
        for (form, plain) in rotated {
            let count = vectors.below(130);
            assert_eq!(form(a, count), plain(a, count), "{a} by {count}");
        }
        for load in loads {
            let [form, plain] = load(a.to_slots()[0].to_le_bytes());
            assert_eq!(form, plain, "{a}");
        }
    }
}

/// Rounding without the C library against rounding with it.
#[test]
fn rounding_gives_what_the_standard_library_does() {
    let mut vectors = Vectors::new(5);
    for _ in 0..Vectors::count() {
        let a = vectors.vector();
        let singles: [(Vector1Op, Unary<f32>); 4] = [
            (Vector1Op::F32x4Ceil, f32::ceil),
            (Vector1Op::F32x4Floor, f32::floor),
            (Vector1Op::F32x4Trunc, f32::trunc),
            (Vector1Op::F32x4Nearest, f32::round_ties_even),
        ];
        for (op, round) in singles {
            // The sum makes NaNs quiet.
            let expected = a
                .to_lanes::<[f32; 4]>()
                .map(|a| if a.is_nan() { a + a } else { round(a) });
            let (form, expected) = (op.apply(a), V128::from_lanes(expected));
            assert!(
                same(op.mnemonic(), form, expected),
                "{op:?} of {a}: {form} is not {expected}"
            );
        }
        let doubles: [(Vector1Op, Unary<f64>); 4] = [
            (Vector1Op::F64x2Ceil, f64::ceil),
            (Vector1Op::F64x2Floor, f64::floor),
            (Vector1Op::F64x2Trunc, f64::trunc),
            (Vector1Op::F64x2Nearest, f64::round_ties_even),
        ];
        for (op, round) in doubles {
            let expected = a
                .to_lanes::<[f64; 2]>()
                .map(|a| if a.is_nan() { a + a } else { round(a) });
            let (form, expected) = (op.apply(a), V128::from_lanes(expected));
            assert!(
                same(op.mnemonic(), form, expected),
                "{op:?} of {a}: {form} is not {expected}"
            );
        }
    }
}
