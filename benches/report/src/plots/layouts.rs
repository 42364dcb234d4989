//! Does the order survive relinking? A row per strategy, a mark per layout of the code.

use super::Drawing;
use super::axis::{ratio_axis, ratio_scale};
use super::canvas::{Align, BLUE, Canvas, DrawResult, MARGIN, RED, Text, heading, heading_height, hint_at, ring};
use super::scale::LogScale;
use crate::summary::Summary;
use crate::summary::words::times;
use crate::units;

const WIDTH: f64 = 1000.0;
const ROW: f64 = 46.0;
const AXIS: f64 = 58.0;

/// The plot, with everything it shows already computed.
pub(super) struct Layouts {
    title: String,
    notes: String,
    best: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// Layouts with the time by that of the best in the same layout.
    marks: Vec<(String, f64)>,
}

impl Layouts {
    /// `None` if there were not several layouts, or there is nobody to compare with.
    pub fn new(summary: &Summary) -> Option<Layouts> {
        let best = summary.recommendation.as_ref()?.best.clone();
        let count = summary.layouts.len();
        let ranked = summary.strategies.iter().filter(|strategy| strategy.rank.is_some());
        let rows: Vec<Row> = ranked
            .enumerate()
            .map(|(place, strategy)| Row {
                name: strategy.name.clone(),
                marks: (summary.layouts.iter())
                    .filter_map(|layout| {
                        let name = match layout.layout {
                            Some(seed) => format!("layout {seed}"),
                            None => "as linked".to_owned(),
                        };
                        Some((name, *layout.relative.get(place)?))
                    })
                    .collect(),
            })
            .collect();
        if count < 2 || rows.len() < 2 {
            return None;
        }
        Some(Layouts {
            title: title(&best, &rows, count),
            notes: format!(
                "Ring: one layout of the code, the same source and flags linked in another order; geometric mean of the \
                 time relative to {best} in the same layout. How far the rings of a row lie apart is what relinking alone \
                 does."
            ),
            best,
            rows,
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    fn scale(&self, begin: f64, end: f64) -> LogScale {
        let values = self
            .rows
            .iter()
            .flat_map(|row| row.marks.iter().map(|(_, value)| *value));
        ratio_scale(values, (begin, end))
    }
}

fn title(best: &str, rows: &[Row], count: usize) -> String {
    let is_first = |layout: usize| {
        let others = rows.iter().skip(1).filter_map(|row| row.marks.get(layout));
        others.into_iter().all(|(_, value)| *value > 1.0)
    };
    let first = (0..count).filter(|&layout| is_first(layout)).count();
    let keeps = |layout: usize| {
        let values: Vec<f64> = rows.iter().filter_map(|row| Some(row.marks.get(layout)?.1)).collect();
        values.is_sorted()
    };
    let same = (0..count).filter(|&layout| keeps(layout)).count();
    match (first == count, same == count) {
        (true, true) => format!("The whole order survives relinking: it is the same in all {count} layouts"),
        (true, false) => {
            format!("{best} is first in all {count} layouts; the order of the others is the same in {same}")
        }
        _ => format!("Relinking changes who is first: {best} is in {first} of {count} layouts"),
    }
}

impl Drawing for Layouts {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        (WIDTH, heading + 10.0 + ROW * self.rows.len() as f64 + AXIS)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let top = heading(canvas, WIDTH, &self.title, &self.notes)? + 10.0;
        let bottom = top + ROW * self.rows.len() as f64;
        let look = Text::new(14.5).bold().align(Align::Right);
        let names = self.rows.iter().map(|row| look.width(&row.name));
        let name_width = names.fold(110.0, f64::max).min(280.0);
        let scale = self.scale(MARGIN + name_width + 14.0, WIDTH - MARGIN - 130.0);
        let label = format!("time relative to {} in the same layout (logarithmic)", self.best);
        ratio_axis(canvas, &scale, (top, bottom), &label)?;
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            canvas.text((MARGIN + name_width, y), &look.fit(&row.name, name_width), look)?;
            let color = if index == 0 { BLUE } else { RED };
            let count = row.marks.len();
            for (number, (layout, value)) in row.marks.iter().enumerate() {
                // Rings that would lie upon each other are set apart, in the order of the layouts.
                let shift = match count {
                    0 | 1 => 0.0,
                    _ => (number as f64 / (count - 1) as f64 - 0.5) * 22.0,
                };
                let at = (scale.at(*value), y + shift);
                ring(canvas, at, 4.0, color)?;
                hint_at(canvas, at, 5.0, format!("{}, {layout}: {}", row.name, times(*value)));
            }
            let values = || row.marks.iter().map(|(_, value)| *value);
            let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            let text = match index {
                0 => "1".to_owned(),
                _ => format!("{} to {}", units::three_digits(low), units::three_digits(high)),
            };
            canvas.text((scale.end + 16.0, y), &text, Text::new(13.0).color(color))?;
        }
        Ok(())
    }
}
