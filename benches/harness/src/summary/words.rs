//! The decision in sentences, the same in the terminal, in Markdown, on the page and as titles of the plots.

use super::{Exception, Recommendation, RunLength, Summary, Verdict};
use crate::statistics::Estimate;
use crate::units;

/// What no interval of one binary covers; said wherever intervals are shown.
pub const LAYOUT_CAVEAT: &str = "Intervals cover the timing noise of this one binary. They do not cover code layout: \
    linking the same code in another order has moved such ratios by tens of percent.";

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
        sentences
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
