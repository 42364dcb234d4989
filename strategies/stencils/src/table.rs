//! The stencils, as the build has made them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::access::Form;
use crate::key::key;
use crate::what::What;

/// A field of 32 bits that is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hole {
    /// Where it is in the stencil's code.
    pub at: u16,
    pub what: What,
    /// Bytes from what it stands for; from the node's beginning, if that is its units.
    pub offset: i32,
    /// Bytes from the field to the end of its instruction, from where distances count.
    pub rest: u8,
    /// Bytes from the beginning of its instruction to the field, and how many the instruction reads of the operand units, if it may
    /// have a number in their place.
    pub start: u8,
    pub reads: u8,
}

/// An instruction's use of a slot, or of some in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// Where the instruction begins and ends.
    pub start: u16,
    pub end: u16,
    /// Where the hole is: behind the ModRM byte, but where the slot's place is an immediate.
    pub field: u16,
    /// The operand unit with the slot's number.
    pub unit: u8,
    pub form: Form,
    /// Whether the slot's place may have 8 bits.
    pub near: bool,
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
    /// Whether all slots must be in memory while it runs, as it is not known how it uses them.
    pub in_memory: bool,
    /// The registers that it touches of those in which slots may live, a bit each.
    pub touched: u32,
    /// Whether it branches within itself.
    pub branches: bool,
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

impl Stencil {
    /// The stencil of the handler with this type. A thread finds each once: names are long, and a function has many nodes.
    pub(crate) fn of(name: &'static str, v2: bool) -> Option<&'static Stencil> {
        type Found = HashMap<(usize, usize, bool), Option<&'static Stencil>, BuildHasherDefault<Mixed>>;
        thread_local! {
            static FOUND: RefCell<Found> = RefCell::default();
        }
        let find = || Stencil::find(key(name, v2));
        let place = (name.as_ptr().addr(), name.len(), v2);
        let found = FOUND.try_with(|found| *found.borrow_mut().entry(place).or_insert_with(find));
        // A thread that ends has none any more.
        found.unwrap_or_else(|_| find())
    }

    /// The stencil with this key.
    pub(crate) fn find(key: u64) -> Option<&'static Stencil> {
        let found = STENCILS.binary_search_by_key(&key, |stencil| stencil.key);
        found.ok().map(|index| &STENCILS[index])
    }

    /// Its code, whose holes are not filled.
    pub(crate) fn code(&self) -> &'static [u8] {
        &CODE[self.code as usize..][..usize::from(self.length)]
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
