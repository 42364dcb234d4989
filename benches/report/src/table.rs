//! Tables, written once for the terminal, for Markdown and for HTML; and the one of a run's result: workloads as rows,
//! strategies as columns from the best to the worst, time relative to the best of the row in the cells.

use std::fmt::Write as _;

use crate::summary::{self, StrategySummary, Summary};
use crate::units;
use crate::visible;

/// What a cell is, for renderers that can show it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// A text or a number.
    #[default]
    Plain,
    /// The best of its row.
    Best,
    /// Something went wrong.
    Error,
}

/// A cell.
#[derive(Clone, Default)]
pub struct Cell {
    /// What it shows.
    pub text: String,
    /// How it looks.
    pub look: Look,
    /// What a pointer over it is told: raw numbers.
    pub title: Option<String>,
    /// What it is sorted by, if not by its text.
    pub sort: Option<f64>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell {
            text: text.into(),
            ..Cell::default()
        }
    }
}

/// A row.
pub struct Row {
    /// Its cells; the first one names it.
    pub cells: Vec<Cell>,
    /// A line is drawn above it.
    pub begins_part: bool,
    /// It stays below what is sorted.
    pub is_fixed: bool,
}

impl<C: Into<Cell>> FromIterator<C> for Row {
    fn from_iter<I: IntoIterator<Item = C>>(cells: I) -> Row {
        Row {
            cells: cells.into_iter().map(Into::into).collect(),
            begins_part: false,
            is_fixed: false,
        }
    }
}

/// A column.
pub struct Column {
    head: String,
    is_text: bool,
    html_only: bool,
}

impl Column {
    /// A column of numbers, set to the right.
    pub fn numbers(head: impl Into<String>) -> Column {
        Column {
            head: head.into(),
            is_text: false,
            html_only: false,
        }
    }

    /// A column of texts, set to the left.
    pub fn texts(head: impl Into<String>) -> Column {
        Column {
            is_text: true,
            ..Column::numbers(head)
        }
    }
}

/// A table.
pub struct Table {
    /// Its columns; the first one names the rows.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

impl Table {
    /// Rows under heads, of which the first `words` stand over texts and the others over numbers.
    pub fn of<H: Into<String>>(
        words: usize,
        heads: impl IntoIterator<Item = H>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Table {
        let column = |(index, head): (usize, H)| Column {
            is_text: index < words,
            ..Column::numbers(head)
        };
        Table {
            columns: heads.into_iter().enumerate().map(column).collect(),
            rows: rows.into_iter().collect(),
        }
    }

    /// The columns that all renderers show.
    fn shown(&self) -> Vec<usize> {
        let all = 0..self.columns.len();
        all.filter(|&index| !self.columns[index].html_only).collect()
    }

    /// For a terminal. Columns are aligned; long names of strategies are broken at their underscores in heads.
    pub fn plain(&self) -> String {
        let shown = self.shown();
        let heads = shown.iter().map(|&index| broken_name(&self.columns[index].head));
        let heads: Vec<Vec<String>> = heads.collect();
        let height = heads.iter().map(Vec::len).max().unwrap_or(1);
        // Names stand on the last line of the head, so that short ones are next to their column.
        let part = |head: &Vec<String>, line: usize| head.get((line + head.len()).checked_sub(height)?).cloned();
        let head = |line: usize| heads.iter().map(|head| part(head, line).unwrap_or_default()).collect();
        let texts = |row: &Row| shown.iter().map(|&index| row.cells[index].text.clone()).collect();
        let lines: Vec<Vec<String>> = (0..height).map(head).chain(self.rows.iter().map(texts)).collect();
        let lines = aligned_lines(&lines, |place| !self.columns[shown[place]].is_text);
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            let row = index.checked_sub(height).and_then(|row| self.rows.get(row));
            if index == height || row.is_some_and(|row| row.begins_part) {
                let _ = writeln!(text, "{}", "-".repeat(width));
            }
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// In Markdown, the best of each row in bold.
    pub fn markdown(&self) -> String {
        let shown = self.shown();
        let plain = |text: &str| visible::line(text).replace('|', "\\|");
        let cell = |row: &Row, index: usize| match &row.cells[index] {
            cell if index == 0 && row.begins_part => format!("**{}**", plain(&cell.text)),
            cell if cell.look == Look::Best => format!("**{}**", cell.text),
            cell => plain(&cell.text),
        };
        let head = shown.iter().map(|&index| plain(&self.columns[index].head)).collect();
        let rows = self.rows.iter();
        let rows = rows.map(|row| shown.iter().map(|&index| cell(row, index)).collect());
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            text += &line.iter().map(|cell| format!("| {cell} ")).collect::<String>();
            text += "|\n";
            if number == 0 {
                let rule = |&index: &usize| if self.columns[index].is_text { "|:--" } else { "|--:" };
                text.extend(shown.iter().map(rule));
                text += "|\n";
            }
        }
        text
    }

    /// As an HTML `table` element, which a script of the page's sorts; fixed rows stay below.
    pub fn html(&self) -> String {
        let mut text = String::from("<div class=\"wide\">\n<table class=\"sortable\">\n<thead><tr>");
        for column in &self.columns {
            // Long names may be broken where they have an underscore.
            let head = escape(&column.head).replace('_', "_<wbr>");
            let _ = write!(text, "<th scope=\"col\">{head}</th>");
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        let (fixed, sorted): (Vec<&Row>, Vec<&Row>) = self.rows.iter().partition(|row| row.is_fixed);
        sorted.into_iter().for_each(|row| self.html_row(&mut text, row));
        if !fixed.is_empty() {
            text.push_str("</tbody>\n<tbody class=\"fixed\">\n");
        }
        fixed.into_iter().for_each(|row| self.html_row(&mut text, row));
        text + "</tbody>\n</table>\n</div>\n"
    }

    fn html_row(&self, text: &mut String, row: &Row) {
        text.push_str(if row.begins_part { "<tr class=\"part\">" } else { "<tr>" });
        for (index, (cell, column)) in row.cells.iter().zip(&self.columns).enumerate() {
            let class = match cell.look {
                Look::Best => " class=\"best\"",
                Look::Error => " class=\"error\"",
                Look::Plain if column.is_text && index > 0 => " class=\"text\"",
                Look::Plain => "",
            };
            let title = cell.title.as_ref().map(|title| format!(" title=\"{}\"", escape(title)));
            let sort = cell.sort.map(|sort| format!(" data-sort=\"{sort}\""));
            let about = format!("{class}{}{}", title.unwrap_or_default(), sort.unwrap_or_default());
            let _ = match index {
                0 => write!(text, "<th scope=\"row\"{about}>{}</th>", escape(&cell.text)),
                _ => write!(text, "<td{about}>{}</td>", escape(&cell.text)),
            };
        }
        text.push_str("</tr>\n");
    }
}

/// Columns of a terminal that output for people keeps to.
pub const WIDTH: usize = 120;

/// A line or several, broken between words where they are longer than [`WIDTH`]; what goes on is set in. Ends with a new line.
pub fn wrapped(text: &str) -> String {
    text.lines().map(|line| hanging(line, indented(line) + 2)).collect()
}

fn indented(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

/// A line broken between words, with what goes on below a column.
fn hanging(line: &str, column: usize) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for (index, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        // A word that is as long as a line stands as it is.
        if index > 0 && at + 1 + length > WIDTH && at > column {
            text += &format!("\n{:column$}", "");
            at = column;
        } else if index > 0 {
            text.push(' ');
            at += 1;
        }
        text += word;
        at += length;
    }
    text + "\n"
}

/// Rows of texts in columns, the last one broken where it gets too wide. Columns named in `right` are set to the right.
pub fn columns(rows: &[Vec<String>], right: &[usize]) -> String {
    let lines = aligned_lines(rows, |index| right.contains(&index));
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let last = rows.iter().filter(|row| row.len() == count);
    let last = last.filter_map(|row| row.last());
    let last = last.map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    // Where little room is left for it, it begins a line of its own.
    let column = match widest.saturating_sub(last) {
        column if column + 30 > WIDTH => 4,
        column => column,
    };
    lines.iter().map(|line| hanging(line, column)).collect()
}

/// Rows of texts in columns, however wide.
pub fn aligned(rows: &[Vec<String>]) -> String {
    aligned_lines(rows, |_| false).join("\n") + "\n"
}

fn aligned_lines(rows: &[Vec<String>], is_right: impl Fn(usize) -> bool) -> Vec<String> {
    let shown = |row: &Vec<String>| row.iter().map(|cell| visible::line(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(shown).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column > 0 { "  " } else { "" };
            let _ = match is_right(column) {
                true => write!(line, "{gap}{cell:>width$}"),
                false => write!(line, "{gap}{cell:width$}"),
            };
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Text with the characters that mean something in HTML and XML replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = visible::text(text).into_owned();
    // The ampersand first: it begins the others.
    for (character, name) in [('&', "amp"), ('<', "lt"), ('>', "gt"), ('"', "quot"), ('\'', "#39")] {
        escaped = escaped.replace(character, &format!("&{name};"));
    }
    escaped
}

/// `closure_per_op` as `closure`, `_per_op`: pieces of at most 8 characters where the underscores allow it.
pub(crate) fn broken_name(name: &str) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut lines: Vec<String> = Vec::new();
    for piece in name.split('_') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(piece) <= 8 => *line += &format!("_{piece}"),
            Some(_) => lines.push(format!("_{piece}")),
            None => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// A number of each strategy.
type Value<'f> = &'f dyn Fn(&StrategySummary) -> Option<f64>;

/// The result of a run.
pub fn of(summary: &Summary) -> Table {
    let mut class = Column::texts("class");
    class.html_only = true;
    let mut columns = vec![Column::texts("workload"), class, Column::numbers("best")];
    let strategies = summary.strategies.iter();
    columns.extend(strategies.map(|strategy| Column::numbers(&strategy.name)));
    let mut rows: Vec<Row> = summary.workloads.iter().map(workload_row).collect();
    let mut part = "";
    let mut add = |of: &'static str, label: &str, value: Value<'_>, show: &dyn Fn(f64) -> String| {
        let values: Vec<Option<f64>> = summary.strategies.iter().map(value).collect();
        let least = values.iter().flatten().copied().min_by(f64::total_cmp);
        let most = values.iter().flatten().copied().max_by(f64::total_cmp);
        if least.is_none() {
            return;
        }
        // What is the same for all is no strategy's merit.
        let best = least.filter(|_| least != most || summary.strategies.len() == 1);
        let cell = |value: &Option<f64>| Cell {
            look: match value.is_some() && *value == best {
                true => Look::Best,
                false => Look::Plain,
            },
            ..value.map_or("-".to_owned(), show).into()
        };
        let names = [label, "", ""].into_iter().map(Cell::from);
        rows.push(Row {
            begins_part: part != of,
            is_fixed: true,
            cells: names.chain(values.iter().map(cell)).collect(),
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
        let label = format!("mean of {}", class.class);
        add("classes", &label, &mean, &units::three_digits);
    }
    type Cost = (&'static str, fn(&StrategySummary) -> Option<f64>, fn(f64) -> String);
    let costs: [Cost; 6] = [
        ("decode, lower", |s| s.costs.load_ns, units::time),
        ("compile time", |s| s.costs.compile_ns, units::time),
        ("  per wasm byte", |s| s.costs.compile_ns_per_wasm_byte, units::time),
        ("compiled code", |s| s.costs.code_bytes, units::bytes),
        (
            "  per wasm byte",
            |s| s.costs.code_bytes_per_wasm_byte,
            units::three_digits,
        ),
        (
            "  mean over programs",
            |s| s.costs.code_of_a_program(),
            units::three_digits,
        ),
    ];
    for (label, value, show) in costs {
        add("costs", label, &value, &show);
    }
    Table { columns, rows }
}

fn workload_row(workload: &summary::WorkloadSummary) -> Row {
    let best = workload.cells.iter().filter_map(|cell| match cell {
        summary::Cell::Measured { median_ns, ratio, .. } if ratio.value == 1.0 => Some(*median_ns),
        _ => None,
    });
    let best = best.min_by(f64::total_cmp);
    let label = match workload.counts {
        true => workload.name.clone(),
        false => format!("({})", workload.name),
    };
    let time = Cell {
        sort: best,
        ..best.map_or("-".to_owned(), units::time).into()
    };
    let cells = workload.cells.iter().map(|cell| {
        let (text, look) = match cell {
            summary::Cell::Measured { ratio, .. } if ratio.value == 1.0 => ("1.00".to_owned(), Look::Best),
            summary::Cell::Measured { ratio, left_out, .. } => {
                let out = match left_out {
                    0 => String::new(),
                    some => format!(" (-{some})"),
                };
                (units::three_digits(ratio.value) + &out, Look::Plain)
            }
            summary::Cell::Error { .. } => ("error".to_owned(), Look::Error),
            summary::Cell::Missing => ("-".to_owned(), Look::Plain),
        };
        Cell {
            look,
            title: Some(cell.raw()),
            ..text.into()
        }
    });
    let names = [label.into(), workload.class.as_str().into(), time];
    names.into_iter().chain(cells).collect()
}

#[cfg(test)]
#[path = "../tests/unit/table.rs"]
mod tests;
