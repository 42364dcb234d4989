//! Which strategies run twice in which block.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Blocks of each control, and in how many layouts they are, in a run of so many strategies, layouts and rounds.
fn of_a_run(strategies: usize, layouts: u64, rounds: u32) -> Vec<(usize, usize)> {
    let controls: Vec<String> = (0..strategies).map(|number| format!("strategy {number}")).collect();
    let part = |layout| Part {
        layout: Some(layout),
        workloads: vec!["count".to_owned()],
    };
    let parts: Vec<Part> = (0..layouts).map(part).collect();
    let setup = Setup {
        max_blocks: rounds * u32::try_from(layouts).unwrap(),
        parts,
        controls,
        ..Setup::default()
    };
    let supervisor = Supervisor {
        setup: &setup,
        seed: 1,
        workloads: &[],
        launchers: &[],
        quiet: true,
    };
    let mut seen: BTreeMap<String, Vec<Option<u64>>> = BTreeMap::new();
    for block in 0..setup.max_blocks {
        let part = supervisor.part(block).unwrap();
        let controls = supervisor.controls(block, part);
        assert!(!controls.is_empty() && BTreeSet::from_iter(&controls).len() == controls.len());
        for control in controls {
            seen.entry(control.to_owned()).or_default().push(part.layout);
        }
    }
    assert_eq!(seen.len(), strategies);
    let of = |layouts: &Vec<Option<u64>>| (layouts.len(), BTreeSet::from_iter(layouts).len());
    seen.values().map(of).collect()
}

/// A control that is seen in two layouts can show next to nothing.
#[test]
fn every_control_has_its_turn_in_eight_layouts() {
    // The parts of a record: the main run, metering, machine code.
    for (strategies, layouts, rounds) in [(6, 24, 2), (12, 8, 3), (4, 16, 2), (7, 24, 2)] {
        for (blocks, of_layouts) in of_a_run(strategies, layouts, rounds) {
            assert!(
                blocks >= 6 && of_layouts >= 6,
                "{strategies}: {blocks} blocks, {of_layouts} layouts"
            );
        }
    }
    assert!(of_a_run(12, 8, 3).iter().all(|&seen| seen == (8, 8)));
    assert!(of_a_run(6, 24, 2).iter().all(|&seen| seen == (8, 8)));
    // With one layout there is nothing to see of others, and a control in a block is enough.
    assert_eq!(of_a_run(2, 1, 6), [(3, 1), (3, 1)]);
}
