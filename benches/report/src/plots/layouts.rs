//! Does the order survive relinking? A row per strategy, a mark per layout of the code.

use itertools::Itertools;

use super::Picture;
use super::palette::{Palette, darker};
use super::rows::Rows;
use crate::summary::Summary;
use crate::summary::words::times;
use crate::units;

/// `None` if there were not several layouts, or there is no second strategy to compare with.
pub(super) fn draw(summary: &Summary, colors: &Palette) -> Option<Picture> {
    let best = &summary.recommendation.as_ref()?.best;
    let names: Vec<&str> = summary.ranked().map(|strategy| strategy.name.as_str()).collect();
    if summary.layouts.len() < 2 || names.len() < 2 {
        return None;
    }
    let notes = format!(
        "Ring: one layout of the code, the same source and flags linked in another order; geometric mean of the time \
         relative to {best} in the same layout. How far the rings of a row lie apart is what relinking alone does."
    );
    let title = match summary.speaks() {
        true => title(summary, best),
        false => "What linking in other orders does".to_owned(),
    };
    let mut rows = Rows::new(&title, &notes, names.iter().copied(), 46.0, 130.0);
    let values = summary.layouts.iter().flat_map(|layout| &layout.relative);
    let label = format!("time relative to {best} in the same layout (logarithmic)");
    let scale = rows.ratio_axis(values.copied(), &label);
    for (index, name) in names.iter().enumerate() {
        let y = rows.name(index, name, None);
        let color = colors.color(name);
        let marks = summary.layouts.iter();
        let marks = marks
            .map(|layout| (layout.layout, layout.relative[index]))
            .collect_vec();
        for (number, (layout, value)) in marks.iter().enumerate() {
            // Rings that would lie upon each other are set apart, in the order of the layouts.
            let shift = (number as f64 / (marks.len() - 1).max(1) as f64 - 0.5) * 22.0;
            let at = (scale.at(*value), y + shift);
            rows.svg.ring(at, 4.0, color);
            let layout = layout.map_or("as linked".to_owned(), |seed| format!("layout {seed}"));
            let hint = format!("{name}, {layout}: {}", times(*value));
            rows.svg.hint_at(at, 5.0, &hint);
        }
        let values = || marks.iter().map(|(_, value)| *value);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        let text = match index {
            0 => "1".to_owned(),
            _ => format!("{} to {}", units::three_digits(low), units::three_digits(high)),
        };
        rows.value(y, &text, darker(color));
    }
    Some(rows.finish())
}

fn title(summary: &Summary, best: &str) -> String {
    let all = summary.layouts.len();
    let count = |holds: fn(&[f64]) -> bool| summary.layouts.iter().filter(|layout| holds(&layout.relative)).count();
    let first = count(|times| times.iter().skip(1).all(|&time| time > 1.0));
    let same = count(|times| times.is_sorted());
    let both = match all {
        2 => "both".to_owned(),
        _ => format!("all {all}"),
    };
    if first < all {
        format!("Relinking changes who is first: {best} is in {first} of {all} layouts")
    } else if same < all {
        format!("{best} is first in {both} layouts; the order of the others is the same in {same}")
    } else {
        format!("The whole order survives relinking: it is the same in {both} layouts")
    }
}
