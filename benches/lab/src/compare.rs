//! `wasm-dispatch-lab compare`: two recorded runs side by side; and what `bench --against` says when it has measured.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_measure::run::Measured;
use wasm_dispatch_report::compare::{Change, Comparison, Limits, Ratio, has_cpu_time};
use wasm_dispatch_report::record::{self, About, Recording, timestamp};
use wasm_dispatch_report::statistics::{Level, Verdict};
use wasm_dispatch_report::table::{columns, wrapped};
use wasm_dispatch_report::units::number;

use super::shared::percent;
use super::{Failed, Outcome, Output};

/// Compare two recorded runs; fails if something got slower
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab compare [OPTIONS] RUN_A RUN_B",
    after_help = "\
Shows the times of the second run divided by those of the first: 1.10 means 10 % longer. Nothing is
measured. Something is slower if its whole 95 % interval lies above the limit. The interval is taken over
layouts of the code if both runs have the same number of them, otherwise over processes or blocks, which
says less: the same source linked in another order may differ by more. Among a hundred workloads that did
not change, a few look changed by chance; a limit well above the noise keeps them out of the exit code.

Examples:
  wasm-dispatch-lab compare before after
  wasm-dispatch-lab compare reports/recorded/20261123-151147-full target/wasm-dispatch/20261201-090000-full
  wasm-dispatch-lab compare before after --strategies threaded --limit 3 --quiet || echo slower

Exit code: 0 if nothing got slower by more than the limit; 1 if something did, now fails or cannot be read;
2 if the command line is wrong."
)]
pub struct Options {
    /// Before and after: folders of runs, or their samples.jsonl
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// By how many percent something must be slower to count for the exit code
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = percent)]
    limit: f64,
    /// Only these strategies
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    strategies: Vec<String>,
    /// Also show the workloads that did not change
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
    let limits = Limits {
        mean: options.limit,
        workload: options.limit,
    };
    let comparison = Comparison::of_runs(&before, &after, &options.strategies, limits);
    if let Some(unknown) = (options.strategies.iter()).find(|name| !comparison.knows(name)) {
        return Err(Failed::Usage(format!("no strategy '{unknown}' is in both runs")));
    }
    if comparison.cells.is_empty() && comparison.fails_now.is_empty() {
        let why: String = comparison.left_out.iter().map(|what| format!("\n  {what}")).collect();
        let text = "the two runs have no strategy on the same workload in common";
        return Err(Failed::Work(text.to_owned() + &why));
    }
    let warnings = warnings(&before, &after);
    let is_cpu = has_cpu_time(&before) && has_cpu_time(&after);
    let run_json =
        |of: &Recording| serde_json::json!({"path": of.path.to_string_lossy(), "run": of.run, "blocks": of.blocks()});
    let about = serde_json::json!({
        "schema": 2,
        "before": run_json(&before),
        "after": run_json(&after),
        "clock": if is_cpu { "cpu" } else { "wall" },
        "warnings": warnings,
    });
    let mut head = String::new();
    for (name, of) in [("Before", &before), ("After", &after)] {
        let (run, kind, when) = (&of.run.id, of.run.kind.name(), timestamp(of.run.started));
        let blocks = number(of.blocks() as usize, "block");
        head += &format!("{name}: {run} ({kind}, {when}), {blocks}\n");
    }
    head.extend(warnings.iter().map(|warning| format!("Note: {warning}.\n")));
    let clock = if is_cpu { "CPU time" } else { "Time" };
    head += &format!("\n{clock} after divided by that before, with the 95 % interval:\n\n");
    show(&comparison, limits, about, &head, options.all, options.output)
}

/// The comparison of what was measured, if it was measured for that. Exit code 1 if something is slower, or fails.
pub fn of_sides(measured: &Measured, limits: Limits, json: bool) -> Result<Option<Outcome>, Failed> {
    let recording = &measured.recording;
    let Some(against) = Comparison::of_sides(recording, limits) else {
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
    let about = serde_json::json!({
        "schema": 1,
        "path": recording.path.to_string_lossy(),
        "run": recording.run,
        "blocks": recording.blocks(),
        "sides": recording.engines,
        "warnings": recording.warnings,
    });
    let first = against.strategies.first();
    let level = first.map_or(Level::Iteration, |change| change.new.level);
    let side = |about: &About| {
        let name = format!("{}:", about.name);
        format!("{name:8}{} ({})\n", about.version, about.configuration)
    };
    let sides: String = recording.engines.iter().map(side).collect();
    let head = format!(
        "{sides}\nTime divided by that of the base, {}, 95 % intervals over {}; in brackets the control:\n\n",
        number(recording.blocks() as usize, "block"),
        level.plural()
    );
    let output = Output { json, quiet: false };
    let mut outcome = show(&against, limits, about, &head, false, output)?;
    if !json {
        for warning in &recording.warnings {
            outcome.text += &wrapped(&format!("Note: {warning}."));
        }
        outcome.text += &format!("Raw data: {}\n", recording.path.display());
    }
    Ok(Some(outcome))
}

/// A comparison in the form that is asked for: `about` is what its JSON begins with, `head` its text.
fn show(
    comparison: &Comparison,
    limits: Limits,
    mut about: serde_json::Value,
    head: &str,
    all: bool,
    output: Output,
) -> Result<Outcome, Failed> {
    let worse = comparison.is_worse();
    if output.json {
        about["limit_percent"] = serde_json::json!(limits.mean);
        about["limit_workload_percent"] = serde_json::json!(limits.workload);
        about["slower"] =
            serde_json::to_value(comparison.all().filter(|change| change.new.slower).collect::<Vec<_>>())?;
        for (name, value) in serde_json::to_value(comparison)?.as_object().into_iter().flatten() {
            about[name] = value.clone();
        }
        return Ok(Outcome::json(&about)?.failing_if(worse));
    }
    let mut text = String::new();
    if !output.quiet {
        text += &format!("{head}{}\n", table(comparison));
    }
    for (word, is) in [
        ("SLOWER", (|change| change.new.slower) as fn(&Change) -> bool),
        ("faster", |change| change.new.faster),
        ("same", |change| !change.new.slower && !change.new.faster),
    ] {
        let shown = match word {
            "SLOWER" => true,
            "faster" => !output.quiet,
            _ => all && !output.quiet,
        };
        for change in comparison.all().filter(|change| shown && is(change)) {
            let control = change.control.as_ref();
            let control = control.map_or(String::new(), |control| format!(" [{}]", ratio(control)));
            text += &format!("{word}: {}: {}{control}\n", what(change), ratio(&change.new));
        }
    }
    text.extend(comparison.fails_now.iter().map(|failure| format!("FAILS: {failure}\n")));
    if !output.quiet {
        text.extend(comparison.left_out.iter().map(|note| format!("Note: {note}.\n")));
        if comparison.strategies.iter().any(|change| change.new.cases < 2) {
            text += "Note: one case has no interval, so nothing can be found slower; measure more blocks or layouts.\n";
        }
        if !worse {
            text += &format!(
                "Nothing is slower for sure: by more than {} % on the mean, by more than {} % on a workload.\n",
                limits.mean, limits.workload
            );
        }
    }
    Ok(Outcome::fine(wrapped(&text)).failing_if(worse))
}

fn what(change: &Change) -> String {
    match &change.workload {
        Some(workload) => format!("{} on {workload}", change.strategy),
        None => format!("{} over all workloads", change.strategy),
    }
}

/// A ratio with three digits after the point: a percent is a lot here.
fn ratio(ratio: &Ratio) -> String {
    format!("{:.3} {}", ratio.ratio.value, interval(ratio))
}

fn interval(ratio: &Ratio) -> String {
    match ratio.ratio.high.is_finite() {
        true => format!("({:.3} to {:.3})", ratio.ratio.low, ratio.ratio.high),
        false => "(one case)".to_owned(),
    }
}

fn table(comparison: &Comparison) -> String {
    let with_control = comparison.all().any(|change| change.control.is_some());
    let heads = [
        "strategy", "new/base", "", "control", "", "slower", "faster", "of", "verdict",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for mean in &comparison.strategies {
        let cells = comparison.cells.iter().filter(|cell| cell.strategy == mean.strategy);
        let count = |is: fn(&Ratio) -> bool| {
            let new = cells.clone().filter(|cell| is(&cell.new)).count();
            let of_control = |cell: &&Change| cell.control.as_ref().is_some_and(is);
            match with_control {
                true => format!("{new} [{}]", cells.clone().filter(of_control).count()),
                false => new.to_string(),
            }
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
    if !with_control {
        rows.iter_mut().for_each(|row| drop(row.drain(3..5)));
    }
    columns(&rows, if with_control { &[1, 3, 5, 6, 7] } else { &[1, 3, 4, 5] })
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

/// What a reader should know before believing the numbers.
fn warnings(before: &Recording, after: &Recording) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    let later = after.run.fingerprint.rows();
    for (name, old) in before.run.fingerprint.rows() {
        match later.iter().find(|(same, _)| *same == name) {
            Some((_, new)) if *new != old && name.contains("SHA") => warnings.push(format!("{name} differs")),
            Some((_, new)) if *new != old => warnings.push(format!("{name} differs: {old}, then {new}")),
            _ => {}
        }
    }
    let size = |run: &Recording| match &run.setup {
        Some(setup) => setup.size.clone(),
        None => run.run.kind.name().to_owned(),
    };
    let (old, new) = (size(before), size(after));
    if old != new {
        warnings.push(format!("sizes of the workloads differ: {old}, then {new}"));
    }
    for (name, of) in [("before", before), ("after", after)] {
        warnings.extend(of.warnings.iter().map(|warning| format!("{name}: {warning}")));
    }
    warnings
}
