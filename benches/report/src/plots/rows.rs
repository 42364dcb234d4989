//! The grid of the plots that have a row for each strategy: names on the left, an axis below, a value on the right.

use super::Picture;
use super::scale::LogScale;
use super::svg::{Align, BLACK, GREY, GRID_GREY, MARGIN, Rgb, Svg, Text, WIDTH};
use crate::units;

/// Room for the axis below the rows.
const AXIS: f64 = 58.0;

/// A picture with rows.
pub(super) struct Rows {
    pub svg: Svg,
    top: f64,
    bottom: f64,
    row: f64,
    name_width: f64,
    /// Where the axis begins and ends.
    pub left: f64,
    pub right: f64,
}

impl Rows {
    /// Rows of a height with these names, and room for what stands behind them.
    pub fn new<'n>(
        title: &str,
        notes: &str,
        names: impl Iterator<Item = &'n str> + Clone,
        row: f64,
        room: f64,
    ) -> Rows {
        let (svg, top) = Svg::new(WIDTH, title, notes);
        let name_width = name_look().widest(names.clone(), 110.0, 280.0);
        Rows {
            svg,
            top: top + 10.0,
            bottom: top + 10.0 + row * names.count() as f64,
            row,
            name_width,
            left: MARGIN + name_width + 14.0,
            right: WIDTH - MARGIN - room,
        }
    }

    /// Names a row, with a remark below, and says at which height its middle is.
    pub fn name(&mut self, index: usize, name: &str, remark: Option<&str>) -> f64 {
        let y = self.top + self.row * (index as f64 + 0.5);
        let (x, look) = (MARGIN + self.name_width, name_look());
        let lift = if remark.is_some() { 7.0 } else { 0.0 };
        self.svg.text((x, y - lift), &look.fit(name, self.name_width), look);
        let small = Text::new(11.0).color(GREY).align(Align::Right);
        self.svg.text((x, y + 9.0), remark.unwrap_or_default(), small);
        y
    }

    /// What stands behind a row.
    pub fn value(&mut self, y: f64, text: &str, color: Rgb) {
        self.svg
            .text((self.right + 18.0, y), text, Text::new(14.0).bold().color(color));
    }

    /// An axis of ratios that holds 1 and all values.
    pub fn ratio_axis(&mut self, values: impl Iterator<Item = f64>, label: &str) -> LogScale {
        let scale = LogScale::around(values.chain([0.95, 1.1]), 0.04, (self.left, self.right));
        for tick in scale.ticks() {
            let (width, color) = if tick == 1.0 { (1.5, GREY) } else { (1.0, GRID_GREY) };
            self.tick(scale.at(tick), &units::count(tick), width, color);
        }
        self.label(label);
        scale
    }

    /// A tick of an axis, with its line over all rows.
    pub fn tick(&mut self, x: f64, text: &str, width: f64, color: Rgb) {
        self.svg.line(&[(x, self.top), (x, self.bottom)], width, color);
        let look = Text::new(12.5).color(GREY).align(Align::Center);
        self.svg.text((x, self.bottom + 13.0), text, look);
    }

    /// What an axis says.
    pub fn label(&mut self, text: &str) {
        self.svg
            .line(&[(self.left, self.bottom), (self.right, self.bottom)], 1.0, GREY);
        let look = Text::new(12.5).color(BLACK).align(Align::Center);
        self.svg
            .text(((self.left + self.right) / 2.0, self.bottom + 36.0), text, look);
    }

    pub fn finish(self) -> Picture {
        self.svg.finish(self.bottom + AXIS)
    }
}

fn name_look() -> Text {
    Text::new(14.0).bold().align(Align::Right)
}
