//! Reading a run's file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rows::{
    About, Control, Failure, Layout, Origin, Plan, Process, Program, Row, Run, Sample, Setup, Size, Traits,
};
use super::{FILE_NAME, OLDEST_SCHEMA, SCHEMA, contents, file_in};
use crate::count::Count;
use crate::error::Error;

/// Everything in a run's file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The file it was read from.
    pub path: PathBuf,
    /// The header.
    pub run: Run,
    /// All timed batches, in order.
    pub samples: Vec<Sample>,
    /// All failures, in order.
    pub failures: Vec<Failure>,
    /// All sizes, in order.
    pub sizes: Vec<Size>,
    /// All counts, in order.
    pub counts: Vec<Count>,
    /// What the engines are, in order; empty where all are strategies of this project.
    pub engines: Vec<About>,
    /// Strategies that are enrolled twice, in order; they are not to be ranked.
    pub controls: Vec<Control>,
    /// The processes that measured, in order.
    pub processes: Vec<Process>,
    /// What was asked for, if the run said so.
    pub setup: Option<Setup>,
    /// What strategies ask of their host; empty in older records.
    pub traits: Vec<Traits>,
    /// What the workloads are; empty in older records.
    pub programs: Vec<Program>,
    /// What the binaries are; empty in older records.
    pub layouts: Vec<Layout>,
    /// The runs that this one was merged from; empty for a run of its own.
    pub origins: Vec<Origin>,
    /// How long the run was to be, if it said so.
    pub plan: Option<Plan>,
    /// Blocks measured to their end, in a run with a plan.
    pub finished_blocks: u32,
    /// What a reader of the report should know about the file.
    pub warnings: Vec<String>,
}

/// Reads a run: `path` is its folder or the file itself.
///
/// A last line without an end that does not parse is what a killed run leaves behind; it is dropped with a warning. Any
/// other bad line is an error that names the file and the line.
pub fn read(path: &Path) -> Result<Recording, Error> {
    let path = if path.is_dir() { file_in(path) } else { path.to_owned() };
    let bytes = contents(&path)?;
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n').enumerate();
    let Some((_, first)) = lines.next() else {
        return Err(Error::line(&path, 1, "the file is empty"));
    };
    let run = read_header(&path, first)?;
    let mut recording = Recording::empty(path, run);
    let mut finished = BTreeSet::new();
    for (index, line) in lines {
        let number = index + 1;
        match serde_json::from_slice(line) {
            Ok(Row::Sample(sample)) => recording.samples.push(sample),
            Ok(Row::Cells(cells)) => recording.samples.extend(cells.samples()),
            Ok(Row::Failure(failure)) => recording.failures.push(failure),
            Ok(Row::Size(size)) => recording.sizes.push(size),
            Ok(Row::Count(count)) => recording.counts.push(count),
            Ok(Row::About(about)) => recording.engines.push(about),
            Ok(Row::Plan(plan)) => recording.plan = Some(plan),
            Ok(Row::Control(control)) => recording.controls.push(control),
            Ok(Row::Process(process)) => recording.processes.push(process),
            Ok(Row::Traits(traits)) => recording.traits.push(traits),
            Ok(Row::Program(program)) => recording.programs.push(program),
            Ok(Row::Layout(layout)) => recording.layouts.push(layout),
            Ok(Row::Setup(setup)) => recording.setup = Some(setup),
            Ok(Row::Origin(origin)) => recording.origins.push(origin),
            Ok(Row::BlockEnd(end)) => {
                finished.insert(end.block);
            }
            Ok(Row::Run(_)) => {
                return Err(Error::line(&recording.path, number, "a second run header"));
            }
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) if !line.ends_with(b"\n") => recording.warnings.push(format!(
                "line {number} of {FILE_NAME} was cut short and is left out: the run was interrupted"
            )),
            Err(error) => return Err(Error::line(&recording.path, number, error)),
        }
    }
    recording.finished_blocks = u32::try_from(finished.len()).unwrap_or(u32::MAX);
    recording.run.fingerprint.profile = measured_profile(&recording);
    drop_unfinished_block(&mut recording, &finished);
    if recording.clock_went_backwards() {
        let what = "the clock went backwards during the run, so that its blocks have no certain order";
        recording.warnings.push(what.to_owned());
    }
    if let Some(planned) = recording.cut_short() {
        recording.warnings.push(format!(
            "the run was interrupted after {} of {planned} blocks",
            recording.blocks()
        ));
    }
    Ok(recording)
}

/// Leaves out the block in which a run was interrupted: some strategies have a time in it that others lack, so that it
/// compares none with another.
fn drop_unfinished_block(recording: &mut Recording, finished: &BTreeSet<u32>) {
    if recording.plan.is_some() {
        let is_whole = |block: Option<u32>| block.is_none_or(|block| finished.contains(&block));
        recording.samples.retain(|sample| is_whole(sample.block));
        recording.processes.retain(|process| is_whole(process.block));
    }
}

/// How the binaries were built that measured, as they say themselves; of the driver, which measures nothing, if none says it.
fn measured_profile(recording: &Recording) -> String {
    let profiles = recording.processes.iter().map(|process| process.profile.as_str());
    let profiles: BTreeSet<&str> = profiles.filter(|profile| !profile.is_empty()).collect();
    match profiles.is_empty() {
        true => recording.run.fingerprint.profile.clone(),
        false => Vec::from_iter(profiles).join(" and "),
    }
}

impl Recording {
    /// The record of a run in which nothing was measured yet.
    pub fn empty(path: PathBuf, run: Run) -> Recording {
        Recording {
            path,
            run,
            ..Recording::default()
        }
    }

    /// The strategy that is measured a second time under this name, if there is one.
    pub fn control_of(&self, name: &str) -> Option<&str> {
        let control = self.controls.iter().find(|control| control.name == name)?;
        Some(&control.of)
    }

    /// What a strategy asks of its host.
    pub fn traits_of(&self, strategy: &str) -> impl Iterator<Item = &Traits> {
        self.traits.iter().filter(move |traits| traits.strategy == strategy)
    }

    /// How many blocks were measured to their end; 0 if the run was not interleaved.
    pub fn blocks(&self) -> u32 {
        match self.plan {
            Some(_) => self.finished_blocks,
            // Runs recorded before there were plans.
            None => {
                let last = self.samples.iter().filter_map(|sample| sample.block).max();
                last.map_or(0, |block| block.saturating_add(1))
            }
        }
    }

    /// What the workloads are, by name, as far as the record says it: older ones know a size at most.
    pub fn known_programs(&self) -> BTreeMap<String, Program> {
        let of_setup = self.setup.iter().flat_map(|setup| {
            let workloads = setup.parts.iter().flat_map(|part| &part.workloads);
            workloads.map(|workload| Program {
                workload: workload.clone(),
                sha256: String::new(),
                size: setup.size.clone(),
                run: String::new(),
            })
        });
        let programs = of_setup.chain(self.programs.iter().cloned());
        programs.map(|program| (program.workload.clone(), program)).collect()
    }

    /// The size of the workloads' inputs, if it is one and the record says it: "quick" or "full".
    pub fn size(&self) -> String {
        let mut sizes = self.known_programs().into_values().map(|program| program.size);
        let first = sizes.next().unwrap_or_default();
        match sizes.all(|size| size == first) {
            true => first,
            false => String::new(),
        }
    }

    /// Strategies and workloads that are wrong anywhere in the run, and why.
    pub fn wrong(&self) -> BTreeMap<(&str, &str), &str> {
        let unverified = self.samples.iter().filter(|sample| !sample.verified);
        let unverified = unverified.map(|of| ((&*of.strategy, &*of.workload), "a result was not verified"));
        let failures = self.failures.iter();
        let failures = failures.map(|of| ((&*of.strategy, &*of.workload), &*of.error));
        unverified.chain(failures).collect()
    }

    /// Whether a process of one machine began before the one that measured before it, or counted more CPU time than passed.
    pub fn clock_went_backwards(&self) -> bool {
        // A clock may be set back by a little while it is kept in time.
        const LEEWAY: u64 = 2;
        let of_origin = |a: &Process, b: &Process| a.origin == b.origin && a.block < b.block;
        let earlier = |pair: &[Process]| {
            of_origin(&pair[0], &pair[1]) && pair[1].started.saturating_add(LEEWAY) < pair[0].started
        };
        let too_much = |process: &Process| {
            let cpu = process.cpu_nanoseconds.unwrap_or(0) as f64;
            process.wall_nanoseconds > 0 && cpu > 1.02 * process.wall_nanoseconds as f64 + 1e7
        };
        self.processes.windows(2).any(earlier) || self.processes.iter().any(too_much)
    }

    /// The number of blocks that were planned, if it is more than were measured: the run was interrupted.
    pub fn cut_short(&self) -> Option<u32> {
        let planned = self.plan?.blocks;
        (planned > self.finished_blocks).then_some(planned)
    }
}

/// Reads the header. The version is looked at first, so that a newer file is refused for being newer.
fn read_header(path: &Path, line: &[u8]) -> Result<Run, Error> {
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|error| Error::line(path, 1, error))?;
    let wrong = |what: String| Err(Error::line(path, 1, what));
    let is_none = "the first line is no run header";
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(version) if (u64::from(OLDEST_SCHEMA)..=u64::from(SCHEMA)).contains(&version) => {}
        Some(version) => {
            let known = format!("schema {OLDEST_SCHEMA} to {SCHEMA}");
            return wrong(format!("schema {version}, but this program reads {known}"));
        }
        None => return wrong(is_none.to_owned()),
    }
    match serde_json::from_value(value) {
        Ok(Row::Run(run)) => Ok(run),
        Ok(_) => wrong(is_none.to_owned()),
        Err(error) => wrong(error.to_string()),
    }
}
