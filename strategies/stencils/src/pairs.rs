//! Two instructions in a row that become one, or others: the build script finds and proves them, and the library rewrites.

/// What an instruction adds to general register `base`, or to the register that it writes.
#[derive(Clone, Copy, Debug)]
pub enum Term {
    Number(i32),
    Register(u8),
}

/// Adds the prefix with a fourth bit for each register, unless all are zero.
fn put_rex(out: &mut Vec<u8>, rex: u8) {
    if rex != 0x40 {
        out.push(rex);
    }
}

/// Adds one that writes the sum of a general register and something else, in place of two: what reads that, and `code`, which adds a slot
/// that lives in `base`. It goes to the register `to`, or to the same one.
pub fn sum(out: &mut Vec<u8>, code: &[u8], base: u8, term: Term, to: Option<u8>) {
    let (rex, add) = match code[0] {
        rex @ 0x40..=0x4f => (rex, &code[1..]),
        _ => (0x40, code),
    };
    let (rex, reg) = match to {
        Some(to) => (rex & !4 | to >> 3 << 2, (to & 7) << 3),
        None => (rex, add[1] & 0x38),
    };
    match term {
        Term::Number(number) => {
            let near = i8::try_from(number).is_ok();
            let mode = if near { 0x40 } else { 0x80 };
            put_rex(out, rex | base >> 3);
            // lea
            out.extend([0x8d, mode | reg | base & 7]);
            if base & 7 == 4 {
                out.push(0x24);
            }
            out.extend(&number.to_le_bytes()[..if near { 1 } else { 4 }]);
        }
        Term::Register(index) => {
            // rbp and r13 as a base take a displacement.
            let (base, index) = if base & 7 == 5 { (index, base) } else { (base, index) };
            let mode = if base & 7 == 5 { 0x40 } else { 0 };
            put_rex(out, rex | base >> 3 | index >> 3 << 1);
            out.extend([0x8d, mode | reg | 4, (index & 7) << 3 | base & 7]);
            out.extend((mode != 0).then_some(0));
        }
    }
}

/// Adds what writes to general register `to`, in place of `code`, which writes to another one that it does not read, and a store of all of
/// that to the slot that lives in `to`.
pub fn written_to(out: &mut Vec<u8>, code: &[u8], to: u8) {
    let (rex, rest) = match code[0] {
        rex @ 0x40..=0x4f => (rex & !4, &code[1..]),
        _ => (0x40, code),
    };
    let modrm = if rest[0] == 0x0f { 2 } else { 1 };
    put_rex(out, rex | to >> 3 << 2);
    out.extend(&rest[..modrm]);
    out.push(rest[modrm] & 0xc7 | (to & 7) << 3);
    out.extend(&rest[modrm + 1..]);
}

/// Adds what writes a number to general register `to`, in place of `code`, which reads it, and a store of all of that, likewise.
pub fn number_to(out: &mut Vec<u8>, code: &[u8], to: u8, number: i32) {
    if number < 0 && matches!(code[0], 0x48..=0x4f) {
        out.extend([0x48 | to >> 3, 0xc7, 0xc0 | to & 7]);
    } else {
        put_rex(out, 0x40 | to >> 3);
        out.push(0xb8 | to & 7);
    }
    out.extend(number.to_le_bytes());
}

/// Adds an instruction that has vector register `n` as its second operand, in place of what loads it from there and `code`, which is the
/// instruction.
pub fn from_register(out: &mut Vec<u8>, code: &[u8], n: u8) {
    let prefixes = code
        .iter()
        .take_while(|byte| matches!(byte, 0x66 | 0xf2 | 0xf3))
        .count();
    let (prefix, rest) = code.split_at(prefixes);
    let (rex, rest) = match rest[0] {
        rex @ 0x40..=0x4f => (rex & !1, &rest[1..]),
        _ => (0x40, rest),
    };
    let modrm = if matches!(rest[1], 0x38 | 0x3a) { 3 } else { 2 };
    out.extend(prefix);
    put_rex(out, rex | n >> 3);
    out.extend(&rest[..modrm]);
    out.push(rest[modrm] & 0xf8 | n & 7);
    out.extend(&rest[modrm + 1..]);
}

/// Adds what puts the `f32` of a vector register into another and zero above it, in place of `movd` to a general register, which is
/// `code`, and a store of all of that to the slot that lives in register `n`.
pub fn single_alone(out: &mut Vec<u8>, code: &[u8], n: u8) {
    let (high, low) = (n >> 3, n & 7);
    let from = code.last().map_or(0, |modrm| modrm >> 3 & 7);
    // xorps
    out.extend([0x40 | high << 2 | high, 0x0f, 0x57, 0xc0 | low << 3 | low]);
    // movss
    out.extend([0xf3, 0x40 | high << 2, 0x0f, 0x10, 0xc0 | low << 3 | from]);
}
