//! Every cell at a glance: workloads as rows, strategies as columns, the time relative to the best of the row as number
//! and as colour.

use super::Drawing;
use super::canvas::{
    Align, BLACK, Canvas, DrawResult, GREY, GRID_GREY, MARGIN, PAPER, RED, Rgb, Text, heading, heading_height,
};
use super::scale::LogScale;
use crate::summary::{Cell, Summary};
use crate::table::broken_name;
use crate::units;

const ROW: f64 = 25.0;
/// Space between two classes, and above the row of means.
const GAP: f64 = 7.0;
const HEAD_LINE: f64 = 16.0;
const LEGEND: f64 = 62.0;
const SMALLEST_WIDTH: f64 = 900.0;
const CLASS_LOOK_SIZE: f64 = 12.0;
const NAME_LOOK_SIZE: f64 = 13.0;

/// viridis in nine steps, from its bright end (fast) to its dark end (slow).
const VIRIDIS: [Rgb; 9] = [
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

/// The plot, with everything it shows already computed.
pub(super) struct HeatMap {
    title: String,
    notes: String,
    columns: Vec<Vec<String>>,
    rows: Vec<Row>,
    /// The ratio at the dark end of the colours.
    darkest: f64,
}

struct Row {
    /// Set on the first row of a class.
    class: Option<String>,
    name: String,
    values: Vec<Value>,
    /// What a pointer over a value is told.
    hints: Vec<String>,
    /// Space is left above it.
    apart: bool,
}

#[derive(Clone, Copy)]
enum Value {
    Ratio(f64),
    Error,
    Missing,
}

/// Where things are.
struct Layout {
    width: f64,
    height: f64,
    class_width: f64,
    left: f64,
    cell_width: f64,
}

impl HeatMap {
    /// `None` without any time.
    pub fn new(summary: &Summary) -> Option<HeatMap> {
        let mut rows: Vec<Row> = Vec::new();
        let mut last_class = None;
        for workload in &summary.workloads {
            let begins = last_class != Some(&workload.class);
            rows.push(Row {
                class: begins.then(|| workload.class.clone()),
                name: workload.name.clone(),
                values: workload.cells.iter().map(Value::of).collect(),
                hints: (summary.strategies.iter().zip(&workload.cells))
                    .map(|(strategy, cell)| format!("{} on {}: {}", strategy.name, workload.name, cell.raw()))
                    .collect(),
                apart: begins && last_class.is_some(),
            });
            last_class = Some(&workload.class);
        }
        if summary.recommendation.is_some() {
            let means = summary.strategies.iter().map(|strategy| strategy.geometric_mean);
            rows.push(Row {
                class: Some("all".to_owned()),
                name: "geometric mean".to_owned(),
                values: means.map(|mean| mean.map_or(Value::Missing, Value::Ratio)).collect(),
                hints: Vec::new(),
                apart: true,
            });
        }
        let values = rows.iter().flat_map(|row| &row.values);
        let ratios = values.filter_map(|value| match value {
            Value::Ratio(ratio) => Some(*ratio),
            _ => None,
        });
        let darkest = ratios.max_by(f64::total_cmp)?.clamp(2.0, 50.0);
        Some(HeatMap {
            title: title(summary),
            notes:
                "Time relative to the fastest strategy on the same workload: 1.00 is the fastest, brighter is faster."
                    .to_owned(),
            columns: summary.strategies.iter().map(|s| broken_name(&s.name)).collect(),
            rows,
            darkest,
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    fn head_lines(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or(1)
    }

    fn layout(&self) -> Layout {
        let class_look = Text::new(CLASS_LOOK_SIZE);
        let classes = self.rows.iter().filter_map(|row| row.class.as_deref());
        let class_width = classes
            .map(|class| class_look.width(class))
            .fold(0.0, f64::max)
            .min(150.0);
        let name_look = Text::new(NAME_LOOK_SIZE);
        let names = self.rows.iter().map(|row| name_look.width(&row.name));
        let name_width = names.fold(60.0, f64::max).min(260.0);
        let left = MARGIN + class_width + 14.0 + name_width + 10.0;
        let heads = self
            .columns
            .iter()
            .flatten()
            .map(|part| Text::new(13.0).bold().width(part));
        let count = self.columns.len().max(1) as f64;
        let roomy = (SMALLEST_WIDTH - MARGIN - left) / count;
        let cell_width = heads.fold(62.0, f64::max).max(roomy.min(120.0) - 12.0) + 12.0;
        let width = (left + cell_width * count + MARGIN).max(SMALLEST_WIDTH);
        let gaps = self.rows.iter().filter(|row| row.apart).count() as f64;
        let height = heading_height(width, &self.title, &self.notes)
            + HEAD_LINE * self.head_lines() as f64
            + 12.0
            + ROW * self.rows.len() as f64
            + GAP * gaps
            + LEGEND;
        Layout {
            width,
            height,
            class_width,
            left,
            cell_width,
        }
    }

    fn color(&self, ratio: f64) -> Rgb {
        let share = (ratio.max(1.0).ln() / self.darkest.ln()).clamp(0.0, 1.0);
        viridis(share)
    }
}

impl Value {
    fn of(cell: &Cell) -> Value {
        match cell {
            Cell::Measured { ratio, .. } => Value::Ratio(ratio.value),
            Cell::Error { .. } => Value::Error,
            Cell::Missing => Value::Missing,
        }
    }
}

/// How often the winner wins.
fn title(summary: &Summary) -> String {
    let Some(recommendation) = &summary.recommendation else {
        return "Time relative to the fastest strategy".to_owned();
    };
    let counted: Vec<_> = summary.workloads.iter().filter(|workload| workload.counts).collect();
    let wins = |name: &str| {
        let best = counted.iter().filter_map(|workload| workload.best.as_deref());
        best.filter(|&best| best == name).count()
    };
    let others: Vec<String> = summary
        .strategies
        .iter()
        .filter(|strategy| strategy.name != recommendation.best)
        .map(|strategy| (&strategy.name, wins(&strategy.name)))
        .filter(|(_, wins)| *wins > 0)
        .map(|(name, wins)| format!("{name} on {wins}"))
        .collect();
    let all = counted.len();
    let best = &recommendation.best;
    match wins(best) {
        won if won == 1 && all == 1 => format!("{best} is fastest on the one workload"),
        won if won == all => format!("{best} is fastest on all {all} workloads"),
        won if others.is_empty() => format!("{best} is fastest on {won} of {all} workloads"),
        won => format!("{best} is fastest on {won} of {all} workloads, {}", others.join(", ")),
    }
}

/// A colour of viridis, 0 for its bright end and 1 for its dark end.
fn viridis(share: f64) -> Rgb {
    let position = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let index = (position.floor() as usize).min(VIRIDIS.len() - 2);
    let rest = position - index as f64;
    let (from, to) = (VIRIDIS[index], VIRIDIS[index + 1]);
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * rest).round() as u8;
    (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Black or white, whichever has more contrast on a background.
fn readable_on((red, green, blue): Rgb) -> Rgb {
    let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    // At this luminance black and white have the same contrast ratio by WCAG's formula.
    if luminance > 0.179 { (0, 0, 0) } else { PAPER }
}

impl Drawing for HeatMap {
    fn size(&self) -> (f64, f64) {
        let layout = self.layout();
        (layout.width, layout.height)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let layout = self.layout();
        let mut y = heading(canvas, layout.width, &self.title, &self.notes)? + 6.0;
        self.draw_heads(canvas, &layout, y)?;
        y += HEAD_LINE * self.head_lines() as f64 + 4.0;
        for row in &self.rows {
            if row.apart {
                y += GAP;
            }
            self.draw_row(canvas, &layout, row, y)?;
            y += ROW;
        }
        self.draw_legend(canvas, &layout, y + 18.0)
    }
}

impl HeatMap {
    fn draw_heads(&self, canvas: &mut dyn Canvas, layout: &Layout, top: f64) -> DrawResult {
        let look = Text::new(13.0).bold().align(Align::Center);
        for (index, parts) in self.columns.iter().enumerate() {
            let x = layout.left + layout.cell_width * (index as f64 + 0.5);
            let skipped = self.head_lines() - parts.len();
            for (line, part) in parts.iter().enumerate() {
                let y = top + HEAD_LINE * ((skipped + line) as f64 + 0.5);
                canvas.text((x, y), part, look)?;
            }
        }
        Ok(())
    }

    fn draw_row(&self, canvas: &mut dyn Canvas, layout: &Layout, row: &Row, top: f64) -> DrawResult {
        let middle = top + ROW / 2.0;
        if let Some(class) = &row.class {
            let look = Text::new(CLASS_LOOK_SIZE).color(GREY);
            canvas.text((MARGIN, middle), &look.fit(class, layout.class_width), look)?;
        }
        let look = Text::new(NAME_LOOK_SIZE).align(Align::Right);
        let room = layout.left - 10.0 - MARGIN - layout.class_width;
        canvas.text((layout.left - 10.0, middle), &look.fit(&row.name, room), look)?;
        for (index, &value) in row.values.iter().enumerate() {
            let left = layout.left + layout.cell_width * index as f64;
            // Half a point of air on each side separates the cells.
            let from = (left + 0.5, top + 0.5);
            let to = (left + layout.cell_width - 0.5, top + ROW - 0.5);
            let center = (left + layout.cell_width / 2.0, middle);
            let look = Text::new(13.0).align(Align::Center);
            if let Some(hint) = row.hints.get(index) {
                canvas.hint(from, to, hint.clone());
            }
            match value {
                Value::Ratio(ratio) => {
                    let color = self.color(ratio);
                    let look = look.color(readable_on(color));
                    canvas.rectangle(from, to, color)?;
                    let look = if ratio <= 1.0 { look.bold() } else { look };
                    canvas.text(center, &units::three_digits(ratio), look)?;
                }
                Value::Error => {
                    canvas.line(&[from, (to.0, from.1), to, (from.0, to.1), from], 1.5, RED)?;
                    canvas.text(center, "error", look.bold().color(RED))?;
                }
                Value::Missing => {
                    canvas.rectangle(from, to, (0xf2, 0xf2, 0xf2))?;
                    canvas.text(center, "–", look.color(GREY))?;
                }
            }
        }
        Ok(())
    }

    fn draw_legend(&self, canvas: &mut dyn Canvas, layout: &Layout, top: f64) -> DrawResult {
        let scale = LogScale {
            low: 1.0,
            high: self.darkest,
            begin: layout.left,
            end: layout.left + (layout.cell_width * self.columns.len() as f64).clamp(200.0, 420.0),
        };
        let steps = 105;
        for step in 0..steps {
            let at = |step: i32| scale.begin + (scale.end - scale.begin) * f64::from(step) / f64::from(steps);
            let color = viridis(f64::from(step) / f64::from(steps - 1));
            // Each step reaches to the end: edges that only touch leave pale seams between them.
            canvas.rectangle((at(step), top), (scale.end, top + 11.0), color)?;
        }
        for tick in scale.ticks() {
            let x = scale.at(tick);
            canvas.line(&[(x, top + 11.0), (x, top + 15.0)], 1.0, GREY)?;
            let look = Text::new(11.5).color(BLACK).align(Align::Center);
            canvas.text((x, top + 23.0), &units::count(tick), look)?;
        }
        let frame = (scale.begin, scale.end);
        let corners = [
            (frame.0, top),
            (frame.1, top),
            (frame.1, top + 11.0),
            (frame.0, top + 11.0),
            (frame.0, top),
        ];
        canvas.line(&corners, 0.5, GRID_GREY)?;
        let look = Text::new(11.5).color(GREY).align(Align::Right);
        canvas.text((layout.left - 10.0, top + 6.0), "times the fastest", look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_run_from_bright_to_dark_and_are_readable() {
        assert_eq!(viridis(0.0), VIRIDIS[0]);
        assert_eq!(viridis(1.0), VIRIDIS[8]);
        assert_eq!(viridis(7.0), VIRIDIS[8]);
        assert_eq!(readable_on(VIRIDIS[0]), (0, 0, 0));
        assert_eq!(readable_on(VIRIDIS[8]), PAPER);
    }
}
