//! Total time against run length: a strategy that compiles slowly must run long enough to pay it back.
//!
//! The total for `n` runs is what comes before the first, and `n` times a run; for each program by itself. A mean over programs
//! would hide what differs most: the point from which one strategy is ahead lies a hundred times later for a large program
//! than for a kernel. What is said of all programs is on what share of them a strategy is ahead.
//!
//! A point is the median over layouts, or processes where there is one layout, of the points found in each; its interval is
//! that of this median. In a layout the point may be at once, or never, so there is no mean of them. The point from which a share of
//! the programs is ahead lies between the same shares of the programs' lower and upper ends.

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::decide::Ranking;
use crate::record::Size;
use crate::statistics::{Estimate, median, median_estimate};

/// Total time against run length, program by program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLength {
    /// Whether functions were compiled when they are first called, as the library does it; otherwise all of them before.
    pub lazily: bool,
    /// How many layouts, or processes of one, the points are medians over, of the program with the fewest.
    #[serde(default)]
    pub cases: usize,
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
    /// Total time at that point, in nanoseconds; 0 for the first. If the interval has no upper end, there are too few cases.
    pub from_ns: Estimate,
}

/// From which total time on a strategy is the fastest, however long a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// From that time on, in nanoseconds.
    Time(Estimate),
    /// It never is.
    Never,
    /// Nothing can be said: too few starts, or too different ones.
    Unknown,
}

impl From {
    fn of(time: Estimate) -> From {
        match (time.value.is_finite(), time.high.is_finite()) {
            (true, true) => From::Time(time),
            (false, _) if time.low.is_infinite() => From::Never,
            _ => From::Unknown,
        }
    }
}

const NEVER: Estimate = Estimate {
    value: f64::INFINITY,
    low: f64::INFINITY,
    high: f64::INFINITY,
};

pub(super) fn run_length(ranking: &Ranking<'_>, sizes: &[Size]) -> Option<RunLength> {
    if ranking.ranked.len() < 2 {
        return None;
    }
    let (mut lazily, mut fewest) = (true, usize::MAX);
    let mut program = |&workload: &usize| {
        let cell = |&strategy: &usize| Some((strategy, ranking.grid.verified(workload, strategy)?));
        let cells: Vec<_> = ranking.ranked.iter().map(cell).collect::<Option<_>>()?;
        lazily &= cells.iter().all(|(_, cell)| cell.lazily);
        let in_case = |case: &u64| -> Option<Vec<(f64, f64)>> {
            cells.iter().map(|(_, cell)| cell.lengths.get(case).copied()).collect()
        };
        let by_case: Vec<Vec<(f64, f64)>> = cells.first()?.1.lengths.keys().filter_map(in_case).collect();
        let lines = typical(&by_case)?;
        fewest = fewest.min(by_case.len());
        let name = |at: usize| ranking.name(cells[at].0);
        let segment = |(at, from_runs, from_ns)| Segment {
            strategy: name(at),
            from_runs,
            from_ns,
        };
        let segments = envelope(&by_case).into_iter().map(segment).collect();
        let workload = &ranking.grid.workloads[workload].name;
        let mut sizes = sizes.iter().filter(|size| size.workload == *workload);
        let lines = lines.into_iter().enumerate();
        Some(OfProgram {
            wasm_bytes: sizes.next().map(|size| size.wasm_bytes),
            workload: workload.clone(),
            lines: lines.map(|(at, (before, each))| (name(at), before, each)).collect(),
            segments,
        })
    };
    let programs: Vec<OfProgram> = ranking.counted.iter().filter_map(&mut program).collect();
    (!programs.is_empty()).then_some(RunLength {
        lazily,
        cases: fewest,
        programs,
    })
}

/// In each case the lines of all strategies: what comes before the first run, and a run.
type Lines = Vec<(f64, f64)>;

/// Medians over the cases.
fn typical(by_case: &[Lines]) -> Option<Lines> {
    let of = |at: usize| {
        let all = |part: fn(&(f64, f64)) -> f64| by_case.iter().map(|lines| part(&lines[at])).collect::<Vec<f64>>();
        Some((median(&all(|line| line.0))?, median(&all(|line| line.1))?))
    };
    (0..by_case.first()?.len()).map(of).collect()
}

/// Who is fastest from how many runs and from which total time on: the lower envelope of lines that begin at `before` and rise by
/// `each`.
fn envelope(by_case: &[Lines]) -> Vec<(usize, f64, Estimate)> {
    let Some(lines) = typical(by_case) else {
        return Vec::new();
    };
    let first = (0..lines.len()).min_by(|&a, &b| {
        let of = |at: usize| lines[at];
        of(a).0.total_cmp(&of(b).0).then(of(a).1.total_cmp(&of(b).1))
    });
    let mut found: Vec<(usize, f64, Estimate)> = first.map(|at| (at, 0.0, Estimate::exact(0.0))).into_iter().collect();
    while let Some(&(now, ..)) = found.last() {
        let before: Vec<usize> = found.iter().map(|(at, ..)| *at).collect();
        let next = (0..lines.len())
            .filter(|&at| lines[at].1 < lines[now].1)
            .filter_map(|at| {
                let (runs, time) = ahead_from(by_case, at, &before)?;
                time.value.is_finite().then_some((at, runs, time))
            });
        let earlier = |a: &(usize, f64, Estimate), b: &(usize, f64, Estimate)| {
            a.2.value
                .total_cmp(&b.2.value)
                .then(lines[a.0].1.total_cmp(&lines[b.0].1))
        };
        let Some(next) = next.min_by(earlier) else { break };
        // What is overtaken before it has overtaken others is never ahead.
        found.retain(|(_, _, time)| time.value < next.2.value);
        found.push(next);
    }
    // Of the last one it is said when it is ahead of all.
    if let Some(last) = found.last_mut() {
        let others: Vec<usize> = (0..lines.len()).filter(|&at| at != last.0).collect();
        match ahead_from(by_case, last.0, &others) {
            Some((runs, time)) if time.value.is_finite() => (last.1, last.2) = (runs, time),
            _ => last.2.high = f64::INFINITY,
        }
    }
    found
}

/// From how many runs, and which total time, on one line is below others and stays so: medians over the cases.
fn ahead_from(by_case: &[Lines], at: usize, others: &[usize]) -> Option<(f64, Estimate)> {
    let runs = |lines: &Lines| {
        let crossings = others.iter().map(|&other| crossing(lines[other], lines[at]));
        crossings.fold(0.0, f64::max)
    };
    let time = |lines: &Lines| match runs(lines) {
        0.0 => 0.0,
        runs => lines[at].0 + runs * lines[at].1,
    };
    let all = |of: &dyn Fn(&Lines) -> f64| median_estimate(&by_case.iter().map(of).collect::<Vec<f64>>());
    Some((all(&runs)?.value, all(&time)?))
}

/// After how many runs the second is as fast as the first and stays so; infinite if it never is.
fn crossing(first: (f64, f64), second: (f64, f64)) -> f64 {
    match second.1 < first.1 {
        true => ((second.0 - first.0) / (first.1 - second.1)).max(0.0),
        false if second.1 == first.1 && second.0 <= first.0 => 0.0,
        false => f64::INFINITY,
    }
}

impl OfProgram {
    /// Which strategy is fastest for a program that takes this many nanoseconds in all.
    pub fn fastest(&self, nanoseconds: f64) -> Option<&str> {
        let is_reached = |segment: &&Segment| segment.from_runs == 0.0 || segment.from_ns.value <= nanoseconds;
        let reached = self.segments.iter().rev().find(is_reached);
        let reached = reached.or(self.segments.first())?;
        Some(&reached.strategy)
    }

    /// The total time from which a strategy is the fastest, however long the program runs.
    fn time(&self, strategy: &str) -> Estimate {
        let last = self.segments.last().filter(|last| last.strategy == strategy);
        last.map_or(NEVER, |last| last.from_ns)
    }

    /// The same as far as it is known.
    pub fn from(&self, strategy: &str) -> From {
        From::of(self.time(strategy))
    }

    /// The strategy that is fastest if the program ends at once, where that is known.
    fn shortest(&self) -> Option<&str> {
        let known = match self.segments.as_slice() {
            [only] => only.from_ns.high == 0.0,
            [_, second, ..] => second.from_ns.low > 0.0,
            [] => false,
        };
        let first = self.segments.first()?;
        known.then_some(first.strategy.as_str())
    }
}

impl RunLength {
    /// Share of the programs on which a strategy is the fastest, if they take this many nanoseconds.
    pub fn share(&self, strategy: &str, nanoseconds: f64) -> f64 {
        let is_fastest = |program: &&OfProgram| program.fastest(nanoseconds) == Some(strategy);
        let first = self.programs.iter().filter(is_fastest);
        first.count() as f64 / self.programs.len().max(1) as f64
    }

    /// The total time from which a strategy is the fastest on a share of the programs.
    pub fn from(&self, strategy: &str, share: f64) -> From {
        let of = |end: fn(&Estimate) -> f64| {
            let ends = self.programs.iter().map(|program| end(&program.time(strategy)));
            let ends = ends.sorted_by(f64::total_cmp).collect_vec();
            let at = ((share * ends.len() as f64).ceil() as usize).max(1) - 1;
            ends.get(at).copied().unwrap_or(f64::INFINITY)
        };
        From::of(Estimate {
            value: of(|time| time.value),
            low: of(|time| time.low),
            high: of(|time| time.high),
        })
    }

    /// The strategy that is fastest on most of the programs that end at once, if it is known of more than half that one is.
    pub fn shortest(&self) -> Option<&str> {
        let firsts: Vec<&str> = self.programs.iter().filter_map(OfProgram::shortest).collect();
        let count = |name: &str| firsts.iter().filter(|first| **first == name).count();
        let most = firsts.iter().copied().max_by_key(|name| count(name))?;
        (2 * count(most) > self.programs.len()).then_some(most)
    }

    /// The times at which something changes, from the first to the last.
    pub fn range(&self) -> (f64, f64) {
        let changes = self.programs.iter().flat_map(|program| &program.segments);
        let changes = changes.filter(|segment| segment.from_runs > 0.0);
        let changes = changes.map(|segment| segment.from_ns.value).minmax_by(f64::total_cmp);
        let (low, high) = changes.into_option().unwrap_or((1e5, 1e7));
        (low / 3.0, high * 3.0)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run_length.rs"]
mod tests;
