//! Which slots' values are wanted where, and which slots do not hold theirs: of up to 32 slots, a bit each, at every node.
//!
//! What is wanted is found by passes over the nodes from the last to the first, what is not stored by passes from the first to
//! the last, until branches the other way bring nothing new. Loops within loops take a pass each. A function for which [`PASSES`] are too few has all
//! slots wanted everywhere, and none stored: that is true of any function, and only costs time when it runs. So finding out takes
//! time and memory in proportion to nodes and branches, whatever the function's shape and the size of its frame.

/// Passes in each direction, at most.
const PASSES: u32 = 12;

/// What a node means for slots that live in registers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    /// Slots that it reads before it writes them, and those that it writes.
    pub uses: u32,
    pub defines: u32,
    /// Whether it finds slots in memory and leaves them there.
    pub barrier: bool,
    /// Whether the next node may follow.
    pub falls: bool,
    /// Whether the run may end in the node: then what it leaves in memory is what counts.
    pub ends: bool,
    /// Slots whose values are wanted when it begins, and when it ends.
    pub before: u32,
    pub after: u32,
    /// Slots whose memory does not have their values when it begins.
    pub dirty: u32,
}

impl Flow {
    /// Slots that a barrier must find in memory, and that are not there.
    pub(crate) fn stored(&self) -> u32 {
        self.dirty & (self.uses | self.after)
    }

    /// Slots that must be in memory where something else takes the node over, and that are not there.
    pub(crate) fn left(&self) -> u32 {
        self.dirty & self.before
    }
}

/// Finds out `before`, `after` and `dirty` of all nodes. `branches` are pairs of nodes, in the order of the first.
pub(crate) fn solve(flows: &mut [Flow], branches: &[(u32, u32)], all: u32) {
    if (0..PASSES).all(|_| forwards(flows, branches)) {
        for flow in &mut *flows {
            flow.dirty = all;
        }
    }
    for flow in flows.iter_mut().filter(|flow| flow.ends) {
        flow.uses |= flow.dirty;
    }
    let back = branches.iter().copied().filter(|(from, to)| to <= from);
    let back: Vec<(u32, u32)> = back.collect();
    if (0..PASSES).all(|_| backwards(flows, branches, &back)) {
        for flow in flows {
            (flow.before, flow.after) = (all, all);
        }
    }
}

/// Whether more is wanted at the beginning of a loop than was known at its end. `back` are the branches from there.
fn backwards(flows: &mut [Flow], branches: &[(u32, u32)], back: &[(u32, u32)]) -> bool {
    let mut branches = branches.iter().rev().peekable();
    let mut next = 0;
    for index in (0..flows.len()).rev() {
        let mut after = if flows[index].falls { next } else { 0 };
        while let Some(&(_, to)) = branches.next_if(|&&(from, _)| from as usize == index) {
            after |= flows[to as usize].before;
        }
        let flow = &mut flows[index];
        let before = flow.uses | after & !flow.defines;
        (flow.before, flow.after) = (before, after);
        next = before;
    }
    let more = |&(from, to): &(u32, u32)| flows[to as usize].before & !flows[from as usize].after != 0;
    back.iter().any(more)
}

/// Whether more is not stored at the beginning of a loop than was known there.
fn forwards(flows: &mut [Flow], branches: &[(u32, u32)]) -> bool {
    let mut changed = false;
    let mut branches = branches.iter().peekable();
    for index in 0..flows.len() {
        let Flow {
            barrier,
            dirty,
            defines,
            falls,
            ..
        } = flows[index];
        let left = if barrier { 0 } else { dirty | defines };
        let mut reach = |to: usize| {
            if let Some(next) = flows.get_mut(to) {
                changed |= to <= index && left & !next.dirty != 0;
                next.dirty |= left;
            }
        };
        if falls {
            reach(index + 1);
        }
        while let Some(&(_, to)) = branches.next_if(|&&(from, _)| from as usize == index) {
            reach(to as usize);
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(uses: u32, defines: u32) -> Flow {
        Flow {
            uses,
            defines,
            falls: true,
            ..Flow::default()
        }
    }

    #[test]
    fn a_value_is_wanted_from_where_it_is_written_to_where_it_is_read() {
        let mut flows = [node(0, 1), node(0, 0), node(1, 0), node(0, 0)];
        solve(&mut flows, &[], 1);
        assert_eq!(
            flows.map(|flow| (flow.before, flow.after)),
            [(0, 1), (1, 1), (1, 0), (0, 0)]
        );
        assert_eq!(flows.map(|flow| flow.dirty), [0, 1, 1, 1]);
    }

    #[test]
    fn a_loop_wants_at_its_end_what_it_reads_at_its_beginning() {
        let mut flows = [node(0, 3), node(1, 0), node(0, 1), node(2, 0)];
        flows[3].falls = false;
        solve(&mut flows, &[(3, 1)], 3);
        assert_eq!(flows.map(|flow| flow.after), [3, 2, 3, 3]);
    }

    #[test]
    fn what_a_barrier_leaves_is_stored() {
        let mut flows = [node(0, 3), node(1, 0), node(1, 0)];
        flows[1].barrier = true;
        solve(&mut flows, &[], 3);
        assert_eq!((flows[1].stored(), flows[2].dirty), (1, 0));
    }

    #[test]
    fn where_a_run_may_end_what_is_not_stored_is_wanted() {
        let mut flows = [node(0, 1), node(0, 0), node(0, 1)];
        flows[1].ends = true;
        solve(&mut flows, &[], 3);
        assert_eq!((flows[0].after, flows[1].left(), flows[1].after), (1, 1, 0));
    }

    #[test]
    fn where_passes_are_too_few_all_is_wanted_and_nothing_is_stored() {
        // Each goes back to the one before it, from the last on: what the first wants comes one node further in each pass.
        let count = PASSES * 3;
        let mut flows = vec![node(0, 0); count as usize];
        flows[0].uses = 1;
        flows.iter_mut().for_each(|flow| flow.falls = false);
        let branches: Vec<(u32, u32)> = (1..count).map(|node| (node, node - 1)).collect();
        solve(&mut flows, &branches, 3);
        assert!(flows.iter().all(|flow| (flow.before, flow.after) == (3, 3)));
        // Forwards, the other way round.
        let mut flows = vec![node(0, 0); count as usize];
        flows.iter_mut().for_each(|flow| flow.falls = false);
        flows[count as usize - 1].defines = 1;
        solve(&mut flows, &branches, 3);
        assert!(flows.iter().all(|flow| flow.dirty == 3));
    }
}
