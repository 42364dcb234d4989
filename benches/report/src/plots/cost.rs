//! Where the time goes: a bar per strategy, of what dispatching takes and what work does, for each statement or operation.

use super::Drawing;
use super::canvas::{
    Align, BLACK, BLUE, Canvas, DrawResult, GREY, GRID_GREY, MARGIN, PAPER, Rgb, Text, heading, heading_height,
};
use crate::cost::{CostModel, StrategyCost};
use crate::units;

const WIDTH: f64 = 1000.0;
const ROW: f64 = 50.0;
const BAR: f64 = 26.0;
const AXIS: f64 = 62.0;
const WORK: Rgb = (0xe6, 0x9f, 0x00);

/// The plot.
pub(super) struct CostPlot {
    title: String,
    notes: String,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    /// Nanoseconds of a node that go to dispatching, and to work, by the model; means over the workloads.
    dispatch: f64,
    work: f64,
    /// What was measured.
    measured: f64,
    /// Dispatches of a node.
    dispatches: f64,
    /// Nanoseconds of a dispatch.
    of_one: f64,
    explained: Option<f64>,
}

impl Bar {
    fn of(cost: &StrategyCost) -> Bar {
        let mean = |of: &dyn Fn(&crate::cost::WorkloadCost) -> f64| {
            let values = cost
                .workloads
                .iter()
                .map(|workload| of(workload) / workload.nodes.max(1) as f64);
            values.sum::<f64>() / cost.workloads.len().max(1) as f64
        };
        // A workload that takes long for each node would else count more than the others.
        let share = cost.dispatching().unwrap_or(0.0);
        let predicted = mean(&|workload| workload.predicted);
        Bar {
            name: cost.strategy.clone(),
            dispatch: share * predicted,
            work: (1.0 - share) * predicted,
            measured: mean(&|workload| workload.measured.value),
            dispatches: mean(&|workload| workload.dispatches as f64),
            of_one: cost.dispatch_nanoseconds,
            explained: cost.explained,
        }
    }

    fn share(&self) -> f64 {
        self.dispatch / (self.dispatch + self.work).max(f64::MIN_POSITIVE)
    }
}

impl CostPlot {
    /// `None` without a model.
    pub fn new(model: &CostModel) -> Option<CostPlot> {
        let mut bars: Vec<Bar> = model.strategies.iter().map(Bar::of).collect();
        bars.sort_by(|a, b| a.measured.total_cmp(&b.measured));
        let (least, most) = (
            bars.iter().min_by(|a, b| a.share().total_cmp(&b.share()))?,
            bars.iter().max_by(|a, b| a.share().total_cmp(&b.share()))?,
        );
        let title = match bars.len() {
            1 => format!(
                "Dispatching takes {:.0} % of the time of {}",
                100.0 * least.share(),
                least.name
            ),
            _ => format!(
                "Dispatching takes {:.0} % of the time of {}, and {:.0} % of that of {}",
                100.0 * most.share(),
                most.name,
                100.0 * least.share(),
                least.name
            ),
        };
        Some(CostPlot {
            title,
            notes: "For each statement or operation in a tree, means over the workloads. Blue: dispatches, counted, times what \
                    one takes in a kernel of next to nothing else. Orange: work, fitted. Line: what was measured; what is \
                    missing is latency, caches and mispredicted branches. Right: how much of the variance between workloads \
                    the model explains."
                .to_owned(),
            bars,
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }
}

impl Drawing for CostPlot {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        (WIDTH, heading + 10.0 + ROW * self.bars.len() as f64 + AXIS)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let top = heading(canvas, WIDTH, &self.title, &self.notes)? + 10.0;
        let bottom = top + ROW * self.bars.len() as f64;
        let look = Text::new(14.5).bold().align(Align::Right);
        let names = self.bars.iter().map(|bar| look.width(&bar.name));
        let name_width = names.fold(110.0, f64::max).min(280.0);
        let (left, right) = (MARGIN + name_width + 14.0, WIDTH - MARGIN - 130.0);
        let longest = (self.bars.iter()).fold(0.0_f64, |most, bar| most.max(bar.measured).max(bar.dispatch + bar.work));
        let at = |nanoseconds: f64| left + (right - left) * nanoseconds / longest.max(f64::MIN_POSITIVE);
        let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
        let step = step.into_iter().find(|step| longest / step <= 8.0).unwrap_or(longest);
        for tick in 0..=(longest / step) as u32 {
            let value = f64::from(tick) * step;
            canvas.line(&[(at(value), top), (at(value), bottom)], 1.0, GRID_GREY)?;
            let look = Text::new(12.5).color(GREY).align(Align::Center);
            canvas.text((at(value), bottom + 13.0), &units::count(value), look)?;
        }
        let center = Text::new(12.5).color(BLACK).align(Align::Center);
        canvas.text(
            ((left + right) / 2.0, bottom + 38.0),
            "nanoseconds for each statement or operation",
            center,
        )?;
        for (index, bar) in self.bars.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            canvas.text((MARGIN + name_width, y), &look.fit(&bar.name, name_width), look)?;
            let (from, to) = (y - BAR / 2.0, y + BAR / 2.0);
            let (middle, end) = (at(bar.dispatch), at(bar.dispatch + bar.work));
            canvas.rectangle((left, from), (middle, to), BLUE)?;
            canvas.rectangle((middle, from), (end, to), WORK)?;
            let measured = at(bar.measured);
            canvas.line(&[(measured, from - 5.0), (measured, to + 5.0)], 2.0, BLACK)?;
            for (begin, end, share, color) in [
                (left, middle, bar.share(), PAPER),
                (middle, end, 1.0 - bar.share(), BLACK),
            ] {
                let look = Text::new(12.5).bold().color(color).align(Align::Center);
                let text = format!("{:.0} %", 100.0 * share);
                if look.width(&text) + 6.0 < end - begin {
                    canvas.text(((begin + end) / 2.0, y), &text, look)?;
                }
            }
            let hint = format!(
                "{}: {} dispatches of {} each and {} of work for each node; measured {}",
                bar.name,
                units::three_digits(bar.dispatches),
                units::time(bar.of_one),
                units::time(bar.work),
                units::time(bar.measured)
            );
            canvas.hint((left, from), (end.max(measured), to), hint);
            let explained = match bar.explained {
                Some(share) if share > 0.0 => format!("explains {:.0} %", 100.0 * share),
                Some(_) => "explains nothing".to_owned(),
                None => "not enough workloads".to_owned(),
            };
            canvas.text((right + 20.0, y), &explained, Text::new(12.5).color(GREY))?;
        }
        Ok(())
    }
}
