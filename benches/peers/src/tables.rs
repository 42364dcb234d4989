//! The result as tables.

use std::fmt::Write as _;

use wasm_dispatch_report::Ladder;
use wasm_dispatch_report::ladder::digits;
use wasm_dispatch_report::table::{Row, Table};

/// The result as a page, whose tables a terminal shows as well.
pub fn markdown(ladder: &Ladder) -> String {
    let mut text = format!("# {}\n\n", headline(ladder));
    for (title, table) in tables(ladder) {
        let _ = writeln!(text, "{title}\n\n{}", table.markdown());
    }
    for note in notes(ladder) {
        let _ = writeln!(text, "{note}\n");
    }
    let machine = ladder.run.fingerprint.rows().into_iter();
    let machine = machine.map(|(name, value)| [name.to_string(), value].into_iter().collect());
    text + &Table::of(2, ["measured on", ""], machine).markdown()
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
            ladder.table(),
        ),
        (
            format!(
                "Each workload: CPU time by that of `{reference}`, whose own is in the second column; = marks a tie, where the 95 % \
                 interval holds 1:"
            ),
            each(ladder),
        ),
        (
            "Two engines: the time of the one on the left by that of the one above, geometric mean over the workloads that both ran, \
             whose number stands in brackets:"
                .to_string(),
            pairs(ladder),
        ),
        (
            format!("Starting, by `{reference}`: geometric mean over the modules that both loaded, and the sum of all by the sum of all:"),
            loading(ladder),
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

fn each(ladder: &Ladder) -> Table {
    let rows = ladder.workloads.iter().map(|row| {
        let name = match row.counts {
            true => row.workload.clone(),
            false => format!("({})", row.workload),
        };
        let own = row.reference_ns.map(|time| format!("{} ms", digits(time / 1e6)));
        let ratios = row.cells.iter().zip(&ladder.engines).map(|(cell, rung)| {
            let ratio = cell.ratio?;
            let is_tie = ratio.contains(1.0) && rung.engine != ladder.reference;
            Some(digits(ratio.value) + if is_tie { " =" } else { "" })
        });
        by_engine_row(name, own, ratios)
    });
    by_engine(ladder, ["workload", &ladder.reference], rows)
}

fn pairs(ladder: &Ladder) -> Table {
    let names = || ladder.engines.iter().map(|rung| rung.engine.as_str());
    let rows = names().map(|engine| {
        let by = names().map(|other| {
            let pair = ladder.pair(engine, other)?;
            Some(format!("{} ({})", digits(pair.time.value), pair.workloads))
        });
        let cells = std::iter::once(engine.to_string()).chain(by.map(or_dash));
        cells.collect()
    });
    Table::of(1, std::iter::once("").chain(names()), rows)
}

fn loading(ladder: &Ladder) -> Table {
    let rows = ladder.engines.iter().map(|rung| {
        let loading = ladder.loading(&rung.engine);
        let cells = [
            Some(rung.engine.clone()),
            loading.map(|loading| digits(loading.mean)),
            loading.map(|loading| digits(loading.total)),
            loading.map(|loading| loading.modules.to_string()),
        ];
        cells.into_iter().map(or_dash).collect()
    });
    Table::of(1, ["engine", "mean", "total", "modules"], rows)
}

fn or_dash(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "-".to_string())
}

fn starting(ladder: &Ladder) -> Table {
    let rows = ladder.workloads.iter().map(|row| {
        let bytes = row.wasm_bytes;
        let per_byte = row.cells.iter().map(|cell| Some(digits(cell.load_ns? / bytes? as f64)));
        by_engine_row(row.workload.clone(), bytes.map(|bytes| bytes.to_string()), per_byte)
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
                Some(row) => row[2] += &format!(", {}", refusal.workload),
                None => rows.push([rung.engine.clone(), refusal.reason.clone(), refusal.workload.clone()]),
            }
        }
    }
    Table::of(3, ["engine", "why", "workloads"], rows.into_iter().map(Row::from_iter))
}

fn configurations(ladder: &Ladder) -> Table {
    let rows = ladder.engines.iter().map(|rung| {
        let cells = [&rung.engine, &rung.version, &rung.configuration];
        cells.into_iter().cloned().collect()
    });
    Table::of(3, ["engine", "version", "configuration"], rows)
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
fn by_engine(ladder: &Ladder, before: [&str; 2], rows: impl Iterator<Item = Row>) -> Table {
    let engines = ladder.engines.iter().map(|rung| rung.engine.as_str());
    Table::of(1, before.into_iter().chain(engines), rows)
}

fn by_engine_row(name: String, own: Option<String>, cells: impl Iterator<Item = Option<String>>) -> Row {
    let cells = [Some(name), own].into_iter().chain(cells);
    cells.map(or_dash).collect()
}
