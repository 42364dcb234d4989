//! Runs single nodes from random registers, as their handlers and as other code for them: both must leave the same behind.

use std::collections::BTreeSet;

use wasm_dispatch_ir::V128;
use wasm_dispatch_ir::ops::{LoadOp, StoreOp};

use crate::abi::{
    HANDLER_UNITS, Handler, Mode, Picked, Regs, Role, filled, from_register, no_vector, picked, to_register,
};
use crate::code::{Code, Unit, units_of};
use crate::context::{Context, limits};
use crate::copies::Draft;
use crate::handlers::{all_picked, control, memory, memory64, vector_pick, wide};
use crate::kind::{Kind, Location};
use crate::run::start_handlers;

/// Slots of a frame, and globals. Operand units stay below, with room for a vector.
const SLOTS: usize = 64;
/// Operand units that nodes are given: more than any has.
const OPERANDS: usize = 16;
const BYTES: usize = 256;

/// What a node finds, and what it leaves.
#[derive(Clone, Debug)]
struct World {
    frame: [u64; SLOTS],
    memory: [u8; BYTES],
    globals: [u64; SLOTS],
    acc: u64,
    acc64: f64,
    acc32: f32,
    acc128: V128,
    slice: u64,
    /// The unit of the node at which the run left, and the code of its trap.
    end: (usize, u64),
    /// Whether frame, memory and context are still where they were.
    kept: bool,
}

/// Ends a trial: leaves all registers in the context.
struct Stop;

impl Handler for Stop {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the context is alive and not borrowed; see `Handler::run`.
        unsafe {
            (*r.context).registers = r;
            r.exit()
        }
    }
}

/// Runs every handler of which there is code (`is_copied`) this many times, and what `compile` makes of its node: the same function,
/// with that code. `saving` if it uses registers that handlers leave alone. Returns how many handlers there were, and what differs.
///
/// For builds in which handlers return to a loop: only there they can be asked where their next node is.
pub fn differences(
    times: u32,
    is_copied: impl Fn(&str, bool) -> bool,
    compile: impl Fn(Draft) -> Code,
    saving: bool,
) -> (usize, Vec<String>) {
    if !cfg!(trampoline) {
        return (0, vec!["the handlers of this build return to no loop".to_owned()]);
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut found, mut names) = (Vec::new(), BTreeSet::new());
    for picked in handlers() {
        let (name, v2) = ((picked.name.of)(), picked.name.v2);
        if !is_copied(name, v2) || !names.insert((name, v2)) {
            continue;
        }
        let units = units(picked, &mut random);
        for _ in 0..times {
            let operands = operands(picked.kind, &mut random);
            let before = World::random(&mut random);
            let draft = || draft(picked, &operands[..units]);
            let expected = before.clone().run(&draft().with_handlers(), false);
            let got = before.run(&compile(draft()), saving);
            if !expected.is_like(&got) {
                found.push(format!(
                    "{name} ({v2}), units {:?}:\n{expected:?}\n{got:?}",
                    &operands[..units]
                ));
                break;
            }
        }
    }
    (names.len(), found)
}

/// The types of the handlers that are tried, and whether each is the form for newer machines.
pub fn tried() -> impl Iterator<Item = (&'static str, bool)> {
    handlers()
        .into_iter()
        .map(|picked| ((picked.name.of)(), picked.name.v2))
}

/// Handlers that may be part of a superinstruction, and others that need no more of the machine than those.
fn handlers() -> Vec<Picked> {
    let mut all = all_picked();
    for from_acc in [false, true] {
        for flag in [false, true] {
            all.extend(LoadOp::ALL.iter().map(|&op| memory64::pick_load(op, from_acc, flag)));
        }
        for value in [Location::Slot, Location::Const] {
            all.extend(StoreOp::ALL.iter().map(|&op| memory64::pick_store(op, from_acc, value)));
        }
    }
    for (condition, flag) in [
        (Location::Slot, false),
        (Location::Slot, true),
        (Location::Acc, false),
        (Location::Acc, true),
    ] {
        all.push(vector_pick::pick_select(condition, flag));
    }
    all.extend((1..=16).map(|count| control::clear_locals(count).0));
    all.extend([wide::add128(), wide::sub128(), wide::mul_wide_s(), wide::mul_wide_u()]);
    all.extend([memory::memory_size(), control::pause()]);
    // Calls and returns need functions and frames.
    all.retain(|picked| matches!(picked.name.role, Role::Step | Role::Jump | Role::Poll));
    all
}

/// How many operand units a node has, found out by running it until it goes on with the next.
fn units(node: Picked, random: &mut Random) -> usize {
    for turn in 0..1_000 {
        let (mut operands, mut world) = (operands(node.kind, random), World::random(random));
        if let Kind::Test { .. } = node.kind
            && turn % 2 == 0
        {
            // Random values are hardly ever equal.
            operands = [0; OPERANDS];
            world.frame = [0; SLOTS];
            (world.acc, world.acc64, world.acc32) = (0, 0.0, 0.0);
        }
        let (code, mut context) = (draft(node, &operands).with_handlers(), Context::empty());
        let registers = world.registers(&code, &mut context);
        // SAFETY: as in `World::run`; the handler returns in place of going on.
        unsafe { registers.call(node.trampolined) };
        if context.running {
            // SAFETY: it points into the code, or behind its end.
            let next = unsafe { context.registers.ip.offset_from(code.entry()) } as usize - HANDLER_UNITS;
            if next <= OPERANDS {
                return next;
            }
        }
    }
    OPERANDS
}

/// Units that a node of this kind may have.
fn operands(kind: Kind, random: &mut Random) -> [Unit; OPERANDS] {
    let most = match kind {
        // Numbers of lanes are among them.
        Kind::Extract { .. } | Kind::Replace { .. } | Kind::Shuffle { .. } => 2,
        _ => SLOTS as u32 - 8,
    };
    let mut units = [0; OPERANDS];
    units.fill_with(|| random.next() as u32 % most);
    let ends = match kind {
        Kind::Load { .. } | Kind::Store { .. } | Kind::VectorLoad { .. } | Kind::VectorStore { .. } => true,
        // Some of these are accesses, too.
        _ => kind == Kind::Other && random.next().is_multiple_of(2),
    };
    if ends {
        // Offset and width together.
        units[..2].copy_from_slice(&[16 + random.next() as u32 % 8, 0]);
    } else if kind == Kind::Other {
        // A slot, or also an offset and a width together, which is no less than a width.
        units[0] = units[0].max(16);
    }
    units
}

/// A node, a stop behind it, and another one that it may branch to.
fn draft(node: Picked, operands: &[Unit]) -> Draft {
    let stop = picked::<Stop>();
    let behind = HANDLER_UNITS + filled(operands.len());
    let target = behind + HANDLER_UNITS;
    let mut stream = vec![0; target + HANDLER_UNITS];
    stream[..HANDLER_UNITS].copy_from_slice(&units_of(node.trampolined as usize as u64));
    stream[HANDLER_UNITS..HANDLER_UNITS + operands.len()].copy_from_slice(operands);
    for start in [behind, target] {
        stream[start..start + HANDLER_UNITS].copy_from_slice(&units_of(stop.trampolined as usize as u64));
    }
    let mut stream = stream.into_boxed_slice();
    let mut targets = Vec::new();
    if let Kind::Test { .. } | Kind::Branch { .. } | Kind::Jump = node.kind {
        let address = stream.as_ptr() as u64 + (target * size_of::<Unit>()) as u64;
        stream[HANDLER_UNITS..HANDLER_UNITS + 2].copy_from_slice(&units_of(address));
        targets.push(HANDLER_UNITS);
    }
    if let Kind::Switch { .. } = node.kind
        && operands.len() >= 2 + 2 * HANDLER_UNITS
    {
        // The index, the number of the last target, and the targets.
        stream[HANDLER_UNITS + 1] = 1;
        for (number, to) in [behind, target].into_iter().enumerate() {
            let at = HANDLER_UNITS + 2 + HANDLER_UNITS * number;
            let address = stream.as_ptr() as u64 + (to * size_of::<Unit>()) as u64;
            stream[at..at + HANDLER_UNITS].copy_from_slice(&units_of(address));
            targets.push(at);
        }
    }
    let nodes = vec![(0, node.name), (behind as u32, stop.name), (target as u32, stop.name)];
    let end = stream.len() as u32;
    Draft::new(
        Code::new(stream, Box::new([0]), Box::new([(0, 0)])),
        nodes,
        targets,
        end,
    )
}

impl World {
    fn random(random: &mut Random) -> World {
        World {
            frame: std::array::from_fn(|_| random.value()),
            memory: std::array::from_fn(|_| random.next() as u8),
            globals: std::array::from_fn(|_| random.value()),
            acc: random.value(),
            acc64: f64::from_bits(random.value()),
            acc32: f32::from_bits(random.value() as u32),
            acc128: V128::from_slots([random.value(), random.value()]),
            slice: 1_000 + random.next() % 1_000,
            end: (0, 0),
            kept: false,
        }
    }

    /// The registers with which a node of this world begins.
    fn registers(&mut self, code: &Code, context: &mut Context) -> Regs {
        context.slice = self.slice;
        context.view.globals = self.globals.as_mut_ptr();
        context.limits = limits(BYTES);
        Regs {
            ip: code.entry(),
            frame: self.frame.as_mut_ptr(),
            memory: self.memory.as_mut_ptr(),
            acc: self.acc,
            context,
            memory_len: BYTES,
            acc64: self.acc64,
            acc32: self.acc32,
            acc128: to_register(self.acc128),
        }
    }

    /// Runs a node to its end.
    fn run(mut self, code: &Code, saving: bool) -> World {
        let mut context = Context::empty();
        context.registers.acc128 = no_vector();
        let registers = self.registers(code, &mut context);
        // SAFETY: the code is that of `draft`: its node's slots are within the frame, whose operand units `operands` has made, memory
        // is this world's, and behind it are nodes that end the run. `handlers` has none that needs more of the context.
        unsafe {
            match saving {
                true => start_handlers::<true>(registers),
                false => start_handlers::<false>(registers),
            }
        }
        let left = context.registers;
        // SAFETY: the run left at a node of the code.
        let unit = unsafe { context.ip.offset_from(code.entry()) } as usize;
        self.end = (unit, context.trap);
        self.slice = context.slice;
        // A trap leaves no registers.
        if context.trap == 0 {
            (self.acc, self.acc64, self.acc32) = (left.acc, left.acc64, left.acc32);
            self.acc128 = from_register(left.acc128);
            self.kept = left.frame == registers.frame && left.memory == registers.memory && left.memory_len == BYTES;
        }
        self
    }

    /// Whether both are the same, but for the payloads of NaNs, which the specification leaves open.
    fn is_like(&self, other: &World) -> bool {
        let pairs = |a: &[u64], b: &[u64]| a.iter().zip(b).all(|(&a, &b)| same(a, b));
        let bits = |world: &World| {
            let [low, high] = world.acc128.to_slots();
            [
                world.acc,
                world.acc64.to_bits(),
                u64::from(world.acc32.to_bits()),
                low,
                high,
            ]
        };
        let memory = |world: &World| {
            world
                .memory
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| u64::from_le_bytes(*bytes))
                .collect()
        };
        let (ours, theirs): (Vec<u64>, Vec<u64>) = (memory(self), memory(other));
        (self.end, self.slice, self.kept) == (other.end, other.slice, other.kept)
            && pairs(&self.frame, &other.frame)
            && pairs(&self.globals, &other.globals)
            && pairs(&bits(self), &bits(other))
            && pairs(&ours, &theirs)
    }
}

/// Whether two slots hold the same, or NaNs in the same places.
fn same(a: u64, b: u64) -> bool {
    let single = |bits: u64| f32::from_bits(bits as u32).is_nan();
    let half = |a: u64, b: u64| a as u32 == b as u32 || single(a) && single(b);
    a == b || f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan() || half(a, b) && half(a >> 32, b >> 32)
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A value with edges among them, and small ones, which are addresses.
    fn value(&mut self) -> u64 {
        const EDGES: [u64; 8] = [
            0,
            1,
            u32::MAX as u64,
            1 << 31,
            u64::MAX,
            1 << 63,
            f64::NAN.to_bits(),
            f32::INFINITY.to_bits() as u64,
        ];
        match self.next() % 8 {
            0 => EDGES[self.next() as usize % EDGES.len()],
            1 | 2 => self.next() % 200,
            3 => ((self.next() % 2_000) as f64).to_bits(),
            4 => u64::from(((self.next() % 2_000) as f32 - 1_000.0).to_bits()),
            5 => self.next() & u64::from(u32::MAX),
            _ => self.next(),
        }
    }
}
