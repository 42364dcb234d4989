//! What to use, by what is asked for: the heads of the decision.
//!
//! | head | chosen among |
//! |---|---|
//! | default | strategies that ask nothing of their host |
//! | safe | those without unsafe code |
//! | small | all, by the bytes of their code |
//! | executable | all, if one needs memory that is executable |
//!
//! Each also with interrupts and with fuel, where that was measured: strategies `x+Interrupts` and `x+Fuel`.

use serde::{Deserialize, Serialize};

use super::decide::Ranking;
use super::foundation::{Foundation, Grade, graded};
use super::{Costs, Rival, Verdict};
use crate::record::Recording;
use crate::statistics::Estimate;

/// A choice and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `default`, `safe`, `small`, `executable`; with metering `default+Fuel` and so on.
    pub head: String,
    /// The strategy to use.
    pub strategy: String,
    /// The next one of those that qualify, and how far behind it is; of `small`, by bytes.
    pub runner_up: Option<Rival>,
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
    /// Bytes of its code for each byte of WebAssembly.
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
    let executable = |strategy: usize| {
        let name = ranking.name(strategy);
        recording
            .traits
            .iter()
            .any(|traits| traits.strategy == name && traits.executable)
    };
    let bytes = |strategy: usize| costs[strategy].code_bytes_per_wasm_byte;
    let mut heads = Vec::new();
    for suffix in METERINGS {
        let is_control = |name: &str| {
            let mut traits = recording.traits.iter();
            traits.any(|traits| traits.strategy == name && traits.control_of.is_some())
        };
        let of_kind = ranking.ranked.iter().copied().filter(|&strategy| {
            let name = ranking.name(strategy);
            let is_of_kind = match suffix {
                "" => !name.contains('+'),
                suffix => name.ends_with(suffix),
            };
            is_of_kind && !is_control(&name)
        });
        let all: Vec<usize> = of_kind.collect();
        let only = |qualifies: &dyn Fn(usize) -> bool| -> Vec<usize> {
            all.iter().copied().filter(|&strategy| qualifies(strategy)).collect()
        };
        let mut small = only(&|strategy| bytes(strategy).is_some());
        small.sort_by(|&a, &b| bytes(a).unwrap_or(0.0).total_cmp(&bytes(b).unwrap_or(0.0)));
        let anything = if all.iter().any(|&strategy| executable(strategy)) {
            all.clone()
        } else {
            Vec::new()
        };
        for (name, among) in [
            ("default", only(&|strategy| !executable(strategy))),
            ("safe", only(&|strategy| ranking.grid.is_safe(strategy))),
            ("small", small),
            ("executable", anything),
        ] {
            let Some((&first, others)) = among.split_first() else {
                continue;
            };
            let marks = others.first().map_or(Vec::new(), |&second| match name {
                // Bytes are counted, the same each time: only a wrong result speaks against them.
                "small" => Vec::new(),
                _ => foundation.of_pair(ranking, first, second, &ranking.counted),
            });
            let of_run = foundation
                .marks
                .iter()
                .filter(|(grade, _)| name != "small" || *grade == Grade::E);
            let (grade, reasons) = graded(of_run.cloned().chain(marks));
            let place = |&strategy: &usize| {
                let rival = ranking.rival(strategy, first)?;
                Some(Place {
                    safe: ranking.grid.is_safe(strategy),
                    times_as_long: rival.times_as_long,
                    one_binary: rival.one_binary.filter(|_| strategy != first),
                    new_program: rival.new_program,
                    code_bytes_per_wasm_byte: bytes(strategy),
                    regret: ranking.mean_ratio(strategy, &ranking.counted),
                    strategy: rival.strategy,
                })
            };
            let by_bytes = |rival: Rival, second: usize| {
                let ratio = bytes(second)
                    .zip(bytes(first))
                    .map_or(1.0, |(second, first)| second / first);
                Rival {
                    times_as_long: Estimate::exact(ratio),
                    one_binary: None,
                    new_program: None,
                    verdict: if ratio > 1.0 {
                        Verdict::Faster
                    } else {
                        Verdict::Equivalent
                    },
                    ..rival
                }
            };
            let runner_up = others.first().and_then(|&second| {
                let rival = ranking.rival(second, first)?;
                Some(if name == "small" {
                    by_bytes(rival, second)
                } else {
                    rival
                })
            });
            heads.push(Head {
                head: format!("{name}{suffix}"),
                strategy: ranking.name(first),
                runner_up,
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
