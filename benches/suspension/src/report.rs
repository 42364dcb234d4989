//! What was measured, as rows: a table for people, JSON lines for everybody else.

use serde::Serialize;
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::{statistics, units};

/// In which unit values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Time.
    Nanoseconds,
    /// Memory.
    Bytes,
    /// A plain number.
    Number,
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Unit::Nanoseconds if value < 0.0 => format!("{value:.2} ns"),
            Unit::Nanoseconds => units::time(value),
            Unit::Bytes => units::bytes(value.max(0.0)),
            Unit::Number => units::three_digits(value),
        }
    }
}

/// One thing measured of one subject, as often as it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The part of the program.
    pub part: &'static str,
    /// What was measured.
    pub what: String,
    /// Of which strategy or engine.
    pub subject: String,
    /// Unit of the values.
    pub unit: Unit,
    /// Every value, in the order of measurement. Empty when the subject has no such thing.
    pub values: Vec<f64>,
    /// Why there are none, or what else there is to say.
    pub note: String,
}

impl Row {
    /// A row with its values.
    pub fn new(part: &'static str, what: &str, subject: &str, unit: Unit, values: Vec<f64>) -> Row {
        Row {
            part,
            what: what.into(),
            subject: subject.into(),
            unit,
            values,
            note: String::new(),
        }
    }

    /// A subject that has no such thing, or could not be measured.
    pub fn none(part: &'static str, what: &str, subject: &str, note: &str) -> Row {
        Row {
            note: note.into(),
            ..Row::new(part, what, subject, Unit::Number, Vec::new())
        }
    }
}

impl Row {
    /// Whose, median, the middle half, and the note.
    fn cells(&self) -> Vec<String> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| statistics::quantile(&sorted, q).map(|value| self.unit.text(value));
        let half = at(0.25).zip(at(0.75)).filter(|_| sorted.len() > 1);
        let half = half.map_or(String::new(), |(low, high)| format!("{low} to {high}"));
        vec![
            format!("  {}", self.subject),
            at(0.5).unwrap_or_default(),
            half,
            self.note.clone(),
        ]
    }
}

/// The rows as tables: median, and where the middle half of the values lies.
pub fn table(rows: &[Row]) -> String {
    let of_one = |rows: &[Row]| {
        let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
        format!("\n{}: {}\n{}", rows[0].part, rows[0].what, columns(&cells, &[1]))
    };
    rows.chunk_by(|a, b| (a.part, &a.what) == (b.part, &b.what))
        .map(of_one)
        .collect()
}
