//! What programs run: how much, where, which operations, and how often each strategy dispatches for it.

use std::fmt::Write as _;

use serde::Serialize;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_ir::text;
use wasm_dispatch_measure::cost::work::BlockWork;
use wasm_dispatch_report::statistics::mean_of;
use wasm_dispatch_report::visible;

use crate::program::Program;
use crate::tables::{Table, Tables};

/// How much to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Rows of each table.
    pub top: usize,
    /// Levels of a tree that are distinguished.
    pub depth: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { top: 20, depth: 2 }
    }
}

/// What some programs run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// What each program runs.
    pub programs: Vec<Totals>,
    /// How often each strategy dispatches.
    pub dispatches: Vec<Dispatches>,
    /// The functions with the largest shares of their programs.
    pub functions: Vec<HotFunction>,
    /// The blocks with the largest shares of their programs.
    pub blocks: Vec<HotBlock>,
    /// Operations, statements, trees and pairs, each program counting the same.
    pub tables: Vec<Table>,
}

/// How much a program runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Its name.
    pub program: String,
    /// Blocks run.
    pub blocks: u64,
    /// Statements run.
    pub statements: u64,
    /// Statements and the operations in their trees; going on with the next block is none.
    pub nodes: u64,
    /// Dispatches of each strategy, in the order of [`Profile::dispatches`].
    pub dispatches: Vec<u64>,
}

/// How often a strategy dispatches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dispatches {
    /// Its name.
    pub strategy: String,
    /// In all programs.
    pub dispatches: u64,
    /// For each node, each program counting the same.
    pub per_node: f64,
}

/// A function, and how much of its program it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HotFunction {
    /// The program.
    pub program: String,
    /// Its index.
    pub function: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Nodes run in it, those of the functions that it calls not included.
    pub nodes: u64,
    /// The same in percent of the program's.
    pub percent: f64,
}

/// A block, and how much of its program it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HotBlock {
    /// The program.
    pub program: String,
    /// Index of its function.
    pub function: u32,
    /// Name of its function, if it has one.
    pub name: Option<String>,
    /// Its number.
    pub block: BlockId,
    /// How often it ran.
    pub runs: u64,
    /// Nodes run in it.
    pub nodes: u64,
    /// The same in percent of the program's.
    pub percent: f64,
    /// Its statements, lowered.
    pub statements: Vec<String>,
}

impl Profile {
    /// Profiles what programs have run.
    pub fn of(programs: &[Program], options: Options) -> Profile {
        let strategies: Vec<Entrant> = Entrant::all().collect();
        let mut tables = Tables::default();
        let (mut totals, mut functions, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        for program in programs {
            tables.add(program, options.depth);
            let counted = count(program, &strategies, options.top);
            totals.push(counted.totals);
            functions.extend(counted.functions);
            blocks.extend(counted.blocks);
        }
        functions.sort_by(|a, b| b.percent.total_cmp(&a.percent));
        functions.truncate(options.top);
        blocks.sort_by(|a, b| b.percent.total_cmp(&a.percent));
        blocks.truncate(options.top);
        let dispatches = strategies.iter().enumerate().map(|(at, strategy)| Dispatches {
            strategy: strategy.name.to_owned(),
            dispatches: totals.iter().map(|totals| totals.dispatches[at]).sum(),
            per_node: mean_of((totals.iter()).map(|of| of.dispatches[at] as f64 / of.nodes.max(1) as f64)),
        });
        Profile {
            dispatches: dispatches.collect(),
            programs: totals,
            functions,
            blocks,
            tables: tables.rows(options.top),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let names: Vec<&str> = self.programs.iter().map(|totals| totals.program.as_str()).collect();
        let mut text = match &self.programs[..] {
            [one] => format!(
                "{}: {} blocks, {} statements, {} nodes\n",
                one.program, one.blocks, one.statements, one.nodes
            ),
            _ => format!("{} programs: {}\n", names.len(), names.join(", ")),
        };
        text += "\ndispatches      in all  per node  strategy\n";
        for row in &self.dispatches {
            let _ = writeln!(text, "{:>22}  {:8.3}  {}", row.dispatches, row.per_node, row.strategy);
        }
        let of = |program: &str| match names.len() {
            1 => String::new(),
            _ => format!("{program}: "),
        };
        let named = |name: &Option<String>| match name {
            Some(name) => format!(" '{}'", visible::name(name)),
            None => String::new(),
        };
        text += "\nhottest functions\n   share           nodes  function\n";
        for hot in &self.functions {
            let (of, function, name) = (of(&hot.program), hot.function, named(&hot.name));
            let _ = writeln!(text, "{:6.2} % {:>15}  {of}{function}{name}", hot.percent, hot.nodes);
        }
        text += "\nhottest blocks\n   share            runs  block\n";
        for hot in &self.blocks {
            let (of, name) = (of(&hot.program), named(&hot.name));
            let _ = writeln!(
                text,
                "{:6.2} % {:>15}  {of}block {} of function {}{name}",
                hot.percent, hot.runs, hot.block, hot.function
            );
            for statement in &hot.statements {
                let _ = writeln!(text, "{:28}{statement}", "");
            }
        }
        for table in &self.tables {
            let _ = write!(text, "\n{}\n   share  programs\n", table.title);
            for row in &table.rows {
                let _ = writeln!(text, "{:6.2} % {:9}  {}", row.percent, row.programs, row.shape);
            }
        }
        text
    }
}

struct CountedProgram {
    totals: Totals,
    functions: Vec<HotFunction>,
    blocks: Vec<HotBlock>,
}

/// Counts one program, and keeps this many of its hottest blocks.
fn count(program: &Program, strategies: &[Entrant], top: usize) -> CountedProgram {
    let mut totals = Totals {
        program: program.name.clone(),
        blocks: 0,
        statements: 0,
        nodes: 0,
        dispatches: vec![0; strategies.len()],
    };
    let mut functions = Vec::new();
    // Of a block only its place is kept until it is known which are the hottest.
    let mut blocks = Vec::new();
    for (place, function) in program.functions.iter().enumerate() {
        let body = function.body();
        let dispatches: Vec<Vec<u32>> = strategies.iter().map(|strategy| strategy.dispatches(body)).collect();
        let mut of_function = 0;
        for (block, &runs) in function.runs.iter().enumerate().filter(|(_, runs)| **runs > 0) {
            let nodes = BlockWork::of(body, block as BlockId).nodes * runs;
            of_function += nodes;
            totals.blocks += runs;
            totals.statements += body.statements(block as BlockId).len() as u64 * runs;
            for (sum, dispatches) in totals.dispatches.iter_mut().zip(&dispatches) {
                *sum += u64::from(dispatches[block]) * runs;
            }
            blocks.push((nodes, place, block, runs));
        }
        totals.nodes += of_function;
        if of_function > 0 {
            functions.push(HotFunction {
                program: program.name.clone(),
                function: function.index,
                name: function.name.clone(),
                nodes: of_function,
                percent: 0.0,
            });
        }
    }
    let percent = |nodes: u64| 100.0 * nodes as f64 / totals.nodes.max(1) as f64;
    for function in &mut functions {
        function.percent = percent(function.nodes);
    }
    blocks.sort_by(|a, b| b.cmp(a));
    let blocks = blocks.into_iter().take(top).map(|(nodes, place, block, runs)| {
        let function = &program.functions[place];
        HotBlock {
            program: program.name.clone(),
            function: function.index,
            name: function.name.clone(),
            block: block as BlockId,
            runs,
            nodes,
            percent: percent(nodes),
            statements: text::block(function.body(), block as BlockId),
        }
    });
    CountedProgram {
        blocks: blocks.collect(),
        functions,
        totals,
    }
}
