//! The ladder: our strategies next to other engines, as `benches/peers` has measured them.
//!
//! That is another run, because those engines are heavy to build. A report shows the newest one that lies beside its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::Run;
use crate::statistics::Estimate;
use crate::summary::words::range;
use crate::table::{Column, Table, escape};
use crate::{json, units};
use wasm_dispatch_record::newest_first;

/// Name of the file in a run of the peers.
pub const FILE_NAME: &str = "ladder.json";

/// Version of `ladder.json`.
pub const SCHEMA: u32 = 1;

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// Version of this structure, [`SCHEMA`].
    #[serde(default)]
    pub schema: u32,
    /// The run it is about.
    pub run: Run,
    /// The engine that all are compared with.
    pub reference: String,
    /// Blocks that were measured.
    #[serde(default)]
    pub blocks: u32,
    /// Ranked engines from the fastest to the slowest, then those without a mean.
    pub engines: Vec<Rung>,
    /// The workloads, in the order in which they were measured.
    #[serde(default)]
    pub workloads: Vec<Row>,
    /// What a reader should know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// An engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Its name.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// How it was configured.
    #[serde(default)]
    pub configuration: String,
    /// Geometric mean of its times by those of the reference.
    pub mean: Option<Estimate>,
    /// Over how many workloads.
    pub workloads: usize,
    /// Whether these are not the common ones, because it ran too few of them: then its mean stands in no order with others.
    #[serde(default)]
    pub partial: bool,
    /// Where it does best, by the reference.
    pub fastest: Option<Extreme>,
    /// Where it does worst, by the reference.
    pub slowest: Option<Extreme>,
    /// Starting: geometric mean over modules of the nanoseconds it takes per byte from bytes to an instance.
    pub load_ns_per_byte: Option<f64>,
    /// What it did not run.
    #[serde(default)]
    pub refused: Vec<Refusal>,
}

/// A ratio and where it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// Name of the workload.
    pub workload: String,
    /// The engine's time by the reference's.
    pub ratio: f64,
}

/// A workload that an engine did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Name of the workload.
    pub workload: String,
    /// Why.
    pub reason: String,
}

/// A workload under all engines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub workload: String,
    /// Its class.
    pub class: String,
    /// Whether it is part of the means.
    pub counts: bool,
    /// Bytes of its module.
    pub wasm_bytes: Option<u64>,
    /// The reference's median time, in nanoseconds.
    pub reference_ns: Option<f64>,
    /// One cell per engine, in the order of [`Ladder::engines`].
    pub cells: Vec<Cell>,
}

/// An engine on a workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Time by the reference's.
    pub ratio: Option<Estimate>,
    /// Median time from the module's bytes to an instance, in nanoseconds.
    pub load_ns: Option<f64>,
}

/// The newest ladder in a folder of runs: of a run of peers that compared other engines than ours. What cannot be read is
/// passed over; a report is complete without.
pub fn newest(runs: &Path) -> Option<Ladder> {
    newest_with_folder(runs).map(|(ladder, _)| ladder)
}

/// The same with the folder that it is in.
pub fn newest_with_folder(runs: &Path) -> Option<(Ladder, PathBuf)> {
    let folders = newest_first(runs, |name| name.starts_with("peers-")).ok()?;
    let of = |folder: PathBuf| Some((json::load::<Ladder>(&folder.join(FILE_NAME)).ok()?, folder));
    let mut ladders = folders.into_iter().filter_map(of);
    ladders.find(|(ladder, _)| ladder.engines.iter().any(|rung| rung.engine == "wasmi"))
}

impl Ladder {
    /// The engines with their means.
    pub fn table(&self) -> Table {
        let extreme = |extreme: &Option<Extreme>| match extreme {
            Some(extreme) => format!("{} ({})", units::three_digits(extreme.ratio), extreme.workload),
            None => String::new(),
        };
        let row = |rung: &Rung| {
            let cells = [
                format!("{} {}", rung.engine, rung.version),
                rung.mean.map_or(String::new(), |mean| units::three_digits(mean.value)),
                rung.mean.map_or(String::new(), range),
                format!(
                    "{}{}",
                    rung.workloads,
                    if rung.partial { " (others than the rest)" } else { "" }
                ),
                extreme(&rung.fastest),
                extreme(&rung.slowest),
                rung.load_ns_per_byte.map_or(String::new(), units::three_digits),
            ];
            cells.into_iter().collect()
        };
        let time = format!("time by that of {}", self.reference);
        let heads = [
            &time,
            "95 % interval",
            "workloads",
            "fastest",
            "slowest",
            "load, ns/byte",
        ];
        let numbers = heads.into_iter().map(Column::numbers);
        Table {
            columns: std::iter::once(Column::texts("engine")).chain(numbers).collect(),
            rows: self.engines.iter().map(row).collect(),
        }
    }

    /// What the table shows.
    pub fn introduction(&self) -> String {
        format!(
            "CPU time by that of {} (below 1 is faster), geometric mean over the workloads that all ran, fresh processes, every \
             result verified; another run than the rest of this report: {}, revision {}, on {}.",
            self.reference,
            self.run.id,
            self.run.fingerprint.short_revision(),
            self.run.fingerprint.cpu
        )
    }

    /// As Markdown, with a heading.
    pub fn markdown(&self) -> String {
        format!(
            "\n## Next to other engines\n\n{}\n\n{}",
            self.introduction(),
            self.table().markdown()
        )
    }

    /// As HTML, with a heading.
    pub fn html(&self) -> String {
        let introduction = escape(&self.introduction());
        format!(
            "<h2>Next to other engines</h2>\n<p>{introduction}</p>\n{}",
            self.table().html()
        )
    }
}
