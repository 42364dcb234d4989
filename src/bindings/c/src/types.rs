//! Types of values, functions and everything else that modules import and export.

use wasm_dispatch::{AddressType, ExternType, FuncType, GlobalType, MemoryType, SizeLimits, TableType, ValType};

use crate::list::{self, List, Out};

/// A kind of value.
pub type wasm_valkind_t = u8;
/// 1 if a global can be set.
pub type wasm_mutability_t = u8;
/// A kind of import or export.
pub type wasm_externkind_t = u8;
/// A byte.
pub type wasm_byte_t = u8;
/// Bytes.
pub type wasm_byte_vec_t = List<u8>;
/// A name, in UTF-8.
pub type wasm_name_t = wasm_byte_vec_t;

/// A type of values.
#[derive(Clone)]
pub struct wasm_valtype_t(pub(crate) ValType);

/// Sizes: in pages of 64 KiB, or in elements.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasm_limits_t {
    /// Size at the start.
    pub min: u32,
    /// Size it may grow to; `wasm_limits_max_default` if that is not limited.
    pub max: u32,
}

/// A size that is not limited.
pub(crate) const MAX_DEFAULT: u32 = u32::MAX;

/// The kinds of values, as C numbers them.
pub(crate) const KINDS: [(u8, &str, ValType); 7] = [
    (0, "WASM_I32", ValType::I32),
    (1, "WASM_I64", ValType::I64),
    (2, "WASM_F32", ValType::F32),
    (3, "WASM_F64", ValType::F64),
    // Not the standard's, which has no vectors; no values of this kind cross the border.
    (4, "WASM_V128", ValType::V128),
    (128, "WASM_EXTERNREF", ValType::ExternRef),
    (129, "WASM_FUNCREF", ValType::FuncRef),
];

/// The kinds of what is imported and exported, as C numbers them.
pub(crate) const EXTERN_KINDS: [(u8, &str); 4] = [
    (0, "WASM_EXTERN_FUNC"),
    (1, "WASM_EXTERN_GLOBAL"),
    (2, "WASM_EXTERN_TABLE"),
    (3, "WASM_EXTERN_MEMORY"),
];

pub(crate) fn kind_of(ty: ValType) -> u8 {
    KINDS
        .iter()
        .find(|&&(_, _, known)| known == ty)
        .map_or(0, |&(kind, ..)| kind)
}

pub(crate) fn type_of(kind: u8) -> Option<ValType> {
    KINDS.iter().find(|&&(known, ..)| known == kind).map(|&(_, _, ty)| ty)
}

impl wasm_limits_t {
    fn of(limits: SizeLimits) -> wasm_limits_t {
        let narrow = |size: u64| u32::try_from(size).unwrap_or(MAX_DEFAULT);
        wasm_limits_t {
            min: narrow(limits.min),
            max: limits.max.map_or(MAX_DEFAULT, narrow),
        }
    }

    fn sizes(self) -> SizeLimits {
        SizeLimits {
            min: self.min.into(),
            max: (self.max != MAX_DEFAULT).then_some(self.max.into()),
        }
    }
}

/// The type of anything that is imported or exported. Those of functions, globals, tables and memories are the same thing
/// under other names.
pub struct wasm_externtype_t {
    pub(crate) ty: ExternType,
    /// Of a function.
    params: wasm_valtype_vec_t,
    results: wasm_valtype_vec_t,
    /// Of a global's value or a table's elements.
    content: wasm_valtype_t,
    limits: wasm_limits_t,
}

/// The type of a function.
pub type wasm_functype_t = wasm_externtype_t;
/// The type of a global.
pub type wasm_globaltype_t = wasm_externtype_t;
/// The type of a table.
pub type wasm_tabletype_t = wasm_externtype_t;
/// The type of a memory.
pub type wasm_memorytype_t = wasm_externtype_t;

impl wasm_externtype_t {
    pub(crate) fn new(ty: ExternType) -> wasm_externtype_t {
        let list = |types: &[ValType]| List::new(types.iter().map(|&ty| Some(Box::new(wasm_valtype_t(ty)))).collect());
        let (params, results) = match &ty {
            ExternType::Func(ty) => (list(&ty.params), list(&ty.results)),
            _ => (list(&[]), list(&[])),
        };
        let content = match &ty {
            ExternType::Global(ty) => ty.value,
            ExternType::Table(ty) => ty.element,
            _ => ValType::I32,
        };
        let limits = match &ty {
            ExternType::Table(ty) => ty.limits,
            ExternType::Memory(ty) => ty.limits,
            _ => SizeLimits { min: 0, max: None },
        };
        wasm_externtype_t {
            ty,
            params,
            results,
            content: wasm_valtype_t(content),
            limits: wasm_limits_t::of(limits),
        }
    }

    pub(crate) fn kind(&self) -> u8 {
        match self.ty {
            ExternType::Func(_) => 0,
            ExternType::Global(_) => 1,
            ExternType::Table(_) => 2,
            // The rest are memories.
            _ => 3,
        }
    }

    fn of_kind(&self, kind: u8) -> Option<&wasm_externtype_t> {
        (self.kind() == kind).then_some(self)
    }

    fn of_kind_mut(&mut self, kind: u8) -> Option<&mut wasm_externtype_t> {
        (self.kind() == kind).then_some(self)
    }
}

impl Clone for wasm_externtype_t {
    fn clone(&self) -> Self {
        wasm_externtype_t::new(self.ty.clone())
    }
}

impl Drop for wasm_externtype_t {
    fn drop(&mut self) {
        self.params.take();
        self.results.take();
    }
}

/// Value types.
pub type wasm_valtype_vec_t = List<Option<Box<wasm_valtype_t>>>;
/// Function types.
pub type wasm_functype_vec_t = List<Option<Box<wasm_functype_t>>>;
/// Global types.
pub type wasm_globaltype_vec_t = List<Option<Box<wasm_globaltype_t>>>;
/// Table types.
pub type wasm_tabletype_vec_t = List<Option<Box<wasm_tabletype_t>>>;
/// Memory types.
pub type wasm_memorytype_vec_t = List<Option<Box<wasm_memorytype_t>>>;
/// Types of imports and exports.
pub type wasm_externtype_vec_t = List<Option<Box<wasm_externtype_t>>>;

/// The value types of a list that is given away; `None` if one is missing.
fn value_types(list: Option<&mut wasm_valtype_vec_t>) -> Option<Vec<ValType>> {
    let types = list?.take();
    types.into_iter().map(|ty| Some(ty?.0)).collect()
}

functions! {
    /// A type of values; null if there is no such kind.
    fn wasm_valtype_new(kind: wasm_valkind_t) -> Option<Box<wasm_valtype_t>> {
        type_of(kind).map(|ty| Box::new(wasm_valtype_t(ty)))
    }
    fn wasm_valtype_delete(ty: Option<Box<wasm_valtype_t>>) {
        drop(ty);
    }
    fn wasm_valtype_copy(ty: Option<&wasm_valtype_t>) -> Option<Box<wasm_valtype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_valtype_kind(ty: Option<&wasm_valtype_t>) -> wasm_valkind_t {
        ty.map_or(0, |ty| kind_of(ty.0))
    }

    /// The type of a function; takes both lists.
    fn wasm_functype_new(params: Option<&mut wasm_valtype_vec_t>, results: Option<&mut wasm_valtype_vec_t>) -> Option<Box<wasm_functype_t>> {
        let (params, results) = (value_types(params), value_types(results));
        Some(Box::new(wasm_externtype_t::new(ExternType::Func(FuncType::new(params?, results?)))))
    }
    fn wasm_functype_delete(ty: Option<Box<wasm_functype_t>>) {
        drop(ty);
    }
    fn wasm_functype_copy(ty: Option<&wasm_functype_t>) -> Option<Box<wasm_functype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_functype_params(ty: Option<&wasm_functype_t>) -> Option<&wasm_valtype_vec_t> {
        ty.map(|ty| &ty.params)
    }
    fn wasm_functype_results(ty: Option<&wasm_functype_t>) -> Option<&wasm_valtype_vec_t> {
        ty.map(|ty| &ty.results)
    }

    /// The type of a global; takes its content.
    fn wasm_globaltype_new(content: Option<Box<wasm_valtype_t>>, mutability: wasm_mutability_t) -> Option<Box<wasm_globaltype_t>> {
        let value = content?.0;
        let ty = GlobalType { value, mutable: mutability != 0 };
        Some(Box::new(wasm_externtype_t::new(ExternType::Global(ty))))
    }
    fn wasm_globaltype_delete(ty: Option<Box<wasm_globaltype_t>>) {
        drop(ty);
    }
    fn wasm_globaltype_copy(ty: Option<&wasm_globaltype_t>) -> Option<Box<wasm_globaltype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_globaltype_content(ty: Option<&wasm_globaltype_t>) -> Option<&wasm_valtype_t> {
        ty.map(|ty| &ty.content)
    }
    fn wasm_globaltype_mutability(ty: Option<&wasm_globaltype_t>) -> wasm_mutability_t {
        ty.map_or(0, |ty| matches!(&ty.ty, ExternType::Global(ty) if ty.mutable).into())
    }

    /// The type of a table of references; takes the type of its elements.
    fn wasm_tabletype_new(element: Option<Box<wasm_valtype_t>>, limits: Option<&wasm_limits_t>) -> Option<Box<wasm_tabletype_t>> {
        let ty = TableType::new(element?.0, limits?.sizes());
        Some(Box::new(wasm_externtype_t::new(ExternType::Table(ty))))
    }
    fn wasm_tabletype_delete(ty: Option<Box<wasm_tabletype_t>>) {
        drop(ty);
    }
    fn wasm_tabletype_copy(ty: Option<&wasm_tabletype_t>) -> Option<Box<wasm_tabletype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_tabletype_element(ty: Option<&wasm_tabletype_t>) -> Option<&wasm_valtype_t> {
        ty.map(|ty| &ty.content)
    }
    fn wasm_tabletype_limits(ty: Option<&wasm_tabletype_t>) -> Option<&wasm_limits_t> {
        ty.map(|ty| &ty.limits)
    }

    /// The type of a memory with addresses of 32 bits and pages of 64 KiB.
    fn wasm_memorytype_new(limits: Option<&wasm_limits_t>) -> Option<Box<wasm_memorytype_t>> {
        let ty = MemoryType { limits: limits?.sizes(), address: AddressType::I32, page_size_log2: 16 };
        Some(Box::new(wasm_externtype_t::new(ExternType::Memory(ty))))
    }
    fn wasm_memorytype_delete(ty: Option<Box<wasm_memorytype_t>>) {
        drop(ty);
    }
    fn wasm_memorytype_copy(ty: Option<&wasm_memorytype_t>) -> Option<Box<wasm_memorytype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_memorytype_limits(ty: Option<&wasm_memorytype_t>) -> Option<&wasm_limits_t> {
        ty.map(|ty| &ty.limits)
    }

    fn wasm_externtype_delete(ty: Option<Box<wasm_externtype_t>>) {
        drop(ty);
    }
    fn wasm_externtype_copy(ty: Option<&wasm_externtype_t>) -> Option<Box<wasm_externtype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_externtype_kind(ty: Option<&wasm_externtype_t>) -> wasm_externkind_t {
        ty.map_or(0, wasm_externtype_t::kind)
    }
    fn wasm_functype_as_externtype(ty: Option<&mut wasm_functype_t>) -> Option<&mut wasm_externtype_t> {
        ty
    }
    fn wasm_globaltype_as_externtype(ty: Option<&mut wasm_globaltype_t>) -> Option<&mut wasm_externtype_t> {
        ty
    }
    fn wasm_tabletype_as_externtype(ty: Option<&mut wasm_tabletype_t>) -> Option<&mut wasm_externtype_t> {
        ty
    }
    fn wasm_memorytype_as_externtype(ty: Option<&mut wasm_memorytype_t>) -> Option<&mut wasm_externtype_t> {
        ty
    }
    fn wasm_externtype_as_functype(ty: Option<&mut wasm_externtype_t>) -> Option<&mut wasm_functype_t> {
        ty?.of_kind_mut(0)
    }
    fn wasm_externtype_as_globaltype(ty: Option<&mut wasm_externtype_t>) -> Option<&mut wasm_globaltype_t> {
        ty?.of_kind_mut(1)
    }
    fn wasm_externtype_as_tabletype(ty: Option<&mut wasm_externtype_t>) -> Option<&mut wasm_tabletype_t> {
        ty?.of_kind_mut(2)
    }
    fn wasm_externtype_as_memorytype(ty: Option<&mut wasm_externtype_t>) -> Option<&mut wasm_memorytype_t> {
        ty?.of_kind_mut(3)
    }
    fn wasm_functype_as_externtype_const(ty: Option<&wasm_functype_t>) -> Option<&wasm_externtype_t> {
        ty
    }
    fn wasm_globaltype_as_externtype_const(ty: Option<&wasm_globaltype_t>) -> Option<&wasm_externtype_t> {
        ty
    }
    fn wasm_tabletype_as_externtype_const(ty: Option<&wasm_tabletype_t>) -> Option<&wasm_externtype_t> {
        ty
    }
    fn wasm_memorytype_as_externtype_const(ty: Option<&wasm_memorytype_t>) -> Option<&wasm_externtype_t> {
        ty
    }
    fn wasm_externtype_as_functype_const(ty: Option<&wasm_externtype_t>) -> Option<&wasm_functype_t> {
        ty?.of_kind(0)
    }
    fn wasm_externtype_as_globaltype_const(ty: Option<&wasm_externtype_t>) -> Option<&wasm_globaltype_t> {
        ty?.of_kind(1)
    }
    fn wasm_externtype_as_tabletype_const(ty: Option<&wasm_externtype_t>) -> Option<&wasm_tabletype_t> {
        ty?.of_kind(2)
    }
    fn wasm_externtype_as_memorytype_const(ty: Option<&wasm_externtype_t>) -> Option<&wasm_memorytype_t> {
        ty?.of_kind(3)
    }
}

/// The lists of these.
pub(crate) mod lists {
    use super::*;

    lists! {
        wasm_byte_vec_t of wasm_byte_t: wasm_byte_vec_new_empty wasm_byte_vec_new_uninitialized wasm_byte_vec_new wasm_byte_vec_copy wasm_byte_vec_delete;
        wasm_valtype_vec_t of Option<Box<wasm_valtype_t>>: wasm_valtype_vec_new_empty wasm_valtype_vec_new_uninitialized wasm_valtype_vec_new wasm_valtype_vec_copy wasm_valtype_vec_delete;
        wasm_functype_vec_t of Option<Box<wasm_functype_t>>: wasm_functype_vec_new_empty wasm_functype_vec_new_uninitialized wasm_functype_vec_new wasm_functype_vec_copy wasm_functype_vec_delete;
        wasm_globaltype_vec_t of Option<Box<wasm_globaltype_t>>: wasm_globaltype_vec_new_empty wasm_globaltype_vec_new_uninitialized wasm_globaltype_vec_new wasm_globaltype_vec_copy wasm_globaltype_vec_delete;
        wasm_tabletype_vec_t of Option<Box<wasm_tabletype_t>>: wasm_tabletype_vec_new_empty wasm_tabletype_vec_new_uninitialized wasm_tabletype_vec_new wasm_tabletype_vec_copy wasm_tabletype_vec_delete;
        wasm_memorytype_vec_t of Option<Box<wasm_memorytype_t>>: wasm_memorytype_vec_new_empty wasm_memorytype_vec_new_uninitialized wasm_memorytype_vec_new wasm_memorytype_vec_copy wasm_memorytype_vec_delete;
        wasm_externtype_vec_t of Option<Box<wasm_externtype_t>>: wasm_externtype_vec_new_empty wasm_externtype_vec_new_uninitialized wasm_externtype_vec_new wasm_externtype_vec_copy wasm_externtype_vec_delete;
    }
}
