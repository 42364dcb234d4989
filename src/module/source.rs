//! Where in its source a program is: debug information in custom sections.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use addr2line::Context;
use gimli::{Dwarf, EndianArcSlice, Error, LittleEndian, Reader, ReaderOffsetId, Result, SectionId};

use crate::types::SourceLocation;

/// Debug information, read as far as it was asked for.
pub(super) struct Lines {
    // It keeps what it has read, for one thread at a time.
    context: Mutex<Context<Paid>>,
    /// Byte of the module that is its address 0: the first of the code section's contents.
    code: u64,
}

impl Lines {
    /// `None` if there is no debug information, or none that can be read.
    pub fn new(sections: &[(String, Arc<[u8]>)], code: u64) -> Option<Lines> {
        let find = |name: &str| sections.iter().find(|(found, _)| found == name);
        find(SectionId::DebugInfo.name())?;
        let left = Arc::new(AtomicU64::new(FREE));
        let load = |id: SectionId| {
            let bytes = find(id.name()).map_or_else(|| Arc::from([]), |(_, bytes)| bytes.clone());
            left.fetch_add(TIMES * bytes.len() as u64, Relaxed);
            let (bytes, left) = (EndianArcSlice::new(bytes, LittleEndian), left.clone());
            Ok::<_, Error>(Paid { bytes, left })
        };
        let context = Context::from_dwarf(Dwarf::load(load).ok()?).ok()?;
        Some(Lines {
            context: Mutex::new(context),
            code,
        })
    }

    /// Where the instruction at this byte of the module comes from.
    pub fn find(&self, offset: u32) -> Option<SourceLocation> {
        let address = u64::from(offset).checked_sub(self.code)?;
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let location = context.find_location(address).ok()??;
        Some(SourceLocation {
            file: location.file?.to_owned(),
            line: location.line,
            column: location.column,
        })
    }
}

/// How often each byte of debug information may be read. Twice is usual, and more if units share what describes them.
const TIMES: u64 = 8;

/// Bytes that may be read in any case.
const FREE: u64 = 1 << 16;

/// Bytes of debug information that are paid for when they are read. Parts of it may name the same other part, as often as they
/// like: a few thousand units with the same thousands of ranges would take gigabytes. What is not in proportion is damaged.
#[derive(Clone, Debug)]
struct Paid {
    bytes: EndianArcSlice<LittleEndian>,
    /// Bytes that may still be read, here and elsewhere. One thread at a time does.
    left: Arc<AtomicU64>,
}

impl Paid {
    fn pay(&self, bytes: usize) -> Result<()> {
        let left = self.left.load(Relaxed).checked_sub(bytes as u64);
        self.left.store(left.unwrap_or(0), Relaxed);
        left.map(drop).ok_or(Error::UnexpectedEof(self.offset_id()))
    }
}

impl Reader for Paid {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        self.bytes.endian()
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn empty(&mut self) {
        self.bytes.empty();
    }

    fn truncate(&mut self, len: usize) -> Result<()> {
        self.bytes.truncate(len)
    }

    fn offset_from(&self, base: &Paid) -> usize {
        self.bytes.offset_from(&base.bytes)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        self.bytes.offset_id()
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        self.bytes.lookup_offset_id(id)
    }

    fn find(&self, byte: u8) -> Result<usize> {
        let found = self.bytes.find(byte);
        self.pay(found.unwrap_or(self.bytes.len()))?;
        found
    }

    fn skip(&mut self, len: usize) -> Result<()> {
        self.bytes.skip(len)
    }

    fn split(&mut self, len: usize) -> Result<Paid> {
        let (bytes, left) = (self.bytes.split(len)?, self.left.clone());
        Ok(Paid { bytes, left })
    }

    fn to_slice(&self) -> Result<Cow<'_, [u8]>> {
        self.pay(self.bytes.len())?;
        self.bytes.to_slice()
    }

    fn to_string(&self) -> Result<Cow<'_, str>> {
        self.pay(self.bytes.len())?;
        self.bytes.to_string()
    }

    fn to_string_lossy(&self) -> Result<Cow<'_, str>> {
        self.pay(self.bytes.len())?;
        self.bytes.to_string_lossy()
    }

    fn read_slice(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.pay(buffer.len())?;
        self.bytes.read_slice(buffer)
    }
}
