//! `wasm-dispatch-lab readme`: the README's summary of the recorded decision.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use wasm_dispatch_report::Error;
use wasm_dispatch_report::decision::{DECISION_FILE, Decision, RECORDED, Stretch};
use wasm_dispatch_report::summary::words::{range, runs, times};
use wasm_dispatch_report::summary::{Exception, Verdict};
use wasm_dispatch_report::units::{three_digits, time};

use super::{Failed, Outcome, Output};

/// Write or check the README's summary of the decision
#[derive(Args)]
#[command(after_help = "\
The summary stands between the lines <!-- summary: written by wasm-dispatch-lab readme --> and
<!-- /summary -->. Without --check and --write it is printed.

Examples:
  wasm-dispatch-lab decide && wasm-dispatch-lab readme --write
  wasm-dispatch-lab readme --check

Exit code: 0 if all is well, 1 if the README is stale or has no place for it, 2 if the command line is
wrong.")]
pub struct Options {
    /// Write nothing; fail if what stands there is not what the decision says
    #[arg(long)]
    check: bool,
    /// Write it
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// The README
    #[arg(long, value_name = "FILE", default_value = "README.md")]
    readme: PathBuf,
    /// The folder with decision.json, as links name it, beside the README
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    #[command(flatten)]
    output: Output,
}

const BEGIN: &str = "<!-- summary: written by wasm-dispatch-lab readme -->\n";
const END: &str = "<!-- /summary -->";

/// The plots that the README shows, as far as the recorded run has them.
const PLOTS: [(&str, &str); 4] = [
    ("ranking", "Ranking of the strategies"),
    ("heat-map", "Every workload and strategy"),
    ("layouts", "Each layout of the code"),
    ("run-length", "Total time against run length"),
];

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let Options { readme, output, .. } = options;
    let folder = readme.parent().map(PathBuf::from).unwrap_or_default();
    let section = section(&folder.join(&options.reports), &options.reports)?;
    let old = fs::read_to_string(&readme).map_err(Error::io(&readme))?;
    let new = splice(&old, &section).map_err(|what| Failed::Work(format!("{}: {what}", readme.display())))?;
    let stale = old != new;
    if options.write && stale {
        fs::write(&readme, new).map_err(Error::io(&readme))?;
    }
    let name = readme.display();
    if options.check && stale && !output.json {
        return Err(Failed::Work(format!(
            "{name} does not say what the recorded decision says; 'wasm-dispatch-lab readme --write' puts it right"
        )));
    }
    let value =
        serde_json::json!({"schema": 1, "readme": readme, "stale": stale && !options.write, "summary": section});
    let outcome = output.show(&value, || match (options.check, options.write) {
        (true, _) => format!("{name} says what the recorded decision says.\n"),
        (_, true) if stale => format!("{name} is written.\n"),
        (_, true) => format!("{name} was up to date.\n"),
        _ => section.clone(),
    })?;
    Ok(outcome.failing_if(options.check && stale))
}

/// The text with `section` between the markers.
fn splice(text: &str, section: &str) -> Result<String, String> {
    let missing = |marker: &str| format!("there is no line {}", marker.trim_end());
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(format!("{before}{BEGIN}{section}{END}{after}"))
}

/// What the decision in `reports` says, in Markdown, with links that begin with `link`.
fn section(reports: &Path, link: &Path) -> Result<String, Failed> {
    let decision = Decision::read(&reports.join(DECISION_FILE))?;
    let run = reports.join(RECORDED).join(&decision.run);
    // Links have slashes everywhere.
    let link = format!("{}/{RECORDED}/{}", link.display(), decision.run).replace('\\', "/");
    let best = &decision.default;
    let mut text = format!(
        "`{best}` is {}, and it is the default. In the recorded {} run ({} workloads, {}, every result verified{}; \
         [summary]({link}/summary.md), raw data beside it) the others took, relative to it, as a geometric mean with its \
         95 % interval:\n\n",
        match decision.runner_up.as_ref().map(|rival| rival.verdict) {
            Some(Verdict::Faster) => "fastest",
            _ => "first",
        },
        decision.kind.name(),
        decision.workloads,
        match decision.blocks {
            0 => "not interleaved".to_owned(),
            1 => "1 interleaved block".to_owned(),
            blocks => format!(
                "{blocks} interleaved blocks{}",
                match decision.layouts {
                    0 | 1 => String::new(),
                    layouts => format!(" in {layouts} layouts of the code"),
                }
            ),
        },
        decision
            .grade
            .map_or(String::new(), |grade| format!(", grade {}", grade.letter())),
    );
    let mut lines = ["|".to_owned(), "|".to_owned(), "|".to_owned(), "|".to_owned()];
    for place in &decision.ranking {
        let is_best = place.strategy == *best;
        let cells = [
            format!(" `{}` |", place.strategy),
            "--:|".to_owned(),
            format!(" {} |", three_digits(place.times_as_long.value)),
            match is_best {
                true => " |".to_owned(),
                false => format!(" {} |", range(place.times_as_long)),
            },
        ];
        for (line, cell) in lines.iter_mut().zip(cells) {
            line.push_str(&cell);
        }
    }
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for sentence in sentences(&decision) {
        let _ = writeln!(text, "- {sentence}");
    }
    for (name, title) in PLOTS {
        if run.join(format!("{name}.svg")).is_file() {
            let _ = write!(text, "\n![{title}]({link}/{name}.svg)\n");
        }
    }
    Ok(text)
}

/// The conditions of the decision.
fn sentences(decision: &Decision) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(rival) = &decision.runner_up {
        sentences.push(format!(
            "Runner-up: `{}`, {} the time ({}).",
            rival.strategy,
            times(rival.times_as_long.value),
            range(rival.times_as_long)
        ));
    }
    match &decision.best_safe {
        Some(rival) if rival.strategy == decision.default => {
            sentences.push(format!("`{}` contains no unsafe code.", rival.strategy));
        }
        Some(rival) => sentences.push(format!(
            "Without unsafe code: `{}`, {} the time ({}).",
            rival.strategy,
            times(rival.times_as_long.value),
            range(rival.times_as_long)
        )),
        None => {}
    }
    for (what, better) in [
        ("class", &decision.better_elsewhere.classes),
        ("workload", &decision.better_elsewhere.workloads),
    ] {
        sentences.push(match better.is_empty() {
            true => format!("There is no {what} on which another strategy is clearly better."),
            false => format!("Another strategy is better on {}.", instead(better)),
        });
    }
    if !decision.as_good_in_classes.is_empty() {
        sentences.push(format!(
            "Another strategy is as good on {}.",
            instead(&decision.as_good_in_classes)
        ));
    }
    let stretches = decision.better_at_run_lengths.iter().map(stretch);
    sentences.push(match decision.better_at_run_lengths.is_empty() {
        true => "Load and compile time included, it is fastest at every run length that was looked at.".to_owned(),
        false => format!(
            "Load and compile time included, {}.",
            Vec::from_iter(stretches).join("; ")
        ),
    });
    if !decision.not_ranked.is_empty() {
        sentences.push(format!(
            "Not ranked, because of wrong results: {}.",
            decision.not_ranked.join(", ")
        ));
    }
    sentences.push(format!(
        "Measured on {} ({} threads, {}, {}), {}.",
        decision.machine.cpu,
        decision.machine.threads,
        decision.machine.system,
        decision.machine.compiler.split(" (").next().unwrap_or_default(),
        decision.measured
    ));
    sentences
}

fn instead(list: &[Exception]) -> String {
    let items = list.iter().map(|better| {
        format!(
            "{} (`{}`, {}, {})",
            better.on,
            better.strategy,
            times(better.times_as_fast.value),
            range(better.times_as_fast)
        )
    });
    Vec::from_iter(items).join(", ")
}

fn stretch(stretch: &Stretch) -> String {
    let strategy = &stretch.strategy;
    let end = (stretch.to_runs).map(|to| match stretch.to_nanoseconds {
        Some(nanoseconds) => time(nanoseconds),
        None => runs(to),
    });
    match (stretch.from_runs, end) {
        (None, Some(end)) => format!("`{strategy}` is faster for programs that end within {end}"),
        (None, None) => format!("`{strategy}` is faster at every run length"),
        (Some(from), Some(end)) => format!("`{strategy}` is faster from {} to {end}", runs(from)),
        (Some(from), None) => format!("`{strategy}` is faster from {} on", runs(from)),
    }
}

#[cfg(test)]
#[path = "../tests/unit/readme.rs"]
mod tests;
