//! A program that calls itself to a certain depth, again and again.
//!
//! ```text
//! run(rounds)      rounds times: x = descend(depth, x) + 1
//! descend(d, x)    d = 0: x; else ((descend(d - 1, x * K + d)) xor x) rotl 7
//! ```

use wasm_dispatch_workloads::Value;
use wasm_encoder::{BlockType, Function, ValType};

use super::{Builder, Generated};

const K: i64 = 0x5851_f42d_4c95_7f2d;

/// Instructions of a call, about.
const INSTRUCTIONS: u64 = 18;

/// A program with so many frames of one function below each other, that executes about so many instructions.
pub fn depth(name: &str, frames: u64, instructions: u64) -> Generated {
    let mut module = Builder::new();
    let descend_type = module.ty(&[ValType::I32, ValType::I64], &[ValType::I64]);
    let run_type = module.ty(&[ValType::I32], &[ValType::I64]);
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).i32_eqz().if_(BlockType::Empty);
    code.local_get(1).return_().end();
    code.local_get(0).i32_const(1).i32_sub();
    code.local_get(1).i64_const(K).i64_mul();
    code.local_get(0).i64_extend_i32_u().i64_add();
    code.call(0).local_get(1).i64_xor().i64_const(7).i64_rotl().end();
    let descend = module.function(descend_type, &body);

    let last = i32::try_from(frames.max(1) - 1).unwrap_or(i32::MAX);
    let mut body = Function::new([(1, ValType::I64)]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    code.i32_const(last).local_get(1).call(descend);
    code.i64_const(1).i64_add().local_set(1);
    code.local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end();
    code.local_get(1).end();
    module.function(run_type, &body);

    let rounds = (instructions / (frames.max(1) * INSTRUCTIONS)).clamp(1, i32::MAX as u64);
    let result = (0..rounds).fold(0_u64, |x, _| descended(last as u32, x).wrapping_add(1));
    let description = format!("A function that calls itself until there are {frames} frames, {rounds} times.");
    module.program(name, description, vec![Value::I32(rounds as i32)], result)
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
