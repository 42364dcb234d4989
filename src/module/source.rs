//! Where in its source a program is: debug information in custom sections.

use std::sync::{Arc, Mutex, PoisonError};

use addr2line::Context;
use gimli::{Dwarf, EndianArcSlice, Error, LittleEndian, SectionId};

use crate::types::SourceLocation;

/// Debug information, read as far as it was asked for.
pub(super) struct Lines {
    // It keeps what it has read, for one thread at a time.
    context: Mutex<Context<EndianArcSlice<LittleEndian>>>,
    /// Byte of the module that is its address 0: the first of the code section's contents.
    code: u64,
}

impl Lines {
    /// `None` if there is no debug information, or none that can be read.
    pub fn new(sections: &[(String, Arc<[u8]>)], code: u64) -> Option<Lines> {
        let find = |name: &str| sections.iter().find(|(found, _)| found == name);
        find(SectionId::DebugInfo.name())?;
        let load = |id: SectionId| {
            let bytes = find(id.name()).map_or_else(|| Arc::from([]), |(_, bytes)| bytes.clone());
            Ok::<_, Error>(EndianArcSlice::new(bytes, LittleEndian))
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
