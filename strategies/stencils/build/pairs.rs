//! Finds two instructions in a row that may become others, and proves it.

use iced_x86::{Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, OpAccess, OpKind, Register};

use crate::access::{self, Access, Form, shared::FLOATS};
use crate::stencil::{Draft, Placed};

#[path = "../src/pairs.rs"]
mod shared;

/// The instructions of some code.
fn decoded(code: &[u8]) -> Vec<Instruction> {
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

/// Bytes of the next instruction, if it shifts a register by the byte that this one reads into cl, and nothing uses that afterwards: then
/// both may be one that shifts by a number. The accumulator is in rcx, and has lost its value by then.
pub fn shift_behind(draft: &Draft, index: usize) -> Option<usize> {
    const NUMBER: u8 = 0x13;
    let [placed, shift, ..] = &draft.instructions[index..] else {
        return None;
    };
    let (read, by) = (&placed.instruction, &shift.instruction);
    let to_cl = read.code() == Code::Mov_r8_rm8 && read.op0_register() == Register::CL;
    let by_cl = has_two_registers(by)
        && by.op1_register() == Register::CL
        && by.op0_register().full_register() != Register::RCX
        && matches!(draft.code(shift.start, shift.end), [0xd3, _] | [0x40..=0x4f, 0xd3, _]);
    if !to_cl || !by_cl || access::reads_number(draft, placed) != Some(1) || !is_dead(draft, index + 2, Register::RCX) {
        return None;
    }
    let mut bytes = Vec::new();
    shared::shift_by_number(&mut bytes, draft.code(shift.start, shift.end), NUMBER);
    let [one] = decoded(&bytes)[..] else { return None };
    let same = one.mnemonic() == by.mnemonic()
        && (one.op_count(), one.op0_kind(), one.op1_kind()) == (2, OpKind::Register, OpKind::Immediate8)
        && (one.op0_register(), one.immediate8()) == (by.op0_register(), NUMBER);
    same.then_some(shift.end - shift.start)
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
