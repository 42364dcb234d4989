//! The plots, as SVG.
//!
//! Every title states the answer. Colours are from the palette of Okabe and Ito and from viridis, which people who see
//! colours differently can distinguish; nothing is said by colour alone.

mod cost;
mod curves;
mod growth;
mod heat_map;
mod ladder;
mod layouts;
mod palette;
mod ranking;
mod rows;
mod run_length;
mod scale;
mod svg;
#[cfg(test)]
#[path = "../../tests/unit/plots.rs"]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::cost::CostModel;
use crate::growth::Growth;
use crate::ladder::Ladder;
use crate::summary::Summary;
use palette::Palette;

/// A picture in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Name without extension: "ranking", "heat-map", "layouts", "run-length", "cost", "growth", "ladder".
    pub name: &'static str,
    /// What it shows, for people who cannot see it.
    pub description: String,
    /// The file.
    pub svg: PathBuf,
}

/// A finished picture.
struct Picture {
    title: String,
    svg: String,
}

/// What was found apart from a run's samples, as far as it is there.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Where the time goes.
    pub cost: Option<CostModel>,
    /// How speed changes with size.
    pub growth: Option<Growth>,
    /// Other engines.
    pub ladder: Option<Ladder>,
}

/// Draws all plots that the data allows into `folder`.
///
/// # Errors
///
/// If a file cannot be written.
pub fn draw_all(summary: &Summary, beside: &Beside, folder: &Path) -> Result<Vec<Plot>, Error> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let colors = Palette::of(summary, beside);
    let (cost, growth, ladder) = (&beside.cost, &beside.growth, &beside.ladder);
    let run_length = summary.run_length.as_ref();
    let pictures = [
        ("ranking", ranking::draw(summary, &colors)),
        ("heat-map", heat_map::draw(summary)),
        ("layouts", layouts::draw(summary, &colors)),
        (
            "run-length",
            run_length.map(|data| run_length::draw(data, summary.speaks(), &colors)),
        ),
        ("cost", cost.as_ref().and_then(|model| cost::draw(model, &colors))),
        ("growth", growth.as_ref().and_then(|data| growth::draw(data, &colors))),
        ("ladder", ladder.as_ref().and_then(|data| ladder::draw(data, &colors))),
    ];
    let drawn = (pictures.into_iter()).filter_map(|(name, picture)| Some((name, picture?)));
    let write = |(name, picture): (&'static str, Picture)| {
        let svg = folder.join(format!("{name}.svg"));
        fs::write(&svg, picture.svg).map_err(Error::io(&svg))?;
        Ok(Plot {
            name,
            description: picture.title,
            svg,
        })
    };
    drawn.map(write).collect()
}
