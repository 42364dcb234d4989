//! A program that calls itself to a certain depth, again and again.
//!
//! ```text
//! run(rounds)      rounds times: x = descend(depth, x) + 1
//! descend(d, x)    d = 0: x; else ((descend(d - 1, x * K + d)) xor x) rotl 7
//! ```

use wasm_dispatch_workloads::Value;

use super::{ENTRY, Generated, assembled};

const K: i64 = 0x5851_f42d_4c95_7f2d;

/// Instructions of a call, about.
const INSTRUCTIONS: u64 = 18;

/// A program with `frames` nested frames of one function that executes about `instructions`.
pub fn depth(name: &str, frames: u64, instructions: u64) -> Generated {
    let last = i32::try_from(frames.max(1) - 1).unwrap_or(i32::MAX);
    let text = format!(
        r#"(module
            (func (param i32 i64) (result i64)
                local.get 0 i32.eqz if local.get 1 return end
                local.get 0 i32.const 1 i32.sub
                local.get 1 i64.const {K} i64.mul local.get 0 i64.extend_i32_u i64.add
                call 0 local.get 1 i64.xor i64.const 7 i64.rotl)
            (func (export "{ENTRY}") (param i32) (result i64) (local i64)
                loop
                    i32.const {last} local.get 1 call 0 i64.const 1 i64.add local.set 1
                    local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
                end
                local.get 1))"#
    );
    let rounds = (instructions / (frames.max(1) * INSTRUCTIONS)).clamp(1, i32::MAX as u64);
    let result = (0..rounds).fold(0_u64, |x, _| descended(last as u32, x).wrapping_add(1));
    let description = format!("A function that calls itself until there are {frames} frames, {rounds} times.");
    let args = vec![Value::I32(rounds as i32)];
    Generated::once(name, description, assembled(&text), args, result)
}

/// What `descend` returns; without recursion, which would need as much stack as there is depth.
fn descended(depth: u32, x: u64) -> u64 {
    let next = |x: u64, depth: u32| x.wrapping_mul(K as u64).wrapping_add(u64::from(depth));
    let mut on_the_way = Vec::new();
    let mut deepest = x;
    for depth in (1..=depth).rev() {
        on_the_way.push(deepest);
        deepest = next(deepest, depth);
    }
    (on_the_way.into_iter().rev()).fold(deepest, |result, x| (result ^ x).rotate_left(7))
}
