//! The decision as a file: which strategy should be the default, how sure that is, and where it does not hold.
//!
//! `reports/decision.json` is what the library's own default is checked against (`tests/decision.rs` of the root
//! package). It is derived from one recorded run and nothing else, so that deciding again from the same samples gives
//! the same file. Numbers are rounded, because the last bits of a logarithm differ between systems.
//!
//! A decision is not replaced by a worse founded one: see [`Decision::reasons_to_keep`].

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Error;
use crate::record::{self, FILE_NAME, Kind, Recording};
use crate::statistics::Estimate;
use crate::statistics::Level;
use crate::summary::{self, ControlResult, Exception, Grade, Recommendation, Rival, StrategySummary, Summary};
use crate::{Fingerprint, json, report};

/// Version of the file. Files of version 1, which know nothing of grades and regret, are read as well.
pub const DECISION_SCHEMA: u32 = 2;

/// The oldest version that is read.
const OLDEST_SCHEMA: u32 = 1;

/// Name of the file in the folder of reports.
pub const DECISION_FILE: &str = "decision.json";

/// Name of the folder of recorded runs in the folder of reports.
pub const RECORDED: &str = "recorded";

/// What to use, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Version of this structure, [`DECISION_SCHEMA`].
    pub schema: u32,
    /// The run that it comes from: a folder below `reports/recorded`.
    pub run: String,
    /// How thorough that run was.
    pub kind: Kind,
    /// When it started.
    pub measured: String,
    /// What it ran on.
    pub machine: Machine,
    /// How many workloads count.
    pub workloads: usize,
    /// How many interleaved blocks were measured; 0 if the run was not interleaved.
    pub blocks: u32,
    /// How well founded the run is; `None` in a decision from before runs were graded.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// What keeps the grade from being better.
    #[serde(default)]
    pub grade_reasons: Vec<String>,
    /// What the intervals are taken over.
    #[serde(default)]
    pub level: Option<Level>,
    /// How many cases of that there are.
    #[serde(default)]
    pub cases: usize,
    /// How many layouts of the code were measured.
    #[serde(default)]
    pub layouts: usize,
    /// What was found between a strategy and itself.
    #[serde(default)]
    pub control: Option<ControlResult>,
    /// The strategy to use.
    pub default: String,
    /// The next one, and how far behind it is.
    pub runner_up: Option<Rival>,
    /// The best one without unsafe code.
    pub best_safe: Option<Rival>,
    /// Strategies that are not clearly slower than the default.
    #[serde(default)]
    pub within_noise: Vec<String>,
    /// All ranked strategies, the best first.
    pub ranking: Vec<Place>,
    /// What choosing each strategy costs where another one is better.
    #[serde(default)]
    pub regret: Vec<Regret>,
    /// Strategies that are not ranked, because they were wrong somewhere.
    pub not_ranked: Vec<String>,
    /// Where another strategy is better, beyond the noise.
    pub better_elsewhere: Elsewhere,
    /// Classes in which another strategy is as good.
    pub as_good_in_classes: Vec<Exception>,
    /// Run lengths at which another strategy is faster, load and compile time included.
    pub better_at_run_lengths: Vec<Stretch>,
    /// The fastest for the shortest programs, load and compile time included.
    #[serde(default)]
    pub short_programs: Option<String>,
    /// The fastest for the longest programs.
    #[serde(default)]
    pub long_programs: Option<String>,
    /// In a run of several machines: what each of them alone would decide.
    #[serde(default)]
    pub machines: Vec<OfOneMachine>,
}

/// What choosing a strategy costs: its time relative to the best on each workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// Name of the strategy.
    pub strategy: String,
    /// Geometric mean over the workloads.
    pub mean: f64,
    /// The workload on which it costs most, and how much.
    pub worst: Option<(String, f64)>,
    /// Geometric mean of each class.
    pub classes: Vec<(String, f64)>,
}

/// What one machine alone would decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfOneMachine {
    /// The machine.
    pub machine: Machine,
    /// Its default; `None` if it ranks no strategy.
    pub default: Option<String>,
    /// The next one, and how far behind it is.
    pub runner_up: Option<Rival>,
}

/// The fingerprint of the machine in short; all of it is in the first line of the run's raw data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Model name of the processor.
    pub cpu: String,
    /// How many threads it runs at a time.
    pub threads: usize,
    /// Operating system and kernel version.
    pub system: String,
    /// Version of the compiler.
    pub compiler: String,
    /// Build profile.
    pub profile: String,
    /// Git revision that was measured.
    pub revision: String,
}

/// A place in the ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Name of the strategy.
    pub strategy: String,
    /// Whether it is free of unsafe code.
    pub safe: bool,
    /// Its time divided by that of the default.
    pub times_as_long: Estimate,
}

/// Where the default is not the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Classes of workloads.
    pub classes: Vec<Exception>,
    /// Single workloads.
    pub workloads: Vec<Exception>,
}

/// A range of run lengths at which another strategy is faster than the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Name of the strategy.
    pub strategy: String,
    /// Where the range begins, in runs of the average workload; `None` for the shortest ones.
    pub from_runs: Option<f64>,
    /// Where it ends, the break-even point; `None` if it has no end.
    pub to_runs: Option<f64>,
    /// Total time at its end, in nanoseconds.
    pub to_nanoseconds: Option<f64>,
}

/// What [`record_decision`] did.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The decision.
    pub decision: Decision,
    /// The file that it was written to.
    pub path: PathBuf,
    /// The folder in which the run is kept.
    pub kept: PathBuf,
    /// What spoke against it and was overruled.
    pub overruled: Vec<String>,
}

impl Decision {
    /// Decides from a recording.
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] if no strategy is ranked.
    pub fn from_recording(recording: &Recording) -> Result<Decision, Error> {
        let summary = summary::summarise(recording);
        let Some(recommendation) = &summary.recommendation else {
            return Err(Error::Undecided(recording.path.clone()));
        };
        decision(&summary, recommendation, recording.blocks())
    }

    /// Reads `decision.json`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is of another version.
    pub fn read(path: &Path) -> Result<Decision, Error> {
        let text = fs::read_to_string(path).map_err(Error::io(path))?;
        let wrong = |what: String| Error::line(path, 1, what);
        let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        match value.get("schema").and_then(Value::as_u64) {
            Some(version) if (u64::from(OLDEST_SCHEMA)..=u64::from(DECISION_SCHEMA)).contains(&version) => {}
            Some(version) => {
                return Err(wrong(format!(
                    "schema {version}, but this program reads schema {DECISION_SCHEMA}"
                )));
            }
            None => return Err(wrong("this is no decision: it has no schema".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
    }

    /// The text of `decision.json`.
    ///
    /// # Errors
    ///
    /// If a number cannot be written as JSON.
    pub fn text(&self) -> Result<String, Error> {
        json::text(Path::new(DECISION_FILE), self)
    }

    /// Why this decision should stay although there is a newer run; empty if it may be replaced.
    pub fn reasons_to_keep(&self, newer: &Decision) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.kind == Kind::Full && newer.kind == Kind::Quick {
            reasons.push(format!(
                "{} is a quick run, and the decision comes from a full one, {}",
                newer.run, self.run
            ));
        }
        if let (Some(old), Some(new)) = (self.grade, newer.grade)
            && new > old
        {
            reasons.push(format!(
                "{} is graded {} ({}), and the decision rests on a run graded {}",
                newer.run,
                new.letter(),
                newer.grade_reasons.join("; "),
                old.letter()
            ));
        }
        if newer.workloads < self.workloads {
            reasons.push(format!(
                "{} has {} workloads, and the decision rests on {}",
                newer.run, newer.workloads, self.workloads
            ));
        }
        let ranked = self.ranking.iter().map(|place| place.strategy.as_str());
        let missing = ranked.filter(|&name| newer.ranking.iter().all(|place| place.strategy != name));
        let missing: Vec<&str> = missing.collect();
        if !missing.is_empty() {
            reasons.push(format!("{} does not rank {}", newer.run, missing.join(", ")));
        }
        reasons
    }
}

/// Decides from the run in `run` (a folder with `samples.jsonl`, or that file) and writes the decision into the folder
/// `reports`. The run itself is kept in `reports/recorded`, with its report, unless it is there already.
///
/// # Errors
///
/// [`Error::Refused`] if there are reasons against it and `force` is not set; other errors if files cannot be read or
/// written.
pub fn record_decision(run: &Path, reports: &Path, force: bool) -> Result<Recorded, Error> {
    let recording = record::read(run)?;
    let decision = Decision::from_recording(&recording)?;
    let path = reports.join(DECISION_FILE);
    let mut reasons = Vec::new();
    if let Some(planned) = recording.cut_short() {
        reasons.push(format!(
            "{} was interrupted after {} of {planned} blocks",
            decision.run, decision.blocks
        ));
    }
    if !decision.not_ranked.is_empty() {
        let names = decision.not_ranked.join(", ");
        reasons.push(format!("{} has errors under {names}", decision.run));
    }
    if path.exists() {
        match Decision::read(&path) {
            Ok(old) => reasons.extend(old.reasons_to_keep(&decision)),
            Err(error) => reasons.push(format!("the decision that is there cannot be read ({error})")),
        }
    }
    if !reasons.is_empty() && !force {
        return Err(Error::Refused(path, reasons));
    }
    let kept = reports.join(RECORDED).join(&decision.run);
    keep(&recording.path, &kept)?;
    fs::write(&path, decision.text()?).map_err(Error::io(&path))?;
    Ok(Recorded {
        decision,
        path,
        kept,
        overruled: reasons,
    })
}

/// Copies raw data into a folder of its own and draws its report there, unless that was done before.
///
/// Only what a reader of the repository looks at stays: the text and the plots as SVG. The rest is made again by `report`.
fn keep(raw: &Path, folder: &Path) -> Result<(), Error> {
    let copy = folder.join(FILE_NAME);
    if copy.is_file() {
        let old = fs::read(&copy).map_err(Error::io(&copy))?;
        let new = fs::read(raw).map_err(Error::io(raw))?;
        // Raw data is never overwritten: the same name with other samples is another run.
        return match old == new {
            true => Ok(()),
            false => Err(Error::RunExists(copy)),
        };
    }
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    fs::copy(raw, &copy).map_err(Error::io(&copy))?;
    let report = report(folder, folder)?;
    for made in [&report.json, &report.page] {
        fs::remove_file(made).map_err(Error::io(made))?;
    }
    Ok(())
}

fn decision(summary: &Summary, recommendation: &Recommendation, blocks: u32) -> Result<Decision, Error> {
    let foundation = &summary.foundation;
    let (ranked, others): (Vec<_>, Vec<_>) = summary.strategies.iter().partition(|strategy| strategy.rank.is_some());
    let run_length = summary.run_length.as_ref();
    let segments = run_length.map_or(&[][..], |length| &length.segments);
    let of_machine = |of: &summary::OfMachine| OfOneMachine {
        machine: machine(&of.fingerprint),
        default: of.recommendation.as_ref().map(|found| found.best.clone()),
        runner_up: of.recommendation.as_ref().and_then(|found| found.runner_up.clone()),
    };
    rounded(&Decision {
        schema: DECISION_SCHEMA,
        run: summary.run.id.clone(),
        kind: summary.run.kind,
        measured: record::timestamp(summary.run.started),
        machine: machine(&summary.run.fingerprint),
        workloads: summary.workloads.iter().filter(|workload| workload.counts).count(),
        blocks,
        grade: Some(foundation.grade),
        grade_reasons: foundation.reasons.clone(),
        level: foundation.level,
        cases: foundation.cases,
        layouts: foundation.layouts,
        control: foundation.control.clone(),
        default: recommendation.best.clone(),
        runner_up: recommendation.runner_up.clone(),
        best_safe: recommendation.best_safe.clone(),
        within_noise: recommendation.within_noise.clone(),
        ranking: (ranked.iter())
            .map(|strategy| Place {
                strategy: strategy.name.clone(),
                safe: strategy.safe,
                times_as_long: strategy.relative.unwrap_or(Estimate::exact(1.0)),
            })
            .collect(),
        regret: ranked.iter().filter_map(|strategy| regret(strategy)).collect(),
        not_ranked: others.into_iter().map(|strategy| strategy.name.clone()).collect(),
        better_elsewhere: Elsewhere {
            classes: recommendation.classes.clone(),
            workloads: recommendation.workloads.clone(),
        },
        as_good_in_classes: recommendation.ties.clone(),
        better_at_run_lengths: stretches(segments, &recommendation.best),
        short_programs: segments.first().map(|first| first.strategy.clone()),
        long_programs: segments.last().map(|last| last.strategy.clone()),
        machines: summary.machines.iter().map(of_machine).collect(),
    })
}

fn regret(strategy: &StrategySummary) -> Option<Regret> {
    let (classes, worst) = (strategy.classes.iter(), strategy.worst.as_ref());
    Some(Regret {
        strategy: strategy.name.clone(),
        mean: strategy.geometric_mean?,
        worst: worst.map(|worst| (worst.workload.clone(), worst.ratio)),
        classes: classes
            .map(|class| (class.class.clone(), class.geometric_mean))
            .collect(),
    })
}

/// The ranges of run lengths that belong to others than `default`.
fn stretches(segments: &[summary::Segment], default: &str) -> Vec<Stretch> {
    let stretch = |(index, segment): (usize, &summary::Segment)| {
        let next = segments.get(index + 1);
        Stretch {
            strategy: segment.strategy.clone(),
            from_runs: (index > 0).then_some(segment.from_runs),
            to_runs: next.map(|next| next.from_runs),
            to_nanoseconds: next.map(|next| next.from_ns),
        }
    };
    let all = segments.iter().enumerate();
    all.filter(|(_, segment)| segment.strategy != default)
        .map(stretch)
        .collect()
}

fn machine(fingerprint: &Fingerprint) -> Machine {
    Machine {
        cpu: fingerprint.cpu.clone(),
        threads: fingerprint.cores,
        system: fingerprint.kernel.clone(),
        compiler: fingerprint.rustc.clone(),
        profile: fingerprint.profile.clone(),
        revision: fingerprint.revision.clone(),
    }
}

/// The same with all numbers that are not whole at four significant digits.
fn rounded(decision: &Decision) -> Result<Decision, Error> {
    fn round(value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => {
                let text = number.as_f64().map(|number| format!("{number:.3e}"));
                *value = json!(text.and_then(|text| text.parse::<f64>().ok()));
            }
            Value::Array(values) => values.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            _ => {}
        }
    }
    let wrong = |source| Error::Json(DECISION_FILE.into(), source);
    let mut value = serde_json::to_value(decision).map_err(wrong)?;
    round(&mut value);
    serde_json::from_value(value).map_err(wrong)
}
