//! Lowering: validated WebAssembly operators become code blocks of expression trees.
//!
//! The operand stack is simulated: its entries are trees that are not evaluated before they are needed. That is copy
//! propagation: `local.get` costs nothing. The simulated stack has an entry for each slot, not for each value, so that a
//! position in it is an offset from the first canonical slot: a vector has two, with the same tree. An entry is *materialized*
//! (evaluated into its canonical slot) only when
//!
//! - control flow merges, so that all paths agree on where it lives;
//! - it is an argument, which must stand where the callee looks for it;
//! - something it reads is about to change, or its trap must come before another effect.
//!
//! The files: `needs` bounds what a function takes; `addresses` handles 64-bit addresses and indices; `builder` makes nodes,
//! statements and blocks; `operands` is the simulated stack; `control` has blocks, branches and calls; `operators` and
//! `vectors` map every WebAssembly operator to these, and `nans` makes their results deterministic if that was asked for; `visit`
//! takes operators from the decoder.

mod addresses;
mod builder;
mod control;
mod nans;
mod needs;
mod operands;
mod operators;
mod room;
mod vectors;
mod visit;

use std::collections::HashMap;
use std::sync::Arc;

use wasm_dispatch_ir::code::{FunctionBody, NodeId};
use wasm_dispatch_ir::operands::RunId;
use wasm_dispatch_ir::shape::ModuleShape;
use wasm_dispatch_ir::types::{FuncType, ValType, slots};
use wasm_dispatch_ir::verify::scratch_slots;

use self::builder::Label;
use self::control::Control;
pub(crate) use self::needs::Needs;
pub(crate) use self::operators::Unsupported;
pub(crate) use self::room::Room;
pub(crate) use self::visit::Visitor;
use crate::metering::Metering;

/// What lowering a function needs to know about its module.
pub(crate) trait ModuleTypes {
    /// Whether arithmetic gives one NaN.
    fn is_deterministic(&self) -> bool;
    /// The type of a function, by its index.
    fn function_type(&self, function: u32) -> &FuncType;
    /// A function type, by its index.
    fn ty(&self, ty: u32) -> &FuncType;
    /// The type of a global's value.
    fn global_type(&self, global: u32) -> ValType;
    /// The memories and tables.
    fn shape(&self) -> &Arc<ModuleShape>;
}

/// Lowers one function, operator by operator.
pub(crate) struct Lowering<'m, T> {
    types: &'m T,
    results: &'m [ValType],
    body: FunctionBody,
    /// Parameters and locals, as WebAssembly counts them.
    locals: operands::Locals,
    /// The node of the value in each canonical slot, as it was last read.
    canonical: Vec<NodeId>,
    /// Depth, size and effects of each node, for decisions here only.
    facts: Vec<builder::Facts>,
    /// The operand stack, slot by slot: a value has an entry for each slot that it takes.
    stack: Vec<operands::Entry>,
    /// Stack positions below this one are in their canonical slots.
    materialized: usize,
    /// Highest operand stack so far, in slots.
    max_height: usize,
    controls: Vec<Control<'m>>,
    /// Depth of blocks skipped because they cannot be reached.
    skipped: usize,
    reachable: bool,
    /// Block of each label, once it is known.
    labels: Vec<Option<u32>>,
    /// Room for the blocks that they lead to.
    resolved: Vec<u32>,
    /// Entry and first statement of the block being built.
    open: builder::OpenBlock,
    edges: Vec<control::Edge>,
    /// Whether a node takes or gives a vector.
    has_vectors: bool,
    /// The edge of a target and of what was on the stack, if there is one.
    known_edges: HashMap<(Option<Label>, RunId, usize), Label>,
    /// Room for what a block is entered with.
    above: Vec<Option<ValType>>,
    /// Number of switches so far.
    switches: u32,
    /// Where the types of results are, of types with many.
    lists: HashMap<*const ValType, u32>,
    /// Byte offset of the operator being lowered.
    offset: u32,
    metering: Metering,
    /// Whether arithmetic gives one NaN.
    deterministic: bool,
    /// The `Meter` statement that pays for the operators being lowered, and their number so far.
    meter: Option<(usize, u32)>,
    /// How deep the innermost block is in which a stretch was divided and whose end has not come.
    divided: usize,
    /// The function's index, and the label of its first block: a tail call of itself is a jump.
    own: (u32, u32),
}

impl<'m, T: ModuleTypes> Lowering<'m, T> {
    /// Begins the function of this index and type, whose body has this many bytes. Its locals are [declared](Lowering::declare) next,
    /// and then its code [starts](Lowering::start).
    pub(crate) fn new(
        types: &'m T,
        index: u32,
        ty: &'m FuncType,
        imports: (u32, u32),
        bytes: usize,
        metering: Metering,
        room: &mut Room,
    ) -> Self {
        let mut room = std::mem::take(room);
        room.reserve(bytes);
        let mut body = room.body;
        body.params = slots(&ty.params) as u16;
        body.results.extend_from_slice(&ty.results);
        (body.imported_functions, body.imported_globals) = imports;
        body.metered = metering != Metering::Off;
        body.shape = types.shape().clone();
        let mut lowering = Lowering {
            types,
            results: &ty.results,
            body,
            locals: room.locals,
            canonical: room.canonical,
            facts: room.facts,
            stack: room.stack,
            materialized: 0,
            max_height: 0,
            controls: Vec::new(),
            skipped: 0,
            reachable: true,
            labels: room.labels,
            resolved: room.resolved,
            open: builder::OpenBlock::default(),
            edges: room.edges,
            has_vectors: false,
            known_edges: HashMap::new(),
            above: room.above,
            switches: 0,
            lists: HashMap::new(),
            offset: 0,
            metering,
            deterministic: types.is_deterministic(),
            meter: None,
            divided: 0,
            own: (index, 0),
        };
        for &param in &ty.params {
            lowering.declare(1, param);
        }
        lowering
    }

    /// Adds locals of one type.
    pub(crate) fn declare(&mut self, count: u32, ty: ValType) {
        self.body.locals.push(ty, count);
        self.locals.push(count, ty);
    }

    /// Whether the function needs no more than [`Needs`] lets through.
    pub(crate) fn fits(&self) -> bool {
        Needs::cover(self.slots_needed())
    }

    fn slots_needed(&self) -> usize {
        // Results and tail call arguments are left from slot 0 on, which may be more than the locals take.
        self.body.locals.len() + self.max_height + usize::from(scratch_slots(self.has_vectors))
    }

    /// The finished function. Leaves room for another one.
    pub(crate) fn finish(mut self, room: &mut Room) -> FunctionBody {
        self.emit_edges();
        self.close_meter();
        self.drop_free_meters();
        self.resolve_labels();
        self.return_directly();
        self.body.scratch = (self.body.locals.len() + self.max_height) as u16;
        self.body.frame_size = self.slots_needed() as u32;
        self.leave_room(room)
    }
}
