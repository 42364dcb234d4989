//! The instruction table: every operation, declared once.
//!
//! # Naming
//!
//! ```text
//! I32 DivS         operand or result type, operation, signedness: `i32.div_s`
//! I64 TruncF32 U   result type, operation, operand type, signedness: `i64.trunc_f32_u`
//! ```
//!
//! The names are those that WebAssembly's operators have in the decoder (`wasmparser::Operator`).
//!
//! # One row
//!
//! ```text
//! /// r = a / b, signed; traps on b == 0 and on overflow
//! I32DivS "i32.div_s" Mvp { integer::int32::div_s(i32, i32) -> i32, trap }
//! name    in the text    proposal  semantics             operands     result kind
//!         format
//! ```
//!
//! Only the braces differ between the groups:
//!
//! ```text
//! unary, test, value    { semantics(operands) -> result, pure or trap, or nan: pure, and the specification leaves open
//!                       which NaN it gives }
//! load                  { type in memory as type in the slot, bytes }
//! store                 { type in the slot as type in memory, bytes }
//! builtin               { (operands) -> results; bulk }, and the immediates after the name, as the decoder calls them;
//!                       `bulk` if its work grows with an operand, so that a metered program pays for that
//! ```
//!
//! `test` rows are binary operations with an `i32` result that are worth fusing with a branch; `value` rows are all other
//! binary operations; `builtin` rows are what the machine itself carries out: whatever needs its state, or has more operands or
//! results than those above; see [`builtin`](crate::builtin).
//!
//! # What reads it
//!
//! `for_each_instruction!` hands the rows to [`ops`](crate::ops) and [`builtin`](crate::builtin), which make types and
//! enumerations of them. Everything else needs no more than the names: [`for_each_name!`](crate::for_each_name) hands those
//! out, group by group, to lowering, to the loops' `match`es and to the tests' reference. So an operation takes its
//! semantics and one row, and code that lacks it does not compile. Control flow is not here: see [`code`](crate::code).

/// A proposal whose operators are supported; named like its group of operators in the decoder.
macro_rules! proposals {
    ($d:tt $($(#[$doc:meta])* $name:ident $group:ident)*) => {
        /// The proposals whose operators are supported, WebAssembly 1.0 first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Proposal {
            $($(#[$doc])* $name,)*
        }

        impl Proposal {
            /// Every proposal.
            pub const ALL: &'static [Proposal] = &[$(Proposal::$name),*];

            /// The name of the proposal's group of operators in the decoder.
            pub const fn group(self) -> &'static str {
                match self {
                    $(Proposal::$name => stringify!($group),)*
                }
            }
        }

        /// `if_supported! { group { yes } { no } }`: the first code for the group of a [`Proposal`](crate::Proposal), the
        /// second for any other.
        #[macro_export]
        macro_rules! if_supported {
            $(($group { $d($d yes:tt)* } { $d($d no:tt)* }) => { $d($d yes)* };)*
            ($d other:ident { $d($d yes:tt)* } { $d($d no:tt)* }) => { $d($d no)* };
        }
    };
}

proposals! { $
    /// WebAssembly 1.0
    Mvp mvp
    /// "Sign-extension operators"
    SignExtension sign_extension
    /// "Non-trapping float-to-int conversions"
    SaturatingFloatToInt saturating_float_to_int
    /// "Bulk memory operations"
    BulkMemory bulk_memory
    /// "Reference types"
    ReferenceTypes reference_types
    /// "Tail call"
    TailCall tail_call
    /// "Fixed-width SIMD"
    Simd simd
    /// "Relaxed SIMD"
    RelaxedSimd relaxed_simd
    /// "Wide arithmetic"
    WideArithmetic wide_arithmetic
}

/// Calls `$callback! { unary [I32Clz ..] test [..] value [..] load [..] store [..] builtin [MemorySize(mem) ..] }`: the
/// names of the table's rows, and a builtin's immediates.
#[macro_export]
macro_rules! for_each_name {
    ($callback:path) => {
        $crate::for_each_instruction! { $crate::names_only, $callback }
    };
}

/// What [`for_each_name!`] makes of the rows.
#[doc(hidden)]
#[macro_export]
macro_rules! names_only {
    (
        $callback:path,
        $($group:ident {
            $($(#[$doc:meta])* $name:ident $(($($immediate:ident),*))? $mnemonic:literal $proposal:ident $body:tt)*
        })*
    ) => {
        $callback! { $($group [$($name $(($($immediate),*))?)*])* }
    };
}

/// Calls `$callback! { unary {..} test {..} value {..} load {..} store {..} builtin {..} }` with every row of the table;
/// what is given after the callback stands before them.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:path $(, $argument:path)?) => {
        $callback! {
            $($argument,)?
            unary {
                /// r = leading zero bits of a
                I32Clz "i32.clz" Mvp { integer::int32::clz(u32) -> u32, pure }
                /// r = trailing zero bits of a
                I32Ctz "i32.ctz" Mvp { integer::int32::ctz(u32) -> u32, pure }
                /// r = one bits of a
                I32Popcnt "i32.popcnt" Mvp { integer::int32::popcnt(u32) -> u32, pure }
                /// r = a == 0
                I32Eqz "i32.eqz" Mvp { integer::int32::eqz(u32) -> u32, pure }
                /// r = low 8 bits of a, sign-extended
                I32Extend8S "i32.extend8_s" SignExtension { integer::int32::extend8_s(u32) -> u32, pure }
                /// r = low 16 bits of a, sign-extended
                I32Extend16S "i32.extend16_s" SignExtension { integer::int32::extend16_s(u32) -> u32, pure }
                /// r = leading zero bits of a
                I64Clz "i64.clz" Mvp { integer::int64::clz(u64) -> u64, pure }
                /// r = trailing zero bits of a
                I64Ctz "i64.ctz" Mvp { integer::int64::ctz(u64) -> u64, pure }
                /// r = one bits of a
                I64Popcnt "i64.popcnt" Mvp { integer::int64::popcnt(u64) -> u64, pure }
                /// r = a == 0
                I64Eqz "i64.eqz" Mvp { integer::int64::eqz(u64) -> u32, pure }
                /// r = low 8 bits of a, sign-extended
                I64Extend8S "i64.extend8_s" SignExtension { integer::int64::extend8_s(u64) -> u64, pure }
                /// r = low 16 bits of a, sign-extended
                I64Extend16S "i64.extend16_s" SignExtension { integer::int64::extend16_s(u64) -> u64, pure }
                /// r = low 32 bits of a, sign-extended
                I64Extend32S "i64.extend32_s" SignExtension { integer::int64::extend32_s(u64) -> u64, pure }
                /// r = a without its sign
                F32Abs "f32.abs" Mvp { float::float32::abs(f32) -> f32, pure }
                /// r = -a
                F32Neg "f32.neg" Mvp { float::float32::neg(f32) -> f32, pure }
                /// r = a rounded up
                F32Ceil "f32.ceil" Mvp { float::float32::ceil(f32) -> f32, nan }
                /// r = a rounded down
                F32Floor "f32.floor" Mvp { float::float32::floor(f32) -> f32, nan }
                /// r = a rounded towards zero
                F32Trunc "f32.trunc" Mvp { float::float32::trunc(f32) -> f32, nan }
                /// r = a rounded to nearest, ties to even
                F32Nearest "f32.nearest" Mvp { float::float32::nearest(f32) -> f32, nan }
                /// r = square root of a
                F32Sqrt "f32.sqrt" Mvp { float::float32::sqrt(f32) -> f32, nan }
                /// r = a without its sign
                F64Abs "f64.abs" Mvp { float::float64::abs(f64) -> f64, pure }
                /// r = -a
                F64Neg "f64.neg" Mvp { float::float64::neg(f64) -> f64, pure }
                /// r = a rounded up
                F64Ceil "f64.ceil" Mvp { float::float64::ceil(f64) -> f64, nan }
                /// r = a rounded down
                F64Floor "f64.floor" Mvp { float::float64::floor(f64) -> f64, nan }
                /// r = a rounded towards zero
                F64Trunc "f64.trunc" Mvp { float::float64::trunc(f64) -> f64, nan }
                /// r = a rounded to nearest, ties to even
                F64Nearest "f64.nearest" Mvp { float::float64::nearest(f64) -> f64, nan }
                /// r = square root of a
                F64Sqrt "f64.sqrt" Mvp { float::float64::sqrt(f64) -> f64, nan }
                /// r = low 32 bits of a
                I32WrapI64 "i32.wrap_i64" Mvp { integer::wrap(u64) -> u32, pure }
                /// r = a, sign-extended
                I64ExtendI32S "i64.extend_i32_s" Mvp { integer::extend_s(i32) -> i64, pure }
                /// r = a, zero-extended
                I64ExtendI32U "i64.extend_i32_u" Mvp { integer::extend_u(u32) -> u64, pure }
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF32S "i32.trunc_f32_s" Mvp { float::i32_trunc_f32_s(f32) -> i32, trap }
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF32U "i32.trunc_f32_u" Mvp { float::i32_trunc_f32_u(f32) -> u32, trap }
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF64S "i32.trunc_f64_s" Mvp { float::i32_trunc_f64_s(f64) -> i32, trap }
                /// r = a as an integer; traps on NaN and out of range
                I32TruncF64U "i32.trunc_f64_u" Mvp { float::i32_trunc_f64_u(f64) -> u32, trap }
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF32S "i64.trunc_f32_s" Mvp { float::i64_trunc_f32_s(f32) -> i64, trap }
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF32U "i64.trunc_f32_u" Mvp { float::i64_trunc_f32_u(f32) -> u64, trap }
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF64S "i64.trunc_f64_s" Mvp { float::i64_trunc_f64_s(f64) -> i64, trap }
                /// r = a as an integer; traps on NaN and out of range
                I64TruncF64U "i64.trunc_f64_u" Mvp { float::i64_trunc_f64_u(f64) -> u64, trap }
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF32S "i32.trunc_sat_f32_s" SaturatingFloatToInt { float::i32_trunc_sat_f32_s(f32) -> i32, pure }
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF32U "i32.trunc_sat_f32_u" SaturatingFloatToInt { float::i32_trunc_sat_f32_u(f32) -> u32, pure }
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF64S "i32.trunc_sat_f64_s" SaturatingFloatToInt { float::i32_trunc_sat_f64_s(f64) -> i32, pure }
                /// r = a as an integer, saturating; NaN is 0
                I32TruncSatF64U "i32.trunc_sat_f64_u" SaturatingFloatToInt { float::i32_trunc_sat_f64_u(f64) -> u32, pure }
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF32S "i64.trunc_sat_f32_s" SaturatingFloatToInt { float::i64_trunc_sat_f32_s(f32) -> i64, pure }
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF32U "i64.trunc_sat_f32_u" SaturatingFloatToInt { float::i64_trunc_sat_f32_u(f32) -> u64, pure }
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF64S "i64.trunc_sat_f64_s" SaturatingFloatToInt { float::i64_trunc_sat_f64_s(f64) -> i64, pure }
                /// r = a as an integer, saturating; NaN is 0
                I64TruncSatF64U "i64.trunc_sat_f64_u" SaturatingFloatToInt { float::i64_trunc_sat_f64_u(f64) -> u64, pure }
                /// r = a as a float, rounded to nearest
                F32ConvertI32S "f32.convert_i32_s" Mvp { float::f32_convert_i32_s(i32) -> f32, pure }
                /// r = a as a float, rounded to nearest
                F32ConvertI32U "f32.convert_i32_u" Mvp { float::f32_convert_i32_u(u32) -> f32, pure }
                /// r = a as a float, rounded to nearest
                F32ConvertI64S "f32.convert_i64_s" Mvp { float::f32_convert_i64_s(i64) -> f32, pure }
                /// r = a as a float, rounded to nearest
                F32ConvertI64U "f32.convert_i64_u" Mvp { float::f32_convert_i64_u(u64) -> f32, pure }
                /// r = a as a float, rounded to nearest
                F64ConvertI32S "f64.convert_i32_s" Mvp { float::f64_convert_i32_s(i32) -> f64, pure }
                /// r = a as a float, rounded to nearest
                F64ConvertI32U "f64.convert_i32_u" Mvp { float::f64_convert_i32_u(u32) -> f64, pure }
                /// r = a as a float, rounded to nearest
                F64ConvertI64S "f64.convert_i64_s" Mvp { float::f64_convert_i64_s(i64) -> f64, pure }
                /// r = a as a float, rounded to nearest
                F64ConvertI64U "f64.convert_i64_u" Mvp { float::f64_convert_i64_u(u64) -> f64, pure }
                /// r = a rounded to nearest
                F32DemoteF64 "f32.demote_f64" Mvp { float::f32_demote_f64(f64) -> f32, nan }
                /// r = a, exactly
                F64PromoteF32 "f64.promote_f32" Mvp { float::f64_promote_f32(f32) -> f64, nan }
                /// r = the bits of a
                I32ReinterpretF32 "i32.reinterpret_f32" Mvp { float::i32_reinterpret_f32(f32) -> u32, pure }
                /// r = the float with the bits a
                F32ReinterpretI32 "f32.reinterpret_i32" Mvp { float::f32_reinterpret_i32(u32) -> f32, pure }
                /// r = the bits of a
                I64ReinterpretF64 "i64.reinterpret_f64" Mvp { float::i64_reinterpret_f64(f64) -> u64, pure }
                /// r = the float with the bits a
                F64ReinterpretI64 "f64.reinterpret_i64" Mvp { float::f64_reinterpret_i64(u64) -> f64, pure }
                /// r = a is the null reference
                RefIsNull "ref.is_null" ReferenceTypes { integer::ref_is_null(u64) -> u32, pure }
            }
            test {
                /// r = a & b
                I32And "i32.and" Mvp { integer::int32::and(u32, u32) -> u32, pure }
                /// r = a == b
                I32Eq "i32.eq" Mvp { integer::int32::eq(u32, u32) -> u32, pure }
                /// r = a != b
                I32Ne "i32.ne" Mvp { integer::int32::ne(u32, u32) -> u32, pure }
                /// r = a < b, signed
                I32LtS "i32.lt_s" Mvp { integer::int32::lt_s(i32, i32) -> u32, pure }
                /// r = a < b, unsigned
                I32LtU "i32.lt_u" Mvp { integer::int32::lt_u(u32, u32) -> u32, pure }
                /// r = a > b, signed
                I32GtS "i32.gt_s" Mvp { integer::int32::gt_s(i32, i32) -> u32, pure }
                /// r = a > b, unsigned
                I32GtU "i32.gt_u" Mvp { integer::int32::gt_u(u32, u32) -> u32, pure }
                /// r = a <= b, signed
                I32LeS "i32.le_s" Mvp { integer::int32::le_s(i32, i32) -> u32, pure }
                /// r = a <= b, unsigned
                I32LeU "i32.le_u" Mvp { integer::int32::le_u(u32, u32) -> u32, pure }
                /// r = a >= b, signed
                I32GeS "i32.ge_s" Mvp { integer::int32::ge_s(i32, i32) -> u32, pure }
                /// r = a >= b, unsigned
                I32GeU "i32.ge_u" Mvp { integer::int32::ge_u(u32, u32) -> u32, pure }
                /// r = a == b
                I64Eq "i64.eq" Mvp { integer::int64::eq(u64, u64) -> u32, pure }
                /// r = a != b
                I64Ne "i64.ne" Mvp { integer::int64::ne(u64, u64) -> u32, pure }
                /// r = a < b, signed
                I64LtS "i64.lt_s" Mvp { integer::int64::lt_s(i64, i64) -> u32, pure }
                /// r = a < b, unsigned
                I64LtU "i64.lt_u" Mvp { integer::int64::lt_u(u64, u64) -> u32, pure }
                /// r = a > b, signed
                I64GtS "i64.gt_s" Mvp { integer::int64::gt_s(i64, i64) -> u32, pure }
                /// r = a > b, unsigned
                I64GtU "i64.gt_u" Mvp { integer::int64::gt_u(u64, u64) -> u32, pure }
                /// r = a <= b, signed
                I64LeS "i64.le_s" Mvp { integer::int64::le_s(i64, i64) -> u32, pure }
                /// r = a <= b, unsigned
                I64LeU "i64.le_u" Mvp { integer::int64::le_u(u64, u64) -> u32, pure }
                /// r = a >= b, signed
                I64GeS "i64.ge_s" Mvp { integer::int64::ge_s(i64, i64) -> u32, pure }
                /// r = a >= b, unsigned
                I64GeU "i64.ge_u" Mvp { integer::int64::ge_u(u64, u64) -> u32, pure }
                /// r = a == b
                F32Eq "f32.eq" Mvp { float::float32::eq(f32, f32) -> u32, pure }
                /// r = a != b
                F32Ne "f32.ne" Mvp { float::float32::ne(f32, f32) -> u32, pure }
                /// r = a < b
                F32Lt "f32.lt" Mvp { float::float32::lt(f32, f32) -> u32, pure }
                /// r = a > b
                F32Gt "f32.gt" Mvp { float::float32::gt(f32, f32) -> u32, pure }
                /// r = a <= b
                F32Le "f32.le" Mvp { float::float32::le(f32, f32) -> u32, pure }
                /// r = a >= b
                F32Ge "f32.ge" Mvp { float::float32::ge(f32, f32) -> u32, pure }
                /// r = a == b
                F64Eq "f64.eq" Mvp { float::float64::eq(f64, f64) -> u32, pure }
                /// r = a != b
                F64Ne "f64.ne" Mvp { float::float64::ne(f64, f64) -> u32, pure }
                /// r = a < b
                F64Lt "f64.lt" Mvp { float::float64::lt(f64, f64) -> u32, pure }
                /// r = a > b
                F64Gt "f64.gt" Mvp { float::float64::gt(f64, f64) -> u32, pure }
                /// r = a <= b
                F64Le "f64.le" Mvp { float::float64::le(f64, f64) -> u32, pure }
                /// r = a >= b
                F64Ge "f64.ge" Mvp { float::float64::ge(f64, f64) -> u32, pure }
            }
            value {
                /// r = a + b
                I32Add "i32.add" Mvp { integer::int32::add(u32, u32) -> u32, pure }
                /// r = a - b
                I32Sub "i32.sub" Mvp { integer::int32::sub(u32, u32) -> u32, pure }
                /// r = a * b
                I32Mul "i32.mul" Mvp { integer::int32::mul(u32, u32) -> u32, pure }
                /// r = a / b, signed; traps on b == 0 and on overflow
                I32DivS "i32.div_s" Mvp { integer::int32::div_s(i32, i32) -> i32, trap }
                /// r = a / b, unsigned; traps on b == 0
                I32DivU "i32.div_u" Mvp { integer::int32::div_u(u32, u32) -> u32, trap }
                /// r = a % b, signed; traps on b == 0
                I32RemS "i32.rem_s" Mvp { integer::int32::rem_s(i32, i32) -> i32, trap }
                /// r = a % b, unsigned; traps on b == 0
                I32RemU "i32.rem_u" Mvp { integer::int32::rem_u(u32, u32) -> u32, trap }
                /// r = a | b
                I32Or "i32.or" Mvp { integer::int32::or(u32, u32) -> u32, pure }
                /// r = a ^ b
                I32Xor "i32.xor" Mvp { integer::int32::xor(u32, u32) -> u32, pure }
                /// r = a << (b mod width)
                I32Shl "i32.shl" Mvp { integer::int32::shl(u32, u32) -> u32, pure }
                /// r = a >> (b mod width), signed
                I32ShrS "i32.shr_s" Mvp { integer::int32::shr_s(i32, u32) -> i32, pure }
                /// r = a >> (b mod width), unsigned
                I32ShrU "i32.shr_u" Mvp { integer::int32::shr_u(u32, u32) -> u32, pure }
                /// r = a rotated left by b
                I32Rotl "i32.rotl" Mvp { integer::int32::rotl(u32, u32) -> u32, pure }
                /// r = a rotated right by b
                I32Rotr "i32.rotr" Mvp { integer::int32::rotr(u32, u32) -> u32, pure }
                /// r = a + b
                I64Add "i64.add" Mvp { integer::int64::add(u64, u64) -> u64, pure }
                /// r = a - b
                I64Sub "i64.sub" Mvp { integer::int64::sub(u64, u64) -> u64, pure }
                /// r = a * b
                I64Mul "i64.mul" Mvp { integer::int64::mul(u64, u64) -> u64, pure }
                /// r = a / b, signed; traps on b == 0 and on overflow
                I64DivS "i64.div_s" Mvp { integer::int64::div_s(i64, i64) -> i64, trap }
                /// r = a / b, unsigned; traps on b == 0
                I64DivU "i64.div_u" Mvp { integer::int64::div_u(u64, u64) -> u64, trap }
                /// r = a % b, signed; traps on b == 0
                I64RemS "i64.rem_s" Mvp { integer::int64::rem_s(i64, i64) -> i64, trap }
                /// r = a % b, unsigned; traps on b == 0
                I64RemU "i64.rem_u" Mvp { integer::int64::rem_u(u64, u64) -> u64, trap }
                /// r = a & b
                I64And "i64.and" Mvp { integer::int64::and(u64, u64) -> u64, pure }
                /// r = a | b
                I64Or "i64.or" Mvp { integer::int64::or(u64, u64) -> u64, pure }
                /// r = a ^ b
                I64Xor "i64.xor" Mvp { integer::int64::xor(u64, u64) -> u64, pure }
                /// r = a << (b mod width)
                I64Shl "i64.shl" Mvp { integer::int64::shl(u64, u64) -> u64, pure }
                /// r = a >> (b mod width), signed
                I64ShrS "i64.shr_s" Mvp { integer::int64::shr_s(i64, u64) -> i64, pure }
                /// r = a >> (b mod width), unsigned
                I64ShrU "i64.shr_u" Mvp { integer::int64::shr_u(u64, u64) -> u64, pure }
                /// r = a rotated left by b
                I64Rotl "i64.rotl" Mvp { integer::int64::rotl(u64, u64) -> u64, pure }
                /// r = a rotated right by b
                I64Rotr "i64.rotr" Mvp { integer::int64::rotr(u64, u64) -> u64, pure }
                /// r = a + b
                F32Add "f32.add" Mvp { float::float32::add(f32, f32) -> f32, nan }
                /// r = a - b
                F32Sub "f32.sub" Mvp { float::float32::sub(f32, f32) -> f32, nan }
                /// r = a * b
                F32Mul "f32.mul" Mvp { float::float32::mul(f32, f32) -> f32, nan }
                /// r = a / b
                F32Div "f32.div" Mvp { float::float32::div(f32, f32) -> f32, nan }
                /// r = the lesser of a and b, NaN if either is
                F32Min "f32.min" Mvp { float::float32::min(f32, f32) -> f32, nan }
                /// r = the greater of a and b, NaN if either is
                F32Max "f32.max" Mvp { float::float32::max(f32, f32) -> f32, nan }
                /// r = a with the sign of b
                F32Copysign "f32.copysign" Mvp { float::float32::copysign(f32, f32) -> f32, pure }
                /// r = a + b
                F64Add "f64.add" Mvp { float::float64::add(f64, f64) -> f64, nan }
                /// r = a - b
                F64Sub "f64.sub" Mvp { float::float64::sub(f64, f64) -> f64, nan }
                /// r = a * b
                F64Mul "f64.mul" Mvp { float::float64::mul(f64, f64) -> f64, nan }
                /// r = a / b
                F64Div "f64.div" Mvp { float::float64::div(f64, f64) -> f64, nan }
                /// r = the lesser of a and b, NaN if either is
                F64Min "f64.min" Mvp { float::float64::min(f64, f64) -> f64, nan }
                /// r = the greater of a and b, NaN if either is
                F64Max "f64.max" Mvp { float::float64::max(f64, f64) -> f64, nan }
                /// r = a with the sign of b
                F64Copysign "f64.copysign" Mvp { float::float64::copysign(f64, f64) -> f64, pure }
            }
            load {
                /// r = u32 at a, as u32
                I32Load "i32.load" Mvp { u32 as u32, 4 }
                /// r = u64 at a, as u64
                I64Load "i64.load" Mvp { u64 as u64, 8 }
                /// r = f32 at a, as f32
                F32Load "f32.load" Mvp { f32 as f32, 4 }
                /// r = f64 at a, as f64
                F64Load "f64.load" Mvp { f64 as f64, 8 }
                /// r = i8 at a, as i32
                I32Load8S "i32.load8_s" Mvp { i8 as i32, 1 }
                /// r = u8 at a, as u32
                I32Load8U "i32.load8_u" Mvp { u8 as u32, 1 }
                /// r = i16 at a, as i32
                I32Load16S "i32.load16_s" Mvp { i16 as i32, 2 }
                /// r = u16 at a, as u32
                I32Load16U "i32.load16_u" Mvp { u16 as u32, 2 }
                /// r = i8 at a, as i64
                I64Load8S "i64.load8_s" Mvp { i8 as i64, 1 }
                /// r = u8 at a, as u64
                I64Load8U "i64.load8_u" Mvp { u8 as u64, 1 }
                /// r = i16 at a, as i64
                I64Load16S "i64.load16_s" Mvp { i16 as i64, 2 }
                /// r = u16 at a, as u64
                I64Load16U "i64.load16_u" Mvp { u16 as u64, 2 }
                /// r = i32 at a, as i64
                I64Load32S "i64.load32_s" Mvp { i32 as i64, 4 }
                /// r = u32 at a, as u64
                I64Load32U "i64.load32_u" Mvp { u32 as u64, 4 }
            }
            store {
                /// u32 at a = b
                I32Store "i32.store" Mvp { u32 as u32, 4 }
                /// u64 at a = b
                I64Store "i64.store" Mvp { u64 as u64, 8 }
                /// f32 at a = b
                F32Store "f32.store" Mvp { f32 as f32, 4 }
                /// f64 at a = b
                F64Store "f64.store" Mvp { f64 as f64, 8 }
                /// u8 at a = b
                I32Store8 "i32.store8" Mvp { u32 as u8, 1 }
                /// u16 at a = b
                I32Store16 "i32.store16" Mvp { u32 as u16, 2 }
                /// u8 at a = b
                I64Store8 "i64.store8" Mvp { u64 as u8, 1 }
                /// u16 at a = b
                I64Store16 "i64.store16" Mvp { u64 as u16, 2 }
                /// u32 at a = b
                I64Store32 "i64.store32" Mvp { u64 as u32, 4 }
            }
            builtin {
                /// r = pages of memory x
                MemorySize(mem) "memory.size" Mvp { () -> AddressX }
                /// r = pages of memory x before it grew by a pages, -1 if it cannot
                MemoryGrow(mem) "memory.grow" Mvp { (AddressX) -> AddressX; bulk }
                /// c bytes of memory x from a on = b; traps out of bounds
                MemoryFill(mem) "memory.fill" BulkMemory { (AddressX, I32, AddressX); bulk }
                /// c bytes of memory x from a on = those of memory y from b on; traps out of bounds
                MemoryCopy(dst_mem, src_mem) "memory.copy" BulkMemory { (AddressX, AddressY, Addresses); bulk }
                /// c bytes of memory y from a on = those of data segment x from b on; traps out of bounds
                MemoryInit(data_index, mem) "memory.init" BulkMemory { (AddressY, I32, I32); bulk }
                /// data segment x is empty from now on
                DataDrop(data_index) "data.drop" BulkMemory { () }
                /// r = element a of table x; traps out of bounds
                TableGet(table) "table.get" ReferenceTypes { (IndexX) -> Element }
                /// element a of table x = b; traps out of bounds
                TableSet(table) "table.set" ReferenceTypes { (IndexX, Element) }
                /// r = elements of table x
                TableSize(table) "table.size" ReferenceTypes { () -> IndexX }
                /// r = elements of table x before it grew by b elements that are a, -1 if it cannot
                TableGrow(table) "table.grow" ReferenceTypes { (Element, IndexX) -> IndexX; bulk }
                /// c elements of table x from a on = b; traps out of bounds
                TableFill(table) "table.fill" ReferenceTypes { (IndexX, Element, IndexX); bulk }
                /// c elements of table x from a on = those of table y from b on; traps out of bounds
                TableCopy(dst_table, src_table) "table.copy" BulkMemory { (IndexX, IndexY, Indices); bulk }
                /// c elements of table y from a on = those of element segment x from b on; traps out of bounds
                TableInit(elem_index, table) "table.init" BulkMemory { (IndexY, I32, I32); bulk }
                /// element segment x is empty from now on
                ElemDrop(elem_index) "elem.drop" BulkMemory { () }
                /// r = a reference to function x
                RefFunc(function_index) "ref.func" ReferenceTypes { () -> FuncRef }
                /// (r, s) = (a, b) + (c, d), each pair 128 bits, low half first
                I64Add128() "i64.add128" WideArithmetic { (I64, I64, I64, I64) -> I64, I64 }
                /// (r, s) = (a, b) - (c, d), each pair 128 bits, low half first
                I64Sub128() "i64.sub128" WideArithmetic { (I64, I64, I64, I64) -> I64, I64 }
                /// (r, s) = a * b, signed: 128 bits, low half first
                I64MulWideS() "i64.mul_wide_s" WideArithmetic { (I64, I64) -> I64, I64 }
                /// (r, s) = a * b, unsigned: 128 bits, low half first
                I64MulWideU() "i64.mul_wide_u" WideArithmetic { (I64, I64) -> I64, I64 }
            }
        }
    };
}
