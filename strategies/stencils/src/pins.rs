//! Which slots of a function live in which registers.

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::types::{ValType, slots};
use wasm_dispatch_threaded::copies::Role;

use crate::access::{FLOATS, Form, INTS, Register};
use crate::flow::{Flow, solve};
use crate::nodes::{Node, Nodes};

/// Slots of each kind that are looked at.
const CANDIDATES: usize = 14;

/// How often what is in so many loops runs, at a guess: in each, 8 times as often as around it. More loops count as this many.
const TURNS: [f32; 7] = [1.0, 8.0, 64.0, 512.0, 4_096.0, 32_768.0, 262_144.0];

/// Whether an instruction of this form can use this register.
fn fits(form: Form, register: Register) -> bool {
    match form {
        Form::Int => matches!(register, Register::Int(_)),
        Form::Float => matches!(register, Register::Float(_)),
        Form::IntLoad | Form::IntStore | Form::FloatLoad | Form::FloatStore => true,
        Form::Memory => false,
    }
}

/// A slot that lives in a register, but not while a node runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Away {
    pub slot: u32,
    pub register: Register,
    /// Whether it is stored before.
    pub stored: bool,
    /// Whether it is loaded afterwards.
    pub loaded: bool,
}

/// The slots that live in registers, and what nodes do with them.
#[derive(Default)]
pub(crate) struct Pins {
    /// Slots, ascending; those without a register stay in memory. The number of each is that of its bit.
    list: Vec<(u32, Option<Register>)>,
    /// Which of the first slots are among them, a bit each.
    low: u64,
    flows: Vec<Flow>,
}

impl Pins {
    /// No slot does.
    pub(crate) fn none() -> Pins {
        Pins::default()
    }

    /// These slots, ascending and at most 32, do.
    pub(crate) fn given(list: Vec<(u32, Option<Register>)>, nodes: &Nodes<'_>, body: &FunctionBody) -> Pins {
        let low = list.iter().filter(|pin| pin.0 < u64::BITS);
        let mut pins = Pins {
            low: low.fold(0, |low, pin| low | 1 << pin.0),
            list,
            flows: Vec::new(),
        };
        let mut flows: Vec<Flow> = nodes.list.iter().map(|node| pins.flow_of(node, body)).collect();
        solve(&mut flows, &nodes.branches, pins.all());
        pins.flows = flows;
        pins
    }

    /// Those that are worth most. `weights` says how often each node runs.
    pub(crate) fn chosen(nodes: &Nodes<'_>, body: &FunctionBody, weights: &[f32]) -> Pins {
        let mut candidates = candidates(&nodes.list, body, weights);
        if candidates.is_empty() {
            return Pins::none();
        }
        candidates.sort_unstable_by_key(|candidate| candidate.slot);
        let list = candidates.iter().map(|candidate| (candidate.slot, None)).collect();
        let mut pins = Pins::given(list, nodes, body);
        // What it costs to have them there at barriers and to bring them back.
        let mut pay = |which: u32, weight: f32| {
            for place in places(which) {
                candidates[place].gain -= weight;
            }
        };
        pay(pins.flow(0).before, 1.0);
        for (flow, &weight) in pins.flows.iter().zip(weights) {
            if flow.barrier {
                pay(flow.stored(), weight);
                pay(flow.after, weight);
            }
        }
        let mut order: Vec<usize> = (0..candidates.len())
            .filter(|&bit| candidates[bit].gain > 0.0)
            .collect();
        order.sort_by(|&a, &b| candidates[b].gain.total_cmp(&candidates[a].gain));
        let mut ints = INTS.into_iter().map(Register::Int);
        let mut floats = FLOATS.into_iter().map(Register::Float);
        for bit in order {
            pins.list[bit].1 = match candidates[bit].is_float {
                true => floats.next(),
                false => ints.next(),
            };
        }
        pins
    }

    /// The register in which a slot lives.
    pub(crate) fn register(&self, slot: u32) -> Option<Register> {
        self.list[self.place(slot)?].1
    }

    fn place(&self, slot: u32) -> Option<usize> {
        if slot < u64::BITS {
            let (bit, before) = (self.low >> slot & 1, self.low & ((1 << slot) - 1));
            return (bit != 0).then(|| before.count_ones() as usize);
        }
        self.list.binary_search_by_key(&slot, |pin| pin.0).ok()
    }

    fn bit(&self, slot: u32) -> u32 {
        self.place(slot).map_or(0, |place| 1 << place)
    }

    fn all(&self) -> u32 {
        self.from(0)
    }

    /// Those of slots from this one on.
    fn from(&self, slot: u32) -> u32 {
        let pins = self.list.iter().enumerate().filter(|(_, pin)| pin.0 >= slot);
        pins.fold(0, |bits, (place, _)| bits | 1 << place)
    }

    /// What a node means for them.
    pub(crate) fn flow(&self, index: usize) -> Flow {
        self.flows.get(index).copied().unwrap_or_default()
    }

    fn flow_of(&self, node: &Node<'_>, body: &FunctionBody) -> Flow {
        let (mut uses, mut defines) = (0, 0);
        for (slot, access) in node.uses() {
            for slot in (slot + u32::from(access.first)..).take(usize::from(access.count)) {
                let bit = self.bit(slot);
                // What is written in memory alone comes back from there.
                if access.reads || access.form == Form::Memory {
                    uses |= bit & !defines;
                }
                if access.writes && access.form != Form::Memory {
                    defines |= bit;
                }
            }
        }
        let (barrier, base) = (node.barrier, node.operand(1));
        match node.role {
            Role::Step | Role::Jump if !barrier => {}
            Role::Step | Role::Jump | Role::TailCall => uses = self.all(),
            // A machine may stop here and go on under another strategy, which may take from a slot what a node here takes from
            // an accumulator.
            Role::Poll => uses = self.all(),
            Role::Call => (uses, defines) = (self.from(base), self.from(base)),
            Role::CallAnywhere => {
                let index = node.operand(2);
                (uses, defines) = (self.from(base) | self.bit(index), self.from(base));
            }
            Role::SwitchBack | Role::Raise => {}
            // Results are in the first slots.
            Role::Return => uses = self.all() & !self.from(slots(&body.results) as u32),
        }
        Flow {
            uses,
            defines,
            barrier,
            falls: node.falls(),
            ends: node.ends(),
            ..Flow::default()
        }
    }

    /// Slots that live in registers which some instruction of the node cannot use, or which its copy needs for itself: they are in
    /// memory while it runs.
    pub(crate) fn away(&self, index: usize, node: &Node<'_>) -> Vec<Away> {
        let mut away: Vec<Away> = Vec::new();
        if self.list.is_empty() || node.barrier {
            return away;
        }
        let (taken, flow) = (self.taken(node), self.flow(index));
        let add = |place: usize, away: &mut Vec<Away>| {
            let (slot, register) = self.list[place];
            if let Some(register) = register
                && away.iter().all(|other| other.slot != slot)
            {
                let taken = taken >> place & 1 != 0;
                away.push(Away {
                    slot,
                    register,
                    stored: !taken || flow.before >> place & 1 != 0,
                    loaded: taken,
                });
            }
        };
        if taken != 0 {
            let wanted = (flow.before | flow.after) & taken;
            places(wanted).for_each(|place| add(place, &mut away));
        }
        for (slot, access) in node.uses() {
            for slot in (slot + u32::from(access.first)..).take(usize::from(access.count)) {
                if let Some(place) = self.place(slot)
                    && let Some(register) = self.list[place].1
                    && (!fits(access.form, register) || taken >> place & 1 != 0)
                {
                    add(place, &mut away);
                }
            }
        }
        if away.is_empty() {
            return away;
        }
        for (slot, access) in node.uses().filter(|(_, access)| access.writes) {
            let first = slot + u32::from(access.first);
            let reached = first..first + u32::from(access.count);
            for one in &mut away {
                one.loaded |= reached.contains(&one.slot);
            }
        }
        away
    }

    /// Slots that live in registers which a node's copy needs for itself.
    fn taken(&self, node: &Node<'_>) -> u32 {
        let touched = node
            .stencil
            .filter(|_| !node.barrier)
            .map_or(0, |stencil| stencil.touched);
        if touched == 0 {
            return 0;
        }
        let pins = self.list.iter().enumerate();
        let pins = pins.filter(|(_, pin)| pin.1.is_some_and(|register| register.bit() & touched != 0));
        pins.fold(0, |bits, (place, _)| bits | 1 << place)
    }

    /// Slots that whoever takes a node over must find in memory, and that its copy has not left there.
    pub(crate) fn left(&self, index: usize, node: &Node<'_>) -> u32 {
        match node.barrier {
            true => 0,
            false => self.flow(index).left() & !self.taken(node),
        }
    }

    /// How many of these live in registers.
    pub(crate) fn count(&self, which: u32) -> u32 {
        places(which).filter(|&place| self.list[place].1.is_some()).count() as u32
    }

    /// Adds the instructions that store these, or load them.
    pub(crate) fn moves(&self, out: &mut Vec<u8>, which: u32, way: Way) {
        for place in places(which) {
            if let (slot, Some(register)) = self.list[place] {
                moves(out, slot, register, way);
            }
        }
    }
}

/// The places of bits, ascending.
fn places(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros();
        bits &= bits.checked_sub(1)?;
        Some(place as usize)
    })
}

/// Which way a value moves between a register and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToSlot,
    ToRegister,
}

/// Adds the instruction that moves a value between a register and its slot.
pub(crate) fn moves(out: &mut Vec<u8>, slot: u32, register: Register, way: Way) {
    let n = match register {
        Register::Int(n) => {
            out.extend([0x48 | (n >> 3) << 2, if way == Way::ToSlot { 0x89 } else { 0x8b }]);
            n
        }
        Register::Float(n) => {
            out.extend([
                0xf2,
                0x40 | (n >> 3) << 2,
                0x0f,
                if way == Way::ToSlot { 0x11 } else { 0x10 },
            ]);
            n
        }
    };
    // [rsi + 8 or 32 bits]
    match i8::try_from(slot * 8) {
        Ok(place) => out.extend([0x46 | (n & 7) << 3, place as u8]),
        Err(_) => {
            out.push(0x86 | (n & 7) << 3);
            out.extend((slot * 8).to_le_bytes());
        }
    }
}

/// A slot that may be worth a register.
struct Candidate {
    slot: u32,
    is_float: bool,
    gain: f32,
}

/// The slots that are used most, of each kind.
fn candidates(nodes: &[Node<'_>], body: &FunctionBody, weights: &[f32]) -> Vec<Candidate> {
    let mut gains: Vec<Gain> = Vec::new();
    for (node, &weight) in nodes.iter().zip(weights) {
        for (slot, access) in node.uses() {
            let (int, float) = match access.form {
                Form::Int => (1.0, -1.0),
                Form::IntLoad | Form::IntStore => (1.0, 0.5),
                Form::Float => (-1.0, 1.0),
                Form::FloatLoad | Form::FloatStore => (0.5, 1.0),
                // It is stored before and loaded afterwards.
                Form::Memory => (-2.0, -2.0),
            };
            let reached = (slot + u32::from(access.first)..).take(usize::from(access.count));
            gains.extend(reached.map(|slot| (slot, int * weight, float * weight)));
        }
    }
    let sums = sums(gains).into_iter().filter_map(|(slot, int, float)| {
        // A local has one type; what else a slot holds may be of any.
        let is_float = match body.locals.get(slot as usize) {
            Some(ValType::F32 | ValType::F64) => true,
            Some(ValType::V128) => return None,
            Some(_) => false,
            None => float > int,
        };
        let gain = if is_float { float } else { int };
        (gain > 1.0).then_some(Candidate { slot, is_float, gain })
    });
    let mut candidates: Vec<Candidate> = sums.collect();
    candidates.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let mut left = [CANDIDATES; 2];
    candidates.retain(|candidate| {
        let left = &mut left[usize::from(candidate.is_float)];
        let kept = *left > 0;
        *left -= usize::from(kept);
        kept
    });
    candidates
}

/// A slot, and what a general and a vector register would save.
type Gain = (u32, f32, f32);

/// One for each slot, ascending.
fn sums(mut gains: Vec<Gain>) -> Vec<Gain> {
    let slots = gains.iter().map(|gain| gain.0 as usize + 1).max().unwrap_or(0);
    if slots > 8 * gains.len() {
        gains.sort_by_key(|gain| gain.0);
        let add = |sum: Gain, gain: &Gain| (gain.0, sum.1 + gain.1, sum.2 + gain.2);
        return gains
            .chunk_by(|a, b| a.0 == b.0)
            .map(|uses| uses.iter().fold((0, 0.0, 0.0), add))
            .collect();
    }
    let mut sums: Vec<Gain> = (0..slots as u32).map(|slot| (slot, 0.0, 0.0)).collect();
    for (slot, int, float) in gains {
        let sum = &mut sums[slot as usize];
        sum.1 += int;
        sum.2 += float;
    }
    sums
}

/// How often nodes run, at a guess. `branches` that go back make loops.
pub(crate) fn weights(nodes: usize, branches: &[(u32, u32)]) -> Vec<f32> {
    let mut loops: Vec<(u32, u32)> = branches
        .iter()
        .filter(|&&(from, to)| to <= from)
        .map(|&(from, to)| (to, from))
        .collect();
    loops.sort_unstable();
    let mut changes = vec![0; nodes + 1];
    for ends in loops.chunk_by(|a, b| a.0 == b.0) {
        let (first, last) = ends[ends.len() - 1];
        changes[first as usize] += 1;
        changes[last as usize + 1] -= 1;
    }
    let mut depth = 0;
    let turns = |change: &i32| {
        depth += change;
        TURNS[(depth as usize).min(TURNS.len() - 1)]
    };
    changes[..nodes].iter().map(turns).collect()
}
