//! The header, from what the functions here say of themselves.

use std::fmt::Write as _;

use crate::declare::Declaration;
use crate::types::{EXTERN_KINDS, KINDS};
use crate::{engine, externs, func, instance, module, ports, refs, trap, types, value};

/// Types whose fields C sees, and names for others.
const HEAD: &str = "\
// The standard C API of WebAssembly engines, for wasm-dispatch.
//
// Generated from the functions of the crate wasm-dispatch-c, whose test `header` writes it.
//
// Every pointer may be null where nothing else is said. `own` says that ownership goes with the pointer: to the caller with a
// result, to the function with an argument. What lists of pointers point to, they own.

#ifndef WASM_H
#define WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern \"C\" {
#endif

#define own

typedef uint8_t wasm_byte_t;
typedef uint8_t wasm_valkind_t;
typedef uint8_t wasm_mutability_t;
typedef uint8_t wasm_externkind_t;
typedef uint32_t wasm_table_size_t;
typedef uint32_t wasm_memory_pages_t;
typedef float float32_t;
typedef double float64_t;

enum wasm_mutability_enum { WASM_CONST, WASM_VAR };

static const size_t MEMORY_PAGE_SIZE = 0x10000;

typedef struct wasm_limits_t {
  uint32_t min;
  uint32_t max;
} wasm_limits_t;

static const uint32_t wasm_limits_max_default = 0xffffffff;
";

/// What comes after the types.
const FUNCTIONS: &str = "
typedef wasm_byte_vec_t wasm_name_t;
typedef wasm_name_t wasm_message_t;

typedef own wasm_trap_t* (*wasm_func_callback_t)(const wasm_val_vec_t* args, own wasm_val_vec_t* results);
typedef own wasm_trap_t* (*wasm_func_callback_with_env_t)(
    void* env, const wasm_val_vec_t* args, own wasm_val_vec_t* results);
";

/// What programs write often.
const TAIL: &str = "
#define wasm_name wasm_byte_vec
#define wasm_name_new wasm_byte_vec_new
#define wasm_name_new_empty wasm_byte_vec_new_empty
#define wasm_name_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_copy wasm_byte_vec_copy
#define wasm_name_delete wasm_byte_vec_delete

// A name from a C string, without its zero.
static inline void wasm_name_new_from_string(own wasm_name_t* out, const char* text) {
  wasm_byte_vec_new(out, strlen(text), (const wasm_byte_t*)text);
}

// A name from a C string, with its zero.
static inline void wasm_name_new_from_string_nt(own wasm_name_t* out, const char* text) {
  wasm_byte_vec_new(out, strlen(text) + 1, (const wasm_byte_t*)text);
}

static inline bool wasm_valkind_is_num(wasm_valkind_t kind) { return kind < WASM_V128; }
static inline bool wasm_valkind_is_ref(wasm_valkind_t kind) { return kind >= WASM_EXTERNREF; }
static inline bool wasm_valtype_is_num(const wasm_valtype_t* type) {
  return wasm_valkind_is_num(wasm_valtype_kind(type));
}
static inline bool wasm_valtype_is_ref(const wasm_valtype_t* type) {
  return wasm_valkind_is_ref(wasm_valtype_kind(type));
}

static inline own wasm_valtype_t* wasm_valtype_new_i32(void) { return wasm_valtype_new(WASM_I32); }
static inline own wasm_valtype_t* wasm_valtype_new_i64(void) { return wasm_valtype_new(WASM_I64); }
static inline own wasm_valtype_t* wasm_valtype_new_f32(void) { return wasm_valtype_new(WASM_F32); }
static inline own wasm_valtype_t* wasm_valtype_new_f64(void) { return wasm_valtype_new(WASM_F64); }
static inline own wasm_valtype_t* wasm_valtype_new_externref(void) { return wasm_valtype_new(WASM_EXTERNREF); }
static inline own wasm_valtype_t* wasm_valtype_new_funcref(void) { return wasm_valtype_new(WASM_FUNCREF); }
#define wasm_valtype_new_anyref wasm_valtype_new_externref
#define WASM_ANYREF WASM_EXTERNREF

static inline void wasm_val_init_ptr(own wasm_val_t* out, void* pointer) {
  out->kind = sizeof(pointer) == 8 ? WASM_I64 : WASM_I32;
  out->of.i64 = (int64_t)(intptr_t)pointer;
}
static inline void* wasm_val_ptr(const wasm_val_t* value) { return (void*)(intptr_t)value->of.i64; }

#ifndef __cplusplus
#define WASM_I32_VAL(value) {.kind = WASM_I32, .of = {.i32 = value}}
#define WASM_I64_VAL(value) {.kind = WASM_I64, .of = {.i64 = value}}
#define WASM_F32_VAL(value) {.kind = WASM_F32, .of = {.f32 = value}}
#define WASM_F64_VAL(value) {.kind = WASM_F64, .of = {.f64 = value}}
#define WASM_REF_VAL(value) {.kind = WASM_EXTERNREF, .of = {.ref = value}}
#define WASM_INIT_VAL {.kind = WASM_EXTERNREF, .of = {.ref = NULL}}
#endif

#define WASM_EMPTY_VEC {0, NULL}
#define WASM_ARRAY_VEC(array) {sizeof(array) / sizeof(*(array)), array}
";

/// The functions, file by file.
fn parts() -> [&'static [Declaration]; 17] {
    [
        types::lists::DECLARATIONS,
        ports::lists::DECLARATIONS,
        value::lists::DECLARATIONS,
        trap::lists::DECLARATIONS,
        externs::lists::DECLARATIONS,
        engine::DECLARATIONS,
        types::DECLARATIONS,
        ports::DECLARATIONS,
        value::DECLARATIONS,
        refs::base::DECLARATIONS,
        refs::converted::DECLARATIONS,
        refs::DECLARATIONS,
        trap::DECLARATIONS,
        module::DECLARATIONS,
        func::DECLARATIONS,
        externs::DECLARATIONS,
        instance::DECLARATIONS,
    ]
}

/// A Rust type, as a C type.
fn c_type(ty: &str) -> String {
    let ty: String = ty.split_whitespace().collect();
    if let Some(item) = ty.strip_prefix("Out<").and_then(|rest| rest.strip_suffix('>')) {
        return format!("own {}*", c_type(item));
    }
    if let Some(item) = ty.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
        if let Some(item) = item.strip_prefix("&mut") {
            return format!("{}*", c_type(item));
        }
        if let Some(item) = item.strip_prefix('&') {
            return format!("const {}*", c_type(item));
        }
        if let Some(item) = item.strip_prefix("Box<").and_then(|rest| rest.strip_suffix('>')) {
            return format!("own {}*", c_type(item));
        }
    }
    if let Some(item) = ty.strip_prefix("*mut") {
        return format!("{}*", c_type(item));
    }
    if let Some(item) = ty.strip_prefix("*const") {
        // An array of owned pointers, which is only read.
        let item = c_type(item);
        return match item.strip_suffix('*') {
            Some(pointed) => format!("{pointed}* const*"),
            None => format!("const {item}*"),
        };
    }
    match &ty[..] {
        "usize" => "size_t".into(),
        "u32" => "uint32_t".into(),
        "c_void" | "" => "void".into(),
        other => other.into(),
    }
}

/// A parameter, as C declares it.
fn c_param((name, ty): (&str, &str)) -> String {
    match ty {
        "Finalizer" => format!("void (*{name})(void*)"),
        _ => format!("{} {name}", c_type(ty)),
    }
}

/// Names of types that follow a prefix and are opaque.
fn opaque(declarations: &[&Declaration]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for declaration in declarations {
        let types = declaration.params.iter().map(|&(_, ty)| ty).chain([declaration.result]);
        for ty in types {
            let words = ty.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| word.starts_with("wasm_") && word.ends_with("_t")) {
                let known = [
                    "_vec_t",
                    "kind_t",
                    "_callback_t",
                    "_with_env_t",
                    "_size_t",
                    "_pages_t",
                    "mutability_t",
                ];
                let seen = [
                    "wasm_byte_t",
                    "wasm_name_t",
                    "wasm_message_t",
                    "wasm_limits_t",
                    "wasm_val_t",
                ];
                if !known.iter().any(|end| word.ends_with(end))
                    && !seen.contains(&word)
                    && !names.iter().any(|name| name == word)
                {
                    names.push(word.into());
                }
            }
        }
    }
    names.sort();
    names
}

/// The text of `wasm.h`.
pub fn header() -> String {
    let declarations: Vec<&Declaration> = parts().into_iter().flatten().collect();
    let mut text = String::from(HEAD);
    // Writing to a string does not fail.
    let _ = writeln!(text, "\nenum wasm_valkind_enum {{");
    for (kind, name, _) in KINDS {
        let _ = writeln!(text, "  {name} = {kind},");
    }
    let _ = writeln!(text, "}};\n\nenum wasm_externkind_enum {{");
    for (kind, name) in EXTERN_KINDS {
        let _ = writeln!(text, "  {name} = {kind},");
    }
    let _ = writeln!(text, "}};\n");
    for name in opaque(&declarations) {
        let _ = writeln!(text, "typedef struct {name} {name};");
    }
    text.push_str(
        "\ntypedef struct wasm_val_t {\n  wasm_valkind_t kind;\n  union {\n    int32_t i32;\n    int64_t i64;\n    \
         float32_t f32;\n    float64_t f64;\n    wasm_ref_t* ref;\n  } of;\n} wasm_val_t;\n",
    );
    for declaration in &declarations {
        if let Some(list) = declaration.name.strip_suffix("_vec_new_empty") {
            let pointer = if matches!(list, "wasm_byte" | "wasm_val") {
                ""
            } else {
                "*"
            };
            let _ = writeln!(
                text,
                "\ntypedef struct {list}_vec_t {{\n  size_t size;\n  {list}_t{pointer}* data;\n}} {list}_vec_t;"
            );
        }
    }
    text.push_str(FUNCTIONS);
    text.push('\n');
    for declaration in &declarations {
        for line in declaration.doc.lines() {
            let _ = writeln!(text, "//{line}");
        }
        let params: Vec<String> = declaration.params.iter().copied().map(c_param).collect();
        let params = if params.is_empty() {
            "void".into()
        } else {
            params.join(", ")
        };
        let _ = writeln!(text, "{} {}({params});", c_type(declaration.result), declaration.name);
    }
    text.push_str(TAIL);
    text.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    text
}
