//! What strategies cost besides running: time to load and to compile, size of the compiled code.

use super::Costs;
use super::collect::Verified;
use super::decide::Ranking;
use crate::record::Size;
use crate::statistics::geometric_mean;

/// The costs of each strategy of the grid, in the order of the grid.
pub(super) fn costs(ranking: &Ranking<'_>, sizes: &[Size]) -> Vec<Costs> {
    let grid = ranking.grid;
    // Later rows win: a size that was written twice was measured twice.
    let of_workload = |workload: usize| {
        let name = &grid.workloads[workload].name;
        sizes.iter().rev().filter(move |size| &size.workload == name)
    };
    let size =
        |workload, strategy: usize| of_workload(workload).find(|size| size.strategy == grid.strategies[strategy]);
    let wasm_bytes = |workload| Some(of_workload(workload).next()?.wasm_bytes as f64);
    let time =
        |workload, strategy, pick: fn(&Verified) -> Option<f64>| grid.verified(workload, strategy).and_then(pick);
    let load = |workload, strategy| time(workload, strategy, |cell| cell.load);
    let compile = |workload, strategy| time(workload, strategy, |cell| cell.compile);
    let compile_of_known_size = |workload, strategy| {
        wasm_bytes(workload)?;
        compile(workload, strategy)
    };
    let code = |workload, strategy| Some(size(workload, strategy)?.code_bytes as f64).filter(|&bytes| bytes > 0.0);

    let loaded = shared(ranking, load);
    let compiled = shared(ranking, compile);
    let compiled_of_known_size = shared(ranking, compile_of_known_size);
    let sized = shared(ranking, code);
    let by_wasm = |sum: Option<f64>, workloads: &[usize]| {
        let bytes = total(workloads, wasm_bytes).filter(|&bytes| bytes > 0.0);
        Some(sum? / bytes?)
    };
    let of = |strategy: usize| {
        let total = |workloads: &[usize], number: &dyn Fn(usize, usize) -> Option<f64>| {
            total(workloads, |workload| number(workload, strategy))
        };
        let code_bytes = total(&sized, &code);
        let of_program = |&workload: &usize| Some((code(workload, strategy)?, wasm_bytes(workload)?));
        let of_programs = sized.iter().map(of_program);
        let of_programs: Option<Vec<(f64, f64)>> =
            of_programs.filter(|of| of.is_none_or(|(_, wasm)| wasm > 0.0)).collect();
        Costs {
            load_ns: total(&loaded, &load),
            compile_ns: total(&compiled, &compile),
            compile_ns_per_wasm_byte: by_wasm(total(&compiled_of_known_size, &compile), &compiled_of_known_size),
            code_bytes,
            code_bytes_per_wasm_byte: by_wasm(code_bytes, &sized),
            code_by_program: of_programs.map_or(Vec::new(), |of| of.iter().map(|(code, wasm)| code / wasm).collect()),
        }
    };
    (0..grid.strategies.len()).map(of).collect()
}

impl Costs {
    /// Bytes of compiled code for each byte of a module: geometric mean over programs, each of which weighs the same.
    pub fn code_of_a_program(&self) -> Option<f64> {
        geometric_mean(&self.code_by_program)
    }

    /// Logarithms of its bytes of compiled code by those of another strategy, a program each.
    pub(super) fn code_by(&self, other: &Costs) -> Vec<f64> {
        let pairs = self.code_by_program.iter().zip(&other.code_by_program);
        pairs.map(|(own, other)| (own / other).ln()).collect()
    }
}

/// The workloads for which every ranked strategy has the number, so that totals compare like with like.
fn shared(ranking: &Ranking<'_>, number: impl Fn(usize, usize) -> Option<f64>) -> Vec<usize> {
    let ranked = &ranking.ranked;
    let all_have =
        |&workload: &usize| !ranked.is_empty() && ranked.iter().all(|&strategy| number(workload, strategy).is_some());
    (0..ranking.grid.workloads.len()).filter(all_have).collect()
}

/// The sum over workloads; `None` if there are none or a number is missing.
fn total(workloads: &[usize], number: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    if workloads.is_empty() {
        return None;
    }
    workloads.iter().map(|&workload| number(workload)).sum()
}
