//! For a strategy that runs copies of the handlers' machine code: a function's nodes, before there is code for them, and what
//! both builds must agree on.
//!
//! Such a strategy keeps the stream. In place of its handler's address, a node has that of its own code. So whatever is a
//! handler still (a callee that is not compiled yet, resuming, traps) goes on with the node after it as ever, by a jump to the
//! address there.

use std::mem::offset_of;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::cell::{CodeCell, CodeEntry};
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::{Frame, Machine};
use wasm_dispatch_machine::store::{FunctionEntry, Table};

pub use crate::abi::Role;
use crate::abi::{HANDLER_UNITS, Name, leave_address};
use crate::code::Unit;
pub use crate::code::{Code, MachineCode};
use crate::compile::Room;
use crate::context::{Context, InstanceView};
use crate::self_check::{Dispatch, dispatch};

/// Units of 32 bits before a node's operands.
pub const OPERANDS: usize = HANDLER_UNITS;

/// A function's nodes, none of them fused.
#[derive(Debug)]
pub struct Draft {
    code: Code,
    nodes: Vec<(u32, Name)>,
    /// Units with a branch target's address, ascending.
    targets: Vec<usize>,
    /// The unit behind the blocks, where their entrances out of line begin.
    end: u32,
}

/// A node of a [`Draft`].
#[derive(Clone, Copy, Debug)]
pub struct DraftNode<'a> {
    /// The unit at which it begins.
    pub start: u32,
    /// The unit after its operands.
    pub end: u32,
    /// Its handler's type.
    pub name: &'static str,
    /// Whether it is the form of the handler for newer machines.
    pub v2: bool,
    /// Its operand units.
    pub operands: &'a [u32],
    /// Where control goes from it.
    pub role: Role,
    stream: &'a [Unit],
    /// Units with its targets' addresses.
    targets: &'a [usize],
}

impl DraftNode<'_> {
    /// The units at which its branch targets begin.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = u32> {
        let base = self.stream.as_ptr() as u64;
        let unit = move |&unit: &usize| ((read(&self.stream[unit..]) - base) / size_of::<Unit>() as u64) as u32;
        self.targets.iter().map(unit)
    }
}

impl Draft {
    pub(crate) fn new(code: Code, nodes: Vec<(u32, Name)>, targets: Vec<usize>, end: u32) -> Draft {
        Draft {
            code,
            nodes,
            targets,
            end,
        }
    }

    /// The unit behind the blocks' nodes. What follows are entrances of blocks out of line, which no block falls into.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The units at which a machine that has stopped goes on.
    pub fn entrances(&self) -> &[u32] {
        self.code.blocks()
    }

    /// Units of the stream.
    pub fn units(&self) -> usize {
        self.code.stream().len()
    }

    /// The address of the node at a unit.
    pub fn address(&self, unit: u32) -> u64 {
        self.code.stream().as_ptr() as u64 + u64::from(unit) * size_of::<Unit>() as u64
    }

    /// The handler of the node at a unit.
    pub fn handler(&self, unit: u32) -> u64 {
        read(&self.code.stream()[unit as usize..])
    }

    /// The nodes, in the order of the stream.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = DraftNode<'_>> {
        let stream = self.code.stream();
        let mut targets = self.targets.as_slice();
        self.nodes.iter().enumerate().map(move |(index, &(start, name))| {
            let end = self.nodes.get(index + 1).map_or(stream.len() as u32, |next| next.0);
            let at = start as usize;
            let count = targets.iter().take_while(|&&unit| unit < end as usize).count();
            let own;
            (own, targets) = targets.split_at(count);
            DraftNode {
                start,
                end,
                name: (name.of)(),
                v2: name.v2,
                operands: &stream[at + HANDLER_UNITS..end as usize],
                role: name.role,
                stream,
                targets: own,
            }
        })
    }

    /// The function as it is, with its handlers.
    pub fn with_handlers(self) -> Code {
        self.code
    }

    /// The function with code in place of handlers: an address for each node.
    ///
    /// # Safety
    ///
    /// Each address is of machine code that does what the node's handler does, entered and left as that is, and stays
    /// executable as long as `machine_code` lives.
    pub unsafe fn with_machine_code(
        self,
        addresses: impl Iterator<Item = u64>,
        machine_code: Box<dyn MachineCode>,
    ) -> Code {
        let Draft { mut code, nodes, .. } = self;
        let starts = nodes.iter().map(|node| node.0).zip(addresses);
        code.replace(starts, machine_code);
        code
    }
}

/// A 64-bit value in the first two units.
fn read(units: &[Unit]) -> u64 {
    let (a, b) = (units[0].to_ne_bytes(), units[1].to_ne_bytes());
    u64::from_ne_bytes([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]])
}

/// Compiles a function to single nodes.
pub fn draft(body: &FunctionBody) -> Draft {
    crate::compile::compile_single(body, *dispatch() != Dispatch::Loop, &mut Room::default())
}

/// Compiles functions to single nodes, one after another.
pub fn drafts<'a>(bodies: impl IntoIterator<Item = &'a FunctionBody>) -> impl Iterator<Item = Draft> {
    let (jumps, mut room) = (*dispatch() != Dispatch::Loop, Room::default());
    let draft = move |body| crate::compile::compile_single(body, jumps, &mut room);
    bodies.into_iter().map(draft)
}

/// A node for explanations.
#[derive(Clone, Debug)]
pub struct ListedNode {
    /// Its number in the order of the stream.
    pub number: usize,
    /// What it does.
    pub info: crate::NodeInfo,
    /// Its handler's type.
    pub name: &'static str,
    /// Whether it is the form of the handler for newer machines.
    pub v2: bool,
    /// Where control goes from it.
    pub role: Role,
}

/// The single nodes that a function is compiled to, by block.
pub fn listing(body: &FunctionBody) -> Vec<Vec<ListedNode>> {
    crate::compile::single_nodes(body)
}

/// As the strategy of this crate runs its own.
pub fn run<B: Backend<Code = Code>>(program: &Program<B>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
    crate::run::run::<B, false>(program, machine, host)
}

/// Likewise, where copies use registers that the handlers leave alone.
pub fn run_saving<B: Backend<Code = Code>>(program: &Program<B>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
    crate::run::run::<B, true>(program, machine, host)
}

/// What a function's cell says, if the function has machine code. Copies of calls enter that without the node that it stands for:
/// one that handlers run is left to handlers.
pub fn machine_entry(code: &Code) -> Option<CodeEntry> {
    code.has_machine_code().then(|| code.cell_entry()).flatten()
}

/// Whether handlers of this build call each other, though they were built to jump: then copies cannot be among them.
pub fn handlers_call() -> bool {
    *dispatch() == Dispatch::Loop
}

/// The address of the code that ends a run by the trap whose code is in the integer accumulator, at the node in `ip`.
pub fn trap_exit() -> u64 {
    leave_address()
}

/// Bytes from a context to the place where it says how far the frames go, and from there to the resume point of the frame on top.
pub const FRAMES_TOP: usize = offset_of!(Context, frames_top);
pub const TOP_NATIVE: isize = offset_of!(Frame, native) as isize - size_of::<Frame>() as isize;

/// Where both builds of this crate must find what handlers reach: sizes and places, in bytes.
pub const LAYOUT: [u32; 33] = [
    size_of::<Context>() as u32,
    offset_of!(Context, function) as u32,
    offset_of!(Context, frames_top) as u32,
    offset_of!(Context, frames_end) as u32,
    offset_of!(Context, stack) as u32,
    offset_of!(Context, slice) as u32,
    offset_of!(Context, stack_end) as u32,
    offset_of!(Context, instance) as u32,
    offset_of!(Context, limits) as u32,
    offset_of!(Context, view) as u32,
    offset_of!(Context, all_tables) as u32,
    offset_of!(Context, functions) as u32,
    offset_of!(Context, program) as u32,
    offset_of!(Context, stale_state) as u32,
    size_of::<InstanceView>() as u32,
    offset_of!(InstanceView, globals) as u32,
    offset_of!(InstanceView, tables) as u32,
    offset_of!(InstanceView, signatures) as u32,
    offset_of!(InstanceView, first_table) as u32,
    size_of::<Table>() as u32,
    offset_of!(Table, elements) as u32,
    size_of::<FunctionEntry>() as u32,
    size_of::<Frame>() as u32,
    offset_of!(Frame, native) as u32,
    offset_of!(Frame, base) as u32,
    offset_of!(Frame, instance) as u32,
    offset_of!(Frame, function) as u32,
    offset_of!(Frame, block) as u32,
    size_of::<CodeCell>() as u32,
    CodeCell::CODE as u32,
    offset_of!(FunctionEntry, signature) as u32,
    offset_of!(FunctionEntry, index) as u32,
    HANDLER_UNITS as u32,
];

/// [`LAYOUT`] in the object.
#[cfg(stencil)]
#[unsafe(no_mangle)]
#[used]
static STENCIL_LAYOUT: [u32; LAYOUT.len()] = LAYOUT;
