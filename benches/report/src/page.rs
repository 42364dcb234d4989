//! The whole report as one HTML page that opens from disk: plots, style and script inline, nothing from the network.
//!
//! Without its script the page has everything but the sorting of tables: raw numbers are titles of the cells and marks.

use std::fmt::Write as _;
use std::fs;

use crate::Error;
use crate::ladder::Ladder;
use crate::plots::Plot;
use crate::record;
use crate::statistics::Estimate;
use crate::summary::mix::Weighting;
use crate::summary::{Claim, StrategySummary, Summary, words};
use crate::table::{self, Column, Table, escape};
use crate::units;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

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
    html.push_str(
        "<nav><a href=\"#recommendation\">Recommendation</a> <a href=\"#claims\">Claims</a> <a href=\"#plots\">Plots</a> <a href=\"#numbers\">All \
         numbers</a> <a href=\"#regret\">Regret</a> <a href=\"#foundation\">What it rests on</a></nav>\n",
    );
    for warning in &summary.warnings {
        let _ = writeln!(html, "<p class=\"warning\">Note: {}.</p>", escape(warning));
    }
    html.push_str("<h2 id=\"recommendation\">Recommendation</h2>\n<ul>\n");
    for sentence in summary.sentences() {
        let _ = writeln!(html, "<li>{}</li>", unbroken(&sentence));
    }
    let _ = writeln!(html, "</ul>\n<p class=\"meta\">{}</p>", escape(&summary.caveat()));
    html.push_str(&claims(summary));
    html.push_str(&mix(summary));
    html.push_str("<h2 id=\"plots\">Plots</h2>\n");
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
        "<h2 id=\"numbers\">All numbers</h2>\n<p>Time relative to the fastest strategy on the same workload; \"best\" is the time of \
         the fastest. A workload in parentheses does not count in the means. Time to decode and lower (the same for all), time to \
         compile and size of the compiled code are totals over the workloads. A click on a head sorts; a pointer over a cell \
         shows the raw numbers.</p>\n{}",
        table::of(summary).html()
    );
    html.push_str(&regret(summary));
    html.push_str(&ladder.map(Ladder::html).unwrap_or_default());
    let errors = summary.errors();
    if !errors.is_empty() {
        let items = errors.iter().map(|error| format!("<li>{}</li>\n", escape(error)));
        let _ = writeln!(html, "<h2>Errors</h2>\n<ul>\n{}</ul>", items.collect::<String>());
    }
    html.push_str("<h2 id=\"foundation\">What it rests on</h2>\n<dl>\n");
    let machine = summary.run.fingerprint.rows().into_iter();
    let machine = machine.map(|(name, value)| (name, value.to_string()));
    let facts = summary.foundation.facts().into_iter().chain(machine);
    for (name, value) in facts.chain([("Raw data", summary.raw_data.clone())]) {
        let _ = writeln!(html, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    let _ = writeln!(html, "</dl>\n<script>\n{SCRIPT}</script>\n</body>\n</html>");
    Ok(html)
}

/// What is claimed, where it holds, and how well founded that is; machines side by side.
fn claims(summary: &Summary) -> String {
    let mut columns = vec![
        Column::texts("claim"),
        Column::numbers("ratio"),
        Column::texts("95 % interval"),
    ];
    columns.extend(["one binary", "new program", "holds", "grade", "why not better"].map(Column::texts));
    let machines = summary.machines.iter().skip(1);
    let others = machines
        .clone()
        .map(|machine| format!("on {} ({}, {})", machine.machine().vendor(), machine.run, machine.age()));
    columns.extend(others.map(Column::texts));
    let range = |estimate: Option<Estimate>| estimate.map_or(String::new(), words::range);
    let row = |claim: &Claim| {
        let cells = [
            claim.says.clone(),
            units::three_digits(claim.ratio.value),
            words::range(claim.ratio),
            range(claim.one_binary),
            range(claim.new_program),
            summary.holds(&claim.id).text(),
            claim.grade.letter().to_string(),
            claim.reasons.join("; "),
        ];
        let there =
            machines.clone().map(
                |machine| match machine.compared_claims().iter().find(|its| its.id == claim.id) {
                    Some(its) => {
                        let over = machine.shared.as_ref().map(|_| format!(", {} programs", its.programs));
                        let ratio = units::three_digits(its.ratio.value);
                        format!("{ratio} ({}{})", its.grade.letter(), over.unwrap_or_default())
                    }
                    None if summary.holds(&claim.id).of == 1 => "not measured there".to_owned(),
                    None => "not claimed there".to_owned(),
                },
            );
        cells.into_iter().chain(there).collect()
    };
    let table = Table {
        columns,
        rows: summary.claims.iter().map(row).collect(),
    };
    format!(
        "<h2 id=\"claims\">Claims</h2>\n<p>Each is about one machine; a ratio is the second strategy's time by the first's, as a mean over \
         layouts. One binary: what a build may get. New program: what one like the workloads may get. To check them again: \
         <code>wasm-dispatch-lab claims</code>.</p>\n{}",
        table.html()
    )
}

/// What the workloads are like, what other weights make of them, and what layouts are.
fn mix(summary: &Summary) -> String {
    let Some(mix) = &summary.mix else { return String::new() };
    let ranked = summary.strategies.iter().filter(|strategy| strategy.rank.is_some());
    let heads = ["weights", "number"]
        .into_iter()
        .chain(ranked.map(|strategy| strategy.name.as_str()));
    let row = |weighting: &Weighting| {
        let times = weighting.relative.iter().copied().map(units::three_digits);
        let names = [weighting.name.clone(), weighting.count.to_string()];
        names.into_iter().chain(times).collect()
    };
    let table = Table::of(1, heads, mix.weightings.iter().map(row));
    let explained = summary.explained.iter().map(|of| of.sentence() + ".");
    let items = mix.sentences().into_iter().chain(explained);
    let items: String = items
        .map(|sentence| format!("<li>{}</li>\n", unbroken(&sentence)))
        .collect();
    format!(
        "<h2 id=\"mix\">Workloads as a sample</h2>\n<ul>\n{items}</ul>\n{}",
        table.html()
    )
}

/// What each strategy costs where another one is better.
fn regret(summary: &Summary) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), units::three_digits);
    let row = |strategy: &StrategySummary| {
        let classes = strategy.classes.iter();
        let class = classes.max_by(|a, b| a.geometric_mean.total_cmp(&b.geometric_mean));
        let worst = strategy.worst.as_ref();
        let cells = [
            strategy.name.clone(),
            number(strategy.geometric_mean),
            class.map_or("-".to_owned(), |class| {
                format!("{} ({})", units::three_digits(class.geometric_mean), class.class)
            }),
            number(worst.map(|worst| worst.ratio)),
            worst.map_or("-".to_owned(), |worst| worst.workload.clone()),
        ];
        cells.into_iter().collect()
    };
    let numbers = ["on average", "worst class", "at worst"].map(Column::numbers);
    let ranked = summary.strategies.iter().filter(|strategy| strategy.rank.is_some());
    let columns = [Column::texts("strategy")].into_iter().chain(numbers);
    let table = Table {
        columns: columns.chain([Column::texts("where")]).collect(),
        rows: ranked.map(row).collect(),
    };
    format!(
        "<h2 id=\"regret\">Regret</h2>\n<p>What choosing a strategy costs where another one is better: its time by that of the \
         best on each workload.</p>\n{}",
        table.html()
    )
}

/// A sentence whose numbers and their units are not apart at the end of a line.
fn unbroken(sentence: &str) -> String {
    escape(sentence)
        .replace(" %", "\u{a0}%")
        .replace(" µs", "\u{a0}µs")
        .replace(" ms", "\u{a0}ms")
}

/// The `svg` element alone: inside HTML there is no XML declaration, and the figure has its title.
fn inline_svg(svg: &str) -> String {
    let root = svg.find("<svg").and_then(|at| svg.get(at..)).unwrap_or(svg).trim_end();
    match (root.find("<title>"), root.find("</title>")) {
        (Some(begin), Some(end)) if begin < end => format!("{}{}", &root[..begin], &root[end + "</title>".len()..]),
        _ => root.to_owned(),
    }
}
