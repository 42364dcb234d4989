//! Where the time goes: a bar per strategy, of what dispatching takes and what work does, for each statement or operation.

use super::Picture;
use super::palette::{Palette, lighter, readable_on};
use super::rows::Rows;
use super::svg::{Align, BLACK, GREY, GRID_GREY, Text};
use crate::cost::{CostModel, StrategyCost, WorkloadCost};
use crate::units;

/// Height of a bar.
const BAR: f64 = 26.0;

/// Nanoseconds of a statement or operation, by the model but for what was measured; means over the workloads.
struct Bar<'m> {
    cost: &'m StrategyCost,
    /// Share of the predicted time that dispatching takes.
    share: f64,
    predicted: f64,
    measured: f64,
    /// How many dispatches it takes.
    dispatches: f64,
}

impl Bar<'_> {
    fn of(cost: &StrategyCost) -> Bar<'_> {
        // For each node: a workload that takes long for one would else count more than the others.
        let mean = |of: fn(&WorkloadCost) -> f64| {
            let values = cost.workloads.iter();
            let values = values.map(|workload| of(workload) / workload.nodes.max(1) as f64);
            values.sum::<f64>() / cost.workloads.len().max(1) as f64
        };
        Bar {
            cost,
            share: cost.dispatching().unwrap_or(0.0),
            predicted: mean(|workload| workload.predicted),
            measured: mean(|workload| workload.measured.value),
            dispatches: mean(|workload| workload.dispatches as f64),
        }
    }
}

/// `None` without a model.
pub(super) fn draw(model: &CostModel, colors: &Palette) -> Option<Picture> {
    let mut bars: Vec<Bar> = model.strategies.iter().map(Bar::of).collect();
    bars.sort_by(|a, b| a.measured.total_cmp(&b.measured));
    let least = bars.iter().min_by(|a, b| a.share.total_cmp(&b.share))?;
    let most = bars.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    let percent = |bar: &Bar| format!("{:.0} %", 100.0 * bar.share);
    let most_text = format!(
        "Dispatching takes {} of the time of {}",
        percent(most),
        most.cost.strategy
    );
    let title = match bars.len() {
        1 => most_text,
        _ => format!("{most_text}, and {} of that of {}", percent(least), least.cost.strategy),
    };
    let notes = "For each statement or operation in a tree, means over the workloads. Dark: dispatches, counted, times what one \
                 takes in a kernel of next to nothing else. Light: work, fitted. Line: what was measured; what is missing is \
                 latency, caches and mispredicted branches. Right: how much of the variance between workloads the model \
                 explains.";
    let names = bars.iter().map(|bar| bar.cost.strategy.as_str());
    let mut rows = Rows::new(&title, notes, names, 50.0, 130.0);
    let lengths = bars.iter().map(|bar| bar.measured.max(bar.predicted));
    let longest = lengths.fold(f64::MIN_POSITIVE, f64::max);
    let (left, width) = (rows.left, rows.right - rows.left);
    let at = |nanoseconds: f64| left + width * nanoseconds / longest;
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let step = step.into_iter().find(|step| longest / step <= 8.0).unwrap_or(longest);
    for tick in 0..=(longest / step) as u32 {
        let value = f64::from(tick) * step;
        rows.tick(at(value), &units::count(value), 1.0, GRID_GREY);
    }
    rows.label("nanoseconds for each statement or operation");
    for (index, bar) in bars.iter().enumerate() {
        let name = &bar.cost.strategy;
        let y = rows.name(index, name, None);
        let (top, bottom) = (y - BAR / 2.0, y + BAR / 2.0);
        let (middle, end) = (at(bar.share * bar.predicted), at(bar.predicted));
        let dark = colors.color(name);
        for (from, to, color, share) in [
            (left, middle, dark, bar.share),
            (middle, end, lighter(dark), 1.0 - bar.share),
        ] {
            rows.svg.rectangle((from, top), (to, bottom), color);
            let look = Text::new(12.5).bold().color(readable_on(color)).align(Align::Center);
            let text = format!("{:.0} %", 100.0 * share);
            if look.width(&text) + 6.0 < to - from {
                rows.svg.text(((from + to) / 2.0, y), &text, look);
            }
        }
        let measured = at(bar.measured);
        rows.svg
            .line(&[(measured, top - 5.0), (measured, bottom + 5.0)], 2.0, BLACK);
        let hint = format!(
            "{name}: {} dispatches of {} each and {} of work for each node; measured {}",
            units::three_digits(bar.dispatches),
            units::time(bar.cost.dispatch_nanoseconds),
            units::time((1.0 - bar.share) * bar.predicted),
            units::time(bar.measured)
        );
        rows.svg.hint((left, top), (end.max(measured), bottom), &hint);
        let explained = match bar.cost.explained {
            Some(share) if share > 0.0 => format!("explains {:.0} %", 100.0 * share),
            Some(_) => "explains nothing".to_owned(),
            None => "too few workloads".to_owned(),
        };
        rows.svg
            .text((rows.right + 18.0, y), &explained, Text::new(12.5).color(GREY));
    }
    Some(rows.finish())
}
