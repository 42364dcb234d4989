//! Calls of host functions in the middle of a run.

use std::ops::Deref;

use crate::state::State;
use crate::store::VectorSlots;

/// What calls host functions while a strategy runs: the machine's owner.
pub trait Host {
    /// Calls a host function, by its index in [`Store::functions`](crate::store::Store::functions), if that can be done within
    /// the run. Its arguments begin at the first of these slots, and its results replace them.
    ///
    /// `false` means that it cannot, or that the function has failed. The strategy then suspends the caller and leaves the run with
    /// [`Exit::HostCall`](crate::backend::Exit::HostCall), and the owner knows what to do.
    ///
    /// It must catch panics of the function: a panic that reaches a strategy may end the process.
    fn call(&mut self, function: u32, reach: Reach<'_>, slots: &mut [u64]) -> bool;
}

/// An owner that calls all host functions outside of runs.
#[derive(Clone, Copy, Debug)]
pub struct Outside;

impl Host for Outside {
    fn call(&mut self, _function: u32, _reach: Reach<'_>, _slots: &mut [u64]) -> bool {
        false
    }
}

/// What a host function reaches of a state that is in the middle of a run: all of it to read, and to change only what no
/// strategy holds on to. Nothing that it changes moves, so that strategies may keep addresses.
#[derive(Debug)]
pub struct Reach<'a>(&'a mut State);

impl<'a> Reach<'a> {
    /// What is reached of this state.
    #[inline(always)]
    pub fn new(state: &'a mut State) -> Reach<'a> {
        Reach(state)
    }

    /// The bytes of a memory, by its index in the machine, to be changed.
    #[inline]
    pub fn bytes_mut(&mut self, memory: u32) -> &mut [u8] {
        self.0.bytes_mut(memory)
    }

    /// Sets the slots of a global, by its index in the machine.
    pub fn set_slots_of_global(&mut self, global: u32, slots: VectorSlots) {
        self.0.set_slots_of_global(global, slots);
    }

    /// What the run may still use up, to be changed.
    pub fn slice_mut(&mut self) -> &mut u64 {
        &mut self.0.slice
    }
}

impl Deref for Reach<'_> {
    type Target = State;

    #[inline(always)]
    fn deref(&self) -> &State {
        self.0
    }
}
