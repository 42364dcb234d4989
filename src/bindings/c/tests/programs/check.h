// What the programs share: a check that says where it failed, and a module from a file.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm.h>

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);  \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

static inline void read_file(const char* path, wasm_byte_vec_t* out) {
  FILE* file = fopen(path, "rb");
  CHECK(file);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  wasm_byte_vec_new_uninitialized(out, (size_t)size);
  CHECK(fread(out->data, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
}

static inline wasm_module_t* load(wasm_store_t* store, const char* path) {
  wasm_byte_vec_t binary;
  read_file(path, &binary);
  CHECK(wasm_module_validate(store, &binary));
  wasm_module_t* module = wasm_module_new(store, &binary);
  CHECK(module);
  wasm_byte_vec_delete(&binary);
  return module;
}

static inline bool is(const wasm_byte_vec_t* name, const char* text) {
  return name && name->size == strlen(text) && memcmp(name->data, text, name->size) == 0;
}

static inline void check_message(own wasm_trap_t* trap, const char* text) {
  CHECK(trap);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  CHECK(message.size > 0 && message.data[message.size - 1] == 0);
  if (strcmp((const char*)message.data, text) != 0) {
    fprintf(stderr, "the trap says: %s\n", (const char*)message.data);
    exit(1);
  }
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
}

#endif
