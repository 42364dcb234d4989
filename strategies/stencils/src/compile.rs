//! From nodes to machine code: copies of stencils in a row, their holes filled.
//!
//! One pass over the nodes in the order of the stream. A branch's target is filled in afterwards, when all nodes have their
//! places, and so are the ends of runs by traps and the ways to handlers, which lie behind the function's code.

use wasm_dispatch_threaded::copies::{Draft, DraftNode, OPERANDS, trap_exit};

use crate::code::Assembly;
use crate::form::Form;
use crate::key::key;
use crate::table::{CONSTANTS, Hole, Stencil};
use crate::what::What;

/// Bytes of a unit.
const UNIT: usize = size_of::<u32>();

/// A field that is filled in when all nodes have their places.
struct Later {
    at: usize,
    node: usize,
    rest: u8,
    what: Ahead,
}

/// What it is filled with: the distance to this.
enum Ahead {
    /// The code of the node at a unit.
    Node(u32),
    /// The exit of a trap.
    Trap(u8),
    /// The node's handler.
    Handler,
    /// A place in the constants.
    Constant(usize),
}

/// The machine code of a function.
pub(crate) fn assemble(draft: &Draft, form: Form) -> Assembly {
    let nodes: Vec<DraftNode<'_>> = draft.nodes().collect();
    let loops = match form.aligned {
        true => loops(&nodes, draft.end()),
        false => Vec::new(),
    };
    let mut loops = loops.into_iter().peekable();
    let mut assembler = Assembler {
        assembly: Assembly::default(),
        later: Vec::new(),
        own: vec![None; CONSTANTS.len()],
    };
    for (index, node) in nodes.iter().enumerate() {
        if loops.next_if_eq(&node.start).is_some() {
            assembler.align();
        }
        assembler.node(index, node);
    }
    assembler.finish(&nodes)
}

/// The units of nodes to which a node of theirs or behind them goes back, ascending. `end` is where the blocks end: what goes back
/// from there enters a block, and runs once.
fn loops(nodes: &[DraftNode<'_>], end: u32) -> Vec<u32> {
    let nodes = nodes.iter().take_while(|node| node.start < end);
    let mut loops: Vec<u32> = nodes
        .flat_map(|node| node.targets().filter(|&target| target <= node.start))
        .collect();
    loops.sort_unstable();
    loops.dedup();
    loops
}

struct Assembler {
    assembly: Assembly,
    later: Vec<Later>,
    /// Where constants of handlers are among the function's.
    own: Vec<Option<u32>>,
}

impl Assembler {
    fn node(&mut self, index: usize, node: &DraftNode<'_>) {
        self.assembly.starts.push(self.assembly.code.len() as u32);
        // A stencil that reads beyond the node would be another handler's.
        let found = Stencil::find(key(node.name, node.v2));
        match found.filter(|stencil| usize::from(stencil.reach) <= node.operands.len() * UNIT) {
            Some(stencil) => self.copy(index, node, stencil),
            None => {
                self.assembly.handlers += 1;
                self.hand_over(node.address, node.handler);
            }
        }
    }

    /// Fills up to where a loop begins.
    fn align(&mut self) {
        let code = &mut self.assembly.code;
        while !code.len().is_multiple_of(LOOP) {
            let nops = &NOPS[..(LOOP - code.len() % LOOP).min(NOPS.len())];
            code.extend(nops[nops.len() - 1]);
        }
    }

    fn copy(&mut self, index: usize, node: &DraftNode<'_>, stencil: &Stencil) {
        let start = self.assembly.code.len();
        let (mut code, mut holes) = (stencil.code(), stencil.holes());
        // A jump to what comes next is left out.
        if let Some((last, others)) = holes.split_last()
            && last.what == What::Target
            && node.targets().next() == Some(node.end)
            && usize::from(last.at) + UNIT == code.len()
            && code[usize::from(last.at) - 1] == JMP
        {
            (code, holes) = (&code[..usize::from(last.at) - 1], others);
        }
        let mut units = None;
        self.assembly.code.extend_from_slice(code);
        for &Hole { at, what, offset, rest } in holes {
            let at = start + usize::from(at);
            let later = match what {
                What::Slot(unit) => {
                    let slot = node.operands.get(usize::from(unit)).copied().unwrap_or(0);
                    self.fill(at, slot.wrapping_mul(8).wrapping_add_signed(offset));
                    continue;
                }
                What::Next => {
                    let end = start + code.len();
                    self.fill(at, distance(at, rest, end));
                    continue;
                }
                What::Units => {
                    let place = *units.get_or_insert_with(|| self.constants(node.operands));
                    Ahead::Constant(place + (offset as usize - OPERANDS * UNIT))
                }
                What::Constant(number) => Ahead::Constant(self.own_constant(number) + offset as usize),
                What::Target => match node.targets().next() {
                    Some(target) => Ahead::Node(target),
                    None => Ahead::Handler,
                },
                What::Trap(trap) => Ahead::Trap(trap),
                What::Rare => Ahead::Handler,
            };
            self.later.push(Later {
                at,
                node: index,
                rest,
                what: later,
            });
        }
    }

    /// The node's operand units among the constants.
    fn constants(&mut self, operands: &[u32]) -> usize {
        let place = self.assembly.constants.len();
        let bytes = operands.iter().flat_map(|unit| unit.to_ne_bytes());
        self.assembly.constants.extend(bytes);
        place
    }

    /// A constant of handlers among the function's, aligned as their instructions want it.
    fn own_constant(&mut self, number: u16) -> usize {
        let constants = &mut self.assembly.constants;
        let place = self.own[usize::from(number)].get_or_insert_with(|| {
            constants.resize(constants.len().next_multiple_of(16), 0);
            let place = constants.len();
            constants.extend(CONSTANTS[usize::from(number)]);
            place as u32
        });
        *place as usize
    }

    /// `mov rdi, node; mov rax, handler; jmp rax`: on to a handler, which goes on at the address that the next node has.
    fn hand_over(&mut self, node: u64, handler: u64) {
        let code = &mut self.assembly.code;
        code.extend([0x48, 0xbf]);
        code.extend(node.to_le_bytes());
        code.extend([0x48, 0xb8]);
        code.extend(handler.to_le_bytes());
        code.extend([0xff, 0xe0]);
    }

    fn fill(&mut self, at: usize, value: u32) {
        self.assembly.code[at..at + UNIT].copy_from_slice(&value.to_le_bytes());
    }

    fn finish(mut self, nodes: &[DraftNode<'_>]) -> Assembly {
        for Later { at, node, rest, what } in std::mem::take(&mut self.later) {
            let here = self.assembly.code.len();
            let node = &nodes[node];
            let value = match what {
                Ahead::Node(unit) => {
                    let index = nodes.partition_point(|node| node.start < unit);
                    distance(at, rest, self.assembly.starts[index] as usize)
                }
                Ahead::Trap(trap) => {
                    // mov ecx, trap: the accumulator.
                    self.assembly.code.extend([0xb9, trap, 0, 0, 0]);
                    self.hand_over(node.address, trap_exit());
                    distance(at, rest, here)
                }
                Ahead::Handler => {
                    self.hand_over(node.address, node.handler);
                    distance(at, rest, here)
                }
                Ahead::Constant(place) => {
                    let reach = distance(at, rest, place) as i32;
                    self.assembly.reaches.push((at as u32, reach));
                    continue;
                }
            };
            self.fill(at, value);
        }
        self.assembly
    }
}

/// Loops begin at multiples of this: what is fetched at once.
const LOOP: usize = 32;

/// What does nothing, in so many bytes.
const NOPS: [&[u8]; 8] = [
    &[0x90],
    &[0x66, 0x90],
    &[0x0f, 0x1f, 0x00],
    &[0x0f, 0x1f, 0x40, 0x00],
    &[0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
    &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/// `jmp` with a distance of 32 bits.
const JMP: u8 = 0xe9;

/// From the end of the instruction with a field to another place.
fn distance(field: usize, rest: u8, to: usize) -> u32 {
    (to as u32).wrapping_sub((field + usize::from(rest)) as u32)
}
