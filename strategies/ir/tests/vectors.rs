//! What operations on vectors give at their edges, written out.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::semantics::vector::bits;
use wasm_dispatch_ir::vector::{Lanes, V128};
use wasm_dispatch_ir::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, StoreLaneOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp,
    VectorStoreOp, VectorTestOp,
};

fn v<L: Lanes>(lanes: L) -> V128 {
    V128::from_lanes(lanes)
}

const COUNTING: V128 = V128([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

/// A signalling NaN.
const SIGNALLING: f32 = f32::from_bits(0x7fa0_0000);

#[test]
fn the_table_has_all_rows_but_constants_and_shuffles() {
    let counts = [
        Vector1Op::ALL.len(),
        Vector2Op::ALL.len(),
        Vector3Op::ALL.len(),
        VectorTestOp::ALL.len(),
        ShiftOp::ALL.len(),
        ExtractOp::ALL.len(),
        ReplaceOp::ALL.len(),
        VectorLoadOp::ALL.len(),
    ];
    assert_eq!(counts, [54, 127, 10, 9, 12, 8, 6, 13]);
}

#[test]
fn lanes_count_from_the_lowest_byte_and_slots_from_the_low_half() {
    assert_eq!(COUNTING.to_lanes::<[u16; 8]>()[0], 0x0100);
    assert_eq!(COUNTING.to_slots(), [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
    assert_eq!(V128::from_slots(COUNTING.to_slots()), COUNTING);
    assert_eq!(u128::from(COUNTING) as u8, 0);
    assert_eq!(
        COUNTING.to_string(),
        "i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c"
    );
}

#[test]
fn arithmetic_wraps_or_saturates() {
    let (most, least) = (v([i8::MAX; 16]), v([i8::MIN; 16]));
    let one = v([1_i8; 16]);
    assert_eq!(Vector2Op::I8x16Add.apply(most, one), least);
    assert_eq!(Vector2Op::I8x16AddSatS.apply(most, one), most);
    assert_eq!(Vector2Op::I8x16SubSatS.apply(least, one), least);
    assert_eq!(Vector2Op::I8x16AddSatU.apply(v([255_u8; 16]), one), v([255_u8; 16]));
    assert_eq!(Vector2Op::I8x16SubSatU.apply(V128::ZERO, one), V128::ZERO);
    assert_eq!(Vector1Op::I8x16Abs.apply(least), least);
    assert_eq!(Vector1Op::I64x2Neg.apply(v([i64::MIN, 1])), v([i64::MIN, -1]));
    assert_eq!(
        Vector2Op::I8x16AvgrU.apply(v([255_u8; 16]), v([254_u8; 16])),
        v([255_u8; 16])
    );
    let q15 = Vector2Op::I16x8Q15MulrSatS.apply(v([i16::MIN; 8]), v([i16::MIN; 8]));
    assert_eq!(q15, v([i16::MAX; 8]));
    let dot = Vector2Op::I32x4DotI16x8S.apply(v([i16::MIN; 8]), v([i16::MIN; 8]));
    assert_eq!(dot, v([i32::MIN; 4]));
    let dot = Vector2Op::I16x8RelaxedDotI8x16I7x16S.apply(least, least);
    assert_eq!(dot, v([i16::MIN; 8]));
}

#[test]
fn narrowing_takes_the_lanes_of_the_first_vector_first_and_sees_them_signed() {
    let (a, b) = (
        v([-1_i16, 256, 127, 128, 0, 0, 0, 0]),
        v([i16::MIN, i16::MAX, 1, 2, 3, 4, 5, 6]),
    );
    let signed = v([-1_i8, 127, 127, 127, 0, 0, 0, 0, -128, 127, 1, 2, 3, 4, 5, 6]);
    let unsigned = v([0_u8, 255, 127, 128, 0, 0, 0, 0, 0, 255, 1, 2, 3, 4, 5, 6]);
    assert_eq!(Vector2Op::I8x16NarrowI16x8S.apply(a, b), signed);
    assert_eq!(Vector2Op::I8x16NarrowI16x8U.apply(a, b), unsigned);
    let (a, b) = (v([-1, 65536, 32768, 7]), v([i32::MIN, i32::MAX, 1, 2]));
    assert_eq!(
        Vector2Op::I16x8NarrowI32x4U.apply(a, b),
        v([0_u16, 65535, 32768, 7, 0, 65535, 1, 2])
    );
}

#[test]
fn zeros_have_signs_and_nans_are_made_quiet() {
    let (zeros, negative) = (v([0.0_f32; 4]), v([-0.0_f32; 4]));
    assert_eq!(Vector2Op::F32x4Min.apply(zeros, negative), negative);
    assert_eq!(Vector2Op::F32x4Min.apply(negative, zeros), negative);
    assert_eq!(Vector2Op::F32x4Max.apply(zeros, negative), zeros);
    assert_eq!(Vector2Op::F32x4Max.apply(negative, zeros), zeros);
    // These two choose their first operand.
    assert_eq!(Vector2Op::F32x4PMin.apply(zeros, negative), zeros);
    assert_eq!(Vector2Op::F32x4PMax.apply(negative, zeros), negative);
    assert_eq!(
        Vector2Op::F32x4PMin.apply(v([SIGNALLING; 4]), zeros),
        v([SIGNALLING; 4])
    );
    for op in [Vector1Op::F32x4Ceil, Vector1Op::F32x4Nearest, Vector1Op::F32x4Sqrt] {
        let rounded: [u32; 4] = op.apply(v([SIGNALLING; 4])).to_lanes();
        assert_eq!(rounded[3] & 0x7fe0_0000, 0x7fe0_0000, "{op:?}");
    }
    assert_eq!(Vector1Op::F32x4Ceil.apply(v([-0.5_f32; 4])), negative);
    assert_eq!(
        Vector1Op::F32x4Nearest.apply(v([2.5_f32, -0.5, 3.5, 1e30])),
        v([2.0_f32, -0.0, 4.0, 1e30])
    );
    assert_eq!(Vector1Op::F32x4Neg.apply(v([SIGNALLING; 4])), v([-SIGNALLING; 4]));
}

#[test]
fn truncation_saturates_and_knows_no_nan() {
    let floats = v([f32::NAN, 1e30, -1e30, -1.9]);
    assert_eq!(
        Vector1Op::I32x4TruncSatF32x4S.apply(floats),
        v([0, i32::MAX, i32::MIN, -1])
    );
    assert_eq!(Vector1Op::I32x4TruncSatF32x4U.apply(floats), v([0, u32::MAX, 0, 0]));
    assert_eq!(Vector1Op::I32x4RelaxedTruncF32x4U.apply(floats), v([0, u32::MAX, 0, 0]));
    let doubles = v([4294967295.9_f64, f64::NAN]);
    assert_eq!(
        Vector1Op::I32x4TruncSatF64x2UZero.apply(doubles),
        v([u32::MAX, 0, 0, 0])
    );
}

#[test]
fn relaxed_multiplication_and_addition_are_rounded_apart() {
    // Rounded once, this would be 2^-24 and not zero.
    let (a, c) = (1.0 + f32::EPSILON, -(1.0 + 2.0 * f32::EPSILON));
    let result = Vector3Op::F32x4RelaxedMadd.apply(v([a; 4]), v([a; 4]), v([c; 4]));
    assert_eq!(result, v([0.0_f32; 4]));
    let result = Vector3Op::F32x4RelaxedNmadd.apply(v([2.0_f32; 4]), v([3.0_f32; 4]), v([7.0_f32; 4]));
    assert_eq!(result, v([1.0_f32; 4]));
}

#[test]
fn bytes_are_picked_by_index() {
    let indices = v([15_u8, 0, 16, 255, 128, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17]);
    let picked = v([15_u8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]);
    assert_eq!(Vector2Op::I8x16Swizzle.apply(COUNTING, indices), picked);
    assert_eq!(Vector2Op::I8x16RelaxedSwizzle.apply(COUNTING, indices), picked);
    let second = Vector2Op::I8x16Add.apply(COUNTING, v([100_u8; 16]));
    let picked = bits::shuffle(COUNTING, second, [31, 0, 16, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(picked.0[..5], [115, 0, 100, 15, 1]);
    let select = Vector3Op::V128Bitselect.apply(v([-1_i32; 4]), V128::ZERO, v([0x0f0f_0f0f; 4]));
    assert_eq!(select, v([0x0f0f_0f0f; 4]));
}

#[test]
fn tests_see_all_lanes() {
    let mut one = V128::ZERO;
    assert_eq!(VectorTestOp::V128AnyTrue.apply(one), 0);
    one.0[15] = 0x80;
    assert_eq!(VectorTestOp::V128AnyTrue.apply(one), 1);
    assert_eq!(VectorTestOp::I8x16Bitmask.apply(one), 0x8000);
    assert_eq!(VectorTestOp::I16x8Bitmask.apply(one), 0x80);
    assert_eq!(VectorTestOp::I64x2Bitmask.apply(one), 2);
    assert_eq!(VectorTestOp::I8x16AllTrue.apply(COUNTING), 0);
    assert_eq!(VectorTestOp::I16x8AllTrue.apply(COUNTING), 1);
}

#[test]
fn shifts_count_modulo_the_width_of_a_lane() {
    assert_eq!(ShiftOp::I8x16Shl.apply(v([0x81_u8; 16]), 9), v([2_u8; 16]));
    assert_eq!(ShiftOp::I8x16ShrS.apply(v([0x81_u8; 16]), 1), v([0xc0_u8; 16]));
    assert_eq!(ShiftOp::I64x2ShrU.apply(v([u64::MAX; 2]), 64 + 63), v([1_u64; 2]));
    assert_eq!(ShiftOp::I64x2ShrS.apply(v([i64::MIN; 2]), 63), v([-1_i64; 2]));
}

#[test]
fn lanes_are_taken_out_and_put_in() {
    let a = v([-1_i8; 16]);
    assert_eq!(ExtractOp::I8x16ExtractLaneS.apply(a, 15), u64::from(u32::MAX));
    assert_eq!(ExtractOp::I8x16ExtractLaneU.apply(a, 15), 255);
    assert_eq!(ExtractOp::I16x8ExtractLaneU.apply(COUNTING, 1), 0x0302);
    assert_eq!(ExtractOp::F32x4ExtractLane.apply(v([SIGNALLING; 4]), 2), 0x7fa0_0000);
    assert_eq!(
        ReplaceOp::I16x8ReplaceLane.apply(V128::ZERO, 7, 0x1_2345),
        v([0, 0, 0, 0x2345_0000])
    );
}

#[test]
fn loads_and_stores_reach_the_last_byte_and_no_further() {
    let memory = COUNTING.0;
    assert_eq!(VectorLoadOp::V128Load.apply(&memory, 0u32, 0), Ok(COUNTING));
    for &op in VectorLoadOp::ALL {
        let past = 17 - op.width() as u32;
        assert!(op.apply(&memory, past - 1, 0).is_ok(), "{op:?}");
        assert_eq!(op.apply(&memory, past, 0), Err(Trap::OutOfBoundsMemoryAccess), "{op:?}");
        let far = op.apply(&memory, u32::MAX, u64::from(u32::MAX));
        assert_eq!(far, Err(Trap::OutOfBoundsMemoryAccess), "{op:?}");
    }
    let extended = v([8_i16, 9, 10, 11, 12, 13, 14, 15]);
    assert_eq!(VectorLoadOp::V128Load8x8S.apply(&memory, 0u32, 8), Ok(extended));
    let zeroed = v([0x0302_0100, 0, 0, 0]);
    assert_eq!(VectorLoadOp::V128Load32Zero.apply(&memory, 0u32, 0), Ok(zeroed));
    let lane = LoadLaneOp::V128Load16Lane.apply(&memory, 14u32, 0, 7, V128::ZERO);
    assert_eq!(lane, Ok(v([0, 0, 0, 0x0f0e_0000])));
    let past = LoadLaneOp::V128Load16Lane.apply(&memory, 15u32, 0, 7, V128::ZERO);
    assert_eq!(past, Err(Trap::OutOfBoundsMemoryAccess));

    let mut memory = [0xaa; 20];
    assert_eq!(VectorStoreOp::V128Store.apply(&mut memory, 4u32, 0, COUNTING), Ok(()));
    assert_eq!((memory[3], &memory[4..]), (0xaa, &COUNTING.0[..]));
    let past = VectorStoreOp::V128Store.apply(&mut memory, 5u32, 0, V128::ZERO);
    assert_eq!(past, Err(Trap::OutOfBoundsMemoryAccess));
    assert_eq!(
        StoreLaneOp::V128Store32Lane.apply(&mut memory, 0u32, 0, 3, COUNTING),
        Ok(())
    );
    assert_eq!(memory[..5], [12, 13, 14, 15, 0]);
    let past = StoreLaneOp::V128Store32Lane.apply(&mut memory, 17u32, 0, 3, V128::ZERO);
    assert_eq!((past, memory[19]), (Err(Trap::OutOfBoundsMemoryAccess), 15));
}
