// The dot product of two arrays of 32-bit floats. Four sums side by side, so that the order of additions is the same with
// vector instructions and without; all numbers are small integers, so that no addition rounds.
#include "vector.h"

enum { COUNT = 4096 };
static f32 a[COUNT], b[COUNT];

static f32 dot(void) {
    f32 sums[4] = {0, 0, 0, 0};
    for (i32 i = 0; i < COUNT; i += 4)
        for (i32 lane = 0; lane < 4; lane++) sums[lane] += a[i + lane] * b[i + lane];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) {
        a[i] = (f32)(next_random(&random) >> 28);
        b[i] = (f32)(next_random(&random) >> 28);
    }
    i64 total = 0;
    for (i32 round = 0; round < rounds; round++) {
        a[round % COUNT] = (f32)(round & 15);
        total += (i64)dot();
    }
    return total;
}
