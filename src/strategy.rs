//! The strategies by name, and any strategy, its type erased.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, Made, NodeCode, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

use crate::error::{Error, ErrorKind};
use crate::module::Module;

macro_rules! strategies {
    ($($(@$feature:literal)? $name:ident: $backend:path;)*) => {
        /// How instructions are dispatched. All give the same results, traps and final state; they differ in speed. What
        /// WebAssembly leaves open about NaNs is the same with [`ModuleOptions::deterministic`](crate::ModuleOptions::deterministic).
        ///
        /// [`Strategy::default`] is what the benchmarks recommend among those in this build. [`Strategy::idea`] describes a
        /// strategy in a line, the page of its crate in full.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Strategy {
            $(
                #[doc = concat!("[`", stringify!($backend), "`].")]
                $(#[doc = concat!("In builds with the feature `", $feature, "`.")] #[cfg(feature = $feature)])?
                $name,
            )*
        }

        impl Strategy {
            /// All strategies in this build, in the order of the recorded decision, the fastest first; behind them, in builds that have
            /// it, the one that makes machine code, which is ranked apart: it is faster than all, where it can run.
            ///
            /// The decision is `reports/decision.json`; a test compares this list with it.
            pub const ALL: &'static [Strategy] = &[$($(#[cfg(feature = $feature)])? Strategy::$name),*];

            /// The name, as on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::NAME,)*
                }
            }

            /// The literature's name for this way of dispatching.
            pub fn term(self) -> &'static str {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::TERM,)*
                }
            }

            /// The idea in one line.
            pub fn idea(self) -> &'static str {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::IDEA,)*
                }
            }

            /// Whether the strategy's crate forbids unsafe code.
            pub fn is_safe(self) -> bool {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::SAFE,)*
                }
            }

            /// Whether the strategy makes machine code while a program runs, for which it needs executable memory.
            pub fn makes_code(self) -> bool {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::MAKES_CODE,)*
                }
            }

            /// Why this build or this system cannot run the strategy; `None` if it can. A machine with a strategy that cannot run
            /// refuses to instantiate modules and to run.
            pub fn refusal(self) -> Option<&'static str> {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::refusal(),)*
                }
            }

            /// The code that the strategy makes of a lowered function, block by block. Compiles it.
            pub fn listing(self, body: &FunctionBody) -> Listing {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::listing(body),)*
                }
            }

            /// The machine code that the strategy makes of a lowered function, block by block, if it makes any. Compiles it.
            pub fn machine_code(self, body: &FunctionBody) -> Option<Vec<Vec<NodeCode>>> {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::machine_code(body),)*
                }
            }

            /// For each block of a lowered function, how often one run through it goes from one piece of the strategy's code to
            /// the next by an indirect jump or call. Multiplied by how often each block runs, these add up to a program's
            /// dispatches. Compiles the function.
            pub fn dispatches(self, body: &FunctionBody) -> Vec<u32> {
                match self {
                    $($(#[cfg(feature = $feature)])? Strategy::$name => <$backend>::dispatches(body),)*
                }
            }

            /// Heap bytes of a lowered function compiled under this strategy, not counting the lowered form. Compiles it.
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

// A row for each, in the order of the recorded decision, with its feature. One without unsafe code is in every build, so the
// list is never empty.
strategies! {
    @"threaded" Threaded: wasm_dispatch_threaded::Threaded;
    @"fused-closures" FusedClosures: wasm_dispatch_fused_closures::FusedClosures;
    @"linked-closures" LinkedClosures: wasm_dispatch_linked_closures::LinkedClosures;
    MatchLoop: wasm_dispatch_match_loop::MatchLoop;
    @"closure-per-op" ClosurePerOp: wasm_dispatch_closure_per_op::ClosurePerOp;
    @"stack-loop" StackLoop: wasm_dispatch_stack_loop::StackLoop;
    @"stencils" Stencils: wasm_dispatch_stencils::Stencils;
}

impl Default for Strategy {
    /// The first of [`Strategy::ALL`].
    fn default() -> Self {
        Strategy::ALL[0]
    }
}

impl Strategy {
    /// The first of [`Strategy::ALL`] without unsafe code.
    pub fn best_safe() -> Strategy {
        let safe = Strategy::ALL.iter().copied().find(|strategy| strategy.is_safe());
        safe.expect("every build has a strategy without unsafe code")
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
    fn refusal(&self) -> Option<&'static str>;
    fn add_instance(&mut self, module: &Module);
    /// How much code of a module there is for the strategy.
    fn made(&self, module: &Module) -> Made;
    fn run(&self, machine: &mut Machine, host: &mut dyn Host) -> Exit;
}

impl dyn Engine {
    /// Whether the strategy can run here.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.refusal() {
            None => Ok(()),
            Some(reason) => {
                let strategy = self.name();
                Err(ErrorKind::StrategyRefuses { strategy, reason }.into())
            }
        }
    }
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

    fn refusal(&self) -> Option<&'static str> {
        B::refusal()
    }

    fn add_instance(&mut self, module: &Module) {
        let code: Arc<_> = module.code::<B>();
        self.program.instances.push(code);
    }

    fn made(&self, module: &Module) -> Made {
        module.code::<B>().made()
    }

    fn run(&self, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::proceed(&self.program, machine, host)
    }
}

/// An engine for a strategy chosen by type.
pub(crate) fn engine_of<B: Backend>() -> Box<dyn Engine> {
    Box::new(EngineOf::<B>::default())
}
