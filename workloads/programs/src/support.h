// What every program here needs: there is no C library below it, neither in wasm nor in the native build that checks
// the expected results.
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

// xorshift32 (Marsaglia). The state must not be 0. It is passed by hand, so that every run starts from the same seed,
// also a second one on the same instance.
static inline u32 next_random(u32 *state) {
    u32 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}
