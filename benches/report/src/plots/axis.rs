//! A horizontal axis of ratios, the same in all plots that compare with one.

use super::canvas::{Align, BLACK, Canvas, DrawResult, GREY, GRID_GREY, Text};
use super::scale::LogScale;
use crate::units;

/// An axis from `begin` to `end` that holds 1 and all values, with some air.
pub(super) fn ratio_scale(values: impl Iterator<Item = f64>, (begin, end): (f64, f64)) -> LogScale {
    let (low, high) = values.fold((0.95_f64, 1.1_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let air = (high / low).powf(0.04);
    LogScale {
        low: low / air,
        high: high * air,
        begin,
        end,
    }
}

/// Grid lines over the whole height, the one at 1 darker, ticks, and what the axis says.
pub(super) fn ratio_axis(
    canvas: &mut dyn Canvas,
    scale: &LogScale,
    (top, bottom): (f64, f64),
    label: &str,
) -> DrawResult {
    for tick in scale.ticks() {
        let x = scale.at(tick);
        let (width, color) = if tick == 1.0 { (1.5, GREY) } else { (1.0, GRID_GREY) };
        canvas.line(&[(x, top), (x, bottom)], width, color)?;
        let look = Text::new(12.5).color(GREY).align(Align::Center);
        canvas.text((x, bottom + 13.0), &units::count(tick), look)?;
    }
    canvas.line(&[(scale.begin, bottom), (scale.end, bottom)], 1.0, GREY)?;
    let look = Text::new(12.5).color(BLACK).align(Align::Center);
    canvas.text(((scale.begin + scale.end) / 2.0, bottom + 36.0), label, look)
}
