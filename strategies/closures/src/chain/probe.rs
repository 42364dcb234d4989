//! Does this build turn the calls into jumps?

use std::ptr::addr_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::{Chains, Transfer, link};
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{Machine, MachineLimits};

/// Whether this build dispatches by jumps: runs chains and loops of links, and looks how far the native stack moves.
///
/// `inline`, so that it is compiled in the strategy's crate and with its compiler options.
#[inline]
pub fn probe() -> bool {
    /// Links in each chain, chains in the loop and turns around it: few enough for any stack even if calls stay calls.
    const LINKS: usize = 16;
    const CHAINS: u32 = 3;
    const TURNS: usize = 5;
    /// Bytes the stack may move. A call takes 16 bytes at least, so that all of them would take 3,840.
    const SLACK: usize = 1024;

    let seen = Arc::new(Extremes::default());
    let turns = Arc::new(AtomicUsize::new(TURNS));
    let mut entries = Vec::new();
    for chain in 0..CHAINS {
        let transfer = |entry| Transfer { entry, returns: false };
        let mut links = if chain + 1 < CHAINS {
            transfer(chain + 1).link()
        } else {
            let turns = turns.clone();
            link(move |chains, state, window| {
                if turns.fetch_sub(1, Relaxed) > 1 {
                    transfer(0).take(chains, state, window)
                } else {
                    Flow::RETURN
                }
            })
        };
        for _ in 0..LINKS {
            let (seen, next) = (seen.clone(), links);
            links = link(move |chains, state, window| {
                seen.add(stack_address());
                next.run(chains, state, window)
            });
        }
        entries.push(links);
    }
    let chains = Chains {
        entries: entries.into(),
        bytes: 0,
    };
    let mut machine = Machine::new(MachineLimits {
        stack_slots: 1,
        ..MachineLimits::default()
    });
    let window = machine.stack.window(0);
    chains.step(&mut machine.state, window, 0);
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
fn stack_address() -> usize {
    let marker = 0u8;
    addr_of!(marker) as usize
}
