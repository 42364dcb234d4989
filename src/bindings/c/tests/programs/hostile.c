// Null where something is wanted, too few, too many, of another type, of another store.
#include "check.h"

static int kind = 0;

// Returns what is no result of its type.
static own wasm_trap_t* wrong(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  if (kind == 1) results->data[0].kind = WASM_F64;
  if (kind == 2) results->data[0].kind = 99;
  if (kind == 3) results->data[0] = (wasm_val_t){.kind = WASM_FUNCREF, .of = {.ref = NULL}};
  return NULL;
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  // Null everywhere.
  CHECK(!wasm_store_new(NULL) && !wasm_engine_new_with_config(NULL) && !wasm_module_new(NULL, NULL));
  CHECK(!wasm_module_validate(NULL, NULL) && !wasm_instance_new(NULL, NULL, NULL, NULL));
  CHECK(!wasm_func_call(NULL, NULL, NULL) && !wasm_func_new(NULL, NULL, NULL) && !wasm_func_type(NULL));
  CHECK(!wasm_memory_data(NULL) && wasm_memory_data_size(NULL) == 0 && !wasm_memory_grow(NULL, 1));
  CHECK(!wasm_table_get(NULL, 0) && !wasm_table_set(NULL, 0, NULL) && wasm_table_size(NULL) == 0);
  CHECK(!wasm_functype_new(NULL, NULL) && !wasm_globaltype_new(NULL, WASM_VAR) && !wasm_valtype_new(77));
  CHECK(!wasm_tabletype_new(NULL, NULL) && !wasm_memorytype_new(NULL) && !wasm_externtype_copy(NULL));
  CHECK(!wasm_trap_new(NULL, NULL) && !wasm_trap_origin(NULL) && !wasm_foreign_new(NULL));
  CHECK(!wasm_importtype_new(NULL, NULL, NULL) && !wasm_importtype_name(NULL) && !wasm_exporttype_type(NULL));
  CHECK(!wasm_module_share(NULL) && !wasm_module_obtain(NULL, NULL) && !wasm_module_deserialize(NULL, NULL));
  wasm_val_delete(NULL);
  wasm_val_copy(NULL, NULL);
  wasm_global_get(NULL, NULL);
  wasm_global_set(NULL, NULL);
  wasm_byte_vec_new(NULL, 3, NULL);
  wasm_byte_vec_delete(NULL);
  wasm_byte_vec_copy(NULL, NULL);
  wasm_ref_delete(NULL);
  wasm_store_delete(NULL);
  wasm_engine_delete(NULL);
  wasm_message_t message;
  wasm_trap_message(NULL, &message);
  CHECK(message.size == 1);
  wasm_byte_vec_delete(&message);
  // More than there is memory for.
  wasm_val_vec_t huge;
  wasm_val_vec_new_uninitialized(&huge, (size_t)1 << 62);
  CHECK(huge.size == 0 && !huge.data);

  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_store_t* other = wasm_store_new(engine);
  wasm_byte_vec_t bad;
  wasm_byte_vec_new(&bad, 4, (const wasm_byte_t*)"\0asm");
  CHECK(!wasm_module_validate(store, &bad) && !wasm_module_new(store, &bad) && !wasm_module_deserialize(store, &bad));
  wasm_byte_vec_delete(&bad);
  wasm_byte_vec_delete(&bad);  // It is empty by now.

  wasm_module_t* module = load(store, argv[1]);
  wasm_valtype_vec_t params, results;
  wasm_valtype_t* i32[] = {wasm_valtype_new_i32()};
  wasm_valtype_vec_new(&params, 1, i32);
  wasm_valtype_vec_copy(&results, &params);
  wasm_functype_t* type = wasm_functype_new(&params, &results);
  wasm_valtype_vec_new_uninitialized(&params, 2);  // Two types that nobody sets.
  wasm_valtype_vec_new_empty(&results);
  CHECK(!wasm_functype_new(&params, &results));
  wasm_func_t* func = wasm_func_new(store, type, wrong);
  wasm_func_t* foreign = wasm_func_new(other, type, wrong);
  wasm_functype_delete(type);

  // Imports: none, too many, of another store, of another type, null.
  wasm_trap_t* trap = NULL;
  wasm_extern_vec_t none = WASM_EMPTY_VEC;
  CHECK(!wasm_instance_new(store, module, &none, &trap));
  check_message(trap, "unknown import: host.f is not provided");
  wasm_extern_t* list[2] = {wasm_func_as_extern(func), wasm_func_as_extern(func)};
  wasm_extern_vec_t many = WASM_ARRAY_VEC(list);
  CHECK(!wasm_instance_new(store, module, &many, &trap) && trap);
  wasm_trap_delete(trap);
  wasm_extern_vec_t one = {1, list};
  list[0] = wasm_func_as_extern(foreign);
  CHECK(!wasm_instance_new(store, module, &one, &trap) && trap);
  wasm_trap_delete(trap);
  list[0] = NULL;
  CHECK(!wasm_instance_new(store, module, &one, &trap) && trap);
  wasm_trap_delete(trap);
  list[0] = wasm_ref_as_extern(wasm_module_as_ref(module));
  CHECK(!list[0]);
  list[0] = wasm_func_as_extern(func);
  wasm_instance_t* instance = wasm_instance_new(store, module, &one, &trap);
  CHECK(instance && !trap);

  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  wasm_func_t* run = wasm_extern_as_func(exports.data[0]);
  wasm_val_t values[3] = {WASM_I32_VAL(1), WASM_I64_VAL(2), WASM_I32_VAL(3)}, result[2];
  wasm_val_vec_t too_few = {1, values}, right = {2, values}, too_many = {3, values};
  wasm_val_vec_t room = {1, result}, no_room = WASM_EMPTY_VEC, much_room = {2, result};
  struct { wasm_val_vec_t *args, *results; } calls[] = {
      {&too_few, &room}, {&too_many, &room}, {&right, &no_room}, {&right, &much_room}, {NULL, NULL}, {NULL, &room}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    trap = wasm_func_call(run, calls[i].args, calls[i].results);
    CHECK(trap);
    wasm_trap_delete(trap);
  }
  for (kind = 1; kind <= 3; kind++) {
    trap = wasm_func_call(run, &right, &room);
    CHECK(trap);
    wasm_trap_delete(trap);
  }
  kind = 0;
  CHECK(!wasm_func_call(run, &right, &room) && result[0].of.i32 == 0);
  // Another type, a kind that there is not, a function of another store, a memory as a function.
  values[1].kind = WASM_I32;
  trap = wasm_func_call(run, &right, &room);
  CHECK(trap);
  wasm_trap_delete(trap);
  values[1].kind = 200;
  trap = wasm_func_call(run, &right, &room);
  CHECK(trap);
  wasm_trap_delete(trap);
  wasm_val_t reference[1] = {{.kind = WASM_FUNCREF, .of = {.ref = wasm_func_as_ref(foreign)}}};
  wasm_val_vec_t references = WASM_ARRAY_VEC(reference);
  trap = wasm_func_call(wasm_extern_as_func(exports.data[2]), &references, &no_room);
  CHECK(trap);
  wasm_trap_delete(trap);
  reference[0].of.ref = wasm_module_as_ref(module);
  trap = wasm_func_call(wasm_extern_as_func(exports.data[2]), &references, &no_room);
  CHECK(trap);
  wasm_trap_delete(trap);
  check_message(wasm_func_call(wasm_extern_as_func(exports.data[1]), NULL, &room), "a vector cannot be given to C");

  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_func_delete(foreign);
  wasm_module_delete(module);
  wasm_store_delete(other);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  puts("ok");
  return 0;
}
