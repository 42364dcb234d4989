//! DOC

#![forbid(unsafe_code)]

mod code;
mod run;

use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::code::FunctionBody;
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::state::Machine;

use code::Code;

/// The naive operand-stack `match` loop.
#[derive(Clone, Copy, Debug, Default)]
pub struct StackLoop;

impl Backend for StackLoop {
    const NAME: &'static str = "stack_loop";
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        Code::new(body)
    }

    fn code_bytes(code: &Code) -> usize {
        code.heap_bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, run::step)
    }
}

#[cfg(test)]
mod tests;
