//! Snapshots: a machine as bytes, to continue elsewhere, later, or under another strategy.
//!
//! Between any two blocks a program's state is in frames and slots, whatever the strategy, so a paused machine is data. A
//! snapshot has that data: frames, the used part of the value stack, globals, tables, the parts of memories that are not
//! zero. It leaves out what the modules already say: [`Vm::prepare`] makes the same instances again, and a digest of their
//! structure and of the modules' bytes makes sure that they are the same.
//!
//! `format` lays the data out as bytes; `check` has what restored data must satisfy, so that a forged snapshot breaks nothing
//! that a strategy relies on.

mod check;
mod format;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use wasm_dispatch_ir::shape::MemoryShape;
use wasm_dispatch_machine::limiter::Demand;
use wasm_dispatch_machine::state::Frame;
use wasm_dispatch_machine::store::{Sizes, allocate_pages};

use self::format::{Data, MemoryData, SegmentData, TableData};
use super::Vm;
use super::handles::Instance;
use super::imports::Imports;
use super::run::Pending;
use crate::error::{Error, SnapshotError};
use crate::module::Module;

pub use self::format::Snapshot;

/// Bytes of a memory that are written or left out together.
const CHUNK: usize = 4096;

impl<T> Vm<T> {
    /// Instantiates a module as [`Vm::instantiate`] does, but does not run its start function: for a machine whose state
    /// is to be [restored](Vm::restore).
    ///
    /// # Errors
    ///
    /// As for [`Vm::instantiate`].
    pub fn prepare(&mut self, module: &Module, imports: &Imports<T>) -> Result<Instance, Error> {
        self.instantiate_without_start(module, imports)
            .map(|(instance, _)| instance)
    }

    /// The state of this machine and of its paused call, if there is one. Its size depends on what is used: zero pages of
    /// memory and the unused part of the value stack take none.
    ///
    /// # Errors
    ///
    /// [`Snapshot`](crate::ErrorKind::Snapshot) with [`SnapshotError::Arriving`], [`SnapshotError::InHostFunction`] or
    /// [`SnapshotError::WithoutCaller`].
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        self.check_at_rest()?;
        let structure = self.structure()?;
        let state = &self.machine.state;
        let frames: Vec<Frame> = match self.paused {
            Some(_) => state.frames.iter().skip(1).copied().collect(),
            None => Vec::new(),
        };
        let used = frames.last().map_or(0, |frame| {
            let body = self.modules[frame.instance as usize].inner.bodies.get(frame.function);
            frame.base as usize + body.map_or(0, |body| body.frame_size as usize)
        });
        let waiting = match (self.waiting, frames.last()) {
            (None, _) => None,
            (Some(pending), Some(&top)) if self.awaits_host(top, pending.host) == Some(pending.base) => {
                Some(pending.host)
            }
            (Some(_), _) => return Err(SnapshotError::WithoutCaller.into()),
        };
        let memories = (0..).zip(&state.store.memories);
        let memories = memories.map(|(id, memory)| memory_data(memory.shape, state.bytes(id)));
        let tables = state.store.tables.iter().map(|table| TableData {
            elements: table.elements.clone(),
        });
        let segments = state.store.instances.iter().map(|instance| SegmentData {
            data: instance.data.iter().map(|segment| segment.is_empty()).collect(),
            elements: instance.elements.iter().map(Vec::is_empty).collect(),
        });
        Ok(Snapshot::new(Data {
            structure,
            paused: self.paused,
            fuel: self.fuel(),
            frames: frames
                .iter()
                .map(|f| (f.instance, f.function, f.block, f.base))
                .collect(),
            stack: self.machine.stack.first(used).to_vec(),
            globals: state.store.globals.clone(),
            globals_high: state
                .store
                .vector_globals()
                .map(|index| state.store.globals_high[index])
                .collect(),
            memories: memories.collect(),
            tables: tables.collect(),
            segments: segments.collect(),
            waiting,
        }))
    }

    /// Takes over the state in a snapshot. The instances of this machine must have been made from the same modules in the
    /// same way and order, with [`Vm::prepare`]. Strategy and limits may differ, and so may host functions of the same types.
    /// A call that was paused can then be resumed.
    ///
    /// The fuel, or its absence, is the snapshot's too. Set it anew ([`Vm::set_fuel`]) if the snapshot is a stranger's. What happens when
    /// there is no more ([`Vm::set_out_of_fuel`]) is this machine's.
    ///
    /// The handles of this machine stay valid, and name what was taken over. Handles of the machine that was saved are valid
    /// only there: here, use those that [`Vm::prepare`] and [`Vm::export`] give out.
    ///
    /// # Errors
    ///
    /// [`Snapshot`](crate::ErrorKind::Snapshot); the machine then is as it was before.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.check_at_rest()?;
        let data = snapshot.data();
        if data.structure != self.structure()? {
            return Err(SnapshotError::Foreign.into());
        }
        self.check_snapshot(data)?;
        let mut memories = Vec::with_capacity(data.memories.len());
        for (memory, own) in data.memories.iter().zip(&self.machine.state.store.memories) {
            memories.push(memory_bytes(own.shape, memory).ok_or(SnapshotError::Limit("memory of the host"))?);
        }
        self.ask_for_sizes(data)?;
        // Nothing fails from here on.
        let state = &mut self.machine.state;
        state.store.sizes = Sizes {
            memory_bytes: memories.iter().map(|bytes| bytes.len() as u64).sum(),
            table_elements: data.tables.iter().map(|saved| saved.elements.len() as u64).sum(),
        };
        for (id, bytes) in memories.into_iter().enumerate() {
            *state.bytes_mut(id as u32) = bytes;
        }
        for (table, saved) in state.store.tables.iter_mut().zip(&data.tables) {
            table.elements.clone_from(&saved.elements);
        }
        state.store.globals.clone_from(&data.globals);
        let vectors: Vec<usize> = state.store.vector_globals().collect();
        for (index, &high) in vectors.into_iter().zip(&data.globals_high) {
            state.store.globals_high[index] = high;
        }
        state.frames.clear();
        state.frames.push(Frame::bottom());
        state.frames.extend(data.frames());
        self.machine.stack.from(0)[..data.stack.len()].copy_from_slice(&data.stack);
        self.paused = data.paused;
        self.budget.set_fuel(&mut state.slice, data.fuel);
        self.restore_segments(data);
        self.waiting = data.waiting.and_then(|host| self.pending(host));
        Ok(())
    }

    /// Asks the limiter for what a snapshot has more of; less is allowed, and only said.
    fn ask_for_sizes(&mut self, data: &Data) -> Result<(), SnapshotError> {
        let state = &mut self.machine.state;
        let mut demands = Vec::new();
        for (id, saved) in data.memories.iter().enumerate() {
            let from = state.bytes(id as u32).len() as u64;
            let to = saved.pages << state.store.memories[id].shape.page_size_log2;
            demands.push((Demand::Memory { from, to }, from, to));
        }
        for (table, saved) in state.store.tables.iter().zip(&data.tables) {
            let (from, to) = (table.elements.len() as u64, saved.elements.len() as u64);
            demands.push((Demand::Table { from, to }, from, to));
        }
        demands.retain(|(_, from, to)| from != to);
        for (number, &(demand, from, to)) in demands.iter().enumerate() {
            if !state.limited.allows(demand) && to > from {
                demands[..number]
                    .iter()
                    .for_each(|&(demand, ..)| state.limited.failed(demand));
                return Err(SnapshotError::Limit("the host's limiter"));
            }
        }
        Ok(())
    }

    /// Part of a program that waits for a host function is in that function, where nobody can save or replace it.
    fn check_at_rest(&self) -> Result<(), SnapshotError> {
        if self.nested == 0 {
            Ok(())
        } else {
            Err(SnapshotError::InHostFunction)
        }
    }

    /// The call of a host function that waits, by the topmost frame.
    fn pending(&self, host: u32) -> Option<Pending> {
        let &top = self.machine.state.frames.last()?;
        let base = self.awaits_host(top, host)?;
        let instance = Some(top.instance);
        Some(Pending { host, base, instance })
    }

    /// Drops segments, or brings back those that this machine has dropped since its instances were made.
    fn restore_segments(&mut self, data: &Data) {
        for (id, saved) in data.segments.iter().enumerate() {
            let module = self.modules[id].inner.clone();
            let instance = &self.machine.state.store.instances[id];
            let bytes = saved.data.iter().zip(&module.data);
            let bytes = bytes.map(|(&dropped, segment)| if dropped { [].into() } else { segment.bytes.clone() });
            let elements = saved.elements.iter().zip(&module.elements);
            let elements = elements.map(|(&dropped, segment)| match dropped {
                true => Vec::new(),
                false => self.segment_items(instance, segment),
            });
            let (bytes, elements) = (bytes.collect(), elements.collect());
            let instance = &mut self.machine.state.store.instances[id];
            instance.data = bytes;
            instance.elements = elements;
        }
    }

    /// A digest of everything that instantiation has determined: modules, what is imported from where, types.
    fn structure(&self) -> Result<[u8; 32], SnapshotError> {
        let state = &self.machine.state;
        let mut digest = Sha256::new();
        let mut number = |value: u64| digest.update(value.to_le_bytes());
        number(self.modules.len() as u64);
        for (module, instance) in self.modules.iter().zip(&state.store.instances) {
            number(module.metering() as u64);
            number(u64::from(module.inner.deterministic));
            for list in [
                &instance.functions,
                &instance.memories,
                &instance.tables,
                &instance.globals,
            ] {
                number(list.len() as u64);
                list.iter().for_each(|&index| number(index.into()));
            }
        }
        for function in &state.store.functions {
            number(u64::from(function.instance) << 32 | u64::from(function.index));
            let ty = state.store.signatures.get(function.signature);
            for list in [&ty.params, &ty.results] {
                number(list.len() as u64);
                list.iter().for_each(|&ty| number(ty as u64));
            }
        }
        for ty in &state.store.global_types {
            number(ty.value as u64 * 2 + u64::from(ty.mutable));
        }
        for table in &state.store.tables {
            number(table.shape.element as u64);
            number(table.shape.address as u64);
            number(table.declared_max.map_or(0, |max| max.saturating_add(1)));
        }
        for memory in &state.store.memories {
            number(memory.declared_max.map_or(0, |max| max.saturating_add(1)));
            number(memory.shape.address as u64);
            number(memory.shape.page_size_log2.into());
        }
        for module in &self.modules {
            digest.update(module.inner.hash().ok_or(SnapshotError::Arriving)?);
        }
        Ok(digest.finalize().into())
    }
}

fn memory_data(shape: MemoryShape, bytes: &[u8]) -> MemoryData {
    // Compared as a whole, which is one fast function of the platform's.
    const ZEROS: &[u8] = &[0; CHUNK];
    let chunks = bytes.chunks(CHUNK).enumerate();
    let used = chunks.filter(|(_, chunk)| **chunk != ZEROS[..chunk.len()]);
    MemoryData {
        pages: shape.pages(bytes.len()),
        chunks: used
            .map(|(index, chunk)| (index as u32, ByteBuf::from(chunk)))
            .collect(),
    }
}

fn memory_bytes(shape: MemoryShape, memory: &MemoryData) -> Option<Vec<u8>> {
    let mut bytes = allocate_pages(shape, memory.pages)?;
    for (index, chunk) in &memory.chunks {
        let start = (*index as usize).checked_mul(CHUNK)?;
        bytes
            .get_mut(start..start.checked_add(chunk.len())?)?
            .copy_from_slice(chunk);
    }
    Some(bytes)
}

impl Serialize for Snapshot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Snapshot, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Snapshot;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the bytes of a snapshot")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Snapshot, E> {
                Snapshot::from_bytes(bytes).map_err(E::custom)
            }
            // Formats without byte strings write a list of numbers.
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Snapshot, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}
