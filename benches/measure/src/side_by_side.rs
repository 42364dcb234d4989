//! A whole comparison as a program: engines next to each other on all workloads, and a report.

use std::process::ExitCode;
use std::time::Duration;

use wasm_dispatch_harness::record::{Kind, Run, Writer};
use wasm_dispatch_harness::runs_folder;

use crate::engine::{Engine, Size};
use crate::interleave::{Loaded, Plan, measure};

type Failed = Box<dyn std::error::Error>;

/// Runs such a program: its only argument is the time to spend, in seconds (60 by default). `name` begins the name of the
/// run's folder.
pub fn program(name: &str, help: &str, engines: &[&dyn Engine]) -> ExitCode {
    let argument = std::env::args().nth(1);
    if matches!(argument.as_deref(), Some("--help" | "-h")) {
        print!("{help}");
        return ExitCode::SUCCESS;
    }
    let compared = seconds(argument.as_deref(), help).and_then(|seconds| compare(name, engines, seconds));
    match compared {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn seconds(argument: Option<&str>, help: &str) -> Result<u64, Failed> {
    let Some(text) = argument else { return Ok(60) };
    Ok(text
        .parse()
        .map_err(|_| format!("not a number of seconds: {text}\n\n{help}"))?)
}

/// Measures all workloads interleaved, every result verified, and returns the report's text.
///
/// # Errors
///
/// When workloads cannot be loaded or the record cannot be written. A wrong result is a row of the report.
pub fn compare(name: &str, engines: &[&dyn Engine], seconds: u64) -> Result<String, Failed> {
    let workloads = wasm_dispatch_workloads::all()?;
    let mut loaded: Vec<Loaded<'_>> = Vec::new();
    for workload in &workloads {
        loaded.push((workload, workload.wasm()?));
    }
    let run = Run::start(Kind::Quick);
    let folder = runs_folder().join(format!("{name}-{}", run.id));
    let mut writer = Writer::create(&folder, &run)?;
    let plan = Plan {
        size: Size::Quick,
        budget: Duration::from_secs(seconds),
        min_blocks: 5,
        max_blocks: 200,
        seed: run.started,
    };
    measure(engines, &loaded, plan, &mut writer)?;
    Ok(wasm_dispatch_harness::report(&folder, &folder)?.text())
}
