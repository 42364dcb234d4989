//! What must be true of every stencil, whatever the compiler has made of its handler.
//!
//! - Control stays within it or leaves by an exit in tail position: no call, no return, no jump to a computed address.
//! - It has no stack frame, and touches no register that its caller's caller wants back.
//! - Each hole is a whole field of an instruction, in which it means what it is filled with.
//! - Of the node, it reads operand units alone.

use std::collections::BTreeSet;

use iced_x86::{Code, FlowControl, Instruction, InstructionInfoFactory, OpAccess, OpKind, Register};

use crate::stencil::{Draft, Placed, What};

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
            // A call or a return: to the code of the node at `ip`.
            FlowControl::IndirectBranch if goes_to_node(draft, placed) || goes_by_table(draft, placed) => {}
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

/// Whether a jump leads to the code of the node whose address is in `ip`: with it, that node begins.
fn goes_to_node(draft: &Draft, jump: &Placed) -> bool {
    let instruction = &jump.instruction;
    let reads_node = |instruction: &Instruction| {
        (instruction.memory_base(), instruction.memory_index()) == (Register::RDI, Register::None)
            && instruction.memory_displacement64() == 0
    };
    if instruction.op0_kind() == OpKind::Memory {
        return reads_node(instruction);
    }
    // The last instruction that writes the register or `ip` is its load from there.
    let registers = [instruction.op0_register(), Register::RDI];
    last_write(draft, jump, &registers).is_some_and(|placed| {
        let load = &placed.instruction;
        load.code() == Code::Mov_r64_rm64 && load.op0_register() == instruction.op0_register() && reads_node(load)
    })
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

/// The last instruction before another one that writes one of these registers.
fn last_write<'a>(draft: &'a Draft, before: &Placed, registers: &[Register]) -> Option<&'a Placed> {
    let mut factory = InstructionInfoFactory::new();
    let mut earlier = draft
        .instructions
        .iter()
        .rev()
        .skip_while(|placed| placed.start >= before.start);
    earlier.find(|placed| {
        factory.info(&placed.instruction).used_registers().iter().any(|used| {
            !matches!(used.access(), OpAccess::Read | OpAccess::CondRead)
                && registers.contains(&used.register().full_register())
        })
    })
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
            What::Table | What::Here if relative && instruction.code() == Code::Lea_r64_m => {}
            What::Behind if relative && instruction.code() == Code::Mov_r64_rm64 => {}
            What::Constant(_) if relative && instruction.code() != Code::Lea_r64_m => {
                if instruction.memory_size().size() > 16 {
                    return Err("reads a wide constant".to_owned());
                }
            }
            What::Slot(_) if !relative => {}
            _ => return Err("has a displacement in an unknown way".to_owned()),
        }
    } else if instruction.memory_base() == Register::RIP && placed.displacement.is_some() {
        return Err("refers to its own code".to_owned());
    }
    if let Some(hole) = placed.immediate.and_then(|field| draft.hole_at(field)) {
        let branches = instruction.is_jmp_near() || instruction.is_jcc_near();
        // A slot's place is positive and has 20 bits: in any immediate of 32 bits it is the same number.
        let wide = (0..instruction.op_count()).any(|operand| {
            matches!(
                instruction.op_kind(operand),
                OpKind::Immediate32 | OpKind::Immediate32to64
            )
        });
        match hole.what {
            what if what.is_exit() && branches => {}
            What::Slot(_) if wide => {}
            _ => return Err("has an immediate in an unknown way".to_owned()),
        }
    }
    Ok(reach)
}

/// Where branches within a stencil lead.
pub fn inner_targets(draft: &Draft) -> BTreeSet<usize> {
    let inner = draft.instructions.iter().filter(|placed| {
        let branches = placed.instruction.is_jmp_short_or_near() || placed.instruction.is_jcc_short_or_near();
        branches && placed.immediate.is_some_and(|field| draft.hole_at(field).is_none())
    });
    inner
        .map(|placed| placed.instruction.near_branch_target() as usize)
        .collect()
}
