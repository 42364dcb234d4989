//! Which operations, statements, trees and pairs programs run, each program counting the same.

use std::collections::HashMap;

use serde::Serialize;
use wasm_dispatch::Strategy;
use wasm_dispatch::machine::backend::Line;
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Statement};

use crate::histogram::{Histogram, Row};
use crate::program::Program;
use crate::shape;

/// A table: what is counted, and the largest shares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// Its name, in one word.
    pub name: &'static str,
    /// What is counted.
    pub title: &'static str,
    /// The largest shares, the largest first.
    pub rows: Vec<Row>,
}

/// What is counted: name, and what it means.
const KINDS: [(&str, &str); 8] = [
    ("operations", "operations; move: a value goes from one slot to another"),
    ("kinds", "kinds of statements"),
    ("statements", "statements"),
    ("trees", "inner trees: operations that are operands"),
    ("pairs", "statements that follow each other"),
    ("nodes", "pieces of the default strategy's code"),
    (
        "node_pairs",
        "pieces of its code that follow each other; + if they share a dispatch",
    ),
    ("dispatch_pairs", "its dispatches that follow each other"),
];

const OPERATIONS: usize = 0;
const STATEMENT_KINDS: usize = 1;
const STATEMENTS: usize = 2;
const TREES: usize = 3;
const PAIRS: usize = 4;
const NODES: usize = 5;
const NODE_PAIRS: usize = 6;
const DISPATCH_PAIRS: usize = 7;

/// Counts by shape, one for each of [`KINDS`].
type Counts = [HashMap<String, u64>; KINDS.len()];

/// The tables over some programs.
#[derive(Default)]
pub struct Tables {
    histograms: [Histogram; KINDS.len()],
}

impl Tables {
    /// Adds what a program has run, distinguishing this many levels of trees.
    pub fn add(&mut self, program: &Program, depth: u32) {
        let mut counts = Counts::default();
        for function in &program.functions {
            let body = function.body();
            let listing = Strategy::default().listing(body);
            for (block, &runs) in function.runs.iter().enumerate().filter(|(_, runs)| **runs > 0) {
                let mut counter = Counter {
                    counts: &mut counts,
                    body,
                    runs,
                    depth,
                };
                counter.statements(body.statements(block as u32));
                counter.lines(&listing[block]);
            }
        }
        for (histogram, counts) in self.histograms.iter_mut().zip(counts) {
            histogram.add(counts);
        }
    }

    /// The tables, with this many rows each.
    pub fn rows(&self, count: usize) -> Vec<Table> {
        let tables = KINDS.iter().zip(&self.histograms);
        tables
            .map(|(&(name, title), histogram)| Table {
                name,
                title,
                rows: histogram.rows(count),
            })
            .collect()
    }
}

/// Counts one block.
struct Counter<'a> {
    counts: &'a mut Counts,
    body: &'a FunctionBody,
    runs: u64,
    depth: u32,
}

impl Counter<'_> {
    fn add(&mut self, kind: usize, shape: String) {
        *self.counts[kind].entry(shape).or_default() += self.runs;
    }

    fn statements(&mut self, list: &[Statement]) {
        for statement in list {
            let shape = shape::statement(self.body, statement, self.depth);
            self.add(STATEMENT_KINDS, kind(&shape));
            if let Some(operation) = operation(self.body, statement, &shape) {
                self.add(OPERATIONS, operation.to_owned());
            }
            self.add(STATEMENTS, shape);
            for id in statement.operands() {
                self.inner(id);
            }
        }
        for pair in list.windows(2) {
            let short = |statement| shape::statement(self.body, statement, 1);
            self.add(PAIRS, format!("{} ; {}", short(&pair[0]), short(&pair[1])));
        }
    }

    /// Every operation in a tree, and its shape.
    fn inner(&mut self, root: NodeId) {
        let (body, depth) = (self.body, self.depth);
        body.for_each(root, |id, node| {
            let Some(operation) = shape::operation(node) else {
                return;
            };
            self.add(OPERATIONS, operation.to_owned());
            if !node.is_leaf() {
                self.add(TREES, shape::tree(body, id, depth.max(1)));
            }
        });
    }

    fn lines(&mut self, lines: &[Line]) {
        // What takes no dispatch runs at other times than the block.
        let lines: Vec<&Line> = lines.iter().filter(|line| line.dispatches > 0).collect();
        let parts = lines.iter().flat_map(|line| {
            let others = line.parts.iter().skip(1).map(|part| ("+", part));
            line.parts.first().map(|part| (";", part)).into_iter().chain(others)
        });
        let parts: Vec<(&str, &String)> = parts.collect();
        for (_, part) in &parts {
            self.add(NODES, part.to_string());
        }
        for pair in parts.windows(2) {
            self.add(NODE_PAIRS, format!("{} {} {}", pair[0].1, pair[1].0, pair[1].1));
        }
        for pair in lines.windows(2) {
            self.add(DISPATCH_PAIRS, format!("{} ; {}", pair[0].text(), pair[1].text()));
        }
    }
}

/// What a statement of this shape does itself, its trees apart.
fn operation<'s>(body: &FunctionBody, statement: &Statement, shape: &'s str) -> Option<&'s str> {
    match *statement {
        // The result of an operation goes where it should at once.
        Statement::Set { value, .. } => matches!(body.node(value), Node::Slot(_) | Node::Const(_)).then_some("move"),
        Statement::Eval(_) => None,
        _ => shape.split(' ').next(),
    }
}

/// The first word, and whether a tree is a leaf.
fn kind(shape: &str) -> String {
    match shape.split_once(' ') {
        Some((word, rest)) if rest.len() == 1 => format!("{word} {rest}"),
        Some((word, _)) => word.to_string(),
        None => shape.to_string(),
    }
}
