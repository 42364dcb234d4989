//! Access to linear memory: little-endian bytes, effective addresses that never wrap (specification section 4.4.7).

use crate::trap::Trap;

/// Adds an instruction's static offset to its address operand.
///
/// # Errors
///
/// Traps when the sum does not fit a machine address.
#[inline]
pub fn effective_address(address: u32, offset: u64) -> Result<usize, Trap> {
    // A 32-bit address plus a 32-bit offset cannot wrap; a 64-bit offset (memory64) could.
    u64::from(address)
        .checked_add(offset)
        .and_then(|sum| usize::try_from(sum).ok())
        .ok_or(Trap::OutOfBoundsMemoryAccess)
}

/// Reads `N` bytes.
///
/// # Errors
///
/// Traps when any byte lies past the end of the memory.
#[inline]
pub fn read<const N: usize>(memory: &[u8], address: u32, offset: u64) -> Result<[u8; N], Trap> {
    let start = effective_address(address, offset)?;
    memory
        .get(start..)
        .and_then(<[u8]>::first_chunk::<N>)
        .copied()
        .ok_or(Trap::OutOfBoundsMemoryAccess)
}

/// Writes `N` bytes.
///
/// # Errors
///
/// Traps, without writing anything, when any byte lies past the end of the memory.
#[inline]
pub fn write<const N: usize>(memory: &mut [u8], address: u32, offset: u64, bytes: [u8; N]) -> Result<(), Trap> {
    let start = effective_address(address, offset)?;
    let target = memory
        .get_mut(start..)
        .and_then(<[u8]>::first_chunk_mut::<N>)
        .ok_or(Trap::OutOfBoundsMemoryAccess)?;
    *target = bytes;
    Ok(())
}
