//! Every cell at a glance: workloads as rows, strategies as columns, the time relative to the best of the row as number
//! and as colour.

use super::Picture;
use super::palette::{WRONG, mixed, readable_on};
use super::scale::LogScale;
use super::svg::{Align, GREY, GRID_GREY, MARGIN, Rgb, Svg, Text};
use crate::summary::{Cell, StrategySummary, Summary};
use crate::table::broken_name;
use crate::units;

const ROW: f64 = 25.0;
/// Space between two classes, and above the row of means.
const GAP: f64 = 7.0;
const HEAD_LINE: f64 = 16.0;
const LEGEND: f64 = 62.0;
const SMALLEST_WIDTH: f64 = 900.0;
const MISSING: Rgb = (0xf2, 0xf2, 0xf2);

/// viridis in nine steps, from its bright end (fast) to its dark end (slow).
pub(super) const VIRIDIS: [Rgb; 9] = [
    (0xfd, 0xe7, 0x25),
    (0xad, 0xdc, 0x30),
    (0x5e, 0xc9, 0x62),
    (0x28, 0xae, 0x80),
    (0x21, 0x91, 0x8c),
    (0x2c, 0x72, 0x8e),
    (0x3b, 0x52, 0x8b),
    (0x47, 0x2d, 0x7b),
    (0x44, 0x01, 0x54),
];

struct Row<'s> {
    class: &'s str,
    name: &'s str,
    /// What each cell has, and what a pointer over it is told.
    values: Vec<(Value, String)>,
}

#[derive(Clone, Copy)]
enum Value {
    Ratio(f64),
    Error,
    Missing,
}

/// `None` without any time.
pub(super) fn draw(summary: &Summary) -> Option<Picture> {
    let rows = rows(summary);
    let values = rows.iter().flat_map(|row| &row.values);
    let ratios = values.filter_map(|(value, _)| match value {
        Value::Ratio(ratio) => Some(*ratio),
        _ => None,
    });
    let darkest = ratios.max_by(f64::total_cmp)?.clamp(2.0, 50.0);
    let columns: Vec<Vec<String>> = summary.strategies.iter().map(|s| broken_name(&s.name)).collect();

    let (class_look, name_look, head_look) = (Text::new(12.0).color(GREY), Text::new(13.0), Text::new(13.0).bold());
    let class_width = class_look.widest(rows.iter().map(|row| row.class), 0.0, 150.0);
    let name_width = name_look.widest(rows.iter().map(|row| row.name), 60.0, 260.0);
    let left = MARGIN + class_width + 14.0 + name_width + 10.0;
    let count = columns.len().max(1) as f64;
    let roomy = ((SMALLEST_WIDTH - MARGIN - left) / count).min(120.0) - 12.0;
    let head_width = head_look.widest(columns.iter().flatten().map(String::as_str), 62.0, f64::INFINITY);
    let cell_width = head_width.max(roomy) + 12.0;
    let width = (left + cell_width * count + MARGIN).max(SMALLEST_WIDTH);

    let notes = "Time relative to the fastest strategy on the same workload: 1.00 is the fastest, brighter is faster.";
    let (mut svg, mut y) = Svg::new(width, &title(summary), notes);
    let head_lines = columns.iter().map(Vec::len).max().unwrap_or(1);
    y += 6.0;
    for (index, parts) in columns.iter().enumerate() {
        let x = left + cell_width * (index as f64 + 0.5);
        for (line, part) in (head_lines - parts.len()..).zip(parts) {
            let middle = y + HEAD_LINE * (line as f64 + 0.5);
            svg.text((x, middle), part, head_look.align(Align::Center));
        }
    }
    y += HEAD_LINE * head_lines as f64 + 4.0;
    let mut class = None;
    for row in &rows {
        let begins = class != Some(row.class);
        if begins && class.is_some() {
            y += GAP;
        }
        let middle = y + ROW / 2.0;
        if begins {
            svg.text((MARGIN, middle), &class_look.fit(row.class, class_width), class_look);
        }
        class = Some(row.class);
        let name = name_look.fit(row.name, left - 10.0 - MARGIN - class_width);
        svg.text((left - 10.0, middle), &name, name_look.align(Align::Right));
        for (index, (value, hint)) in row.values.iter().enumerate() {
            let x = left + cell_width * index as f64;
            draw_cell(&mut svg, (x, y), cell_width, *value, darkest);
            if !hint.is_empty() {
                svg.hint((x, y), (x + cell_width, y + ROW), hint);
            }
        }
        y += ROW;
    }
    let end = left + (cell_width * count).clamp(200.0, 420.0);
    let scale = LogScale {
        low: 1.0,
        high: darkest,
        begin: left,
        end,
    };
    draw_legend(&mut svg, &scale, y + 18.0);
    Some(svg.finish(y + LEGEND))
}

fn rows(summary: &Summary) -> Vec<Row<'_>> {
    let value = |cell: &Cell| match cell {
        Cell::Measured { ratio, .. } => Value::Ratio(ratio.value),
        Cell::Error { .. } => Value::Error,
        Cell::Missing => Value::Missing,
    };
    let mut rows: Vec<Row> = (summary.workloads.iter())
        .map(|workload| Row {
            class: &workload.class,
            name: &workload.name,
            values: (summary.strategies.iter().zip(&workload.cells))
                .map(|(strategy, cell)| {
                    let hint = format!("{} on {}: {}", strategy.name, workload.name, cell.raw());
                    (value(cell), hint)
                })
                .collect(),
        })
        .collect();
    if summary.recommendation.is_some() {
        let mean = |strategy: &StrategySummary| strategy.geometric_mean.map_or(Value::Missing, Value::Ratio);
        let means = summary.strategies.iter().map(mean);
        rows.push(Row {
            class: "all",
            name: "geometric mean",
            values: means.map(|mean| (mean, String::new())).collect(),
        });
    }
    rows
}

/// How often the winner wins.
fn title(summary: &Summary) -> String {
    let Some(recommendation) = summary.recommendation.as_ref().filter(|_| summary.speaks()) else {
        return "Time relative to the fastest strategy".to_owned();
    };
    let counted: Vec<_> = summary.counted().collect();
    let wins = |name: &str| {
        let won = counted.iter().filter(|workload| workload.best.as_deref() == Some(name));
        won.count()
    };
    let best = &recommendation.best;
    let others = summary.strategies.iter().map(|strategy| &strategy.name);
    let others = others.filter(|name| *name != best && wins(name) > 0);
    let others = others.map(|name| format!(", {name} on {}", wins(name)));
    match (wins(best), counted.len()) {
        (1, 1) => format!("{best} is fastest on the one workload"),
        (2, 2) => format!("{best} is fastest on both workloads"),
        (won, all) if won == all => format!("{best} is fastest on all {all} workloads"),
        (won, all) => format!(
            "{best} is fastest on {won} of {}{}",
            units::number(all, "workload"),
            others.collect::<String>()
        ),
    }
}

fn draw_cell(svg: &mut Svg, (left, top): (f64, f64), width: f64, value: Value, darkest: f64) {
    // Half a point of air on each side separates the cells.
    let from = (left + 0.5, top + 0.5);
    let to = (left + width - 0.5, top + ROW - 0.5);
    let center = (left + width / 2.0, top + ROW / 2.0);
    let look = Text::new(13.0).align(Align::Center);
    match value {
        Value::Ratio(ratio) => {
            let color = viridis(ratio.max(1.0).ln() / darkest.ln());
            svg.rectangle(from, to, color);
            let look = look.color(readable_on(color));
            let look = if ratio <= 1.0 { look.bold() } else { look };
            svg.text(center, &units::three_digits(ratio), look);
        }
        Value::Error => {
            svg.line(&[from, (to.0, from.1), to, (from.0, to.1), from], 1.5, WRONG);
            svg.text(center, "error", look.bold().color(WRONG));
        }
        Value::Missing => {
            svg.rectangle(from, to, MISSING);
            svg.text(center, "–", look.color(GREY));
        }
    }
}

fn draw_legend(svg: &mut Svg, scale: &LogScale, top: f64) {
    let steps = 105;
    for step in 0..steps {
        let share = f64::from(step) / f64::from(steps);
        let x = scale.begin + (scale.end - scale.begin) * share;
        // Each step reaches to the end: edges that only touch leave pale seams between them.
        svg.rectangle((x, top), (scale.end, top + 11.0), viridis(share));
    }
    for tick in scale.ticks() {
        let x = scale.at(tick);
        svg.line(&[(x, top + 11.0), (x, top + 15.0)], 1.0, GREY);
        let look = Text::new(11.5).align(Align::Center);
        svg.text((x, top + 23.0), &units::count(tick), look);
    }
    let (left, right, bottom) = (scale.begin, scale.end, top + 11.0);
    let frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    svg.line(&frame, 0.5, GRID_GREY);
    let look = Text::new(11.5).color(GREY).align(Align::Right);
    svg.text((left - 10.0, top + 6.0), "times the fastest", look);
}

/// A colour of viridis, 0 for its bright end and 1 for its dark end.
pub(super) fn viridis(share: f64) -> Rgb {
    let position = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let index = (position.floor() as usize).min(VIRIDIS.len() - 2);
    mixed(VIRIDIS[index], VIRIDIS[index + 1], position - index as f64)
}
