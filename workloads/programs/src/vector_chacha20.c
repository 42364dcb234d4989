// The stream of ChaCha20 (RFC 8439), its state as four rows: a column round and a diagonal round are the same, with the rows
// turned in between.
#include "vector.h"

enum { BLOCKS = 64 };
static u8 stream[64 * BLOCKS];

static inline u32x4 rotate_left(u32x4 row, i32 by) { return row << by | row >> (32 - by); }

#define TURNED(row, by) __builtin_shufflevector(row, row, (by) & 3, (by + 1) & 3, (by + 2) & 3, (by + 3) & 3)

#define ROUND() (                                   \
    a += b, d = rotate_left(d ^ a, 16),             \
    c += d, b = rotate_left(b ^ c, 12),             \
    a += b, d = rotate_left(d ^ a, 8),              \
    c += d, b = rotate_left(b ^ c, 7))

static void block(const u32x4 state[4], u8 *out) {
    u32x4 a = state[0], b = state[1], c = state[2], d = state[3];
    for (i32 i = 0; i < 10; i++) {
        ROUND();
        b = TURNED(b, 1), c = TURNED(c, 2), d = TURNED(d, 3);
        ROUND();
        b = TURNED(b, 3), c = TURNED(c, 2), d = TURNED(d, 1);
    }
    store(out, (u8x16)(a + state[0])), store(out + 16, (u8x16)(b + state[1]));
    store(out + 32, (u8x16)(c + state[2])), store(out + 48, (u8x16)(d + state[3]));
}

// The key is the bytes 0 to 31, the nonce 9 and 0x4a as in section 2.3.2; every round goes on counting blocks.
EXPORT("run") i64 run(i32 rounds) {
    u32x4 state[4] = {
        {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574},
        {0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c},
        {0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c},
        {1, 0x09000000, 0x4a000000, 0},
    };
    u64 hash = FNV;
    for (i32 round = 0; round < rounds; round++) {
        for (i32 i = 0; i < BLOCKS; i++) {
            block(state, stream + 64 * i);
            state[3][0]++;
        }
        hash = fnv(hash, stream + 64 * (round % BLOCKS), 8);
    }
    return (i64)hash;
}
