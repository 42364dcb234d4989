//! Forms of operations for x86-64. The compiler makes good instructions of most plain loops; these are the others.

/// A vector as the architecture's types, and back.
macro_rules! views {
    ($($to:ident $from:ident $ty:ty;)*) => {
        $(
            #[inline(always)]
            fn $to(vector: V128) -> $ty {
                bytemuck::must_cast(vector.0)
            }

            #[inline(always)]
            fn $from(vector: $ty) -> V128 {
                V128(bytemuck::must_cast(vector))
            }
        )*
    };
}

#[cfg(target_feature = "sse2")]
#[allow(missing_docs)]
pub mod baseline;
pub mod v2;
