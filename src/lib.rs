//! A WebAssembly virtual machine whose instruction dispatch can be chosen.
//!
//! One front end decodes, validates and lowers a module to code blocks; interchangeable strategies run them: two `match`
//! loops, closures of three kinds, threaded code, and copy and patch. All give the same results, traps and final state, and with
//! [`ModuleOptions::deterministic`] also the same bits of NaNs where WebAssembly leaves them open. The benchmarks of this repository
//! compare them on the same workloads; [`Strategy::default`] is what they recommend.
//!
//! ```text
//! bytes ─► Module (immutable, shared) ─► code blocks ─► a strategy's code
//!                │                                          │
//!                └──────────► Vm (mutable) ◄────────────────┘
//!                             instances, memories, tables, globals, stack
//! ```
//!
//! # Running a module
//!
//! ```
//! use wasm_dispatch::{Imports, Module, Value, Vm};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str(
//!     r#"(module
//!         (import "host" "log" (func $log (param i32)))
//!         (func (export "double") (param i32) (result i32)
//!             (call $log (local.get 0))
//!             (i32.mul (local.get 0) (i32.const 2))))"#,
//! )?;
//! let module = Module::new(&wasm)?;
//! let mut imports = Imports::new();
//! imports.func("host", "log", |value: i32| println!("called with {value}"));
//! let mut vm = Vm::new();
//! let instance = vm.instantiate(&module, &imports)?;
//! assert_eq!(vm.call(instance, "double", &[Value::I32(21)])?, [Value::I32(42)]);
//! # Ok(())
//! # }
//! ```
//!
//! # Untrusted modules
//!
//! Whatever a program does ends in a result, a trap or a typed error: memory, tables, value stack and call depth
//! are limited ([`Limits`]), calls never use the native stack, and malformed or invalid bytes are refused by
//! [`Module::new`]. If its module is made with [`Metering`] (see [`Module::options`]), a program that never ends is stopped
//! by fuel or from another thread.
//!
//! # Waiting, pausing, moving
//!
//! Host functions may be asynchronous ([`Imports::func_async`], [`Vm::call_async`]): a waiting program is data and blocks no
//! thread. A program can be paused ([`Vm::set_fuel`], [`Vm::interrupt_handle`]) and resumed, even under another strategy
//! ([`Vm::set_strategy`]) and, with the feature `snapshot`, in another process. `docs/async.md` in the repository explains
//! the model.
//!
//! # Supported WebAssembly
//!
//! WebAssembly 2.0, plus relaxed vector instructions, tail calls, extended constant expressions, multiple memories, memories
//! and tables with 64-bit addresses (memory64), custom page sizes and wide arithmetic. A module that needs more is refused with
//! the proposal's name.
//!
//! # Features
//!
//! - One for each strategy except the one that is in every build: see [`Strategy`]. The recommended one, which has unsafe code,
//!   is on by default.
//! - `superinstructions`, on by default: the recommended strategy runs operations that often follow each other as one. Without
//!   it, programs take 1.2 times as long, and the library is smaller (`docs/embedding.md`).
//! - `safe`: all strategies without unsafe code; with `default-features = false` this library then has none.
//! - `all-strategies`: all strategies except the one that makes machine code ([`Strategy::makes_code`]). That one has a feature of its own:
//!   see `docs/`, "Code without a dispatch". It is three times as fast as the default on the mean, on Linux on x86-64, where pages may be
//!   executable. It is not the default of any build: choose it by name, or as a machine's second tier ([`Tiers`]).
//! - `demangle`, on by default: names of Rust functions in backtraces as their authors wrote them; `demangle-cpp`: of C++, too.
//! - `dwarf`: files and lines in backtraces, from a module's debug information.
//! - `cache`: modules with their lowered code as bytes (`ModuleOptions::precompile`, `Module::deserialize`).
//! - `snapshot`: machines as bytes (`Vm::snapshot`, `Vm::restore`).
//! - `wasi`: WASI preview 1 (module `wasi`).

#![forbid(unsafe_code)]

mod demangle;
mod error;
mod limits;
mod lower;
mod metering;
mod module;
mod strategy;
mod types;
mod vm;
#[cfg(feature = "wasi")]
pub mod wasi;

pub use demangle::demangle;
#[cfg(feature = "cache")]
pub use error::CacheError;
pub use error::{Backtrace, BacktraceFrame, Error, ErrorKind, TrapInfo};
pub use limits::Limits;
pub use metering::Metering;
pub use module::{Arrival, Function, Meta, Module, ModuleOptions};
pub use strategy::Strategy;
pub use types::{ExportType, ExternType, ImportType, MemoryType, Pause, SizeLimits, SourceLocation, TableType};
pub use vm::{
    Address, AsyncCaller, Caller, Extern, ExternRef, Func, Global, HostError, HostFunction, HostPanic, HostResults,
    Imports, Instance, InterruptHandle, IntoHostFunction, MadeUp, Memory, OutOfFuel, ReentrantCaller, Table, Tiers,
    TypedFunc, Value, Vm, VmOptions, WasmTuple, WasmType,
};
#[cfg(feature = "snapshot")]
pub use {error::SnapshotError, vm::Snapshot};

/// Lowered code: to look at, and to write a strategy of your own.
pub use wasm_dispatch_ir as ir;
pub use wasm_dispatch_ir::Trap;
pub use wasm_dispatch_ir::shape::AddressType;
pub use wasm_dispatch_ir::types::GlobalType;
pub use wasm_dispatch_ir::types::{FuncType, ValType};
/// The machine underneath: to write a strategy of your own.
pub use wasm_dispatch_machine as machine;
pub use wasm_dispatch_machine::limiter::{Demand, Limiter};

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
