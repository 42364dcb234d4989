//! Everything that a module declares before its code: types, imports, functions, tables, memories, globals, exports,
//! elements. Lowering, instantiation and linking look here.

use std::sync::Arc;

use indexmap::IndexMap;
use wasm_dispatch_ir::shape::{AddressType, ModuleShape};
use wasm_dispatch_ir::types::GlobalType;
use wasm_dispatch_ir::types::{FuncType, ValType};
use wasmparser::{ElementItems, ElementKind, Payload, TypeRef};

use super::constant::ConstExpr;
use super::refusal::{malformed, supported_type, unsupported};
use super::{ElementSegment, ExternIndex, Items, SegmentMode};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::lower::ModuleTypes;
use crate::metering::Metering;
use crate::types::{ExternType, ImportType, MemoryType, SizeLimits, TableType};

/// Values that a branch carries without counting towards [`Limits::carried_values`].
pub(super) const FEW_VALUES: usize = 16;

/// A module without its code and data.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    /// Version of the binary format.
    pub version: u16,
    pub types: Vec<FuncType>,
    pub imports: Vec<ImportType>,
    /// Type index of every function, imported ones first.
    pub function_types: Vec<u32>,
    pub imported_functions: u32,
    pub tables: Vec<(TableType, Option<ConstExpr>)>,
    pub imported_tables: u32,
    pub memories: Vec<MemoryType>,
    pub imported_memories: u32,
    pub globals: Vec<GlobalType>,
    pub imported_globals: u32,
    /// Initial values of own globals.
    pub global_inits: Vec<ConstExpr>,
    pub exports: IndexMap<Box<str>, ExternIndex>,
    pub start: Option<u32>,
    pub elements: Vec<ElementSegment>,
    /// Number of data segments, where the module says so ahead of its code.
    pub data_count: Option<u32>,
    /// Whether functions or globals have vectors in their types.
    pub has_vectors: bool,
    /// Whether a type has more parameters or results than branches move without counting them.
    pub has_many: bool,
    /// Where its programs can be stopped.
    pub metering: Metering,
    /// Whether arithmetic gives one NaN.
    pub deterministic: bool,
    /// What lowered code knows of memories and tables; there once all are declared.
    pub shape: Arc<ModuleShape>,
}

impl ModuleTypes for Declarations {
    fn is_deterministic(&self) -> bool {
        self.deterministic
    }

    fn function_type(&self, function: u32) -> &FuncType {
        &self.types[self.function_types[function as usize] as usize]
    }

    fn ty(&self, ty: u32) -> &FuncType {
        &self.types[ty as usize]
    }

    fn global_type(&self, global: u32) -> ValType {
        self.globals[global as usize].value
    }

    fn shape(&self) -> &Arc<ModuleShape> {
        &self.shape
    }
}

impl Declarations {
    /// All memories and tables are declared.
    pub(super) fn close(&mut self) {
        self.shape = Arc::new(ModuleShape {
            memories: self.memories.iter().map(MemoryType::shape).collect(),
            tables: self.tables.iter().map(|(ty, _)| ty.shape()).collect(),
        });
    }

    /// Number of functions that the module defines.
    pub(crate) fn own_functions(&self) -> usize {
        self.function_types.len() - self.imported_functions as usize
    }

    /// The start function's index among the own ones, if it is one of them.
    pub(crate) fn own_start(&self) -> Option<u32> {
        self.start?.checked_sub(self.imported_functions)
    }

    /// Whether instantiation has to wait for data segments: they would matter, and were not announced not to come.
    pub(crate) fn needs_data(&self) -> bool {
        match self.data_count {
            Some(count) => count > 0,
            None => !self.memories.is_empty(),
        }
    }

    pub(crate) fn extern_type(&self, index: ExternIndex) -> ExternType {
        match index {
            ExternIndex::Func(i) => ExternType::Func(self.function_type(i).clone()),
            ExternIndex::Table(i) => ExternType::Table(self.tables[i as usize].0),
            ExternIndex::Memory(i) => ExternType::Memory(self.memories[i as usize]),
            ExternIndex::Global(i) => ExternType::Global(self.globals[i as usize]),
        }
    }

    /// Reads a section other than those of code, data and names.
    pub(super) fn section(&mut self, payload: Payload<'_>, limits: &Limits) -> Result<(), Error> {
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
                    let ty = self.global_type(&global.ty)?;
                    self.globals.push(ty);
                    self.global_inits.push(const_expr(&global.init_expr)?);
                }
            }
            Payload::ExportSection(reader) => self.export_section(reader)?,
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(reader) => self.element_section(reader)?,
            Payload::DataCountSection { count, .. } => self.data_count = Some(count),
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
                let types = types.iter().map(|&ty| supported_type(ty, 0));
                types.collect::<Result<Vec<_>, _>>()
            };
            let ty = FuncType::new(list(ty.params())?, list(ty.results())?);
            self.has_many |= ty.params.len().max(ty.results.len()) > FEW_VALUES;
            self.has_vectors |= ty.params.contains(&ValType::V128) || ty.results.contains(&ValType::V128);
            self.types.push(ty);
        }
        Ok(())
    }

    fn global_type(&mut self, ty: &wasmparser::GlobalType) -> Result<GlobalType, Error> {
        let value = supported_type(ty.content_type, 0)?;
        self.has_vectors |= value == ValType::V128;
        Ok(GlobalType {
            value,
            mutable: ty.mutable,
        })
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
                    let ty = self.global_type(&ty)?;
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
            // No name stands twice: validation has seen to that.
            self.exports.insert(export.name.into(), index);
        }
        Ok(())
    }

    fn element_section(&mut self, reader: wasmparser::ElementSectionReader<'_>) -> Result<(), Error> {
        for element in reader {
            let element = element.map_err(malformed)?;
            #[cfg(feature = "cache")]
            let ty = match &element.items {
                ElementItems::Functions(_) => ValType::FuncRef,
                ElementItems::Expressions(ty, _) => supported_type(wasmparser::ValType::Ref(*ty), 0)?,
            };
            let items = match element.items {
                ElementItems::Functions(functions) => {
                    let functions: Result<_, _> = functions.into_iter().collect();
                    Items::Functions(functions.map_err(malformed)?)
                }
                ElementItems::Expressions(_, expressions) => {
                    let mut items = Vec::new();
                    for expression in expressions {
                        items.push(const_expr(&expression.map_err(malformed)?)?);
                    }
                    Items::Expressions(items.into())
                }
            };
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
            self.elements.push(ElementSegment {
                #[cfg(feature = "cache")]
                ty,
                items,
                mode,
            });
        }
        Ok(())
    }
}

pub(super) fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error> {
    ConstExpr::read(expr)
        .map_err(malformed)?
        .ok_or_else(|| unsupported("garbage collection", 0))
}

fn table_type(ty: &wasmparser::TableType) -> Result<TableType, Error> {
    let element = supported_type(wasmparser::ValType::Ref(ty.element_type), 0)?;
    Ok(TableType {
        element,
        limits: SizeLimits {
            min: ty.initial,
            max: ty.maximum,
        },
        address: address_type(ty.table64),
    })
}

fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        limits: SizeLimits {
            min: ty.initial,
            max: ty.maximum,
        },
        address: address_type(ty.memory64),
        // Validation lets 0 and 16 through.
        page_size_log2: ty.page_size_log2.map_or(16, |log2| log2 as u8),
    }
}

fn address_type(wide: bool) -> AddressType {
    if wide { AddressType::I64 } else { AddressType::I32 }
}
