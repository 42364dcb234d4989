//! The result as tables.

use std::fmt::Write as _;

use wasm_dispatch_report::statistics::Estimate;
use wasm_dispatch_report::table::{Column, Row, Table};

use crate::ladder::{Extreme, Ladder};

/// A table of finished texts, of which the first columns are words and the others numbers.
fn table(words: usize, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Table {
    let column = |(index, head): (usize, &&str)| match index < words {
        true => Column::texts(*head),
        false => Column::numbers(*head),
    };
    Table {
        columns: heads.iter().enumerate().map(column).collect(),
        rows: rows.map(Row::from_iter).collect(),
    }
}

/// The result as a page, whose tables a terminal shows as well.
pub fn markdown(ladder: &Ladder) -> String {
    let mut text = format!("# {}\n\n", headline(ladder));
    for (title, table) in tables(ladder) {
        let _ = writeln!(text, "{title}\n\n{}", table.markdown());
    }
    for note in notes(ladder) {
        let _ = writeln!(text, "{note}\n");
    }
    let machine =
        (ladder.run.fingerprint.rows().into_iter()).map(|(name, value)| vec![name.to_string(), value.to_string()]);
    let machine = table(2, &["measured on", ""], machine);
    text + &machine.markdown()
}

fn headline(ladder: &Ladder) -> String {
    let ranked = ladder.engines.iter().filter(|rung| rung.mean.is_some()).count();
    format!(
        "{ranked} engines on {} workloads, {} blocks, relative to `{}`",
        ladder.workloads.len(),
        ladder.blocks,
        ladder.reference
    )
}

fn tables(ladder: &Ladder) -> Vec<(String, Table)> {
    let reference = &ladder.reference;
    let mut tables = vec![
        (
            format!(
                "Running: CPU time by that of `{reference}` (below 1 is faster), geometric mean with its 95 % interval \
                 over the workloads that all ran:"
            ),
            running(ladder),
        ),
        (
            format!("Each workload: CPU time by that of `{reference}`, whose own is in the second column:"),
            each(ladder),
        ),
        (
            "Starting: CPU time from a module's bytes to an instance that can be called, in nanoseconds per byte:"
                .to_string(),
            starting(ladder),
        ),
    ];
    let refusals = refusals(ladder);
    if !refusals.rows.is_empty() {
        tables.push(("Not run, and in no mean:".to_string(), refusals));
    }
    tables.push(("The engines:".to_string(), configurations(ladder)));
    tables
}

fn running(ladder: &Ladder) -> Table {
    let extreme = |extreme: &Option<Extreme>| match extreme {
        Some(Extreme { workload, ratio }) => format!("{} ({workload})", digits(*ratio)),
        None => dash(),
    };
    let mut place = 0;
    let rows = ladder.engines.iter().map(|rung| {
        place += 1;
        vec![
            rung.mean
                .filter(|_| !rung.partial)
                .map_or_else(dash, |_| place.to_string()),
            rung.engine.clone(),
            rung.mean.map_or_else(dash, |mean| digits(mean.value)),
            rung.mean.map_or_else(dash, interval),
            format!("{}{}", rung.workloads, if rung.partial { " others" } else { "" }),
            extreme(&rung.fastest),
            extreme(&rung.slowest),
            rung.load_ns_per_byte.map_or_else(dash, digits),
        ]
    });
    table(
        2,
        &[
            "",
            "engine",
            "mean",
            "interval",
            "workloads",
            "fastest",
            "slowest",
            "load ns/byte",
        ],
        rows,
    )
}

fn each(ladder: &Ladder) -> Table {
    let rows = ladder.workloads.iter().map(|row| {
        let name = if row.counts {
            row.workload.clone()
        } else {
            format!("({})", row.workload)
        };
        let mut cells = vec![name, row.reference_ns.map_or_else(dash, milliseconds)];
        let ratios = row.cells.iter().map(|cell| cell.ratio.map(|ratio| digits(ratio.value)));
        cells.extend(ratios.map(|ratio| ratio.unwrap_or_else(dash)));
        cells
    });
    by_engine(ladder, ["workload", &ladder.reference], rows)
}

fn starting(ladder: &Ladder) -> Table {
    let rows = ladder.workloads.iter().map(|row| {
        let bytes = row.wasm_bytes;
        let mut cells = vec![row.workload.clone(), bytes.map_or_else(dash, |bytes| bytes.to_string())];
        let per_byte = row.cells.iter().map(|cell| Some(cell.load_ns? / bytes? as f64));
        cells.extend(per_byte.map(|load| load.map_or_else(dash, digits)));
        cells
    });
    by_engine(ladder, ["workload", "bytes"], rows)
}

/// One row for all that an engine refuses for the same reason.
fn refusals(ladder: &Ladder) -> Table {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for rung in &ladder.engines {
        for refusal in &rung.refused {
            let same = |row: &&mut [String; 3]| row[0] == rung.engine && row[1] == refusal.reason;
            match rows.iter_mut().find(same) {
                Some(row) => {
                    row[2].push_str(", ");
                    row[2].push_str(&refusal.workload);
                }
                None => rows.push([rung.engine.clone(), refusal.reason.clone(), refusal.workload.clone()]),
            }
        }
    }
    table(3, &["engine", "why", "workloads"], rows.into_iter().map(Vec::from))
}

fn configurations(ladder: &Ladder) -> Table {
    let rows = ladder
        .engines
        .iter()
        .map(|rung| vec![rung.engine.clone(), rung.version.clone(), rung.configuration.clone()]);
    table(3, &["engine", "version", "configuration"], rows)
}

fn notes(ladder: &Ladder) -> Vec<String> {
    let mut notes = vec![
        "Intervals are taken over layouts of our side where there are several; other engines' code moves with them. Over one \
         binary they cover the noise between processes and nothing else."
            .to_string(),
    ];
    if ladder.workloads.iter().any(|row| !row.counts) {
        notes.push("Workloads in brackets time everything from bytes to result, and are in no mean.".to_string());
    }
    notes.extend(ladder.notes.iter().map(|note| format!("Note: {note}.")));
    notes
}

/// A table with two columns, the first of words, and one for each engine.
fn by_engine(ladder: &Ladder, before: [&str; 2], rows: impl Iterator<Item = Vec<String>>) -> Table {
    let engines = ladder.engines.iter().map(|rung| rung.engine.as_str());
    let heads: Vec<&str> = before.into_iter().chain(engines).collect();
    table(1, &heads, rows)
}

fn interval(estimate: Estimate) -> String {
    format!("{}..{}", digits(estimate.low), digits(estimate.high))
}

fn milliseconds(nanoseconds: f64) -> String {
    format!("{} ms", digits(nanoseconds / 1e6))
}

/// Three digits, or two behind the point.
fn digits(value: f64) -> String {
    match value {
        0.0..0.0995 => format!("{value:.3}"),
        0.0995..9.995 => format!("{value:.2}"),
        9.995..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn dash() -> String {
    "-".to_string()
}
