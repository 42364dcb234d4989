//! Arithmetic on 128 bits: four operands or two in slots that follow each other, where the two results go, too.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::semantics::wide;

use crate::abi::{Picked, Regs, Step, picked};
use crate::kind::Kind;

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident $pick:ident: $semantics:ident($($operand:literal),*);)*) => {$(
        $(#[$doc])*
        struct $name;

        impl Step for $name {
            const KIND: Kind = Kind::Other;
            const UNITS: usize = 1;
            #[inline(always)]
            unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
                // SAFETY: the unit is the first operand's slot. The slots of all operands and both results are within the frame:
                // lowering makes room for what is on the operand stack, and the verifier checks that.
                unsafe {
                    let slots = r.slot(0);
                    let (low, high) = wide::$semantics($(slots.add($operand).read()),*);
                    slots.write(low);
                    slots.add(1).write(high);
                }
                Ok(())
            }
        }

        /// The handler, whose unit is the first operand's slot.
        pub(crate) fn $pick() -> Picked {
            picked::<$name>()
        }
    )*};
}

handlers! {
    /// `i64.add128`
    Add128 add128: add128(0, 1, 2, 3);
    /// `i64.sub128`
    Sub128 sub128: sub128(0, 1, 2, 3);
    /// `i64.mul_wide_s`
    MulWideS mul_wide_s: mul_wide_s(0, 1);
    /// `i64.mul_wide_u`
    MulWideU mul_wide_u: mul_wide_u(0, 1);
}
