//! The strategies by name, and one by type behind a common door.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::state::Machine;

use crate::error::{Error, ErrorKind};
use crate::module::Module;

macro_rules! strategies {
    ($($(#[$doc:meta])* $(@$feature:literal)? $name:ident = $text:literal, $backend:path;)*) => {
        /// How instructions are dispatched. All give the same results, traps and final state; they differ in speed.
        ///
        /// [`Strategy::default`] is what the benchmarks recommend among those in this build.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Strategy {
            $($(#[$doc])* $(#[cfg(feature = $feature)])? $name,)*
        }

        impl Strategy {
            /// All strategies in this build.
            pub const ALL: &'static [Strategy] = &[$($(#[cfg(feature = $feature)])? Strategy::$name),*];

            /// The name, as on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => $text,)*
                }
            }

            /// For each block of a lowered function, how often running through it once is an indirect jump or call from one
            /// piece of the strategy's code to the next. Times how often each block runs, these add up to what a program
            /// spends on dispatching, whatever else it does.
            pub fn dispatches(self, body: &FunctionBody) -> Vec<u32> {
                let told = match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::dispatches(body),)*
                };
                // All strategies of this project tell; a test asks them.
                told.unwrap_or_default()
            }

            /// Heap bytes of a lowered function compiled under this strategy, the lowered form not included. Compiles it.
            pub fn code_bytes(self, body: &FunctionBody) -> usize {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => {
                        <$backend>::code_bytes(&<$backend>::compile(body))
                    })*
                }
            }

            pub(crate) fn engine(self) -> Box<dyn Engine> {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => Box::new(EngineOf::<$backend>::default()),)*
                }
            }

            pub(crate) fn compile(self, module: &Module, threads: usize) -> usize {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => {
                        let code = module.code::<$backend>();
                        code.compile_all(threads);
                        code.code_bytes()
                    })*
                }
            }
        }
    };
}

strategies! {
    /// The naive operand-stack `match` loop that most interpreters are; the reference. Safe Rust.
    @"stack-loop" StackLoop = "stack_loop", wasm_dispatch_stack_loop::StackLoop;
    /// `loop { match instruction }` over instructions with slot operands. Safe Rust.
    MatchLoop = "match_loop", wasm_dispatch_match_loop::MatchLoop;
    /// Each instruction a boxed closure; a loop calls them. Safe Rust.
    @"closure-per-op" ClosurePerOp = "closure_per_op", wasm_dispatch_closure_per_op::ClosurePerOp;
    /// Each closure holds the next one and calls it. Safe Rust.
    @"linked-closures" LinkedClosures = "linked_closures", wasm_dispatch_linked_closures::LinkedClosures;
    /// Each statement one nest of closures. Safe Rust.
    @"fused-closures" FusedClosures = "fused_closures", wasm_dispatch_fused_closures::FusedClosures;
    /// Fused handlers in a code stream, chained by sibling calls. Uses unsafe code.
    @"threaded" Threaded = "threaded", wasm_dispatch_threaded::Threaded;
}

impl Default for Strategy {
    /// The first of [`Strategy::RANKED`].
    fn default() -> Self {
        Strategy::RANKED[0]
    }
}

impl Strategy {
    /// All strategies in this build, in the order of the recorded decision, the fastest first.
    ///
    /// The decision is `reports/decision.json`; a test compares this list with it.
    pub const RANKED: &'static [Strategy] = &[
        #[cfg(feature = "threaded")]
        Strategy::Threaded,
        #[cfg(feature = "fused-closures")]
        Strategy::FusedClosures,
        // In every build, so that the list is never empty.
        Strategy::MatchLoop,
        #[cfg(feature = "linked-closures")]
        Strategy::LinkedClosures,
        #[cfg(feature = "closure-per-op")]
        Strategy::ClosurePerOp,
        #[cfg(feature = "stack-loop")]
        Strategy::StackLoop,
    ];

    /// The first of [`Strategy::RANKED`] without unsafe code. In a build without `threaded` it is the default.
    pub fn best_safe() -> Strategy {
        let safe = Strategy::RANKED.iter().copied().find(|strategy| strategy.is_safe());
        safe.unwrap_or(Strategy::MatchLoop)
    }

    /// Whether the strategy's crate forbids unsafe code.
    pub fn is_safe(self) -> bool {
        self.name() != "threaded"
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Strategy {
    type Err = Error;

    /// Finds a strategy by [`Strategy::name`].
    fn from_str(name: &str) -> Result<Strategy, Error> {
        let found = Strategy::ALL.iter().copied().find(|strategy| strategy.name() == name);
        found.ok_or_else(|| ErrorKind::UnknownStrategy(name.to_string()).into())
    }
}

/// A strategy with the code of a machine's instances, its type erased. A call through it happens once per run.
pub(crate) trait Engine: Send + Sync {
    fn name(&self) -> &'static str;
    fn add_instance(&mut self, module: &Module);
    fn run(&self, machine: &mut Machine) -> Exit;
}

struct EngineOf<B: Backend> {
    program: Program<B>,
}

impl<B: Backend> Default for EngineOf<B> {
    fn default() -> Self {
        EngineOf {
            program: Program::default(),
        }
    }
}

impl<B: Backend> Engine for EngineOf<B> {
    fn name(&self) -> &'static str {
        B::NAME
    }

    fn add_instance(&mut self, module: &Module) {
        let code: Arc<_> = module.code::<B>();
        self.program.instances.push(code);
    }

    fn run(&self, machine: &mut Machine) -> Exit {
        B::run(&self.program, machine)
    }
}

/// An engine for a strategy chosen by type.
pub(crate) fn engine_of<B: Backend>() -> Box<dyn Engine> {
    Box::new(EngineOf::<B>::default())
}
