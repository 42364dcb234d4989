//! Where the time goes: a bar per strategy of the measured time for each statement or operation, with what dispatching and work
//! take of it by the model, and what is left; or, where the model does not predict, nothing but counts.

use itertools::Itertools;

use super::Picture;
use super::palette::{Palette, lighter, readable_on};
use super::rows::Rows;
use super::svg::{Align, BLACK, GREY, GRID_GREY, Rgb, Text};
use crate::cost::{CostModel, StrategyCost, WorkloadCost};
use crate::statistics::mean_of;
use crate::units;

/// Height of a bar.
const BAR: f64 = 26.0;

/// Colour of the time that the model does not explain.
const REST: Rgb = (0xe4, 0xe4, 0xe4);

/// Of a statement or operation: means over the workloads.
struct Bar<'m> {
    cost: &'m StrategyCost,
    measured: f64,
    /// How many dispatches it takes.
    dispatches: f64,
}

impl Bar<'_> {
    fn of(cost: &StrategyCost) -> Bar<'_> {
        // For each node: a workload that takes long for one would else count more than the others.
        let of = |workload: &WorkloadCost| workload.measured.value / workload.nodes.max(1) as f64;
        Bar {
            cost,
            measured: mean_of(cost.workloads.iter().map(of)),
            dispatches: cost.dispatches_of_a_node(),
        }
    }
}

/// `None` without a model.
pub(super) fn draw(model: &CostModel, colors: &Palette) -> Option<Picture> {
    let bars = model.strategies.iter().map(Bar::of);
    let bars = bars.sorted_by(|a, b| a.measured.total_cmp(&b.measured)).collect_vec();
    let known = bars.iter();
    let known = known.filter_map(|bar| Some((&bar.cost.strategy, bar.cost.dispatching()?)));
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let most = known.max_by(|(_, a), (_, b)| a.total_cmp(b));
    let fewest = bars.iter().min_by(|a, b| a.dispatches.total_cmp(&b.dispatches))?;
    let title = match most {
        Some((name, share)) => format!("Dispatching takes {} of the measured time of {name}", percent(share)),
        // Alone, it is compared with nothing.
        None => format!(
            "The model does not predict; {} dispatches {}{} times for each operation",
            fewest.cost.strategy,
            if bars.len() > 1 { "least, " } else { "" },
            units::three_digits(fewest.dispatches)
        ),
    };
    let notes = "Measured time for each statement or operation in a tree, means over the workloads. Dark: dispatches, counted, times \
                 what one takes in a kernel of next to nothing else. Light: work, fitted. Grey: what neither explains; a line \
                 beyond the bar: what they explain too much. Right: how much of the variance between workloads the model \
                 explains of those that it was not fitted to; where that is little, only dispatches are shown.";
    let names = bars.iter().map(|bar| bar.cost.strategy.as_str());
    let mut rows = Rows::new(&title, notes, names, 50.0, 230.0);
    let reach = |bar: &Bar| {
        let explained = bar.cost.dispatching().zip(bar.cost.working());
        bar.measured * explained.map_or(1.0, |(a, b)| (a + b).max(1.0))
    };
    let longest = bars.iter().map(reach).fold(f64::MIN_POSITIVE, f64::max);
    let (left, width) = (rows.left, rows.right - rows.left);
    let at = |nanoseconds: f64| left + width * nanoseconds / longest;
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let step = step.into_iter().find(|step| longest / step <= 8.0).unwrap_or(longest);
    for tick in 0..=(longest / step) as u32 {
        let value = f64::from(tick) * step;
        rows.tick(at(value), &units::count(value), 1.0, GRID_GREY);
    }
    rows.label("nanoseconds measured for each statement or operation");
    for (index, bar) in bars.iter().enumerate() {
        let name = &bar.cost.strategy;
        let y = rows.name(index, name, None);
        let (top, bottom) = (y - BAR / 2.0, y + BAR / 2.0);
        let dark = colors.color(name);
        rows.svg.rectangle((left, top), (at(bar.measured), bottom), REST);
        let dispatching = bar.cost.dispatching().unwrap_or(0.0);
        let explained = dispatching + bar.cost.working().unwrap_or(0.0);
        for (from, to, color) in [
            (0.0, dispatching.min(1.0), dark),
            (dispatching.min(1.0), explained.min(1.0), lighter(dark)),
        ] {
            let (begin, end) = (at(bar.measured * from), at(bar.measured * to));
            rows.svg.rectangle((begin, top), (end, bottom), color);
            let look = Text::new(12.5).bold().color(readable_on(color)).align(Align::Center);
            let text = percent(to - from);
            if look.width(&text) + 6.0 < end - begin {
                rows.svg.text(((begin + end) / 2.0, y), &text, look);
            }
        }
        if explained > 1.0 {
            rows.svg
                .line(&[(at(bar.measured), y), (at(bar.measured * explained), y)], 2.0, BLACK);
        }
        let each = match bar.cost.predicts() {
            true => format!(" of {} each", units::time(bar.cost.dispatch_nanoseconds)),
            false => String::new(),
        };
        let (time, dispatches) = (units::time(bar.measured), units::three_digits(bar.dispatches));
        let hint = format!("{name}: {time} measured, {dispatches} dispatches{each}");
        rows.svg.hint((left, top), (at(bar.measured), bottom), &hint);
        let says = match bar.cost.explained_left_out {
            Some(share) if bar.cost.predicts() => format!("predicts {}", percent(share)),
            Some(_) => format!("does not predict; {} dispatches", units::three_digits(bar.dispatches)),
            None => "too few workloads".to_owned(),
        };
        rows.svg
            .text((rows.right + 10.0, y), &says, Text::new(11.5).color(GREY));
    }
    Some(rows.finish())
}
