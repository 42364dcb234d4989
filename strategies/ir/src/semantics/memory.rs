//! Access to linear memory: little-endian bytes, effective addresses that never wrap (specification section 4.4.7).

use std::ops::Range;

use crate::trap::Trap;

/// The range of `N` bytes at `address + offset`, if that fits a machine address.
///
/// Where the compiler knows that address and offset have 32 bits, because the memory's type and the strategy keep them so, neither
/// addition can overflow and only the comparison with the memory's length remains.
#[inline(always)]
fn range<const N: usize>(address: impl Into<u64>, offset: u64) -> Option<Range<usize>> {
    let start = address.into().checked_add(offset)?;
    let end = start.checked_add(N as u64)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// Reads `N` bytes at `address + offset`.
///
/// # Errors
///
/// Traps when any byte lies past the end of the memory.
#[inline(always)]
pub fn read<const N: usize>(memory: &[u8], address: impl Into<u64>, offset: u64) -> Result<[u8; N], Trap> {
    range::<N>(address, offset)
        .and_then(|range| memory.get(range))
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Trap::OutOfBoundsMemoryAccess)
}

/// Writes `N` bytes at `address + offset`.
///
/// # Errors
///
/// Traps, without writing anything, when any byte lies past the end of the memory.
#[inline(always)]
pub fn write<const N: usize>(
    memory: &mut [u8],
    address: impl Into<u64>,
    offset: u64,
    bytes: [u8; N],
) -> Result<(), Trap> {
    let target: Option<&mut [u8; N]> = range::<N>(address, offset)
        .and_then(|range| memory.get_mut(range))
        .and_then(|bytes| bytes.try_into().ok());
    *target.ok_or(Trap::OutOfBoundsMemoryAccess)? = bytes;
    Ok(())
}
