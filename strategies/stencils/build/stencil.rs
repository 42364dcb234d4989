//! A handler's machine code with its holes, made ready to be copied.

use iced_x86::{Decoder, DecoderOptions, Instruction};

use crate::access::{self, Access, Form};
use crate::table::Table;
use crate::{pairs, proof, settles};

#[path = "../src/what.rs"]
mod what;

pub use what::{CELL_CODE, FRAMES_TOP, TOP_NATIVE, What};

impl What {
    /// Whether control leaves the stencil there.
    pub fn is_exit(self) -> bool {
        matches!(self, What::Next | What::Target | What::Trap(_) | What::Rare)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Hole {
    pub at: usize,
    pub what: What,
    /// Bytes from what the hole stands for, counted from the node's beginning if that is its units.
    pub offset: i32,
}

/// Constants of handlers, each once.
#[derive(Default)]
pub struct Pool {
    pub constants: Vec<[u8; 16]>,
}

impl Pool {
    pub fn add(&mut self, bytes: &[u8]) -> u16 {
        let mut constant = [0; 16];
        let length = bytes.len().min(16);
        constant[..length].copy_from_slice(&bytes[..length]);
        let found = self.constants.iter().position(|other| *other == constant);
        found.unwrap_or_else(|| {
            self.constants.push(constant);
            self.constants.len() - 1
        }) as u16
    }
}

/// An instruction and where it is.
#[derive(Clone, Copy)]
pub struct Placed {
    pub start: usize,
    pub end: usize,
    pub instruction: Instruction,
    /// Where its displacement is, if it has one, and the target of its branch or another immediate.
    pub displacement: Option<usize>,
    pub immediate: Option<usize>,
}

pub struct Draft {
    code: Vec<u8>,
    pub instructions: Vec<Placed>,
    pub holes: Vec<Hole>,
}

/// A stencil that has been proved.
pub struct Stencil {
    code: Vec<u8>,
    holes: Vec<Hole>,
    /// Bytes of operand units that it reads.
    reach: usize,
    /// Whether it does nothing but move one slot to another.
    moves: bool,
    /// How it uses slots, if that is known.
    accesses: Option<Vec<Access>>,
    /// For each hole, its instruction.
    around: Vec<Around>,
    /// The registers that it touches of those in which slots may live.
    touched: u32,
    /// Whether it stores what is in the accumulator at its end, and writes the accumulator before it reads it.
    keeps_acc: bool,
    kills_acc: bool,
    /// Whether it branches within itself, so that all must stay where it is.
    branches: bool,
    /// How many there are.
    instructions: usize,
}

/// The instruction of a hole.
struct Around {
    start: usize,
    end: usize,
    /// How many bytes it reads of operand units, if it may have a number in their place.
    reads: u8,
    /// Bytes of the next instruction, if both may be one.
    joined: usize,
    /// Bytes of the one before, if that writes what this one stores, both being the last, and both may be one.
    settles: usize,
    /// Whether nothing is left of it if the number is zero.
    idle: bool,
    /// Bytes of the one before, if both may be what moves an `f32` to a vector register.
    single: usize,
}

impl Draft {
    pub fn decode(code: &[u8]) -> Result<Draft, String> {
        let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
        let mut instructions = Vec::new();
        while decoder.can_decode() {
            let start = decoder.position();
            let instruction = decoder.decode();
            if instruction.is_invalid() {
                return Err("has an unknown instruction".to_owned());
            }
            let offsets = decoder.get_constant_offsets(&instruction);
            instructions.push(Placed {
                start,
                end: decoder.position(),
                instruction,
                displacement: offsets
                    .has_displacement()
                    .then(|| start + offsets.displacement_offset()),
                immediate: offsets.has_immediate().then(|| start + offsets.immediate_offset()),
            });
        }
        Ok(Draft {
            code: code.to_vec(),
            instructions,
            holes: Vec::new(),
        })
    }

    /// Where the instruction ends that has a field here.
    pub fn end_of(&self, field: usize) -> Option<usize> {
        self.instruction_of(field).map(|placed| placed.end)
    }

    /// The instruction that has a field here.
    fn instruction_of(&self, field: usize) -> Option<&Placed> {
        self.index_of(field).map(|index| &self.instructions[index])
    }

    fn index_of(&self, field: usize) -> Option<usize> {
        let after = self.instructions.partition_point(|placed| placed.start <= field);
        let index = after.checked_sub(1)?;
        (field < self.instructions[index].end).then_some(index)
    }

    /// Some of the code.
    pub fn code(&self, start: usize, end: usize) -> &[u8] {
        &self.code[start..end]
    }

    /// The code from a place on.
    pub fn code_from(&self, start: usize) -> &[u8] {
        &self.code[start..]
    }

    /// The hole at a field.
    pub fn hole_at(&self, field: usize) -> Option<Hole> {
        self.holes.iter().copied().find(|hole| hole.at == field)
    }

    /// Proves it, and makes the frequent way through it straight.
    pub fn finish(mut self) -> Result<Stencil, String> {
        let reach = proof::check(&self, self.code.len())?;
        if self.code.len() > usize::from(u16::MAX) || self.holes.len() > usize::from(u8::MAX) {
            return Err("is too long".to_owned());
        }
        if self.holes.iter().filter(|hole| hole.what == What::Behind).count() > 1 {
            return Err("goes on behind itself in two ways".to_owned());
        }
        let targets = proof::inner_targets(&self);
        if targets.is_empty() {
            self.leave_out_cleared()?;
            self.load_late()?;
        }
        for index in 0..self.holes.len() {
            let Hole { at, what, .. } = self.holes[index];
            // `jcc over; jmp exit; over:` becomes `jncc exit`, with a prefix in place of the byte left over that means
            // nothing, or not to expect the branch.
            if what.is_exit()
                && at >= 3
                && self.code[at - 1] == 0xe9
                && self.code[at - 2] == 5
                && self.code[at - 3] & 0xf0 == 0x70
                && !targets.contains(&(at - 1))
            {
                let condition = self.code[at - 3] & 0xf ^ 1;
                self.code[at - 3..at].copy_from_slice(&[0x2e, 0x0f, 0x80 | condition]);
            }
        }
        let end = self.code.len();
        // `jcc NEXT; jmp TARGET` becomes `jncc TARGET; jmp NEXT`.
        if let [.., first, last] = &mut self.holes[..]
            && (first.what, last.what) == (What::Next, What::Target)
            && (first.at + 9, last.at + 4) == (end, end)
            && self.code[first.at - 2] == 0x0f
            && !targets.contains(&(last.at - 1))
        {
            self.code[first.at - 1] ^= 1;
            (first.what, last.what) = (What::Target, What::Next);
        }
        // What comes next is laid out next.
        if let Some(last) = self.holes.last()
            && last.what == What::Next
            && last.at + 4 == end
            && self.code[last.at - 1] == 0xe9
        {
            self.code.truncate(last.at - 1);
            self.holes.pop();
        }
        // What has been changed is still whole instructions, which branch to such.
        let changed = Draft {
            holes: self.holes.clone(),
            ..Draft::decode(&self.code)?
        };
        proof::check(&changed, end)?;
        let branches = !proof::inner_targets(&changed).is_empty();
        let accesses = access::find(&changed);
        let known = accesses.as_deref().unwrap_or_default();
        let around = changed.holes.iter().map(|hole| {
            let index = changed.index_of(hole.at).ok_or("has a relocation that is no field")?;
            let placed = &changed.instructions[index];
            let access = known.iter().find(|access| access.field == hole.at);
            let joined = pairs::joined(&changed, index, known);
            let settles = access.and_then(|access| settles::before(&changed, index, access, known));
            let single = access.and_then(|access| pairs::single_before(&changed, index, access));
            Ok(Around {
                start: placed.start,
                end: placed.end,
                joined: joined.filter(|_| !branches).unwrap_or(0),
                settles: settles.filter(|_| !branches).unwrap_or(0),
                idle: !branches && pairs::is_idle(&changed, index),
                single: single.filter(|_| !branches).unwrap_or(0),
                reads: access::reads_number(&changed, placed).unwrap_or(0),
            })
        });
        Ok(Stencil {
            around: around.collect::<Result<_, String>>()?,
            moves: pairs::is_move(&changed.instructions, known),
            accesses,
            touched: access::touched(&changed),
            keeps_acc: settles::stores_acc(&changed),
            kills_acc: !branches && settles::kills_acc(&changed),
            branches,
            instructions: changed.instructions.len(),
            code: self.code,
            holes: self.holes,
            reach,
        })
    }
}

impl Draft {
    /// Leaves out instructions that clear what the next one clears, too. There are no branches within the code.
    fn leave_out_cleared(&mut self) -> Result<(), String> {
        while let Some(index) = (0..self.instructions.len()).find(|&index| pairs::is_cleared(self, index)) {
            let Placed { start, end, .. } = self.instructions[index];
            self.code.drain(start..end);
            for hole in self.holes.iter_mut().filter(|hole| hole.at >= end) {
                hole.at -= end - start;
            }
            self.decode_again()?;
        }
        Ok(())
    }

    /// Loads slots to vector registers right before they are used, if there is another load between. There are no branches within the code.
    fn load_late(&mut self) -> Result<(), String> {
        for index in (0..self.instructions.len())
            .filter(|&index| pairs::is_early(self, index))
            .collect::<Vec<_>>()
        {
            let [first, second] = [0, 1].map(|next| self.instructions[index + next]);
            self.code[first.start..second.end].rotate_left(first.end - first.start);
            for hole in &mut self.holes {
                if (first.start..first.end).contains(&hole.at) {
                    hole.at += second.end - second.start;
                } else if (second.start..second.end).contains(&hole.at) {
                    hole.at -= first.end - first.start;
                }
            }
            self.holes.sort_by_key(|hole| hole.at);
            self.decode_again()?;
        }
        Ok(())
    }

    /// Finds the instructions after the code has changed.
    fn decode_again(&mut self) -> Result<(), String> {
        let holes = std::mem::take(&mut self.holes);
        *self = Draft {
            holes,
            ..Draft::decode(&self.code)?
        };
        Ok(())
    }
}

impl Stencil {
    /// Whether it takes fewer instructions, all of which run, and uses slots no worse.
    pub fn is_shorter_than(&self, other: &Stencil) -> bool {
        // Where it is not known how slots are used, all of them are in memory.
        let in_memory = |stencil: &Stencil| {
            let uses = stencil.accesses.iter().flatten();
            let count = uses.filter(|access| access.form == Form::Memory).count();
            (stencil.accesses.is_none(), count)
        };
        self.instructions < other.instructions && !self.branches && in_memory(self) <= in_memory(other)
    }

    /// Adds code and holes to the table; returns the other fields of its row.
    pub fn write(&self, table: &mut Table) -> String {
        let accesses = self.accesses.as_deref().unwrap_or_default();
        let row = format!(
            "code: {}, length: {}, holes: {}, count: {}, reach: {}, accesses: {}, uses: {}, forms: {}, in_memory: {}, \
             touched: {}, branches: {}, moves: {}, keeps_acc: {}, kills_acc: {}, traps: {}, rare: {}",
            table.code.len(),
            self.code.len(),
            table.holes.len(),
            self.holes.len(),
            self.reach,
            table.accesses.len(),
            accesses.len(),
            accesses.iter().fold(0, |forms, access| forms | access.form.bit()),
            self.accesses.is_none(),
            self.touched,
            self.branches,
            self.moves,
            self.keeps_acc,
            self.kills_acc,
            self.holes.iter().any(|hole| matches!(hole.what, What::Trap(_))),
            self.holes.iter().any(|hole| hole.what == What::Rare)
        );
        for access in accesses {
            let Access {
                unit,
                form,
                reads,
                writes,
                first,
                count,
                ..
            } = access;
            table.accesses.push(format!(
                "unit: {unit}, form: Form::{form:?}, reads: {reads}, writes: {writes}, first: {first}, count: {count}"
            ));
        }
        table.code.extend(&self.code);
        for (Hole { at, what, offset }, around) in self.holes.iter().zip(&self.around) {
            let Around {
                start,
                end,
                reads,
                joined,
                settles,
                idle,
                single,
            } = around;
            let access = accesses.iter().find(|access| access.field == *at);
            let (form, near) = access.map_or((Form::Memory, false), |access| (access.form, access.near));
            let (start, rest) = (at - start, end - at);
            table.holes.push(format!(
                "at: {at}, what: What::{what:?}, offset: {offset}, start: {start}, rest: {rest}, reads: {reads}, \
                 joined: {joined}, settles: {settles}, idle: {idle}, single: {single}, form: Form::{form:?}, near: {near}"
            ));
        }
        row
    }
}
