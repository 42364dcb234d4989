//! Traps, and where they happened.

use std::rc::Rc;

use wasm_dispatch::{BacktraceFrame, Error, ErrorKind};

use crate::engine::wasm_store_t;
use crate::kind::{Kind, Reason, wasm_frame_t};
use crate::list::{self, List, Out};
use crate::refs::{wasm_instance_t, wasm_ref_t, wasm_trap_t};
use crate::store::Store;
use crate::types::wasm_byte_vec_t;

/// A message that ends with a zero.
pub type wasm_message_t = wasm_byte_vec_t;

/// Frames, innermost first.
pub type wasm_frame_vec_t = List<Option<Box<wasm_frame_t>>>;

/// A trap with a message.
pub(crate) fn trap(store: &Rc<Store>, message: impl Into<String>) -> Option<Box<wasm_trap_t>> {
    let (message, frames) = (message.into(), Vec::new());
    wasm_ref_t::new(store, Kind::Trap(Rc::new(Reason { message, frames })))
}

/// A trap for an error of the library's.
pub(crate) fn trap_of(store: &Rc<Store>, error: &Error) -> Option<Box<wasm_trap_t>> {
    let message = match error.kind() {
        ErrorKind::Trap(info) => info.trap.to_string(),
        ErrorKind::Host { source, .. } => source.to_string(),
        _ => error.to_string(),
    };
    let frame = |frame: &BacktraceFrame| wasm_frame_t {
        function: frame.function,
        offset: frame.offset as usize,
    };
    let frames = error
        .backtrace()
        .map_or(Vec::new(), |trace| trace.frames.iter().map(frame).collect());
    wasm_ref_t::new(store, Kind::Trap(Rc::new(Reason { message, frames })))
}

fn reason(trap: Option<&wasm_trap_t>) -> Option<&Reason> {
    match &trap?.kind {
        Kind::Trap(reason) => Some(reason),
        _ => None,
    }
}

functions! {
    /// A trap for a host function to return. The message ends with a zero, which may be left out.
    fn wasm_trap_new(store: Option<&wasm_store_t>, message: Option<&wasm_message_t>) -> Option<Box<wasm_trap_t>> {
        let message = message.map_or(&[][..], List::elements);
        let message = message.strip_suffix(&[0]).unwrap_or(message);
        trap(&store?.0, String::from_utf8_lossy(message))
    }
    /// The message, with a zero at its end.
    fn wasm_trap_message(trap: Option<&wasm_trap_t>, out: Out<wasm_message_t>) {
        let mut message = reason(trap).map_or(Vec::new(), |reason| reason.message.clone().into_bytes());
        message.push(0);
        list::set(out, message);
    }
    /// The innermost frame; null if no function was active.
    fn wasm_trap_origin(trap: Option<&wasm_trap_t>) -> Option<Box<wasm_frame_t>> {
        reason(trap)?.frames.first().cloned().map(Box::new)
    }
    /// The functions that were active, innermost first.
    fn wasm_trap_trace(trap: Option<&wasm_trap_t>, out: Out<wasm_frame_vec_t>) {
        let frames = reason(trap).map_or(&[][..], |reason| &reason.frames);
        list::set(out, frames.iter().map(|frame| Some(Box::new(frame.clone()))).collect());
    }

    fn wasm_frame_delete(frame: Option<Box<wasm_frame_t>>) {
        drop(frame);
    }
    fn wasm_frame_copy(frame: Option<&wasm_frame_t>) -> Option<Box<wasm_frame_t>> {
        frame.cloned().map(Box::new)
    }
    /// Null: a frame does not know its instance here.
    fn wasm_frame_instance(frame: Option<&wasm_frame_t>) -> Option<&mut wasm_instance_t> {
        let _ = frame;
        None
    }
    /// The function's index in its module.
    fn wasm_frame_func_index(frame: Option<&wasm_frame_t>) -> u32 {
        frame.map_or(0, |frame| frame.function)
    }
    /// Zero: a frame knows where it is in its module, and not in its function.
    fn wasm_frame_func_offset(frame: Option<&wasm_frame_t>) -> usize {
        let _ = frame;
        0
    }
    /// The byte of the module at which the function was.
    fn wasm_frame_module_offset(frame: Option<&wasm_frame_t>) -> usize {
        frame.map_or(0, |frame| frame.offset)
    }
}

/// The lists of these.
pub(crate) mod lists {
    use super::*;

    lists! {
        wasm_frame_vec_t of Option<Box<wasm_frame_t>>: wasm_frame_vec_new_empty wasm_frame_vec_new_uninitialized wasm_frame_vec_new wasm_frame_vec_copy wasm_frame_vec_delete;
    }
}
