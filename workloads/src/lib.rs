//! The WebAssembly programs that the dispatch strategies are compared on, as data.
//!
//! A workload is two files: a TOML manifest, and the module that it names (`.wat` text or `.wasm` bytes). Manifests are
//! found by walking a folder at run time, so adding a workload is adding files; `README.md` beside this crate says how.
//!
//! ```
//! for workload in wasm_dispatch_workloads::all()? {
//!     let run = workload.quick();
//!     println!("{} ({}): {}({:?})", workload.name(), workload.class(), workload.entry(), run.args);
//!     let wasm: Vec<u8> = workload.wasm()?;
//!     // Give `wasm` to an engine, call the entry, and compare the results with `run.expect`.
//!     assert!(wasm.starts_with(b"\0asm"));
//! }
//! # Ok::<(), wasm_dispatch_workloads::Error>(())
//! ```
//!
//! Nothing here runs WebAssembly: an engine under test never judges itself.

#![forbid(unsafe_code)]

mod checksum;
mod error;
mod folder;
pub mod manifest;
mod value;
mod workload;

pub use checksum::sha256_hex;
pub use error::Error;
pub use folder::{all, all_and_extra, default_folder, extra, extra_folder, extra_in, load_dir};
pub use manifest::Class;
pub use value::{ParseValueError, Value, ValueType};
pub use workload::{Beside, Link, MemoryCheck, Run, WasiFile, WasiRun, Workload};
