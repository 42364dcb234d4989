//! The numbers of `BIAS.md`: the recorded run with its workloads weighed in other ways, what loading takes, and how long runs are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use itertools::Itertools;
use itertools::MinMaxResult::MinMax;
use wasm_dispatch_report::decision::Decision;
use wasm_dispatch_report::json;
use wasm_dispatch_report::statistics::geometric_mean;
use wasm_dispatch_report::summary::{Cell, Mix, Summary, WorkloadSummary};
use wasm_dispatch_report::table::{Row, Table};
use wasm_dispatch_report::units::{bytes, three_digits, time};

use crate::Failed;

/// Classes and workloads that the text speaks of.
const NAMED: [&str; 4] = ["dispatch", "memory", "shuffled", "fib_recursive"];

pub fn section(decision: &Decision, recorded: &Path, link: &str) -> Result<String, Failed> {
    let summary: Summary = json::load(&recorded.join(&decision.run).join("summary.json"))?;
    let run = &decision.run;
    let mut text = format!(
        "From the run `{run}` on {} ([summary]({link}/{run}/summary.md)); times by that of the first strategy, \
         geometric means over workloads (those of the README are taken over layouts, too, so a last digit may differ):\n\n",
        decision.fingerprint.machine()
    );
    // The folder that has the reports.
    let root = recorded.ancestors().nth(2).unwrap_or(Path::new(""));
    text += &weights(&summary, root).markdown();
    text.push('\n');
    for sentence in sentences(&summary) {
        let _ = writeln!(text, "- {sentence}");
    }
    Ok(text)
}

/// What is said of the run beside the table.
pub fn sentences(summary: &Summary) -> Vec<String> {
    let counted: Vec<&WorkloadSummary> = summary.counted().collect();
    let classes = summary.strategies.first().map_or(0, |first| first.classes.len());
    let mut sentences = vec![format!("It has {} workloads in {classes} classes.", counted.len())];
    sentences.extend(summary.mix.as_ref().and_then(|mix| places(summary, mix)));
    let costs = summary.ranked();
    let costs = costs.filter_map(|strategy| Some((strategy.costs.compile_ns?, strategy)));
    let costs = costs.minmax_by(|(a, _), (b, _)| a.total_cmp(b));
    if let Some(((least, first), (most, last))) = costs.into_option()
        && let (Some(shared), Some(of_byte)) = (first.costs.load_ns, first.costs.compile_ns_per_wasm_byte)
    {
        sentences.push(format!(
            "Loading all of their modules, {} of them, takes {} to decode, validate and lower, which is shared, and then {} \
             (`{}`) to {} (`{}`) to compile.",
            bytes(least / of_byte),
            time(shared),
            time(least),
            first.name,
            time(most),
            last.name
        ));
    }
    let fastest = counted.iter().filter_map(|workload| {
        let times = workload.cells.iter().filter_map(|cell| match cell {
            Cell::Measured { median_ns, .. } => Some(*median_ns),
            _ => None,
        });
        Some((times.min_by(f64::total_cmp)?, &workload.name))
    });
    if let MinMax((least, first), (most, last)) = fastest.minmax_by(|(a, _), (b, _)| a.total_cmp(b)) {
        sentences.push(format!(
            "One run takes {} (`{first}`) to {} (`{last}`) under the strategy that is first there.",
            time(least),
            time(most)
        ));
    }
    sentences
}

/// Which places in the order depend on the weights.
fn places(summary: &Summary, mix: &Mix) -> Option<String> {
    let names = summary.ranked().map(|strategy| format!("`{}`", strategy.name));
    let names = names.collect_vec();
    let orders = mix.weightings.iter().map(|weighting| {
        let order = (0..names.len()).sorted_by(|&a, &b| weighting.relative[a].total_cmp(&weighting.relative[b]));
        order.collect_vec()
    });
    let orders = orders.collect_vec();
    let first = orders.first()?;
    let is_same = |&place: &usize| orders.iter().all(|order| order[place] == first[place]);
    let (same, others): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(is_same);
    let mut same = same
        .iter()
        .map(|&place| format!("{} ({})", names[first[place]], place + 1));
    let mut others = others.iter().map(|&place| &names[first[place]]);
    Some(match others.len() {
        0 => "Every weighting of all workloads gives the same order.".to_owned(),
        _ => format!(
            "Every weighting of all workloads gives the same place to {}; the places of {} depend on the weights.",
            same.join(", "),
            others.join(", ")
        ),
    })
}

/// Weights of the page, and groups of workloads: by where their code comes from, and those that the text speaks of.
fn weights(summary: &Summary, root: &Path) -> Table {
    let names: Vec<&str> = summary.ranked().map(|strategy| strategy.name.as_str()).collect();
    let counted: Vec<&WorkloadSummary> = summary.counted().collect();
    let mut groups: BTreeMap<&str, Vec<&WorkloadSummary>> = BTreeMap::new();
    for &workload in &counted {
        groups.entry(origin(root, &workload.name)).or_default().push(workload);
    }
    let groups = groups.into_iter().map(|(name, workloads)| (name.to_owned(), workloads));
    let mut groups = groups.collect_vec();
    for name in NAMED {
        let those = |is: fn(&WorkloadSummary) -> &str| {
            let workloads = counted.iter().copied();
            workloads.filter(|workload| is(workload) == name).collect_vec()
        };
        groups.push((format!("the class {name}"), those(|workload| &workload.class)));
        groups.push((format!("`{name}` alone"), those(|workload| &workload.name)));
    }
    let mix = summary.mix.iter().flat_map(|mix| &mix.weightings);
    let weighed = mix.map(|weighting| {
        let relative = weighting.relative.clone();
        (weighting.name.clone(), weighting.count, Some(relative))
    });
    let grouped = groups.into_iter().filter(|(_, workloads)| !workloads.is_empty());
    let grouped = grouped.map(|(name, workloads)| {
        let means = (0..names.len()).map(|strategy| {
            let ratios: Option<Vec<f64>> = workloads.iter().map(|workload| relative(workload, strategy)).collect();
            geometric_mean(&ratios?)
        });
        (name, workloads.len(), means.collect())
    });
    let row = |(name, count, means): (String, usize, Option<Vec<f64>>)| -> Option<Row> {
        let cells = means?.into_iter().map(three_digits);
        Some([name, count.to_string()].into_iter().chain(cells).collect())
    };
    let heads = ["weights", "number"].map(str::to_owned).into_iter();
    let heads = heads.chain(names.iter().map(|name| format!("`{name}`")));
    Table::of(1, heads, weighed.chain(grouped).filter_map(row))
}

/// Time of a strategy by that of the first one of the ranking on a workload.
fn relative(workload: &WorkloadSummary, strategy: usize) -> Option<f64> {
    let of = |at: usize| match workload.cells.get(at) {
        Some(Cell::Measured { ratio, .. }) => Some(ratio.value),
        _ => None,
    };
    Some(of(strategy)? / of(0)?)
}

/// Where a workload's code comes from, by where it stands in the repository.
fn origin(root: &Path, workload: &str) -> &'static str {
    let folder = root.join("workloads");
    let stands = |path: String| folder.join(path).exists();
    match workload {
        name if stands(format!("kernels/{name}.toml")) => "kernels in WebAssembly text",
        name if stands(format!("programs/rust/{name}")) => "programs in Rust",
        name if stands(format!("programs/go/{name}")) => "programs in Go",
        name if stands(format!("programs/assemblyscript/{name}.ts")) => "programs in AssemblyScript",
        name if stands(format!("programs/{name}.toml")) => "programs in C",
        _ => "other people's C",
    }
}
