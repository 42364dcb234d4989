//! Reads what criterion leaves behind below `target/criterion`.
//!
//! Facts about criterion 0.8.2, on which this reader rests (checked against its source and its output; its format is not
//! promised, so pin the version exactly):
//! - Every benchmark has a folder `<group>/<function>[/<value>]/new` with `benchmark.json`, `sample.json` and
//!   `estimates.json` (and `tukey.json`). `base` beside it is a copy of an earlier run; named baselines look the same.
//! - Folder names are mangled (`?"/\*<>:|^` become `_`) and cut at 64 bytes; the true ids are in `benchmark.json`:
//!   `{"group_id":"sum","function_id":"threaded","value_str":null,"throughput":null,"full_id":"sum/threaded",
//!   "directory_name":"sum/threaded","title":"sum/threaded"}`. A benchmark outside any group has its name in `group_id`
//!   and `null` in `function_id`.
//! - `sample.json`: `{"sampling_mode":"Linear","iters":[1.0,2.0,...],"times":[10.0,21.0,...]}`; `times` is the total of
//!   the sample, in nanoseconds for wall time. The mode is "Linear" or "Flat".
//! - `estimates.json`: `mean`, `median`, `median_abs_dev`, `std_dev`, and `slope`, which is null in flat mode; each
//!   `{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":2.0},"point_estimate":1.5,
//!   "standard_error":0.1}`.
//! - Files of benchmarks that a filtered run skips stay where they are: ask only for what is newer than the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::record::{Phase, Sample};

/// One benchmark of criterion's, with all its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// Id of the group; the whole name for a benchmark outside a group.
    pub group_id: String,
    /// Id of the function within the group.
    pub function_id: Option<String>,
    /// Parameter of the function.
    pub value: Option<String>,
    /// Iterations of each sample.
    pub iterations: Vec<f64>,
    /// Time of each sample, all its iterations together, in nanoseconds.
    pub nanoseconds: Vec<f64>,
    /// Criterion's own estimates of the time of one iteration.
    pub estimates: Estimates,
    /// The folder `new` it was read from.
    pub folder: PathBuf,
}

/// Criterion's estimates of the time of one iteration, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Estimates {
    /// Mean of the samples.
    pub mean: CriterionEstimate,
    /// Median of the samples.
    pub median: CriterionEstimate,
    /// Slope of a line through the samples; only when criterion let their length grow.
    pub slope: Option<CriterionEstimate>,
}

/// A value with the interval that criterion gives it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct CriterionEstimate {
    /// The value itself.
    pub point_estimate: f64,
    /// Standard error of the value.
    pub standard_error: f64,
    /// The interval around it.
    pub confidence_interval: ConfidenceInterval,
}

/// An interval of criterion's.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct ConfidenceInterval {
    /// How sure it is, 0.95 unless configured.
    pub confidence_level: f64,
    /// Lower end.
    pub lower_bound: f64,
    /// Upper end.
    pub upper_bound: f64,
}

#[derive(Deserialize)]
struct BenchmarkFile {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct SampleFile {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl Benchmark {
    /// Its samples as rows of a run: the group is the workload and the function is the strategy.
    ///
    /// `verified` is for the caller to say: criterion knows nothing about results. Times that are not positive or not
    /// finite are left out.
    pub fn samples(&self, class: &str, phase: Phase, verified: bool) -> Vec<Sample> {
        self.iterations
            .iter()
            .zip(&self.nanoseconds)
            .filter(|(iterations, time)| **iterations >= 1.0 && time.is_finite() && **time > 0.0)
            .map(|(&iterations, &nanoseconds)| Sample {
                workload: self.group_id.clone(),
                class: class.to_owned(),
                strategy: self.function_id.clone().unwrap_or_default(),
                phase,
                iterations: iterations as u64,
                nanoseconds: nanoseconds.round() as u64,
                cpu_nanoseconds: None,
                block: None,
                layout: None,
                process: None,
                verified,
            })
            .collect()
    }
}

/// Finds all benchmarks below `folder` (usually `target/criterion`), in the order of their ids.
///
/// With `since`, only those that criterion wrote at that time or later: what a filtered run did not touch is from an
/// earlier run. No folder means no benchmarks.
pub fn read(folder: &Path, since: Option<SystemTime>) -> Result<Vec<Benchmark>, Error> {
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, since, &mut found)?;
    }
    found.sort_by(|a, b| (&a.group_id, &a.function_id, &a.value).cmp(&(&b.group_id, &b.function_id, &b.value)));
    Ok(found)
}

fn walk(folder: &Path, since: Option<SystemTime>, found: &mut Vec<Benchmark>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let path = entry.path();
        // Links are not followed: criterion makes none, and one could lead in a circle.
        if !entry.file_type().map_err(Error::io(&path))?.is_dir() {
            continue;
        }
        let marker = path.join("benchmark.json");
        if entry.file_name() == "new" && marker.is_file() {
            if is_recent(&marker, since)? {
                found.push(read_benchmark(&path)?);
            }
        } else {
            walk(&path, since, found)?;
        }
    }
    Ok(())
}

fn is_recent(path: &Path, since: Option<SystemTime>) -> Result<bool, Error> {
    let Some(since) = since else { return Ok(true) };
    let changed = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .map_err(Error::io(path))?;
    Ok(changed >= since)
}

fn read_benchmark(folder: &Path) -> Result<Benchmark, Error> {
    let ids: BenchmarkFile = read_json(&folder.join("benchmark.json"))?;
    let samples_path = folder.join("sample.json");
    let samples: SampleFile = read_json(&samples_path)?;
    if samples.iters.len() != samples.times.len() {
        return Err(Error::Criterion {
            path: samples_path,
            what: format!(
                "{} iteration counts but {} times",
                samples.iters.len(),
                samples.times.len()
            ),
        });
    }
    Ok(Benchmark {
        group_id: ids.group_id,
        function_id: ids.function_id,
        value: ids.value_str,
        iterations: samples.iters,
        nanoseconds: samples.times,
        estimates: read_json(&folder.join("estimates.json"))?,
        folder: folder.to_owned(),
    })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::Criterion {
        path: path.to_owned(),
        what: format!("not as criterion 0.8.2 writes it: {error}"),
    })
}
