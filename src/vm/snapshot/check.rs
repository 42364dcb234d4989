//! What a snapshot must satisfy before a machine takes it over.
//!
//! A checksum says that nothing was changed by accident. Strategies rely on more: that every reference names something,
//! that 32-bit values have nothing above their 32 bits, that every frame continues where a call of its function returns to,
//! with values of the types that are expected there. All of it is checked against the lowered code, as if the snapshot were forged.

use crate::lower::ModuleTypes;
use crate::metering::Metering;
use crate::module::{Module, SegmentMode};
use wasm_dispatch_ir::code::{FunctionBody, Statement};
use wasm_dispatch_ir::types::{FuncType, ValType, slots};
use wasm_dispatch_machine::eval;
use wasm_dispatch_machine::state::Frame;
use wasm_dispatch_machine::store::HOST;

use super::super::host::HostCall;
use super::CHUNK;
use super::format::{Data, SegmentData};
use crate::error::SnapshotError;
use crate::vm::Vm;

fn ensure(holds: bool, what: &'static str) -> Result<(), SnapshotError> {
    if holds {
        Ok(())
    } else {
        Err(SnapshotError::Inconsistent(what))
    }
}

fn within(holds: bool, what: &'static str) -> Result<(), SnapshotError> {
    if holds { Ok(()) } else { Err(SnapshotError::Limit(what)) }
}

impl<T> Vm<T> {
    pub(super) fn check_snapshot(&self, data: &Data) -> Result<(), SnapshotError> {
        let state = &self.machine.state;
        ensure(data.globals.len() == state.store.globals.len(), "number of globals")?;
        for (&value, ty) in data.globals.iter().zip(&state.store.global_types) {
            // Both halves of a vector may be anything.
            if ty.value != ValType::V128 {
                self.check_value(value, ty.value)?;
            }
        }
        let vectors = state.store.vector_globals().count();
        ensure(data.globals_high.len() == vectors, "number of globals that are vectors")?;
        ensure(data.tables.len() == state.store.tables.len(), "number of tables")?;
        for (saved, table) in data.tables.iter().zip(&state.store.tables) {
            let len = saved.elements.len() as u64;
            ensure(len <= table.declared_max.unwrap_or(u64::MAX), "size of a table")?;
            within(len <= self.limits.table_elements, "table elements")?;
            for &value in &saved.elements {
                self.check_value(value, table.shape.element)?;
            }
        }
        let elements = data.tables.iter().map(|saved| saved.elements.len() as u64);
        within(
            elements.sum::<u64>() <= self.limits.all_table_elements,
            "elements of all tables together",
        )?;
        ensure(data.memories.len() == state.store.memories.len(), "number of memories")?;
        let mut all_bytes = 0_u128;
        for (saved, memory) in data.memories.iter().zip(&state.store.memories) {
            let declared = memory.declared_max.unwrap_or(u64::MAX);
            ensure(
                saved.pages <= declared.min(memory.shape.most_pages()),
                "size of a memory",
            )?;
            within(
                saved.pages <= memory.most_pages(self.limits.memory_pages),
                "memory pages",
            )?;
            let end = memory.shape.bytes(saved.pages);
            let end = end.ok_or(SnapshotError::Limit("memory of the host"))?;
            all_bytes += end as u128;
            let most = u128::from(self.limits.all_memory_pages) << 16;
            within(all_bytes <= most, "pages of all memories together")?;
            for (index, chunk) in &saved.chunks {
                // The last one may be shorter.
                let start = (*index as usize).checked_mul(CHUNK).filter(|&start| start < end);
                let fits = start.is_some_and(|start| chunk.len() == CHUNK.min(end - start));
                ensure(fits, "part of a memory")?;
            }
        }
        ensure(
            data.segments.len() == state.store.instances.len(),
            "number of instances",
        )?;
        for (id, saved) in data.segments.iter().enumerate() {
            self.check_segments(id, saved)?;
        }
        let pays = |module: &Module| module.metering() == Metering::Fuel;
        ensure(
            data.fuel.is_none() || self.modules.iter().all(pays),
            "fuel for modules that do not pay",
        )?;
        ensure(data.paused.is_some() || data.frames.is_empty(), "frames of no call")?;
        within(data.stack.len() <= self.machine.state.limits.stack_slots, "value stack")?;
        within(data.frames.len() <= state.limits.call_depth, "call depth")?;
        ensure(
            data.paused.is_some() || data.waiting.is_none(),
            "a host function of no call",
        )?;
        match data.paused {
            Some(func) => self.check_frames(data, func),
            None => ensure(data.stack.is_empty(), "a value stack without frames"),
        }
    }

    /// Segments that are said to be there are, or can be brought back.
    fn check_segments(&self, id: usize, saved: &SegmentData) -> Result<(), SnapshotError> {
        let (instance, module) = (&self.machine.state.store.instances[id], &self.modules[id].inner);
        ensure(saved.data.len() == instance.data.len(), "number of data segments")?;
        ensure(
            saved.elements.len() == instance.elements.len(),
            "number of element segments",
        )?;
        let there = |dropped: bool, gone: bool, mode: &SegmentMode| {
            let holds = dropped || !gone || matches!(mode, SegmentMode::Passive);
            ensure(holds, "a segment that instances do not keep")
        };
        for ((&dropped, now), segment) in saved.data.iter().zip(&instance.data).zip(&module.data) {
            there(dropped, now.is_empty(), &segment.mode)?;
        }
        for ((&dropped, now), segment) in saved.elements.iter().zip(&instance.elements).zip(&module.elements) {
            there(dropped, now.is_empty(), &segment.mode)?;
        }
        Ok(())
    }

    fn check_value(&self, value: u64, ty: ValType) -> Result<(), SnapshotError> {
        let end = match ty {
            ValType::I32 | ValType::F32 => 1 << 32,
            // Zero is null, everything else one more than what it names.
            ValType::FuncRef => self.machine.state.store.functions.len() as u64 + 1,
            ValType::ExternRef => (1 << 32) + 1,
            ValType::I64 | ValType::F64 => return Ok(()),
            ValType::V128Low | ValType::V128High => return Ok(()),
            _ => return Err(SnapshotError::Inconsistent("a value of a type that no slot has")),
        };
        ensure(value < end, "a value that its type does not have")
    }

    fn body(&self, frame: Frame) -> Option<&FunctionBody> {
        let module = self.modules.get(frame.instance as usize)?;
        Some(module.inner.bodies.get(frame.function)?)
    }

    /// Each frame waits for the one above it, and the topmost one can go on.
    fn check_frames(&self, data: &Data, func: u32) -> Result<(), SnapshotError> {
        let state = &self.machine.state;
        let entry = state
            .store
            .functions
            .get(func as usize)
            .filter(|entry| entry.instance != HOST);
        let entry = entry.ok_or(SnapshotError::Inconsistent("the paused function"))?;
        // Where the next frame must be, and what it must return.
        let mut base = 0;
        let mut results = &*state.store.signatures.get(entry.signature).results;
        let mut frames = data.frames().peekable();
        ensure(frames.peek().is_some(), "a call without frames")?;
        while let Some(frame) = frames.next() {
            let body = self
                .body(frame)
                .ok_or(SnapshotError::Inconsistent("function of a frame"))?;
            ensure((frame.block as usize) < body.blocks.len(), "block of a frame")?;
            ensure(frame.base == base, "base of a frame")?;
            ensure(*body.results == *results, "results of a frame")?;
            let end = base as usize + body.frame_size as usize;
            within(end <= state.limits.stack_slots, "value stack")?;
            let waits = frames.peek().is_some();
            let live = if waits {
                let (slot, ty) = self
                    .awaited(frame, body)
                    .ok_or(SnapshotError::Inconsistent("a frame that waits for nothing"))?;
                base = base
                    .checked_add(u32::from(slot))
                    .ok_or(SnapshotError::Inconsistent("base of a frame"))?;
                results = &*ty.results;
                usize::from(slot)
            } else {
                ensure(end == data.stack.len(), "size of the value stack")?;
                match data.waiting {
                    None => usize::MAX,
                    Some(host) => {
                        let base = self.awaits_host(frame, host);
                        let base = base.ok_or(SnapshotError::Inconsistent("a host function that does not wait"))?;
                        (base - frame.base) as usize
                    }
                }
            };
            self.check_slots(data, frame, body, live)?;
        }
        Ok(())
    }

    /// The first argument slot, on the value stack, of a host function of this number, if a frame may have called it and it
    /// may wait.
    pub(super) fn awaits_host(&self, frame: Frame, host: u32) -> Option<u32> {
        let body = self.body(frame)?;
        let (slot, ty) = self.awaited(frame, body)?;
        let function = self.hosts.get(host as usize)?;
        let width = slots(&ty.params).max(slots(&ty.results));
        let fits = usize::from(slot) + width <= body.frame_size as usize;
        let waits = matches!(function.call, HostCall::Waiting(_));
        (fits && waits && *function.ty == *ty).then_some(frame.base.checked_add(u32::from(slot))?)
    }

    /// First argument slot and type of the call that a frame waits for.
    fn awaited(&self, frame: Frame, body: &FunctionBody) -> Option<(u16, &FuncType)> {
        let module = &self.modules[frame.instance as usize].inner;
        match eval::call_of(body, frame.block)?.1 {
            Statement::Call { function, base } => Some((base, module.function_type(function))),
            Statement::CallIndirect { ty, base, .. } => Some((base, &module.types[ty as usize])),
            Statement::Set { .. }
            | Statement::GlobalSet { .. }
            | Statement::Store { .. }
            | Statement::VectorSet { .. }
            | Statement::VectorGlobalSet { .. }
            | Statement::VectorStore { .. }
            | Statement::StoreLane { .. }
            | Statement::Eval(_)
            | Statement::Meter { .. }
            | Statement::Builtin { .. }
            | Statement::Jump(_)
            | Statement::Branch { .. }
            | Statement::Switch { .. }
            | Statement::TailCall { .. }
            | Statement::TailCallIndirect { .. }
            | Statement::Return
            | Statement::Trap(_) => None,
        }
    }

    /// What waits in the slots of a frame, below slot `live`, has the right types.
    fn check_slots(&self, data: &Data, frame: Frame, body: &FunctionBody, live: usize) -> Result<(), SnapshotError> {
        let base = frame.base as usize;
        let value = |slot: usize| data.stack.get(base + slot).copied();
        let typed = |slot: usize, ty: ValType| match value(slot) {
            Some(value) => self.check_value(value, ty),
            None => Err(SnapshotError::Inconsistent("size of the value stack")),
        };
        // A function that is about to start has parameters only.
        let locals = if frame.block == 0 {
            usize::from(body.params)
        } else {
            body.locals.len()
        };
        for (slot, ty) in body.locals.iter().take(locals).enumerate() {
            typed(slot, ty)?;
        }
        let operands = body.entry(frame.block).into_iter().enumerate();
        for (position, ty) in operands {
            let slot = body.locals.len() + position;
            if let (Some(ty), true) = (ty, slot < live) {
                typed(slot, ty)?;
            }
        }
        Ok(())
    }
}
