//! The result as a table: workloads as rows, strategies as columns from the best to the worst, time relative to the best
//! of the row in the cells. Once as plain text for the terminal, once as Markdown, once as HTML.

use std::fmt::Write as _;

use crate::summary::{Cell, StrategySummary, Summary};
use crate::units;

/// What a cell is, for renderers that can show it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    /// The best of its row.
    Best,
    Error,
}

/// A row of finished texts: its label, the time of the best, and a cell per strategy.
struct Row {
    label: String,
    time: String,
    cells: Vec<(String, Look)>,
    /// Raw numbers of each cell, where there are.
    raw: Vec<String>,
    /// A line is drawn above it.
    begins_part: bool,
    /// A workload, not a mean or a cost.
    is_workload: bool,
}

/// The table for a terminal. Columns are aligned; long strategy names are broken at their underscores.
pub fn plain(summary: &Summary) -> String {
    let rows = rows(summary);
    let heads: Vec<Vec<String>> = summary.strategies.iter().map(|s| broken_name(&s.name)).collect();
    let height = heads.iter().map(Vec::len).max().unwrap_or(1);
    let label_width = rows.iter().map(|row| length(&row.label)).max().unwrap_or(0).max(8);
    let time_width = rows.iter().map(|row| length(&row.time)).max().unwrap_or(0).max(4);
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let texts = rows.iter().filter_map(|row| Some(&row.cells.get(column)?.0));
            texts.chain(head).map(|text| length(text)).max().unwrap_or(0)
        })
        .collect();

    let mut text = String::new();
    for line in 0..height {
        let last = line + 1 == height;
        let (label, time) = if last { ("workload", "best") } else { ("", "") };
        let _ = write!(text, "{}  {}", left(label, label_width), right(time, time_width));
        for (head, width) in heads.iter().zip(&widths) {
            // Names sit on the last line of the head, so that short ones are next to their column.
            let part = (line + head.len()).checked_sub(height).and_then(|part| head.get(part));
            let _ = write!(text, "  {}", right(part.map_or("", String::as_str), *width));
        }
        end_line(&mut text);
    }
    let total = label_width + 2 + time_width + widths.iter().map(|width| width + 2).sum::<usize>();
    for (index, row) in rows.iter().enumerate() {
        if row.begins_part || index == 0 {
            let _ = writeln!(text, "{}", "-".repeat(total));
        }
        let _ = write!(
            text,
            "{}  {}",
            left(&row.label, label_width),
            right(&row.time, time_width)
        );
        for ((cell, _), width) in row.cells.iter().zip(&widths) {
            let _ = write!(text, "  {}", right(cell, *width));
        }
        end_line(&mut text);
    }
    text
}

/// The table in Markdown, the best of each row in bold.
pub fn markdown(summary: &Summary) -> String {
    let mut text = String::from("| workload | best |");
    for strategy in &summary.strategies {
        let _ = write!(text, " {} |", strategy.name.replace('|', "\\|"));
    }
    text.push_str("\n|:--|--:|");
    text.push_str(&"--:|".repeat(summary.strategies.len()));
    text.push('\n');
    for row in rows(summary) {
        let label = row.label.replace('|', "\\|");
        let label = if row.begins_part { format!("**{label}**") } else { label };
        let _ = write!(text, "| {label} | {} |", row.time);
        for (cell, look) in &row.cells {
            let _ = match look {
                Look::Best => write!(text, " **{cell}** |"),
                Look::Plain | Look::Error => write!(text, " {cell} |"),
            };
        }
        text.push('\n');
    }
    text
}

/// The table as an HTML `table` element. Workloads can be sorted, by a script of the page's; what stands below them stays.
pub fn html(summary: &Summary) -> String {
    let mut text = String::from(
        "<table class=\"sortable\">\n<thead><tr><th scope=\"col\">workload</th><th scope=\"col\">class</th>\
         <th scope=\"col\">best</th>",
    );
    for strategy in &summary.strategies {
        // Long names may be broken where they have an underscore.
        let name = escape(&strategy.name).replace('_', "_<wbr>");
        let _ = write!(text, "<th scope=\"col\">{name}</th>");
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    let rows = rows(summary);
    let (workloads, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.is_workload);
    for (row, workload) in workloads.iter().zip(&summary.workloads) {
        let best = workload.cells.iter().filter_map(best_time).min_by(f64::total_cmp);
        html_row(&mut text, row, &workload.class, best);
    }
    text.push_str("</tbody>\n<tbody class=\"fixed\">\n");
    for row in others {
        html_row(&mut text, row, "", None);
    }
    text.push_str("</tbody>\n</table>\n");
    text
}

fn html_row(text: &mut String, row: &Row, of_class: &str, best: Option<f64>) {
    let class = if row.begins_part { " class=\"part\"" } else { "" };
    let sort = best.map_or(String::new(), |best| format!(" data-sort=\"{best}\""));
    let _ = write!(
        text,
        "<tr{class}><th scope=\"row\">{}</th><td>{}</td><td{sort}>{}</td>",
        escape(&row.label),
        escape(of_class),
        escape(&row.time)
    );
    for (index, (cell, look)) in row.cells.iter().enumerate() {
        let class = match look {
            Look::Plain => "",
            Look::Best => " class=\"best\"",
            Look::Error => " class=\"error\"",
        };
        let raw = row
            .raw
            .get(index)
            .map_or(String::new(), |raw| format!(" title=\"{}\"", escape(raw)));
        let _ = write!(text, "<td{class}{raw}>{}</td>", escape(cell));
    }
    text.push_str("</tr>\n");
}

/// The time of a cell that is the fastest of its row.
fn best_time(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Measured { median_ns, ratio, .. } if ratio.value == 1.0 => Some(*median_ns),
        _ => None,
    }
}

/// Text with the characters that mean something in HTML and XML replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A number of each strategy.
type Value<'f> = &'f dyn Fn(&StrategySummary) -> Option<f64>;

fn rows(summary: &Summary) -> Vec<Row> {
    let mut rows: Vec<Row> = summary
        .workloads
        .iter()
        .map(|workload| {
            let best = workload.cells.iter().filter_map(best_time);
            Row {
                label: if workload.counts {
                    workload.name.clone()
                } else {
                    format!("({})", workload.name)
                },
                time: best.min_by(f64::total_cmp).map_or_else(dash, units::time),
                cells: workload.cells.iter().map(cell).collect(),
                raw: workload.cells.iter().map(Cell::raw).collect(),
                begins_part: false,
                is_workload: true,
            }
        })
        .collect();
    let mut part = "";
    let mut add = |of: &'static str, label: &str, value: Value<'_>, show: &dyn Fn(f64) -> String| {
        let values: Vec<Option<f64>> = summary.strategies.iter().map(value).collect();
        let least = values.iter().flatten().copied().min_by(f64::total_cmp);
        let most = values.iter().flatten().copied().max_by(f64::total_cmp);
        if least.is_none() {
            return;
        }
        // What is the same for all is nobody's merit.
        let least = least.filter(|_| least != most || summary.strategies.len() == 1);
        let cells = values.iter().map(|&value| match value {
            Some(value) if Some(value) == least => (show(value), Look::Best),
            Some(value) => (show(value), Look::Plain),
            None => (dash(), Look::Plain),
        });
        rows.push(Row {
            label: label.to_owned(),
            time: String::new(),
            cells: cells.collect(),
            raw: Vec::new(),
            begins_part: part != of,
            is_workload: false,
        });
        part = of;
    };
    add("mean", "geometric mean", &|s| s.geometric_mean, &units::three_digits);
    let classes = summary.strategies.first().map_or(&[][..], |strategy| &strategy.classes);
    // With a single class its mean is the mean.
    for class in classes.iter().filter(|_| classes.len() > 1) {
        let mean = |strategy: &StrategySummary| {
            let found = strategy.classes.iter().find(|other| other.class == class.class);
            found.map(|found| found.geometric_mean)
        };
        add(
            "classes",
            &format!("mean of {}", class.class),
            &mean,
            &units::three_digits,
        );
    }
    add("costs", "decode, lower", &|s| s.costs.load_ns, &units::time);
    add("costs", "compile time", &|s| s.costs.compile_ns, &units::time);
    add(
        "costs",
        "  per wasm byte",
        &|s| s.costs.compile_ns_per_wasm_byte,
        &units::time,
    );
    add("costs", "compiled code", &|s| s.costs.code_bytes, &units::bytes);
    add(
        "costs",
        "  per wasm byte",
        &|s| s.costs.code_bytes_per_wasm_byte,
        &units::three_digits,
    );
    rows
}

fn cell(cell: &Cell) -> (String, Look) {
    match cell {
        Cell::Measured { ratio, .. } if ratio.value == 1.0 => (units::three_digits(ratio.value), Look::Best),
        Cell::Measured { ratio, .. } => (units::three_digits(ratio.value), Look::Plain),
        Cell::Error { .. } => ("error".to_owned(), Look::Error),
        Cell::Missing => (dash(), Look::Plain),
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// `closure_per_op` as `closure`, `_per_op`: pieces of at most 8 characters where the underscores allow it.
pub(crate) fn broken_name(name: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, piece) in name.split('_').enumerate() {
        let piece = if index == 0 {
            piece.to_owned()
        } else {
            format!("_{piece}")
        };
        match lines.last_mut() {
            Some(line) if length(line) + length(&piece) <= 8 => line.push_str(&piece),
            _ => lines.push(piece),
        }
    }
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn left(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

fn right(text: &str, width: usize) -> String {
    format!("{text:>width$}")
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
#[path = "../tests/unit/table.rs"]
mod tests;
