//! The interpreter.

use wasm_dispatch::{Trap, ValType as OurType};
use wasmparser::{BlockType, Operator, ValType};

use super::super::operators::apply;
use super::super::plan::{Seen, host_results};
use super::{Body, Instance, Stop, seen, slot, unknown};

/// A block being executed.
struct Control {
    /// Where a branch to it goes on, and with how many values.
    target: usize,
    arity: usize,
    height: usize,
}

fn our_type(ty: ValType) -> OurType {
    match ty {
        ValType::I32 => OurType::I32,
        ValType::I64 => OurType::I64,
        ValType::F32 => OurType::F32,
        ValType::F64 => OurType::F64,
        ty if ty == ValType::FUNCREF => OurType::FuncRef,
        _ => OurType::ExternRef,
    }
}

/// How a function ended: with results, or with whom to call in its place with which arguments.
enum Exit {
    Returned(Vec<u64>),
    TailCall(u32, Vec<u64>),
}

impl Instance<'_> {
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
    pub(super) fn call(&mut self, mut function: u32, mut arguments: Vec<u64>) -> Result<Vec<u64>, Stop> {
        loop {
            if let Body::Host(key) = self.functions[function as usize].body {
                let ty = &self.functions[function as usize].ty;
                let arguments: Vec<Seen> = (ty.params().iter().zip(&arguments))
                    .map(|(&ty, &value)| seen(ty, value))
                    .collect();
                let note = self.log.note(key, &arguments);
                let types: Vec<OurType> = ty.results().iter().map(|&ty| our_type(ty)).collect();
                return Ok(host_results(note, &types).into_iter().map(slot).collect());
            }
            match self.run(function, arguments)? {
                Exit::Returned(results) => return Ok(results),
                Exit::TailCall(next, next_arguments) => (function, arguments) = (next, next_arguments),
            }
        }
    }

    fn callee(&self, table: u32, ty: u32, index: u64) -> Result<u32, Stop> {
        let element = self.tables[table as usize].elements.get(index as u32 as usize);
        let reference = *element.ok_or(Trap::UndefinedElement)?;
        let function = reference.checked_sub(1).ok_or(Trap::UninitializedElement)?;
        if self.functions[function as usize].ty != self.types[ty as usize] {
            return Err(Trap::IndirectCallTypeMismatch.into());
        }
        Ok(function as u32)
    }

    fn params(&self, function: u32) -> usize {
        self.functions[function as usize].ty.params().len()
    }

    /// Runs one function that is not the host's.
    fn run(&mut self, own: u32, mut locals: Vec<u64>) -> Result<Exit, Stop> {
        let function = &self.functions[own as usize];
        let results = function.ty.results().len();
        let Body::Wasm { locals: more, code, .. } = &function.body else {
            return unknown("the host's code");
        };
        locals.resize(locals.len() + more.len(), 0);
        let mut stack: Vec<u64> = Vec::new();
        let mut controls = vec![Control {
            target: code.len() - 1,
            arity: results,
            height: 0,
        }];
        let mut at = 0;
        loop {
            let Body::Wasm { code, ends, .. } = &self.functions[own as usize].body else {
                return unknown("the host's code");
            };
            let operator = code[at].clone();
            let mut branch: Option<u32> = None;
            // Validation has seen to it that there is something to pop.
            let mut pop = || stack.pop().unwrap_or_default();
            match operator {
                Operator::Unreachable => return Err(Trap::Unreachable.into()),
                Operator::Nop => {}
                Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                    let (otherwise, end) = ends[&at];
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
                        return Ok(Exit::Returned(stack.split_off(stack.len() - results)));
                    }
                }
                Operator::Br { relative_depth } => branch = Some(relative_depth),
                Operator::BrIf { relative_depth } => branch = (pop() as u32 != 0).then_some(relative_depth),
                Operator::BrTable { targets } => {
                    let index = pop() as u32;
                    let depths: Vec<u32> = targets.targets().flatten().collect();
                    branch = Some(depths.get(index as usize).copied().unwrap_or(targets.default()));
                }
                Operator::Return => return Ok(Exit::Returned(stack.split_off(stack.len() - results))),
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
                    return Ok(Exit::TailCall(function_index, arguments));
                }
                Operator::ReturnCallIndirect {
                    type_index,
                    table_index,
                } => {
                    let callee = self.callee(table_index, type_index, pop())?;
                    let arguments = stack.split_off(stack.len() - self.params(callee));
                    return Ok(Exit::TailCall(callee, arguments));
                }
                Operator::Drop => drop(pop()),
                Operator::Select | Operator::TypedSelect { .. } => {
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
                Operator::RefNull { .. } => stack.push(0),
                Operator::RefFunc { function_index } => stack.push(u64::from(function_index) + 1),
                Operator::RefIsNull => {
                    let reference = pop();
                    stack.push(u64::from(reference == 0));
                }
                other => match apply(&other, &mut stack, &mut self.memories) {
                    Some(result) => result?,
                    None => self.bulk(&other, &mut stack)?,
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
                    return Ok(Exit::Returned(stack));
                }
                let Body::Wasm { code, .. } = &self.functions[own as usize].body else {
                    return unknown("the host's code");
                };
                // A loop begins again and opens its block anew; of another block this is behind its `end`.
                let again = matches!(code[control.target], Operator::Loop { .. });
                at = control.target + usize::from(!again);
            }
        }
    }
}
