//! The plots, each as SVG and as PNG from the same drawing code.
//!
//! Every title states the answer. Colours are from the palette of Okabe and Ito and from viridis, both of which can be
//! told apart by people who see colours differently; nothing is told by colour alone.

mod axis;
mod canvas;
mod cost;
mod curves;
mod font;
mod growth;
mod heat_map;
mod ladder;
mod layouts;
mod ranking;
mod run_length;
mod scale;

use std::fs;
use std::path::{Path, PathBuf};

use plotters::prelude::{BitMapBackend, SVGBackend};

use crate::Error;
use crate::cost::CostModel;
use crate::growth::Growth;
use crate::ladder::Ladder;
use crate::summary::Summary;
use crate::table::escape;
use canvas::{Canvas, DrawResult, Hint, Painter};

/// A picture in both formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Name without extension: "ranking", "heat-map", "layouts", "run-length",
    /// "cost", "growth", "ladder".
    pub name: &'static str,
    /// What it shows, for people who cannot see it.
    pub description: String,
    /// Vector format.
    pub svg: PathBuf,
    /// Pixels, at twice the size for sharp screens.
    pub png: PathBuf,
}

/// A drawing before it is on a canvas: its size is known, and it can be drawn more than once.
trait Drawing {
    fn size(&self) -> (f64, f64);
    fn draw(&self, canvas: &mut dyn Canvas) -> DrawResult;
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
pub fn draw_all(summary: &Summary, beside: &Beside, folder: &Path) -> Result<Vec<Plot>, Error> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let mut plots = Vec::new();
    if let Some(drawing) = ranking::Ranking::new(summary) {
        plots.push(draw(&drawing, "ranking", summary.headline(), folder)?);
    }
    if let Some(drawing) = heat_map::HeatMap::new(summary) {
        let description = drawing.title().to_owned();
        plots.push(draw(&drawing, "heat-map", description, folder)?);
    }
    if let Some(drawing) = layouts::Layouts::new(summary) {
        let description = drawing.title().to_owned();
        plots.push(draw(&drawing, "layouts", description, folder)?);
    }
    if let Some(data) = &summary.run_length {
        let drawing = run_length::RunLengthPlot::new(data);
        plots.push(draw(&drawing, "run-length", data.headline(), folder)?);
    }
    if let Some(drawing) = beside.cost.as_ref().and_then(cost::CostPlot::new) {
        let description = drawing.title().to_owned();
        plots.push(draw(&drawing, "cost", description, folder)?);
    }
    if let Some(drawing) = beside.growth.as_ref().and_then(growth::GrowthPlot::new) {
        let description = drawing.title().to_owned();
        plots.push(draw(&drawing, "growth", description, folder)?);
    }
    if let Some(drawing) = beside.ladder.as_ref().and_then(ladder::LadderPlot::new) {
        let description = drawing.title().to_owned();
        plots.push(draw(&drawing, "ladder", description, folder)?);
    }
    Ok(plots)
}

fn draw(drawing: &dyn Drawing, name: &'static str, description: String, folder: &Path) -> Result<Plot, Error> {
    let plot = Plot {
        name,
        description,
        svg: folder.join(format!("{name}.svg")),
        png: folder.join(format!("{name}.png")),
    };
    let (width, height) = drawing.size();
    let pixels = canvas::pixels(width, height);
    let hints = paint(drawing, Painter::new(SVGBackend::new(&plot.svg, pixels)), &plot.svg)?;
    annotate(&plot, &hints)?;
    paint(drawing, Painter::new(BitMapBackend::new(&plot.png, pixels)), &plot.png)?;
    Ok(plot)
}

fn paint<DB>(drawing: &dyn Drawing, painter: Painter<DB>, path: &Path) -> Result<Vec<Hint>, Error>
where
    DB: plotters::prelude::DrawingBackend,
{
    let failed = |what: String| Error::Plot {
        path: path.to_owned(),
        what,
    };
    let mut painter = painter;
    painter.begin().map_err(failed)?;
    drawing.draw(&mut painter).map_err(failed)?;
    painter.finish().map_err(failed)
}

/// Adds to an SVG what cannot be drawn: a title for those who hear it, and what a pointer over a mark is told.
fn annotate(plot: &Plot, hints: &[Hint]) -> Result<(), Error> {
    let failed = |what: &str| Error::Plot {
        path: plot.svg.clone(),
        what: what.to_owned(),
    };
    let text = fs::read_to_string(&plot.svg).map_err(Error::io(&plot.svg))?;
    let root = text.find("<svg").ok_or_else(|| failed("no svg element"))?;
    let begin = text[root..].find('>').ok_or_else(|| failed("no svg element"))? + root;
    let end = text
        .rfind("</svg>")
        .ok_or_else(|| failed("no end of the svg element"))?;
    let mut whole = format!(
        "{} role=\"img\">\n<title>{}</title>{}",
        &text[..begin],
        escape(&plot.description),
        &text[begin + 1..end]
    );
    for Hint { from, to, text } in hints {
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        whole.push_str(&format!(
            "<rect class=\"hint\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
             pointer-events=\"all\"><title>{}</title></rect>\n",
            from.0,
            from.1,
            escape(text)
        ));
    }
    whole.push_str(&text[end..]);
    fs::write(&plot.svg, whole).map_err(Error::io(&plot.svg))
}
