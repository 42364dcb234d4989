//! Superinstructions: nodes that follow each other, run by one handler.
//!
//! A handler is a type, so a pair of them is one, too: [`Then<S, H>`] carries out S and goes on as H, whose operand units
//! follow those of S. LLVM compiles it as one straight piece: what S leaves in the accumulator stays in its register, and
//! the dispatch between them is gone. Which pairs have a handler is a table, chosen by how often they run
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
use crate::kind::Kind;

/// S, then T: a pair that a third node may join.
pub(crate) struct Both<S, T>(PhantomData<(S, T)>);

impl<S: Step, T: Step> Step for Both<S, T> {
    const KIND: Kind = Kind::both(S::KIND, T::KIND);
    const UNITS: usize = filled(S::UNITS) + T::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: as for `Then`; a trap of T is reported at T's place.
        unsafe {
            S::step(r)?;
            r.ip = r.ip.add(filled(S::UNITS));
            T::step(r)?;
            r.ip = r.ip.sub(filled(S::UNITS));
        }
        Ok(())
    }
}

/// S, then H.
pub(crate) struct Then<S, H>(PhantomData<(S, H)>);

impl<S: Step, H: Handler> Handler for Then<S, H> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the operand units of H follow those of S; so they stand where they would if H's handler pointer were in
        // the last units of S's. See `Handler::run`.
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

/// A pair that has a handler.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    first: Kind,
    second: Kind,
    entry: Entry,
    #[cfg(test)]
    name: fn() -> &'static str,
}

/// The pair of S and H.
pub(crate) const fn pair<S: Step, H: Handler>() -> Pair {
    Pair {
        first: S::KIND,
        second: H::KIND,
        entry: enter::<Then<S, H>, Jumps>,
        #[cfg(test)]
        name: std::any::type_name::<Then<S, H>>,
    }
}

/// The handler of two nodes that follow each other, if they have one.
#[inline]
pub(crate) fn find(first: Kind, second: Kind) -> Option<Entry> {
    static TABLE: OnceLock<HashMap<u64, Entry, BuildHasherDefault<Mix>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let rows = crate::handlers::pairs::all();
        rows.into_iter()
            .map(|row| (key(row.first, row.second), row.entry))
            .collect()
    });
    table.get(&key(first, second)).copied()
}

fn key(first: Kind, second: Kind) -> u64 {
    u64::from(first.0) << 32 | u64::from(second.0)
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

    use super::key;

    #[test]
    fn no_two_pairs_look_the_same() {
        let rows = crate::handlers::pairs::all();
        assert!(rows.len() > 1000, "{}", rows.len());
        let mut known = HashMap::new();
        for row in rows {
            let name = (row.name)();
            if let Some(other) = known.insert(key(row.first, row.second), name) {
                assert_eq!(other, name, "one key for two handlers");
            }
        }
        println!("{} pairs and triples", known.len());
    }
}
