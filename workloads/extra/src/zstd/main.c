/* zstd, there and back: text at a fast, the usual and a thorough level, by one call, with a dictionary and in streams. */
#include "support.h"
#include "zstd.h"

enum { SIZE = 8 * 1024, DICTIONARY = 2 * 1024, CHUNK = 1000 };

static char text[SIZE], packed[SIZE + SIZE / 2], back[SIZE];

static size_t ok(size_t result, const char *what) {
    need(!ZSTD_isError(result), what);
    return result;
}

/* Compresses in small pieces, flushing now and then, and decompresses the same way. Returns the compressed size. */
static size_t stream(ZSTD_CCtx *compressor, ZSTD_DCtx *decompressor) {
    ZSTD_outBuffer out = {packed, sizeof packed, 0};
    ok(ZSTD_CCtx_reset(compressor, ZSTD_reset_session_and_parameters), "reset");
    ok(ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, 4), "level");
    ok(ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1), "checksum");
    for (size_t at = 0; at < SIZE; at += CHUNK) {
        size_t count = at + CHUNK < SIZE ? CHUNK : SIZE - at;
        ZSTD_inBuffer in = {text + at, count, 0};
        ZSTD_EndDirective end = at + CHUNK >= SIZE ? ZSTD_e_end : at / CHUNK % 8 == 7 ? ZSTD_e_flush : ZSTD_e_continue;
        while (ok(ZSTD_compressStream2(compressor, &out, &in, end), "compress a piece") && end != ZSTD_e_continue) {}
    }
    ZSTD_inBuffer in = {packed, out.pos, 0};
    ZSTD_outBuffer result = {back, 0, 0};
    ok(ZSTD_DCtx_reset(decompressor, ZSTD_reset_session_and_parameters), "reset");
    size_t left = 1;
    while (left) {
        if (result.size < SIZE) result.size += 700 < SIZE - result.size ? 700 : SIZE - result.size;
        left = ok(ZSTD_decompressStream(decompressor, &result, &in), "decompress a piece");
        need(!left || result.pos < SIZE || in.pos < in.size, "the end of the stream");
    }
    need(result.pos == SIZE, "size of the stream");
    return out.pos;
}

int main(int argc, char **argv) {
    unsigned rounds = number_argument(argc, argv, 1);
    static const int levels[] = {1, 3, 9};
    ZSTD_CCtx *compressor = ZSTD_createCCtx();
    ZSTD_DCtx *decompressor = ZSTD_createDCtx();
    need(compressor && decompressor, "memory");
    uint64_t packed_hash = FNV_START, hash = FNV_START;
    size_t packed_total = 0;
    for (unsigned round = 0; round < rounds; round++) {
        make_text(text, SIZE, round);
        size_t size;
        for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
            size = ok(ZSTD_compressCCtx(compressor, packed, sizeof packed, text, SIZE, levels[i]), "compress");
            packed_total += size, packed_hash = fnv(packed_hash, packed, size);
            memset(back, 0, SIZE);
            need(ok(ZSTD_decompressDCtx(decompressor, back, SIZE, packed, size), "decompress") == SIZE, "size");
            need(!memcmp(text, back, SIZE), "the text comes back");
            hash = fnv(hash, back, SIZE);
        }
        size = ok(ZSTD_compress_usingDict(compressor, packed, sizeof packed, text + DICTIONARY, DICTIONARY, text,
                                          DICTIONARY, 3), "compress with a dictionary");
        packed_total += size, packed_hash = fnv(packed_hash, packed, size);
        ok(ZSTD_decompress_usingDict(decompressor, back, SIZE, packed, size, text, DICTIONARY), "with a dictionary");
        need(!memcmp(text + DICTIONARY, back, DICTIONARY), "the text comes back with a dictionary");
        memset(back, 0, SIZE);
        size = stream(compressor, decompressor);
        packed_total += size, packed_hash = fnv(packed_hash, packed, size);
        need(!memcmp(text, back, SIZE), "the text comes back in a stream");
        hash = fnv(hash, back, SIZE);
        /* A damaged stream is an error, never a wrong text. */
        packed[size / 2] ^= 0x10;
        size_t damaged = ZSTD_decompressDCtx(decompressor, back, SIZE, packed, size);
        need(ZSTD_isError(damaged), "damage is seen");
    }
    printf("%u rounds: %zu bytes packed, checksum %016llx, text %016llx\n", rounds, packed_total,
           (unsigned long long)packed_hash, (unsigned long long)hash);
    ZSTD_freeCCtx(compressor);
    ZSTD_freeDCtx(decompressor);
    return 0;
}
