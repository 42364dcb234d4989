//! Kernels: one loop over many statements, so that the step from one to the next is nearly all that is measured.

use wasm_dispatch_record::cost::Kernel;
use wasm_dispatch_workloads::Value;
use wasm_encoder::{BlockType, Function, ValType};

use super::statement::{Kind, Statement};
use super::{Builder, Generated};

/// Statements of the loop: more than a predictor learns by heart as one pattern, little enough for the smallest cache.
pub const STATEMENTS: usize = 256;

/// Moves of the tight loop.
pub const TIGHT: usize = 8;

/// Locals that are moved to.
const TARGETS: u32 = 8;

/// A kernel that executes about this many statements.
pub fn kernel(kernel: Kernel, statements: u64) -> Generated {
    let rounds = (statements / STATEMENTS as u64).clamp(1, i32::MAX as u64);
    match kernel {
        Kernel::Tight => moves(kernel, TIGHT, statements),
        Kernel::Null => moves(kernel, STATEMENTS, statements),
        Kernel::Straight => computing(kernel, rounds, |_| {}),
        Kernel::Shuffled => computing(kernel, rounds, |kinds| fastrand::Rng::with_seed(2).shuffle(kinds)),
    }
}

/// Moves from one local, which nothing in the loop writes, to others in turn: no move waits for another.
fn moves(kernel: Kernel, of_a_turn: usize, statements: u64) -> Generated {
    let rounds = (statements / of_a_turn as u64).clamp(1, i32::MAX as u64);
    let (n, source, first) = (0, 1, 2);
    let mut body = Function::new([(1 + TARGETS, ValType::I64)]);
    let mut code = body.instructions();
    code.local_get(n).i64_extend_i32_u().local_set(source);
    code.loop_(BlockType::Empty);
    for target in (first..first + TARGETS).cycle().take(of_a_turn) {
        code.local_get(source).local_set(target);
    }
    code.local_get(n).i32_const(1).i32_sub().local_tee(n).br_if(0).end();
    code.local_get(first);
    for target in first + 1..first + TARGETS {
        code.local_get(target).i64_add();
    }
    code.end();
    finish(kernel, of_a_turn, body, rounds, rounds.wrapping_mul(u64::from(TARGETS)))
}

/// As many statements of each kind that computes, each using the result of the one before, in an order of kinds.
fn computing(kernel: Kernel, rounds: u64, order: impl Fn(&mut [Kind])) -> Generated {
    let of_each = STATEMENTS / Kind::COMPUTING.len();
    let kinds = Kind::COMPUTING.into_iter();
    let mut kinds: Vec<Kind> = kinds.flat_map(|kind| std::iter::repeat_n(kind, of_each)).collect();
    order(&mut kinds);
    // Registers and constants by position, whatever the kind: only the order of the kinds differs.
    let mut random = fastrand::Rng::with_seed(1);
    let mut from = 0;
    let statement = |kind| {
        let to = random.u32(0..2);
        let statement = Statement {
            to,
            ..Statement::random(kind, from, &mut random)
        };
        from = to;
        statement
    };
    let statements: Vec<Statement> = kinds.into_iter().map(statement).collect();
    // The registers are locals 0 and 1, so the counter comes as the third parameter.
    let n = 2;
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    for statement in &statements {
        statement.emit(&mut code);
    }
    code.local_get(n).i32_const(1).i32_sub().local_tee(n).br_if(0).end();
    code.local_get(0).local_get(1).i64_xor().end();
    let mut registers = [1, 2];
    for _ in 0..rounds {
        for statement in &statements {
            statement.apply(&mut registers);
        }
    }
    finish(kernel, STATEMENTS, body, rounds, registers[0] ^ registers[1])
}

fn finish(kernel: Kernel, of_a_turn: usize, body: Function, rounds: u64, result: u64) -> Generated {
    let mut module = Builder::new();
    let rounds_value = Value::I32(rounds as i32);
    let (params, args) = match kernel {
        Kernel::Tight | Kernel::Null => (vec![ValType::I32], vec![rounds_value]),
        _ => (
            vec![ValType::I64, ValType::I64, ValType::I32],
            vec![Value::I64(1), Value::I64(2), rounds_value],
        ),
    };
    let ty = module.ty(&params, &[ValType::I64]);
    module.function(ty, &body);
    let description = format!("{of_a_turn} statements ({}), {rounds} times.", kernel.name());
    module.program(&kernel.workload(), description, args, result)
}
