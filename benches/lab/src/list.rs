//! `wasm-dispatch-lab list`: what there is to run, to measure and to look at.

use std::fs;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use serde_json::json;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::choice;
use wasm_dispatch_report::decision::DECISION_FILE;
use wasm_dispatch_report::record::{self, FILE_NAME, Recording, timestamp};
use wasm_dispatch_report::{Fingerprint, runs_folder, units};
use wasm_dispatch_workloads::{Class, Run, Workload, all_and_extra};

use super::shared::columns;
use super::{Failed, Outcome};

pub const HELP: &str = "\
Lists what there is: workloads, their classes, strategies, recorded runs.

Usage: wasm-dispatch-lab list [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab list workloads|classes|strategies|runs [OPTIONS] [NAME|CLASS|PATTERN]...

Arguments:
  [NAME|CLASS|PATTERN]  Which ones: by name, by class (workloads), or by a pattern with * and ?.
                        Without a kind before them, workloads are meant

Options:
      --long            Everything that is known of each
      --runs DIR        Where runs are [default: target/wasm-dispatch, and reports/recorded]
      --json            Print it as JSON
      --quiet           Print the names only
  -h, --help            Print this help

Examples:
  wasm-dispatch-lab list                    all kinds
  wasm-dispatch-lab list calls 'fib_*'      workloads of a class, and by pattern
  wasm-dispatch-lab list workloads sort --long
  wasm-dispatch-lab list strategies --json
  wasm-dispatch-lab list runs

Exit code: 0, or 1 if something cannot be read, 2 if the command line is wrong or names nothing.
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Workloads,
    Classes,
    Strategies,
    Runs,
}

const KINDS: [(&str, Kind); 4] = [
    ("workloads", Kind::Workloads),
    ("classes", Kind::Classes),
    ("strategies", Kind::Strategies),
    ("runs", Kind::Runs),
];

#[derive(Default)]
struct Options {
    kind: Option<Kind>,
    texts: Vec<String>,
    runs: Option<PathBuf>,
    long: bool,
    json: bool,
    quiet: bool,
}

impl Options {
    /// Whether this kind is asked for.
    fn wants(&self, kind: Kind) -> bool {
        match self.kind {
            Some(wanted) => wanted == kind,
            None => kind == Kind::Workloads || self.texts.is_empty(),
        }
    }
}

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("long") => options.long = true,
            Long("json") => options.json = true,
            Long("quiet") => options.quiet = true,
            Long("runs") => options.runs = Some(parser.value()?.into()),
            Value(value) => {
                let text = value.string()?;
                match KINDS.iter().find(|(name, _)| *name == text) {
                    Some(&(_, kind)) if options.kind.is_none() && options.texts.is_empty() => options.kind = Some(kind),
                    _ => options.texts.push(text),
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let mut parts: Vec<(&str, Listing)> = Vec::new();
    for (name, kind) in KINDS {
        if options.wants(kind) {
            let listing = match kind {
                Kind::Workloads => workloads(&options)?,
                Kind::Classes => classes(&options)?,
                Kind::Strategies => strategies(&options)?,
                Kind::Runs => runs(&options)?,
            };
            parts.push((name, listing));
        }
    }
    if options.json {
        let parts = parts.into_iter().map(|(name, listing)| (name.to_owned(), listing.json));
        let mut all: serde_json::Map<String, serde_json::Value> = parts.collect();
        all.insert("schema".to_owned(), json!(1));
        return Outcome::json(&all);
    }
    let mut text = String::new();
    let several = parts.len() > 1;
    for (name, listing) in parts {
        if options.quiet {
            text.extend(listing.names.iter().flat_map(|name| [name.as_str(), "\n"]));
            continue;
        }
        if several {
            let blank = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{blank}{}:\n", name.to_uppercase()));
        }
        text.push_str(&listing.text);
    }
    Ok(Outcome::fine(text))
}

/// A list in all the forms in which it is shown.
struct Listing {
    names: Vec<String>,
    text: String,
    json: serde_json::Value,
}

fn usage(what: &str, texts: &[String], known: &[&str]) -> Failed {
    Failed::Usage(format!(
        "no {what} is called '{}'; there are {}",
        texts.join("' or '"),
        known.join(", ")
    ))
}

/// Whether a name is meant by any of the texts; all are meant without texts.
fn fits(name: &str, texts: &[String]) -> bool {
    texts.is_empty() || texts.iter().any(|text| choice::matches(name, text))
}

fn workloads(options: &Options) -> Result<Listing, Failed> {
    let chosen = choice::choose(all_and_extra()?, &options.texts)?;
    let mut rows = Vec::new();
    let mut long = String::new();
    let mut json = Vec::new();
    for workload in &chosen {
        let bytes = workload.wasm()?.len();
        rows.push(vec![
            workload.name().to_owned(),
            workload.class().name().to_owned(),
            units::bytes(bytes as f64),
            first_sentence(workload.description()),
        ]);
        let links: Vec<String> = (workload.links().iter())
            .map(|link| format!("{} {} ({})", link.name, link.version, link.licence))
            .collect();
        long.push_str(&format!("{}\n", workload.name()));
        let mut lines = vec![
            ("class", workload.class().name().to_owned()),
            ("what", workload.description().to_owned()),
            (
                "module",
                format!("{}, {bytes} bytes as wasm", workload.module_file().display()),
            ),
            ("entry", workload.entry().to_owned()),
            ("quick", of_size(workload.quick())),
            ("full", of_size(workload.full())),
            ("source", workload.source().to_owned()),
            ("licence", workload.licence().to_owned()),
            ("expected", workload.expected_from().to_owned()),
        ];
        if !links.is_empty() {
            lines.push(("links", links.join(", ")));
        }
        for (name, value) in lines {
            long.push_str(&format!("  {name:9} {value}\n"));
        }
        json.push(json!({
            "name": workload.name(),
            "class": workload.class().name(),
            "description": workload.description(),
            "manifest": workload.file(),
            "module": workload.module_file(),
            "wasm_bytes": bytes,
            "entry": workload.entry(),
            "quick": json_size(workload.quick()),
            "full": json_size(workload.full()),
            "counted": workload.count().is_some(),
            "source": workload.source(),
            "licence": workload.licence(),
            "links": (workload.links().iter())
                .map(|link| json!({"name": link.name, "version": link.version, "licence": link.licence}))
                .collect::<Vec<_>>(),
            "expected_from": workload.expected_from(),
            "sha256": workload.sha256(),
        }));
    }
    Ok(Listing {
        names: chosen.iter().map(|workload| workload.name().to_owned()).collect(),
        text: if options.long { long } else { columns(&rows, &[2]) },
        json: json.into(),
    })
}

/// A description up to its first full stop.
fn first_sentence(text: &str) -> String {
    let end = text.find(". ").unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.').to_owned()
}

fn of_size(run: &Run) -> String {
    match &run.wasi {
        Some(wasi) => {
            let command = wasi.args.join(" ");
            match wasi.stdin.len() {
                0 => command,
                bytes => format!("{command} < {bytes} bytes"),
            }
        }
        None => run.args.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn json_size(run: &Run) -> serde_json::Value {
    match &run.wasi {
        Some(wasi) => json!({"command": wasi.args, "stdin_bytes": wasi.stdin.len()}),
        None => json!({"args": run.args.iter().map(ToString::to_string).collect::<Vec<_>>()}),
    }
}

fn classes(options: &Options) -> Result<Listing, Failed> {
    let workloads = all_and_extra()?;
    let known: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
    let chosen: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| fits(name, &options.texts))
        .collect();
    if chosen.is_empty() {
        return Err(usage("class", &options.texts, &known));
    }
    let of = |class: &str| -> Vec<&str> {
        let members = workloads.iter().filter(|workload| workload.class().name() == class);
        members.map(Workload::name).collect()
    };
    let rows: Vec<Vec<String>> = (chosen.iter())
        .map(|class| vec![(*class).to_owned(), of(class).join(", ")])
        .collect();
    let json: Vec<serde_json::Value> = (chosen.iter())
        .map(|class| json!({"name": class, "workloads": of(class)}))
        .collect();
    Ok(Listing {
        names: chosen.iter().map(ToString::to_string).collect(),
        text: columns(&rows, &[]),
        json: json.into(),
    })
}

fn strategies(options: &Options) -> Result<Listing, Failed> {
    let known: Vec<&str> = Entrant::all().map(|strategy| strategy.name).collect();
    let chosen: Vec<Entrant> = Entrant::all()
        .filter(|strategy| fits(strategy.name, &options.texts))
        .collect();
    if chosen.is_empty() {
        return Err(usage("strategy", &options.texts, &known));
    }
    let row = |strategy: &Entrant| {
        let is_default = if *strategy == Entrant::default() {
            " (the default)"
        } else {
            ""
        };
        vec![
            strategy.name.to_owned(),
            if strategy.is_safe { "safe" } else { "unsafe code" }.to_owned(),
            format!("{}{is_default}", strategy.idea),
        ]
    };
    let json = |strategy: &Entrant| {
        json!({
            "name": strategy.name,
            "safe": strategy.is_safe,
            "default": *strategy == Entrant::default(),
            "idea": strategy.idea,
        })
    };
    Ok(Listing {
        names: chosen.iter().map(|strategy| strategy.name.to_owned()).collect(),
        text: columns(&chosen.iter().map(row).collect::<Vec<_>>(), &[]),
        json: chosen.iter().map(json).collect(),
    })
}

fn runs(options: &Options) -> Result<Listing, Failed> {
    let folders = match &options.runs {
        Some(folder) => {
            if !folder.is_dir() {
                return Err(Failed::Work(format!("{}: there is no such folder", folder.display())));
            }
            vec![folder.clone()]
        }
        None => vec![PathBuf::from("reports/recorded"), runs_folder()],
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let entries = fs::read_dir(folder).map_err(|error| Failed::Work(format!("{}: {error}", folder.display())))?;
        let runs = entries.filter_map(|entry| Some(entry.ok()?.path()));
        found.extend(runs.filter(|run| run.join(FILE_NAME).is_file()));
    }
    let name = |run: &Path| run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    found.retain(|run| fits(&name(run), &options.texts));
    found.sort_by_key(|run| name(run));
    let mut listing = Listing {
        names: Vec::new(),
        text: String::new(),
        json: json!([]),
    };
    let mut rows = Vec::new();
    let mut json = Vec::new();
    for folder in found {
        listing.names.push(folder.display().to_string());
        match record::read(&folder) {
            Ok(recording) => {
                let about = About::of(&recording, &folder);
                rows.push(about.row(&folder, options.long));
                json.push(about.json(&folder));
            }
            Err(error) => {
                rows.push(vec![
                    folder.display().to_string(),
                    "cannot be read".to_owned(),
                    error.to_string(),
                ]);
                json.push(json!({"folder": folder, "error": error.to_string()}));
            }
        }
    }
    listing.text = match rows.is_empty() {
        true => "none yet; 'wasm-dispatch-lab bench' makes one\n".to_owned(),
        false => columns(&rows, &[]),
    };
    listing.json = json.into();
    Ok(listing)
}

/// A run in short.
struct About<'r> {
    recording: &'r Recording,
    workloads: usize,
    best: Option<String>,
    grade: Option<String>,
}

impl About<'_> {
    /// Decides nothing anew, because that takes a while: what is best stands beside the run, if it was drawn, or in the
    /// decision that it was made.
    fn of<'r>(recording: &'r Recording, folder: &Path) -> About<'r> {
        let mut workloads: Vec<&str> = (recording.samples.iter())
            .map(|sample| sample.workload.as_str())
            .collect();
        workloads.sort_unstable();
        workloads.dedup();
        let json = |path: PathBuf| serde_json::from_slice(&fs::read(path).ok()?).ok();
        let summary: Option<serde_json::Value> = json(folder.join("summary.json"));
        let decision: Option<serde_json::Value> = folder
            .parent()
            .and_then(Path::parent)
            .and_then(|reports| json(reports.join(DECISION_FILE)))
            .filter(|decision: &serde_json::Value| decision["run"].as_str() == Some(&recording.run.id));
        let text = |in_summary: &str, in_decision: &str| {
            let found = summary
                .as_ref()
                .and_then(|summary| summary.pointer(in_summary)?.as_str());
            let found = found.or_else(|| decision.as_ref()?.pointer(in_decision)?.as_str());
            found.map(str::to_owned)
        };
        About {
            recording,
            workloads: workloads.len(),
            best: text("/recommendation/best", "/default"),
            grade: text("/foundation/grade", "/grade"),
        }
    }

    fn row(&self, folder: &Path, long: bool) -> Vec<String> {
        let run = &self.recording.run;
        let mut row = vec![
            folder.display().to_string(),
            run.kind.name().to_owned(),
            self.grade
                .as_ref()
                .map_or_else(String::new, |grade| format!("grade {grade}")),
            format!("{} workloads", self.workloads),
            format!("{} blocks", self.recording.blocks()),
            self.best
                .as_ref()
                .map_or_else(|| "not drawn yet".to_owned(), |best| format!("best: {best}")),
            machine(&run.fingerprint),
        ];
        if long {
            row.push(timestamp(run.started));
            row.push(run.fingerprint.rustc.clone());
            row.push(run.fingerprint.revision.clone());
        }
        row
    }

    fn json(&self, folder: &Path) -> serde_json::Value {
        let run = &self.recording.run;
        json!({
            "folder": folder,
            "id": run.id,
            "kind": run.kind,
            "grade": self.grade,
            "started": timestamp(run.started),
            "workloads": self.workloads,
            "blocks": self.recording.blocks(),
            "interrupted": self.recording.cut_short().is_some(),
            "failures": self.recording.failures.len(),
            "best": self.best,
            "fingerprint": run.fingerprint,
        })
    }
}

fn machine(fingerprint: &Fingerprint) -> String {
    format!("{} x {}", fingerprint.cores, fingerprint.cpu)
}
