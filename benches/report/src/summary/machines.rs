//! What several machines say, side by side: nothing is averaged over them, and a claim says where it holds.
//!
//! Two records need not have the same programs. Where they differ, machines are compared over those that all of them ran, and
//! everything is said of these again; what is the same is the same by name and, as far as records say it, by size and module.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::heads::Place;
use super::{Claim, Grade, Head, Summary};
use crate::json;
use crate::record::{self, Kind, Recording, Run};
use crate::statistics::Estimate;
use crate::statistics::paired::one_more_of;
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
    /// What it says of the programs that all machines beside it ran, too; none if all ran the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
}

/// What a machine says of the programs that all of several machines ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// How many programs these are; with none, nothing is compared.
    pub programs: usize,
    /// Whether a record does not say which modules they are: then they are the same by name and size.
    pub by_name: bool,
    /// What to use for them.
    pub heads: Vec<Head>,
    /// What is said of them.
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
            shared: None,
        }
    }

    /// The machine.
    pub fn machine(&self) -> Machine {
        self.fingerprint.machine()
    }

    /// What to use there, for what all machines ran; empty if that is nothing.
    pub fn compared(&self) -> &[Head] {
        self.shared.as_ref().map_or(&self.heads, |shared| &shared.heads)
    }

    /// What it says of what all machines ran.
    pub fn compared_claims(&self) -> &[Claim] {
        self.shared.as_ref().map_or(&self.claims, |shared| &shared.claims)
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

    /// Time of a strategy by that of the first one there, over what all machines ran.
    pub fn relative(&self, strategy: &str) -> Option<Estimate> {
        let mut places = self
            .compared()
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

/// A run on one machine: what is said of it, and its record, if that is still there.
pub(super) type Source = (Summary, Option<Recording>);

/// What each of several machines says, the first source's first: of each machine, the first that there is. Empty with one.
pub(super) fn side_by_side(sources: impl Iterator<Item = Source>) -> Vec<OfMachine> {
    let mut kept: Vec<Source> = Vec::new();
    for source in sources {
        let machine = source.0.run.fingerprint.machine();
        if !kept
            .iter()
            .any(|(known, _)| known.run.fingerprint.machine().is(&machine))
        {
            kept.push(source);
        }
    }
    if kept.len() < 2 {
        return Vec::new();
    }
    let shared = shared(&kept);
    let of = |(summary, recording): &Source| OfMachine {
        shared: shared.as_ref().map(|programs| Shared::of(recording.as_ref(), programs)),
        ..OfMachine::of(summary)
    };
    let mut machines: Vec<OfMachine> = kept.iter().map(of).collect();
    // What one record does not say of its programs, the comparison does not know.
    let by_name = |machine: &OfMachine| machine.shared.as_ref().is_some_and(|shared| shared.by_name);
    let by_name = machines.iter().any(by_name);
    for shared in machines.iter_mut().filter_map(|machine| machine.shared.as_mut()) {
        shared.by_name = by_name;
    }
    machines
}

/// The programs that count on all machines and are the same there, or none if that is all of them everywhere.
fn shared(sources: &[Source]) -> Option<BTreeSet<String>> {
    let counted = |(summary, _): &Source| -> BTreeSet<String> {
        summary.counted().map(|workload| workload.name.clone()).collect()
    };
    let all: Vec<BTreeSet<String>> = sources.iter().map(counted).collect();
    let known = sources.iter().filter_map(|(_, recording)| recording.as_ref());
    let known: Vec<_> = known.map(Recording::known_programs).collect();
    let is_same = |name: &String| {
        let mut programs = known.iter().filter_map(|programs| programs.get(name));
        let first = programs.next();
        first.is_none_or(|first| programs.all(|other| first.differs(other).is_none()))
    };
    let mut shared = all.first()?.clone();
    shared.retain(|name| all.iter().all(|names| names.contains(name)) && is_same(name));
    if all.iter().all(|names| *names == shared) {
        return None;
    }
    // Without its samples nothing can be said of some programs of a run.
    if known.len() < sources.len() {
        shared.clear();
    }
    Some(shared)
}

impl Shared {
    /// The ranking of its first head.
    pub fn ranking(&self) -> &[Place] {
        self.heads.first().map_or(&[], |head| &head.ranking)
    }

    fn of(recording: Option<&Recording>, programs: &BTreeSet<String>) -> Shared {
        let Some(recording) = recording.filter(|_| !programs.is_empty()) else {
            return Shared::default();
        };
        let known = recording.known_programs();
        let mut part = recording.clone();
        part.samples.retain(|sample| programs.contains(&sample.workload));
        part.failures.retain(|failure| programs.contains(&failure.workload));
        part.sizes.retain(|size| programs.contains(&size.workload));
        let summary = super::of_one_machine(&part);
        Shared {
            programs: programs.len(),
            by_name: programs
                .iter()
                .any(|name| known.get(name).is_none_or(|program| program.sha256.is_empty())),
            heads: summary.heads,
            claims: summary.claims,
        }
    }
}

/// Full runs below a folder, the newest first; what cannot be read is passed over, since a report is complete without.
pub(super) fn others(runs: &Path, but: &Run) -> impl Iterator<Item = Source> {
    let folders = newest_first(runs, |_| true).unwrap_or_default().into_iter();
    let but = but.id.clone();
    folders.filter_map(move |folder| {
        let summary: Summary = json::load(&folder.join("summary.json")).ok()?;
        let run = &summary.run;
        let decides = is_main(&run.id) && run.kind == Kind::Full && run.id != but && !summary.heads.is_empty();
        decides.then(|| (summary, record::read(&folder).ok()))
    })
}

/// Where a claim holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// On these machines, by their vendors.
    pub on: Vec<String>,
    /// How many machines were compared; one if the others did not run what it is about.
    pub of: usize,
    /// Over how many programs that all of them ran, if there are others that not all ran.
    pub over: Option<usize>,
}

impl Holds {
    /// In words: "on both", "on Intel only, over the 9 programs that both ran", "on AMD; not measured elsewhere".
    pub fn text(&self) -> String {
        let over = self.over.filter(|_| self.of > 1).map_or(String::new(), |count| {
            let all = if self.of == 2 { "both" } else { "all" };
            format!("over {} that {all} ran", programs(count))
        });
        let where_it_is = match (self.on.as_slice(), self.of) {
            ([], _) => return "does not hold".to_owned(),
            ([only], 1) if self.over.is_some() => {
                return format!("on {only}; not measured elsewhere on the same programs");
            }
            ([only], 1) => return format!("on {only}; not measured elsewhere"),
            (on, of) if on.len() < of => format!("on {} only", on.join(", ")),
            (_, 2) => "on both".to_owned(),
            (_, of) => format!("on all {of}"),
        };
        match over.is_empty() {
            true => where_it_is,
            false => format!("{where_it_is}, {over}"),
        }
    }

    /// Where a claim of this name is made: over all that a machine ran, and over what all machines ran.
    pub fn of(machines: &[OfMachine], id: &str) -> Holds {
        // Claims about the same: of a class, or of the mean.
        let about = |id: &str| id.rsplitn(3, ' ').nth(2).map(str::to_owned);
        let is_shared = machines.iter().any(|machine| machine.shared.is_some());
        let mut shared = machines.iter().flat_map(OfMachine::compared_claims);
        let over = shared
            .find(|claim| about(&claim.id) == about(id))
            .map_or(0, |claim| claim.programs);
        let compared = if is_shared && over == 0 {
            &machines[..1]
        } else {
            machines
        };
        let is_made = |claims: &[Claim]| claims.iter().any(|claim| claim.id == id && claim.is_made());
        // What holds of a part of the programs alone is no claim.
        let makes = |machine: &&OfMachine| {
            is_made(&machine.claims) && (compared.len() < machines.len() || is_made(machine.compared_claims()))
        };
        let on = compared.iter().filter(makes);
        Holds {
            on: on.map(|machine| machine.machine().vendor().to_owned()).collect(),
            of: compared.len(),
            over: is_shared.then_some(over),
        }
    }
}

/// `the 9 programs`.
fn programs(count: usize) -> String {
    match count {
        1 => "the one program".to_owned(),
        count => format!("the {count} programs"),
    }
}

/// What several machines are compared over, in a sentence; none where they ran the same at the same revision.
pub fn compared_over(machines: &[OfMachine]) -> Option<String> {
    let first = machines.first()?;
    let count = machines.len();
    let all = if count == 2 { "both" } else { "all" };
    let over = first
        .shared
        .as_ref()
        .map(|shared| match (shared.programs, shared.by_name) {
            (0, _) => "ran different programs, so nothing is compared".to_owned(),
            (some, false) => format!("are compared over {} that {all} ran", programs(some)),
            (some, true) => format!(
                "are compared over {} that {all} ran (the same by name and size, of which an older record has no more)",
                programs(some)
            ),
        });
    let is_same = |other: &OfMachine| first.fingerprint.same_sources(&other.fingerprint);
    let revisions = (!machines.iter().all(is_same)).then(|| {
        let revisions = machines.iter().map(|machine| machine.fingerprint.short_revision());
        format!(
            "were measured at revisions {}",
            revisions.collect::<Vec<_>>().join(" and ")
        )
    });
    let said = [over, revisions]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; they ");
    (!said.is_empty()).then(|| format!("The {count} machines {said}."))
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
