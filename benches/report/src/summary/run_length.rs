//! Total time against run length: a strategy that compiles slowly must run long enough to pay it back.
//!
//! The total for `n` runs is load + compile + n × execute, per workload; over several workloads it is the geometric
//! mean, so that no workload drowns the others.

use super::decide::Ranking;
use super::{CostLine, RunLength, Segment};

/// Points on the logarithmic grid on which the fastest strategy is looked up before a crossing is pinned down.
const GRID: usize = 400;

impl CostLine {
    /// Total time of `runs` runs, in nanoseconds.
    pub fn total(&self, runs: f64) -> f64 {
        self.mean(|before, each| before + runs * each)
    }

    /// Number of runs after which as much time went into running as into what comes before.
    fn balance(&self) -> f64 {
        self.mean(|before, each| before / each)
    }

    /// Geometric mean over the workloads, of time before the first run and time of each run.
    fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        let logs = self.costs.iter().map(|&(before, each)| of(before, each).ln());
        (logs.sum::<f64>() / self.costs.len().max(1) as f64).exp()
    }
}

pub(super) fn run_length(ranking: &Ranking<'_>) -> Option<RunLength> {
    let grid = ranking.grid;
    let costs = |workload: usize, strategy: usize| {
        let cell = grid.verified(workload, strategy)?;
        Some((cell.load.unwrap_or(0.0) + cell.compile?, cell.median))
    };
    let is_known = |workload: &usize| {
        ranking
            .ranked
            .iter()
            .all(|&strategy| costs(*workload, strategy).is_some())
    };
    let workloads: Vec<usize> = ranking.counted.iter().copied().filter(is_known).collect();
    let line = |&strategy: &usize| CostLine {
        strategy: grid.strategies[strategy].clone(),
        costs: (workloads.iter())
            .filter_map(|&workload| costs(workload, strategy))
            .collect(),
    };
    let lines = ranking.ranked.iter().map(line).collect();
    let names = workloads.iter().map(|&workload| grid.workloads[workload].name.clone());
    from_lines(names.collect(), lines)
}

/// Finds the range worth looking at, and who is fastest in which part of it.
fn from_lines(workloads: Vec<String>, lines: Vec<CostLine>) -> Option<RunLength> {
    let balances: Vec<f64> = lines.iter().map(CostLine::balance).collect();
    let smallest = balances.iter().copied().min_by(f64::total_cmp)?;
    let largest = balances.iter().copied().max_by(f64::total_cmp)?;
    // One line alone shows nothing.
    if lines.len() < 2 || workloads.is_empty() || !(smallest > 0.0 && largest.is_finite()) {
        return None;
    }
    // Far enough to both sides that the lines are flat on the left and steep on the right; one run is always in.
    let from_runs = decade_below((smallest / 10.0).min(1.0));
    let to_runs = decade_below((largest * 100.0).max(1.0)) * 10.0;
    Some(RunLength {
        segments: segments(&lines, from_runs, to_runs),
        workloads,
        lines,
        from_runs,
        to_runs,
    })
}

/// The power of ten at or below a positive value.
fn decade_below(value: f64) -> f64 {
    10_f64.powf(value.log10().floor())
}

/// Who is fastest, from the shortest run to the longest.
fn segments(lines: &[CostLine], from: f64, to: f64) -> Vec<Segment> {
    let at = |step: usize| from * (to / from).powf(step as f64 / GRID as f64);
    let mut segments: Vec<Segment> = Vec::new();
    for step in 0..=GRID {
        let line = fastest(lines, at(step));
        let known = segments.last().map(|last| &last.strategy);
        let Some(line) = line.filter(|line| known != Some(&line.strategy)) else {
            continue;
        };
        let begin = match step {
            0 => from,
            _ => crossing(lines, line, at(step - 1), at(step)),
        };
        segments.push(Segment {
            strategy: line.strategy.clone(),
            from_runs: begin,
            from_ns: line.total(begin),
        });
    }
    segments
}

fn fastest(lines: &[CostLine], runs: f64) -> Option<&CostLine> {
    lines.iter().min_by(|a, b| a.total(runs).total_cmp(&b.total(runs)))
}

/// Where `winner` becomes the fastest: it is not at `low` and is at `high`.
fn crossing(lines: &[CostLine], winner: &CostLine, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if fastest(lines, middle).is_some_and(|line| line.strategy == winner.strategy) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
#[path = "../../tests/unit/run_length.rs"]
mod tests;
