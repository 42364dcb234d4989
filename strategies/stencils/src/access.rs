//! How a stencil's instructions use slots and numbers, and what they are where a slot lives in a register or a number is part of
//! the code: the build script finds the former and proves the latter, and the library rewrites.

use std::ops::Range;

/// How an instruction uses a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Which of them occur depends on the build: without stencils, none does.
#[allow(dead_code)]
pub enum Form {
    /// As an operand that may be a general register as well.
    Int,
    /// `mov r, [slot]`
    IntLoad,
    /// `mov [slot], r`, all 64 bits of it
    IntStore,
    /// As an operand that may be a vector register as well.
    Float,
    /// `movss` or `movsd` from the slot
    FloatLoad,
    /// `movsd` to the slot, or what does the same
    FloatStore,
    /// `movups` from the slot and the next one, or what does the same
    VectorLoad,
    /// `movups` to both
    VectorStore,
    /// In another way: the slot must be in memory.
    Memory,
}

impl Form {
    /// Its bit among those of all forms.
    pub fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// A register that no handler touches, or few do, and in which a slot may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// A general one.
    Int(u8),
    /// A vector register, with one slot in its lower half.
    Float(u8),
    /// A vector register, with a vector's two slots.
    Vector(u8),
}

/// rbx, rbp, r12 to r15, which no handler touches, then r11 and r10, which few do.
pub const INTS: [u8; 8] = [3, 5, 12, 13, 14, 15, 11, 10];

/// xmm8 to xmm15, then xmm7 to xmm4, likewise.
pub const FLOATS: [u8; 12] = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4];

impl Register {
    /// Its bit among those of all registers in which a slot may live.
    pub fn bit(self) -> u32 {
        match self {
            Register::Int(n) => 1 << n,
            Register::Float(n) | Register::Vector(n) => 1 << (16 + n),
        }
    }

    /// Whether an instruction that uses a slot in this form can use this register in place of it.
    pub fn fits(self, form: Form) -> bool {
        match form {
            Form::Int => matches!(self, Register::Int(_)),
            // Of a vector, its lower half is the first of its slots.
            Form::Float => !matches!(self, Register::Int(_)),
            Form::IntLoad | Form::IntStore | Form::FloatLoad | Form::FloatStore => !matches!(self, Register::Vector(_)),
            Form::VectorLoad | Form::VectorStore => matches!(self, Register::Vector(_)),
            Form::Memory => false,
        }
    }
}

/// Adds some bytes of what mostly goes on behind them: 16 are copied at once, as most of these are few.
#[inline]
pub fn add(out: &mut Vec<u8>, code: &[u8], part: Range<usize>) {
    let end = out.len() + part.len();
    match code.get(part.start..).and_then(<[u8]>::first_chunk::<16>) {
        Some(chunk) if part.len() <= chunk.len() => {
            out.extend_from_slice(chunk);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&code[part]),
    }
}

/// An instruction with a field of 32 bits behind its ModRM byte.
#[derive(Clone, Copy, Debug)]
pub struct Instruction<'a> {
    /// Its code, and what follows.
    pub code: &'a [u8],
    pub length: usize,
    /// Where its ModRM byte is.
    pub modrm: usize,
}

impl Instruction<'_> {
    fn add(&self, out: &mut Vec<u8>, part: Range<usize>) {
        add(out, self.code, part);
    }

    /// Adds what is behind the field.
    fn add_rest(&self, out: &mut Vec<u8>) {
        self.add(out, self.modrm + 1 + size_of::<u32>()..self.length);
    }
}

/// Adds an instruction that uses `[rsi + 32 bits]`, with a register in place of that. Returns whether there is such an instruction;
/// if not, none is added.
///
/// Above a slot in the lower half of a vector register is what does not matter to any instruction that reads a slot.
pub fn rewrite(out: &mut Vec<u8>, instruction: Instruction<'_>, form: Form, register: Register) -> bool {
    let Instruction { code, modrm, .. } = instruction;
    let prefixes = code
        .iter()
        .take_while(|byte| matches!(byte, 0x66 | 0xf2 | 0xf3))
        .count();
    let rex = code[prefixes] & 0xf0 == 0x40;
    let (opcode, rex) = match rex {
        true => (prefixes + 1, code[prefixes]),
        false => (prefixes, 0x40),
    };
    // The other operand.
    let (reg, reg_high, wide) = (code[modrm] >> 3 & 7, rex & 4, rex & 8);
    let direct = |reg: u8, rm: u8| 0xc0 | (reg & 7) << 3 | rm & 7;
    match (form, register) {
        (Form::Int | Form::IntLoad | Form::IntStore, Register::Int(n))
        | (Form::Float, Register::Float(n) | Register::Vector(n)) => {
            instruction.add(out, 0..prefixes);
            // A prefix without bits says that a register of 8 bits is one of the newer ones.
            if opcode > prefixes || n >> 3 != 0 {
                out.push(rex | n >> 3);
            }
            instruction.add(out, opcode..modrm);
            out.push(direct(reg, n));
            instruction.add_rest(out);
        }
        // movaps
        (Form::FloatLoad, Register::Float(n)) | (Form::VectorLoad, Register::Vector(n)) => {
            out.extend([0x40 | reg_high | n >> 3, 0x0f, 0x28, direct(reg, n)])
        }
        (Form::FloatStore, Register::Float(n)) | (Form::VectorStore, Register::Vector(n)) => {
            out.extend([0x40 | (n >> 3) << 2 | reg_high >> 2, 0x0f, 0x28, direct(n, reg)]);
        }
        // movd or movq, between a general and a vector register: the latter is the field in the middle.
        (Form::IntLoad | Form::IntStore, Register::Float(n)) => {
            let to = if form == Form::IntLoad { 0x7e } else { 0x6e };
            out.extend([
                0x66,
                0x40 | wide | (n >> 3) << 2 | reg_high >> 2,
                0x0f,
                to,
                direct(n, reg),
            ]);
        }
        (Form::FloatLoad | Form::FloatStore, Register::Int(n)) => {
            let wide = if form == Form::FloatLoad && code[0] == 0xf3 {
                0
            } else {
                8
            };
            let to = if form == Form::FloatLoad { 0x6e } else { 0x7e };
            out.extend([0x66, 0x40 | wide | reg_high | n >> 3, 0x0f, to, direct(reg, n)]);
        }
        (Form::Int, Register::Float(_))
        | (Form::Float, Register::Int(_))
        | (Form::VectorLoad | Form::VectorStore, Register::Int(_) | Register::Float(_))
        | (_, Register::Vector(_))
        | (Form::Memory, _) => return false,
    }
    true
}

/// Adds an instruction that reads `[rip + 32 bits]`, with the number that is there in place of that. Returns whether there is such an
/// instruction; if not, none is added.
pub fn rewrite_number(out: &mut Vec<u8>, instruction: Instruction<'_>, number: i32) -> bool {
    let Instruction { code, modrm, .. } = instruction;
    let rex = code[0] & 0xf0 == 0x40;
    let opcode = usize::from(rex);
    // The register moves from one field to another.
    let (wide, high) = if rex { (code[0] & 8, code[0] >> 2 & 1) } else { (0, 0) };
    let reg = code[modrm] >> 3 & 7;
    let bytes = number.to_le_bytes();
    let prefix = |out: &mut Vec<u8>, bits: u8| {
        if rex {
            out.push(0x40 | bits);
        }
    };
    match code[opcode..modrm] {
        // mov of 64 bits: those above the number are all its sign.
        [0x8b] if wide != 0 && number < 0 => {
            prefix(out, wide | high);
            out.extend([0xc7, 0xc0 | reg]);
            out.extend(bytes);
        }
        // mov, movzx: of the number, as of the register, all above is zero.
        [0x8b] | [0x0f, 0xb6 | 0xb7] => {
            prefix(out, high);
            out.push(0xb8 | reg);
            out.extend(bytes);
        }
        // mov of one byte
        [0x8a] => {
            prefix(out, high);
            out.extend([0xb0 | reg, bytes[0]]);
        }
        // add, or, and, sub, xor, cmp
        [operation @ (0x03 | 0x0b | 0x23 | 0x2b | 0x33 | 0x3b)] => {
            prefix(out, wide | high);
            out.extend([0x81, 0xc0 | operation & 0x38 | reg]);
            out.extend(bytes);
        }
        // imul
        [0x0f, 0xaf] => {
            prefix(out, wide | high << 2 | high);
            out.extend([0x69, 0xc0 | reg << 3 | reg]);
            out.extend(bytes);
        }
        _ => return false,
    }
    true
}

/// Adds an instruction that uses `[rsi + 32 bits]`, with 8 bits in place of those.
pub fn rewrite_near(out: &mut Vec<u8>, instruction: Instruction<'_>, place: i8) {
    let Instruction { code, modrm, .. } = instruction;
    instruction.add(out, 0..modrm);
    out.extend([code[modrm] & 0x3f | 0x40, place as u8]);
    instruction.add_rest(out);
}
