// The spectral norm of the infinite matrix with a(i,j) = 1 / ((i+j)(i+j+1)/2 + i + 1), cut off at n x n (at most 1024),
// by ten steps of the power method, as the Computer Language Benchmarks Game states it. Inner loops of conversions,
// divisions, multiplications and additions, in one dependent chain of sums.
#include "support.h"

#define MAX 1024

static double u[MAX], v[MAX], between[MAX];

static double a(i32 i, i32 j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(i32 n, const double *from, double *to) {
    for (i32 i = 0; i < n; i++) {
        double sum = 0;
        for (i32 j = 0; j < n; j++) sum += a(i, j) * from[j];
        to[i] = sum;
    }
}

static void multiply_transposed(i32 n, const double *from, double *to) {
    for (i32 i = 0; i < n; i++) {
        double sum = 0;
        for (i32 j = 0; j < n; j++) sum += a(j, i) * from[j];
        to[i] = sum;
    }
}

EXPORT("run") double run(i32 n) {
    for (i32 i = 0; i < n; i++) u[i] = 1;
    for (i32 i = 0; i < 10; i++) {
        multiply(n, u, between);
        multiply_transposed(n, between, v);
        multiply(n, v, between);
        multiply_transposed(n, between, u);
    }
    double uv = 0, vv = 0;
    for (i32 i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    return __builtin_sqrt(uv / vv);
}
