//! `wasm-dispatch-lab cost`: where the time goes, by dispatches and by work.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_measure::cost::{Request, measure};
use wasm_dispatch_report::cost::{self, Controlled, CostModel, FITTED, FOLDER, Kernel, StrategyCost};
use wasm_dispatch_report::summary::words::range;
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::{folder_of, json, units};

use super::shared::chosen_run;
use super::{Failed, Outcome, Output};

/// Show where the time goes: dispatches, work, and how much of it they explain
#[derive(Args)]
#[command(after_help = "\
Counts how often each strategy dispatches on each workload of a run, and what work the workload does;
measures what a dispatch takes, on kernels made for that; fits what work takes to the run's times; and says
how much of their variance this explains. Counts and the kernels' times are kept in the run's folder 'cost',
the model in its cost.json.

Examples:
  wasm-dispatch-lab cost                      for the newest run
  wasm-dispatch-lab cost --again my-run       counts and kernels once more, on a quiet machine
  wasm-dispatch-lab cost --json | jq '.strategies[].explained'

Exit code: 0 if all is well, 1 if a strategy has no model or the measurement failed, 2 if the
command line is wrong.")]
pub struct Options {
    /// A run's folder [default: the newest below target/wasm-dispatch]
    run: Option<PathBuf>,
    /// Count and measure again, even if that was done before
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    request: Request,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let mut request = options.request;
    request.repeats.quiet = options.output.quiet;
    let folder = folder_of(&chosen_run(options.run, None)?);
    let is_there = folder.join(FOLDER).join(cost::COUNTS).is_file();
    if options.again || !is_there {
        measure(&folder, &request)?;
    }
    let model = cost::read(&folder)?;
    let path = folder.join(cost::FILE_NAME);
    json::save(&path, &model)?;
    let wrong = model.strategies.is_empty() || model.warnings.iter().any(|warning| warning.contains("has no model"));
    let text = || text(&model) + &format!("Model: {}\n", path.display());
    Ok(options.output.result().tell(&model, text)?.failing_if(wrong))
}

fn text(model: &CostModel) -> String {
    let mut text = format!("Nanoseconds, by the {} run {}:\n\n", model.size, model.run);
    text.push_str(&coefficients(model));
    let predict = model.strategies.iter().filter(|model| model.predicts()).count();
    if predict < model.strategies.len() {
        text.push_str(
            "A model that does not predict says nothing of times: of it there are counts, and what was measured.\n",
        );
    }
    for controlled in &model.controlled {
        text.push_str(&control(controlled));
    }
    if predict > 0 {
        text.push_str("\nMeasured time by predicted time:\n\n");
        text.push_str(&residuals(model));
    }
    text.push('\n');
    for warning in &model.warnings {
        text.push_str(&format!("Note: {warning}.\n"));
    }
    text
}

/// A row a coefficient, a column a strategy.
fn coefficients(model: &CostModel) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, of: &dyn Fn(&StrategyCost) -> Option<String>| {
        let cells = model.strategies.iter().map(|model| of(model).unwrap_or("-".to_owned()));
        rows.push([name.to_owned()].into_iter().chain(cells).collect());
    };
    row("", &|model| Some(model.strategy.clone()));
    for kernel in Kernel::ALL {
        row(&format!("a dispatch, {} kernel", kernel.name()), &|model| {
            let time = model.kernels.iter().find(|time| time.kernel == kernel)?;
            Some(units::three_digits(time.nanoseconds_per_dispatch.value))
        });
    }
    // What was fitted means something only if the model predicts.
    row("a dispatch, if it were fitted", &|model| {
        (model.predicts()).then(|| units::three_digits(model.free.dispatch_nanoseconds))
    });
    row("dispatches of an operation", &|model| {
        Some(units::three_digits(model.dispatches_of_a_node()))
    });
    for kind in FITTED {
        row(&format!("{} work", kind.name()), &|model| {
            let time = model.work.iter().find(|time| time.kind == kind && model.predicts())?;
            Some(units::three_digits(time.nanoseconds))
        });
    }
    let percent = |share: Option<f64>| share.map(|share| format!("{:.0} %", share * 100.0));
    row("variance explained", &|model| percent(model.explained));
    row("  of workloads left out", &|model| percent(model.explained_left_out));
    row("typical error", &|model| {
        percent(model.typical_error.filter(|_| model.predicts()))
    });
    row("of the measured time: dispatching", &|model| {
        percent(model.dispatching())
    });
    row("  working", &|model| percent(model.working()));
    row("  neither, or too much", &|model| {
        percent(Some(1.0 - model.dispatching()? - model.working()?))
    });
    columns(&rows, &(1..=model.strategies.len()).collect::<Vec<_>>())
}

/// What dispatching takes by a control experiment: a row a workload.
fn control(controlled: &Controlled) -> String {
    let (strategy, control, ratio) = (&controlled.strategy, &controlled.control, controlled.ratio);
    let each = controlled.typical_nanoseconds();
    let each = each.map_or("-".to_owned(), units::three_digits);
    let mut text = format!(
        "\n{control}, the handlers of {strategy} without a dispatch, take {} ({}) of its time; the rest is {each} ns for each \
         dispatch, the median of:\n\n",
        units::three_digits(ratio.value),
        range(ratio),
    );
    let head = ["workload", "of the time", "dispatches", "ns each"].map(str::to_owned);
    let rows = controlled.workloads.iter().map(|workload| {
        vec![
            workload.workload.clone(),
            units::three_digits(workload.ratio.value),
            units::count(workload.dispatches as f64),
            units::three_digits(workload.nanoseconds_of_each),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    text.push_str(&columns(&rows, &[1, 2, 3]));
    text
}

/// A row a workload, a column a strategy.
fn residuals(model: &CostModel) -> String {
    let names = model.strategies.iter().map(|model| model.strategy.clone());
    let head = ["workload", "nodes"].map(str::to_owned).into_iter().chain(names);
    let mut rows: Vec<Vec<String>> = vec![head.collect()];
    let Some(first) = model.strategies.first() else {
        return String::new();
    };
    for workload in &first.workloads {
        let mut row = vec![workload.workload.clone(), units::count(workload.nodes as f64)];
        row.extend(model.strategies.iter().map(|model| {
            let mut of = model.workloads.iter().filter(|_| model.predicts());
            let same = of.find(|other| other.workload == workload.workload);
            same.map_or("-".to_owned(), |same| units::three_digits(same.residual.exp()))
        }));
        rows.push(row);
    }
    columns(&rows, &(1..=model.strategies.len() + 1).collect::<Vec<_>>())
}
