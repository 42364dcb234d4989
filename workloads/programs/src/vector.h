// What the programs of class `vector` share. Each is compiled twice, with vector instructions and without: the same source,
// the same results. Where the compiler does not find the vectors itself, types of 16 bytes name them.
#pragma once

#include "support.h"

typedef unsigned short u16;
typedef short i16;
typedef signed char i8;
typedef float f32;
typedef u8 u8x16 __attribute__((vector_size(16)));
typedef i8 i8x16 __attribute__((vector_size(16)));
typedef u32 u32x4 __attribute__((vector_size(16)));

// Loads and stores of 16 bytes anywhere.
typedef u8 bytes16 __attribute__((vector_size(16), aligned(1), may_alias));

static inline u8x16 load(const u8 *from) { return *(const bytes16 *)from; }
static inline void store(u8 *to, u8x16 value) { *(bytes16 *)to = value; }

// A checksum of bytes: FNV-1a.
static inline u64 fnv(u64 hash, const u8 *bytes, i32 count) {
    for (i32 i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}
#define FNV 0xcbf29ce484222325ull
