//! Whether compile time pays: total time against run length, and below it the same relative to the fastest, where the
//! break-even points can be read off.

use super::Picture;
use super::curves::{Panel, right_end};
use super::palette::Palette;
use super::scale::LogScale;
use super::svg::{Align, BLACK, GREY, GRID_GREY, MARGIN, PAPER, Svg, Text, WIDTH};
use crate::summary::words::runs;
use crate::summary::{CostLine, RunLength};
use crate::units;

const TOTAL_PANEL: f64 = 330.0;
const RELATIVE_PANEL: f64 = 250.0;
const BETWEEN: f64 = 34.0;
const AXIS: f64 = 58.0;
const MARK_LINE: f64 = 18.0;
/// Room for the ticks of the vertical axes and their label.
const LEFT: f64 = 96.0;
/// Points of each line.
const STEPS: usize = 160;

/// A break-even point and its label.
pub(super) struct Mark {
    pub x: f64,
    runs: f64,
    pub text: String,
    /// Row of the label, counted from the panel upwards.
    pub level: usize,
    pub align: Align,
}

pub(super) fn draw(data: &RunLength, colors: &Palette) -> Picture {
    let what = match data.workloads.as_slice() {
        [only] => format!("for {only}"),
        all => format!("geometric mean over {} workloads", all.len()),
    };
    let notes = format!(
        "Time to load, compile and run, {what}, against how long the program runs. 1 is the whole workload once; left of it \
         is a part of it, right of it are repetitions. Dotted: where the fastest changes."
    );
    let (mut svg, begin) = Svg::new(WIDTH, &data.headline(), &notes);
    let marks = marks(data);
    let levels = marks.iter().map(|mark| mark.level + 1).max().unwrap_or(0);
    let top = begin + 6.0 + MARK_LINE * levels as f64;
    let below = top + TOTAL_PANEL + BETWEEN;
    let least = |runs: f64| {
        let totals = data.lines.iter().map(|line| line.total(runs));
        totals.fold(f64::INFINITY, f64::min)
    };
    let relative = |line: &CostLine, runs: f64| line.total(runs) / least(runs);
    let (upper, lower) = ((top, TOTAL_PANEL), (below, RELATIVE_PANEL));
    let total = panel(&mut svg, data, upper, "total time", &CostLine::total, &time_tick);
    let beside = panel(&mut svg, data, lower, "times the fastest", &relative, &units::count);
    let bottom = below + RELATIVE_PANEL;
    for tick in beside.x.ticks() {
        let look = Text::new(12.0).color(GREY).align(Align::Center);
        svg.text((beside.x.at(tick), bottom + 13.0), &power_tick(tick), look);
    }
    let middle = ((beside.x.begin + beside.x.end) / 2.0, bottom + 36.0);
    let look = Text::new(12.5).align(Align::Center);
    svg.text(middle, "runs of the workload (logarithmic)", look);
    for mark in &marks {
        let y = top - 13.0 - MARK_LINE * mark.level as f64;
        svg.dashed(&[(mark.x, y - 6.0), (mark.x, bottom)], 1.5, Some((2, 4)), BLACK);
        let x = mark.x + if matches!(mark.align, Align::Left) { 7.0 } else { -7.0 };
        svg.text((x, y), &mark.text, mark_look().align(mark.align));
    }
    draw_curves(&mut svg, data, &total, &CostLine::total, colors);
    draw_curves(&mut svg, data, &beside, &relative, colors);
    for mark in &marks {
        for center in [(mark.x, total.y.at(least(mark.runs))), (mark.x, beside.y.at(1.0))] {
            svg.disc(center, 5.5, BLACK);
            svg.disc(center, 3.5, PAPER);
        }
    }
    svg.finish(bottom + AXIS)
}

/// What a line has at a number of runs.
type Value<'v> = &'v dyn Fn(&CostLine, f64) -> f64;

/// The numbers of runs of the points of a line.
fn steps(data: &RunLength) -> impl Iterator<Item = f64> {
    let (from, to) = (data.from_runs, data.to_runs);
    (0..=STEPS).map(move |step| from * (to / from).powf(step as f64 / STEPS as f64))
}

fn x_scale(data: &RunLength) -> LogScale {
    LogScale {
        low: data.from_runs,
        high: data.to_runs,
        begin: MARGIN + LEFT,
        end: right_end(data.lines.iter().map(|line| line.strategy.as_str())),
    }
}

/// A panel with its grid.
fn panel(
    svg: &mut Svg,
    data: &RunLength,
    (top, height): (f64, f64),
    label: &str,
    value: Value<'_>,
    show: &dyn Fn(f64) -> String,
) -> Panel {
    let lines = data.lines.iter();
    let values = lines.flat_map(|line| steps(data).map(move |runs| value(line, runs)));
    let panel = Panel {
        x: x_scale(data),
        y: LogScale::around(values, 0.03, (top + height, top)),
    };
    for tick in panel.x.ticks() {
        let x = panel.x.at(tick);
        svg.line(&[(x, top), (x, top + height)], 1.0, GRID_GREY);
    }
    panel.draw_axes(svg, show);
    let look = Text::new(12.5).align(Align::Center).upwards();
    svg.text((MARGIN + 6.0, top + height / 2.0), label, look);
    panel
}

fn draw_curves(svg: &mut Svg, data: &RunLength, panel: &Panel, value: Value<'_>, colors: &Palette) {
    let point = |line: &CostLine, runs| (panel.x.at(runs), panel.y.at(value(line, runs)));
    let points = |line| steps(data).map(|runs| point(line, runs)).collect();
    let curves = data.lines.iter().map(|line| (line.strategy.as_str(), points(line)));
    panel.draw_curves(svg, &curves.collect::<Vec<_>>(), colors);
}

/// The break-even points, with labels in as many rows as it takes to keep them apart.
pub(super) fn marks(data: &RunLength) -> Vec<Mark> {
    let scale = x_scale(data);
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    // From right to left: a label stands right of its line, so that it must be higher than the lines that it passes.
    let mut marks: Vec<Mark> = Vec::new();
    for segment in data.segments.iter().skip(1).rev() {
        let text = format!(
            "{} from {} on ({})",
            segment.strategy,
            units::time(segment.from_ns),
            runs(segment.from_runs)
        );
        let (x, width) = (scale.at(segment.from_runs), mark_look().width(&text));
        let (align, from) = match x + width + 7.0 <= WIDTH - MARGIN {
            true => (Align::Left, x),
            false => (Align::Right, x - width),
        };
        let span = (from - 12.0, from + width + 12.0);
        let is_free = |row: &Vec<(f64, f64)>| row.iter().all(|other| span.1 < other.0 || other.1 < span.0);
        let passed = marks.iter().filter(|mark| span.0 < mark.x && mark.x < span.1);
        let mut level = passed.map(|mark| mark.level + 1).max().unwrap_or(0);
        while !taken.get(level).is_none_or(is_free) {
            level += 1;
        }
        taken.resize(taken.len().max(level + 1), Vec::new());
        taken[level].push(span);
        marks.push(Mark {
            x,
            runs: segment.from_runs,
            text,
            level,
            align,
        });
    }
    marks
}

pub(super) fn mark_look() -> Text {
    Text::new(12.5)
}

/// A time without needless digits: `10 µs`.
pub(super) fn time_tick(nanoseconds: f64) -> String {
    let text = units::time(nanoseconds);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// A power of ten: plain near 1, else with an exponent.
pub(super) fn power_tick(value: f64) -> String {
    let power = value.log10().round() as i32;
    if (-3..=4).contains(&power) {
        return format!("{value:.*}", power.min(0).unsigned_abs() as usize);
    }
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |digit: char| digit.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    let exponent: String = power.to_string().chars().map(raised).collect();
    format!("10{exponent}")
}
