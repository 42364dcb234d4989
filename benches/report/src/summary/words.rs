//! The decision in sentences, the same in the terminal, in Markdown, on the page and as titles of the plots.

use super::{Cell, ControlResult, Exception, Foundation, OfMachine, Recommendation, RunLength, Summary, Verdict};
use crate::statistics::{Estimate, Level};
use crate::units;

/// What no interval of one binary covers; said wherever intervals are shown.
pub const LAYOUT_CAVEAT: &str = "Intervals cover the timing noise of this one binary. They do not cover code layout: \
    linking the same code in another order has moved such ratios by tens of percent.";

/// The same for a run of several processes of one binary.
const OVER_PROCESSES: &str = "Intervals cover the noise between processes of this one binary. They do not cover code layout: \
    linking the same code in another order has moved such ratios by tens of percent.";

/// The same for a run of several layouts.
const OVER_LAYOUTS: &str =
    "Intervals cover where the linker puts the code, as far as so many layouts show it, on this machine.";

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
        let mut sentences = vec![format!("{}.", self.headline())];
        if let Some(recommendation) = &self.recommendation {
            sentences.extend(recommendation.conditions());
        }
        sentences.extend(self.run_length.as_ref().and_then(RunLength::sentence));
        sentences.extend(self.in_short());
        sentences.extend(self.foundation.as_ref().map(Foundation::sentence));
        let control = self
            .foundation
            .as_ref()
            .and_then(|foundation| foundation.control.as_ref());
        sentences.extend(control.map(ControlResult::sentence));
        sentences.extend(self.by_machine());
        sentences
    }

    /// What intervals of this run do and do not cover.
    pub fn caveat(&self) -> &'static str {
        match self.foundation.as_ref().and_then(|foundation| foundation.level) {
            Some(Level::Layout) => OVER_LAYOUTS,
            Some(Level::Process) => OVER_PROCESSES,
            _ => LAYOUT_CAVEAT,
        }
    }

    /// The choice by what somebody needs.
    fn in_short(&self) -> Option<String> {
        let segments = &self.run_length.as_ref()?.segments;
        let safe = self.recommendation.as_ref()?.best_safe.as_ref()?;
        Some(format!(
            "In short: short programs {}, long programs {}, no unsafe code {}.",
            segments.first()?.strategy,
            segments.last()?.strategy,
            safe.strategy
        ))
    }

    /// Where machines disagree.
    fn by_machine(&self) -> Option<String> {
        if self.machines.is_empty() {
            return None;
        }
        let best = |of: &OfMachine| {
            of.recommendation
                .as_ref()
                .map_or("nobody", |found| &found.best)
                .to_owned()
        };
        let all: Vec<String> = self.machines.iter().map(best).collect();
        if all.windows(2).all(|pair| pair[0] == pair[1]) {
            return Some(format!("All {} machines agree on {}.", all.len(), all[0]));
        }
        let list = self.machines.iter().zip(&all);
        let list: Vec<String> = list
            .map(|(of, best)| format!("{} on {}", best, of.fingerprint.cpu))
            .collect();
        Some(format!("Machines disagree: {}.", list.join(", ")))
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

/// So many workloads must there be to speak of 95 in 100.
const FEWEST_FOR_SHARE: usize = 10;

impl ControlResult {
    fn sentence(&self) -> String {
        let apart = match self.told_apart.len() {
            0 => "on none".to_owned(),
            some => format!("on {some}"),
        };
        let so = if self.differs {
            "; over all workloads they are told apart: no difference that this run finds is to be believed"
        } else {
            ""
        };
        let mut text = format!(
            "{} measured against itself came to {:.3}x ({:.3} to {:.3})",
            self.of, self.ratio.value, self.ratio.low, self.ratio.high
        );
        // Of a few workloads there is no such share, and of one nothing to say that the mean does not.
        if self.workloads >= FEWEST_FOR_SHARE {
            text.push_str(&format!(
                "; on 95 of 100 workloads the two differ by less than {:.1} %",
                (self.floor - 1.0) * 100.0
            ));
        }
        if self.workloads > 1 {
            text.push_str(&format!("; {apart} of {} they are told apart", self.workloads));
        }
        text + so + "."
    }
}

impl Recommendation {
    fn headline(&self) -> String {
        let best = &self.best;
        let Some(rival) = &self.runner_up else {
            return format!("{best} is the only strategy measured");
        };
        let (other, margin) = (&rival.strategy, rival.margin);
        match rival.verdict {
            Verdict::Faster => format!("{best} is fastest: {} ahead of {other}", times(margin.value)),
            Verdict::Equivalent => format!("{best} and {other} are equally fast (within 2 %)"),
            Verdict::Unsure => format!(
                "{best} is first, but not surely: {} ahead of {other}",
                times(margin.value)
            ),
        }
    }

    fn conditions(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.runner_up.is_none() {
            return sentences;
        }
        if let Some(rival) = &self.runner_up {
            sentences.push(format!(
                "Runner-up: {}, which takes {} as long (95 % interval {}).",
                rival.strategy,
                times(rival.margin.value),
                range(rival.margin)
            ));
        }
        if !self.within_noise.is_empty() {
            sentences.push(format!(
                "Not clearly slower than {}: {}.",
                self.best,
                self.within_noise.join(", ")
            ));
        }
        match &self.best_safe {
            Some(rival) if rival.strategy == self.best => {
                sentences.push(format!("{} contains no unsafe code.", self.best));
            }
            Some(rival) => sentences.push(format!(
                "Best without unsafe code: {}, which takes {} as long ({}).",
                rival.strategy,
                times(rival.margin.value),
                range(rival.margin)
            )),
            None => sentences.push("No strategy without unsafe code is ranked.".to_owned()),
        }
        sentences.extend(exceptions("class", &self.best, &self.classes));
        if !self.ties.is_empty() {
            let ties = self.ties.iter();
            let list: Vec<String> = ties.map(|tie| format!("{} ({})", tie.on, tie.strategy)).collect();
            sentences.push(format!(
                "Classes on which another strategy is as fast: {}.",
                list.join(", ")
            ));
        }
        sentences.extend(exceptions("workload", &self.best, &self.workloads));
        if self.hinges_on.is_empty() {
            sentences.push("Leaving out any one workload does not change who is best.".to_owned());
        } else {
            let hinges = self.hinges_on.iter();
            let list: Vec<String> = hinges
                .map(|hinge| format!("{} (then {})", hinge.workload, hinge.best_without))
                .collect();
            sentences.push(format!("Another strategy would be best without: {}.", list.join(", ")));
        }
        sentences
    }
}

impl RunLength {
    /// Who is fastest when, for a title. Without a break-even point there is little to say.
    pub fn headline(&self) -> String {
        match self.segments.as_slice() {
            [] => "Total time against run length".to_owned(),
            [only] => format!("{} is fastest at every run length", only.strategy),
            [first, second, ..] => format!(
                "{} is fastest for programs that take {} or more, {} below {}",
                self.longest().unwrap_or_default(),
                units::time(self.segments.last().map_or(0.0, |last| last.from_ns)),
                first.strategy,
                units::time(second.from_ns)
            ),
        }
    }

    /// Who is fastest for the longest programs.
    fn longest(&self) -> Option<&str> {
        self.segments.last().map(|segment| segment.strategy.as_str())
    }

    fn sentence(&self) -> Option<String> {
        let (first, rest) = self.segments.split_first()?;
        if rest.is_empty() {
            return Some(format!(
                "Counting load and compile time, {} is fastest at every run length.",
                first.strategy
            ));
        }
        let steps: Vec<String> = rest
            .iter()
            .map(|segment| {
                format!(
                    "{} from {} on ({})",
                    segment.strategy,
                    units::time(segment.from_ns),
                    runs(segment.from_runs)
                )
            })
            .collect();
        Some(format!(
            "Counting load and compile time, {} is fastest for the shortest programs, {}.",
            first.strategy,
            steps.join(", ")
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
                    let by_best = format!("; {} the fastest ({})", times(ratio.value), range(*ratio));
                    text.push_str(&by_best);
                }
                for (what, time) in [("decode and lower", load_ns), ("compile", compile_ns)] {
                    if let Some(time) = time {
                        text.push_str(&format!("; {what} {}", units::time(*time)));
                    }
                }
                text
            }
            Cell::Error { what } => what.clone(),
            Cell::Missing => "not measured".to_owned(),
        }
    }
}

fn exceptions(what: &str, best: &str, list: &[Exception]) -> Option<String> {
    if list.is_empty() {
        return Some(format!(
            "There is no {what} on which another strategy is clearly better."
        ));
    }
    let items: Vec<String> = list
        .iter()
        .map(|exception| {
            format!(
                "{} ({}, {})",
                exception.on,
                exception.strategy,
                times(exception.gain.value)
            )
        })
        .collect();
    let plural = if what == "class" { "Classes" } else { "Workloads" };
    Some(format!(
        "{plural} on which another strategy beats {best}: {}.",
        items.join(", ")
    ))
}

/// A factor: `1.9x`.
pub fn times(factor: f64) -> String {
    format!("{}x", units::three_digits(factor))
}

/// An interval: `1.85 to 1.93`.
pub fn range(estimate: Estimate) -> String {
    format!(
        "{} to {}",
        units::three_digits(estimate.low),
        units::three_digits(estimate.high)
    )
}

/// A number of runs: `50 runs`, `0.02 of a run`.
pub fn runs(number: f64) -> String {
    if number < 0.995 {
        format!("{} of a run", units::count(number))
    } else if units::count(number) == "1" {
        "1 run".to_owned()
    } else {
        format!("{} runs", units::count(number))
    }
}
