//! What was measured, as rows: a table for people, JSON lines for everybody else.

use serde::Serialize;
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

/// The rows as a table: median, and where the middle half of the values lies.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut what = String::new();
    let width = rows.iter().map(|row| row.subject.chars().count()).max().unwrap_or(0);
    for row in rows {
        let title = format!("{}: {}", row.part, row.what);
        if title != what {
            text += &format!("\n{title}\n");
            what = title;
        }
        let mut sorted = row.values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| statistics::quantile(&sorted, q).map(|value| row.unit.text(value));
        let numbers = match (at(0.5), at(0.25), at(0.75)) {
            (Some(median), Some(low), Some(high)) if sorted.len() > 1 => {
                format!("{median:>10}   {low:>9} to {high}")
            }
            (Some(median), ..) => format!("{median:>10}"),
            _ => String::new(),
        };
        let line = format!("  {:width$}  {numbers}  {}", row.subject, row.note);
        text += line.trim_end();
        text.push('\n');
    }
    text
}
