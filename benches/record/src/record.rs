//! Raw data of a run, as JSON lines: the rows, an append-only writer, and a reader that survives a killed run.
//!
//! A run is one folder with one file, [`FILE_NAME`]. Its first line is the [`Run`] header; every further line is a
//! [`Sample`], a [`Failure`] or a [`Size`], in the order in which they happened. An interleaved run also writes its
//! [`Plan`] and a [`BlockEnd`] after each block, so that a reader knows whether it came to its end. Each line carries its kind in the
//! field `row`, so the file can be read with nothing but a JSON parser:
//!
//! ```text
//! {"row":"run","schema":1,"id":"20260102-030405-quick","started":1767323045,"kind":"quick",...}
//! {"row":"sample","workload":"fib","class":"calls","strategy":"threaded","phase":"execute","iterations":8,...}
//! ```
//!
//! Everything else this crate makes (table, plots, page) is derived from that file and can be made again from it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::count::Count;
use crate::error::Error;
use crate::fingerprint::Fingerprint;

/// Version of the file format; raised when a row changes its meaning.
pub const SCHEMA: u32 = 1;

/// Name of the raw data file in a run's folder.
pub const FILE_NAME: &str = "samples.jsonl";

/// Stands in the place of a strategy in a [`Phase::Load`] sample that holds for all of them.
pub const EVERY_STRATEGY: &str = "*";

/// How thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What `cargo bench` does without arguments: minutes.
    Quick,
    /// The long run that a decision is based on.
    Full,
    /// Counted instructions instead of times.
    Counts,
}

impl Kind {
    /// The word for it in file names and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Quick => "quick",
            Kind::Full => "full",
            Kind::Counts => "counts",
        }
    }
}

/// Header of a run: when it was, how thorough, and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of the file format, [`SCHEMA`] when written by this crate.
    pub schema: u32,
    /// Name of the run and of its folder: UTC date, time and kind.
    pub id: String,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// How thorough it is.
    pub kind: Kind,
    /// Seed of the order in which things were measured, if that was random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What it ran on.
    pub fingerprint: Fingerprint,
}

impl Run {
    /// A run that starts now, on this machine, with this binary.
    pub fn start(kind: Kind) -> Run {
        let started = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        Run {
            schema: SCHEMA,
            id: run_id(started, kind),
            started,
            kind,
            seed: None,
            fingerprint: Fingerprint::take(),
        }
    }
}

/// What was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Decode, validate, and lower all functions.
    Load,
    /// Turn lowered code into the strategy's own.
    Compile,
    /// Run the workload.
    Execute,
}

/// One timed batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    pub class: String,
    /// Name of the strategy; [`EVERY_STRATEGY`] where loading was timed once for all.
    pub strategy: String,
    /// What was timed.
    pub phase: Phase,
    /// How many times it was done within the time below.
    pub iterations: u64,
    /// Wall time of all iterations together.
    pub nanoseconds: u64,
    /// CPU time of the thread over all iterations together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_nanoseconds: Option<u64>,
    /// Round of an interleaved measurement. Samples of two strategies in the same block are compared as a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// Seed with which the linker shuffled the functions of the binary; none if they lie as they were compiled. Samples of
    /// one seed share whatever that layout does to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<u64>,
    /// Number of the process within the run that measured it; none if the run was one process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// Whether every result in the batch was checked and right. Looked at in the execute phase only; one sample that
    /// is not verified makes its cell an error.
    pub verified: bool,
}

/// A strategy did not do what a workload expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    #[serde(default)]
    pub class: String,
    /// Name of the strategy.
    pub strategy: String,
    /// What went wrong, for people: "expected 55, got 54".
    pub error: String,
}

/// How much code a strategy made of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Name of the workload.
    pub workload: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Size of the module in bytes.
    pub wasm_bytes: u64,
    /// Size of the compiled code in bytes.
    pub code_bytes: u64,
}

/// What an interleaved run means to do; written before its first block, and again if that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many blocks it will measure.
    pub blocks: u32,
}

/// A block that was measured to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEnd {
    /// Its number, from 0.
    pub block: u32,
}

/// An engine of the run, where engines are compared that are not all built from this project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name, as the samples have it in place of a strategy's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it is configured, for people.
    pub configuration: String,
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Row {
    /// The first line.
    Run(Run),
    /// A timed batch.
    Sample(Sample),
    /// Something went wrong.
    Failure(Failure),
    /// Size of compiled code.
    Size(Size),
    /// How long the run will be.
    Plan(Plan),
    /// A block is complete.
    BlockEnd(BlockEnd),
    /// Counted instructions.
    Count(Count),
    /// What an engine is.
    About(About),
}

/// Appends rows to a run's file. Every row is written at once, so a killed run loses at most the last line.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// Starts the file of a new run in `folder`, which is created. An existing file is never overwritten.
    pub fn create(folder: &Path, run: &Run) -> Result<Writer, Error> {
        Writer::create_named(folder, FILE_NAME, run)
    }

    /// The same with another name for the file, for records that no report is drawn from.
    pub fn create_named(folder: &Path, file_name: &str, run: &Run) -> Result<Writer, Error> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(file_name);
        let file = match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Error::RunExists { path });
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let mut writer = Writer { path, file };
        writer.write(&Row::Run(run.clone()))?;
        Ok(writer)
    }

    /// Goes on with the run in `folder`. Half a line left behind by a killed run is cut off first.
    pub fn append(folder: &Path) -> Result<Writer, Error> {
        let path = folder.join(FILE_NAME);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(Error::io(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io(&path))?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(Error::io(&path))?;
            file.seek(SeekFrom::End(0)).map_err(Error::io(&path))?;
        }
        Ok(Writer { path, file })
    }

    /// Appends one row.
    pub fn write(&mut self, row: &Row) -> Result<(), Error> {
        let mut line = serde_json::to_vec(row).map_err(|source| Error::Json {
            path: self.path.clone(),
            source,
        })?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(Error::io(&self.path))
    }

    /// Appends a sample.
    pub fn sample(&mut self, sample: Sample) -> Result<(), Error> {
        self.write(&Row::Sample(sample))
    }

    /// Appends a failure.
    pub fn failure(&mut self, failure: Failure) -> Result<(), Error> {
        self.write(&Row::Failure(failure))
    }

    /// Appends a size.
    pub fn size(&mut self, size: Size) -> Result<(), Error> {
        self.write(&Row::Size(size))
    }

    /// Appends a count.
    pub fn count(&mut self, count: Count) -> Result<(), Error> {
        self.write(&Row::Count(count))
    }

    /// Appends what an engine is.
    pub fn about(&mut self, about: About) -> Result<(), Error> {
        self.write(&Row::About(about))
    }

    /// Appends the plan.
    pub fn plan(&mut self, plan: Plan) -> Result<(), Error> {
        self.write(&Row::Plan(plan))
    }

    /// Says that a block is complete.
    pub fn block_end(&mut self, block: u32) -> Result<(), Error> {
        self.write(&Row::BlockEnd(BlockEnd { block }))
    }

    /// The file being written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Everything in a run's file.
#[derive(Clone, Debug, PartialEq)]
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
    let path = if path.is_dir() {
        path.join(FILE_NAME)
    } else {
        path.to_owned()
    };
    let bytes = fs::read(&path).map_err(Error::io(&path))?;
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n').enumerate();
    let Some((_, first)) = lines.next() else {
        return Err(Error::line(&path, 1, "the file is empty"));
    };
    let run = read_header(&path, first)?;
    let mut recording = Recording {
        path,
        run,
        samples: Vec::new(),
        failures: Vec::new(),
        sizes: Vec::new(),
        counts: Vec::new(),
        engines: Vec::new(),
        plan: None,
        finished_blocks: 0,
        warnings: Vec::new(),
    };
    for (index, line) in lines {
        let number = index + 1;
        match serde_json::from_slice(line) {
            Ok(Row::Sample(sample)) => recording.samples.push(sample),
            Ok(Row::Failure(failure)) => recording.failures.push(failure),
            Ok(Row::Size(size)) => recording.sizes.push(size),
            Ok(Row::Count(count)) => recording.counts.push(count),
            Ok(Row::About(about)) => recording.engines.push(about),
            Ok(Row::Plan(plan)) => recording.plan = Some(plan),
            Ok(Row::BlockEnd(end)) => recording.finished_blocks = recording.finished_blocks.max(end.block + 1),
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
    drop_unfinished_block(&mut recording);
    if let Some(planned) = recording.cut_short() {
        recording.warnings.push(format!(
            "the run was interrupted after {} of {planned} blocks",
            recording.blocks()
        ));
    }
    Ok(recording)
}

/// Leaves out the block in which a run was interrupted: some strategies have a time in it that others lack, so that it
/// compares nobody with anybody.
fn drop_unfinished_block(recording: &mut Recording) {
    if recording.plan.is_some() {
        let finished = recording.finished_blocks;
        let is_whole = |sample: &Sample| sample.block.is_none_or(|block| block < finished);
        recording.samples.retain(is_whole);
    }
}

impl Recording {
    /// How many blocks were measured to their end; 0 if the run was not interleaved.
    pub fn blocks(&self) -> u32 {
        match self.plan {
            Some(_) => self.finished_blocks,
            // Runs recorded before there were plans.
            None => {
                let last = self.samples.iter().filter_map(|sample| sample.block).max();
                last.map_or(0, |block| block + 1)
            }
        }
    }

    /// The number of blocks that were planned, if it is more than were measured: the run was interrupted.
    pub fn cut_short(&self) -> Option<u32> {
        self.plan
            .map(|plan| plan.blocks)
            .filter(|&planned| planned > self.finished_blocks)
    }
}

/// Reads the header. The version is looked at first, so that a newer file is refused for being newer.
fn read_header(path: &Path, line: &[u8]) -> Result<Run, Error> {
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|error| Error::line(path, 1, error))?;
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA) => {}
        Some(version) => {
            return Err(Error::line(
                path,
                1,
                format!("schema {version}, but this program reads schema {SCHEMA}"),
            ));
        }
        None => return Err(Error::line(path, 1, "the first line is no run header")),
    }
    match serde_json::from_value(value) {
        Ok(Row::Run(run)) => Ok(run),
        Ok(_) => Err(Error::line(path, 1, "the first line is no run header")),
        Err(error) => Err(Error::line(path, 1, error)),
    }
}

/// Name of a run that started at `started`: UTC date, time and kind, so that names sort by age.
fn run_id(started: u64, kind: Kind) -> String {
    let (year, month, day) = date(started / 86_400);
    let seconds = started % 86_400;
    format!(
        "{year:04}{month:02}{day:02}-{:02}{:02}{:02}-{}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        kind.name()
    )
}

/// Point in time as `2026-01-02 03:04:05 UTC`.
pub fn timestamp(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let rest = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Year, month and day of a day counted from 1970-01-01, by the Gregorian calendar.
fn date(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        // The bound keeps a nonsense clock from spinning here for ever.
        if days < length || year >= 9999 {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_after_its_utc_time() {
        assert_eq!(run_id(0, Kind::Quick), "19700101-000000-quick");
        assert_eq!(run_id(1_709_251_199, Kind::Full), "20240229-235959-full");
        assert_eq!(timestamp(1_767_323_045), "2026-01-02 03:04:05 UTC");
        assert_eq!(timestamp(1_798_761_599), "2026-12-31 23:59:59 UTC");
    }
}
