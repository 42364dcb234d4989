//! Memory for machine code: written first and made executable afterwards, never both.
//!
//! A region has two parts, each of whole pages: constants, which can be read, and behind them code, which can be read and
//! executed. So numbers that a module chooses are in no executable page.

use std::ffi::c_void;
use std::io;
use std::ptr;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Pages with constants and code, which stay where they are until this is dropped.
#[derive(Debug)]
pub(crate) struct Region {
    start: usize,
    length: usize,
    code: usize,
}

/// Bytes of a page.
pub(crate) fn page() -> usize {
    rustix::param::page_size()
}

impl Region {
    /// Maps both parts.
    ///
    /// # Errors
    ///
    /// The system has no memory left, allows no more mappings, or allows no code that is made while a program runs.
    pub(crate) fn new(constants: &[u8], code: &[u8]) -> io::Result<Region> {
        let before = constants.len().next_multiple_of(page());
        let length = before + code.len().next_multiple_of(page());
        let (read_write, private) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: a fresh mapping at an address of the system's choice touches no memory of others.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), length, read_write, private)? };
        // From here on an error frees the mapping.
        let region = Region {
            start: start.addr(),
            length,
            code: start.addr() + before,
        };
        let behind = start.wrapping_byte_add(before);
        // SAFETY: both parts are within the mapping, which is writable, and to which nothing else refers yet.
        unsafe {
            ptr::copy_nonoverlapping(constants.as_ptr(), start.cast(), constants.len());
            ptr::copy_nonoverlapping(code.as_ptr(), behind.cast(), code.len());
        }
        // SAFETY: these are whole pages of the mapping, to which no reference exists; nobody writes to them from here on.
        unsafe {
            if before > 0 {
                mprotect(start, before, MprotectFlags::READ)?;
            }
            mprotect(behind, length - before, MprotectFlags::READ | MprotectFlags::EXEC)?;
        }
        Ok(region)
    }

    /// The address of the code.
    pub(crate) fn code(&self) -> u64 {
        self.code as u64
    }

    /// Bytes of both parts.
    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let start = ptr::without_provenance_mut::<c_void>(self.start);
        // SAFETY: the mapping is this region's own. Code of it runs for functions that own the region alone, and they outlive
        // every run: a run holds the program that they are part of.
        let unmapped = unsafe { munmap(start, self.length) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}
