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
use crate::kind::Kind;

/// The kinds of up to three nodes that follow each other: their numbers side by side, so that equal means the same kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Nodes(u64);

impl Nodes {
    /// One node.
    pub(crate) const fn of(kind: Kind) -> Nodes {
        Nodes(kind.number() as u64)
    }

    /// These, at most two, and then one more.
    pub(crate) const fn then(self, next: Nodes) -> Nodes {
        Nodes(self.0 << Kind::BITS | next.0)
    }

    /// Whether these are three.
    pub(crate) const fn is_full(self) -> bool {
        self.0 >> (2 * Kind::BITS) != 0
    }
}

/// What a superinstruction begins with: a node, or a pair.
pub(crate) trait Front: 'static {
    /// Its kinds.
    const NODES: Nodes;
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
    const NODES: Nodes = Nodes::of(S::KIND);
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
    const NODES: Nodes = Nodes::of(S::KIND).then(Nodes::of(T::KIND));
    const PAIR: Option<Row> = Some(row::<S, T>());
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

/// A superinstruction.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    nodes: Nodes,
    entry: Entry,
    #[cfg(test)]
    name: fn() -> &'static str,
}

/// S, then H, as one handler.
pub(crate) const fn row<S: Front, H: Handler>() -> Row {
    Row {
        nodes: S::NODES.then(Nodes::of(H::KIND)),
        entry: enter::<Then<S, H>, Jumps>,
        #[cfg(test)]
        name: std::any::type_name::<Then<S, H>>,
    }
}

/// All superinstructions.
#[derive(Default)]
pub(crate) struct Rows {
    listed: Vec<&'static [Row]>,
    /// Pairs that listed triples begin with, be they listed themselves or not.
    begun: Vec<Row>,
}

impl Rows {
    /// Adds rows that begin with S.
    pub(crate) fn add<S: Front>(&mut self, rows: &'static [Row]) {
        self.list(rows);
        if let Some(pair) = S::PAIR {
            self.begin(pair);
        }
    }

    // Out of line, as it is called for each family with each form that it follows.
    #[inline(never)]
    fn list(&mut self, rows: &'static [Row]) {
        self.listed.push(rows);
    }

    #[inline(never)]
    fn begin(&mut self, pair: Row) {
        self.begun.push(pair);
    }

    fn iter(&self) -> impl Iterator<Item = &Row> {
        self.listed.iter().copied().flatten().chain(&self.begun)
    }
}

/// The handlers of superinstructions.
type Table = HashMap<Nodes, Entry, BuildHasherDefault<Mix>>;

fn table(rows: &Rows) -> Table {
    let count = rows.listed.iter().map(|rows| rows.len()).sum::<usize>() + rows.begun.len();
    let mut table = Table::with_capacity_and_hasher(count, BuildHasherDefault::default());
    for row in rows.iter() {
        table.insert(row.nodes, row.entry);
    }
    table
}

/// The one handler of these nodes, if they have one.
#[inline]
pub(crate) fn find(nodes: Nodes) -> Option<Entry> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE
        .get_or_init(|| table(&superinstructions::all()))
        .get(&nodes)
        .copied()
}

/// One multiplication is enough for keys that are ours.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Nodes, find};
    use crate::abi::Picked;
    use crate::handlers::{self, superinstructions};
    use crate::kind::Kind;

    /// The kinds of some nodes, one by one.
    fn apart(nodes: Nodes) -> Vec<Nodes> {
        let number = |place: u32| nodes.0 >> (place * Kind::BITS) & ((1 << Kind::BITS) - 1);
        (0..3)
            .rev()
            .map(number)
            .filter(|&number| number != 0)
            .map(Nodes)
            .collect()
    }

    #[test]
    fn every_superinstruction_is_listed_once_and_is_what_the_compiler_finds() {
        let rows = superinstructions::all();
        let mut listed = HashMap::new();
        let mut twice = Vec::new();
        for row in rows.listed.iter().copied().flatten() {
            let name = (row.name)();
            twice.extend(listed.insert(row.nodes, name).map(|other| [name, other]));
        }
        assert!(twice.is_empty(), "listed twice: {twice:#?}");
        let mut begun = HashMap::new();
        for row in rows.iter() {
            // As the compiler does: each node that follows is fused with what has been fused.
            let kinds = apart(row.nodes);
            let fuse = |nodes: Nodes, &next: &Nodes| find(nodes.then(next)).map(|_| nodes.then(next));
            let nodes = kinds[1..].iter().try_fold(kinds[0], fuse);
            let found = nodes
                .and_then(find)
                .unwrap_or_else(|| panic!("{} is never reached", (row.name)()));
            assert!(
                std::ptr::fn_addr_eq(found, row.entry),
                "{}: another handler",
                (row.name)()
            );
            if !listed.contains_key(&row.nodes) {
                begun.insert(row.nodes, row.name);
            }
        }
        println!(
            "{} rows, and {} pairs that only begin triples",
            listed.len(),
            begun.len()
        );
    }

    #[test]
    fn superinstructions_are_made_of_nodes_that_the_compiler_writes() {
        let mut written: HashMap<Nodes, Picked> = HashMap::new();
        for picked in handlers::all_picked() {
            if let Some(other) = written.insert(picked.nodes, picked) {
                assert_eq!(other.kind, picked.kind, "one number for two kinds");
                assert!(
                    std::ptr::fn_addr_eq(other.entry, picked.entry),
                    "two handlers of {}",
                    picked.kind
                );
            }
        }
        assert!(!written.contains_key(&Nodes::of(Kind::Other)));
        let rows = superinstructions::all();
        for row in rows.iter() {
            let kinds = apart(row.nodes);
            assert!((2..=3).contains(&kinds.len()), "{}", (row.name)());
            assert!(kinds.iter().all(|kind| written.contains_key(kind)), "{}", (row.name)());
        }
    }
}
