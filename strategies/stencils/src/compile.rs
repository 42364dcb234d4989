//! From nodes to machine code: copies of stencils in a row, their holes filled.
//!
//! One pass over the nodes in the order of the stream. A branch's target is filled in afterwards, when all nodes have their
//! places, and so are the ends of runs by traps and the ways to handlers, which lie behind the function's code.
//!
//! Where slots live in registers, nodes have two beginnings: one for code that comes with them there, and an entrance for whoever
//! comes from elsewhere (a call, a return, a handler, a machine that goes on), which loads them first.

mod finish;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_threaded::copies::{Draft, OPERANDS, Role};

use crate::access::{Form, Instruction, add, rewrite, rewrite_near, rewrite_number};
use crate::code::Assembly;
use crate::exits::{Exits, JMP};
use crate::form;
use crate::joined::{Part, To};
use crate::nodes::{Cells, Node, Nodes, UNIT};
use crate::nops::{LOOP, nops};
use crate::numbers::{offset, small};
use crate::pins::{Away, Pins, Way, copies, moves, weights};
use crate::table::{CONSTANTS, Hole, Stencil};
use crate::what::What;

/// A field that is filled in when all nodes have their places.
struct Later {
    at: u32,
    node: u32,
    rest: u8,
    what: Ahead,
}

/// What it is filled with: the distance to this.
enum Ahead {
    /// The code of the target that the node branches to.
    Target,
    /// The exit of a trap.
    Trap(u8),
    /// The node's handler.
    Handler,
}

/// The machine code of a function, which calls by these cells.
pub(crate) fn assemble(draft: &Draft, body: &FunctionBody, form: form::Form, cells: Cells<'_>) -> Assembly {
    let nodes = Nodes::of(draft, cells);
    // What goes back from behind the blocks enters one, and runs once.
    let end = nodes.number(draft.end());
    let within = &nodes.branches[..nodes.branches.partition_point(|&(from, _)| from < end)];
    let back = within.iter().filter(|(from, to)| to <= from);
    let mut loops: Vec<u32> = back.map(|&(_, to)| to).collect();
    loops.sort_unstable();
    loops.dedup();
    let pins = match form.pins && !loops.is_empty() {
        true => Pins::chosen(&nodes, body, &weights(nodes.list.len(), within)),
        false => Pins::none(),
    };
    if !form.aligned {
        loops.clear();
    }
    let plan = Plan {
        pins: &pins,
        aligned: &loops,
        numbers: form.numbers,
        cells,
    };
    put_together(&nodes, &plan)
}

/// What is done besides copying.
pub(crate) struct Plan<'a> {
    /// The slots that live in registers.
    pub pins: &'a Pins,
    /// The numbers of the nodes that are aligned, ascending.
    pub aligned: &'a [u32],
    /// Whether small numbers are in the code.
    pub numbers: bool,
    /// Those of all that the nodes call.
    pub cells: Cells<'a>,
}

/// Bytes of code and of constants that a node takes, about.
const CODE: usize = 20;
const CONSTANT: usize = 4;

/// The machine code of these nodes.
pub(crate) fn put_together(nodes: &Nodes<'_>, plan: &Plan<'_>) -> Assembly {
    let count = nodes.list.len();
    let mut aligned = plan.aligned.iter().peekable();
    let mut assembler = Assembler {
        assembly: Assembly {
            code: Vec::with_capacity(count * CODE),
            constants: Vec::with_capacity(count * CONSTANT),
            starts: Vec::with_capacity(count),
            ..Assembly::default()
        },
        nodes,
        pins: plan.pins,
        numbers: plan.numbers,
        cells: plan.cells,
        entrances: vec![None; count],
        later: Vec::with_capacity(count / 2),
        tables: Vec::new(),
        own: vec![None; CONSTANTS.len()],
        exits: Exits::new(plan.pins, nodes.draft.address(0)),
        next: Vec::new(),
        call: None,
    };
    for index in 0..count {
        let is_aligned = aligned.next_if(|&&next| next as usize == index).is_some();
        assembler.node(index, is_aligned);
    }
    assembler.finish()
}

struct Assembler<'a> {
    assembly: Assembly,
    nodes: &'a Nodes<'a>,
    pins: &'a Pins,
    numbers: bool,
    cells: Cells<'a>,
    /// Where nodes begin for those who come from elsewhere.
    entrances: Vec<Option<u32>>,
    later: Vec<Later>,
    /// Nodes with tables of targets, from where their distances count, and where they are among the constants.
    tables: Vec<(usize, usize, usize)>,
    /// Where constants of handlers are among the function's.
    own: Vec<Option<u32>>,
    exits: Exits<'a>,
    /// Of the node that is copied, fields with the distance to the next.
    next: Vec<(usize, u8)>,
    /// The call that was copied last, until code follows to which it returns.
    call: Option<Call>,
}

/// A call that has been copied.
struct Call {
    /// The field with the distance to where it goes on.
    at: usize,
    rest: u8,
    /// The slot at which the callee's frame begins.
    base: u32,
}

impl<'a> Assembler<'a> {
    fn node(&mut self, index: usize, aligned: bool) {
        let nodes = self.nodes;
        let node = &nodes.list[index];
        let after = index
            .checked_sub(1)
            .map(|before| &nodes.list[before])
            .filter(|before| before.barrier);
        let stored = self.pins.flow(index).stored();
        let back = match self.call.take_if(|_| node.role != Role::SwitchBack) {
            Some(call) => self.go_on(&call, node.barrier && stored != 0),
            None => None,
        };
        let entrance = self.place();
        if node.barrier {
            // A copy before it that needs slots in memory has left them there.
            if after.is_some_and(Node::falls_in_code) {
                self.move_pins(stored, Way::ToRegister);
            }
        } else if index == 0 || after.is_some() {
            if index == 0 {
                self.pins.begin(&mut self.assembly.code);
            }
            self.move_pins(self.pins.flow(index).before, Way::ToRegister);
            self.entrances[index] = Some(entrance);
        }
        if aligned {
            let code = &mut self.assembly.code;
            nops(code, code.len().next_multiple_of(LOOP) - code.len());
        }
        let start = self.place();
        self.assembly.starts.push(start);
        if node.barrier {
            self.move_pins(stored, Way::ToSlot);
            self.entrances[index] = Some(self.place());
        }
        if let Some(back) = back {
            self.fill(back, distance(back, UNIT as u8, self.assembly.code.len()));
        }
        match node.stencil {
            Some(stencil) => self.copy(index, node, stencil),
            None => {
                self.assembly.handlers += 1;
                self.hand_over(nodes.address(index), nodes.handler(index));
            }
        }
    }

    /// Where what comes next will be.
    fn place(&self) -> u32 {
        self.assembly.code.len() as u32
    }

    /// Code at an odd address to which a callee's copy returns, with its own frame: the caller's is below it. What follows is where the
    /// caller goes on; if stores come before that (`stores`), it is jumped to, and the jump's field returned.
    fn go_on(&mut self, call: &Call, stores: bool) -> Option<usize> {
        let code = &mut self.assembly.code;
        if code.len().is_multiple_of(2) {
            nops(code, 1);
        }
        let place = code.len();
        // sub rsi, 8 * base
        code.extend_from_slice(&[0x48, 0x81, 0xee]);
        code.extend_from_slice(&(call.base * 8).to_le_bytes());
        let jump = stores.then(|| {
            code.push(JMP);
            code.extend_from_slice(&[0; UNIT]);
            code.len() - UNIT
        });
        self.fill(call.at, distance(call.at, call.rest, place));
        jump
    }

    fn move_pins(&mut self, which: u32, way: Way) {
        self.pins.moves(&mut self.assembly.code, which, way);
    }

    fn copy(&mut self, index: usize, node: &Node<'a>, stencil: &'static Stencil) {
        let (code, mut length, mut holes) = (stencil.code_on(), stencil.code().len(), stencil.holes());
        // A jump to what comes next is left out.
        if let Some((last, others)) = holes.split_last()
            && last.what == What::Target
            && self.nodes.targets(index).next() == Some(index as u32 + 1)
            && usize::from(last.at) + UNIT == length
            && code[usize::from(last.at) - 1] == JMP
        {
            (length, holes) = (usize::from(last.at) - 1, others);
        }
        let away = self.pins.away(index, node);
        for one in away.iter().filter(|one| one.stored) {
            moves(&mut self.assembly.code, one.slot, one.register, Way::ToSlot);
        }
        if stencil.moves && away.is_empty() && self.move_slot(node, stencil) {
            return;
        }
        let start = self.assembly.code.len();
        let (mut from, mut units) = (0, None);
        let settled = holes
            .last()
            .and_then(|store| self.settled(index, stencil, store, &away));
        let mut holes = holes.iter();
        while let Some(hole) = holes.next() {
            let field = usize::from(hole.at);
            if let Some(to) = self.rewritten(node, stencil, hole, &away) {
                let next = holes.as_slice().first().filter(|_| hole.joined > 0);
                let part = Part {
                    code,
                    length,
                    hole,
                    to,
                    next: next.and_then(|next| self.rewritten(node, stencil, next, &away)?.general()),
                    settled,
                };
                let out = &mut self.assembly.code;
                if let Some((end, done)) = part.join(out, from) {
                    from = end;
                    holes.by_ref().take(done).for_each(drop);
                    continue;
                }
                let begin = field - usize::from(hole.start);
                add(out, code, from..begin);
                from = field + usize::from(hole.rest);
                let instruction = Instruction {
                    code: &code[begin..],
                    length: from - begin,
                    modrm: usize::from(hole.start) - 1,
                };
                self.rewrite(instruction, to, stencil.branches);
                continue;
            }
            add(&mut self.assembly.code, code, from..field);
            from = field + hole.what.bytes();
            let (at, rest) = (self.assembly.code.len(), hole.rest);
            let ahead = match hole.what {
                What::Slot(unit) => {
                    let place = node.operand(unit).wrapping_mul(8).wrapping_add_signed(hole.offset);
                    self.assembly.code.extend_from_slice(&place.to_le_bytes());
                    continue;
                }
                What::Number { unit, mask, back } => {
                    let number = node.operand(unit) as u8;
                    let number = if back { number.wrapping_neg() } else { number };
                    self.assembly.code.push(number & mask);
                    continue;
                }
                What::Global => {
                    self.assembly
                        .code
                        .extend_from_slice(&(node.operand(0) * 8).to_le_bytes());
                    continue;
                }
                What::Here => {
                    let here = distance(at, rest, start);
                    self.assembly.code.extend_from_slice(&here.to_le_bytes());
                    continue;
                }
                What::Next => {
                    self.next.push((at, rest));
                    None
                }
                What::Target if self.nodes.targets(index).len() > 0 => Some(Ahead::Target),
                What::Target | What::Rare => Some(Ahead::Handler),
                What::Trap(trap) => Some(Ahead::Trap(trap)),
                What::Behind => {
                    self.call = Some(Call {
                        at,
                        rest,
                        base: node.operand(1),
                    });
                    None
                }
                What::Table
                | What::Units
                | What::Vector(_)
                | What::Offset(_)
                | What::Constant(_)
                | What::Cell
                | What::Cells => {
                    let place = self.constant(index, node, stencil, hole, (start, &mut units));
                    self.assembly
                        .reaches
                        .push((at as u32, distance(at, rest, place) as i32));
                    None
                }
            };
            self.assembly.code.extend_from_slice(&[0; UNIT]);
            if let Some(what) = ahead {
                self.later.push(Later {
                    at: at as u32,
                    node: index as u32,
                    rest,
                    what,
                });
            }
        }
        add(&mut self.assembly.code, code, from..length);
        let behind = self.assembly.code.len();
        while let Some((at, rest)) = self.next.pop() {
            self.fill(at, distance(at, rest, behind));
        }
        for one in away.iter().filter(|one| one.loaded) {
            moves(&mut self.assembly.code, one.slot, one.register, Way::ToRegister);
        }
    }

    /// Moves one slot to another that lives in a register, by one instruction.
    fn move_slot(&mut self, node: &Node<'_>, stencil: &Stencil) -> bool {
        let [from, to] = [0, 1].map(|number: usize| node.operand(stencil.accesses()[number].unit));
        let out = &mut self.assembly.code;
        match (self.pins.register(from), self.pins.register(to)) {
            (Some(from), Some(to)) => copies(out, from, to),
            (None, Some(to)) => moves(out, from, to, Way::ToRegister),
            // To a slot in memory, one store was slower than two instructions: 1.02 times on the mean, 1.15 in three programs.
            (_, None) => return false,
        }
        true
    }

    /// Where a stencil's last instruction begins, and the register of the slot that it stores a result in, if what writes the result may
    /// write it there, and nobody wants it where it is.
    fn settled(&self, index: usize, stencil: &Stencil, store: &Hole, away: &[Away]) -> Option<(usize, u8)> {
        let nodes = &self.nodes.list;
        let is_dead = || nodes.get(index + 1)?.stencil.map(|next| next.kills_acc);
        if store.settles == 0 || stencil.keeps_acc && is_dead() != Some(true) {
            return None;
        }
        let register = self.rewritten(&nodes[index], stencil, store, away)?.general()?;
        Some((usize::from(store.at) - usize::from(store.start), register))
    }

    /// Where the constant is that a hole stands for. `start` is where the copy begins, and `units` where the node's operands are.
    fn constant(
        &mut self,
        index: usize,
        node: &Node<'_>,
        stencil: &Stencil,
        hole: &Hole,
        (start, units): (usize, &mut Option<usize>),
    ) -> usize {
        match hole.what {
            What::Table => self.table(index, start),
            What::Constant(number) => self.own_constant(number) + hole.offset as usize,
            What::Cell => self.cell(node.callee()),
            What::Cells => self.cell(0),
            What::Vector(unit) => {
                self.align_constants();
                self.constants(&node.operands[usize::from(unit)..][..4])
            }
            What::Offset(width) => {
                let place = self.assembly.constants.len();
                let offset = offset(node.operands, width);
                self.assembly.constants.extend_from_slice(&offset.to_le_bytes());
                place
            }
            What::Units
            | What::Slot(_)
            | What::Number { .. }
            | What::Global
            | What::Here
            | What::Next
            | What::Target
            | What::Trap(_)
            | What::Rare
            | What::Behind => {
                let read = &node.operands[..usize::from(stencil.reach).div_ceil(UNIT)];
                let place = *units.get_or_insert_with(|| self.constants(read));
                place + (hole.offset as usize - OPERANDS * UNIT)
            }
        }
    }

    /// What comes in place of an instruction with a hole: of one that uses a slot which lives in a register and is not away, of one that
    /// uses a slot near the frame's beginning, and of one that reads a small number.
    #[inline]
    fn rewritten(&self, node: &Node<'_>, stencil: &Stencil, hole: &Hole, away: &[Away]) -> Option<To> {
        match hole.what {
            What::Slot(unit) if !node.barrier => {
                let slot = node.operand(unit);
                match self.pins.register(slot) {
                    // What stays as it is need not use the unit's own slot: it may be one behind it.
                    Some(register) if hole.form != Form::Memory && away.iter().all(|other| other.slot != slot) => {
                        Some(To::Register(hole.form, register))
                    }
                    // What is filled up to the same length costs time.
                    _ if hole.near && self.numbers && !stencil.branches => {
                        let place = i64::from(slot) * 8 + i64::from(hole.offset);
                        Some(To::Near(i8::try_from(place).ok()?))
                    }
                    _ => None,
                }
            }
            What::Units if self.numbers && hole.reads > 0 => {
                small(node.operands, hole.offset as usize - OPERANDS * UNIT, hole.reads).map(To::Number)
            }
            What::Offset(width) if self.numbers && hole.reads > 0 => {
                let offset = u16::try_from(offset(node.operands, width)).ok()?;
                Some(To::Number(offset.into()))
            }
            _ => None,
        }
    }

    /// Adds an instruction that is rewritten.
    fn rewrite(&mut self, instruction: Instruction<'_>, to: To, branches: bool) {
        let out = &mut self.assembly.code;
        let before = out.len();
        let rewritten = match to {
            To::Register(form, register) => rewrite(out, instruction, form, register),
            To::Number(number) => rewrite_number(out, instruction, number),
            To::Near(place) => {
                rewrite_near(out, instruction, place);
                true
            }
        };
        debug_assert!(rewritten, "{instruction:x?} {to:?}");
        // Branches within the stencil keep their distances.
        if branches {
            let rest = instruction.length - (out.len() - before);
            nops(out, rest);
        }
    }

    /// The node's operand units among the constants.
    fn constants(&mut self, operands: &[u32]) -> usize {
        let place = self.assembly.constants.len();
        for unit in operands {
            self.assembly.constants.extend_from_slice(&unit.to_ne_bytes());
        }
        place
    }

    /// Room for the distances of a switch's targets among the constants; they count from here.
    fn table(&mut self, node: usize, here: usize) -> usize {
        let place = self.assembly.constants.len();
        let targets = self.nodes.targets(node).len();
        self.assembly.constants.resize(place + targets * UNIT, 0);
        self.tables.push((node, here, place));
        place
    }

    /// The address of a function's cell, among the constants.
    fn cell(&mut self, function: usize) -> usize {
        let place = self.assembly.constants.len();
        let cell = self.cells.address(function);
        self.assembly.constants.extend_from_slice(&cell.to_le_bytes());
        place
    }

    /// A constant of handlers among the function's, aligned as their instructions want it.
    fn own_constant(&mut self, number: u16) -> usize {
        if let Some(place) = self.own[usize::from(number)] {
            return place as usize;
        }
        self.align_constants();
        let place = self.assembly.constants.len();
        self.assembly.constants.extend(CONSTANTS[usize::from(number)]);
        self.own[usize::from(number)] = Some(place as u32);
        place
    }

    /// Vectors are aligned, as their instructions want it.
    fn align_constants(&mut self) {
        let constants = &mut self.assembly.constants;
        constants.resize(constants.len().next_multiple_of(16), 0);
    }

    /// `mov rdi, node; mov rax, handler; jmp rax`: on to a handler, which goes on at the address that the next node has.
    fn hand_over(&mut self, node: u64, handler: u64) {
        let code = &mut self.assembly.code;
        code.extend([0x48, 0xbf]);
        code.extend(node.to_le_bytes());
        code.extend([0x48, 0xb8]);
        code.extend(handler.to_le_bytes());
        code.extend([0xff, 0xe0]);
    }

    fn fill(&mut self, at: usize, value: u32) {
        self.assembly.code[at..at + UNIT].copy_from_slice(&value.to_le_bytes());
    }
}

/// From the end of the instruction with a field to another place.
fn distance(field: usize, rest: u8, to: usize) -> u32 {
    (to as u32).wrapping_sub((field + usize::from(rest)) as u32)
}
