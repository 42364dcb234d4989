//! When compile time pays: on what share of the programs each strategy is ahead, by how long they take, and below it, for each
//! program, from when on the last one to be fastest is.

use itertools::Itertools;

use super::Picture;
use super::curves::right_end;
use super::palette::{Palette, darker};
use super::scale::LogScale;
use super::svg::{Align, BLACK, GREY, GRID_GREY, MARGIN, Svg, Text, WIDTH};
use crate::summary::RunLength;
use crate::summary::words::time_with_range;
use crate::units;

const SHARES: f64 = 220.0;
const BETWEEN: f64 = 26.0;
const ROW: f64 = 17.0;
const AXIS: f64 = 58.0;
/// Columns of the upper panel.
const COLUMNS: u32 = 48;

pub(super) fn draw(data: &RunLength, speaks: bool, colors: &Palette) -> Picture {
    let how = match data.lazily {
        true => "functions compiled when they are first called",
        false => "all functions compiled beforehand",
    };
    let above = match data.programs.len() {
        1 => "the fastest strategy, if it takes that long. Below",
        _ => "share of the programs on which a strategy is fastest, if they take that long. Below, for each program",
    };
    let notes = format!(
        "Time to load, compile and run, {how}. Above: {above}: from when on the strategy is fastest that then stays so, with the 95 % interval over \
         {} starts; right, the same for each byte of its module.",
        data.cases
    );
    let title = match speaks {
        true => data.headline(),
        false => "Total time against run length".to_owned(),
    };
    let (mut svg, top) = Svg::new(WIDTH, &title, &notes);
    let names = data.programs.iter().map(|program| program.workload.as_str());
    let name_look = Text::new(12.0).align(Align::Right);
    let left = MARGIN + name_look.widest(names, 80.0, 220.0) + 12.0;
    let lines = data.programs.iter().take(1).flat_map(|program| &program.lines);
    let strategies = lines.map(|(name, ..)| name.as_str()).collect_vec();
    let (low, high) = data.range();
    let scale = LogScale {
        low,
        high,
        begin: left,
        end: right_end(strategies.iter().copied()) - 10.0,
    };
    let bottom = top + SHARES;
    let time = |x: f64| low * (high / low).powf((x - scale.begin) / (scale.end - scale.begin));
    let width = (scale.end - scale.begin) / f64::from(COLUMNS);
    for column in 0..COLUMNS {
        let [from, to] = [column, column + 1].map(|column| scale.begin + width * f64::from(column));
        let mut y = bottom;
        for name in &strategies {
            let length = time((from + to) / 2.0);
            let share = data.share(name, length);
            if share > 0.0 {
                let above = y - SHARES * share;
                svg.rectangle((from, above), (to, y), colors.color(name));
                let length = units::time(length);
                let hint = match data.programs.len() {
                    1 => format!("{name}, if it takes {length}"),
                    _ => format!("{name}: {:.0} % of programs that take {length}", share * 100.0),
                };
                svg.hint((from, above), (to, y), &hint);
                y = above;
            }
        }
    }
    // In the order of the columns, from the top; what is nowhere ahead is there as well, so that it can be seen to be.
    for (line, name) in strategies.iter().rev().enumerate() {
        let y = top + 12.0 + 20.0 * line as f64;
        let color = colors.color(name);
        svg.rectangle((scale.end + 10.0, y - 6.0), (scale.end + 22.0, y + 6.0), color);
        svg.text((scale.end + 28.0, y), name, Text::new(12.5).bold().color(darker(color)));
    }
    let grey = Text::new(12.0).color(GREY);
    for tick in [0.0, 0.5, 1.0] {
        let text = format!("{:.0} %", tick * 100.0);
        svg.text((left - 8.0, bottom - SHARES * tick), &text, grey.align(Align::Right));
    }
    let rows = bottom + BETWEEN;
    let end = rows + ROW * data.programs.len() as f64;
    for tick in scale.ticks() {
        let x = scale.at(tick);
        svg.line(&[(x, rows), (x, end)], 1.0, GRID_GREY);
        svg.line(&[(x, bottom), (x, bottom + 4.0)], 1.0, GREY);
        svg.text((x, end + 13.0), &time_tick(tick), grey.align(Align::Center));
    }
    for (index, program) in data.programs.iter().enumerate() {
        let y = rows + ROW * (index as f64 + 0.5);
        let name = name_look.fit(&program.workload, left - 10.0 - MARGIN);
        svg.text((left - 10.0, y), &name, name_look);
        let Some(last) = program.segments.last() else { continue };
        let color = colors.color(&last.strategy);
        let from = last.from_ns.value;
        let x = scale.at(from);
        svg.line(&[(x, y), (scale.end, y)], 3.0, color);
        if last.from_runs > 0.0 {
            let interval = [last.from_ns.low, last.from_ns.high].map(|time| (scale.at(time), y));
            svg.line(&interval, 1.5, BLACK);
            svg.disc((x, y), 4.0, color);
        }
        let when = match last.from_runs > 0.0 {
            true => format!("from {} on", time_with_range(last.from_ns)),
            false => "at every length".to_owned(),
        };
        let hint = format!("{}: {} {when}", program.workload, last.strategy);
        svg.hint((x - 4.0, y - 6.0), (scale.end, y + 6.0), &hint);
        let per_byte = program.wasm_bytes.map(|bytes| from / bytes.max(1) as f64);
        let text = match per_byte {
            Some(per_byte) if from > 0.0 => format!("{} ns/byte", units::three_digits(per_byte)),
            _ if from > 0.0 => units::time(from),
            _ => "always".to_owned(),
        };
        svg.text((scale.end + 10.0, y), &text, Text::new(11.5).color(darker(color)));
    }
    let at = ((scale.begin + scale.end) / 2.0, end + 36.0);
    let look = Text::new(12.5).align(Align::Center);
    svg.text(at, "total time of the program (logarithmic)", look);
    svg.finish(end + AXIS)
}

/// A time without needless digits: `10 µs`.
pub(super) fn time_tick(nanoseconds: f64) -> String {
    let text = units::time(nanoseconds);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}
