//! From code blocks to the code stream: which handler, which operands.
//!
//! A tree becomes one node per operation; leaves are operands of the node above them. An inner result goes to the
//! accumulator if the next node takes it from there, else to a scratch slot. Every node that writes a slot leaves the
//! value in the accumulator, too: the accumulators are a register cache, and until the block ends the compiler knows which
//! slot is cached in which.
//!
//! `arrive` knows what a block begins with, `carry` what a loop hands on; `flow` has statements, branches and calls, `trees`
//! evaluates expressions, `vectors` those of vectors, `memory` accesses memory; `emit` writes nodes and fuses those that `lookup` finds.

mod arrive;
mod carry;
mod emit;
mod flow;
#[cfg_attr(not(feature = "superinstructions"), path = "no_lookup.rs")]
mod lookup;
mod memory;
mod trees;
mod vectors;

use wasm_dispatch_ir::code::{FunctionBody, Slot};

use self::arrive::{Edges, NOTHING, RegisterCache};
use self::carry::Carried;
use self::emit::write_u64;
use crate::NodeInfo;
use crate::abi::Picked;
use crate::code::Code;
use crate::code::Unit;
use crate::handlers::control;
use crate::kind::{Class, Kind, Location, Nodes};
use crate::techniques::Techniques;

/// An operand with the contents of its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    Slot(Slot),
    Const(u64, Class),
    Acc,
}

impl Operand {
    fn location(self) -> Location {
        match self {
            Operand::Slot(_) => Location::Slot,
            Operand::Const(..) => Location::Const,
            Operand::Acc => Location::Acc,
        }
    }
}

/// Where a tree's value is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Acc,
    Slot(Slot),
}

impl To {
    fn is_slot(self) -> bool {
        matches!(self, To::Slot(_))
    }
}

/// Number of an accumulator: both integer classes share one.
fn accumulator(class: Class) -> usize {
    match class {
        Class::I32 | Class::I64 => 0,
        Class::F64 => 1,
        Class::F32 => 2,
    }
}

/// Vectors that are filled for one function after another. They are empty between two.
#[derive(Default)]
pub(crate) struct Room {
    stream: Vec<Unit>,
    /// Where each block begins for control that comes with nothing in the accumulators.
    blocks: Vec<u32>,
    /// Where it begins for control that comes with something in the accumulators.
    carried_blocks: Vec<u32>,
    /// How control comes to each block.
    edges: Edges,
    statements: Vec<(u32, u32)>,
    /// Units that hold a block number until all blocks are placed.
    targets: Vec<usize>,
}

impl Room {
    /// Reserves for this function, and finds out how control comes to each block.
    fn begin(&mut self, body: &FunctionBody, edges: bool) {
        self.stream.reserve(body.statements.len() * 6);
        self.blocks.reserve(body.blocks.len());
        self.carried_blocks.reserve(body.blocks.len());
        self.statements.reserve(body.statements.len());
        self.edges.find(body, edges);
    }

    fn clear(&mut self) {
        self.stream.clear();
        self.blocks.clear();
        self.carried_blocks.clear();
        self.edges.clear();
        self.statements.clear();
        self.targets.clear();
    }
}

struct Compiler<'a> {
    body: &'a FunctionBody,
    /// What is made of it, so far.
    room: Room,
    /// What this block hands on to itself.
    carried: Option<Carried>,
    /// The slot that is cached in each accumulator.
    cached: RegisterCache,
    /// Where the last handler of this block begins, and what it runs, if another node may be fused with that.
    last: Option<(usize, Nodes)>,
    /// All nodes, for profiles: block, kind, whether it is fused with the one before, and whether it is out of line.
    trace: Option<Vec<(u32, Kind, bool, bool)>>,
    /// Whether the nodes made now are out of line: they do not run each time that their block does.
    out_of_line: bool,
    /// Nodes since the last that returns to the loop, in builds that have one.
    in_a_row: u32,
    /// What to do besides choosing handlers.
    techniques: Techniques,
    /// A node that each block begins with.
    probe: Option<Picked>,
    /// Where nodes begin, and their handlers' types, for copies of machine code.
    #[cfg(feature = "copies")]
    nodes: Option<Vec<(u32, crate::abi::Name)>>,
    /// The unit behind the blocks.
    #[cfg(feature = "copies")]
    end: u32,
}

/// Compiles a function; without `jumps` for a loop that calls the handlers.
pub(crate) fn compile(body: &FunctionBody, jumps: bool, room: &mut Room) -> Code {
    let mut techniques = Techniques::current();
    techniques.jumps &= jumps;
    let mut compiler = Compiler::new(body, techniques, room);
    compiler.function();
    compiler.finish(room)
}

/// Compiles a function of single nodes, whose machine code is to be copied; without `jumps` as [`compile`].
#[cfg(feature = "copies")]
pub(crate) fn compile_single(body: &FunctionBody, jumps: bool, room: &mut Room) -> crate::copies::Draft {
    let mut techniques = Techniques::current();
    techniques.jumps &= jumps;
    techniques.pairs = false;
    let mut compiler = Compiler::new(body, techniques, room);
    compiler.nodes = Some(Vec::with_capacity(body.statements.len() * 2));
    compiler.function();
    let nodes = compiler.nodes.take().unwrap_or_default();
    let (targets, end) = (compiler.room.targets.clone(), compiler.end);
    crate::copies::Draft::new(compiler.finish(room), nodes, targets, end)
}

/// The single nodes that a function is compiled to.
#[cfg(feature = "copies")]
pub(crate) fn single_nodes(body: &FunctionBody) -> Vec<Vec<crate::copies::ListedNode>> {
    let mut techniques = Techniques::current();
    techniques.pairs = false;
    let mut compiler = Compiler::new(body, techniques, &mut Room::default());
    compiler.nodes = Some(Vec::new());
    compiler.trace = Some(Vec::new());
    compiler.function();
    let mut blocks = vec![Vec::new(); body.blocks.len()];
    let traced = compiler.trace.unwrap_or_default().into_iter();
    let nodes = traced.zip(compiler.nodes.unwrap_or_default());
    for (number, ((block, kind, fused, out_of_line), (_, name))) in nodes.enumerate() {
        let info = NodeInfo {
            kind: kind.to_string(),
            fused,
            out_of_line,
        };
        blocks[block as usize].push(crate::copies::ListedNode {
            number,
            info,
            name: (name.of)(),
            v2: name.v2,
            role: name.role,
        });
    }
    blocks
}

/// Compiles a function for jumps, with this node at the beginning of each block.
pub(crate) fn compile_with_probes(body: &FunctionBody, probe: Picked) -> Code {
    let mut room = Room::default();
    let mut compiler = Compiler::new(body, Techniques::ALL, &mut room);
    compiler.probe = Some(probe);
    compiler.function();
    compiler.finish(&mut room)
}

/// The nodes that a function is compiled to.
pub(crate) fn nodes(body: &FunctionBody) -> Vec<Vec<NodeInfo>> {
    let mut compiler = Compiler::new(body, Techniques::current(), &mut Room::default());
    compiler.trace = Some(Vec::new());
    compiler.function();
    let mut blocks = vec![Vec::new(); body.blocks.len()];
    for (block, kind, fused, out_of_line) in compiler.trace.unwrap_or_default() {
        blocks[block as usize].push(NodeInfo {
            kind: kind.to_string(),
            fused,
            out_of_line,
        });
    }
    blocks
}

impl<'a> Compiler<'a> {
    fn new(body: &'a FunctionBody, techniques: Techniques, room: &mut Room) -> Compiler<'a> {
        let mut room = std::mem::take(room);
        room.begin(body, techniques.edges);
        Compiler {
            body,
            room,
            carried: None,
            cached: NOTHING,
            last: None,
            trace: None,
            out_of_line: false,
            in_a_row: 0,
            techniques,
            probe: None,
            #[cfg(feature = "copies")]
            nodes: None,
            #[cfg(feature = "copies")]
            end: 0,
        }
    }
}

impl Compiler<'_> {
    fn function(&mut self) {
        let body = self.body;
        let params = u32::from(body.params);
        let locals = body.locals.len() as u32;
        if locals > params {
            let count = locals - params;
            let (entry, units) = control::clear_locals(count);
            self.node(entry, &[params, count][..units]);
        }
        for (number, block) in body.blocks.iter().enumerate() {
            self.begin_block(number as u32);
            if let Some(probe) = self.probe {
                self.node(probe, &[]);
            }
            for index in block.first..=block.terminator {
                self.begin_statement(index);
                self.statement(number as u32, body.statements[index as usize]);
            }
        }
        #[cfg(feature = "copies")]
        {
            self.end = self.next_node();
        }
        self.entrances();
    }

    /// Replaces block numbers by addresses, in a stream of just its size that stays where it is, and leaves room.
    fn finish(self, room: &mut Room) -> Code {
        *room = self.room;
        let mut stream: Box<[Unit]> = room.stream[..].into();
        let base = stream.as_ptr() as u64;
        for &at in &room.targets {
            let block = stream[at] as usize;
            let starts = if stream[at + 1] == 0 {
                &room.blocks
            } else {
                &room.carried_blocks
            };
            let address = base + u64::from(starts[block]) * size_of::<Unit>() as u64;
            write_u64(&mut stream[at..at + 2], address);
        }
        let code = Code::new(stream, room.blocks[..].into(), room.statements[..].into());
        room.clear();
        code
    }
}
