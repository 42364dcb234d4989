use wasm_dispatch_closures::chain::Chains;
use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::state::Machine;

use crate::{FusedClosures, dispatches_by_jumps};

/// The strategy as it is where calls stay calls.
struct Trampoline;

impl Backend for Trampoline {
    const NAME: &'static str = "fused_closures with a trampoline";
    const TERM: &'static str = FusedClosures::TERM;
    const IDEA: &'static str = FusedClosures::IDEA;
    const SAFE: bool = true;
    type Code = Chains;

    fn compile(body: &FunctionBody) -> Chains {
        crate::build(body, false, crate::COPIED).finish()
    }

    fn listing(body: &FunctionBody) -> Listing {
        FusedClosures::listing(body)
    }

    fn code_bytes(code: &Chains) -> usize {
        code.heap_bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, Chains::step)
    }
}

wasm_dispatch_testing::strategy_tests! {
    by_jumps: FusedClosures;
    over_a_trampoline: Trampoline;
}

#[test]
fn optimised_builds_dispatch_by_jumps() {
    assert_eq!(dispatches_by_jumps(), !cfg!(trampoline));
}

#[test]
fn size_counts_what_closures_captured() {
    let code = FusedClosures::compile(&wasm_dispatch_testing::straight_line(10));
    // One entry. Ten additions of a constant: a pointer to the next, a constant, one slot. `return` captures nothing.
    let (entries, links) = (16, 10 * 32);
    assert_eq!(FusedClosures::code_bytes(&code), entries + links);
}
