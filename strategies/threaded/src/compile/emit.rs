//! Nodes and their operands, as units of the stream.

use wasm_dispatch_ir::code::{NodeId, Slot};

use super::arrive::VECTOR;
use super::lookup;
use super::{Compiler, Operand, To, accumulator};
use crate::abi::{HANDLER_UNITS, Picked, filled};
use crate::code::{Unit, units_of};
use crate::handlers::{control, numeric};
use crate::kind::{Class, Kind};
use crate::techniques::Techniques;

/// Nodes without a form for the loop that may follow each other.
const MOST_IN_A_ROW: u32 = 16;

impl Compiler<'_> {
    /// Where the next node begins: the operands before it are padded.
    pub(super) fn next_node(&mut self) -> u32 {
        self.room.stream.resize(filled(self.room.stream.len()), 0);
        self.room.stream.len() as u32
    }

    /// The nodes that follow belong to a statement.
    pub(super) fn begin_statement(&mut self, statement: u32) {
        let start = self.next_node();
        match self.room.statements.last_mut() {
            // The one before has no nodes: a jump that is replaced by a copy of its target.
            Some((begin, last)) if *begin == start => *last = statement,
            _ => self.room.statements.push((start, statement)),
        }
    }

    /// Begins a node; its operands follow. It is fused with the node before if there is one handler for both.
    pub(super) fn node(&mut self, picked: Picked, units: &[Unit]) {
        // A node without a form for the loop goes on with the next by a call there, which takes native stack.
        if !self.techniques.jumps && std::ptr::fn_addr_eq(picked.entry, picked.trampolined) {
            self.in_a_row += 1;
            if self.in_a_row == MOST_IN_A_ROW {
                self.in_a_row = 0;
                self.node(control::pause(), &[]);
            }
        } else {
            self.in_a_row = 0;
        }
        let start = self.next_node() as usize;
        // Whether this node begins a statement, and if so, whether another one would begin at the same unit if this were
        // fused: then a trap of that one would be this one's.
        let begins = self
            .room
            .statements
            .last()
            .is_some_and(|&(begin, _)| begin as usize == start);
        let previous = self
            .room
            .statements
            .iter()
            .nth_back(1)
            .map(|&(begin, _)| begin as usize);
        let hides = begins && previous.is_some_and(|previous| previous + HANDLER_UNITS >= start);
        let Techniques {
            jumps, pairs, triples, ..
        } = self.techniques;
        let last = self.last.filter(|_| !hides && jumps && pairs);
        let fused = last.and_then(|(at, nodes)| {
            let nodes = nodes.then(picked.nodes);
            Some((at, nodes, lookup::find(nodes)?))
        });
        match fused {
            Some((at, nodes, entry)) => {
                write_u64(&mut self.room.stream[at..at + HANDLER_UNITS], entry as usize as u64);
                // Its operands begin right here, so to itself it begins before.
                if let (true, Some((begin, _))) = (begins, self.room.statements.last_mut()) {
                    *begin -= HANDLER_UNITS as u32;
                }
                self.last = (triples && !nodes.is_full()).then_some((at, nodes));
            }
            None => {
                let entry = if jumps { picked.entry } else { picked.trampolined };
                self.address(entry as usize as u64);
                self.last = (picked.kind != Kind::Other).then_some((start, picked.nodes));
                #[cfg(feature = "copies")]
                if let Some(nodes) = &mut self.nodes {
                    nodes.push((start as u32, picked.name));
                }
            }
        }
        if let Some(trace) = &mut self.trace {
            let block = self.room.blocks.len().saturating_sub(1) as u32;
            trace.push((block, picked.kind, fused.is_some(), self.out_of_line));
        }
        self.room.stream.extend_from_slice(units);
    }

    pub(super) fn address(&mut self, value: u64) {
        let mut units = [0; 2];
        write_u64(&mut units, value);
        self.room.stream.extend_from_slice(&units);
    }

    pub(super) fn target(&mut self, block: u32) {
        let carries = self.brings(block);
        self.room.targets.push(self.room.stream.len());
        self.room.stream.extend_from_slice(&[block, u32::from(carries)]);
    }

    pub(super) fn operand(&mut self, operand: Operand) {
        match operand {
            Operand::Slot(slot) => self.room.stream.push(Unit::from(slot)),
            Operand::Const(value, Class::I32 | Class::F32) => self.room.stream.push(value as u32),
            Operand::Const(value, _) => self.address(value),
            Operand::Acc => {}
        }
    }

    /// The destination's units; from here on it is cached in the accumulator.
    pub(super) fn dest(&mut self, to: To, class: Class) {
        let accumulator = accumulator(class);
        self.cached[accumulator] = None;
        if let To::Slot(slot) = to {
            self.room.stream.push(Unit::from(slot));
            self.forget(slot);
            self.cached[accumulator] = Some(slot);
        }
    }

    /// The slot has changed: what an accumulator caches of it is stale.
    pub(super) fn forget(&mut self, slot: Slot) {
        for cached in &mut self.cached {
            if *cached == Some(slot) {
                *cached = None;
            }
        }
        // The second slot of a vector.
        if slot > 0 && self.cached[VECTOR] == Some(slot - 1) {
            self.cached[VECTOR] = None;
        }
    }

    pub(super) fn class(&self, id: NodeId) -> Class {
        Class::of(self.body.node_types[id as usize])
    }

    /// `slot = a`, past the accumulator.
    pub(super) fn copy(&mut self, a: Operand, slot: Slot, class: Class) {
        self.node(numeric::pick_copy(class, a.location()), &[]);
        self.operand(a);
        self.room.stream.push(Unit::from(slot));
        self.forget(slot);
        if !self.techniques.moves {
            self.cached[accumulator(class)] = None;
        }
    }
}

/// Writes a 64-bit value into two units, in the machine's byte order.
pub(super) fn write_u64(units: &mut [Unit], value: u64) {
    units.copy_from_slice(&units_of(value));
}
