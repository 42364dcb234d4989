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

use super::{ENTRY, Generated, assembled};

const K: i64 = 0x2545_f491_4f6c_dd1d;

/// Multiplier and increment of a linear congruential generator (Knuth, MMIX).
const A: i64 = 6_364_136_223_846_793_005;
const C: i64 = 1_442_695_040_888_963_407;

/// Bytes of a line.
const LINE: u64 = 64;

/// Instructions of a turn, about.
const INSTRUCTIONS: u64 = 27;

/// A program that uses `bytes` (rounded down to a power of two, at least 64) of the memory of each of
/// `instances` instances, which take turns: each call executes about `in_a_call` instructions, all together about
/// `instructions`.
pub fn memory(name: &str, bytes: u64, instances: u32, in_a_call: u64, instructions: u64) -> Generated {
    // Addresses have 32 bits.
    let lines = (bytes / LINE).clamp(1, 1 << 25);
    let lines = 1_u64 << lines.ilog2();
    let (pages, mask) = ((lines * LINE).div_ceil(1 << 16).max(1), lines - 1);
    let (n, s, x, v, address) = (0, 1, 2, 3, 4);
    let text = format!(
        r#"(module
            (memory {pages} {pages})
            (start 0)
            (func (local i32)
                i32.const {lines} local.set 0
                loop
                    local.get 0 i32.const 1 i32.sub local.tee 0 i32.const 6 i32.shl
                    local.get 0 i64.extend_i32_u i64.const {K} i64.mul i64.const 1 i64.add
                    i64.store local.get 0 br_if 0
                end)
            (func (export "{ENTRY}") (param i32) (result i64) (local i64 i64 i64 i32)
                loop
                    local.get {s} i64.const {A} i64.mul i64.const {C} i64.add local.tee {s}
                    i64.const 33 i64.shr_u i32.wrap_i64
                    i32.const {mask} i32.and i32.const 6 i32.shl local.tee {address}
                    i64.load local.set {v}
                    local.get {address} local.get {v} i64.store offset=8
                    local.get {x} i64.const 5 i64.rotl local.get {v} i64.xor local.set {x}
                    local.get {n} i32.const 1 i32.sub local.tee {n} br_if 0
                end
                local.get {x}))"#
    );

    let turns = (in_a_call / INSTRUCTIONS).clamp(1, i32::MAX as u64);
    let calls = (instructions / (turns * INSTRUCTIONS)).clamp(u64::from(instances.max(1)), u64::from(u32::MAX));
    let mut state = 0_u64;
    let mut result = 0_u64;
    for _ in 0..turns {
        state = state.wrapping_mul(A as u64).wrapping_add(C as u64);
        let line = (state >> 33) & (lines - 1);
        result = result.rotate_left(5) ^ line.wrapping_mul(K as u64).wrapping_add(1);
    }
    let description = format!(
        "Random loads and stores in {} bytes of each of {} instances, {turns} in a call, {calls} calls.",
        lines * LINE,
        instances.max(1)
    );
    let args = vec![Value::I32(turns as i32)];
    Generated {
        instances: instances.max(1),
        calls: calls as u32,
        ..Generated::once(name, description, assembled(&text), args, result)
    }
}
