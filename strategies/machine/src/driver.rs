//! The driver of strategies whose code runs block by block: it carries out calls and returns.
//!
//! A step runs straight code and branches on its own, and comes back with a [`Flow`] for everything that changes the
//! frame. The driver never touches the native stack beyond its own frame: calls push on the machine's frame stack.

use crate::backend::{Backend, Compiled, Exit, Program};
use crate::state::{Callee, Frame, Machine, State, Window};
use wasm_dispatch_ir::code::{BlockId, Statement};
use wasm_dispatch_ir::trap::Trap;

/// What a step comes back with, in one register.
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

    /// Carry out the terminator of this block, a call of some kind. An element index is in [`State::operand`].
    ///
    /// The block, and not the statement, because it is also where the caller goes on: nothing has to be searched.
    #[inline(always)]
    pub fn leave(block: BlockId) -> Flow {
        Flow(Flow::LEAVE | u64::from(block))
    }

    /// This statement trapped; the trap is in [`State::trap`].
    #[inline(always)]
    pub fn trapped(statement: u32) -> Flow {
        Flow(Flow::TRAP | u64::from(statement))
    }
}

/// Runs a machine by steps; see [`Backend::run`]. `step` runs from a block's start until it has a [`Flow`].
#[inline(always)]
pub fn run<B: Backend>(
    program: &Program<B>,
    machine: &mut Machine,
    step: impl Fn(&B::Code, &mut State, &mut Window, BlockId) -> Flow,
) -> Exit {
    let frame = machine.state.pop_frame();
    if frame.instance == Frame::BOTTOM {
        return Exit::Returned;
    }
    machine.state.switch_to(frame.instance);
    machine.state.trap = None;
    let mut module = program.module(frame.instance);
    let mut function: &Compiled<B::Code> = module.get(frame.function);
    let mut current = frame;
    let mut window = machine.stack.window(current.base);
    if current.block == 0
        && let Err(trap) = enter(function, &machine.state, current.base, window)
    {
        return trapped(&mut machine.state, current, trap, 0);
    }
    loop {
        let state = &mut machine.state;
        let flow = step(&function.code, state, window, current.block);
        let number = flow.0 as u32;
        let next = match flow.0 & !u64::from(u32::MAX) {
            0 => {
                current.block = number;
                continue;
            }
            tag if tag == Flow::RETURN.0 => Next::Return,
            tag if tag == Flow::TRAP => {
                let trap = state.trap.take().unwrap_or(Trap::Unreachable);
                return trapped(state, current, trap, number);
            }
            tag if tag == Flow::SUSPEND => return suspended(state, current, number),
            _ => match call(state, current, function, number) {
                Ok(next) => next,
                Err(trap) => return trapped(state, current, trap, function.body.terminator(number)),
            },
        };
        let (callee, base) = match next {
            Next::Return => {
                let frame = state.pop_frame();
                if frame.instance != current.instance {
                    if frame.instance == Frame::BOTTOM {
                        return Exit::Returned;
                    }
                    state.switch_to(frame.instance);
                    module = program.module(frame.instance);
                }
                function = module.get(frame.function);
                current = frame;
                window = machine.stack.window(current.base);
                continue;
            }
            Next::Enter(callee, base) => (callee, base),
        };
        let (instance, index) = match callee {
            Callee::Host(function) => return Exit::HostCall { function, base },
            Callee::Wasm { instance, function } => (instance, function),
        };
        let target = program.module(instance);
        let target_function = target.get(index);
        // The value stack is checked against the caller's state, so that a trap names the call.
        if let Err(trap) = state.enter(base, target_function.shape.frame_size) {
            let statement = function.body.terminator(number);
            if let Statement::Call { .. } | Statement::CallIndirect { .. } =
                function.body.statements[statement as usize]
            {
                state.pop_frame();
            }
            return trapped(state, current, trap, statement);
        }
        state.switch_to(instance);
        module = target;
        function = target_function;
        current = Frame::entry(instance, index, base);
        window = machine.stack.window(base);
        clear_locals(function, window);
    }
}

enum Next {
    Return,
    Enter(Callee, u32),
}

/// Resolves a block's call and suspends the caller unless it is a tail call.
#[inline(always)]
fn call<C>(state: &mut State, current: Frame, function: &Compiled<C>, block: BlockId) -> Result<Next, Trap> {
    let suspend = |state: &mut State, base: u16| {
        let block = block + 1;
        state.push_frame(Frame { block, ..current })?;
        Ok::<u32, Trap>(current.base + u32::from(base))
    };
    let resolve = |state: &State, index: u32| match index.checked_sub(function.body.imported_functions) {
        Some(own) => Callee::Wasm {
            instance: current.instance,
            function: own,
        },
        None => state.callee(index),
    };
    Ok(
        match function.body.statements[function.body.terminator(block) as usize] {
            Statement::Call { function, base } => Next::Enter(resolve(state, function), suspend(state, base)?),
            Statement::CallIndirect { table, ty, base, .. } => {
                let callee = state.indirect_callee(table, ty, state.operand)?;
                Next::Enter(callee, suspend(state, base)?)
            }
            Statement::TailCall { function } => Next::Enter(resolve(state, function), current.base),
            Statement::TailCallIndirect { table, ty, .. } => {
                Next::Enter(state.indirect_callee(table, ty, state.operand)?, current.base)
            }
            Statement::Return => Next::Return,
            Statement::Trap(trap) => return Err(trap),
            Statement::Set { .. }
            | Statement::GlobalSet { .. }
            | Statement::Store { .. }
            | Statement::Eval(_)
            | Statement::Meter { .. }
            | Statement::Builtin { .. }
            | Statement::Jump(_)
            | Statement::Branch { .. }
            | Statement::Switch { .. } => unreachable!("only calls, returns and traps are left to the driver"),
        },
    )
}

/// Checks and prepares the frame of a function about to start.
fn enter<C>(function: &Compiled<C>, state: &State, base: u32, window: &mut Window) -> Result<(), Trap> {
    state.enter(base, function.shape.frame_size)?;
    clear_locals(function, window);
    Ok(())
}

/// Locals start as zero.
#[inline(always)]
pub fn clear_locals<C>(function: &Compiled<C>, window: &mut Window) {
    let shape = function.shape;
    for slot in shape.params..shape.locals {
        window[slot as usize & (crate::state::WINDOW - 1)] = 0;
    }
}

/// Leaves a run because its slice is used up, to go on at this block of the current frame.
#[cold]
#[inline(never)]
pub fn suspended(state: &mut State, current: Frame, block: BlockId) -> Exit {
    // Not limited: this frame is none that waits for a call.
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
    state.current = current;
    Exit::Trapped { trap, statement }
}
