//! A program of any amount of code, all of it or a small part of it in use.
//!
//! Small functions, each different, are called one after the other, round after round:
//!
//! ```text
//! run(rounds)   rounds times: x = group 0 (x); x = group 1 (x); ...
//! group g       x = leaf 64g (x, k); x = leaf 64g+1 (x, k'); ...
//! leaf          some twenty statements over x and y; returns x xor y
//! ```

use wasm_dispatch_workloads::Value;
use wasm_encoder::{BlockType, Function, ValType};

use super::statement::Statement;
use super::{Builder, Generated};

/// Statements of a leaf.
const STATEMENTS: usize = 24;

/// Bytes of a statement, about.
const STATEMENT_BYTES: usize = 11;

/// Leaves of a group.
const GROUP: usize = 64;

/// A leaf and the constant that it is called with.
struct Leaf {
    statements: Vec<Statement>,
    y: i64,
}

impl Leaf {
    fn random(statements: usize, random: &mut fastrand::Rng) -> Leaf {
        Leaf {
            statements: Statement::sequence(statements, random),
            y: random.i64(0x0100_0000..0x7fff_ffff),
        }
    }

    fn body(&self) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        for statement in &self.statements {
            statement.emit(&mut code);
        }
        code.local_get(0).local_get(1).i64_xor().end();
        body
    }

    fn apply(&self, x: u64) -> u64 {
        let mut registers = [x, self.y as u64];
        for statement in &self.statements {
            statement.apply(&mut registers);
        }
        registers[0] ^ registers[1]
    }

    /// Instructions that a call of it executes, about.
    fn instructions(&self) -> u64 {
        4 * self.statements.len() as u64 + 6
    }
}

/// A program of `bytes` of code, of which about `hot` are in use, that executes about `instructions`, and at least
/// all of the code in use once.
pub fn code(name: &str, bytes: u64, hot: u64, instructions: u64) -> Generated {
    // The same everywhere: sizes of one machine are those of another.
    let mut random = fastrand::Rng::with_seed(bytes);
    let mut module = Builder::new();
    let leaf_type = module.ty(&[ValType::I64, ValType::I64], &[ValType::I64]);
    let group_type = module.ty(&[ValType::I64], &[ValType::I64]);
    let run_type = module.ty(&[ValType::I32], &[ValType::I64]);
    let mut leaves = Vec::new();
    let mut hot_leaves = 0;
    loop {
        let so_far = module.code_bytes();
        let left = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_sub(so_far);
        let statements = (left / STATEMENT_BYTES).min(STATEMENTS);
        if statements == 0 && !leaves.is_empty() {
            break;
        }
        let leaf = Leaf::random(statements.max(1), &mut random);
        module.function(leaf_type, &leaf.body());
        leaves.push(leaf);
        if so_far < usize::try_from(hot).unwrap_or(usize::MAX) {
            hot_leaves = leaves.len();
        }
    }
    let hot = leaves.get(..hot_leaves).unwrap_or(&leaves);
    let mut groups = Vec::new();
    for (number, group) in hot.chunks(GROUP).enumerate() {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        code.local_get(0);
        for (leaf, index) in group.iter().zip(number * GROUP..) {
            code.i64_const(leaf.y).call(index as u32);
        }
        code.end();
        groups.push(module.function(group_type, &body));
    }
    let mut body = Function::new([(1, ValType::I64)]);
    let mut code = body.instructions();
    code.i64_const(1).local_set(1).loop_(BlockType::Empty).local_get(1);
    for group in groups {
        code.call(group);
    }
    code.local_set(1);
    code.local_get(0).i32_const(1).i32_sub().local_tee(0).br_if(0).end();
    code.local_get(1).end();
    module.function(run_type, &body);

    let in_a_round: u64 = hot.iter().map(Leaf::instructions).sum();
    let rounds = (instructions / in_a_round.max(1)).clamp(1, i32::MAX as u64);
    let result = (0..rounds).fold(1, |x, _| hot.iter().fold(x, |x, leaf| leaf.apply(x)));
    let description = format!(
        "{} of {} functions of {STATEMENTS} integer statements, one after the other, {rounds} times.",
        hot.len(),
        leaves.len()
    );
    module.program(name, description, vec![Value::I32(rounds as i32)], result)
}
