//! The control experiment: what is left of the handlers when dispatch costs nothing.

use std::sync::Arc;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, NodeCode, Program, Shared};
use wasm_dispatch_machine::cell::CodeEntry;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;
use wasm_dispatch_threaded::copies::{self, Code};

use crate::{form, run};

/// Copies of handlers and nothing else, for the lab. What it saves is what dispatch and the decoding of operands cost `threaded`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Backend for Plain {
    const NAME: &'static str = "plain_stencils";
    const TERM: &'static str = "copy and patch";
    const IDEA: &'static str = "copies of handlers' machine code in a row, and nothing else";
    const SAFE: bool = false;
    const MAKES_CODE: bool = true;
    const CELLS: bool = true;
    type Code = Code;

    fn refusal() -> Option<&'static str> {
        run::refusal()
    }

    fn compile(body: &FunctionBody) -> Code {
        run::compile(body, form::PLAIN, None)
    }

    fn compile_within(body: &FunctionBody, shared: &Shared) -> Code {
        run::compile(body, form::PLAIN, Some(shared))
    }

    fn compile_batch(bodies: &[Arc<FunctionBody>], shared: &Shared) -> Vec<Code> {
        run::compile_batch(bodies, form::PLAIN, shared)
    }

    fn entry(code: &Code) -> Option<CodeEntry> {
        copies::machine_entry(code)
    }

    fn listing(body: &FunctionBody) -> Listing {
        run::listing(body)
    }

    fn machine_code(body: &FunctionBody) -> Option<Vec<Vec<NodeCode>>> {
        run::machine_code(body, form::PLAIN)
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        copies::run(program, machine, host)
    }
}
