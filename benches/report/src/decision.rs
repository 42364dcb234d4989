//! The decision as a file: what to use by what is asked for, how sure that is, on which machines, and where it does not hold.
//!
//! `reports/decision.json` is what the library's own default is checked against (`tests/decision.rs` of the root package): its
//! first head is the default, its second that of a build without unsafe code. Each head names the run that it rests on; deciding
//! again from the same samples gives the same head. Numbers are rounded, because the last bits of a logarithm differ between
//! systems.
//!
//! A head is not replaced by a worse founded one ([`Decision::reasons_to_keep`]), and a user's own module decides for itself
//! alone: that decision is written beside its run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use itertools::Itertools;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::record::{self, Kind, Recording, contents, file_in, pack};
use crate::summary::heads::Place;
use crate::summary::run_length::From;
use crate::summary::words::graded;
use crate::summary::{self, Foundation, Grade, Head, OfMachine, Recommendation, StrategySummary, Summary};
use crate::units::number;
use crate::{Error, Fingerprint, folder_of, json, report};
use wasm_dispatch_record::{is_main, time_of};

/// Version of the file.
pub const DECISION_SCHEMA: u32 = 4;

/// Name of the file in the folder of reports.
pub const DECISION_FILE: &str = "decision.json";

/// Name of the folder of recorded runs in the folder of reports.
pub const RECORDED: &str = "recorded";

/// The head that is the library's default.
pub const DEFAULT: &str = "default";

/// The head that is the default of a build without unsafe code.
pub const SAFE: &str = "safe";

/// The head of those who allow executable memory.
pub const EXECUTABLE: &str = "executable";

/// What to use, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Version of this structure, [`DECISION_SCHEMA`].
    pub schema: u32,
    /// What to use, by what is asked for. The first is [`DEFAULT`].
    pub heads: Vec<Head>,
    /// The run that the default and all that follows comes from: a folder below `reports/recorded`.
    pub run: String,
    /// How thorough that run was.
    pub kind: Kind,
    /// When it started.
    pub measured: String,
    /// What it ran on.
    pub fingerprint: Fingerprint,
    /// How many workloads count.
    pub workloads: usize,
    /// How many interleaved blocks were measured; 0 if the run was not interleaved.
    pub blocks: u32,
    /// What the intervals rest on, and the grade of the run's first claim.
    pub foundation: Foundation,
    /// The best of all, and where another one is better.
    pub recommendation: Recommendation,
    /// What choosing each strategy costs where another one is better.
    pub regret: Vec<Regret>,
    /// Strategies that are not ranked, because they were wrong somewhere.
    pub not_ranked: Vec<String>,
    /// From which run length on the default is the fastest, load and compile time included; none if that was not measured.
    pub break_even: Option<BreakEven>,
    /// What is found on each machine, this run's first, with what is claimed there.
    pub machines: Vec<OfMachine>,
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

/// From when on the default is the fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakEven {
    /// On half of the programs.
    pub half: From,
    /// On nine of ten.
    pub most: From,
    /// The strategy that is fastest on most programs that end at once, if there is one.
    pub shortest: Option<String>,
    /// Whether functions were compiled when they are first called.
    pub lazily: bool,
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
    /// Heads that stay as they were, and why.
    pub stays: Vec<String>,
}

impl Decision {
    /// Decides from a recording.
    ///
    /// # Errors
    ///
    /// [`Error::Undecided`] if no strategy is ranked.
    pub fn from_recording(recording: &Recording) -> Result<Decision, Error> {
        Decision::of(&summary::summarise(recording), recording)
    }

    fn of(summary: &Summary, recording: &Recording) -> Result<Decision, Error> {
        let Some(recommendation) = &summary.recommendation else {
            return Err(Error::Undecided(recording.path.clone()));
        };
        let not_ranked = summary.strategies.iter().filter(|strategy| strategy.rank.is_none());
        let break_even = |length: &summary::RunLength| BreakEven {
            half: length.from(&recommendation.best, 0.5),
            most: length.from(&recommendation.best, 0.9),
            shortest: length.shortest().map(str::to_owned),
            lazily: length.lazily,
        };
        let heads = summary.heads.iter();
        rounded(&Decision {
            schema: DECISION_SCHEMA,
            heads: heads.map(|head| on_all(head, &summary.machines)).collect(),
            run: summary.run.id.clone(),
            kind: summary.run.kind,
            measured: record::timestamp(summary.run.started),
            fingerprint: summary.run.fingerprint.clone(),
            workloads: summary.counted().count(),
            blocks: recording.blocks(),
            foundation: summary.foundation.clone(),
            recommendation: recommendation.clone(),
            regret: summary.ranked().filter_map(regret).collect(),
            not_ranked: not_ranked.map(|strategy| strategy.name.clone()).collect(),
            break_even: summary.run_length.as_ref().map(break_even),
            machines: summary.on_machines(),
        })
    }

    /// Reads `decision.json`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is of another version.
    pub fn read(path: &Path) -> Result<Decision, Error> {
        let value: Value = json::load(path)?;
        let wrong = |what: String| Error::line(path, 1, what);
        match value.get("schema").and_then(Value::as_u64) {
            Some(version) if version == u64::from(DECISION_SCHEMA) => {}
            Some(version) => {
                return Err(wrong(format!(
                    "schema {version}, but this program reads schema {DECISION_SCHEMA}; 'decide' makes it again from its run"
                )));
            }
            None => return Err(wrong("this is no decision: it has no schema".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
    }

    /// The head of a name.
    pub fn head(&self, name: &str) -> Option<&Head> {
        self.heads.iter().find(|head| head.head == name)
    }

    /// What the default gives up by making no machine code: the head of those who allow that, and the default's place there. `None` if
    /// it gives up nothing as far as the record shows: a tie says nothing.
    pub fn given_up(&self) -> Option<(&Head, &Place)> {
        let head = self.head(EXECUTABLE).filter(|head| head.grade.speaks())?;
        let best = self.default_strategy();
        let place = head.ranking.iter().find(|place| place.strategy == best)?;
        (place.times_as_long.low > 1.0).then_some((head, place))
    }

    /// The strategy to use by default.
    pub fn default_strategy(&self) -> &str {
        self.head(DEFAULT)
            .map_or(&self.recommendation.best, |head| &head.strategy)
    }

    /// All ranked strategies that the default was chosen from, the best first.
    pub fn ranking(&self) -> &[Place] {
        self.head(DEFAULT).map_or(&[], |head| &head.ranking)
    }

    /// Why a head of this decision should stay although a newer run has one; empty if it may be replaced.
    pub fn reasons_to_keep(&self, head: &Head, newer: &Decision) -> Vec<String> {
        let Some(new) = newer.head(&head.head) else {
            return Vec::new();
        };
        let (name, run) = (&head.head, &new.run);
        let mut reasons = Vec::new();
        // A record of other code than the newer one's is worth a grade less.
        let is_stale = head.run == self.run && !self.fingerprint.same_sources(&newer.fingerprint);
        let grade = if is_stale { head.grade.max(Grade::B) } else { head.grade };
        if self.kind == Kind::Full && newer.kind == Kind::Quick && !name.contains('+') {
            reasons.push(format!(
                "{run} is a quick run, and the head {name} comes from a full one, {}",
                head.run
            ));
        }
        if new.grade > grade {
            let (graded, letter) = (graded(new.grade, &new.reasons), grade.letter());
            reasons.push(format!(
                "the head {name} of {run} is graded {graded}, and what stands there is graded {letter}"
            ));
        }
        if newer.workloads < self.workloads && !name.contains('+') {
            let (has, before) = (number(newer.workloads, "workload"), self.workloads);
            reasons.push(format!("{run} has {has}, and the decision rests on {before}"));
        }
        let missing = head.ranking.iter().map(|place| place.strategy.as_str());
        let mut missing = missing.filter(|&name| new.ranking.iter().all(|place| place.strategy != name));
        let missing = missing.join(", ");
        if !missing.is_empty() {
            reasons.push(format!("{run} does not rank {missing}"));
        }
        reasons
    }

    /// Leaves out the heads whose grade says nothing, and says which and why.
    fn without_silent_heads(&mut self) -> Vec<String> {
        let (heads, silent): (Vec<Head>, Vec<Head>) = (self.heads.drain(..)).partition(|head| head.grade.speaks());
        self.heads = heads;
        let said = silent.iter().map(|head| {
            let (name, run, graded) = (&head.head, &head.run, graded(head.grade, &head.reasons));
            format!("the head {name} of {run} is graded {graded}, at which nothing is decided")
        });
        said.collect()
    }

    /// This decision with the heads of an older one that are to stay: those that it lacks, and those with reasons.
    fn with_heads_of(mut self, old: Decision, stays: impl Fn(&Head) -> bool) -> Decision {
        let is_kept = |head: &&Head| self.head(&head.head).is_none() || stays(head);
        let kept = old.heads.iter().filter(is_kept).cloned().collect_vec();
        let default_stays = kept.iter().any(|head| head.head == DEFAULT);
        self.heads.retain(|head| kept.iter().all(|kept| kept.head != head.head));
        self.heads.extend(kept);
        let mut decision = self;
        // What is said beside the heads belongs to the default.
        if default_stays {
            // What other machines say stands beside it all the same, compared over what all of them ran.
            let mut machines = old.machines.clone();
            for machine in decision.machines {
                match machines.iter_mut().find(|known| known.machine().is(&machine.machine())) {
                    Some(known) if known.run == machine.run => known.shared = machine.shared,
                    Some(_) => {}
                    None if machine.decides() => machines.push(machine),
                    None => {}
                }
            }
            let heads = decision.heads;
            decision = Decision { heads, machines, ..old };
        }
        let machines = &decision.machines;
        let heads = decision.heads.iter().map(|head| on_all(head, machines));
        let heads = heads.sorted_by_key(|head| (head.head.contains('+'), order_of(&head.head)));
        decision.heads = heads.collect();
        decision
    }
}

fn order_of(head: &str) -> usize {
    let mut order = [DEFAULT, SAFE, "small", EXECUTABLE].into_iter();
    order.position(|known| head.starts_with(known)).unwrap_or(usize::MAX)
}

/// A head as all machines see it: where they disagree, no choice holds for any other machine.
fn on_all(head: &Head, machines: &[OfMachine]) -> Head {
    let mut head = head.clone();
    let there = |machine: &OfMachine| {
        let mut heads = machine.compared().iter();
        heads.find(|its| its.head == head.head).cloned()
    };
    // Over what all of them ran, which need not be all that the head rests on.
    let here = machines.iter().find(|machine| machine.run == head.run).and_then(there);
    let here = here.unwrap_or_else(|| head.clone());
    let chosen = |by: &Head, strategy: &str| by.choices().any(|choice| choice == strategy);
    let other = |machine: &OfMachine| {
        let its = there(machine).filter(|its| !chosen(its, &here.strategy) && !chosen(&here, &its.strategy))?;
        let other_size = machine.shared.as_ref().is_some_and(|shared| shared.sizes_differ);
        let size = if other_size { " at another size" } else { "" };
        Some(format!("{} on {}{size}", its.strategy, machine.machine()))
    };
    let others = machines.iter().filter_map(other).join(", ");
    if !others.is_empty() {
        head.grade = head.grade.max(Grade::C);
        head.reasons.retain(|why| !why.starts_with("machines disagree"));
        head.reasons.push(format!("machines disagree: {others}"));
    }
    head
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

/// Decides from the run in `run` (a folder with `samples.jsonl`, or that file) and writes the decision into the folder
/// `reports`, head by head as far as nothing speaks against it. The run itself is kept in `reports/recorded`, with its report,
/// unless it is there already; runs of the same machine that nothing rests on any more are kept as summaries. A run of a user's
/// own module is decided beside itself. A head whose grade says nothing is left out.
///
/// # Errors
///
/// [`Error::Refused`] if there are reasons against all of it and `force` is not set; other errors if files cannot be read or
/// written.
pub fn record_decision(run: &Path, reports: &Path, force: bool) -> Result<Recorded, Error> {
    let recording = record::read(run)?;
    let is_own = recording.setup.as_ref().is_some_and(|setup| setup.own);
    if !is_own && !reports.is_dir() {
        return Err(Error::NoReports(reports.to_owned()));
    }
    let recorded = reports.join(RECORDED);
    let runs = (!is_own).then_some(recorded.as_path());
    let mut decision = Decision::of(&summary::summarise_beside(&recording, runs), &recording)?;
    let silent = match force {
        true => Vec::new(),
        false => decision.without_silent_heads(),
    };
    if is_own {
        let kept = folder_of(&recording.path);
        let path = kept.join(DECISION_FILE);
        json::save(&path, &decision)?;
        return Ok(Recorded {
            decision,
            path,
            kept,
            overruled: Vec::new(),
            stays: silent,
        });
    }
    let path = reports.join(DECISION_FILE);
    let mut reasons = Vec::new();
    if let Some(planned) = recording.cut_short() {
        let (run, blocks, planned) = (&decision.run, decision.blocks, number(planned as usize, "block"));
        reasons.push(format!("{run} was interrupted after {blocks} of {planned}"));
    }
    if !decision.not_ranked.is_empty() {
        let names = decision.not_ranked.join(", ");
        reasons.push(format!("{} has errors under {names}", decision.run));
    }
    let old = path.exists().then(|| Decision::read(&path));
    let unread = |error| reasons.push(format!("the decision that is there cannot be read ({error})"));
    let old = old.and_then(|old| old.map_err(unread).ok());
    let undecided = old.is_none() && decision.head(DEFAULT).is_none();
    if undecided && silent.is_empty() {
        reasons.push(format!(
            "{} says nothing about the default: decide a run without metering first",
            decision.run
        ));
    }
    let by_head = |head: &Head| {
        old.as_ref()
            .map_or(Vec::new(), |old| old.reasons_to_keep(head, &decision))
    };
    let old_heads = old.iter().flat_map(|old| &old.heads);
    let mut against: BTreeSet<String> = old_heads.clone().flat_map(&by_head).collect();
    let replaced = decision.heads.iter().filter(|head| {
        let stays = |old: &Head| old.head == head.head && !by_head(old).is_empty();
        !old_heads.clone().any(stays)
    });
    let is_refused = undecided || !reasons.is_empty();
    against.extend(silent);
    // A full run of a machine that the decision does not know yet is put beside it, whatever becomes of the heads.
    let is_new = |old: &Decision| {
        let machine = decision.fingerprint.machine();
        let decides = decision.machines.first().is_some_and(OfMachine::decides);
        decides && decision.kind == Kind::Full && !old.machines.iter().any(|known| known.machine().is(&machine))
    };
    let nothing_new = replaced.count() == 0 && !against.is_empty() && !old.as_ref().is_some_and(is_new);
    reasons.extend(against);
    if !force && (is_refused || nothing_new) {
        return Err(Error::Refused(path, reasons));
    }
    let kept = recorded.join(&decision.run);
    keep(&recording.path, &kept)?;
    let stays = |head: &Head| !force && !by_head(head).is_empty();
    // Without force nothing is left but what keeps single heads.
    let (overruled, told) = match force {
        true => (reasons, Vec::new()),
        false => (Vec::new(), reasons),
    };
    let decision = match old.clone() {
        Some(old) => decision.clone().with_heads_of(old, stays),
        None => decision.clone(),
    };
    json::save(&path, &decision)?;
    shrink(&recorded, &decision)?;
    Ok(Recorded {
        decision,
        path,
        kept,
        overruled,
        stays: told,
    })
}

/// Copies raw data into a folder of its own, compressed, and draws its report there, unless that was done before.
///
/// Only what a reader of the repository looks at stays: the text, the plots as SVG, and the summary, which others are put beside.
fn keep(raw: &Path, folder: &Path) -> Result<(), Error> {
    let copy = file_in(folder);
    if copy.is_file() {
        // Raw data is never overwritten: the same name with other samples is another run.
        if contents(&copy)? != contents(raw)? {
            return Err(Error::RunExists(copy));
        }
    } else {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        pack(raw, folder)?;
    }
    let report = report(folder, folder)?;
    fs::remove_file(&report.page).map_err(Error::io(&report.page))
}

/// Removes the raw data of recorded runs that a newer one has superseded: their summaries stay. Runs of other machines without
/// metering are compared with, so they keep theirs.
fn shrink(recorded: &Path, decision: &Decision) -> Result<(), Error> {
    let heads = decision.heads.iter().map(|head| &head.run);
    let machines = decision.machines.iter().map(|machine| &machine.run);
    let used = heads.chain(machines).chain([&decision.run]).collect_vec();
    for entry in fs::read_dir(recorded).map_err(Error::io(recorded))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let samples = file_in(&entry.path());
        if time_of(&name).is_none()
            || used.contains(&&name)
            || !entry.path().join("summary.json").is_file()
            || !samples.is_file()
        {
            continue;
        }
        let machine = || Ok::<_, Error>(record::read(&samples)?.run.fingerprint.machine());
        if !is_main(&name) || machine()?.is(&decision.fingerprint.machine()) {
            fs::remove_file(&samples).map_err(Error::io(&samples))?;
        }
    }
    Ok(())
}

/// The same with all numbers that are not whole at six significant digits.
///
/// # Errors
///
/// If it is nothing that JSON can hold.
pub fn rounded<T: Serialize + DeserializeOwned>(of: &T) -> Result<T, Error> {
    fn round(value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => {
                let text = number.as_f64().map(|number| format!("{number:.5e}"));
                *value = json!(text.and_then(|text| text.parse::<f64>().ok()));
            }
            Value::Array(values) => values.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            _ => {}
        }
    }
    let wrong = |source| Error::Json(DECISION_FILE.into(), source);
    let mut value = serde_json::to_value(of).map_err(wrong)?;
    round(&mut value);
    serde_json::from_value(value).map_err(wrong)
}
