//! Whether compile time pays: total time against run length, and below it the same relative to the fastest, where the
//! break-even points can be read off.

use super::Drawing;
use super::canvas::{
    Align, BLACK, Canvas, DrawResult, GREY, GRID_GREY, MARGIN, OKABE_ITO, PAPER, Rgb, Text, heading, heading_height,
};
use super::curves::{darker, line_color, spread};
use super::scale::LogScale;
use crate::summary::words::runs;
use crate::summary::{CostLine, RunLength};
use crate::units;

const WIDTH: f64 = 1000.0;
const TOTAL_PANEL: f64 = 330.0;
const RELATIVE_PANEL: f64 = 250.0;
const BETWEEN: f64 = 34.0;
const AXIS: f64 = 58.0;
const MARK_LINE: f64 = 18.0;
/// Space for the ticks of the vertical axes and their label.
const LEFT: f64 = 96.0;
const LABEL_SIZE: f64 = 13.0;
const LABEL_HEIGHT: f64 = 17.0;
/// Points of each line.
const STEPS: usize = 160;

/// The plot.
pub(super) struct RunLengthPlot<'a> {
    data: &'a RunLength,
    title: String,
    notes: String,
}

/// One panel: its axes and the values of each strategy at each step.
struct Panel {
    x: LogScale,
    y: LogScale,
    curves: Vec<Vec<f64>>,
}

/// A break-even point and its label.
struct Mark {
    x: f64,
    runs: f64,
    text: String,
    /// Row of the label, counted from the panel upwards.
    level: usize,
    align: Align,
}

impl<'a> RunLengthPlot<'a> {
    pub fn new(data: &'a RunLength) -> RunLengthPlot<'a> {
        let what = match data.workloads.as_slice() {
            [only] => format!("for {only}"),
            all => format!("geometric mean over {} workloads", all.len()),
        };
        RunLengthPlot {
            data,
            title: data.headline(),
            notes: format!(
                "Time to load, compile and run, {what}, against how long the program runs. 1 is the whole workload \
                 once; left of it is a part of it, right of it are repetitions. Dotted: where the fastest changes."
            ),
        }
    }

    fn run_at(&self, step: usize) -> f64 {
        let share = step as f64 / STEPS as f64;
        self.data.from_runs * (self.data.to_runs / self.data.from_runs).powf(share)
    }

    fn x_scale(&self) -> LogScale {
        let look = Text::new(LABEL_SIZE).bold();
        let names = self.data.lines.iter().map(|line| look.width(&line.strategy));
        LogScale {
            low: self.data.from_runs,
            high: self.data.to_runs,
            begin: MARGIN + LEFT,
            end: WIDTH - MARGIN - 26.0 - names.fold(60.0, f64::max).min(220.0),
        }
    }

    fn panel(&self, top: f64, height: f64, value: impl Fn(&CostLine, f64) -> f64) -> Panel {
        let curves: Vec<Vec<f64>> = self
            .data
            .lines
            .iter()
            .map(|line| (0..=STEPS).map(|step| value(line, self.run_at(step))).collect())
            .collect();
        let values = || curves.iter().flatten().copied();
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(low * 1.1, f64::max);
        let air = (high / low).powf(0.03);
        Panel {
            x: self.x_scale(),
            y: LogScale {
                low: low / air,
                high: high * air,
                begin: top + height,
                end: top,
            },
            curves,
        }
    }

    /// The break-even points, with labels in as many rows as it takes to keep them apart.
    fn marks(&self) -> Vec<Mark> {
        let scale = self.x_scale();
        let look = mark_look();
        let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
        // From right to left: a label stands right of its line, so that it must be higher than the lines that it passes.
        let mut marks: Vec<Mark> = Vec::new();
        for segment in self.data.segments.iter().skip(1).rev() {
            let text = format!(
                "{} from {} on ({})",
                segment.strategy,
                units::time(segment.from_ns),
                runs(segment.from_runs)
            );
            let (x, width) = (scale.at(segment.from_runs), look.width(&text));
            let fits = x + width + 7.0 <= WIDTH - MARGIN;
            let (align, from) = if fits {
                (Align::Left, x)
            } else {
                (Align::Right, x - width)
            };
            let span = (from - 12.0, from + width + 12.0);
            let is_free = |row: &Vec<(f64, f64)>| row.iter().all(|other| span.1 < other.0 || other.1 < span.0);
            let passed = marks.iter().filter(|mark| span.0 < mark.x && mark.x < span.1);
            let lowest = passed.map(|mark| mark.level + 1).max().unwrap_or(0);
            let level = (lowest..)
                .find(|&level| taken.get(level).is_none_or(is_free))
                .unwrap_or(lowest);
            if level >= taken.len() {
                taken.resize(level + 1, Vec::new());
            }
            if let Some(row) = taken.get_mut(level) {
                row.push(span);
            }
            marks.push(Mark {
                x,
                runs: segment.from_runs,
                text,
                level,
                align,
            });
        }
        marks
    }

    fn mark_height(&self) -> f64 {
        let marks = self.marks();
        let rows = marks.iter().map(|mark| mark.level + 1).max().unwrap_or(0);
        10.0 + MARK_LINE * rows as f64
    }
}

fn mark_look() -> Text {
    Text::new(12.5)
}

impl Drawing for RunLengthPlot<'_> {
    fn size(&self) -> (f64, f64) {
        let heading = heading_height(WIDTH, &self.title, &self.notes);
        let panels = TOTAL_PANEL + BETWEEN + RELATIVE_PANEL;
        (WIDTH, heading + self.mark_height() + panels + AXIS)
    }

    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult {
        let top = heading(canvas, WIDTH, &self.title, &self.notes)? + self.mark_height();
        let total = self.panel(top, TOTAL_PANEL, CostLine::total);
        let below = top + TOTAL_PANEL + BETWEEN;
        let relative = self.panel(below, RELATIVE_PANEL, |line, runs| {
            let all = self.data.lines.iter().map(|line| line.total(runs));
            line.total(runs) / all.fold(f64::INFINITY, f64::min)
        });
        total.draw_grid(canvas, &time_tick, "total time")?;
        relative.draw_grid(canvas, &units::count, "times the fastest")?;
        relative.draw_x_labels(canvas)?;
        for mark in self.marks() {
            let bottom = below + RELATIVE_PANEL;
            let y = top - 13.0 - MARK_LINE * mark.level as f64;
            dashed(canvas, &[(mark.x, y - 6.0), (mark.x, bottom)], 1.5, (2.0, 4.0), BLACK)?;
            let x = mark.x + if mark.align == Align::Left { 7.0 } else { -7.0 };
            canvas.text((x, y), &mark.text, mark_look().align(mark.align))?;
        }
        for panel in [&total, &relative] {
            panel.draw_curves(canvas)?;
            panel.draw_names(canvas, &self.data.lines)?;
        }
        for mark in self.marks() {
            let all = self.data.lines.iter().map(|line| line.total(mark.runs));
            let least = all.fold(f64::INFINITY, f64::min);
            for center in [(mark.x, total.y.at(least)), (mark.x, relative.y.at(1.0))] {
                canvas.disc(center, 5.5, BLACK)?;
                canvas.disc(center, 3.5, PAPER)?;
            }
        }
        Ok(())
    }
}

impl Panel {
    fn draw_grid(&self, canvas: &mut dyn Canvas, show: &dyn Fn(f64) -> String, label: &str) -> DrawResult {
        let (left, right) = (self.x.begin, self.x.end);
        for tick in self.y.ticks() {
            let y = self.y.at(tick);
            canvas.line(&[(left, y), (right, y)], 1.0, GRID_GREY)?;
            let look = Text::new(12.0).color(GREY).align(Align::Right);
            canvas.text((left - 8.0, y), &show(tick), look)?;
        }
        for tick in self.x.ticks() {
            let x = self.x.at(tick);
            canvas.line(&[(x, self.y.end), (x, self.y.begin)], 1.0, GRID_GREY)?;
        }
        canvas.line(
            &[(left, self.y.end), (left, self.y.begin), (right, self.y.begin)],
            1.0,
            GREY,
        )?;
        let middle = (self.y.begin + self.y.end) / 2.0;
        canvas.text_upwards((MARGIN + 6.0, middle), label, Text::new(12.5))
    }

    fn draw_x_labels(&self, canvas: &mut dyn Canvas) -> DrawResult {
        for tick in self.x.ticks() {
            let look = Text::new(12.0).color(GREY).align(Align::Center);
            canvas.text((self.x.at(tick), self.y.begin + 13.0), &power_tick(tick), look)?;
        }
        let middle = (self.x.begin + self.x.end) / 2.0;
        let look = Text::new(12.5).align(Align::Center);
        canvas.text(
            (middle, self.y.begin + 36.0),
            "runs of the workload (logarithmic)",
            look,
        )
    }

    fn draw_curves(&self, canvas: &mut dyn Canvas) -> DrawResult {
        // The best is first; it is drawn last, on top.
        for (index, curve) in self.curves.iter().enumerate().rev() {
            let step = (self.x.end - self.x.begin) / STEPS as f64;
            let points: Vec<(f64, f64)> = (curve.iter().enumerate())
                .map(|(at, &value)| (self.x.begin + step * at as f64, self.y.at(value)))
                .collect();
            let color = line_color(index);
            if index < OKABE_ITO.len() {
                canvas.line(&points, 2.0, color)?;
            } else {
                dashed(canvas, &points, 2.0, (7.0, 5.0), color)?;
            }
        }
        Ok(())
    }

    /// Names the lines at their right ends, moved apart where they would overlap, with a leader to the line.
    fn draw_names(&self, canvas: &mut dyn Canvas, lines: &[CostLine]) -> DrawResult {
        let ends: Vec<f64> = self
            .curves
            .iter()
            .map(|curve| self.y.at(curve.last().copied().unwrap_or(self.y.low)))
            .collect();
        let places = spread(&ends, LABEL_HEIGHT, self.y.end - 4.0, self.y.begin + 4.0);
        for (index, ((end, place), line)) in ends.iter().zip(&places).zip(lines).enumerate() {
            let color = line_color(index);
            canvas.line(&[(self.x.end, *end), (self.x.end + 16.0, *place)], 1.0, color)?;
            let look = Text::new(LABEL_SIZE).bold().color(darker(color));
            let name = look.fit(&line.strategy, WIDTH - MARGIN - self.x.end - 20.0);
            canvas.text((self.x.end + 20.0, *place), &name, look)?;
        }
        Ok(())
    }
}

/// A line in dashes of a length with gaps of a length.
fn dashed(
    canvas: &mut dyn Canvas,
    points: &[(f64, f64)],
    width: f64,
    (dash, gap): (f64, f64),
    color: Rgb,
) -> DrawResult {
    let mut walked = 0.0;
    let mut piece: Vec<(f64, f64)> = Vec::new();
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut along = 0.0;
        while along < length {
            let phase = walked % (dash + gap);
            let rest = if phase < dash { dash - phase } else { dash + gap - phase };
            // The least step keeps rounding from stopping the walk.
            let step = rest.min(length - along).max(1e-3);
            let at = |along: f64| {
                let share = (along / length).min(1.0);
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            };
            if phase < dash {
                if piece.is_empty() {
                    piece.push(at(along));
                }
                piece.push(at(along + step));
            } else if !piece.is_empty() {
                canvas.line(&piece, width, color)?;
                piece.clear();
            }
            along += step;
            walked += step;
        }
    }
    if piece.is_empty() {
        return Ok(());
    }
    canvas.line(&piece, width, color)
}

/// A time without needless digits: `10 µs`.
fn time_tick(nanoseconds: f64) -> String {
    let text = units::time(nanoseconds);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// A power of ten: plain near 1, else with an exponent.
fn power_tick(value: f64) -> String {
    let power = value.log10().round() as i32;
    if (-3..=4).contains(&power) {
        return if power < 0 {
            format!("{value:.*}", power.unsigned_abs() as usize)
        } else {
            format!("{value:.0}")
        };
    }
    let exponent: String = power
        .to_string()
        .chars()
        .map(|character| match character {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => digit
                .to_digit(10)
                .and_then(|digit| char::from_u32(0x2070 + digit))
                .unwrap_or(digit),
        })
        .collect();
    format!("10{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_break_even_point_passes_through_the_label_of_another() {
        let names = [
            "a_strategy",
            "another_strategy",
            "third_strategy",
            "fourth_strategy",
            "fifth_strategy",
        ];
        let segments = |step: f64| {
            names
                .iter()
                .enumerate()
                .map(move |(index, name)| crate::summary::Segment {
                    strategy: (*name).to_owned(),
                    from_runs: 0.01 * step.powi(index as i32),
                    from_ns: 1e6 * step.powi(index as i32),
                })
        };
        for step in [1.5, 4.0, 9.0] {
            let data = RunLength {
                workloads: vec!["w".to_owned()],
                lines: names
                    .map(|name| CostLine {
                        strategy: name.to_owned(),
                        costs: vec![(1e5, 1e6)],
                    })
                    .to_vec(),
                segments: segments(step).collect(),
                from_runs: 0.001,
                to_runs: 1000.0,
            };
            let marks = RunLengthPlot::new(&data).marks();
            assert_eq!(marks.len(), 4);
            for mark in marks.iter().filter(|mark| mark.align == Align::Left) {
                let end = mark.x + 7.0 + mark_look().width(&mark.text);
                let passed = marks.iter().filter(|other| mark.x < other.x && other.x < end);
                assert!(passed.clone().all(|other| other.level < mark.level), "step {step}");
            }
        }
    }

    #[test]
    fn ticks_are_written_short() {
        assert_eq!(power_tick(0.001), "0.001");
        assert_eq!(power_tick(100.0), "100");
        assert_eq!(power_tick(1e-6), "10⁻⁶");
        assert_eq!(power_tick(1e12), "10¹²");
        assert_eq!(time_tick(10_000.0), "10 µs");
        assert_eq!(time_tick(1e8), "100 ms");
    }
}
