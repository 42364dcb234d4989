//! The ladder: our strategies next to other engines, as `benches/peers` has measured them.
//!
//! That is another run, because those engines are heavy to build. A report shows the newest one that lies beside its own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::statistics::Estimate;
use crate::table::escape;
use crate::units;

/// Name of the file in a run of the peers.
pub const FILE_NAME: &str = "ladder.json";

/// What a run of the peers found, as far as a report shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// The run.
    pub run: OfRun,
    /// The engine that all are compared with.
    pub reference: String,
    /// From the fastest to the slowest, then those without a mean.
    pub engines: Vec<Rung>,
}

/// The run that found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRun {
    /// Its name.
    pub id: String,
}

/// An engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Its name.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// Geometric mean of its times by those of the reference.
    pub mean: Option<Estimate>,
    /// Over how many workloads.
    pub workloads: usize,
    /// Where it does best.
    pub fastest: Option<Extreme>,
    /// Where it does worst.
    pub slowest: Option<Extreme>,
    /// Nanoseconds from bytes to an instance, for each byte of a module.
    pub load_ns_per_byte: Option<f64>,
}

/// A ratio and where it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// Name of the workload.
    pub workload: String,
    /// The engine's time by the reference's.
    pub ratio: f64,
}

/// The newest ladder in a folder of runs: of a run of peers that compared other engines than ours. What cannot be read is
/// passed over; a report is complete without.
pub fn newest(runs: &Path) -> Option<Ladder> {
    let mut folders: Vec<PathBuf> = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let is_of_peers = |folder: &&PathBuf| {
        folder
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("peers-"))
    };
    let ladders = folders.iter().rev().filter(is_of_peers).filter_map(|folder| {
        let text = fs::read_to_string(folder.join(FILE_NAME)).ok()?;
        serde_json::from_str::<Ladder>(&text).ok()
    });
    ladders
        .into_iter()
        .find(|ladder| ladder.engines.iter().any(|rung| rung.engine == "wasmi"))
}

impl Ladder {
    /// Heads and rows of the table: engine, time by the reference's, extremes, load.
    fn rows(&self) -> Vec<[String; 7]> {
        let extreme = |extreme: &Option<Extreme>| match extreme {
            Some(extreme) => format!("{} ({})", units::three_digits(extreme.ratio), extreme.workload),
            None => String::new(),
        };
        let row = |rung: &Rung| {
            let mean = rung.mean.map(|mean| units::three_digits(mean.value));
            let interval = rung.mean.map(crate::summary::words::range);
            let load = rung.load_ns_per_byte.map(units::three_digits);
            [
                format!("{} {}", rung.engine, rung.version),
                mean.unwrap_or_default(),
                interval.unwrap_or_default(),
                rung.workloads.to_string(),
                extreme(&rung.fastest),
                extreme(&rung.slowest),
                load.unwrap_or_default(),
            ]
        };
        self.engines.iter().map(row).collect()
    }

    fn heads(&self) -> [String; 7] {
        let time = format!("time by that of {}", self.reference);
        [
            "engine",
            &time,
            "95 % interval",
            "workloads",
            "fastest",
            "slowest",
            "load, ns/byte",
        ]
        .map(str::to_owned)
    }

    fn introduction(&self) -> String {
        format!(
            "CPU time by that of {} (below 1 is faster), geometric mean, interleaved in one process, every result verified; \
             another run than the rest of this report: {}.",
            self.reference, self.run.id
        )
    }

    /// As Markdown, with a heading.
    pub fn markdown(&self) -> String {
        let mut text = format!("\n## Next to other engines\n\n{}\n\n", self.introduction());
        let _ = writeln!(text, "| {} |\n|:--|--:|--:|--:|--:|--:|--:|", self.heads().join(" | "));
        for row in self.rows() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }

    /// As HTML, with a heading.
    pub fn html(&self) -> String {
        let mut html = format!(
            "<h2>Next to other engines</h2>\n<p>{}</p>\n<div class=\"wide\">\n<table class=\"sortable\">\n<thead><tr>",
            escape(&self.introduction())
        );
        for head in self.heads() {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escape(&head));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for [engine, others @ ..] in self.rows() {
            let _ = write!(html, "<tr><th scope=\"row\">{}</th>", escape(&engine));
            for cell in others {
                let _ = write!(html, "<td>{}</td>", escape(&cell));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n</div>\n");
        html
    }
}
