//! What plots with curves share: a panel with logarithmic axes, and names at the ends of the curves that do not overlap.

use super::palette::{Palette, darker};
use super::scale::LogScale;
use super::svg::{Align, GREY, GRID_GREY, MARGIN, Svg, Text, WIDTH};

const NAME: f64 = 13.0;
const NAME_HEIGHT: f64 = 17.0;

/// Room for names right of a panel, so that the panel ends at the second number.
pub(super) fn right_end<'n>(names: impl Iterator<Item = &'n str>) -> f64 {
    WIDTH - MARGIN - 26.0 - Text::new(NAME).bold().widest(names, 60.0, 220.0)
}

/// A panel of curves.
pub(super) struct Panel {
    pub x: LogScale,
    pub y: LogScale,
}

impl Panel {
    /// Lines across at the ticks of the vertical axis, with what they say, and the two axes.
    pub fn draw_axes(&self, svg: &mut Svg, show: impl Fn(f64) -> String) {
        let (left, right) = (self.x.begin, self.x.end);
        for tick in self.y.ticks() {
            let y = self.y.at(tick);
            svg.line(&[(left, y), (right, y)], 1.0, GRID_GREY);
            let look = Text::new(12.0).color(GREY).align(Align::Right);
            svg.text((left - 8.0, y), &show(tick), look);
        }
        let corner = (left, self.y.begin);
        svg.line(&[(left, self.y.end), corner, (right, corner.1)], 1.0, GREY);
    }

    /// Curves with their names at the right ends, moved apart where they would overlap. The first is drawn last, on top.
    pub fn draw_curves(&self, svg: &mut Svg, curves: &[(&str, Vec<(f64, f64)>)], colors: &Palette) {
        for (name, points) in curves.iter().rev() {
            let (color, dashes) = colors.get(name).unwrap_or((GREY, None));
            svg.dashed(points, 2.0, dashes, color);
        }
        let end = |points: &[(f64, f64)]| points.last().copied().unwrap_or((self.x.end, self.y.begin));
        let ends: Vec<f64> = curves.iter().map(|(_, points)| end(points).1).collect();
        let places = spread(&ends, NAME_HEIGHT, self.y.end - 4.0, self.y.begin + 4.0);
        for ((name, points), place) in curves.iter().zip(places) {
            let color = colors.color(name);
            svg.line(&[end(points), (self.x.end + 16.0, place)], 1.0, color);
            let look = Text::new(NAME).bold().color(darker(color));
            let name = look.fit(name, WIDTH - MARGIN - self.x.end - 20.0);
            svg.text((self.x.end + 20.0, place), &name, look);
        }
    }
}

/// Moves positions apart to a least distance, within bounds where there is room, keeping their order.
pub(super) fn spread(positions: &[f64], distance: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by(|&a, &b| positions[a].total_cmp(&positions[b]));
    let mut placed = vec![0.0; positions.len()];
    let mut free = top;
    for &index in &order {
        placed[index] = positions[index].max(free);
        free = placed[index] + distance;
    }
    // Push back up what went out at the bottom.
    let mut limit = bottom;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(limit);
        limit = placed[index] - distance;
    }
    placed
}
