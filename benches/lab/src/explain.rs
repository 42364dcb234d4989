//! `wasm-dispatch-lab explain`: how each strategy compiled one function.

use clap::Args;
use serde_json::json;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_profile::explain::{self, Line};
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::units::number;
use wasm_dispatch_report::visible;

use super::{Failed, Outcome, Output, subject};

/// Show how each strategy compiled a function, side by side
#[derive(Args)]
#[command(after_help = "\
Shows blocks and statements, the dispatches of one run through each block, bytes of code, and the code of the
default strategy. A build with the feature 'stencils' also shows the machine code that a strategy makes. In
lowered code, s3 is slot 3 of the frame and g1 is global 1. In the default's code, s is a slot, c a constant, a
the accumulator, and + joins what one dispatch runs; what is out of line does not run each time that the block
does. The counts are those of this build: a build without optimisation dispatches differently.

Examples:
  wasm-dispatch-lab explain sort
  wasm-dispatch-lab explain fib_recursive --function run
  wasm-dispatch-lab explain my.wasm --function 12 --strategy threaded --strategy match_loop
  wasm-dispatch-lab explain my.wat --function main --json | jq '.blocks[].dispatches'

Exit code: 0; 1 if the module cannot be read or has no such function; 2 if the command line is wrong.")]
pub struct Options {
    /// A module, .wasm or .wat, or the module of a workload
    #[arg(value_name = "FILE|WORKLOAD")]
    module: String,
    /// The function, by index, export name or name in the name section [default: list them]
    #[arg(long, value_name = "N|NAME")]
    function: Option<String>,
    /// Only this strategy; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    strategy: Vec<Entrant>,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let Options { output, .. } = options;
    let mut strategies: Vec<Entrant> = Entrant::all().collect();
    if !options.strategy.is_empty() {
        strategies.retain(|known| options.strategy.contains(known));
    }
    let (name, module) = subject::module(&options.module)?;
    let Some(function) = options.function else {
        let functions = explain::functions(&module);
        let value = json!({"schema": 1, "module": name, "functions": functions});
        return output.show(&value, || list(&name, &functions));
    };
    let missing = |why: String| Failed::Work(format!("{name}: {why}"));
    let function = explain::find(&module, &function).map_err(missing)?;
    let explained = explain::explain(&module, function, &strategies)
        .ok_or_else(|| missing(format!("function {function} has no code here")))?;
    let mut value = serde_json::to_value(&explained)?;
    value["schema"] = json!(1);
    value["module"] = json!(name);
    output.show(&value, || format!("{name}: {}", explained.text()))
}

fn list(module: &str, functions: &[Line]) -> String {
    let head = ["function", "blocks", "statements", "nodes", "name"].map(str::to_owned);
    let rows = functions.iter().map(|line| {
        vec![
            line.function.to_string(),
            line.blocks.to_string(),
            line.statements.to_string(),
            line.nodes.to_string(),
            visible::name(line.name.as_deref().unwrap_or_default()).into_owned(),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    let (count, table) = (number(functions.len(), "function"), columns(&rows, &[0, 1, 2, 3]));
    format!("{module}: {count}; choose one with --function\n\n{table}")
}
