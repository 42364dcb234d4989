//! What to use, by what is asked for: the heads of the decision.
//!
//! | head | chosen among |
//! |---|---|
//! | default | strategies that ask nothing of their host |
//! | safe | those without unsafe code |
//! | small | all, by the bytes of their code: geometric mean over programs, each of which weighs the same |
//! | executable | all, if one needs memory that is executable |
//!
//! Each also with interrupts and with fuel, where that was measured: strategies `x+Interrupts` and `x+Fuel`.

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::decide::Ranking;
use super::foundation::{Foundation, Grade, graded};
use super::{Costs, FEWEST_PROGRAMS, Rival, Verdict};
use crate::record::Recording;
use crate::statistics::paired::one_more_of;
use crate::statistics::{Estimate, Paired};

/// A choice and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `default`, `safe`, `small`, `executable`; with metering `default+Fuel` and so on.
    pub head: String,
    /// The strategy to use.
    pub strategy: String,
    /// The next one of those that qualify, and how far behind it is; of `small`, by bytes.
    pub runner_up: Option<Rival>,
    /// Others that cannot be told from it, or are equivalent to it: any of them will do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<String>,
    /// All that qualify, the best first.
    pub ranking: Vec<Place>,
    /// How well founded the choice is.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
    /// The run that it rests on.
    pub run: String,
    /// The machine that it was measured on.
    pub machine: String,
}

/// A place in a head's ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Name of the strategy.
    pub strategy: String,
    /// Whether it is free of unsafe code.
    pub safe: bool,
    /// Its time divided by that of the head's choice: mean over layouts.
    pub times_as_long: Estimate,
    /// The same in one binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_binary: Option<Estimate>,
    /// The same for a program like the workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_program: Option<Estimate>,
    /// In the head `small`: bytes of its code divided by those of the head's choice, over programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Estimate>,
    /// Bytes of its code for each byte of WebAssembly, over programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_bytes_per_wasm_byte: Option<f64>,
    /// Its time by that of the best on each workload, as a geometric mean: what choosing it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regret: Option<f64>,
}

/// Strategies of one kind of metering: what their names end with.
const METERINGS: [&str; 3] = ["", "+Interrupts", "+Fuel"];

/// All heads that the run has strategies for.
pub(super) fn heads(
    recording: &Recording,
    ranking: &Ranking<'_>,
    foundation: &Foundation,
    costs: &[Costs],
) -> Vec<Head> {
    let traits = |strategy: usize| recording.traits_of(&ranking.grid.strategies[strategy]);
    let executable = |strategy: usize| traits(strategy).any(|traits| traits.executable);
    let is_control = |strategy: usize| traits(strategy).any(|traits| traits.control_of.is_some());
    let mut heads = Vec::new();
    for suffix in METERINGS {
        let of_kind = ranking.ranked.iter().copied().filter(|&strategy| {
            let name = ranking.name(strategy);
            let is_of_kind = match suffix {
                "" => !name.contains('+'),
                suffix => name.ends_with(suffix),
            };
            is_of_kind && !is_control(strategy)
        });
        let all: Vec<usize> = of_kind.collect();
        let only = |qualifies: &dyn Fn(usize) -> bool| -> Vec<usize> {
            all.iter().copied().filter(|&strategy| qualifies(strategy)).collect()
        };
        let one_is_executable = all.iter().any(|&strategy| executable(strategy));
        for (name, among) in [
            ("default", only(&|strategy| !executable(strategy))),
            ("safe", only(&|strategy| ranking.grid.is_safe(strategy))),
            ("small", by_size(costs, &all)),
            ("executable", only(&|_| one_is_executable)),
        ] {
            let Some((&first, others)) = among.split_first() else {
                continue;
            };
            // Beside those that make machine code it stands for what they are compared with, and nothing was chosen.
            if others.is_empty() && name == "default" && one_is_executable {
                continue;
            }
            let is_small = name == "small";
            let (grade, reasons) = graded(match is_small {
                true => foundation.of_bytes(costs[first].code_by_program.len()),
                false => {
                    let of_pair = |&second: &usize| foundation.of_pair(ranking, first, second, &ranking.counted);
                    let marks = others.first().map_or(Vec::new(), of_pair);
                    foundation.marks.iter().cloned().chain(marks).collect()
                }
            });
            let against = |strategy: usize| match is_small {
                true => by_bytes(ranking.name(strategy), &costs[strategy].code_by(&costs[first])),
                false => ranking.rival(strategy, first),
            };
            let place = |&strategy: &usize| {
                let rival = ranking.rival(strategy, first)?;
                Some(Place {
                    safe: ranking.grid.is_safe(strategy),
                    times_as_long: rival.times_as_long,
                    one_binary: rival.one_binary.filter(|_| strategy != first),
                    new_program: rival.new_program,
                    bytes: (is_small && strategy != first)
                        .then(|| Some(against(strategy)?.times_as_long))
                        .flatten(),
                    code_bytes_per_wasm_byte: costs[strategy].code_of_a_program(),
                    regret: ranking.mean_ratio(strategy, &ranking.counted),
                    strategy: rival.strategy,
                })
            };
            let rivals: Vec<Rival> = others.iter().filter_map(|&other| against(other)).collect();
            let tied = rivals.iter().filter(|rival| rival.verdict != Verdict::Faster);
            heads.push(Head {
                head: format!("{name}{suffix}"),
                strategy: ranking.name(first),
                ties: tied.map(|rival| rival.strategy.clone()).collect(),
                runner_up: rivals.first().cloned(),
                ranking: among.iter().filter_map(place).collect(),
                grade,
                reasons,
                run: recording.run.id.clone(),
                machine: recording.run.fingerprint.machine().cpu,
            });
        }
    }
    heads
}

/// Those of some strategies whose bytes of code are known, the smallest first.
pub(super) fn by_size(costs: &[Costs], strategies: &[usize]) -> Vec<usize> {
    let sized = strategies
        .iter()
        .filter_map(|&strategy| Some((costs[strategy].code_of_a_program()?, strategy)));
    let sized = sized.sorted_by(|(a, _), (b, _)| a.total_cmp(b));
    sized.map(|(_, strategy)| strategy).collect()
}

/// A strategy beside another by the bytes of their code, from logarithms of ratios: over programs they have the statistic that
/// ratios of times have over layouts.
pub(super) fn by_bytes(strategy: String, logs: &[f64]) -> Option<Rival> {
    let (ratio, verdict) = match logs {
        // Of a single program there is nothing to take a mean of: its bytes are what they are.
        [only] => (Estimate::exact(only.exp()), Estimate::exact(only.exp()).verdict()),
        all => (Paired::of_cases(all)?.estimate(), Paired::of_cases(all)?.verdict()),
    };
    Some(Rival {
        strategy,
        times_as_long: ratio,
        one_binary: None,
        new_program: one_more_of(logs).filter(|_| logs.len() >= FEWEST_PROGRAMS),
        verdict: verdict.turned(),
    })
}

impl Head {
    /// The strategies to use: one, or several of which any will do.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.strategy).chain(&self.ties).map(String::as_str)
    }
}
