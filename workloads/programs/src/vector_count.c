// Counts how often a byte is in a buffer: sixteen counters of a byte each, added up before they overflow.
#include "vector.h"

enum { COUNT = 1 << 15, PIECE = 16 * 128 };
static u8 buffer[COUNT];

static u32 count(u8 byte) {
    u32 total = 0;
    for (i32 start = 0; start < COUNT; start += PIECE) {
        u8x16 counters = {0};
        u8x16 wanted = counters + byte;
        for (i32 at = start; at < start + PIECE; at += 16) counters -= (u8x16)(load(buffer + at) == wanted);
        for (i32 lane = 0; lane < 16; lane++) total += counters[lane];
    }
    return total;
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) buffer[i] = (u8)(next_random(&random) >> 27);
    i64 total = 0;
    for (i32 round = 0; round < rounds; round++) {
        total += (i64)count((u8)(round & 31)) * (round + 1);
        buffer[round * 61 % COUNT] ^= 3;
    }
    return total;
}
