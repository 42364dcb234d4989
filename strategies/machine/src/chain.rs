//! Closures that call each other: what `linked_closures` and `fused_closures` have in common.
//!
//! ```text
//!   table of entries           a chain: each link owns the next and calls it last
//!   +---+
//!   | 0 | -----> [link] -> [link] -> [link] -> [branch to 2, else to 1]
//!   +---+                                         |             |
//!   | 1 | <----------------------------------------------------+
//!   +---+                                         |
//!   | 2 | <--------------------------------------+
//!   +---+
//! ```
//!
//! A chain cannot hold what it branches to: loops would be cycles of ownership. So blocks are entries of a table that is
//! handed from link to link, and a branch calls the entry with the target's number. Entries from the number of blocks on
//! are pieces of long blocks: a chain is owned link by link, and dropping 100,000 links inside each other would overflow
//! the native stack.
//!
//! # Calls that are jumps
//!
//! The last thing a link does is to call the next one with the arguments it was given, and it returns what that returns.
//! An optimising compiler turns such a *sibling call* into a jump, so that chains and loops need no native stack at all.
//! Rust does not promise it. What it takes: one signature with all arguments in registers, one scalar returned, nothing to
//! drop after the call, no local whose address escapes; traps leave through a cold function out of line.
//!
//! Where calls stay calls, a branch must return. That is the other [`Transfer`]: with [`Bounce`] a link that ends a piece
//! returns the number of the entry to go on with, and [`Chains::step`] calls that, a trampoline. A strategy asks
//! [`probe`] at start which of the two its own build needs.

use std::ptr::addr_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::Trap;
use crate::backend::Backend;
use crate::code::BlockId;
use crate::driver::Flow;
use crate::state::{Machine, MachineLimits, State, Window};

/// Links in a piece. It bounds the native stack that dropping takes and, where calls stay calls, running.
pub const PIECE: usize = 64;

/// One closure of a chain.
///
/// This is `Fn(&Chains, &mut State, &mut Window) -> Flow` under another name. The detour halves the machine code: the
/// vtable of a `dyn Fn` also holds `call_mut` and `call_once`, and so a second and a third function for each closure.
pub trait Link: Send + Sync {
    /// Runs this link and all that follow.
    fn run(&self, chains: &Chains, state: &mut State, window: &mut Window) -> Flow;
}

impl<F: Fn(&Chains, &mut State, &mut Window) -> Flow + Send + Sync> Link for F {
    #[inline(always)]
    fn run(&self, chains: &Chains, state: &mut State, window: &mut Window) -> Flow {
        self(chains, state, window)
    }
}

/// A link in its box.
pub type Next = Box<dyn Link>;

/// Boxes a closure; the bound tells the compiler the types of its parameters.
pub fn link(f: impl Fn(&Chains, &mut State, &mut Window) -> Flow + Send + Sync + 'static) -> Next {
    Box::new(f)
}

/// A function's chains.
pub struct Chains {
    entries: Box<[Next]>,
    bytes: usize,
}

impl Chains {
    /// Runs from the start of a block until a [`Flow`] that the driver must carry out.
    #[inline(always)]
    pub fn step(&self, state: &mut State, window: &mut Window, block: BlockId) -> Flow {
        let mut flow = Flow::block(block);
        // Under `Jump` this loop turns once.
        while let Some(entry) = usize::try_from(flow.0).ok().and_then(|index| self.entries.get(index)) {
            flow = entry.run(self, state, window);
        }
        flow
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

/// How a chain goes on at another entry.
pub trait Transfer: Send + Sync + 'static {
    /// Whether the native stack stays where it is.
    const JUMPS: bool;

    /// Goes on at an entry.
    fn to(chains: &Chains, entry: u32, state: &mut State, window: &mut Window) -> Flow;

    /// Goes on at an entry: the other outcome of a branch.
    ///
    /// Out of line, to keep the branch a branch. Two inlined transfers are merged into one that *selects* the number of
    /// the entry, and then everything that follows waits for the comparison, where a predicted branch waits for nothing
    /// (measured: loops took twice the time).
    #[inline(never)]
    fn otherwise_to(chains: &Chains, entry: u32, state: &mut State, window: &mut Window) -> Flow {
        Self::to(chains, entry, state, window)
    }
}

/// Calls the entry, which the compiler is known to make a jump.
#[derive(Debug)]
pub enum Jump {}

impl Transfer for Jump {
    const JUMPS: bool = true;

    #[inline(always)]
    fn to(chains: &Chains, entry: u32, state: &mut State, window: &mut Window) -> Flow {
        chains.entries[entry as usize].run(chains, state, window)
    }
}

/// Returns to [`Chains::step`], which calls the entry.
#[derive(Debug)]
pub enum Bounce {}

impl Transfer for Bounce {
    const JUMPS: bool = false;

    #[inline(always)]
    fn to(_chains: &Chains, entry: u32, _state: &mut State, _window: &mut Window) -> Flow {
        Flow(u64::from(entry))
    }
}

/// The link that does nothing but go on at an entry.
pub fn transfer<T: Transfer>(entry: u32) -> Next {
    link(move |chains, state, window| T::to(chains, entry, state, window))
}

/// Leaves with a trap, unless one happened before it. Out of line, so that a link's straight path needs no stack frame.
#[cold]
#[inline(never)]
pub fn trapped(state: &mut State, trap: Trap, statement: u32) -> Flow {
    state.trap.get_or_insert(trap);
    Flow::trapped(statement)
}

/// Builds chains, each from its end.
pub struct ChainsBuilder {
    /// Entries of blocks, filled one by one, then pieces.
    entries: Vec<Option<Next>>,
    bytes: usize,
}

impl ChainsBuilder {
    /// Nothing is built yet.
    pub fn new(blocks: usize) -> ChainsBuilder {
        ChainsBuilder {
            entries: (0..blocks).map(|_| None).collect(),
            bytes: 0,
        }
    }

    /// Counts the heap bytes of something that a link owns.
    pub fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Builds a block's chain. `terminator` ends it; each of `makers`, last one first, is given the link that follows.
    pub fn block<T: Transfer, M: FnOnce(&mut ChainsBuilder, Next) -> Next>(
        &mut self,
        block: BlockId,
        terminator: Next,
        makers: impl Iterator<Item = M>,
    ) {
        self.bytes += size_of_val(&*terminator);
        let mut chain = terminator;
        let mut length = 1;
        for maker in makers {
            if length == PIECE {
                let piece = self.entries.len() as u32;
                self.entries.push(Some(chain));
                chain = transfer::<T>(piece);
                self.bytes += size_of_val(&*chain);
                length = 1;
            }
            chain = maker(self, chain);
            self.bytes += size_of_val(&*chain);
            length += 1;
        }
        self.entries[block as usize] = Some(chain);
    }

    /// The chains.
    ///
    /// # Panics
    ///
    /// When a block was not built.
    pub fn finish(self) -> Chains {
        let built = self
            .entries
            .into_iter()
            .map(|entry| entry.expect("every block is built"));
        let entries: Box<[Next]> = built.collect();
        let bytes = self.bytes + size_of_val(&*entries);
        Chains { entries, bytes }
    }
}

/// Whether this build dispatches by jumps: runs chains and loops of links, and looks how far the native stack moves.
///
/// The type parameter makes the probe a part of the strategy's crate, and so subject to the same compiler options.
pub fn probe<B: Backend>() -> bool {
    /// Links in each chain, chains in the loop and turns around it: few enough for any stack even if calls stay calls.
    const LINKS: usize = 16;
    const CHAINS: u32 = 3;
    const TURNS: usize = 5;
    /// Bytes the stack may move. A call takes 16 bytes at least, so that all of them would take 3,840.
    const SLACK: usize = 1024;

    let seen = Arc::new(Extremes::default());
    let turns = Arc::new(AtomicUsize::new(TURNS));
    let mut builder = ChainsBuilder::new(CHAINS as usize);
    for chain in 0..CHAINS {
        let terminator = if chain + 1 < CHAINS {
            transfer::<Jump>(chain + 1)
        } else {
            let turns = turns.clone();
            link(move |chains, state, window| {
                if turns.fetch_sub(1, Relaxed) > 1 {
                    Jump::to(chains, 0, state, window)
                } else {
                    Flow::RETURN
                }
            })
        };
        let makers = (0..LINKS).map(|_| {
            let seen = seen.clone();
            |_: &mut ChainsBuilder, next: Next| {
                link(move |chains, state, window| {
                    seen.add(stack_address::<B>());
                    next.run(chains, state, window)
                })
            }
        });
        builder.block::<Jump, _>(chain, terminator, makers);
    }
    let mut machine = Machine::new(MachineLimits {
        stack_slots: 1,
        ..MachineLimits::default()
    });
    let window = machine.stack.window(0);
    builder.finish().step(&mut machine.state, window, 0);
    seen.distance() < SLACK
}

/// The lowest and the highest address seen.
struct Extremes(AtomicUsize, AtomicUsize);

impl Default for Extremes {
    fn default() -> Self {
        Extremes(AtomicUsize::new(usize::MAX), AtomicUsize::new(0))
    }
}

impl Extremes {
    fn add(&self, address: usize) {
        self.0.fetch_min(address, Relaxed);
        self.1.fetch_max(address, Relaxed);
    }

    fn distance(&self) -> usize {
        self.1.load(Relaxed).saturating_sub(self.0.load(Relaxed))
    }
}

/// Where the native stack is. Not inlined: in a link, a local whose address is taken would keep the call from being a jump.
#[inline(never)]
fn stack_address<B: Backend>() -> usize {
    let marker = 0u8;
    addr_of!(marker) as usize
}
