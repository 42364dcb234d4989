//! The decision in sentences, the same in the terminal, in Markdown, on the page and as titles of the plots.

use super::{Cell, ControlResult, Exception, Foundation, Recommendation, Rival, RunLength, Summary, Verdict};
use crate::statistics::{Estimate, Level};
use crate::units;

/// What no interval of one binary covers.
const NOT_COVERED: &str = "They do not cover code layout: linking the same code in another order has moved such ratios by \
    tens of percent.";

/// What the intervals of a run of several layouts cover.
const OVER_LAYOUTS: &str =
    "Intervals cover where the linker puts the code, as far as this number of layouts shows it, on this machine.";

/// With fewer workloads there is no speaking of 95 in 100.
const FEWEST_FOR_SHARE: usize = 10;

impl Summary {
    /// The answer in one line, fit for a title.
    pub fn headline(&self) -> String {
        match &self.recommendation {
            None => "No ranking: no strategy has verified times on a workload that all the others have too".to_owned(),
            Some(recommendation) => recommendation.headline(),
        }
    }

    /// The recommendation and its conditions, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let conditions = self.recommendation.iter().flat_map(Recommendation::conditions);
        std::iter::once(format!("{}.", self.headline()))
            .chain(conditions)
            .chain(self.run_length.as_ref().and_then(RunLength::sentence))
            .chain(self.in_short())
            .chain([self.foundation.sentence()])
            .chain(self.foundation.control.as_ref().map(ControlResult::sentence))
            .chain(self.by_machine())
            .collect()
    }

    /// What intervals of this run do and do not cover.
    pub fn caveat(&self) -> String {
        let noise = match self.foundation.level {
            Some(Level::Layout) => return OVER_LAYOUTS.to_owned(),
            Some(Level::Process) => "the noise between processes",
            _ => "the timing noise",
        };
        format!("Intervals cover {noise} of this one binary. {NOT_COVERED}")
    }

    /// What a reader should know before believing the rest: warnings, then a line for each cell that is an error.
    pub fn notes(&self) -> Vec<String> {
        self.warnings.iter().cloned().chain(self.errors()).collect()
    }

    /// One line per cell that is an error: workload, strategy, what went wrong.
    pub fn errors(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for workload in &self.workloads {
            for (strategy, cell) in self.strategies.iter().zip(&workload.cells) {
                if let Cell::Error { what } = cell {
                    lines.push(format!("{} under {}: {what}", workload.name, strategy.name));
                }
            }
        }
        lines
    }

    /// The choice by what is needed.
    fn in_short(&self) -> Option<String> {
        let segments = &self.run_length.as_ref()?.segments;
        Some(format!(
            "In short: short programs {}, long programs {}, no unsafe code {}.",
            segments.first()?.strategy,
            segments.last()?.strategy,
            self.recommendation.as_ref()?.best_safe.as_ref()?.strategy
        ))
    }

    /// Where machines disagree.
    fn by_machine(&self) -> Option<String> {
        let of = |recommendation: &Option<Recommendation>| match recommendation {
            Some(found) => found.best.clone(),
            None => "no strategy".to_owned(),
        };
        let all = self.machines.iter().map(|machine| of(&machine.recommendation));
        let all: Vec<String> = all.collect();
        let first = all.first()?;
        if all.iter().all(|best| best == first) {
            return Some(format!("All {} machines agree on {first}.", all.len()));
        }
        let list = self.machines.iter().zip(&all);
        let list = list.map(|(of, best)| format!("{best} on {}", of.fingerprint.cpu));
        Some(format!("Machines disagree: {}.", joined(list)))
    }
}

impl Foundation {
    fn sentence(&self) -> String {
        let over = match self.level {
            Some(level) => format!("Intervals are taken over {} {}.", self.cases, level.plural()),
            None => "The run was not interleaved.".to_owned(),
        };
        let reasons = match self.reasons.as_slice() {
            [] => String::new(),
            reasons => format!(" ({})", reasons.join("; ")),
        };
        format!("{over} The run is graded {}{reasons}.", self.grade.letter())
    }
}

impl ControlResult {
    fn sentence(&self) -> String {
        let mut text = format!(
            "{} measured against itself came to {:.3}x ({:.3} to {:.3})",
            self.of, self.ratio.value, self.ratio.low, self.ratio.high
        );
        // Of a few workloads there is no such share, and of one nothing to say that the mean does not.
        if self.workloads >= FEWEST_FOR_SHARE {
            let floor = (self.floor - 1.0) * 100.0;
            text += &format!("; on 95 of 100 workloads the two differ by less than {floor:.1} %");
        }
        if self.workloads > 1 {
            let apart = match self.told_apart.len() {
                0 => "none".to_owned(),
                some => some.to_string(),
            };
            text += &format!("; on {apart} of {} they differ clearly", self.workloads);
        }
        if self.differs {
            text += "; over all workloads the two differ: no difference that this run finds is to be believed";
        }
        text + "."
    }
}

impl Rival {
    /// `fused_closures, which takes 1.9x as long (1.85 to 1.93)`.
    fn behind(&self, what: &str) -> String {
        let (value, interval) = (times(self.times_as_long.value), range(self.times_as_long));
        format!("{}, which takes {value} as long ({what}{interval}).", self.strategy)
    }
}

impl Recommendation {
    fn headline(&self) -> String {
        let best = &self.best;
        let Some(rival) = &self.runner_up else {
            return format!("{best} is the only strategy measured");
        };
        let ahead = format!("{} ahead of {}", times(rival.times_as_long.value), rival.strategy);
        match rival.verdict {
            Verdict::Faster => format!("{best} is fastest: {ahead}"),
            Verdict::Equivalent => format!("{best} and {} are equally fast (within 2 %)", rival.strategy),
            Verdict::Slower | Verdict::Unsure => format!("{best} is first, but not surely: {ahead}"),
        }
    }

    fn conditions(&self) -> Vec<String> {
        let Some(runner_up) = &self.runner_up else {
            return Vec::new();
        };
        let mut sentences = vec![format!("Runner-up: {}", runner_up.behind("95 % interval "))];
        if !self.within_noise.is_empty() {
            sentences.push(format!(
                "Not clearly slower than {}: {}.",
                self.best,
                self.within_noise.join(", ")
            ));
        }
        sentences.push(match &self.best_safe {
            Some(rival) if rival.strategy == self.best => format!("{} contains no unsafe code.", self.best),
            Some(rival) => format!("Best without unsafe code: {}", rival.behind("")),
            None => "No strategy without unsafe code is ranked.".to_owned(),
        });
        sentences.push(exceptions("class", "Classes", &self.best, &self.classes));
        if !self.ties.is_empty() {
            let list = self.ties.iter().map(|tie| format!("{} ({})", tie.on, tie.strategy));
            sentences.push(format!(
                "Classes on which another strategy is as fast: {}.",
                joined(list)
            ));
        }
        sentences.push(exceptions("workload", "Workloads", &self.best, &self.workloads));
        let hinges = self.hinges_on.iter();
        let hinges = hinges.map(|hinge| format!("{} (then {})", hinge.workload, hinge.best_without));
        sentences.push(match self.hinges_on.is_empty() {
            true => "Leaving out any one workload does not change which one is best.".to_owned(),
            false => format!("Another strategy would be best without: {}.", joined(hinges)),
        });
        sentences
    }
}

impl RunLength {
    /// Which one is fastest when, for a title. Without a break-even point there is little to say.
    pub fn headline(&self) -> String {
        match self.segments.as_slice() {
            [] => "Total time against run length".to_owned(),
            [only] => format!("{} is fastest at every run length", only.strategy),
            [first, rest @ ..] => {
                let (second, last) = (&rest[0], &rest[rest.len() - 1]);
                let (long, short) = (units::time(last.from_ns), units::time(second.from_ns));
                format!(
                    "{} is fastest for programs that take {long} or more, {} below {short}",
                    last.strategy, first.strategy
                )
            }
        }
    }

    fn sentence(&self) -> Option<String> {
        let (first, rest) = self.segments.split_first()?;
        let name = &first.strategy;
        if rest.is_empty() {
            return Some(format!(
                "Counting load and compile time, {name} is fastest at every run length."
            ));
        }
        let steps = rest.iter().map(|segment| {
            let (time, runs) = (units::time(segment.from_ns), runs(segment.from_runs));
            format!("{} from {time} on ({runs})", segment.strategy)
        });
        let steps = joined(steps);
        Some(format!(
            "Counting load and compile time, {name} is fastest for the shortest programs, {steps}."
        ))
    }
}

impl Cell {
    /// The raw numbers behind a cell.
    pub fn raw(&self) -> String {
        match self {
            Cell::Measured {
                median_ns,
                ratio,
                samples,
                load_ns,
                compile_ns,
            } => {
                let mut text = format!("{} a run, median of {samples}", units::time(*median_ns));
                if ratio.value != 1.0 {
                    text += &format!("; {} the fastest ({})", times(ratio.value), range(*ratio));
                }
                for (what, time) in [("decode and lower", load_ns), ("compile", compile_ns)] {
                    if let Some(time) = time {
                        text += &format!("; {what} {}", units::time(*time));
                    }
                }
                text
            }
            Cell::Error { what } => what.clone(),
            Cell::Missing => "not measured".to_owned(),
        }
    }
}

fn exceptions(what: &str, plural: &str, best: &str, list: &[Exception]) -> String {
    if list.is_empty() {
        return format!("There is no {what} on which another strategy is clearly better.");
    }
    let items = list.iter();
    let items = items.map(|item| format!("{} ({}, {})", item.on, item.strategy, times(item.times_as_fast.value)));
    format!("{plural} on which another strategy beats {best}: {}.", joined(items))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    Vec::from_iter(items).join(", ")
}

/// A factor: `1.9x`.
pub fn times(factor: f64) -> String {
    format!("{}x", units::three_digits(factor))
}

/// An interval: `1.85 to 1.93`.
pub fn range(estimate: Estimate) -> String {
    let [low, high] = [estimate.low, estimate.high].map(units::three_digits);
    format!("{low} to {high}")
}

/// A number of runs: `50 runs`, `0.02 of a run`.
pub fn runs(number: f64) -> String {
    match units::count(number) {
        part if number < 0.995 => format!("{part} of a run"),
        one if one == "1" => "1 run".to_owned(),
        many => format!("{many} runs"),
    }
}
