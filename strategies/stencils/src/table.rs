//! The stencils, as the build has made them.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::access::Form;
use crate::key::key;
use crate::what::What;

/// A field that is filled in, and what may come in place of its instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hole {
    /// Where it is in the stencil's code.
    pub at: u16,
    pub what: What,
    /// Bytes from what it stands for; from the node's beginning, if that is its units.
    pub offset: i32,
    /// Bytes from the beginning of its instruction to the field, and from there to the end of the instruction, from where distances
    /// count.
    pub start: u8,
    pub rest: u8,
    /// How many bytes the instruction reads of the operand units, if it may have a number in their place.
    pub reads: u8,
    /// Bytes of the next instruction, if both become one where their slots live in registers.
    pub joined: u8,
    /// Bytes of the instruction before, if this one stores what that writes, both being the last, and both become one that writes to the
    /// register in which the slot lives.
    pub settles: u8,
    /// Whether nothing is left of the instruction if the number is zero.
    pub idle: bool,
    /// Bytes of the instruction before, if that moves an `f32` to a general register and both become what moves it to a vector register.
    pub single: u8,
    /// How the instruction uses the slot, and whether the slot's place may have 8 bits.
    pub form: Form,
    pub near: bool,
}

/// An instruction's use of a slot, or of some in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// The operand unit with the slot's number.
    pub unit: u8,
    pub form: Form,
    pub reads: bool,
    pub writes: bool,
    /// The first slot, from that one on, and how many there are.
    pub first: u8,
    pub count: u8,
}

/// A handler's machine code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stencil {
    /// See [`key`](crate::key::key).
    pub key: u64,
    code: u32,
    length: u16,
    holes: u32,
    count: u8,
    /// Bytes of the node's operand units that it reads.
    pub reach: u16,
    accesses: u32,
    uses: u8,
    /// The forms of its uses of slots, a bit each.
    pub forms: u16,
    /// Whether all slots must be in memory while it runs, as it is not known how it uses them.
    pub in_memory: bool,
    /// The registers that it touches of those in which slots may live, a bit each.
    pub touched: u32,
    /// Whether it branches within itself.
    pub branches: bool,
    /// Whether it does nothing but move one slot to another.
    pub moves: bool,
    /// Whether it stores what is in the accumulator at its end, and writes the accumulator before it reads it.
    pub keeps_acc: bool,
    pub kills_acc: bool,
    /// Whether it may leave by a trap, or to the handler.
    pub traps: bool,
    pub rare: bool,
}

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Hashes places of names: no module chooses these.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Finds stencils. A thread finds each once: names are long, and a function has many nodes.
#[derive(Default)]
pub(crate) struct Finder {
    found: HashMap<Named, Option<&'static Stencil>, BuildHasherDefault<Mixed>>,
    /// What was found last, each at a place that its name says.
    recent: Vec<(Named, Option<&'static Stencil>)>,
}

/// Where the name of a handler's type is, how long that is, and whether it is the form for newer machines.
type Named = (usize, usize, bool);

/// How many are kept at hand: more than most programs use.
const RECENT: usize = 1 << 10;

impl Finder {
    /// Uses the thread's.
    pub(crate) fn with<R>(find: impl FnOnce(&mut Finder) -> R) -> R {
        thread_local! {
            static KEPT: Cell<Option<Finder>> = const { Cell::new(None) };
        }
        // A thread that ends has none any more.
        let mut finder = KEPT.try_with(Cell::take).ok().flatten().unwrap_or_default();
        finder.recent.resize(RECENT, ((0, 0, false), None));
        let result = find(&mut finder);
        let _ = KEPT.try_with(|kept| kept.set(Some(finder)));
        result
    }

    /// The stencil of the handler with this type.
    #[inline]
    pub(crate) fn find(&mut self, name: &'static str, v2: bool) -> Option<&'static Stencil> {
        let named = (name.as_ptr().addr(), name.len(), v2);
        let mixed = (named.0 as u64 ^ (named.1 as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> (u64::BITS - RECENT.ilog2())) as usize;
        if self.recent[place].0 != named {
            let find = || Stencil::find(key(name, v2));
            self.recent[place] = (named, *self.found.entry(named).or_insert_with(find));
        }
        self.recent[place].1
    }
}

impl Stencil {
    /// The stencil with this key.
    pub(crate) fn find(key: u64) -> Option<&'static Stencil> {
        let found = STENCILS.binary_search_by_key(&key, |stencil| stencil.key);
        found.ok().map(|index| &STENCILS[index])
    }

    /// Its code, whose holes are not filled.
    pub(crate) fn code(&self) -> &'static [u8] {
        &self.code_on()[..usize::from(self.length)]
    }

    /// Its code, and what follows.
    pub(crate) fn code_on(&self) -> &'static [u8] {
        &CODE[self.code as usize..]
    }

    /// How it uses slots, in the order of the instructions.
    pub(crate) fn accesses(&self) -> &'static [Access] {
        &ACCESSES[self.accesses as usize..][..usize::from(self.uses)]
    }

    /// Its holes, in the order of their places.
    pub(crate) fn holes(&self) -> &'static [Hole] {
        &HOLES[self.holes as usize..][..usize::from(self.count)]
    }
}
