/* bzip2, there and back: text, and runs of equal bytes, which take its slower way of sorting. */
#include "bzlib.h"
#include "support.h"

enum { SIZE = 5 * 1024, ROOM = SIZE + SIZE / 100 + 600 };

static char text[SIZE], packed[ROOM], back[SIZE];

/* Called by the library, built without stdio, when it finds a fault in itself. */
void bz_internal_error(int code) {
    fprintf(stderr, "bzip2's internal error %d\n", code);
    exit(1);
}

int main(int argc, char **argv) {
    unsigned rounds = number_argument(argc, argv, 1);
    uint64_t packed_hash = FNV_START, hash = FNV_START;
    size_t packed_total = 0;
    for (unsigned round = 0; round < rounds; round++) {
        for (int repetitive = 0; repetitive < 2; repetitive++) {
            unsigned size = SIZE;
            if (repetitive) {
                size = SIZE / 4;
                for (unsigned at = 0; at < size; at++) text[at] = (char)(at % (1000 + round) < 900 ? 'a' + at % 2 : 'c');
            } else {
                make_text(text, size, round);
            }
            unsigned packed_size = ROOM, back_size = SIZE;
            need(BZ2_bzBuffToBuffCompress(packed, &packed_size, text, size, 1, 0, 10) == BZ_OK, "compress");
            packed_total += packed_size, packed_hash = fnv(packed_hash, packed, packed_size);
            /* The second way of decompressing needs less memory and more steps. */
            need(BZ2_bzBuffToBuffDecompress(back, &back_size, packed, packed_size, repetitive, 0) == BZ_OK, "decompress");
            need(back_size == size && !memcmp(text, back, size), "the text comes back");
            hash = fnv(hash, back, size);
            packed[11] ^= 0x10; /* in the block's checksum */
            back_size = SIZE;
            int damaged = BZ2_bzBuffToBuffDecompress(back, &back_size, packed, packed_size, 0, 0);
            need(damaged == BZ_DATA_ERROR, "damage is seen");
        }
    }
    printf("%u rounds: %zu bytes packed, checksum %016llx, text %016llx\n", rounds, packed_total,
           (unsigned long long)packed_hash, (unsigned long long)hash);
    return 0;
}
