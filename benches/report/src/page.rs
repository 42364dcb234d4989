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
const PAGE: &str = include_str!("page/page.html");
const SCRIPT: &str = include_str!("page/script.js");

/// The page. The plots are read from their SVG files.
pub fn page(summary: &Summary, plots: &[Plot], ladder: Option<&Ladder>) -> Result<String, Error> {
    let run = &summary.run;
    let warnings = summary.warnings.iter();
    let warnings = warnings.map(|warning| format!("<p class=\"warning\">Note: {}.</p>\n", escape(warning)));
    let mut figures = String::new();
    for plot in plots {
        let svg = fs::read_to_string(&plot.svg).map_err(Error::io(&plot.svg))?;
        let (label, svg) = (escape(&plot.description), inline_svg(&svg));
        let _ = writeln!(
            figures,
            "<figure role=\"img\" aria-label=\"{label}\">\n{svg}\n</figure>"
        );
    }
    let errors = match summary.errors().as_slice() {
        [] => String::new(),
        errors => format!("<h2>Errors</h2>\n<ul>\n{}</ul>\n", items(errors, escape)),
    };
    let facts = summary.foundation.facts().into_iter().chain(run.fingerprint.rows());
    let facts = facts.chain([("Raw data", summary.raw_data.clone())]);
    let facts = facts.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escape(&value)));
    let when = record::timestamp(run.started);
    let legend = summary.legend().map(|legend| format!("<p>{}.</p>\n", escape(&legend)));
    Ok(filled(&[
        ("title", escape(&summary.headline())),
        ("style", STYLE.to_owned()),
        ("run", format!("{} run {}, {when}", run.kind.name(), escape(&run.id))),
        ("warnings", warnings.collect()),
        ("recommendation", items(&summary.sentences(), unbroken)),
        ("caveat", escape(&summary.caveat())),
        ("claims", claims(summary)),
        ("mix", mix(summary)),
        ("plots", figures),
        ("numbers", table::of(summary).html() + &legend.unwrap_or_default()),
        ("regret", regret(summary)),
        ("ladder", ladder.map(Ladder::html).unwrap_or_default()),
        ("errors", errors),
        ("foundation", facts.collect()),
        ("script", SCRIPT.to_owned()),
    ]))
}

/// The template with parts in the places that are called like them. What a part says is not looked at again.
fn filled(parts: &[(&str, String)]) -> String {
    let mut pieces = PAGE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        let part = parts.iter().find(|(known, _)| *known == name);
        page += part.map_or("", |(_, text)| text);
        page += rest;
    }
    page
}

fn items(texts: &[String], show: fn(&str) -> String) -> String {
    texts.iter().map(|text| format!("<li>{}</li>\n", show(text))).collect()
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
    let others = machines.clone().map(|machine| {
        let size = match machine.size.as_str() {
            "" => String::new(),
            size => format!(", {size} size"),
        };
        let (name, run, age) = (machine.name_among(&summary.machines), &machine.run, machine.age());
        format!("on {name} ({run}{size}, {age})")
    });
    columns.extend(others.map(Column::texts));
    let range = |estimate: Option<Estimate>| estimate.map_or(String::new(), words::range);
    let row = |claim: &Claim| {
        let cells = [
            claim.says.clone(),
            units::three_digits(claim.ratio.value),
            words::range(claim.ratio),
            range(claim.one_binary),
            range(claim.new_program),
            summary.holds(&claim.id).brief(),
            claim.grade.letter().to_string(),
            claim.reasons.join("; "),
        ];
        let there = machines.clone().map(|machine| match machine.counterpart(&claim.id) {
            Some(its) => {
                let over = match machine.shared {
                    Some(_) => format!(", {}", units::number(its.programs, "program")),
                    None => String::new(),
                };
                let ratio = units::three_digits(its.ratio.value);
                // Of other strategies, or the other way round.
                let of = match its.id == claim.id {
                    true => String::new(),
                    false => format!(": {}", its.says),
                };
                format!("{ratio} ({}{over}){of}", its.grade.letter())
            }
            None => "not measured there".to_owned(),
        });
        cells.into_iter().chain(there).collect()
    };
    let rows = summary.claims.iter().map(row).collect();
    let differences = summary
        .claims
        .first()
        .map(|claim| summary.holds(&claim.id).differences());
    let differences = differences.unwrap_or_default().into_iter();
    let differences: String = differences.map(|how| format!("<p>{}.</p>\n", escape(&how))).collect();
    format!("{differences}{}", Table { columns, rows }.html())
}

/// What the workloads are like, what other weights make of them, and what layouts are.
fn mix(summary: &Summary) -> String {
    let Some(mix) = &summary.mix else { return String::new() };
    let ranked = summary.ranked().map(|strategy| strategy.name.as_str());
    let heads = ["weights", "number"].into_iter().chain(ranked);
    let row = |weighting: &Weighting| {
        let times = weighting.relative.iter().copied().map(units::three_digits);
        let names = [weighting.name.clone(), weighting.count.to_string()];
        names.into_iter().chain(times).collect()
    };
    let table = Table::of(1, heads, mix.weightings.iter().map(row));
    let explained = summary.explained.iter().map(|of| of.sentence() + ".");
    let sentences: Vec<String> = mix.sentences().into_iter().chain(explained).collect();
    let (items, table) = (items(&sentences, unbroken), table.html());
    format!("<h2 id=\"mix\">Workloads as a sample</h2>\n<ul>\n{items}</ul>\n{table}")
}

/// What each strategy costs where another one is better.
fn regret(summary: &Summary) -> String {
    let row = |strategy: &StrategySummary| {
        let classes = strategy.classes.iter();
        let class = classes.max_by(|a, b| a.geometric_mean.total_cmp(&b.geometric_mean));
        let class = class.map(|class| format!("{} ({})", units::three_digits(class.geometric_mean), class.class));
        let worst = strategy.worst.as_ref();
        let cells = [
            Some(strategy.name.clone()),
            strategy.geometric_mean.map(units::three_digits),
            class,
            worst.map(|worst| units::three_digits(worst.ratio)),
            worst.map(|worst| worst.workload.clone()),
        ];
        cells.map(|cell| cell.unwrap_or("-".to_owned())).into_iter().collect()
    };
    let numbers = ["on average", "worst class", "at worst"].map(Column::numbers);
    let columns = [Column::texts("strategy")].into_iter().chain(numbers);
    Table {
        columns: columns.chain([Column::texts("where")]).collect(),
        rows: summary.ranked().map(row).collect(),
    }
    .html()
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
