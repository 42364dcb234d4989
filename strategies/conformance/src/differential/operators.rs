//! Operators by result type, for the generator.

use wasm_dispatch::ValType;

/// Types that the generator uses.
pub const TYPES: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];

/// An operator: mnemonic and operand types.
pub type Operator = (&'static str, &'static [ValType]);

const I: ValType = ValType::I32;
const L: ValType = ValType::I64;
const F: ValType = ValType::F32;
const D: ValType = ValType::F64;

/// Operators without traps that give an `i32`.
const I32: &[Operator] = &[
    ("i32.clz", &[I]),
    ("i32.ctz", &[I]),
    ("i32.popcnt", &[I]),
    ("i32.eqz", &[I]),
    ("i32.eqz", &[I]),
    ("i64.eqz", &[L]),
    ("i32.extend8_s", &[I]),
    ("i32.extend16_s", &[I]),
    ("i32.wrap_i64", &[L]),
    ("i32.trunc_sat_f32_s", &[F]),
    ("i32.trunc_sat_f32_u", &[F]),
    ("i32.trunc_sat_f64_s", &[D]),
    ("i32.trunc_sat_f64_u", &[D]),
    ("i32.add", &[I, I]),
    ("i32.sub", &[I, I]),
    ("i32.mul", &[I, I]),
    ("i32.and", &[I, I]),
    ("i32.or", &[I, I]),
    ("i32.xor", &[I, I]),
    ("i32.shl", &[I, I]),
    ("i32.shr_s", &[I, I]),
    ("i32.shr_u", &[I, I]),
    ("i32.rotl", &[I, I]),
    ("i32.rotr", &[I, I]),
];

/// Comparisons.
pub const COMPARISONS: &[Operator] = &[
    ("i32.eq", &[I, I]),
    ("i32.ne", &[I, I]),
    ("i32.lt_s", &[I, I]),
    ("i32.lt_u", &[I, I]),
    ("i32.gt_s", &[I, I]),
    ("i32.gt_u", &[I, I]),
    ("i32.le_s", &[I, I]),
    ("i32.le_u", &[I, I]),
    ("i32.ge_s", &[I, I]),
    ("i32.ge_u", &[I, I]),
    ("i64.eq", &[L, L]),
    ("i64.ne", &[L, L]),
    ("i64.lt_s", &[L, L]),
    ("i64.lt_u", &[L, L]),
    ("i64.gt_s", &[L, L]),
    ("i64.gt_u", &[L, L]),
    ("i64.le_s", &[L, L]),
    ("i64.le_u", &[L, L]),
    ("i64.ge_s", &[L, L]),
    ("i64.ge_u", &[L, L]),
    ("f32.eq", &[F, F]),
    ("f32.ne", &[F, F]),
    ("f32.lt", &[F, F]),
    ("f32.gt", &[F, F]),
    ("f32.le", &[F, F]),
    ("f32.ge", &[F, F]),
    ("f64.eq", &[D, D]),
    ("f64.ne", &[D, D]),
    ("f64.lt", &[D, D]),
    ("f64.gt", &[D, D]),
    ("f64.le", &[D, D]),
    ("f64.ge", &[D, D]),
];

const I64: &[Operator] = &[
    ("i64.clz", &[L]),
    ("i64.ctz", &[L]),
    ("i64.popcnt", &[L]),
    ("i64.extend8_s", &[L]),
    ("i64.extend16_s", &[L]),
    ("i64.extend32_s", &[L]),
    ("i64.extend_i32_s", &[I]),
    ("i64.extend_i32_u", &[I]),
    ("i64.trunc_sat_f32_s", &[F]),
    ("i64.trunc_sat_f32_u", &[F]),
    ("i64.trunc_sat_f64_s", &[D]),
    ("i64.trunc_sat_f64_u", &[D]),
    ("i64.add", &[L, L]),
    ("i64.sub", &[L, L]),
    ("i64.mul", &[L, L]),
    ("i64.and", &[L, L]),
    ("i64.or", &[L, L]),
    ("i64.xor", &[L, L]),
    ("i64.shl", &[L, L]),
    ("i64.shr_s", &[L, L]),
    ("i64.shr_u", &[L, L]),
    ("i64.rotl", &[L, L]),
    ("i64.rotr", &[L, L]),
];

const F32: &[Operator] = &[
    ("f32.abs", &[F]),
    ("f32.neg", &[F]),
    ("f32.ceil", &[F]),
    ("f32.floor", &[F]),
    ("f32.trunc", &[F]),
    ("f32.nearest", &[F]),
    ("f32.sqrt", &[F]),
    ("f32.convert_i32_s", &[I]),
    ("f32.convert_i32_u", &[I]),
    ("f32.convert_i64_s", &[L]),
    ("f32.convert_i64_u", &[L]),
    ("f32.demote_f64", &[D]),
    ("f32.reinterpret_i32", &[I]),
    ("f32.add", &[F, F]),
    ("f32.sub", &[F, F]),
    ("f32.mul", &[F, F]),
    ("f32.div", &[F, F]),
    ("f32.min", &[F, F]),
    ("f32.max", &[F, F]),
];

const F64: &[Operator] = &[
    ("f64.abs", &[D]),
    ("f64.neg", &[D]),
    ("f64.ceil", &[D]),
    ("f64.floor", &[D]),
    ("f64.trunc", &[D]),
    ("f64.nearest", &[D]),
    ("f64.sqrt", &[D]),
    ("f64.convert_i32_s", &[I]),
    ("f64.convert_i32_u", &[I]),
    ("f64.convert_i64_s", &[L]),
    ("f64.convert_i64_u", &[L]),
    ("f64.promote_f32", &[F]),
    ("f64.reinterpret_i64", &[L]),
    ("f64.add", &[D, D]),
    ("f64.sub", &[D, D]),
    ("f64.mul", &[D, D]),
    ("f64.div", &[D, D]),
    ("f64.min", &[D, D]),
    ("f64.max", &[D, D]),
];

/// Operators without traps that give this type.
pub fn total(ty: ValType) -> &'static [Operator] {
    match ty {
        ValType::I32 => I32,
        ValType::I64 => I64,
        ValType::F32 => F32,
        _ => F64,
    }
}

/// Operators that may trap and give this type.
pub fn trapping(ty: ValType) -> &'static [Operator] {
    match ty {
        ValType::I32 => &[
            ("i32.div_s", &[I, I]),
            ("i32.div_u", &[I, I]),
            ("i32.rem_s", &[I, I]),
            ("i32.rem_u", &[I, I]),
            ("i32.trunc_f32_s", &[F]),
            ("i32.trunc_f32_u", &[F]),
            ("i32.trunc_f64_s", &[D]),
            ("i32.trunc_f64_u", &[D]),
        ],
        ValType::I64 => &[
            ("i64.div_s", &[L, L]),
            ("i64.div_u", &[L, L]),
            ("i64.rem_s", &[L, L]),
            ("i64.rem_u", &[L, L]),
            ("i64.trunc_f32_s", &[F]),
            ("i64.trunc_f32_u", &[F]),
            ("i64.trunc_f64_s", &[D]),
            ("i64.trunc_f64_u", &[D]),
        ],
        _ => &[],
    }
}

/// Loads that give this type.
pub fn loads(ty: ValType) -> &'static [&'static str] {
    match ty {
        ValType::I32 => &["i32.load", "i32.load8_s", "i32.load8_u", "i32.load16_s", "i32.load16_u"],
        ValType::I64 => &[
            "i64.load",
            "i64.load8_s",
            "i64.load8_u",
            "i64.load16_s",
            "i64.load16_u",
            "i64.load32_s",
            "i64.load32_u",
        ],
        ValType::F32 => &["f32.load"],
        _ => &["f64.load"],
    }
}

/// Stores that take this type.
pub fn stores(ty: ValType) -> &'static [&'static str] {
    match ty {
        ValType::I32 => &["i32.store", "i32.store8", "i32.store16"],
        ValType::I64 => &["i64.store", "i64.store8", "i64.store16", "i64.store32"],
        ValType::F32 => &["f32.store"],
        _ => &["f64.store"],
    }
}
