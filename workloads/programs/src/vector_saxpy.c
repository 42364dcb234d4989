// y = a x + y over arrays of 32-bit floats. All numbers are multiples of a half that a float holds exactly.
#include "vector.h"

enum { COUNT = 4096 };
static f32 x[COUNT], y[COUNT];

static void saxpy(f32 factor) {
    for (i32 i = 0; i < COUNT; i++) y[i] = factor * x[i] + y[i];
}

EXPORT("run") i64 run(i32 rounds) {
    u32 random = 1;
    for (i32 i = 0; i < COUNT; i++) {
        x[i] = (f32)(next_random(&random) >> 24);
        y[i] = (f32)(next_random(&random) >> 24);
    }
    for (i32 round = 0; round < rounds; round++) {
        // There and back again, with one number changed in between.
        saxpy(1.5f), x[round % COUNT] = (f32)(round & 255), saxpy(-1.5f);
    }
    i64 total = 0;
    for (i32 i = 0; i < COUNT; i++) total += (i64)(2 * y[i]) * (i % 97 + 1);
    return total;
}
