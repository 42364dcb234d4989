//! Counted instructions as a record and as a table.
//!
//! Counts find regressions: they are the same from run to run. They do not rank: a loop of closures has been seen to
//! execute 5 % fewer instructions than a match and to take 1.6 times as long.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use itertools::Itertools;

use crate::callgrind::Count;
use crate::record::{self, Recording};
use crate::table::{Row, Table};
use crate::{Error, newest_with, statistics, units};

/// Name of the record in a folder of counts.
pub const FILE_NAME: &str = "counts.jsonl";

const CAVEAT: &str = "Counts are for finding regressions, not for ranking: fewer instructions may take longer.";

/// The newest folder with counts below `runs`, except `but`.
///
/// # Errors
///
/// If there is none, or `runs` cannot be read.
pub fn newest(runs: &Path, but: Option<&Path>) -> Result<PathBuf, Error> {
    let but = but.and_then(Path::file_name);
    newest_with(runs, FILE_NAME, |name| but.is_none_or(|but| but != name))
}

/// What a terminal shows about the counts in `folder`: the table, and how they differ from the newest other ones below
/// `runs`.
///
/// # Errors
///
/// If the record cannot be read.
pub fn text(runs: &Path, folder: &Path) -> Result<String, Error> {
    let counts = record::read(&folder.join(FILE_NAME))?;
    let mut text = table(&counts);
    let before = newest(runs, Some(folder)).and_then(|other| record::read(&other.join(FILE_NAME)));
    if let Ok(before) = before {
        text.push_str(&change(&before, &counts));
    }
    let _ = writeln!(text, "{CAVEAT}\nRecord: {}", counts.path.display());
    Ok(text)
}

/// Instructions of the reference, and those of the others relative to it, with geometric means.
fn table(recording: &Recording) -> String {
    let names = |of: fn(&Count) -> &str| recording.counts.iter().map(of).sorted().dedup().collect_vec();
    let (mut strategies, workloads) = (names(|count| &count.strategy), names(|count| &count.workload));
    let of = |workload: &str, strategy: &str| {
        let mut counts = recording.counts.iter();
        let count = counts.find(|count| count.workload == workload && count.strategy == strategy)?;
        Some(count.instructions as f64)
    };
    let mean = |values: &dyn Fn(&str) -> Option<f64>| {
        let values: Option<Vec<f64>> = workloads.iter().map(|workload| values(workload)).collect();
        statistics::geometric_mean(&values?)
    };
    let rank = |strategy: &str| mean(&|workload| of(workload, strategy)).unwrap_or(f64::INFINITY);
    strategies.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    let Some((reference, others)) = strategies.split_first() else {
        return "Nothing was counted.\n".to_owned();
    };
    let ratio = |workload: &str, strategy: &str| Some(of(workload, strategy)? / of(workload, reference)?);
    let show = |value: Option<f64>| value.map_or("-".to_owned(), units::three_digits);
    let mut rows: Vec<Row> = (workloads.iter())
        .map(|workload| {
            let base = of(workload, reference).map_or_else(|| "-".to_owned(), grouped);
            let ratios = others.iter().map(|strategy| show(ratio(workload, strategy)));
            [(*workload).to_owned(), base].into_iter().chain(ratios).collect()
        })
        .collect();
    let mean = |strategy: &&str| show(mean(&|workload| ratio(workload, strategy)));
    let heads = ["geometric mean", ""].map(str::to_owned).into_iter();
    rows.push(Row {
        begins_part: true,
        ..heads.chain(others.iter().map(mean)).collect()
    });
    let heads = ["workload"].into_iter().chain(strategies.iter().copied());
    let table = Table::of(1, heads, rows).plain();
    format!("Instructions relative to {reference}, which has the fewest:\n\n{table}\n")
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
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}
