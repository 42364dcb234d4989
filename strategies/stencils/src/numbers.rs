//! Numbers that a node reads.

use crate::nodes::UNIT;

/// The number in these bytes of a node's operand units, if it is small: of 16 bits, and negative if that has as many bits as were read.
/// A module then chooses two bytes of a field in machine code: as many as of a slot's place. The others are all zeros or all ones.
pub(crate) fn small(operands: &[u32], at: usize, bytes: u8) -> Option<i32> {
    let (first, skipped) = (at / UNIT, at % UNIT);
    let read = pair(operands, first) >> (8 * skipped);
    let number = match bytes {
        1 | 2 => (read & ((1 << (8 * bytes)) - 1)) as i64,
        4 => i64::from(read as i32),
        8 if skipped == 0 => read as i64,
        _ => return None,
    };
    let is_small = (i64::from(i16::MIN)..=i64::from(u16::MAX)).contains(&number);
    is_small.then_some(number as i32)
}

/// The offset of an access of so many bytes, at whose end operand units 0 and 1 are.
pub(crate) fn offset(operands: &[u32], width: u8) -> u64 {
    pair(operands, 0).wrapping_sub(width.into())
}

/// Two operand units as a number of 64 bits.
fn pair(operands: &[u32], first: usize) -> u64 {
    let unit = |index: usize| u64::from(operands.get(index).copied().unwrap_or(0));
    unit(first) | unit(first + 1) << 32
}
