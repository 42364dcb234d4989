//! The stencils, as the build has made them.

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
}

include!(concat!(env!("OUT_DIR"), "/table.rs"));

impl Stencil {
    /// The stencil of a handler.
    pub(crate) fn find(key: u64) -> Option<&'static Stencil> {
        let found = STENCILS.binary_search_by_key(&key, |stencil| stencil.key);
        found.ok().map(|index| &STENCILS[index])
    }

    /// Its code, whose holes are not filled.
    pub(crate) fn code(&self) -> &'static [u8] {
        &CODE[self.code as usize..][..usize::from(self.length)]
    }

    /// Its holes, in the order of their places.
    pub(crate) fn holes(&self) -> &'static [Hole] {
        &HOLES[self.holes as usize..][..usize::from(self.count)]
    }
}
