//! Where do we stand next to others? A row per engine, its time by ours, with the workloads on which it does best and worst.

use super::Drawing;
use super::axis::{ratio_axis, ratio_scale};
use super::canvas::{
    Align, BLACK, BLUE, Canvas, DrawResult, GREY, MARGIN, RED, Text, heading, heading_height, hint_at,
};
use super::scale::LogScale;
use crate::ladder::{Ladder, Rung};
use crate::summary::words::{range, times};

const WIDTH: f64 = 1000.0;
const ROW: f64 = 34.0;
const AXIS: f64 = 58.0;

/// The plot.
pub(super) struct LadderPlot {
    title: String,
    notes: String,
    reference: String,
    rungs: Vec<Rung>,
}

impl LadderPlot {
    /// `None` if there is nobody to compare with.
    pub fn new(ladder: &Ladder) -> Option<LadderPlot> {
        let mut rungs: Vec<Rung> = (ladder.engines.iter())
            .filter(|rung| rung.mean.is_some())
            .cloned()
            .collect();
        rungs.sort_by(|a, b| value(a).total_cmp(&value(b)));
        if rungs.len() < 2 {
            return None;
        }
        let is_reference = |rung: &&Rung| rung.engine == ladder.reference;
        let slower = rungs
            .iter()
            .filter(|rung| !is_reference(rung) && value(rung) > 1.0)
            .count();
        let faster: Vec<String> = (rungs.iter())
            .filter(|rung| !is_reference(rung) && value(rung) <= 1.0)
            .map(|rung| rung.engine.clone())
            .collect();
        let than = match faster.as_slice() {
            [] => String::new(),
            list => format!("; faster: {}", list.join(", ")),
        };
        Some(LadderPlot {
            title: format!(
                "{} is faster than {slower} of {} others{than}",
                ladder.reference,
                slower + faster.len()
            ),
            notes: format!(
                "Dot: CPU time relative to {}, geometric mean over the workloads that both ran, with its 95 % interval. Grey: \
                 from the workload on which the engine does best to the one on which it does worst. Interleaved in one \
                 process, every result verified; another run than the rest of this report: {}.",
                ladder.reference, ladder.run.id
            ),
            reference: ladder.reference.clone(),
            rungs,
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    fn scale(&self, begin: f64, end: f64) -> LogScale {
        let extremes = |rung: &Rung| {
            let of = |extreme: &Option<crate::ladder::Extreme>| extreme.as_ref().map(|extreme| extreme.ratio);
            [of(&rung.fastest), of(&rung.slowest), Some(value(rung))]
        };
        let values = self.rungs.iter().flat_map(extremes).flatten();
        ratio_scale(values, (begin, end))
    }
}

fn value(rung: &Rung) -> f64 {
    rung.mean.map_or(f64::INFINITY, |mean| mean.value)
}

impl Drawing for LadderPlot {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        (WIDTH, heading + 10.0 + ROW * self.rungs.len() as f64 + AXIS)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let top = heading(canvas, WIDTH, &self.title, &self.notes)? + 10.0;
        let bottom = top + ROW * self.rungs.len() as f64;
        let look = Text::new(13.5).align(Align::Right);
        let names = self.rungs.iter().map(|rung| look.bold().width(&rung.engine));
        let name_width = names.fold(110.0, f64::max).min(280.0);
        let scale = self.scale(MARGIN + name_width + 14.0, WIDTH - MARGIN - 150.0);
        let label = format!(
            "time relative to {} (logarithmic; further left is faster)",
            self.reference
        );
        ratio_axis(canvas, &scale, (top, bottom), &label)?;
        for (index, rung) in self.rungs.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            let is_reference = rung.engine == self.reference;
            let name = if is_reference { look.bold() } else { look };
            canvas.text((MARGIN + name_width, y), &name.fit(&rung.engine, name_width), name)?;
            self.draw_rung(canvas, &scale, y, rung)?;
        }
        Ok(())
    }
}

impl LadderPlot {
    fn draw_rung(&self, canvas: &mut dyn Canvas, scale: &LogScale, y: f64, rung: &Rung) -> DrawResult {
        let Some(mean) = rung.mean else { return Ok(()) };
        let is_reference = rung.engine == self.reference;
        let color = if is_reference { BLUE } else { RED };
        if let (Some(fastest), Some(slowest)) = (&rung.fastest, &rung.slowest)
            && !is_reference
        {
            let (low, high) = (scale.at(fastest.ratio), scale.at(slowest.ratio));
            canvas.line(&[(low, y), (high, y)], 5.0, (0xcc, 0xcc, 0xcc))?;
            for (x, end) in [(low, fastest), (high, slowest)] {
                let hint = format!("{} on {}: {}", rung.engine, end.workload, times(end.ratio));
                hint_at(canvas, (x, y), 6.0, hint);
            }
            canvas.line(&[(scale.at(mean.low), y), (scale.at(mean.high), y)], 2.0, BLACK)?;
        }
        let at = (scale.at(mean.value), y);
        canvas.disc(at, 5.5, color)?;
        let hint = format!(
            "{} {}: {} ({}) over {} workloads",
            rung.engine,
            rung.version,
            times(mean.value),
            range(mean),
            rung.workloads
        );
        hint_at(canvas, at, 7.0, hint);
        let value = Text::new(13.5).bold().color(color);
        let text = match is_reference {
            true => "1".to_owned(),
            false => times(mean.value),
        };
        canvas.text((scale.end + 16.0, y), &text, value)?;
        let count = format!("{} workloads", rung.workloads);
        canvas.text((scale.end + 68.0, y), &count, Text::new(12.0).color(GREY))
    }
}
