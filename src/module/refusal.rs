//! What is supported, and the errors for what is not.

use wasm_dispatch_ir::Proposal;
use wasm_dispatch_ir::types::ValType;
use wasmparser::{BinaryReaderError, WasmFeatures};

use crate::error::{Error, ErrorKind};
use crate::types::value_type;

/// What the decoder and the validator let through.
pub(super) const FEATURES: WasmFeatures = {
    // Proposals without operators; the last is no proposal, but wasmparser's switch for reference types as such.
    let mut features = WasmFeatures::MUTABLE_GLOBAL
        .union(WasmFeatures::MULTI_VALUE)
        .union(WasmFeatures::MULTI_MEMORY)
        .union(WasmFeatures::EXTENDED_CONST)
        .union(WasmFeatures::MEMORY64)
        .union(WasmFeatures::CUSTOM_PAGE_SIZES)
        .union(WasmFeatures::GC_TYPES);
    let mut index = 0;
    while index < Proposal::ALL.len() {
        features = features.union(feature(Proposal::ALL[index]));
        index += 1;
    }
    features
};

/// wasmparser's switch for a proposal whose operators are in the instruction table.
const fn feature(proposal: Proposal) -> WasmFeatures {
    match proposal {
        Proposal::Mvp => WasmFeatures::FLOATS,
        Proposal::SignExtension => WasmFeatures::SIGN_EXTENSION,
        Proposal::SaturatingFloatToInt => WasmFeatures::SATURATING_FLOAT_TO_INT,
        Proposal::BulkMemory => WasmFeatures::BULK_MEMORY,
        Proposal::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
        Proposal::TailCall => WasmFeatures::TAIL_CALL,
        Proposal::Simd => WasmFeatures::SIMD,
        Proposal::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
        Proposal::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
    }
}

/// Names of the proposals that wasmparser knows and we do not support.
const UNSUPPORTED: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::THREADS, "threads and atomics"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
    (WasmFeatures::EXCEPTIONS, "exception handling"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exception handling"),
    (COMPONENTS, "component model"),
    (WasmFeatures::GC, "garbage collection"),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::CUSTOM_DESCRIPTORS, "custom descriptors"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
    (WasmFeatures::ACQUIRE_RELEASE_ATOMICS, "acquire-release atomics"),
    (WasmFeatures::MULTIBYTE_ARRAY_ACCESS, "multibyte array access"),
];

/// The parts of the component model.
const COMPONENTS: WasmFeatures = WasmFeatures::COMPONENT_MODEL
    .union(WasmFeatures::CM_VALUES)
    .union(WasmFeatures::CM_NESTED_NAMES)
    .union(WasmFeatures::CM_ASYNC)
    .union(WasmFeatures::CM_ASYNC_STACKFUL)
    .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(WasmFeatures::CM_THREADING)
    .union(WasmFeatures::CM_ERROR_CONTEXT)
    .union(WasmFeatures::CM_FIXED_LENGTH_LISTS)
    .union(WasmFeatures::CM_GC)
    .union(WasmFeatures::CM_MAP)
    .union(WasmFeatures::CM64)
    .union(WasmFeatures::CM_IMPLEMENTS)
    .union(WasmFeatures::CM_CANON_NAMES)
    .union(WasmFeatures::CM_FORWARD)
    .union(WasmFeatures::CM_ACCESSORS);

// A proposal that wasmparser learns is either supported or refused by name.
const _: () = {
    let mut known = FEATURES;
    let mut index = 0;
    while index < UNSUPPORTED.len() {
        assert!(!FEATURES.intersects(UNSUPPORTED[index].0), "supported and refused");
        known = known.union(UNSUPPORTED[index].0);
        index += 1;
    }
    assert!(known.is_all(), "a proposal has no name here");
};

pub(super) fn unsupported(proposal: &'static str, offset: u64) -> Error {
    let offset = offset as usize;
    ErrorKind::Unsupported { proposal, offset }.into()
}

/// Our name for a value type, or the refusal of the proposal that brought it.
pub(super) fn supported_type(ty: wasmparser::ValType, offset: u64) -> Result<ValType, Error> {
    value_type(ty).ok_or_else(|| {
        let proposal = match ty {
            wasmparser::ValType::Ref(ty) if ty.is_concrete_type_ref() || !ty.is_nullable() => {
                "typed function references"
            }
            _ => "garbage collection",
        };
        unsupported(proposal, offset)
    })
}

/// Names the proposal if that is what was missing.
pub(super) fn refused(error: &BinaryReaderError, invalid: bool) -> Error {
    let (message, offset) = (error.message().to_string(), error.offset());
    if let Some(missing) = error.missing_wasm_feature()
        && let Some((_, name)) = UNSUPPORTED.iter().find(|(feature, _)| missing.intersects(*feature))
    {
        return unsupported(name, offset);
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
