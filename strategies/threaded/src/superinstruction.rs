//! Superinstructions: nodes that follow each other, run by one handler.
//!
//! A handler is a type, and so is a pair of them: [`Then<S, H>`] carries out S and continues as H, whose operand units
//! follow those of S. LLVM compiles it as one straight piece: what S leaves in the accumulator stays in its register, and
//! the dispatch between them is gone. Which superinstructions there are is a table, chosen by how often they run
//! (`cargo run --release -p wasm-dispatch-lab -- profile`).
//!
//! Literature: Proebsting, *Optimizing an ANSI C interpreter with superoperators*, 1995; Ertl and Gregg, *Combining stack
//! caching with dynamic superinstructions*, 2004.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;

use crate::abi::{Entry, Handler, Jumps, Mode, Regs, Step, enter, filled};
use crate::kind::Nodes;

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
    pub nodes: Nodes,
    pub entry: Entry,
    #[cfg(test)]
    pub name: fn() -> &'static str,
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
    pub listed: Vec<&'static [Row]>,
    /// Pairs that listed triples begin with, listed themselves or not.
    begun: Vec<Row>,
}

impl Rows {
    /// How many there are, at most.
    pub fn count(&self) -> usize {
        self.listed.iter().map(|rows| rows.len()).sum::<usize>() + self.begun.len()
    }

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

    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.listed.iter().copied().flatten().chain(&self.begun)
    }
}
