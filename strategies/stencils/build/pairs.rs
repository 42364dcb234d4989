//! Finds two instructions in a row that may become others, and proves it.

use iced_x86::{
    Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, OpAccess, OpKind, Register, RflagsBits,
};

use crate::access::{
    self, Access, Form,
    shared::{FLOATS, INTS},
};
use crate::stencil::{Draft, Placed, What};

#[path = "../src/pairs.rs"]
pub mod shared;

use shared::Term;

/// The instructions of some code.
pub fn decoded(code: &[u8]) -> Vec<Instruction> {
    Decoder::new(64, code, DecoderOptions::NONE).into_iter().collect()
}

/// Whether an instruction has two operands, both registers.
fn has_two_registers(instruction: &Instruction) -> bool {
    let kinds = (instruction.op0_kind(), instruction.op1_kind());
    instruction.op_count() == 2 && kinds == (OpKind::Register, OpKind::Register)
}

/// Whether nothing reads a general register from this instruction on, in code without branches: neither does whoever goes on, if it holds
/// no argument of theirs or has been written over before.
fn is_dead(draft: &Draft, from: usize, register: Register) -> bool {
    let mut factory = InstructionInfoFactory::new();
    for later in &draft.instructions[from..] {
        let used = factory.info(&later.instruction).used_registers().iter();
        let mut of_it = used.filter(|used| used.register().full_register() == register);
        if of_it.clone().any(|used| used.access() != OpAccess::Write) {
            return false;
        }
        if of_it.any(|used| used.register().size() >= 4) {
            return true;
        }
    }
    true
}

/// Whether nothing reads the flags from this instruction on: nobody who goes on does.
fn flags_are_dead(draft: &Draft, from: usize) -> bool {
    const STATUS: u32 =
        RflagsBits::OF | RflagsBits::SF | RflagsBits::ZF | RflagsBits::AF | RflagsBits::CF | RflagsBits::PF;
    for later in &draft.instructions[from..] {
        if later.instruction.rflags_read() != RflagsBits::NONE {
            return false;
        }
        if later.instruction.rflags_modified() & STATUS == STATUS {
            return true;
        }
    }
    true
}

/// Whether nothing is left of an instruction that adds a number, if that is zero.
pub fn is_idle(draft: &Draft, index: usize) -> bool {
    let placed = &draft.instructions[index];
    placed.instruction.code() == Code::Add_r64_rm64
        && access::reads_number(draft, placed) == Some(8)
        && flags_are_dead(draft, index + 1)
}

/// Bytes of the next instruction, if both may be one.
pub fn joined(draft: &Draft, index: usize, accesses: &[Access]) -> Option<usize> {
    let [placed, next, ..] = &draft.instructions[index..] else {
        return None;
    };
    let of = |placed: &Placed| accesses.iter().find(|access| access.start == placed.start);
    let whole = |access: &Access| access.count <= 1;
    let joined = match (of(placed), of(next)) {
        (None, Some(to)) if whole(to) => is_sum(draft, index, None, to),
        (Some(from), Some(to)) if whole(from) && whole(to) => is_sum(draft, index, Some(from), to),
        (Some(from), None) => takes_vector(draft, index, from),
        _ => false,
    };
    joined.then_some(next.end - next.start)
}

/// Whether the next instruction adds a slot, of which `to` is the use, to what this one reads: a number, or another slot, of which that is
/// the use; and nobody wants to know more of the sum. If the slots live in general registers, both may be one.
fn is_sum(draft: &Draft, index: usize, from: Option<&Access>, to: &Access) -> bool {
    let [placed, add, ..] = &draft.instructions[index..] else {
        return false;
    };
    let (read, sum) = (&placed.instruction, &add.instruction);
    let size = match from {
        Some(from) if from.form == Form::IntLoad => read.op0_register().size(),
        Some(_) => return false,
        None => access::reads_number(draft, placed).map_or(0, usize::from),
    };
    let wide = match (read.code(), sum.code(), size) {
        (Code::Mov_r32_rm32, Code::Add_r32_rm32, 4) => false,
        (Code::Mov_r64_rm64, Code::Add_r64_rm64, 8) => true,
        _ => return false,
    };
    if read.op0_register() != sum.op0_register() || to.form != Form::Int || !flags_are_dead(draft, index + 2) {
        return false;
    }
    let code = draft.code(add.start, add.end);
    let proved = |(base, term, to): (u8, Term, Option<u8>)| {
        let mut bytes = Vec::new();
        shared::sum(&mut bytes, code, base, term, to);
        let [lea] = decoded(&bytes)[..] else { return false };
        let general = |n: u8| Register::RAX + u32::from(n);
        let (a, b, number) = (lea.memory_base(), lea.memory_index(), lea.memory_displacement64());
        let same = match term {
            Term::Number(n) => (a, b, number) == (general(base), Register::None, i64::from(n) as u64),
            Term::Register(n) => [(a, b), (b, a)].contains(&(general(base), general(n))) && number == 0,
        };
        lea.code() == if wide { Code::Lea_r64_m } else { Code::Lea_r32_m }
            && same
            && lea.memory_index_scale() == 1
            && lea.op0_register().size() == read.op0_register().size()
            && lea.op0_register().full_register() == to.map_or(read.op0_register().full_register(), general)
            && bytes.len() <= add.end - placed.start
    };
    let terms: Vec<Term> = match from {
        None => [0x12, 0x1234, -0x12, -0x1234].map(Term::Number).to_vec(),
        Some(_) => INTS.map(Term::Register).to_vec(),
    };
    let sums = INTS
        .iter()
        .flat_map(|&base| terms.iter().map(move |&term| (base, term)));
    let to = || INTS.into_iter().map(Some).chain([None]);
    let mut all = sums.flat_map(|(base, term)| to().map(move |to| (base, term, to)));
    all.all(proved)
}

/// Whether the next instruction takes from a register what this one loads there from the two slots of which `access` is the use, and
/// nothing else does. If these live in a vector register, the next one may take it from there.
fn takes_vector(draft: &Draft, index: usize, access: &Access) -> bool {
    let [placed, next, ..] = &draft.instructions[index..] else {
        return false;
    };
    let (load, by) = (&placed.instruction, &next.instruction);
    let register = load.op0_register();
    let code = draft.code(next.start, next.end);
    let opcode = code
        .iter()
        .position(|byte| !matches!(byte, 0x66 | 0xf2 | 0xf3 | 0x40..=0x4f));
    // Of registers with arguments, whoever goes on may want the value.
    let passed = [Register::XMM0, Register::XMM1, Register::XMM2];
    if access.form != Form::VectorLoad
        || passed.contains(&register)
        || opcode.is_none_or(|at| code[at] != 0x0f)
        || next.displacement.is_some()
        || !(2..=3).contains(&by.op_count())
        || (by.op0_kind(), by.op1_kind()) != (OpKind::Register, OpKind::Register)
        || by.op0_register() == register
        || by.op1_register() != register
        || !by.op0_register().is_xmm()
        || draft.holes.iter().any(|hole| (next.start..next.end).contains(&hole.at))
        || !is_dead(draft, index + 2, register.full_register())
    {
        return false;
    }
    FLOATS.into_iter().all(|n| {
        let mut bytes = Vec::new();
        shared::from_register(&mut bytes, code, n);
        let [after] = decoded(&bytes)[..] else { return false };
        after.code() == by.code()
            && (after.op0_kind(), after.op1_kind()) == (OpKind::Register, OpKind::Register)
            && (after.op0_register(), after.op1_register()) == (by.op0_register(), Register::XMM0 + u32::from(n))
            && (after.op_count() == 2 || after.try_immediate(2).ok() == by.try_immediate(2).ok())
            && bytes.len() <= next.end - placed.start
    })
}

/// Whether this instruction and the next one load slots to two vector registers, and what comes then takes its second operand from the
/// first of them.
pub fn is_early(draft: &Draft, index: usize) -> bool {
    let [first, second, by, ..] = &draft.instructions[index..] else {
        return false;
    };
    let loads = |placed: &Placed| {
        let slot = placed.displacement.and_then(|field| draft.hole_at(field));
        let code = placed.instruction.code();
        matches!(
            code,
            Code::Movups_xmm_xmmm128 | Code::Movupd_xmm_xmmm128 | Code::Movdqu_xmm_xmmm128
        ) && placed.instruction.memory_base() == Register::RSI
            && slot.is_some_and(|hole| matches!(hole.what, What::Slot(_)))
    };
    loads(first)
        && loads(second)
        && by.instruction.op1_kind() == OpKind::Register
        && by.instruction.op1_register() == first.instruction.op0_register()
        && first.instruction.op0_register() != second.instruction.op0_register()
}

/// Whether an instruction clears the upper half of a register of which the next one, a shift by a number, takes the lower half and clears
/// the other.
pub fn is_cleared(draft: &Draft, index: usize) -> bool {
    let [clear, shift, ..] = &draft.instructions[index..] else {
        return false;
    };
    let (first, next) = (&clear.instruction, &shift.instruction);
    let register = first.op0_register();
    let has_number = shift.immediate.and_then(|field| draft.hole_at(field));
    matches!(first.code(), Code::Mov_r32_rm32 | Code::Mov_rm32_r32)
        && has_two_registers(first)
        && first.op1_register() == register
        && next.op0_kind() == OpKind::Register
        && next.op0_register() == register
        && has_number.is_some_and(|hole| matches!(hole.what, What::Number { .. }))
}

/// Bytes of the instruction before this one, if it moves the `f32` of a vector register to a general one, which is stored and not used
/// afterwards: then both may be what moves it to a vector register.
pub fn single_before(draft: &Draft, index: usize, access: &Access) -> Option<usize> {
    let (before, store) = (
        draft.instructions.get(index.checked_sub(1)?)?,
        &draft.instructions[index],
    );
    let (moved, stored) = (&before.instruction, &store.instruction);
    let single = moved.code() == Code::Movd_rm32_xmm && has_two_registers(moved);
    let register = moved.op0_register().full_register();
    // Of registers with arguments, whoever goes on may want the value.
    if !single
        || access.form != Form::IntStore
        || register != Register::RAX
        || stored.op1_register() != register
        || !is_dead(draft, index + 1, register)
    {
        return None;
    }
    let code = draft.code(before.start, before.end);
    let proved = |n: u8| {
        let pinned = Register::XMM0 + u32::from(n);
        let mut bytes = Vec::new();
        shared::single_alone(&mut bytes, code, n);
        let [zero, single] = decoded(&bytes)[..] else {
            return false;
        };
        let is_zero = zero.code() == Code::Xorps_xmm_xmmm128
            && has_two_registers(&zero)
            && (zero.op0_register(), zero.op1_register()) == (pinned, pinned);
        let is_single = single.code() == Code::Movss_xmm_xmmm32
            && has_two_registers(&single)
            && (single.op0_register(), single.op1_register()) == (pinned, moved.op1_register());
        is_zero && is_single && pinned != moved.op1_register() && bytes.len() <= store.end - before.start
    };
    FLOATS.into_iter().all(proved).then_some(before.end - before.start)
}

/// Whether all that a stencil does is to move one slot to another.
pub fn is_move(instructions: &[Placed], accesses: &[Access]) -> bool {
    let ([load, store], [from, to]) = (instructions, accesses) else {
        return false;
    };
    let whole = |access: &Access| (access.first, access.count) == (0, 1);
    (from.form, to.form) == (Form::IntLoad, Form::IntStore)
        && whole(from)
        && whole(to)
        && load.instruction.code() == Code::Mov_r64_rm64
        && load.instruction.op0_register() == Register::RAX
        && store.instruction.op1_register() == Register::RAX
}
