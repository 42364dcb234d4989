//! Operators by result type, for the generator, and what they do, for the reference.

use wasm_dispatch::ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch::{Trap, ValType};
use wasmparser::{MemArg, MemArgTarget};

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

/// Carries out an operator on an operand stack; `None` for one that is not arithmetic, a load or a store.
pub(super) fn apply(
    operator: &wasmparser::Operator<'_>,
    stack: &mut Vec<u64>,
    memories: &mut [Vec<u8>],
) -> Option<Result<(), Trap>> {
    use wasmparser::Operator as W;
    // Validation has seen to it that there is something to pop.
    let mut pop = || stack.pop().unwrap_or_default();
    macro_rules! table {
        (unary $($u:ident)* ; binary $($b:ident)* ; load $($l:ident)* ; store $($s:ident)*) => {
            match operator {
                $(W::$u => UnaryOp::$u.apply(pop()),)*
                $(W::$b => { let (b, a) = (pop(), pop()); BinaryOp::$b.apply(a, b) })*
                $(W::$l { memarg } => {
                    let (memory, offset) = place(memarg);
                    LoadOp::$l.apply(&memories[memory], pop() as u32, offset)
                })*
                $(W::$s { memarg } => {
                    let (memory, offset) = place(memarg);
                    let (value, address) = (pop(), pop() as u32);
                    return Some(StoreOp::$s.apply(&mut memories[memory], address, offset, value));
                })*
                _ => return None,
            }
        };
    }
    let result = table! {
        unary
            I32Clz I32Ctz I32Popcnt I32Eqz I32Extend8S I32Extend16S
            I64Clz I64Ctz I64Popcnt I64Eqz I64Extend8S I64Extend16S I64Extend32S
            F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest F32Sqrt
            F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest F64Sqrt
            I32WrapI64 I64ExtendI32S I64ExtendI32U
            I32TruncF32S I32TruncF32U I32TruncF64S I32TruncF64U
            I64TruncF32S I64TruncF32U I64TruncF64S I64TruncF64U
            I32TruncSatF32S I32TruncSatF32U I32TruncSatF64S I32TruncSatF64U
            I64TruncSatF32S I64TruncSatF32U I64TruncSatF64S I64TruncSatF64U
            F32ConvertI32S F32ConvertI32U F32ConvertI64S F32ConvertI64U
            F64ConvertI32S F64ConvertI32U F64ConvertI64S F64ConvertI64U
            F32DemoteF64 F64PromoteF32
            I32ReinterpretF32 F32ReinterpretI32 I64ReinterpretF64 F64ReinterpretI64;
        binary
            I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU I32And I32Or I32Xor I32Shl I32ShrS I32ShrU
            I32Rotl I32Rotr I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU
            I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU I64And I64Or I64Xor I64Shl I64ShrS I64ShrU
            I64Rotl I64Rotr I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU
            F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign F32Eq F32Ne F32Lt F32Gt F32Le F32Ge
            F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign F64Eq F64Ne F64Lt F64Gt F64Le F64Ge;
        load
            I32Load I64Load F32Load F64Load I32Load8S I32Load8U I32Load16S I32Load16U
            I64Load8S I64Load8U I64Load16S I64Load16U I64Load32S I64Load32U;
        store
            I32Store I64Store F32Store F64Store I32Store8 I32Store16 I64Store8 I64Store16 I64Store32
    };
    Some(result.map(|value| stack.push(value)))
}

/// Memory index and static offset.
fn place(memarg: &MemArg) -> (usize, u64) {
    let (MemArgTarget::Memory(memory) | MemArgTarget::Array(memory)) = memarg.target;
    (memory as usize, memarg.offset)
}
