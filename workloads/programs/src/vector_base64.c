// Base64 (RFC 4648), there and back: twelve bytes become sixteen letters at a time, after Mula and Lemire ("Faster Base64
// encoding and decoding using AVX2 instructions", 2018).
#include "vector.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

enum { COUNT = 3072, LETTERS = COUNT / 3 * 4 };
// Steps read and write a few bytes more than they use.
static u8 bytes[COUNT + 16], letters[LETTERS + 16], again[COUNT + 16];

#ifdef __wasm_simd128__

static void encode(void) {
    // What is added to a number of six bits, by its range: see below.
    const v128_t offsets = wasm_i8x16_const('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                            '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    for (i32 i = 0; i < COUNT / 12; i++) {
        v128_t in = wasm_v128_load(bytes + 12 * i);
        // The three bytes of each group as one number, the first byte highest.
        v128_t group = wasm_i8x16_shuffle(in, in, 2, 1, 0, 0, 5, 4, 3, 3, 8, 7, 6, 6, 11, 10, 9, 9);
        v128_t first = wasm_v128_and(wasm_u32x4_shr(group, 18), wasm_i32x4_const_splat(0x3f));
        v128_t second = wasm_v128_and(wasm_u32x4_shr(group, 4), wasm_i32x4_const_splat(0x3f00));
        v128_t third = wasm_v128_and(wasm_i32x4_shl(group, 10), wasm_i32x4_const_splat(0x3f0000));
        v128_t fourth = wasm_v128_and(wasm_i32x4_shl(group, 24), wasm_i32x4_const_splat(0x3f000000));
        v128_t six = wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, fourth));
        // 0 for a to z, 1 to 10 for digits, 11 and 12 for the two signs, 13 for A to Z.
        v128_t range = wasm_u8x16_sub_sat(six, wasm_i8x16_const_splat(51));
        v128_t capital = wasm_i8x16_lt(six, wasm_i8x16_const_splat(26));
        range = wasm_v128_or(range, wasm_v128_and(capital, wasm_i8x16_const_splat(13)));
        wasm_v128_store(letters + 16 * i, wasm_i8x16_add(six, wasm_i8x16_swizzle(offsets, range)));
    }
}

// The letters from `least` to `most` become numbers from `first` on; all others nothing.
static inline v128_t range(v128_t in, i8 least, i8 most, i8 first) {
    v128_t above = wasm_i8x16_ge(in, wasm_i8x16_splat(least)), below = wasm_i8x16_le(in, wasm_i8x16_splat(most));
    return wasm_v128_and(wasm_v128_and(above, below), wasm_i8x16_add(in, wasm_i8x16_splat((i8)(first - least))));
}

static void decode(void) {
    for (i32 i = 0; i < LETTERS / 16; i++) {
        v128_t in = wasm_v128_load(letters + 16 * i);
        v128_t letter = wasm_v128_or(range(in, 'A', 'Z', 0), range(in, 'a', 'z', 26));
        v128_t sign = wasm_v128_or(range(in, '+', '+', 62), range(in, '/', '/', 63));
        v128_t six = wasm_v128_or(wasm_v128_or(letter, range(in, '0', '9', 52)), sign);
        v128_t first = wasm_i32x4_shl(six, 18);
        v128_t second = wasm_i32x4_shl(wasm_v128_and(six, wasm_i32x4_const_splat(0x3f00)), 4);
        v128_t third = wasm_u32x4_shr(wasm_v128_and(six, wasm_i32x4_const_splat(0x3f0000)), 10);
        v128_t group = wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, wasm_u32x4_shr(six, 24)));
        v128_t out = wasm_i8x16_shuffle(group, group, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 3, 3, 3);
        wasm_v128_store(again + 12 * i, out);
    }
}

#else

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static u8 numbers[256];

static void encode(void) {
    for (i32 i = 0; i < COUNT / 3; i++) {
        u32 group = (u32)bytes[3 * i] << 16 | (u32)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        letters[4 * i] = (u8)alphabet[group >> 18];
        letters[4 * i + 1] = (u8)alphabet[group >> 12 & 63];
        letters[4 * i + 2] = (u8)alphabet[group >> 6 & 63];
        letters[4 * i + 3] = (u8)alphabet[group & 63];
    }
}

static void decode(void) {
    for (i32 i = 0; i < 64; i++) numbers[(u8)alphabet[i]] = (u8)i;
    for (i32 i = 0; i < LETTERS / 4; i++) {
        const u8 *four = letters + 4 * i;
        u32 high = (u32)numbers[four[0]] << 18 | (u32)numbers[four[1]] << 12;
        u32 group = high | (u32)numbers[four[2]] << 6 | numbers[four[3]];
        again[3 * i] = (u8)(group >> 16), again[3 * i + 1] = (u8)(group >> 8), again[3 * i + 2] = (u8)group;
    }
}

#endif

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) bytes[i] = (u8)(next_random(&random) >> 9);
    for (i32 round = 0; round < rounds; round++) {
        encode(), decode();
        // What comes out goes in, with one byte changed.
        for (i32 i = 0; i < COUNT; i += 16) store(bytes + i, load(again + i));
        bytes[round * 7 % COUNT] += (u8)(letters[round * 31 % LETTERS]);
    }
    return (i64)fnv(fnv(FNV, letters, LETTERS), again, COUNT);
}
