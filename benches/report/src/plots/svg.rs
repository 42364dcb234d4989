//! A picture as SVG: what the plots draw with. Sizes are in points, from the upper left corner.

use std::fmt::Write as _;

use super::Picture;
use crate::table::escape;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

pub(super) const BLACK: Rgb = (0x1a, 0x1a, 0x1a);
pub(super) const GREY: Rgb = (0x59, 0x59, 0x59);
pub(super) const GRID_GREY: Rgb = (0xdd, 0xdd, 0xdd);
pub(super) const PAPER: Rgb = (0xff, 0xff, 0xff);

/// Width of a picture; only the heat map may need more.
pub(super) const WIDTH: f64 = 1000.0;
/// Free space at the edges of a picture.
pub(super) const MARGIN: f64 = 20.0;

/// Where a text lies relative to its point. Vertically it is always centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Text {
    size: f64,
    bold: bool,
    color: Rgb,
    align: Align,
}

impl Text {
    pub fn new(size: f64) -> Text {
        Text {
            size,
            bold: false,
            color: BLACK,
            align: Align::Left,
        }
    }

    pub fn bold(self) -> Text {
        Text { bold: true, ..self }
    }

    pub fn color(self, color: Rgb) -> Text {
        Text { color, ..self }
    }

    pub fn align(self, align: Align) -> Text {
        Text { align, ..self }
    }

    /// About the width of a text in this look. The viewer's font decides; what fits in DejaVu Sans, one of the widest, fits
    /// in others.
    pub fn width(&self, text: &str) -> f64 {
        let ems: f64 = text.chars().map(ems).sum();
        ems * self.size * if self.bold { 1.12 } else { 1.0 }
    }

    /// The widest of some texts, within bounds.
    pub fn widest<'t>(&self, texts: impl Iterator<Item = &'t str>, least: f64, most: f64) -> f64 {
        texts.map(|text| self.width(text)).fold(least, f64::max).min(most)
    }

    /// The text cut to a width, with an ellipsis if something is missing.
    pub fn fit(&self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut cut = text.to_owned();
        while cut.pop().is_some() {
            let candidate = format!("{cut}…");
            if self.width(&candidate) <= width {
                return candidate;
            }
        }
        cut
    }

    /// The text broken at spaces into lines of at most a width.
    pub fn wrap(&self, text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => {
                    let _ = write!(line, " {word}");
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}

/// Width of a character of DejaVu Sans.
fn ems(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | 'J' | '\'' | '|' => 0.30,
        ' ' | '.' | ',' | ':' | ';' | '!' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' => 0.41,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | '_' | 'F' | 'L' => 0.59,
        'm' | 'W' | '%' | '…' => 1.0,
        'w' | '×' => 0.84,
        'A'..='Z' => 0.76,
        _ => 0.64,
    }
}

/// A picture in the making.
pub(super) struct Svg {
    width: f64,
    title: String,
    marks: String,
    /// What a pointer over an area is told: on top of all marks.
    hints: String,
}

impl Svg {
    /// A picture with its title over the whole width and explaining lines below it; and where the plot can begin.
    pub fn new(width: f64, title: &str, notes: &str) -> (Svg, f64) {
        let mut svg = Svg {
            width,
            title: title.to_owned(),
            marks: String::new(),
            hints: String::new(),
        };
        let mut y = 26.0;
        for (text, look, step) in [
            (title, Text::new(19.0).bold(), 25.0),
            (notes, Text::new(12.5).color(GREY), 17.0),
        ] {
            for line in look.wrap(text, width - 2.0 * MARGIN) {
                svg.text((MARGIN, y), &line, look);
                y += step;
            }
        }
        (svg, y + 4.0)
    }

    /// The whole picture. Its title is for those who hear it.
    pub fn finish(self, height: f64) -> Picture {
        let (width, height) = (self.width.ceil(), height.ceil());
        Picture {
            svg: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
                 font-family=\"DejaVu Sans, Verdana, sans-serif\" role=\"img\">\n<title>{}</title>\n\
                 <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}{}</svg>\n",
                escape(&self.title),
                self.marks,
                self.hints
            ),
            title: self.title,
        }
    }

    pub fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), color: Rgb) {
        let _ = writeln!(self.marks, "<rect {} fill=\"{}\"/>", area(from, to), hex(color));
    }

    pub fn line(&mut self, points: &[(f64, f64)], width: f64, color: Rgb) {
        self.dashed(points, width, "", color);
    }

    /// A line in dashes: their lengths and those of the gaps; empty for none.
    pub fn dashed(&mut self, points: &[(f64, f64)], width: f64, dashes: &str, color: Rgb) {
        let points: Vec<String> = points
            .iter()
            .map(|&(x, y)| format!("{},{}", tenths(x), tenths(y)))
            .collect();
        let dashes = match dashes {
            "" => String::new(),
            lengths => format!(" stroke-dasharray=\"{lengths}\""),
        };
        let _ = writeln!(
            self.marks,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dashes}/>",
            points.join(" "),
            hex(color)
        );
    }

    pub fn disc(&mut self, center: (f64, f64), radius: f64, color: Rgb) {
        self.circle(center, radius, &format!("fill=\"{}\"", hex(color)));
    }

    pub fn ring(&mut self, center: (f64, f64), radius: f64, color: Rgb) {
        let look = format!("fill=\"#ffffff\" stroke=\"{}\" stroke-width=\"1.2\"", hex(color));
        self.circle(center, radius - 0.6, &look);
    }

    fn circle(&mut self, (x, y): (f64, f64), radius: f64, look: &str) {
        let (x, y) = (tenths(x), tenths(y));
        let _ = writeln!(self.marks, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {look}/>");
    }

    pub fn text(&mut self, at: (f64, f64), text: &str, look: Text) {
        // The middle of digits and capitals lies 0.36 em above the line that they stand on.
        self.label((at.0, at.1 + 0.36 * look.size), "", text, look);
    }

    /// Text that is read from the right side, centred on its point.
    pub fn text_upwards(&mut self, (x, y): (f64, f64), text: &str, look: Text) {
        let turned = format!(" transform=\"rotate(-90 {} {})\"", tenths(x), tenths(y));
        self.label((x, y + 0.36 * look.size), &turned, text, look.align(Align::Center));
    }

    fn label(&mut self, (x, y): (f64, f64), turned: &str, text: &str, look: Text) {
        let anchor = match look.align {
            Align::Left => "",
            Align::Center => " text-anchor=\"middle\"",
            Align::Right => " text-anchor=\"end\"",
        };
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.marks,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{weight}{turned}>{}</text>",
            tenths(x),
            tenths(y),
            look.size,
            hex(look.color),
            escape(text)
        );
    }

    /// Notes what a pointer over an area is told.
    pub fn hint(&mut self, from: (f64, f64), to: (f64, f64), text: &str) {
        let _ = writeln!(
            self.hints,
            "<rect class=\"hint\" {} fill=\"none\" pointer-events=\"all\"><title>{}</title></rect>",
            area(from, to),
            escape(text)
        );
    }

    /// Notes what a pointer over a mark of this radius is told.
    pub fn hint_at(&mut self, (x, y): (f64, f64), radius: f64, text: &str) {
        self.hint((x - radius, y - radius), (x + radius, y + radius), text);
    }
}

fn area(from: (f64, f64), to: (f64, f64)) -> String {
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        tenths(from.0),
        tenths(from.1),
        tenths(to.0 - from.0),
        tenths(to.1 - from.1)
    )
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
