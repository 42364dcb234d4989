//! Who is fastest: a row per strategy with its geometric mean, the interval of that, and a ring per workload, so that
//! the mean does not hide where it is wrong.

use super::Picture;
use super::palette::{Palette, darker};
use super::rows::Rows;
use super::svg::{BLACK, GREY, Rgb, Text};
use crate::statistics::Estimate;
use crate::summary::words::{range, times};
use crate::summary::{Cell, StrategySummary, Summary};

/// Colour of the rings: dark enough on white, lighter than the means.
const RING: Rgb = (0x8a, 0x8a, 0x8a);

struct Row<'s> {
    strategy: &'s StrategySummary,
    relative: Estimate,
    /// Workloads, and the time relative to the best strategy.
    workloads: Vec<(&'s str, f64)>,
}

/// `None` if nothing is ranked.
pub(super) fn draw(summary: &Summary, colors: &Palette) -> Option<Picture> {
    let best = summary.ranked().next()?;
    let (ranked, unranked): (Vec<_>, Vec<_>) =
        (summary.strategies.iter().enumerate()).partition(|(_, strategy)| strategy.rank.is_some());
    let found: Vec<Row> = (ranked.into_iter())
        .filter_map(|(column, strategy)| {
            Some(Row {
                strategy,
                relative: strategy.relative?,
                workloads: workload_ratios(summary, column),
            })
        })
        .collect();
    let counted = summary.counted().count();
    let unranked: Vec<&str> = unranked.iter().map(|(_, strategy)| strategy.name.as_str()).collect();
    let mean = match counted {
        0 | 1 => String::new(),
        some => format!("geometric mean over {some} workloads (rings), "),
    };
    let notes = format!(
        "Dot: time relative to {}, {mean}with 95 % interval.{} {}",
        best.name,
        match unranked.is_empty() {
            true => String::new(),
            false => format!(" Not ranked: {}.", unranked.join(", ")),
        },
        summary.caveat()
    );
    let names = found.iter().map(|row| row.strategy.name.as_str());
    let mut rows = Rows::new(&summary.headline(), &notes, names, 48.0, 118.0);
    let values = found.iter().flat_map(|row| {
        let interval = [row.relative.low, row.relative.high];
        row.workloads.iter().map(|(_, ratio)| *ratio).chain(interval)
    });
    let label = format!("time relative to {} (logarithmic; further left is faster)", best.name);
    let scale = rows.ratio_axis(values, &label);
    for (index, row) in found.iter().enumerate() {
        let name = &row.strategy.name;
        let y = rows.name(index, name, (!row.strategy.safe).then_some("uses unsafe code"));
        if index > 0 {
            for (workload, ratio) in &row.workloads {
                let at = (scale.at(*ratio), y);
                rows.svg.ring(at, 4.0, RING);
                let hint = format!("{name} on {workload}: {}", times(*ratio));
                rows.svg.hint_at(at, 4.0, &hint);
            }
            let (low, high) = (scale.at(row.relative.low), scale.at(row.relative.high));
            rows.svg.line(&[(low, y), (high, y)], 2.0, BLACK);
            for x in [low, high] {
                rows.svg.line(&[(x, y - 10.0), (x, y + 10.0)], 1.5, BLACK);
            }
        }
        let (at, color) = ((scale.at(row.relative.value), y), colors.color(name));
        let (mean, interval) = (times(row.relative.value), range(row.relative));
        rows.svg.disc(at, 5.5, color);
        rows.svg.hint_at(at, 7.0, &format!("{name}: {mean} ({interval})"));
        if index == 0 {
            let said = if summary.speaks() { "1 (fastest)" } else { "1" };
            rows.value(y, said, darker(color));
        } else {
            rows.value(y - 8.0, &mean, darker(color));
            let small = Text::new(12.0).color(GREY);
            rows.svg.text((rows.right + 18.0, y + 9.0), &interval, small);
        }
    }
    Some(rows.finish())
}

/// Time of a strategy divided by that of the best strategy, on each workload that counts.
fn workload_ratios(summary: &Summary, column: usize) -> Vec<(&str, f64)> {
    let median = |cell: Option<&Cell>| match cell {
        Some(Cell::Measured { median_ns, .. }) => Some(*median_ns),
        _ => None,
    };
    summary
        .counted()
        .filter_map(|workload| {
            let ratio = median(workload.cells.get(column))? / median(workload.cells.first())?;
            Some((workload.name.as_str(), ratio))
        })
        .collect()
}
