//! What is done when all nodes of a function have their places: branches, tables, ways out and entrances.

use super::{Ahead, Assembler, Later, distance};
use crate::code::Assembly;
use crate::exits::Out;
use crate::nodes::{Node, UNIT};

impl Assembler<'_> {
    pub(super) fn finish(mut self) -> Assembly {
        let nodes = self.nodes;
        // No function ends with a call that returns.
        if let Some(call) = self.call.take() {
            self.go_on(&call, false);
            // ud2
            self.assembly.code.extend_from_slice(&[0x0f, 0x0b]);
        }
        self.assembly.end = self.place();
        for Later { at, node, rest, what } in std::mem::take(&mut self.later) {
            let (at, node) = (at as usize, node as usize);
            let to = match what {
                Ahead::Target => {
                    let target = nodes.targets(node).next().unwrap_or_default();
                    self.beginning(&nodes.list[node], target as usize)
                }
                Ahead::Trap(trap) => self.way_out(node, Out::Trap(trap)),
                Ahead::Handler => self.way_out(node, Out::Handler(nodes.handler(node))),
            };
            self.fill(at, distance(at, rest, to as usize));
        }
        for (node, here, place) in std::mem::take(&mut self.tables) {
            for (target, place) in nodes.targets(node).zip((place..).step_by(UNIT)) {
                let to = self.beginning(&nodes.list[node], target as usize);
                self.assembly.constants[place..place + UNIT]
                    .copy_from_slice(&to.wrapping_sub(here as u32).to_le_bytes());
            }
        }
        self.entrances();
        self.assembly
    }

    /// Where a node begins for those who come from another.
    fn beginning(&mut self, from: &Node<'_>, target: usize) -> u32 {
        match from.barrier {
            true => self.entrance(target),
            false => self.assembly.starts[target],
        }
    }

    /// A way out of a node, with slots in memory for who takes it over.
    fn way_out(&mut self, index: usize, out: Out) -> u32 {
        let stored = self.pins.left(index, &self.nodes.list[index]);
        let node = self.nodes.address(index);
        self.exits.way_out(&mut self.assembly.code, node, stored, out)
    }

    /// Where a node begins for those who come from elsewhere.
    fn entrance(&mut self, index: usize) -> u32 {
        if let Some(entrance) = self.entrances[index] {
            return entrance;
        }
        let (start, loaded) = (self.assembly.starts[index], self.pins.flow(index).before);
        let entrance = self.exits.way_in(&mut self.assembly.code, loaded, start);
        self.entrances[index] = Some(entrance);
        entrance
    }

    /// Makes entrances where handlers go on and where machines do.
    fn entrances(&mut self) {
        let nodes = self.nodes;
        let count = nodes.list.len();
        for &unit in nodes.draft.entrances() {
            let index = nodes.number(unit) as usize;
            if index < count {
                self.entrance(index);
            }
        }
        for (index, node) in nodes.list.iter().enumerate() {
            if node.stencil.is_some_and(|stencil| !stencil.rare) {
                continue;
            }
            if index + 1 < count {
                self.entrance(index + 1);
            }
            for target in nodes.targets(index) {
                self.entrance(target as usize);
            }
        }
        let starts = self.assembly.starts.iter();
        let entrances = self.entrances.iter().zip(starts);
        self.assembly.entrances = entrances.map(|(entrance, &start)| entrance.unwrap_or(start)).collect();
    }
}
