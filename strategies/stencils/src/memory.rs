//! Memory for machine code: written first and made executable afterwards, never both.
//!
//! A module has an arena of two kinds of pages: constants, which can be read and written, and code, which can be read and
//! executed. So numbers that a module chooses are in no executable page. Functions that are compiled at once lie side by side in the
//! same pages of code, which are sealed together. No page is ever unsealed, as other threads may run code of it: what is compiled
//! later begins with the next page. Constants of all functions follow each other.

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use crate::code::Assembly;

/// Bytes of address space that an arena reserves at first for each kind of page, and at most at once.
const FIRST: usize = 1 << 20;
const MOST: usize = 32 << 20;

/// Bytes of each kind that functions which are compiled at once may take: distances have 32 bits.
const LARGEST: usize = 1 << 29;

/// Functions begin at multiples of this, as their loops do. Constants are at multiples of 16.
const CODE: usize = 32;
const CONSTANT: usize = 16;

/// Where a module's functions have their pages.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    chunks: Mutex<Vec<Chunk>>,
}

/// Reserved addresses: one half for constants, the other for code. All that nobody has taken can be written.
#[derive(Debug)]
struct Chunk {
    start: usize,
    half: usize,
    /// Bytes taken of each half; of code, whole pages.
    constants: usize,
    code: usize,
}

/// A function's place in an arena.
#[derive(Debug)]
pub(crate) struct Region {
    code: usize,
    #[cfg(all(test, feature = "make"))]
    constants: usize,
    length: usize,
    /// Keeps the pages mapped.
    _arena: Arc<Arena>,
}

/// Whole pages for this many bytes.
fn pages(bytes: usize) -> usize {
    bytes.next_multiple_of(rustix::param::page_size())
}

impl Region {
    /// Puts functions into an arena, in their order.
    ///
    /// # Errors
    ///
    /// The system has no memory left, allows no more mappings, or allows no code that is made while a program runs.
    pub(crate) fn place(arena: &Arc<Arena>, functions: &[Assembly]) -> io::Result<Vec<Region>> {
        let total = |bytes: fn(&Assembly) -> usize| functions.iter().map(bytes).sum::<usize>();
        let (data, text) = (total(constant_bytes), pages(total(code_bytes)));
        if data.max(text) > LARGEST {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let mut chunks = arena.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |chunk: &Chunk| chunk.constants + data <= chunk.half && chunk.code + text <= chunk.half;
        if !chunks.last().is_some_and(fits) {
            let half = chunks.last().map_or(FIRST, |last| (last.half * 2).min(MOST));
            chunks.push(Chunk::reserve(half.max(pages(data)).max(text))?);
        }
        let Some(chunk) = chunks.last_mut() else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        let (mut constants, first) = (chunk.constants, chunk.half + chunk.code);
        let (mut code, end) = (first, first + text);
        let mut regions = Vec::with_capacity(functions.len());
        let mut left = functions.len();
        for function in functions {
            chunk.write(constants, &function.constants);
            chunk.write(code, &function.code);
            let distance = constants as i32 - code as i32;
            for &(at, reach) in &function.reaches {
                chunk.write(code + at as usize, &reach.wrapping_add(distance).to_le_bytes());
            }
            left -= 1;
            // The last one takes what is left of the pages.
            let next = if left == 0 { end } else { code + code_bytes(function) };
            regions.push(Region {
                code: chunk.start + code,
                #[cfg(all(test, feature = "make"))]
                constants: chunk.start + constants,
                length: constant_bytes(function) + next - code,
                _arena: arena.clone(),
            });
            constants += constant_bytes(function);
            code = next;
        }
        chunk.seal(first, text)?;
        chunk.constants = constants;
        chunk.code += text;
        Ok(regions)
    }

    /// The address of the code.
    pub(crate) fn code(&self) -> u64 {
        self.code as u64
    }

    /// The address of the constants.
    #[cfg(all(test, feature = "make"))]
    pub(crate) fn constants(&self) -> u64 {
        self.constants as u64
    }

    /// Bytes that it takes of pages.
    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

fn constant_bytes(function: &Assembly) -> usize {
    function.constants.len().next_multiple_of(CONSTANT)
}

fn code_bytes(function: &Assembly) -> usize {
    function.code.len().next_multiple_of(CODE)
}

impl Chunk {
    /// Pages that can be written.
    fn reserve(half: usize) -> io::Result<Chunk> {
        let (writable, private) = (
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::NORESERVE,
        );
        // SAFETY: a fresh mapping at an address of the system's choice touches no memory of others.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), 2 * half, writable, private)? };
        Ok(Chunk {
            start: start.expose_provenance(),
            half,
            constants: 0,
            code: 0,
        })
    }

    /// Writes to what nobody has taken.
    fn write(&mut self, at: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (from, to) = if at < self.half {
            (self.constants, self.half)
        } else {
            (self.half + self.code, 2 * self.half)
        };
        assert!(
            from <= at && bytes.len() <= to - at,
            "within one half, behind all that is taken"
        );
        let place = ptr::with_exposed_provenance_mut::<u8>(self.start + at);
        // SAFETY: the bytes are within the mapping and behind all that was taken of their half, so they can be written, nothing refers
        // to them, and no code of their pages runs.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
    }

    /// Makes pages of code executable. They cannot be written any more.
    fn seal(&mut self, at: usize, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        let place = ptr::with_exposed_provenance_mut::<c_void>(self.start + at);
        // SAFETY: these are whole pages within the mapping, behind all that were taken: whoever is given code of them runs it
        // afterwards. No page is taken twice, so none is ever written again.
        unsafe { mprotect(place, bytes, MprotectFlags::READ | MprotectFlags::EXEC)? };
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
