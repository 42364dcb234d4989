//! From nodes to machine code: copies of stencils in a row, their holes filled.
//!
//! One pass over the nodes in the order of the stream. A branch's target is filled in afterwards, when all nodes have their
//! places, and so are the ends of runs by traps and the ways to handlers, which lie behind the function's code.
//!
//! Where slots live in registers, nodes have two beginnings: one for code that comes with them there, and an entrance for whoever
//! comes from elsewhere (a call, a return, a handler, a machine that goes on), which loads them first.

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_threaded::copies::{Draft, DraftNode, OPERANDS, Role};

use crate::access::{Form, Register, rewrite, rewrite_near, rewrite_number};
use crate::code::Assembly;
use crate::exits::{Exits, JMP, Out};
use crate::form;
use crate::pins::{Away, Node, Pins, Way, moves, weights};
use crate::table::{CONSTANTS, Hole, Stencil};
use crate::what::What;

/// Bytes of a unit.
const UNIT: usize = size_of::<u32>();

/// A field that is filled in when all nodes have their places.
struct Later {
    at: usize,
    node: usize,
    rest: u8,
    what: Ahead,
}

/// What it is filled with: the distance to this.
enum Ahead {
    /// The code of the node at a unit.
    Node(u32),
    /// The exit of a trap.
    Trap(u8),
    /// The node's handler.
    Handler,
    /// A place in the constants.
    Constant(usize),
}

/// The machine code of a function.
pub(crate) fn assemble(draft: &Draft, body: &FunctionBody, form: form::Form) -> Assembly {
    let nodes = nodes(draft);
    let branches = branches(&nodes);
    // What goes back from behind the blocks enters one, and runs once.
    let end = number(&nodes, draft.end());
    let within = &branches[..branches.partition_point(|&(from, _)| from < end)];
    let back = within.iter().filter(|(from, to)| to <= from);
    let mut loops: Vec<u32> = back.map(|&(_, to)| to).collect();
    loops.sort_unstable();
    loops.dedup();
    let pins = match form.pins && !loops.is_empty() {
        true => Pins::chosen(&nodes, &branches, body, &weights(nodes.len(), within)),
        false => Pins::none(),
    };
    if !form.aligned {
        loops.clear();
    }
    let plan = Plan {
        pins: &pins,
        aligned: &loops,
        numbers: form.numbers,
    };
    put_together(draft, &nodes, &plan)
}

/// What is done besides copying.
pub(crate) struct Plan<'a> {
    /// The slots that live in registers.
    pub pins: &'a Pins,
    /// The numbers of the nodes that are aligned, ascending.
    pub aligned: &'a [u32],
    /// Whether small numbers are in the code.
    pub numbers: bool,
}

/// A function's nodes with what is copied for them.
pub(crate) fn nodes(draft: &Draft) -> Vec<Node<'_>> {
    let stencil = |draft: DraftNode<'_>| {
        // A stencil that reads beyond the node would be another handler's.
        let found = Stencil::of(draft.name, draft.v2);
        found.filter(|stencil| usize::from(stencil.reach) <= draft.operands.len() * UNIT)
    };
    let nodes = draft.nodes().map(|draft| Node {
        stencil: stencil(draft),
        draft,
    });
    nodes.collect()
}

/// The number of the node at a unit.
fn number(nodes: &[Node<'_>], unit: u32) -> u32 {
    nodes.partition_point(|node| node.draft.start < unit) as u32
}

/// The branches from node to node, by their numbers, in the order of the nodes.
pub(crate) fn branches(nodes: &[Node<'_>]) -> Vec<(u32, u32)> {
    let mut branches = Vec::new();
    for (from, node) in nodes.iter().enumerate() {
        let to = node.draft.targets().map(|unit| number(nodes, unit));
        branches.extend(to.map(|to| (from as u32, to)));
    }
    branches
}

/// The machine code of these nodes.
pub(crate) fn put_together(draft: &Draft, nodes: &[Node<'_>], plan: &Plan<'_>) -> Assembly {
    let mut aligned = plan.aligned.iter().peekable();
    let mut assembler = Assembler {
        assembly: Assembly::default(),
        nodes,
        pins: plan.pins,
        numbers: plan.numbers,
        entrances: vec![None; nodes.len()],
        later: Vec::new(),
        tables: Vec::new(),
        own: vec![None; CONSTANTS.len()],
        exits: Exits::new(plan.pins, nodes.first().map_or(0, |first| first.draft.address)),
        rewritten: Vec::new(),
        shorter: Vec::new(),
    };
    for index in 0..nodes.len() {
        let is_aligned = aligned.next_if(|&&next| next as usize == index).is_some();
        assembler.node(index, is_aligned);
    }
    assembler.finish(draft)
}

struct Assembler<'a> {
    assembly: Assembly,
    nodes: &'a [Node<'a>],
    pins: &'a Pins,
    numbers: bool,
    /// Where nodes begin for those who come from elsewhere.
    entrances: Vec<Option<u32>>,
    later: Vec<Later>,
    /// Nodes with tables of targets, from where their distances count, and where they are among the constants.
    tables: Vec<(usize, usize, usize)>,
    /// Where constants of handlers are among the function's.
    own: Vec<Option<u32>>,
    exits: Exits<'a>,
    /// Of the node that is copied.
    rewritten: Vec<Rewritten>,
    shorter: Vec<Shorter>,
}

impl Assembler<'_> {
    fn node(&mut self, index: usize, aligned: bool) {
        let node = &self.nodes[index];
        let flow = self.pins.flow(index);
        let barrier = node.is_barrier();
        let after = index
            .checked_sub(1)
            .map(|before| &self.nodes[before])
            .filter(|before| before.is_barrier());
        let entrance = self.place();
        if barrier {
            // A copy before it that needs slots in memory has left them there.
            if after.is_some_and(Node::falls_in_code) {
                self.move_pins(flow.stored(), Way::ToRegister);
            }
        } else if index == 0 || after.is_some() {
            self.move_pins(flow.before, Way::ToRegister);
            self.entrances[index] = Some(entrance);
        }
        if aligned {
            let code = &mut self.assembly.code;
            nops(code, code.len().next_multiple_of(LOOP) - code.len());
        }
        let start = self.place();
        self.assembly.starts.push(start);
        if barrier {
            self.move_pins(flow.stored(), Way::ToSlot);
            self.entrances[index] = Some(self.place());
        }
        match node.stencil {
            Some(stencil) => self.copy(index, stencil),
            None => {
                self.assembly.handlers += 1;
                self.hand_over(node.draft.address, node.draft.handler);
            }
        }
    }

    /// Where what comes next will be.
    fn place(&self) -> u32 {
        self.assembly.code.len() as u32
    }

    fn move_pins(&mut self, which: u32, way: Way) {
        self.pins.moves(&mut self.assembly.code, which, way);
    }

    fn copy(&mut self, index: usize, stencil: &'static Stencil) {
        let node = &self.nodes[index];
        let (mut code, mut holes) = (stencil.code(), stencil.holes());
        // A jump to what comes next is left out.
        if let Some((last, others)) = holes.split_last()
            && last.what == What::Target
            && node.draft.targets().next() == Some(node.draft.end)
            && usize::from(last.at) + UNIT == code.len()
            && code[usize::from(last.at) - 1] == JMP
        {
            (code, holes) = (&code[..usize::from(last.at) - 1], others);
        }
        let away = self.pins.away(index, node);
        for one in away.iter().filter(|one| one.stored) {
            moves(&mut self.assembly.code, one.slot, one.register, Way::ToSlot);
        }
        let start = self.assembly.code.len();
        self.find_rewritten(index, stencil, holes, &away);
        self.copy_rewritten(code, stencil.branches);
        let shorter = std::mem::take(&mut self.shorter);
        let behind = self.assembly.code.len();
        for one in away.iter().filter(|one| one.loaded) {
            moves(&mut self.assembly.code, one.slot, one.register, Way::ToRegister);
        }
        let mut rest_of_shorter = shorter.iter().peekable();
        let (mut less, mut units) = (0, None);
        for &Hole {
            at, what, offset, rest, ..
        } in holes
        {
            let at = usize::from(at);
            while let Some(by) = rest_of_shorter.next_if(|by| by.end <= at) {
                less = by.less;
            }
            // This slot lives in a register, or this number is in the code.
            if rest_of_shorter.peek().is_some_and(|by| by.field == at) {
                continue;
            }
            let at = start + at - less;
            let later = match what {
                What::Slot(unit) => {
                    let slot = node.draft.operands.get(usize::from(unit)).copied().unwrap_or(0);
                    self.fill(at, slot.wrapping_mul(8).wrapping_add_signed(offset));
                    continue;
                }
                What::Next => {
                    self.fill(at, distance(at, rest, behind));
                    continue;
                }
                What::Here => {
                    self.fill(at, distance(at, rest, start));
                    continue;
                }
                What::Table => Ahead::Constant(self.table(index, start)),
                What::Units => {
                    let read = &node.draft.operands[..usize::from(stencil.reach).div_ceil(UNIT)];
                    let place = *units.get_or_insert_with(|| self.constants(read));
                    Ahead::Constant(place + (offset as usize - OPERANDS * UNIT))
                }
                What::Constant(number) => Ahead::Constant(self.own_constant(number) + offset as usize),
                What::Behind => Ahead::Constant(self.behind(index)),
                What::Target => match node.draft.targets().next() {
                    Some(target) => Ahead::Node(target),
                    None => Ahead::Handler,
                },
                What::Trap(trap) => Ahead::Trap(trap),
                What::Rare => Ahead::Handler,
            };
            self.later.push(Later {
                at,
                node: index,
                rest,
                what: later,
            });
        }
        self.shorter = shorter;
    }

    /// Finds the instructions of a stencil that are rewritten, in their order: those that use slots which live in registers and are not
    /// away, those that use slots near the frame's beginning, and those that read small numbers.
    fn find_rewritten(&mut self, index: usize, stencil: &Stencil, holes: &[Hole], away: &[Away]) {
        let node = &self.nodes[index];
        let all = &mut self.rewritten;
        all.clear();
        for (slot, access) in node.uses() {
            let to = match self.pins.register(slot) {
                // What stays as it is need not use the unit's own slot: it may be one behind it.
                Some(register) if access.form != Form::Memory && away.iter().all(|other| other.slot != slot) => {
                    Some(To::Register(access.form, register))
                }
                // What is filled up to the same length costs time.
                _ if access.near && self.numbers && !stencil.branches => near(holes, access.field, slot).map(To::Near),
                _ => None,
            };
            all.extend(to.map(|to| Rewritten {
                start: usize::from(access.start),
                field: usize::from(access.field),
                end: usize::from(access.end),
                to,
            }));
        }
        for hole in holes.iter().filter(|hole| self.numbers && hole.reads > 0) {
            let at = usize::from(hole.at);
            if let Some(number) = small(node.draft.operands, hole.offset as usize - OPERANDS * UNIT, hole.reads) {
                all.push(Rewritten {
                    start: at - usize::from(hole.start),
                    field: at,
                    end: at + usize::from(hole.rest),
                    to: To::Number(number),
                });
            }
        }
        all.sort_by_key(|rewritten| rewritten.start);
    }

    /// Adds a stencil's code with those instructions rewritten. Finds out how much shorter they are.
    fn copy_rewritten(&mut self, code: &'static [u8], branches: bool) {
        let out = &mut self.assembly.code;
        let (mut from, mut less) = (0, 0);
        self.shorter.clear();
        for &Rewritten { start, field, end, to } in &self.rewritten {
            out.extend(&code[from..start]);
            let (before, instruction, modrm) = (out.len(), &code[start..end], field - 1 - start);
            let rewritten = match to {
                To::Register(form, register) => rewrite(out, instruction, modrm, form, register),
                To::Number(number) => rewrite_number(out, instruction, modrm, number),
                To::Near(place) => {
                    rewrite_near(out, instruction, modrm, place);
                    true
                }
            };
            debug_assert!(rewritten, "{instruction:x?} {to:?}");
            // Branches within the stencil keep their distances.
            if branches {
                let rest = end - start - (out.len() - before);
                nops(out, rest);
            }
            less += end - start - (out.len() - before);
            self.shorter.push(Shorter { field, end, less });
            from = end;
        }
        out.extend(&code[from..]);
    }

    /// The node's operand units among the constants.
    fn constants(&mut self, operands: &[u32]) -> usize {
        let place = self.assembly.constants.len();
        let bytes = operands.iter().flat_map(|unit| unit.to_ne_bytes());
        self.assembly.constants.extend(bytes);
        place
    }

    /// Room for the distances of a switch's targets among the constants; they count from here.
    fn table(&mut self, node: usize, here: usize) -> usize {
        let place = self.assembly.constants.len();
        let targets = self.nodes[node].draft.targets().len();
        self.assembly.constants.resize(place + targets * UNIT, 0);
        self.tables.push((node, here, place));
        place
    }

    /// The address of the node where a call goes on, among the constants: the next, or the one after what only a callee of another
    /// instance returns to.
    fn behind(&mut self, index: usize) -> usize {
        let place = self.assembly.constants.len();
        let node = &self.nodes[index].draft;
        let next = self.nodes.get(index + 1).map(|next| &next.draft);
        let back = next.filter(|next| next.role == Role::SwitchBack);
        let units = back.unwrap_or(node).end - node.start;
        let address = node.address + u64::from(units) * UNIT as u64;
        self.assembly.constants.extend(address.to_le_bytes());
        place
    }

    /// A constant of handlers among the function's, aligned as their instructions want it.
    fn own_constant(&mut self, number: u16) -> usize {
        let constants = &mut self.assembly.constants;
        let place = self.own[usize::from(number)].get_or_insert_with(|| {
            constants.resize(constants.len().next_multiple_of(16), 0);
            let place = constants.len();
            constants.extend(CONSTANTS[usize::from(number)]);
            place as u32
        });
        *place as usize
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

    fn finish(mut self, draft: &Draft) -> Assembly {
        self.assembly.end = self.place();
        for Later { at, node, rest, what } in std::mem::take(&mut self.later) {
            let (index, node) = (node, &self.nodes[node]);
            let value = match what {
                Ahead::Node(unit) => distance(at, rest, self.beginning(node, unit) as usize),
                Ahead::Trap(trap) => distance(at, rest, self.way_out(index, Out::Trap(trap)) as usize),
                Ahead::Handler => distance(at, rest, self.way_out(index, Out::Handler(node.draft.handler)) as usize),
                Ahead::Constant(place) => {
                    let reach = distance(at, rest, place) as i32;
                    self.assembly.reaches.push((at as u32, reach));
                    continue;
                }
            };
            self.fill(at, value);
        }
        for (node, here, place) in std::mem::take(&mut self.tables) {
            let node = &self.nodes[node];
            for (unit, place) in node.draft.targets().zip((place..).step_by(UNIT)) {
                let to = self.beginning(node, unit);
                self.assembly.constants[place..place + UNIT]
                    .copy_from_slice(&to.wrapping_sub(here as u32).to_le_bytes());
            }
        }
        self.entrances(draft);
        self.assembly
    }

    /// Where the node at a unit begins for those who come from another.
    fn beginning(&mut self, from: &Node<'_>, unit: u32) -> u32 {
        let target = number(self.nodes, unit) as usize;
        match from.is_barrier() {
            true => self.entrance(target),
            false => self.assembly.starts[target],
        }
    }

    /// A way out of a node, with slots in memory for who takes it over.
    fn way_out(&mut self, index: usize, out: Out) -> u32 {
        let node = &self.nodes[index];
        let stored = self.pins.left(index, node);
        self.exits
            .way_out(&mut self.assembly.code, node.draft.address, stored, out)
    }

    /// Where a node begins for those who come from elsewhere.
    fn entrance(&mut self, index: usize) -> u32 {
        if let Some(entrance) = self.entrances[index] {
            return entrance;
        }
        let (start, loaded) = (self.assembly.starts[index], self.pins.flow(index).before);
        let entrance = self.exits.way_in(&mut self.assembly.code, loaded, start);
        self.entrances[index] = Some(entrance);
        entrance
    }

    /// Makes entrances where handlers go on and where machines do.
    fn entrances(&mut self, draft: &Draft) {
        for &unit in draft.entrances() {
            let index = number(self.nodes, unit) as usize;
            if index < self.nodes.len() {
                self.entrance(index);
            }
        }
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let hands_over = node
                .stencil
                .is_none_or(|stencil| stencil.holes().iter().any(|hole| hole.what == What::Rare));
            if !hands_over {
                continue;
            }
            if index + 1 < self.nodes.len() {
                self.entrance(index + 1);
            }
            for unit in node.draft.targets() {
                self.entrance(number(self.nodes, unit) as usize);
            }
        }
        let starts = self.assembly.starts.iter();
        let entrances = self.entrances.iter().zip(starts);
        self.assembly.entrances = entrances.map(|(entrance, &start)| entrance.unwrap_or(start)).collect();
    }
}

/// An instruction that is rewritten: where it begins and ends, its hole, and what comes in place of that.
#[derive(Clone, Copy)]
struct Rewritten {
    start: usize,
    field: usize,
    end: usize,
    to: To,
}

#[derive(Clone, Copy, Debug)]
enum To {
    Register(Form, Register),
    Number(u16),
    Near(i8),
}

/// The place of a slot that an instruction with a hole here uses, if it has 8 bits.
fn near(holes: &[Hole], field: u16, slot: u32) -> Option<i8> {
    let hole = holes.binary_search_by_key(&field, |hole| hole.at).ok()?;
    i8::try_from(i64::from(slot) * 8 + i64::from(holes[hole].offset)).ok()
}

/// The number in these bytes of a node's operand units, if it is small. A module then chooses two bytes of a field in machine code,
/// of which the others are zero: as many as of a slot's place.
fn small(operands: &[u32], at: usize, bytes: u8) -> Option<u16> {
    let read = operands.iter().flat_map(|unit| unit.to_le_bytes());
    let read = read.skip(at).take(usize::from(bytes));
    let number = read
        .zip(0..)
        .fold(0, |number, (byte, place)| number | u64::from(byte) << (8 * place));
    u16::try_from(number).ok()
}

/// An instruction that has become shorter: its hole and its end as they were, and by how much all behind it moves.
struct Shorter {
    field: usize,
    end: usize,
    less: usize,
}

/// Adds this many bytes of code that does nothing.
fn nops(code: &mut Vec<u8>, mut bytes: usize) {
    while bytes > 0 {
        let nop = NOPS[bytes.min(NOPS.len()) - 1];
        code.extend(nop);
        bytes -= nop.len();
    }
}

/// Loops begin at multiples of this: what is fetched at once.
const LOOP: usize = 32;

/// Code that does nothing, in this many bytes.
const NOPS: [&[u8]; 8] = [
    &[0x90],
    &[0x66, 0x90],
    &[0x0f, 0x1f, 0x00],
    &[0x0f, 0x1f, 0x40, 0x00],
    &[0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
    &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/// From the end of the instruction with a field to another place.
fn distance(field: usize, rest: u8, to: usize) -> u32 {
    (to as u32).wrapping_sub((field + usize::from(rest)) as u32)
}
