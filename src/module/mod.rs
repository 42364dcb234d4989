//! The immutable module: decoded, validated, lowered.

mod constant;
mod decode;
pub mod types;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_dispatch_machine::backend::{Backend, Bodies, ModuleCode};
use wasm_dispatch_machine::code::{FuncType, FunctionBody};
use wasm_dispatch_machine::store::GlobalType;

pub(crate) use self::constant::ConstExpr;
use self::types::{ExportType, ExternType, ImportType, SizeLimits, TableType};
use crate::error::Error;
use crate::limits::Limits;
use crate::metering::Metering;

/// A WebAssembly module: decoded, validated and lowered to code blocks, ready to be instantiated any number of times.
///
/// Immutable, cheap to clone, `Send + Sync`. Code compiled by a strategy is kept with the module and shared by all
/// [`Vm`](crate::Vm)s that run it.
#[derive(Clone)]
pub struct Module {
    pub(crate) inner: Arc<ModuleInner>,
}

/// Facts about a module that are known without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Version of the binary format.
    pub version: u16,
    /// Bytes of the module.
    pub total_size: usize,
    /// Number of globals, imported ones included.
    pub globals: usize,
    /// Number of functions, imported ones included.
    pub functions: usize,
    /// Smallest number of leading bytes that suffice to start executing: everything that instantiation needs, and the
    /// start function if there is one.
    pub min_size_to_start: usize,
}

pub(crate) struct ModuleInner {
    pub types: Vec<FuncType>,
    pub imports: Vec<ImportType>,
    /// Type index of every function, imported ones first.
    pub function_types: Vec<u32>,
    pub imported_functions: u32,
    pub tables: Vec<(TableType, Option<ConstExpr>)>,
    pub imported_tables: u32,
    pub memories: Vec<SizeLimits>,
    pub imported_memories: u32,
    pub globals: Vec<GlobalType>,
    pub imported_globals: u32,
    /// Initial values of own globals.
    pub global_inits: Vec<ConstExpr>,
    pub exports: Vec<Export>,
    pub start: Option<u32>,
    pub elements: Vec<ElementSegment>,
    pub data: Vec<DataSegment>,
    pub bodies: Arc<LoweredBodies>,
    pub names: HashMap<u32, String>,
    pub meta: Meta,
    pub metering: Metering,
    /// SHA-256 of the module's bytes.
    #[cfg(feature = "snapshot")]
    pub hash: [u8; 32],
    code: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

/// Index spaces that exports name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExternIndex {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Export {
    pub name: String,
    pub index: ExternIndex,
}

#[derive(Clone, Debug)]
pub(crate) struct ElementSegment {
    pub items: Vec<ConstExpr>,
    pub mode: SegmentMode,
}

#[derive(Clone, Debug)]
pub(crate) struct DataSegment {
    pub bytes: Arc<[u8]>,
    pub mode: SegmentMode,
}

/// When a segment is used.
#[derive(Clone, Debug)]
pub(crate) enum SegmentMode {
    Passive,
    Declared,
    Active { index: u32, offset: ConstExpr },
}

/// The lowered functions of a module.
pub(crate) struct LoweredBodies(pub Vec<Arc<FunctionBody>>);

impl Bodies for LoweredBodies {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn body(&self, function: u32) -> Arc<FunctionBody> {
        self.0[function as usize].clone()
    }
}

impl Module {
    /// Decodes, validates and lowers a module in the binary format.
    ///
    /// Supported: WebAssembly 2.0 without vector instructions, plus tail calls, extended constant expressions and
    /// multiple memories.
    ///
    /// # Errors
    ///
    /// [`Malformed`](crate::ErrorKind::Malformed), [`Invalid`](crate::ErrorKind::Invalid),
    /// [`Unsupported`](crate::ErrorKind::Unsupported) with the proposal's name, or
    /// [`Limit`](crate::ErrorKind::Limit).
    pub fn new(bytes: &[u8]) -> Result<Module, Error> {
        Module::with_limits(bytes, &Limits::default())
    }

    /// [`Module::new`] with limits on size and function count.
    ///
    /// # Errors
    ///
    /// As for [`Module::new`].
    pub fn with_limits(bytes: &[u8], limits: &Limits) -> Result<Module, Error> {
        Module::metered(bytes, limits, Metering::default())
    }

    /// [`Module::with_limits`] with another choice of where a running program can be stopped.
    ///
    /// # Errors
    ///
    /// As for [`Module::new`].
    pub fn metered(bytes: &[u8], limits: &Limits, metering: Metering) -> Result<Module, Error> {
        #[cfg_attr(not(feature = "snapshot"), allow(unused_mut))]
        let mut inner = decode::decode(bytes, limits, metering)?;
        #[cfg(feature = "snapshot")]
        {
            inner.hash = <sha2::Sha256 as sha2::Digest>::digest(bytes).into();
        }
        Ok(Module { inner: Arc::new(inner) })
    }

    /// Where a program of this module can be stopped.
    pub fn metering(&self) -> Metering {
        self.inner.metering
    }

    /// Facts about the module.
    pub fn meta(&self) -> Meta {
        self.inner.meta
    }

    /// What the module wants from outside, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &ImportType> {
        self.inner.imports.iter()
    }

    /// What the module offers, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType> {
        self.inner.exports.iter().map(|export| ExportType {
            name: export.name.clone(),
            ty: self.inner.extern_type(export.index),
        })
    }

    /// A function's name from the name section, by its index.
    pub fn function_name(&self, function: u32) -> Option<&str> {
        self.inner.names.get(&function).map(String::as_str)
    }

    /// A function by its index, imported ones first.
    pub fn function(&self, index: u32) -> Option<Function<'_>> {
        let ty = *self.inner.function_types.get(index as usize)?;
        Some(Function {
            module: self,
            index,
            ty: &self.inner.types[ty as usize],
        })
    }

    /// All functions, imported ones first.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = Function<'_>> {
        let ty = |index: usize| &self.inner.types[self.inner.function_types[index] as usize];
        (0..self.inner.function_types.len()).map(move |index| Function {
            module: self,
            index: index as u32,
            ty: ty(index),
        })
    }

    /// Compiles all functions under a strategy now instead of when they are first called, and returns the bytes of
    /// the compiled code. Every machine that runs the module under this strategy uses it.
    pub fn compile(&self, strategy: crate::Strategy) -> usize {
        strategy.compile(self)
    }

    /// The module's code under a strategy: made once, compiled function by function when first called.
    pub(crate) fn code<B: Backend>(&self) -> Arc<ModuleCode<B>> {
        let id = TypeId::of::<B>();
        let mut known = self.inner.code.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, code)) = known.iter().find(|(known, _)| *known == id)
            && let Ok(code) = code.clone().downcast::<ModuleCode<B>>()
        {
            return code;
        }
        let code = Arc::new(ModuleCode::<B>::new(self.inner.bodies.clone()));
        known.push((id, code.clone()));
        code
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("meta", &self.inner.meta)
            .finish_non_exhaustive()
    }
}

impl ModuleInner {
    pub(crate) fn function_type(&self, function: u32) -> &FuncType {
        &self.types[self.function_types[function as usize] as usize]
    }

    pub(crate) fn extern_type(&self, index: ExternIndex) -> ExternType {
        match index {
            ExternIndex::Func(i) => ExternType::Func(self.function_type(i).clone()),
            ExternIndex::Table(i) => ExternType::Table(self.tables[i as usize].0),
            ExternIndex::Memory(i) => ExternType::Memory(self.memories[i as usize]),
            ExternIndex::Global(i) => ExternType::Global(self.globals[i as usize]),
        }
    }

    /// The name of a function: from the name section, else of an export.
    pub(crate) fn name_of(&self, function: u32) -> Option<String> {
        let exported = || {
            let export = self.exports.iter().find(|e| e.index == ExternIndex::Func(function))?;
            Some(export.name.clone())
        };
        self.names.get(&function).cloned().or_else(exported)
    }
}

/// A function of a module.
#[derive(Clone, Copy, Debug)]
pub struct Function<'m> {
    module: &'m Module,
    index: u32,
    ty: &'m FuncType,
}

impl<'m> Function<'m> {
    /// Its index in the module, imported functions first.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Its type.
    pub fn ty(&self) -> &'m FuncType {
        self.ty
    }

    /// Its name from the name section.
    pub fn name(&self) -> Option<&'m str> {
        self.module.function_name(self.index)
    }

    /// Its code blocks; `None` for an imported function.
    pub fn body(&self) -> Option<&'m FunctionBody> {
        let own = self.index.checked_sub(self.module.inner.imported_functions)?;
        self.module.inner.bodies.0.get(own as usize).map(|body| &**body)
    }
}
