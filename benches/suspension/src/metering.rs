//! What checks cost: each strategy without metering, with interrupts, and with fuel, on all workloads.

use std::time::Duration;

use wasm_dispatch::{Metering, Strategy};
use wasm_dispatch_measure::ours::{self, Ours};
use wasm_dispatch_measure::{Engine, side_by_side};

use crate::events::Failed;

/// Measures for about so long and returns the report.
///
/// # Errors
///
/// When workloads cannot be loaded or the record cannot be written.
pub fn run(budget: Duration) -> Result<String, Failed> {
    let metered = |strategy: &Strategy| {
        [Metering::Off, Metering::Interrupts, Metering::Fuel].map(|metering| ours::metered(*strategy, metering))
    };
    let ours: Vec<Ours> = Strategy::ALL.iter().flat_map(metered).collect();
    let engines: Vec<&dyn Engine> = ours.iter().map(|engine| engine as &dyn Engine).collect();
    let folder = side_by_side::compare("metering", &engines, budget.as_secs()).map_err(|error| error.to_string())?;
    Ok(wasm_dispatch_report::report(&folder, &folder)?.text())
}
