//! A surface to draw on, the same for SVG and PNG: sizes are in points, of which one is two pixels.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Rectangle};
use plotters::style::{Color as _, RGBColor, ShapeStyle, WHITE};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::font::{self, Style, Weight};

/// Pixels per point.
const PIXELS: f64 = 2.0;

/// A drawing step went well, or what the drawing library said.
pub(super) type DrawResult = Result<(), String>;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

pub(super) const BLACK: Rgb = (0x1a, 0x1a, 0x1a);
pub(super) const GREY: Rgb = (0x59, 0x59, 0x59);
pub(super) const GRID_GREY: Rgb = (0xdd, 0xdd, 0xdd);
pub(super) const PAPER: Rgb = (0xff, 0xff, 0xff);
/// "Blue" of Okabe and Ito.
pub(super) const BLUE: Rgb = (0x00, 0x72, 0xb2);
/// "Vermillion" of Okabe and Ito.
pub(super) const RED: Rgb = (0xd5, 0x5e, 0x00);

/// Colours of Okabe and Ito that are legible on white. Yellow is not, and stands last, darkened.
pub(super) const OKABE_ITO: [Rgb; 8] = [
    BLUE,
    RED,
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xe6, 0x9f, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x00, 0x00, 0x00),
    (0xb0, 0xa4, 0x2a),
];

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
    pub size: f64,
    pub weight: Weight,
    pub color: Rgb,
    pub align: Align,
}

impl Text {
    pub fn new(size: f64) -> Text {
        Text {
            size,
            weight: Weight::Regular,
            color: BLACK,
            align: Align::Left,
        }
    }

    pub fn bold(self) -> Text {
        Text {
            weight: Weight::Bold,
            ..self
        }
    }

    pub fn color(self, color: Rgb) -> Text {
        Text { color, ..self }
    }

    pub fn align(self, align: Align) -> Text {
        Text { align, ..self }
    }

    /// Width of a text in this look.
    pub fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }

    /// The text cut to a width, with an ellipsis if something is missing.
    pub fn fit(&self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut cut: Vec<char> = text.chars().collect();
        while cut.pop().is_some() {
            let candidate: String = cut.iter().chain(['…'].iter()).collect();
            if self.width(&candidate) <= width {
                return candidate;
            }
        }
        String::new()
    }

    /// The text broken at spaces into lines of at most a width.
    pub fn wrap(&self, text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }
}

/// What the plots draw with. All coordinates are in points from the upper left corner.
pub(super) trait Canvas {
    fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), color: Rgb) -> DrawResult;
    fn line(&mut self, points: &[(f64, f64)], width: f64, color: Rgb) -> DrawResult;
    fn disc(&mut self, center: (f64, f64), radius: f64, color: Rgb) -> DrawResult;
    fn text(&mut self, at: (f64, f64), text: &str, look: Text) -> DrawResult;
    /// Text that is read from the right side, centred on its point.
    fn text_upwards(&mut self, at: (f64, f64), text: &str, look: Text) -> DrawResult;
    /// Notes what a pointer over this area is told.
    fn hint(&mut self, from: (f64, f64), to: (f64, f64), text: String);
}

/// An area of a picture, in pixels, and what it shows, with raw numbers.
pub(super) struct Hint {
    pub from: (i32, i32),
    pub to: (i32, i32),
    pub text: String,
}

/// Notes what a pointer over a mark of this radius is told.
pub(super) fn hint_at(canvas: &mut dyn Canvas, (x, y): (f64, f64), radius: f64, text: String) {
    canvas.hint((x - radius, y - radius), (x + radius, y + radius), text);
}

/// Draws a ring: a disc with a smaller one of the background on it.
pub(super) fn ring(canvas: &mut dyn Canvas, center: (f64, f64), radius: f64, color: Rgb) -> DrawResult {
    canvas.disc(center, radius, color)?;
    canvas.disc(center, radius - 1.2, PAPER)
}

/// Draws a title over the whole width and explaining lines below it; returns where the plot can begin.
pub(super) fn heading(canvas: &mut dyn Canvas, width: f64, title: &str, notes: &str) -> Result<f64, String> {
    let mut y = 26.0;
    for line in Text::new(19.0).bold().wrap(title, width - 2.0 * MARGIN) {
        canvas.text((MARGIN, y), &line, Text::new(19.0).bold())?;
        y += 25.0;
    }
    for line in Text::new(12.5).wrap(notes, width - 2.0 * MARGIN) {
        canvas.text((MARGIN, y), &line, Text::new(12.5).color(GREY))?;
        y += 17.0;
    }
    Ok(y + 4.0)
}

/// Height that [`heading`] takes.
pub(super) fn heading_height(width: f64, title: &str, notes: &str) -> f64 {
    let titles = Text::new(19.0).bold().wrap(title, width - 2.0 * MARGIN).len();
    let notes = Text::new(12.5).wrap(notes, width - 2.0 * MARGIN).len();
    30.0 + 25.0 * titles as f64 + 17.0 * notes as f64
}

/// Free space at the edges of a picture.
pub(super) const MARGIN: f64 = 20.0;

/// Size of a picture in pixels.
pub(super) fn pixels(width: f64, height: f64) -> (u32, u32) {
    // The bounds keep a nonsense summary from asking for gigabytes.
    let side = |points: f64| (points * PIXELS).ceil().clamp(16.0, 20_000.0) as u32;
    (side(width), side(height))
}

/// A canvas on one of plotters' backends.
pub(super) struct Painter<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    hints: Vec<Hint>,
}

impl<DB: DrawingBackend> Painter<DB> {
    pub fn new(backend: DB) -> Self
    where
        DB: IntoDrawingArea,
    {
        Painter {
            area: backend.into_drawing_area(),
            hints: Vec::new(),
        }
    }

    /// Paints the background.
    pub fn begin(&mut self) -> DrawResult {
        self.area.fill(&WHITE).map_err(|error| error.to_string())
    }

    /// Writes the file. Without this, a failure would be lost when the backend is dropped.
    pub fn finish(self) -> Result<Vec<Hint>, String> {
        self.area.present().map_err(|error| error.to_string())?;
        Ok(self.hints)
    }

    fn draw<E>(&self, element: &E) -> DrawResult
    where
        for<'a> &'a E: PointCollection<'a, (i32, i32)>,
        E: Drawable<DB>,
    {
        self.area.draw(element).map_err(|error| error.to_string())
    }

    fn label(&self, at: (f64, f64), text: &str, look: Text, upwards: bool) -> DrawResult {
        let anchor = match look.align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        // The middle of small letters lies lower than the middle of digits and capitals, by 0.09 em.
        let drop = 0.09 * look.size;
        let at = if upwards {
            (at.0 + drop, at.1)
        } else {
            (at.0, at.1 + drop)
        };
        self.draw(&Label {
            at: to_pixels(at),
            text: text.to_owned(),
            style: Style {
                size: look.size * PIXELS,
                weight: look.weight,
                color: look.color,
                anchor,
                upwards,
            },
        })
    }
}

impl<DB: DrawingBackend> Canvas for Painter<DB> {
    fn rectangle(&mut self, from: (f64, f64), to: (f64, f64), color: Rgb) -> DrawResult {
        self.draw(&Rectangle::new([to_pixels(from), to_pixels(to)], filled(color)))
    }

    fn line(&mut self, points: &[(f64, f64)], width: f64, color: Rgb) -> DrawResult {
        let points: Vec<_> = points.iter().map(|&point| to_pixels(point)).collect();
        let width = (width * PIXELS).round().max(1.0) as u32;
        self.draw(&PathElement::new(points, filled(color).stroke_width(width)))
    }

    fn disc(&mut self, center: (f64, f64), radius: f64, color: Rgb) -> DrawResult {
        let radius = (radius * PIXELS).round() as i32;
        self.draw(&Circle::new(to_pixels(center), radius, filled(color)))
    }

    fn text(&mut self, at: (f64, f64), text: &str, look: Text) -> DrawResult {
        self.label(at, text, look, false)
    }

    fn text_upwards(&mut self, at: (f64, f64), text: &str, look: Text) -> DrawResult {
        self.label(at, text, look.align(Align::Center), true)
    }

    fn hint(&mut self, from: (f64, f64), to: (f64, f64), text: String) {
        self.hints.push(Hint {
            from: to_pixels(from),
            to: to_pixels(to),
            text,
        });
    }
}

fn to_pixels((x, y): (f64, f64)) -> (i32, i32) {
    ((x * PIXELS).round() as i32, (y * PIXELS).round() as i32)
}

fn filled((red, green, blue): Rgb) -> ShapeStyle {
    RGBColor(red, green, blue).filled()
}

/// Text as an element of plotters', in our own text style.
struct Label {
    at: (i32, i32),
    text: String,
    style: Style,
}

impl<'a> PointCollection<'a, (i32, i32)> for &'a Label {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Once<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Label {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        match points.next() {
            Some(point) => backend.draw_text(&self.text, &self.style, point),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_or_wrapped_to_a_width() {
        let look = Text::new(10.0);
        assert_eq!(look.fit("short", 100.0), "short");
        let cut = look.fit("a very long name of a workload", 60.0);
        assert!(cut.ends_with('…') && look.width(&cut) <= 60.0, "{cut}");
        let lines = look.wrap("one two three four five six seven", 60.0);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| look.width(line) <= 60.0), "{lines:?}");
    }
}
