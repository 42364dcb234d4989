//! Calls of host functions.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::store::FunctionEntry;

use super::returns::{Return, Suspended, forget_copy, suspend};
use crate::abi::{Handler, Mode, Regs};
use crate::context::Leave;

/// A call of a host function, whose entry is in the accumulator's register. The run is left if the host does not call it within.
pub(super) struct CallHost<const TAIL: bool>;

impl<const TAIL: bool> Handler for CallHost<TAIL> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        let entry = r.acc as *const FunctionEntry;
        // SAFETY: `call_elsewhere` leaves to this handler, with the entry of one of the machine's functions. Arguments are where
        // lowering puts them, and nothing refers to the context, its state, or the slots.
        unsafe {
            let context = r.context;
            if !TAIL && (*context).frames_top == (*context).frames_end {
                return r.trap(Trap::CallStackExhausted);
            }
            let slots = if TAIL { r.frame } else { r.slot(1) };
            let function = entry.offset_from((*context).functions) as u32;
            r.acc = 0;
            if (*context).call_host(function, slots) {
                // What changes no address leaves the registers right; to keep them would take more than to read them.
                r.read_memory();
                return match TAIL {
                    true => {
                        forget_copy(context);
                        Return::run::<M>(r)
                    }
                    false => r.go::<M>(r.ip.add(Suspended::Other.after())),
                };
            }
            if !TAIL {
                suspend(&r, Suspended::Other.unit(), r.ip.add(Suspended::Other.after()));
            }
            let base = (*context).base_of(slots);
            (*context).reason = Leave::HostCall { function, base };
            r.exit()
        }
    }
}
