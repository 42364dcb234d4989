//! Which slots of a function live in which registers.

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::types::{ValType, slots};
use wasm_dispatch_threaded::copies::{DraftNode, Role};

use crate::access::{FLOATS, Form, INTS, Register};
use crate::flow::{Flow, solve};
use crate::table::Stencil;
use crate::what::What;

/// Slots of each kind that are looked at.
const CANDIDATES: usize = 14;

/// How much more often a loop runs than what is around it, at a guess, and how many loops within loops count.
const TURNS: f32 = 8.0;
const DEEPEST: i32 = 6;

/// A node on its way to code.
pub(crate) struct Node<'a> {
    pub draft: DraftNode<'a>,
    /// Copied for it; without one, its handler takes over.
    pub stencil: Option<&'static Stencil>,
}

impl Node<'_> {
    /// Whether all slots must be in memory while it runs.
    pub(crate) fn is_barrier(&self) -> bool {
        let leaves = matches!(
            self.draft.role,
            Role::Call | Role::CallAnywhere | Role::SwitchBack | Role::TailCall | Role::Return
        );
        leaves || self.stencil.is_none_or(|stencil| stencil.in_memory)
    }

    /// Whether the next node may follow.
    fn falls(&self) -> bool {
        match self.draft.role {
            Role::Step | Role::Poll | Role::Call | Role::CallAnywhere | Role::SwitchBack => true,
            Role::Jump | Role::TailCall | Role::Return | Role::Raise => false,
        }
    }

    /// Whether its own code goes on with that of the next node.
    pub(crate) fn falls_in_code(&self) -> bool {
        self.stencil.is_some() && matches!(self.draft.role, Role::Step | Role::Poll | Role::SwitchBack)
    }

    /// Whether the run may end in it.
    fn ends(&self) -> bool {
        let exits = self.stencil.map_or(&[][..], Stencil::holes);
        // Of calls and what else needs slots in memory, it is known what they find there.
        let exits = if self.is_barrier() { &[][..] } else { exits };
        self.draft.role == Role::Raise || exits.iter().any(|hole| matches!(hole.what, What::Trap(_) | What::Rare))
    }

    /// How its code uses slots, by number: each use with its first slot, how many there are, and what it is.
    pub(crate) fn uses(&self) -> impl Iterator<Item = (u32, &'static crate::table::Access)> {
        let accesses = self
            .stencil
            .filter(|_| !self.is_barrier())
            .map_or(&[][..], Stencil::accesses);
        let operands = self.draft.operands;
        accesses
            .iter()
            .map(|access| (operands.get(usize::from(access.unit)).copied().unwrap_or(0), access))
    }
}

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
    flows: Vec<Flow>,
}

impl Pins {
    /// No slot does.
    pub(crate) fn none() -> Pins {
        Pins::default()
    }

    /// These slots, ascending and at most 32, do.
    pub(crate) fn given(
        list: Vec<(u32, Option<Register>)>,
        nodes: &[Node<'_>],
        branches: &[(u32, u32)],
        body: &FunctionBody,
    ) -> Pins {
        let mut pins = Pins {
            list,
            flows: Vec::new(),
        };
        let mut flows: Vec<Flow> = nodes.iter().map(|node| pins.flow_of(node, body)).collect();
        solve(&mut flows, branches, pins.all());
        pins.flows = flows;
        pins
    }

    /// Those that are worth most. `weights` says how often each node runs.
    pub(crate) fn chosen(nodes: &[Node<'_>], branches: &[(u32, u32)], body: &FunctionBody, weights: &[f32]) -> Pins {
        let mut candidates = candidates(nodes, body, weights);
        if candidates.is_empty() {
            return Pins::none();
        }
        candidates.sort_unstable_by_key(|candidate| candidate.slot);
        let list = candidates.iter().map(|candidate| (candidate.slot, None)).collect();
        let mut pins = Pins::given(list, nodes, branches, body);
        // What it costs to have them there at barriers and to bring them back.
        let mut pay = |which: u32, weight: f32| {
            for (bit, candidate) in candidates.iter_mut().enumerate() {
                if which >> bit & 1 != 0 {
                    candidate.gain -= weight;
                }
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
        let barrier = node.is_barrier();
        let base = node.draft.operands.get(1).copied().unwrap_or(0);
        match node.draft.role {
            Role::Step | Role::Jump if !barrier => {}
            Role::Step | Role::Jump | Role::TailCall => uses = self.all(),
            // A machine may stop here and go on under another strategy, which may take from a slot what a node here takes from
            // an accumulator.
            Role::Poll => uses = self.all(),
            Role::Call => (uses, defines) = (self.from(base), self.from(base)),
            Role::CallAnywhere => {
                let index = node.draft.operands.get(2).copied().unwrap_or(0);
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
        if self.list.is_empty() {
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
            let places = (0..self.list.len()).filter(|place| wanted >> place & 1 != 0);
            places.for_each(|place| add(place, &mut away));
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
            .filter(|_| !node.is_barrier())
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
        match node.is_barrier() {
            true => 0,
            false => self.flow(index).left() & !self.taken(node),
        }
    }

    /// How many of these live in registers.
    pub(crate) fn count(&self, which: u32) -> u32 {
        let pins = self.list.iter().enumerate();
        pins.filter(|(place, pin)| which >> place & 1 != 0 && pin.1.is_some())
            .count() as u32
    }

    /// Adds the instructions that store these, or load them.
    pub(crate) fn moves(&self, out: &mut Vec<u8>, which: u32, way: Way) {
        for (place, &(slot, register)) in self.list.iter().enumerate() {
            if let Some(register) = register
                && which >> place & 1 != 0
            {
                moves(out, slot, register, way);
            }
        }
    }
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
    // Slot, and what a general and a vector register would save.
    let mut gains: Vec<(u32, f32, f32)> = Vec::new();
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
    gains.sort_by_key(|gain| gain.0);
    let sums = gains.chunk_by(|a, b| a.0 == b.0).filter_map(|uses| {
        let slot = uses[0].0;
        let sum = |gain: fn(&(u32, f32, f32)) -> f32| uses.iter().map(gain).sum::<f32>();
        let (int, float) = (sum(|gain| gain.1), sum(|gain| gain.2));
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
    let deepest = |change: i32| {
        depth += change;
        TURNS.powi(depth.min(DEEPEST))
    };
    changes[..nodes].iter().copied().map(deepest).collect()
}
