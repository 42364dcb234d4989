//! `wasm-dispatch-lab list`: what there is to run, to measure and to look at.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use itertools::Itertools;
use serde_json::{Value, json};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::choice;
use wasm_dispatch_report::decision::DECISION_FILE;
use wasm_dispatch_report::record::{self, file_in, timestamp};
use wasm_dispatch_report::summary::Grade;
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::{growth, ladder, units};
use wasm_dispatch_workloads::{Class, Run, Workload, all_and_extra};

use super::shared::folders_of_runs;
use super::{Failed, Outcome, Output};

/// List workloads, classes, strategies and runs
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab list [OPTIONS] [NAME|CLASS|PATTERN]...
       wasm-dispatch-lab list workloads|classes|strategies|runs [OPTIONS] [NAME|CLASS|PATTERN]...",
    after_help = "\
Examples:
  wasm-dispatch-lab list                    all kinds
  wasm-dispatch-lab list calls 'fib_*'      workloads of a class, and by pattern
  wasm-dispatch-lab list workloads sort --long
  wasm-dispatch-lab list strategies --json
  wasm-dispatch-lab list runs

Exit code: 0; 1 if something cannot be read; 2 if the command line is wrong or names nothing."
)]
pub struct Options {
    /// Which ones: by name, class (workloads only), or pattern with * and ?; workloads, if no kind comes first
    #[arg(value_name = "NAME|CLASS|PATTERN")]
    texts: Vec<String>,
    /// Show everything that is known about each
    #[arg(long)]
    long: bool,
    /// Where runs are [default: target/wasm-dispatch, and reports/recorded]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// Something that is listed: its name, what is said of it in a line, and everything.
struct Item {
    name: String,
    row: Vec<String>,
    json: Value,
}

/// Makes the list of a kind.
type Lister = fn(&Options) -> Result<Vec<Item>, Failed>;

/// The kinds, with the column that is set to the right.
const KINDS: [(&str, &[usize], Lister); 4] = [
    ("workloads", &[2], workloads),
    ("classes", &[], classes),
    ("strategies", &[], strategies),
    ("runs", &[], runs),
];

pub fn run(mut options: Options) -> Result<Outcome, Failed> {
    let first = options.texts.first();
    let named = KINDS.iter().find(|(name, ..)| first.is_some_and(|text| text == name));
    let wanted = match (named, first) {
        (Some(kind), _) => {
            options.texts.remove(0);
            std::slice::from_ref(kind)
        }
        (None, None) => &KINDS,
        (None, Some(_)) => &KINDS[..1],
    };
    let mut all = serde_json::Map::from_iter([("schema".to_owned(), json!(1))]);
    let (mut names, mut text) = (String::new(), String::new());
    for (kind, right, list) in wanted {
        let items = list(&options)?;
        names.extend(items.iter().flat_map(|item| [item.name.as_str(), "\n"]));
        if wanted.len() > 1 {
            let blank = if text.is_empty() { "" } else { "\n" };
            text += &format!("{blank}{}:\n", kind.to_uppercase());
        }
        if items.is_empty() {
            text += "none yet; 'wasm-dispatch-lab bench' makes one\n";
        } else if options.long {
            text.extend(items.iter().map(Item::long));
        } else {
            text += &columns(&items.iter().map(|item| item.row.clone()).collect::<Vec<_>>(), right);
        }
        all.insert((*kind).to_owned(), items.into_iter().map(|item| item.json).collect());
    }
    match options.output.json {
        true => Outcome::json(&all),
        false => Ok(Outcome::fine(if options.output.quiet { names } else { text })),
    }
}

impl Item {
    /// Everything that is known, a line for each field.
    fn long(&self) -> String {
        let fields = self.json.as_object().into_iter().flatten();
        let fields = fields.filter(|(name, _)| *name != "name");
        let lines = fields.map(|(name, value)| format!("  {name:13} {}\n", shown(value)));
        format!("{}\n{}", self.name, lines.collect::<String>())
    }
}

/// A value for people.
fn shown(value: &Value) -> String {
    let field = |(name, value): (&String, &Value)| format!("{name} {}", shown(value));
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).join(", "),
        Value::Object(fields) => fields.iter().map(field).join(", "),
        other => other.to_string(),
    }
}

/// The names that are meant by any of the texts; all are meant without texts.
fn chosen<'n>(what: &str, names: Vec<&'n str>, texts: &[String]) -> Result<Vec<&'n str>, Failed> {
    let fits = |name: &&&str| texts.is_empty() || texts.iter().any(|text| choice::matches(name, text));
    let found: Vec<&str> = names.iter().filter(fits).copied().collect();
    match found.is_empty() && !names.is_empty() {
        true => {
            let (asked, known) = (texts.join("' or '"), names.join(", "));
            Err(Failed::Usage(format!(
                "no {what} is called '{asked}'; there are {known}"
            )))
        }
        false => Ok(found),
    }
}

fn workloads(options: &Options) -> Result<Vec<Item>, Failed> {
    let chosen = choice::choose(all_and_extra()?, &options.texts)?;
    let item = |workload: &Workload| {
        let bytes = workload.wasm()?.len();
        let description = workload.description();
        let first_sentence = description.split(". ").next().unwrap_or_default().trim_end_matches('.');
        Ok(Item {
            name: workload.name().to_owned(),
            row: vec![
                workload.name().to_owned(),
                workload.class().name().to_owned(),
                units::bytes(bytes as f64),
                first_sentence.to_owned(),
            ],
            json: json!({
                "name": workload.name(),
                "class": workload.class().name(),
                "description": description,
                "manifest": workload.file().to_string_lossy(),
                "module": workload.module_file().to_string_lossy(),
                "wasm_bytes": bytes,
                "entry": workload.entry(),
                "quick": of_size(workload.quick()),
                "full": of_size(workload.full()),
                "counted": workload.count().is_some(),
                "source": workload.source(),
                "licence": workload.licence(),
                "links": (workload.links().iter())
                    .map(|link| json!({"name": link.name, "version": link.version, "licence": link.licence}))
                    .collect::<Vec<_>>(),
                "expected_from": workload.expected_from(),
                "sha256": workload.sha256(),
            }),
        })
    };
    chosen.iter().map(item).collect()
}

fn of_size(run: &Run) -> Value {
    match &run.wasi {
        Some(wasi) => json!({"command": wasi.args, "stdin_bytes": wasi.stdin.len()}),
        None => json!({"args": run.args.iter().map(ToString::to_string).collect::<Vec<_>>()}),
    }
}

fn classes(options: &Options) -> Result<Vec<Item>, Failed> {
    let workloads = all_and_extra()?;
    let known = Class::ALL.iter().map(|class| class.name()).collect();
    let item = |class: &str| {
        let members = workloads.iter().filter(|workload| workload.class().name() == class);
        let members = members.map(Workload::name).collect_vec();
        Item {
            name: class.to_owned(),
            row: vec![class.to_owned(), members.join(", ")],
            json: json!({"name": class, "workloads": members}),
        }
    };
    let chosen = chosen("class", known, &options.texts)?;
    Ok(chosen.into_iter().map(item).collect())
}

fn strategies(options: &Options) -> Result<Vec<Item>, Failed> {
    let known = Entrant::all().map(|strategy| strategy.name).collect();
    let chosen = chosen("strategy", known, &options.texts)?;
    let item = |strategy: Entrant| {
        let (name, safe, is_default) = (strategy.name, strategy.is_safe, strategy == Entrant::default());
        let safety = match (safe, strategy.makes_code) {
            (true, _) => "safe",
            (false, false) => "unsafe code",
            (false, true) => "makes machine code",
        };
        let idea = format!("{}{}", strategy.idea, if is_default { " (the default)" } else { "" });
        Item {
            name: name.to_owned(),
            row: vec![name.to_owned(), safety.to_owned(), idea],
            json: json!({
                "name": name,
                "safe": safe,
                "makes_code": strategy.makes_code,
                "default": is_default,
                "idea": strategy.idea,
            }),
        }
    };
    let chosen = Entrant::all().filter(|strategy| chosen.contains(&strategy.name));
    Ok(chosen.map(item).collect())
}

fn runs(options: &Options) -> Result<Vec<Item>, Failed> {
    let folders = folders_of_runs(options.runs.as_slice())?;
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let entries = fs::read_dir(folder).map_err(|error| Failed::Work(format!("{}: {error}", folder.display())))?;
        let runs = entries.filter_map(|entry| Some(entry.ok()?.path()));
        found.extend(runs.filter(|run| file_in(run).is_file()));
    }
    let name = |run: &Path| run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let texts = &options.texts;
    found.retain(|run| texts.is_empty() || texts.iter().any(|text| choice::matches(&name(run), text)));
    found.sort_by_key(|run| name(run));
    Ok(found.iter().map(|folder| of_run(folder)).collect())
}

/// A run in short. Decides nothing anew, because that takes a while: what is best stands beside the run, if it was drawn, or
/// in the decision that it was made.
fn of_run(folder: &Path) -> Item {
    let name = folder.display().to_string();
    let recording = match record::read(folder) {
        Ok(recording) => recording,
        Err(error) => {
            return Item {
                row: vec![name.clone(), "cannot be read".to_owned(), error.to_string()],
                json: json!({"folder": name, "error": error.to_string()}),
                name,
            };
        }
    };
    let run = &recording.run;
    let workloads = recording.samples.iter().map(|sample| &sample.workload);
    let workloads = workloads.unique().count();
    let json = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).ok()?).ok();
    let summary = json(folder.join("summary.json")).unwrap_or_default();
    let reports = folder.parent().and_then(Path::parent);
    let decision = reports.and_then(|reports| json(reports.join(DECISION_FILE)));
    let decision = decision.filter(|decision| decision["run"].as_str() == Some(&run.id));
    let decision = decision.unwrap_or_default();
    let text = |place: &str| {
        let found = summary.pointer(place).or_else(|| decision.pointer(place))?;
        found.as_str().map(str::to_owned)
    };
    let (best, grade) = (text("/recommendation/best"), text("/foundation/grade"));
    // A finished run of growth or peers has curves or a ladder, and no best.
    let mut files = [growth::FILE_NAME, ladder::FILE_NAME].into_iter();
    let drawn = files.any(|file| folder.join(file).is_file());
    let speaks = grade
        .as_ref()
        .and_then(|grade| serde_json::from_value::<Grade>(json!(grade)).ok());
    let said = match (&best, speaks) {
        (Some(best), Some(grade)) if grade.speaks() => format!("best: {best}"),
        (Some(_), _) => "no winner named".to_owned(),
        (None, _) if drawn => "drawn".to_owned(),
        (None, _) => "not drawn yet".to_owned(),
    };
    Item {
        row: vec![
            name.clone(),
            run.kind.name().to_owned(),
            grade.as_ref().map_or("-".to_owned(), |grade| format!("grade {grade}")),
            units::number(workloads, "workload"),
            units::number(recording.blocks() as usize, "block"),
            said,
            format!("{} x {}", run.fingerprint.cores, run.fingerprint.cpu),
        ],
        json: json!({
            "folder": folder.to_string_lossy(),
            "id": run.id,
            "kind": run.kind,
            "grade": grade,
            "started": timestamp(run.started),
            "workloads": workloads,
            "blocks": recording.blocks(),
            "interrupted": recording.cut_short().is_some(),
            "failures": recording.failures.len(),
            "best": best.filter(|_| speaks.is_some_and(Grade::speaks)),
            "fingerprint": run.fingerprint,
        }),
        name,
    }
}
