// The number of points of an n x n grid over [-1.5, 0.5] x [-1, 1] that belong to the Mandelbrot set, as far as 50
// iterations can tell. Float arithmetic in locals alone, without memory, in a loop whose length depends on the data.
#include "support.h"

EXPORT("run") i32 run(i32 n) {
    i32 inside = 0;
    for (i32 row = 0; row < n; row++) {
        double ci = 2.0 * row / n - 1.0;
        for (i32 column = 0; column < n; column++) {
            double cr = 2.0 * column / n - 1.5;
            double zr = 0, zi = 0, rr = 0, ii = 0;
            i32 left = 50;
            while (left > 0 && rr + ii <= 4.0) {
                zi = 2.0 * zr * zi + ci;
                zr = rr - ii + cr;
                rr = zr * zr;
                ii = zi * zi;
                left--;
            }
            inside += rr + ii <= 4.0;
        }
    }
    return inside;
}
