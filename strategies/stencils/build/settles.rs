//! Finds results that may be written to the register in which their slot lives, rather than moved there, and proves it.

use iced_x86::{Code, InstructionInfoFactory, OpAccess, OpKind, Register};

use crate::access::shared::INTS;
use crate::access::{self, Access, Form};
use crate::pairs::shared::{number_to, written_to};
use crate::pairs::{self, decoded};
use crate::stencil::{Draft, Placed, What};

/// Bytes of the instruction before this one, if these are the last, and this one stores in a slot what that writes to the accumulator or
/// to rax: then, if nobody wants it there, that one may write it to the slot's register.
pub fn before(draft: &Draft, index: usize, access: &Access, accesses: &[Access]) -> Option<usize> {
    let at = index.checked_sub(1)?;
    let (writer, store) = (&draft.instructions[at], &draft.instructions[index]);
    let (write, stored) = (&writer.instruction, store.instruction.op1_register());
    let last = index + 1 == draft.instructions.len();
    let whole = write.op0_kind() == OpKind::Register
        && write.op0_register().size() >= 4
        && write.op0_register().full_register() == stored;
    let plain = (access.form, access.first, access.count) == (Form::IntStore, 0, 1);
    if !last || !plain || !whole || !matches!(stored, Register::RAX | Register::RCX) {
        return None;
    }
    let bytes = writer.end - writer.start;
    let hole = draft
        .holes
        .iter()
        .find(|hole| (writer.start..writer.end).contains(&hole.at));
    let may = match hole.map(|hole| hole.what) {
        None => may_write_elsewhere(draft, writer),
        Some(What::Units) => may_be_number(draft, writer),
        // The second of a sum.
        Some(What::Slot(_)) => at > 0 && pairs::joined(draft, at - 1, accesses).is_some(),
        Some(_) => false,
    };
    may.then_some(bytes)
}

/// Whether an instruction that has memory as its other operand may have another register in place of the one that it writes.
fn may_write_elsewhere(draft: &Draft, writer: &Placed) -> bool {
    let write = &writer.instruction;
    let loads = matches!(
        write.code(),
        Code::Mov_r32_rm32
            | Code::Mov_r64_rm64
            | Code::Movzx_r32_rm8
            | Code::Movzx_r32_rm16
            | Code::Movsx_r32_rm8
            | Code::Movsx_r32_rm16
            | Code::Movsx_r64_rm8
            | Code::Movsx_r64_rm16
            | Code::Movsxd_r64_rm32
            | Code::Lea_r32_m
            | Code::Lea_r64_m
    );
    let code = draft.code(writer.start, writer.end);
    loads
        && write.op1_kind() == OpKind::Memory
        && INTS.into_iter().all(|n| {
            let mut bytes = Vec::new();
            written_to(&mut bytes, code, n);
            let [after] = decoded(&bytes)[..] else { return false };
            let memory = |of: &iced_x86::Instruction| {
                let parts = (of.memory_base(), of.memory_index(), of.memory_index_scale());
                (parts, of.memory_displacement64(), of.memory_size(), of.segment_prefix())
            };
            let to = after.op0_register();
            after.code() == write.code()
                && to.full_register() == Register::RAX + u32::from(n)
                && to.size() == write.op0_register().size()
                && after.op1_kind() == OpKind::Memory
                && memory(&after) == memory(write)
        })
}

/// Whether an instruction that reads a number may be one that writes it to another register.
fn may_be_number(draft: &Draft, writer: &Placed) -> bool {
    let write = &writer.instruction;
    let wide = match (write.code(), access::reads_number(draft, writer)) {
        (Code::Mov_r32_rm32, Some(4)) => false,
        (Code::Mov_r64_rm64, Some(8)) => true,
        _ => return false,
    };
    let code = draft.code(writer.start, writer.end);
    INTS.into_iter().all(|n| {
        [0x1234, -0x1234].into_iter().all(|number: i32| {
            let mut bytes = Vec::new();
            number_to(&mut bytes, code, n, number);
            let [after] = decoded(&bytes)[..] else { return false };
            let to = Register::RAX + u32::from(n);
            let written = match after.code() {
                // All above it is zero.
                Code::Mov_r32_imm32 => u64::from(after.immediate32()),
                Code::Mov_rm64_imm32 => after.immediate32to64() as u64,
                _ => return false,
            };
            let wanted = if wide {
                i64::from(number) as u64
            } else {
                u64::from(number as u32)
            };
            after.op0_register().full_register() == to && written == wanted && bytes.len() <= code.len()
        })
    })
}

/// Whether the last instruction stores the accumulator.
pub fn stores_acc(draft: &Draft) -> bool {
    draft.instructions.last().is_some_and(|last| {
        last.instruction.code() == Code::Mov_rm64_r64 && last.instruction.op1_register() == Register::RCX
    })
}

/// Whether code without branches writes the accumulator before it reads it: it is of no use to it, nor to its handler.
pub fn kills_acc(draft: &Draft) -> bool {
    let mut factory = InstructionInfoFactory::new();
    for placed in &draft.instructions {
        let used = factory.info(&placed.instruction).used_registers().iter();
        let mut of_it = used.filter(|used| used.register().full_register() == Register::RCX);
        if of_it.clone().any(|used| used.access() != OpAccess::Write) {
            return false;
        }
        if of_it.any(|used| used.register().size() >= 4) {
            return true;
        }
        // Whoever goes on from here may want it: of the handler's rare case, this code says nothing.
        let field = placed.immediate.and_then(|field| draft.hole_at(field));
        if field.is_some_and(|hole| matches!(hole.what, What::Next | What::Target | What::Rare)) {
            return false;
        }
    }
    false
}
