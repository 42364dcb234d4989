// The number of primes below n (at most 4194304) by the sieve of Eratosthenes over bytes: stores at growing strides,
// then loads in order.
#include "support.h"

#define MAX 4194304

static u8 composite[MAX];

EXPORT("run") i32 run(i32 n) {
    i32 primes = 0;
    for (i32 i = 0; i < n; i++) composite[i] = 0;
    for (i32 i = 2; i * i < n; i++) {
        if (composite[i]) continue;
        for (i32 j = i * i; j < n; j += i) composite[j] = 1;
    }
    for (i32 i = 2; i < n; i++) primes += !composite[i];
    return primes;
}
