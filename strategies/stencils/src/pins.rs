//! Which slots of a function live in which registers.

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::types::{ValType, slots};
use wasm_dispatch_threaded::copies::Role;

use crate::access::{FLOATS, Form, INTS, Register};
use crate::flow::{Flow, solve};
use crate::nodes::{Node, Nodes};
use crate::table::Stencil;

/// Slots of each kind that are looked at.
const CANDIDATES: usize = 14;

/// How instructions use slots.
const FORMS: [Form; 9] = [
    Form::Int,
    Form::IntLoad,
    Form::IntStore,
    Form::Float,
    Form::FloatLoad,
    Form::FloatStore,
    Form::VectorLoad,
    Form::VectorStore,
    Form::Memory,
];

/// How often what is in so many loops runs, at a guess: in each, 8 times as often as around it. More loops count as this many.
const TURNS: [f32; 7] = [1.0, 8.0, 64.0, 512.0, 4_096.0, 32_768.0, 262_144.0];

/// A slot that may live in a register, or a vector's two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    /// The first slot, and how many there are.
    pub slot: u32,
    pub slots: u32,
    /// None: they stay in memory.
    pub register: Option<Register>,
}

impl Pin {
    /// The slot behind it.
    fn end(&self) -> u32 {
        self.slot + self.slots
    }
}

/// Slots that live in a register, but not while a node runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Away {
    pub slot: u32,
    pub register: Register,
    /// Whether they are stored before.
    pub stored: bool,
    /// Whether they are loaded afterwards.
    pub loaded: bool,
}

/// The slots that live in registers, and what nodes do with them.
#[derive(Default)]
pub(crate) struct Pins {
    /// Ascending, with no slot in two of them. The number of each is that of its bit.
    list: Vec<Pin>,
    /// Which of the first slots are among them, a bit each, and which of these are the first of a pin.
    low: u64,
    firsts: u64,
    /// The registers, and the forms of uses that need not fit one of them, a bit each.
    registers: u32,
    unfit: u16,
    /// Those that are written in memory, too, where the function begins.
    begun: u32,
    flows: Vec<Flow>,
}

impl Pins {
    /// No slot does.
    pub(crate) fn none() -> Pins {
        Pins::default()
    }

    /// These do, ascending and at most 32.
    pub(crate) fn given(list: Vec<Pin>, nodes: &Nodes<'_>, body: &FunctionBody) -> Pins {
        let (mut low, mut firsts) = (0, 0);
        for pin in list.iter().filter(|pin| pin.slot < u64::BITS) {
            firsts |= 1 << pin.slot;
            low |= ((1 << pin.slots) - 1) << pin.slot;
        }
        let mut pins = Pins {
            list,
            low,
            firsts,
            ..Pins::default()
        };
        pins.settle();
        pins.begun = pins.begun(nodes, body);
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
        let pin = |candidate: &Candidate| Pin {
            slot: candidate.slot,
            slots: candidate.kind.slots(),
            register: None,
        };
        let list = candidates.iter().map(pin).collect();
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
        let (mut ints, mut floats) = (INTS.into_iter(), FLOATS.into_iter());
        for bit in order {
            pins.list[bit].register = match candidates[bit].kind {
                Kind::Int => ints.next().map(Register::Int),
                Kind::Float => floats.next().map(Register::Float),
                Kind::Vector => floats.next().map(Register::Vector),
            };
        }
        pins.settle();
        pins
    }

    /// Finds out what all registers have in common.
    fn settle(&mut self) {
        (self.registers, self.unfit) = (0, 0);
        for register in self.list.iter().filter_map(|pin| pin.register) {
            self.registers |= register.bit();
            // A vector may begin at the second slot of another one.
            let is_vector = matches!(register, Register::Vector(_));
            let unfit = FORMS.into_iter().filter(|&form| is_vector || !register.fits(form));
            self.unfit = unfit.fold(self.unfit, |unfit, form| unfit | form.bit());
        }
    }

    /// The register in which a slot lives, or a vector of which it is the first.
    pub(crate) fn register(&self, slot: u32) -> Option<Register> {
        let pin = &self.list[self.place(slot)?];
        pin.register.filter(|_| pin.slot == slot)
    }

    /// Which of them has a slot.
    fn place(&self, slot: u32) -> Option<usize> {
        if slot < u64::BITS {
            let firsts = self.firsts & u64::MAX >> (u64::BITS - 1 - slot);
            return (self.low >> slot & 1 != 0).then(|| firsts.count_ones() as usize - 1);
        }
        let place = self.list.partition_point(|pin| pin.slot <= slot).checked_sub(1)?;
        (slot < self.list[place].end()).then_some(place)
    }

    fn bit(&self, slot: u32) -> u32 {
        self.place(slot).map_or(0, |place| 1 << place)
    }

    /// Those that have some of these slots, of which there are `count`, with their places.
    fn having(&self, first: u32, count: u8) -> impl Iterator<Item = (usize, &Pin)> {
        let (mut slot, end) = (first, first + u32::from(count));
        std::iter::from_fn(move || {
            while slot < end {
                let place = self.place(slot);
                let pin = place.map(|place| (place, &self.list[place]));
                slot = pin.map_or(slot + 1, |(_, pin)| pin.end());
                if pin.is_some() {
                    return pin;
                }
            }
            None
        })
    }

    fn all(&self) -> u32 {
        self.that(|_| true)
    }

    /// Those of slots from this one on.
    fn from(&self, slot: u32) -> u32 {
        self.that(|pin| pin.slot >= slot)
    }

    fn that(&self, is_wanted: impl Fn(&Pin) -> bool) -> u32 {
        let pins = self.list.iter().enumerate().filter(|(_, pin)| is_wanted(pin));
        pins.fold(0, |bits, (place, _)| bits | 1 << place)
    }

    /// Locals that a call could leave in memory as they were before the function began, if it never stores them: those of types
    /// which not all bits have. Parameters have been stored by the caller.
    fn begun(&self, nodes: &Nodes<'_>, body: &FunctionBody) -> u32 {
        let calls = |node: &Node<'_>| matches!(node.role, Role::Call | Role::CallAnywhere);
        if !nodes.list.iter().any(calls) {
            return 0;
        }
        let any_bits = |ty| {
            use ValType::{F64, I64, V128High, V128Low};
            matches!(ty, I64 | F64 | V128Low | V128High)
        };
        let params = u32::from(body.params);
        let narrow = |slot: u32| body.locals.get(slot as usize).is_some_and(|ty| !any_bits(ty));
        self.that(|pin| pin.slot >= params && narrow(pin.slot))
    }

    /// Adds the instructions that write zero to the memory of locals which may never be stored.
    pub(crate) fn begin(&self, out: &mut Vec<u8>) {
        for place in places(self.begun) {
            let Pin { slot, register, .. } = self.list[place];
            if register.is_some() {
                // mov qword ptr [rsi + 8 * slot], 0
                out.extend([0x48, 0xc7, 0x86]);
                out.extend((slot * 8).to_le_bytes());
                out.extend([0; 4]);
            }
        }
    }

    /// What a node means for them.
    pub(crate) fn flow(&self, index: usize) -> Flow {
        self.flows.get(index).copied().unwrap_or_default()
    }

    fn flow_of(&self, node: &Node<'_>, body: &FunctionBody) -> Flow {
        let (mut uses, mut defines) = (0, 0);
        for (slot, access) in node.uses() {
            let first = slot + u32::from(access.first);
            for (place, pin) in self.having(first, access.count) {
                let whole = first <= pin.slot && pin.end() <= first + u32::from(access.count);
                let is_defined = access.writes && access.form != Form::Memory && whole;
                // What is written in memory alone, or in part, comes back from there.
                if access.reads || !is_defined {
                    uses |= 1 << place & !defines;
                }
                if is_defined {
                    defines |= 1 << place;
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
            // Of a vector that begins below the callee's frame, a part may be an argument, and the other part may be wanted later.
            // What waits below it, on the stack of WebAssembly, must have its type for a snapshot, even if nothing uses it.
            Role::Call | Role::CallAnywhere => {
                let waiting = base.min(body.locals.len() as u32);
                (uses, defines) = (self.that(|pin| pin.end() > waiting), self.from(base));
                if node.role == Role::CallAnywhere {
                    uses |= self.bit(node.operand(2));
                }
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
        let fits = |stencil: &Stencil| stencil.forms & self.unfit == 0 && stencil.touched & self.registers == 0;
        if node.barrier || node.stencil.is_none_or(fits) {
            return away;
        }
        let (taken, flow) = (self.taken(node), self.flow(index));
        let add = |place: usize, away: &mut Vec<Away>| {
            let Pin { slot, register, .. } = self.list[place];
            if let Some(register) = register
                && away.iter().all(|other| other.slot != slot)
            {
                away.push(Away {
                    slot,
                    register,
                    // Otherwise the register does not have its value, which is not wanted.
                    stored: flow.before >> place & 1 != 0,
                    loaded: taken >> place & 1 != 0,
                });
            }
        };
        if taken != 0 {
            let wanted = (flow.before | flow.after) & taken;
            places(wanted).for_each(|place| add(place, &mut away));
        }
        for (slot, access) in node.uses() {
            let first = slot + u32::from(access.first);
            for (place, pin) in self.having(first, access.count) {
                // What writes a slot of a vector clears the other one in its register.
                let is_part = access.writes && access.count < pin.slots as u8;
                if let Some(register) = pin.register
                    && (!register.fits(access.form) || is_part || pin.slot != first || taken >> place & 1 != 0)
                {
                    add(place, &mut away);
                }
            }
        }
        if away.is_empty() {
            return away;
        }
        for (slot, access) in node.uses().filter(|(_, access)| access.writes) {
            for (_, pin) in self.having(slot + u32::from(access.first), access.count) {
                for one in away.iter_mut().filter(|one| one.slot == pin.slot) {
                    one.loaded = true;
                }
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
        if touched & self.registers == 0 {
            return 0;
        }
        let pins = self.list.iter().enumerate();
        let pins = pins.filter(|(_, pin)| pin.register.is_some_and(|register| register.bit() & touched != 0));
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
        places(which)
            .filter(|&place| self.list[place].register.is_some())
            .count() as u32
    }

    /// Adds the instructions that store these, or load them.
    pub(crate) fn moves(&self, out: &mut Vec<u8>, which: u32, way: Way) {
        for place in places(which) {
            if let Pin {
                slot,
                register: Some(register),
                ..
            } = self.list[place]
            {
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
        Register::Vector(n) => {
            out.extend([0x40 | (n >> 3) << 2, 0x0f, if way == Way::ToSlot { 0x11 } else { 0x10 }]);
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

/// Adds the instruction that copies a slot's value from one register to another.
pub(crate) fn copies(out: &mut Vec<u8>, from: Register, to: Register) {
    let direct = |reg: u8, rm: u8| 0xc0 | (reg & 7) << 3 | rm & 7;
    match (from, to) {
        (Register::Int(from), Register::Int(to)) => {
            out.extend([0x48 | (to >> 3) << 2 | from >> 3, 0x8b, direct(to, from)]);
        }
        // movq, of which the general register is always the second operand
        (Register::Int(from), Register::Float(to)) => {
            out.extend([0x66, 0x48 | (to >> 3) << 2 | from >> 3, 0x0f, 0x6e, direct(to, from)]);
        }
        (Register::Float(from), Register::Int(to)) => {
            out.extend([0x66, 0x48 | (from >> 3) << 2 | to >> 3, 0x0f, 0x7e, direct(from, to)]);
        }
        // movaps
        (Register::Float(from), Register::Float(to)) | (Register::Vector(from), Register::Vector(to)) => {
            out.extend([0x40 | (to >> 3) << 2 | from >> 3, 0x0f, 0x28, direct(to, from)]);
        }
        // A slot that is half of a vector is in memory while a copy runs that moves it alone.
        (Register::Vector(_), _) | (_, Register::Vector(_)) => debug_assert!(false, "{from:?} to {to:?}"),
    }
}

/// In which kind of register a value may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Vector,
}

impl Kind {
    fn slots(self) -> u32 {
        if self == Kind::Vector { 2 } else { 1 }
    }
}

/// A slot that may be worth a register, or a vector's first.
struct Candidate {
    slot: u32,
    kind: Kind,
    gain: f32,
}

/// What a general and a vector register would save, for each slot of a function: of very many, for the first.
fn gains<T: Copy + Default>(nodes: &[Node<'_>], body: &FunctionBody) -> Vec<T> {
    vec![T::default(); (body.frame_size as usize).min(64 + 8 * nodes.len())]
}

/// The slots that are used most, of each kind.
fn candidates(nodes: &[Node<'_>], body: &FunctionBody, weights: &[f32]) -> Vec<Candidate> {
    let (mut gains, mut has_vectors): (Vec<[f32; 2]>, bool) = (gains(nodes, body), false);
    for (node, &weight) in nodes.iter().zip(weights) {
        for (slot, access) in node.uses() {
            let (int, float) = match access.form {
                Form::Int => (1.0, -1.0),
                Form::IntLoad | Form::IntStore => (1.0, 0.5),
                Form::Float => (-1.0, 1.0),
                Form::FloatLoad | Form::FloatStore => (0.5, 1.0),
                // They are stored before and loaded afterwards.
                Form::VectorLoad | Form::VectorStore | Form::Memory => (-2.0, -2.0),
            };
            let first = slot as usize + usize::from(access.first);
            for gain in gains.iter_mut().skip(first).take(usize::from(access.count)) {
                gain[0] += int * weight;
                gain[1] += float * weight;
            }
            has_vectors |= is_vector(access.form);
        }
    }
    let gains = gains.into_iter().zip(0..);
    let worth = gains.filter(|([int, float], _)| int.max(*float) > 1.0);
    let single = worth.filter_map(|([int, float], slot)| {
        // A local has one type; what else a slot holds may be of any.
        let is_float = match body.locals.get(slot as usize) {
            Some(ValType::F32 | ValType::F64) => true,
            Some(ValType::V128Low | ValType::V128High) => return None,
            Some(_) => false,
            None => float > int,
        };
        let (kind, gain) = if is_float {
            (Kind::Float, float)
        } else {
            (Kind::Int, int)
        };
        (gain > 1.0).then_some(Candidate { slot, kind, gain })
    });
    let mut candidates: Vec<Candidate> = single.collect();
    if has_vectors {
        candidates.extend(vectors(nodes, body, weights));
    }
    candidates.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let mut left = [CANDIDATES; 2];
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let left = &mut left[usize::from(candidate.kind != Kind::Int)];
        // No slot is in two of them.
        let (slot, slots) = (candidate.slot, candidate.kind.slots());
        let is_free = |other: &Candidate| other.slot + other.kind.slots() <= slot || slot + slots <= other.slot;
        if *left > 0 && kept.iter().all(is_free) {
            *left -= 1;
            kept.push(candidate);
        }
    }
    kept
}

/// Whether an instruction of this form uses a vector's two slots.
pub(crate) fn is_vector(form: Form) -> bool {
    matches!(form, Form::VectorLoad | Form::VectorStore)
}

/// Vectors, by their first slots.
fn vectors(nodes: &[Node<'_>], body: &FunctionBody, weights: &[f32]) -> impl Iterator<Item = Candidate> {
    let mut gains: Vec<f32> = gains(nodes, body);
    for (node, &weight) in nodes.iter().zip(weights) {
        for (slot, access) in node.uses() {
            let first = slot as usize + usize::from(access.first);
            let own = is_vector(access.form).then_some(first);
            // Its lower half can be used where it is.
            let half = (access.form == Form::Float && !access.writes).then_some(first);
            // Another one that has one of these slots is stored before and perhaps loaded afterwards.
            let reached = first.saturating_sub(1)..first + usize::from(access.count);
            for slot in reached.start..reached.end.min(gains.len()) {
                gains[slot] += match Some(slot) {
                    slot if slot == own => weight,
                    slot if slot == half => 0.0,
                    _ => -weight,
                };
            }
        }
    }
    let candidates = gains.into_iter().zip(0..).map(|(gain, slot)| Candidate {
        slot,
        kind: Kind::Vector,
        gain,
    });
    candidates.filter(|candidate| candidate.gain > 1.0)
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
