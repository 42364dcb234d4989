//! Which ways between blocks are jumps and which return.

use super::Transfer;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Statement};

/// The first and last block of a loop.
pub type Span = (BlockId, BlockId);

/// The ways between the blocks of a function.
pub struct Routes {
    jumps: bool,
    /// For each block the jump's target that it ends with a copy of.
    copied: Vec<Option<BlockId>>,
    /// For each block the first and last block of the innermost loop that it is in, if that loop has no other in it.
    loops: Vec<Option<Span>>,
}

impl Routes {
    pub fn new(body: &FunctionBody, jumps: bool, copied: usize) -> Routes {
        let blocks = 0..body.blocks.len() as BlockId;
        let mut routes = Routes {
            jumps,
            copied: blocks
                .clone()
                .map(|block| target_to_copy(body, block, copied))
                .collect(),
            loops: vec![None; body.blocks.len()],
        };
        // A loop reaches from its head to the last block with a way back to the head.
        let mut ends: Vec<Option<BlockId>> = vec![None; body.blocks.len()];
        // Of the blocks that end with copies of one switch the last counts.
        let mut last_users = vec![None; body.blocks.len()];
        for block in blocks.clone() {
            last_users[routes.copied(block).unwrap_or(block) as usize] = Some(block);
        }
        for (last, user) in blocks.clone().zip(last_users) {
            let Some(block) = user else { continue };
            for target in successors(body, last) {
                if target <= block {
                    let end = &mut ends[target as usize];
                    *end = (*end).max(Some(block));
                }
            }
        }
        // Heads are visited from the last one, so that the one before was the next in the function.
        let mut next_head = None;
        for head in blocks.rev() {
            let Some(end) = ends[head as usize] else { continue };
            let innermost = next_head.is_none_or(|next| next > end);
            if innermost && jumps {
                routes.loops[head as usize..=end as usize].fill(Some((head, end)));
            }
            next_head = Some(head);
        }
        routes
    }

    pub fn copied(&self, block: BlockId) -> Option<BlockId> {
        self.copied[block as usize]
    }

    pub fn is_head(&self, block: BlockId) -> bool {
        self.loops[block as usize].is_some_and(|(head, _)| head == block)
    }

    /// The innermost loop that a block is in, if that has no other in it.
    pub fn innermost(&self, block: BlockId) -> Option<Span> {
        self.loops[block as usize]
    }

    pub fn transfer(&self, from: BlockId, to: BlockId) -> Transfer {
        // A jump stays within the loop; a way back or out of it returns to the loop's link.
        let leaves = self.loops[from as usize].is_some_and(|(head, end)| to <= head || to > end);
        Transfer {
            entry: to,
            returns: leaves || !self.jumps,
        }
    }

    pub fn to_piece(&self, entry: u32) -> Transfer {
        Transfer {
            entry,
            returns: !self.jumps,
        }
    }
}

fn terminator(body: &FunctionBody, block: BlockId) -> Statement {
    body.statements[body.blocks[block as usize].terminator as usize]
}

/// Copying a small block saves the way to it, and makes `while` loops, whose test is a block of its own at the top, loops
/// of one block less.
fn target_to_copy(body: &FunctionBody, block: BlockId, limit: usize) -> Option<BlockId> {
    let Statement::Jump(target) = terminator(body, block) else {
        return None;
    };
    (target != block && body.statements(target).len() <= limit).then_some(target)
}

/// The blocks that follow a block within its function, calls aside: those leave the chain.
fn successors(body: &FunctionBody, block: BlockId) -> Vec<BlockId> {
    use Statement::*;
    match terminator(body, block) {
        Jump(target) => vec![target],
        Branch { target, .. } => vec![target, block + 1],
        Switch { first, count, .. } => body.targets[first as usize..(first + count) as usize].to_vec(),
        Call { .. } | CallIndirect { .. } | TailCall { .. } | TailCallIndirect { .. } | Return | Trap(_) => Vec::new(),
        Set { .. }
        | GlobalSet { .. }
        | Store { .. }
        | VectorSet { .. }
        | VectorGlobalSet { .. }
        | VectorStore { .. }
        | StoreLane { .. }
        | Eval(_)
        | Builtin { .. }
        | Meter { .. } => {
            unreachable!("a block ends with a terminator")
        }
    }
}
