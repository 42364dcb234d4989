//! Finds out how a stencil's instructions use slots and numbers, and proves what they become where slots live in registers and where
//! numbers are in the code.

use iced_x86::{
    Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

use crate::stencil::{Draft, Placed, What};

#[path = "../src/access.rs"]
pub mod shared;

pub use shared::Form;
use shared::{FLOATS, INTS, rewrite, rewrite_near, rewrite_number};

/// Bytes of a slot.
const SLOT: usize = 8;

/// An instruction's use of a slot, or of some in a row.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub start: usize,
    /// Its displacement, or the immediate that is the slot's place.
    pub field: usize,
    pub unit: u8,
    pub form: Form,
    /// Whether the slot's place may have 8 bits.
    pub near: bool,
    pub reads: bool,
    pub writes: bool,
    /// Slots from the unit's on, and how many there are.
    pub first: u8,
    pub count: u8,
}

/// The registers that it touches of those in which slots may live, a bit each.
pub fn touched(draft: &Draft) -> u32 {
    let mut factory = InstructionInfoFactory::new();
    let mut touched = 0;
    for placed in &draft.instructions {
        for used in factory.info(&placed.instruction).used_registers() {
            let register = used.register().full_register();
            let number = register.number() as u8;
            if register.is_zmm() && FLOATS.contains(&number) {
                touched |= shared::Register::Float(number).bit();
            } else if register.is_gpr64() && INTS.contains(&number) {
                touched |= shared::Register::Int(number).bit();
            }
        }
    }
    touched
}

/// All uses of slots, in their order; or nothing if slots are used in a way that is not known, so that all must be in memory.
pub fn find(draft: &Draft) -> Option<Vec<Access>> {
    let mut factory = InstructionInfoFactory::new();
    let mut accesses = Vec::new();
    // Slots whose places are immediates, and what is accessed at places that were computed.
    let (mut named, mut computed) = (Vec::new(), (0, false));
    for placed in &draft.instructions {
        let instruction = &placed.instruction;
        let info = factory.info(instruction);
        let slot_at = |field: Option<usize>| match draft.hole_at(field?)?.what {
            What::Slot(unit) => Some(unit),
            _ => None,
        };
        if let Some(unit) = slot_at(placed.immediate) {
            named.push(Access {
                start: placed.start,
                field: placed.immediate?,
                unit,
                form: Form::Memory,
                near: false,
                reads: true,
                writes: true,
                first: 0,
                count: 0,
            });
        }
        let plain = (0..instruction.op_count()).all(|operand| {
            instruction.op_kind(operand) != OpKind::Register
                || instruction.op_register(operand).full_register() != Register::RSI
        });
        let in_frame = instruction.memory_base() == Register::RSI;
        let uses_frame = info
            .used_registers()
            .iter()
            .any(|used| used.register().full_register() == Register::RSI);
        if !uses_frame {
            continue;
        }
        if !plain || !in_frame || instruction.mnemonic() == Mnemonic::Lea {
            return None;
        }
        let memory = info.used_memory();
        let reads = memory.iter().any(|memory| memory.access() != OpAccess::Write);
        let writes = memory
            .iter()
            .any(|memory| !matches!(memory.access(), OpAccess::Read | OpAccess::CondRead));
        let size = instruction.memory_size().size();
        match slot_at(placed.displacement) {
            Some(unit) if instruction.memory_index() == Register::None => {
                accesses.push(access(draft, placed, unit, (reads, writes), size)?);
            }
            None if instruction.memory_displacement64() == 0 && instruction.memory_index_scale() == 1 => {
                computed = (size.max(computed.0), writes || computed.1);
            }
            _ => return None,
        }
    }
    if named.is_empty() != (computed.0 == 0) {
        return None;
    }
    for access in &mut named {
        access.writes = computed.1;
        access.count = computed.0.div_ceil(SLOT) as u8;
    }
    accesses.extend(named);
    accesses.sort_by_key(|access| access.start);
    // Where control may go on elsewhere, what was written in memory would not come back to registers, nor would what was in those
    // that it touches.
    let leaves = draft
        .holes
        .iter()
        .any(|hole| matches!(hole.what, What::Target | What::Table));
    let stays = accesses.iter().all(|access| !access.writes) && touched(draft) == 0;
    (!leaves || stays).then_some(accesses)
}

/// The use of a slot at a displacement.
fn access(draft: &Draft, placed: &Placed, unit: u8, (reads, writes): (bool, bool), size: usize) -> Option<Access> {
    let field = placed.displacement?;
    let offset = usize::try_from(draft.hole_at(field)?.offset).ok()?;
    let (first, last) = (offset / SLOT, (offset + size.max(1) - 1) / SLOT);
    let whole = size == SLOT || size == 2 * SLOT;
    let form = match offset == 0 && (whole || size < SLOT && !writes) {
        true => form(draft, placed, size),
        false => Form::Memory,
    };
    Some(Access {
        start: placed.start,
        field,
        unit,
        form,
        near: is_near(draft, placed),
        reads,
        writes,
        first: u8::try_from(first).ok()?,
        count: u8::try_from(last + 1 - first).ok()?,
    })
}

/// The first form in which the instruction, decoded again, is what it should be, for all registers.
fn form(draft: &Draft, placed: &Placed, size: usize) -> Form {
    let load = placed.instruction.op0_kind() == OpKind::Register;
    let forms = match placed.instruction.code() {
        Code::Mov_r32_rm32 | Code::Mov_r64_rm64 if load => &[Form::IntLoad][..],
        Code::Mov_rm64_r64 => &[Form::IntStore],
        Code::Movss_xmm_xmmm32 | Code::Movsd_xmm_xmmm64 if load => &[Form::FloatLoad],
        Code::Movsd_xmmm64_xmm | Code::Movlps_m64_xmm | Code::Movlpd_m64_xmm => &[Form::FloatStore],
        Code::Movups_xmm_xmmm128 | Code::Movupd_xmm_xmmm128 | Code::Movdqu_xmm_xmmm128 if load => &[Form::VectorLoad],
        // Of a register, it takes the lane that its number says.
        Code::Insertps_xmm_xmmm32_imm8 => &[],
        Code::Movups_xmmm128_xmm | Code::Movupd_xmmm128_xmm | Code::Movdqu_xmmm128_xmm => &[Form::VectorStore],
        _ if size > SLOT => &[],
        _ => &[Form::Int, Form::Float],
    };
    let proved = |&&form: &&Form| {
        let ints = INTS.map(shared::Register::Int).into_iter();
        let floats = FLOATS.map(shared::Register::Float).into_iter();
        let vectors = FLOATS.map(shared::Register::Vector).into_iter();
        let mut registers = ints.chain(floats).chain(vectors).filter(|register| register.fits(form));
        registers.all(|register| is_rewritten(draft, placed, form, register, size))
    };
    forms.iter().find(proved).copied().unwrap_or(Form::Memory)
}

/// Where the ModRM byte of an instruction is that uses `[rsi + 32 bits]` and has no other hole.
fn slot_modrm(draft: &Draft, placed: &Placed) -> Option<usize> {
    let modrm = (placed.displacement? - placed.start).checked_sub(1)?;
    let holes = draft
        .holes
        .iter()
        .filter(|hole| (placed.start..placed.end).contains(&hole.at));
    (draft.code(placed.start, placed.end)[modrm] & 0xc7 == 0x86 && holes.count() == 1).then_some(modrm)
}

/// The instruction, as it is rewritten.
fn instruction<'a>(draft: &'a Draft, placed: &Placed, modrm: usize) -> shared::Instruction<'a> {
    shared::Instruction {
        code: draft.code_from(placed.start),
        length: placed.end - placed.start,
        modrm,
    }
}

/// Whether the instruction is rewritten to one that does the same with a displacement of 8 bits.
fn is_near(draft: &Draft, placed: &Placed) -> bool {
    const PLACES: [i8; 3] = [0, 8, 120];
    let Some(modrm) = slot_modrm(draft, placed) else {
        return false;
    };
    PLACES.into_iter().all(|place| {
        let mut bytes = Vec::new();
        rewrite_near(&mut bytes, instruction(draft, placed, modrm), place);
        let mut decoder = Decoder::new(64, &bytes, DecoderOptions::NONE);
        let (before, after) = (&placed.instruction, decoder.decode());
        let operands = (0..before.op_count()).all(|operand| match before.op_kind(operand) {
            OpKind::Memory => {
                after.op_kind(operand) == OpKind::Memory
                    && (after.memory_base(), after.memory_index()) == (Register::RSI, Register::None)
                    && after.memory_displacement64() == place as u64
                    && after.segment_prefix() == before.segment_prefix()
            }
            OpKind::Register => {
                after.op_kind(operand) == OpKind::Register && after.op_register(operand) == before.op_register(operand)
            }
            kind => after.op_kind(operand) == kind && is_same_immediate(before, &after, operand),
        });
        let whole = !after.is_invalid() && !decoder.can_decode();
        whole && operands && before.op_count() == after.op_count() && after.code() == before.code()
    })
}

/// Whether the instruction is rewritten to one that does the same with a register.
fn is_rewritten(draft: &Draft, placed: &Placed, form: Form, register: shared::Register, size: usize) -> bool {
    let code = draft.code(placed.start, placed.end);
    let Some(modrm) = slot_modrm(draft, placed) else {
        return false;
    };
    let mut bytes = Vec::new();
    if !rewrite(&mut bytes, instruction(draft, placed, modrm), form, register) || bytes.len() > code.len() {
        return false;
    }
    let mut decoder = Decoder::new(64, &bytes, DecoderOptions::NONE);
    let after = decoder.decode();
    if after.is_invalid() || decoder.can_decode() {
        return false;
    }
    let pinned = match register {
        shared::Register::Int(n) => Register::RAX + u32::from(n),
        shared::Register::Float(n) | shared::Register::Vector(n) => Register::ZMM0 + u32::from(n),
    };
    let before = &placed.instruction;
    let is_pinned = |operand| {
        let register = after.op_register(operand);
        let whole = match register.is_vector_register() {
            true => register.is_xmm(),
            false => register.size() == size,
        };
        after.op_kind(operand) == OpKind::Register && register.full_register() == pinned && whole
    };
    // Each operand is what it was, but for the slot.
    let operands = before.op_count() == after.op_count()
        && (0..before.op_count()).all(|operand| match before.op_kind(operand) {
            OpKind::Memory => is_pinned(operand),
            OpKind::Register => {
                after.op_kind(operand) == OpKind::Register && after.op_register(operand) == before.op_register(operand)
            }
            kind => after.op_kind(operand) == kind && is_same_immediate(before, &after, operand),
        });
    let code = match (form, register) {
        (Form::FloatLoad, shared::Register::Float(_)) => Code::Movaps_xmm_xmmm128,
        // The destination comes first, as it does in a store to memory.
        (Form::FloatStore, shared::Register::Float(_)) => Code::Movaps_xmm_xmmm128,
        (Form::VectorLoad | Form::VectorStore, shared::Register::Vector(_)) => Code::Movaps_xmm_xmmm128,
        (Form::IntLoad, shared::Register::Float(_)) if size == SLOT => Code::Movq_rm64_xmm,
        (Form::IntLoad, shared::Register::Float(_)) => Code::Movd_rm32_xmm,
        (Form::IntStore, shared::Register::Float(_)) => Code::Movq_xmm_rm64,
        (Form::FloatLoad, shared::Register::Int(_)) if size == SLOT => Code::Movq_xmm_rm64,
        (Form::FloatLoad, shared::Register::Int(_)) => Code::Movd_xmm_rm32,
        (Form::FloatStore, shared::Register::Int(_)) => Code::Movq_rm64_xmm,
        _ => before.code(),
    };
    operands && after.code() == code
}

/// How many bytes the instruction reads of its node's operand units, if it may have a number in their place. The number has 16 bits
/// at most; a negative one has 32 bits or 64.
pub fn reads_number(draft: &Draft, placed: &Placed) -> Option<u8> {
    let before = &placed.instruction;
    let field = placed.displacement?;
    let holes = draft
        .holes
        .iter()
        .filter(|hole| (placed.start..placed.end).contains(&hole.at));
    if !matches!(draft.hole_at(field)?.what, What::Units | What::Offset(_))
        || holes.count() != 1
        || before.memory_base() != Register::RIP
    {
        return None;
    }
    let size = before.memory_size().size();
    let numbers = match size {
        1 => &[0x34][..],
        2 => &[0x1234],
        _ => &[0x1234, -0x1234],
    };
    let code = draft.code(placed.start, placed.end);
    let modrm = (field - placed.start).checked_sub(1)?;
    let proved = |&number: &i32| {
        let mut bytes = Vec::new();
        if !rewrite_number(&mut bytes, instruction(draft, placed, modrm), number) || bytes.len() > code.len() {
            return false;
        }
        let mut decoder = Decoder::new(64, &bytes, DecoderOptions::NONE);
        let after = decoder.decode();
        !after.is_invalid() && !decoder.can_decode() && has_number(before, &after, size, number)
    };
    numbers.iter().all(proved).then_some(size as u8)
}

/// Whether an instruction does with a number what another one does with that number in memory, where it has so many bytes.
fn has_number(before: &Instruction, after: &Instruction, size: usize, number: i32) -> bool {
    let (from, to) = (before.op0_register(), after.op0_register());
    let binary = (before.op_count(), before.op0_kind(), before.op1_kind()) == (2, OpKind::Register, OpKind::Memory);
    // What is read has as many bits as the operation, or above it is zero.
    let immediate = after.try_immediate(after.op_count() - 1).ok();
    let is_number = match size {
        8 => immediate == Some(i64::from(number) as u64),
        _ => immediate.is_some_and(|immediate| immediate as u32 == number as u32),
    };
    let same = match before.mnemonic() {
        // All 64 bits of the register are written, or one byte.
        Mnemonic::Mov | Mnemonic::Movzx => match after.code() {
            Code::Mov_r32_imm32 => {
                (size < 8 || number >= 0) && from.size() >= 4 && from.full_register() == to.full_register()
            }
            Code::Mov_rm64_imm32 => size == 8 && from == to,
            Code::Mov_r8_imm8 => from == to && size == 1,
            _ => false,
        },
        Mnemonic::Imul => after.mnemonic() == Mnemonic::Imul && from == to && after.op1_register() == from,
        Mnemonic::Add | Mnemonic::Or | Mnemonic::And | Mnemonic::Sub | Mnemonic::Xor | Mnemonic::Cmp => {
            after.mnemonic() == before.mnemonic() && from == to && after.op_count() == 2 && from.size() == size
        }
        _ => false,
    };
    binary && is_number && same
}

fn is_same_immediate(before: &Instruction, after: &Instruction, operand: u32) -> bool {
    before.try_immediate(operand).ok() == after.try_immediate(operand).ok()
}
