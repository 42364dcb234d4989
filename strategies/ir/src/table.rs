//! The instruction table: every instruction that computes, declared once.
//!
//! # Naming
//!
//! ```text
//! I32 DivS         operand or result type, operation, signedness: `i32.div_s`
//! I64 TruncF32 U   result type, operation, operand type, signedness: `i64.trunc_f32_u`
//! ```
//!
//! # One row
//!
//! ```text
//! /// r = a / b, signed; traps on b == 0 and on overflow
//! I32DivS: integer::int32::div_s(i32, i32) -> i32, trap, "i32.div_s";
//! name     semantics             operands     result kind  mnemonic of the text format
//! ```
//!
//! Loads and stores name the type in memory, the type in the slot and the width in bytes.
//!
//! [`for_each_instruction!`](crate::for_each_instruction) hands all rows to a macro of the caller's. The enumerations,
//! the disassembler, the verifier, the flat view and every strategy expand over it, so an instruction is added in one
//! place and a strategy that has no code for it does not compile. Control flow is not here: see
//! [`code`](crate::code).

/// Calls `$callback! { unary {..} test {..} value {..} load {..} store {..} }` with every row of the table.
///
/// `test` rows are binary operations with an `i32` result that are worth fusing with a branch; `value` rows are all
/// other binary operations.
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:path) => {
        $callback! {
            unary {
                /// r = leading zero bits of a
                I32Clz: integer::int32::clz(u32) -> u32, pure, "i32.clz";
                /// r = trailing zero bits of a
                I32Ctz: integer::int32::ctz(u32) -> u32, pure, "i32.ctz";
                /// r = one bits of a
                I32Popcnt: integer::int32::popcnt(u32) -> u32, pure, "i32.popcnt";
                /// r = a == 0
                I32Eqz: integer::int32::eqz(u32) -> u32, pure, "i32.eqz";
                /// r = low 8 bits of a, sign-extended
                I32Extend8S: integer::int32::extend8_s(u32) -> u32, pure, "i32.extend8_s";
                /// r = low 16 bits of a, sign-extended
                I32Extend16S: integer::int32::extend16_s(u32) -> u32, pure, "i32.extend16_s";
                /// r = leading zero bits of a
                I64Clz: integer::int64::clz(u64) -> u64, pure, "i64.clz";
                /// r = trailing zero bits of a
                I64Ctz: integer::int64::ctz(u64) -> u64, pure, "i64.ctz";
                /// r = one bits of a
                I64Popcnt: integer::int64::popcnt(u64) -> u64, pure, "i64.popcnt";
                /// r = a == 0
                I64Eqz: integer::int64::eqz(u64) -> u32, pure, "i64.eqz";
                /// r = low 8 bits of a, sign-extended
                I64Extend8S: integer::int64::extend8_s(u64) -> u64, pure, "i64.extend8_s";
                /// r = low 16 bits of a, sign-extended
                I64Extend16S: integer::int64::extend16_s(u64) -> u64, pure, "i64.extend16_s";
                /// r = low 32 bits of a, sign-extended
                I64Extend32S: integer::int64::extend32_s(u64) -> u64, pure, "i64.extend32_s";
                /// r = a without its sign
                F32Abs: float::float32::abs(f32) -> f32, pure, "f32.abs";
                /// r = -a
                F32Neg: float::float32::neg(f32) -> f32, pure, "f32.neg";
                /// r = a rounded up
                F32Ceil: float::float32::ceil(f32) -> f32, pure, "f32.ceil";
                /// r = a rounded down
                F32Floor: float::float32::floor(f32) -> f32, pure, "f32.floor";
                /// r = a rounded towards zero
                F32Trunc: float::float32::trunc(f32) -> f32, pure, "f32.trunc";
                /// r = a rounded to nearest, ties to even
                F32Nearest: float::float32::nearest(f32) -> f32, pure, "f32.nearest";
                /// r = square root of a
                F32Sqrt: float::float32::sqrt(f32) -> f32, pure, "f32.sqrt";
                /// r = a without its sign
                F64Abs: float::float64::abs(f64) -> f64, pure, "f64.abs";
                /// r = -a
                F64Neg: float::float64::neg(f64) -> f64, pure, "f64.neg";
                /// r = a rounded up
                F64Ceil: float::float64::ceil(f64) -> f64, pure, "f64.ceil";
                /// r = a rounded down
                F64Floor: float::float64::floor(f64) -> f64, pure, "f64.floor";
                /// r = a rounded towards zero
                F64Trunc: float::float64::trunc(f64) -> f64, pure, "f64.trunc";
                /// r = a rounded to nearest, ties to even
                F64Nearest: float::float64::nearest(f64) -> f64, pure, "f64.nearest";
                /// r = square root of a
                F64Sqrt: float::float64::sqrt(f64) -> f64, pure, "f64.sqrt";
                /// r = low 32 bits of a
                I32WrapI64: integer::wrap(u64) -> u32, pure, "i32.wrap_i64";
                /// r = a, sign-extended
                I64ExtendI32S: integer::extend_s(i32) -> i64, pure, "i64.extend_i32_s";
                /// r = a, zero-extended
                I64ExtendI32U: integer::extend_u(u32) -> u64, pure, "i64.extend_i32_u";
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF32S: float::i32_trunc_f32_s(f32) -> i32, trap, "i32.trunc_f32_s";
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF32U: float::i32_trunc_f32_u(f32) -> u32, trap, "i32.trunc_f32_u";
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF64S: float::i32_trunc_f64_s(f64) -> i32, trap, "i32.trunc_f64_s";
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF64U: float::i32_trunc_f64_u(f64) -> u32, trap, "i32.trunc_f64_u";
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF32S: float::i64_trunc_f32_s(f32) -> i64, trap, "i64.trunc_f32_s";
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF32U: float::i64_trunc_f32_u(f32) -> u64, trap, "i64.trunc_f32_u";
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF64S: float::i64_trunc_f64_s(f64) -> i64, trap, "i64.trunc_f64_s";
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF64U: float::i64_trunc_f64_u(f64) -> u64, trap, "i64.trunc_f64_u";
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF32S: float::i32_trunc_sat_f32_s(f32) -> i32, pure, "i32.trunc_sat_f32_s";
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF32U: float::i32_trunc_sat_f32_u(f32) -> u32, pure, "i32.trunc_sat_f32_u";
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF64S: float::i32_trunc_sat_f64_s(f64) -> i32, pure, "i32.trunc_sat_f64_s";
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF64U: float::i32_trunc_sat_f64_u(f64) -> u32, pure, "i32.trunc_sat_f64_u";
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF32S: float::i64_trunc_sat_f32_s(f32) -> i64, pure, "i64.trunc_sat_f32_s";
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF32U: float::i64_trunc_sat_f32_u(f32) -> u64, pure, "i64.trunc_sat_f32_u";
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF64S: float::i64_trunc_sat_f64_s(f64) -> i64, pure, "i64.trunc_sat_f64_s";
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF64U: float::i64_trunc_sat_f64_u(f64) -> u64, pure, "i64.trunc_sat_f64_u";
                /// r = a as a float, rounded to nearest
                F32ConvertI32S: float::f32_convert_i32_s(i32) -> f32, pure, "f32.convert_i32_s";
                /// r = a as a float, rounded to nearest
                F32ConvertI32U: float::f32_convert_i32_u(u32) -> f32, pure, "f32.convert_i32_u";
                /// r = a as a float, rounded to nearest
                F32ConvertI64S: float::f32_convert_i64_s(i64) -> f32, pure, "f32.convert_i64_s";
                /// r = a as a float, rounded to nearest
                F32ConvertI64U: float::f32_convert_i64_u(u64) -> f32, pure, "f32.convert_i64_u";
                /// r = a as a float, rounded to nearest
                F64ConvertI32S: float::f64_convert_i32_s(i32) -> f64, pure, "f64.convert_i32_s";
                /// r = a as a float, rounded to nearest
                F64ConvertI32U: float::f64_convert_i32_u(u32) -> f64, pure, "f64.convert_i32_u";
                /// r = a as a float, rounded to nearest
                F64ConvertI64S: float::f64_convert_i64_s(i64) -> f64, pure, "f64.convert_i64_s";
                /// r = a as a float, rounded to nearest
                F64ConvertI64U: float::f64_convert_i64_u(u64) -> f64, pure, "f64.convert_i64_u";
                /// r = a rounded to nearest
                F32DemoteF64: float::f32_demote_f64(f64) -> f32, pure, "f32.demote_f64";
                /// r = a, exactly
                F64PromoteF32: float::f64_promote_f32(f32) -> f64, pure, "f64.promote_f32";
                /// r = the bits of a
                I32ReinterpretF32: float::i32_reinterpret_f32(f32) -> u32, pure, "i32.reinterpret_f32";
                /// r = the float with the bits a
                F32ReinterpretI32: float::f32_reinterpret_i32(u32) -> f32, pure, "f32.reinterpret_i32";
                /// r = the bits of a
                I64ReinterpretF64: float::i64_reinterpret_f64(f64) -> u64, pure, "i64.reinterpret_f64";
                /// r = the float with the bits a
                F64ReinterpretI64: float::f64_reinterpret_i64(u64) -> f64, pure, "f64.reinterpret_i64";
                /// r = a is the null reference
                RefIsNull: integer::ref_is_null(u64) -> u32, pure, "ref.is_null";
            }
            test {
                /// r = a & b
                I32And: integer::int32::and(u32, u32) -> u32, pure, "i32.and";
                /// r = a == b
                I32Eq: integer::int32::eq(u32, u32) -> u32, pure, "i32.eq";
                /// r = a != b
                I32Ne: integer::int32::ne(u32, u32) -> u32, pure, "i32.ne";
                /// r = a < b, signed
                I32LtS: integer::int32::lt_s(i32, i32) -> u32, pure, "i32.lt_s";
                /// r = a < b, unsigned
                I32LtU: integer::int32::lt_u(u32, u32) -> u32, pure, "i32.lt_u";
                /// r = a > b, signed
                I32GtS: integer::int32::gt_s(i32, i32) -> u32, pure, "i32.gt_s";
                /// r = a > b, unsigned
                I32GtU: integer::int32::gt_u(u32, u32) -> u32, pure, "i32.gt_u";
                /// r = a <= b, signed
                I32LeS: integer::int32::le_s(i32, i32) -> u32, pure, "i32.le_s";
                /// r = a <= b, unsigned
                I32LeU: integer::int32::le_u(u32, u32) -> u32, pure, "i32.le_u";
                /// r = a >= b, signed
                I32GeS: integer::int32::ge_s(i32, i32) -> u32, pure, "i32.ge_s";
                /// r = a >= b, unsigned
                I32GeU: integer::int32::ge_u(u32, u32) -> u32, pure, "i32.ge_u";
                /// r = a == b
                I64Eq: integer::int64::eq(u64, u64) -> u32, pure, "i64.eq";
                /// r = a != b
                I64Ne: integer::int64::ne(u64, u64) -> u32, pure, "i64.ne";
                /// r = a < b, signed
                I64LtS: integer::int64::lt_s(i64, i64) -> u32, pure, "i64.lt_s";
                /// r = a < b, unsigned
                I64LtU: integer::int64::lt_u(u64, u64) -> u32, pure, "i64.lt_u";
                /// r = a > b, signed
                I64GtS: integer::int64::gt_s(i64, i64) -> u32, pure, "i64.gt_s";
                /// r = a > b, unsigned
                I64GtU: integer::int64::gt_u(u64, u64) -> u32, pure, "i64.gt_u";
                /// r = a <= b, signed
                I64LeS: integer::int64::le_s(i64, i64) -> u32, pure, "i64.le_s";
                /// r = a <= b, unsigned
                I64LeU: integer::int64::le_u(u64, u64) -> u32, pure, "i64.le_u";
                /// r = a >= b, signed
                I64GeS: integer::int64::ge_s(i64, i64) -> u32, pure, "i64.ge_s";
                /// r = a >= b, unsigned
                I64GeU: integer::int64::ge_u(u64, u64) -> u32, pure, "i64.ge_u";
                /// r = a == b
                F32Eq: float::float32::eq(f32, f32) -> u32, pure, "f32.eq";
                /// r = a != b
                F32Ne: float::float32::ne(f32, f32) -> u32, pure, "f32.ne";
                /// r = a < b
                F32Lt: float::float32::lt(f32, f32) -> u32, pure, "f32.lt";
                /// r = a > b
                F32Gt: float::float32::gt(f32, f32) -> u32, pure, "f32.gt";
                /// r = a <= b
                F32Le: float::float32::le(f32, f32) -> u32, pure, "f32.le";
                /// r = a >= b
                F32Ge: float::float32::ge(f32, f32) -> u32, pure, "f32.ge";
                /// r = a == b
                F64Eq: float::float64::eq(f64, f64) -> u32, pure, "f64.eq";
                /// r = a != b
                F64Ne: float::float64::ne(f64, f64) -> u32, pure, "f64.ne";
                /// r = a < b
                F64Lt: float::float64::lt(f64, f64) -> u32, pure, "f64.lt";
                /// r = a > b
                F64Gt: float::float64::gt(f64, f64) -> u32, pure, "f64.gt";
                /// r = a <= b
                F64Le: float::float64::le(f64, f64) -> u32, pure, "f64.le";
                /// r = a >= b
                F64Ge: float::float64::ge(f64, f64) -> u32, pure, "f64.ge";
            }
            value {
                /// r = a + b
                I32Add: integer::int32::add(u32, u32) -> u32, pure, "i32.add";
                /// r = a - b
                I32Sub: integer::int32::sub(u32, u32) -> u32, pure, "i32.sub";
                /// r = a * b
                I32Mul: integer::int32::mul(u32, u32) -> u32, pure, "i32.mul";
                /// r = a / b, signed; traps on b == 0 and on overflow
                I32DivS: integer::int32::div_s(i32, i32) -> i32, trap, "i32.div_s";
                /// r = a / b, unsigned; traps on b == 0
                I32DivU: integer::int32::div_u(u32, u32) -> u32, trap, "i32.div_u";
                /// r = a % b, signed; traps on b == 0
                I32RemS: integer::int32::rem_s(i32, i32) -> i32, trap, "i32.rem_s";
                /// r = a % b, unsigned; traps on b == 0
                I32RemU: integer::int32::rem_u(u32, u32) -> u32, trap, "i32.rem_u";
                /// r = a | b
                I32Or: integer::int32::or(u32, u32) -> u32, pure, "i32.or";
                /// r = a ^ b
                I32Xor: integer::int32::xor(u32, u32) -> u32, pure, "i32.xor";
                /// r = a << (b mod width)
                I32Shl: integer::int32::shl(u32, u32) -> u32, pure, "i32.shl";
                /// r = a >> (b mod width), signed
                I32ShrS: integer::int32::shr_s(i32, u32) -> i32, pure, "i32.shr_s";
                /// r = a >> (b mod width), unsigned
                I32ShrU: integer::int32::shr_u(u32, u32) -> u32, pure, "i32.shr_u";
                /// r = a rotated left by b
                I32Rotl: integer::int32::rotl(u32, u32) -> u32, pure, "i32.rotl";
                /// r = a rotated right by b
                I32Rotr: integer::int32::rotr(u32, u32) -> u32, pure, "i32.rotr";
                /// r = a + b
                I64Add: integer::int64::add(u64, u64) -> u64, pure, "i64.add";
                /// r = a - b
                I64Sub: integer::int64::sub(u64, u64) -> u64, pure, "i64.sub";
                /// r = a * b
                I64Mul: integer::int64::mul(u64, u64) -> u64, pure, "i64.mul";
                /// r = a / b, signed; traps on b == 0 and on overflow
                I64DivS: integer::int64::div_s(i64, i64) -> i64, trap, "i64.div_s";
                /// r = a / b, unsigned; traps on b == 0
                I64DivU: integer::int64::div_u(u64, u64) -> u64, trap, "i64.div_u";
                /// r = a % b, signed; traps on b == 0
                I64RemS: integer::int64::rem_s(i64, i64) -> i64, trap, "i64.rem_s";
                /// r = a % b, unsigned; traps on b == 0
                I64RemU: integer::int64::rem_u(u64, u64) -> u64, trap, "i64.rem_u";
                /// r = a & b
                I64And: integer::int64::and(u64, u64) -> u64, pure, "i64.and";
                /// r = a | b
                I64Or: integer::int64::or(u64, u64) -> u64, pure, "i64.or";
                /// r = a ^ b
                I64Xor: integer::int64::xor(u64, u64) -> u64, pure, "i64.xor";
                /// r = a << (b mod width)
                I64Shl: integer::int64::shl(u64, u64) -> u64, pure, "i64.shl";
                /// r = a >> (b mod width), signed
                I64ShrS: integer::int64::shr_s(i64, u64) -> i64, pure, "i64.shr_s";
                /// r = a >> (b mod width), unsigned
                I64ShrU: integer::int64::shr_u(u64, u64) -> u64, pure, "i64.shr_u";
                /// r = a rotated left by b
                I64Rotl: integer::int64::rotl(u64, u64) -> u64, pure, "i64.rotl";
                /// r = a rotated right by b
                I64Rotr: integer::int64::rotr(u64, u64) -> u64, pure, "i64.rotr";
                /// r = a + b
                F32Add: float::float32::add(f32, f32) -> f32, pure, "f32.add";
                /// r = a - b
                F32Sub: float::float32::sub(f32, f32) -> f32, pure, "f32.sub";
                /// r = a * b
                F32Mul: float::float32::mul(f32, f32) -> f32, pure, "f32.mul";
                /// r = a / b
                F32Div: float::float32::div(f32, f32) -> f32, pure, "f32.div";
                /// r = the lesser of a and b, NaN if either is
                F32Min: float::float32::min(f32, f32) -> f32, pure, "f32.min";
                /// r = the greater of a and b, NaN if either is
                F32Max: float::float32::max(f32, f32) -> f32, pure, "f32.max";
                /// r = a with the sign of b
                F32Copysign: float::float32::copysign(f32, f32) -> f32, pure, "f32.copysign";
                /// r = a + b
                F64Add: float::float64::add(f64, f64) -> f64, pure, "f64.add";
                /// r = a - b
                F64Sub: float::float64::sub(f64, f64) -> f64, pure, "f64.sub";
                /// r = a * b
                F64Mul: float::float64::mul(f64, f64) -> f64, pure, "f64.mul";
                /// r = a / b
                F64Div: float::float64::div(f64, f64) -> f64, pure, "f64.div";
                /// r = the lesser of a and b, NaN if either is
                F64Min: float::float64::min(f64, f64) -> f64, pure, "f64.min";
                /// r = the greater of a and b, NaN if either is
                F64Max: float::float64::max(f64, f64) -> f64, pure, "f64.max";
                /// r = a with the sign of b
                F64Copysign: float::float64::copysign(f64, f64) -> f64, pure, "f64.copysign";
            }
            load {
                /// r = u32 at a, as u32
                I32Load: u32 as u32, 4, "i32.load";
                /// r = u64 at a, as u64
                I64Load: u64 as u64, 8, "i64.load";
                /// r = f32 at a, as f32
                F32Load: f32 as f32, 4, "f32.load";
                /// r = f64 at a, as f64
                F64Load: f64 as f64, 8, "f64.load";
                /// r = i8 at a, as i32
                I32Load8S: i8 as i32, 1, "i32.load8_s";
                /// r = u8 at a, as u32
                I32Load8U: u8 as u32, 1, "i32.load8_u";
                /// r = i16 at a, as i32
                I32Load16S: i16 as i32, 2, "i32.load16_s";
                /// r = u16 at a, as u32
                I32Load16U: u16 as u32, 2, "i32.load16_u";
                /// r = i8 at a, as i64
                I64Load8S: i8 as i64, 1, "i64.load8_s";
                /// r = u8 at a, as u64
                I64Load8U: u8 as u64, 1, "i64.load8_u";
                /// r = i16 at a, as i64
                I64Load16S: i16 as i64, 2, "i64.load16_s";
                /// r = u16 at a, as u64
                I64Load16U: u16 as u64, 2, "i64.load16_u";
                /// r = i32 at a, as i64
                I64Load32S: i32 as i64, 4, "i64.load32_s";
                /// r = u32 at a, as u64
                I64Load32U: u32 as u64, 4, "i64.load32_u";
            }
            store {
                /// u32 at a = b
                I32Store: u32 as u32, 4, "i32.store";
                /// u64 at a = b
                I64Store: u64 as u64, 8, "i64.store";
                /// f32 at a = b
                F32Store: f32 as f32, 4, "f32.store";
                /// f64 at a = b
                F64Store: f64 as f64, 8, "f64.store";
                /// u8 at a = b
                I32Store8: u32 as u8, 1, "i32.store8";
                /// u16 at a = b
                I32Store16: u32 as u16, 2, "i32.store16";
                /// u8 at a = b
                I64Store8: u64 as u8, 1, "i64.store8";
                /// u16 at a = b
                I64Store16: u64 as u16, 2, "i64.store16";
                /// u32 at a = b
                I64Store32: u64 as u32, 4, "i64.store32";
            }
        }
    };
}
