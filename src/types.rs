//! Small types that everything above uses: what modules import and export, and why calls pause.

use std::fmt;

use wasm_dispatch_ir::shape::{AddressType, MemoryShape, TableShape};
use wasm_dispatch_ir::types::GlobalType;
use wasm_dispatch_ir::types::{FuncType, ValType};

/// Size limits of a memory (in pages) or a table (in elements).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    /// Size at the start.
    pub min: u64,
    /// Size it may grow to, if declared.
    pub max: Option<u64>,
}

impl SizeLimits {
    /// Whether something of the current size `size` and the declared maximum `max` may be imported as this
    /// (specification section 4.5.1, "import matching").
    pub(crate) fn accepts(&self, size: u64, max: Option<u64>) -> bool {
        size >= self.min && self.max.is_none_or(|mine| max.is_some_and(|theirs| theirs <= mine))
    }
}

/// Type of a memory.
///
/// [`SizeLimits`] alone stand for a memory with 32-bit addresses and pages of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryType {
    /// Number of pages.
    pub limits: SizeLimits,
    /// Type of the addresses.
    pub address: AddressType,
    /// Base-2 logarithm of the bytes of a page: 16, or 0.
    pub page_size_log2: u8,
}

impl From<SizeLimits> for MemoryType {
    fn from(limits: SizeLimits) -> MemoryType {
        MemoryType::with_shape(limits, MemoryShape::default())
    }
}

impl MemoryType {
    pub(crate) fn with_shape(limits: SizeLimits, shape: MemoryShape) -> MemoryType {
        MemoryType {
            limits,
            address: shape.address,
            page_size_log2: shape.page_size_log2,
        }
    }

    pub(crate) fn shape(&self) -> MemoryShape {
        MemoryShape {
            address: self.address,
            page_size_log2: self.page_size_log2,
        }
    }
}

/// Type of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableType {
    /// Type of the elements.
    pub element: ValType,
    /// Number of elements.
    pub limits: SizeLimits,
    /// Type of the indices.
    pub address: AddressType,
}

impl TableType {
    /// A table with 32-bit indices.
    pub fn new(element: ValType, limits: SizeLimits) -> TableType {
        let address = AddressType::I32;
        TableType {
            element,
            limits,
            address,
        }
    }

    pub(crate) fn shape(&self) -> TableShape {
        TableShape {
            address: self.address,
            element: self.element,
        }
    }
}

/// Type of something imported or exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |address| match address {
            AddressType::I32 => "",
            AddressType::I64 => "64-bit ",
        };
        let max = |limits: &SizeLimits| limits.max.map_or(String::new(), |max| format!("..{max}"));
        match self {
            ExternType::Func(ty) => write!(f, "function {ty}"),
            ExternType::Table(ty) => {
                let (min, max, element) = (ty.limits.min, max(&ty.limits), ty.element);
                write!(f, "{}table of {min} {element}{max}", width(ty.address))
            }
            ExternType::Memory(ty) => {
                let (min, max) = (ty.limits.min, max(&ty.limits));
                write!(f, "{}memory of {min} pages{max}", width(ty.address))?;
                match ty.page_size_log2 {
                    16 => Ok(()),
                    0 => f.write_str(", 1 byte each"),
                    log2 => write!(f, ", 2^{log2} bytes each"),
                }
            }
            ExternType::Global(ty) if ty.mutable => write!(f, "mutable {} global", ty.value),
            ExternType::Global(ty) => write!(f, "{} global", ty.value),
        }
    }
}

/// What a module wants from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportType {
    /// First part of the name.
    pub module: String,
    /// Second part of the name.
    pub name: String,
    /// What it must be.
    pub ty: ExternType,
}

/// What a module offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportType {
    /// The name.
    pub name: String,
    /// What it is.
    pub ty: ExternType,
}

/// The machine's name for a value type; `None` for types of unsupported proposals.
pub(crate) fn value_type(ty: wasmparser::ValType) -> Option<ValType> {
    use wasmparser::ValType as W;
    Some(match ty {
        W::I32 => ValType::I32,
        W::I64 => ValType::I64,
        W::F32 => ValType::F32,
        W::F64 => ValType::F64,
        W::Ref(r) if r.is_func_ref() => ValType::FuncRef,
        W::Ref(r) if r.is_extern_ref() => ValType::ExternRef,
        W::V128 => ValType::V128,
        W::Ref(_) => return None,
    })
}

/// A place in the source of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file, as the compiler that made the module named it.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column] {
            let Some(number) = number else { break };
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Why a call was paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pause {
    /// An [`InterruptHandle`](crate::InterruptHandle) asked for it.
    Interrupted,
    /// The fuel is used up, and [`OutOfFuel::Pause`](crate::OutOfFuel::Pause) was asked for.
    OutOfFuel,
    /// A blocking call reached a function of a [streamed](crate::Module::stream) module that has not arrived.
    NotArrived,
}
