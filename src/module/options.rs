//! How modules are made: from bytes or from a reader, with limits and a choice of where their programs can be stopped.

use futures_io::AsyncRead;

use super::Module;
use super::decode::Decoder;
use super::stream::{self, Arrival};
use crate::error::Error;
use crate::limits::Limits;
use crate::metering::Metering;

/// What a module is made with, see [`Module::options`].
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "options make a module through `compile`, `load` or `stream`"]
pub struct ModuleOptions {
    limits: Limits,
    metering: Metering,
    deterministic: bool,
    without_custom_sections: bool,
}

impl ModuleOptions {
    /// Limits on the module's size and number of functions.
    pub fn limits(mut self, limits: Limits) -> ModuleOptions {
        self.limits = limits;
        self
    }

    /// Where a running program of the module can be stopped.
    pub fn metering(mut self, metering: Metering) -> ModuleOptions {
        self.metering = metering;
        self
    }

    /// Whether results must have the same bits on every machine. Arithmetic on floats then gives the canonical NaN wherever
    /// WebAssembly leaves the NaN open (specification section 4.3.3), at the cost of a comparison each. Nothing else
    /// differs between machines: relaxed vector instructions always give the same results everywhere.
    pub fn deterministic(mut self, deterministic: bool) -> ModuleOptions {
        self.deterministic = deterministic;
        self
    }

    /// Whether the module keeps its [custom sections](Module::custom_sections); it does by default. They take as much memory
    /// as they have bytes, which for debug information is often more than the rest of the module. Function names are kept either
    /// way.
    pub fn custom_sections(mut self, kept: bool) -> ModuleOptions {
        self.without_custom_sections = !kept;
        self
    }

    /// Decodes and validates a module in the binary format. Its functions are compiled for a strategy when they are first
    /// called, or all at once by [`Module::compile`].
    ///
    /// # Errors
    ///
    /// [`Malformed`](crate::ErrorKind::Malformed), [`Invalid`](crate::ErrorKind::Invalid),
    /// [`Unsupported`](crate::ErrorKind::Unsupported) with the proposal's name, or
    /// [`Limit`](crate::ErrorKind::Limit).
    pub fn compile(self, bytes: &[u8]) -> Result<Module, Error> {
        decode_all(self.decoder(), bytes)
    }

    /// [`ModuleOptions::compile`], but for the bodies of functions, which come lowered.
    #[cfg(feature = "cache")]
    pub(super) fn compile_lowered(&self, bytes: &[u8], mut functions: Vec<Box<[u8]>>) -> Result<Module, Error> {
        functions.reverse();
        let mut decoder = self.decoder();
        decoder.lowered = Some(functions);
        decode_all(decoder, bytes)
    }

    /// Reads a module to its end, decoding and validating while it arrives.
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::compile`], and [`Read`](crate::ErrorKind::Read).
    pub async fn load<R: AsyncRead + Unpin>(self, reader: R) -> Result<Module, Error> {
        let (module, arrival) = self.stream(reader).await?;
        arrival.await?;
        Ok(module)
    }

    /// Reads a module until it can be instantiated: [`Meta::min_size_to_start`](crate::Meta) bytes. The rest arrives while
    /// the [`Arrival`] is polled, in another task or next to the calls. An asynchronous call of a function that has not
    /// arrived waits for it; a blocking one ends with [`Pause::NotArrived`](crate::Pause) and can be resumed.
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::load`], of the part until then.
    pub async fn stream<R: AsyncRead + Unpin>(self, reader: R) -> Result<(Module, Arrival<R>), Error> {
        stream::start(reader, self.decoder()).await
    }

    fn decoder(&self) -> Decoder {
        Decoder::new(
            &self.limits,
            self.metering,
            self.deterministic,
            !self.without_custom_sections,
        )
    }
}

fn decode_all(mut decoder: Decoder, bytes: &[u8]) -> Result<Module, Error> {
    decoder.check_size(bytes.len())?;
    decoder.push(bytes, true)?;
    let module = decoder.module();
    module.inner.complete(decoder.late());
    Ok(module)
}

impl Module {
    /// Decodes and validates a module in the binary format, with the default [options](Module::options).
    ///
    /// Supported: WebAssembly 2.0, plus relaxed vector instructions, tail calls, extended constant expressions, multiple
    /// memories, memories and tables with 64-bit addresses (memory64), custom page sizes and wide arithmetic.
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::compile`].
    pub fn new(bytes: &[u8]) -> Result<Module, Error> {
        Module::options().compile(bytes)
    }

    /// Reads a module to its end, with the default [options](Module::options); see [`ModuleOptions::load`].
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::load`].
    pub async fn load<R: AsyncRead + Unpin>(reader: R) -> Result<Module, Error> {
        Module::options().load(reader).await
    }

    /// Reads a module until it can be instantiated, with the default [options](Module::options); see
    /// [`ModuleOptions::stream`].
    ///
    /// ```
    /// use futures::{executor::block_on, future::join, io::Cursor};
    /// use wasm_dispatch::{Imports, Module, Value, Vm};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let wasm = wat::parse_str(r#"(module (func (export "answer") (result i32) i32.const 42))"#)?;
    /// let results = block_on(async {
    ///     let (module, arrival) = Module::stream(Cursor::new(wasm)).await?;
    ///     let program = async {
    ///         let mut vm = Vm::new();
    ///         let instance = vm.instantiate_async(&module, &Imports::new()).await?;
    ///         vm.call_async(instance, "answer", &[]).await
    ///     };
    ///     let (arrived, results) = join(arrival, program).await;
    ///     arrived.and(results)
    /// })?;
    /// assert!(matches!(results[..], [Value::I32(42)]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::stream`].
    pub async fn stream<R: AsyncRead + Unpin>(reader: R) -> Result<(Module, Arrival<R>), Error> {
        Module::options().stream(reader).await
    }

    /// Everything that can be chosen when a module is made; what is left out has its default.
    ///
    /// ```
    /// use wasm_dispatch::{Limits, Metering, Module};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let wasm = wat::parse_str("(module)")?;
    /// let module = Module::options()
    ///     .limits(Limits::default().module_size(1 << 20))
    ///     .metering(Metering::Fuel)
    ///     .compile(&wasm)?;
    /// assert_eq!(module.metering(), Metering::Fuel);
    /// # Ok(())
    /// # }
    /// ```
    pub fn options() -> ModuleOptions {
        ModuleOptions::default()
    }
}
