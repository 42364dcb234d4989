//! Handlers as their machine code is copied (`cfg(stencil)`): what a copy leaves open.
//!
//! The crate is compiled a second time for it, to an object that is read and never linked. All that depends on the node is a
//! symbol there which nothing defines, so that each place to be filled in has a relocation:
//!
//! | symbol | stands for |
//! |---|---|
//! | `NODE` | the node, whose operand units are read from where the copy keeps them |
//! | `SLOT_n` | eight times the slot number in operand unit n |
//! | `NUMBER_n` | a byte, the number in operand unit n by which is shifted; with 15, 31 or 63 before `_`, its low bits; `BACK`: its negative |
//! | `VECTOR_n` | the vector in operand units n to n + 3, aligned |
//! | `OFFSET` + 8 * n | 64 bits, the offset of an access of n bytes |
//! | `GLOBAL` | eight times the number of the global in operand unit 0 |
//! | `NEXT`, `TARGET` | the copy of the next node's code, and of the node that is branched to |
//! | `TRAP_n` | the end of the run by the trap with that code |
//! | `BEHIND` | code to which a copy of a return jumps, at an odd address: the frame is still the callee's |
//! | `CELL`, `CELLS` | 64 bits that are the address of the callee's cell, and of that of the module's function 0 |
//! | `SWITCH_TABLE` | distances of 32 bits to the copies of all targets' code |
//! | `SWITCH_HERE` | from where these count |
//! | `RARE` | the handler itself, which carries the node out from its beginning |
//!
//! What uses the node in another way, say hands on its address, has a relocation that the reader refuses. Then the node's
//! handler is not copied, but called. There are no superinstructions here: `ip` is always the node.

use std::mem::MaybeUninit;

use wasm_dispatch_ir::ops::{Binary, BinaryOp};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector_ops::{Shift, ShiftOp};
use wasm_dispatch_ir::{Trap, V128};
use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_machine::state::Frame;

use crate::abi::{Entry, Handler, Mode, Regs, Vector, from_register, to_register};
use crate::code::Unit;
use crate::context::Context;
use crate::handlers::returns::IN_COPY;
use crate::operand::Value;

/// The registers of a handler, but for `ip`, which the code that follows does not use.
#[allow(improper_ctypes_definitions)]
type Exit = unsafe extern "C" fn(
    MaybeUninit<*const Unit>,
    *mut u64,
    *mut u8,
    u64,
    *mut Context,
    usize,
    f64,
    f32,
    Vector,
) -> u64;

/// A trap needs the frame and the context alone.
#[allow(improper_ctypes_definitions)]
type TrapExit = unsafe extern "C" fn(
    MaybeUninit<*const Unit>,
    *mut u64,
    MaybeUninit<*mut u8>,
    MaybeUninit<u64>,
    *mut Context,
) -> u64;

// Exits are no functions here, because the language lets none that is external take a vector.
unsafe extern "C" {
    static NODE: [Unit; 64];
    static OFFSET: [u64; 17];
    static GLOBAL: u8;
    static NEXT: u8;
    static TARGET: u8;
    static RARE: u8;
    static CELL: *const CodeCell;
    static CELLS: *const CodeCell;
}

macro_rules! traps {
    ($($trap:ident $name:ident)*) => {
        unsafe extern "C" {
            $(static $name: u8;)*
        }

        /// Leaves by the exit of a trap; if there is none, the handler reports it.
        ///
        /// # Safety
        ///
        /// As [`Handler::run`](crate::abi::Handler::run).
        #[inline(always)]
        unsafe fn trap_exit(r: Regs, trap: Trap) -> u64 {
            match trap {
                $(Trap::$trap => {
                    // SAFETY: the text does nothing: being another for each trap, it keeps LLVM from choosing an exit by its
                    // address, where there are two, and jumping to what it chose. A trap needs the frame and the context, which
                    // are as the contract says.
                    unsafe {
                        std::arch::asm!(concat!("# ", stringify!($name)), options(nomem, nostack, preserves_flags));
                        let exit = std::mem::transmute::<*const u8, TrapExit>(&raw const $name);
                        let (ip, memory, acc) = (MaybeUninit::uninit(), MaybeUninit::uninit(), MaybeUninit::uninit());
                        exit(ip, r.frame, memory, acc, r.context)
                    }
                })*
                // SAFETY: the contract is the same.
                _ => unsafe { r.leave_by(&raw const RARE) },
            }
        }
    };
}

traps! {
    Unreachable TRAP_1
    IntegerDivideByZero TRAP_2
    IntegerOverflow TRAP_3
    InvalidConversionToInteger TRAP_4
    OutOfBoundsMemoryAccess TRAP_5
    OutOfBoundsTableAccess TRAP_6
    UndefinedElement TRAP_7
    UninitializedElement TRAP_8
    IndirectCallTypeMismatch TRAP_9
    CallStackExhausted TRAP_10
    OutOfFuel TRAP_11
}

macro_rules! slots {
    ($($unit:literal $name:ident)*) => {
        unsafe extern "C" {
            $(static $name: u8;)*
        }

        /// Eight times the slot number in an operand unit.
        #[inline(always)]
        fn slot_bytes(unit: usize) -> Option<usize> {
            match unit {
                $($unit => Some((&raw const $name).addr()),)*
                _ => None,
            }
        }
    };
}

slots! {
    0 SLOT_0 1 SLOT_1 2 SLOT_2 3 SLOT_3 4 SLOT_4 5 SLOT_5 6 SLOT_6 7 SLOT_7
    8 SLOT_8 9 SLOT_9 10 SLOT_10 11 SLOT_11 12 SLOT_12 13 SLOT_13 14 SLOT_14 15 SLOT_15
}

macro_rules! shifts {
    ($bits:ident $unit:ident, $($op:ident $text:literal)*) => {
        match (O::OP, $unit) {
            $(
                (BinaryOp::$op, 0) => shift!($bits, $text, "0"),
                (BinaryOp::$op, 1) => shift!($bits, $text, "1"),
            )*
            _ => return None,
        }
    };
}

macro_rules! shift {
    ($bits:ident, $text:literal, $unit:literal) => {
        // SAFETY: the text computes a number and does nothing else.
        unsafe {
            std::arch::asm!(
                concat!($text, ", offset NUMBER_", $unit),
                inlateout(reg) $bits,
                options(pure, nomem, nostack)
            );
        }
    };
}

/// A value shifted or rotated by the number in an operand unit, which is part of the instruction; nothing for other operations.
#[inline(always)]
pub(crate) fn shifted<O: Binary>(value: O::A, unit: usize) -> Option<O::R> {
    let mut bits = value.to_slot();
    shifts!(bits unit,
        I32Shl "shl {0:e}" I32ShrS "sar {0:e}" I32ShrU "shr {0:e}" I32Rotl "rol {0:e}" I32Rotr "ror {0:e}"
        I64Shl "shl {0}" I64ShrS "sar {0}" I64ShrU "shr {0}" I64Rotl "rol {0}" I64Rotr "ror {0}"
    );
    if O::R::TYPE == ValType::I32 {
        // SAFETY: an instruction that writes the lower half of a register clears the other one.
        unsafe { std::hint::assert_unchecked(bits <= u64::from(u32::MAX)) };
    }
    Some(O::R::from_slot(bits))
}

macro_rules! vectors {
    ($($unit:literal $name:ident)*) => {
        unsafe extern "C" {
            $(static $name: Aligned;)*
        }

        /// The vector in operand units from this one on.
        #[inline(always)]
        pub(crate) fn vector(unit: usize) -> Option<V128> {
            match unit {
                // SAFETY: copies have it there.
                $($unit => Some(V128(unsafe { $name.0 })),)*
                _ => None,
            }
        }
    };
}

#[repr(align(16))]
struct Aligned([u8; 16]);

vectors! { 0 VECTOR_0 1 VECTOR_1 2 VECTOR_2 3 VECTOR_3 }

macro_rules! lane_shifts {
    ($vector:ident $unit:ident, $($op:ident $text:literal $number:literal)*) => {
        match (O::OP, $unit) {
            $(
                (ShiftOp::$op, 0) => lane_shift!($vector, $text, $number, "0"),
                (ShiftOp::$op, 1) => lane_shift!($vector, $text, $number, "1"),
            )*
            _ => return None,
        }
    };
}

macro_rules! lane_shift {
    ($vector:ident, $text:literal, $number:literal, $unit:literal) => {
        // SAFETY: the text computes a vector and does nothing else.
        unsafe {
            std::arch::asm!(
                concat!($text, " {0}, offset ", $number, "_", $unit),
                inlateout(xmm_reg) $vector,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
    };
}

/// A vector whose lanes are shifted by the number in an operand unit, which is part of the instruction; nothing where there is no such
/// instruction.
#[inline(always)]
pub(crate) fn lanes_shifted<O: Shift>(vector: V128, unit: usize) -> Option<V128> {
    let mut vector = to_register(vector);
    lane_shifts!(vector unit,
        I16x8Shl "psllw" "NUMBER15" I16x8ShrS "psraw" "NUMBER15" I16x8ShrU "psrlw" "NUMBER15"
        I32x4Shl "pslld" "NUMBER31" I32x4ShrS "psrad" "NUMBER31" I32x4ShrU "psrld" "NUMBER31"
        I64x2Shl "psllq" "NUMBER63" I64x2ShrU "psrlq" "NUMBER63"
    );
    Some(from_register(vector))
}

/// The other half of a rotation of lanes, whose first half is [`lanes_shifted`]: they are shifted the other way, by what is left of their
/// bits; by none, if that is all, which is a rotation by none, too.
#[inline(always)]
fn lanes_shifted_back<O: Shift>(vector: V128, unit: usize) -> Option<V128> {
    let mut vector = to_register(vector);
    lane_shifts!(vector unit, I32x4Shl "psrld" "BACK31" I64x2Shl "psrlq" "BACK63");
    Some(from_register(vector))
}

/// A vector whose lanes are rotated by the number in an operand unit.
#[inline(always)]
pub(crate) fn lanes_rotated<O: Shift>(vector: V128, unit: usize) -> Option<V128> {
    let high = lanes_shifted::<O>(vector, unit)?;
    let low = lanes_shifted_back::<O>(vector, unit)?;
    let bits = u128::from_le_bytes(high.0) | u128::from_le_bytes(low.0);
    Some(V128(bits.to_le_bytes()))
}

/// The node of a copy of `H`, in place of the one in the register.
#[inline(always)]
pub(crate) fn node<H: Handler>(_ip: *const Unit) -> *const Unit {
    // LLVM deletes a function that is the same as another. A comment with its name is no code, but makes it another.
    // SAFETY: the text does nothing.
    unsafe {
        std::arch::asm!("# {}", sym std::any::type_name::<H>, options(nomem, nostack, preserves_flags));
    }
    (&raw const NODE).cast()
}

/// A value that has been read. Of two of which one is chosen, LLVM would otherwise choose the place to read from: that may be the
/// node, whose address copies do not have, or a slot that is in no memory.
#[inline(always)]
pub(crate) fn read<T: Value>(value: T) -> T {
    let mut bits = value.to_slot();
    // SAFETY: the text does nothing.
    unsafe { std::arch::asm!("# {0}", inout(reg) bits, options(pure, nomem, nostack, preserves_flags)) };
    T::from_slot(bits)
}

/// A result that is about to go to a slot: if it is a float, it is in a vector register, as its slot may be. LLVM would otherwise take
/// one that it has loaded through a general register.
#[inline(always)]
pub(crate) fn settled<T: Value>(value: T) -> T {
    match T::TYPE {
        ValType::F32 => {
            let mut float = f32::from_slot(value.to_slot());
            // SAFETY: the text does nothing.
            unsafe { std::arch::asm!("# {0}", inout(xmm_reg) float, options(pure, nomem, nostack, preserves_flags)) };
            T::from_slot(float.to_slot())
        }
        ValType::F64 => {
            let mut float = f64::from_slot(value.to_slot());
            // SAFETY: likewise.
            unsafe { std::arch::asm!("# {0}", inout(xmm_reg) float, options(pure, nomem, nostack, preserves_flags)) };
            T::from_slot(float.to_slot())
        }
        _ => value,
    }
}

impl Regs {
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run) of what is put in the exit's place.
    #[inline(always)]
    unsafe fn leave_by(self, exit: *const u8) -> u64 {
        let Regs {
            frame,
            memory,
            acc,
            context,
            memory_len,
            acc64,
            acc32,
            acc128,
            ..
        } = self;
        let ip = MaybeUninit::uninit();
        // SAFETY: what is put in the exit's place has this signature; the contract is the same.
        unsafe {
            std::mem::transmute::<*const u8, Exit>(exit)(
                ip, frame, memory, acc, context, memory_len, acc64, acc32, acc128,
            )
        }
    }

    /// Goes on with the copy of the next node's code.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); every node but terminators is followed by another.
    #[inline(always)]
    pub(crate) unsafe fn next<M: Mode>(self, _units: usize) -> u64 {
        // SAFETY: there is another node, says the contract.
        unsafe { self.leave_by(&raw const NEXT) }
    }

    /// Goes on with the copy of the target's code.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); the node has one target, whose address is in this unit.
    #[inline(always)]
    pub(crate) unsafe fn branch<M: Mode>(self, _index: usize) -> u64 {
        // SAFETY: there is a target, says the contract.
        unsafe { self.leave_by(&raw const TARGET) }
    }

    /// Goes on with the copy of one of the targets' code.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); the node has more than `index` targets.
    #[inline(always)]
    pub(crate) unsafe fn switch<M: Mode>(self, _first: usize, index: u32) -> u64 {
        // SAFETY: the texts find out an address and a sum and do nothing else: where the distances are, one for each target, and what
        // one of them and the place from which they count add up to. There is one for this index, says the contract.
        unsafe {
            let table: *const i32;
            std::arch::asm!(
                "lea {}, [rip + SWITCH_TABLE]",
                out(reg) table,
                options(pure, nomem, nostack, preserves_flags)
            );
            let distance = i64::from(table.add(index as usize).read());
            let to: *const u8;
            std::arch::asm!(
                "lea {0}, [rip + SWITCH_HERE]",
                "add {0}, {1}",
                out(reg) to,
                in(reg) distance,
                options(pure, nomem, nostack)
            );
            self.leave_by(to)
        }
    }

    /// Leaves this node to its handler. The registers are as they were when the node began.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run).
    #[inline(always)]
    pub(crate) unsafe fn rarely(self, _handler: Entry) -> u64 {
        // SAFETY: the contract is the same.
        unsafe { self.leave_by(&raw const RARE) }
    }

    /// The cell of the function that this node calls.
    ///
    /// # Safety
    ///
    /// It calls one of the module's own.
    #[inline(always)]
    pub(crate) unsafe fn callee(self, _index: usize) -> *const CodeCell {
        // SAFETY: copies have its address there.
        unsafe { CELL }
    }

    /// The cell of an own function of the current instance.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); there is such a function.
    #[inline(always)]
    pub(crate) unsafe fn cell_of(self, function: u32) -> *const CodeCell {
        // SAFETY: copies have the address of the first there; the node is one of a function of the same module.
        unsafe { CELLS.add(function as usize) }
    }

    /// Goes on with the machine code of a cell's function, which does not use `ip`.
    ///
    /// # Safety
    ///
    /// The function is compiled, it is one of the current instance, and the registers are as
    /// [`Handler::run`](crate::abi::Handler::run) of its first node wants them, but for `ip`.
    #[inline(always)]
    pub(crate) unsafe fn enter<M: Mode>(self, cell: *const CodeCell) -> u64 {
        // SAFETY: a cell of a function that is compiled has its code.
        unsafe { self.leave_by((*cell).code().cast::<u8>()) }
    }

    /// Where a call of this node goes on, for copies of returns.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); there is a node.
    #[inline(always)]
    pub(crate) unsafe fn behind(self, _units: usize) -> *const Unit {
        let code;
        // SAFETY: the text finds out an address and does nothing else.
        unsafe {
            std::arch::asm!(
                "lea {}, [rip + BEHIND]",
                out(reg) code,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        code
    }

    /// Whether a return goes on at a resume point by itself.
    #[inline(always)]
    pub(crate) fn returns_to(native: u64) -> bool {
        native & IN_COPY != 0
    }

    /// Returns to a frame.
    ///
    /// # Safety
    ///
    /// It is the current one now, and [`Regs::returns_to`] its resume point; the registers are as that code wants them.
    #[inline(always)]
    pub(crate) unsafe fn go_back<M: Mode>(self, to: Frame) -> u64 {
        // SAFETY: what is there finds its own frame below the callee's; the contract is the same.
        unsafe { self.leave_by(to.native as *const u8) }
    }

    /// Ends the run with a trap at this node.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run).
    #[inline(always)]
    pub(crate) unsafe fn trap(self, trap: Trap) -> u64 {
        // SAFETY: the contract is the same.
        unsafe { trap_exit(self, trap) }
    }

    /// The bytes at an address, or `None` if they are out of bounds.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); units 0 and 1 hold the node's `offset + width`, and `width` is the access's.
    #[inline(always)]
    pub(crate) unsafe fn place(&self, address: u32, width: usize) -> Option<*mut u8> {
        // SAFETY: offset and address have 32 bits: their sum does not wrap, nor is it negative. If it is at most the memory's bytes
        // less the access's, those of the access are within the memory; if there are not as many, the limit is negative.
        unsafe {
            let place = u64::from(address) + OFFSET[width];
            if place as i64 > (*self.context).limits[width.ilog2() as usize] {
                return None;
            }
            Some(self.memory.add(place as usize))
        }
    }

    /// The own global whose number is in operand unit 0.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); the node has an own global's number there.
    #[inline(always)]
    pub(crate) unsafe fn global(self) -> *mut u64 {
        // SAFETY: as in a stream.
        unsafe {
            (*self.context)
                .view
                .globals
                .wrapping_byte_add((&raw const GLOBAL).addr())
        }
    }

    /// The slot whose number is in operand unit `index`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); the node has a slot's number there.
    #[inline(always)]
    pub(crate) unsafe fn slot(self, index: usize) -> *mut u64 {
        match slot_bytes(index) {
            Some(bytes) => self.frame.wrapping_byte_add(bytes),
            // SAFETY: the slot is within the frame, says the contract.
            None => unsafe { self.frame.add(self.unit(index) as usize) },
        }
    }
}
