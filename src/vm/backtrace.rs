//! Where a program is: backtraces of traps and host errors.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::eval;
use wasm_dispatch_machine::state::Frame;

use super::Vm;
use crate::error::{Backtrace, BacktraceFrame, Error, ErrorKind, TrapInfo};

/// Frames that a backtrace keeps: half from each end.
const BACKTRACE_FRAMES: usize = 32;

impl<T> Vm<T> {
    /// Byte offset of the instruction that trapped in the current frame.
    pub(super) fn trap_site(&mut self, statement: u32) -> (Frame, u32) {
        let current = self.machine.state.left_frame();
        self.machine.state.switch_to(current.instance);
        let Some(body) = self.modules[current.instance as usize]
            .inner
            .bodies
            .get(current.function)
        else {
            return (current, 0);
        };
        let window = self.machine.stack.window(current.base);
        let offset = eval::trap_offset(body, statement, window, &mut self.machine.state);
        (current, offset)
    }

    #[cold]
    pub(super) fn trap_error(&mut self, trap: Trap, at: Option<(Frame, u32)>) -> Error {
        let backtrace = self.backtrace(at);
        ErrorKind::Trap(TrapInfo { trap, backtrace }).into()
    }

    pub(super) fn backtrace(&self, at: Option<(Frame, u32)>) -> Backtrace {
        let frames = &self.machine.state.frames;
        let suspended = frames.iter().rev().filter(|frame| frame.instance != Frame::BOTTOM);
        let suspended = suspended.map(|&frame| {
            // A function that has not arrived is not anywhere.
            let body = self.modules[frame.instance as usize].inner.bodies.get(frame.function);
            let call = body.and_then(|body| Some((body, eval::call_of(body, frame.block)?.0)));
            let offset = call.map_or(0, |(body, statement)| body.statement_offsets[statement as usize]);
            (frame, offset)
        });
        let all: Vec<(Frame, u32)> = at.into_iter().chain(suspended).collect();
        let omitted = all.len().saturating_sub(BACKTRACE_FRAMES);
        let half = BACKTRACE_FRAMES / 2;
        let keep = |number: &usize| omitted == 0 || *number < half || *number >= half + omitted;
        let kept = (0..all.len()).filter(keep).map(|number| {
            let (frame, offset) = all[number];
            let module = &self.modules[frame.instance as usize];
            #[cfg(feature = "dwarf")]
            let source = module.source_location(offset);
            #[cfg(not(feature = "dwarf"))]
            let source = None;
            let module = &module.inner;
            let function = frame.function + module.imported_functions;
            BacktraceFrame {
                function,
                name: module.name_of(function),
                offset,
                source,
            }
        });
        Backtrace {
            frames: kept.collect(),
            omitted,
        }
    }
}
