//! Memory for machine code: written first and made executable afterwards, never both.
//!
//! A module has an arena, from which each of its functions takes pages of two kinds: constants, which can be read, and code,
//! which can be read and executed. So numbers that a module chooses are in no executable page. Pages of one kind lie side by
//! side, so that the system counts them as one mapping, of which a process may have some ten thousand.

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Bytes of address space that an arena reserves at first for each kind of page, and at most at once.
const FIRST: usize = 1 << 20;
const MOST: usize = 32 << 20;

/// Bytes that a function's pages of one kind may take: distances have 32 bits.
const LARGEST: usize = 1 << 29;

/// Where a module's functions have their pages.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    chunks: Mutex<Vec<Chunk>>,
}

/// Reserved addresses: one half for constants, the other for code.
#[derive(Debug)]
struct Chunk {
    start: usize,
    half: usize,
    /// Bytes taken of each half.
    constants: usize,
    code: usize,
}

/// A function's pages in an arena.
#[derive(Debug)]
pub(crate) struct Region {
    code: usize,
    length: usize,
    /// Keeps the pages mapped.
    _arena: Arc<Arena>,
}

/// Whole pages for so many bytes.
fn pages(bytes: usize) -> usize {
    bytes.next_multiple_of(rustix::param::page_size())
}

impl Region {
    /// Puts a function's code into an arena. `code` makes it, given the distance from its place to that of the constants.
    ///
    /// # Errors
    ///
    /// The system has no memory left, allows no more mappings, or allows no code that is made while a program runs.
    pub(crate) fn new(
        arena: &Arc<Arena>,
        constants: &[u8],
        length: usize,
        code: impl FnOnce(i32) -> Vec<u8>,
    ) -> io::Result<Region> {
        let (data, text) = (pages(constants.len()), pages(length));
        if data.max(text) > LARGEST {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let mut chunks = arena.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |chunk: &Chunk| chunk.constants + data <= chunk.half && chunk.code + text <= chunk.half;
        if !chunks.last().is_some_and(fits) {
            let half = chunks.last().map_or(FIRST, |last| (last.half * 2).min(MOST));
            chunks.push(Chunk::reserve(half.max(data).max(text))?);
        }
        let Some(chunk) = chunks.last_mut() else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        let (before, behind) = (chunk.constants, chunk.half + chunk.code);
        let code = code(before as i32 - behind as i32);
        chunk.write(before, constants, MprotectFlags::READ)?;
        chunk.write(behind, &code, MprotectFlags::READ | MprotectFlags::EXEC)?;
        chunk.constants += data;
        chunk.code += text;
        Ok(Region {
            code: chunk.start + behind,
            length: data + text,
            _arena: arena.clone(),
        })
    }

    /// The address of the code.
    pub(crate) fn code(&self) -> u64 {
        self.code as u64
    }

    /// Bytes of all its pages.
    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

impl Chunk {
    /// Addresses at which there is nothing yet.
    fn reserve(half: usize) -> io::Result<Chunk> {
        let (nothing, private) = (ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE);
        // SAFETY: a fresh mapping at an address of the system's choice touches no memory of others.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), 2 * half, nothing, private)? };
        Ok(Chunk {
            start: start.expose_provenance(),
            half,
            constants: 0,
            code: 0,
        })
    }

    /// Writes to pages that nobody has taken, and allows of them what they are for.
    fn write(&mut self, at: usize, bytes: &[u8], allowed: MprotectFlags) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let place = ptr::with_exposed_provenance_mut::<c_void>(self.start + at);
        // SAFETY: the pages are within the mapping, behind all that were taken, so nothing refers to them and no code of
        // them runs. They are writable until the bytes are there, and never afterwards, as no page is taken twice.
        unsafe {
            mprotect(place, pages(bytes.len()), MprotectFlags::READ | MprotectFlags::WRITE)?;
            ptr::copy_nonoverlapping(bytes.as_ptr(), place.cast(), bytes.len());
            mprotect(place, pages(bytes.len()), allowed)?;
        }
        Ok(())
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let start = ptr::with_exposed_provenance_mut::<c_void>(self.start);
        // SAFETY: the mapping is this chunk's own. What runs code of it holds a function with a region, which keeps the arena.
        let unmapped = unsafe { munmap(start, 2 * self.half) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}
