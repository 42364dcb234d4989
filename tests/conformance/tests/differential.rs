//! Generated modules end the same on every strategy, in a plain reference interpreter, and on wasmi. README.md says how
//! to replay a seed.

#![forbid(unsafe_code)]

use wasm_dispatch_conformance::differential::campaign::{Source, run};
use wasm_dispatch_conformance::differential::compare::Tally;
use wasm_dispatch_conformance::differential::peer;

/// That enough was compared for the test to mean something, however many seeds were asked for.
fn means_something(tally: Tally) {
    assert!(tally.modules > 0, "no module ran: {tally:?}");
    assert_eq!(
        tally.with_reference, tally.modules,
        "the reference ran too few modules: {tally:?}"
    );
    // wasmi 2.0.0 is wrong about 5 in 1,000 modules of deep expressions and 2 in 1,000 of wasm-smith's.
    assert!(
        tally.peer_wrong * 50 <= tally.modules,
        "wasmi differs too often: {tally:?}"
    );
    assert!(
        !peer::IS_COMPARED || tally.with_peer * 10 >= tally.modules * 8,
        "wasmi ran too few modules: {tally:?}"
    );
    assert!(tally.returned >= tally.modules * 3, "too few calls returned: {tally:?}");
    assert!(tally.values >= tally.modules, "too few values: {tally:?}");
    assert!(tally.trapped >= tally.modules, "too few traps: {tally:?}");
    // Most functions of wasm-smith are done after a few instructions.
    assert!(tally.moves >= tally.modules as u64 * 5, "too few snapshots: {tally:?}");
    assert!(
        tally.inconclusive * 20 <= tally.modules,
        "too many exhausted call stacks: {tally:?}"
    );
}

#[test]
fn modules_from_wasm_smith_end_the_same_on_every_strategy_and_in_the_reference() {
    if let Some((seeds, tally)) = run(Source::Smith, 80) {
        assert!(
            tally.modules as u64 * 10 >= seeds * 8,
            "few of {seeds} seeds made modules: {tally:?}"
        );
        means_something(tally);
    }
}

#[test]
fn deep_expressions_and_branches_end_the_same_on_every_strategy_and_in_the_reference() {
    if let Some((seeds, tally)) = run(Source::Arithmetic, 80) {
        assert_eq!(tally.modules as u64, seeds, "{tally:?}");
        means_something(tally);
    }
}
