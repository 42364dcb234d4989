// Small programs of everyday kinds that no fusion was chosen for: written after the tables of fused forms, and not among
// the workloads. Each is a function of how much to do, and returns a checksum.
#include "../../../workloads/programs/src/support.h"

#define LENGTH(array) ((i32)(sizeof(array) / sizeof(array[0])))

// Edit distance of pairs of random words over four letters, by the textbook's table of two rows.
EXPORT("edit_distance") i64 edit_distance(i32 n) {
    static u8 a[64], b[64];
    static i32 row[65];
    u32 random = 7;
    i64 sum = 0;
    for (i32 pair = 0; pair < n; pair++) {
        for (i32 i = 0; i < 64; i++) a[i] = next_random(&random) >> 30, b[i] = next_random(&random) >> 30;
        for (i32 j = 0; j <= 64; j++) row[j] = j;
        for (i32 i = 1; i <= 64; i++) {
            i32 diagonal = row[0];
            row[0] = i;
            for (i32 j = 1; j <= 64; j++) {
                i32 change = diagonal + (a[i - 1] != b[j - 1]);
                i32 least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
                diagonal = row[j];
                row[j] = change < least ? change : least;
            }
        }
        sum = sum * 31 + row[64];
    }
    return sum;
}

// Conway's game of life on a torus of bytes.
EXPORT("life") i64 life(i32 n) {
    static u8 cells[2][64 * 64];
    u32 random = 5;
    for (i32 i = 0; i < 64 * 64; i++) cells[0][i] = next_random(&random) >> 31;
    for (i32 step = 0; step < n; step++) {
        const u8 *old = cells[step & 1];
        u8 *new = cells[~step & 1];
        for (i32 y = 0; y < 64; y++) {
            const u8 *up = old + (y + 63) % 64 * 64, *here = old + y * 64, *down = old + (y + 1) % 64 * 64;
            for (i32 x = 0; x < 64; x++) {
                i32 l = (x + 63) % 64, r = (x + 1) % 64;
                i32 around = up[l] + up[x] + up[r] + here[l] + here[r] + down[l] + down[x] + down[r];
                new[y * 64 + x] = around == 3 || (around == 2 && here[x]);
            }
        }
    }
    i64 sum = 0;
    for (i32 i = 0; i < 64 * 64; i++) sum = sum * 3 + cells[n & 1][i];
    return sum;
}

// CRC-32 by a table, of what base64 makes of random bytes.
EXPORT("base64_crc") i64 base64_crc(i32 n) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static u32 table[256];
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (i32 bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        table[i] = c;
    }
    u32 random = 3, crc = ~0u;
    for (i32 group = 0; group < n; group++) {
        u32 bits = next_random(&random) >> 8;
        for (i32 shift = 18; shift >= 0; shift -= 6) {
            u8 letter = (u8)letters[bits >> shift & 63];
            crc = table[(crc ^ letter) & 255] ^ crc >> 8;
        }
    }
    return ~crc;
}

static i32 place_queens(u32 all, u32 columns, u32 left, u32 right) {
    if (columns == all) return 1;
    i32 count = 0;
    for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
        u32 queen = free & -free;
        count += place_queens(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return count;
}

// In how many ways n queens stand on a board of n by n without attacking each other.
EXPORT("queens") i64 queens(i32 n) { return place_queens((1u << n) - 1, 0, 0, 0); }

// Determinants of random matrices, by elimination with pivots.
EXPORT("determinant") i64 determinant(i32 n) {
    static double m[24][24];
    u32 random = 11;
    i64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < 24; i++)
            for (i32 j = 0; j < 24; j++) m[i][j] = (i32)(next_random(&random) >> 24) - 128;
        double product = 1;
        for (i32 k = 0; k < 24; k++) {
            i32 pivot = k;
            for (i32 i = k + 1; i < 24; i++)
                if (__builtin_fabs(m[i][k]) > __builtin_fabs(m[pivot][k])) pivot = i;
            if (pivot != k) {
                for (i32 j = 0; j < 24; j++) {
                    double swapped = m[k][j];
                    m[k][j] = m[pivot][j];
                    m[pivot][j] = swapped;
                }
                product = -product;
            }
            if (m[k][k] == 0) break;
            for (i32 i = k + 1; i < 24; i++) {
                double factor = m[i][k] / m[k][k];
                for (i32 j = k; j < 24; j++) m[i][j] -= factor * m[k][j];
            }
            product *= m[k][k] / 256;
        }
        sum = sum * 7 + (i64)product;
    }
    return sum;
}

struct reached {
    i32 cost, place;
};

static struct reached heap[1 << 14];
static i32 heap_size;

static void push(i32 cost, i32 place) {
    i32 i = heap_size++;
    for (; i > 0 && heap[(i - 1) / 2].cost > cost; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = (struct reached){cost, place};
}

static struct reached pop(void) {
    struct reached first = heap[0], last = heap[--heap_size];
    i32 i = 0;
    for (;;) {
        i32 child = 2 * i + 1;
        if (child >= heap_size) break;
        if (child + 1 < heap_size && heap[child + 1].cost < heap[child].cost) child++;
        if (heap[child].cost >= last.cost) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return first;
}

// Shortest ways from a corner of random landscapes of 48 by 48 to everywhere, by Dijkstra's algorithm with a binary heap.
EXPORT("shortest_paths") i64 shortest_paths(i32 n) {
    static i32 cost[48 * 48];
    static u8 height[48 * 48];
    u32 random = 13;
    i64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < 48 * 48; i++) height[i] = 1 + (next_random(&random) >> 28), cost[i] = 1 << 30;
        heap_size = 0;
        cost[0] = 0;
        push(0, 0);
        while (heap_size > 0) {
            struct reached here = pop();
            if (here.cost > cost[here.place]) continue;
            i32 x = here.place % 48, y = here.place / 48;
            static const i32 dx[] = {1, 0, -1, 0}, dy[] = {0, 1, 0, -1};
            for (i32 way = 0; way < LENGTH(dx); way++) {
                i32 to_x = x + dx[way], to_y = y + dy[way];
                if (to_x < 0 || to_x >= 48 || to_y < 0 || to_y >= 48) continue;
                i32 there = to_y * 48 + to_x, total = here.cost + height[there];
                if (total < cost[there]) {
                    cost[there] = total;
                    push(total, there);
                }
            }
        }
        for (i32 i = 0; i < 48 * 48; i++) sum = sum * 5 + cost[i];
    }
    return sum;
}

// A stack machine in a switch, whose program counts down and adds squares.
EXPORT("stack_machine") i64 stack_machine(i32 n) {
    enum { PUSH, LOAD, STORE, ADD, SUB, MUL, JUMP_IF, HALT };
    // x = n; do { sum = sum + x * x; x = x - 1 } while (x)
    static const u8 code[] = {LOAD, 1, LOAD, 0, LOAD, 0, MUL, ADD, STORE, 1, LOAD, 0, PUSH, 1, SUB, STORE, 0, LOAD, 0, JUMP_IF, 0, HALT};
    u32 stack[8], variables[2] = {(u32)n, 0};
    i32 sp = 0;
    for (i32 pc = 0;;) {
        switch (code[pc++]) {
        case PUSH: stack[sp++] = code[pc++]; break;
        case LOAD: stack[sp++] = variables[code[pc++]]; break;
        case STORE: variables[code[pc++]] = stack[--sp]; break;
        case ADD: sp--, stack[sp - 1] += stack[sp]; break;
        case SUB: sp--, stack[sp - 1] -= stack[sp]; break;
        case MUL: sp--, stack[sp - 1] *= stack[sp]; break;
        case JUMP_IF: pc = stack[--sp] ? code[pc] : pc + 1; break;
        case HALT: return variables[1];
        }
    }
}

// The factorial of n as a number of many digits; the sum of its limbs.
EXPORT("factorial") i64 factorial(i32 n) {
    static u32 limbs[2048];
    i32 used = 1;
    limbs[0] = 1;
    for (u32 factor = 2; factor <= (u32)n; factor++) {
        u64 carry = 0;
        for (i32 i = 0; i < used; i++) {
            carry += (u64)limbs[i] * factor;
            limbs[i] = (u32)carry;
            carry >>= 32;
        }
        if (carry && used < LENGTH(limbs)) limbs[used++] = (u32)carry;
    }
    i64 sum = 0;
    for (i32 i = 0; i < used; i++) sum += limbs[i];
    return sum;
}

struct node {
    u32 key;
    struct node *child[2];
};

// Random keys put into a binary tree by their pointers, and looked for again.
EXPORT("search_tree") i64 search_tree(i32 n) {
    static struct node nodes[1 << 14];
    struct node *root = 0;
    u32 random = 17;
    i32 used = 0, found = 0;
    for (i32 i = 0; i < n && used < LENGTH(nodes); i++) {
        u32 key = next_random(&random) >> 12;
        struct node **at = &root;
        while (*at && (*at)->key != key) at = &(*at)->child[key > (*at)->key];
        if (!*at) {
            nodes[used] = (struct node){key, {0, 0}};
            *at = &nodes[used++];
        }
    }
    i64 depths = 0;
    for (i32 i = 0; i < 4 * n; i++) {
        u32 key = next_random(&random) >> 12;
        struct node *at = root;
        while (at && at->key != key) at = at->child[key > at->key], depths++;
        found += at != 0;
    }
    return depths * 65536 + found;
}

// A filter of 16 taps over a signal of 32-bit floats.
EXPORT("filter") i64 filter(i32 n) {
    static float signal[1024 + 16], out[1024];
    float taps[16];
    u32 random = 19;
    for (i32 i = 0; i < 16; i++) taps[i] = (float)(i32)(next_random(&random) >> 28) / 128;
    for (i32 i = 0; i < LENGTH(signal); i++) signal[i] = (float)(i32)(next_random(&random) >> 20);
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < 1024; i++) {
            float sum = 0;
            for (i32 tap = 0; tap < 16; tap++) sum += taps[tap] * signal[i + tap];
            out[i] = sum;
        }
        for (i32 i = 0; i < 1024; i++) signal[i] = out[i] < 4096 ? out[i] : out[i] - 4096;
    }
    i64 sum = 0;
    for (i32 i = 0; i < 1024; i++) sum = sum * 3 + (i64)(signal[i] * 16);
    return sum;
}
