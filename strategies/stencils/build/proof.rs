//! What must be true of every stencil, whatever the compiler has made of its handler.
//!
//! - Control stays within it or leaves by an exit in tail position: no call, no return, no jump to a computed
//!   address but to the code of a cell, to where the topmost frame goes on, and by a switch's table.
//! - It has no stack frame, and touches no register that its caller's caller wants back.
//! - Each hole is a whole field of an instruction, in which it means what it is filled with.
//! - Of the node, it reads operand units alone.

use std::collections::BTreeSet;

use iced_x86::{Code, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

use crate::stencil::{CELL_CODE, Draft, FRAMES_TOP, Placed, TOP_NATIVE, What};

/// Bytes of a node before its operands.
const OPERANDS: i32 = 8;

/// Registers that a handler leaves alone: the stack, and those that the System V convention has a function restore.
const KEPT: [Register; 7] = [
    Register::RSP,
    Register::RBX,
    Register::RBP,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// Proves a stencil whose code falls through at `end`, if it has been cut before; returns how many bytes of the operand units it
/// reads.
pub fn check(draft: &Draft, end: usize) -> Result<usize, String> {
    let starts: BTreeSet<usize> = draft.instructions.iter().map(|placed| placed.start).collect();
    let cut = draft.instructions.last().map_or(0, |placed| placed.end);
    let mut reach = 0;
    let mut factory = InstructionInfoFactory::new();
    for placed in &draft.instructions {
        let instruction = &placed.instruction;
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                let field = placed.immediate.ok_or("has a branch without a target")?;
                if !draft.hole_at(field).is_some_and(|hole| hole.what.is_exit()) {
                    let target = instruction.near_branch_target() as usize;
                    let whole = starts.contains(&target) || target == cut && cut < end;
                    if !whole {
                        return Err("branches into an instruction".to_owned());
                    }
                }
            }
            FlowControl::Return => return Err("returns".to_owned()),
            FlowControl::Call | FlowControl::IndirectCall => return Err("calls a function".to_owned()),
            // A call, a return, and a switch.
            FlowControl::IndirectBranch
                if goes_by_cell(draft, placed) || goes_by_frame(draft, placed) || goes_by_table(draft, placed) => {}
            _ => return Err("jumps to a computed address".to_owned()),
        }
        let info = factory.info(instruction);
        let mut used = info.used_registers().iter().map(|used| used.register().full_register());
        if used.any(|register| KEPT.contains(&register)) {
            return Err("has a stack frame".to_owned());
        }
        reach = reach.max(fields(draft, placed)?);
    }
    let falls = draft
        .instructions
        .last()
        .map(|placed| placed.instruction.flow_control());
    let leaves = [
        Some(FlowControl::UnconditionalBranch),
        Some(FlowControl::IndirectBranch),
    ];
    if !leaves.contains(&falls) && cut == end {
        return Err("has no exit at its end".to_owned());
    }
    let known = |hole: &crate::stencil::Hole| {
        let fields = draft
            .instructions
            .iter()
            .flat_map(|placed| [placed.displacement, placed.immediate]);
        fields.flatten().any(|field| field == hole.at)
    };
    match draft.holes.iter().all(known) {
        true => Ok(reach),
        false => Err("has a relocation that is no field".to_owned()),
    }
}

/// Whether a jump leads to where the frame on top is resumed: to what is in memory at a distance from the address that the context has.
fn goes_by_frame(draft: &Draft, jump: &Placed) -> bool {
    let Some(load) = last_write(draft, jump, &[jump.instruction.op0_register()]) else {
        return false;
    };
    if load.instruction.code() != Code::Mov_r64_rm64 {
        return false;
    }
    // The address, as a sum that begins with the context's.
    let (mut at, mut offset) = (load, 0);
    loop {
        let instruction = &at.instruction;
        let base = instruction.memory_base();
        if instruction.memory_index() != Register::None || at.displacement.is_some_and(|at| draft.hole_at(at).is_some())
        {
            return false;
        }
        match instruction.code() {
            Code::Mov_r64_rm64 if base == Register::R8 => {
                let from_context = instruction.memory_displacement64() == FRAMES_TOP as u64;
                return from_context && at.start != load.start && offset == TOP_NATIVE as i64;
            }
            Code::Lea_r64_m => offset += instruction.memory_displacement64() as i64,
            Code::Mov_r64_rm64 if at.start == load.start => offset += instruction.memory_displacement64() as i64,
            _ => return false,
        }
        match last_write(draft, at, &[base]) {
            Some(before) => at = before,
            None => return false,
        }
    }
}

/// Whether a jump leads to where a switch's table says: the sum of the place that distances count from and one of the table's.
fn goes_by_table(draft: &Draft, jump: &Placed) -> bool {
    let to = jump.instruction.op0_register();
    let has = |placed: &Placed, what: What| {
        let hole = placed.displacement.and_then(|field| draft.hole_at(field));
        placed.instruction.code() == Code::Lea_r64_m && hole.is_some_and(|hole| hole.what == what)
    };
    let Some(sum) = last_write(draft, jump, &[to]) else {
        return false;
    };
    if !matches!(sum.instruction.code(), Code::Add_r64_rm64 | Code::Add_rm64_r64) {
        return false;
    }
    let parts = [sum.instruction.op0_register(), sum.instruction.op1_register()];
    let [Some(a), Some(b)] = parts.map(|part| last_write(draft, sum, &[part])) else {
        return false;
    };
    let (here, distance) = if has(a, What::Here) { (a, b) } else { (b, a) };
    let load = &distance.instruction;
    let table = last_write(draft, distance, &[load.memory_base()]);
    has(here, What::Here)
        && load.code() == Code::Movsxd_r64_rm32
        && (load.memory_index_scale(), load.memory_displacement64()) == (4, 0)
        && table.is_some_and(|table| has(table, What::Table))
}

/// Whether a jump leads to the code of a cell: of the callee's, or of one of the module's.
fn goes_by_cell(draft: &Draft, jump: &Placed) -> bool {
    let reads_cell = |placed: &Placed| {
        let instruction = &placed.instruction;
        let parts = [instruction.memory_base(), instruction.memory_index()];
        instruction.memory_displacement64() == CELL_CODE as u64
            && parts.iter().any(|&part| leads_to_cell(draft, placed, part, 3))
    };
    if jump.instruction.op0_kind() == OpKind::Memory {
        return reads_cell(jump);
    }
    last_write(draft, jump, &[jump.instruction.op0_register()])
        .is_some_and(|load| load.instruction.code() == Code::Mov_r64_rm64 && reads_cell(load))
}

/// Whether a register holds a cell's address, or one to which something was added, so many times at most.
fn leads_to_cell(draft: &Draft, before: &Placed, register: Register, sums: u32) -> bool {
    let Some(last) = last_write(draft, before, &[register]) else {
        return false;
    };
    let instruction = &last.instruction;
    let parts = match instruction.code() {
        Code::Mov_r64_rm64 | Code::Add_r64_rm64 if instruction.op1_kind() == OpKind::Memory => {
            let hole = last.displacement.and_then(|field| draft.hole_at(field));
            return hole.is_some_and(|hole| matches!(hole.what, What::Cell | What::Cells));
        }
        Code::Add_r64_rm64 | Code::Add_rm64_r64 => [instruction.op0_register(), instruction.op1_register()],
        Code::Lea_r64_m if instruction.memory_displacement64() == 0 => {
            [instruction.memory_base(), instruction.memory_index()]
        }
        _ => return false,
    };
    sums > 0 && parts.iter().any(|&part| leads_to_cell(draft, last, part, sums - 1))
}

/// The last instruction before another one that writes one of these registers. Where that one is only branched to, from one place, what
/// comes before is what comes before there.
fn last_write<'a>(draft: &'a Draft, before: &Placed, registers: &[Register]) -> Option<&'a Placed> {
    let all = &draft.instructions;
    let mut factory = InstructionInfoFactory::new();
    let mut at = all.iter().position(|placed| placed.start == before.start)?;
    for _ in all {
        let previous = at.checked_sub(1)?;
        at = match all[previous].instruction.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => the_branch_to(draft, all[at].start)?,
            _ => previous,
        };
        let writes = factory.info(&all[at].instruction).used_registers().iter().any(|used| {
            !matches!(used.access(), OpAccess::Read | OpAccess::CondRead)
                && registers.contains(&used.register().full_register())
        });
        if writes {
            return Some(&all[at]);
        }
    }
    None
}

/// The only branch that leads to a place of the stencil.
fn the_branch_to(draft: &Draft, target: usize) -> Option<usize> {
    let mut branches = (0..draft.instructions.len()).filter(|&index| inner_target(draft, index) == Some(target));
    let branch = branches.next()?;
    branches.next().is_none().then_some(branch)
}

/// Looks at an instruction's holes; returns how many bytes of the operand units it reads.
fn fields(draft: &Draft, placed: &Placed) -> Result<usize, String> {
    let instruction = &placed.instruction;
    let mut reach = 0;
    if let Some(hole) = placed.displacement.and_then(|field| draft.hole_at(field)) {
        let relative = instruction.memory_base() == Register::RIP;
        match hole.what {
            What::Units if instruction.code() == Code::Lea_r64_m => {
                return Err("hands on the node's address".to_owned());
            }
            What::Units if relative && hole.offset >= OPERANDS => {
                reach = (hole.offset - OPERANDS) as usize + instruction.memory_size().size();
            }
            What::Table | What::Here | What::Behind if relative && instruction.code() == Code::Lea_r64_m => {}
            What::Cell | What::Cells if relative && instruction.code() == Code::Mov_r64_rm64 => {}
            What::Cells if relative && instruction.code() == Code::Add_r64_rm64 => {}
            What::Offset(_) if relative && instruction.code() != Code::Lea_r64_m => {
                if instruction.memory_size().size() != 8 {
                    return Err("reads an offset in an unknown way".to_owned());
                }
                reach = 8;
            }
            What::Vector(unit) if relative && instruction.code() != Code::Lea_r64_m => {
                if instruction.memory_size().size() > 16 {
                    return Err("reads a vector in an unknown way".to_owned());
                }
                reach = 4 * usize::from(unit) + 16;
            }
            What::Constant(_) if relative && instruction.code() != Code::Lea_r64_m => {
                if instruction.memory_size().size() > 16 {
                    return Err("reads a wide constant".to_owned());
                }
            }
            What::Slot(_) | What::Global if !relative => {}
            _ => return Err("has a displacement in an unknown way".to_owned()),
        }
    } else if instruction.memory_base() == Register::RIP && placed.displacement.is_some() {
        return Err("refers to its own code".to_owned());
    }
    if let Some(hole) = placed.immediate.and_then(|field| draft.hole_at(field)) {
        let branches = instruction.is_jmp_near() || instruction.is_jcc_near();
        // A slot's place is positive and has 20 bits, and a global's 16: in any immediate of 32 bits it is the same number.
        let wide = (0..instruction.op_count()).any(|operand| {
            matches!(
                instruction.op_kind(operand),
                OpKind::Immediate32 | OpKind::Immediate32to64
            )
        });
        match hole.what {
            what if what.is_exit() && branches => {}
            What::Slot(_) | What::Global if wide => {}
            What::Number { mask, .. } if shifts(instruction, mask) => {}
            _ => return Err("has an immediate in an unknown way".to_owned()),
        }
    }
    Ok(reach)
}

/// Whether an instruction shifts or rotates by these bits of its immediate: of general registers, the processor takes as many as
/// WebAssembly does.
fn shifts(instruction: &Instruction, mask: u8) -> bool {
    use Mnemonic::{Pslld, Psllq, Psllw, Psrad, Psraw, Psrld, Psrlq, Psrlw, Rol, Ror, Sar, Shl, Shr};
    let known = match instruction.mnemonic() {
        Rol | Ror | Sar | Shl | Shr => mask == u8::MAX && matches!(instruction.op0_register().size(), 4 | 8),
        Psllw | Psraw | Psrlw => mask == 15,
        Pslld | Psrad | Psrld => mask == 31,
        Psllq | Psrlq => mask == 63,
        _ => false,
    };
    known && (instruction.op_count(), instruction.op1_kind()) == (2, OpKind::Immediate8)
}

/// Where branches within a stencil lead.
pub fn inner_targets(draft: &Draft) -> BTreeSet<usize> {
    let all = 0..draft.instructions.len();
    all.filter_map(|index| inner_target(draft, index)).collect()
}

/// Where an instruction branches to, if that is within the stencil.
fn inner_target(draft: &Draft, index: usize) -> Option<usize> {
    let placed = &draft.instructions[index];
    let branches = placed.instruction.is_jmp_short_or_near() || placed.instruction.is_jcc_short_or_near();
    let inner = branches && draft.hole_at(placed.immediate?).is_none();
    inner.then(|| placed.instruction.near_branch_target() as usize)
}
