//! A dispatch strategy outside the repository, and a lab that runs and measures it like the others:
//!
//! ```sh
//! cargo run --release -- list strategies
//! cargo run --release -- run fib.wat --strategy tree_walk --invoke run 20
//! cargo run --release -- bench --strategies tree_walk,threaded
//! ```

use std::process::ExitCode;

use wasm_dispatch::ir::code::FunctionBody;
use wasm_dispatch::machine::backend::{Backend, Exit, Listing, Program};
use wasm_dispatch::machine::driver;
use wasm_dispatch::machine::host::Host;
use wasm_dispatch::machine::reference::{Reference, step};
use wasm_dispatch::machine::state::Machine;
use wasm_dispatch_lab::{Entrant, main_with};

/// Walks the expression trees of a block as they were lowered. Slow: replace it with your idea.
struct TreeWalk;

impl Backend for TreeWalk {
    const NAME: &'static str = "tree_walk";
    const TERM: &'static str = "tree walking";
    const IDEA: &'static str = "evaluate each statement's tree node by node";
    const SAFE: bool = true;

    /// What a function is compiled to: here, nothing new.
    type Code = FunctionBody;

    fn compile(body: &FunctionBody) -> FunctionBody {
        body.clone()
    }

    fn code_bytes(code: &FunctionBody) -> usize {
        code.heap_bytes()
    }

    fn listing(body: &FunctionBody) -> Listing {
        Reference::listing(body)
    }

    /// The driver handles calls, host calls and fuel; `step` runs from a block on and says why it returns.
    fn run(program: &Program<TreeWalk>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::run(program, machine, host, step)
    }
}

fn main() -> ExitCode {
    main_with(&[Entrant::of::<TreeWalk>()])
}
