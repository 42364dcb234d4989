//! Bytes to module: wasmparser decodes and validates, lowering runs alongside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use wasm_dispatch_machine::code::{FuncType, FunctionBody, ValType};
use wasm_dispatch_machine::store::GlobalType;
use wasmparser::{
    BinaryReaderError, ElementItems, ElementKind, FuncToValidate, FuncValidatorAllocations, KnownCustom, Name, Parser,
    Payload, TypeRef, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use super::constant::ConstExpr;
use super::types::{ExternType, ImportType, SizeLimits, TableType, value_type};
use super::{DataSegment, ElementSegment, Export, ExternIndex, LoweredBodies, Meta, ModuleInner, SegmentMode};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::lower::{Lowering, ModuleTypes};
use crate::metering::Metering;

/// The proposals that are supported, each part of WebAssembly 2.0 or 3.0.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
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
        | WasmFeatures::GC_TYPES
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

fn unsupported(proposal: &'static str, offset: u64) -> Error {
    let offset = offset as usize;
    ErrorKind::Unsupported { proposal, offset }.into()
}

/// The error for something that only an unsupported type or operator can lead to.
fn unsupported_type(offset: u64) -> Error {
    unsupported("an unknown one", offset)
}

/// Names the proposal if that is what was missing.
fn refused(error: &BinaryReaderError, invalid: bool) -> Error {
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

fn malformed(error: BinaryReaderError) -> Error {
    refused(&error, false)
}

/// Everything known so far.
#[derive(Default)]
struct Decoder {
    types: Vec<FuncType>,
    imports: Vec<ImportType>,
    function_types: Vec<u32>,
    imported_functions: u32,
    tables: Vec<(TableType, Option<ConstExpr>)>,
    imported_tables: u32,
    memories: Vec<SizeLimits>,
    imported_memories: u32,
    globals: Vec<GlobalType>,
    imported_globals: u32,
    global_inits: Vec<ConstExpr>,
    exports: Vec<Export>,
    start: Option<u32>,
    elements: Vec<ElementSegment>,
    data: Vec<DataSegment>,
    bodies: Vec<Arc<FunctionBody>>,
    names: HashMap<u32, String>,
    version: u16,
    min_size_to_start: usize,
    metering: Metering,
    allocations: FuncValidatorAllocations,
}

impl ModuleTypes for Decoder {
    fn function_type(&self, function: u32) -> &FuncType {
        &self.types[self.function_types[function as usize] as usize]
    }

    fn ty(&self, ty: u32) -> &FuncType {
        &self.types[ty as usize]
    }

    fn global_type(&self, global: u32) -> ValType {
        self.globals[global as usize].value
    }

    fn table_type(&self, table: u32) -> ValType {
        self.tables[table as usize].0.element
    }
}

/// Decodes, validates and lowers a module.
pub(super) fn decode(bytes: &[u8], limits: &Limits, metering: Metering) -> Result<ModuleInner, Error> {
    if bytes.len() > limits.module_size {
        return Err(ErrorKind::Limit {
            what: "module size",
            limit: limits.module_size as u64,
        }
        .into());
    }
    let mut validator = Validator::new_with_features(features());
    let mut decoder = Decoder {
        metering,
        ..Decoder::default()
    };
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(malformed)?;
        match validator.payload(&payload).map_err(|error| refused(&error, true))? {
            ValidPayload::Func(function, body) => decoder.body(function, &body)?,
            ValidPayload::Parser(_) => return Err(unsupported("component model", 0)),
            ValidPayload::Ok | ValidPayload::End(_) => {}
        }
        decoder.section(payload, limits)?;
    }
    Ok(decoder.finish(bytes.len()))
}

impl Decoder {
    fn section(&mut self, payload: Payload<'_>, limits: &Limits) -> Result<(), Error> {
        match payload {
            Payload::Version { num, .. } => self.version = num,
            Payload::TypeSection(reader) => self.type_section(reader)?,
            Payload::ImportSection(reader) => {
                self.import_section(reader)?;
                self.check_function_count(limits)?;
            }
            Payload::FunctionSection(reader) => {
                for ty in reader {
                    self.function_types.push(ty.map_err(malformed)?);
                }
                self.check_function_count(limits)?;
            }
            Payload::TableSection(reader) => {
                for table in reader {
                    let table = table.map_err(malformed)?;
                    let init = match &table.init {
                        wasmparser::TableInit::RefNull => None,
                        wasmparser::TableInit::Expr(expr) => Some(const_expr(expr)?),
                    };
                    self.tables.push((table_type(&table.ty)?, init));
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader {
                    self.memories.push(memory_type(&memory.map_err(malformed)?));
                }
            }
            Payload::GlobalSection(reader) => {
                for global in reader {
                    let global = global.map_err(malformed)?;
                    self.globals.push(global_type(&global.ty)?);
                    self.global_inits.push(const_expr(&global.init_expr)?);
                }
            }
            Payload::ExportSection(reader) => self.export_section(reader)?,
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(reader) => self.element_section(reader)?,
            Payload::CodeSectionStart { unchecked_range, .. } => {
                self.min_size_to_start = unchecked_range.start as usize;
            }
            Payload::DataSection(reader) => {
                self.min_size_to_start = reader.range().end as usize;
                self.data_section(reader)?;
            }
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    self.name_section(names);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check_function_count(&self, limits: &Limits) -> Result<(), Error> {
        if self.function_types.len() <= limits.functions as usize {
            return Ok(());
        }
        let limit = u64::from(limits.functions);
        Err(ErrorKind::Limit {
            what: "function count",
            limit,
        }
        .into())
    }

    fn type_section(&mut self, reader: wasmparser::TypeSectionReader<'_>) -> Result<(), Error> {
        for ty in reader.into_iter_err_on_gc_types() {
            let ty = ty.map_err(malformed)?;
            let list = |types: &[wasmparser::ValType]| {
                let types = types.iter().map(|&ty| value_type(ty));
                types
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| unsupported("fixed-width SIMD", 0))
            };
            self.types.push(FuncType::new(list(ty.params())?, list(ty.results())?));
        }
        Ok(())
    }

    fn import_section(&mut self, reader: wasmparser::ImportSectionReader<'_>) -> Result<(), Error> {
        for import in reader.into_imports() {
            let import = import.map_err(malformed)?;
            let ty = match import.ty {
                TypeRef::Func(ty) => {
                    self.function_types.push(ty);
                    self.imported_functions += 1;
                    ExternType::Func(self.types[ty as usize].clone())
                }
                TypeRef::Table(ty) => {
                    let ty = table_type(&ty)?;
                    self.tables.push((ty, None));
                    self.imported_tables += 1;
                    ExternType::Table(ty)
                }
                TypeRef::Memory(ty) => {
                    let ty = memory_type(&ty);
                    self.memories.push(ty);
                    self.imported_memories += 1;
                    ExternType::Memory(ty)
                }
                TypeRef::Global(ty) => {
                    let ty = global_type(&ty)?;
                    self.globals.push(ty);
                    self.imported_globals += 1;
                    ExternType::Global(ty)
                }
                TypeRef::Tag(_) => return Err(unsupported("exception handling", 0)),
                TypeRef::FuncExact(_) => return Err(unsupported("custom descriptors", 0)),
            };
            let (module, name) = (import.module.to_string(), import.name.to_string());
            self.imports.push(ImportType { module, name, ty });
        }
        Ok(())
    }

    fn export_section(&mut self, reader: wasmparser::ExportSectionReader<'_>) -> Result<(), Error> {
        use wasmparser::ExternalKind;
        for export in reader {
            let export = export.map_err(malformed)?;
            let index = match export.kind {
                ExternalKind::Func => ExternIndex::Func(export.index),
                ExternalKind::Table => ExternIndex::Table(export.index),
                ExternalKind::Memory => ExternIndex::Memory(export.index),
                ExternalKind::Global => ExternIndex::Global(export.index),
                _ => return Err(unsupported("exception handling", 0)),
            };
            let name = export.name.to_string();
            self.exports.push(Export { name, index });
        }
        Ok(())
    }

    fn element_section(&mut self, reader: wasmparser::ElementSectionReader<'_>) -> Result<(), Error> {
        for element in reader {
            let element = element.map_err(malformed)?;
            let mut items = Vec::new();
            match element.items {
                ElementItems::Functions(functions) => {
                    for function in functions {
                        items.push(ConstExpr::function(function.map_err(malformed)?));
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    for expression in expressions {
                        items.push(const_expr(&expression.map_err(malformed)?)?);
                    }
                }
            }
            let mode = match element.kind {
                ElementKind::Passive => SegmentMode::Passive,
                ElementKind::Declared => SegmentMode::Declared,
                ElementKind::Active {
                    table_index,
                    offset_expr,
                } => SegmentMode::Active {
                    index: table_index.unwrap_or(0),
                    offset: const_expr(&offset_expr)?,
                },
            };
            self.elements.push(ElementSegment { items, mode });
        }
        Ok(())
    }

    fn data_section(&mut self, reader: wasmparser::DataSectionReader<'_>) -> Result<(), Error> {
        for data in reader {
            let data = data.map_err(malformed)?;
            let mode = match data.kind {
                wasmparser::DataKind::Passive => SegmentMode::Passive,
                wasmparser::DataKind::Active {
                    memory_index,
                    offset_expr,
                } => SegmentMode::Active {
                    index: memory_index,
                    offset: const_expr(&offset_expr)?,
                },
            };
            self.data.push(DataSegment {
                bytes: data.data.into(),
                mode,
            });
        }
        Ok(())
    }

    /// Names are for people; a broken name section is not an error (specification, appendix "custom sections").
    fn name_section(&mut self, names: wasmparser::NameSectionReader<'_>) {
        for name in names.into_iter().flatten() {
            if let Name::Function(functions) = name {
                for naming in functions.into_iter().flatten() {
                    self.names.insert(naming.index, naming.name.to_string());
                }
            }
        }
    }

    /// Validates and lowers one function, operator by operator.
    fn body(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &wasmparser::FunctionBody<'_>,
    ) -> Result<(), Error> {
        let index = self.imported_functions + self.bodies.len() as u32;
        let allocations = std::mem::take(&mut self.allocations);
        let mut validator = function.into_validator(allocations);
        let invalid = |error: BinaryReaderError| refused(&error, true);
        let mut locals = self.function_type(index).params.to_vec();
        let mut reader = body.get_binary_reader();
        for _ in 0..reader.read_var_u32().map_err(malformed)? {
            let offset = reader.original_position();
            let count: u32 = reader.read().map_err(malformed)?;
            let ty: wasmparser::ValType = reader.read().map_err(malformed)?;
            validator.define_locals(offset, count, ty).map_err(invalid)?;
            let ty = value_type(ty).ok_or_else(|| unsupported_type(offset))?;
            locals.resize(locals.len() + count as usize, ty);
        }
        let mut operators = body.get_operators_reader().map_err(malformed)?;
        let imports = (self.imported_functions, self.imported_globals);
        let range = body.range();
        let bytes = (range.end - range.start) as usize;
        let mut lowering = Lowering::new(&*self, self.function_type(index), locals, imports, bytes, self.metering);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(malformed)?;
            validator.op(offset, &operator).map_err(invalid)?;
            lowering
                .operator(offset as u32, &operator)
                .map_err(|_| unsupported_type(offset))?;
            if !lowering.fits() {
                return Err(ErrorKind::Limit {
                    what: "frame slots of one function",
                    limit: 1 << 16,
                }
                .into());
            }
        }
        operators.finish().map_err(malformed)?;
        let end = operators.original_position();
        let lowered = lowering.finish();
        if self.start == Some(index) {
            self.min_size_to_start = end as usize;
        }
        self.allocations = validator.into_allocations();
        self.bodies.push(Arc::new(lowered));
        Ok(())
    }

    fn finish(self, total_size: usize) -> ModuleInner {
        let meta = Meta {
            version: self.version,
            total_size,
            globals: self.globals.len(),
            functions: self.function_types.len(),
            min_size_to_start: if self.min_size_to_start == 0 {
                total_size
            } else {
                self.min_size_to_start
            },
        };
        ModuleInner {
            types: self.types,
            imports: self.imports,
            function_types: self.function_types,
            imported_functions: self.imported_functions,
            tables: self.tables,
            imported_tables: self.imported_tables,
            memories: self.memories,
            imported_memories: self.imported_memories,
            globals: self.globals,
            imported_globals: self.imported_globals,
            global_inits: self.global_inits,
            exports: self.exports,
            start: self.start,
            elements: self.elements,
            data: self.data,
            bodies: Arc::new(LoweredBodies(self.bodies)),
            names: self.names,
            metering: self.metering,
            #[cfg(feature = "snapshot")]
            hash: [0; 32],
            meta,
            code: Mutex::new(Vec::new()),
        }
    }
}

fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error> {
    ConstExpr::read(expr)
        .map_err(malformed)?
        .ok_or_else(|| unsupported_type(0))
}

fn table_type(ty: &wasmparser::TableType) -> Result<TableType, Error> {
    let element = value_type(wasmparser::ValType::Ref(ty.element_type)).ok_or_else(|| unsupported_type(0))?;
    Ok(TableType {
        element,
        limits: SizeLimits {
            min: ty.initial,
            max: ty.maximum,
        },
    })
}

fn memory_type(ty: &wasmparser::MemoryType) -> SizeLimits {
    SizeLimits {
        min: ty.initial,
        max: ty.maximum,
    }
}

fn global_type(ty: &wasmparser::GlobalType) -> Result<GlobalType, Error> {
    let value = value_type(ty.content_type).ok_or_else(|| unsupported("fixed-width SIMD", 0))?;
    Ok(GlobalType {
        value,
        mutable: ty.mutable,
    })
}
