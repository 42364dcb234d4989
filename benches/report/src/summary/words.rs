//! The decision in sentences, the same in the terminal, in Markdown, on the page and as titles of the plots.

use std::fmt::Display;

use itertools::Itertools;

use super::foundation::only_without;
use super::machines::{OfMachine, compared_over, on_another};
use super::run_length::From;
use super::{
    Cell, ControlResult, Exception, Foundation, Grade, Head, Recommendation, Rival, RunLength, Summary, Verdict,
};
use crate::statistics::{EQUIVALENCE, Estimate, Level};
use crate::units;

/// What no interval of one binary covers.
const NOT_COVERED: &str = "They do not cover code layout: linking the same code in another order has moved such ratios by \
    tens of percent.";

/// What the intervals of a run of several layouts cover.
const OVER_LAYOUTS: &str =
    "Intervals cover where the linker puts the code, as far as this number of layouts shows it, on this machine.";

/// With fewer workloads, nothing is said about 95 in 100.
const FEWEST_FOR_SHARE: usize = 10;

impl Summary {
    /// The answer in one line, fit for a title. With metering there is one for each kind: what fuel costs by interrupts is not what
    /// strategies are compared for.
    pub fn headline(&self) -> String {
        let metered: Vec<String> = self.metered().map(Head::headline).collect();
        match &self.recommendation {
            None => "No ranking: no strategy has verified times on a workload that all the others have too".to_owned(),
            Some(_) if !metered.is_empty() => metered.join("; ").replacen("with", "With", 1),
            Some(_) if !self.speaks() => silence(self.foundation.grade),
            Some(of) => headline(&of.best, of.runner_up.as_ref()),
        }
    }

    /// Whether sentences and titles may name a winner: the grade says so, and there is one kind of metering.
    pub fn speaks(&self) -> bool {
        let is_alone = self.ranked().count() < 2;
        (is_alone || self.foundation.grade.speaks()) && self.metered().next().is_none()
    }

    /// The first head of each kind of metering.
    fn metered(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter().filter(|head| head.head.starts_with("default+"))
    }

    /// The recommendation and its conditions, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let counted = self.counted().count();
        let recommendation = self.recommendation.iter().filter(|_| self.speaks());
        let conditions = recommendation.flat_map(|recommendation| recommendation.conditions(counted));
        let length = self.run_length.iter().filter(|_| self.speaks());
        let of_one = (counted == 1 && self.ranked().count() > 1)
            .then(|| "This is about one workload, and says nothing of other programs.".to_owned());
        std::iter::once(format!("{}.", self.headline()))
            .chain(conditions)
            .chain(of_one)
            .chain(self.heads_in_short())
            .chain(length.map(RunLength::sentence))
            .chain([self.foundation.sentence()])
            .chain(self.foundation.controls.iter().map(ControlResult::sentence))
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

    /// What a reader should know before believing the rest: warnings, a line for each cell that is an error,
    /// and how to read cells without all processes.
    pub fn notes(&self) -> Vec<String> {
        let warnings = self.warnings.iter().cloned();
        warnings.chain(self.errors()).chain(self.legend()).collect()
    }

    /// How to read the cells of the table that go without some processes, if there are any.
    pub fn legend(&self) -> Option<String> {
        let mut cells = self.workloads.iter().flat_map(|workload| &workload.cells);
        let is_there = cells.any(|cell| matches!(cell, Cell::Measured { left_out: 1.., .. }));
        is_there.then(|| {
            "(-1) behind a number: one process was left out of it, because it was slow where others of its layout were not"
                .to_owned()
        })
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

    /// The choice by what is asked for.
    fn heads_in_short(&self) -> Option<String> {
        let mut heads = self.heads.iter().map(|head| {
            let choices = match head.grade.speaks() {
                true => either(head.choices()),
                false => "none".to_owned(),
            };
            format!("{} {choices} ({})", asked_for(&head.head), head.grade.letter())
        });
        (!self.heads.is_empty()).then(|| format!("In short, with grades: {}.", heads.join(", ")))
    }

    /// What other machines say, side by side.
    fn by_machine(&self) -> Vec<String> {
        if self.machines.is_empty() {
            return Vec::new();
        }
        let compared = self.machines.iter().all(|machine| !machine.compared().is_empty());
        // What was run on one machine only is said of that one.
        let heads = |machine: &OfMachine| match compared {
            true => machine.compared().first().cloned(),
            false => machine.heads.first().cloned(),
        };
        let list = self.machines.iter().map(|machine| {
            let head = heads(machine).filter(|_| machine.grade.speaks());
            let order = head.iter().flat_map(|head| head.ranking.iter().skip(1));
            let mut order = order.map(|place| format!("{} {}", place.strategy, times(place.times_as_long.value)));
            let said = match &head {
                Some(head) => format!("{} first, then {}", head.strategy, order.join(", ")),
                None => "nothing is said".to_owned(),
            };
            let is_part = machine.shared.as_ref().is_some_and(|shared| shared.programs > 0);
            format!(
                "{} ({}, grade {}, {}){}: {said}.",
                machine.machine(),
                machine.run,
                machine.grade.letter(),
                machine.age(),
                if is_part { ", over these programs" } else { "" }
            )
        });
        let first = |machine: &OfMachine| heads(machine).map(|head| head.strategy);
        let firsts = self.machines.iter().map(first).dedup().collect_vec();
        // Who says nothing agrees with nobody.
        let all_speak = self.machines.iter().all(|machine| machine.grade.speaks());
        let agree = (compared && all_speak).then(|| match (firsts.as_slice(), self.machines.len()) {
            ([Some(first)], 2) => format!("Both machines have {first} first."),
            ([Some(first)], all) => format!("All {all} machines have {first} first."),
            _ => {
                "Machines disagree about which strategy is fastest, so nothing is said about other machines.".to_owned()
            }
        });
        let second = self.strategies.get(1);
        let another = match second.and_then(|second| on_another(&self.machines, &second.name)) {
            Some(estimate) => format!(
                "On another machine the second may take {} of the first's time.",
                range(estimate)
            ),
            None => too_few_machines(self.machines.len()),
        };
        let over = compared_over(&self.machines).into_iter();
        over.chain(agree).chain(list).chain([another]).collect()
    }
}

impl Head {
    /// `with fuel threaded is fastest: 2.44x ahead of fused_closures`.
    fn headline(&self) -> String {
        let kind = self.head.split_once('+').map_or("", |(_, kind)| kind);
        let said = match self.grade.speaks() {
            true => headline(&self.strategy, self.runner_up.as_ref()).replace(&format!("+{kind}"), ""),
            false => silence(self.grade).replacen("No", "no", 1),
        };
        format!("with {} {said}", kind.to_lowercase())
    }
}

impl Foundation {
    fn sentence(&self) -> String {
        let over = match self.level {
            Some(level) => format!("Intervals are taken over {} {}.", self.cases, level.plural()),
            None if self.layouts > 0 => "No two strategies were compared often enough for an interval.".to_owned(),
            None => "The run was not interleaved.".to_owned(),
        };
        format!("{over} It is graded {}.", graded(self.grade, &self.reasons))
    }
}

impl ControlResult {
    fn sentence(&self) -> String {
        let mut text = format!(
            "{} against itself: {:.3}x ({:.3} to {:.3})",
            self.of, self.ratio.value, self.ratio.low, self.ratio.high
        );
        match self.shows {
            Some(shows) if shows < EQUIVALENCE => {}
            Some(shows) => text += &format!("; it could have shown no difference below {:.1} %", shows * 100.0),
            None => text += "; it could have shown nothing",
        }
        // Of a few workloads there is no such share, and of one nothing to say that the mean does not.
        if self.workloads >= FEWEST_FOR_SHARE {
            let floor = (self.floor - 1.0) * 100.0;
            text += &format!("; within {floor:.1} % on 95 of 100 workloads");
        }
        if self.workloads > 1 {
            text += &match self.told_apart.len() {
                0 => format!("; clearly different on none of {}", self.workloads),
                some => format!("; clearly different on {some} of {}", self.workloads),
            };
        }
        if self.differs {
            text += "; different over all workloads, so that no difference in this run is to be believed";
        }
        text + "."
    }
}

impl Rival {
    /// `fused_closures, which takes 1.9x as long (1.85 to 1.93)`.
    fn behind(&self, what: &str) -> String {
        let value = times(self.times_as_long.value);
        let intervals = intervals(self.times_as_long, self.one_binary, self.new_program);
        format!("{}, which takes {value} as long ({what}{intervals}).", self.strategy)
    }
}

impl Exception {
    /// That it depends on what was left out, if it does.
    pub fn only(&self) -> String {
        match self.left_out {
            0 => String::new(),
            some => format!("; {}", only_without(some)),
        }
    }
}

/// The answer, of a strategy that comes first and the next one.
fn headline(best: &str, runner_up: Option<&Rival>) -> String {
    let Some(rival) = runner_up else {
        return format!("{best} is the only strategy measured");
    };
    let ahead = format!("{} ahead of {}", times(rival.times_as_long.value), rival.strategy);
    match rival.verdict {
        Verdict::Faster => format!("{best} is fastest: {ahead}"),
        Verdict::Equivalent => format!("{best} and {} are equally fast (within 2 %)", rival.strategy),
        Verdict::Slower | Verdict::Unsure => format!("{best} is first, but not surely: {ahead}"),
    }
}

/// A grade and what keeps it from being better: `B (8 of the 16 layouts that it should rest on)`.
pub fn graded(grade: Grade, reasons: &[String]) -> String {
    match reasons {
        [] => grade.letter().to_string(),
        reasons => format!("{} ({})", grade.letter(), reasons.join("; ")),
    }
}

/// What stands in the place of a winner.
fn silence(grade: Grade) -> String {
    format!("No winner is named at grade {}", grade.letter())
}

/// What a head is asked for, in words: `by default`, `without unsafe code, with fuel`.
fn asked_for(head: &str) -> String {
    let (what, metering) = head.split_once('+').unwrap_or((head, ""));
    let what = match what {
        "default" => "by default",
        "safe" => "without unsafe code",
        "small" => "smallest code",
        "executable" => "with executable memory",
        other => other,
    };
    match metering {
        "" => what.to_owned(),
        metering => format!("{what} with {}", metering.to_lowercase()),
    }
}

impl Recommendation {
    /// What limits it. Of a single workload there is nothing to say that its mean does not.
    fn conditions(&self, workloads: usize) -> Vec<String> {
        let Some(runner_up) = &self.runner_up else {
            return Vec::new();
        };
        let mut sentences = vec![format!("Runner-up: {}", runner_up.behind("95 % interval "))];
        if !self.within_noise.is_empty() {
            let others = self.within_noise.join(", ");
            sentences.push(format!("Not clearly slower than {}: {others}.", self.best));
        }
        sentences.push(match &self.best_safe {
            Some(rival) if rival.strategy == self.best => format!("{} contains no unsafe code.", self.best),
            Some(rival) => format!("Best without unsafe code: {}", rival.behind("")),
            None => "No strategy without unsafe code is ranked.".to_owned(),
        });
        if workloads == 1 {
            return sentences;
        }
        sentences.push(exceptions("class", "Classes", &self.best, &self.classes));
        if !self.ties.is_empty() {
            let mut ties = self.ties.iter().map(|tie| format!("{} ({})", tie.on, tie.strategy));
            let ties = ties.join(", ");
            sentences.push(format!(
                "Classes on which another strategy is not clearly slower: {ties}."
            ));
        }
        sentences.push(exceptions("workload", "Workloads", &self.best, &self.workloads));
        let hinges = self.hinges_on.iter();
        let mut hinges = hinges.map(|hinge| format!("{} (then {})", hinge.workload, hinge.best_without));
        sentences.push(match self.hinges_on.is_empty() {
            true => "Leaving out any one workload does not change which one is best.".to_owned(),
            false => format!("Another strategy would be best without: {}.", hinges.join(", ")),
        });
        sentences
    }
}

impl RunLength {
    /// Which one is fastest when, for a title: said only if it is true of most programs.
    pub fn headline(&self) -> String {
        let Some(last) = self.programs.first().and_then(|program| program.lines.first()) else {
            return "Total time against run length".to_owned();
        };
        let name = &last.0;
        let unknown = || match self.cases {
            1 => format!("one start does not say from when on {name} is fastest"),
            some => format!("{some} starts do not say from when on {name} is fastest"),
        };
        if let [program] = self.programs.as_slice() {
            return match program.from(name) {
                From::Never => "How long it runs decides which strategy is fastest".to_owned(),
                From::Time(time) if time.high == 0.0 => format!("{name} is fastest at every run length"),
                From::Time(time) => format!("{name} is fastest from a run of {} on", time_with_range(time)),
                From::Unknown => unknown(),
            };
        }
        match (self.from(name, 0.5), self.from(name, 0.9)) {
            (From::Never, From::Never) => {
                "How long a program runs decides which strategy is fastest, and it differs from program to program"
                    .to_owned()
            }
            (From::Unknown, _) => unknown(),
            (half, most) => format!("{name} is fastest {}", from_when_on(half, most, self.programs.len())),
        }
    }

    fn sentence(&self) -> String {
        let how = match self.lazily {
            true => "functions compiled when they are first called",
            false => "all functions compiled beforehand",
        };
        let last = self.programs.first().and_then(|program| program.lines.first());
        let shortest = self.shortest().filter(|_| self.programs.len() > 1);
        let short = match shortest.filter(|short| last.is_none_or(|(name, ..)| name != short)) {
            Some(short) => format!("; the shortest ones are mostly fastest under {short}"),
            None => String::new(),
        };
        format!("Load and compile time included ({how}), {}{short}.", self.headline())
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
                left_out,
                load_ns,
                compile_ns,
            } => {
                let mut text = format!("{} a run, median of {samples}", units::time(*median_ns));
                if ratio.value != 1.0 {
                    text += &format!("; {} the fastest ({})", times(ratio.value), range(*ratio));
                }
                if *left_out > 0 {
                    text += &format!("; without {left_out} of the processes, which were slow");
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

/// From when on a strategy is the fastest on half of some programs, and on nine of ten; of fewer than ten, on all.
pub fn from_when_on(half: From, most: From, programs: usize) -> String {
    let (half_of, most_of) = match programs {
        FEWEST_FOR_SHARE.. => ("half of the programs".to_owned(), "nine of ten".to_owned()),
        2 => ("1 of 2 programs".to_owned(), "both".to_owned()),
        few => (format!("{} of {few} programs", few.div_ceil(2)), format!("all {few}")),
    };
    let from = |share: &str, from: From| match from {
        // A program that is fastest under it from its first run on.
        From::Time(time) if time.high == 0.0 => format!("on {share} at every run length"),
        From::Time(time) => format!("on {share} from {} on", time_with_range(time)),
        From::Never => format!("not on {share}, however long they run"),
        From::Unknown => format!("on {share} from a time that is not known"),
    };
    match half == most {
        true => from(&format!("{most_of} programs"), most),
        false => format!("{}, {}", from(&half_of, half), from(&most_of, most)),
    }
}

/// Of a class or a workload: none is an exception.
pub fn none_faster(what: &str) -> String {
    format!("No {what} runs clearly faster under another strategy")
}

/// A time with its interval: `161 µs (103 µs to 1.26 ms)`; one that may be nothing, `161 µs (at most 1.26 ms)`.
pub fn time_with_range(time: Estimate) -> String {
    let [value, low, high] = [time.value, time.low, time.high].map(units::time);
    match time.low > 0.0 {
        true => format!("{value} ({low} to {high})"),
        false => format!("{value} (at most {high})"),
    }
}

fn exceptions(what: &str, plural: &str, best: &str, list: &[Exception]) -> String {
    if list.is_empty() {
        return format!("{}.", none_faster(what));
    }
    let mut items = list.iter().map(|item| {
        let (times, only) = (times(item.times_as_fast.value), item.only());
        format!("{} ({}, {times}{only})", item.on, item.strategy)
    });
    format!("{plural} on which another strategy beats {best}: {}.", items.join(", "))
}

/// Choices of which any will do: `a`, or `a or b`, which are as good as each other.
pub fn either(mut choices: impl Iterator<Item: Display>) -> String {
    choices.join(" or ")
}

/// What is said of a machine that was not measured, where that is nothing.
pub fn too_few_machines(count: usize) -> String {
    match count {
        1 => "What another machine would show cannot be said from one.".to_owned(),
        _ => format!("What another machine would show cannot be said from these {count}."),
    }
}

/// A factor: `1.9x`.
pub fn times(factor: f64) -> String {
    format!("{}x", units::three_digits(factor))
}

/// All intervals of a factor that there are: `1.85 to 1.93; one binary 1.7 to 2.0; a new program 1.5 to 2.4`.
pub fn intervals(ratio: Estimate, one_binary: Option<Estimate>, new_program: Option<Estimate>) -> String {
    let more = [("one binary", one_binary), ("a new program", new_program)].into_iter();
    let more = more.filter_map(|(of, estimate)| Some(format!("; {of} {}", range(estimate?))));
    range(ratio) + &more.collect::<String>()
}

/// An interval: `1.85 to 1.93`.
pub fn range(estimate: Estimate) -> String {
    let [low, high] = [estimate.low, estimate.high].map(units::three_digits);
    format!("{low} to {high}")
}
