//! Which statements, trees and pairs of statements programs run, counted over all workloads: what fusions are chosen from.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-profile
//! ```

#![forbid(unsafe_code)]

mod histogram;
mod shape;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use wasm_dispatch_machine::code::{FunctionBody, NodeId, Statement};
use wasm_dispatch_measure::tally::{Counted, tally};
use wasm_dispatch_threaded::NodeInfo;
use wasm_dispatch_workloads::Workload;

use histogram::{Histogram, Row};

const HELP: &str = "\
Counts which statements, trees and pairs of statements the workloads run, each workload counting the same.

Usage: profile [OPTIONS] [PATTERN...]

PATTERN      workloads whose names contain it (default: all)
--extra      with the extra workloads, if they have been built
--top N      rows of each table (default 40)
--depth N    levels of a tree that are told apart (default 2)
--json       JSON instead of tables
-h, --help   this text

In shapes, s is a slot, c a constant, g a global, * something deeper.
";

type Failed = Box<dyn std::error::Error>;

struct Options {
    patterns: Vec<String>,
    extra: bool,
    top: usize,
    depth: u32,
    json: bool,
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        patterns: Vec::new(),
        extra: false,
        top: 40,
        depth: 2,
        json: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("extra") => options.extra = true,
            Long("json") => options.json = true,
            Long("top") => options.top = parser.value()?.parse()?,
            Long("depth") => options.depth = parser.value()?.parse()?,
            Value(pattern) => options.patterns.push(pattern.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match profile(&options) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Histograms {
    kinds: Histogram,
    statements: Histogram,
    trees: Histogram,
    pairs: Histogram,
    nodes: Histogram,
    node_pairs: Histogram,
    dispatch_pairs: Histogram,
    /// Nodes and dispatches of `threaded`, by workload.
    dispatches: Vec<(u64, u64)>,
}

impl Histograms {
    /// Name, what it counts, and rows of each.
    fn tables(&self, top: usize) -> [(&'static str, &'static str, Vec<Row>); 7] {
        [
            ("kinds", "kinds of statements", self.kinds.rows(top)),
            ("statements", "statements", self.statements.rows(top)),
            (
                "trees",
                "inner trees: operations that are operands",
                self.trees.rows(top),
            ),
            ("pairs", "statements that follow each other", self.pairs.rows(top)),
            ("nodes", "nodes of threaded", self.nodes.rows(top)),
            (
                "node_pairs",
                "nodes of threaded that follow each other; + if they share a handler",
                self.node_pairs.rows(top),
            ),
            (
                "dispatch_pairs",
                "dispatches of threaded that follow each other",
                self.dispatch_pairs.rows(top),
            ),
        ]
    }
}

fn profile(options: &Options) -> Result<String, Failed> {
    let all = if options.extra {
        wasm_dispatch_workloads::all_and_extra()?
    } else {
        wasm_dispatch_workloads::all()?
    };
    let wanted = |workload: &&Workload| {
        options.patterns.is_empty() || options.patterns.iter().any(|pattern| workload.name().contains(pattern))
    };
    let mut histograms = Histograms::default();
    let mut names = Vec::new();
    for workload in all.iter().filter(wanted) {
        eprintln!("{}", workload.name());
        count(&mut histograms, &tally(workload, workload.quick())?, options.depth);
        names.push(workload.name());
    }
    if names.is_empty() {
        return Err("no workload matches".into());
    }
    let tables = histograms.tables(options.top);
    // Each workload counts the same here, too.
    let share = |&(nodes, dispatches): &(u64, u64)| dispatches as f64 / nodes.max(1) as f64;
    let dispatched = histograms.dispatches.iter().map(share).sum::<f64>() / names.len() as f64;
    if options.json {
        let tables: HashMap<&str, &Vec<Row>> = tables.iter().map(|(name, _, rows)| (*name, rows)).collect();
        let all = serde_json::json!({
            "workloads": names,
            "dispatches_per_node": dispatched,
            "tables": tables,
        });
        return Ok(serde_json::to_string_pretty(&all)? + "\n");
    }
    let mut text = format!("{} workloads: {}\n", names.len(), names.join(", "));
    text += &format!("threaded dispatches {dispatched:.3} times for a node\n");
    for (_, title, rows) in tables {
        text += &format!("\n{title}\n   share  workloads\n");
        for row in rows {
            text += &format!("{:6.2} %  {:9}  {}\n", row.percent, row.workloads, row.shape);
        }
    }
    Ok(text)
}

/// Adds what one workload has run.
fn count(histograms: &mut Histograms, functions: &[Arc<Counted>], depth: u32) {
    let [mut kinds, mut statements, mut trees, mut pairs] = [(); 4].map(|()| HashMap::new());
    let [mut nodes, mut node_pairs, mut dispatch_pairs] = [(); 3].map(|()| HashMap::new());
    let mut dispatches = (0, 0);
    let add = |counts: &mut HashMap<String, u64>, shape: String, runs: u64| *counts.entry(shape).or_default() += runs;
    for counted in functions {
        let body = &counted.body;
        let compiled = wasm_dispatch_threaded::nodes(body);
        for (block, runs) in counted.runs().enumerate() {
            if runs == 0 {
                continue;
            }
            for node in &compiled[block] {
                add(&mut nodes, node.kind.clone(), runs);
                dispatches.0 += runs;
                dispatches.1 += if node.joined { 0 } else { runs };
            }
            for pair in dispatches_of(&compiled[block]).windows(2) {
                add(&mut dispatch_pairs, pair.join(" ; "), runs);
            }
            for pair in compiled[block].windows(2) {
                let [first, second] = pair else { continue };
                let and = if second.joined { "+" } else { ";" };
                add(&mut node_pairs, format!("{} {and} {}", first.kind, second.kind), runs);
            }
            let list = body.statements(block as u32);
            for statement in list {
                let shape = shape::statement(body, statement, depth);
                add(&mut kinds, kind(&shape), runs);
                add(&mut statements, shape, runs);
                for id in statement.operands() {
                    inner(body, id, depth, &mut |shape| add(&mut trees, shape, runs));
                }
            }
            for pair in list.windows(2) {
                let [first, second] = pair else { continue };
                add(
                    &mut pairs,
                    format!("{} ; {}", short(body, first), short(body, second)),
                    runs,
                );
            }
        }
    }
    histograms.kinds.add(kinds);
    histograms.statements.add(statements);
    histograms.trees.add(trees);
    histograms.pairs.add(pairs);
    histograms.nodes.add(nodes);
    histograms.node_pairs.add(node_pairs);
    histograms.dispatch_pairs.add(dispatch_pairs);
    histograms.dispatches.push(dispatches);
}

/// The nodes that each handler of a block runs.
fn dispatches_of(nodes: &[NodeInfo]) -> Vec<String> {
    let mut dispatches: Vec<String> = Vec::new();
    for node in nodes {
        match dispatches.last_mut() {
            Some(last) if node.joined => {
                last.push_str(" + ");
                last.push_str(&node.kind);
            }
            _ => dispatches.push(node.kind.clone()),
        }
    }
    dispatches
}

/// The first word, and whether a tree is a leaf.
fn kind(shape: &str) -> String {
    match shape.split_once(' ') {
        Some((word, rest)) if rest.len() == 1 => format!("{word} {rest}"),
        Some((word, _)) => word.to_string(),
        None => shape.to_string(),
    }
}

fn short(body: &FunctionBody, statement: &Statement) -> String {
    shape::statement(body, statement, 1)
}

/// Calls `each` for every operation in a tree, with its shape.
fn inner(body: &FunctionBody, id: NodeId, depth: u32, each: &mut impl FnMut(String)) {
    use wasm_dispatch_machine::code::Node;
    let children: Vec<NodeId> = match body.node(id) {
        Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => return,
        Node::Unary { a, .. } => vec![a],
        Node::Load { address, .. } => vec![address],
        Node::Binary { a, b, .. } => vec![a, b],
        Node::Select { condition, a, b } => vec![a, b, condition],
    };
    each(shape::tree(body, id, depth));
    for child in children {
        inner(body, child, depth, each);
    }
}
