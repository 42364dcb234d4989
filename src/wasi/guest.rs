//! A program's memory as WASI's functions see it: every address that a program passes is hostile.

use std::ops::Range;

use super::abi::Errno;

/// A program's memory.
pub(super) struct Guest<'m>(pub &'m mut [u8]);

/// Longest path, in bytes; POSIX allows this limit.
pub(super) const MAX_PATH: u32 = 4096;

/// Buffers of one call; POSIX allows this limit.
const MAX_BUFFERS: u32 = 1024;

impl Guest<'_> {
    fn range(&self, address: u32, len: usize) -> Result<Range<usize>, Errno> {
        let start = address as usize;
        let end = start.checked_add(len).filter(|&end| end <= self.0.len());
        Ok(start..end.ok_or(Errno::FAULT)?)
    }

    pub fn bytes(&self, address: u32, len: u32) -> Result<&[u8], Errno> {
        Ok(&self.0[self.range(address, len as usize)?])
    }

    pub fn bytes_mut(&mut self, address: u32, len: u32) -> Result<&mut [u8], Errno> {
        let range = self.range(address, len as usize)?;
        Ok(&mut self.0[range])
    }

    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Errno> {
        let range = self.range(address, bytes.len())?;
        self.0[range].copy_from_slice(bytes);
        Ok(())
    }

    pub fn write_u32(&mut self, address: u32, value: u32) -> Result<(), Errno> {
        self.write(address, &value.to_le_bytes())
    }

    pub fn write_u64(&mut self, address: u32, value: u64) -> Result<(), Errno> {
        self.write(address, &value.to_le_bytes())
    }

    pub fn array<const N: usize>(&self, address: u32) -> Result<[u8; N], Errno> {
        let range = self.range(address, N)?;
        self.0[range].try_into().map_err(|_| Errno::FAULT)
    }

    pub fn u32(&self, address: u32) -> Result<u32, Errno> {
        Ok(u32::from_le_bytes(self.array(address)?))
    }

    /// A path or name.
    pub fn text(&self, address: u32, len: u32) -> Result<&str, Errno> {
        let bytes = self.bytes(address, len)?;
        if len > MAX_PATH {
            return Err(Errno::NAMETOOLONG);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Errno::ILSEQ)?;
        if text.contains('\0') {
            Err(Errno::INVAL)
        } else {
            Ok(text)
        }
    }

    /// Part of a list, from one of its elements of this size on.
    pub fn element(base: u32, index: u32, size: u32) -> Result<u32, Errno> {
        let offset = index.checked_mul(size).and_then(|offset| base.checked_add(offset));
        offset.ok_or(Errno::FAULT)
    }

    /// The buffers that a list of addresses and lengths describes, all within memory.
    pub fn buffers(&self, list: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        if count > MAX_BUFFERS {
            return Err(Errno::INVAL);
        }
        let mut total = 0u32;
        let mut buffers = Vec::with_capacity(count as usize);
        for index in 0..count {
            let at = Guest::element(list, index, 8)?;
            let (address, len) = (self.u32(at)?, self.u32(at.checked_add(4).ok_or(Errno::FAULT)?)?);
            self.range(address, len as usize)?;
            total = total.checked_add(len).ok_or(Errno::INVAL)?;
            buffers.push((address, len));
        }
        Ok(buffers)
    }
}
