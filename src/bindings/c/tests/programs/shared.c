// One module for many threads, and a module as bytes.
#include <pthread.h>

#include "check.h"

static wasm_engine_t* engine;
static wasm_shared_module_t* shared;

static void run(wasm_store_t* store, const wasm_module_t* module, int64_t n, int64_t expected) {
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, NULL);
  CHECK(instance);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  wasm_val_t arg[1] = {WASM_I64_VAL(n)}, result[1];
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = WASM_ARRAY_VEC(result);
  CHECK(!wasm_func_call(wasm_extern_as_func(exports.data[0]), &args, &results));
  CHECK(result[0].of.i64 == expected);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
}

static void* thread(void* argument) {
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = wasm_module_obtain(store, shared);
  run(store, module, 5 + *(int*)argument % 2, *(int*)argument % 2 ? 720 : 120);
  wasm_module_delete(module);
  wasm_store_delete(store);
  return NULL;
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  wasm_config_t* config = wasm_config_new();
  wasm_name_t name;
  wasm_name_new_from_string(&name, "no such strategy");
  CHECK(!wasm_dispatch_config_set_strategy(config, &name));
  wasm_name_delete(&name);
  wasm_name_new_from_string(&name, "match_loop");
  CHECK(wasm_dispatch_config_set_strategy(config, &name));
  wasm_name_delete(&name);
  engine = wasm_engine_new_with_config(config);
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = load(store, argv[1]);
  shared = wasm_module_share(module);

  pthread_t threads[4];
  int numbers[4] = {0, 1, 2, 3};
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, thread, &numbers[i]) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  wasm_shared_module_delete(shared);

  wasm_byte_vec_t bytes, again;
  wasm_module_serialize(module, &bytes);
  wasm_module_delete(module);
  module = wasm_module_deserialize(store, &bytes);
  CHECK(module);
  run(store, module, 10, 3628800);
  wasm_module_serialize(module, &again);
  CHECK(again.size == bytes.size && memcmp(again.data, bytes.data, bytes.size) == 0);
  bytes.data[bytes.size / 2] ^= 1;
  CHECK(!wasm_module_deserialize(store, &bytes));
  bytes.size -= 1;
  CHECK(!wasm_module_deserialize(store, &bytes));
  bytes.size += 1;
  wasm_byte_vec_delete(&bytes);
  wasm_byte_vec_delete(&again);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  puts("ok");
  return 0;
}
