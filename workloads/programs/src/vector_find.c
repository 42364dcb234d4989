// Looks for bytes in a buffer, as memchr does: sixteen at a time, until one of them is the one.
#include "vector.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

enum { COUNT = 1 << 15 };
static u8 buffer[COUNT + 16];

static i32 find(i32 from, u8 byte) {
    i32 at = from;
#ifdef __wasm_simd128__
    v128_t wanted = wasm_u8x16_splat(byte);
    for (; at + 16 <= COUNT; at += 16) {
        u32 mask = (u32)wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(buffer + at), wanted));
        if (mask) return at + __builtin_ctz(mask);
    }
#endif
    while (at < COUNT && buffer[at] != byte) at++;
    return at;
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    // The bytes 0 to 7 are rare, all others stand between them.
    for (i32 i = 0; i < COUNT; i++) {
        u32 next = next_random(&random);
        buffer[i] = (u8)(next >> 12 & 1023 ? 8 + next % 200 : next % 8);
    }
    i64 total = 0;
    for (i32 round = 0; round < rounds; round++) {
        for (i32 at = find(0, (u8)(round % 8)); at < COUNT; at = find(at + 1, (u8)(round % 8))) total += at;
        buffer[round * 61 % COUNT] ^= 1;
    }
    return total;
}
