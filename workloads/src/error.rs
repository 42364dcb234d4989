//! What can be wrong with a workload. Every error names the file to look at.

use std::fmt;
use std::path::PathBuf;

use crate::value::ParseValueError;

/// Why a workload, or a folder of them, could not be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A manifest, a module or a folder could not be read.
    Unreadable {
        /// The file or folder.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A manifest, a module or a folder could not be written.
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The manifest is not TOML.
    NotToml {
        /// The manifest.
        file: PathBuf,
        /// The parser's message, with line and column.
        source: Box<toml::de::Error>,
    },
    /// The manifest is TOML but not a manifest: an unknown or missing field, or a field of the wrong type.
    NotManifest {
        /// The manifest.
        file: PathBuf,
        /// Which field is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// A field has the right TOML type but a content that makes no sense.
    BadField {
        /// The manifest.
        file: PathBuf,
        /// The field, as in `quick.memory.sha256`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An argument or an expected result cannot be read as a value.
    BadValue {
        /// The manifest.
        file: PathBuf,
        /// The field, as in `quick.args[0]`.
        field: String,
        /// The text that stands there.
        text: String,
        /// Why it is not a value.
        source: ParseValueError,
    },
    /// The module file is not the one that the manifest was written for.
    Sha256Mismatch {
        /// The module file.
        file: PathBuf,
        /// The manifest's checksum.
        expected: String,
        /// The file's checksum.
        actual: String,
    },
    /// The module file is `.wat` and does not assemble.
    BadWat {
        /// The module file.
        file: PathBuf,
        /// The assembler's message, with line and column.
        source: wat::Error,
    },
    /// Two manifests of one folder have the same name.
    DuplicateName {
        /// The name.
        name: String,
        /// One manifest.
        first: PathBuf,
        /// The other manifest.
        second: PathBuf,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable { file, source } => write!(f, "{}: cannot be read: {source}", file.display()),
            Error::Unwritable { file, source } => write!(f, "{}: cannot be written: {source}", file.display()),
            Error::NotToml { file, source } => write!(f, "{}: not TOML: {source}", file.display()),
            Error::NotManifest { file, source } => write!(f, "{}: not a workload manifest: {source}", file.display()),
            Error::BadField { file, field, reason } => write!(f, "{}: {field}: {reason}", file.display()),
            Error::BadValue {
                file,
                field,
                text,
                source,
            } => {
                write!(f, "{}: {field}: `{text}`: {source}", file.display())
            }
            Error::Sha256Mismatch { file, expected, actual } => write!(
                f,
                "{}: its sha256 is {actual}, but its manifest says {expected} (if the change is intended, \
                 `scripts/build-workloads --sha` writes the new one)",
                file.display()
            ),
            Error::BadWat { file, source } => write!(f, "{}: does not assemble: {source}", file.display()),
            Error::DuplicateName { name, first, second } => {
                write!(
                    f,
                    "{}: the name `{name}` is taken by {}",
                    second.display(),
                    first.display()
                )
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Unreadable { source, .. } | Error::Unwritable { source, .. } => Some(source),
            Error::NotToml { source, .. } | Error::NotManifest { source, .. } => Some(source),
            Error::BadValue { source, .. } => Some(source),
            Error::BadWat { source, .. } => Some(source),
            Error::BadField { .. } | Error::Sha256Mismatch { .. } | Error::DuplicateName { .. } => None,
        }
    }
}
