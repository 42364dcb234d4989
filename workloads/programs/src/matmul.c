// The product of two n x n matrices (n at most 256) of 64-bit floats, by the textbook's three loops: two loads, a
// multiplication and an addition in the innermost one. All numbers are small whole ones, so the result is exact.
#include "support.h"

#define MAX 256

static double a[MAX][MAX], b[MAX][MAX], c[MAX][MAX];

// The sum of all elements, each weighted by 1 to 7 from its place.
EXPORT("run") double run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < n; i++) {
        for (i32 j = 0; j < n; j++) {
            a[i][j] = (double)(next_random(&random) % 100);
            b[i][j] = (double)(next_random(&random) % 100);
        }
    }
    for (i32 i = 0; i < n; i++) {
        for (i32 j = 0; j < n; j++) {
            double sum = 0;
            for (i32 k = 0; k < n; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    }
    double total = 0;
    for (i32 i = 0; i < n; i++)
        for (i32 j = 0; j < n; j++) total += c[i][j] * ((i + 3 * j) % 7 + 1);
    return total;
}
