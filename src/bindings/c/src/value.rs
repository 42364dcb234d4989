//! Values that cross the border.

#![allow(unsafe_code)]

use std::ptr;
use std::rc::Rc;

use wasm_dispatch::{ValType, Value};

use crate::kind::Kind;
use crate::list::{self, Element, List, Out};
use crate::refs::wasm_ref_t;
use crate::store::Store;
use crate::types::{kind_of, type_of, wasm_valkind_t};

/// A value.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasm_val_t {
    /// Which of the fields of `of` counts.
    pub(crate) kind: wasm_valkind_t,
    of: Of,
}

/// What a value is, by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Of {
    i32: i32,
    i64: i64,
    f32: f32,
    f64: f64,
    /// Owned, or null.
    reference: *mut wasm_ref_t,
}

/// Values.
pub type wasm_val_vec_t = List<wasm_val_t>;

impl wasm_val_t {
    /// The zero, or null, of a type.
    pub(crate) fn zero(ty: ValType) -> wasm_val_t {
        let kind = kind_of(ty);
        let of = match ty {
            ValType::FuncRef | ValType::ExternRef => Of {
                reference: ptr::null_mut(),
            },
            _ => Of { i64: 0 },
        };
        wasm_val_t { kind, of }
    }

    /// A value of the machine's; `None` for a vector.
    pub(crate) fn new(value: Value, store: &Rc<Store>) -> Option<wasm_val_t> {
        let reference = |kind: Option<Kind>| {
            let boxed = kind.and_then(|kind| wasm_ref_t::new(store, kind));
            Of {
                reference: boxed.map_or(ptr::null_mut(), Box::into_raw),
            }
        };
        let of = match value {
            Value::I32(i32) => Of { i32 },
            Value::I64(i64) => Of { i64 },
            Value::F32(f32) => Of { f32 },
            Value::F64(f64) => Of { f64 },
            Value::FuncRef(func) => reference(func.map(Kind::Func)),
            Value::ExternRef(number) => reference(number.and_then(|number| store.referred(number))),
            _ => return None,
        };
        Some(wasm_val_t {
            kind: kind_of(value.ty()),
            of,
        })
    }

    /// The value for the machine of this store; `None` if it has none such.
    pub(crate) fn value(&self, store: &Rc<Store>) -> Option<Value> {
        // SAFETY: every field but the reference may have any bits, and C promises that the kind says which field counts.
        unsafe {
            Some(match type_of(self.kind)? {
                ValType::I32 => Value::I32(self.of.i32),
                ValType::I64 => Value::I64(self.of.i64),
                ValType::F32 => Value::F32(self.of.f32),
                ValType::F64 => Value::F64(self.of.f64),
                ValType::FuncRef => Value::FuncRef(match self.reference() {
                    None => None,
                    Some(reference) => Some(reference.func()?),
                }),
                ValType::ExternRef => Value::ExternRef(self.reference().map(|own| store.extern_ref(&own.kind))),
                _ => return None,
            })
        }
    }

    /// What it refers to, if it is a reference and not null.
    fn reference(&self) -> Option<&wasm_ref_t> {
        match type_of(self.kind) {
            // SAFETY: C promises that a value of this kind has a reference, which is null or was made here and not deleted.
            Some(ValType::FuncRef | ValType::ExternRef) => unsafe { self.of.reference.as_ref() },
            _ => None,
        }
    }
}

impl Element for wasm_val_t {
    fn unset() -> wasm_val_t {
        wasm_val_t::zero(ValType::I32)
    }

    fn copy(&self) -> wasm_val_t {
        match self.reference() {
            Some(reference) => wasm_val_t {
                kind: self.kind,
                of: Of {
                    reference: Box::into_raw(Box::new(reference.clone())),
                },
            },
            None => *self,
        }
    }

    fn delete(self) {
        if self.reference().is_some() {
            // SAFETY: the reference was made here, in a box, and C gives the value away.
            drop(unsafe { Box::from_raw(self.of.reference) });
        }
    }
}

functions! {
    /// Deletes what the value refers to.
    fn wasm_val_delete(value: Option<&mut wasm_val_t>) {
        if let Some(value) = value {
            std::mem::replace(value, wasm_val_t::unset()).delete();
        }
    }
    fn wasm_val_copy(out: Out<wasm_val_t>, value: Option<&wasm_val_t>) {
        if let (Some(out), Some(value)) = (out, value) {
            out.write(value.copy());
        }
    }
}

/// The lists of these.
pub(crate) mod lists {
    use super::*;

    lists! {
        wasm_val_vec_t of wasm_val_t: wasm_val_vec_new_empty wasm_val_vec_new_uninitialized wasm_val_vec_new wasm_val_vec_copy wasm_val_vec_delete;
    }
}
