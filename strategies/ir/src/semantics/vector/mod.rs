//! What the operations on vectors compute (specification section 4.3.5): plain loops over lanes, which the compiler makes
//! vector instructions of where the machine has them.
//!
//! Where the specification of relaxed SIMD leaves a choice, the result is always one fixed one, on every machine: that of
//! the operation that is not relaxed where there is one, multiplication and addition rounded apart, `i8` in dot products
//! signed and their sums wrapping.

#[cfg(target_arch = "aarch64")]
pub mod arm;
pub mod bits;
pub mod conversions;
pub mod float;
pub mod integer;
pub mod memory;
pub mod tuned;
pub mod widths;
#[cfg(target_arch = "x86_64")]
pub mod x86;

use crate::vector::{Lanes, V128};

/// A function of each lane.
#[inline(always)]
fn map<A: Copy, R: Copy + Default, const N: usize>(a: V128, f: impl Fn(A) -> R) -> V128
where
    [A; N]: Lanes,
    [R; N]: Lanes,
{
    let a: [A; N] = a.to_lanes();
    let mut result = [R::default(); N];
    for lane in 0..N {
        result[lane] = f(a[lane]);
    }
    V128::from_lanes(result)
}

/// A function of each lane of one vector and that of another.
#[inline(always)]
fn zip<A: Copy, R: Copy + Default, const N: usize>(a: V128, b: V128, f: impl Fn(A, A) -> R) -> V128
where
    [A; N]: Lanes,
    [R; N]: Lanes,
{
    let (a, b): ([A; N], [A; N]) = (a.to_lanes(), b.to_lanes());
    let mut result = [R::default(); N];
    for lane in 0..N {
        result[lane] = f(a[lane], b[lane]);
    }
    V128::from_lanes(result)
}
