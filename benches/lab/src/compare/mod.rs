//! `wasm-dispatch-lab compare`: two recorded runs side by side.

mod change;

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_report::record::{self, Recording, timestamp};
use wasm_dispatch_report::statistics::{Estimate, Verdict};
use wasm_dispatch_report::summary::words::range;
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::units::three_digits;

use self::change::{Change, Clock, Comparison};
use super::shared::percent;
use super::{Failed, Outcome, Output};

/// Two recorded runs side by side; fails if something got slower
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab compare [OPTIONS] RUN_A RUN_B",
    after_help = "\
Times of the second run divided by those of the first, so that 1.10 means that it takes 10 % longer.
Nothing is measured. A change is believed if its whole 95 % interval lies on one side of 1. The interval
is taken over layouts of the code if both runs have several, otherwise over processes or blocks, which
says less: the same source linked in another order may differ by more. Among a hundred workloads that did
not change, a few look changed by chance; a limit well above the noise keeps them out of the exit code.

Examples:
  wasm-dispatch-lab compare before after
  wasm-dispatch-lab compare reports/recorded/20261123-151147-full target/wasm-dispatch/20261201-090000-full
  wasm-dispatch-lab compare before after --strategies threaded --limit 3 --quiet || echo slower

Exit code: 0 if nothing got clearly slower by more than the limit, 1 if something did, fails now or cannot
be read, 2 if the command line is wrong."
)]
pub struct Options {
    /// Before and after: folders of runs, or their samples.jsonl
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What counts as too slow for the exit code, in percent
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = percent)]
    limit: f64,
    /// Some of the strategies
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    strategies: Vec<String>,
    /// Show the workloads that did not change, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let [before, after] = options.runs.as_slice() else {
        let named: Vec<_> = options.runs.iter().map(|run| run.to_string_lossy()).collect();
        return Err(Failed::Usage(format!(
            "name two runs, before and after, not '{}'",
            named.join(" ")
        )));
    };
    let (before, after) = (record::read(before)?, record::read(after)?);
    let comparison = Comparison::new(&before, &after, &options.strategies);
    if let Some(unknown) = (options.strategies.iter()).find(|name| !comparison.knows(name)) {
        return Err(Failed::Usage(format!("no strategy '{unknown}' is in both runs")));
    }
    if comparison.cells.is_empty() && comparison.fails_now.is_empty() {
        return Err(Failed::Work(
            "the two runs have no strategy on the same workload in common".to_owned(),
        ));
    }
    let limit = 1.0 + options.limit / 100.0;
    let slower: Vec<&Change> = comparison.all().filter(|change| change.is_beyond(limit)).collect();
    let wrong = !slower.is_empty() || !comparison.fails_now.is_empty();
    let warnings = warnings(&before, &after, &comparison);
    if options.output.json {
        return Ok(Outcome::json(&serde_json::json!({
            "schema": 1,
            "before": run_json(&before),
            "after": run_json(&after),
            "limit_percent": options.limit,
            "clock": comparison.clock,
            "strategies": comparison.means,
            "cells": comparison.cells,
            "too_slow": slower,
            "fails_now": comparison.fails_now,
            "warnings": warnings,
        }))?
        .failing_if(wrong));
    }
    let mut text = String::new();
    if !options.output.quiet {
        for (name, of) in [("Before", &before), ("After", &after)] {
            let run = &of.run;
            text.push_str(&format!(
                "{name}: {} ({}, {}), {} blocks\n",
                run.id,
                run.kind.name(),
                timestamp(run.started),
                of.blocks()
            ));
        }
        for warning in &warnings {
            text.push_str(&format!("Note: {warning}.\n"));
        }
        let clock = match comparison.clock {
            Clock::Cpu => "CPU time",
            Clock::Wall => "Time",
        };
        text.push_str(&format!(
            "\n{clock} after divided by that before, with the 95 % interval:\n\n"
        ));
        text.push_str(&table(&comparison, options.all));
        text.push('\n');
    }
    for change in &slower {
        text.push_str(&format!(
            "SLOWER: {}: {} times as long ({})\n",
            change.what(),
            three_digits(change.ratio.value),
            range(change.ratio)
        ));
    }
    for failure in &comparison.fails_now {
        text.push_str(&format!("FAILS: {failure}\n"));
    }
    if !wrong && !options.output.quiet {
        text.push_str(&format!(
            "Nothing got clearly slower by more than {} %.\n",
            options.limit
        ));
    }
    Ok(Outcome::fine(text).failing_if(wrong))
}

fn run_json(recording: &Recording) -> serde_json::Value {
    serde_json::json!({"path": recording.path, "run": recording.run, "blocks": recording.blocks()})
}

/// What a reader should know before believing the numbers.
fn warnings(before: &Recording, after: &Recording, comparison: &Comparison) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    let fingerprints = before
        .run
        .fingerprint
        .rows()
        .into_iter()
        .zip(after.run.fingerprint.rows());
    for ((name, old), (_, new)) in fingerprints.filter(|((_, old), (_, new))| old != new) {
        // Hashes say that they differ and nothing else.
        match name.contains("SHA") {
            true => warnings.push(format!("{name} differs")),
            false => warnings.push(format!("{name} differs: {old}, then {new}")),
        }
    }
    if before.run.kind != after.run.kind {
        warnings.push(format!(
            "a {} run is compared with a {} run: their workloads may differ in size",
            before.run.kind.name(),
            after.run.kind.name()
        ));
    }
    if let (Some(old), Some(new)) = (&before.setup, &after.setup)
        && old.size != new.size
    {
        warnings.push(format!("sizes differ: {}, then {}", old.size, new.size));
    }
    for (name, of) in [("before", before), ("after", after)] {
        for warning in &of.warnings {
            warnings.push(format!("{name}: {warning}"));
        }
    }
    for (list, when) in [(&comparison.only_before, "before"), (&comparison.only_after, "after")] {
        if !list.is_empty() {
            warnings.push(format!("only {when}: {}", list.join(", ")));
        }
    }
    warnings
}

fn table(comparison: &Comparison, all: bool) -> String {
    let mut rows = Vec::new();
    for change in comparison.means.iter().chain(&comparison.cells) {
        let is_mean = change.workload.is_none();
        if !is_mean && !all && matches!(change.verdict, Verdict::Equivalent | Verdict::Unsure) {
            continue;
        }
        rows.push(vec![
            change.strategy.clone(),
            change.workload.clone().unwrap_or_else(|| "geometric mean".to_owned()),
            three_digits(change.ratio.value),
            interval(change.ratio),
            word(change.verdict).to_owned(),
        ]);
    }
    let shown = rows
        .iter()
        .filter(|row| row.get(1).is_some_and(|what| what != "geometric mean"))
        .count();
    let mut text = columns(&rows, &[2]);
    let hidden = comparison.cells.len() - shown;
    if hidden > 0 {
        text.push_str(&format!(
            "and {hidden} of {} without a clear change (--all shows them)\n",
            comparison.cells.len()
        ));
    }
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::Equivalent => "the same",
        Verdict::Unsure => "unsure",
    }
}

fn interval(ratio: Estimate) -> String {
    match ratio.high.is_finite() {
        true => range(ratio),
        false => "one sample".to_owned(),
    }
}
