//! The official WebAssembly test suite once more, suspended: at every resume point, and every few instructions with
//! another strategy afterwards. Nothing may change, and all strategies pay the same for the same program.
//!
//! Run one with `cargo test -p wasm-dispatch-conformance --test suspended -- stepping/STRATEGY/wasm-v3/br_if`. A file is suspended
//! at every resume point under every other strategy, and hops through all of them, beginning with one; with
//! `WASM_DISPATCH_THOROUGH=1` it is suspended under each, and hops beginning with each.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_dispatch::{Metering, Strategy};
use wasm_dispatch_conformance::mode::Mode;
use wasm_dispatch_conformance::random::{setting, thorough};
use wasm_dispatch_conformance::suite::files::files;
use wasm_dispatch_conformance::suite::run::{Outcome, run};
use wasm_dispatch_conformance::suite::script::Script;

/// What every file is compared with.
struct Prepared {
    script: Script,
    /// What the script uses and passes under the first strategy, metered and not suspended.
    metered: Outcome,
    /// The same with the limits of a hopping run.
    hopped: Outcome,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let seed = setting("WASM_DISPATCH_SEED").unwrap_or(1);
    let total: Arc<Mutex<Outcome>> = Arc::default();
    let mut trials = Vec::new();
    let thorough = thorough();
    for (number, file) in files().into_iter().enumerate() {
        let first = Strategy::ALL[number % Strategy::ALL.len()];
        let prepared: Arc<OnceLock<Result<Prepared, String>>> = Arc::default();
        for (name, mode) in [("stepping", Mode::Stepping), ("hopping", Mode::Hopping(seed))] {
            for (index, &strategy) in Strategy::ALL.iter().enumerate() {
                let takes_part = match mode {
                    Mode::Hopping(_) => strategy == first,
                    _ => (index + number) % 2 == 0,
                };
                if !takes_part && !thorough {
                    continue;
                }
                let (file, prepared, total) = (file.clone(), prepared.clone(), total.clone());
                trials.push(Trial::test(format!("{name}/{strategy}/{}", file.name), move || {
                    let prepared = prepared.get_or_init(|| {
                        let script = Script::parse(&file, Metering::Fuel)?;
                        let first = Strategy::ALL[0];
                        Ok(Prepared {
                            metered: run(&script, first, Mode::Metered),
                            // Another seed, so another way through the strategies.
                            hopped: run(&script, first, Mode::Hopping(!seed)),
                            script,
                        })
                    });
                    let prepared = prepared.as_ref().map_err(String::clone)?;
                    let outcome = run(&prepared.script, strategy, mode);
                    let expected = match mode {
                        Mode::Hopping(_) => &prepared.hopped,
                        _ => &prepared.metered,
                    };
                    check(&outcome, expected)?;
                    total.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
                    Ok(())
                }));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let total = total.lock().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{} assertions passed with {} instructions; {} times a call went on under another strategy",
        total.passed, total.fuel, total.hops
    );
    conclusion.exit_code()
}

fn check(outcome: &Outcome, expected: &Outcome) -> Result<(), Failed> {
    if !outcome.failed.is_empty() {
        return Err(Failed::from(outcome.failed.join("\n")));
    }
    if outcome.passed != expected.passed {
        return Err(Failed::from(format!(
            "{} assertions passed instead of {}",
            outcome.passed, expected.passed
        )));
    }
    if outcome.fuel != expected.fuel {
        return Err(Failed::from(format!(
            "{} instructions were paid for instead of {}",
            outcome.fuel, expected.fuel
        )));
    }
    Ok(())
}
