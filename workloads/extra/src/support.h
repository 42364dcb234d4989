/* What the drivers of extra programs share: random numbers, checksums, and text to compress. */
#ifndef EXTRA_SUPPORT_H
#define EXTRA_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_u64(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint32_t random_below(uint64_t *state, uint32_t below) { return (uint32_t)(random_u64(state) >> 32) % below; }

/* FNV-1a in 64 bits; begin with FNV_START. */
#define FNV_START 0xcbf29ce484222325u
static inline uint64_t fnv(uint64_t hash, const void *bytes, size_t count) {
    for (const unsigned char *at = bytes, *end = at + count; at < end; at++) hash = (hash ^ *at) * 0x100000001b3u;
    return hash;
}

/* Fills `out` with lines of made-up words, numbers and, one line in 16, bytes without pattern. */
static inline void make_text(char *out, size_t count, uint64_t seed) {
    static const char *const syllables[] = {"ka", "lo", "mi", "ter", "un", "da", "re", "sol", "vi", "str", "e", "an"};
    size_t at = 0, line = 0;
    while (at < count) {
        char word[64];
        size_t length = 0;
        uint32_t kind = random_below(&seed, 8);
        if (line % 16 == 15) {
            for (; length < 40; length++) word[length] = (char)random_u64(&seed);
        } else if (kind == 0) {
            length = (size_t)snprintf(word, sizeof word, "%u", (unsigned)random_below(&seed, 5000));
        } else {
            /* Squaring makes some words common and many rare, as in a language. */
            uint32_t r = random_below(&seed, 20);
            uint64_t index = r * r;
            for (uint32_t i = 0; i <= kind % 3; i++) {
                const char *syllable = syllables[(index = random_u64(&index)) % 12];
                size_t more = strlen(syllable);
                memcpy(word + length, syllable, more);
                length += more;
            }
        }
        word[length++] = ' ';
        if (random_below(&seed, 9) == 0) word[length - 1] = '\n', line++;
        if (length > count - at) length = count - at;
        memcpy(out + at, word, length);
        at += length;
    }
}

/* The number that stands in argument `index`, or the end of the program. */
static inline unsigned number_argument(int argc, char **argv, int index) {
    char *end = NULL;
    unsigned long number = argc > index ? strtoul(argv[index], &end, 10) : 0;
    if (!end || *end || number == 0 || number > 1000000) {
        fprintf(stderr, "argument %d: a number from 1 to 1000000 is expected\n", index);
        exit(2);
    }
    return (unsigned)number;
}

/* Ends the program unless `good`. */
static inline void need(int good, const char *what) {
    if (!good) {
        fprintf(stderr, "failed: %s\n", what);
        exit(1);
    }
}

#endif
