//! Blocks, branches and calls.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{Node, Slot, Statement};
use wasm_dispatch_ir::operands::RunId;
use wasm_dispatch_ir::types::{FuncType, ValType, slots, value_types};
use wasm_dispatch_ir::vector::V128;

use super::builder::{ANY, Label, TRAPS};
use super::{Lowering, ModuleTypes};

/// Locals that are cleared one by one before a jump to the function's beginning.
const MAX_CLEARED: usize = 8;

/// What a structured block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Function,
    Block,
    Loop,
    /// `if`, and the label of its `else` while that has not come.
    If(Option<Label>),
}

/// Types of what a block takes and leaves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'m> {
    pub(super) params: &'m [ValType],
    pub(super) results: &'m [ValType],
}

/// An open structured block.
#[derive(Debug)]
pub(super) struct Control<'m> {
    kind: Kind,
    /// Where branches go; for a function there is none, they return.
    label: Label,
    /// Whether a branch names the label.
    used: bool,
    /// Stack height below the block's parameters, in slots.
    height: usize,
    ty: Ends<'m>,
    /// The last switch that leads here, and by which label.
    switch: (u32, Label),
}

impl Control<'_> {
    /// Slots of the values a branch carries.
    fn carried(&self) -> usize {
        slots(match self.kind {
            Kind::Loop => self.ty.params,
            Kind::Function | Kind::Block | Kind::If(_) => self.ty.results,
        })
    }
}

/// A conditional branch whose values must move: the moves stand in a block of their own.
#[derive(Debug)]
pub(super) struct Edge {
    label: Label,
    /// The stack where the branch is, and its height in slots; all are canonical.
    stack: RunId,
    height: usize,
    offset: u32,
    /// `None`: return.
    target: Option<(Label, usize)>,
    /// Slots of the values that it carries.
    carried: usize,
}

/// Where a branch can go at once.
enum Reach {
    Label(Label),
    Edge(Label),
}

impl<'m, T: ModuleTypes> Lowering<'m, T> {
    /// Begins the code.
    pub(crate) fn start(&mut self) {
        let results = self.results;
        self.open_control(Kind::Function, Ends { params: &[], results });
        self.own.1 = self.new_label();
        self.bind(self.own.1);
        self.start_polled_block();
        self.pay_slots(self.body.locals.len() - usize::from(self.body.params));
    }

    fn open_control(&mut self, kind: Kind, ty: Ends<'m>) {
        let label = self.new_label();
        let height = self.stack.len() - slots(ty.params);
        let used = false;
        self.controls.push(Control {
            kind,
            label,
            used,
            height,
            ty,
            switch: (0, 0),
        });
    }

    pub(super) fn block(&mut self, ty: Ends<'m>) {
        self.open_control(Kind::Block, ty);
    }

    pub(super) fn loop_(&mut self, ty: Ends<'m>) {
        self.materialize_all();
        self.open_control(Kind::Loop, ty);
        let label = self.top().label;
        self.terminate(Statement::Jump(label));
        self.bind(label);
        self.start_polled_block();
    }

    pub(super) fn if_(&mut self, ty: Ends<'m>) {
        let condition = self.pop();
        self.materialize_all();
        let otherwise = self.new_label();
        self.open_control(Kind::If(Some(otherwise)), ty);
        let (condition, when) = self.condition(condition, false);
        self.terminate(Statement::Branch {
            condition,
            when,
            target: otherwise,
        });
        self.start_block();
    }

    fn top(&mut self) -> &mut Control<'m> {
        match self.controls.last_mut() {
            Some(control) => control,
            None => unreachable!("validation keeps blocks balanced"),
        }
    }

    /// `else`, whether or not the `then` part reaches its end.
    pub(super) fn else_(&mut self) {
        if self.reachable {
            self.materialize_all();
            let label = self.top().label;
            self.top().used = true;
            self.terminate(Statement::Jump(label));
        }
        let height = self.top().height;
        let params = self.top().ty.params;
        if let Kind::If(otherwise) = &mut self.top().kind
            && let Some(otherwise) = otherwise.take()
        {
            self.bind(otherwise);
        }
        let outside = self.controls.len() - 1;
        self.enter_merge(height, params, outside);
    }

    /// Opens the block where paths from blocks deeper than this meet: everything is in its canonical slot.
    fn enter_merge(&mut self, height: usize, values: &[ValType], depth: usize) {
        self.truncate(height);
        self.materialized = self.stack.len();
        self.push_canonical(values);
        self.materialized = self.stack.len();
        self.reachable = true;
        self.start_merge(depth);
    }

    /// `end`, whether or not it is reached.
    pub(super) fn end(&mut self) {
        let Some(mut control) = self.controls.pop() else { return };
        if control.kind == Kind::Function {
            if self.reachable {
                self.return_values(slots(control.ty.results));
                self.terminate(Statement::Return);
            }
            self.reachable = false;
            return;
        }
        if let Kind::If(Some(otherwise)) = control.kind {
            // Without `else` the condition's other outcome ends here, with the parameters as results.
            if self.reachable {
                self.materialize_all();
                self.terminate(Statement::Jump(control.label));
                self.reachable = false;
            }
            self.bind(otherwise);
            control.used = true;
        }
        if control.kind == Kind::Loop || !control.used {
            if !self.reachable {
                self.truncate(control.height);
            }
            return;
        }
        if self.reachable {
            self.materialize_all();
            self.terminate(Statement::Jump(control.label));
        }
        self.bind(control.label);
        let outside = self.controls.len();
        self.enter_merge(control.height, control.ty.results, outside);
    }

    fn control_at(&mut self, depth: u32) -> &mut Control<'m> {
        let index = self.controls.len() - 1 - depth as usize;
        &mut self.controls[index]
    }

    fn leave_unreachable(&mut self) {
        self.reachable = false;
    }

    pub(super) fn unreachable(&mut self) {
        self.materialize_effects(TRAPS);
        self.terminate(Statement::Trap(Trap::Unreachable));
        self.leave_unreachable();
    }

    pub(super) fn br(&mut self, depth: u32) {
        let control = self.control_at(depth);
        let (kind, height, label) = (control.kind, control.height, control.label);
        let carried = control.carried();
        if kind == Kind::Function {
            return self.return_();
        }
        control.used = true;
        self.materialize_below(height);
        let first = self.stack.len() - carried;
        self.pay_slots(carried);
        // Values that the branch drops are evaluated for their traps.
        for position in height..first {
            if position >= self.materialized && self.facts[self.stack[position].node as usize].effects & TRAPS != 0 {
                self.materialize(position);
            }
        }
        let mut i = 0;
        while i < carried {
            self.move_to(self.canonical_slot(height + i), first + i);
            i += self.width(first + i);
        }
        self.terminate(Statement::Jump(label));
        self.leave_unreachable();
    }

    /// The label a branch can name when everything is materialized: the target's own, or that of an edge with moves.
    fn reach(&mut self, depth: u32) -> Reach {
        let stack_len = self.stack.len();
        let control = self.control_at(depth);
        let carried = control.carried();
        if control.kind == Kind::Function {
            return Reach::Edge(self.edge(None, carried));
        }
        control.used = true;
        let (label, height) = (control.label, control.height);
        if carried == 0 || stack_len - carried == height {
            Reach::Label(label)
        } else {
            Reach::Edge(self.edge(Some((label, height)), carried))
        }
    }

    /// The block with the moves of a branch. Branches from the same stack to the same place share one.
    fn edge(&mut self, target: Option<(Label, usize)>, carried: usize) -> Label {
        let (stack, height) = self.covered();
        let key = (target.map(|(label, _)| label), stack, height);
        if let Some(&known) = self.known_edges.get(&key) {
            return known;
        }
        let label = self.new_label();
        self.known_edges.insert(key, label);
        self.edges.push(Edge {
            label,
            stack,
            height,
            offset: self.offset,
            target,
            carried,
        });
        label
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        self.materialize_all();
        let (Reach::Label(target) | Reach::Edge(target)) = self.reach(depth);
        let (condition, when) = self.condition(condition, true);
        self.terminate(Statement::Branch {
            condition,
            when,
            target,
        });
        self.start_block();
    }

    pub(super) fn br_table(&mut self, depths: impl Iterator<Item = u32>) {
        let index = self.pop();
        self.materialize_all();
        let first = self.body.targets.len();
        self.switches += 1;
        // Targets of a switch repeat a lot; each depth needs one edge.
        for depth in depths {
            let (switch, known) = self.control_at(depth).switch;
            let label = if switch == self.switches {
                known
            } else {
                let (Reach::Label(label) | Reach::Edge(label)) = self.reach(depth);
                self.control_at(depth).switch = (self.switches, label);
                label
            };
            self.body.targets.push(label);
        }
        let count = (self.body.targets.len() - first) as u32;
        self.terminate(Statement::Switch {
            index,
            first: first as u32,
            count,
        });
        self.leave_unreachable();
    }

    /// Writes the value that begins at a position into a slot, or into those from it on, if it is not there.
    fn move_to(&mut self, slot: Slot, position: usize) {
        let value = self.stack[position].node;
        if !self.is_read_from(value, slot) {
            self.set(slot, value);
        }
    }

    /// Moves the topmost values, of this many slots, to slot 0 on, where the caller looks for results.
    fn return_values(&mut self, count: usize) {
        let first = self.stack.len() - count;
        self.pay_slots(count);
        self.max_height = self.max_height.max(count);
        for position in self.materialized..first {
            if self.facts[self.stack[position].node as usize].effects & TRAPS != 0 {
                self.materialize(position);
            }
        }
        // A value that a move would overwrite before it is read is materialized first.
        let mut j = 0;
        while j < count {
            if first + j >= self.materialized && self.reads_below(self.stack[first + j].node, j) {
                self.materialize(first + j);
            }
            j += self.width(first + j);
        }
        let mut i = 0;
        while i < count {
            self.move_to(i as Slot, first + i);
            i += self.width(first + i);
        }
    }

    pub(super) fn return_(&mut self) {
        self.return_values(slots(&self.body.results));
        self.terminate(Statement::Return);
        self.leave_unreachable();
    }

    /// The blocks with the moves of conditional branches, after everything else.
    pub(super) fn emit_edges(&mut self) {
        let mut edges = std::mem::take(&mut self.edges);
        for edge in edges.drain(..) {
            self.offset = edge.offset;
            self.bind(edge.label);
            let entry = self.body.operands.entry(edge.stack, edge.height, [].into_iter());
            self.start_edge(entry);
            self.pay_slots(edge.carried);
            let first = edge.height - edge.carried;
            let types = self.body.operands.covered(edge.stack, edge.height, first);
            let types: Vec<ValType> = types.into_iter().flatten().collect();
            let mut index = 0;
            for ty in value_types(&types) {
                let value = self.canonical_node(first + index, ty);
                let slot = match edge.target {
                    None => index as Slot,
                    Some((_, height)) => self.canonical_slot(height + index),
                };
                if slot != self.canonical_slot(first + index) {
                    self.set(slot, value);
                }
                index += usize::from(ty.slots());
            }
            match edge.target {
                None => {
                    self.max_height = self.max_height.max(edge.carried);
                    self.terminate(Statement::Return);
                }
                Some((label, _)) => self.terminate(Statement::Jump(label)),
            }
        }
        self.edges = edges;
    }

    /// Materializes arguments and whatever a call could disturb; returns the first argument's slot.
    fn prepare_call(&mut self, ty: &FuncType) -> Slot {
        self.make_room(slots(&ty.results));
        let first = self.stack.len() - slots(&ty.params);
        self.materialize_effects(ANY);
        self.materialize_from(first);
        let base = self.canonical_slot(first);
        self.materialize_readers_from(base, first);
        // A callee's frame begins here even if it takes no arguments.
        self.max_height = self.max_height.max(first);
        base
    }

    fn finish_call(&mut self, call: Statement, ty: &FuncType) {
        self.truncate(self.stack.len() - slots(&ty.params));
        self.terminate(call);
        self.push_canonical(&ty.results);
        self.continue_block();
    }

    pub(super) fn call(&mut self, function: u32) {
        let ty = self.types.function_type(function);
        let base = self.prepare_call(ty);
        self.finish_call(Statement::Call { function, base }, ty);
    }

    pub(super) fn call_indirect(&mut self, table: u32, type_index: u32) {
        let ty = self.types.ty(type_index);
        // The index is evaluated after the arguments and before the frame changes hands: it may stay a tree.
        let index = self.pop_index(table);
        let base = self.prepare_call(ty);
        let call = Statement::CallIndirect {
            table,
            ty: type_index,
            index,
            base,
        };
        self.finish_call(call, ty);
    }

    pub(super) fn return_call(&mut self, function: u32) {
        let count = slots(&self.types.function_type(function).params);
        self.materialize_effects(ANY);
        self.return_values(count);
        let locals = self.body.locals.len() - count.min(self.body.locals.len());
        if function == self.own.0 && locals <= MAX_CLEARED {
            self.start_over(count);
        } else {
            self.terminate(Statement::TailCall { function });
        }
        self.leave_unreachable();
    }

    /// A tail call of the function itself: the frame stays, and its locals are zero again.
    fn start_over(&mut self, params: usize) {
        for slot in params..self.body.locals.len() {
            let Some(ty) = self.body.locals.get(slot) else { break };
            let value = match ty {
                ValType::V128Low => self.vector_constant(V128::ZERO),
                ValType::V128High => continue,
                ty => self.node(Node::Const(0), ty),
            };
            self.set(slot as Slot, value);
        }
        self.terminate(Statement::Jump(self.own.1));
    }

    pub(super) fn return_call_indirect(&mut self, table: u32, ty: u32) {
        let count = slots(&self.types.ty(ty).params);
        let position = self.stack.len() - 1;
        self.materialize_effects(ANY);
        self.materialize_from(position);
        let index = self.pop_index(table);
        self.return_values(count);
        self.terminate(Statement::TailCallIndirect { table, ty, index });
        self.leave_unreachable();
    }

    /// A builtin, which the machine itself carries out.
    pub(super) fn builtin(&mut self, op: Builtin, x: u32, y: u32) {
        let first = self.stack.len() - op.operands().len();
        self.materialize_effects(ANY);
        self.materialize_from(first);
        let base = self.canonical_slot(first);
        self.materialize_readers_from(base, first);
        if self.body.metered && op.is_bulk() {
            // It may stop and be carried out again: in a block of its own, which the code before it pays for.
            self.next_block();
            self.continue_block();
        }
        self.truncate(first);
        self.max_height = self.max_height.max(first + op.results().len());
        self.emit(Statement::Builtin { op, base, x, y });
        for result in op.results() {
            // Validation has found the memory or table.
            let ty = result.resolve(&self.body.shape, x, y).unwrap_or(ValType::I32);
            self.push_canonical(&[ty]);
        }
    }
}
