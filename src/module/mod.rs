//! The immutable module: decoded and validated, its functions lowered when they are first called.

mod bodies;
#[cfg(feature = "cache")]
mod cache;
mod constant;
mod declarations;
mod decode;
mod options;
mod refusal;
#[cfg(feature = "dwarf")]
mod source;
mod stream;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::types::FuncType;
#[cfg(feature = "cache")]
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_machine::backend::{Backend, ModuleCode};

use self::bodies::ModuleBodies;
pub(crate) use self::constant::ConstExpr;
use self::declarations::Declarations;
pub use self::options::ModuleOptions;
pub use self::stream::Arrival;
use crate::metering::Metering;
#[cfg(feature = "dwarf")]
use crate::types::SourceLocation;
use crate::types::{ExportType, ImportType};

/// A WebAssembly module: decoded and validated, ready to be instantiated any number of times.
///
/// Immutable, cheap to clone, `Send + Sync`. Functions are lowered to code blocks and compiled when they are first called;
/// the code is kept with the module and shared by all [`Vm`](crate::Vm)s that run it.
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
    /// Bytes of the module; while it is being [streamed](Module::stream), the bytes that were needed to start.
    pub total_size: usize,
    /// Number of globals, imported ones included.
    pub globals: usize,
    /// Number of functions, imported ones included.
    pub functions: usize,
    /// Number of leading bytes that suffice to start executing: everything that instantiation needs, and the
    /// start function if there is one. A module with a memory needs its data section, which comes after the code. If it
    /// has no data section, it needs all its bytes, because data could still come, unless a data count of 0 rules that out.
    pub min_size_to_start: usize,
}

pub(crate) struct ModuleInner {
    declarations: Arc<Declarations>,
    pub data: Vec<DataSegment>,
    pub bodies: Arc<ModuleBodies>,
    min_size_to_start: usize,
    /// Set when the last byte has arrived.
    late: OnceLock<Late>,
    /// See [`ModuleInner::first_exports`]: only backtraces ask.
    first_exports: OnceLock<HashMap<u32, usize>>,
    code: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

/// What is known of a module when its last byte has arrived.
pub(crate) struct Late {
    names: HashMap<u32, String>,
    custom: Vec<(String, Arc<[u8]>)>,
    /// Made when it is first asked for; `None` inside: there is no debug information.
    #[cfg(feature = "dwarf")]
    lines: OnceLock<Option<source::Lines>>,
    /// Byte of the module at which the contents of its code section begin.
    #[cfg(feature = "dwarf")]
    code_start: u64,
    total_size: usize,
    /// SHA-256 of the module's bytes.
    #[cfg(feature = "snapshot")]
    hash: [u8; 32],
}

impl Deref for ModuleInner {
    type Target = Declarations;

    fn deref(&self) -> &Declarations {
        &self.declarations
    }
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
pub(crate) struct ElementSegment {
    /// Type of the references.
    #[cfg(feature = "cache")]
    pub ty: ValType,
    pub items: Items,
    pub mode: SegmentMode,
}

/// The references in an element segment.
#[derive(Clone, Debug)]
pub(crate) enum Items {
    /// Functions, by their index in the module.
    Functions(Box<[u32]>),
    /// Anything.
    Expressions(Box<[ConstExpr]>),
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

impl Module {
    /// Where a program of this module can be stopped.
    pub fn metering(&self) -> Metering {
        self.inner.metering
    }

    /// Facts about the module.
    pub fn meta(&self) -> Meta {
        let inner = &self.inner;
        Meta {
            version: inner.version,
            total_size: inner.late.get().map_or(inner.min_size_to_start, |late| late.total_size),
            globals: inner.globals.len(),
            functions: inner.function_types.len(),
            min_size_to_start: inner.min_size_to_start,
        }
    }

    /// Whether all of the module has arrived: false only while it is [streamed](Module::stream).
    pub fn is_complete(&self) -> bool {
        self.inner.late.get().is_some()
    }

    /// The module's imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &ImportType> {
        self.inner.imports.iter()
    }

    /// The module's exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType> {
        self.inner.exports.iter().map(|(name, &index)| ExportType {
            name: name.to_string(),
            ty: self.inner.extern_type(index),
        })
    }

    /// The custom sections, by name, in order; none while the module is [arriving](Module::is_complete), or if it was made
    /// [without](ModuleOptions::custom_sections).
    pub fn custom_sections(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let late = self.inner.late.get();
        let sections = late.map_or(&[][..], |late| &late.custom);
        sections.iter().map(|(name, bytes)| (&name[..], &bytes[..]))
    }

    /// The first custom section of a name.
    pub fn custom_section(&self, name: &str) -> Option<&[u8]> {
        self.custom_sections()
            .find_map(|(found, bytes)| (found == name).then_some(bytes))
    }

    /// The source location of the instruction at a byte of the module, if the module has debug information (DWARF) and
    /// keeps its [custom sections](ModuleOptions::custom_sections). The first call reads the list of compilation units.
    #[cfg(feature = "dwarf")]
    pub fn source_location(&self, offset: u32) -> Option<SourceLocation> {
        let late = self.inner.late.get()?;
        let lines = || source::Lines::new(&late.custom, late.code_start);
        late.lines.get_or_init(lines).as_ref()?.find(offset)
    }

    /// A function's name from the name section, by its index.
    pub fn function_name(&self, function: u32) -> Option<&str> {
        self.inner.late.get()?.names.get(&function).map(String::as_str)
    }

    /// The index of the function that is exported under a name.
    pub fn exported_function(&self, name: &str) -> Option<u32> {
        match *self.inner.exports.get(name)? {
            ExternIndex::Func(function) => Some(function),
            ExternIndex::Table(_) | ExternIndex::Memory(_) | ExternIndex::Global(_) => None,
        }
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

    /// Lowers all functions that have arrived to code blocks now instead of when they are first called.
    pub fn lower(&self) {
        self.inner.bodies.lower_all();
    }

    /// Compiles all functions under a strategy now instead of when they are first called, and returns the bytes of
    /// the compiled code. Every machine that runs the module under this strategy uses it.
    pub fn compile(&self, strategy: crate::Strategy) -> usize {
        strategy.compile(self, 1)
    }

    /// [`Module::compile`], including lowering, on this many threads: the caller's, and others that end when it is done.
    pub fn compile_on_threads(&self, strategy: crate::Strategy, threads: NonZeroUsize) -> usize {
        strategy.compile(self, threads.get())
    }

    /// [`Module::compile`] for a strategy chosen by type, as [`Vm::with_backend`](crate::Vm::with_backend) takes it.
    pub fn compile_backend<B: Backend>(&self) -> usize {
        let code = self.code::<B>();
        code.compile_all(1);
        code.code_bytes()
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
            .field("meta", &self.meta())
            .finish_non_exhaustive()
    }
}

impl ModuleInner {
    fn new(
        declarations: Arc<Declarations>,
        bodies: Arc<ModuleBodies>,
        data: Vec<DataSegment>,
        min_size_to_start: usize,
    ) -> ModuleInner {
        ModuleInner {
            declarations,
            data,
            bodies,
            min_size_to_start,
            late: OnceLock::new(),
            first_exports: OnceLock::new(),
            code: Mutex::new(Vec::new()),
        }
    }

    /// The last byte has arrived.
    fn complete(&self, late: Late) {
        // Only the decoder of the module says so, once.
        let _ = self.late.set(late);
    }

    /// SHA-256 of the module's bytes; `None` while it is arriving.
    #[cfg(feature = "snapshot")]
    pub(crate) fn hash(&self) -> Option<[u8; 32]> {
        self.late.get().map(|late| late.hash)
    }

    /// The first export of each exported function.
    fn first_exports(&self) -> &HashMap<u32, usize> {
        self.first_exports.get_or_init(|| {
            let mut first = HashMap::new();
            for (number, &index) in self.exports.values().enumerate() {
                if let ExternIndex::Func(function) = index {
                    first.entry(function).or_insert(number);
                }
            }
            first
        })
    }

    /// The name of a function: from the name section, else of an export.
    pub(crate) fn name_of(&self, function: u32) -> Option<String> {
        let exported = || {
            let (name, _) = self.exports.get_index(*self.first_exports().get(&function)?)?;
            Some(name.to_string())
        };
        let named = || self.late.get()?.names.get(&function).cloned();
        named().or_else(exported)
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

    /// Its code blocks; `None` for an imported function, or one that has not arrived.
    pub fn body(&self) -> Option<&'m FunctionBody> {
        let own = self.index.checked_sub(self.module.inner.imported_functions)?;
        self.module.inner.bodies.get(own).map(|body| &**body)
    }
}
