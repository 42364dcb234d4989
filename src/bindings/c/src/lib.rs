//! The standard C API of WebAssembly engines, [`wasm.h`](https://github.com/WebAssembly/wasm-c-api), for wasm-dispatch.
//!
//! Names and meaning are the standard's; the header, `include/wasm.h`, is generated from the functions here. A C program
//! links the static or the shared library that this crate builds, and includes that header.
//!
//! # How it is built
//!
//! Every opaque type is a Rust type behind a pointer: `Option<&T>` is `const T*`, `Option<&mut T>` is `T*`, and `Option<Box<T>>` is
//! an `own T*`, all of which may be null. So the functions themselves are safe Rust, given that their callers keep C's
//! promises: a pointer is null or what its type says, an owned one is given away once, and a store is used by one thread at a
//! time. What unsafe code is left reads lists that C made, follows references inside values, and lends the machine to functions
//! that are called while it runs.
//!
//! A null pointer or a wrong number of values gives null, false, zero or a trap.

#![deny(unsafe_code)]
#![allow(non_camel_case_types)] // The standard's names.
#![allow(clippy::boxed_local, clippy::vec_box)] // What is owned comes in boxes.

#[macro_use]
mod declare;
mod engine;
mod externs;
mod func;
mod header;
mod instance;
mod kind;
mod list;
mod module;
mod ports;
mod refs;
mod store;
mod trap;
mod types;

mod value;

pub use self::header::header;
