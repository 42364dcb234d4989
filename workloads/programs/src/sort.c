// Sorts n pseudo-random numbers (at most 524288): quicksort with the median of three, insertion sort below 16. About
// half of the comparisons go either way, so conditional branches are what it stresses.
#include "support.h"

#define MAX 524288

static i32 numbers[MAX];

static void insertion_sort(i32 *a, i32 n) {
    for (i32 i = 1; i < n; i++) {
        i32 x = a[i], j = i;
        for (; j > 0 && a[j - 1] > x; j--) a[j] = a[j - 1];
        a[j] = x;
    }
}

static i32 median(i32 a, i32 b, i32 c) {
    if (a < b) return b < c ? b : a < c ? c : a;
    return a < c ? a : b < c ? c : b;
}

static void quicksort(i32 *a, i32 n) {
    while (n > 16) {
        i32 pivot = median(a[0], a[n / 2], a[n - 1]);
        i32 i = -1, j = n;
        for (;;) {
            do i++; while (a[i] < pivot);
            do j--; while (a[j] > pivot);
            if (i >= j) break;
            i32 swapped = a[i];
            a[i] = a[j];
            a[j] = swapped;
        }
        // The smaller half by recursion, the larger one in this loop: the depth stays below 20.
        i32 left = j + 1;
        if (left < n - left) {
            quicksort(a, left);
            a += left;
            n -= left;
        } else {
            quicksort(a + left, n - left);
            n = left;
        }
    }
    insertion_sort(a, n);
}

// The sum of position times number, positions from 1; -1 if the numbers are out of order.
EXPORT("run") i64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < n; i++) numbers[i] = (i32)next_random(&random);
    quicksort(numbers, n);
    u64 sum = 0;
    for (i32 i = 0; i < n; i++) {
        if (i > 0 && numbers[i - 1] > numbers[i]) return -1;
        sum += (u64)(i + 1) * (u64)(i64)numbers[i];
    }
    return (i64)sum;
}
