/* LZ4, there and back: single blocks, fast and thoroughly; a frame with checksums; a chain of blocks that refer to the
   ones before.

   What the fast way packs depends on the size of a machine word in chains and frames, so there only the text is
   checked. Single blocks of less than 64 KiB come out alike everywhere. */
#include "lz4.h"
#include "lz4frame.h"
#include "lz4hc.h"
#include "support.h"

enum { SIZE = 20 * 1024, BLOCK = 1024, ROOM = SIZE + SIZE / 100 + 600 };

static char text[SIZE], packed[ROOM], back[SIZE];
static uint64_t packed_hash = FNV_START, hash = FNV_START;
static size_t packed_total;

static void text_came_back(int same_everywhere, size_t packed_size) {
    need(!memcmp(text, back, SIZE), "the text comes back");
    hash = fnv(hash, back, SIZE);
    memset(back, 0, SIZE);
    if (same_everywhere) packed_total += packed_size, packed_hash = fnv(packed_hash, packed, packed_size);
}

static void block(int level) {
    int size = level ? LZ4_compress_HC(text, packed, SIZE, ROOM, level) : LZ4_compress_default(text, packed, SIZE, ROOM);
    need(size > 0, "compress a block");
    need(LZ4_decompress_safe(packed, back, size, SIZE) == SIZE, "decompress a block");
    text_came_back(1, (size_t)size);
    need(LZ4_decompress_safe(packed, back, size, SIZE - 1) < 0, "too little room is an error");
}

static void chain(void) {
    LZ4_stream_t *compressor = LZ4_createStream();
    LZ4_streamDecode_t *decompressor = LZ4_createStreamDecode();
    need(compressor && decompressor, "memory");
    LZ4_setStreamDecode(decompressor, NULL, 0);
    for (size_t at = 0; at < SIZE; at += BLOCK) {
        int size = LZ4_compress_fast_continue(compressor, text + at, packed, BLOCK, ROOM, 1);
        need(size > 0, "compress a link");
        need(LZ4_decompress_safe_continue(decompressor, packed, back + at, size, BLOCK) == BLOCK, "decompress a link");
    }
    text_came_back(0, 0);
    LZ4_freeStream(compressor);
    LZ4_freeStreamDecode(decompressor);
}

static void frame(void) {
    LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
    size_t size = LZ4F_compressFrame(packed, ROOM, text, SIZE, &preferences);
    need(!LZ4F_isError(size), "compress a frame");
    LZ4F_dctx *decompressor;
    need(!LZ4F_isError(LZ4F_createDecompressionContext(&decompressor, LZ4F_VERSION)), "memory");
    size_t from = 0, to = 0, left = 1;
    while (left) {
        size_t taken = size - from < 500 ? size - from : 500, given = SIZE - to;
        left = LZ4F_decompress(decompressor, back + to, &given, packed + from, &taken, NULL);
        need(!LZ4F_isError(left), "decompress a frame");
        from += taken, to += given;
        need(!left || taken || given, "the end of the frame");
    }
    need(to == SIZE, "size of the frame");
    text_came_back(0, 0);
    LZ4F_freeDecompressionContext(decompressor);
}

int main(int argc, char **argv) {
    unsigned rounds = number_argument(argc, argv, 1);
    for (unsigned round = 0; round < rounds; round++) {
        make_text(text, SIZE, round);
        block(0);
        block(3);
        block(10);
        chain();
        frame();
    }
    printf("%u rounds: %zu bytes packed, checksum %016llx, text %016llx\n", rounds, packed_total,
           (unsigned long long)packed_hash, (unsigned long long)hash);
    return 0;
}
