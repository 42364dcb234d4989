//! From the strategy contract into the handlers and back.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::{Frame, Machine};

use crate::abi::{Entry, Regs};
use crate::code::{Code, Unit};
use crate::context::{Context, Functions, InstanceView, Leave, Views};
use crate::handlers::returns::IN_COPY;

/// Runs the topmost frame and what it calls. `SAVES` if the code uses registers that handlers leave alone.
pub(crate) fn run<B: Backend<Code = Code>, const SAVES: bool>(
    program: &Program<B>,
    machine: &mut Machine,
    mut host: &mut dyn Host,
) -> Exit {
    const { assert!(B::CELLS, "handlers find functions by cells") };
    // Handlers return to the frame below without asking whether there is one.
    if machine
        .state
        .frames
        .first()
        .is_none_or(|frame| frame.instance != Frame::BOTTOM)
    {
        machine.state.frames.insert(0, Frame::bottom());
    }
    let start = match machine.state.frames.last() {
        Some(frame) if frame.instance != Frame::BOTTOM => *frame,
        _ => {
            machine.state.pop_frame();
            return Exit::Returned;
        }
    };
    let module = program.module(start.instance);
    let ip = match start.native {
        0 => {
            let callee = module.get(start.function);
            // A frame that was just pushed has not been checked against the value stack; one that handlers have suspended has.
            if let Err(trap) = machine.state.enter(start.base, callee.shape.frame_size) {
                machine.state.pop_frame();
                machine.state.leave_frame(start);
                return Exit::Trapped { trap, statement: 0 };
            }
            callee.code.block(start.block)
        }
        // Copies of returns alone go on there.
        native if native & IN_COPY != 0 => module.get(start.function).code.block(start.block),
        native => native as *const Unit,
    };
    let depth = machine.state.frames.len();
    // One more for the frame that is suspended in the middle.
    let room = machine.state.limits.call_depth.max(depth) + 1;
    machine.state.frames.reserve(room - depth);
    let stack = machine.stack.from(0).as_mut_ptr();
    let stack_slots = machine.state.limits.stack_slots;
    let view = InstanceView::of(&mut machine.state, module.cells(), start.instance);
    let state = &raw mut machine.state;
    let mut views = Views::new();
    // SAFETY: `state` is alive and only reached through this pointer until the handlers are done. The frame stack has
    // room for `room` frames, and does not move: only handlers push, through `frames_top`.
    let mut context = unsafe {
        let frames = (*state).frames.as_mut_ptr();
        Context {
            // The topmost frame is taken off before anything runs, so it does not count.
            frames_top: frames.add(depth - 1),
            frames_end: frames.add((*state).limits.call_depth.max(depth - 1)),
            stack,
            slice: (*state).slice,
            function: start.function,
            instance: start.instance,
            view,
            all_tables: (*state).store.tables.as_ptr(),
            functions: (*state).store.functions.as_ptr(),
            stack_end: stack.add(stack_slots),
            program,
            host: (&raw mut host).cast(),
            stale_state: state,
            views: &raw mut views,
            ..Context::empty()
        }
    };
    // SAFETY: the registers are as `Handler::run` wants them: the code is that of the topmost frame, which was pushed for a
    // function of its instance and checked against the value stack, above or by the handlers that have suspended it. Handlers
    // write each frame before they raise `frames_top` over it, so those below are initialised.
    unsafe {
        let context = &raw mut context;
        let mut registers = Regs {
            ip,
            frame: stack.wrapping_add(start.base as usize),
            context,
            ..Regs::empty()
        };
        registers.read_memory();
        start_handlers::<SAVES>(registers);
        // Where the run has come to.
        (*context).state();
        let depth = (*context).frames_top.offset_from((*state).frames.as_ptr()) as usize;
        (*state).frames.set_len(depth);
        finish(program, &mut *context, &mut *state)
    }
}

/// Runs handlers until they leave: where they jump, the first call runs them all.
///
/// # Safety
///
/// The registers are as [`Handler::run`](crate::abi::Handler::run) wants them. Without `SAVES`, all code leaves alone what
/// handlers do.
pub(crate) unsafe fn start_handlers<const SAVES: bool>(mut registers: Regs) {
    // SAFETY: the first registers fit their node, says the contract; later ones, because handlers that do not jump leave them
    // in the context just as they would hand them on.
    unsafe {
        let context = registers.context;
        loop {
            let handler = registers.ip.cast::<Entry>().read_unaligned();
            #[cfg(all(feature = "copies", target_arch = "x86_64", not(windows), not(stencil)))]
            let handler = if SAVES { crate::abi::enter_saving } else { handler };
            registers.call(handler);
            if !(*context).running {
                return;
            }
            registers = Regs::taken(&raw const (*context).registers);
        }
    }
}

/// What the run ended with.
fn finish(program: &dyn Functions, context: &mut Context, state: &mut wasm_dispatch_machine::state::State) -> Exit {
    state.slice = context.slice;
    let Some(trap) = Trap::from_code(context.trap as u8) else {
        return match context.reason {
            Leave::Returned => Exit::Returned,
            Leave::HostCall { function, base } => Exit::HostCall { function, base },
            Leave::Suspended => Exit::Suspended,
        };
    };
    let current = Frame {
        instance: context.instance,
        function: context.function,
        block: 0,
        base: context.base_of(context.frame),
        native: 0,
    };
    state.leave_frame(current);
    let code = &program.get(current.instance, current.function).code;
    Exit::Trapped {
        trap,
        statement: code.statement_at(context.ip),
    }
}
