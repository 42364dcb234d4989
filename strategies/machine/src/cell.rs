//! Where calls find a module's functions: for strategies whose functions call each other without the driver.

use std::mem::offset_of;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// A function of a module as calls see it: how large its frame is, and where its code. Until it is compiled, its frame fits no stack,
/// so that a call asks one thing only. Others may write it meanwhile, but once it has code, always the same.
#[derive(Debug)]
#[repr(C)]
pub struct CodeCell {
    /// Bytes of its frame, or [`UNCOMPILED`].
    room: AtomicUsize,
    place: AtomicPtr<()>,
    code: AtomicPtr<()>,
}

/// No stack has so many bytes.
const UNCOMPILED: usize = if LOW { usize::MAX / 4 + 1 } else { usize::MAX };

/// Whether all addresses of a program are in the lower half, so that [`UNCOMPILED`] can be added to any.
const LOW: bool = cfg!(target_arch = "x86_64");

/// What a [`CodeCell`] says of a function's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// Where the function begins, in a form of code that is the strategy's.
    pub place: *mut (),
    /// What carries out what is there.
    pub code: *mut (),
}

impl CodeCell {
    /// Bytes from a cell's beginning to what [`CodeCell::code`] reads, for code that no compiler makes.
    pub const CODE: usize = offset_of!(CodeCell, code);

    /// Of a function that is not compiled.
    pub const fn new() -> CodeCell {
        CodeCell {
            room: AtomicUsize::new(UNCOMPILED),
            place: AtomicPtr::new(std::ptr::null_mut()),
            code: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Whether it says where the code is.
    pub(crate) fn is_set(&self) -> bool {
        self.room.load(Ordering::Relaxed) != UNCOMPILED
    }

    /// Says where the code is, and how many slots its frame has.
    pub(crate) fn set(&self, entry: CodeEntry, slots: u32) {
        self.place.store(entry.place, Ordering::Relaxed);
        self.code.store(entry.code, Ordering::Relaxed);
        self.room.store(slots as usize * size_of::<u64>(), Ordering::Release);
    }

    /// Whether the function is compiled and its frame, if it begins at this address, ends before the other. Asked first: only then are
    /// there [`CodeCell::place`] and [`CodeCell::code`].
    #[inline(always)]
    pub fn fits(&self, frame: usize, end: usize) -> bool {
        let room = self.room.load(Ordering::Acquire);
        let needed = match LOW {
            // One register less than what is left would take, where there are few.
            true => frame.wrapping_add(room),
            false => frame.saturating_add(room),
        };
        needed <= end
    }

    /// See [`CodeEntry::place`].
    #[inline(always)]
    pub fn place(&self) -> *mut () {
        self.place.load(Ordering::Relaxed)
    }

    /// See [`CodeEntry::code`].
    #[inline(always)]
    pub fn code(&self) -> *mut () {
        self.code.load(Ordering::Relaxed)
    }
}

impl Default for CodeCell {
    fn default() -> CodeCell {
        CodeCell::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_fits_no_stack_before_it_is_compiled() {
        let cell = CodeCell::new();
        assert!(!cell.fits(0, usize::MAX / 8) && !cell.fits(usize::MAX / 8, usize::MAX / 8));
        // The highest that an address can be.
        let end = if LOW { usize::MAX / 2 } else { usize::MAX - 1 };
        assert!(!cell.fits(end - 8, end));
        let entry = CodeEntry {
            place: std::ptr::dangling_mut(),
            code: std::ptr::null_mut(),
        };
        cell.set(entry, 3);
        assert_eq!((cell.fits(100, 123), cell.fits(100, 124)), (false, true));
        assert_eq!((cell.place(), cell.code()), (entry.place, entry.code));
    }
}
