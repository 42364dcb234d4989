//! The library's default is the recorded decision, and the decision follows from the run that it names.

use std::path::{Path, PathBuf};

use wasm_dispatch::{Strategy, Vm};
use wasm_dispatch_report::decision::{DECISION_FILE, Decision, RECORDED};
use wasm_dispatch_report::record;

fn reports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports")
}

fn recorded() -> Decision {
    Decision::read(&reports().join(DECISION_FILE)).expect("reports/decision.json is there and can be read")
}

#[test]
fn the_default_strategy_is_the_recorded_decision() {
    let decision = recorded();
    assert_eq!(Strategy::default().name(), decision.default);
    assert_eq!(Vm::new().strategy_name(), decision.default);
    let best_safe = decision.best_safe.expect("a strategy without unsafe code is ranked");
    assert_eq!(Strategy::best_safe().name(), best_safe.strategy);
}

/// What other builds fall back to: the order of the list decides that.
#[test]
fn strategies_are_listed_in_the_order_of_the_decision() {
    let decision = recorded();
    let ranking: Vec<&str> = decision.ranking.iter().map(|place| place.strategy.as_str()).collect();
    let listed: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.name()).collect();
    assert_eq!(
        listed, ranking,
        "put the rows of src/strategy.rs into the order of the decision"
    );
    for (strategy, place) in Strategy::ALL.iter().zip(&decision.ranking) {
        assert_eq!(strategy.is_safe(), place.safe, "{strategy}");
    }
}

#[test]
fn deciding_again_from_the_recorded_samples_gives_the_same_decision() {
    let decision = recorded();
    let run = reports().join(RECORDED).join(&decision.run);
    let recording = record::read(&run).expect("the run that the decision names is recorded");
    assert_eq!(recording.run.id, decision.run);
    let again = Decision::from_recording(&recording).expect("a decision");
    let written = std::fs::read_to_string(reports().join(DECISION_FILE)).expect("a file");
    assert_eq!(again.text().expect("JSON"), written);
}
