//! DOC

#![forbid(unsafe_code)]

mod control;
mod operand;
mod statement;
mod tree;

#[cfg(not(trampoline))]
use std::sync::OnceLock;

use wasm_dispatch_machine::backend::{Backend, Exit, Program};
#[cfg(not(trampoline))]
use wasm_dispatch_machine::chain::Jump;
use wasm_dispatch_machine::chain::{Bounce, Chains, ChainsBuilder, Next, Transfer};
use wasm_dispatch_machine::code::{BlockId, FunctionBody};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::state::Machine;

use crate::control::terminator;
use crate::statement::simple;
use crate::tree::Compiler;

/// Each statement one nest of closures.
#[derive(Clone, Copy, Debug, Default)]
pub struct FusedClosures;

impl Backend for FusedClosures {
    const NAME: &'static str = "fused_closures";
    type Code = Chains;

    fn compile(body: &FunctionBody) -> Chains {
        #[cfg(not(trampoline))]
        if dispatches_by_jumps() {
            return compile::<Jump>(body);
        }
        compile::<Bounce>(body)
    }

    fn code_bytes(code: &Chains) -> usize {
        code.heap_bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, Chains::step)
    }
}

/// Whether links go on by jumps in this build, or return to a trampoline at the end of each block.
pub fn dispatches_by_jumps() -> bool {
    #[cfg(not(trampoline))]
    {
        static JUMPS: OnceLock<bool> = OnceLock::new();
        *JUMPS.get_or_init(wasm_dispatch_machine::chain::probe::<FusedClosures>)
    }
    #[cfg(trampoline)]
    false
}

fn compile<T: Transfer>(body: &FunctionBody) -> Chains {
    let mut chains = ChainsBuilder::new(body.blocks.len());
    for (number, block) in body.blocks.iter().enumerate() {
        let number = number as BlockId;
        let statement = |index: u32| body.statements[index as usize];
        let mut compiler = Compiler {
            body,
            chains: &mut chains,
        };
        let last = terminator::<T>(&mut compiler, statement(block.terminator), block.terminator, number);
        let makers = (block.first..block.terminator).rev().map(|index| {
            move |chains: &mut ChainsBuilder, next: Next| simple(chains, body, statement(index), index, next)
        });
        chains.block::<T, _>(number, last, makers);
    }
    chains.finish()
}

#[cfg(test)]
mod tests;
