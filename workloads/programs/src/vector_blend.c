// Blends one picture over another: bytes, weighed by an opacity of their own.
#include "vector.h"

enum { COUNT = 8192 };
static u8 source[COUNT], opacity[COUNT], target[COUNT];

static void blend(void) {
    for (i32 i = 0; i < COUNT; i++) {
        u16 weight = opacity[i];
        target[i] = (u8)((u16)(source[i] * weight + target[i] * (u16)(256 - weight)) >> 8);
    }
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) {
        u32 next = next_random(&random);
        source[i] = (u8)next, opacity[i] = (u8)(next >> 8), target[i] = (u8)(next >> 16);
    }
    for (i32 round = 0; round < rounds; round++) {
        blend();
        source[round % COUNT] ^= 0x55, target[round * 31 % COUNT] += 77;
    }
    return (i64)fnv(FNV, target, COUNT);
}
