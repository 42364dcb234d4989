//! Counted instructions as a record and as a table.
//!
//! Counts find regressions: they are the same from run to run. They do not rank: a loop of closures has been seen to
//! execute 5 % fewer instructions than a match and to take 1.6 times as long.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::callgrind::Count;
use crate::record::{self, Recording};
use crate::statistics;
use crate::units;

/// Name of the record in a folder of counts.
pub const FILE_NAME: &str = "counts.jsonl";

/// The strategy that the others are shown relative to.
pub const REFERENCE: &str = "threaded";

const CAVEAT: &str = "Counts are for finding regressions, not for ranking: fewer instructions may take longer.";

/// The newest folder with counts below `runs`, except `but`.
///
/// # Errors
///
/// If there is none, or `runs` cannot be read.
pub fn newest(runs: &Path, but: Option<&Path>) -> Result<PathBuf, Error> {
    let nothing = || Error::NoRun {
        folder: runs.to_owned(),
    };
    if !runs.is_dir() {
        return Err(nothing());
    }
    let entries = fs::read_dir(runs).map_err(Error::io(runs))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| {
            folder.join(FILE_NAME).is_file() && but.is_none_or(|but| but.file_name() != folder.file_name())
        })
        .max()
        .ok_or_else(nothing)
}

/// What a terminal shows about the counts in `folder`: the table, and how they differ from the newest other ones below
/// `runs`.
///
/// # Errors
///
/// If the record cannot be read.
pub fn text(runs: &Path, folder: &Path) -> Result<String, Error> {
    let counts = record::read(&folder.join(FILE_NAME))?;
    let mut text = table(&counts, REFERENCE);
    let before = newest(runs, Some(folder)).and_then(|other| record::read(&other.join(FILE_NAME)));
    if let Ok(before) = before {
        text.push_str(&change(&before, &counts));
    }
    let _ = writeln!(text, "{CAVEAT}\nRecord: {}", counts.path.display());
    Ok(text)
}

/// Instructions of the reference, and those of the others relative to it, with geometric means.
fn table(recording: &Recording, reference: &str) -> String {
    let mut strategies: Vec<&str> = recording.counts.iter().map(|count| count.strategy.as_str()).collect();
    strategies.sort_unstable();
    strategies.dedup();
    let mut workloads: Vec<&str> = recording.counts.iter().map(|count| count.workload.as_str()).collect();
    workloads.dedup();
    let of = |workload: &str, strategy: &str| {
        let is_it = |count: &&Count| count.workload == workload && count.strategy == strategy;
        recording
            .counts
            .iter()
            .find(is_it)
            .map(|count| count.instructions as f64)
    };
    let ratio = |workload: &str, strategy: &str| Some(of(workload, strategy)? / of(workload, reference)?);
    let mean = |strategy: &str| {
        let ratios: Option<Vec<f64>> = workloads.iter().map(|workload| ratio(workload, strategy)).collect();
        statistics::geometric_mean(&ratios?)
    };
    strategies.sort_by(|a, b| {
        mean(a)
            .unwrap_or(f64::INFINITY)
            .total_cmp(&mean(b).unwrap_or(f64::INFINITY))
    });
    let wide = workloads.iter().map(|name| name.len()).max().unwrap_or(0).max(14);
    let mut text = format!(
        "Instructions relative to {reference}:\n\n{:wide$}  {:>12}",
        "workload", reference
    );
    let others: Vec<&str> = strategies
        .into_iter()
        .filter(|&strategy| strategy != reference)
        .collect();
    for strategy in &others {
        let _ = write!(text, "  {strategy}");
    }
    text.push('\n');
    let show = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), units::three_digits);
    for workload in &workloads {
        let base = of(workload, reference).map_or_else(|| "-".to_owned(), grouped);
        let _ = write!(text, "{workload:wide$}  {base:>12}");
        for strategy in &others {
            let _ = write!(
                text,
                "  {:>width$}",
                show(ratio(workload, strategy)),
                width = strategy.len()
            );
        }
        text.push('\n');
    }
    let _ = write!(text, "{:wide$}  {:>12}", "geometric mean", "");
    for strategy in &others {
        let _ = write!(text, "  {:>width$}", show(mean(strategy)), width = strategy.len());
    }
    text.push_str("\n\n");
    text
}

/// Which counts differ from those of an earlier run by more than a thousandth.
fn change(before: &Recording, now: &Recording) -> String {
    let mut text = String::new();
    let mut compared = 0;
    for count in &now.counts {
        let is_it = |old: &&Count| old.workload == count.workload && old.strategy == count.strategy;
        let Some(old) = before.counts.iter().find(is_it) else {
            continue;
        };
        compared += 1;
        let percent = (count.instructions as f64 / old.instructions as f64 - 1.0) * 100.0;
        if percent.abs() >= 0.1 {
            let _ = writeln!(text, "  {} / {}: {percent:+.1} %", count.workload, count.strategy);
        }
    }
    let since = format!("{} ({})", before.run.id, record::timestamp(before.run.started));
    match (compared, text.is_empty()) {
        (0, _) => String::new(),
        (_, true) => format!("No count differs from {since} by a thousandth.\n"),
        (_, false) => format!("Differences from {since}:\n{text}"),
    }
}

/// `3412779` as `3,412,779`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
