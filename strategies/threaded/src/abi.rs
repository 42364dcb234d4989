//! The convention between handlers: which register holds what, and how one leads to the next.
//!
//! Every handler is one instance of [`enter`], so that all have one signature. Registers travel as one `Copy` struct,
//! [`Regs`], which LLVM takes apart into the function's own arguments.
//!
//! | argument | register (System V) | holds |
//! |---|---|---|
//! | `ip` | rdi | this node in the code stream |
//! | `frame` | rsi | slot 0 of the current frame |
//! | `memory` | rdx | byte 0 of memory 0 |
//! | `acc` | rcx | integer accumulator; in rcx, so that shift amounts are in place |
//! | `context` | r8 | [`Context`]: everything else |
//! | `memory_len` | r9 | bytes of memory 0 |
//! | `acc64` | xmm0 | `f64` accumulator |
//! | `acc32` | xmm1 | `f32` accumulator |
//! | `acc128` | xmm2 | accumulator of vectors |
//!
//! # Rules that keep the last call of a handler a jump
//!
//! All exits are calls with this signature; the result is one scalar; nothing is dropped and no local's address escapes.
//! A trap leaves through [`leave`], whose result is loaded from memory: if LLVM could infer it, it would return it here
//! and turn the call into an ordinary one.

use wasm_dispatch_ir::{Trap, V128};

use crate::code::Unit;
use crate::context::Context;
#[cfg(feature = "copies")]
use crate::context::limits;
use crate::kind::{Kind, Nodes};

/// A vector as a register holds it: only such a type is passed in one.
#[cfg(target_arch = "x86_64")]
pub(crate) type Vector = std::arch::x86_64::__m128i;
#[cfg(target_arch = "aarch64")]
pub(crate) type Vector = std::arch::aarch64::uint8x16_t;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) type Vector = V128;

/// A vector as its bytes.
#[inline(always)]
pub(crate) fn from_register(vector: Vector) -> V128 {
    // SAFETY: both are 16 bytes without padding, any of which are a vector.
    unsafe { std::mem::transmute(vector) }
}

/// A vector as a register holds it.
#[inline(always)]
pub(crate) fn to_register(vector: V128) -> Vector {
    // SAFETY: as above.
    unsafe { std::mem::transmute(vector) }
}

/// What the accumulator of vectors holds before it is used.
pub(crate) fn no_vector() -> Vector {
    to_register(V128::ZERO)
}

/// Units of a node's handler pointer.
pub(crate) const HANDLER_UNITS: usize = 2;

/// Operand units, padded to a multiple of 64 bits. So handlers' addresses and branch targets never lie across two cache
/// lines: a loop goes round by loading its own address, and a sieve took 1.5 times as long where that did.
pub(crate) const fn filled(units: usize) -> usize {
    units.next_multiple_of(2)
}

/// The signature of all handlers and their entry points.
macro_rules! entry_points {
    ($abi:literal) => {
        /// The signature of all handlers.
        #[allow(improper_ctypes_definitions)] // No other language calls handlers.
        pub(crate) type Entry = unsafe extern $abi fn(
            *const Unit, *mut u64, *mut u8, u64, *mut Context, usize, f64, f32, Vector,
        ) -> u64;

        entry_points! {
            @ $abi
            /// The entry point of a handler.
            enter
        }

        entry_points! {
            @ $abi
            /// The entry point of a handler for the rare case of another one: never merged into that, because the registers
            /// that it saves on the native stack would be saved in the frequent case, too.
            #[cold]
            #[inline(never)]
            enter_rare
        }

        entry_points! {
            @ $abi
            /// The entry point of a handler with operations of newer machines ("x86-64-v2"); the compiler writes it for those alone.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "ssse3,sse4.1,sse4.2")]
            enter_v2
        }

        /// Ends the run for the reason that was put into the context, or for the trap whose code is in `acc`.
        #[cold]
        #[inline(never)]
        #[allow(improper_ctypes_definitions)]
        pub(crate) unsafe extern $abi fn leave(
            ip: *const Unit,
            frame: *mut u64,
            _memory: *mut u8,
            acc: u64,
            context: *mut Context,
            _memory_len: usize,
            _acc64: f64,
            _acc32: f32,
            _acc128: Vector,
        ) -> u64 {
            // SAFETY: `run` keeps the context alive and unborrowed until the handlers have left.
            unsafe {
                (*context).ip = ip;
                (*context).frame = frame;
                (*context).trap = acc;
                (*context).running = false;
                std::ptr::read_volatile(&raw const (*context).result)
            }
        }
    };
    (@ $abi:literal $(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[allow(improper_ctypes_definitions)]
        pub(crate) unsafe extern $abi fn $name<H: Handler, M: Mode>(
            ip: *const Unit,
            frame: *mut u64,
            memory: *mut u8,
            acc: u64,
            context: *mut Context,
            memory_len: usize,
            acc64: f64,
            acc32: f32,
            acc128: Vector,
        ) -> u64 {
            #[cfg(stencil)]
            let ip = crate::holes::node::<H>(ip);
            // SAFETY: handlers are called by `Regs::call` alone, where the registers are as `Handler::run` wants them.
            unsafe { H::run::<M>(Regs { ip, frame, memory, acc, context, memory_len, acc64, acc32, acc128 }) }
        }
    };
}

// The System V convention passes all nine arguments in registers on Windows, too.
#[cfg(all(target_arch = "x86_64", windows))]
entry_points!("sysv64");
#[cfg(not(all(target_arch = "x86_64", windows)))]
entry_points!("C");

/// The machine's registers while handlers run.
///
/// What leaves a node, and how a slot is found, is in `stream.rs` for handlers of a stream, and in `holes.rs` for copies of their
/// machine code (`cfg(stencil)`).
#[derive(Clone, Copy)]
pub(crate) struct Regs {
    pub ip: *const Unit,
    pub frame: *mut u64,
    pub memory: *mut u8,
    pub acc: u64,
    pub context: *mut Context,
    pub memory_len: usize,
    pub acc64: f64,
    pub acc32: f32,
    pub acc128: Vector,
}

/// How a handler goes on with the next one.
pub(crate) trait Mode: 'static {
    /// Goes on with the node at `r.ip`.
    ///
    /// # Safety
    ///
    /// That is a node of the current function, and the registers are as [`Handler::run`] wants them.
    unsafe fn dispatch(r: Regs) -> u64;

    /// Likewise; the node's handler is this one.
    ///
    /// # Safety
    ///
    /// As [`Mode::dispatch`]; the node begins with that address.
    unsafe fn dispatch_to(r: Regs, handler: Entry) -> u64;
}

/// By a call in tail position, which the compiler turns into a jump.
pub(crate) struct Jumps;

/// By returning to the loop in [`crate::run`]: for builds in which calls stay calls.
pub(crate) struct Trampoline;

impl Mode for Jumps {
    #[inline(always)]
    unsafe fn dispatch(r: Regs) -> u64 {
        // SAFETY: `r.ip` is a node and the registers fit it, says the contract; a node begins with its handler's address, aligned
        // to units only.
        unsafe {
            if cfg!(trampoline) {
                return Trampoline::dispatch(r);
            }
            let handler = r.ip.cast::<Entry>().read_unaligned();
            r.call(handler)
        }
    }

    #[inline(always)]
    unsafe fn dispatch_to(r: Regs, handler: Entry) -> u64 {
        // SAFETY: the contract is the same.
        unsafe {
            if cfg!(trampoline) {
                return Trampoline::dispatch(r);
            }
            r.call(handler)
        }
    }
}

impl Mode for Trampoline {
    #[inline(always)]
    unsafe fn dispatch(r: Regs) -> u64 {
        // SAFETY: `run` keeps the context alive and unborrowed until the handlers have left.
        unsafe {
            (*r.context).registers = r;
            0
        }
    }

    #[inline(always)]
    unsafe fn dispatch_to(r: Regs, _handler: Entry) -> u64 {
        // SAFETY: the contract is the same.
        unsafe { Trampoline::dispatch(r) }
    }
}

/// What one node of the code stream does.
pub(crate) trait Handler: 'static {
    /// The node's kind, if it can be part of a pair.
    const KIND: Kind = Kind::Other;
    /// Where control goes from the node.
    #[cfg_attr(not(feature = "copies"), allow(dead_code))]
    const ROLE: Role = Role::Step;
    /// Carries out the node at `r.ip` and goes on with another one.
    ///
    /// # Safety
    ///
    /// - *Node*: `r.ip` points to a node with this handler and its operands, written by the compiler of this crate for the
    ///   function whose frame is at `r.frame`. Another node follows, if this one is no terminator.
    /// - *Frame*: it has the function's size, so that every slot that an operand names is within it, and nothing else refers to
    ///   it. Lowered code names no other slots: its verifier checks that, in debug builds and under fuzzing.
    /// - *Memory*: `r.memory` and `r.memory_len` are memory 0 of the current instance, and nothing else refers to it.
    /// - *Context*: `r.context` is that of the current run, and its state is the machine's; no reference to either is alive.
    ///
    /// The compiler upholds the first two, by what it writes; `crate::run` and the handlers of calls and returns, by how they
    /// set the registers, the others.
    unsafe fn run<M: Mode>(r: Regs) -> u64;
}

/// A node that goes on with the next node, or traps.
pub(crate) trait Step: 'static {
    /// The node's kind.
    const KIND: Kind;
    /// Its operand units.
    const UNITS: usize;

    /// Carries out the node at `r.ip`, and stays there.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`].
    unsafe fn step(r: &mut Regs) -> Result<(), Trap>;
}

impl<S: Step> Handler for S {
    const KIND: Kind = S::KIND;

    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: `step` has the same contract, and leaves all of it in force; a step is no terminator.
        unsafe {
            match S::step(&mut r) {
                Ok(()) => r.next::<M>(S::UNITS),
                Err(trap) => r.trap(trap),
            }
        }
    }
}

/// A handler with the kind of node that it is for.
#[derive(Clone, Copy)]
pub(crate) struct Picked {
    pub entry: Entry,
    /// Its form for builds without jumps.
    pub trampolined: Entry,
    pub kind: Kind,
    /// The kind, to look superinstructions up by.
    pub nodes: Nodes,
    /// The key by which a copy of its machine code is found.
    #[cfg(feature = "copies")]
    pub name: Name,
}

/// Where control goes from a node, for code that keeps slots in registers while nodes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To the next node or to a target, or the run ends by a trap.
    Step,
    /// To one of its targets.
    Jump,
    /// To the next node, or the run stops, to go on at the block, maybe under another strategy.
    Poll,
    /// To a function whose frame begins at the slot of operand unit 1; then to the next node.
    Call,
    /// To a function of a table or another instance. Its frame begins at the slot of operand unit 1, and the slot of unit 2 is
    /// read; then to the next node, or to the one after it.
    CallAnywhere,
    /// To the next node, after a call that led to another instance.
    SwitchBack,
    /// To another function, in place of this one.
    TailCall,
    /// To the caller.
    Return,
    /// Nowhere: a trap.
    Raise,
}

/// What a copy of a handler's machine code is found by, and what it must be laid out for.
#[cfg(feature = "copies")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// The handler's type.
    pub of: fn() -> &'static str,
    /// Whether it is entered by [`enter_v2`].
    pub v2: bool,
    pub role: Role,
}

#[cfg(feature = "copies")]
impl Name {
    const fn new<H: Handler>(v2: bool) -> Name {
        Name {
            of: std::any::type_name::<H>,
            v2,
            role: H::ROLE,
        }
    }
}

/// The handler `H`.
pub(crate) const fn picked<H: Handler>() -> Picked {
    Picked {
        entry: enter::<H, Jumps>,
        #[cfg(not(stencil))]
        trampolined: enter::<H, Trampoline>,
        #[cfg(stencil)]
        trampolined: enter::<H, Jumps>,
        kind: H::KIND,
        nodes: const { Nodes::of(H::KIND) },
        #[cfg(feature = "copies")]
        name: Name::new::<H>(false),
    }
}

/// The handler `H`, of which there is no second form for a loop: it goes on with the next node, which has one, so that the
/// native stack is as deep as the row of such nodes. The compiler bounds those: see `Compiler::node`.
pub(crate) const fn picked_once<H: Handler>() -> Picked {
    Picked {
        entry: enter::<H, Jumps>,
        trampolined: enter::<H, Jumps>,
        kind: H::KIND,
        nodes: const { Nodes::of(H::KIND) },
        #[cfg(feature = "copies")]
        name: Name::new::<H>(false),
    }
}

/// The handler of a node that takes one step and goes on. Only where the lab compares with a loop is there a second form for
/// that: loops are what builds fall back to that do not jump, and these are most of the handlers.
#[cfg(not(feature = "ablation"))]
pub(crate) const fn picked_step<S: Step>() -> Picked {
    picked_once::<S>()
}

/// Likewise.
#[cfg(feature = "ablation")]
pub(crate) const fn picked_step<S: Step>() -> Picked {
    picked::<S>()
}

/// [`picked_once`] for newer machines.
#[cfg(target_arch = "x86_64")]
pub(crate) const fn picked_v2<H: Handler>() -> Picked {
    Picked {
        entry: enter_v2::<H, Jumps>,
        trampolined: enter_v2::<H, Jumps>,
        kind: H::KIND,
        nodes: const { Nodes::of(H::KIND) },
        #[cfg(feature = "copies")]
        name: Name::new::<H>(true),
    }
}

/// Enters the node at `ip`, and gives back the registers that callers want back: copies of machine code use them.
///
/// # Safety
///
/// As [`Handler::run`] for that node's handler.
#[cfg(all(feature = "copies", target_arch = "x86_64", not(windows), not(stencil)))]
#[unsafe(naked)]
#[allow(improper_ctypes_definitions)]
pub(crate) unsafe extern "C" fn enter_saving(
    _ip: *const Unit,
    _frame: *mut u64,
    _memory: *mut u8,
    _acc: u64,
    _context: *mut Context,
    _memory_len: usize,
    _acc64: f64,
    _acc32: f32,
    _acc128: Vector,
) -> u64 {
    // All arguments stay in their registers for the handler, whose address the node begins with.
    std::arch::naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "call [rdi]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

/// The address of what ends a run.
#[cfg(feature = "copies")]
pub(crate) fn leave_address() -> u64 {
    leave as *const () as u64
}

impl Regs {
    /// Registers that point nowhere.
    pub(crate) fn empty() -> Regs {
        Regs {
            ip: std::ptr::null(),
            frame: std::ptr::null_mut(),
            memory: std::ptr::null_mut(),
            acc: 0,
            context: std::ptr::null_mut(),
            memory_len: 0,
            acc64: 0.0,
            acc32: 0.0,
            acc128: no_vector(),
        }
    }

    /// The registers that were left for the loop, one by one: reading them as a whole would be wider than the writes just
    /// before, and a wider read waits until these have left the store buffer.
    ///
    /// # Safety
    ///
    /// `left` is readable.
    #[inline(always)]
    pub(crate) unsafe fn taken(left: *const Regs) -> Regs {
        // SAFETY: `left` is readable, says the contract.
        unsafe {
            Regs {
                ip: (&raw const (*left).ip).read_volatile(),
                frame: (&raw const (*left).frame).read_volatile(),
                memory: (&raw const (*left).memory).read_volatile(),
                acc: (&raw const (*left).acc).read_volatile(),
                context: (&raw const (*left).context).read_volatile(),
                memory_len: (&raw const (*left).memory_len).read_volatile(),
                acc64: (&raw const (*left).acc64).read_volatile(),
                acc32: (&raw const (*left).acc32).read_volatile(),
                acc128: (&raw const (*left).acc128).read_volatile(),
            }
        }
    }

    /// Goes on with the node at `ip`.
    ///
    /// # Safety
    ///
    /// `ip` points to a node of the current function, and the registers are as [`Handler::run`] wants them.
    #[inline(always)]
    pub(crate) unsafe fn go<M: Mode>(mut self, ip: *const Unit) -> u64 {
        self.ip = ip;
        // SAFETY: `dispatch` has the same contract.
        unsafe { M::dispatch(self) }
    }

    /// Calls a handler with these registers.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`], for that handler.
    #[inline(always)]
    pub(crate) unsafe fn call(self, handler: Entry) -> u64 {
        let Regs {
            ip,
            frame,
            memory,
            acc,
            context,
            memory_len,
            acc64,
            acc32,
            acc128,
        } = self;
        // SAFETY: the registers are as this handler wants them, says the contract.
        unsafe { handler(ip, frame, memory, acc, context, memory_len, acc64, acc32, acc128) }
    }

    /// Takes over memory 0 of the current instance.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; nothing else refers to the state.
    #[inline(always)]
    pub(crate) unsafe fn read_memory(&mut self) {
        // SAFETY: context and state are alive during the run, and nothing else refers to them, says the contract. Memories are
        // numbered in the machine, so it does not matter which instance the state takes for the current one.
        unsafe {
            let context = self.context;
            let memory = (*(*context).stale_state).bytes_or_none((*context).view.memory);
            self.memory = memory.as_mut_ptr();
            self.memory_len = memory.len();
            #[cfg(feature = "copies")]
            {
                (*context).limits = limits(memory.len());
            }
        }
    }

    /// Ends the run for the reason in the context.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`].
    #[inline(always)]
    pub(crate) unsafe fn exit(mut self) -> u64 {
        self.acc = 0;
        // SAFETY: `leave` asks for nothing but the context.
        unsafe { self.call(leave) }
    }

    /// The operand unit number `index` of this node.
    ///
    /// # Safety
    ///
    /// The node has that many operand units.
    #[inline(always)]
    pub(crate) unsafe fn unit(self, index: usize) -> u32 {
        // SAFETY: the unit is there, says the contract.
        unsafe { self.ip.add(HANDLER_UNITS + index).read() }
    }

    /// The node address in operand units `index` and `index + 1`.
    ///
    /// # Safety
    ///
    /// The node has an address there.
    #[inline(always)]
    pub(crate) unsafe fn target(self, index: usize) -> *const Unit {
        // SAFETY: both units are there, says the contract; an address is aligned to units only.
        unsafe {
            self.ip
                .add(HANDLER_UNITS + index)
                .cast::<*const Unit>()
                .read_unaligned()
        }
    }
}
