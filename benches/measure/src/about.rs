//! What a record says about itself before its first block: strategies, workloads, binaries.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::{Object, ObjectSymbol};
use wasm_dispatch_engines::{Ours, Size};
use wasm_dispatch_record::record::{Layout, Program, Row, Traits};

use crate::supervisor::{Supervisor, control_of};

/// The rows at the beginning of a run.
pub fn rows(supervisor: &Supervisor<'_>) -> Vec<Row> {
    let setup = supervisor.setup;
    let traits = setup.strategies.iter().filter_map(|name| {
        let entrant = Ours::named(name)?.entrant();
        Some(Row::from(Traits {
            strategy: name.clone(),
            safe: entrant.is_safe,
            executable: entrant.makes_code,
            control_of: entrant.control_of.map(str::to_owned),
        }))
    });
    let controls = setup.control.iter().chain(&setup.controls);
    let controls = controls.map(|strategy| Row::from(control_of(strategy)));
    let size = Size::named(&setup.size);
    let programs = supervisor.workloads.iter().map(|workload| {
        Row::from(Program {
            workload: workload.name().to_owned(),
            sha256: workload.sha256().to_owned(),
            size: setup.size.clone(),
            run: size.map_or(String::new(), |size| size.of(workload).sha256.clone()),
        })
    });
    let layouts = supervisor.launchers.iter().filter(|launcher| launcher.side.is_none());
    let layouts = layouts.map(|launcher| {
        Row::from(Layout {
            layout: launcher.layout,
            binary: launcher.binary.clone(),
            hot: hot(&launcher.program, &setup.strategies),
        })
    });
    controls.chain(traits).chain(programs).chain(layouts).collect()
}

/// By strategy, where the largest function of its crate lies: for a strategy with a loop, that is the loop. Empty if the binary
/// has no symbols.
fn hot(binary: &Path, strategies: &[String]) -> BTreeMap<String, u64> {
    let bytes = fs::read(binary).unwrap_or_default();
    let Ok(file) = object::File::parse(&*bytes) else {
        return BTreeMap::new();
    };
    let largest = |strategy: &String| {
        let of_crate = format!("wasm_dispatch_{}", strategy.split('+').next().unwrap_or(strategy));
        let symbols = file.symbols();
        let symbols = symbols.filter(|symbol| symbol.kind() == object::SymbolKind::Text);
        let own = symbols.filter(|symbol| symbol.name().is_ok_and(|name| name.contains(&of_crate)));
        let found = own.max_by_key(|symbol| symbol.size())?;
        Some((strategy.clone(), found.address()))
    };
    strategies.iter().filter_map(largest).collect()
}

#[cfg(test)]
#[path = "../tests/unit/about.rs"]
mod tests;
