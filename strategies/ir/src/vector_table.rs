//! The vector part of the instruction table: every operation on `v128`, declared once.
//!
//! # Naming
//!
//! ```text
//! I16x8 ExtendLowI8x16 S      shape, operation, shape it comes from, signedness: `i16x8.extend_low_i8x16_s`
//! ```
//!
//! The names are those that WebAssembly's operators have in the decoder, as in the [scalar table](crate::table).
//!
//! # One row
//!
//! ```text
//! /// r = a + b
//! I8x16Add "i8x16.add" Simd hot { integer::i8x16::add }
//! name     in the text  proposal  how often  semantics
//!          format                 programs run it
//! ```
//!
//! A row's equation holds for each lane. The groups are the shapes of operands, result and immediate; only the
//! braces differ:
//!
//! ```text
//! vector1      (v128) -> v128               { semantics }, or { semantics, nan f32 } if the specification leaves open which
//!                                           NaN it gives in lanes of that type
//! vector2      (v128, v128) -> v128         likewise
//! vector3      (v128, v128, v128) -> v128   likewise
//! vector_test  (v128) -> i32                { semantics }
//! shift        (v128, i32) -> v128          { semantics }
//! splat        (scalar) -> v128             { type in the slot as type of a lane }
//! extract      (v128) -> scalar, lane x     { type of a lane as type in the slot }
//! replace      (v128, scalar) -> v128, lane x   { type in the slot as type of a lane }
//! vector_load  (address) -> v128            { semantics of the bytes, their number }
//! vector_store (address, v128)              { semantics, bytes }
//! load_lane    (address, v128) -> v128, lane x  { type of a lane, bytes }
//! store_lane   (address, v128), lane x      { type of a lane, bytes }
//! ```
//!
//! None but loads and stores can trap. `hot` rows are worth more than one form in a strategy that has several; nothing else
//! depends on it. `v128.const` and `i8x16.shuffle`, whose immediates have 16 bytes, are not here: like the other constants,
//! they are no operation, see [`shuffle`](crate::semantics::vector::tuned::i8x16_shuffle).
//!
//! # What reads it
//!
//! `for_each_vector!` hands the rows to [`vector_ops`](crate::vector_ops). Everything else needs no more than the names:
//! [`for_each_vector_name!`](crate::for_each_vector_name) hands those out, and
//! [`for_each_vector_heat!`](crate::for_each_vector_heat) with each name whether it is hot.

/// Calls `$callback! { vector1 [V128Not ..] vector2 [..] vector3 [..] vector_test [..] shift [..] splat [..] extract [..]
/// replace [..] vector_load [..] vector_store [..] load_lane [..] store_lane [..] }`: the names of the table's rows.
#[macro_export]
macro_rules! for_each_vector_name {
    ($callback:path) => {
        $crate::for_each_vector! { $crate::vector_names_only, $callback }
    };
}

/// Calls `$callback!` as [`for_each_vector_name!`](crate::for_each_vector_name) does, but with `hot` or `cold` after each
/// name: `vector1 [V128Not hot ..]`.
#[macro_export]
macro_rules! for_each_vector_heat {
    ($callback:path) => {
        $crate::for_each_vector! { $crate::vector_names_and_heat, $callback }
    };
}

/// What [`for_each_vector_name!`] makes of the rows.
#[doc(hidden)]
#[macro_export]
macro_rules! vector_names_only {
    (
        $callback:path,
        $($group:ident { $($(#[$doc:meta])* $name:ident $mnemonic:literal $proposal:ident $heat:ident $body:tt)* })*
    ) => {
        $callback! { $($group [$($name)*])* }
    };
}

/// What [`for_each_vector_heat!`] makes of the rows.
#[doc(hidden)]
#[macro_export]
macro_rules! vector_names_and_heat {
    (
        $callback:path,
        $($group:ident { $($(#[$doc:meta])* $name:ident $mnemonic:literal $proposal:ident $heat:ident $body:tt)* })*
    ) => {
        $callback! { $($group [$($name $heat)*])* }
    };
}

/// Calls `$callback! { vector1 {..} vector2 {..} .. }` with every row of the table; what is given after the callback stands
/// before them.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_vector {
    ($callback:path $(, $argument:path)?) => {
        $callback! {
            $($argument,)?
            vector1 {
                /// r = !a
                V128Not "v128.not" Simd hot { bits::not }
                /// r = |a|, wrapping
                I8x16Abs "i8x16.abs" Simd cold { integer::i8x16::abs }
                /// r = -a
                I8x16Neg "i8x16.neg" Simd cold { integer::i8x16::neg }
                /// r = one bits of a
                I8x16Popcnt "i8x16.popcnt" Simd hot { integer::i8x16::popcnt }
                /// r = sums of neighbours in a, sign-extended
                I16x8ExtAddPairwiseI8x16S "i16x8.extadd_pairwise_i8x16_s" Simd hot { widths::i16x8::extadd_pairwise_i8x16_s }
                /// r = sums of neighbours in a, zero-extended
                I16x8ExtAddPairwiseI8x16U "i16x8.extadd_pairwise_i8x16_u" Simd hot { widths::i16x8::extadd_pairwise_i8x16_u }
                /// r = |a|, wrapping
                I16x8Abs "i16x8.abs" Simd cold { integer::i16x8::abs }
                /// r = -a
                I16x8Neg "i16x8.neg" Simd cold { integer::i16x8::neg }
                /// r = the low half of a, sign-extended
                I16x8ExtendLowI8x16S "i16x8.extend_low_i8x16_s" Simd hot { widths::i16x8::extend_low_i8x16_s }
                /// r = the high half of a, sign-extended
                I16x8ExtendHighI8x16S "i16x8.extend_high_i8x16_s" Simd hot { widths::i16x8::extend_high_i8x16_s }
                /// r = the low half of a, zero-extended
                I16x8ExtendLowI8x16U "i16x8.extend_low_i8x16_u" Simd hot { widths::i16x8::extend_low_i8x16_u }
                /// r = the high half of a, zero-extended
                I16x8ExtendHighI8x16U "i16x8.extend_high_i8x16_u" Simd hot { widths::i16x8::extend_high_i8x16_u }
                /// r = sums of neighbours in a, sign-extended
                I32x4ExtAddPairwiseI16x8S "i32x4.extadd_pairwise_i16x8_s" Simd hot { tuned::i32x4_extadd_pairwise_i16x8_s }
                /// r = sums of neighbours in a, zero-extended
                I32x4ExtAddPairwiseI16x8U "i32x4.extadd_pairwise_i16x8_u" Simd hot { widths::i32x4::extadd_pairwise_i16x8_u }
                /// r = |a|, wrapping
                I32x4Abs "i32x4.abs" Simd cold { integer::i32x4::abs }
                /// r = -a
                I32x4Neg "i32x4.neg" Simd cold { integer::i32x4::neg }
                /// r = the low half of a, sign-extended
                I32x4ExtendLowI16x8S "i32x4.extend_low_i16x8_s" Simd hot { widths::i32x4::extend_low_i16x8_s }
                /// r = the high half of a, sign-extended
                I32x4ExtendHighI16x8S "i32x4.extend_high_i16x8_s" Simd hot { widths::i32x4::extend_high_i16x8_s }
                /// r = the low half of a, zero-extended
                I32x4ExtendLowI16x8U "i32x4.extend_low_i16x8_u" Simd hot { widths::i32x4::extend_low_i16x8_u }
                /// r = the high half of a, zero-extended
                I32x4ExtendHighI16x8U "i32x4.extend_high_i16x8_u" Simd hot { widths::i32x4::extend_high_i16x8_u }
                /// r = |a|, wrapping
                I64x2Abs "i64x2.abs" Simd cold { integer::i64x2::abs }
                /// r = -a
                I64x2Neg "i64x2.neg" Simd cold { integer::i64x2::neg }
                /// r = the low half of a, sign-extended
                I64x2ExtendLowI32x4S "i64x2.extend_low_i32x4_s" Simd hot { widths::i64x2::extend_low_i32x4_s }
                /// r = the high half of a, sign-extended
                I64x2ExtendHighI32x4S "i64x2.extend_high_i32x4_s" Simd hot { widths::i64x2::extend_high_i32x4_s }
                /// r = the low half of a, zero-extended
                I64x2ExtendLowI32x4U "i64x2.extend_low_i32x4_u" Simd hot { widths::i64x2::extend_low_i32x4_u }
                /// r = the high half of a, zero-extended
                I64x2ExtendHighI32x4U "i64x2.extend_high_i32x4_u" Simd hot { widths::i64x2::extend_high_i32x4_u }
                /// r = a rounded up
                F32x4Ceil "f32x4.ceil" Simd cold { float::f32x4::ceil, nan f32 }
                /// r = a rounded down
                F32x4Floor "f32x4.floor" Simd cold { float::f32x4::floor, nan f32 }
                /// r = a rounded towards zero
                F32x4Trunc "f32x4.trunc" Simd cold { float::f32x4::trunc, nan f32 }
                /// r = a rounded to nearest, ties to even
                F32x4Nearest "f32x4.nearest" Simd cold { float::f32x4::nearest, nan f32 }
                /// r = a without its sign
                F32x4Abs "f32x4.abs" Simd hot { float::f32x4::abs }
                /// r = -a
                F32x4Neg "f32x4.neg" Simd hot { float::f32x4::neg }
                /// r = square root of a
                F32x4Sqrt "f32x4.sqrt" Simd hot { float::f32x4::sqrt, nan f32 }
                /// r = a rounded up
                F64x2Ceil "f64x2.ceil" Simd cold { float::f64x2::ceil, nan f64 }
                /// r = a rounded down
                F64x2Floor "f64x2.floor" Simd cold { float::f64x2::floor, nan f64 }
                /// r = a rounded towards zero
                F64x2Trunc "f64x2.trunc" Simd cold { float::f64x2::trunc, nan f64 }
                /// r = a rounded to nearest, ties to even
                F64x2Nearest "f64x2.nearest" Simd cold { float::f64x2::nearest, nan f64 }
                /// r = a without its sign
                F64x2Abs "f64x2.abs" Simd cold { float::f64x2::abs }
                /// r = -a
                F64x2Neg "f64x2.neg" Simd hot { float::f64x2::neg }
                /// r = square root of a
                F64x2Sqrt "f64x2.sqrt" Simd cold { float::f64x2::sqrt, nan f64 }
                /// r = a as integers, signed, saturating; NaN is 0
                I32x4TruncSatF32x4S "i32x4.trunc_sat_f32x4_s" Simd hot { tuned::i32x4_trunc_sat_f32x4_s }
                /// r = a as integers, unsigned, saturating; NaN is 0
                I32x4TruncSatF32x4U "i32x4.trunc_sat_f32x4_u" Simd cold { tuned::i32x4_trunc_sat_f32x4_u }
                /// r = a as floats, rounded to nearest, signed
                F32x4ConvertI32x4S "f32x4.convert_i32x4_s" Simd hot { conversions::f32x4::convert_i32x4_s }
                /// r = a as floats, rounded to nearest, unsigned
                F32x4ConvertI32x4U "f32x4.convert_i32x4_u" Simd cold { conversions::f32x4::convert_i32x4_u }
                /// r = a as integers, signed, saturating; NaN is 0; the high half is 0
                I32x4TruncSatF64x2SZero "i32x4.trunc_sat_f64x2_s_zero" Simd cold { tuned::i32x4_trunc_sat_f64x2_s_zero }
                /// r = a as integers, unsigned, saturating; NaN is 0; the high half is 0
                I32x4TruncSatF64x2UZero "i32x4.trunc_sat_f64x2_u_zero" Simd cold { tuned::i32x4_trunc_sat_f64x2_u_zero }
                /// r = the low half of a as floats, signed
                F64x2ConvertLowI32x4S "f64x2.convert_low_i32x4_s" Simd cold { conversions::f64x2::convert_low_i32x4_s }
                /// r = the low half of a as floats, unsigned
                F64x2ConvertLowI32x4U "f64x2.convert_low_i32x4_u" Simd cold { conversions::f64x2::convert_low_i32x4_u }
                /// r = a rounded to nearest; the high half is 0
                F32x4DemoteF64x2Zero "f32x4.demote_f64x2_zero" Simd cold { conversions::f32x4::demote_f64x2_zero, nan f32 }
                /// r = the low half of a, exactly
                F64x2PromoteLowF32x4 "f64x2.promote_low_f32x4" Simd hot { conversions::f64x2::promote_low_f32x4, nan f64 }
                /// r = a as integers, signed; always saturating, NaN is 0
                I32x4RelaxedTruncF32x4S "i32x4.relaxed_trunc_f32x4_s" RelaxedSimd cold { tuned::i32x4_trunc_sat_f32x4_s }
                /// r = a as integers, unsigned; always saturating, NaN is 0
                I32x4RelaxedTruncF32x4U "i32x4.relaxed_trunc_f32x4_u" RelaxedSimd cold { tuned::i32x4_trunc_sat_f32x4_u }
                /// r = a as integers, signed; always saturating, NaN is 0; the high half is 0
                I32x4RelaxedTruncF64x2SZero "i32x4.relaxed_trunc_f64x2_s_zero" RelaxedSimd cold { tuned::i32x4_trunc_sat_f64x2_s_zero }
                /// r = a as integers, unsigned; always saturating, NaN is 0; the high half is 0
                I32x4RelaxedTruncF64x2UZero "i32x4.relaxed_trunc_f64x2_u_zero" RelaxedSimd cold { tuned::i32x4_trunc_sat_f64x2_u_zero }
            }
            vector2 {
                /// r = the bytes of a at the indices b, zero past the end
                I8x16Swizzle "i8x16.swizzle" Simd hot { tuned::i8x16_swizzle }
                /// r = a == b: all ones or zero
                I8x16Eq "i8x16.eq" Simd hot { integer::i8x16::eq }
                /// r = a != b: all ones or zero
                I8x16Ne "i8x16.ne" Simd hot { integer::i8x16::ne }
                /// r = a < b, signed: all ones or zero
                I8x16LtS "i8x16.lt_s" Simd cold { integer::i8x16::lt_s }
                /// r = a < b, unsigned: all ones or zero
                I8x16LtU "i8x16.lt_u" Simd hot { integer::i8x16::lt_u }
                /// r = a > b, signed: all ones or zero
                I8x16GtS "i8x16.gt_s" Simd hot { integer::i8x16::gt_s }
                /// r = a > b, unsigned: all ones or zero
                I8x16GtU "i8x16.gt_u" Simd hot { integer::i8x16::gt_u }
                /// r = a <= b, signed: all ones or zero
                I8x16LeS "i8x16.le_s" Simd cold { integer::i8x16::le_s }
                /// r = a <= b, unsigned: all ones or zero
                I8x16LeU "i8x16.le_u" Simd cold { integer::i8x16::le_u }
                /// r = a >= b, signed: all ones or zero
                I8x16GeS "i8x16.ge_s" Simd cold { integer::i8x16::ge_s }
                /// r = a >= b, unsigned: all ones or zero
                I8x16GeU "i8x16.ge_u" Simd cold { integer::i8x16::ge_u }
                /// r = a == b: all ones or zero
                I16x8Eq "i16x8.eq" Simd hot { integer::i16x8::eq }
                /// r = a != b: all ones or zero
                I16x8Ne "i16x8.ne" Simd cold { integer::i16x8::ne }
                /// r = a < b, signed: all ones or zero
                I16x8LtS "i16x8.lt_s" Simd cold { integer::i16x8::lt_s }
                /// r = a < b, unsigned: all ones or zero
                I16x8LtU "i16x8.lt_u" Simd cold { integer::i16x8::lt_u }
                /// r = a > b, signed: all ones or zero
                I16x8GtS "i16x8.gt_s" Simd hot { integer::i16x8::gt_s }
                /// r = a > b, unsigned: all ones or zero
                I16x8GtU "i16x8.gt_u" Simd cold { integer::i16x8::gt_u }
                /// r = a <= b, signed: all ones or zero
                I16x8LeS "i16x8.le_s" Simd cold { integer::i16x8::le_s }
                /// r = a <= b, unsigned: all ones or zero
                I16x8LeU "i16x8.le_u" Simd cold { integer::i16x8::le_u }
                /// r = a >= b, signed: all ones or zero
                I16x8GeS "i16x8.ge_s" Simd cold { integer::i16x8::ge_s }
                /// r = a >= b, unsigned: all ones or zero
                I16x8GeU "i16x8.ge_u" Simd cold { integer::i16x8::ge_u }
                /// r = a == b: all ones or zero
                I32x4Eq "i32x4.eq" Simd hot { integer::i32x4::eq }
                /// r = a != b: all ones or zero
                I32x4Ne "i32x4.ne" Simd cold { integer::i32x4::ne }
                /// r = a < b, signed: all ones or zero
                I32x4LtS "i32x4.lt_s" Simd hot { integer::i32x4::lt_s }
                /// r = a < b, unsigned: all ones or zero
                I32x4LtU "i32x4.lt_u" Simd cold { integer::i32x4::lt_u }
                /// r = a > b, signed: all ones or zero
                I32x4GtS "i32x4.gt_s" Simd hot { integer::i32x4::gt_s }
                /// r = a > b, unsigned: all ones or zero
                I32x4GtU "i32x4.gt_u" Simd cold { integer::i32x4::gt_u }
                /// r = a <= b, signed: all ones or zero
                I32x4LeS "i32x4.le_s" Simd cold { integer::i32x4::le_s }
                /// r = a <= b, unsigned: all ones or zero
                I32x4LeU "i32x4.le_u" Simd cold { integer::i32x4::le_u }
                /// r = a >= b, signed: all ones or zero
                I32x4GeS "i32x4.ge_s" Simd cold { integer::i32x4::ge_s }
                /// r = a >= b, unsigned: all ones or zero
                I32x4GeU "i32x4.ge_u" Simd cold { integer::i32x4::ge_u }
                /// r = a == b: all ones or zero
                I64x2Eq "i64x2.eq" Simd cold { integer::i64x2::eq }
                /// r = a != b: all ones or zero
                I64x2Ne "i64x2.ne" Simd cold { integer::i64x2::ne }
                /// r = a < b, signed: all ones or zero
                I64x2LtS "i64x2.lt_s" Simd cold { tuned::i64x2_lt_s }
                /// r = a > b, signed: all ones or zero
                I64x2GtS "i64x2.gt_s" Simd cold { tuned::i64x2_gt_s }
                /// r = a <= b, signed: all ones or zero
                I64x2LeS "i64x2.le_s" Simd cold { tuned::i64x2_le_s }
                /// r = a >= b, signed: all ones or zero
                I64x2GeS "i64x2.ge_s" Simd cold { tuned::i64x2_ge_s }
                /// r = a == b: all ones or zero
                F32x4Eq "f32x4.eq" Simd hot { float::f32x4::eq }
                /// r = a != b: all ones or zero
                F32x4Ne "f32x4.ne" Simd cold { float::f32x4::ne }
                /// r = a < b: all ones or zero
                F32x4Lt "f32x4.lt" Simd hot { float::f32x4::lt }
                /// r = a > b: all ones or zero
                F32x4Gt "f32x4.gt" Simd hot { float::f32x4::gt }
                /// r = a <= b: all ones or zero
                F32x4Le "f32x4.le" Simd hot { float::f32x4::le }
                /// r = a >= b: all ones or zero
                F32x4Ge "f32x4.ge" Simd hot { float::f32x4::ge }
                /// r = a == b: all ones or zero
                F64x2Eq "f64x2.eq" Simd cold { float::f64x2::eq }
                /// r = a != b: all ones or zero
                F64x2Ne "f64x2.ne" Simd cold { float::f64x2::ne }
                /// r = a < b: all ones or zero
                F64x2Lt "f64x2.lt" Simd cold { float::f64x2::lt }
                /// r = a > b: all ones or zero
                F64x2Gt "f64x2.gt" Simd cold { float::f64x2::gt }
                /// r = a <= b: all ones or zero
                F64x2Le "f64x2.le" Simd cold { float::f64x2::le }
                /// r = a >= b: all ones or zero
                F64x2Ge "f64x2.ge" Simd cold { float::f64x2::ge }
                /// r = a & b
                V128And "v128.and" Simd hot { bits::and }
                /// r = a & !b
                V128AndNot "v128.andnot" Simd hot { bits::andnot }
                /// r = a | b
                V128Or "v128.or" Simd hot { bits::or }
                /// r = a ^ b
                V128Xor "v128.xor" Simd hot { bits::xor }
                /// r = lanes of a, then of b, signed, saturating to i8 signed
                I8x16NarrowI16x8S "i8x16.narrow_i16x8_s" Simd hot { widths::i8x16::narrow_i16x8_s }
                /// r = lanes of a, then of b, signed, saturating to i8 unsigned
                I8x16NarrowI16x8U "i8x16.narrow_i16x8_u" Simd hot { widths::i8x16::narrow_i16x8_u }
                /// r = a + b
                I8x16Add "i8x16.add" Simd hot { integer::i8x16::add }
                /// r = a + b, saturating, signed
                I8x16AddSatS "i8x16.add_sat_s" Simd cold { integer::i8x16::add_sat_s }
                /// r = a + b, saturating, unsigned
                I8x16AddSatU "i8x16.add_sat_u" Simd hot { integer::i8x16::add_sat_u }
                /// r = a - b
                I8x16Sub "i8x16.sub" Simd hot { integer::i8x16::sub }
                /// r = a - b, saturating, signed
                I8x16SubSatS "i8x16.sub_sat_s" Simd cold { integer::i8x16::sub_sat_s }
                /// r = a - b, saturating, unsigned
                I8x16SubSatU "i8x16.sub_sat_u" Simd hot { integer::i8x16::sub_sat_u }
                /// r = the lesser of a and b, signed
                I8x16MinS "i8x16.min_s" Simd cold { integer::i8x16::min_s }
                /// r = the lesser of a and b, unsigned
                I8x16MinU "i8x16.min_u" Simd hot { integer::i8x16::min_u }
                /// r = the greater of a and b, signed
                I8x16MaxS "i8x16.max_s" Simd cold { integer::i8x16::max_s }
                /// r = the greater of a and b, unsigned
                I8x16MaxU "i8x16.max_u" Simd hot { integer::i8x16::max_u }
                /// r = (a + b + 1) / 2, unsigned
                I8x16AvgrU "i8x16.avgr_u" Simd cold { tuned::i8x16_avgr_u }
                /// r = (a * b + 0x4000) >> 15, saturating, signed
                I16x8Q15MulrSatS "i16x8.q15mulr_sat_s" Simd hot { tuned::i16x8_q15mulr_sat_s }
                /// r = lanes of a, then of b, signed, saturating to i16 signed
                I16x8NarrowI32x4S "i16x8.narrow_i32x4_s" Simd hot { widths::i16x8::narrow_i32x4_s }
                /// r = lanes of a, then of b, signed, saturating to i16 unsigned
                I16x8NarrowI32x4U "i16x8.narrow_i32x4_u" Simd cold { tuned::i16x8_narrow_i32x4_u }
                /// r = a + b
                I16x8Add "i16x8.add" Simd hot { integer::i16x8::add }
                /// r = a + b, saturating, signed
                I16x8AddSatS "i16x8.add_sat_s" Simd hot { integer::i16x8::add_sat_s }
                /// r = a + b, saturating, unsigned
                I16x8AddSatU "i16x8.add_sat_u" Simd cold { integer::i16x8::add_sat_u }
                /// r = a - b
                I16x8Sub "i16x8.sub" Simd hot { integer::i16x8::sub }
                /// r = a - b, saturating, signed
                I16x8SubSatS "i16x8.sub_sat_s" Simd cold { integer::i16x8::sub_sat_s }
                /// r = a - b, saturating, unsigned
                I16x8SubSatU "i16x8.sub_sat_u" Simd cold { integer::i16x8::sub_sat_u }
                /// r = a * b
                I16x8Mul "i16x8.mul" Simd hot { integer::i16x8::mul }
                /// r = the lesser of a and b, signed
                I16x8MinS "i16x8.min_s" Simd hot { integer::i16x8::min_s }
                /// r = the lesser of a and b, unsigned
                I16x8MinU "i16x8.min_u" Simd cold { integer::i16x8::min_u }
                /// r = the greater of a and b, signed
                I16x8MaxS "i16x8.max_s" Simd hot { integer::i16x8::max_s }
                /// r = the greater of a and b, unsigned
                I16x8MaxU "i16x8.max_u" Simd cold { integer::i16x8::max_u }
                /// r = (a + b + 1) / 2, unsigned
                I16x8AvgrU "i16x8.avgr_u" Simd cold { tuned::i16x8_avgr_u }
                /// r = a * b, of the low halves, sign-extended
                I16x8ExtMulLowI8x16S "i16x8.extmul_low_i8x16_s" Simd cold { widths::i16x8::extmul_low_i8x16_s }
                /// r = a * b, of the high halves, sign-extended
                I16x8ExtMulHighI8x16S "i16x8.extmul_high_i8x16_s" Simd cold { widths::i16x8::extmul_high_i8x16_s }
                /// r = a * b, of the low halves, zero-extended
                I16x8ExtMulLowI8x16U "i16x8.extmul_low_i8x16_u" Simd hot { widths::i16x8::extmul_low_i8x16_u }
                /// r = a * b, of the high halves, zero-extended
                I16x8ExtMulHighI8x16U "i16x8.extmul_high_i8x16_u" Simd hot { widths::i16x8::extmul_high_i8x16_u }
                /// r = a + b
                I32x4Add "i32x4.add" Simd hot { integer::i32x4::add }
                /// r = a - b
                I32x4Sub "i32x4.sub" Simd hot { integer::i32x4::sub }
                /// r = a * b
                I32x4Mul "i32x4.mul" Simd hot { integer::i32x4::mul }
                /// r = the lesser of a and b, signed
                I32x4MinS "i32x4.min_s" Simd hot { integer::i32x4::min_s }
                /// r = the lesser of a and b, unsigned
                I32x4MinU "i32x4.min_u" Simd cold { integer::i32x4::min_u }
                /// r = the greater of a and b, signed
                I32x4MaxS "i32x4.max_s" Simd hot { integer::i32x4::max_s }
                /// r = the greater of a and b, unsigned
                I32x4MaxU "i32x4.max_u" Simd cold { integer::i32x4::max_u }
                /// r = sums of neighbours in a * b, signed
                I32x4DotI16x8S "i32x4.dot_i16x8_s" Simd hot { tuned::i32x4_dot_i16x8_s }
                /// r = a * b, of the low halves, sign-extended
                I32x4ExtMulLowI16x8S "i32x4.extmul_low_i16x8_s" Simd hot { widths::i32x4::extmul_low_i16x8_s }
                /// r = a * b, of the high halves, sign-extended
                I32x4ExtMulHighI16x8S "i32x4.extmul_high_i16x8_s" Simd hot { widths::i32x4::extmul_high_i16x8_s }
                /// r = a * b, of the low halves, zero-extended
                I32x4ExtMulLowI16x8U "i32x4.extmul_low_i16x8_u" Simd cold { widths::i32x4::extmul_low_i16x8_u }
                /// r = a * b, of the high halves, zero-extended
                I32x4ExtMulHighI16x8U "i32x4.extmul_high_i16x8_u" Simd cold { widths::i32x4::extmul_high_i16x8_u }
                /// r = a + b
                I64x2Add "i64x2.add" Simd hot { integer::i64x2::add }
                /// r = a - b
                I64x2Sub "i64x2.sub" Simd hot { integer::i64x2::sub }
                /// r = a * b
                I64x2Mul "i64x2.mul" Simd hot { integer::i64x2::mul }
                /// r = a * b, of the low halves, sign-extended
                I64x2ExtMulLowI32x4S "i64x2.extmul_low_i32x4_s" Simd cold { widths::i64x2::extmul_low_i32x4_s }
                /// r = a * b, of the high halves, sign-extended
                I64x2ExtMulHighI32x4S "i64x2.extmul_high_i32x4_s" Simd cold { widths::i64x2::extmul_high_i32x4_s }
                /// r = a * b, of the low halves, zero-extended
                I64x2ExtMulLowI32x4U "i64x2.extmul_low_i32x4_u" Simd hot { widths::i64x2::extmul_low_i32x4_u }
                /// r = a * b, of the high halves, zero-extended
                I64x2ExtMulHighI32x4U "i64x2.extmul_high_i32x4_u" Simd cold { widths::i64x2::extmul_high_i32x4_u }
                /// r = a + b
                F32x4Add "f32x4.add" Simd hot { float::f32x4::add, nan f32 }
                /// r = a - b
                F32x4Sub "f32x4.sub" Simd hot { float::f32x4::sub, nan f32 }
                /// r = a * b
                F32x4Mul "f32x4.mul" Simd hot { float::f32x4::mul, nan f32 }
                /// r = a / b
                F32x4Div "f32x4.div" Simd hot { float::f32x4::div, nan f32 }
                /// r = the lesser of a and b, NaN if either is
                F32x4Min "f32x4.min" Simd hot { tuned::f32x4_min, nan f32 }
                /// r = the greater of a and b, NaN if either is
                F32x4Max "f32x4.max" Simd hot { tuned::f32x4_max, nan f32 }
                /// r = b < a ? b : a
                F32x4PMin "f32x4.pmin" Simd hot { float::f32x4::pmin }
                /// r = a < b ? b : a
                F32x4PMax "f32x4.pmax" Simd hot { float::f32x4::pmax }
                /// r = a + b
                F64x2Add "f64x2.add" Simd hot { float::f64x2::add, nan f64 }
                /// r = a - b
                F64x2Sub "f64x2.sub" Simd hot { float::f64x2::sub, nan f64 }
                /// r = a * b
                F64x2Mul "f64x2.mul" Simd hot { float::f64x2::mul, nan f64 }
                /// r = a / b
                F64x2Div "f64x2.div" Simd hot { float::f64x2::div, nan f64 }
                /// r = the lesser of a and b, NaN if either is
                F64x2Min "f64x2.min" Simd cold { tuned::f64x2_min, nan f64 }
                /// r = the greater of a and b, NaN if either is
                F64x2Max "f64x2.max" Simd cold { tuned::f64x2_max, nan f64 }
                /// r = b < a ? b : a
                F64x2PMin "f64x2.pmin" Simd cold { float::f64x2::pmin }
                /// r = a < b ? b : a
                F64x2PMax "f64x2.pmax" Simd cold { float::f64x2::pmax }
                /// r = the bytes of a at the indices b; always zero past the end
                I8x16RelaxedSwizzle "i8x16.relaxed_swizzle" RelaxedSimd cold { tuned::i8x16_swizzle }
                /// r = the lesser of a and b; always NaN if either is
                F32x4RelaxedMin "f32x4.relaxed_min" RelaxedSimd cold { tuned::f32x4_min, nan f32 }
                /// r = the greater of a and b; always NaN if either is
                F32x4RelaxedMax "f32x4.relaxed_max" RelaxedSimd cold { tuned::f32x4_max, nan f32 }
                /// r = the lesser of a and b; always NaN if either is
                F64x2RelaxedMin "f64x2.relaxed_min" RelaxedSimd cold { tuned::f64x2_min, nan f64 }
                /// r = the greater of a and b; always NaN if either is
                F64x2RelaxedMax "f64x2.relaxed_max" RelaxedSimd cold { tuned::f64x2_max, nan f64 }
                /// r = (a * b + 0x4000) >> 15; always saturating
                I16x8RelaxedQ15mulrS "i16x8.relaxed_q15mulr_s" RelaxedSimd cold { tuned::i16x8_q15mulr_sat_s }
                /// r = sums of neighbours in a * b; always signed, wrapping
                I16x8RelaxedDotI8x16I7x16S "i16x8.relaxed_dot_i8x16_i7x16_s" RelaxedSimd cold { tuned::i16x8_relaxed_dot_i8x16_i7x16_s }
            }
            vector3 {
                /// r = bits of a where c is one, else of b
                V128Bitselect "v128.bitselect" Simd hot { bits::bitselect }
                /// r = a * b + c; always rounded twice
                F32x4RelaxedMadd "f32x4.relaxed_madd" RelaxedSimd hot { float::f32x4::madd, nan f32 }
                /// r = -(a * b) + c; always rounded twice
                F32x4RelaxedNmadd "f32x4.relaxed_nmadd" RelaxedSimd cold { float::f32x4::nmadd, nan f32 }
                /// r = a * b + c; always rounded twice
                F64x2RelaxedMadd "f64x2.relaxed_madd" RelaxedSimd hot { float::f64x2::madd, nan f64 }
                /// r = -(a * b) + c; always rounded twice
                F64x2RelaxedNmadd "f64x2.relaxed_nmadd" RelaxedSimd cold { float::f64x2::nmadd, nan f64 }
                /// r = bits of a where c is one, else of b; always bit by bit
                I8x16RelaxedLaneselect "i8x16.relaxed_laneselect" RelaxedSimd cold { bits::bitselect }
                /// r = bits of a where c is one, else of b; always bit by bit
                I16x8RelaxedLaneselect "i16x8.relaxed_laneselect" RelaxedSimd cold { bits::bitselect }
                /// r = bits of a where c is one, else of b; always bit by bit
                I32x4RelaxedLaneselect "i32x4.relaxed_laneselect" RelaxedSimd cold { bits::bitselect }
                /// r = bits of a where c is one, else of b; always bit by bit
                I64x2RelaxedLaneselect "i64x2.relaxed_laneselect" RelaxedSimd cold { bits::bitselect }
                /// r = sums of four neighbours in a * b, plus c; always signed, sums of two wrapping
                I32x4RelaxedDotI8x16I7x16AddS "i32x4.relaxed_dot_i8x16_i7x16_add_s" RelaxedSimd cold { tuned::i32x4_relaxed_dot_i8x16_i7x16_add_s }
            }
            vector_test {
                /// r = any bit of a is one
                V128AnyTrue "v128.any_true" Simd hot { bits::any_true }
                /// r = no lane of a is zero
                I8x16AllTrue "i8x16.all_true" Simd hot { integer::i8x16::all_true }
                /// r = the sign bits of the lanes of a, lane 0 lowest
                I8x16Bitmask "i8x16.bitmask" Simd hot { tuned::i8x16_bitmask }
                /// r = no lane of a is zero
                I16x8AllTrue "i16x8.all_true" Simd hot { integer::i16x8::all_true }
                /// r = the sign bits of the lanes of a, lane 0 lowest
                I16x8Bitmask "i16x8.bitmask" Simd hot { tuned::i16x8_bitmask }
                /// r = no lane of a is zero
                I32x4AllTrue "i32x4.all_true" Simd hot { integer::i32x4::all_true }
                /// r = the sign bits of the lanes of a, lane 0 lowest
                I32x4Bitmask "i32x4.bitmask" Simd hot { tuned::i32x4_bitmask }
                /// r = no lane of a is zero
                I64x2AllTrue "i64x2.all_true" Simd hot { integer::i64x2::all_true }
                /// r = the sign bits of the lanes of a, lane 0 lowest
                I64x2Bitmask "i64x2.bitmask" Simd cold { tuned::i64x2_bitmask }
            }
            shift {
                /// r = a << (b mod width)
                I8x16Shl "i8x16.shl" Simd cold { integer::i8x16::shl }
                /// r = a >> (b mod width), signed
                I8x16ShrS "i8x16.shr_s" Simd cold { tuned::i8x16_shr_s }
                /// r = a >> (b mod width), unsigned
                I8x16ShrU "i8x16.shr_u" Simd cold { integer::i8x16::shr_u }
                /// r = a << (b mod width)
                I16x8Shl "i16x8.shl" Simd hot { integer::i16x8::shl }
                /// r = a >> (b mod width), signed
                I16x8ShrS "i16x8.shr_s" Simd hot { integer::i16x8::shr_s }
                /// r = a >> (b mod width), unsigned
                I16x8ShrU "i16x8.shr_u" Simd hot { integer::i16x8::shr_u }
                /// r = a << (b mod width)
                I32x4Shl "i32x4.shl" Simd hot { integer::i32x4::shl }
                /// r = a >> (b mod width), signed
                I32x4ShrS "i32x4.shr_s" Simd hot { integer::i32x4::shr_s }
                /// r = a >> (b mod width), unsigned
                I32x4ShrU "i32x4.shr_u" Simd hot { integer::i32x4::shr_u }
                /// r = a << (b mod width)
                I64x2Shl "i64x2.shl" Simd hot { integer::i64x2::shl }
                /// r = a >> (b mod width), signed
                I64x2ShrS "i64x2.shr_s" Simd hot { integer::i64x2::shr_s }
                /// r = a >> (b mod width), unsigned
                I64x2ShrU "i64x2.shr_u" Simd hot { integer::i64x2::shr_u }
            }
            splat {
                /// r = a in every lane
                I8x16Splat "i8x16.splat" Simd hot { u32 as u8 }
                /// r = a in every lane
                I16x8Splat "i16x8.splat" Simd hot { u32 as u16 }
                /// r = a in every lane
                I32x4Splat "i32x4.splat" Simd hot { u32 as u32 }
                /// r = a in every lane
                I64x2Splat "i64x2.splat" Simd hot { u64 as u64 }
                /// r = a in every lane
                F32x4Splat "f32x4.splat" Simd hot { f32 as f32 }
                /// r = a in every lane
                F64x2Splat "f64x2.splat" Simd hot { f64 as f64 }
            }
            extract {
                /// r = lane x of a, sign-extended
                I8x16ExtractLaneS "i8x16.extract_lane_s" Simd hot { i8 as i32 }
                /// r = lane x of a, zero-extended
                I8x16ExtractLaneU "i8x16.extract_lane_u" Simd hot { u8 as u32 }
                /// r = lane x of a, sign-extended
                I16x8ExtractLaneS "i16x8.extract_lane_s" Simd hot { i16 as i32 }
                /// r = lane x of a, zero-extended
                I16x8ExtractLaneU "i16x8.extract_lane_u" Simd hot { u16 as u32 }
                /// r = lane x of a
                I32x4ExtractLane "i32x4.extract_lane" Simd hot { u32 as u32 }
                /// r = lane x of a
                I64x2ExtractLane "i64x2.extract_lane" Simd hot { u64 as u64 }
                /// r = lane x of a
                F32x4ExtractLane "f32x4.extract_lane" Simd hot { f32 as f32 }
                /// r = lane x of a
                F64x2ExtractLane "f64x2.extract_lane" Simd hot { f64 as f64 }
            }
            replace {
                /// r = a with b in lane x
                I8x16ReplaceLane "i8x16.replace_lane" Simd cold { u32 as u8 }
                /// r = a with b in lane x
                I16x8ReplaceLane "i16x8.replace_lane" Simd cold { u32 as u16 }
                /// r = a with b in lane x
                I32x4ReplaceLane "i32x4.replace_lane" Simd cold { u32 as u32 }
                /// r = a with b in lane x
                I64x2ReplaceLane "i64x2.replace_lane" Simd cold { u64 as u64 }
                /// r = a with b in lane x
                F32x4ReplaceLane "f32x4.replace_lane" Simd cold { f32 as f32 }
                /// r = a with b in lane x
                F64x2ReplaceLane "f64x2.replace_lane" Simd cold { f64 as f64 }
            }
            vector_load {
                /// r = 16 bytes at a
                V128Load "v128.load" Simd hot { memory::load, 16 }
                /// r = 8 integers of 8 bits at a, each sign-extended to twice its width
                V128Load8x8S "v128.load8x8_s" Simd hot { tuned::load8x8_s, 8 }
                /// r = 8 integers of 8 bits at a, each zero-extended to twice its width
                V128Load8x8U "v128.load8x8_u" Simd hot { tuned::load8x8_u, 8 }
                /// r = 4 integers of 16 bits at a, each sign-extended to twice its width
                V128Load16x4S "v128.load16x4_s" Simd hot { tuned::load16x4_s, 8 }
                /// r = 4 integers of 16 bits at a, each zero-extended to twice its width
                V128Load16x4U "v128.load16x4_u" Simd hot { tuned::load16x4_u, 8 }
                /// r = 2 integers of 32 bits at a, each sign-extended to twice its width
                V128Load32x2S "v128.load32x2_s" Simd hot { memory::load32x2_s, 8 }
                /// r = 2 integers of 32 bits at a, each zero-extended to twice its width
                V128Load32x2U "v128.load32x2_u" Simd hot { memory::load32x2_u, 8 }
                /// r = 8 bits at a, in every lane
                V128Load8Splat "v128.load8_splat" Simd hot { memory::load8_splat, 1 }
                /// r = 16 bits at a, in every lane
                V128Load16Splat "v128.load16_splat" Simd hot { memory::load16_splat, 2 }
                /// r = 32 bits at a, in every lane
                V128Load32Splat "v128.load32_splat" Simd hot { memory::load32_splat, 4 }
                /// r = 64 bits at a, in every lane
                V128Load64Splat "v128.load64_splat" Simd hot { memory::load64_splat, 8 }
                /// r = 32 bits at a in the lowest lane; the others are 0
                V128Load32Zero "v128.load32_zero" Simd hot { memory::load32_zero, 4 }
                /// r = 64 bits at a in the lowest lane; the others are 0
                V128Load64Zero "v128.load64_zero" Simd hot { memory::load64_zero, 8 }
            }
            vector_store {
                /// 16 bytes at a = b
                V128Store "v128.store" Simd hot { memory::store, 16 }
            }
            load_lane {
                /// r = b with 8 bits at a in lane x
                V128Load8Lane "v128.load8_lane" Simd cold { u8, 1 }
                /// r = b with 16 bits at a in lane x
                V128Load16Lane "v128.load16_lane" Simd cold { u16, 2 }
                /// r = b with 32 bits at a in lane x
                V128Load32Lane "v128.load32_lane" Simd cold { u32, 4 }
                /// r = b with 64 bits at a in lane x
                V128Load64Lane "v128.load64_lane" Simd cold { u64, 8 }
            }
            store_lane {
                /// 8 bits at a = lane x of b
                V128Store8Lane "v128.store8_lane" Simd cold { u8, 1 }
                /// 16 bits at a = lane x of b
                V128Store16Lane "v128.store16_lane" Simd cold { u16, 2 }
                /// 32 bits at a = lane x of b
                V128Store32Lane "v128.store32_lane" Simd cold { u32, 4 }
                /// 64 bits at a = lane x of b
                V128Store64Lane "v128.store64_lane" Simd cold { u64, 8 }
            }
        }
    };
}
