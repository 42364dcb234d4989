//! Who minds size? A panel for each thing that grows, a curve per strategy.

use super::Drawing;
use super::canvas::{
    Align, BLACK, Canvas, DrawResult, GREY, GRID_GREY, MARGIN, Text, heading, heading_height, hint_at,
};
use super::curves::{darker, line_color, spread};
use super::scale::LogScale;
use crate::growth::{AxisCurves, Curve, Growth};
use crate::summary::words::times;
use crate::units;

const WIDTH: f64 = 1000.0;
const PANEL: f64 = 210.0;
/// Above a panel, for its title; below it, for its axis.
const ABOVE: f64 = 42.0;
const BELOW: f64 = 46.0;
const LEFT: f64 = 62.0;
const LABEL_SIZE: f64 = 12.5;

/// The plot.
pub(super) struct GrowthPlot<'g> {
    growth: &'g Growth,
    title: String,
    notes: String,
}

impl<'g> GrowthPlot<'g> {
    /// `None` without curves of at least two points.
    pub fn new(growth: &'g Growth) -> Option<GrowthPlot<'g>> {
        let has_curves = |axis: &AxisCurves| strategies(axis).any(|curve| curve.points.len() > 1);
        if !growth.axes.iter().any(has_curves) {
            return None;
        }
        let all = growth
            .axes
            .iter()
            .flat_map(|axis| strategies(axis).map(move |curve| (axis, curve)));
        let worst = all
            .filter_map(|(axis, curve)| Some((axis, curve, curve.growth()?)))
            .max_by(|(_, _, a), (_, _, b)| a.total_cmp(b));
        let title = worst.map_or("How speed changes with size".to_owned(), |(axis, curve, factor)| {
            format!(
                "Size costs {} most when there is more {}: {} the time for each instruction",
                curve.strategy,
                axis.title,
                times(factor)
            )
        });
        Some(GrowthPlot {
            growth,
            title,
            notes: format!(
                "Time of an executed instruction of WebAssembly in generated programs of which one thing grows; median, both \
                 axes logarithmic. Another run than the rest of this report: {}.",
                growth.run.id
            ),
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }
}

/// The curves without controls.
fn strategies(axis: &AxisCurves) -> impl Iterator<Item = &Curve> {
    axis.curves
        .iter()
        .filter(|curve| curve.control_of.is_none() && !curve.points.is_empty())
}

/// Who minds most, and who least.
fn answer(axis: &AxisCurves) -> String {
    let grown = || strategies(axis).filter_map(|curve| Some((curve, curve.growth()?)));
    let most = grown().max_by(|(_, a), (_, b)| a.total_cmp(b));
    let least = grown().min_by(|(_, a), (_, b)| a.total_cmp(b));
    let (Some((most, up)), Some((least, down))) = (most, least) else {
        return axis.title.clone();
    };
    let to = (most.points.last()).map_or(String::new(), |point| axis.value_text(point.value));
    match up < 1.1 {
        true => format!("More {}, up to {to}: nobody minds", axis.title),
        false => format!(
            "More {}, up to {to}: {} for {}, {} for {}",
            axis.title,
            times(up),
            most.strategy,
            times(down),
            least.strategy
        ),
    }
}

impl Drawing for GrowthPlot<'_> {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        let panels = self.growth.axes.len() as f64;
        (WIDTH, heading + (ABOVE + PANEL + BELOW) * panels + 6.0)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let mut top = heading(canvas, WIDTH, &self.title, &self.notes)?;
        for axis in &self.growth.axes {
            canvas.text((MARGIN, top + 22.0), &answer(axis), Text::new(14.5).bold())?;
            draw_panel(canvas, axis, top + ABOVE)?;
            top += ABOVE + PANEL + BELOW;
        }
        Ok(())
    }
}

fn draw_panel(canvas: &mut dyn Canvas, axis: &AxisCurves, top: f64) -> DrawResult {
    let names = strategies(axis).map(|curve| Text::new(LABEL_SIZE).bold().width(&curve.strategy));
    let name_width = names.fold(60.0, f64::max).min(220.0);
    let points = || strategies(axis).flat_map(|curve| &curve.points);
    let bounds = |of: &dyn Fn(&crate::growth::CurvePoint) -> f64| {
        let values = points().map(of);
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (least, most) = bounds(&|point| point.value.max(1) as f64);
    let (fastest, slowest) = bounds(&|point| point.nanoseconds.value);
    let x = LogScale {
        low: least,
        high: most.max(least * 1.1),
        begin: MARGIN + LEFT,
        end: WIDTH - MARGIN - 30.0 - name_width,
    };
    let y = LogScale {
        low: fastest / 1.1,
        high: slowest * 1.1,
        begin: top + PANEL,
        end: top,
    };
    for tick in y.ticks() {
        canvas.line(&[(x.begin, y.at(tick)), (x.end, y.at(tick))], 1.0, GRID_GREY)?;
        let look = Text::new(12.0).color(GREY).align(Align::Right);
        canvas.text((x.begin - 8.0, y.at(tick)), &format!("{} ns", units::count(tick)), look)?;
    }
    // The values that were measured, as far as their names fit beside each other.
    let mut values: Vec<u64> = points().map(|point| point.value).collect();
    values.sort_unstable();
    values.dedup();
    let mut free = f64::NEG_INFINITY;
    for value in values {
        let at = x.at(value.max(1) as f64);
        canvas.line(&[(at, y.begin), (at, y.begin + 4.0)], 1.0, GREY)?;
        let look = Text::new(12.0).color(GREY).align(Align::Center);
        let text = axis.value_text(value);
        let half = look.width(&text) / 2.0;
        if at - half > free {
            canvas.text((at, y.begin + 15.0), &text, look)?;
            free = at + half + 8.0;
        }
    }
    canvas.line(&[(x.begin, y.begin), (x.end, y.begin)], 1.0, BLACK)?;
    let curves: Vec<&Curve> = strategies(axis).collect();
    for (index, curve) in curves.iter().enumerate().rev() {
        let color = line_color(index);
        let line: Vec<(f64, f64)> = (curve.points.iter())
            .map(|point| (x.at(point.value.max(1) as f64), y.at(point.nanoseconds.value)))
            .collect();
        canvas.line(&line, 2.0, color)?;
        for (at, point) in line.iter().zip(&curve.points) {
            canvas.disc(*at, 3.0, color)?;
            let hint = format!(
                "{} at {}: {} for each instruction, median of {} in {} processes",
                curve.strategy,
                axis.value_text(point.value),
                units::time(point.nanoseconds.value),
                point.samples,
                point.processes
            );
            hint_at(canvas, *at, 5.0, hint);
        }
    }
    let end = |curve: &&Curve| {
        let point = curve.points.last();
        point.map_or((x.begin, y.begin), |point| {
            (x.at(point.value.max(1) as f64), y.at(point.nanoseconds.value))
        })
    };
    let ends: Vec<(f64, f64)> = curves.iter().map(end).collect();
    let places = spread(
        &ends.iter().map(|(_, y)| *y).collect::<Vec<f64>>(),
        16.0,
        top - 4.0,
        y.begin + 4.0,
    );
    for (index, ((from, place), curve)) in ends.iter().zip(&places).zip(&curves).enumerate() {
        let color = line_color(index);
        canvas.line(&[*from, (x.end + 16.0, *place)], 1.0, color)?;
        let look = Text::new(LABEL_SIZE).bold().color(darker(color));
        canvas.text((x.end + 20.0, *place), &look.fit(&curve.strategy, name_width), look)?;
    }
    Ok(())
}
