//! The lab of wasm-dispatch: records what was measured, decides which strategy is best, and shows it.
//!
//! Data flows one way: `cargo bench` writes raw samples ([`record`]), [`summary`] turns them into a decision, and
//! [`table`], [`plots`] and an HTML page show it. This crate never runs a virtual machine, so a report can be drawn again at
//! any time without measuring: `wasm-dispatch-lab report`.
//!
//! ```no_run
//! use wasm_dispatch_report::record::{Kind, Phase, Run, Sample, Writer};
//!
//! # fn main() -> Result<(), wasm_dispatch_report::Error> {
//! let run = Run::start(Kind::Quick);
//! let folder = wasm_dispatch_report::runs_folder().join(&run.id);
//! let mut writer = Writer::create(&folder, &run)?;
//! writer.write(Sample {
//!     workload: "fib".into(),
//!     class: "calls".into(),
//!     strategy: "threaded".into(),
//!     phase: Phase::Execute,
//!     iterations: 10,
//!     nanoseconds: 12_345,
//!     cpu_nanoseconds: None,
//!     block: None,
//!     layout: None,
//!     process: None,
//!     verified: true,
//! })?;
//! let report = wasm_dispatch_report::report(&folder, &folder)?;
//! print!("{}", report.text());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod callgrind;
pub mod compare;
pub mod cost;
pub mod counts;
pub mod decision;
pub mod growth;
pub mod ladder;
pub mod limits;
mod page;
pub mod plots;
#[cfg(test)]
#[path = "../tests/common/random.rs"]
mod random;
pub mod statistics;
pub mod summary;
pub mod table;
pub mod times;
pub mod units;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use growth::Growth;
use record::Run;
use wasm_dispatch_record::{Machine, is_main};

pub use decision::{Decision, record_decision};
pub use ladder::Ladder;
pub use limits::Limits;
pub use plots::{Beside, Plot};
pub use summary::Summary;
pub use wasm_dispatch_record::{
    Error, Fingerprint, METERED, Progress, folder_of, json, newest_run, newest_with, progress, record, runs_folder,
    take_folder, target_folder, visible,
};

/// A finished report: the decision, and where it was written.
#[derive(Clone, Debug)]
pub struct Report {
    /// The decision and all numbers.
    pub summary: Summary,
    /// `summary.json`.
    pub json: PathBuf,
    /// `summary.md`.
    pub markdown: PathBuf,
    /// `index.html`.
    pub page: PathBuf,
    /// The plots.
    pub plots: Vec<Plot>,
}

impl Report {
    /// What a terminal shows at the end of a run: table, recommendation, notes, and where the rest is. The page is last.
    pub fn text(&self) -> String {
        let summary = &self.summary;
        let mut text = format!(
            "Time relative to the fastest strategy on each workload ({} run):\n\n{}\n",
            summary.run.kind.name(),
            table::of(summary).plain()
        );
        let notes = summary.notes().into_iter().map(|note| format!("Note: {note}."));
        for sentence in summary.sentences().into_iter().chain([summary.caveat()]).chain(notes) {
            text.push_str(&table::wrapped(&sentence));
        }
        let _ = writeln!(text, "\nRaw data: {}", summary.raw_data);
        for plot in &self.plots {
            let _ = writeln!(text, "Plot:     {}", plot.svg.display());
        }
        let _ = writeln!(text, "Report:   {}", self.page.display());
        text
    }
}

/// Draws the report of the run in `run` (a folder with `samples.jsonl`, or that file) into the folder `out`: summary.json,
/// summary.md, the plots as SVG, and index.html. Nothing is measured.
pub fn report(run: &Path, out: &Path) -> Result<Report, Error> {
    let recording = record::read(run)?;
    fs::create_dir_all(out).map_err(Error::io(out))?;
    let folder = folder_of(run);
    let runs = folder.parent();
    let is_own = recording.setup.as_ref().is_some_and(|setup| setup.own);
    let mut summary = summary::summarise_beside(&recording, runs.filter(|_| !is_own));
    // These are about the strategies of the main run.
    let runs = runs.filter(|_| is_main(&summary.run.id));
    let curves: Vec<Growth> = (runs.into_iter().flat_map(growth::all))
        .map(|run| growth::read(&run))
        .collect::<Result<_, _>>()?;
    let ladders = runs.into_iter().flat_map(ladder::all).map(|(ladder, _)| ladder);
    let machine = summary.run.fingerprint.machine();
    let beside = Beside {
        cost: json::load_if_there(&folder.join(cost::FILE_NAME))?,
        growth: of_machine(curves, &machine, |growth| &growth.run),
        ladder: of_machine(ladders.collect(), &machine, |ladder| &ladder.run),
    };
    summary.warnings.extend(summary.run.fingerprint.is_older());
    // One page, one revision: what is of another says so.
    let (growth, ladder) = (beside.growth.iter(), beside.ladder.iter());
    let grown = growth.map(|growth| ("the curves of growth", &growth.run));
    let laddered = ladder.map(|ladder| ("the table of other engines", &ladder.run));
    for (what, run) in grown.chain(laddered) {
        let (own, its) = (&summary.run.fingerprint, &run.fingerprint);
        if !own.same_sources(its) || !own.machine().is(&its.machine()) {
            summary.warnings.push(format!(
                "{what}: measured at another revision or on another machine ({}, {})",
                its.short_revision(),
                its.machine()
            ));
        }
    }
    let plots = plots::draw_all(&summary, &beside, out)?;
    let ladder = beside.ladder;
    let json = out.join("summary.json");
    let markdown = out.join("summary.md");
    let page = out.join("index.html");
    json::save(&json, &summary)?;
    fs::write(&markdown, markdown_text(&summary, &plots, ladder.as_ref())).map_err(Error::io(&markdown))?;
    fs::write(&page, page::page(&summary, &plots, ladder.as_ref())?).map_err(Error::io(&page))?;
    Ok(Report {
        summary,
        json,
        markdown,
        page,
        plots,
    })
}

/// The first that was measured on a machine, or on any if none was.
fn of_machine<T>(mut all: Vec<T>, machine: &Machine, run: fn(&T) -> &Run) -> Option<T> {
    let own = all.iter().position(|one| run(one).fingerprint.machine().is(machine));
    (!all.is_empty()).then(|| all.swap_remove(own.unwrap_or(0)))
}

/// The report in Markdown, with the plots as links to the files beside it.
fn markdown_text(summary: &Summary, plots: &[Plot], ladder: Option<&Ladder>) -> String {
    let mut text = format!(
        "# {}\n\n{} run {}, {}\n\n",
        summary.headline(),
        summary.run.kind.name(),
        summary.run.id,
        record::timestamp(summary.run.started)
    );
    for sentence in summary.sentences() {
        let _ = writeln!(text, "- {sentence}");
    }
    let _ = writeln!(text, "\n{}\n", summary.caveat());
    let _ = writeln!(
        text,
        "Time relative to the fastest strategy on the same workload; below the means, totals over the workloads:\n"
    );
    text.push_str(&table::of(summary).markdown());
    for note in summary.notes() {
        let _ = write!(text, "\nNote: {note}.\n");
    }
    let explained = summary.explained.iter().map(|of| of.sentence() + ".");
    for sentence in summary.mix.iter().flat_map(summary::Mix::sentences).chain(explained) {
        let _ = write!(text, "\n- {sentence}");
    }
    text.push('\n');
    for plot in plots {
        let _ = write!(text, "\n![{}]({}.svg)\n", plot.description, plot.name);
    }
    if let Some(ladder) = ladder {
        text.push_str(&ladder.markdown());
    }
    text.push_str("\n| measured on | |\n|:--|:--|\n");
    for (name, value) in summary.run.fingerprint.rows() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    visible::text(&text).into_owned()
}
