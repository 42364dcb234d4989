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
extern "C" {
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

enum wasm_valkind_enum {
  WASM_I32 = 0,
  WASM_I64 = 1,
  WASM_F32 = 2,
  WASM_F64 = 3,
  WASM_V128 = 4,
  WASM_EXTERNREF = 128,
  WASM_FUNCREF = 129,
};

enum wasm_externkind_enum {
  WASM_EXTERN_FUNC = 0,
  WASM_EXTERN_GLOBAL = 1,
  WASM_EXTERN_TABLE = 2,
  WASM_EXTERN_MEMORY = 3,
};

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_exporttype_t wasm_exporttype_t;
typedef struct wasm_extern_t wasm_extern_t;
typedef struct wasm_externtype_t wasm_externtype_t;
typedef struct wasm_foreign_t wasm_foreign_t;
typedef struct wasm_frame_t wasm_frame_t;
typedef struct wasm_func_t wasm_func_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasm_global_t wasm_global_t;
typedef struct wasm_globaltype_t wasm_globaltype_t;
typedef struct wasm_importtype_t wasm_importtype_t;
typedef struct wasm_instance_t wasm_instance_t;
typedef struct wasm_memory_t wasm_memory_t;
typedef struct wasm_memorytype_t wasm_memorytype_t;
typedef struct wasm_module_t wasm_module_t;
typedef struct wasm_ref_t wasm_ref_t;
typedef struct wasm_shared_module_t wasm_shared_module_t;
typedef struct wasm_store_t wasm_store_t;
typedef struct wasm_table_t wasm_table_t;
typedef struct wasm_tabletype_t wasm_tabletype_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_valtype_t wasm_valtype_t;

typedef struct wasm_val_t {
  wasm_valkind_t kind;
  union {
    int32_t i32;
    int64_t i64;
    float32_t f32;
    float64_t f64;
    wasm_ref_t* ref;
  } of;
} wasm_val_t;

typedef struct wasm_byte_vec_t {
  size_t size;
  wasm_byte_t* data;
} wasm_byte_vec_t;

typedef struct wasm_valtype_vec_t {
  size_t size;
  wasm_valtype_t** data;
} wasm_valtype_vec_t;

typedef struct wasm_functype_vec_t {
  size_t size;
  wasm_functype_t** data;
} wasm_functype_vec_t;

typedef struct wasm_globaltype_vec_t {
  size_t size;
  wasm_globaltype_t** data;
} wasm_globaltype_vec_t;

typedef struct wasm_tabletype_vec_t {
  size_t size;
  wasm_tabletype_t** data;
} wasm_tabletype_vec_t;

typedef struct wasm_memorytype_vec_t {
  size_t size;
  wasm_memorytype_t** data;
} wasm_memorytype_vec_t;

typedef struct wasm_externtype_vec_t {
  size_t size;
  wasm_externtype_t** data;
} wasm_externtype_vec_t;

typedef struct wasm_importtype_vec_t {
  size_t size;
  wasm_importtype_t** data;
} wasm_importtype_vec_t;

typedef struct wasm_exporttype_vec_t {
  size_t size;
  wasm_exporttype_t** data;
} wasm_exporttype_vec_t;

typedef struct wasm_val_vec_t {
  size_t size;
  wasm_val_t* data;
} wasm_val_vec_t;

typedef struct wasm_frame_vec_t {
  size_t size;
  wasm_frame_t** data;
} wasm_frame_vec_t;

typedef struct wasm_extern_vec_t {
  size_t size;
  wasm_extern_t** data;
} wasm_extern_vec_t;

typedef wasm_byte_vec_t wasm_name_t;
typedef wasm_name_t wasm_message_t;

typedef own wasm_trap_t* (*wasm_func_callback_t)(const wasm_val_vec_t* args, own wasm_val_vec_t* results);
typedef own wasm_trap_t* (*wasm_func_callback_with_env_t)(
    void* env, const wasm_val_vec_t* args, own wasm_val_vec_t* results);

void wasm_byte_vec_new_empty(own wasm_byte_vec_t* out);
void wasm_byte_vec_new_uninitialized(own wasm_byte_vec_t* out, size_t size);
void wasm_byte_vec_new(own wasm_byte_vec_t* out, size_t size, const wasm_byte_t* data);
void wasm_byte_vec_copy(own wasm_byte_vec_t* out, const wasm_byte_vec_t* list);
void wasm_byte_vec_delete(wasm_byte_vec_t* list);
void wasm_valtype_vec_new_empty(own wasm_valtype_vec_t* out);
void wasm_valtype_vec_new_uninitialized(own wasm_valtype_vec_t* out, size_t size);
void wasm_valtype_vec_new(own wasm_valtype_vec_t* out, size_t size, own wasm_valtype_t* const* data);
void wasm_valtype_vec_copy(own wasm_valtype_vec_t* out, const wasm_valtype_vec_t* list);
void wasm_valtype_vec_delete(wasm_valtype_vec_t* list);
void wasm_functype_vec_new_empty(own wasm_functype_vec_t* out);
void wasm_functype_vec_new_uninitialized(own wasm_functype_vec_t* out, size_t size);
void wasm_functype_vec_new(own wasm_functype_vec_t* out, size_t size, own wasm_functype_t* const* data);
void wasm_functype_vec_copy(own wasm_functype_vec_t* out, const wasm_functype_vec_t* list);
void wasm_functype_vec_delete(wasm_functype_vec_t* list);
void wasm_globaltype_vec_new_empty(own wasm_globaltype_vec_t* out);
void wasm_globaltype_vec_new_uninitialized(own wasm_globaltype_vec_t* out, size_t size);
void wasm_globaltype_vec_new(own wasm_globaltype_vec_t* out, size_t size, own wasm_globaltype_t* const* data);
void wasm_globaltype_vec_copy(own wasm_globaltype_vec_t* out, const wasm_globaltype_vec_t* list);
void wasm_globaltype_vec_delete(wasm_globaltype_vec_t* list);
void wasm_tabletype_vec_new_empty(own wasm_tabletype_vec_t* out);
void wasm_tabletype_vec_new_uninitialized(own wasm_tabletype_vec_t* out, size_t size);
void wasm_tabletype_vec_new(own wasm_tabletype_vec_t* out, size_t size, own wasm_tabletype_t* const* data);
void wasm_tabletype_vec_copy(own wasm_tabletype_vec_t* out, const wasm_tabletype_vec_t* list);
void wasm_tabletype_vec_delete(wasm_tabletype_vec_t* list);
void wasm_memorytype_vec_new_empty(own wasm_memorytype_vec_t* out);
void wasm_memorytype_vec_new_uninitialized(own wasm_memorytype_vec_t* out, size_t size);
void wasm_memorytype_vec_new(own wasm_memorytype_vec_t* out, size_t size, own wasm_memorytype_t* const* data);
void wasm_memorytype_vec_copy(own wasm_memorytype_vec_t* out, const wasm_memorytype_vec_t* list);
void wasm_memorytype_vec_delete(wasm_memorytype_vec_t* list);
void wasm_externtype_vec_new_empty(own wasm_externtype_vec_t* out);
void wasm_externtype_vec_new_uninitialized(own wasm_externtype_vec_t* out, size_t size);
void wasm_externtype_vec_new(own wasm_externtype_vec_t* out, size_t size, own wasm_externtype_t* const* data);
void wasm_externtype_vec_copy(own wasm_externtype_vec_t* out, const wasm_externtype_vec_t* list);
void wasm_externtype_vec_delete(wasm_externtype_vec_t* list);
void wasm_importtype_vec_new_empty(own wasm_importtype_vec_t* out);
void wasm_importtype_vec_new_uninitialized(own wasm_importtype_vec_t* out, size_t size);
void wasm_importtype_vec_new(own wasm_importtype_vec_t* out, size_t size, own wasm_importtype_t* const* data);
void wasm_importtype_vec_copy(own wasm_importtype_vec_t* out, const wasm_importtype_vec_t* list);
void wasm_importtype_vec_delete(wasm_importtype_vec_t* list);
void wasm_exporttype_vec_new_empty(own wasm_exporttype_vec_t* out);
void wasm_exporttype_vec_new_uninitialized(own wasm_exporttype_vec_t* out, size_t size);
void wasm_exporttype_vec_new(own wasm_exporttype_vec_t* out, size_t size, own wasm_exporttype_t* const* data);
void wasm_exporttype_vec_copy(own wasm_exporttype_vec_t* out, const wasm_exporttype_vec_t* list);
void wasm_exporttype_vec_delete(wasm_exporttype_vec_t* list);
void wasm_val_vec_new_empty(own wasm_val_vec_t* out);
void wasm_val_vec_new_uninitialized(own wasm_val_vec_t* out, size_t size);
void wasm_val_vec_new(own wasm_val_vec_t* out, size_t size, const wasm_val_t* data);
void wasm_val_vec_copy(own wasm_val_vec_t* out, const wasm_val_vec_t* list);
void wasm_val_vec_delete(wasm_val_vec_t* list);
void wasm_frame_vec_new_empty(own wasm_frame_vec_t* out);
void wasm_frame_vec_new_uninitialized(own wasm_frame_vec_t* out, size_t size);
void wasm_frame_vec_new(own wasm_frame_vec_t* out, size_t size, own wasm_frame_t* const* data);
void wasm_frame_vec_copy(own wasm_frame_vec_t* out, const wasm_frame_vec_t* list);
void wasm_frame_vec_delete(wasm_frame_vec_t* list);
void wasm_extern_vec_new_empty(own wasm_extern_vec_t* out);
void wasm_extern_vec_new_uninitialized(own wasm_extern_vec_t* out, size_t size);
void wasm_extern_vec_new(own wasm_extern_vec_t* out, size_t size, own wasm_extern_t* const* data);
void wasm_extern_vec_copy(own wasm_extern_vec_t* out, const wasm_extern_vec_t* list);
void wasm_extern_vec_delete(wasm_extern_vec_t* list);
own wasm_config_t* wasm_config_new(void);
void wasm_config_delete(own wasm_config_t* config);
// Not the standard's: chooses the dispatch strategy by its name. False if this build has none of that name.
bool wasm_dispatch_config_set_strategy(wasm_config_t* config, const wasm_name_t* name);
own wasm_engine_t* wasm_engine_new(void);
// Takes the configuration.
own wasm_engine_t* wasm_engine_new_with_config(own wasm_config_t* config);
void wasm_engine_delete(own wasm_engine_t* engine);
own wasm_store_t* wasm_store_new(const wasm_engine_t* engine);
void wasm_store_delete(own wasm_store_t* store);
// A type of values; null if there is no such kind.
own wasm_valtype_t* wasm_valtype_new(wasm_valkind_t kind);
void wasm_valtype_delete(own wasm_valtype_t* ty);
own wasm_valtype_t* wasm_valtype_copy(const wasm_valtype_t* ty);
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t* ty);
// The type of a function; takes both lists.
own wasm_functype_t* wasm_functype_new(wasm_valtype_vec_t* params, wasm_valtype_vec_t* results);
void wasm_functype_delete(own wasm_functype_t* ty);
own wasm_functype_t* wasm_functype_copy(const wasm_functype_t* ty);
const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t* ty);
const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t* ty);
// The type of a global; takes its content.
own wasm_globaltype_t* wasm_globaltype_new(own wasm_valtype_t* content, wasm_mutability_t mutability);
void wasm_globaltype_delete(own wasm_globaltype_t* ty);
own wasm_globaltype_t* wasm_globaltype_copy(const wasm_globaltype_t* ty);
const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t* ty);
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t* ty);
// The type of a table of references; takes the type of its elements.
own wasm_tabletype_t* wasm_tabletype_new(own wasm_valtype_t* element, const wasm_limits_t* limits);
void wasm_tabletype_delete(own wasm_tabletype_t* ty);
own wasm_tabletype_t* wasm_tabletype_copy(const wasm_tabletype_t* ty);
const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t* ty);
const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t* ty);
// The type of a memory with addresses of 32 bits and pages of 64 KiB.
own wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t* limits);
void wasm_memorytype_delete(own wasm_memorytype_t* ty);
own wasm_memorytype_t* wasm_memorytype_copy(const wasm_memorytype_t* ty);
const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t* ty);
void wasm_externtype_delete(own wasm_externtype_t* ty);
own wasm_externtype_t* wasm_externtype_copy(const wasm_externtype_t* ty);
wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t* ty);
wasm_externtype_t* wasm_functype_as_externtype(wasm_functype_t* ty);
wasm_externtype_t* wasm_globaltype_as_externtype(wasm_globaltype_t* ty);
wasm_externtype_t* wasm_tabletype_as_externtype(wasm_tabletype_t* ty);
wasm_externtype_t* wasm_memorytype_as_externtype(wasm_memorytype_t* ty);
wasm_functype_t* wasm_externtype_as_functype(wasm_externtype_t* ty);
wasm_globaltype_t* wasm_externtype_as_globaltype(wasm_externtype_t* ty);
wasm_tabletype_t* wasm_externtype_as_tabletype(wasm_externtype_t* ty);
wasm_memorytype_t* wasm_externtype_as_memorytype(wasm_externtype_t* ty);
const wasm_externtype_t* wasm_functype_as_externtype_const(const wasm_functype_t* ty);
const wasm_externtype_t* wasm_globaltype_as_externtype_const(const wasm_globaltype_t* ty);
const wasm_externtype_t* wasm_tabletype_as_externtype_const(const wasm_tabletype_t* ty);
const wasm_externtype_t* wasm_memorytype_as_externtype_const(const wasm_memorytype_t* ty);
const wasm_functype_t* wasm_externtype_as_functype_const(const wasm_externtype_t* ty);
const wasm_globaltype_t* wasm_externtype_as_globaltype_const(const wasm_externtype_t* ty);
const wasm_tabletype_t* wasm_externtype_as_tabletype_const(const wasm_externtype_t* ty);
const wasm_memorytype_t* wasm_externtype_as_memorytype_const(const wasm_externtype_t* ty);
// An import; takes the names and the type.
own wasm_importtype_t* wasm_importtype_new(wasm_name_t* module, wasm_name_t* name, own wasm_externtype_t* ty);
void wasm_importtype_delete(own wasm_importtype_t* ty);
own wasm_importtype_t* wasm_importtype_copy(const wasm_importtype_t* ty);
const wasm_name_t* wasm_importtype_module(const wasm_importtype_t* ty);
const wasm_name_t* wasm_importtype_name(const wasm_importtype_t* ty);
const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t* ty);
// An export; takes the name and the type.
own wasm_exporttype_t* wasm_exporttype_new(wasm_name_t* name, own wasm_externtype_t* ty);
void wasm_exporttype_delete(own wasm_exporttype_t* ty);
own wasm_exporttype_t* wasm_exporttype_copy(const wasm_exporttype_t* ty);
const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t* ty);
const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t* ty);
// Deletes what the value refers to.
void wasm_val_delete(wasm_val_t* value);
void wasm_val_copy(own wasm_val_t* out, const wasm_val_t* value);
void wasm_ref_delete(own wasm_ref_t* reference);
own wasm_ref_t* wasm_ref_copy(const wasm_ref_t* reference);
bool wasm_ref_same(const wasm_ref_t* a, const wasm_ref_t* b);
void* wasm_ref_get_host_info(const wasm_ref_t* reference);
void wasm_ref_set_host_info(const wasm_ref_t* reference, void* info);
void wasm_ref_set_host_info_with_finalizer(const wasm_ref_t* reference, void* info, void (*finalizer)(void*));
void wasm_trap_delete(own wasm_trap_t* reference);
own wasm_trap_t* wasm_trap_copy(const wasm_trap_t* reference);
bool wasm_trap_same(const wasm_trap_t* a, const wasm_trap_t* b);
void* wasm_trap_get_host_info(const wasm_trap_t* reference);
void wasm_trap_set_host_info(const wasm_trap_t* reference, void* info);
void wasm_trap_set_host_info_with_finalizer(const wasm_trap_t* reference, void* info, void (*finalizer)(void*));
void wasm_foreign_delete(own wasm_foreign_t* reference);
own wasm_foreign_t* wasm_foreign_copy(const wasm_foreign_t* reference);
bool wasm_foreign_same(const wasm_foreign_t* a, const wasm_foreign_t* b);
void* wasm_foreign_get_host_info(const wasm_foreign_t* reference);
void wasm_foreign_set_host_info(const wasm_foreign_t* reference, void* info);
void wasm_foreign_set_host_info_with_finalizer(const wasm_foreign_t* reference, void* info, void (*finalizer)(void*));
void wasm_module_delete(own wasm_module_t* reference);
own wasm_module_t* wasm_module_copy(const wasm_module_t* reference);
bool wasm_module_same(const wasm_module_t* a, const wasm_module_t* b);
void* wasm_module_get_host_info(const wasm_module_t* reference);
void wasm_module_set_host_info(const wasm_module_t* reference, void* info);
void wasm_module_set_host_info_with_finalizer(const wasm_module_t* reference, void* info, void (*finalizer)(void*));
void wasm_func_delete(own wasm_func_t* reference);
own wasm_func_t* wasm_func_copy(const wasm_func_t* reference);
bool wasm_func_same(const wasm_func_t* a, const wasm_func_t* b);
void* wasm_func_get_host_info(const wasm_func_t* reference);
void wasm_func_set_host_info(const wasm_func_t* reference, void* info);
void wasm_func_set_host_info_with_finalizer(const wasm_func_t* reference, void* info, void (*finalizer)(void*));
void wasm_global_delete(own wasm_global_t* reference);
own wasm_global_t* wasm_global_copy(const wasm_global_t* reference);
bool wasm_global_same(const wasm_global_t* a, const wasm_global_t* b);
void* wasm_global_get_host_info(const wasm_global_t* reference);
void wasm_global_set_host_info(const wasm_global_t* reference, void* info);
void wasm_global_set_host_info_with_finalizer(const wasm_global_t* reference, void* info, void (*finalizer)(void*));
void wasm_table_delete(own wasm_table_t* reference);
own wasm_table_t* wasm_table_copy(const wasm_table_t* reference);
bool wasm_table_same(const wasm_table_t* a, const wasm_table_t* b);
void* wasm_table_get_host_info(const wasm_table_t* reference);
void wasm_table_set_host_info(const wasm_table_t* reference, void* info);
void wasm_table_set_host_info_with_finalizer(const wasm_table_t* reference, void* info, void (*finalizer)(void*));
void wasm_memory_delete(own wasm_memory_t* reference);
own wasm_memory_t* wasm_memory_copy(const wasm_memory_t* reference);
bool wasm_memory_same(const wasm_memory_t* a, const wasm_memory_t* b);
void* wasm_memory_get_host_info(const wasm_memory_t* reference);
void wasm_memory_set_host_info(const wasm_memory_t* reference, void* info);
void wasm_memory_set_host_info_with_finalizer(const wasm_memory_t* reference, void* info, void (*finalizer)(void*));
void wasm_extern_delete(own wasm_extern_t* reference);
own wasm_extern_t* wasm_extern_copy(const wasm_extern_t* reference);
bool wasm_extern_same(const wasm_extern_t* a, const wasm_extern_t* b);
void* wasm_extern_get_host_info(const wasm_extern_t* reference);
void wasm_extern_set_host_info(const wasm_extern_t* reference, void* info);
void wasm_extern_set_host_info_with_finalizer(const wasm_extern_t* reference, void* info, void (*finalizer)(void*));
void wasm_instance_delete(own wasm_instance_t* reference);
own wasm_instance_t* wasm_instance_copy(const wasm_instance_t* reference);
bool wasm_instance_same(const wasm_instance_t* a, const wasm_instance_t* b);
void* wasm_instance_get_host_info(const wasm_instance_t* reference);
void wasm_instance_set_host_info(const wasm_instance_t* reference, void* info);
void wasm_instance_set_host_info_with_finalizer(const wasm_instance_t* reference, void* info, void (*finalizer)(void*));
wasm_ref_t* wasm_trap_as_ref(wasm_trap_t* reference);
const wasm_ref_t* wasm_trap_as_ref_const(const wasm_trap_t* reference);
wasm_trap_t* wasm_ref_as_trap(wasm_ref_t* reference);
const wasm_trap_t* wasm_ref_as_trap_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_foreign_as_ref(wasm_foreign_t* reference);
const wasm_ref_t* wasm_foreign_as_ref_const(const wasm_foreign_t* reference);
wasm_foreign_t* wasm_ref_as_foreign(wasm_ref_t* reference);
const wasm_foreign_t* wasm_ref_as_foreign_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_module_as_ref(wasm_module_t* reference);
const wasm_ref_t* wasm_module_as_ref_const(const wasm_module_t* reference);
wasm_module_t* wasm_ref_as_module(wasm_ref_t* reference);
const wasm_module_t* wasm_ref_as_module_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_func_as_ref(wasm_func_t* reference);
const wasm_ref_t* wasm_func_as_ref_const(const wasm_func_t* reference);
wasm_func_t* wasm_ref_as_func(wasm_ref_t* reference);
const wasm_func_t* wasm_ref_as_func_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_global_as_ref(wasm_global_t* reference);
const wasm_ref_t* wasm_global_as_ref_const(const wasm_global_t* reference);
wasm_global_t* wasm_ref_as_global(wasm_ref_t* reference);
const wasm_global_t* wasm_ref_as_global_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_table_as_ref(wasm_table_t* reference);
const wasm_ref_t* wasm_table_as_ref_const(const wasm_table_t* reference);
wasm_table_t* wasm_ref_as_table(wasm_ref_t* reference);
const wasm_table_t* wasm_ref_as_table_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_memory_as_ref(wasm_memory_t* reference);
const wasm_ref_t* wasm_memory_as_ref_const(const wasm_memory_t* reference);
wasm_memory_t* wasm_ref_as_memory(wasm_ref_t* reference);
const wasm_memory_t* wasm_ref_as_memory_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_extern_as_ref(wasm_extern_t* reference);
const wasm_ref_t* wasm_extern_as_ref_const(const wasm_extern_t* reference);
wasm_extern_t* wasm_ref_as_extern(wasm_ref_t* reference);
const wasm_extern_t* wasm_ref_as_extern_const(const wasm_ref_t* reference);
wasm_ref_t* wasm_instance_as_ref(wasm_instance_t* reference);
const wasm_ref_t* wasm_instance_as_ref_const(const wasm_instance_t* reference);
wasm_instance_t* wasm_ref_as_instance(wasm_ref_t* reference);
const wasm_instance_t* wasm_ref_as_instance_const(const wasm_ref_t* reference);
wasm_extern_t* wasm_func_as_extern(wasm_func_t* reference);
const wasm_extern_t* wasm_func_as_extern_const(const wasm_func_t* reference);
wasm_func_t* wasm_extern_as_func(wasm_extern_t* reference);
const wasm_func_t* wasm_extern_as_func_const(const wasm_extern_t* reference);
wasm_extern_t* wasm_global_as_extern(wasm_global_t* reference);
const wasm_extern_t* wasm_global_as_extern_const(const wasm_global_t* reference);
wasm_global_t* wasm_extern_as_global(wasm_extern_t* reference);
const wasm_global_t* wasm_extern_as_global_const(const wasm_extern_t* reference);
wasm_extern_t* wasm_table_as_extern(wasm_table_t* reference);
const wasm_extern_t* wasm_table_as_extern_const(const wasm_table_t* reference);
wasm_table_t* wasm_extern_as_table(wasm_extern_t* reference);
const wasm_table_t* wasm_extern_as_table_const(const wasm_extern_t* reference);
wasm_extern_t* wasm_memory_as_extern(wasm_memory_t* reference);
const wasm_extern_t* wasm_memory_as_extern_const(const wasm_memory_t* reference);
wasm_memory_t* wasm_extern_as_memory(wasm_extern_t* reference);
const wasm_memory_t* wasm_extern_as_memory_const(const wasm_extern_t* reference);
// Something of C's, which its host information says more about.
own wasm_foreign_t* wasm_foreign_new(const wasm_store_t* store);
// A trap for a host function to return. The message ends with a zero, which may be left out.
own wasm_trap_t* wasm_trap_new(const wasm_store_t* store, const wasm_message_t* message);
// The message, with a zero at its end.
void wasm_trap_message(const wasm_trap_t* trap, own wasm_message_t* out);
// The innermost frame; null if no function was active.
own wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap);
// The functions that were active, innermost first.
void wasm_trap_trace(const wasm_trap_t* trap, own wasm_frame_vec_t* out);
void wasm_frame_delete(own wasm_frame_t* frame);
own wasm_frame_t* wasm_frame_copy(const wasm_frame_t* frame);
// Null: a frame does not know its instance here.
wasm_instance_t* wasm_frame_instance(const wasm_frame_t* frame);
// The function's index in its module.
uint32_t wasm_frame_func_index(const wasm_frame_t* frame);
// Zero: a frame knows where it is in its module, and not in its function.
size_t wasm_frame_func_offset(const wasm_frame_t* frame);
// The byte of the module at which the function was.
size_t wasm_frame_module_offset(const wasm_frame_t* frame);
// Decodes and validates a module; null if it is none.
own wasm_module_t* wasm_module_new(const wasm_store_t* store, const wasm_byte_vec_t* binary);
bool wasm_module_validate(const wasm_store_t* store, const wasm_byte_vec_t* binary);
void wasm_module_imports(const wasm_module_t* module, own wasm_importtype_vec_t* out);
void wasm_module_exports(const wasm_module_t* module, own wasm_exporttype_vec_t* out);
// The module with its lowered code, for `wasm_module_deserialize`; empty if it has none.
void wasm_module_serialize(const wasm_module_t* module, own wasm_byte_vec_t* out);
// Null if the bytes are not what `wasm_module_serialize` gave. They are checked.
own wasm_module_t* wasm_module_deserialize(const wasm_store_t* store, const wasm_byte_vec_t* bytes);
// The module, for other threads.
own wasm_shared_module_t* wasm_module_share(const wasm_module_t* module);
// The module, in a store.
own wasm_module_t* wasm_module_obtain(const wasm_store_t* store, const wasm_shared_module_t* shared);
void wasm_shared_module_delete(own wasm_shared_module_t* shared);
own wasm_func_t* wasm_func_new(const wasm_store_t* store, const wasm_functype_t* ty, wasm_func_callback_t callback);
// The finalizer is called with `env` when the store ends.
own wasm_func_t* wasm_func_new_with_env(const wasm_store_t* store, const wasm_functype_t* ty, wasm_func_callback_with_env_t callback, void* env, void (*finalizer)(void*));
own wasm_functype_t* wasm_func_type(const wasm_func_t* func);
size_t wasm_func_param_arity(const wasm_func_t* func);
size_t wasm_func_result_arity(const wasm_func_t* func);
// Calls a function. Null if it returned; the results are set then, and only then.
own wasm_trap_t* wasm_func_call(const wasm_func_t* func, const wasm_val_vec_t* args, wasm_val_vec_t* results);
// A global; null if the value is not of its type.
own wasm_global_t* wasm_global_new(const wasm_store_t* store, const wasm_globaltype_t* ty, const wasm_val_t* value);
own wasm_globaltype_t* wasm_global_type(const wasm_global_t* global);
// The value; zero if it is a vector.
void wasm_global_get(const wasm_global_t* global, own wasm_val_t* out);
// Sets the value, if the global can be set and is of its type.
void wasm_global_set(const wasm_global_t* global, const wasm_val_t* value);
// A table with this reference, or null, in all its elements.
own wasm_table_t* wasm_table_new(const wasm_store_t* store, const wasm_tabletype_t* ty, const wasm_ref_t* init);
own wasm_tabletype_t* wasm_table_type(const wasm_table_t* table);
// An element; null past the end, too.
own wasm_ref_t* wasm_table_get(const wasm_table_t* table, wasm_table_size_t index);
// Sets an element; false past the end, or for a reference of another type.
bool wasm_table_set(const wasm_table_t* table, wasm_table_size_t index, const wasm_ref_t* reference);
wasm_table_size_t wasm_table_size(const wasm_table_t* table);
// Adds elements; false if there may not be as many.
bool wasm_table_grow(const wasm_table_t* table, wasm_table_size_t delta, const wasm_ref_t* init);
own wasm_memory_t* wasm_memory_new(const wasm_store_t* store, const wasm_memorytype_t* ty);
own wasm_memorytype_t* wasm_memory_type(const wasm_memory_t* memory);
// The bytes. They move when the memory grows.
wasm_byte_t* wasm_memory_data(const wasm_memory_t* memory);
size_t wasm_memory_data_size(const wasm_memory_t* memory);
wasm_memory_pages_t wasm_memory_size(const wasm_memory_t* memory);
// Adds pages; false if there may not be as many.
bool wasm_memory_grow(const wasm_memory_t* memory, wasm_memory_pages_t delta);
wasm_externkind_t wasm_extern_kind(const wasm_extern_t* item);
own wasm_externtype_t* wasm_extern_type(const wasm_extern_t* item);
// Instantiates a module with as many imports as it has, in their order. Null if that fails, and then a trap says why.
own wasm_instance_t* wasm_instance_new(const wasm_store_t* store, const wasm_module_t* module, const wasm_extern_vec_t* imports, own own wasm_trap_t** trap);
// The exports, in the module's order.
void wasm_instance_exports(const wasm_instance_t* instance, own wasm_extern_vec_t* out);

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

#ifdef __cplusplus
}
#endif

#endif
