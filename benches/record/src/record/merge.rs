//! Joining the files of several runs, of one machine or of many, into one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::reader::{Recording, read};
use super::rows::{BlockEnd, Kind, Layout, Origin, Phase, Plan, Process, Program, Row, Run};
use super::writer::Writer;
use super::{FILE_NAME, SCHEMA, time};
use crate::error::Error;
use crate::fingerprint::{Fingerprint, Machine};
use crate::lock::Lock;

/// Writes a new run into `folder` that has everything in `runs` (folders, or files): samples, failures, conditions, and for
/// each of them where it was measured. Blocks and processes get new numbers, so that no two are taken for one; what was
/// compared within a block still is.
///
/// # Errors
///
/// When a file cannot be read or written, when a run is there twice (also within an earlier merger), when counted and timed
/// runs are mixed, when a name stands for different things in two runs, and when runs of one machine are of different sources
/// or sizes: those are not to be pooled.
pub fn merge(runs: &[PathBuf], folder: &Path) -> Result<Recording, Error> {
    let recordings: Vec<Recording> = runs.iter().map(|run| read(run)).collect::<Result<_, _>>()?;
    let Some(first) = recordings.first() else {
        return Err(Error::NoRun(folder.to_owned()));
    };
    check(&recordings)?;
    let kind = match recordings.iter().all(|recording| recording.run.kind == first.run.kind) {
        true => first.run.kind,
        // No better than the least of them.
        false => Kind::Quick,
    };
    let started = recordings.iter().map(|recording| recording.run.started).min();
    let mut merged = Merged::default();
    for recording in &recordings {
        merged.add(recording);
    }
    let mut header = Run {
        schema: SCHEMA,
        id: String::new(),
        started: started.unwrap_or(first.run.started),
        kind,
        seed: None,
        fingerprint: first.run.fingerprint.clone(),
    };
    header.id = format!("{}-merged-{}", time::run_id(header.started, kind), merged.origins);
    let _lock = Lock::take(folder)?;
    let path = folder.join(FILE_NAME);
    if path.exists() {
        return Err(Error::RunExists(path));
    }
    // Under another name until it is whole: a part of it would be read as a run. One that was killed has left its part.
    let fresh = format!("{FILE_NAME}.new");
    let _ = fs::remove_file(folder.join(&fresh));
    let mut writer = Writer::create_named(folder, &fresh, &header)?;
    writer.write_all(&merged.rows)?;
    if merged.planned > 0 {
        writer.write(Plan { blocks: merged.planned })?;
    }
    for block in 0..merged.blocks {
        writer.write(BlockEnd { block })?;
    }
    fs::rename(writer.path(), &path).map_err(Error::io(&path))?;
    read(folder)
}

/// What a recording consists of: itself, or what it was merged from.
fn origins(recording: &Recording) -> Vec<Origin> {
    if !recording.origins.is_empty() {
        return recording.origins.clone();
    }
    let run = &recording.run;
    vec![Origin {
        origin: 0,
        id: run.id.clone(),
        started: run.started,
        kind: run.kind,
        seed: run.seed,
        fingerprint: run.fingerprint.clone(),
    }]
}

fn check(recordings: &[Recording]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut classes: BTreeMap<&str, &str> = BTreeMap::new();
    let mut engines: BTreeMap<&str, String> = BTreeMap::new();
    let mut programs: BTreeMap<String, Program> = BTreeMap::new();
    let mut counted = None;
    let mut sources: Vec<(Machine, Fingerprint, String)> = Vec::new();
    for recording in recordings {
        let wrong = |what: String| Error::Merge(recording.path.clone(), what);
        for origin in origins(recording) {
            if !seen.insert((origin.id.clone(), origin.started, origin.seed)) {
                return Err(wrong(format!("the run {} is in the others already", origin.id)));
            }
            let (machine, print) = (origin.fingerprint.machine(), origin.fingerprint);
            match sources.iter().find(|(known, ..)| known.is(&machine)) {
                Some((_, known, id)) if !known.same_sources(&print) => {
                    return Err(wrong(format!(
                        "{} measured revision {} and {id} measured {}, on the same machine",
                        origin.id, print.revision, known.revision
                    )));
                }
                Some(_) => {}
                None => sources.push((machine, print, origin.id)),
            }
        }
        let counts = recording.run.kind == Kind::Counts;
        if *counted.get_or_insert(counts) != counts {
            return Err(wrong("counted instructions and times do not go together".to_owned()));
        }
        for sample in &recording.samples {
            let class = *classes.entry(&sample.workload).or_insert(&sample.class);
            if class != sample.class {
                return Err(wrong(format!(
                    "its workload {} is of class {}, elsewhere of class {class}",
                    sample.workload, sample.class
                )));
            }
        }
        for (workload, program) in recording.known_programs() {
            let known = programs.entry(workload.clone()).or_insert_with(|| program.clone());
            if let Some(what) = known.differs(&program) {
                return Err(wrong(format!("its workload {workload} has {what} than elsewhere")));
            }
            known.learn(program);
        }
        let abouts = recording.engines.iter();
        let abouts = abouts.map(|about| (&about.name, format!("{} {}", about.version, about.configuration)));
        let controls = recording.controls.iter();
        let controls = controls.map(|control| (&control.name, format!("{} a second time", control.of)));
        for (name, what) in abouts.chain(controls) {
            let known = engines.entry(name).or_insert_with(|| what.clone());
            if *known != what {
                return Err(wrong(format!("{name} is {what}, elsewhere {known}")));
            }
        }
    }
    Ok(())
}

/// What has been put together so far.
#[derive(Default)]
struct Merged {
    rows: Vec<Row>,
    origins: u32,
    processes: u32,
    blocks: u32,
    planned: u32,
    /// Machine, seed of a layout, hash of its binary.
    binaries: Vec<(Machine, Option<u64>, String)>,
}

impl Merged {
    fn add(&mut self, recording: &Recording) {
        let first_origin = self.origins;
        for origin in origins(recording) {
            self.rows.push(Row::Origin(Origin {
                origin: first_origin.saturating_add(origin.origin),
                ..origin
            }));
            self.origins += 1;
        }
        let engines = recording.engines.iter().cloned().map(Row::from);
        let controls = recording.controls.iter().cloned().map(Row::from);
        let failures = recording.failures.iter().cloned().map(Row::from);
        let sizes = recording.sizes.iter().cloned().map(Row::from);
        let traits = recording.traits.iter().cloned().map(Row::from);
        let programs = recording.programs.iter().cloned().map(Row::from);
        let layouts = recording.layouts.iter().cloned().map(|layout| {
            let seed = self.seed(recording, layout.layout, &layout.binary);
            Row::from(Layout { layout: seed, ..layout })
        });
        let layouts: Vec<Row> = layouts.collect();
        let heads = engines.chain(controls).chain(traits).chain(programs).chain(layouts);
        for row in heads.chain(failures).chain(sizes) {
            if !self.rows.contains(&row) {
                self.rows.push(row);
            }
        }
        self.rows.extend(recording.counts.iter().cloned().map(Row::Count));

        let mut blocks = Numbers::from(self.blocks);
        let mut processes = Numbers::from(self.processes);
        let mut layouts: BTreeMap<u32, Option<u64>> = BTreeMap::new();
        for process in &recording.processes {
            let layout = self.seed(recording, process.layout, &process.binary);
            layouts.insert(process.process, layout);
            self.rows.push(Row::Process(Process {
                process: processes.of(Some(process.process)),
                block: process.block.map(|block| blocks.of(Some(block))),
                origin: Some(first_origin.saturating_add(process.origin.unwrap_or(0))),
                layout,
                ..process.clone()
            }));
        }
        for sample in &recording.samples {
            let mut sample = sample.clone();
            sample.block = sample.block.map(|block| blocks.of(Some(block)));
            if let Some(&layout) = sample.process.and_then(|process| layouts.get(&process)) {
                sample.layout = layout;
            }
            let known = processes.next;
            let process = processes.of(sample.process);
            // Runs of one process, and older ones, have no row for it; the origin must be found all the same.
            if processes.next > known {
                self.rows.push(Row::Process(unnamed(recording, process, first_origin)));
            }
            sample.process = Some(process);
            self.rows.push(Row::Sample(sample));
        }
        let finished = blocks.next - self.blocks;
        let planned = recording.plan.map_or(0, |plan| plan.blocks);
        self.planned = self.planned.saturating_add(planned.max(finished));
        self.blocks = blocks.next;
        self.processes = processes.next;
    }

    /// The seed of a layout in the merged run: that of the run, unless another binary of the same machine has it already. The
    /// same seed makes other layouts of other code.
    fn seed(&mut self, recording: &Recording, seed: Option<u64>, binary: &str) -> Option<u64> {
        const APART: u64 = 1_000_000;
        let machine = recording.run.fingerprint.machine();
        let mut free = seed;
        let taken = |free| {
            let mut binaries = self.binaries.iter();
            binaries.find(|(on, known, _)| *known == free && on.is(&machine))
        };
        while let Some((.., of)) = taken(free) {
            if of == binary {
                return free;
            }
            free = Some(free.unwrap_or(0).wrapping_add(APART));
        }
        self.binaries.push((machine, free, binary.to_owned()));
        free
    }
}

/// A process of which nothing is known but where it ran.
fn unnamed(recording: &Recording, process: u32, origin: u32) -> Process {
    let runs = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
    Process {
        process,
        origin: Some(origin),
        started: recording.run.started,
        seed: recording.run.seed.unwrap_or(0),
        binary: recording.run.fingerprint.binary.clone(),
        wall_nanoseconds: runs.fold(0, |sum, sample| sum.saturating_add(sample.nanoseconds)),
        ..Process::default()
    }
}

/// New numbers for old ones, in the order in which they are asked for.
struct Numbers {
    known: BTreeMap<Option<u32>, u32>,
    next: u32,
}

impl Numbers {
    fn from(next: u32) -> Numbers {
        Numbers {
            known: BTreeMap::new(),
            next,
        }
    }

    fn of(&mut self, old: Option<u32>) -> u32 {
        *self.known.entry(old).or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }
}
