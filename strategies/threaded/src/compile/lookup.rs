//! Which nodes that follow each other have one handler.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

use crate::abi::Entry;
use crate::handlers::superinstructions;
use crate::kind::Nodes;
use crate::superinstruction::Rows;

/// The handlers of superinstructions.
type Table = HashMap<Nodes, Entry, BuildHasherDefault<Mix>>;

fn table(rows: &Rows) -> Table {
    let mut table = Table::with_capacity_and_hasher(rows.count(), BuildHasherDefault::default());
    for row in rows.iter() {
        table.insert(row.nodes, row.entry);
    }
    table
}

/// The one handler of these nodes, if they have one.
#[inline]
pub(crate) fn find(nodes: Nodes) -> Option<Entry> {
    // Nothing is dispatched there, so nothing need be fused.
    if cfg!(stencil) {
        return None;
    }
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

    use super::find;
    use crate::abi::Picked;
    use crate::handlers::{self, superinstructions};
    use crate::kind::{Kind, Nodes};

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
