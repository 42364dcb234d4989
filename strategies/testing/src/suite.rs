//! What every strategy must do, as functions over strategies.

use crate::vector_rows::{agrees_on_all_rows, traps_past_the_end};
use crate::{
    BodyBuilder, agrees_with_reference, counting_loop, fibonacci, on_small_stack, run, run_in_slices, straight_line,
};
use wasm_dispatch_ir::code::Statement;
use wasm_dispatch_ir::ops::LoadOp;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_machine::backend::{Backend, Exit};
use wasm_dispatch_machine::reference::Reference;

/// Makes a test of each function of this module, for each strategy, in a module of its own.
#[macro_export]
macro_rules! strategy_tests {
    ($($module:ident: $backend:ty;)+) => {
        $(mod $module {
            #[allow(unused_imports)]
            use super::*;
            use $crate::suite;

            #[test]
            fn agrees_with_the_reference() {
                suite::generated_functions::<$backend>();
            }

            #[test]
            fn calls_return() {
                suite::calls::<$backend>();
            }

            #[test]
            fn a_trap_names_its_statement_and_writes_nothing() {
                suite::traps::<$backend>();
            }

            #[test]
            fn a_run_stops_when_its_slice_is_used_up_and_goes_on_under_any_strategy() {
                suite::slices::<$backend>();
            }

            #[test]
            fn a_loop_needs_no_native_stack() {
                suite::ten_million_dispatches::<$backend>();
            }

            #[test]
            fn a_long_block_needs_little_native_stack() {
                suite::a_block_of_100_000_statements::<$backend>();
            }
        })+
    };
}

/// Makes the tests of operations on vectors, likewise.
#[macro_export]
macro_rules! vector_tests {
    ($($module:ident: $backend:ty;)+) => {
        $(mod $module {
            #[allow(unused_imports)]
            use super::*;
            use $crate::suite;

            #[test]
            fn operations_on_vectors_agree_with_the_reference() {
                suite::operations_on_vectors::<$backend>();
            }

            #[test]
            fn an_access_of_a_vector_past_the_end_traps_and_writes_nothing() {
                suite::traps_of_vectors::<$backend>();
            }
        })+
    };
}

/// Makes the tests of a strategy that chains closures: as it is in this build, and as it is where calls stay calls. `$build`
/// compiles a function for the latter; `$jumps` is whether this build turns calls into jumps.
#[macro_export]
macro_rules! chain_strategy_tests {
    ($strategy:ident, $build:expr, $jumps:expr) => {
        /// The strategy as it is where calls stay calls.
        struct Trampoline;

        impl Backend for Trampoline {
            const NAME: &'static str = concat!(stringify!($strategy), " with a trampoline");
            const TERM: &'static str = <$strategy as Backend>::TERM;
            const IDEA: &'static str = <$strategy as Backend>::IDEA;
            const SAFE: bool = <$strategy as Backend>::SAFE;
            type Code = <$strategy as Backend>::Code;

            fn compile(body: &wasm_dispatch_ir::code::FunctionBody) -> Self::Code {
                let build = $build;
                build(body).finish()
            }

            fn listing(body: &wasm_dispatch_ir::code::FunctionBody) -> wasm_dispatch_machine::backend::Listing {
                <$strategy as Backend>::listing(body)
            }

            fn code_bytes(code: &Self::Code) -> usize {
                <$strategy as Backend>::code_bytes(code)
            }

            fn run(
                program: &wasm_dispatch_machine::backend::Program<Self>,
                machine: &mut wasm_dispatch_machine::state::Machine,
                host: &mut dyn wasm_dispatch_machine::host::Host,
            ) -> wasm_dispatch_machine::backend::Exit {
                wasm_dispatch_machine::driver::run(program, machine, host, Self::Code::step)
            }
        }

        $crate::strategy_tests! {
            by_jumps: $strategy;
            over_a_trampoline: Trampoline;
        }

        $crate::vector_tests! {
            vectors_by_jumps: $strategy;
            vectors_over_a_trampoline: Trampoline;
        }

        #[test]
        fn optimised_builds_dispatch_by_jumps() {
            assert_eq!($jumps, !cfg!(trampoline));
        }
    };
}

/// Four hundred generated functions end as under the reference.
pub fn generated_functions<B: Backend>() {
    agrees_with_reference::<B>(0..400);
}

/// Every operation on vectors, wherever its operands are.
pub fn operations_on_vectors<B: Backend>() {
    agrees_on_all_rows::<B>(20);
}

/// Every access of vectors, at the end of a memory and past it.
pub fn traps_of_vectors<B: Backend>() {
    traps_past_the_end::<B>();
}

/// A recursive function returns the right result.
pub fn calls<B: Backend>() {
    let outcome = run::<B>(&[fibonacci()], &[20, 0]);
    assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
}

/// Calls nested in calls are suspended and resumed, by this strategy and in turn with the reference; how often depends on
/// the program and the slice alone.
pub fn slices<B: Backend>() {
    // 21,891 calls at three each.
    for (slice, suspensions) in [(0, 21_891), (3, 21_890), (30, 2_189), (1 << 20, 0)] {
        for (outcome, times) in [
            run_in_slices::<B, B>(&[fibonacci()], &[20, 0], slice),
            run_in_slices::<Reference, B>(&[fibonacci()], &[20, 0], slice),
        ] {
            assert_eq!((outcome.exit, outcome.slots[0]), (Exit::Returned, 6765));
            assert_eq!(times, suspensions, "slices of {slice}");
        }
    }
}

/// A load past the end traps at its statement; what came before stays, its target is not written.
pub fn traps<B: Backend>() {
    let mut b = BodyBuilder::new(&[ValType::I32], 0);
    b.add(0, 1);
    let address = b.i32(-1);
    let value = b.load(LoadOp::I32Load, address, 0);
    b.set(0, value);
    b.statement(Statement::Return);
    let outcome = run::<B>(&[b.finish()], &[41]);
    let trap = Trap::OutOfBoundsMemoryAccess;
    assert_eq!(outcome.exit, Exit::Trapped { trap, statement: 1 });
    assert_eq!(outcome.slots, [42]);
}

/// Ten million dispatches and more: 3,400,000 turns of three instructions.
pub fn ten_million_dispatches<B: Backend>() {
    on_small_stack(|| {
        let outcome = run::<B>(&[counting_loop()], &[3_400_000, 0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![0, 10_200_000]));
    });
}

/// A long block compiles, runs and is dropped.
pub fn a_block_of_100_000_statements<B: Backend>() {
    on_small_stack(|| {
        let outcome = run::<B>(&[straight_line(100_000)], &[0]);
        assert_eq!((outcome.exit, outcome.slots), (Exit::Returned, vec![100_000]));
    });
}
