// Modules, instances, calls in both directions, and traps.
#include "check.h"

static int finalized = 0;
static wasm_func_t* down = NULL;

static own wasm_trap_t* add(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  CHECK(args->size == 2 && results->size == 1);
  CHECK(args->data[0].kind == WASM_I32 && args->data[1].kind == WASM_I64);
  *(int*)env += 1;
  results->data[0].kind = WASM_F64;
  results->data[0].of.f64 = args->data[0].of.i32 + (double)args->data[1].of.i64 + 0.5;
  return NULL;
}

static own wasm_trap_t* fail(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  CHECK(args->size == 0 && results->size == 0);
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "nothing works");
  wasm_trap_t* trap = wasm_trap_new((wasm_store_t*)env, &message);
  wasm_byte_vec_delete(&message);
  return trap;
}

// Calls the program again, which calls this again.
static own wasm_trap_t* again(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  return wasm_func_call(down, args, results);
}

static void finalize(void* env) { finalized += *(int*)env; }

static wasm_functype_t* type(size_t params, const wasm_valkind_t* kinds, size_t results) {
  wasm_valtype_vec_t lists[2];
  size_t sizes[2] = {params, results};
  for (int list = 0; list < 2; list++) {
    wasm_valtype_vec_new_uninitialized(&lists[list], sizes[list]);
    for (size_t i = 0; i < sizes[list]; i++) lists[list].data[i] = wasm_valtype_new(*kinds++);
  }
  return wasm_functype_new(&lists[0], &lists[1]);
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = load(store, argv[1]);

  wasm_importtype_vec_t imports;
  wasm_module_imports(module, &imports);
  CHECK(imports.size == 3);
  CHECK(is(wasm_importtype_module(imports.data[0]), "host") && is(wasm_importtype_name(imports.data[0]), "add"));
  const wasm_functype_t* wanted = wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0]));
  CHECK(wanted && wasm_functype_params(wanted)->size == 2 && wasm_functype_results(wanted)->size == 1);
  CHECK(wasm_valtype_kind(wasm_functype_params(wanted)->data[1]) == WASM_I64);
  wasm_exporttype_vec_t exporttypes;
  wasm_module_exports(module, &exporttypes);
  CHECK(exporttypes.size == 9 && is(wasm_exporttype_name(exporttypes.data[1]), "count"));
  const wasm_externtype_t* global = wasm_exporttype_type(exporttypes.data[1]);
  CHECK(wasm_externtype_kind(global) == WASM_EXTERN_GLOBAL && !wasm_externtype_as_functype_const(global));
  CHECK(wasm_globaltype_mutability(wasm_externtype_as_globaltype_const(global)) == WASM_VAR);
  const wasm_memorytype_t* memory = wasm_externtype_as_memorytype_const(wasm_exporttype_type(exporttypes.data[0]));
  CHECK(wasm_memorytype_limits(memory)->min == 1 && wasm_memorytype_limits(memory)->max == 3);
  wasm_importtype_vec_delete(&imports);
  wasm_exporttype_vec_delete(&exporttypes);

  int calls = 0;
  wasm_functype_t* add_type = type(2, (wasm_valkind_t[]){WASM_I32, WASM_I64, WASM_F64}, 1);
  wasm_functype_t* fail_type = type(0, NULL, 0);
  wasm_functype_t* again_type = type(1, (wasm_valkind_t[]){WASM_I32, WASM_I32}, 1);
  wasm_func_t* add_func = wasm_func_new_with_env(store, add_type, add, &calls, finalize);
  wasm_func_t* fail_func = wasm_func_new_with_env(store, fail_type, fail, store, NULL);
  wasm_func_t* again_func = wasm_func_new(store, again_type, again);
  wasm_functype_delete(add_type);
  wasm_functype_delete(fail_type);
  wasm_functype_delete(again_type);
  CHECK(wasm_func_param_arity(add_func) == 2 && wasm_func_result_arity(add_func) == 1);

  wasm_extern_t* given[] = {
      wasm_func_as_extern(add_func), wasm_func_as_extern(fail_func), wasm_func_as_extern(again_func)};
  wasm_extern_vec_t import_list = WASM_ARRAY_VEC(given);
  wasm_trap_t* trap = NULL;
  wasm_instance_t* instance = wasm_instance_new(store, module, &import_list, &trap);
  CHECK(instance && !trap);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  CHECK(exports.size == 9 && wasm_extern_kind(exports.data[0]) == WASM_EXTERN_MEMORY);
  wasm_func_t* twice = wasm_extern_as_func(exports.data[3]);
  CHECK(twice && !wasm_extern_as_memory(exports.data[3]));

  wasm_val_t one[1] = {WASM_I32_VAL(21)};
  wasm_val_t result[2];
  wasm_val_vec_t args = WASM_ARRAY_VEC(one);
  wasm_val_vec_t results = {1, result};
  CHECK(!wasm_func_call(twice, &args, &results));
  CHECK(result[0].kind == WASM_I32 && result[0].of.i32 == 42);

  wasm_val_t two[2] = {WASM_I32_VAL(1), WASM_I64_VAL(2)};
  wasm_val_vec_t both = WASM_ARRAY_VEC(two);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[4]), &both, &results));
  CHECK(result[0].kind == WASM_F64 && result[0].of.f64 == 3.5 && calls == 1);

  wasm_val_t mixed[2] = {WASM_I32_VAL(7), WASM_F32_VAL(1.5f)};
  wasm_val_vec_t swapped = WASM_ARRAY_VEC(mixed);
  wasm_val_vec_t pair = {2, result};
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[8]), &swapped, &pair));
  CHECK(result[0].of.f32 == 1.5f && result[1].of.i32 == 7);

  wasm_val_vec_t none = WASM_EMPTY_VEC;
  check_message(wasm_func_call(wasm_extern_as_func(exports.data[5]), &none, &none), "nothing works");
  trap = wasm_func_call(wasm_extern_as_func(exports.data[6]), &none, &results);
  CHECK(trap);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  CHECK(origin && wasm_frame_func_index(origin) == 6 && wasm_frame_module_offset(origin) > 0);
  wasm_frame_delete(origin);
  wasm_frame_vec_t trace;
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 1 && wasm_frame_func_index(trace.data[0]) == 6);
  wasm_frame_vec_delete(&trace);
  check_message(trap, "integer divide by zero");

  down = wasm_extern_as_func(exports.data[7]);
  one[0].of.i32 = 9;
  CHECK(!wasm_func_call(down, &args, &results) && result[0].of.i32 == 9);
  // Too deep: a trap, which comes back through all levels.
  one[0].of.i32 = 100000;
  check_message(wasm_func_call(down, &args, &results), "call stack exhausted");

  // What was made may be deleted in any order.
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  wasm_module_delete(module);
  wasm_instance_delete(instance);
  one[0].of.i32 = 4;
  CHECK(!wasm_func_call(twice, &args, &results) && result[0].of.i32 == 8);
  wasm_extern_vec_delete(&exports);
  wasm_func_delete(fail_func);
  wasm_func_delete(again_func);
  CHECK(finalized == 0);
  wasm_func_delete(add_func);
  CHECK(finalized == 1);
  puts("ok");
  return 0;
}
