//! The whole report as one HTML page that opens from disk: plots inline, no script, nothing from the network.

use std::fmt::Write as _;
use std::fs;

use crate::Error;
use crate::ladder::Ladder;
use crate::plots::Plot;
use crate::record;
use crate::summary::Summary;
use crate::table::{self, escape};

const STYLE: &str = "\
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 66rem; margin: 2rem auto; \
padding: 0 1rem; }\n\
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }\n\
.meta { color: #595959; } .warning { border-left: 4px solid #d55e00; padding: .2rem .8rem; }\n\
figure { margin: 1.5rem 0; } svg { width: 100%; height: auto; }\n\
.wide { overflow-x: auto; }\n\
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }\n\
th, td { padding: .25rem .6rem; text-align: right; } th { font-weight: 600; } tbody th, th:first-child { text-align: left; }\n\
tbody th { font-weight: 400; white-space: pre; } thead th { border-bottom: 2px solid #1a1a1a; vertical-align: bottom; }\n\
tr.part > * { border-top: 1px solid #595959; } tr.part th { font-weight: 600; }\n\
td { white-space: nowrap; } td.best { font-weight: 700; } td.error { color: #b24e00; font-weight: 700; }\n\
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; overflow-wrap: anywhere; }\n";

/// The page. The plots are read from their SVG files.
pub fn page(summary: &Summary, plots: &[Plot], ladder: Option<&Ladder>) -> Result<String, Error> {
    let title = escape(&summary.headline());
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    let _ = writeln!(
        html,
        "<p class=\"meta\">wasm-dispatch, {} run {}, {}</p>",
        summary.run.kind.name(),
        escape(&summary.run.id),
        record::timestamp(summary.run.started)
    );
    for warning in &summary.warnings {
        let _ = writeln!(html, "<p class=\"warning\">Note: {}.</p>", escape(warning));
    }
    html.push_str("<h2>Recommendation</h2>\n<ul>\n");
    for sentence in summary.sentences() {
        let _ = writeln!(html, "<li>{}</li>", escape(&sentence));
    }
    let _ = writeln!(html, "</ul>\n<p class=\"meta\">{}</p>", escape(summary.caveat()));
    for plot in plots {
        let svg = fs::read_to_string(&plot.svg).map_err(Error::io(&plot.svg))?;
        let _ = writeln!(
            html,
            "<figure role=\"img\" aria-label=\"{}\">\n{}\n</figure>",
            escape(&plot.description),
            inline_svg(&svg)
        );
    }
    let _ = writeln!(
        html,
        "<h2>All numbers</h2>\n<p>Time relative to the fastest strategy on the same workload; \"best\" is the time of \
         the fastest. A workload in parentheses does not count in the means. Time to decode and lower (the same for all), time to \
         compile and size of the compiled code are totals over the workloads.</p>\n<div class=\"wide\">\n{}</div>",
        table::html(summary)
    );
    html.push_str(&ladder.map(Ladder::html).unwrap_or_default());
    html.push_str(&errors(summary));
    html.push_str("<h2>Measured on</h2>\n<dl>\n");
    for (name, value) in summary.run.fingerprint.rows() {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    let _ = writeln!(
        html,
        "<dt>Raw data</dt><dd>{}</dd>\n</dl>\n</body>\n</html>",
        escape(&summary.raw_data)
    );
    Ok(html)
}

/// What went wrong where; empty if nothing did.
fn errors(summary: &Summary) -> String {
    let errors = errors_of(summary);
    if errors.is_empty() {
        return String::new();
    }
    let mut html = String::from("<h2>Errors</h2>\n<ul>\n");
    for error in errors {
        let _ = writeln!(html, "<li>{}</li>", escape(&error));
    }
    html.push_str("</ul>\n");
    html
}

/// One line per cell that is an error: workload, strategy, what went wrong.
pub(crate) fn errors_of(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    for workload in &summary.workloads {
        for (strategy, cell) in summary.strategies.iter().zip(&workload.cells) {
            if let crate::summary::Cell::Error { what } = cell {
                lines.push(format!("{} under {}: {what}", workload.name, strategy.name));
            }
        }
    }
    lines
}

/// The `svg` element alone: inside HTML there is no XML declaration.
fn inline_svg(svg: &str) -> &str {
    svg.find("<svg").and_then(|at| svg.get(at..)).unwrap_or(svg).trim_end()
}
