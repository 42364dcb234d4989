//! Forms of operations on vectors that need more than what the architecture always has, or that only unsafe code can call,
//! give the same as the table's.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use wasm_dispatch_ir::V128;
use wasm_dispatch_ir::semantics::vector::tuned;
use wasm_dispatch_ir::vector_ops::{Vector1Op, Vector2Op};
use wasm_dispatch_testing::vectors::{Vectors, same};

/// Fails if the results differ.
fn agree(mnemonic: &str, operands: &[V128], form: V128, table: V128) {
    assert!(
        same(mnemonic, form, table),
        "{mnemonic} of {operands:?}: {form} is not {table}"
    );
}

/// Indices below 32.
fn indices(vector: V128) -> [u8; 16] {
    vector.0.map(|index| index % 32)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use wasm_dispatch_ir::semantics::vector::x86::v2;

    use super::*;

    macro_rules! compare {
        (vector1 [$($a:ident $fa:ident)*] vector2 [$($b:ident $fb:ident)*]) => {
            #[target_feature(enable = "ssse3,sse4.1,sse4.2")]
            fn compare(a: V128, b: V128, c: V128) {
                $(agree(Vector1Op::$a.mnemonic(), &[a], v2::$fa(a), Vector1Op::$a.apply(a));)*
                $(agree(Vector2Op::$b.mnemonic(), &[a, b], v2::$fb(a, b), Vector2Op::$b.apply(a, b));)*
                let c = indices(c);
                agree("i8x16.shuffle", &[a, b, V128(c)], v2::i8x16_shuffle(a, b, c), tuned::i8x16_shuffle(a, b, c));
            }
        };
    }
    wasm_dispatch_ir::for_each_v2_form!(compare);

    #[test]
    fn forms_for_newer_machines_give_what_the_table_does() {
        let has_all = is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1")
            && is_x86_feature_detected!("sse4.2");
        if !has_all {
            eprintln!("left out: this machine lacks SSSE3, SSE4.1 or SSE4.2");
            return;
        }
        let mut vectors = Vectors::new(6);
        for _ in 0..Vectors::count() {
            let [a, b, c] = [vectors.vector(), vectors.vector(), vectors.vector()];
            // SAFETY: the features were asked for above.
            unsafe { compare(a, b, c) };
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use wasm_dispatch_ir::semantics::vector::arm;
    use wasm_dispatch_ir::vector_ops::VectorTestOp;

    use super::*;

    macro_rules! compare {
        (vector1 [$($a:ident $fa:ident)*] vector2 [$($b:ident $fb:ident)*] vector_test [$($t:ident $ft:ident)*]) => {
            #[target_feature(enable = "neon")]
            fn compare(a: V128, b: V128, c: V128) {
                $(agree(Vector1Op::$a.mnemonic(), &[a], arm::$fa(a), Vector1Op::$a.apply(a));)*
                $(agree(Vector2Op::$b.mnemonic(), &[a, b], arm::$fb(a, b), Vector2Op::$b.apply(a, b));)*
                $(assert_eq!(arm::$ft(a), VectorTestOp::$t.apply(a), "{}", stringify!($t));)*
                let c = indices(c);
                agree("i8x16.shuffle", &[a, b, V128(c)], arm::i8x16_shuffle(a, b, c), tuned::i8x16_shuffle(a, b, c));
            }
        };
    }
    wasm_dispatch_ir::for_each_neon_form!(compare);

    #[test]
    fn forms_for_neon_give_what_the_table_does() {
        let mut vectors = Vectors::new(6);
        for _ in 0..Vectors::count() {
            let [a, b, c] = [vectors.vector(), vectors.vector(), vectors.vector()];
            // SAFETY: all AArch64 machines that this is compiled for have NEON.
            unsafe { compare(a, b, c) };
        }
    }
}
