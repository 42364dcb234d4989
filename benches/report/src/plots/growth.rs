//! Which strategy minds size? A panel for each thing that grows, a curve per strategy.

use itertools::Itertools;

use super::Picture;
use super::curves::{Panel, right_end};
use super::palette::Palette;
use super::scale::LogScale;
use super::svg::{Align, GREY, MARGIN, Svg, Text, WIDTH};
use crate::growth::{AxisCurves, Curve, CurvePoint, Growth};
use crate::statistics::Estimate;
use crate::summary::words::{range, times};
use crate::times::Measure;
use crate::units;

const PANEL: f64 = 210.0;
/// Above a panel, for its title; below it, for its axis.
const ABOVE: f64 = 60.0;
const BELOW: f64 = 46.0;
/// Room for the ticks of the vertical axes.
const LEFT: f64 = 62.0;

/// `None` without curves of at least two points.
pub(super) fn draw(growth: &Growth, colors: &Palette) -> Option<Picture> {
    let mut all = growth.axes.iter().flat_map(AxisCurves::strategies);
    if !all.any(|curve| curve.points.len() > 1) {
        return None;
    }
    let said = growth.axes.iter().filter(|axis| axis.grade.speaks());
    let grown = said.filter_map(|axis| Some((axis, axis.grown().pop()?)));
    let most = grown.max_by(|(_, (_, a)), (_, (_, b))| a.value.total_cmp(&b.value));
    let title = match most {
        None => "No strategy clearly minds size".to_owned(),
        Some((axis, (curve, factor))) => {
            let (title, name, times, range) = (&axis.title, &curve.strategy, times(factor.value), range(factor));
            format!("With more {title} an instruction takes up to {times} the time ({name}; {range})")
        }
    };
    let notes = format!(
        "Time of an executed instruction of WebAssembly in generated programs of which one thing grows, with its 95 % \
         interval; both axes logarithmic. {} Another run than the rest of this report: {}, revision {}.",
        growth.control_sentence(),
        growth.run.id,
        growth.run.fingerprint.revision
    );
    let (mut svg, mut top) = Svg::new(WIDTH, &title, &notes);
    for axis in &growth.axes {
        let (title, answer) = answer(axis);
        svg.text((MARGIN, top + 22.0), &title, Text::new(14.5).bold());
        svg.text((MARGIN, top + 40.0), &answer, Text::new(13.0));
        draw_panel(&mut svg, axis, top + ABOVE, colors, OF_AN_INSTRUCTION);
        top += ABOVE + PANEL + BELOW;
        let points = axis.strategies().flat_map(|curve| &curve.points).collect_vec();
        if !points.is_empty() && points.iter().all(|point| point.tail_nanoseconds.is_some()) {
            let title = format!("What 99 of 100 calls do not exceed, by {}", axis.title);
            svg.text((MARGIN, top + 22.0), &title, Text::new(14.5).bold());
            draw_panel(&mut svg, axis, top + ABOVE, colors, OF_A_CALL);
            top += ABOVE + PANEL + BELOW;
        }
    }
    Some(svg.finish(top + 2.0))
}

/// What grows how far; and which strategy minds most, and which least.
fn answer(axis: &AxisCurves) -> (String, String) {
    let grown = axis.grown();
    let last = axis.strategies().find_map(|curve| curve.points.last());
    let to = last.map_or(String::new(), |point| axis.value_text(point.value));
    let of = |(curve, factor): &(&Curve, Estimate)| {
        format!("{} ({}) for {}", times(factor.value), range(*factor), curve.strategy)
    };
    let text = match grown.as_slice() {
        _ if !axis.grade.speaks() => "nothing is said".to_owned(),
        [] => "no strategy clearly minds".to_owned(),
        [only] => of(only),
        [least, .., most] => format!("{}, {}", of(most), of(least)),
    };
    let (title, grade) = (&axis.title, axis.grade.letter());
    (format!("More {title}, up to {to} (grade {grade})"), text)
}

/// What a panel shows of each point, and what that is.
type Shown = (fn(&CurvePoint) -> Measure, &'static str);

const OF_AN_INSTRUCTION: Shown = (|point| point.nanoseconds, "for each instruction");

const OF_A_CALL: Shown = (
    |point| Measure {
        value: point.tail_nanoseconds.unwrap_or(f64::MIN_POSITIVE),
        low: None,
        high: None,
    },
    "are not exceeded by 99 of 100 calls",
);

fn draw_panel(svg: &mut Svg, axis: &AxisCurves, top: f64, colors: &Palette, (of, what): Shown) {
    let points = || axis.strategies().flat_map(|curve| &curve.points);
    let size = |point: &CurvePoint| point.value.max(1) as f64;
    let end = right_end(axis.strategies().map(|curve| curve.strategy.as_str()));
    let nanoseconds = points().map(|point| of(point).value);
    let panel = Panel {
        x: LogScale::around(points().map(size), 0.0, (MARGIN + LEFT, end)),
        y: LogScale::around(nanoseconds, 0.05, (top + PANEL, top)),
    };
    panel.draw_axes(svg, |value| match value < 1000.0 {
        true => format!("{} ns", units::count(value)),
        false => units::time(value),
    });
    // The values that were measured, as far as their names fit beside each other.
    let values = points().map(|point| point.value).sorted().dedup();
    let mut free = f64::NEG_INFINITY;
    let bottom = panel.y.begin;
    for value in values {
        let at = panel.x.at(value.max(1) as f64);
        svg.line(&[(at, bottom), (at, bottom + 4.0)], 1.0, GREY);
        let look = Text::new(12.0).color(GREY).align(Align::Center);
        let text = axis.value_text(value);
        let half = look.width(&text) / 2.0;
        if at - half > free {
            svg.text((at, bottom + 15.0), &text, look);
            free = at + half + 8.0;
        }
    }
    let place = |point: &CurvePoint| (panel.x.at(size(point)), panel.y.at(of(point).value));
    let lines = axis.strategies();
    let lines = lines.map(|curve| (curve.strategy.as_str(), curve.points.iter().map(place).collect()));
    panel.draw_curves(svg, &lines.collect_vec(), colors);
    for curve in axis.strategies() {
        let color = colors.color(&curve.strategy);
        for point in &curve.points {
            if let (Some(low), Some(high)) = (of(point).low, of(point).high) {
                let x = place(point).0;
                svg.line(&[(x, panel.y.at(low)), (x, panel.y.at(high))], 1.2, color);
            }
            svg.disc(place(point), 3.0, color);
            let hint = format!(
                "{} at {}: {} {what}, {} in {}",
                curve.strategy,
                axis.value_text(point.value),
                units::time(of(point).value),
                units::number(point.samples, "run"),
                units::number(point.processes, "process")
            );
            svg.hint_at(place(point), 5.0, &hint);
        }
    }
}
