//! The functions of a module: validated when they arrive, lowered when they are first asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{CodeBlock, FunctionBody, Statement};
use wasm_dispatch_ir::operands::EntryTypes;
use wasm_dispatch_ir::types::{FuncType, ValType, slot_types, slots};
use wasm_dispatch_ir::verify::SCRATCH_SLOTS;
use wasm_dispatch_machine::backend::Bodies;
use wasmparser::{
    BinaryReader, BinaryReaderError, BlockType, Frame, FrameKind, FuncToValidate, FuncValidator,
    FuncValidatorAllocations, Operator, OperatorsReader, ValidatorResources,
};

use super::declarations::{Declarations, FEW_VALUES};
use super::refusal::{FEATURES, malformed, refused, supported_type, unsupported};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::lower::{self, Lowering, ModuleTypes, Room};

/// The bodies of a module's own functions.
pub(crate) struct ModuleBodies {
    declarations: Arc<Declarations>,
    functions: Box<[Body]>,
    arrival: Mutex<Arrival>,
}

#[derive(Default)]
struct Body {
    /// As it arrived; valid.
    raw: OnceLock<Raw>,
    lowered: OnceLock<Arc<FunctionBody>>,
}

struct Raw {
    bytes: Box<[u8]>,
    /// Offset of its first byte in the module.
    offset: u64,
    /// The bytes are of lowered code, which is to be verified.
    #[cfg(feature = "cache")]
    lowered: bool,
}

/// What is still to come.
#[derive(Default)]
struct Arrival {
    /// Why no more will come.
    failed: Option<Error>,
    /// Wakers by the function they wait for, and each once: by what [makes](identity) it another.
    waiting: HashMap<u32, HashMap<[usize; 2], Waker>>,
}

impl ModuleBodies {
    /// None has arrived.
    pub(super) fn new(declarations: Arc<Declarations>) -> ModuleBodies {
        ModuleBodies {
            functions: (0..declarations.own_functions()).map(|_| Body::default()).collect(),
            declarations,
            arrival: Mutex::default(),
        }
    }

    fn arrival(&self) -> MutexGuard<'_, Arrival> {
        self.arrival.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a validated function and wakes the tasks that wait for it.
    fn arrived(&self, function: u32, raw: Raw) {
        if self.functions[function as usize].raw.set(raw).is_ok() {
            let mut arrival = self.arrival();
            if !arrival.waiting.is_empty() {
                let ready = arrival.waiting.remove(&function);
                drop(arrival);
                ready.into_iter().for_each(wake);
            }
        }
    }

    /// No more functions will come.
    pub(super) fn fail(&self, error: &Error) {
        let mut arrival = self.arrival();
        arrival.failed.get_or_insert_with(|| error.clone());
        let waiting = std::mem::take(&mut arrival.waiting);
        drop(arrival);
        waiting.into_values().for_each(wake);
    }

    /// Waits until a function has arrived, or never will.
    pub(crate) fn poll_arrived(&self, function: u32, context: &Context<'_>) -> Poll<Result<(), Error>> {
        // Under the lock: what arrives meanwhile finds the waker.
        let mut arrival = self.arrival();
        if self.has(function) {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = &arrival.failed {
            return Poll::Ready(Err(error.clone()));
        }
        let waker = context.waker();
        let waiting = arrival.waiting.entry(function).or_default();
        waiting.entry(identity(waker)).or_insert_with(|| waker.clone());
        Poll::Pending
    }

    /// Why a function that has not arrived never will, if that is known.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.arrival().failed.clone()
    }

    /// Whether a function has arrived.
    pub(crate) fn has(&self, function: u32) -> bool {
        self.functions
            .get(function as usize)
            .is_some_and(|body| body.raw.get().is_some())
    }

    /// A function, lowered now if it was not before; `None` while it has not arrived.
    pub(crate) fn get(&self, function: u32) -> Option<&Arc<FunctionBody>> {
        let lowered = self.functions.get(function as usize)?.lowered.get();
        lowered.or_else(|| self.get_in(function, &mut Room::default()))
    }

    /// Likewise, in this room if it is lowered now.
    fn get_in(&self, function: u32, room: &mut Room) -> Option<&Arc<FunctionBody>> {
        let body = self.functions.get(function as usize)?;
        let raw = body.raw.get()?;
        Some(body.lowered.get_or_init(|| {
            #[cfg(feature = "cache")]
            if raw.lowered {
                // What does not keep the rules runs as nothing but a trap.
                let lowered = super::cache::function(&self.declarations, function, &raw.bytes);
                return Arc::new(lowered.unwrap_or_else(|_| impossible(&self.declarations, function)));
            }
            let lowered = lower(&self.declarations, function, raw, room);
            // Validation has bounded what lowering may need and refused what it does not know.
            debug_assert!(lowered.is_ok(), "a valid function is not lowered: {lowered:?}");
            Arc::new(lowered.unwrap_or_else(|_| impossible(&self.declarations, function)))
        }))
    }

    /// Takes in lowered code, to be verified when the function is first asked for.
    #[cfg(feature = "cache")]
    pub(super) fn set_lowered(&self, function: u32, bytes: Box<[u8]>) {
        let offset = 0;
        let lowered = true;
        self.arrived(function, Raw { bytes, offset, lowered });
    }

    /// Verifies lowered code that was taken in, now.
    #[cfg(feature = "cache")]
    pub(super) fn verify_lowered(&self, function: u32) -> Result<(), Error> {
        let body = &self.functions[function as usize];
        if let Some(raw) = body.raw.get() {
            let lowered = super::cache::function(&self.declarations, function, &raw.bytes)?;
            body.lowered.get_or_init(|| Arc::new(lowered));
        }
        Ok(())
    }

    /// Lowers all functions that have arrived.
    pub(super) fn lower_all(&self) {
        let mut room = Room::default();
        for function in 0..self.functions.len() {
            self.get_in(function as u32, &mut room);
        }
    }
}

/// The same of two wakers that [wake the same](Waker::will_wake), as far as can be known.
fn identity(waker: &Waker) -> [usize; 2] {
    [waker.data().addr(), std::ptr::from_ref(waker.vtable()).addr()]
}

fn wake(waiting: HashMap<[usize; 2], Waker>) {
    waiting.into_values().for_each(Waker::wake);
}

impl Bodies for ModuleBodies {
    fn len(&self) -> usize {
        self.functions.len()
    }

    fn body(&self, function: u32) -> Option<Arc<FunctionBody>> {
        self.get(function).cloned()
    }

    fn bodies(&self, functions: &mut dyn Iterator<Item = u32>) -> Vec<(u32, Arc<FunctionBody>)> {
        let mut room = Room::default();
        let bodies = functions.filter_map(|function| Some((function, self.get_in(function, &mut room)?.clone())));
        bodies.collect()
    }
}

/// Operands that a function may have at once, those that cannot be reached included: others are limited by the frame.
const MAX_OPERANDS: u32 = 1 << 20;

/// Validates functions as they arrive.
#[derive(Default)]
pub(super) struct BodyValidator {
    allocations: FuncValidatorAllocations,
    /// What counts towards [`Limits::carried_values`], so far.
    carried: u64,
    /// Index of the next function.
    next: u32,
}

impl BodyValidator {
    /// Goes on to the next function, whose lowered code is there instead. Returns its index among the own ones.
    #[cfg(feature = "cache")]
    pub(super) fn skip(&mut self, bodies: &ModuleBodies, lowered: Box<[u8]>) -> u32 {
        let index = self.next;
        self.next += 1;
        bodies.set_lowered(index, lowered);
        index
    }

    /// Validates the next function and hands it over. Returns its index among the own ones.
    pub(super) fn body(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &wasmparser::FunctionBody<'_>,
        bodies: &ModuleBodies,
        limits: &Limits,
    ) -> Result<u32, Error> {
        let index = self.next;
        let declarations = &*bodies.declarations;
        let mut validator = function.into_validator(std::mem::take(&mut self.allocations));
        let invalid = |error: BinaryReaderError| refused(&error, true);
        let mut locals = slots(
            &declarations
                .function_type(declarations.imported_functions + index)
                .params,
        );
        let mut vectors = declarations.has_vectors;
        let mut reader = body.get_binary_reader();
        for _ in 0..reader.read_var_u32().map_err(malformed)? {
            let offset = reader.original_position();
            let count: u32 = reader.read().map_err(malformed)?;
            let ty: wasmparser::ValType = reader.read().map_err(malformed)?;
            validator.define_locals(offset, count, ty).map_err(invalid)?;
            let ty = supported_type(ty, offset)?;
            vectors |= count > 0 && ty == ValType::V128;
            locals += count as usize * usize::from(ty.slots());
        }
        let mut needs = lower::Needs::new(locals, vectors);
        self.operators(reader, &mut validator, &mut needs, declarations)?;
        if !needs.fit() {
            return Err(ErrorKind::Limit {
                what: "frame slots of one function",
                limit: 1 << 16,
            }
            .into());
        }
        if self.carried > limits.carried_values {
            let (what, limit) = ("values carried by branches", limits.carried_values);
            return Err(ErrorKind::Limit { what, limit }.into());
        }
        self.allocations = validator.into_allocations();
        self.next += 1;
        let raw = Raw {
            bytes: body.as_bytes().into(),
            offset: body.range().start,
            #[cfg(feature = "cache")]
            lowered: false,
        };
        bodies.arrived(index, raw);
        Ok(index)
    }

    /// Validates a function's operators, which the reader is at.
    // A function of its own, so that it keeps in registers what it needs: it is most of what loading takes.
    #[inline(never)]
    fn operators(
        &mut self,
        mut reader: BinaryReader<'_>,
        validator: &mut FuncValidator<ValidatorResources>,
        needs: &mut lower::Needs,
        declarations: &Declarations,
    ) -> Result<(), Error> {
        let index = self.next;
        while !reader.eof() {
            let offset = reader.original_position();
            let mut ahead = reader.clone();
            let opcode = ahead.read_u8().map_err(malformed)?;
            if declarations.has_many && may_carry(opcode) {
                // With no blocks of its own: a reader that keeps them would copy all that are open.
                let operator = OperatorsReader::new(reader.clone()).read().map_err(malformed)?;
                self.carried += carried(&operator, validator, declarations, index);
            }
            let visited = reader.visit_operator(&mut validator.visitor(offset));
            visited.map_err(malformed)?.map_err(|error| refused(&error, true))?;
            needs.operator(opcode);
            let operands = validator.operand_stack_height();
            if needs.exceeded_by(operands) {
                // Where nothing can be reached, few bytes push operands without end.
                if operands > MAX_OPERANDS {
                    let (what, limit) = ("operands of one function", u64::from(MAX_OPERANDS));
                    return Err(ErrorKind::Limit { what, limit }.into());
                }
                // What cannot be reached is not lowered. The last `end` leaves no block.
                if validator.get_control_frame(0).is_some_and(|frame| !frame.unreachable) {
                    needs.operands(operands);
                }
            }
        }
        let end = reader.original_position();
        reader.finish_expression(&validator.visitor(end)).map_err(malformed)
    }
}

/// Whether an operator that begins so moves values to where it leads: those that `carried` knows (binary format, 5.4.1).
fn may_carry(opcode: u8) -> bool {
    // br, br_if, br_table, return; return_call, return_call_indirect.
    matches!(opcode, 0x0c..=0x0f | 0x12 | 0x13)
}

/// How many values an operator may move to where it leads, if they are not few. It may be invalid: validation comes next.
fn carried(
    operator: &Operator<'_>,
    validator: &FuncValidator<ValidatorResources>,
    declarations: &Declarations,
    function: u32,
) -> u64 {
    let of_type =
        |ty: u32, of: fn(&FuncType) -> &[ValType]| declarations.types.get(ty as usize).map_or(0, |ty| of(ty).len());
    let of_label = |depth: u32| match validator.get_control_frame(depth as usize) {
        Some(Frame {
            kind: FrameKind::Loop,
            block_type: BlockType::FuncType(ty),
            ..
        }) => of_type(*ty, |ty| &ty.params),
        Some(Frame {
            block_type: BlockType::FuncType(ty),
            ..
        }) => of_type(*ty, |ty| &ty.results),
        _ => 0,
    };
    let of_function = |index: u32, of| {
        let ty = declarations.function_types.get(index as usize);
        ty.map_or(0, |&ty| of_type(ty, of))
    };
    let few = |values: usize| if values > FEW_VALUES { values as u64 } else { 0 };
    match operator {
        Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => few(of_label(*relative_depth)),
        Operator::BrTable { targets } => {
            // All carry as many, and each place that they lead to is given them once.
            let places = u64::from(targets.len()) + 1;
            places * few(of_label(targets.default()))
        }
        Operator::Return => few(of_function(declarations.imported_functions + function, |ty| {
            &ty.results
        })),
        Operator::ReturnCall { function_index } => few(of_function(*function_index, |ty| &ty.params)),
        Operator::ReturnCallIndirect { type_index, .. } => few(of_type(*type_index, |ty| &ty.params)),
        _ => 0,
    }
}

/// Lowers a valid function, operator by operator.
fn lower(declarations: &Declarations, function: u32, raw: &Raw, room: &mut Room) -> Result<FunctionBody, Error> {
    let index = declarations.imported_functions + function;
    let ty = declarations.function_type(index);
    let reader = BinaryReader::new_features(&raw.bytes, raw.offset, FEATURES);
    let body = wasmparser::FunctionBody::new(reader);
    let imports = (declarations.imported_functions, declarations.imported_globals);
    let mut lowering = Lowering::new(
        declarations,
        index,
        ty,
        imports,
        raw.bytes.len(),
        declarations.metering,
        room,
    );
    for declared in body.get_locals_reader().map_err(malformed)? {
        let (count, ty) = declared.map_err(malformed)?;
        lowering.declare(count, supported_type(ty, raw.offset)?);
    }
    lowering.start();
    let mut operators = body.get_operators_reader().map_err(malformed)?;
    while !operators.eof() {
        let offset = operators.original_position();
        let mut visitor = lower::Visitor {
            lowering: &mut lowering,
            offset: offset as u32,
        };
        let visited = operators.visit_operator(&mut visitor).map_err(malformed)?;
        visited.map_err(|lower::Unsupported(proposal)| unsupported(proposal, offset))?;
        debug_assert!(lowering.fits(), "more than was foreseen");
    }
    Ok(lowering.finish(room))
}

/// A function that traps at once.
fn impossible(declarations: &Declarations, function: u32) -> FunctionBody {
    let ty = declarations.function_type(declarations.imported_functions + function);
    let params: Vec<ValType> = slot_types(&ty.params).collect();
    FunctionBody {
        params: params.len() as u16,
        results: ty.results.to_vec(),
        scratch: params.len() as u16,
        frame_size: params.len() as u32 + u32::from(SCRATCH_SLOTS),
        locals: params.into_iter().collect(),
        statements: vec![Statement::Trap(Trap::Unreachable)],
        statement_offsets: vec![0],
        blocks: vec![CodeBlock {
            first: 0,
            terminator: 0,
            entry: EntryTypes::default(),
        }],
        imported_globals: declarations.imported_globals,
        imported_functions: declarations.imported_functions,
        ..FunctionBody::default()
    }
}
