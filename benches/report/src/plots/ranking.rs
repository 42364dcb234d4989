//! Who is fastest: a row per strategy with its geometric mean, the interval of that, and a ring per workload, so that
//! the mean does not hide where it is wrong.

use super::Drawing;
use super::axis::{ratio_axis, ratio_scale};
use super::canvas::{
    Align, BLACK, BLUE, Canvas, DrawResult, GREY, MARGIN, RED, Rgb, Text, heading, heading_height, hint_at, ring,
};
use super::scale::LogScale;
use crate::statistics::Estimate;
use crate::summary::words::{range, times};
use crate::summary::{Cell, Summary};

const WIDTH: f64 = 1000.0;
const ROW: f64 = 48.0;
const AXIS: f64 = 58.0;
/// Colour of the rings: dark enough on white, lighter than the means.
const RING: Rgb = (0x8a, 0x8a, 0x8a);

/// The plot, with everything it shows already computed.
pub(super) struct Ranking {
    title: String,
    notes: String,
    best: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    safe: bool,
    relative: Estimate,
    /// Workloads, and the time relative to the best strategy.
    workloads: Vec<(String, f64)>,
}

impl Ranking {
    /// `None` if nothing is ranked.
    pub fn new(summary: &Summary) -> Option<Ranking> {
        let best = summary.strategies.first()?;
        best.rank?;
        let rows: Vec<Row> = summary
            .strategies
            .iter()
            .enumerate()
            .filter(|(_, strategy)| strategy.rank.is_some())
            .filter_map(|(column, strategy)| {
                Some(Row {
                    name: strategy.name.clone(),
                    safe: strategy.safe,
                    relative: strategy.relative?,
                    workloads: workload_ratios(summary, column),
                })
            })
            .collect();
        let counted = summary.workloads.iter().filter(|workload| workload.counts).count();
        let workloads = if counted == 1 { "workload" } else { "workloads" };
        let unranked: Vec<&str> = (summary.strategies.iter())
            .filter(|strategy| strategy.rank.is_none())
            .map(|strategy| strategy.name.as_str())
            .collect();
        let left_out = if unranked.is_empty() {
            String::new()
        } else {
            format!(" Not ranked: {}.", unranked.join(", "))
        };
        Some(Ranking {
            title: summary.headline(),
            notes: format!(
                "Dot: time relative to {}, geometric mean over {counted} {workloads}, with 95 % interval. Ring: one \
                 workload.{left_out} {}",
                best.name,
                summary.caveat()
            ),
            best: best.name.clone(),
            rows,
        })
    }

    /// The axis, wide enough for everything on it.
    fn scale(&self, begin: f64, end: f64) -> LogScale {
        let values = self.rows.iter().flat_map(|row| {
            let interval = [row.relative.low, row.relative.high];
            row.workloads.iter().map(|(_, ratio)| *ratio).chain(interval)
        });
        ratio_scale(values, (begin, end))
    }
}

/// Time of a strategy divided by that of the best strategy, on each workload that counts.
fn workload_ratios(summary: &Summary, column: usize) -> Vec<(String, f64)> {
    let median = |cell: Option<&Cell>| match cell {
        Some(Cell::Measured { median_ns, .. }) => Some(*median_ns),
        _ => None,
    };
    let counted = summary.workloads.iter().filter(|workload| workload.counts);
    counted
        .filter_map(|workload| {
            let ratio = median(workload.cells.get(column))? / median(workload.cells.first())?;
            Some((workload.name.clone(), ratio))
        })
        .collect()
}

impl Drawing for Ranking {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        (WIDTH, heading + 10.0 + ROW * self.rows.len() as f64 + AXIS)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let top = heading(canvas, WIDTH, &self.title, &self.notes)? + 10.0;
        let bottom = top + ROW * self.rows.len() as f64;
        let name_look = Text::new(14.5).bold().align(Align::Right);
        let names = self.rows.iter().map(|row| name_look.width(&row.name));
        let name_width = names.fold(110.0, f64::max).min(280.0);
        let scale = self.scale(MARGIN + name_width + 14.0, WIDTH - MARGIN - 118.0);
        let label = format!("time relative to {} (logarithmic; further left is faster)", self.best);
        ratio_axis(canvas, &scale, (top, bottom), &label)?;
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            let x = MARGIN + name_width;
            let name = name_look.fit(&row.name, name_width);
            if row.safe {
                canvas.text((x, y), &name, name_look)?;
            } else {
                canvas.text((x, y - 7.0), &name, name_look)?;
                let look = Text::new(11.0).color(GREY).align(Align::Right);
                canvas.text((x, y + 9.0), "uses unsafe code", look)?;
            }
            row.draw(canvas, &scale, y, index == 0)?;
        }
        Ok(())
    }
}

impl Row {
    fn draw(&self, canvas: &mut dyn Canvas, scale: &LogScale, y: f64, is_best: bool) -> DrawResult {
        let color = if is_best { BLUE } else { RED };
        for (workload, ratio) in self.workloads.iter().filter(|_| !is_best) {
            let at = (scale.at(*ratio), y);
            ring(canvas, at, 4.0, RING)?;
            hint_at(
                canvas,
                at,
                4.0,
                format!("{} on {workload}: {}", self.name, times(*ratio)),
            );
        }
        let (low, high) = (scale.at(self.relative.low), scale.at(self.relative.high));
        if !is_best {
            canvas.line(&[(low, y), (high, y)], 2.0, BLACK)?;
            for x in [low, high] {
                canvas.line(&[(x, y - 10.0), (x, y + 10.0)], 1.5, BLACK)?;
            }
        }
        let at = (scale.at(self.relative.value), y);
        canvas.disc(at, 5.5, color)?;
        let mean = format!(
            "{}: {} ({})",
            self.name,
            times(self.relative.value),
            range(self.relative)
        );
        hint_at(canvas, at, 7.0, mean);
        let x = scale.end + 18.0;
        let value = Text::new(14.5).bold().color(color);
        if is_best {
            return canvas.text((x, y), "1 (fastest)", value);
        }
        canvas.text((x, y - 8.0), &times(self.relative.value), value)?;
        canvas.text((x, y + 9.0), &range(self.relative), Text::new(12.0).color(GREY))
    }
}
