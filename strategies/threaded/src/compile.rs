//! From code blocks to the code stream: which handler, which operands.
//!
//! A tree becomes one node per operation; leaves are operands of the node above them. An inner result goes to the
//! accumulator if the next node takes it from there, else to a scratch slot. Every node that writes a slot leaves the
//! value in the accumulator, too, and the compiler remembers which slot it mirrors, until the block ends.

use wasm_dispatch_machine::code::{FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_machine::ops::{BinaryOp, LoadOp, StoreOp};

use crate::NodeInfo;
use crate::abi::{HANDLER_UNITS, Picked, Unit};
use crate::code::Code;
use crate::handlers::call::{self, CallKind};
use crate::handlers::control;
use crate::handlers::memory::{self, Place};
use crate::handlers::numeric::{self, Class};
use crate::kind::Kind;
use crate::operand::From;
use crate::pairs;

/// Blocks that may be copied after each other in place of a jump.
const REPLICAS: u32 = 2;

/// Statements of a block that is copied.
const REPLICA_STATEMENTS: usize = 3;

/// Targets of a switch that is copied.
const REPLICA_TARGETS: u32 = 8;

/// An operand with what its units will say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    Slot(Slot),
    Const(u64, Class),
    Acc,
}

impl Operand {
    fn from(self) -> From {
        match self {
            Operand::Slot(_) => From::Slot,
            Operand::Const(..) => From::Const,
            Operand::Acc => From::Acc,
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

struct Compiler<'a> {
    body: &'a FunctionBody,
    stream: Vec<Unit>,
    /// Where each block begins for those who come with nothing in the accumulators.
    blocks: Vec<u32>,
    /// Where it begins for those who come with the slot of `carried` in the integer accumulator.
    carried_blocks: Vec<u32>,
    /// The slot that a loop of one block leaves in the integer accumulator and reads first.
    carried: Option<(u32, Slot)>,
    statements: Vec<(u32, u32)>,
    /// Units that hold a block number until all blocks are placed.
    targets: Vec<usize>,
    /// The slot that each accumulator mirrors.
    mirrors: [Option<Slot>; 3],
    /// Where the last node of this block begins, and its kind, if it can be joined by another.
    last: Option<(usize, Kind)>,
    /// All nodes, for profiles: block, kind, and whether it has joined the one before.
    trace: Option<Vec<(u32, Kind, bool)>>,
}

/// Compiles a function.
pub(crate) fn compile(body: &FunctionBody) -> Code {
    let mut compiler = Compiler::new(body);
    compiler.function();
    compiler.finish()
}

/// The nodes that a function is compiled to.
pub(crate) fn nodes(body: &FunctionBody) -> Vec<Vec<NodeInfo>> {
    let mut compiler = Compiler::new(body);
    compiler.trace = Some(Vec::new());
    compiler.function();
    let mut blocks = vec![Vec::new(); body.blocks.len()];
    for (block, kind, joined) in compiler.trace.unwrap_or_default() {
        let kind = kind.to_string();
        blocks[block as usize].push(NodeInfo { kind, joined });
    }
    blocks
}

impl<'a> Compiler<'a> {
    fn new(body: &'a FunctionBody) -> Compiler<'a> {
        Compiler {
            body,
            stream: Vec::with_capacity(body.statements.len() * 6),
            blocks: Vec::with_capacity(body.blocks.len()),
            carried_blocks: Vec::with_capacity(body.blocks.len()),
            carried: None,
            statements: Vec::with_capacity(body.statements.len()),
            targets: Vec::new(),
            mirrors: [None; 3],
            last: None,
            trace: None,
        }
    }
}

impl Compiler<'_> {
    fn function(&mut self) {
        let body = self.body;
        let params = u32::from(body.params);
        let locals = body.locals.len() as u32;
        if locals > params {
            let (entry, units) = control::clear_locals(params, locals - params);
            self.node(entry, &units);
        }
        for (number, block) in body.blocks.iter().enumerate() {
            self.blocks.push(self.stream.len() as u32);
            self.mirrors = [None; 3];
            self.last = None;
            self.carried = self.carried_by(number as u32).map(|slot| (number as u32, slot));
            if let Some((_, slot)) = self.carried {
                self.node(numeric::pick_move(Class::I64, From::Slot), &[Unit::from(slot)]);
                self.mirrors[0] = Some(slot);
                self.last = None;
            }
            self.carried_blocks.push(self.stream.len() as u32);
            for index in block.first..=block.terminator {
                self.statements.push((self.stream.len() as u32, index));
                self.statement(number as u32, body.statements[index as usize]);
            }
        }
    }

    /// Replaces block numbers by addresses. The stream is boxed before and stays where it is.
    fn finish(self) -> Code {
        let mut stream = self.stream.into_boxed_slice();
        let base = stream.as_ptr() as u64;
        for at in self.targets {
            let block = stream[at] as usize;
            let starts = if stream[at + 1] == 0 {
                &self.blocks
            } else {
                &self.carried_blocks
            };
            let address = base + u64::from(starts[block]) * size_of::<Unit>() as u64;
            write_u64(&mut stream[at..at + 2], address);
        }
        Code::new(
            stream,
            self.blocks.into_boxed_slice(),
            self.statements.into_boxed_slice(),
        )
    }

    /// Begins a node; its operands follow. It joins the one before if the two have a handler.
    fn node(&mut self, picked: Picked, units: &[Unit]) {
        let start = self.stream.len();
        // Whether this node begins a statement, and if so, whether another one would begin at the same unit if this
        // joined: then a trap of that one would be this one's.
        let begins = self
            .statements
            .last()
            .is_some_and(|&(begin, _)| begin as usize == start);
        let previous = self.statements.iter().nth_back(1).map(|&(begin, _)| begin as usize);
        let hides = begins && previous.is_some_and(|previous| previous + HANDLER_UNITS >= start);
        let joined = self.last.filter(|_| !hides);
        let joined = joined.and_then(|(at, kind)| Some((at, pairs::find(kind, picked.kind)?)));
        match joined {
            Some((at, entry)) => {
                write_u64(&mut self.stream[at..at + HANDLER_UNITS], entry as usize as u64);
                // Its operands begin right here, so to itself it begins before.
                if let (true, Some((begin, _))) = (begins, self.statements.last_mut()) {
                    *begin -= HANDLER_UNITS as u32;
                }
                // A third one may join.
                self.last = self.last.map(|(at, kind)| (at, Kind::both(kind, picked.kind)));
            }
            None => {
                self.address(picked.entry as usize as u64);
                self.last = (picked.kind != Kind::OTHER).then_some((start, picked.kind));
            }
        }
        if let Some(trace) = &mut self.trace {
            let block = self.blocks.len().saturating_sub(1) as u32;
            trace.push((block, picked.kind, joined.is_some()));
        }
        self.stream.extend_from_slice(units);
    }

    fn address(&mut self, value: u64) {
        let mut units = [0; 2];
        write_u64(&mut units, value);
        self.stream.extend_from_slice(&units);
    }

    fn target(&mut self, block: u32) {
        let carries = self
            .carried
            .is_some_and(|(of, slot)| of == block && self.mirrors[0] == Some(slot));
        self.targets.push(self.stream.len());
        self.stream.extend_from_slice(&[block, u32::from(carries)]);
    }

    /// For a block that loops to itself: the slot that its last computation leaves in the integer accumulator, if the first
    /// one reads it. Such a loop hands the value on in a register instead of through memory, which takes several cycles.
    fn carried_by(&self, block: u32) -> Option<Slot> {
        let list = self.body.statements(block);
        let (&last, others) = list.split_last()?;
        let Statement::Branch { condition, target, .. } = last else {
            return None;
        };
        let kept = match self.body.node(condition) {
            Node::Slot(_) => true,
            Node::Binary { a, b, .. } => self.plain_leaf(a).is_some() && self.plain_leaf(b).is_some(),
            _ => false,
        };
        if target != block || !kept {
            return None;
        }
        let slot = others.iter().rev().find_map(|statement| match *statement {
            Statement::Set { slot, value } if self.plain_leaf(value).is_none() => {
                Some((accumulator(self.class(value)) == 0).then_some(slot))
            }
            Statement::Set { .. } => None,
            _ => Some(None),
        })??;
        let first = others
            .iter()
            .find(|statement| !matches!(statement, Statement::Meter { .. }))?;
        first.operands().any(|id| self.reads(id, slot)).then_some(slot)
    }

    /// Whether a tree reads a slot.
    fn reads(&self, id: NodeId, slot: Slot) -> bool {
        match self.body.node(id) {
            Node::Slot(read) => read == slot,
            Node::Const(_) | Node::GlobalGet(_) => false,
            Node::Unary { a, .. } | Node::Load { address: a, .. } => self.reads(a, slot),
            Node::Binary { a, b, .. } => self.reads(a, slot) || self.reads(b, slot),
            Node::Select { condition, a, b } => [condition, a, b].into_iter().any(|id| self.reads(id, slot)),
        }
    }

    fn operand(&mut self, operand: Operand) {
        match operand {
            Operand::Slot(slot) => self.stream.push(Unit::from(slot)),
            Operand::Const(value, Class::I32 | Class::F32) => self.stream.push(value as u32),
            Operand::Const(value, _) => self.address(value),
            Operand::Acc => {}
        }
    }

    /// The destination's units; from here on the accumulator mirrors it.
    fn dest(&mut self, to: To, class: Class) {
        let accumulator = accumulator(class);
        self.mirrors[accumulator] = None;
        if let To::Slot(slot) = to {
            self.stream.push(Unit::from(slot));
            self.forget(slot);
            self.mirrors[accumulator] = Some(slot);
        }
    }

    /// The slot has changed: no accumulator mirrors it any more.
    fn forget(&mut self, slot: Slot) {
        for mirror in &mut self.mirrors {
            if *mirror == Some(slot) {
                *mirror = None;
            }
        }
    }

    fn class(&self, id: NodeId) -> Class {
        Class::of(self.body.node_types[id as usize])
    }

    /// A leaf as an operand; a slot that the accumulator mirrors is taken from there.
    fn leaf(&self, id: NodeId) -> Option<Operand> {
        let class = self.class(id);
        match self.body.node(id) {
            Node::Slot(slot) if self.mirrors[accumulator(class)] == Some(slot) => Some(Operand::Acc),
            Node::Slot(slot) => Some(Operand::Slot(slot)),
            Node::Const(value) => Some(Operand::Const(value, class)),
            _ => None,
        }
    }

    /// A leaf that must not come from the accumulator, because another operand does.
    fn plain_leaf(&self, id: NodeId) -> Option<Operand> {
        match self.body.node(id) {
            Node::Slot(slot) => Some(Operand::Slot(slot)),
            Node::Const(value) => Some(Operand::Const(value, self.class(id))),
            _ => None,
        }
    }

    /// One operand.
    fn one(&mut self, id: NodeId, scratch: Slot) -> Operand {
        match self.leaf(id) {
            Some(operand) => operand,
            None => {
                self.tree(id, To::Acc, scratch);
                Operand::Acc
            }
        }
    }

    /// One operand that is no constant.
    fn one_variable(&mut self, id: NodeId, scratch: Slot) -> Operand {
        match self.one(id, scratch) {
            Operand::Const(value, class) => {
                let entry = numeric::pick_move(class, From::Const);
                self.node(entry, &[]);
                self.operand(Operand::Const(value, class));
                self.dest(To::Acc, class);
                Operand::Acc
            }
            operand => operand,
        }
    }

    /// Two operands, evaluated in order, at most one of them in the accumulator.
    fn two(&mut self, a: NodeId, b: NodeId, scratch: Slot) -> (Operand, Operand) {
        match (self.leaf(a), self.leaf(b)) {
            (Some(Operand::Acc), Some(_)) => (Operand::Acc, self.plain_leaf(b).unwrap_or(Operand::Acc)),
            (Some(x), Some(y)) => (x, y),
            (None, Some(_)) => {
                self.tree(a, To::Acc, scratch);
                (Operand::Acc, self.plain_leaf(b).unwrap_or(Operand::Acc))
            }
            (Some(_), None) => {
                self.tree(b, To::Acc, scratch);
                (self.plain_leaf(a).unwrap_or(Operand::Acc), Operand::Acc)
            }
            (None, None) => {
                self.tree(a, To::Slot(scratch), scratch);
                self.tree(b, To::Acc, scratch + 1);
                (Operand::Slot(scratch), Operand::Acc)
            }
        }
    }

    /// An operand in a slot or a constant; an inner result goes to a scratch slot.
    fn kept(&mut self, id: NodeId, scratch: &mut Slot) -> Operand {
        match self.plain_leaf(id) {
            Some(operand) => operand,
            None => {
                let slot = *scratch;
                self.tree(id, To::Slot(slot), slot);
                *scratch += 1;
                Operand::Slot(slot)
            }
        }
    }

    /// An operand in a slot.
    fn in_slot(&mut self, id: NodeId, scratch: &mut Slot) -> Slot {
        match self.kept(id, scratch) {
            Operand::Slot(slot) => slot,
            operand => {
                let slot = *scratch;
                *scratch += 1;
                let class = self.class(id);
                self.copy(operand, slot, class);
                slot
            }
        }
    }

    /// `slot = a`, past the accumulator.
    fn copy(&mut self, a: Operand, slot: Slot, class: Class) {
        self.node(numeric::pick_copy(class, a.from()), &[]);
        self.operand(a);
        self.stream.push(Unit::from(slot));
        self.forget(slot);
    }

    /// Evaluates a tree.
    fn tree(&mut self, id: NodeId, to: To, scratch: Slot) {
        let class = self.class(id);
        let to_slot = to.is_slot();
        match self.body.node(id) {
            Node::Slot(_) | Node::Const(_) => {
                let Some(a) = self.leaf(id) else { return };
                match to {
                    To::Acc if a == Operand::Acc => return,
                    To::Slot(slot) if a != Operand::Acc => return self.copy(a, slot, class),
                    _ => {}
                }
                self.node(numeric::pick_move(class, a.from()), &[]);
                self.operand(a);
            }
            Node::Unary { op, a } => {
                let a = self.one_variable(a, scratch);
                self.node(numeric::pick_unary(op, a.from(), to_slot), &[]);
                self.operand(a);
            }
            Node::Binary { op, a, b } => {
                let (op, a, b) = self.binary(op, a, b, scratch);
                self.node(numeric::pick_binary(op, a.from(), b.from(), to_slot), &[]);
                self.operand(a);
                self.operand(b);
            }
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => self.load(op, memory, address, offset, to_slot, scratch),
            Node::Select { condition, a, b } => {
                let mut scratch = scratch;
                let a = self.kept(a, &mut scratch);
                let b = self.kept(b, &mut scratch);
                let condition = self.one_variable(condition, scratch);
                self.node(
                    numeric::pick_select(class, a.from(), b.from(), condition.from(), to_slot),
                    &[],
                );
                self.operand(a);
                self.operand(b);
                self.operand(condition);
            }
            Node::GlobalGet(global) => {
                let own = global.checked_sub(self.body.imported_globals);
                self.node(
                    numeric::pick_global_get(class, own.is_some(), to_slot),
                    &[own.unwrap_or(global)],
                );
            }
        }
        self.dest(to, class);
    }

    /// Operands of a binary operation: a constant goes to the right where it may, two constants never remain.
    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId, scratch: Slot) -> (BinaryOp, Operand, Operand) {
        let (x, y) = self.two(a, b, scratch);
        match (x, y) {
            (Operand::Const(value, class), Operand::Const(..)) => {
                self.node(numeric::pick_move(class, From::Const), &[]);
                self.operand(Operand::Const(value, class));
                self.dest(To::Acc, class);
                (op, Operand::Acc, y)
            }
            (Operand::Const(..), _) => match op.swapped() {
                Some(op) => (op, y, x),
                None => (op, x, y),
            },
            _ => (op, x, y),
        }
    }

    /// An address operand: a sum is fused when its parts are leaves, or one is in the accumulator.
    fn address_of(&mut self, id: NodeId, scratch: Slot) -> (Place, Operand, Option<Operand>) {
        if let Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } = self.body.node(id)
        {
            let (_, a, b) = self.binary(BinaryOp::I32Add, a, b, scratch);
            // Addition is commutative: the accumulator stands left.
            let (a, b) = if b == Operand::Acc { (b, a) } else { (a, b) };
            return (Place::Sum(a.from(), b.from()), a, Some(b));
        }
        let operand = self.one(id, scratch);
        (Place::Plain(operand.from()), operand, None)
    }

    fn load(&mut self, op: LoadOp, memory: u32, address: NodeId, offset: u64, to_slot: bool, scratch: Slot) {
        if memory != 0 {
            let slot = self.copied(address, scratch);
            let entry = memory::pick_load_any(Class::of(op.result()), to_slot);
            self.node(entry, &[op as u32, memory]);
            self.address(offset);
            self.stream.push(Unit::from(slot));
            self.forget(slot);
            return;
        }
        let (address, a, b) = self.address_of(address, scratch);
        self.node(memory::pick_load(op, address, to_slot), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
    }

    /// A scratch slot with a copy of the value, which the node may overwrite.
    fn copied(&mut self, id: NodeId, scratch: Slot) -> Slot {
        self.tree(id, To::Slot(scratch), scratch);
        scratch
    }

    fn store(&mut self, op: StoreOp, memory: u32, address: NodeId, offset: u64, value: NodeId) {
        let mut scratch = self.body.scratch;
        if memory != 0 {
            let address = self.in_slot(address, &mut scratch);
            let value = self.in_slot(value, &mut scratch);
            self.node(memory::store_any_entry(), &[op as u32, memory]);
            self.address(offset);
            self.stream.extend_from_slice(&[Unit::from(address), Unit::from(value)]);
            return;
        }
        let (address, a, b, value) = if self.leaf(value).is_some() {
            let (address, a, b) = self.address_of(address, scratch);
            let taken = a == Operand::Acc || b == Some(Operand::Acc);
            let value = if taken && accumulator(self.class(value)) == 0 {
                self.plain_leaf(value)
            } else {
                self.leaf(value)
            };
            (address, a, b, value.unwrap_or(Operand::Acc))
        } else {
            // The value comes last, through the accumulator; what the address needs is a leaf, or kept in scratch.
            let (address, a, b) = self.kept_address(address, &mut scratch);
            self.tree(value, To::Acc, scratch);
            (address, a, b, Operand::Acc)
        };
        self.node(memory::pick_store(op, address, value.from()), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
        self.operand(value);
    }

    /// An address operand that survives the evaluation of another tree.
    fn kept_address(&mut self, id: NodeId, scratch: &mut Slot) -> (Place, Operand, Option<Operand>) {
        if let Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } = self.body.node(id)
            && let (Some(x @ Operand::Slot(_)), Some(y)) = (self.plain_leaf(a), self.plain_leaf(b))
        {
            return (Place::Sum(x.from(), y.from()), x, Some(y));
        }
        let operand = self.kept(id, scratch);
        (Place::Plain(operand.from()), operand, None)
    }

    fn statement(&mut self, block: u32, statement: Statement) {
        let scratch = self.body.scratch;
        match statement {
            Statement::Set { slot, value } => self.tree(value, To::Slot(slot), scratch),
            Statement::GlobalSet { global, value } => {
                let class = self.class(value);
                let own = global.checked_sub(self.body.imported_globals);
                let a = self.one(value, scratch);
                self.node(
                    numeric::pick_global_set(class, own.is_some(), a.from()),
                    &[own.unwrap_or(global)],
                );
                self.operand(a);
            }
            Statement::Store {
                op,
                memory,
                address,
                offset,
                value,
            } => self.store(op, memory, address, offset, value),
            Statement::Eval(value) => self.tree(value, To::Acc, scratch),
            Statement::Runtime { op, base, x, y } => {
                self.node(memory::runtime_entry(), &[op as u32, Unit::from(base), x, y]);
                self.mirrors = [None; 3];
            }
            Statement::Meter { cost } => self.node(call::meter(), &[cost, block]),
            Statement::Jump(target) if target == block + 1 => {}
            Statement::Jump(target) => self.jump(block, target, REPLICAS),
            Statement::Branch {
                condition,
                when,
                target,
            } => self.branch(condition, when, target),
            Statement::Switch { index, first, count } => {
                let index = self.one_variable(index, scratch);
                self.node(control::pick_switch(index.from()), &[]);
                self.operand(index);
                self.stream.push(count - 1);
                for at in first..first + count {
                    self.target(self.body.targets[at as usize]);
                }
            }
            Statement::Call { function, base } => match function.checked_sub(self.body.imported_functions) {
                Some(own) => self.node(call::call(), &[own, Unit::from(base), block + 1]),
                None => self.call_other(CallKind::Import, function, base, block + 1, 0, 0),
            },
            Statement::CallIndirect { table, ty, index, base } => {
                let index = self.in_slot(index, &mut { scratch });
                self.call_other(CallKind::Indirect, table, base, block + 1, ty, index);
            }
            Statement::TailCall { function } => match function.checked_sub(self.body.imported_functions) {
                Some(own) => self.node(call::tail_call(), &[own]),
                None => self.call_other(CallKind::Tail, function, 0, 0, 0, 0),
            },
            Statement::TailCallIndirect { table, ty, index } => {
                let index = self.in_slot(index, &mut { scratch });
                self.call_other(CallKind::TailIndirect, table, 0, 0, ty, index);
            }
            Statement::Return => self.node(call::return_(), &[]),
            Statement::Trap(trap) => self.node(control::raise(), &[u32::from(trap.code())]),
        }
    }

    /// Goes on at a block: with a copy of it where it is short, else by a jump. A jump costs a dispatch, and what comes
    /// after it loses the accumulators.
    fn jump(&mut self, from: u32, target: u32, replicas: u32) {
        let body = self.body;
        let list = body.statements(target);
        let Some((&last, others)) = list.split_last() else {
            return;
        };
        let short = others.len() < REPLICA_STATEMENTS && others.iter().all(|statement| self.is_small(statement));
        let copied = match last {
            Statement::Return | Statement::Trap(_) | Statement::Jump(_) => true,
            Statement::Branch { condition, .. } => self.is_small_tree(condition),
            Statement::Switch { index, count, .. } => count <= REPLICA_TARGETS && self.is_small_tree(index),
            // The block after a call is where the call returns to.
            _ => false,
        };
        if replicas == 0 || !short || !copied {
            self.node(control::jump(), &[]);
            self.target(target);
            return;
        }
        let first = body.blocks[target as usize].first;
        for (&statement, index) in others.iter().zip(first..) {
            self.statements.push((self.stream.len() as u32, index));
            self.statement(target, statement);
        }
        self.statements
            .push((self.stream.len() as u32, body.terminator(target)));
        match last {
            Statement::Jump(next) => self.jump(from, next, replicas - 1),
            Statement::Branch {
                condition,
                when,
                target: taken,
            } => {
                // Back to a loop that ends when a condition holds: go on with its body where it does not.
                let (when, taken, other) = if target <= from {
                    (!when, target + 1, taken)
                } else {
                    (when, taken, target + 1)
                };
                self.branch(condition, when, taken);
                self.node(control::jump(), &[]);
                self.target(other);
            }
            other => self.statement(target, other),
        }
    }

    /// Whether a statement is worth copying.
    fn is_small(&self, statement: &Statement) -> bool {
        match *statement {
            Statement::Set { value, .. } | Statement::GlobalSet { value, .. } => self.is_small_tree(value),
            Statement::Store { address, value, .. } => self.is_small_tree(address) && self.is_small_tree(value),
            Statement::Meter { .. } => true,
            _ => false,
        }
    }

    /// Whether a tree is a leaf or an operation on leaves.
    fn is_small_tree(&self, id: NodeId) -> bool {
        let leaf = |id: NodeId| self.plain_leaf(id).is_some();
        match self.body.node(id) {
            Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => true,
            Node::Unary { a, .. } | Node::Load { address: a, .. } => leaf(a),
            Node::Binary { a, b, .. } => leaf(a) && leaf(b),
            Node::Select { .. } => false,
        }
    }

    fn call_other(&mut self, kind: CallKind, function: u32, base: Slot, next: u32, ty: u32, index: Slot) {
        let units = [kind as u32, function, Unit::from(base), next, ty, Unit::from(index)];
        self.node(call::pick_call(kind), &units);
    }

    fn branch(&mut self, condition: NodeId, when: bool, target: u32) {
        let scratch = self.body.scratch;
        if let Node::Binary { op, a, b } = self.body.node(condition)
            && op.is_test()
        {
            let (op, when) = match op.negated() {
                Some(negated) if !when => (negated, true),
                _ => (op, when),
            };
            let (mut op, mut a, mut b) = self.binary(op, a, b, scratch);
            // Handlers exist for an accumulator on the left, where exchanging the operands is possible: it always is.
            if b == Operand::Acc
                && let Some(swapped) = op.swapped()
            {
                (op, a, b) = (swapped, b, a);
            }
            self.node(control::pick_test(op, a.from(), b.from(), when), &[]);
            self.target(target);
            self.operand(a);
            self.operand(b);
            return;
        }
        let a = self.one_variable(condition, scratch);
        self.node(control::pick_branch(a.from(), when), &[]);
        self.target(target);
        self.operand(a);
    }
}

/// Writes a 64-bit value into two units, in the machine's byte order.
fn write_u64(units: &mut [Unit], value: u64) {
    let bytes = value.to_ne_bytes();
    units[0] = Unit::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    units[1] = Unit::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
}
