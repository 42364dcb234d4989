//! One file per engine. Each makes an engine, configured at its best; [`crate::catalogue`] says in words how.

#[cfg(feature = "native")]
pub mod native;
#[cfg(feature = "sf-nano")]
pub mod sf_nano;
#[cfg(feature = "stitch")]
pub mod stitch;
#[cfg(feature = "tinywasm")]
pub mod tinywasm;
#[cfg(feature = "wasm3")]
pub mod wasm3;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;
