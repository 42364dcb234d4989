//! The ladder: our strategies next to other engines, as `benches/peers` has measured them.
//!
//! That is another run, because those engines are heavy to build. A report shows the newest one that lies beside its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::json;
use crate::record::Run;
use crate::statistics::{Estimate, geometric_mean};
use crate::summary::Worst;
use crate::summary::words::{range, times};
use crate::table::{Table, escape};
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
    /// The workloads, grouped by class.
    #[serde(default)]
    pub workloads: Vec<Row>,
    /// Each two engines that ran something that counts, over what both ran. Without them in older records.
    #[serde(default)]
    pub pairs: Vec<Pair>,
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
    pub fastest: Option<Worst>,
    /// Where it does worst, by the reference.
    pub slowest: Option<Worst>,
    /// Starting: geometric mean over modules of the nanoseconds it takes per byte from bytes to an instance.
    pub load_ns_per_byte: Option<f64>,
    /// What it did not run.
    #[serde(default)]
    pub refused: Vec<Refusal>,
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

/// An engine by another, over what both ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The one further up the ladder.
    pub engine: String,
    /// The one further down.
    pub other: String,
    /// Geometric mean of the first one's times by the other's, over the workloads that count and that both ran.
    pub time: Estimate,
    /// How many these are.
    pub workloads: usize,
}

/// What an engine takes to load modules, by the reference, over what both loaded: those of workloads that are in no mean, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loading {
    /// Geometric mean over modules.
    pub mean: f64,
    /// The sum of all by the sum of all.
    pub total: f64,
    /// How many modules these are.
    pub modules: usize,
}

/// The ladders in a folder of runs, each with its own folder, the newest first: of runs of peers that compared other engines than
/// ours. What cannot be read is passed over; a report is complete without.
pub fn all(runs: &Path) -> impl Iterator<Item = (Ladder, PathBuf)> {
    let folders = newest_first(runs, |name| name.starts_with("peers-")).unwrap_or_default();
    let of = |folder: PathBuf| Some((json::load::<Ladder>(&folder.join(FILE_NAME)).ok()?, folder));
    let ladders = folders.into_iter().filter_map(of);
    ladders.filter(|(ladder, _)| ladder.engines.iter().any(|rung| rung.engine == "wasmi"))
}

impl Rung {
    /// Whether it is as fast as the reference as far as the measurement shows: its interval holds 1.
    pub fn ties(&self) -> bool {
        self.mean.is_some_and(|mean| mean.contains(1.0))
    }

    /// Its mean, if it is one over the common workloads.
    pub fn common_mean(&self) -> Option<Estimate> {
        self.mean.filter(|_| !self.partial)
    }
}

impl Ladder {
    /// The engines with their means. Those that tie with the reference share its place.
    pub fn table(&self) -> Table {
        let dash = || "-".to_owned();
        let extreme = |extreme: &Option<Worst>| {
            (extreme.as_ref()).map_or_else(dash, |Worst { workload, ratio }| {
                format!("{} ({workload})", digits(*ratio))
            })
        };
        let tied = 1 + self.engines.iter().take_while(|rung| !rung.ties()).count();
        let shares = |rung: &&Rung| rung.common_mean().is_some() && rung.ties();
        let is_shared = self.engines.iter().filter(shares).count() > 1;
        let row = |(place, rung): (usize, &Rung)| {
            let mean = rung.common_mean();
            let place = mean.map(|_| match rung.ties() && is_shared {
                true => format!("{tied}="),
                false => place.to_string(),
            });
            let others = if rung.partial { " (others than the rest)" } else { "" };
            let is_other = rung.engine != self.reference;
            let tie = if rung.ties() && is_other { " (a tie)" } else { "" };
            let cells = [
                place.unwrap_or_else(dash),
                format!("{} {}", rung.engine, rung.version),
                mean.map_or_else(dash, |mean| digits(mean.value) + tie),
                mean.map_or_else(dash, |mean| format!("{} to {}", digits(mean.low), digits(mean.high))),
                format!("{}{others}", rung.workloads),
                extreme(&rung.fastest),
                extreme(&rung.slowest),
                rung.load_ns_per_byte.map_or_else(dash, digits),
            ];
            cells.into_iter().collect()
        };
        let time = format!("time by that of {}", self.reference);
        let numbers = [
            &time,
            "95 % interval",
            "workloads",
            "fastest",
            "slowest",
            "load, ns/byte",
        ];
        let heads = ["", "engine"].into_iter().chain(numbers);
        Table::of(2, heads, (1..).zip(&self.engines).map(row))
    }

    /// An engine's place in [`Row::cells`].
    fn place(&self, engine: &str) -> Option<usize> {
        self.engines.iter().position(|rung| rung.engine == engine)
    }

    /// What is known of two engines, the one further up first.
    pub fn pair(&self, engine: &str, other: &str) -> Option<&Pair> {
        self.pairs
            .iter()
            .find(|pair| pair.engine == engine && pair.other == other)
    }

    /// What an engine takes to load modules; `None` if there is none that both it and the reference loaded.
    pub fn loading(&self, engine: &str) -> Option<Loading> {
        let (a, b) = (self.place(engine)?, self.place(&self.reference)?);
        let times = |row: &Row| Some((row.cells.get(a)?.load_ns?, row.cells.get(b)?.load_ns?));
        let times: Vec<(f64, f64)> = self.workloads.iter().filter_map(times).collect();
        let ratios: Vec<f64> = times.iter().map(|(own, by)| own / by).collect();
        let (own, by) = times
            .iter()
            .fold((0.0, 0.0), |sums, times| (sums.0 + times.0, sums.1 + times.1));
        Some(Loading {
            mean: geometric_mean(&ratios)?,
            total: own / by,
            modules: ratios.len(),
        })
    }

    /// What the table shows, and what it leaves out.
    pub fn introduction(&self) -> String {
        let apart = self.engines.iter().filter(|rung| rung.partial);
        let apart = apart.filter_map(|rung| {
            let (engine, number, mean) = (&rung.engine, rung.workloads, rung.mean?);
            let (value, interval) = (times(mean.value), range(mean));
            Some(format!(
                " {engine} ran too few of these; over the {number} that it ran, it took {value} as long ({interval})."
            ))
        });
        format!(
            "CPU time by that of {} (below 1 is faster), geometric mean over the workloads that all ran, fresh processes, every \
             result verified; another run than the rest of this report: {}, revision {}, on {}. A tie is an engine whose \
             interval holds 1.{}",
            self.reference,
            self.run.id,
            self.run.fingerprint.short_revision(),
            self.run.fingerprint.machine(),
            apart.collect::<String>()
        )
    }

    /// As Markdown, with a heading.
    pub fn markdown(&self) -> String {
        let (introduction, table) = (self.introduction(), self.table().markdown());
        format!("\n## Next to other engines\n\n{introduction}\n\n{table}")
    }

    /// As HTML, with a heading.
    pub fn html(&self) -> String {
        let (introduction, table) = (escape(&self.introduction()), self.table().html());
        format!("<h2>Next to other engines</h2>\n<p>{introduction}</p>\n{table}")
    }
}

/// A ratio with three digits, or two behind the point: some engines are far below 1.
pub fn digits(value: f64) -> String {
    match value {
        0.0..0.0995 => format!("{value:.3}"),
        0.0995..9.995 => format!("{value:.2}"),
        9.995..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
