//! How handlers read the code stream and go on in it. Copies of their machine code do the same without a stream: `holes`.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_machine::state::Frame;

use crate::abi::{Entry, HANDLER_UNITS, Mode, Regs, filled, leave};
use crate::code::Unit;

impl Regs {
    /// Goes on with the node after this one, which has this many operand units.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; every node but terminators is followed by another.
    #[inline(always)]
    pub(crate) unsafe fn next<M: Mode>(self, units: usize) -> u64 {
        // SAFETY: nodes lie one behind the other in a function's stream, and behind this one there is another.
        unsafe { self.go::<M>(self.ip.add(HANDLER_UNITS + filled(units))) }
    }

    /// Goes on with the node whose address is in operand units `index` and `index + 1`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; the units are the address of a node of this function.
    #[inline(always)]
    pub(crate) unsafe fn branch<M: Mode>(self, index: usize) -> u64 {
        // SAFETY: the units are a node's address, says the contract.
        unsafe { self.go::<M>(self.target(index)) }
    }

    /// Goes on with one of the nodes whose addresses are in the operand units from `first` on: number `index`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; there are more than `index` addresses, each of a node of this function.
    #[inline(always)]
    pub(crate) unsafe fn switch<M: Mode>(self, first: usize, index: u32) -> u64 {
        // SAFETY: the units are a node's address, says the contract. An address takes as many as a handler's.
        unsafe { self.go::<M>(self.target(first + HANDLER_UNITS * index as usize)) }
    }

    /// Leaves this node to the handler of its rare case. The registers are as they were when the node began.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`], for that handler.
    #[inline(always)]
    pub(crate) unsafe fn rarely(self, handler: Entry) -> u64 {
        // SAFETY: the contract is the same.
        unsafe { self.call(handler) }
    }

    /// The node this many units behind this one, where a call of this node goes on.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; there is a node.
    #[inline(always)]
    pub(crate) unsafe fn behind(self, units: usize) -> *const Unit {
        // SAFETY: there is a node, says the contract.
        unsafe { self.ip.add(units) }
    }

    /// The cell of the own function whose number is in operand unit `index`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; the node has such a number there.
    #[inline(always)]
    pub(crate) unsafe fn callee(self, index: usize) -> *const CodeCell {
        // SAFETY: the contract is the same.
        unsafe { self.cell_of(self.unit(index)) }
    }

    /// The cell of an own function of the current instance.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; there is such a function.
    #[inline(always)]
    pub(crate) unsafe fn cell_of(self, function: u32) -> *const CodeCell {
        // SAFETY: the view is the current instance's, with a cell for each of its own functions.
        unsafe { (*self.context).view.cells.add(function as usize) }
    }

    /// Goes on with the function of a cell.
    ///
    /// # Safety
    ///
    /// The function is compiled, it is one of the current instance, and the registers are as [`Handler::run`] of its first node wants
    /// them, but for `ip`.
    #[inline(always)]
    pub(crate) unsafe fn enter<M: Mode>(mut self, cell: *const CodeCell) -> u64 {
        // SAFETY: a cell of a function that is compiled has its first node and what that begins with, an address of a handler or of
        // code that stands in for one.
        unsafe {
            self.ip = (*cell).place().cast();
            M::dispatch_to(self, std::mem::transmute::<*mut (), Entry>((*cell).code()))
        }
    }

    /// Whether a return goes on at a resume point by itself.
    #[inline(always)]
    pub(crate) fn returns_to(native: u64) -> bool {
        native != 0
    }

    /// Returns to a frame.
    ///
    /// # Safety
    ///
    /// It is the current one now, and [`Regs::returns_to`] its resume point, a node of its function; the registers are as that node's
    /// [`Handler::run`] wants them, but for `ip` and `frame`.
    #[inline(always)]
    pub(crate) unsafe fn go_back<M: Mode>(mut self, to: Frame) -> u64 {
        // SAFETY: a frame's first slot is on the value stack; the node is one of its function, says the contract.
        unsafe {
            self.frame = (*self.context).stack.add(to.base as usize);
            self.go::<M>(to.native as *const Unit)
        }
    }

    /// Ends the run with a trap at this node.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`].
    #[inline(always)]
    pub(crate) unsafe fn trap(mut self, trap: Trap) -> u64 {
        self.acc = u64::from(trap.code());
        // SAFETY: `leave` asks for nothing but the context.
        unsafe { self.call(leave) }
    }

    /// The own global whose number is in operand unit 0.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; the node has an own global's number there.
    #[inline(always)]
    pub(crate) unsafe fn global(self) -> *mut u64 {
        // SAFETY: the current instance's own globals follow each other from `globals` on, and it is one of them, says the contract.
        unsafe { (*self.context).view.globals.add(self.unit(0) as usize) }
    }

    /// The slot whose number is in operand unit `index`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`]; the node has a slot's number there.
    #[inline(always)]
    pub(crate) unsafe fn slot(self, index: usize) -> *mut u64 {
        // SAFETY: lowered code names no slots beyond the end of its frame, and the compiler writes the numbers of no others.
        unsafe { self.frame.add(self.unit(index) as usize) }
    }
}
