//! From blocks to chains: each statement becomes one link.
//!
//! `statement` has the links that do something, `terminator` those that end a block; `tree` chooses the closures of what they
//! evaluate.

mod statement;
mod terminator;
mod tree;
mod vector;

use wasm_dispatch_closures::chain::{ChainsBuilder, Next};
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Statement};
use wasm_dispatch_ir::types::ValType;

use self::tree::Compiler;

/// Statements that a block may have to be copied where another jumps to it.
pub const COPIED: usize = 8;

/// Compiles a function. `jumps`: whether links go on by jumps; blocks of at most `copied` statements are copied in place of
/// jumps to them.
pub fn build(body: &FunctionBody, jumps: bool, copied: usize) -> ChainsBuilder {
    let mut chains = ChainsBuilder::new(body, jumps, copied);
    for (block, own) in (0..).zip(&body.blocks) {
        let copied = chains.copied(block).map(|copied| &body.blocks[copied as usize]);
        // A copy replaces the jump to its original, and keeps its numbers: positions and resume points stay right.
        let end = copied.unwrap_or(own).terminator;
        let last = link(&mut chains, body, block, end, None);
        let before = copied.map_or(0..0, |copied| copied.first..copied.terminator);
        let before = (own.first..own.terminator).chain(before).rev();
        let makers = before.map(|statement| {
            move |chains: &mut ChainsBuilder, next: Next| link(chains, body, block, statement, Some(next))
        });
        chains.block(block, last, makers);
    }
    chains
}

/// Makes the link of a statement in the chain of `block`, its own or one that ends with a copy of it. What follows is `next`;
/// nothing follows a terminator, which goes on through the table.
fn link(chains: &mut ChainsBuilder, body: &FunctionBody, block: BlockId, number: u32, next: Option<Next>) -> Next {
    let next = || next.expect("only a terminator is followed by nothing");
    let mut compiler = Compiler { body, chains };
    match body.statements[number as usize] {
        Statement::Set { slot, value } => compiler.set(number, slot, value, next()),
        Statement::GlobalSet { global, value } => compiler.global_set(number, global, value, next()),
        Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        } => {
            let place = statement::Place {
                memory,
                address,
                offset,
            };
            compiler.store(number, op, place, value, next())
        }
        Statement::VectorSet { slot, value } => compiler.vector_set(number, slot, value, next()),
        Statement::VectorGlobalSet { global, value } => compiler.vector_global_set(number, global, value, next()),
        Statement::VectorStore {
            op,
            memory,
            address,
            offset,
            value,
        } => {
            let memory = u16::from(memory);
            let place = statement::Place {
                memory,
                address,
                offset,
            };
            compiler.vector_store(number, op, place, value, next())
        }
        Statement::StoreLane {
            op,
            lane,
            memory,
            address,
            offset,
            value,
        } => {
            let memory = u16::from(memory);
            let place = statement::Place {
                memory,
                address,
                offset,
            };
            compiler.store_lane(number, (op, lane), place, value, next())
        }
        Statement::Eval(value) if body.node_types[value as usize] == ValType::V128 => {
            compiler.vector_eval(number, value, next())
        }
        Statement::Eval(value) => compiler.eval(number, value, next()),
        Statement::Builtin { op, base, x, y } => statement::builtin(number, op, base, [x, y], next()),
        Statement::Meter { cost } => compiler.meter(number, cost, next()),
        Statement::Jump(target) => compiler.chains.transfer(block, target).link(),
        Statement::Branch {
            condition,
            when,
            target,
        } => compiler.branch(block, number, condition, when, target),
        Statement::Switch { index, first, count } => {
            let targets = &body.targets[first as usize..(first + count) as usize];
            compiler.switch(block, number, index, targets)
        }
        Statement::Call { .. } | Statement::TailCall { .. } => compiler.call(number),
        Statement::CallIndirect { index, .. } | Statement::TailCallIndirect { index, .. } => {
            compiler.call_indirect(number, index)
        }
        Statement::Return => terminator::ret(),
        Statement::Trap(trap) => terminator::trap(number, trap),
    }
}
