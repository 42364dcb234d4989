//! Modules with their lowered code, as bytes: made once, read wherever the module is used again.
//!
//! A header with a fingerprint of this build's instruction set and a checksum comes first, then the module's own bytes, and then
//! each function's lowered code, all in postcard's encoding. Reading decodes and validates the module as ever, except for the
//! bodies of its functions: it takes the lowered code in their place, after [`verify_in`] has checked it against the module, at
//! once or when the function is first called. So forged bytes are refused, or are a module like any other, though perhaps not the
//! program that they claim to be.

use serde::{Deserialize, Serialize};
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{BlockId, CodeBlock, FunctionBody, Node, Statement};
use wasm_dispatch_ir::operands::{EntryTypes, OperandTypes, SlotTypes};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::types::{FuncType, GlobalType, ValType, slots};
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops;
use wasm_dispatch_ir::verify::{ModuleFacts, STEPS, VerifyError, verify_in};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::declarations::Declarations;
use super::{Module, ModuleOptions};
use crate::error::{CacheError, Error, ErrorKind};
use crate::metering::Metering;

/// First bytes of everything cached.
const MAGIC: [u8; 8] = *b"wdcode\r\n";

/// Version of the format; what it is made of has its own fingerprint.
const VERSION: u16 = 1;

/// Magic, fingerprint, checksum.
const HEADER: usize = MAGIC.len() + 16 + 16;

/// Everything after the header.
#[derive(Serialize, Deserialize)]
struct Contents<'a> {
    metering: u8,
    deterministic: bool,
    #[serde(borrow, with = "serde_bytes")]
    wasm: &'a [u8],
    /// Each function's [`Function`].
    #[serde(borrow)]
    functions: Vec<&'a serde_bytes::Bytes>,
}

/// A function's lowered code, without what its module says.
#[derive(Serialize, Deserialize)]
struct Function {
    locals: SlotTypes,
    scratch: u16,
    frame_size: u32,
    nodes: Vec<Node>,
    node_types: Vec<ValType>,
    /// Differences.
    node_offsets: Vec<i32>,
    statements: Vec<Statement>,
    /// Differences.
    statement_offsets: Vec<i32>,
    /// By block; a block ends with its terminator.
    entries: Vec<EntryTypes>,
    operands: OperandTypes,
    vectors: Vec<V128>,
    targets: Vec<BlockId>,
}

impl ModuleOptions {
    /// Turns a module with all its functions lowered into bytes, for [`ModuleOptions::deserialize`]. They hold the module itself and
    /// its lowered code, which serves every strategy; they are about three times as long as the module.
    ///
    /// They work with this version of the library only, on any machine. Anyone who can write them decides what the program is.
    ///
    /// ```
    /// use wasm_dispatch::{Imports, Module, Value, Vm};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let wasm = wat::parse_str(r#"(module (func (export "answer") (result i32) i32.const 42))"#)?;
    /// let bytes = Module::options().precompile(&wasm)?;
    /// // Later, elsewhere:
    /// let module = Module::deserialize(&bytes)?;
    /// let mut vm = Vm::new();
    /// let instance = vm.instantiate(&module, &Imports::new())?;
    /// assert_eq!(vm.call(instance, "answer", &[])?, [Value::I32(42)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::compile`]; and [`Limit`](ErrorKind::Limit) for a function so contrived that reading it would take more
    /// than linear time.
    pub fn precompile(self, wasm: &[u8]) -> Result<Vec<u8>, Error> {
        let module = self.compile(wasm)?;
        let declarations = &*module.inner.declarations;
        module.inner.bodies.lower_all();
        let mut functions = Vec::with_capacity(declarations.own_functions());
        for own in 0..declarations.own_functions() as u32 {
            // All have arrived: the module was compiled from all its bytes.
            if let Some(body) = module.inner.bodies.get(own) {
                // Refused now what would be refused when it is read.
                verify_in(body, declarations.imported_functions + own, declarations).map_err(refused)?;
                functions.push(append(&Function::of(body), Vec::new()));
            }
        }
        let contents = Contents {
            metering: metering_code(declarations.metering),
            deterministic: declarations.deterministic,
            wasm,
            functions: functions.iter().map(|bytes| serde_bytes::Bytes::new(bytes)).collect(),
        };
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&fingerprint().to_le_bytes());
        bytes.resize(HEADER, 0);
        bytes = append(&contents, bytes);
        let checksum = xxh3_128(&bytes[HEADER..]);
        bytes[HEADER - 16..HEADER].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads a module from the bytes that [`ModuleOptions::precompile`] made with the same metering and the same choice of
    /// [determinism](ModuleOptions::deterministic). Limits are as for [`ModuleOptions::compile`].
    ///
    /// All of the code is checked, which takes about as long as to load and lower the module again; see
    /// [`ModuleOptions::deserialize_lazily`]. Bytes from a stranger can do no more than a module from a stranger.
    ///
    /// # Errors
    ///
    /// [`Cache`](ErrorKind::Cache); and as for [`ModuleOptions::compile`], of the module inside.
    pub fn deserialize(self, bytes: &[u8]) -> Result<Module, Error> {
        let module = self.deserialize_lazily(bytes)?;
        for own in 0..module.inner.own_functions() as u32 {
            module.inner.bodies.verify_lowered(own)?;
        }
        Ok(module)
    }

    /// [`ModuleOptions::deserialize`], but each function is checked when it is first called, so reading takes hardly longer than a
    /// checksum. Changed and truncated bytes are refused all the same. If bytes were forged, checksum included, a function
    /// that breaks a rule only traps.
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::deserialize`], but for [`Unsound`](CacheError::Unsound).
    pub fn deserialize_lazily(self, bytes: &[u8]) -> Result<Module, Error> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(CacheError::Malformed)?;
        let (found, rest) = rest.split_first_chunk().ok_or(CacheError::Malformed)?;
        if u128::from_le_bytes(*found) != fingerprint() {
            return Err(CacheError::Version.into());
        }
        let (checksum, payload) = rest.split_first_chunk().ok_or(CacheError::Malformed)?;
        if u128::from_le_bytes(*checksum) != xxh3_128(payload) {
            return Err(CacheError::Checksum.into());
        }
        let contents = postcard::take_from_bytes::<Contents<'_>>(payload);
        let (contents, rest) = contents.map_err(|_| CacheError::Malformed)?;
        let count = contents.functions.len();
        let functions = contents.functions.iter().map(|bytes| Box::from(&bytes[..])).collect();
        let module = self.compile_lowered(contents.wasm, functions)?;
        let declarations = &*module.inner.declarations;
        if (contents.metering, contents.deterministic)
            != (metering_code(declarations.metering), declarations.deterministic)
        {
            return Err(CacheError::Options.into());
        }
        if !rest.is_empty() || count != declarations.own_functions() {
            return Err(CacheError::Malformed.into());
        }
        Ok(module)
    }
}

/// A function of a module, among its own ones, from the bytes of its lowered code.
pub(super) fn function(declarations: &Declarations, own: u32, bytes: &[u8]) -> Result<FunctionBody, Error> {
    let (function, rest) = postcard::take_from_bytes::<Function>(bytes).map_err(|_| CacheError::Malformed)?;
    if !rest.is_empty() {
        return Err(CacheError::Malformed.into());
    }
    let index = declarations.imported_functions + own;
    let body = function.body(declarations, index).ok_or(CacheError::Malformed)?;
    verify_in(&body, index, declarations).map_err(refused)?;
    Ok(body)
}

impl Module {
    /// Reads a module with its lowered code, with the default [options](Module::options); see [`ModuleOptions::deserialize`].
    ///
    /// # Errors
    ///
    /// As for [`ModuleOptions::deserialize`].
    pub fn deserialize(bytes: &[u8]) -> Result<Module, Error> {
        Module::options().deserialize(bytes)
    }
}

fn append<T: Serialize>(item: &T, bytes: Vec<u8>) -> Vec<u8> {
    // Writing numbers and lists of them to memory does not fail.
    postcard::to_extend(item, bytes).unwrap_or_default()
}

fn refused(error: VerifyError) -> Error {
    if error.is_work() {
        let (what, limit) = ("steps to verify a node or statement", STEPS as u64);
        return ErrorKind::Limit { what, limit }.into();
    }
    CacheError::Unsound(error.to_string()).into()
}

fn metering_code(metering: Metering) -> u8 {
    match metering {
        Metering::Off => 0,
        Metering::Interrupts => 1,
        Metering::Fuel => 2,
    }
}

/// A fingerprint of everything that the bytes of lowered code depend on: this library's version, the format, and the rows of the
/// instruction table in their order.
fn fingerprint() -> u128 {
    let mut hash = Xxh3::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&VERSION.to_le_bytes());
    macro_rules! names {
        ($($group:path)*) => {
            $(for op in <$group>::ALL {
                hash.update(op.mnemonic().as_bytes());
                hash.update(b"\n");
            })*
        };
    }
    names! {
        UnaryOp BinaryOp LoadOp StoreOp Builtin
        vector_ops::Vector1Op vector_ops::Vector2Op vector_ops::Vector3Op vector_ops::VectorTestOp vector_ops::ShiftOp
        vector_ops::SplatOp vector_ops::ExtractOp vector_ops::ReplaceOp vector_ops::VectorLoadOp vector_ops::VectorStoreOp
        vector_ops::LoadLaneOp vector_ops::StoreLaneOp
    }
    hash.digest128()
}

/// Each as its difference from the one before.
fn differences(offsets: &[u32]) -> Vec<i32> {
    let mut before = 0;
    let next = |&offset: &u32| offset.wrapping_sub(std::mem::replace(&mut before, offset)) as i32;
    offsets.iter().map(next).collect()
}

fn sums(differences: &[i32]) -> Vec<u32> {
    let mut last = 0u32;
    let next = |&difference: &i32| {
        last = last.wrapping_add_signed(difference);
        last
    };
    differences.iter().map(next).collect()
}

impl Function {
    fn of(body: &FunctionBody) -> Function {
        Function {
            locals: body.locals.clone(),
            scratch: body.scratch,
            frame_size: body.frame_size,
            nodes: body.nodes.clone(),
            node_types: body.node_types.clone(),
            node_offsets: differences(&body.node_offsets),
            statements: body.statements.clone(),
            statement_offsets: differences(&body.statement_offsets),
            entries: body.blocks.iter().map(|block| block.entry).collect(),
            operands: body.operands.clone(),
            vectors: body.vectors.clone(),
            targets: body.targets.clone(),
        }
    }

    /// The function, by its index, as one of a module; `None` if its statements are not as many blocks as it says.
    fn body(self, declarations: &Declarations, index: u32) -> Option<FunctionBody> {
        let ty = ModuleFacts::function_type(declarations, index)?;
        let mut blocks = Vec::with_capacity(self.entries.len());
        let (mut entries, mut first) = (self.entries.into_iter(), 0);
        for (number, statement) in (0..).zip(&self.statements) {
            if statement.is_terminator() {
                blocks.push(CodeBlock {
                    first: std::mem::replace(&mut first, number + 1),
                    terminator: number,
                    entry: entries.next()?,
                });
            }
        }
        if entries.next().is_some() || first as usize != self.statements.len() {
            return None;
        }
        Some(FunctionBody {
            params: u16::try_from(slots(&ty.params)).ok()?,
            locals: self.locals,
            results: ty.results.to_vec(),
            scratch: self.scratch,
            frame_size: self.frame_size,
            nodes: self.nodes,
            node_types: self.node_types,
            node_offsets: sums(&self.node_offsets),
            statements: self.statements,
            statement_offsets: sums(&self.statement_offsets),
            blocks,
            vectors: self.vectors,
            operands: self.operands,
            targets: self.targets,
            metered: declarations.metering != Metering::Off,
            imported_globals: declarations.imported_globals,
            imported_functions: declarations.imported_functions,
            shape: declarations.shape.clone(),
        })
    }
}

impl ModuleFacts for Declarations {
    fn function_type(&self, function: u32) -> Option<&FuncType> {
        ModuleFacts::ty(self, *self.function_types.get(function as usize)?)
    }

    fn ty(&self, ty: u32) -> Option<&FuncType> {
        self.types.get(ty as usize)
    }

    fn global(&self, global: u32) -> Option<GlobalType> {
        self.globals.get(global as usize).copied()
    }

    fn data_segments(&self) -> u32 {
        // Validation wants the number ahead of code that names one.
        self.data_count.unwrap_or(0)
    }

    fn element_segment(&self, segment: u32) -> Option<ValType> {
        self.elements.get(segment as usize).map(|segment| segment.ty)
    }
}
