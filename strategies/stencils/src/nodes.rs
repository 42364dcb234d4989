//! A function's nodes with what is copied for them, and where they branch to.

use std::ptr;

use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_threaded::copies::{Draft, DraftNode, Role};

use crate::table::{Access, Finder, Stencil};
use crate::what::What;

/// Bytes of a unit.
pub(crate) const UNIT: usize = size_of::<u32>();

/// Globals behind this one have handlers: a module chooses no more than 16 bits of a field.
const GLOBALS: u32 = u16::MAX as u32 / 8;

/// A node on its way to code.
pub(crate) struct Node<'a> {
    /// The unit at which it begins.
    start: u32,
    pub role: Role,
    /// Whether all slots must be in memory while it runs.
    pub barrier: bool,
    /// Copied for it; without one, its handler takes over.
    pub stencil: Option<&'static Stencil>,
    pub operands: &'a [u32],
    /// Its first branch among the function's, and how many it has.
    branches: (u32, u32),
}

impl Node<'_> {
    /// Whether the next node may follow.
    pub(crate) fn falls(&self) -> bool {
        match self.role {
            Role::Step | Role::Poll | Role::Call | Role::CallAnywhere | Role::SwitchBack => true,
            Role::Jump | Role::TailCall | Role::Return | Role::Raise => false,
        }
    }

    /// Whether its own code goes on with that of the next node.
    pub(crate) fn falls_in_code(&self) -> bool {
        self.stencil.is_some() && matches!(self.role, Role::Step | Role::Poll)
    }

    /// Whether the run may end in it.
    pub(crate) fn ends(&self) -> bool {
        // Of calls and what else needs slots in memory, it is known what they find there.
        let leaves = !self.barrier && self.stencil.is_some_and(|stencil| stencil.traps || stencil.rare);
        self.role == Role::Raise || leaves
    }

    /// How its code uses slots, by number: each use with its first slot, how many there are, and what it is.
    pub(crate) fn uses(&self) -> impl Iterator<Item = (u32, &'static Access)> {
        let accesses = self
            .stencil
            .filter(|_| !self.barrier)
            .map_or(&[][..], Stencil::accesses);
        accesses.iter().map(|access| (self.operand(access.unit), access))
    }

    /// An operand unit.
    pub(crate) fn operand(&self, unit: u8) -> u32 {
        self.operands.get(usize::from(unit)).copied().unwrap_or(0)
    }

    /// The module's own function that it calls.
    pub(crate) fn callee(&self) -> usize {
        self.operands.first().map_or(usize::MAX, |&callee| callee as usize)
    }
}

/// By what calls find their callees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells<'a> {
    /// The cells of a module's functions, if it has such.
    Of(&'a [CodeCell]),
    /// Nothing: the code is looked at and never runs.
    Shown,
}

impl Cells<'_> {
    fn has(self, function: usize) -> bool {
        match self {
            Cells::Of(cells) => function < cells.len(),
            Cells::Shown => true,
        }
    }

    /// The address of a function's cell.
    pub(crate) fn address(self, function: usize) -> u64 {
        match self {
            Cells::Of(cells) => ptr::from_ref(&cells[function]).expose_provenance() as u64,
            Cells::Shown => 0,
        }
    }
}

/// The nodes of a function.
pub(crate) struct Nodes<'a> {
    pub draft: &'a Draft,
    /// In the order of the stream.
    pub list: Vec<Node<'a>>,
    /// The branches from node to node, by their numbers, in the order of the nodes.
    pub branches: Vec<(u32, u32)>,
    /// For each other unit, the node that begins there, if one does; otherwise, how many nodes there are. Nodes begin at even units.
    numbers: Vec<u32>,
}

impl<'a> Nodes<'a> {
    /// Those of a function, which calls by these cells.
    pub(crate) fn of(draft: &'a Draft, cells: Cells<'_>) -> Nodes<'a> {
        let drafted = draft.nodes();
        let mut nodes = Nodes {
            draft,
            list: Vec::with_capacity(drafted.len()),
            branches: Vec::new(),
            numbers: vec![drafted.len() as u32; draft.units().div_ceil(2) + 1],
        };
        Finder::with(|finder| {
            for node in drafted {
                nodes.numbers[node.start as usize / 2] = nodes.list.len() as u32;
                nodes.add(&node, finder, cells);
            }
        });
        let Nodes { branches, numbers, .. } = &mut nodes;
        for (_, to) in branches {
            *to = number(numbers, *to);
        }
        nodes
    }

    fn add(&mut self, node: &DraftNode<'a>, finder: &mut Finder, cells: Cells<'_>) {
        let (number, first) = (self.list.len() as u32, self.branches.len() as u32);
        self.branches.extend(node.targets().map(|unit| (number, unit)));
        let leaves = matches!(
            node.role,
            Role::Call | Role::CallAnywhere | Role::SwitchBack | Role::TailCall | Role::Return
        );
        let mut node = Node {
            start: node.start,
            role: node.role,
            barrier: true,
            stencil: finder.find(node.name, node.v2),
            operands: node.operands,
            branches: (first, self.branches.len() as u32 - first),
        };
        // A stencil that reads beyond the node would be another handler's. What code goes on to after a call lies behind a `SwitchBack`,
        // which handlers alone come to.
        node.stencil = node.stencil.filter(|stencil| {
            let reach = usize::from(stencil.reach);
            let found = !leaves || node.role != Role::SwitchBack && has_cells(&node, stencil, cells);
            let fits = node.operand(0) <= GLOBALS || stencil.holes().iter().all(|hole| hole.what != What::Global);
            reach <= node.operands.len() * UNIT && found && fits
        });
        node.barrier = leaves || node.stencil.is_none_or(|stencil| stencil.in_memory);
        self.list.push(node);
    }

    /// The number of the node that begins at a unit; of all nodes, if none does.
    pub(crate) fn number(&self, unit: u32) -> u32 {
        number(&self.numbers, unit)
    }

    /// The numbers of the nodes to which one branches.
    pub(crate) fn targets(&self, node: usize) -> impl ExactSizeIterator<Item = u32> {
        let (first, count) = self.list[node].branches;
        self.branches[first as usize..][..count as usize]
            .iter()
            .map(|&(_, to)| to)
    }

    /// The address of a node.
    pub(crate) fn address(&self, node: usize) -> u64 {
        self.draft.address(self.list[node].start)
    }

    /// A node's handler.
    pub(crate) fn handler(&self, node: usize) -> u64 {
        self.draft.handler(self.list[node].start)
    }
}

fn number(numbers: &[u32], unit: u32) -> u32 {
    numbers[unit as usize / 2]
}

/// Whether there are the cells by which a call finds its callee.
fn has_cells(node: &Node<'_>, stencil: &Stencil, cells: Cells<'_>) -> bool {
    stencil.holes().iter().all(|hole| match hole.what {
        What::Cell => cells.has(node.callee()),
        What::Cells => cells.has(0),
        _ => true,
    })
}
