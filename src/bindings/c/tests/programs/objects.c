// Globals, memories, tables, references and what the host keeps with them.
#include "check.h"

static int ended = 0;
static void end(void* info) { ended += *(int*)info; }

int main(int argc, char** argv) {
  CHECK(argc == 2);
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = load(store, argv[1]);

  wasm_limits_t pages = {1, 4};
  wasm_memorytype_t* memory_type = wasm_memorytype_new(&pages);
  wasm_memory_t* memory = wasm_memory_new(store, memory_type);
  wasm_memorytype_delete(memory_type);
  wasm_val_t start = WASM_I32_VAL(40), fixed = WASM_I64_VAL(-3);
  wasm_globaltype_t* variable = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  wasm_globaltype_t* constant = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_CONST);
  wasm_global_t* a = wasm_global_new(store, variable, &start);
  wasm_global_t* b = wasm_global_new(store, constant, &fixed);
  CHECK(!wasm_global_new(store, constant, &start));
  wasm_globaltype_delete(variable);
  wasm_globaltype_delete(constant);
  wasm_limits_t two = {2, wasm_limits_max_default};
  wasm_tabletype_t* table_type = wasm_tabletype_new(wasm_valtype_new_funcref(), &two);
  wasm_table_t* table = wasm_table_new(store, table_type, NULL);
  wasm_tabletype_delete(table_type);
  CHECK(memory && a && b && table && wasm_table_size(table) == 2);

  // Imports go by their place: all have one name.
  wasm_extern_t* given[] = {wasm_memory_as_extern(memory), wasm_global_as_extern(a), wasm_global_as_extern(b),
                            wasm_table_as_extern(table)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(given);
  wasm_instance_t* instance = wasm_instance_new(store, module, &imports, NULL);
  CHECK(instance);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);

  wasm_val_t arg[1], result[1];
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = WASM_ARRAY_VEC(result), none = WASM_EMPTY_VEC;
  // Memory.
  CHECK(wasm_memory_size(memory) == 1 && wasm_memory_data_size(memory) == MEMORY_PAGE_SIZE);
  CHECK(wasm_memory_grow(memory, 1) && !wasm_memory_grow(memory, 3) && wasm_memory_size(memory) == 2);
  wasm_memory_data(memory)[70000] = 200;
  arg[0].kind = WASM_I32;
  arg[0].of.i32 = 70000;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[1]), &args, &results) && result[0].of.i32 == 200);
  wasm_memorytype_t* grown = wasm_memory_type(memory);
  CHECK(wasm_memorytype_limits(grown)->min == 2 && wasm_memorytype_limits(grown)->max == 4);
  wasm_memorytype_delete(grown);

  // Globals.
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[2]), &none, &results) && result[0].of.i64 == -3);
  wasm_val_t value;
  wasm_global_get(a, &value);
  CHECK(value.kind == WASM_I32 && value.of.i32 == 41);
  value.of.i32 = 5;
  wasm_global_set(a, &value);
  wasm_global_set(b, &value);  // A constant of another type: nothing is set.
  wasm_global_get(a, &value);
  CHECK(value.of.i32 == 5);
  wasm_global_get(b, &value);
  CHECK(value.kind == WASM_I64 && value.of.i64 == -3);
  wasm_val_t seven = WASM_I64_VAL(7);
  wasm_global_set(b, &seven);
  wasm_global_get(b, &value);
  CHECK(value.of.i64 == -3);

  // Tables.
  wasm_func_t* func = wasm_extern_as_func(exports.data[3]);
  CHECK(!wasm_table_get(table, 0) && !wasm_table_set(table, 2, NULL));
  CHECK(wasm_table_set(table, 1, wasm_func_as_ref(func)) && !wasm_table_set(table, 1, wasm_memory_as_ref(memory)));
  wasm_ref_t* element = wasm_table_get(table, 1);
  CHECK(element && wasm_ref_as_func(element) && !wasm_ref_as_table(element));
  CHECK(wasm_ref_same(element, wasm_func_as_ref(func)) && !wasm_ref_same(element, wasm_table_as_ref(table)));
  wasm_ref_delete(element);
  arg[0].of.i32 = 1;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[4]), &args, &results) && result[0].of.i32 == 7);
  arg[0].of.i32 = 0;
  check_message(wasm_func_call(wasm_extern_as_func(exports.data[4]), &args, &results), "uninitialized element");
  CHECK(wasm_table_grow(table, 2, wasm_func_as_ref(func)) && wasm_table_size(table) == 4);
  arg[0].of.i32 = 3;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[4]), &args, &results) && result[0].of.i32 == 7);

  // References through the program.
  wasm_foreign_t* foreign = wasm_foreign_new(store);
  int one = 1, ten = 10, hundred = 100;
  wasm_foreign_set_host_info_with_finalizer(foreign, &one, end);
  arg[0].kind = WASM_EXTERNREF;
  arg[0].of.ref = wasm_foreign_as_ref(foreign);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[5]), &args, &results));
  CHECK(result[0].kind == WASM_EXTERNREF && wasm_ref_as_foreign(result[0].of.ref));
  CHECK(wasm_ref_same(result[0].of.ref, wasm_foreign_as_ref(foreign)));
  CHECK(wasm_ref_get_host_info(result[0].of.ref) == &one);
  wasm_val_t copy;
  wasm_val_copy(&copy, &result[0]);
  CHECK(copy.of.ref != result[0].of.ref && wasm_ref_same(copy.of.ref, result[0].of.ref));
  wasm_val_delete(&result[0]);
  wasm_val_delete(&copy);
  arg[0].of.ref = NULL;
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[5]), &args, &results) && !result[0].of.ref);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[6]), &none, &results));
  CHECK(result[0].kind == WASM_FUNCREF && wasm_ref_same(result[0].of.ref, wasm_func_as_ref(func)));
  wasm_val_delete(&result[0]);
  // A new one is another.
  wasm_foreign_t* other = wasm_foreign_new(store);
  CHECK(!wasm_foreign_same(foreign, other));
  wasm_foreign_delete(other);

  // Information: it is replaced, it is that of every reference to the same thing, and it ends with the store.
  wasm_func_set_host_info_with_finalizer(func, &ten, end);
  wasm_func_t* same = wasm_func_copy(func);
  CHECK(wasm_func_same(func, same) && wasm_func_get_host_info(same) == &ten);
  CHECK(!wasm_memory_get_host_info(memory));
  wasm_func_set_host_info_with_finalizer(same, &hundred, end);
  CHECK(ended == 10 && wasm_func_get_host_info(func) == &hundred);
  wasm_func_delete(same);

  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_memory_delete(memory);
  wasm_global_delete(a);
  wasm_global_delete(b);
  wasm_table_delete(table);
  wasm_foreign_delete(foreign);
  CHECK(ended == 10);
  wasm_store_delete(store);
  CHECK(ended == 111);
  wasm_engine_delete(engine);
  puts("ok");
  return 0;
}
