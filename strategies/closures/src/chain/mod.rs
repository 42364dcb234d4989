//! Closures that call each other: shared by the strategies whose closures hold the next one.
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
//! A chain cannot own what it branches to: loops would be cycles of ownership. So blocks are entries of a table that is
//! passed from link to link, and a branch calls the entry with the target's number. The entries after those of the blocks
//! are pieces of long blocks: a chain is owned link by link, and dropping 100,000 nested links would overflow
//! the native stack.
//!
//! # Calls that are jumps
//!
//! The last thing a link does is call the next one with the arguments it was given, and it returns what that returns.
//! An optimising compiler turns this *sibling call* into a jump, so chains need no native stack at all. Rust does
//! not promise that. It takes one signature with all arguments in registers, one scalar returned, nothing to drop
//! after the call, and no local whose address escapes; traps leave through a cold function out of line.
//!
//! Where calls stay calls, a branch must return: then every [`Transfer`] returns the number of the next entry, and
//! [`Chains::step`] calls that, as a trampoline. A strategy asks [`probe`] at start-up which of the two its own build needs.
//! Without optimisation the answer is known beforehand: the strategy's `build.rs` sets `cfg(trampoline)`, and the code for jumps is
//! not compiled.
//!
//! # Loops
//!
//! A chain is a linked list, and walking it is a sequence of dependent loads: about five cycles for each link, ten for a
//! transfer through the table. Straight code hides little of that, and a loop that is entered again through the table hides
//! none, because the first load of an iteration waits for the last load of the one before. So the head of an innermost loop has a
//! link of its own that holds the loop's body: the back edge *returns* to it, and the next iteration starts from a pointer in a
//! register, while the processor may still be busy with the current one.
//!
//! ```text
//!   | 4 | -----> [loop] <--------- returns 4 ---------+     returns 5
//!   +---+          |                                  |    /
//!   | 5 |          +--calls--> [link] -> [link] -> [branch to 4, else to 5]
//! ```
//!
//! Only innermost loops have this link, and everything that leaves the loop returns to it first, so at most one is on the
//! native stack at any time.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{BlockId, FunctionBody};
use wasm_dispatch_machine::backend::{Line, Listing};
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{State, Window};

mod probe;
mod routes;

pub use probe::probe;
use routes::Routes;
use std::collections::HashMap;
use std::sync::Arc;

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
        // Where calls are jumps this turns once, unless it began in the middle of a loop.
        while let Some(entry) = self.entry(flow) {
            flow = entry.run(self, state, window);
        }
        flow
    }

    /// The entry that a flow names, if it is one.
    #[inline(always)]
    fn entry(&self, flow: Flow) -> Option<&dyn Link> {
        let index = usize::try_from(flow.0).ok()?;
        self.entries.get(index).map(|entry| &**entry)
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.bytes
    }
}

/// The way from a chain to another entry.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    entry: u32,
    /// Whether the link's caller has to go on at the entry.
    returns: bool,
}

impl Transfer {
    /// Goes on at the entry.
    #[inline(always)]
    pub fn take(self, chains: &Chains, state: &mut State, window: &mut Window) -> Flow {
        if self.returns {
            return Flow::block(self.entry);
        }
        chains.entries[self.entry as usize].run(chains, state, window)
    }

    /// Goes on at the entry: the other outcome of a branch.
    ///
    /// Out of line, to keep the branch a branch. Two inlined transfers are merged into one that *selects* the entry, and then
    /// everything that follows waits for the comparison, where a predicted branch waits for nothing. (Measured over 21
    /// programs: linked closures took 1.15 times as long, a counting loop 1.7 times.)
    #[inline(never)]
    pub fn take_otherwise(self, chains: &Chains, state: &mut State, window: &mut Window) -> Flow {
        self.take(chains, state, window)
    }

    /// The link that does nothing else.
    pub fn link(self) -> Next {
        link(move |chains, state, window| self.take(chains, state, window))
    }
}

/// The head of an innermost loop.
struct Loop {
    body: Next,
    head: Flow,
}

impl Link for Loop {
    fn run(&self, chains: &Chains, state: &mut State, window: &mut Window) -> Flow {
        let flow = loop {
            let flow = self.body.run(chains, state, window);
            if flow != self.head {
                break flow;
            }
        };
        match chains.entry(flow) {
            Some(entry) => entry.run(chains, state, window),
            None => flow,
        }
    }
}

/// Leaves with a trap, unless one happened before it. Out of line, so that a link's straight path needs no stack frame.
#[cold]
#[inline(never)]
pub fn trapped(state: &mut State, trap: Trap, statement: u32) -> Flow {
    state.leave_first_trap(trap);
    Flow::trapped(statement)
}

/// Builds chains, each from its end.
pub struct ChainsBuilder {
    /// Entries of blocks, filled one by one, then pieces.
    entries: Vec<Option<Next>>,
    blocks: BlockId,
    routes: Routes,
    /// The ways of each switch: those from blocks of the same loop are the same.
    switches: HashMap<(u32, Option<routes::Span>), Arc<[Transfer]>>,
    bytes: usize,
    /// Closures made since the last link of a statement was complete.
    closures: u32,
    /// Closures that each statement or instruction takes, block after block, each block from its end.
    counts: Vec<u32>,
}

impl ChainsBuilder {
    /// Nothing is built yet. `jumps`: whether links go on by jumps, see [`probe`]. A block that ends with a jump to one of
    /// at most `copied` statements ends with a copy of it instead, see [`ChainsBuilder::copied`].
    pub fn new(body: &FunctionBody, jumps: bool, copied: usize) -> ChainsBuilder {
        ChainsBuilder {
            entries: (0..body.blocks.len()).map(|_| None).collect(),
            blocks: body.blocks.len() as BlockId,
            routes: Routes::new(body, jumps, copied),
            switches: HashMap::new(),
            bytes: 0,
            closures: 0,
            counts: Vec::with_capacity(body.statements.len()),
        }
    }

    /// The block that a block's chain ends with a copy of, in place of its terminator, a jump.
    pub fn copied(&self, block: BlockId) -> Option<BlockId> {
        self.routes.copied(block)
    }

    /// The way from a block to another.
    pub fn transfer(&self, from: BlockId, to: BlockId) -> Transfer {
        self.routes.transfer(from, to)
    }

    /// The ways of a switch, the statement of this number, from a block to others. Blocks that end with copies of it share
    /// them.
    pub fn switch(&mut self, from: BlockId, number: u32, targets: &[BlockId]) -> Arc<[Transfer]> {
        let key = (number, self.routes.innermost(from));
        if let Some(known) = self.switches.get(&key) {
            return known.clone();
        }
        let ways: Arc<[Transfer]> = targets.iter().map(|&target| self.transfer(from, target)).collect();
        self.count(size_of_val(&*ways));
        self.switches.insert(key, ways.clone());
        ways
    }

    /// Counts the heap bytes of something that a link owns.
    pub fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Counts a closure that a link calls, and its heap bytes.
    pub fn count_closure(&mut self, bytes: usize) {
        self.closures += 1;
        self.bytes += bytes;
    }

    /// The listing of chains whose blocks were built in order. `texts` says what each link of a block does.
    ///
    /// Its dispatches are the closures that running through a block once calls: links, and what they call. Loops are not
    /// among them: their links are called when they are entered, not in every turn.
    pub fn listing(&self, texts: impl Fn(BlockId) -> Vec<String>) -> Listing {
        let mut counts = &self.counts[..];
        let blocks = 0..self.blocks;
        let block = |block| {
            let texts = texts(block);
            let (of_block, rest) = counts.split_at(texts.len());
            counts = rest;
            let lines = texts.into_iter().zip(of_block.iter().rev());
            lines
                .map(|(text, &dispatches)| Line {
                    parts: vec![text],
                    dispatches,
                })
                .collect()
        };
        blocks.map(block).collect()
    }

    /// Builds a block's chain. `last` ends it; each of `makers`, last one first, is given the link that follows.
    pub fn block<M: FnOnce(&mut ChainsBuilder, Next) -> Next>(
        &mut self,
        block: BlockId,
        last: Next,
        makers: impl Iterator<Item = M>,
    ) {
        let mut chain = self.counted(last);
        self.count_line();
        let mut length = 1;
        for maker in makers {
            if length == PIECE {
                let piece = self.entries.len() as u32;
                self.entries.push(Some(chain));
                chain = self.counted(self.routes.to_piece(piece).link());
                length = 1;
            }
            let next = maker(self, chain);
            chain = self.counted(next);
            self.count_line();
            length += 1;
        }
        if self.routes.is_head(block) {
            let head = Flow::block(block);
            chain = Box::new(Loop { body: chain, head });
            self.count(size_of_val(&*chain));
        }
        self.entries[block as usize] = Some(chain);
    }

    /// A line of the listing is complete. A link to the piece that follows is counted with the line before it.
    fn count_line(&mut self) {
        self.counts.push(std::mem::take(&mut self.closures));
    }

    fn counted(&mut self, link: Next) -> Next {
        self.count_closure(size_of_val(&*link));
        link
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
