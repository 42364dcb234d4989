//! Many calls, or values that they leave.

use wasm_encoder::{BlockType, ConstExpr, Elements};

use super::parts::{MANY, Parts, called};

pub fn calls(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.function(0, 0, |sink| {
        (0..n).for_each(|_| {
            sink.call(1);
        });
    });
    parts.function(0, 0, |_| {});
    parts.finish()
}

pub fn calls_indirect(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.table(1);
    let start = ConstExpr::i32_const(0);
    parts.elements.active(None, &start, Elements::Functions([1][..].into()));
    parts.function(0, 0, |sink| {
        for _ in 0..n {
            sink.i32_const(0).call_indirect(0, 0);
        }
    });
    parts.function(0, 0, |_| {});
    parts.finish()
}

pub fn tail_calls(n: usize) -> Vec<u8> {
    called(n, 1, |sink| {
        sink.local_get(0).if_(BlockType::Empty).return_call(1).end();
    })
}

pub fn calls_with_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty).call(1).br(0).end();
        }
    });
    parts.giving_many(many);
    parts.finish()
}

pub fn ifs_with_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 1, |sink| {
        for _ in 0..n {
            sink.block(BlockType::Empty)
                .local_get(0)
                .if_(BlockType::FunctionType(many));
            sink.call(1).else_().call(1).end().br(0).end();
        }
    });
    parts.giving_many(many);
    parts.finish()
}

/// Not a shape, because a limit counts what they carry: `n` branches with 1,000 values, each from another place.
pub fn carrying(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        sink.block(BlockType::Empty).call(1).br(0).end();
    });
    parts.function(many, 0, |sink| {
        (0..=MANY).for_each(|_| {
            sink.i32_const(1);
        });
        for _ in 0..n {
            sink.i32_const(1).i32_const(0).br_if(0);
        }
        sink.return_();
    });
    parts.finish()
}

/// Not a shape, because a limit counts them: `n` times 1,000 operands where nothing can be reached.
pub fn dead_results(n: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let many = parts.many_results();
    parts.function(0, 0, |sink| {
        sink.return_();
        (0..n).for_each(|_| {
            sink.call(1);
        });
        sink.return_();
    });
    parts.giving_many(many);
    parts.finish()
}
