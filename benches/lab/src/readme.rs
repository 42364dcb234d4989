//! `wasm-dispatch-lab readme`: the README's summary of the recorded decision.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short};
use lexopt::Parser;
use wasm_dispatch_report::Error;
use wasm_dispatch_report::decision::{DECISION_FILE, Decision, Instead, RECORDED, Stretch};
use wasm_dispatch_report::summary::words::{range, runs, times};
use wasm_dispatch_report::units::{three_digits, time};

use super::{Failed, Outcome};

pub const HELP: &str = "\
Writes the summary of the recorded decision into the README, between the lines
<!-- summary: written by wasm-dispatch-lab readme --> and <!-- /summary -->.

Usage: wasm-dispatch-lab readme [--check|--write] [OPTIONS]

Options:
      --check        Write nothing; fail if what stands there is not what the decision says
      --write        Write it. Without --check and --write it is printed
      --readme FILE  The README [default: README.md]
      --reports DIR  The folder with decision.json, as links name it [default: reports, beside the README]
      --json         Print the summary, and whether the README has it, as JSON
      --quiet        Print nothing but what is wrong
  -h, --help         Print this help

Examples:
  wasm-dispatch-lab decide && wasm-dispatch-lab readme --write
  wasm-dispatch-lab readme --check

Exit code: 0 if all is well, 1 if the README is stale or has no place for it, 2 if the command line is wrong.
";

const BEGIN: &str = "<!-- summary: written by wasm-dispatch-lab readme -->\n";
const END: &str = "<!-- /summary -->";

/// The plots that the README shows, as far as the recorded run has them.
const PLOTS: [(&str, &str); 4] = [
    ("ranking", "Ranking of the strategies"),
    ("heat-map", "Every workload and strategy"),
    ("layouts", "Each layout of the code"),
    ("run-length", "Total time against run length"),
];

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut check, mut write, mut json, mut quiet) = (false, false, false, false);
    let mut readme = PathBuf::from("README.md");
    let mut reports: Option<PathBuf> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("check") => check = true,
            Long("write") => write = true,
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Long("readme") => readme = parser.value()?.into(),
            Long("reports") => reports = Some(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if check && write {
        return Err(Failed::Usage("--check and --write exclude each other".to_owned()));
    }
    let folder = readme.parent().map(PathBuf::from).unwrap_or_default();
    let link = reports.unwrap_or_else(|| PathBuf::from("reports"));
    let section = section(&folder.join(&link), &link)?;
    let old = fs::read_to_string(&readme).map_err(Error::io(&readme))?;
    let new = splice(&old, &section).map_err(|what| Failed::Work(format!("{}: {what}", readme.display())))?;
    let stale = old != new;
    if write && stale {
        fs::write(&readme, new).map_err(Error::io(&readme))?;
    }
    if json {
        let value = serde_json::json!({"schema": 1, "readme": readme, "stale": stale && !write, "summary": section});
        return Ok(Outcome::json(&value)?.failing_if(check && stale));
    }
    if check && stale {
        return Err(Failed::Work(format!(
            "{} does not say what the recorded decision says; 'wasm-dispatch-lab readme --write' puts it right",
            readme.display()
        )));
    }
    Ok(Outcome::fine(match (quiet, check, write) {
        (true, ..) => String::new(),
        (_, true, _) => format!("{} says what the recorded decision says.\n", readme.display()),
        (_, _, true) if stale => format!("{} is written.\n", readme.display()),
        (_, _, true) => format!("{} was up to date.\n", readme.display()),
        _ => section,
    }))
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
            Some(wasm_dispatch_report::summary::Verdict::Faster) => "fastest",
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

fn instead(list: &[Instead]) -> String {
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
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let text = format!("before\n{BEGIN}old\n{END}\nafter\n");
        assert_eq!(
            splice(&text, "new\n").unwrap(),
            format!("before\n{BEGIN}new\n{END}\nafter\n")
        );
        assert!(splice("no markers", "new").is_err());
        assert!(splice(BEGIN, "new").unwrap_err().contains(END));
    }
}
