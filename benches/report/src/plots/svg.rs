//! A picture as SVG: what the plots draw with. Sizes are in points, from the upper left corner.

use std::fmt::Write as _;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{self, Circle, DashedPathElement, Drawable, PathElement, PointCollection, Rectangle};
/// Where a text lies relative to its point. Vertically it is always centred.
pub(super) use plotters::style::text_anchor::HPos as Align;
use plotters::style::text_anchor::{Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle, WHITE};

use super::Picture;
use crate::table::escape;
use crate::visible;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

pub(super) const BLACK: Rgb = (0x1a, 0x1a, 0x1a);
pub(super) const GREY: Rgb = (0x59, 0x59, 0x59);
pub(super) const GRID_GREY: Rgb = (0xdd, 0xdd, 0xdd);
pub(super) const PAPER: Rgb = (0xff, 0xff, 0xff);

/// What texts are set in, as far as the viewer has it.
const FONTS: &str = "DejaVu Sans, Verdana, sans-serif";

/// Width of a picture; only the heat map may need more.
pub(super) const WIDTH: f64 = 1000.0;
/// Free space at the edges of a picture.
pub(super) const MARGIN: f64 = 20.0;

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
        let starts = text.char_indices().rev().map(|(end, _)| format!("{}…", &text[..end]));
        let mut fitting = starts.filter(|start| self.width(start) <= width);
        fitting.next().unwrap_or_default()
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

/// Plotters counts in whole units: this many make a point.
const UNITS: f64 = 10.0;

type Place = (f64, f64);

/// Length of the dashes of a line, and of the gaps between them.
pub(super) type Dashes = (u32, u32);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws itself once the size of the picture is known.
type Mark = Box<dyn Fn(&Area<'_>)>;

/// A picture in the making.
pub(super) struct Svg {
    width: f64,
    title: String,
    /// What is drawn, in this order.
    marks: Vec<Mark>,
    /// What a pointer over an area is told: on top of all marks.
    hints: String,
}

impl Svg {
    /// A picture with its title over the whole width and explaining lines below it; and where the plot can begin.
    pub fn new(width: f64, title: &str, notes: &str) -> (Svg, f64) {
        let mut svg = Svg {
            width,
            title: title.to_owned(),
            marks: Vec::new(),
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
        let size = (units(width) as u32, units(height) as u32);
        let mut drawn = String::new();
        {
            let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
            // Writing into a string does not fail, and nothing else can.
            let _ = area.fill(&WHITE);
            self.marks.iter().for_each(|mark| mark(&area));
            let _ = area.present();
        }
        // Plotters has no words for these: the size in points, the picture's name, and what a pointer is told.
        let marks = drawn.split_once(">\n").map_or("", |(_, marks)| marks);
        let marks = marks.trim_end().trim_end_matches("</svg>");
        Picture {
            svg: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
                 viewBox=\"0 0 {} {}\" role=\"img\">\n<title>{}</title>\n{marks}{}</svg>\n",
                size.0,
                size.1,
                escape(&self.title),
                self.hints
            ),
            title: self.title,
        }
    }

    fn draw<E>(&mut self, element: E)
    where
        for<'e> &'e E: PointCollection<'e, (i32, i32)>,
        E: for<'a> Drawable<SVGBackend<'a>> + 'static,
    {
        self.marks.push(Box::new(move |area| {
            // As above: it cannot fail.
            let _ = area.draw(&element);
        }));
    }

    pub fn rectangle(&mut self, from: Place, to: Place, color: Rgb) {
        self.draw(Rectangle::new([place(from), place(to)], rgb(color).filled()));
    }

    pub fn line(&mut self, points: &[Place], width: f64, color: Rgb) {
        self.dashed(points, width, None, color);
    }

    pub fn dashed(&mut self, points: &[Place], width: f64, dashes: Option<Dashes>, color: Rgb) {
        let points: Vec<_> = points.iter().copied().map(place).collect();
        let stroke = stroke(color, width);
        match dashes {
            None => self.draw(PathElement::new(points, stroke)),
            Some((dash, gap)) => {
                let (dash, gap) = (units(f64::from(dash)), units(f64::from(gap)));
                self.draw(DashedPathElement::new(points, dash, gap, stroke));
            }
        }
    }

    pub fn disc(&mut self, center: Place, radius: f64, color: Rgb) {
        self.draw(Circle::new(place(center), units(radius), rgb(color).filled()));
    }

    pub fn ring(&mut self, center: Place, radius: f64, color: Rgb) {
        self.disc(center, radius, PAPER);
        self.draw(Circle::new(place(center), units(radius - 0.6), stroke(color, 1.2)));
    }

    pub fn text(&mut self, (x, y): Place, text: &str, look: Text) {
        // Plotters takes half the height of an x for the middle of a line; that of digits and capitals lies higher.
        let lower = 0.09 * look.size;
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        // It divides sizes by this number.
        let font = FontDesc::new(FontFamily::Name(FONTS), look.size * UNITS * 1.24, style);
        let style = TextStyle {
            font,
            color: rgb(look.color).to_backend_color(),
            pos: Pos::new(look.align, VPos::Center),
        };
        let text = visible::line(text).into_owned();
        self.draw(element::Text::new(text, place((x, y + lower)), style));
    }

    /// Notes what a pointer over an area is told.
    pub fn hint(&mut self, from: Place, to: Place, text: &str) {
        let _ = writeln!(
            self.hints,
            "<rect class=\"hint\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" pointer-events=\"all\"><title>{}</title></rect>",
            units(from.0),
            units(from.1),
            units(to.0 - from.0),
            units(to.1 - from.1),
            escape(text)
        );
    }

    /// Notes what a pointer over a mark of this radius is told.
    pub fn hint_at(&mut self, (x, y): Place, radius: f64, text: &str) {
        self.hint((x - radius, y - radius), (x + radius, y + radius), text);
    }
}

fn place((x, y): Place) -> (i32, i32) {
    (units(x), units(y))
}

fn stroke(color: Rgb, width: f64) -> ShapeStyle {
    rgb(color).stroke_width(units(width) as u32)
}

fn units(points: f64) -> i32 {
    (points * UNITS).round() as i32
}

fn rgb((red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}
