//! The plain evaluator as a strategy: it walks the trees themselves, a statement at a time.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, NodeId, Statement};
use wasm_dispatch_ir::text;

use crate::backend::{Backend, Exit, Line, Listing, Program};
use crate::driver::{self, Flow};
use crate::eval::{evaluate, evaluate_any, evaluate_vector};
use crate::host::Host;
use crate::state::{Machine, State, Window, set_vector_at};

/// The plain evaluator as a strategy: what every other must agree with.
#[derive(Debug)]
pub struct Reference;

impl Backend for Reference {
    const NAME: &'static str = "reference";
    const TERM: &'static str = "tree walking";
    const IDEA: &'static str = "walk over the trees of each statement";
    const SAFE: bool = true;
    type Code = FunctionBody;

    fn compile(body: &FunctionBody) -> FunctionBody {
        body.clone()
    }

    /// A line for each statement: one dispatch for the statement, and one for each node of its trees.
    fn listing(body: &FunctionBody) -> Listing {
        let line = |block, statement: &Statement| Line {
            parts: vec![text::statement(body, statement, block)],
            dispatches: 1 + statement.operands().map(|tree| nodes(body, tree)).sum::<u32>(),
        };
        let blocks = 0..body.blocks.len() as BlockId;
        let lines = |block| body.statements(block).iter().map(|s| line(block, s)).collect();
        blocks.map(lines).collect()
    }

    fn code_bytes(_code: &FunctionBody) -> usize {
        0
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::run(program, machine, host, step)
    }
}

/// Nodes of a tree.
fn nodes(body: &FunctionBody, tree: NodeId) -> u32 {
    let mut nodes = 0;
    body.for_each(tree, |_, _| nodes += 1);
    nodes
}

/// Runs one block.
pub fn step(body: &FunctionBody, state: &mut State, window: &mut Window, block: BlockId) -> Flow {
    let first = body.blocks[block as usize].first;
    for (statement, number) in body.statements(block).iter().zip(first..) {
        match perform(body, *statement, block, state, window) {
            Ok(Some(flow)) => return flow,
            Ok(None) => {}
            Err(trap) => {
                state.leave_trap(trap);
                return Flow::trapped(number);
            }
        }
    }
    unreachable!("a block ends with a terminator")
}

fn perform(
    body: &FunctionBody,
    statement: Statement,
    block: BlockId,
    state: &mut State,
    window: &mut Window,
) -> Result<Option<Flow>, Trap> {
    let value = |node: NodeId, state: &mut State| evaluate(body, node, window, state).map_err(|(trap, _)| trap);
    let vector = |node: NodeId, state: &mut State| evaluate_vector(body, node, window, state).map_err(|(trap, _)| trap);
    Ok(match statement {
        Statement::Set { slot, value: node } => {
            let new = value(node, state)?;
            window[usize::from(slot)] = new;
            None
        }
        Statement::GlobalSet { global, value: node } => {
            let new = value(node, state)?;
            state.set_global(global, new);
            None
        }
        Statement::Store {
            op,
            memory,
            address,
            offset,
            value: node,
        } => {
            let address = value(address, state)?;
            let new = value(node, state)?;
            op.apply(state.module_memory(u32::from(memory)), address, u64::from(offset), new)?;
            None
        }
        Statement::VectorSet { slot, value } => {
            let new = vector(value, state)?;
            set_vector_at(window, slot, new);
            None
        }
        Statement::VectorGlobalSet { global, value } => {
            let new = vector(value, state)?;
            state.set_vector_global(global, new);
            None
        }
        Statement::VectorStore {
            op,
            memory,
            address,
            offset,
            value: node,
        } => {
            let address = value(address, state)?;
            let new = vector(node, state)?;
            op.apply(state.module_memory(u32::from(memory)), address, u64::from(offset), new)?;
            None
        }
        Statement::StoreLane {
            op,
            lane,
            memory,
            address,
            offset,
            value: node,
        } => {
            let address = value(address, state)?;
            let new = vector(node, state)?;
            let memory = state.module_memory(u32::from(memory));
            op.apply(memory, address, u64::from(offset), lane, new)?;
            None
        }
        Statement::Eval(node) => {
            evaluate_any(body, node, window, state).map_err(|(trap, _)| trap)?;
            None
        }
        Statement::Builtin { op, base, x, y } => {
            state.builtin(op, x, y, &mut window[usize::from(base)..])?;
            None
        }
        Statement::Meter { cost } => (!state.charge(cost)).then(|| Flow::suspend(block)),
        Statement::Jump(target) => Some(Flow::block(target)),
        Statement::Branch {
            condition,
            when,
            target,
        } => {
            let taken = (value(condition, state)? as u32 != 0) == when;
            Some(Flow::block(if taken { target } else { block + 1 }))
        }
        Statement::Switch { index, first, count } => {
            let index = value(index, state)? as u32;
            Some(Flow::block(body.targets[(first + index.min(count - 1)) as usize]))
        }
        Statement::Call { .. } | Statement::TailCall { .. } => Some(Flow::leave(block)),
        Statement::CallIndirect { index, .. } | Statement::TailCallIndirect { index, .. } => {
            let index = value(index, state)? as u32;
            state.leave_operand(index);
            Some(Flow::leave(block))
        }
        Statement::Return => Some(Flow::RETURN),
        Statement::Trap(trap) => return Err(trap),
    })
}
