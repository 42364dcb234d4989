// Finds all places of eight patterns in a text of n pseudo-random letters (at most 1048576), by the method of Horspool:
// byte loads, comparisons, and skips that depend on the text. The letters are the first four of the alphabet, so that
// partial matches are common; the patterns are pieces of the text.
#include "support.h"

#define MAX 1048576

static u8 text[MAX];

// The sum over all matches of (place + 1) times the pattern's length.
static u64 search(i32 n, const u8 *pattern, i32 length) {
    i32 skip[256];
    for (i32 i = 0; i < 256; i++) skip[i] = length;
    for (i32 i = 0; i < length - 1; i++) skip[pattern[i]] = length - 1 - i;
    u64 sum = 0;
    for (i32 at = 0; at + length <= n; at += skip[text[at + length - 1]]) {
        i32 i = length - 1;
        while (i >= 0 && text[at + i] == pattern[i]) i--;
        if (i < 0) sum += (u64)(at + 1) * (u64)length;
    }
    return sum;
}

EXPORT("run") i64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < n; i++) text[i] = (u8)('a' + (next_random(&random) >> 9) % 4);
    u64 sum = 0;
    for (i32 i = 0; i < 8; i++) sum += search(n, text + n / 9 * (i + 1), 3 + i);
    return (i64)sum;
}
