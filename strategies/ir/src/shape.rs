//! What code must know about a module's memories and tables: how wide their addresses are, and how large their pages.

use crate::types::ValType;

/// The type of a memory's addresses or a table's indices ("address type", specification 3.0, section 2.3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AddressType {
    /// 32 bits.
    #[default]
    I32,
    /// 64 bits.
    I64,
}

impl AddressType {
    /// The type of a value that is an address.
    pub const fn value(self) -> ValType {
        match self {
            AddressType::I32 => ValType::I32,
            AddressType::I64 => ValType::I64,
        }
    }

    /// What `grow` gives when it cannot: -1, as slot bits.
    pub const fn failed(self) -> u64 {
        match self {
            AddressType::I32 => u32::MAX as u64,
            AddressType::I64 => u64::MAX,
        }
    }

    /// The type of a length that counts in both.
    #[must_use]
    pub fn narrower(self, other: AddressType) -> AddressType {
        match (self, other) {
            (AddressType::I64, AddressType::I64) => AddressType::I64,
            (AddressType::I32, _) | (_, AddressType::I32) => AddressType::I32,
        }
    }
}

/// A memory, but for its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryShape {
    /// Type of its addresses.
    pub address: AddressType,
    /// Base-2 logarithm of the bytes of a page.
    pub page_size_log2: u8,
}

impl Default for MemoryShape {
    /// Addresses of 32 bits and pages of 64 KiB.
    fn default() -> Self {
        MemoryShape {
            address: AddressType::I32,
            page_size_log2: 16,
        }
    }
}

impl MemoryShape {
    /// Whole pages in this many bytes.
    #[inline]
    pub fn pages(self, bytes: usize) -> u64 {
        (bytes as u64).checked_shr(self.page_size_log2.into()).unwrap_or(0)
    }

    /// Bytes of this many pages; `None` if this host cannot count them.
    pub fn bytes(self, pages: u64) -> Option<usize> {
        let bytes = u128::from(pages).checked_shl(self.page_size_log2.into())?;
        usize::try_from(bytes).ok()
    }

    /// Pages that addresses can reach, and a size can count.
    pub fn most_pages(self) -> u64 {
        let (reach, count) = match self.address {
            AddressType::I32 => (1u128 << 32, u32::MAX.into()),
            AddressType::I64 => (1u128 << 64, u64::MAX),
        };
        let pages = reach.checked_shr(self.page_size_log2.into()).unwrap_or(0);
        u64::try_from(pages).unwrap_or(u64::MAX).min(count)
    }
}

/// A table, but for its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableShape {
    /// Type of its indices.
    pub address: AddressType,
    /// Type of its elements.
    pub element: ValType,
}

/// The memories and tables of a module, by their index.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ModuleShape {
    /// The memories.
    pub memories: Box<[MemoryShape]>,
    /// The tables.
    pub tables: Box<[TableShape]>,
}

impl ModuleShape {
    /// A memory; `None` if there are fewer.
    #[inline]
    pub fn memory(&self, index: u32) -> Option<MemoryShape> {
        self.memories.get(index as usize).copied()
    }

    /// A table; `None` if there are fewer.
    #[inline]
    pub fn table(&self, index: u32) -> Option<TableShape> {
        self.tables.get(index as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_as_far_as_addresses_reach() {
        let shape = |address, page_size_log2| MemoryShape {
            address,
            page_size_log2,
        };
        assert_eq!(MemoryShape::default().most_pages(), 1 << 16);
        assert_eq!(shape(AddressType::I32, 0).most_pages(), u64::from(u32::MAX));
        assert_eq!(shape(AddressType::I64, 16).most_pages(), 1 << 48);
        assert_eq!(shape(AddressType::I64, 0).most_pages(), u64::MAX);
        assert_eq!(shape(AddressType::I64, 16).bytes(1 << 48), None);
        assert_eq!(MemoryShape::default().bytes(3), Some(3 << 16));
        assert_eq!(MemoryShape::default().pages(3 << 16), 3);
        assert_eq!(shape(AddressType::I32, 0).pages(70_001), 70_001);
    }
}
