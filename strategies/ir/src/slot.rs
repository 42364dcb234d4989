//! How typed values live in 64-bit slots.

use crate::types::ValType;

/// A type that fits one 64-bit slot of a frame.
///
/// 32-bit values are written zero-extended, so that every slot is written whole: mixing widths stalls store forwarding.
pub trait SlotValue: Copy + Send + Sync + 'static {
    /// The WebAssembly type whose bits these are.
    const TYPE: ValType;
    /// Reads the value out of a slot.
    fn from_slot(slot: u64) -> Self;
    /// The bits to write into a slot.
    fn to_slot(self) -> u64;
}

macro_rules! slot_value {
    ($($type:ty, $val:ident, $slot:ident => $from:expr, $value:ident => $to:expr;)*) => {
        $(impl SlotValue for $type {
            const TYPE: ValType = ValType::$val;
            #[inline(always)]
            fn from_slot($slot: u64) -> Self {
                $from
            }
            #[inline(always)]
            fn to_slot(self) -> u64 {
                let $value = self;
                $to
            }
        })*
    };
}

slot_value! {
    i32, I32, s => s as i32, v => u64::from(v as u32);
    u32, I32, s => s as u32, v => u64::from(v);
    i64, I64, s => s as i64, v => v as u64;
    u64, I64, s => s, v => v;
    f32, F32, s => f32::from_bits(s as u32), v => u64::from(v.to_bits());
    f64, F64, s => f64::from_bits(s), v => v.to_bits();
}
