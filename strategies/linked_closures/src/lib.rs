//! DOC

#![forbid(unsafe_code)]

mod link;

use std::marker::PhantomData;
#[cfg(not(trampoline))]
use std::sync::OnceLock;

use wasm_dispatch_machine::backend::{Backend, Exit, Program};
#[cfg(not(trampoline))]
use wasm_dispatch_machine::chain::Jump;
use wasm_dispatch_machine::chain::{Bounce, Chains, ChainsBuilder, Next, Transfer, transfer};
use wasm_dispatch_machine::code::{BlockId, FunctionBody};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::instruction::{FlatCode, Instruction};
use wasm_dispatch_machine::state::Machine;
use wasm_dispatch_machine::typed::make;

use crate::link::MakeLink;

/// Each closure holds the next one and calls it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkedClosures;

impl Backend for LinkedClosures {
    const NAME: &'static str = "linked_closures";
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
        *JUMPS.get_or_init(wasm_dispatch_machine::chain::probe::<LinkedClosures>)
    }
    #[cfg(trampoline)]
    false
}

fn compile<T: Transfer>(body: &FunctionBody) -> Chains {
    let flat = FlatCode::new(body);
    let mut chains = ChainsBuilder::new(body.blocks.len());
    for block in 0..body.blocks.len() as BlockId {
        let (instructions, statements) = flat.block(block);
        let maker = |index: usize| {
            let (instruction, statement) = (instructions[index], statements[index]);
            move |chains: &mut ChainsBuilder, next: Next| {
                if let Instruction::Switch { count, .. } = instruction {
                    chains.count(count as usize * size_of::<BlockId>());
                }
                let maker = MakeLink::<T> {
                    statement,
                    block,
                    next,
                    transfer: PhantomData,
                };
                make(maker, body, instruction)
            }
        };
        let mut last = transfer::<T>(block + 1);
        let mut before = instructions.len();
        if instructions.last().is_some_and(Instruction::is_terminator) {
            before -= 1;
            last = maker(before)(&mut chains, last);
        }
        chains.block::<T, _>(block, last, (0..before).rev().map(maker));
    }
    chains.finish()
}

#[cfg(test)]
mod tests;
