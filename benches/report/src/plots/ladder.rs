//! Where do we stand next to others? A row per engine, its time by ours, with the workloads on which it does best and worst.

use itertools::Itertools;

use super::Picture;
use super::palette::{Palette, darker};
use super::rows::Rows;
use super::svg::{BLACK, GREY, Text};
use crate::ladder::{Ladder, Rung};
use crate::summary::words::{range, times};
use crate::units;

/// `None` if there is no second engine to compare with.
pub(super) fn draw(ladder: &Ladder, colors: &Palette) -> Option<Picture> {
    let rungs = ladder.engines.iter().filter_map(|rung| Some((rung, rung.mean?)));
    let rungs = rungs
        .sorted_by(|(_, a), (_, b)| a.value.total_cmp(&b.value))
        .collect_vec();
    if rungs.len() < 2 {
        return None;
    }
    let is_reference = |rung: &Rung| rung.engine == ladder.reference;
    let others = rungs.iter().filter(|(rung, _)| !is_reference(rung) && !rung.partial);
    // What is slower or faster has its whole interval on that side.
    let names = |is: fn(&Rung, f64) -> bool| -> Vec<&str> {
        let found = others.clone().filter(|(rung, mean)| is(rung, mean.value));
        found.map(|(rung, _)| rung.engine.as_str()).collect()
    };
    let (slower, faster, tied) = (
        names(|rung, mean| !rung.ties() && mean > 1.0),
        names(|rung, mean| !rung.ties() && mean < 1.0),
        names(|rung, _| rung.ties()),
    );
    let list = |what: &str, names: &[&str]| match names.is_empty() {
        true => String::new(),
        false => format!("; {what} {}", names.join(", ")),
    };
    let title = format!(
        "{} is faster than {} of {} others{}{}",
        ladder.reference,
        slower.len(),
        others.clone().count(),
        list("slower than", &faster),
        list("a tie with", &tied)
    );
    let notes = format!(
        "Dot: CPU time relative to {}, geometric mean over the workloads that all ran, with its 95 % interval. Grey: from the \
         workload on which the engine does best to the one on which it does worst; one that ran other workloads than the rest has no \
         dot. Fresh processes, every result verified; \
         another run than the rest of this report: {}.",
        ladder.reference, ladder.run.id
    );
    let names = rungs.iter().map(|(rung, _)| rung.engine.as_str());
    let look = Text::new(12.0).color(GREY);
    let counts: Vec<String> = rungs.iter().map(|(rung, _)| count(rung)).collect();
    let aside = COUNTS + look.widest(counts.iter().map(String::as_str), 80.0, 200.0);
    let mut rows = Rows::new(&title, &notes, names, 34.0, aside);
    let values = rungs.iter().flat_map(|(rung, mean)| {
        let extremes = [&rung.fastest, &rung.slowest].into_iter().flatten();
        extremes.map(|extreme| extreme.ratio).chain([mean.value])
    });
    let label = format!(
        "time relative to {} (logarithmic; further left is faster)",
        ladder.reference
    );
    let scale = rows.ratio_axis(values, &label);
    for (index, (rung, mean)) in rungs.iter().enumerate() {
        let y = rows.name(index, &rung.engine, None);
        if let (Some(fastest), Some(slowest), false) = (&rung.fastest, &rung.slowest, is_reference(rung)) {
            let (low, high) = (scale.at(fastest.ratio), scale.at(slowest.ratio));
            rows.svg.line(&[(low, y), (high, y)], 5.0, (0xcc, 0xcc, 0xcc));
            for (x, end) in [(low, fastest), (high, slowest)] {
                let hint = format!("{} on {}: {}", rung.engine, end.workload, times(end.ratio));
                rows.svg.hint_at((x, y), 6.0, &hint);
            }
            if !rung.partial {
                rows.svg
                    .line(&[(scale.at(mean.low), y), (scale.at(mean.high), y)], 2.0, BLACK);
            }
        }
        rows.svg.text((rows.right + COUNTS, y), &counts[index], look);
        if rung.partial {
            continue;
        }
        let (at, color) = ((scale.at(mean.value), y), colors.color(&rung.engine));
        rows.svg.disc(at, 5.5, color);
        let ratio = times(mean.value);
        let hint = format!(
            "{} {}: {ratio} ({}) over {}",
            rung.engine,
            rung.version,
            range(*mean),
            units::number(rung.workloads, "workload")
        );
        rows.svg.hint_at(at, 7.0, &hint);
        let tie = format!("{ratio}, a tie");
        let text = match rung.ties() {
            _ if is_reference(rung) => "1",
            true => &tie,
            false => &ratio,
        };
        rows.value(y, text, darker(color));
    }
    Some(rows.finish())
}

/// From the end of the axis to the numbers of workloads.
const COUNTS: f64 = 124.0;

fn count(rung: &Rung) -> String {
    let others = if rung.partial { ", others" } else { "" };
    units::number(rung.workloads, "workload") + others
}
