//! What several machines say, side by side: nothing is averaged over them, and a claim says where it holds.
//!
//! Two records need not have the same programs. Where they differ, machines are compared over those that all of them ran, and
//! everything is said of these again; what is the same is the same by name and, as far as records say it, by size and module.
//! If the machines ran nothing the same, but programs of the same names at other sizes, each says in which order the strategies are
//! on those; no number is taken from one to the other.

use std::collections::BTreeSet;
use std::path::Path;

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::heads::Place;
use super::{Claim, Grade, Head, Summary};
use crate::json;
use crate::record::{self, Kind, Recording, Run};
use crate::statistics::Estimate;
use crate::statistics::paired::one_more_of;
use crate::units;
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
    /// How many programs count.
    #[serde(default)]
    pub programs: usize,
    /// The size of their inputs: "quick" or "full"; empty if the record does not say.
    #[serde(default)]
    pub size: String,
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
    /// Whether they are the same by name alone, because the machines ran them at other sizes or ran other modules: then their
    /// order is compared, and no time.
    #[serde(default)]
    pub sizes_differ: bool,
    /// What to use for them.
    pub heads: Vec<Head>,
    /// What is said of them.
    pub claims: Vec<Claim>,
}

impl OfMachine {
    fn of(summary: &Summary, recording: Option<&Recording>) -> OfMachine {
        OfMachine {
            programs: summary.counted().count(),
            size: match recording {
                // Older summaries do not say it.
                Some(recording) if summary.size.is_empty() => recording.size(),
                _ => summary.size.clone(),
            },
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

    /// What tells it from the others in a few words.
    pub fn name_among(&self, machines: &[OfMachine]) -> String {
        self.machine().name_among(machines.iter().map(OfMachine::machine))
    }

    /// What to use there, for what all machines ran; empty if that is nothing.
    pub fn compared(&self) -> &[Head] {
        self.shared.as_ref().map_or(&self.heads, |shared| &shared.heads)
    }

    /// What it says of what all machines ran.
    pub fn compared_claims(&self) -> &[Claim] {
        self.shared.as_ref().map_or(&self.claims, |shared| &shared.claims)
    }

    /// What it says of the programs that all machines ran about the same thing as a claim of another.
    pub fn counterpart(&self, id: &str) -> Option<&Claim> {
        counterpart(self.compared_claims(), id)
    }

    /// How its measurement differs from another one, in words: size, revision, age; empty if the two can be pooled.
    pub fn differs_from(&self, other: &OfMachine) -> String {
        let size = (self.size != other.size && !self.size.is_empty()).then(|| format!("{} size", self.size));
        let is_same = self.fingerprint.same_sources(&other.fingerprint);
        let days = (other.started.abs_diff(self.started) + 43_200) / 86_400;
        let days = match (days, self.started < other.started) {
            (0, _) => String::new(),
            (1, true) => ", a day older".to_owned(),
            (1, false) => ", a day newer".to_owned(),
            (days, true) => format!(", {days} days older"),
            (days, false) => format!(", {days} days newer"),
        };
        let revision = (!is_same).then(|| format!("revision {}{days}", self.fingerprint.short_revision()));
        let other_modules = self.shared.as_ref().is_some_and(|shared| shared.sizes_differ);
        let modules = (other_modules && size.is_none()).then(|| "other sizes or modules".to_owned());
        match self.run == other.run && self.machine().is(&other.machine()) {
            true => String::new(),
            false => size.into_iter().chain(modules).chain(revision).join(", "),
        }
    }

    /// The strategy that comes first there; none if nothing is ranked.
    pub fn first(&self) -> Option<&str> {
        self.heads.first().map(|head| head.strategy.as_str())
    }

    /// Whether it is about the default, and not about metering alone.
    pub fn decides(&self) -> bool {
        self.heads.iter().any(|head| head.head == "default")
    }

    /// The ranking of its first head.
    pub fn ranking(&self) -> &[Place] {
        self.heads.first().map_or(&[], |head| &head.ranking)
    }

    /// Time of a strategy by that of the first one there, over what all machines ran.
    pub fn relative(&self, strategy: &str) -> Option<Estimate> {
        let heads = self.compared().iter().filter(|head| head.head == "default");
        let mut places = heads.flat_map(|head| &head.ranking);
        Some(places.find(|place| place.strategy == strategy)?.times_as_long)
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
        let is_it = |(known, _): &Source| known.run.fingerprint.machine().is(&machine);
        if !kept.iter().any(is_it) {
            kept.push(source);
        }
    }
    if kept.len() < 2 {
        return Vec::new();
    }
    let shared = shared(&kept);
    let of = |(summary, recording): &Source| OfMachine {
        shared: (shared.as_ref())
            .map(|(programs, sizes_differ)| Shared::of(recording.as_ref(), programs, *sizes_differ)),
        ..OfMachine::of(summary, recording.as_ref())
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

/// The programs that count on all machines and are the same there, or none if that is all of them everywhere; if there are none,
/// those of the same name, whose sizes differ.
fn shared(sources: &[Source]) -> Option<(BTreeSet<String>, bool)> {
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
    let mut named = all.first()?.clone();
    named.retain(|name| all.iter().all(|names| names.contains(name)));
    let mut shared = named.clone();
    shared.retain(is_same);
    if all.iter().all(|names| *names == shared) {
        return None;
    }
    // Without its samples nothing can be said of some programs of a run.
    if known.len() < sources.len() {
        return Some((BTreeSet::new(), false));
    }
    Some(match shared.is_empty() && !named.is_empty() {
        true => (named, true),
        false => (shared, false),
    })
}

impl Shared {
    /// The ranking of its first head.
    pub fn ranking(&self) -> &[Place] {
        self.heads.first().map_or(&[], |head| &head.ranking)
    }

    fn of(recording: Option<&Recording>, programs: &BTreeSet<String>, sizes_differ: bool) -> Shared {
        let Some(recording) = recording.filter(|_| !programs.is_empty()) else {
            return Shared::default();
        };
        let known = recording.known_programs();
        let mut part = recording.clone();
        part.samples.retain(|sample| programs.contains(&sample.workload));
        part.failures.retain(|failure| programs.contains(&failure.workload));
        part.sizes.retain(|size| programs.contains(&size.workload));
        let summary = super::of_one_machine(&part);
        let is_known = |name: &String| known.get(name).is_some_and(|program| !program.sha256.is_empty());
        Shared {
            programs: programs.len(),
            sizes_differ,
            by_name: !programs.iter().all(is_known),
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

/// What a machine says of what another one claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It claims the same.
    Agrees,
    /// It claims the opposite.
    Disagrees,
    /// It claims neither.
    NotShown,
    /// It has not measured what this is about.
    NotMeasured,
}

/// Where a claim holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// Each machine, the one that claims first: its vendor, how its measurement differs from that of the first, what it says.
    pub on: Vec<(String, String, Answer)>,
    /// Over how many programs they are compared, if not all ran the same, and whether these are the same by name alone.
    pub over: Option<(usize, bool)>,
}

impl Holds {
    /// In words: "on both", "on Intel only, over the 9 programs that both ran", "on AMD; Intel (full size, revision 066dc99, 6
    /// days older, 27 programs of the same name) agrees".
    pub fn text(&self) -> String {
        let apart = self
            .apart()
            .map(|(vendor, how, says)| format!("; {vendor} ({how}) {says}"));
        self.where_it_is() + &apart.collect::<String>()
    }

    /// The same without how the measurements differ: "on AMD; Intel agrees".
    pub fn brief(&self) -> String {
        let apart = self.apart().map(|(vendor, _, says)| format!("; {vendor} {says}"));
        self.where_it_is() + &apart.collect::<String>()
    }

    /// How measurements differ, where they do: "Intel: full size, revision 066dc99, 6 days older, 27 programs of the same name".
    pub fn differences(&self) -> Vec<String> {
        let apart = self.apart();
        apart.map(|(vendor, how, _)| format!("{vendor}: {how}")).collect()
    }

    /// Machines whose measurements cannot be pooled with the first: vendor, how they differ, what they say.
    fn apart(&self) -> impl Iterator<Item = (&str, String, &'static str)> {
        let over = match self.over {
            Some((count, true)) => format!(", {} of the same name", units::number(count, "program")),
            Some((count, false)) => format!(", {} in common", programs(count)),
            None => String::new(),
        };
        let is_made = self.on.first().is_some_and(|(_, _, answer)| *answer == Answer::Agrees);
        let apart = self.on.iter().filter(|(_, differs, _)| !differs.is_empty());
        apart.filter_map(move |(vendor, differs, answer)| {
            let says = match answer {
                Answer::Agrees if is_made => "agrees",
                Answer::Agrees => "claims it",
                Answer::Disagrees => "disagrees",
                Answer::NotShown => "does not show it",
                Answer::NotMeasured => return None,
            };
            Some((vendor.as_str(), format!("{differs}{over}"), says))
        })
    }

    /// Among those that can be pooled with the first.
    fn where_it_is(&self) -> String {
        let measured = self.on.iter().filter(|(_, _, answer)| *answer != Answer::NotMeasured);
        let like: Vec<_> = measured.filter(|(_, differs, _)| differs.is_empty()).collect();
        let on = like.iter().filter(|(_, _, answer)| *answer == Answer::Agrees);
        let on: Vec<&str> = on.map(|(vendor, ..)| vendor.as_str()).collect();
        let all = if self.on.len() == 2 { "both" } else { "all" };
        let over = match self.over {
            Some((count, _)) if like.len() > 1 => format!(", over {} that {all} ran", programs(count)),
            _ => String::new(),
        };
        let mut others = self.on.iter().skip(1);
        let elsewhere = match others.any(|(_, _, answer)| *answer != Answer::NotMeasured) {
            true => "",
            false if self.over.is_some() => "; not measured elsewhere on the same programs",
            false => "; not measured elsewhere",
        };
        match (on.as_slice(), like.len()) {
            ([], _) => "does not hold".to_owned(),
            ([only], 1) => format!("on {only}{elsewhere}"),
            (on, of) if on.len() < of => format!("on {} only{over}", on.join(", ")),
            (_, 2) => format!("on both{over}"),
            (_, of) => format!("on all {of}{over}"),
        }
    }

    /// Where a claim of this name is made: over all that a machine ran, and over what all machines ran.
    pub fn of(machines: &[OfMachine], id: &str) -> Holds {
        let Some(first) = machines.first() else {
            return Holds::default();
        };
        let shared = first.shared.as_ref();
        let counterpart = || first.counterpart(id).map_or(0, |claim| claim.programs);
        let of = |(place, machine): (usize, &OfMachine)| {
            let all = answer(&machine.claims, id);
            // One program says nothing about a class.
            let says_nothing = |claim: &Claim| claim.id.starts_with("class") && claim.programs < 2;
            let of_part = match shared.is_some() && machine.counterpart(id).is_some_and(says_nothing) {
                true => Answer::NotMeasured,
                false => answer(machine.compared_claims(), id),
            };
            let answer = match of_part {
                // What nobody else ran holds where it was measured.
                Answer::NotMeasured if place == 0 => all,
                // What holds of a part of the programs alone is no claim of a machine.
                of_part if of_part == all || of_part == Answer::NotMeasured => of_part,
                _ => Answer::NotShown,
            };
            (machine.name_among(machines), machine.differs_from(first), answer)
        };
        Holds {
            on: machines.iter().enumerate().map(of).collect(),
            over: shared.map(|shared| (counterpart(), shared.sizes_differ)),
        }
    }
}

/// What a claim is about, and of which two strategies: `class calls`, `threaded`, `match_loop`.
fn parts(id: &str) -> Option<(&str, &str, &str)> {
    let mut parts = id.rsplitn(3, ' ');
    let (second, first, about) = (parts.next()?, parts.next()?, parts.next()?);
    Some((about, first, second))
}

/// The claim about the same: of a class, who is fastest there; on average, of the same two strategies, whichever comes first.
fn counterpart<'c>(claims: &'c [Claim], id: &str) -> Option<&'c Claim> {
    let (about, first, second) = parts(id)?;
    let is_it = |claim: &&Claim| {
        parts(&claim.id).is_some_and(|(its, one, other)| {
            its == about
                && (about.starts_with("class") || (one, other) == (first, second) || (one, other) == (second, first))
        })
    };
    claims.iter().find(is_it)
}

fn answer(claims: &[Claim], id: &str) -> Answer {
    let first = |id| parts(id).map(|(_, first, _)| first);
    match counterpart(claims, id) {
        None => Answer::NotMeasured,
        Some(claim) if !claim.is_made() => Answer::NotShown,
        Some(claim) if first(&claim.id) == first(id) => Answer::Agrees,
        Some(_) => Answer::Disagrees,
    }
}

/// `a, b and c`.
fn and(texts: &[&str]) -> String {
    match texts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
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
    let over = first.shared.as_ref().map(|shared| match shared.programs {
        0 => "ran different programs, so nothing is compared".to_owned(),
        some if shared.sizes_differ => format!(
            "ran their programs at different sizes, so only the order is compared, on {} that {all} have by name",
            programs(some)
        ),
        some if shared.by_name => format!(
            "are compared over {} that {all} ran (the same by name and size, of which an older record has no more)",
            programs(some)
        ),
        some => format!("are compared over {} that {all} ran", programs(some)),
    });
    let is_same = |other: &OfMachine| first.fingerprint.same_sources(&other.fingerprint);
    let revisions = (!machines.iter().all(is_same)).then(|| {
        let revisions = machines.iter().map(|machine| machine.fingerprint.short_revision());
        format!("were measured at revisions {}", and(&revisions.collect::<Vec<_>>()))
    });
    let said = over.into_iter().chain(revisions).join("; they ");
    (!said.is_empty()).then(|| format!("The {count} machines {said}."))
}

impl Summary {
    /// What each machine says, this one first.
    pub fn on_machines(&self) -> Vec<OfMachine> {
        match self.machines.is_empty() {
            true => vec![OfMachine::of(self, None)],
            false => self.machines.clone(),
        }
    }

    /// Where a claim holds, by its name.
    pub fn holds(&self, id: &str) -> Holds {
        Holds::of(&self.on_machines(), id)
    }
}

/// Time of a strategy by that of the first on another machine than these: not estimable from fewer than [`FEWEST_MACHINES`] that
/// measured the same sources at the same size.
pub fn on_another(machines: &[OfMachine], strategy: &str) -> Option<Estimate> {
    let first = machines.first()?;
    let alike = machines.iter().filter(|machine| machine.differs_from(first).is_empty());
    let logs = alike.filter_map(|machine| Some(machine.relative(strategy)?.value.ln()));
    let logs = logs.collect_vec();
    (logs.len() >= FEWEST_MACHINES).then(|| one_more_of(&logs))?
}
