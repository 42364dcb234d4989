//! Total time against run length: a strategy that compiles slowly must run long enough to pay it back.
//!
//! The total for `n` runs is what comes before the first, and `n` times a run; for each program by itself. A mean over programs
//! would hide what differs most: the point from which one strategy is ahead lies a hundred times later for a large program
//! than for a kernel. What is said of all programs is on what share of them a strategy is ahead.

use serde::{Deserialize, Serialize};

use super::decide::Ranking;
use crate::record::Size;
use crate::statistics::{Estimate, Observation, Paired, quantile};

/// Total time against run length, program by program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLength {
    /// Whether functions were compiled when they are first called, as the library does it; otherwise all of them before.
    pub lazily: bool,
    /// The programs.
    pub programs: Vec<OfProgram>,
}

/// A program at any run length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfProgram {
    /// Name of the workload.
    pub workload: String,
    /// Bytes of its module, if known.
    pub wasm_bytes: Option<u64>,
    /// One for each ranked strategy: nanoseconds before the first run, and of a run.
    pub lines: Vec<(String, f64, f64)>,
    /// Who is fastest, from the shortest run to the longest.
    pub segments: Vec<Segment>,
}

/// A range of run lengths in which one strategy is the fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Name of the strategy.
    pub strategy: String,
    /// Where the range begins, in runs of the workload; 0 for the first.
    pub from_runs: f64,
    /// Total time at that point, in nanoseconds, with its interval over layouts, where that is known.
    pub from_ns: Estimate,
}

pub(super) fn run_length(ranking: &Ranking<'_>, sizes: &[Size]) -> Option<RunLength> {
    if ranking.ranked.len() < 2 {
        return None;
    }
    let mut lazily = true;
    let mut program = |&workload: &usize| {
        let cells = ranking
            .ranked
            .iter()
            .map(|&strategy| Some((strategy, ranking.grid.verified(workload, strategy)?)));
        let cells: Vec<_> = cells.collect::<Option<_>>()?;
        lazily &= cells.iter().all(|(_, cell)| cell.lazily);
        let layouts: Vec<Option<u64>> = cells.first()?.1.lengths.keys().copied().collect();
        let in_layout = |layout: &Option<u64>| -> Option<Vec<(f64, f64)>> {
            cells
                .iter()
                .map(|(_, cell)| cell.lengths.get(layout).copied())
                .collect()
        };
        let by_layout: Vec<Vec<(f64, f64)>> = layouts.iter().filter_map(in_layout).collect();
        let typical = |strategy: usize, of: fn(&(f64, f64)) -> f64| {
            let values: Vec<f64> = by_layout.iter().map(|lines| of(&lines[strategy])).collect();
            crate::statistics::median(&values)
        };
        let lines: Option<Vec<(f64, f64)>> = (0..cells.len())
            .map(|at| Some((typical(at, |line| line.0)?, typical(at, |line| line.1)?)))
            .collect();
        let lines = lines?;
        let name = |at: usize| ranking.name(cells[at].0);
        let mut segments: Vec<Segment> = Vec::new();
        let mut before = None;
        for (at, from_runs) in envelope(&lines) {
            let total = lines[at].0 + from_runs * lines[at].1;
            let interval = before.and_then(|before| crossing_over_layouts(&by_layout, before, at));
            segments.push(Segment {
                strategy: name(at),
                from_runs,
                from_ns: interval.map_or(Estimate::exact(total), |interval| Estimate {
                    value: total,
                    ..interval
                }),
            });
            before = Some(at);
        }
        let workload = &ranking.grid.workloads[workload].name;
        Some(OfProgram {
            wasm_bytes: sizes
                .iter()
                .find(|size| size.workload == *workload)
                .map(|size| size.wasm_bytes),
            workload: workload.clone(),
            lines: lines
                .iter()
                .enumerate()
                .map(|(at, &(before, each))| (name(at), before, each))
                .collect(),
            segments,
        })
    };
    let programs: Vec<OfProgram> = ranking.counted.iter().filter_map(&mut program).collect();
    (!programs.is_empty()).then_some(RunLength { lazily, programs })
}

/// Who is fastest from how many runs on: the lower envelope of lines that begin at `before` and rise by `each`.
fn envelope(lines: &[(f64, f64)]) -> Vec<(usize, f64)> {
    let first = (0..lines.len()).min_by(|&a, &b| {
        let of = |at: usize| lines[at];
        of(a).0.total_cmp(&of(b).0).then(of(a).1.total_cmp(&of(b).1))
    });
    let mut found: Vec<(usize, f64)> = first.map(|at| (at, 0.0)).into_iter().collect();
    while let Some(&(now, _)) = found.last() {
        let next = (0..lines.len())
            .filter(|&at| lines[at].1 < lines[now].1)
            .map(|at| (at, crossing(lines[now], lines[at])));
        match next.min_by(|(a, x), (b, y)| x.total_cmp(y).then(lines[*a].1.total_cmp(&lines[*b].1))) {
            Some(next) => found.push(next),
            None => break,
        }
    }
    found
}

/// After how many runs the second is as fast as the first, which begins earlier and rises faster.
fn crossing(first: (f64, f64), second: (f64, f64)) -> f64 {
    ((second.0 - first.0) / (first.1 - second.1)).max(0.0)
}

/// Total time at the point where one overtakes another, in each layout by itself; none if that happens in less than two.
fn crossing_over_layouts(by_layout: &[Vec<(f64, f64)>], before: usize, after: usize) -> Option<Estimate> {
    let of = |lines: &Vec<(f64, f64)>| {
        let (first, second) = (lines[before], lines[after]);
        let runs = (first.1 > second.1 && second.0 > first.0).then(|| crossing(first, second))?;
        Some((second.0 + runs * second.1).ln())
    };
    let logs: Vec<f64> = by_layout.iter().filter_map(of).collect();
    let observations = logs.iter().zip(0..).map(|(&log_ratio, process)| Observation {
        layout: None,
        process,
        log_ratio,
    });
    let paired = Paired::of(&observations.collect::<Vec<_>>())?;
    (paired.cases > 1).then(|| paired.estimate())
}

impl OfProgram {
    /// Which strategy is fastest for a program that takes this many nanoseconds in all.
    pub fn fastest(&self, nanoseconds: f64) -> Option<&str> {
        let reached = self
            .segments
            .iter()
            .rev()
            .find(|segment| segment.from_runs == 0.0 || segment.from_ns.value <= nanoseconds);
        reached.map(|segment| segment.strategy.as_str())
    }

    /// The total time from which a strategy is the fastest, however long the program runs.
    pub fn from(&self, strategy: &str) -> Option<f64> {
        let last = self.segments.last().filter(|last| last.strategy == strategy)?;
        Some(if last.from_runs == 0.0 { 0.0 } else { last.from_ns.value })
    }
}

impl RunLength {
    /// Share of the programs on which a strategy is the fastest, if they take this many nanoseconds.
    pub fn share(&self, strategy: &str, nanoseconds: f64) -> f64 {
        let first = self
            .programs
            .iter()
            .filter(|program| program.fastest(nanoseconds) == Some(strategy));
        first.count() as f64 / self.programs.len().max(1) as f64
    }

    /// The total time from which a strategy is the fastest on a share of the programs; none if it never is.
    pub fn from(&self, strategy: &str, share: f64) -> Option<f64> {
        let never = |program: &OfProgram| program.from(strategy).unwrap_or(f64::INFINITY);
        let mut from: Vec<f64> = self.programs.iter().map(never).collect();
        from.sort_by(f64::total_cmp);
        let at = ((share * from.len() as f64).ceil() as usize).max(1) - 1;
        from.get(at).copied().filter(|from| from.is_finite())
    }

    /// The strategy that is fastest on most of the programs that end at once, if one is on more than half.
    pub fn shortest(&self) -> Option<&str> {
        let firsts: Vec<&str> = self
            .programs
            .iter()
            .filter_map(|program| program.fastest(0.0))
            .collect();
        let count = |name: &str| firsts.iter().filter(|first| **first == name).count();
        let most = firsts.iter().copied().max_by_key(|name| count(name))?;
        (2 * count(most) > firsts.len()).then_some(most)
    }

    /// The times at which something changes, from the first to the last.
    pub fn range(&self) -> (f64, f64) {
        let changes = self.programs.iter().flat_map(|program| &program.segments);
        let mut changes: Vec<f64> = changes
            .filter(|segment| segment.from_runs > 0.0)
            .map(|segment| segment.from_ns.value)
            .collect();
        changes.sort_by(f64::total_cmp);
        let (low, high) = (
            quantile(&changes, 0.0).unwrap_or(1e5),
            quantile(&changes, 1.0).unwrap_or(1e7),
        );
        (low / 3.0, high * 3.0)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run_length.rs"]
mod tests;
