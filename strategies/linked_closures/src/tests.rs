use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::chain::Chains;
use wasm_dispatch_machine::code::{FunctionBody, Statement, ValType};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::ops::LoadOp;
use wasm_dispatch_machine::sample::{self, BodyBuilder};
use wasm_dispatch_machine::state::Machine;

use crate::{LinkedClosures, dispatches_by_jumps};

/// The strategy as it is where calls stay calls.
struct Trampoline;

impl Backend for Trampoline {
    const NAME: &'static str = "linked_closures with a trampoline";
    type Code = Chains;

    fn compile(body: &FunctionBody) -> Chains {
        crate::compile(body, false)
    }

    fn code_bytes(code: &Chains) -> usize {
        code.heap_bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, Chains::step)
    }
}

#[test]
fn agrees_with_the_reference() {
    sample::agrees_with_reference::<LinkedClosures>(0..400);
}

#[test]
fn agrees_with_the_reference_over_a_trampoline() {
    sample::agrees_with_reference::<Trampoline>(0..400);
}

#[test]
fn optimised_builds_dispatch_by_jumps() {
    assert_eq!(dispatches_by_jumps(), !cfg!(trampoline));
}

/// Ten million dispatches and more: 3,400,000 turns of three instructions.
fn ten_million_dispatches<B: Backend>() {
    sample::on_small_stack(|| {
        let outcome = sample::run::<B>(&[sample::counting_loop()], &[3_400_000, 0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![0, 10_200_000]));
    });
}

fn a_block_of_100_000_statements<B: Backend>() {
    sample::on_small_stack(|| {
        let outcome = sample::run::<B>(&[sample::straight_line(100_000)], &[0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![100_000]));
    });
}

#[test]
fn a_loop_needs_no_native_stack() {
    ten_million_dispatches::<LinkedClosures>();
    ten_million_dispatches::<Trampoline>();
}

#[test]
fn a_long_block_needs_little_native_stack() {
    a_block_of_100_000_statements::<LinkedClosures>();
    a_block_of_100_000_statements::<Trampoline>();
}

#[test]
fn calls_return() {
    let outcome = sample::run::<LinkedClosures>(&[sample::fibonacci()], &[20, 0]);
    assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
}

#[test]
fn a_trap_names_its_statement_and_writes_nothing() {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    b.add(0, 1);
    let address = b.i32(-1);
    let value = b.load(LoadOp::I32Load, address, 0);
    b.set(0, value);
    b.statement(Statement::Return);
    let outcome = sample::run::<LinkedClosures>(&[b.finish()], &[41]);
    let trap = Trap::OutOfBoundsMemoryAccess;
    assert_eq!(outcome.exit, Exit::Trapped { trap, statement: 1 });
    assert_eq!(outcome.slots, [42]);
}

#[test]
fn size_counts_what_closures_captured() {
    let code = LinkedClosures::compile(&sample::straight_line(10));
    // One entry. Ten additions of a constant: a pointer to the next, a constant, two slots. `return` captures nothing.
    let (entries, links) = (16, 10 * 32);
    assert_eq!(LinkedClosures::code_bytes(&code), entries + links);
}
