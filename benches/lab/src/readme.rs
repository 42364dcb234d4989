//! `wasm-dispatch-lab readme`: the README's summary of the recorded decision.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use itertools::Itertools;
use wasm_dispatch_report::decision::{DECISION_FILE, DEFAULT, Decision, EXECUTABLE, RECORDED};
use wasm_dispatch_report::growth::{self, Axis, Curve, Growth};
use wasm_dispatch_report::record::timestamp;
use wasm_dispatch_report::statistics::Estimate;
use wasm_dispatch_report::summary::heads::Place;
use wasm_dispatch_report::summary::machines::{Holds, OfMachine, compared_over, on_another};
use wasm_dispatch_report::summary::words::{either, from_when_on, graded, none_faster, range, times, too_few_machines};
use wasm_dispatch_report::summary::{Exception, Head, Summary, Verdict};
use wasm_dispatch_report::table::{Row, Table, wrapped};
use wasm_dispatch_report::units::three_digits;
use wasm_dispatch_report::{Error, json, ladder};

use super::{Failed, Outcome, Output};

pub(super) mod bias;

/// Write or check the README's summary of the decision, and the numbers of BIAS.md
#[derive(Args)]
#[command(after_help = "\
The summary stands between the lines <!-- summary: written by wasm-dispatch-lab readme --> and
<!-- /summary -->. The table of other engines stands between such lines for 'peers', if there are any, and
what a BIAS.md beside the README says about the record between those for 'bias'. Without --check and --write,
the text is printed.

Examples:
  wasm-dispatch-lab decide && wasm-dispatch-lab readme --write
  wasm-dispatch-lab readme --check

Exit code: 0 if all is well, 1 if the README is stale or lacks the lines, 2 if the command line is
wrong.")]
pub struct Options {
    /// Write nothing; fail if the README does not say what the decision says
    #[arg(long)]
    check: bool,
    /// Write it to the README
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// The README
    #[arg(long, value_name = "FILE", default_value = "README.md")]
    readme: PathBuf,
    /// The folder with decision.json, as links from the README name it
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// What is written: a name for each section, and what makes it.
type Make = fn(&Decision, &Path, &str) -> Result<String, Failed>;
const SECTIONS: [(&str, Make); 3] = [("summary", summary), ("peers", peers), ("bias", bias::section)];

/// The file beside the README that has a generated section, too.
pub(super) const BIAS: &str = "BIAS.md";

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
    let reports = folder.join(&options.reports);
    let decision = Decision::read(&reports.join(DECISION_FILE))?;
    // Links have slashes everywhere.
    let link = format!("{}/{RECORDED}", options.reports.display()).replace('\\', "/");
    let (mut stale, mut sections) = (false, Vec::new());
    for file in [readme.clone(), folder.join(BIAS)] {
        let is_readme = file == readme;
        // A README may stand alone.
        if !is_readme && !file.is_file() {
            continue;
        }
        let old = fs::read_to_string(&file).map_err(Error::io(&file))?;
        let mut new = old.clone();
        for (name, make) in SECTIONS {
            // It may also do without what stands beside the decision.
            if (is_readme && name == "summary") || old.contains(&begin(name)) {
                let section = make(&decision, &reports.join(RECORDED), &link)?;
                new =
                    splice(&new, name, &section).map_err(|what| Failed::Work(format!("{}: {what}", file.display())))?;
                sections.push(section);
            }
        }
        if options.write && old != new {
            fs::write(&file, &new).map_err(Error::io(&file))?;
        }
        if options.check && old != new && !output.json {
            return Err(Failed::Work(format!(
                "{} does not say what the recorded decision says; 'wasm-dispatch-lab readme --write' puts it right",
                file.display()
            )));
        }
        stale |= old != new;
    }
    let section = sections.join("\n");
    let older = super::claims::older(&decision, &reports.join(RECORDED));
    let name = readme.display();
    let value = serde_json::json!({
        "schema": 1,
        "readme": readme,
        "stale": stale && !options.write,
        "older": older,
        "summary": section,
    });
    let outcome = output.show(&value, || match (options.check, options.write) {
        (true, _) => {
            let older: String = older.iter().map(|older| format!("Note: {older}.\n")).collect();
            wrapped(&format!("{name} says what the recorded decision says.\n{older}"))
        }
        (_, true) if stale => format!("{name} is written.\n"),
        (_, true) => format!("{name} was up to date.\n"),
        _ => section.clone(),
    })?;
    Ok(outcome.failing_if(options.check && stale))
}

fn begin(name: &str) -> String {
    format!("<!-- {name}: written by wasm-dispatch-lab readme -->\n")
}

/// The text with `section` between the markers of a name.
fn splice(text: &str, name: &str, section: &str) -> Result<String, String> {
    let missing = |marker: &str| format!("there is no line {}", marker.trim_end());
    let (begin, end) = (begin(name), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&begin).ok_or_else(|| missing(&begin))?;
    let (_, after) = rest.split_once(&end).ok_or_else(|| missing(&end))?;
    Ok(format!("{before}{begin}{section}{end}{after}"))
}

/// What the decision says, in Markdown, with links that begin with `link`.
fn summary(decision: &Decision, recorded: &Path, link: &str) -> Result<String, Failed> {
    let run = recorded.join(&decision.run);
    let of_run = format!("{link}/{}", decision.run);
    let best = decision.default_strategy();
    let head = decision.head(DEFAULT);
    if let Some(head) = head.filter(|head| !head.grade.speaks()) {
        // It was decided by force.
        let graded = graded(head.grade, &head.reasons);
        return Ok(format!(
            "`{best}` is the default. The [recorded run]({of_run}/summary.md) is graded {graded}, so nothing is claimed.\n"
        ));
    }
    let rival = head.and_then(|head| head.runner_up.as_ref());
    let is_fastest = rival.is_some_and(|rival| rival.verdict == Verdict::Faster);
    let allowed = with_executable_memory(decision, link);
    let among = match allowed {
        Some(_) => " of those that make no machine code",
        None => "",
    };
    let mut text = format!(
        "`{best}` is {}{among}, and it is the default. In the recorded {} run ({} workloads, {} interleaved blocks in {} layouts of \
         the code, every result verified; [summary]({of_run}/summary.md), raw data beside it) the others took, relative to it, \
         as a geometric mean, on each machine by itself:\n",
        if is_fastest { "fastest" } else { "first" },
        decision.kind.name(),
        decision.workloads,
        decision.blocks,
        decision.foundation.layouts,
    );
    for machine in &decision.machines {
        let measured_on = measured_on(machine, &decision.machines, link);
        let _ = write!(text, "\n{measured_on}\n\n{}", machine_table(machine).markdown());
    }
    text.push_str(
        "\n*Mean*: over layouts of the code, with its 95 % interval. *One binary*: what a build of yours may get. *New \
         program*: what a program may get that is like the workloads.\n\n",
    );
    let summary: Option<Summary> = json::load_if_there(&run.join("summary.json"))?;
    let growth = growth::newest(recorded).map(|folder| growth::read(&folder));
    let growth = growth.transpose()?;
    let grown = growth.and_then(|growth| growing(&growth, &decision.machines, link));
    let starting = summary.as_ref().and_then(starting);
    for sentence in sentences(decision)
        .into_iter()
        .chain(starting)
        .chain(grown)
        .chain(allowed)
    {
        let _ = writeln!(text, "- {sentence}");
    }
    text.push('\n');
    text.push_str(&heads_table(decision, recorded, link)?.markdown());
    for (name, title) in PLOTS {
        if run.join(format!("{name}.svg")).is_file() {
            let _ = write!(text, "\n![{title}]({of_run}/{name}.svg)\n");
        }
    }
    Ok(text)
}

/// What is faster than the default where executable memory is allowed, if anything is.
fn with_executable_memory(decision: &Decision, link: &str) -> Option<String> {
    let (head, place) = decision.given_up()?;
    let (longer, interval) = (times(place.times_as_long.value), range(place.times_as_long));
    Some(format!(
        "Where executable memory is allowed, `{}` is faster: `{}` takes {longer} the time ({interval}; \
         [summary]({link}/{}/summary.md)).",
        head.strategy, place.strategy, head.run
    ))
}

/// What loading costs, from the summary of a run; none if it was not timed.
pub(super) fn starting(summary: &Summary) -> Option<String> {
    let costs = summary.ranked().filter_map(|strategy| {
        let costs = &strategy.costs;
        let shared = costs.load_ns? / (costs.load_ns? + costs.compile_ns?);
        Some((shared * 100.0, costs.compile_ns_per_wasm_byte?, &strategy.name))
    });
    let costs = costs.sorted_by(|(_, a, _), (_, b, _)| a.total_cmp(b)).collect_vec();
    let (first, last) = (costs.first()?, costs.last()?);
    let shares = || costs.iter().map(|(share, ..)| *share);
    Some(format!(
        "Decoding and lowering, which the strategies share, are {:.0} to {:.0} % of loading; functions are compiled when they are \
         first called, at {} (`{}`) to {} ns (`{}`) for each byte of wasm.",
        shares().fold(f64::INFINITY, f64::min),
        shares().fold(0.0, f64::max),
        three_digits(first.1),
        first.2,
        three_digits(last.1),
        last.2
    ))
}

/// What growing code does, in words; none if nothing is said of it.
fn growing(growth: &Growth, machines: &[OfMachine], link: &str) -> Option<String> {
    let axis = growth.axes.iter().find(|axis| axis.axis == Axis::HotCode)?;
    let grown = axis.grown();
    let (first, _) = grown.first().filter(|_| axis.grade.speaks())?;
    let reasons = match axis.reasons.as_slice() {
        [] => String::new(),
        reasons => format!(": {}", reasons.join("; ")),
    };
    let mut list = grown.iter().map(|(curve, factor)| {
        let (value, interval) = (times(factor.value), range(*factor));
        format!("`{}` {value} ({interval})", curve.strategy)
    });
    let of = |curve: &Curve| grown.iter().any(|(grown, _)| grown.strategy == curve.strategy);
    let others = axis.strategies().filter(|curve| !of(curve));
    let unclear = match others.map(|curve| format!("`{}`", curve.strategy)).join(", ") {
        others if others.is_empty() => others,
        others => format!(" It is not clear of {others}."),
    };
    Some(format!(
        "As the code in use grows from {} to {}, an instruction comes to take that many times as long: {}.{unclear} {} Graded {}{reasons} \
         ([curves]({link}/{}/growth.json), {}).",
        axis.value_text(first.points.first()?.value),
        axis.value_text(first.points.last()?.value),
        list.join(", "),
        axis.control_sentence(),
        axis.grade.letter(),
        growth.run.id,
        (growth.run.fingerprint.machine()).name_among(machines.iter().map(OfMachine::machine))
    ))
}

/// Other engines, from the newest recorded run of peers.
fn peers(_: &Decision, recorded: &Path, link: &str) -> Result<String, Failed> {
    let Some((ladder, folder)) = ladder::all(recorded).next() else {
        return Ok("Not recorded.\n".to_owned());
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (table, introduction) = (ladder.table().markdown(), ladder.introduction());
    Ok(format!(
        "{table}\n{introduction} ([all numbers]({link}/{name}/ladder.md))\n"
    ))
}

/// What a machine is and what it ran, above its table: no table has numbers of two machines.
fn measured_on(machine: &OfMachine, machines: &[OfMachine], link: &str) -> String {
    let of = &machine.fingerprint;
    let size = match machine.size.as_str() {
        "" => String::new(),
        size => format!(" at {size} size"),
    };
    format!(
        "On [{}]({link}/{}/summary.md), {} programs{size}: {} ({} threads, {}, {}), {}, revision {}, grade {}.",
        machine.name_among(machines),
        machine.run,
        machine.programs,
        of.cpu,
        of.cores,
        of.kernel,
        of.rustc.split(" (").next().unwrap_or_default(),
        timestamp(machine.started),
        of.short_revision(),
        graded(machine.grade, &machine.reasons)
    )
}

/// What each strategy takes on a machine, and what that may come to.
fn machine_table(machine: &OfMachine) -> Table {
    // At a grade that says nothing there are no numbers either.
    let ranking = if machine.grade.speaks() { machine.ranking() } else { &[] };
    let columns = ranking.iter().map(|place| format!("`{}`", place.strategy));
    let mut rows = Vec::new();
    let mut row = |name: &str, cell: &dyn Fn(&Place) -> String| {
        let cells = ranking.iter().map(cell);
        rows.push([name.to_owned()].into_iter().chain(cells).collect::<Row>());
    };
    row("mean", &|place| three_digits(place.times_as_long.value));
    row("its interval", &|place| {
        interval(place.times_as_long).map_or(String::new(), range)
    });
    if ranking.iter().any(|place| place.one_binary.is_some()) {
        row("one binary", &|place| place.one_binary.map_or(String::new(), range));
    }
    row("new program", &|place| place.new_program.map_or(String::new(), range));
    if let Some(shared) = machine.shared.as_ref().filter(|shared| shared.programs > 0) {
        row(&format!("mean over the {} in common", shared.programs), &|place| {
            let mut shared = shared.ranking().iter();
            let same = shared.find(|same| same.strategy == place.strategy);
            same.map_or(String::new(), |same| three_digits(same.times_as_long.value))
        });
    }
    Table::of(1, [String::new()].into_iter().chain(columns), rows)
}

/// A ratio, if it is one with an interval.
fn interval(ratio: Estimate) -> Option<Estimate> {
    (ratio.low != ratio.high).then_some(ratio)
}

/// What to use, by what is asked for.
fn heads_table(decision: &Decision, recorded: &Path, link: &str) -> Result<Table, Failed> {
    // What a head was measured on: heads with metering are of another run.
    let mut measured: BTreeMap<&str, String> = BTreeMap::new();
    for head in &decision.heads {
        let path = recorded.join(&head.run).join("summary.json");
        if path.is_file() && !measured.contains_key(head.run.as_str()) {
            let of: Summary = json::load(&path)?;
            let machine = of.run.fingerprint.machine();
            let name = machine.name_among(decision.machines.iter().map(OfMachine::machine));
            let (programs, kind) = (of.counted().count(), of.run.kind.name());
            measured.insert(
                &head.run,
                format!(
                    "[{name}]({link}/{}/summary.md), {programs} programs, {kind} run",
                    head.run
                ),
            );
        }
    }
    let row = |head: &Head| {
        let rival = head.runner_up.as_ref();
        let margin = rival.map_or(String::new(), |rival| {
            let what = match head.head.starts_with("small") {
                true => "the bytes",
                false => "the time",
            };
            let interval = interval(rival.times_as_long).map_or(String::new(), |of| format!(", {}", range(of)));
            let factor = times(rival.times_as_long.value);
            format!("`{}` ({factor} {what}{interval})", rival.strategy)
        });
        let is_said = head.grade.speaks();
        let cells = [
            words(&head.head),
            match is_said {
                true => either(head.choices().map(|choice| format!("`{choice}`"))),
                false => "-".to_owned(),
            },
            if is_said { margin } else { String::new() },
            measured.get(head.run.as_str()).unwrap_or(&head.machine).clone(),
            head.grade.letter().to_string(),
            head.reasons.join("; "),
        ];
        cells.into_iter().collect()
    };
    let heads = ["asked for", "use", "next", "measured on", "grade", "why not better"];
    Ok(Table::of(heads.len(), heads, decision.heads.iter().map(row)))
}

fn words(head: &str) -> String {
    let (what, metering) = head.split_once('+').unwrap_or((head, ""));
    let what = match what {
        "default" => "nothing (the default)",
        "safe" => "no unsafe code",
        "small" => "the smallest code (geometric mean over programs)",
        EXECUTABLE => "executable memory allowed",
        other => other,
    };
    match metering {
        "" => what.to_owned(),
        metering => format!("{what}, with {}", metering.to_lowercase()),
    }
}

/// The conditions of the decision.
fn sentences(decision: &Decision) -> Vec<String> {
    let advice = &decision.recommendation;
    let mut sentences = Vec::new();
    for (what, better) in [("class", &advice.classes), ("workload", &advice.workloads)] {
        sentences.push(match better.is_empty() {
            true => format!("{}.", none_faster(what)),
            false => format!("Faster under another strategy: {}.", instead(better)),
        });
    }
    // A class of one workload that is called the same.
    sentences.dedup();
    if !advice.ties.is_empty() {
        let ties = instead(&advice.ties);
        sentences.push(format!("Not clearly slower under another strategy: {ties}."));
    }
    if let Some(even) = &decision.break_even {
        let how = match even.lazily {
            true => "lazily compiled",
            false => "all compiled beforehand",
        };
        let from = from_when_on(even.half, even.most, decision.workloads);
        let shortest = match &even.shortest {
            Some(name) => format!("; the shortest are mostly fastest under `{name}`"),
            None => String::new(),
        };
        sentences.push(format!(
            "Load and compile time included ({how}), it is fastest {from}{shortest}."
        ));
    }
    if !decision.not_ranked.is_empty() {
        let wrong = decision.not_ranked.join(", ");
        sentences.push(format!("Not ranked, because of wrong results: {wrong}."));
    }
    sentences.push(
        "Code that was changed since these revisions is not in the numbers; `wasm-dispatch-lab claims` says whether it was."
            .to_owned(),
    );
    sentences.push(agreement(decision));
    sentences
}

/// Which claims of the order hold on all machines and which do not, and what is known of another one.
fn agreement(decision: &Decision) -> String {
    let machines = &decision.machines;
    let (mut pairs, mut differences): (Vec<(String, Vec<String>)>, Vec<String>) = Default::default();
    for pair in decision.ranking().windows(2) {
        let (first, second) = (&pair[0].strategy, &pair[1].strategy);
        let holds = Holds::of(machines, &format!("mean {first} {second}"));
        differences = holds.differences();
        let holds = holds.brief();
        let pair = format!("`{first}` before `{second}`");
        match pairs.iter_mut().find(|(known, _)| *known == holds) {
            Some((_, same)) => same.push(pair),
            None => pairs.push((holds, vec![pair])),
        }
    }
    let mut pairs = pairs
        .iter()
        .map(|(holds, same)| format!("{} ({holds})", same.join(", ")));
    let second = decision.ranking().get(1).map(|place| &place.strategy);
    let another = second.and_then(|second| Some((second, on_another(machines, second)?)));
    let another = match another {
        Some((second, estimate)) => format!(
            "On a machine of another kind `{second}` may take {} of the time of the first.",
            range(estimate)
        ),
        None => too_few_machines(machines.len()),
    };
    let over = compared_over(machines).map_or(String::new(), |over| over + " ");
    let differences: String = differences.iter().map(|how| format!("{how}. ")).collect();
    let pairs = pairs.join("; ");
    format!("{over}Pair by pair, the order is: {pairs}. {differences}{another}")
}

fn instead(list: &[Exception]) -> String {
    let mut items = list.iter().map(|better| {
        let (on, strategy, only) = (&better.on, &better.strategy, better.only());
        let (value, interval) = (times(better.times_as_fast.value), range(better.times_as_fast));
        format!("{on} (`{strategy}`, {value}, {interval}{only})")
    });
    items.join(", ")
}

#[cfg(test)]
#[path = "../tests/unit/readme.rs"]
mod tests;
