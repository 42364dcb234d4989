// A hash map from numbers to counts, with open addressing: n pseudo-random keys out of 32768 are counted, then all
// possible keys are looked up. Loads at places that nothing predicts, and loops that mostly end at once.
#include "support.h"

#define SLOTS 65536
#define KEYS 32768

typedef struct {
    u32 key; // 0 is an empty slot
    u32 count;
} Slot;

static Slot slots[SLOTS];

static Slot *find(u32 key) {
    // Fibonacci hashing; the table is never more than half full, so an empty slot is always found.
    u32 at = key * 2654435769u >> 16;
    while (slots[at].key != key && slots[at].key != 0) at = (at + 1) % SLOTS;
    return &slots[at];
}

// The sum of count squared times key.
EXPORT("run") i64 run(i32 n) {
    u32 random = 1;
    for (u32 i = 0; i < SLOTS; i++) slots[i].key = 0, slots[i].count = 0;
    for (i32 i = 0; i < n; i++) {
        u32 key = next_random(&random) % KEYS + 1;
        Slot *slot = find(key);
        slot->key = key;
        slot->count++;
    }
    u64 sum = 0;
    for (u32 key = 1; key <= KEYS; key++) {
        u64 count = find(key)->count;
        sum += count * count * key;
    }
    return (i64)sum;
}
