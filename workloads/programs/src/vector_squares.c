// The sum of squares of 16-bit samples, as the energy of a signal, in 32 bits.
#include "vector.h"

enum { COUNT = 8192 };
static i16 samples[COUNT];

static u32 energy(void) {
    u32 sum = 0;
    for (i32 i = 0; i < COUNT; i++) sum += (u32)((i32)samples[i] * samples[i]);
    return sum;
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) samples[i] = (i16)(next_random(&random) >> 16);
    i64 total = 0;
    for (i32 round = 0; round < rounds; round++) {
        total += energy();
        samples[round * 7 % COUNT] += 1234;
    }
    return total;
}
