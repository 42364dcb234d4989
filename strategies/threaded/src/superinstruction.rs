//! Superinstructions: nodes that follow each other, run by one handler.
//!
//! A handler is a type, so a pair of them is one, too: [`Then<S, H>`] carries out S and goes on as H, whose operand units
//! follow those of S. LLVM compiles it as one straight piece: what S leaves in the accumulator stays in its register, and
//! the dispatch between them is gone. Which superinstructions there are is a table, chosen by how often they run
//! (`cargo run --release -p wasm-dispatch-lab -- profile`).
//!
//! Literature: Proebsting, *Optimizing an ANSI C interpreter with superoperators*, 1995; Ertl and Gregg, *Combining stack
//! caching with dynamic superinstructions*, 2004.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::sync::OnceLock;

use wasm_dispatch_ir::Trap;

use crate::abi::{Entry, Handler, Jumps, Mode, Regs, Step, enter, filled};
use crate::handlers::superinstructions;
use crate::kind::KindId;

/// The nodes that end a piece of code, when another may be fused with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Open {
    /// A node with a handler of its own.
    One(KindId),
    /// A pair.
    Two(KindId, KindId),
}

impl Open {
    /// What this and another node are, fused, to a third one.
    pub(crate) fn with(self, next: KindId) -> Option<Open> {
        match self {
            Open::One(first) => Some(Open::Two(first, next)),
            Open::Two(..) => None,
        }
    }
}

/// What a superinstruction begins with: a node, or a pair.
pub(crate) trait Front: 'static {
    /// Its kinds.
    const OPEN: Open;
    /// Its own row, if it is a pair. A third node is fused with what has been fused, so where a triple is in the table, its pair
    /// must be.
    const PAIR: Option<Row>;
    /// Its operand units.
    const UNITS: usize;

    /// Carries out the nodes from `r.ip` on, and comes back there. A trap is reported at the place of the node that it is of.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`].
    unsafe fn step(r: &mut Regs) -> Result<(), Trap>;
}

impl<S: Step> Front for S {
    const OPEN: Open = Open::One(S::KIND.id());
    const PAIR: Option<Row> = None;
    const UNITS: usize = S::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the contract is the same.
        unsafe { S::step(r) }
    }
}

/// S, then T: a pair that a third node may be fused with.
pub(crate) struct Both<S, T>(PhantomData<(S, T)>);

impl<S: Step, T: Step> Front for Both<S, T> {
    const OPEN: Open = Open::Two(S::KIND.id(), T::KIND.id());
    const PAIR: Option<Row> = Some(Row::of(Open::One(S::KIND.id()), then::<S, T>()));
    const UNITS: usize = filled(S::UNITS) + T::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the operand units of T follow those of S, as `Then` says.
        unsafe {
            <S as Step>::step(r)?;
            r.ip = r.ip.add(filled(S::UNITS));
            <T as Step>::step(r)?;
            r.ip = r.ip.sub(filled(S::UNITS));
        }
        Ok(())
    }
}

/// S, then H.
pub(crate) struct Then<S, H>(PhantomData<(S, H)>);

impl<S: Front, H: Handler> Handler for Then<S, H> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the compiler has written the operand units of H behind those of S, without H's handler pointer; so they stand
        // where they would if that pointer were in the last units of S's.
        unsafe {
            match S::step(&mut r) {
                Ok(()) => {
                    r.ip = r.ip.add(filled(S::UNITS));
                    H::run::<M>(r)
                }
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// The last node of a superinstruction, with the handler of all of it.
#[derive(Clone, Copy)]
pub(crate) struct Last {
    kind: KindId,
    entry: Entry,
    #[cfg(test)]
    name: fn() -> &'static str,
}

/// S, then H, as one handler.
pub(crate) const fn then<S: Front, H: Handler>() -> Last {
    Last {
        kind: H::KIND.id(),
        entry: enter::<Then<S, H>, Jumps>,
        #[cfg(test)]
        name: std::any::type_name::<Then<S, H>>,
    }
}

/// A superinstruction.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    front: Open,
    last: Last,
}

impl Row {
    const fn of(front: Open, last: Last) -> Row {
        Row { front, last }
    }
}

/// All superinstructions.
#[derive(Default)]
pub(crate) struct Rows {
    listed: Vec<Row>,
    /// Pairs that listed triples begin with, listed themselves or not.
    begun: Vec<Row>,
}

impl Rows {
    /// Adds those that begin with S and end with any of these nodes.
    pub(crate) fn add<S: Front>(&mut self, lasts: &[Last]) {
        self.begun.extend(S::PAIR);
        self.listed.extend(lasts.iter().map(|&last| Row::of(S::OPEN, last)));
    }
}

type Index = HashMap<(Open, KindId), Entry, BuildHasherDefault<Mix>>;

fn index(rows: &Rows) -> Index {
    let rows = || rows.begun.iter().chain(&rows.listed);
    let mut index = Index::with_capacity_and_hasher(rows().count(), BuildHasherDefault::default());
    index.extend(rows().map(|row| ((row.front, row.last.kind), row.last.entry)));
    index
}

/// The handler of these nodes with another one, if they have one.
#[inline]
pub(crate) fn find(nodes: Open, next: KindId) -> Option<Entry> {
    static INDEX: OnceLock<Index> = OnceLock::new();
    let index = INDEX.get_or_init(|| index(&superinstructions::all()));
    index.get(&(nodes, next)).copied()
}

/// A multiplication for each word is enough for keys that are ours.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::{Open, Row, find};
    use crate::abi::Picked;
    use crate::handlers::{self, superinstructions};
    use crate::kind::{Kind, KindId};

    fn key(row: &Row) -> (Open, KindId) {
        (row.front, row.last.kind)
    }

    #[test]
    fn every_superinstruction_is_listed_once_and_is_what_the_compiler_finds() {
        let rows = superinstructions::all();
        let mut known = HashMap::new();
        let mut twice = Vec::new();
        for row in &rows.listed {
            let name = (row.last.name)();
            twice.extend(known.insert(key(row), name).map(|other| [name, other]));
        }
        assert!(twice.is_empty(), "listed twice: {twice:#?}");
        let fused = |open: Open, next: KindId| Some((open.with(next), find(open, next)?));
        for row in rows.listed.iter().chain(&rows.begun) {
            let found = match row.front {
                Open::One(first) => fused(Open::One(first), row.last.kind),
                Open::Two(first, second) => {
                    let pair = fused(Open::One(first), second).and_then(|(open, _)| open);
                    pair.and_then(|pair| fused(pair, row.last.kind))
                }
            };
            let (_, found) = found.unwrap_or_else(|| panic!("{} is never reached", (row.last.name)()));
            assert!(
                std::ptr::fn_addr_eq(found, row.last.entry),
                "{}: another handler",
                (row.last.name)()
            );
        }
        let begun = rows.begun.iter().map(key).filter(|key| !known.contains_key(key));
        println!(
            "{} listed, and {} pairs that only begin triples",
            rows.listed.len(),
            begun.collect::<HashSet<_>>().len()
        );
    }

    #[test]
    fn superinstructions_are_made_of_nodes_that_the_compiler_writes() {
        let mut written: HashMap<KindId, Picked> = HashMap::new();
        for picked in handlers::all_picked() {
            if let Some(other) = written.insert(picked.id, picked) {
                assert_eq!(other.kind, picked.kind, "one number for two kinds");
                assert!(
                    std::ptr::fn_addr_eq(other.entry, picked.entry),
                    "two handlers of {}",
                    picked.kind
                );
            }
        }
        assert!(!written.contains_key(&Kind::Other.id()));
        let rows = superinstructions::all();
        for row in rows.listed.iter().chain(&rows.begun) {
            let (first, second) = match row.front {
                Open::One(first) => (first, None),
                Open::Two(first, second) => (first, Some(second)),
            };
            for id in [Some(first), second, Some(row.last.kind)].into_iter().flatten() {
                assert!(
                    written.contains_key(&id),
                    "the compiler never writes {id:?} of {}",
                    (row.last.name)()
                );
            }
        }
    }
}
