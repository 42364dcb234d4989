//! The library's default is the recorded decision, and the decision follows from the run that it names.

use std::path::{Path, PathBuf};

use wasm_dispatch::{Strategy, Vm};
use wasm_dispatch_report::decision::{DECISION_FILE, DEFAULT, Decision, RECORDED, SAFE};
use wasm_dispatch_report::record;

fn reports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports")
}

fn recorded() -> Decision {
    Decision::read(&reports().join(DECISION_FILE)).expect("reports/decision.json is there and can be read")
}

#[test]
fn the_default_strategy_is_the_first_head_and_that_of_a_safe_build_the_second() {
    let decision = recorded();
    let heads: Vec<&str> = decision.heads.iter().map(|head| head.head.as_str()).collect();
    assert_eq!(heads[..2], [DEFAULT, SAFE]);
    assert_eq!(Strategy::default().name(), decision.heads[0].strategy);
    assert_eq!(Vm::new().strategy_name(), decision.heads[0].strategy);
    assert_eq!(Strategy::best_safe().name(), decision.heads[1].strategy);
}

/// What other builds fall back to: the order of the list decides that.
#[test]
fn strategies_are_listed_in_the_order_of_the_decision() {
    let decision = recorded();
    let ranking: Vec<&str> = decision.ranking().iter().map(|place| place.strategy.as_str()).collect();
    // What makes machine code is ranked apart, and comes last.
    let (ranked, apart) = Strategy::ALL.split_at(ranking.len());
    assert!(apart.iter().all(|strategy| strategy.makes_code()), "{apart:?}");
    let listed: Vec<&str> = ranked.iter().map(|strategy| strategy.name()).collect();
    assert_eq!(
        listed, ranking,
        "put the rows of src/strategy.rs into the order of the decision"
    );
    for (strategy, place) in ranked.iter().zip(decision.ranking()) {
        assert_eq!(strategy.is_safe(), place.safe, "{strategy}");
    }
}

#[test]
fn deciding_again_from_the_recorded_samples_gives_the_same_heads() {
    let decision = recorded();
    for head in &decision.heads {
        let run = reports().join(RECORDED).join(&head.run);
        let recording = record::read(&run).expect("the run that the head names is recorded");
        assert_eq!(recording.run.id, head.run, "a folder is called as its run");
        let again = Decision::from_recording(&recording).expect("a decision");
        let again = again.head(&head.head).expect("the same head");
        assert_eq!(
            (&again.strategy, &again.runner_up, &again.ranking),
            (&head.strategy, &head.runner_up, &head.ranking)
        );
        // What other machines say may lower a grade, and never raises it.
        assert!(again.grade <= head.grade, "{}", head.head);
    }
}

/// The page beside a run shows what belongs to it: every recorded folder is called as its run.
#[test]
fn recorded_folders_are_called_as_their_runs() {
    for entry in std::fs::read_dir(reports().join(RECORDED)).expect("a folder") {
        let folder = entry.expect("an entry").path();
        if let Ok(recording) = record::read(&folder) {
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            // The id of the oldest records of peers lacks what all others have in front.
            assert!(
                name == recording.run.id || name == format!("peers-{}", recording.run.id),
                "{name}"
            );
        }
    }
}
