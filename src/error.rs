//! What can go wrong, as one small typed error.

use std::fmt;
use std::sync::Arc;

use wasm_dispatch_ir::Trap;

use crate::demangle::demangle;
use crate::types::{Pause, SourceLocation};

/// Any failure of this library. One pointer wide, so that results stay small; cheap to clone.
#[derive(Clone)]
pub struct Error(Arc<ErrorKind>);

/// The kinds of [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not a WebAssembly module: truncated, corrupt, or of another kind.
    Malformed {
        /// What is wrong.
        message: String,
        /// Where, as a byte offset in the module.
        offset: usize,
    },
    /// The module is well-formed but not valid.
    Invalid {
        /// What is wrong.
        message: String,
        /// Where, as a byte offset in the module.
        offset: usize,
    },
    /// The bytes of a module could not be read to their end.
    Read(std::io::Error),
    /// The module uses a proposal that is not supported.
    Unsupported {
        /// The proposal's name, as in the WebAssembly proposals list.
        proposal: &'static str,
        /// Where, as a byte offset in the module.
        offset: usize,
    },
    /// The module, or what it asks for, exceeds a configured limit.
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The machine's [`Limiter`](crate::Limiter) refused something: a memory, a table or an instance.
    Refused(&'static str),
    /// The host has no memory left for what a module or its embedder asks for, within all limits.
    HostMemory {
        /// What there is no room for.
        what: &'static str,
    },
    /// Something that a module imports was not provided.
    MissingImport {
        /// First part of the import's name.
        module: String,
        /// Second part of the import's name.
        name: String,
    },
    /// Something was provided for an import, but of another type.
    ImportMismatch {
        /// First part of the import's name.
        module: String,
        /// Second part of the import's name.
        name: String,
        /// What the module wants.
        expected: String,
        /// What it was given.
        found: String,
    },
    /// No export of this name, or not of the kind asked for.
    NoExport {
        /// The name.
        name: String,
        /// The kind asked for: function, memory, table or global.
        kind: &'static str,
    },
    /// A function was called with arguments or expected results of another type.
    Signature {
        /// The function's type.
        expected: String,
        /// What was passed or expected.
        found: String,
    },
    /// A misuse of the API, as a sentence: a handle of another [`Vm`](crate::Vm), a value of another type, an index
    /// past the end, an attempt to set a constant.
    Usage(String),
    /// No such strategy in this build.
    UnknownStrategy(String),
    /// This build or this system cannot run the machine's strategy ([`Strategy::refusal`](crate::Strategy::refusal)).
    StrategyRefuses {
        /// The strategy.
        strategy: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The program trapped.
    Trap(TrapInfo),
    /// A snapshot was refused.
    #[cfg(feature = "snapshot")]
    Snapshot(SnapshotError),
    /// The bytes of a precompiled module were refused.
    #[cfg(feature = "cache")]
    Cache(CacheError),
    /// The call was paused: [`Vm::resume`](crate::Vm::resume) continues it, the next call abandons it.
    Paused(Pause),
    /// The program called an asynchronous host function, for which a blocking call cannot wait. Use
    /// [`Vm::call_async`](crate::Vm::call_async).
    NeedsAsync,
    /// A host function failed, or panicked ([`HostPanic`](crate::HostPanic)).
    Host {
        /// What it reported.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Where the program was.
        backtrace: Backtrace,
    },
}

/// A trap and where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapInfo {
    /// Why.
    pub trap: Trap,
    /// Where, innermost frame first.
    pub backtrace: Backtrace,
}

/// The functions that were active, innermost first. Long backtraces keep both ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backtrace {
    /// The frames that were kept.
    pub frames: Vec<BacktraceFrame>,
    /// Number of frames left out in the middle.
    pub omitted: usize,
}

/// One active function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacktraceFrame {
    /// Index of the function in its module.
    pub function: u32,
    /// Its name from the name section, or from an export: see [`demangle`](crate::demangle()).
    pub name: Option<String>,
    /// Byte offset in the module of the instruction it was at.
    pub offset: u32,
    /// Where that comes from, in builds with the feature `dwarf`, if the module has debug information.
    pub source: Option<SourceLocation>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Error {
        Error(Arc::new(kind))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage(message.into()))
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The trap, if this is one.
    pub fn trap(&self) -> Option<Trap> {
        match &*self.0 {
            ErrorKind::Trap(info) => Some(info.trap),
            _ => None,
        }
    }

    /// Where the program was, if it was running.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        match &*self.0 {
            ErrorKind::Trap(info) => Some(&info.backtrace),
            ErrorKind::Host { backtrace, .. } => Some(backtrace),
            _ => None,
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Error {
        Error::new(kind)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Malformed { message, offset } => write!(f, "malformed module: {message} (at byte {offset})"),
            ErrorKind::Invalid { message, offset } => write!(f, "invalid module: {message} (at byte {offset})"),
            ErrorKind::Read(error) => write!(f, "the module could not be read: {error}"),
            ErrorKind::Unsupported { proposal, offset } => {
                write!(
                    f,
                    "the module uses the unsupported proposal \"{proposal}\" (at byte {offset})"
                )
            }
            ErrorKind::Limit { what, limit } => write!(f, "{what} beyond the limit of {limit}"),
            ErrorKind::Refused(what) => write!(f, "the host's limiter refused {what}"),
            ErrorKind::HostMemory { what } => write!(f, "the host has no memory left for {what}"),
            ErrorKind::MissingImport { module, name } => write!(f, "unknown import: {module}.{name} is not provided"),
            ErrorKind::ImportMismatch {
                module,
                name,
                expected,
                found,
            } => {
                write!(
                    f,
                    "incompatible import type: {module}.{name} should be {expected} and is {found}"
                )
            }
            ErrorKind::NoExport { name, kind } => write!(f, "no {kind} is exported as \"{name}\""),
            ErrorKind::Signature { expected, found } => {
                write!(f, "a function of type {expected} was called as {found}")
            }
            ErrorKind::Usage(message) => f.write_str(message),
            ErrorKind::UnknownStrategy(name) => write!(f, "no strategy is called \"{name}\" in this build"),
            ErrorKind::StrategyRefuses { strategy, reason } => {
                write!(f, "the strategy \"{strategy}\" cannot run here: {reason}")
            }
            ErrorKind::Trap(info) => write!(f, "trap: {}{}", info.trap, info.backtrace),
            #[cfg(feature = "snapshot")]
            ErrorKind::Snapshot(error) => write!(f, "{error}"),
            #[cfg(feature = "cache")]
            ErrorKind::Cache(error) => write!(f, "{error}"),
            ErrorKind::Paused(Pause::Interrupted) => f.write_str("paused: interrupted"),
            ErrorKind::Paused(Pause::OutOfFuel) => f.write_str("paused: all fuel consumed"),
            ErrorKind::Paused(Pause::NotArrived) => f.write_str("paused: a function has not arrived"),
            ErrorKind::NeedsAsync => f.write_str("a blocking call reached an asynchronous host function"),
            ErrorKind::Host { source, backtrace } => write!(f, "host function failed: {source}{backtrace}"),
        }
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.frames.len() / 2;
        for (number, frame) in self.frames.iter().enumerate() {
            if self.omitted > 0 && number == tail {
                write!(f, "\n  ... {} frames left out", self.omitted)?;
            }
            write!(f, "\n  at function {}", frame.function)?;
            if let Some(name) = &frame.name {
                write!(f, " <{}>", demangle(name))?;
            }
            write!(f, ", byte {:#x}", frame.offset)?;
            if let Some(source) = &frame.source {
                write!(f, ", {source}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Trap(info) => Some(&info.trap),
            ErrorKind::Read(error) => Some(error),
            ErrorKind::Host { source, .. } => Some(&**source),
            #[cfg(feature = "snapshot")]
            ErrorKind::Snapshot(error) => Some(error),
            #[cfg(feature = "cache")]
            ErrorKind::Cache(error) => Some(error),
            _ => None,
        }
    }
}

/// Why the bytes of a precompiled module are refused.
#[cfg(feature = "cache")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheError {
    /// The bytes are not a precompiled module, or not all of one.
    Malformed,
    /// Another version of this library made them: precompile the module again.
    Version,
    /// The bytes were changed.
    Checksum,
    /// They were made with another choice of metering or determinism than they are read with.
    Options,
    /// The code breaks a rule that all code made by this library keeps.
    Unsound(String),
}

#[cfg(feature = "cache")]
impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheError::Malformed => f.write_str("not a precompiled module, or truncated"),
            CacheError::Version => {
                f.write_str("the module was precompiled by another version of wasm-dispatch: precompile it again")
            }
            CacheError::Checksum => f.write_str("the precompiled module was changed"),
            CacheError::Options => f.write_str("the module was precompiled with other metering or determinism"),
            CacheError::Unsound(why) => write!(f, "the precompiled code is unsound: {why}"),
        }
    }
}

#[cfg(feature = "cache")]
impl std::error::Error for CacheError {}

#[cfg(feature = "cache")]
impl From<CacheError> for Error {
    fn from(error: CacheError) -> Error {
        ErrorKind::Cache(error).into()
    }
}

/// Why a snapshot is refused.
#[cfg(feature = "snapshot")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes are not a snapshot, or not all of one.
    Malformed,
    /// It has the format of another version of this library.
    Version {
        /// The version of its format.
        found: u16,
        /// The version that this library reads.
        reads: u16,
    },
    /// The bytes were changed.
    Checksum,
    /// It is of other modules, or of instances that were made differently.
    Foreign,
    /// It contradicts itself or the modules.
    Inconsistent(&'static str),
    /// It needs more than a limit of this machine allows.
    Limit(&'static str),
    /// A [streamed](crate::Module::stream) module of the machine has not arrived completely, so it cannot be identified yet.
    Arriving,
    /// A host function asked for it while a program was waiting for that function.
    InHostFunction,
    /// The program waits in a host function that was tail-called, or was called by the host itself.
    WithoutCaller,
}

#[cfg(feature = "snapshot")]
impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Malformed => f.write_str("not a snapshot, or truncated"),
            SnapshotError::Version { found, reads } => write!(
                f,
                "the snapshot has format version {found}, and this version of wasm-dispatch reads version {reads}: \
                 restore it with the version that wrote it"
            ),
            SnapshotError::Checksum => f.write_str("the snapshot was changed"),
            SnapshotError::Foreign => f.write_str("the snapshot is of other modules or other instances"),
            SnapshotError::Inconsistent(what) => write!(f, "the snapshot contradicts itself: {what}"),
            SnapshotError::Limit(what) => write!(f, "the snapshot exceeds the limit of {what}"),
            SnapshotError::Arriving => f.write_str("no snapshot before all modules have arrived completely"),
            SnapshotError::InHostFunction => f.write_str("no snapshot while a program waits for a host function"),
            SnapshotError::WithoutCaller => f.write_str("no snapshot while a host function waits that has no caller"),
        }
    }
}

#[cfg(feature = "snapshot")]
impl std::error::Error for SnapshotError {}

#[cfg(feature = "snapshot")]
impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Error {
        ErrorKind::Snapshot(error).into()
    }
}
