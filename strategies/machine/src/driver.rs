//! Calls and returns: the shared steps ([`Running`]), which loops take inside their code, and a driver that takes them for
//! strategies whose code returns to it.
//!
//! The driver calls a strategy's `step`, which runs straight code and branches, and returns a [`Flow`] for everything that
//! changes the frame. Calls push on the machine's frame stack, never on the native one.

use crate::backend::{Backend, Compiled, Exit, ModuleCode, Program};
use crate::host::{Host, Reach};
use crate::state::{Callee, Frame, Machine, State, ValueStack, Window};
use wasm_dispatch_ir::code::{BlockId, Slot, Statement};
use wasm_dispatch_ir::trap::Trap;

/// What a strategy's step returns, in one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow(pub u64);

impl Flow {
    const LEAVE: u64 = 1 << 32;
    const TRAP: u64 = 2 << 32;
    /// The function returns.
    pub const RETURN: Flow = Flow(3 << 32);
    /// The block's code fell off its end: go on with the next block. Only for strategies that step block by block.
    pub const NEXT: Flow = Flow(4 << 32);

    const SUSPEND: u64 = 5 << 32;

    /// The slice does not hold what this block costs: suspend the run here.
    #[inline(always)]
    pub fn suspend(block: BlockId) -> Flow {
        Flow(Flow::SUSPEND | u64::from(block))
    }

    /// Go on with a block of the same function.
    #[inline(always)]
    pub fn block(block: BlockId) -> Flow {
        Flow(u64::from(block))
    }

    /// Carry out the terminator of this block, a call of some kind. An element index was [left](State::leave_operand).
    ///
    /// It names the block, not the statement, because the block also says where the caller continues, without a search.
    #[inline(always)]
    pub fn leave(block: BlockId) -> Flow {
        Flow(Flow::LEAVE | u64::from(block))
    }

    /// This statement trapped; the trap was [left](State::leave_trap).
    #[inline(always)]
    pub fn trapped(statement: u32) -> Flow {
        Flow(Flow::TRAP | u64::from(statement))
    }
}

/// The function that runs: what calls and returns change.
///
/// Every loop that carries out calls takes these steps. They are inlined into it, and the fields become variables. The
/// window is not among them, because it is borrowed from the value stack: after a step that enters another function, the
/// loop fetches the window of [`Running::frame`] again.
pub struct Running<'p, B: Backend> {
    program: &'p Program<B>,
    host: &'p mut dyn Host,
    module: &'p ModuleCode<B>,
    /// Its code.
    pub function: &'p Compiled<B::Code>,
    /// Its frame.
    pub frame: Frame,
    /// Why the run is left, after [`Called::Left`]. Not in what calls return, which fits a register without it.
    pub exit: Exit,
}

impl<'p, B: Backend> Running<'p, B> {
    /// Takes the topmost frame. `None`: the bottom is reached.
    #[inline(always)]
    pub fn take(program: &'p Program<B>, state: &mut State, host: &'p mut dyn Host) -> Option<Running<'p, B>> {
        let frame = state.pop_frame();
        if frame.instance == Frame::BOTTOM {
            return None;
        }
        state.switch_to(frame.instance);
        let module = program.module(frame.instance);
        Some(Running {
            program,
            host,
            module,
            function: module.get(frame.function),
            frame,
            exit: Exit::Returned,
        })
    }

    /// Prepares the frame that was taken, if its function is about to start.
    ///
    /// # Errors
    ///
    /// Traps when the frame does not fit the value stack.
    #[inline(always)]
    pub fn begin(&self, state: &State, window: &mut Window) -> Result<(), Trap> {
        if self.frame.block == 0 {
            state.enter(self.frame.base, self.function.shape.frame_size)?;
            self.clear_locals(window);
        }
        Ok(())
    }

    /// Locals start as zero.
    #[inline(always)]
    pub fn clear_locals(&self, window: &mut Window) {
        let shape = self.function.shape;
        for slot in shape.params..shape.locals {
            // Slot numbers have 16 bits, so this needs no bounds check.
            window[usize::from(slot as Slot)] = 0;
        }
    }

    /// The function behind an index.
    #[inline(always)]
    pub fn callee(&self, state: &State, function: u32) -> Callee {
        match function.checked_sub(self.function.body.imported_functions) {
            Some(own) => Callee::Wasm {
                instance: self.frame.instance,
                function: own,
            },
            None => state.callee(function),
        }
    }

    /// Calls a function of the same instance, by its index among the instance's own: nothing has to be switched. The caller
    /// goes on at `resume`; the callee's frame is at `base`, a slot of the caller's. The frame's block is not set: the loops
    /// that take this step do not read it.
    ///
    /// # Errors
    ///
    /// Traps, in the caller, when the call depth or the value stack is used up.
    #[inline(always)]
    pub fn call_own(&mut self, state: &mut State, resume: Resume, function: u32, base: Slot) -> Result<(), Trap> {
        self.suspend(state, resume)?;
        let base = self.frame.base + u32::from(base);
        let entered = self.enter_own(state, function, base);
        if entered.is_err() {
            state.pop_frame();
        }
        entered
    }

    /// Calls a function. The caller goes on at `resume`; the callee's frame is at `base`, a slot of the caller's.
    ///
    /// # Errors
    ///
    /// Traps, in the caller, when the call depth or the value stack is used up.
    #[inline(always)]
    pub fn call(
        &mut self,
        state: &mut State,
        stack: &mut ValueStack,
        resume: Resume,
        callee: Callee,
        base: Slot,
    ) -> Result<Called, Trap> {
        self.suspend(state, resume)?;
        let base = self.frame.base + u32::from(base);
        let entered = self.enter(state, stack, callee, base);
        if entered.is_err() {
            state.pop_frame();
        }
        entered
    }

    /// Calls a function in place of this one.
    ///
    /// # Errors
    ///
    /// Traps, in the caller, when the value stack is used up.
    #[inline(always)]
    pub fn tail_call(&mut self, state: &mut State, stack: &mut ValueStack, callee: Callee) -> Result<Called, Trap> {
        self.enter(state, stack, callee, self.frame.base)
    }

    /// Goes on with the caller. An exit: the bottom is reached.
    #[inline(always)]
    pub fn ret(&mut self, state: &mut State) -> Option<Exit> {
        let frame = state.pop_frame();
        if frame.instance != self.frame.instance {
            if frame.instance == Frame::BOTTOM {
                return Some(Exit::Returned);
            }
            state.switch_to(frame.instance);
            self.module = self.program.module(frame.instance);
        }
        self.function = self.module.get(frame.function);
        self.frame = frame;
        None
    }

    #[inline(always)]
    fn suspend(&self, state: &mut State, Resume { block, native }: Resume) -> Result<(), Trap> {
        state.push_frame(Frame {
            block,
            native,
            ..self.frame
        })
    }

    #[inline(always)]
    fn enter(&mut self, state: &mut State, stack: &mut ValueStack, callee: Callee, base: u32) -> Result<Called, Trap> {
        match callee {
            Callee::Wasm { instance, function } if instance == self.frame.instance => {
                self.enter_own(state, function, base).map(|()| Called::Entered)
            }
            other => match self.enter_other(state, stack, other, base) {
                Called::Entered => Ok(Called::Entered),
                Called::Done => Ok(Called::Done),
                Called::Left => match self.exit {
                    Exit::Trapped { trap, .. } => Err(trap),
                    _ => Ok(Called::Left),
                },
            },
        }
    }

    /// The value stack is checked before anything changes, so that a trap names the call.
    #[inline(always)]
    fn enter_own(&mut self, state: &mut State, function: u32, base: u32) -> Result<(), Trap> {
        let callee = self.module.get(function);
        state.enter(base, callee.shape.frame_size)?;
        self.function = callee;
        self.frame.function = function;
        self.frame.base = base;
        Ok(())
    }

    // Out of line: inlined four times into each loop, it took registers from the operations. A trap is an exit here, so that the
    // result fits a register.
    #[inline(never)]
    fn enter_other(&mut self, state: &mut State, stack: &mut ValueStack, callee: Callee, base: u32) -> Called {
        let (instance, index) = match callee {
            Callee::Wasm { instance, function } => (instance, function),
            Callee::Host(function) => {
                let exit = match self.host.call(function, Reach::new(state), stack.from(base)) {
                    true => self.ret(state),
                    false => Some(Exit::HostCall { function, base }),
                };
                let Some(exit) = exit else { return Called::Done };
                self.exit = exit;
                return Called::Left;
            }
        };
        let module = self.program.module(instance);
        let function = module.get(index);
        if let Err(trap) = state.enter(base, function.shape.frame_size) {
            self.exit = Exit::Trapped { trap, statement: 0 };
            return Called::Left;
        }
        state.switch_to(instance);
        self.module = module;
        self.function = function;
        self.frame = Frame::entry(instance, index, base);
        Called::Entered
    }
}

/// Where a call has led.
#[derive(Clone, Copy, Debug)]
pub enum Called {
    /// To the beginning of a function.
    Entered,
    /// To where a caller goes on, as a return does: it was the host's function, and that is done.
    Done,
    /// Out of the run: [`Running::exit`] says why.
    Left,
}

/// Where a caller goes on.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// The block after the call.
    pub block: BlockId,
    /// The strategy's own resume point, or zero.
    pub native: u64,
}

/// [`Backend::run`], for the owner of a machine. Where a [bulk](wasm_dispatch_ir::builtin::Builtin::is_bulk) builtin has used up
/// the slice, the run is suspended at its block, which it stands first in;
/// [`State::take_owed`](crate::state::State::take_owed) says what it costs to go on.
pub fn proceed<B: Backend>(program: &Program<B>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
    match B::run(program, machine, host) {
        Exit::Trapped {
            trap: Trap::OutOfFuel,
            statement,
        } => {
            let frame = machine.state.left_frame();
            let body = &program.module(frame.instance).get(frame.function).body;
            suspended(&mut machine.state, frame, body.block_of(statement))
        }
        exit => exit,
    }
}

/// Runs a machine by steps; see [`Backend::run`]. `step` runs from a block's start until it has a [`Flow`].
#[inline(always)]
pub fn run<B: Backend>(
    program: &Program<B>,
    machine: &mut Machine,
    host: &mut dyn Host,
    step: impl Fn(&B::Code, &mut State, &mut Window, BlockId) -> Flow,
) -> Exit {
    let (state, stack) = (&mut machine.state, &mut machine.stack);
    let Some(mut running) = Running::take(program, state, host) else {
        return Exit::Returned;
    };
    state.take_trap();
    let mut window = stack.window(running.frame.base);
    if let Err(trap) = running.begin(state, window) {
        return trapped(state, running.frame, trap, 0);
    }
    loop {
        let flow = step(&running.function.code, state, window, running.frame.block);
        let number = flow.0 as u32;
        match flow.0 & !u64::from(u32::MAX) {
            0 => running.frame.block = number,
            tag if tag == Flow::RETURN.0 => {
                if let Some(exit) = running.ret(state) {
                    return exit;
                }
                window = stack.window(running.frame.base);
            }
            tag if tag == Flow::TRAP => {
                let trap = state.take_trap().unwrap_or(Trap::Unreachable);
                return trapped(state, running.frame, trap, number);
            }
            tag if tag == Flow::SUSPEND => return suspended(state, running.frame, number),
            _ => match call(&mut running, state, stack, number) {
                Ok(Called::Entered) => {
                    running.frame.block = 0;
                    window = stack.window(running.frame.base);
                    running.clear_locals(window);
                }
                Ok(Called::Done) => window = stack.window(running.frame.base),
                Ok(Called::Left) => return running.exit,
                Err(trap) => {
                    let statement = running.function.body.terminator(number);
                    return trapped(state, running.frame, trap, statement);
                }
            },
        }
    }
}

/// Carries out the call at the end of a block.
#[inline(always)]
fn call<B: Backend>(
    running: &mut Running<'_, B>,
    state: &mut State,
    stack: &mut ValueStack,
    block: BlockId,
) -> Result<Called, Trap> {
    let body = &running.function.body;
    let resume = Resume {
        block: block + 1,
        native: 0,
    };
    match body.statements[body.terminator(block) as usize] {
        Statement::Call { function, base } => match function.checked_sub(body.imported_functions) {
            Some(own) => running.call_own(state, resume, own, base).map(|()| Called::Entered),
            None => {
                let callee = state.callee(function);
                running.call(state, stack, resume, callee, base)
            }
        },
        Statement::CallIndirect { table, ty, base, .. } => {
            let callee = state.indirect_callee(table, ty, state.left_operand())?;
            running.call(state, stack, resume, callee, base)
        }
        Statement::TailCall { function } => {
            let callee = running.callee(state, function);
            running.tail_call(state, stack, callee)
        }
        Statement::TailCallIndirect { table, ty, .. } => {
            let callee = state.indirect_callee(table, ty, state.left_operand())?;
            running.tail_call(state, stack, callee)
        }
        Statement::Set { .. }
        | Statement::GlobalSet { .. }
        | Statement::Store { .. }
        | Statement::VectorSet { .. }
        | Statement::VectorGlobalSet { .. }
        | Statement::VectorStore { .. }
        | Statement::StoreLane { .. }
        | Statement::Eval(_)
        | Statement::Builtin { .. }
        | Statement::Meter { .. }
        | Statement::Jump(_)
        | Statement::Branch { .. }
        | Statement::Switch { .. }
        | Statement::Return
        | Statement::Trap(_) => unreachable!("only calls are left to the driver"),
    }
}

/// Leaves a run because its slice is used up, to go on at this block of the current frame.
#[cold]
#[inline(never)]
pub fn suspended(state: &mut State, current: Frame, block: BlockId) -> Exit {
    // Not limited: this frame does not wait for a call.
    state.frames.push(Frame {
        block,
        native: 0,
        ..current
    });
    Exit::Suspended
}

/// Leaves a run with a trap.
#[cold]
#[inline(never)]
pub fn trapped(state: &mut State, current: Frame, trap: Trap, statement: u32) -> Exit {
    state.leave_frame(current);
    Exit::Trapped { trap, statement }
}
