//! The check of a function that does not come from this process's own lowering: [`verify`], and besides that everything that
//! validation has seen to where code was lowered just now. It takes time linear in the function's size.

use std::collections::HashMap;

use super::{VerifyError, WORK, meters, verify};
use crate::builtin::{Builtin, Immediate};
use crate::code::vector::VectorNode;
use crate::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use crate::ops::UnaryOp;
use crate::trap::Trap;
use crate::types::{FuncType, GlobalType, ValType, slot_types, slots};

/// What a function refers to in its module.
pub trait ModuleFacts {
    /// The type of a function, by its index; imported ones come first.
    fn function_type(&self, function: u32) -> Option<&FuncType>;
    /// A function type, by its index.
    fn ty(&self, ty: u32) -> Option<&FuncType>;
    /// A global's type, by its index; imported ones come first.
    fn global(&self, global: u32) -> Option<GlobalType>;
    /// Number of data segments.
    fn data_segments(&self) -> u32;
    /// The type of an element segment's references, by its index.
    fn element_segment(&self, segment: u32) -> Option<ValType>;
}

/// Nodes that a tree may have, counted as often as they are reached.
const MAX_TREE_SIZE: u32 = 256;

/// Steps that each node and statement may add to the work of verifying.
pub const STEPS: usize = 256;

/// Checks a function, by its index, as one of a module. Its shape must be the module's.
///
/// # Errors
///
/// The first broken rule: those of [`verify`], and types of calls, results, globals, segments and references; metered code in which
/// a loop pays nothing; and more to verify than is linear in the function's size
/// ([`VerifyError::is_work`]).
pub fn verify_in(body: &FunctionBody, function: u32, facts: &dyn ModuleFacts) -> Result<(), VerifyError> {
    let ty = found(facts.function_type(function), "the function has no type")?;
    bounded(body)?;
    verify(body)?;
    let params = body.locals.iter().take(usize::from(body.params));
    ensure!(params.eq(slot_types(&ty.params)), "parameters of another type");
    ensure!(body.results[..] == ty.results[..], "results of another type");
    let checker = Checker { body, facts };
    for (node, &ty) in body.nodes.iter().zip(&body.node_types) {
        checker.node(*node, ty)?;
    }
    for block in 0..body.blocks.len() as BlockId {
        checker.block(block)?;
    }
    meters::verify(body)
}

fn found<T>(item: Option<T>, message: &str) -> Result<T, VerifyError> {
    item.ok_or_else(|| VerifyError(message.into()))
}

/// The work of verifying is linear in the number of nodes and statements, whatever they are.
fn bounded(body: &FunctionBody) -> Result<(), VerifyError> {
    let mut sizes: Vec<u32> = Vec::with_capacity(body.nodes.len());
    for node in &body.nodes {
        let operands = node.operands().map(|operand| sizes.get(operand as usize).copied());
        let size = operands
            .map(|size| size.unwrap_or(MAX_TREE_SIZE))
            .fold(1, u32::saturating_add);
        ensure!(size <= MAX_TREE_SIZE, "{WORK}");
        sizes.push(size);
    }
    let own_slots = usize::from(body.scratch).saturating_sub(body.locals.len());
    let entry = |block: u32| body.blocks.get(block as usize).map_or(0, |block| block.entry.len());
    let mut work = body.locals.len();
    let mut add = |steps: usize| work = work.saturating_add(steps);
    for (number, block) in (0..).zip(&body.blocks) {
        ensure!(block.entry.len() <= own_slots, "an entry with more operands than slots");
        add(own_slots + block.entry.len());
        let statements = body.statements.get(block.first as usize..=block.terminator as usize);
        for statement in found(statements, "a block without statements")? {
            for operand in statement.operands() {
                add(sizes.get(operand as usize).copied().unwrap_or(0) as usize);
            }
            match *statement {
                Statement::Builtin { .. } => add(own_slots),
                Statement::Jump(target) => add(entry(target)),
                Statement::Branch { target, .. } => add(entry(target) + entry(number + 1)),
                Statement::Call { .. } | Statement::CallIndirect { .. } => add(entry(number + 1)),
                Statement::Switch { first, count, .. } => {
                    let end = (first as usize).saturating_add(count as usize);
                    let targets = found(body.targets.get(first as usize..end), "a switch without targets")?;
                    targets.iter().for_each(|&target| add(1 + entry(target)));
                }
                Statement::Set { .. }
                | Statement::GlobalSet { .. }
                | Statement::Store { .. }
                | Statement::VectorSet { .. }
                | Statement::VectorGlobalSet { .. }
                | Statement::VectorStore { .. }
                | Statement::StoreLane { .. }
                | Statement::Eval(_)
                | Statement::Meter { .. }
                | Statement::TailCall { .. }
                | Statement::TailCallIndirect { .. }
                | Statement::Return
                | Statement::Trap(_) => {}
            }
        }
    }
    let size = body.nodes.len() + body.statements.len() + body.targets.len() + body.operands.len() + 8;
    ensure!(work <= size.saturating_mul(STEPS), "{WORK}");
    Ok(())
}

struct Checker<'a> {
    body: &'a FunctionBody,
    facts: &'a dyn ModuleFacts,
}

/// What slots hold, within one block.
struct Slots<'a> {
    body: &'a FunctionBody,
    /// From the first canonical slot on.
    canonical: Vec<Option<ValType>>,
    /// Locals that hold results or arguments by now.
    replaced: HashMap<usize, ValType>,
}

impl Slots<'_> {
    fn get(&self, slot: usize) -> Option<ValType> {
        match slot.checked_sub(self.body.locals.len()) {
            Some(position) => self.canonical.get(position).copied().flatten(),
            None => self.replaced.get(&slot).copied().or_else(|| self.body.locals.get(slot)),
        }
    }

    /// Values of these types are in slots from one on.
    fn hold(&self, first: usize, types: impl Iterator<Item = ValType>, what: &str) -> Result<(), VerifyError> {
        for (slot, ty) in (first..).zip(types) {
            let held = self.get(slot);
            ensure!(held == Some(ty), "{what}: {held:?} in slot {slot} instead of {ty}");
        }
        Ok(())
    }

    fn write(&mut self, slot: Slot, ty: ValType) -> Result<(), VerifyError> {
        for (slot, ty) in (usize::from(slot)..).zip(ty.slot_types()) {
            match slot.checked_sub(self.body.locals.len()) {
                Some(position) => *found(self.canonical.get_mut(position), "a slot beyond the frame")? = Some(ty),
                // What is of another type than the local has replaced it: `verify` lets that through before a return only.
                None if self.body.locals.get(slot) == Some(ty) => {
                    self.replaced.remove(&slot);
                }
                None => {
                    self.replaced.insert(slot, ty);
                }
            }
        }
        Ok(())
    }

    /// Slots from `base` on hold nothing, and then values of these types.
    fn results(&mut self, base: Slot, types: impl Iterator<Item = ValType>) -> Result<(), VerifyError> {
        let first = usize::from(base).checked_sub(self.body.locals.len());
        let first = found(first, "results over locals")?;
        let rest = found(self.canonical.get_mut(first..), "results beyond the frame")?;
        rest.fill(None);
        for (position, ty) in (first..).zip(types) {
            *found(self.canonical.get_mut(position), "results beyond the frame")? = Some(ty);
        }
        Ok(())
    }
}

/// Whether references are what these are.
fn is_reference(ty: ValType) -> bool {
    matches!(ty, ValType::FuncRef | ValType::ExternRef)
}

impl Checker<'_> {
    fn node(&self, node: Node, ty: ValType) -> Result<(), VerifyError> {
        let type_of = |node: NodeId| self.body.node_types[node as usize];
        match node {
            Node::Const(bits) => {
                ensure!(bits == 0 || !is_reference(ty), "a reference out of nothing");
                let narrow = matches!(ty, ValType::I32 | ValType::F32);
                ensure!(bits >> 32 == 0 || !narrow, "a {ty} of more than 32 bits");
            }
            Node::GlobalGet(global) | Node::Vector(VectorNode::GlobalGet(global)) => {
                let global = found(self.facts.global(global), "there is no such global")?;
                ensure!(global.value == ty, "a global of {} as {ty}", global.value);
            }
            Node::Select { a, b, .. } => ensure!(type_of(a) == ty && type_of(b) == ty, "a choice of another type"),
            Node::Unary { op, a } => ensure!(
                op != UnaryOp::RefIsNull || is_reference(type_of(a)),
                "no reference, but asked whether it is null"
            ),
            Node::Slot(_) | Node::Binary { .. } | Node::Load { .. } | Node::Vector(_) => {}
        }
        Ok(())
    }

    fn block(&self, block: BlockId) -> Result<(), VerifyError> {
        let body = self.body;
        let mut canonical = body.entry(block);
        canonical.resize(usize::from(body.scratch) - body.locals.len(), None);
        let mut slots = Slots {
            body,
            canonical,
            replaced: HashMap::new(),
        };
        for &statement in body.statements(block) {
            for operand in statement.operands() {
                body.walk(operand, |id, node| match node.slots() {
                    Some((first, _)) => {
                        let types = body.node_types[id as usize].slot_types();
                        slots.hold(usize::from(first), types, "a value of another type")
                    }
                    None => Ok(()),
                })?;
            }
            self.statement(block, statement, &mut slots)?;
        }
        Ok(())
    }

    fn statement(&self, block: BlockId, statement: Statement, slots: &mut Slots<'_>) -> Result<(), VerifyError> {
        let type_of = |node: NodeId| self.body.node_types[node as usize];
        match statement {
            Statement::Set { slot, value } | Statement::VectorSet { slot, value } => {
                slots.write(slot, type_of(value))?
            }
            Statement::GlobalSet { global, value } | Statement::VectorGlobalSet { global, value } => {
                let global = found(self.facts.global(global), "there is no such global")?;
                ensure!(global.mutable, "a constant is set");
                ensure!(global.value == type_of(value), "a global is set to another type");
            }
            Statement::Builtin { op, base, x, y } => {
                self.builtin(op, x, y)?;
                let resolve = |ty: &crate::builtin::BuiltinType| ty.resolve(&self.body.shape, x, y);
                let operands = op.operands().iter().filter_map(resolve);
                slots.hold(usize::from(base), operands, "an operand of another type")?;
                slots.results(base, op.results().iter().filter_map(resolve))?;
            }
            Statement::Jump(target) => self.edge(target, slots)?,
            Statement::Branch { target, .. } => {
                self.edge(target, slots)?;
                self.edge(block + 1, slots)?;
            }
            Statement::Switch { first, count, .. } => {
                // `verify` has seen to the range.
                for &target in &self.body.targets[first as usize..][..count as usize] {
                    self.edge(target, slots)?;
                }
            }
            Statement::Call { function, base } => {
                let ty = found(self.facts.function_type(function), "a call of no function")?;
                self.call(ty, base, block, slots)?;
            }
            Statement::CallIndirect { table, ty, base, .. } => {
                self.function_table(table)?;
                let ty = found(self.facts.ty(ty), "a call of no type")?;
                self.call(ty, base, block, slots)?;
            }
            Statement::TailCall { function } => {
                self.leave(
                    found(self.facts.function_type(function), "a call of no function")?,
                    slots,
                )?;
            }
            Statement::TailCallIndirect { table, ty, .. } => {
                self.function_table(table)?;
                self.leave(found(self.facts.ty(ty), "a call of no type")?, slots)?;
            }
            Statement::Return => slots.hold(0, slot_types(&self.body.results), "a result")?,
            // To the driver that is a builtin which is to go on: it would, for ever, and pay nothing.
            Statement::Trap(trap) => ensure!(trap != Trap::OutOfFuel, "a trap that no instruction has"),
            // `verify` has seen to these.
            Statement::Store { .. }
            | Statement::VectorStore { .. }
            | Statement::StoreLane { .. }
            | Statement::Eval(_)
            | Statement::Meter { .. } => {}
        }
        Ok(())
    }

    /// What a builtin's immediates name; elements that go from one to the other are of one type.
    fn builtin(&self, op: Builtin, x: u32, y: u32) -> Result<(), VerifyError> {
        let mut element = None;
        for (&immediate, index) in op.immediates().iter().zip([x, y]) {
            let elements = match immediate {
                Immediate::Memory => self.body.shape.memory(index).map(|_| None),
                Immediate::Table => self.body.shape.table(index).map(|table| Some(table.element)),
                Immediate::Data => (index < self.facts.data_segments()).then_some(None),
                Immediate::Elements => self.facts.element_segment(index).map(Some),
                Immediate::Function => self.facts.function_type(index).map(|_| None),
            };
            ensure!(elements.is_some(), "{} of what there is not", op.mnemonic());
            let elements = elements.flatten();
            let same = element.is_none() || elements.is_none() || element == elements;
            ensure!(same, "{} from one type to another", op.mnemonic());
            element = elements.or(element);
        }
        Ok(())
    }

    fn function_table(&self, table: u32) -> Result<(), VerifyError> {
        let table = found(self.body.shape.table(table), "a call through no table")?;
        ensure!(
            table.element == ValType::FuncRef,
            "a call through a table of {}",
            table.element
        );
        Ok(())
    }

    fn call(&self, ty: &FuncType, base: Slot, block: BlockId, held: &mut Slots<'_>) -> Result<(), VerifyError> {
        held.hold(usize::from(base), slot_types(&ty.params), "an argument")?;
        held.results(base, slot_types(&ty.results))?;
        ensure!(
            usize::from(base) + slots(&ty.params).max(slots(&ty.results)) <= self.body.frame_size as usize,
            "arguments beyond the frame"
        );
        self.edge(block + 1, held)
    }

    /// A call in place of this function.
    fn leave(&self, ty: &FuncType, slots: &Slots<'_>) -> Result<(), VerifyError> {
        ensure!(ty.results[..] == self.body.results[..], "another function's results");
        slots.hold(0, slot_types(&ty.params), "an argument")
    }

    fn edge(&self, target: BlockId, slots: &Slots<'_>) -> Result<(), VerifyError> {
        let wanted = self.body.entry(target);
        for (position, (wanted, held)) in wanted.iter().zip(&slots.canonical).enumerate() {
            ensure!(
                wanted.is_none() || wanted == held,
                "block {target} wants {wanted:?} as operand {position} and gets {held:?}"
            );
        }
        Ok(())
    }
}
