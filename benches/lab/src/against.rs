//! What `wasm-dispatch-lab bench --against` says when it has measured.

use wasm_dispatch_measure::run::Measured;
use wasm_dispatch_report::against::{Against, Bounds, Change, Ratio};
use wasm_dispatch_report::record::About;
use wasm_dispatch_report::statistics::{Level, Verdict};
use wasm_dispatch_report::table::columns;

use super::{Failed, Outcome};

/// In percent: how much slower the mean, and a workload, may get.
#[derive(Clone, Copy)]
pub struct Limits {
    pub mean: f64,
    pub workload: f64,
}

/// The comparison of what was measured, if it was measured for that. Exit code 1 if something is slower, or fails.
pub fn outcome(measured: &Measured, limits: Limits, json: bool) -> Result<Option<Outcome>, Failed> {
    let bounds = Bounds {
        mean: 1.0 + limits.mean / 100.0,
        workload: 1.0 + limits.workload / 100.0,
    };
    let recording = &measured.recording;
    let Some(against) = Against::new(recording, bounds) else {
        return Ok(None);
    };
    // No pair at all says nothing, and must not look like "nothing got slower".
    if against.strategies.is_empty() && against.fails_now.is_empty() {
        return Err(Failed::Work(format!(
            "there is nothing to compare in {}: {}",
            recording.path.display(),
            against.left_out.join("; ")
        )));
    }
    let worse = against.is_worse();
    if json {
        let json = Outcome::json(&serde_json::json!({
            "schema": 1,
            "path": recording.path,
            "run": recording.run,
            "blocks": recording.blocks(),
            "sides": recording.engines,
            "limit_percent": limits.mean,
            "limit_workload_percent": limits.workload,
            "strategies": against.strategies,
            "cells": against.cells,
            "slower": against.all().filter(|change| change.new.slower).collect::<Vec<_>>(),
            "fails_now": against.fails_now,
            "left_out": against.left_out,
            "warnings": recording.warnings,
        }))?;
        return Ok(Some(json.failing_if(worse)));
    }
    let mut text: String = recording.engines.iter().map(side).collect();
    let level = against
        .strategies
        .first()
        .map_or(Level::Iteration, |change| change.new.level);
    text.push_str(&format!(
        "\nTime divided by that of the base, {} blocks, 95 % intervals over {}; in brackets the control:\n\n",
        recording.blocks(),
        level.plural()
    ));
    text.push_str(&table(&against));
    text.push('\n');
    for (word, is) in [
        ("SLOWER", (|ratio| ratio.slower) as fn(&Ratio) -> bool),
        ("faster", |ratio| ratio.faster),
    ] {
        for change in against.all().filter(|change| is(&change.new)) {
            text.push_str(&format!(
                "{word}: {}: {}{}\n",
                what(change),
                ratio(&change.new),
                control(change)
            ));
        }
    }
    for failure in &against.fails_now {
        text.push_str(&format!("FAILS: {failure}\n"));
    }
    for note in against.left_out.iter().chain(&recording.warnings) {
        text.push_str(&format!("Note: {note}.\n"));
    }
    if against.strategies.iter().any(|change| change.new.cases < 2) {
        text.push_str(
            "Note: one case has no interval, so nothing can be found slower; measure more blocks or layouts.\n",
        );
    }
    if !worse {
        text.push_str(&format!(
            "Nothing is slower for sure: by more than {} % on the mean, by more than {} % on a workload.\n",
            limits.mean, limits.workload
        ));
    }
    text.push_str(&format!("Raw data: {}\n", recording.path.display()));
    Ok(Some(Outcome::fine(text).failing_if(worse)))
}

fn side(about: &About) -> String {
    format!(
        "{:8}{} ({})\n",
        format!("{}:", about.name),
        about.version,
        about.configuration
    )
}

fn what(change: &Change) -> String {
    match &change.workload {
        Some(workload) => format!("{} on {workload}", change.strategy),
        None => format!("{} over all workloads", change.strategy),
    }
}

/// With three digits after the point: a percent is a lot here.
fn ratio(ratio: &Ratio) -> String {
    format!("{:.3} {}", ratio.ratio.value, interval(ratio))
}

fn interval(ratio: &Ratio) -> String {
    match ratio.ratio.high.is_finite() {
        true => format!("({:.3} to {:.3})", ratio.ratio.low, ratio.ratio.high),
        false => "(one case)".to_owned(),
    }
}

fn control(change: &Change) -> String {
    let control = change.control.as_ref();
    control.map_or(String::new(), |control| format!(" [{}]", ratio(control)))
}

fn table(against: &Against) -> String {
    let heads = [
        "strategy", "new/base", "", "control", "", "slower", "faster", "of", "verdict",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for mean in &against.strategies {
        let cells = against.cells.iter().filter(|cell| cell.strategy == mean.strategy);
        let count = |is: fn(&Ratio) -> bool| {
            let new = cells.clone().filter(|cell| is(&cell.new)).count();
            let same = cells
                .clone()
                .filter(|cell| cell.control.as_ref().is_some_and(is))
                .count();
            format!("{new} [{same}]")
        };
        let same = mean.control.as_ref();
        rows.push(vec![
            mean.strategy.clone(),
            format!("{:.3}", mean.new.ratio.value),
            interval(&mean.new),
            same.map_or(String::new(), |same| format!("{:.3}", same.ratio.value)),
            same.map_or(String::new(), interval),
            count(|ratio| ratio.slower),
            count(|ratio| ratio.faster),
            cells.clone().count().to_string(),
            verdict(&mean.new),
        ]);
    }
    columns(&rows, &[1, 3, 5, 6, 7])
}

/// What a mean comes to: the limit is the band that counts as no difference.
fn verdict(ratio: &Ratio) -> String {
    match ratio.verdict {
        _ if ratio.slower => "SLOWER".to_owned(),
        _ if ratio.faster => "faster".to_owned(),
        Verdict::Slower => "slower, perhaps within the limit".to_owned(),
        Verdict::Faster => "faster, perhaps within the limit".to_owned(),
        Verdict::Equivalent => "the same".to_owned(),
        Verdict::Unsure => match ratio.more {
            Some(more) => format!("unsure; about {more} more {} would tell", ratio.level.plural()),
            None => "unsure".to_owned(),
        },
    }
}
