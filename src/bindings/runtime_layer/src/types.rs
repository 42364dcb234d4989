//! Types of the machine's as the layer's, and back.

use wasm_dispatch::{self as wd, SizeLimits};
use wasm_runtime_layer::{ExternType, FuncType, GlobalType, MemoryType, RefType, TableType, ValType};

pub(crate) fn value(ty: wd::ValType) -> ValType {
    match ty {
        wd::ValType::I32 => ValType::I32,
        wd::ValType::I64 => ValType::I64,
        wd::ValType::F32 => ValType::F32,
        wd::ValType::F64 => ValType::F64,
        wd::ValType::FuncRef => ValType::FuncRef,
        wd::ValType::V128 => ValType::V128,
        // No value has another type.
        _ => ValType::ExternRef,
    }
}

pub(crate) fn own_value(ty: ValType) -> wd::ValType {
    match ty {
        ValType::I32 => wd::ValType::I32,
        ValType::I64 => wd::ValType::I64,
        ValType::F32 => wd::ValType::F32,
        ValType::F64 => wd::ValType::F64,
        ValType::V128 => wd::ValType::V128,
        ValType::FuncRef => wd::ValType::FuncRef,
        ValType::ExternRef => wd::ValType::ExternRef,
    }
}

fn reference(ty: wd::ValType) -> RefType {
    match ty {
        wd::ValType::FuncRef => RefType::FuncRef,
        _ => RefType::ExternRef,
    }
}

pub(crate) fn func(ty: &wd::FuncType) -> FuncType {
    FuncType::new(
        ty.params.iter().copied().map(value),
        ty.results.iter().copied().map(value),
    )
}

pub(crate) fn own_func(ty: &FuncType) -> wd::FuncType {
    let list = |types: &[ValType]| types.iter().copied().map(own_value).collect::<Vec<_>>();
    wd::FuncType::new(list(ty.params()), list(ty.results()))
}

pub(crate) fn global(ty: wd::GlobalType) -> GlobalType {
    GlobalType::new(value(ty.value), ty.mutable)
}

/// What does not fit is the most that does.
pub(crate) fn narrow(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

pub(crate) fn memory(ty: &wd::MemoryType) -> MemoryType {
    MemoryType::new(narrow(ty.limits.min), ty.limits.max.map(narrow))
}

pub(crate) fn own_sizes(min: u32, max: Option<u32>) -> SizeLimits {
    SizeLimits {
        min: min.into(),
        max: max.map(u64::from),
    }
}

pub(crate) fn table(ty: &wd::TableType) -> TableType {
    let min = narrow(ty.limits.min);
    // A table has never more than its maximum; the layer panics on what has.
    TableType::new(
        reference(ty.element),
        min,
        ty.limits.max.map(|max| narrow(max).max(min)),
    )
}

pub(crate) fn item(ty: &wd::ExternType) -> Option<ExternType> {
    Some(match ty {
        wd::ExternType::Func(ty) => func(ty).into(),
        wd::ExternType::Global(ty) => global(*ty).into(),
        wd::ExternType::Memory(ty) => memory(ty).into(),
        wd::ExternType::Table(ty) => table(ty).into(),
        // The library may come to know more.
        _ => return None,
    })
}
