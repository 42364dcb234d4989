//! What is supported, and the errors for what is not.

use wasmparser::{BinaryReaderError, WasmFeatures};

use crate::error::{Error, ErrorKind};

/// The proposals that are supported, each part of WebAssembly 2.0 or 3.0.
pub(super) fn features() -> WasmFeatures {
    let supported = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::FLOATS
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::EXTENDED_CONST
        // Not a proposal: wasmparser's switch for reference types as such.
        | WasmFeatures::GC_TYPES;
    // Nothing but the type of vectors: the decoder knows none of their instructions.
    #[cfg(feature = "wide-test-type")]
    let supported = supported | WasmFeatures::SIMD;
    supported
}

/// Names of the proposals that wasmparser knows and we do not support.
const UNSUPPORTED: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::SIMD, "fixed-width SIMD"),
    (WasmFeatures::RELAXED_SIMD, "relaxed SIMD"),
    (WasmFeatures::THREADS, "threads and atomics"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
    (WasmFeatures::EXCEPTIONS, "exception handling"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exception handling"),
    (WasmFeatures::MEMORY64, "memory64"),
    (WasmFeatures::COMPONENT_MODEL, "component model"),
    (WasmFeatures::GC, "garbage collection"),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::CUSTOM_DESCRIPTORS, "custom descriptors"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
];

pub(super) fn unsupported(proposal: &'static str, offset: u64) -> Error {
    let offset = offset as usize;
    ErrorKind::Unsupported { proposal, offset }.into()
}

/// The error for something that only an unsupported type or operator can lead to.
pub(super) fn unsupported_type(offset: u64) -> Error {
    unsupported("an unknown one", offset)
}

/// Names the proposal if that is what was missing.
pub(super) fn refused(error: &BinaryReaderError, invalid: bool) -> Error {
    let (message, offset) = (error.message().to_string(), error.offset());
    if let Some(missing) = error.missing_wasm_feature()
        && let Some((_, name)) = UNSUPPORTED.iter().find(|(feature, _)| missing.intersects(*feature))
    {
        return unsupported(name, offset);
    }
    // wasmparser is built without vector instructions, and then does not say that they are a feature.
    if message.starts_with("unexpected SIMD opcode") {
        return unsupported("fixed-width SIMD", offset);
    }
    let offset = offset as usize;
    if invalid {
        ErrorKind::Invalid { message, offset }.into()
    } else {
        ErrorKind::Malformed { message, offset }.into()
    }
}

pub(super) fn malformed(error: BinaryReaderError) -> Error {
    refused(&error, false)
}
