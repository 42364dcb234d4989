//! Text for plotters' backends.
//!
//! plotters has text of its own, but its `ttf` feature needs system libraries, and its `ab_glyph` feature (version 0.3.7)
//! drops the space before each letter and, being shared by the whole build, breaks criterion's plots. So this is a text
//! style of our own, with DejaVu Sans out of a published crate. In SVG the viewer's font is used; DejaVu is one of the
//! widest, so that what fits here fits there.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, point};
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, FontFamily, FontStyle, FontTransform};

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// The font, or `None` if the bytes in the crate should ever be broken; text is then left out, and nothing panics.
fn font(weight: Weight) -> Option<&'static FontRef<'static>> {
    static REGULAR: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    static BOLD: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    let (cell, bytes): (_, fn() -> &'static [u8]) = match weight {
        Weight::Regular => (&REGULAR, dejavu::sans::regular),
        Weight::Bold => (&BOLD, dejavu::sans::bold),
    };
    cell.get_or_init(|| FontRef::try_from_slice(bytes()).ok()).as_ref()
}

/// Width of a text, in the unit of `size` (height of an em).
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let Some(font) = font(weight) else {
        return text.chars().count() as f64 * size * 0.6;
    };
    let mut units = 0.0;
    for_each_glyph(font, text, |_, _, end| units = end);
    f64::from(units) / f64::from(font.units_per_em().unwrap_or(1000.0)) * size
}

/// Calls back with each glyph and where it begins and ends, in units of the font.
fn for_each_glyph(font: &FontRef<'_>, text: &str, mut callback: impl FnMut(GlyphId, f32, f32)) {
    let mut pen = 0.0;
    let mut previous = None;
    for character in text.chars() {
        let glyph = font.glyph_id(character);
        if let Some(previous) = previous {
            pen += font.kern_unscaled(previous, glyph);
        }
        let begin = pen;
        pen += font.h_advance_unscaled(glyph);
        callback(glyph, begin, pen);
        previous = Some(glyph);
    }
}

/// A text style that both backends understand. The vertical anchor is the middle of small letters: SVG puts the baseline
/// half an x-height below the point, and so does [`Style::draw`].
pub(super) struct Style {
    /// Height of an em in pixels.
    pub size: f64,
    pub weight: Weight,
    pub color: (u8, u8, u8),
    pub anchor: HPos,
    /// Turned by a quarter, to be read from the right side.
    pub upwards: bool,
}

/// Half the x-height of DejaVu Sans, in ems.
const HALF_X_HEIGHT: f64 = 0.2735;

impl Style {
    fn backend_color(&self, alpha: f64) -> BackendColor {
        BackendColor { alpha, rgb: self.color }
    }
}

impl BackendTextStyle for Style {
    type FontError = std::convert::Infallible;

    fn color(&self) -> BackendColor {
        self.backend_color(1.0)
    }

    /// plotters' SVG backend divides by 1.24 to get the height of an em.
    fn size(&self) -> f64 {
        self.size * 1.24
    }

    fn transform(&self) -> FontTransform {
        if self.upwards {
            FontTransform::Rotate270
        } else {
            FontTransform::None
        }
    }

    fn style(&self) -> FontStyle {
        match self.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        }
    }

    fn anchor(&self) -> Pos {
        Pos::new(self.anchor, VPos::Center)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name("DejaVu Sans, Verdana, Arial, sans-serif")
    }

    /// The box has no height: the vertical anchor is dealt with in `draw`.
    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        Ok(((0, 0), (width(text, self.size, self.weight).round() as i32, 0)))
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (left, middle): BackendCoord,
        mut draw: DrawFunc,
    ) -> Result<Result<(), E>, Self::FontError> {
        let Some(font) = font(self.weight) else {
            return Ok(Ok(()));
        };
        let per_em = font.units_per_em().unwrap_or(1000.0);
        // ab_glyph scales by the height from the lowest to the highest point of the font, not by the em.
        let scale = PxScale::from(self.size as f32 * font.height_unscaled() / per_em);
        let baseline = (self.size * HALF_X_HEIGHT) as f32;
        let mut outcome = Ok(());
        for_each_glyph(font, text, |glyph, begin, _| {
            let x = begin / per_em * self.size as f32;
            let placed = glyph.with_scale_and_position(scale, point(x, baseline));
            let Some(outline) = font.outline_glyph(placed) else {
                return;
            };
            let bounds = outline.px_bounds();
            let (x0, y0) = (left + bounds.min.x as i32, middle + bounds.min.y as i32);
            outline.draw(|x, y, coverage| {
                if outcome.is_ok() && coverage > 0.0 {
                    let color = self.backend_color(f64::from(coverage.min(1.0)));
                    outcome = draw(x0 + x as i32, y0 + y as i32, color);
                }
            });
        });
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_character_that_the_plots_use() {
        for weight in [Weight::Regular, Weight::Bold] {
            let font = font(weight).expect("the font is in the crate");
            for character in "abcXYZ0189 .,:;()[]_-–…×µ%/".chars() {
                assert_ne!(font.glyph_id(character).0, 0, "{character:?}");
            }
        }
    }

    #[test]
    fn widths_grow_with_text_and_weight() {
        assert_eq!(width("", 10.0, Weight::Regular), 0.0);
        let regular = width("threaded", 10.0, Weight::Regular);
        assert!((40.0..60.0).contains(&regular), "{regular}");
        assert!(width("threaded", 10.0, Weight::Bold) > regular);
    }
}
