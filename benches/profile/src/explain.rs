//! How the strategies compiled one function, block by block, side by side.

use std::fmt::Write as _;

use serde::Serialize;
use wasm_dispatch::machine::backend::{Line as Code, NodeCode};
use wasm_dispatch::{Module, Strategy, demangle};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_ir::text;
use wasm_dispatch_measure::cost::work::BlockWork;
use wasm_dispatch_report::table::columns;
use wasm_dispatch_report::visible;

pub use crate::machine_code::Disassembled;
use crate::program::names;

/// How some strategies compiled a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Index of the function in its module.
    pub function: u32,
    /// Its name, from the name section or of an export.
    pub name: Option<String>,
    /// Its type, `(i32) -> (i32)`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Slots of its frame.
    pub frame_slots: u32,
    /// Heap bytes of the lowered form, which all strategies compile.
    pub lowered_bytes: usize,
    /// What each strategy made of it as a whole.
    pub strategies: Vec<Whole>,
    /// Block by block.
    pub blocks: Vec<Block>,
}

/// What a strategy made of a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Whole {
    /// Its name.
    pub strategy: String,
    /// Heap bytes of its code.
    pub code_bytes: usize,
    /// Dispatches if every block runs once.
    pub dispatches: u64,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// Its number.
    pub block: BlockId,
    /// Its statements, lowered.
    pub statements: Vec<String>,
    /// Statements and the operations in their trees; going on with the next block is none.
    pub nodes: u64,
    /// Dispatches of one run through it, in the order of [`Explained::strategies`].
    pub dispatches: Vec<u32>,
    /// The code of the default strategy, if it is among the strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<Vec<Handler>>,
    /// The machine code of strategies that make it while a program runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub machine_code: Vec<MachineCode>,
}

/// The machine code that a strategy made of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineCode {
    /// The strategy's name.
    pub strategy: String,
    /// Node by node.
    pub nodes: Vec<Disassembled>,
}

/// A piece of a strategy's code, dispatched once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handler {
    /// What it does, part by part; several are a superinstruction.
    pub nodes: Vec<String>,
    /// Whether it is out of line: not run each time that its block is.
    pub aside: bool,
}

impl Handler {
    fn of(line: &Code) -> Handler {
        Handler {
            nodes: line.parts.clone(),
            aside: line.dispatches == 0,
        }
    }
}

/// The function of a module that a text means: by index, by its name, as it is in the module or as its author wrote it, or by
/// the name that it is exported under.
///
/// # Errors
///
/// If there is no such function, or it has no code here, being imported. Says what it could have been.
pub fn find(module: &Module, text: &str) -> Result<u32, String> {
    let known = |index: &u32| module.function(*index).is_some();
    let named = |is: &dyn Fn(&str) -> bool| -> Vec<u32> {
        let found = (module.functions()).filter(|function| function.name().is_some_and(is));
        found.map(|function| function.index()).collect()
    };
    let index = match text.parse::<u32>() {
        Ok(index) => Some(index).filter(known),
        Err(_) => {
            let exactly = || named(&|name| name == text).first().copied();
            let index = module.exported_function(text).or_else(exactly);
            // Several functions may be called the same by their author: one for each type that it was compiled for.
            let written = || named(&|name| demangle(name) == text);
            match (index, index.map_or_else(written, |_| Vec::new()).as_slice()) {
                (Some(index), _) => Some(index),
                (None, []) => None,
                (None, [only]) => Some(*only),
                (None, several) => {
                    let several: Vec<String> = several.iter().map(u32::to_string).collect();
                    return Err(format!("several functions are called '{text}': {}", several.join(", ")));
                }
            }
        }
    };
    let index = index.ok_or_else(|| {
        let count = module.functions().len();
        format!("there is no function '{text}' among the {count} of this module")
    })?;
    match module.function(index).and_then(|function| function.body()) {
        Some(_) => Ok(index),
        None => Err(format!("function {index} is imported: it has no code here")),
    }
}

/// Explains a function; `None` if it is no function of the module, or imported.
pub fn explain(module: &Module, function: u32, strategies: &[Entrant]) -> Option<Explained> {
    let meant = module.function(function)?;
    let body = meant.body()?;
    let dispatches: Vec<Vec<u32>> = strategies.iter().map(|strategy| strategy.dispatches(body)).collect();
    let sum = |blocks: &Vec<u32>| blocks.iter().copied().map(u64::from).sum();
    let wholes = strategies.iter().zip(&dispatches).map(|(strategy, blocks)| Whole {
        strategy: strategy.name.to_owned(),
        code_bytes: strategy.code_bytes(body),
        dispatches: sum(blocks),
    });
    let default = Strategy::default();
    let is_shown = strategies.iter().any(|strategy| strategy.name == default.name());
    let listing = is_shown.then(|| default.listing(body));
    let made = strategies.iter();
    let made = made.filter_map(|strategy| Some((strategy.name, strategy.machine_code(body)?)));
    let mut made: Vec<(&str, Vec<Vec<NodeCode>>)> = made.collect();
    let mut machine_code = |number: usize| {
        let of = made.iter_mut().map(|(strategy, blocks)| {
            let nodes = std::mem::take(&mut blocks[number]).into_iter();
            MachineCode {
                strategy: (*strategy).to_owned(),
                nodes: nodes.map(Disassembled::from).collect(),
            }
        });
        of.collect()
    };
    let blocks = (0..body.blocks.len()).map(|number| Block {
        block: number as BlockId,
        statements: text::block(body, number as BlockId),
        nodes: BlockWork::of(body, number as BlockId).nodes,
        dispatches: dispatches.iter().map(|blocks| blocks[number]).collect(),
        handlers: (listing.as_ref()).map(|listing| listing[number].iter().map(Handler::of).collect()),
        machine_code: machine_code(number),
    });
    Some(Explained {
        function,
        name: names(module).remove(&function),
        ty: meant.ty().to_string(),
        frame_slots: body.frame_size,
        lowered_bytes: body.heap_bytes(),
        strategies: wholes.collect(),
        blocks: blocks.collect(),
    })
}

/// A function that could be explained, in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its index.
    pub function: u32,
    /// Its name, from the name section or of an export.
    pub name: Option<String>,
    /// Its blocks.
    pub blocks: usize,
    /// Its statements.
    pub statements: usize,
    /// Statements and the operations in their trees.
    pub nodes: u64,
}

/// All functions that could be explained.
pub fn functions(module: &Module) -> Vec<Line> {
    let mut names = names(module);
    let lines = module.functions().filter_map(|function| {
        let body = function.body()?;
        let blocks = (0..body.blocks.len()).map(|block| BlockWork::of(body, block as BlockId));
        Some(Line {
            function: function.index(),
            name: names.remove(&function.index()),
            blocks: body.blocks.len(),
            statements: body.statements.len(),
            nodes: blocks.map(|block| block.nodes).sum(),
        })
    });
    lines.collect()
}

impl Explained {
    /// For people: a table of all blocks, then the code of each, and what the default strategy makes of it.
    pub fn text(&self) -> String {
        let name = self.name.as_deref();
        let name = name.map_or_else(String::new, |name| format!(" '{}'", visible::name(name)));
        let mut text = format!(
            "function {}{name} {}: {} blocks, {} slots in its frame\n\nDispatches of one run through each block:\n\n{}",
            self.function,
            self.ty,
            self.blocks.len(),
            self.frame_slots,
            self.table()
        );
        for block in &self.blocks {
            let _ = writeln!(text, "\nblock {}:", block.block);
            for statement in &block.statements {
                let _ = writeln!(text, "  {statement}");
            }
            if let Some(handlers) = &block.handlers {
                let _ = writeln!(text, "  {}:", Strategy::default());
                for handler in handlers {
                    let place = if handler.aside { "  (out of line)" } else { "" };
                    let _ = writeln!(text, "    {}{place}", handler.nodes.join(" + "));
                }
            }
            for MachineCode { strategy, nodes } in &block.machine_code {
                let _ = writeln!(text, "  {strategy}:");
                for node in nodes {
                    let _ = writeln!(text, "    {}  (at {:#x}, {} bytes)", node.node, node.place, node.bytes);
                    for instruction in &node.instructions {
                        let _ = writeln!(text, "      {instruction}");
                    }
                }
            }
        }
        text
    }

    /// A row a block, then all of them, and bytes; a column a strategy.
    fn table(&self) -> String {
        let row = |name: &str, of: [String; 2], each: Vec<String>| [vec![name.to_owned()], of.into(), each].concat();
        let each = |of: fn(&Whole) -> String| self.strategies.iter().map(of).collect();
        let heads = ["statements", "nodes"].map(str::to_owned);
        let mut rows = vec![row("block", heads, each(|whole| whole.strategy.clone()))];
        for block in &self.blocks {
            let counts = [block.statements.len().to_string(), block.nodes.to_string()];
            let dispatches = block.dispatches.iter().map(u32::to_string).collect();
            rows.push(row(&block.block.to_string(), counts, dispatches));
        }
        let statements: usize = self.blocks.iter().map(|block| block.statements.len()).sum();
        let nodes: u64 = self.blocks.iter().map(|block| block.nodes).sum();
        let counts = [statements.to_string(), nodes.to_string()];
        rows.push(row("all", counts, each(|whole| whole.dispatches.to_string())));
        let bytes = [self.lowered_bytes.to_string(), String::new()];
        rows.push(row("bytes", bytes, each(|whole| whole.code_bytes.to_string())));
        columns(&rows, &Vec::from_iter(0..rows[0].len()))
    }
}
