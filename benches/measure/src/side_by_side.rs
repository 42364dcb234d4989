//! A whole comparison: engines next to each other on all workloads, recorded.

use std::path::PathBuf;
use std::time::Duration;

use wasm_dispatch_record::record::{Kind, Run, Writer};
use wasm_dispatch_record::runs_folder;

use crate::engine::{Engine, Size};
use crate::interleave::{Loaded, Plan, measure};

type Failed = Box<dyn std::error::Error>;

/// Measures all workloads interleaved, every result verified, and returns the folder of the run.
///
/// # Errors
///
/// When workloads cannot be loaded or the record cannot be written. A wrong result is a row of the report.
pub fn compare(name: &str, engines: &[&dyn Engine], seconds: u64) -> Result<PathBuf, Failed> {
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
    Ok(folder)
}
