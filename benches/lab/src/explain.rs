//! `wasm-dispatch-lab explain`: how each strategy compiled one function.

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use serde_json::json;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_profile::explain::{self, Line};

use super::shared::{columns, strategy};
use super::{Failed, Outcome, subject};

pub const HELP: &str = "\
Shows how each strategy compiled one function: blocks, statements, dispatches of one run through each
block, bytes of code, side by side; and the code of the default strategy.

Usage: wasm-dispatch-lab explain [OPTIONS] FILE|WORKLOAD [--function N|NAME]

Arguments:
  FILE|WORKLOAD          A module, .wasm or .wat, or the module of a workload

Options:
      --function N|NAME  Which function, by index, by the name of its export, or by its name in the
                         name section. Without it: what functions there are
      --strategy NAME    Only this strategy; may be repeated [default: all]
      --json             Print it as JSON
      --quiet            Print nothing
  -h, --help             Print this help

In the code, s3 is slot 3 of the frame and g1 global 1. In the default's code, s is a slot, c a constant,
a the accumulator, + joins what one dispatch runs; what is out of line does not run each time that its block
does. The build's own counts are shown: a build without optimisation dispatches otherwise.

Examples:
  wasm-dispatch-lab explain sort
  wasm-dispatch-lab explain fib_recursive --function run
  wasm-dispatch-lab explain my.wasm --function 12 --strategy threaded --strategy match_loop
  wasm-dispatch-lab explain my.wat --function main --json | jq '.blocks[].dispatches'

Exit code: 0, or 1 if the module cannot be read or has no such function, 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut what, mut function): (Option<String>, Option<String>) = (None, None);
    let mut strategies: Vec<Entrant> = Vec::new();
    let (mut json, mut quiet) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("function") => function = Some(parser.value()?.string()?),
            Long("strategy") => {
                let named = strategy(&parser.value()?.string()?)?;
                if !strategies.contains(&named) {
                    strategies.push(named);
                }
            }
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Value(value) if what.is_none() => what = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let what = what.ok_or_else(|| Failed::Usage("name the module, a file or a workload".to_owned()))?;
    if strategies.is_empty() {
        strategies = Entrant::all().collect();
    }
    let (name, module) = subject::module(&what)?;
    let Some(function) = function else {
        let functions = explain::functions(&module);
        return match (json, quiet) {
            (true, _) => Outcome::json(&json!({"schema": 1, "module": name, "functions": functions})),
            (false, true) => Ok(Outcome::fine("")),
            (false, false) => Ok(Outcome::fine(list(&name, &functions))),
        };
    };
    let missing = |why: String| Failed::Work(format!("{name}: {why}"));
    let function = explain::find(&module, &function).map_err(missing)?;
    let explained = explain::explain(&module, function, &strategies)
        .ok_or_else(|| missing(format!("function {function} has no code here")))?;
    match (json, quiet) {
        (true, _) => {
            let mut value = serde_json::to_value(&explained).map_err(|error| Failed::Work(error.to_string()))?;
            value["schema"] = json!(1);
            value["module"] = json!(name);
            Outcome::json(&value)
        }
        (false, true) => Ok(Outcome::fine("")),
        (false, false) => Ok(Outcome::fine(format!("{name}: {}", explained.text()))),
    }
}

fn list(module: &str, functions: &[Line]) -> String {
    let head = ["function", "blocks", "statements", "nodes", "name"].map(str::to_owned);
    let rows = functions.iter().map(|line| {
        vec![
            line.function.to_string(),
            line.blocks.to_string(),
            line.statements.to_string(),
            line.nodes.to_string(),
            line.name.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    format!(
        "{module}: {} function{}; choose one with --function\n\n{}",
        functions.len(),
        if functions.len() == 1 { "" } else { "s" },
        columns(&rows, &[0, 1, 2, 3])
    )
}
