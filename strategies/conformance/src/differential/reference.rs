//! A plan carried out by an interpreter that is as plain as possible: it walks over WebAssembly's own operators with an
//! operand stack, as the specification does. It shares the meaning of single operators with our machine, where the
//! official suite tests them one by one, and nothing else: no lowering, no blocks, no frames.
//!
//! It knows what [`arithmetic`](super::arithmetic) generates, no more.

use std::collections::HashMap;

use wasm_dispatch::Trap;
use wasmparser::{
    BlockType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncType, MemArg, MemArgTarget, Operator,
    Parser, Payload, ValType,
};

use super::operators::apply;
use super::plan::{Argument, End, FUEL, Observation, Plan, Remains, Round, Seen, digest};

type Error = String;

/// Why a function stopped.
enum Stop {
    Trap(Trap),
    /// The interpreter does not know something.
    Unknown(Error),
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Stop {
        Stop::Trap(trap)
    }
}

fn unknown<T>(what: impl std::fmt::Debug) -> Result<T, Stop> {
    Err(Stop::Unknown(format!("the reference does not know {what:?}")))
}

struct Function<'w> {
    ty: FuncType,
    locals: Vec<ValType>,
    code: Vec<Operator<'w>>,
    /// For each `block`, `loop` and `if`: where its `else` is, if it has one, and its `end`.
    ends: HashMap<usize, (Option<usize>, usize)>,
}

/// A module and its state: there is one instance only.
#[derive(Default)]
struct Instance<'w> {
    types: Vec<FuncType>,
    function_types: Vec<u32>,
    functions: Vec<Function<'w>>,
    memories: Vec<Vec<u8>>,
    globals: Vec<(ValType, u64)>,
    tables: Vec<Vec<Option<u32>>>,
    exports: Vec<(String, ExternalKind, u32)>,
}

/// A block being executed.
struct Control {
    /// Where a branch to it goes on, and with how many values.
    target: usize,
    arity: usize,
    height: usize,
}

/// Carries a plan out.
///
/// # Errors
///
/// What it does not know.
pub fn observe(wasm: &[u8], plan: &Plan) -> Result<Vec<Observation>, Error> {
    plan.rounds
        .iter()
        .map(|round| observe_round(wasm, plan, round))
        .collect()
}

fn observe_round(wasm: &[u8], plan: &Plan, round: &Round) -> Result<Observation, Error> {
    let mut instance = Instance::default();
    let read = instance.read(wasm);
    read.map_err(|error| error.to_string())?;
    let mut observation = Observation::default();
    observation.ends.push((End::Returned(Vec::new()), None));
    for call in &round.calls {
        if let (Some(fuel), Some(global)) = (plan.fuel, instance.export(FUEL)) {
            instance.globals[global as usize].1 = u64::from(fuel as u32);
        }
        let function = instance.export(&call.function).ok_or("no such export")?;
        let arguments = call.arguments.iter().map(|&argument| slot(argument)).collect();
        let types = instance.functions[function as usize].ty.results().to_vec();
        let end = match instance.call(function, arguments) {
            Ok(values) => End::Returned(types.iter().zip(values).map(|(&ty, value)| seen(ty, value)).collect()),
            Err(Stop::Trap(trap)) => End::Trapped(trap),
            Err(Stop::Unknown(what)) => return Err(what),
        };
        observation.ends.push((end, None));
    }
    observation.remains = Some(instance.remains());
    Ok(observation)
}

fn slot(argument: Argument) -> u64 {
    match argument {
        Argument::I32(value) => u64::from(value as u32),
        Argument::I64(value) => value as u64,
        Argument::F32(value) => u64::from(value.to_bits()),
        Argument::F64(value) => value.to_bits(),
        Argument::NullFunc | Argument::Extern(_) => 0,
    }
}

fn seen(ty: ValType, slot: u64) -> Seen {
    match ty {
        ValType::I32 => Seen::I32(slot as u32),
        ValType::I64 => Seen::I64(slot),
        ValType::F32 => Seen::f32(f32::from_bits(slot as u32)),
        _ => Seen::f64(f64::from_bits(slot)),
    }
}

fn constant(expr: &ConstExpr<'_>) -> u64 {
    match expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => u64::from(value as u32),
        Ok(Operator::I64Const { value }) => value as u64,
        Ok(Operator::F32Const { value }) => u64::from(value.bits()),
        Ok(Operator::F64Const { value }) => value.bits(),
        _ => 0,
    }
}

/// Matches blocks with their ends.
fn ends(code: &[Operator<'_>]) -> HashMap<usize, (Option<usize>, usize)> {
    let mut ends = HashMap::new();
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, operator) in code.iter().enumerate() {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push((at, None)),
            Operator::Else => {
                if let Some((_, otherwise)) = open.last_mut() {
                    *otherwise = Some(at);
                }
            }
            Operator::End => {
                if let Some((start, otherwise)) = open.pop() {
                    ends.insert(start, (otherwise, at));
                }
            }
            _ => {}
        }
    }
    ends
}

impl<'w> Instance<'w> {
    fn read(&mut self, wasm: &'w [u8]) -> wasmparser::Result<()> {
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(reader) => {
                    for ty in reader.into_iter_err_on_gc_types() {
                        self.types.push(ty?);
                    }
                }
                Payload::FunctionSection(reader) => {
                    for ty in reader {
                        self.function_types.push(ty?);
                    }
                }
                Payload::TableSection(reader) => {
                    for table in reader {
                        self.tables.push(vec![None; table?.ty.initial as usize]);
                    }
                }
                Payload::MemorySection(reader) => {
                    for memory in reader {
                        self.memories.push(vec![0; (memory?.initial as usize) << 16]);
                    }
                }
                Payload::GlobalSection(reader) => {
                    for global in reader {
                        let global = global?;
                        self.globals.push((global.ty.content_type, constant(&global.init_expr)));
                    }
                }
                Payload::ExportSection(reader) => {
                    for export in reader {
                        let export = export?;
                        self.exports.push((export.name.to_string(), export.kind, export.index));
                    }
                }
                Payload::ElementSection(reader) => {
                    for element in reader {
                        let element = element?;
                        if let (ElementKind::Active { offset_expr, .. }, ElementItems::Functions(items)) =
                            (element.kind, element.items)
                        {
                            let start = constant(&offset_expr) as usize;
                            for (number, function) in items.into_iter().enumerate() {
                                self.tables[0][start + number] = Some(function?);
                            }
                        }
                    }
                }
                Payload::DataSection(reader) => {
                    for data in reader {
                        let data = data?;
                        if let DataKind::Active {
                            memory_index,
                            offset_expr,
                        } = data.kind
                        {
                            let start = constant(&offset_expr) as usize;
                            let memory = &mut self.memories[memory_index as usize];
                            memory[start..start + data.data.len()].copy_from_slice(data.data);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let ty = self.types[self.function_types[self.functions.len()] as usize].clone();
                    let mut locals = Vec::new();
                    for local in body.get_locals_reader()? {
                        let (count, ty) = local?;
                        locals.extend(std::iter::repeat_n(ty, count as usize));
                    }
                    let code = body
                        .get_operators_reader()?
                        .into_iter()
                        .collect::<Result<Vec<_>, _>>()?;
                    let ends = ends(&code);
                    self.functions.push(Function { ty, locals, code, ends });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn export(&self, name: &str) -> Option<u32> {
        let export = self.exports.iter().find(|(other, ..)| other == name);
        export.map(|&(_, _, index)| index)
    }

    fn remains(&self) -> Remains {
        let mut remains = Remains::default();
        for (name, kind, index) in &self.exports {
            let index = *index as usize;
            match kind {
                ExternalKind::Memory => {
                    let bytes = &self.memories[index];
                    remains.memories.push((name.clone(), bytes.len(), digest(bytes)));
                }
                ExternalKind::Global => {
                    let (ty, value) = self.globals[index];
                    remains.globals.push((name.clone(), seen(ty, value)));
                }
                ExternalKind::Table => {
                    let elements = self.tables[index].iter();
                    let elements = elements.map(|element| element.map_or(Seen::Null, |_| Seen::Func));
                    remains.tables.push((name.clone(), elements.collect()));
                }
                _ => {}
            }
        }
        remains.sorted()
    }

    /// Numbers of parameters and results.
    fn arity(&self, ty: BlockType) -> (usize, usize) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(ty) => {
                let ty = &self.types[ty as usize];
                (ty.params().len(), ty.results().len())
            }
        }
    }

    /// Calls a function, and those it calls in tail position.
    fn call(&mut self, mut function: u32, mut arguments: Vec<u64>) -> Result<Vec<u64>, Stop> {
        loop {
            match self.run(function, arguments)? {
                (None, results) => return Ok(results),
                (Some(next), next_arguments) => (function, arguments) = (next, next_arguments),
            }
        }
    }

    fn callee(&self, table: u32, ty: u32, index: u64) -> Result<u32, Stop> {
        let element = self.tables[table as usize].get(index as u32 as usize);
        let function = element
            .ok_or(Trap::UndefinedElement)?
            .ok_or(Trap::UninitializedElement)?;
        if self.functions[function as usize].ty != self.types[ty as usize] {
            return Err(Trap::IndirectCallTypeMismatch.into());
        }
        Ok(function)
    }

    fn params(&self, function: u32) -> usize {
        self.functions[function as usize].ty.params().len()
    }

    /// Runs one function. Returns results, or arguments and whom to call in its place.
    fn run(&mut self, own: u32, mut locals: Vec<u64>) -> Result<(Option<u32>, Vec<u64>), Stop> {
        let function = &self.functions[own as usize];
        locals.resize(locals.len() + function.locals.len(), 0);
        let results = function.ty.results().len();
        let last = function.code.len() - 1;
        let mut stack: Vec<u64> = Vec::new();
        let mut controls = vec![Control {
            target: last,
            arity: results,
            height: 0,
        }];
        let mut at = 0;
        loop {
            let function = &self.functions[own as usize];
            let operator = function.code[at].clone();
            let mut branch: Option<u32> = None;
            // Validation has seen to it that there is something to pop.
            let mut pop = || stack.pop().unwrap_or_default();
            match operator {
                Operator::Unreachable => return Err(Trap::Unreachable.into()),
                Operator::Nop => {}
                Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                    let (otherwise, end) = function.ends[&at];
                    let (params, arity) = self.arity(blockty);
                    let taken = !matches!(operator, Operator::If { .. }) || pop() as u32 != 0;
                    let height = stack.len() - params;
                    let (target, arity) = match operator {
                        Operator::Loop { .. } => (at, params),
                        _ => (end, arity),
                    };
                    controls.push(Control { target, arity, height });
                    if !taken {
                        // To the `else`, or to the `end` that closes the block.
                        at = otherwise.unwrap_or(end - 1);
                    }
                }
                Operator::Else => {
                    if let Some(control) = controls.last() {
                        at = control.target - 1;
                    }
                }
                Operator::End => {
                    controls.pop();
                    if controls.is_empty() {
                        return Ok((None, stack.split_off(stack.len() - results)));
                    }
                }
                Operator::Br { relative_depth } => branch = Some(relative_depth),
                Operator::BrIf { relative_depth } => branch = (pop() as u32 != 0).then_some(relative_depth),
                Operator::BrTable { targets } => {
                    let index = pop() as u32;
                    let depths: Vec<u32> = targets.targets().flatten().collect();
                    branch = Some(depths.get(index as usize).copied().unwrap_or(targets.default()));
                }
                Operator::Return => return Ok((None, stack.split_off(stack.len() - results))),
                Operator::Call { function_index } => {
                    let arguments = stack.split_off(stack.len() - self.params(function_index));
                    stack.extend(self.call(function_index, arguments)?);
                }
                Operator::CallIndirect {
                    type_index,
                    table_index,
                } => {
                    let callee = self.callee(table_index, type_index, pop())?;
                    let arguments = stack.split_off(stack.len() - self.params(callee));
                    stack.extend(self.call(callee, arguments)?);
                }
                Operator::ReturnCall { function_index } => {
                    let arguments = stack.split_off(stack.len() - self.params(function_index));
                    return Ok((Some(function_index), arguments));
                }
                Operator::ReturnCallIndirect {
                    type_index,
                    table_index,
                } => {
                    let callee = self.callee(table_index, type_index, pop())?;
                    let arguments = stack.split_off(stack.len() - self.params(callee));
                    return Ok((Some(callee), arguments));
                }
                Operator::Drop => drop(pop()),
                Operator::Select => {
                    let (condition, b, a) = (pop(), pop(), pop());
                    stack.push(if condition as u32 != 0 { a } else { b });
                }
                Operator::LocalGet { local_index } => stack.push(locals[local_index as usize]),
                Operator::LocalSet { local_index } => locals[local_index as usize] = pop(),
                Operator::LocalTee { local_index } => {
                    let value = pop();
                    locals[local_index as usize] = value;
                    stack.push(value);
                }
                Operator::GlobalGet { global_index } => stack.push(self.globals[global_index as usize].1),
                Operator::GlobalSet { global_index } => self.globals[global_index as usize].1 = pop(),
                Operator::I32Const { value } => stack.push(u64::from(value as u32)),
                Operator::I64Const { value } => stack.push(value as u64),
                Operator::F32Const { value } => stack.push(u64::from(value.bits())),
                Operator::F64Const { value } => stack.push(value.bits()),
                Operator::MemoryFill { mem } => {
                    let (len, value, to) = (pop() as u32 as usize, pop(), pop() as u32 as usize);
                    let target = self.memories[mem as usize].get_mut(to..to + len);
                    target.ok_or(Trap::OutOfBoundsMemoryAccess)?.fill(value as u8);
                }
                Operator::MemoryCopy { dst_mem: 0, src_mem: 0 } => {
                    let (len, from, to) = (pop() as u32 as usize, pop() as u32 as usize, pop() as u32 as usize);
                    let memory = &mut self.memories[0];
                    if from + len > memory.len() || to + len > memory.len() {
                        return Err(Trap::OutOfBoundsMemoryAccess.into());
                    }
                    memory.copy_within(from..from + len, to);
                }
                other => match apply(&other, &mut stack, &mut self.memories) {
                    Some(result) => result?,
                    None => return unknown(other),
                },
            }
            at += 1;
            if let Some(depth) = branch {
                controls.truncate(controls.len() - depth as usize);
                let Some(control) = controls.pop() else {
                    return unknown("a branch out of the function");
                };
                let carried = stack.split_off(stack.len() - control.arity);
                stack.truncate(control.height);
                stack.extend(carried);
                if controls.is_empty() {
                    return Ok((None, stack));
                }
                // A loop begins again and opens its block anew; of another block this is behind its `end`.
                let again = matches!(self.functions[own as usize].code[control.target], Operator::Loop { .. });
                at = control.target + usize::from(!again);
            }
        }
    }
}

/// Memory index and static offset.
pub(super) fn place(memarg: &MemArg) -> (usize, u64) {
    let (MemArgTarget::Memory(memory) | MemArgTarget::Array(memory)) = memarg.target;
    (memory as usize, memarg.offset)
}
