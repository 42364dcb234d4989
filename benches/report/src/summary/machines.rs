//! What several machines say, side by side: nothing is averaged over them, and a claim says where it holds.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::heads::Place;
use super::{Claim, Grade, Head, Summary};
use crate::record::{Kind, Run};
use crate::statistics::Estimate;
use crate::statistics::paired::one_more_of;
use crate::{Error, json};
use wasm_dispatch_record::{Fingerprint, Machine, commits_since, is_main, newest_first};

/// With fewer machines nothing is said about another one.
pub const FEWEST_MACHINES: usize = 3;

/// What one machine says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfMachine {
    /// The run.
    pub run: String,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// What it ran on, with the revision that it measured.
    pub fingerprint: Fingerprint,
    /// The grade of its first claim.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
    /// What to use there.
    pub heads: Vec<Head>,
    /// What it says.
    pub claims: Vec<Claim>,
}

impl OfMachine {
    fn of(summary: &Summary) -> OfMachine {
        OfMachine {
            run: summary.run.id.clone(),
            started: summary.run.started,
            fingerprint: summary.run.fingerprint.clone(),
            grade: summary.foundation.grade,
            reasons: summary.foundation.reasons.clone(),
            heads: summary.heads.clone(),
            claims: summary.claims.clone(),
        }
    }

    /// The machine.
    pub fn machine(&self) -> Machine {
        self.fingerprint.machine()
    }

    /// The strategy that comes first there; none if nothing is ranked.
    pub fn first(&self) -> Option<&str> {
        self.heads.first().map(|head| head.strategy.as_str())
    }

    /// Whether it is about the default, and not about metering alone.
    pub fn decides(&self) -> bool {
        self.heads.iter().any(|head| head.head == "default")
    }

    /// When the run began, for people.
    pub fn measured(&self) -> String {
        crate::record::timestamp(self.started)
    }

    /// The ranking of its first head.
    pub fn ranking(&self) -> &[Place] {
        self.heads.first().map_or(&[], |head| &head.ranking)
    }

    /// Whether it makes a claim.
    pub fn claims(&self, id: &str) -> bool {
        self.claims.iter().any(|claim| claim.id == id && claim.is_made())
    }

    /// Time of a strategy by that of the first one there.
    pub fn relative(&self, strategy: &str) -> Option<Estimate> {
        let mut places = self
            .heads
            .iter()
            .filter(|head| head.head == "default")
            .flat_map(|head| &head.ranking);
        places
            .find(|place| place.strategy == strategy)
            .map(|place| place.times_as_long)
    }

    /// How old the measured sources are, as far as git knows.
    pub fn age(&self) -> String {
        match commits_since(&self.fingerprint.revision) {
            Some(0) => "the current revision".to_owned(),
            Some(1) => "1 commit ago".to_owned(),
            Some(commits) => format!("{commits} commits ago"),
            None => "of an unknown revision".to_owned(),
        }
    }
}

/// Puts others beside a summary, as far as they are of other machines: of each, the first.
pub(super) fn beside(summary: &mut Summary, others: &[Summary]) {
    beside_all(summary, others.iter().map(OfMachine::of));
}

/// The same with what was read elsewhere.
fn beside_all(summary: &mut Summary, others: impl Iterator<Item = OfMachine>) {
    if summary.machines.is_empty() {
        summary.machines.push(OfMachine::of(summary));
    }
    for other in others {
        if !summary
            .machines
            .iter()
            .any(|known| known.machine().is(&other.machine()))
        {
            summary.machines.push(other);
        }
    }
    if summary.machines.len() < 2 {
        summary.machines.clear();
    }
}

/// Puts the newest full runs of other machines beside a summary: of those in a folder of runs that were summarised.
pub(crate) fn beside_runs(summary: &mut Summary, runs: &Path) {
    beside_all(summary, others(runs, &summary.run).into_iter());
}

/// Summaries of full runs below a folder, the newest first; what cannot be read is passed over, since a report is complete
/// without.
fn others(runs: &Path, but: &Run) -> Vec<OfMachine> {
    let folders = newest_first(runs, |_| true).unwrap_or_default();
    let read = |folder: PathBuf| -> Result<Summary, Error> { json::load(&folder.join("summary.json")) };
    let found = folders.into_iter().filter_map(|folder| read(folder).ok());
    let decides = |summary: &Summary| {
        is_main(&summary.run.id)
            && summary.run.kind == Kind::Full
            && summary.run.id != but.id
            && !summary.heads.is_empty()
    };
    found.filter(decides).map(|summary| OfMachine::of(&summary)).collect()
}

/// Where a claim holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// On every machine that was measured, of which there are this many, two or more.
    Everywhere(usize),
    /// On these, and not on the others.
    OnlyOn(Vec<String>),
    /// On the one machine that was measured.
    OnOne(String),
    /// Nowhere.
    Nowhere,
}

impl Holds {
    /// In words: "on both", "on Intel only", "on AMD; not measured elsewhere".
    pub fn text(&self) -> String {
        match self {
            Holds::Everywhere(2) => "on both".to_owned(),
            Holds::Everywhere(count) => format!("on all {count}"),
            Holds::OnlyOn(vendors) => format!("on {} only", vendors.join(", ")),
            Holds::OnOne(vendor) => format!("on {vendor}; not measured elsewhere"),
            Holds::Nowhere => "does not hold".to_owned(),
        }
    }

    /// Where a claim of this name is made.
    pub fn of(machines: &[OfMachine], id: &str) -> Holds {
        let vendor = |machine: &OfMachine| machine.machine().vendor().to_owned();
        let on: Vec<String> = machines
            .iter()
            .filter(|machine| machine.claims(id))
            .map(vendor)
            .collect();
        match (on.as_slice(), machines.len()) {
            ([], _) => Holds::Nowhere,
            ([only], 1) => Holds::OnOne(only.clone()),
            (all, count) if all.len() == count => Holds::Everywhere(count),
            _ => Holds::OnlyOn(on),
        }
    }
}

impl Summary {
    /// What each machine says, this one first.
    pub fn on_machines(&self) -> Vec<OfMachine> {
        match self.machines.is_empty() {
            true => vec![OfMachine::of(self)],
            false => self.machines.clone(),
        }
    }

    /// Where a claim holds, by its name.
    pub fn holds(&self, id: &str) -> Holds {
        Holds::of(&self.on_machines(), id)
    }
}

/// Time of a strategy by that of the first on another machine than these: not estimable from fewer than [`FEWEST_MACHINES`].
pub fn on_another(machines: &[OfMachine], strategy: &str) -> Option<Estimate> {
    let logs = machines
        .iter()
        .filter_map(|machine| Some(machine.relative(strategy)?.value.ln()));
    let logs: Vec<f64> = logs.collect();
    (logs.len() >= FEWEST_MACHINES).then(|| one_more_of(&logs))?
}
