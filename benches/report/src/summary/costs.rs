//! What strategies cost besides running: time to load and to compile, size of the compiled code.

use super::Costs;
use super::collect::{Grid, Verified};
use super::decide::Ranking;
use crate::record::Size;

/// The costs of each strategy of the grid, in the order of the grid.
pub(super) fn costs(grid: &Grid, ranking: &Ranking, sizes: &[Size]) -> Vec<Costs> {
    // Later rows win: a size that was written twice was measured twice.
    let size = |workload: usize, strategy: usize| {
        let (workload, strategy) = (grid.workloads.get(workload)?, grid.strategies.get(strategy)?);
        let mut rows = sizes.iter().rev();
        rows.find(|size| size.workload == workload.name && &size.strategy == strategy)
    };
    let wasm_bytes = |workload: usize| {
        let name = &grid.workloads.get(workload)?.name;
        let size = sizes.iter().rev().find(|size| &size.workload == name)?;
        Some(size.wasm_bytes as f64)
    };
    let time =
        |workload, strategy, pick: fn(&Verified) -> Option<f64>| grid.verified(workload, strategy).and_then(pick);
    let load = |workload, strategy| time(workload, strategy, |cell| cell.load);
    let compile = |workload, strategy| time(workload, strategy, |cell| cell.compile);
    let compile_of_known_size = |workload, strategy| {
        wasm_bytes(workload)?;
        compile(workload, strategy)
    };
    let code = |workload, strategy| Some(size(workload, strategy)?.code_bytes as f64);

    let loaded = shared(grid, ranking, load);
    let compiled = shared(grid, ranking, compile);
    let compiled_of_known_size = shared(grid, ranking, compile_of_known_size);
    let sized = shared(grid, ranking, code);
    let wasm = |workloads: &[usize]| total(workloads, wasm_bytes).filter(|&bytes| bytes > 0.0);

    (0..grid.strategies.len())
        .map(|strategy| Costs {
            load_ns: total(&loaded, |workload| load(workload, strategy)),
            compile_ns: total(&compiled, |workload| compile(workload, strategy)),
            compile_ns_per_wasm_byte: total(&compiled_of_known_size, |workload| compile(workload, strategy))
                .zip(wasm(&compiled_of_known_size))
                .map(|(time, bytes)| time / bytes),
            code_bytes: total(&sized, |workload| code(workload, strategy)),
            code_bytes_per_wasm_byte: total(&sized, |workload| code(workload, strategy))
                .zip(wasm(&sized))
                .map(|(code, bytes)| code / bytes),
        })
        .collect()
}

/// The workloads for which every ranked strategy has the number, so that totals compare like with like.
fn shared(grid: &Grid, ranking: &Ranking, number: impl Fn(usize, usize) -> Option<f64>) -> Vec<usize> {
    (0..grid.workloads.len())
        .filter(|&workload| {
            let ranked = &ranking.ranked;
            !ranked.is_empty() && ranked.iter().all(|&strategy| number(workload, strategy).is_some())
        })
        .collect()
}

/// The sum over workloads; `None` if there are none or a number is missing.
fn total(workloads: &[usize], number: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    if workloads.is_empty() {
        return None;
    }
    workloads.iter().map(|&workload| number(workload)).sum()
}
