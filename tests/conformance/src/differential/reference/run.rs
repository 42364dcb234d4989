//! The interpreter: a method for each operator, named like it. Those of the instruction table are in `rows` and `bulk`.
//! One that is missing, of a supported proposal, does not compile.

use wasm_dispatch::{Trap, ValType as OurType};
use wasmparser::{BlockType, BrTable, HeapType, Ieee32, Ieee64, Operator, ValType};

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
        ValType::V128 => OurType::V128,
        ty if ty == ValType::FUNCREF => OurType::FuncRef,
        _ => OurType::ExternRef,
    }
}

/// How a function ended: with results, or with whom to call in its place with which arguments.
enum Exit {
    Returned(Vec<u128>),
    TailCall(u32, Vec<u128>),
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
    pub(super) fn call(&mut self, mut function: u32, mut arguments: Vec<u128>) -> Result<Vec<u128>, Stop> {
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
        let elements = &self.tables[table as usize].elements;
        let element = usize::try_from(index).ok().and_then(|index| elements.get(index));
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
    fn run(&mut self, own: u32, mut locals: Vec<u128>) -> Result<Exit, Stop> {
        let function = &self.functions[own as usize];
        let results = function.ty.results().len();
        let Body::Wasm { locals: more, code, .. } = &function.body else {
            return unknown("the host's code");
        };
        locals.resize(locals.len() + more.len(), 0);
        let whole = Control {
            target: code.len() - 1,
            arity: results,
            height: 0,
        };
        let mut run = Run {
            instance: self,
            own,
            results,
            locals,
            stack: Vec::new(),
            controls: vec![whole],
            at: 0,
            next: 0,
            exit: None,
        };
        loop {
            run.at = run.next;
            run.next += 1;
            let operator = run.operator(run.at)?;
            run.step(operator)?;
            if let Some(exit) = run.exit {
                return Ok(exit);
            }
        }
    }
}

/// A function being run.
pub(super) struct Run<'i, 'w> {
    pub instance: &'i mut Instance<'w>,
    own: u32,
    /// Number of results.
    results: usize,
    locals: Vec<u128>,
    /// Scalars and references are in the low half.
    pub stack: Vec<u128>,
    controls: Vec<Control>,
    /// The operator being carried out, and the next one.
    at: usize,
    next: usize,
    /// How the function ended, once it has.
    exit: Option<Exit>,
}

/// Calls the method of an operator.
macro_rules! step {
    ($(@$proposal:ident $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        fn step(&mut self, operator: Operator<'_>) -> Result<(), Stop> {
            match operator {
                $(Operator::$op $({ $($name),* })? => wasm_dispatch::ir::if_supported! { $proposal
                    { self.$op($($($name),*)?) }
                    {{
                        $($(let _ = $name;)*)?
                        unknown(stringify!($op))
                    }}
                },)*
                // Those of vectors: the decoder lists them apart.
                other => self.vector_step(other),
            }
        }
    };
}

impl<'w> Run<'_, 'w> {
    wasmparser::for_each_visit_operator!(step);

    fn operator(&self, at: usize) -> Result<Operator<'w>, Stop> {
        match &self.instance.functions[self.own as usize].body {
            Body::Wasm { code, .. } => Ok(code[at].clone()),
            Body::Host(_) => unknown("the host's code"),
        }
    }

    /// Validation has seen to it that there is something to pop.
    pub(super) fn pop_any(&mut self) -> u128 {
        self.stack.pop().unwrap_or_default()
    }

    pub(super) fn pop(&mut self) -> u64 {
        self.pop_any() as u64
    }

    /// Pushes a scalar or a reference.
    pub(super) fn give(&mut self, value: u64) {
        self.stack.push(value.into());
    }

    /// Pops an address, index or length: of 64 bits, or of 32.
    pub(super) fn pop_sized(&mut self, wide: bool) -> u64 {
        let value = self.pop();
        if wide { value } else { u64::from(value as u32) }
    }

    fn pop_arguments(&mut self, function: u32) -> Vec<u128> {
        self.stack.split_off(self.stack.len() - self.instance.params(function))
    }

    fn pop_callee(&mut self, table: u32, ty: u32) -> Result<u32, Stop> {
        let index = self.pop_sized(self.instance.tables[table as usize].wide);
        self.instance.callee(table, ty, index)
    }

    fn open(&mut self, blockty: BlockType, taken: bool, again: bool) -> Result<(), Stop> {
        let Body::Wasm { ends, .. } = &self.instance.functions[self.own as usize].body else {
            return unknown("the host's code");
        };
        let (otherwise, end) = ends[&self.at];
        let (params, results) = self.instance.arity(blockty);
        let (target, arity) = if again { (self.at, params) } else { (end, results) };
        let height = self.stack.len() - params;
        self.controls.push(Control { target, arity, height });
        if !taken {
            // Behind the `else`, or to the `end` that closes the block.
            self.next = otherwise.map_or(end, |otherwise| otherwise + 1);
        }
        Ok(())
    }

    fn branch(&mut self, depth: u32) -> Result<(), Stop> {
        self.controls.truncate(self.controls.len() - depth as usize);
        let Some(control) = self.controls.pop() else {
            return unknown("a branch out of the function");
        };
        let carried = self.stack.split_off(self.stack.len() - control.arity);
        self.stack.truncate(control.height);
        self.stack.extend(carried);
        if self.controls.is_empty() {
            return self.Return();
        }
        // A loop begins again and opens its block anew; of another block this is behind its `end`.
        let again = matches!(self.operator(control.target)?, Operator::Loop { .. });
        self.next = control.target + usize::from(!again);
        Ok(())
    }

    fn constant(&mut self, value: u64) -> Result<(), Stop> {
        self.give(value);
        Ok(())
    }
}

/// The operators without a row in the instruction table.
#[allow(non_snake_case)]
impl Run<'_, '_> {
    fn Unreachable(&mut self) -> Result<(), Stop> {
        Err(Trap::Unreachable.into())
    }

    fn Nop(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    fn Block(&mut self, blockty: BlockType) -> Result<(), Stop> {
        self.open(blockty, true, false)
    }

    fn Loop(&mut self, blockty: BlockType) -> Result<(), Stop> {
        self.open(blockty, true, true)
    }

    fn If(&mut self, blockty: BlockType) -> Result<(), Stop> {
        let taken = self.pop() as u32 != 0;
        self.open(blockty, taken, false)
    }

    fn Else(&mut self) -> Result<(), Stop> {
        if let Some(control) = self.controls.last() {
            self.next = control.target;
        }
        Ok(())
    }

    fn End(&mut self) -> Result<(), Stop> {
        self.controls.pop();
        if self.controls.is_empty() {
            return self.Return();
        }
        Ok(())
    }

    fn Br(&mut self, relative_depth: u32) -> Result<(), Stop> {
        self.branch(relative_depth)
    }

    fn BrIf(&mut self, relative_depth: u32) -> Result<(), Stop> {
        match self.pop() as u32 {
            0 => Ok(()),
            _ => self.branch(relative_depth),
        }
    }

    fn BrTable(&mut self, targets: BrTable<'_>) -> Result<(), Stop> {
        let index = self.pop() as u32;
        let depths: Vec<u32> = targets.targets().flatten().collect();
        self.branch(depths.get(index as usize).copied().unwrap_or(targets.default()))
    }

    fn Return(&mut self) -> Result<(), Stop> {
        let results = self.stack.split_off(self.stack.len() - self.results);
        self.exit = Some(Exit::Returned(results));
        Ok(())
    }

    fn Call(&mut self, function_index: u32) -> Result<(), Stop> {
        let arguments = self.pop_arguments(function_index);
        let results = self.instance.call(function_index, arguments)?;
        self.stack.extend(results);
        Ok(())
    }

    fn CallIndirect(&mut self, type_index: u32, table_index: u32) -> Result<(), Stop> {
        let callee = self.pop_callee(table_index, type_index)?;
        self.Call(callee)
    }

    fn ReturnCall(&mut self, function_index: u32) -> Result<(), Stop> {
        let arguments = self.pop_arguments(function_index);
        self.exit = Some(Exit::TailCall(function_index, arguments));
        Ok(())
    }

    fn ReturnCallIndirect(&mut self, type_index: u32, table_index: u32) -> Result<(), Stop> {
        let callee = self.pop_callee(table_index, type_index)?;
        self.ReturnCall(callee)
    }

    fn Drop(&mut self) -> Result<(), Stop> {
        self.pop();
        Ok(())
    }

    fn Select(&mut self) -> Result<(), Stop> {
        let (condition, b, a) = (self.pop(), self.pop_any(), self.pop_any());
        self.stack.push(if condition as u32 != 0 { a } else { b });
        Ok(())
    }

    fn TypedSelect(&mut self, _: ValType) -> Result<(), Stop> {
        self.Select()
    }

    fn TypedSelectMulti(&mut self, tys: Vec<ValType>) -> Result<(), Stop> {
        unknown(tys)
    }

    fn LocalGet(&mut self, local_index: u32) -> Result<(), Stop> {
        self.stack.push(self.locals[local_index as usize]);
        Ok(())
    }

    fn LocalSet(&mut self, local_index: u32) -> Result<(), Stop> {
        self.locals[local_index as usize] = self.pop_any();
        Ok(())
    }

    fn LocalTee(&mut self, local_index: u32) -> Result<(), Stop> {
        self.LocalSet(local_index)?;
        self.LocalGet(local_index)
    }

    fn GlobalGet(&mut self, global_index: u32) -> Result<(), Stop> {
        self.stack.push(self.instance.globals[global_index as usize].1);
        Ok(())
    }

    fn GlobalSet(&mut self, global_index: u32) -> Result<(), Stop> {
        self.instance.globals[global_index as usize].1 = self.pop_any();
        Ok(())
    }

    fn I32Const(&mut self, value: i32) -> Result<(), Stop> {
        self.constant(u64::from(value as u32))
    }

    fn I64Const(&mut self, value: i64) -> Result<(), Stop> {
        self.constant(value as u64)
    }

    fn F32Const(&mut self, value: Ieee32) -> Result<(), Stop> {
        self.constant(u64::from(value.bits()))
    }

    fn F64Const(&mut self, value: Ieee64) -> Result<(), Stop> {
        self.constant(value.bits())
    }

    fn RefNull(&mut self, _: HeapType) -> Result<(), Stop> {
        self.constant(0)
    }
}
