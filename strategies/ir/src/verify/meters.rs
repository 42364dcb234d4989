//! Whether a metered function pays: no loop, and no way to a call, without a meter.

use super::VerifyError;
use crate::code::{BlockId, FunctionBody, Statement};

/// Checks a function that says that it is metered.
pub(super) fn verify(body: &FunctionBody) -> Result<(), VerifyError> {
    if !body.metered {
        return Ok(());
    }
    no_free_loop(body)?;
    no_free_call(body)
}

/// Whether a block begins with a meter that takes something.
fn pays(body: &FunctionBody, block: BlockId) -> bool {
    let first = body.statements[body.blocks[block as usize].first as usize];
    matches!(first, Statement::Meter { cost: 1.. })
}

/// Where a block leads to.
fn targets(body: &FunctionBody, block: BlockId) -> Vec<BlockId> {
    match body.statements[body.terminator(block) as usize] {
        Statement::Jump(target) => vec![target],
        Statement::Branch { target, .. } => vec![target, block + 1],
        Statement::Switch { first, count, .. } => body.targets[first as usize..][..count as usize].to_vec(),
        Statement::Call { .. } | Statement::CallIndirect { .. } => vec![block + 1],
        Statement::TailCall { .. } | Statement::TailCallIndirect { .. } | Statement::Return | Statement::Trap(_) => {
            Vec::new()
        }
        Statement::Set { .. }
        | Statement::GlobalSet { .. }
        | Statement::Store { .. }
        | Statement::VectorSet { .. }
        | Statement::VectorGlobalSet { .. }
        | Statement::VectorStore { .. }
        | Statement::StoreLane { .. }
        | Statement::Eval(_)
        | Statement::Meter { .. }
        | Statement::Builtin { .. } => Vec::new(),
    }
}

/// Blocks that pay nothing lead in no circle: they can be put in an order (Kahn's algorithm).
fn no_free_loop(body: &FunctionBody) -> Result<(), VerifyError> {
    let free: Vec<BlockId> = (0..body.blocks.len() as BlockId)
        .filter(|&block| !pays(body, block))
        .collect();
    let mut arrows = vec![0u32; body.blocks.len()];
    for &block in &free {
        for target in targets(body, block) {
            arrows[target as usize] += 1;
        }
    }
    let mut ready: Vec<BlockId> = free
        .iter()
        .copied()
        .filter(|&block| arrows[block as usize] == 0)
        .collect();
    let mut ordered = 0;
    while let Some(block) = ready.pop() {
        ordered += 1;
        for target in targets(body, block) {
            arrows[target as usize] -= 1;
            if arrows[target as usize] == 0 && !pays(body, target) {
                ready.push(target);
            }
        }
    }
    ensure!(ordered == free.len(), "a loop that pays nothing");
    Ok(())
}

/// A function pays before it calls another.
fn no_free_call(body: &FunctionBody) -> Result<(), VerifyError> {
    let mut seen = vec![false; body.blocks.len()];
    let mut next = vec![0];
    while let Some(block) = next.pop() {
        if std::mem::replace(&mut seen[block as usize], true) || pays(body, block) {
            continue;
        }
        let calls = matches!(
            body.statements[body.terminator(block) as usize],
            Statement::Call { .. }
                | Statement::CallIndirect { .. }
                | Statement::TailCall { .. }
                | Statement::TailCallIndirect { .. }
        );
        ensure!(!calls, "a call before anything was paid");
        next.extend(targets(body, block));
    }
    Ok(())
}
