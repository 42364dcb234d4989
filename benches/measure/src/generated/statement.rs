//! Cheap integer statements over two registers: what generated programs consist of.
//!
//! Each is one assignment of a 64-bit local, written as WebAssembly by [`Statement::emit`] and carried out here by
//! [`Statement::apply`], so that the expected result never comes from an engine.

use wasm_encoder::InstructionSink;

/// What a statement does; `a` is the register read, `b` the other one, `k` a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `a`
    Move,
    /// `a + k`
    Add,
    /// `a - k`
    Subtract,
    /// `a * k`, `k` odd
    Multiply,
    /// `a xor k`
    Xor,
    /// `a rotl k`
    Rotate,
    /// `a xor (a >> k)`
    ShiftXor,
    /// `a + b`
    AddOther,
    /// `(a or k) - b`
    OrSubtract,
}

impl Kind {
    /// Those that compute something.
    pub const COMPUTING: [Kind; 8] = [
        Kind::Add,
        Kind::Subtract,
        Kind::Multiply,
        Kind::Xor,
        Kind::Rotate,
        Kind::ShiftXor,
        Kind::AddOther,
        Kind::OrSubtract,
    ];
}

/// `registers[to] = kind(registers[from], ...)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub kind: Kind,
    /// Register read, 0 or 1: a local of that number.
    pub from: u32,
    /// Register written, 0 or 1.
    pub to: u32,
    /// The constant.
    pub k: i64,
}

impl Statement {
    /// A statement of this kind that reads `from`, with a random constant.
    pub fn random(kind: Kind, from: u32, random: &mut fastrand::Rng) -> Statement {
        let k = match kind {
            Kind::Rotate | Kind::ShiftXor => random.i64(1..63),
            Kind::Multiply => i64::from(random.i32(0x1000..)) | 1,
            // Of about the same length each.
            _ => i64::from(random.i32(0x0100_0000..)),
        };
        Statement {
            kind,
            from,
            to: random.u32(0..2),
            k,
        }
    }

    /// This many random statements, each using the result of the one before.
    pub fn sequence(count: usize, random: &mut fastrand::Rng) -> Vec<Statement> {
        let mut from = 0;
        let next = |_| {
            let kind = Kind::COMPUTING[random.usize(..Kind::COMPUTING.len())];
            let statement = Statement::random(kind, from, random);
            from = statement.to;
            statement
        };
        (0..count).map(next).collect()
    }

    /// Writes it as WebAssembly.
    pub fn emit(&self, code: &mut InstructionSink<'_>) {
        let Statement { kind, from, to, k } = *self;
        let other = 1 - from;
        code.local_get(from);
        match kind {
            Kind::Move => &mut *code,
            Kind::Add => code.i64_const(k).i64_add(),
            Kind::Subtract => code.i64_const(k).i64_sub(),
            Kind::Multiply => code.i64_const(k).i64_mul(),
            Kind::Xor => code.i64_const(k).i64_xor(),
            Kind::Rotate => code.i64_const(k).i64_rotl(),
            Kind::ShiftXor => code.local_get(from).i64_const(k).i64_shr_u().i64_xor(),
            Kind::AddOther => code.local_get(other).i64_add(),
            Kind::OrSubtract => code.i64_const(k).i64_or().local_get(other).i64_sub(),
        };
        code.local_set(to);
    }

    /// Carries it out.
    pub fn apply(&self, registers: &mut [u64; 2]) {
        let Statement { kind, from, to, k } = *self;
        let a = registers[from as usize];
        let b = registers[1 - from as usize];
        let bits = k as u64;
        registers[to as usize] = match kind {
            Kind::Move => a,
            Kind::Add => a.wrapping_add(bits),
            Kind::Subtract => a.wrapping_sub(bits),
            Kind::Multiply => a.wrapping_mul(bits),
            Kind::Xor => a ^ bits,
            Kind::Rotate => a.rotate_left(k as u32),
            Kind::ShiftXor => a ^ (a >> k),
            Kind::AddOther => a.wrapping_add(b),
            Kind::OrSubtract => (a | bits).wrapping_sub(b),
        };
    }
}
