//! A program that reads and writes a certain amount of memory in random order.
//!
//! ```text
//! start      every line of 64 bytes begins with its own number: line * K + 1
//! run(n)     n times: s = s * A + C; line = s >> 33 mod lines; v = load line; store v behind it; x = (x rotl 5) xor v
//! ```
//!
//! What is stored does not depend on what was called before, so that any number of calls gives the same. Touching the
//! memory for the first time, which costs the system more than all that follows, is left to the start function.

use wasm_dispatch_workloads::Value;
use wasm_encoder::{BlockType, Function, MemArg, MemArgTarget, ValType};

use super::{Builder, Generated};

const K: i64 = 0x2545_f491_4f6c_dd1d;

/// Multiplier and increment of a linear congruential generator (Knuth, MMIX).
const A: i64 = 6_364_136_223_846_793_005;
const C: i64 = 1_442_695_040_888_963_407;

/// Bytes of a line.
const LINE: u64 = 64;

/// Instructions of a turn, about.
const INSTRUCTIONS: u64 = 27;

/// A program that uses so many bytes (a power of two, 64 at least; otherwise the next smaller one) of the memory of each of
/// `instances` instances, which take turns: each call executes about `in_a_call` instructions, all together about
/// `instructions`.
pub fn memory(name: &str, bytes: u64, instances: u32, in_a_call: u64, instructions: u64) -> Generated {
    // Addresses have 32 bits.
    let lines = (bytes / LINE).clamp(1, 1 << 25);
    let lines = 1_u64 << lines.ilog2();
    let mut module = Builder::new();
    let start_type = module.ty(&[], &[]);
    let run_type = module.ty(&[ValType::I32], &[ValType::I64]);
    let at = |offset: u64| MemArg {
        offset,
        align: 3,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };

    let mut body = Function::new([(1, ValType::I32)]);
    let mut code = body.instructions();
    code.i32_const(lines as i32).local_set(0).loop_(BlockType::Empty);
    code.local_get(0)
        .i32_const(1)
        .i32_sub()
        .local_tee(0)
        .i32_const(6)
        .i32_shl();
    code.local_get(0)
        .i64_extend_i32_u()
        .i64_const(K)
        .i64_mul()
        .i64_const(1)
        .i64_add();
    code.i64_store(at(0)).local_get(0).br_if(0).end().end();
    let start = module.function(start_type, &body);

    let (n, s, x, v, address) = (0, 1, 2, 3, 4);
    let mut body = Function::new([(3, ValType::I64), (1, ValType::I32)]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    code.local_get(s)
        .i64_const(A)
        .i64_mul()
        .i64_const(C)
        .i64_add()
        .local_tee(s);
    code.i64_const(33).i64_shr_u().i32_wrap_i64();
    code.i32_const((lines - 1) as i32)
        .i32_and()
        .i32_const(6)
        .i32_shl()
        .local_tee(address);
    code.i64_load(at(0)).local_set(v);
    code.local_get(address).local_get(v).i64_store(at(8));
    code.local_get(x)
        .i64_const(5)
        .i64_rotl()
        .local_get(v)
        .i64_xor()
        .local_set(x);
    code.local_get(n).i32_const(1).i32_sub().local_tee(n).br_if(0).end();
    code.local_get(x).end();
    module.function(run_type, &body);

    let turns = (in_a_call / INSTRUCTIONS).clamp(1, i32::MAX as u64);
    let calls = (instructions / (turns * INSTRUCTIONS)).clamp(u64::from(instances.max(1)), u64::from(u32::MAX));
    let mut state = 0_u64;
    let mut result = 0_u64;
    for _ in 0..turns {
        state = state.wrapping_mul(A as u64).wrapping_add(C as u64);
        let line = (state >> 33) & (lines - 1);
        result = result.rotate_left(5) ^ line.wrapping_mul(K as u64).wrapping_add(1);
    }
    Generated {
        name: name.to_owned(),
        description: format!(
            "Random loads and stores in {} bytes of each of {} instances, {turns} in a call, {calls} calls.",
            lines * LINE,
            instances.max(1)
        ),
        wasm: module.finish(Some((lines * LINE).div_ceil(1 << 16).max(1)), Some(start)),
        args: vec![Value::I32(turns as i32)],
        expect: vec![Value::I64(result as i64)],
        instances: instances.max(1),
        calls: calls as u32,
        threads: 0,
    }
}
