//! Colours: a strategy has the same one in all plots of a report.

use super::Beside;
use super::svg::{Dashes, Rgb};
use crate::summary::Summary;

/// Colours of Okabe and Ito that are legible on white. Yellow is not, and stands last, darkened.
const OKABE_ITO: [Rgb; 8] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xe6, 0x9f, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x00, 0x00, 0x00),
    (0xb0, 0xa4, 0x2a),
];

/// "Vermillion", for what is wrong.
pub(super) const WRONG: Rgb = OKABE_ITO[1];

/// Where the place of a name among the colours begins to be computed. So chosen that no two of our strategies want the same.
const SEED: u32 = 0x8122_0b71;

/// Colours by name. A name has a place that it wants, whatever else is in the picture; only where two want the same one does
/// the second of them, by the alphabet, go on to the next.
pub(super) struct Palette(Vec<(String, usize)>);

impl Palette {
    /// For all strategies of a report, whichever of its plots they are in.
    pub fn of(summary: &Summary, beside: &Beside) -> Palette {
        let ranked = summary.strategies.iter().map(|strategy| &strategy.name);
        let explained = beside.cost.iter().flat_map(|model| &model.strategies);
        let explained = explained.map(|cost| &cost.strategy);
        let axes = beside.growth.iter().flat_map(|growth| &growth.axes);
        let grown = axes.flat_map(|axis| &axis.curves);
        let grown = grown.filter(|curve| curve.control_of.is_none());
        let names = ranked.chain(explained).chain(grown.map(|curve| &curve.strategy));
        Palette::new(names.cloned().collect())
    }

    pub fn new(mut names: Vec<String>) -> Palette {
        names.sort_unstable();
        names.dedup();
        // A variant, which has another one's name in its own, comes after what it varies.
        let all = names.clone();
        names.sort_by_key(|name| all.iter().any(|other| other != name && name.contains(other.as_str())));
        let mut placed: Vec<(String, usize)> = Vec::new();
        // Those that are alone in wanting a place come first, so that nobody else is given it.
        let alone =
            |name: &String, names: &[String]| names.iter().filter(|other| wanted(other) == wanted(name)).count() == 1;
        let (first, second): (Vec<String>, Vec<String>) = names.iter().cloned().partition(|name| alone(name, &names));
        for name in first.into_iter().chain(second) {
            let taken = |place: usize| placed.iter().any(|(_, other)| *other == place);
            let ring = (0..).find(|ring| (0..OKABE_ITO.len()).any(|place| !taken(ring * OKABE_ITO.len() + place)));
            let ring = ring.unwrap_or(0) * OKABE_ITO.len();
            let places = (wanted(&name)..).map(|place| ring + place % OKABE_ITO.len());
            let place = places.take(OKABE_ITO.len()).find(|&place| !taken(place));
            placed.push((name, place.unwrap_or(ring)));
        }
        Palette(placed)
    }

    /// The colour of a strategy, and the dashes of its lines: after eight colours they come again, dashed. `None` for what
    /// is no strategy.
    pub fn get(&self, name: &str) -> Option<(Rgb, Option<Dashes>)> {
        let &(_, place) = self.0.iter().find(|(known, _)| known == name)?;
        let dashes = (place >= OKABE_ITO.len()).then_some((7, 5));
        Some((OKABE_ITO[place % OKABE_ITO.len()], dashes))
    }

    /// The colour alone; grey for what is no strategy.
    pub fn color(&self, name: &str) -> Rgb {
        self.get(name).map_or(super::svg::GREY, |(color, _)| color)
    }
}

/// The place that a name wants (FNV-1a, of 32 bits), not the last, which is the palest.
fn wanted(name: &str) -> usize {
    let hash = name
        .bytes()
        .fold(SEED, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 13) as usize % (OKABE_ITO.len() - 1)
}

/// A colour dark enough for text on white.
pub(super) fn darker(color: Rgb) -> Rgb {
    mixed((0, 0, 0), color, 0.78)
}

/// A colour that black text is legible on.
pub(super) fn lighter(color: Rgb) -> Rgb {
    mixed(super::svg::PAPER, color, 0.35)
}

/// From one colour (0) to another (1).
pub(super) fn mixed(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Black or white: the one with more contrast on a background.
pub(super) fn readable_on((red, green, blue): Rgb) -> Rgb {
    let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    // At this luminance black and white have the same contrast ratio by WCAG's formula.
    if luminance > 0.179 {
        (0, 0, 0)
    } else {
        super::svg::PAPER
    }
}
