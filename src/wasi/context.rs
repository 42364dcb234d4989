//! The surroundings of one program, and how its functions answer.

use super::abi::Errno;
use super::clock::Clock;
use super::descriptors::{Descriptor, Descriptors};
use super::random::Randomness;
use super::wait::{Polling, Waiting};

/// The surroundings of one program: descriptors, arguments, clocks.
///
/// Independent of any engine: give [`Context::call`] the arguments of an imported function and the program's memory.
pub struct Context {
    pub(super) args: Vec<String>,
    /// Each `NAME=value`.
    pub(super) env: Vec<String>,
    pub(super) clock: Clock,
    pub(super) random: Randomness,
    pub(super) descriptors: Descriptors,
    /// The poll that waits.
    pub(super) polling: Option<Polling>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

impl Context {
    pub(super) fn get(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.descriptors.get_mut(fd)
    }
}

/// Why a function has not succeeded.
#[derive(Debug)]
pub(super) enum Stop {
    Errno(Errno),
    /// It is to be called again after this.
    Wait(Waiting),
    /// The program has ended itself with this exit code.
    Exit(u32),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Errno(errno)
    }
}

/// What a function answers.
pub(super) type Answer<T = ()> = Result<T, Stop>;

/// Arguments of a function as 64-bit slots. Missing ones count as zero.
#[derive(Clone, Copy)]
pub(super) struct Args<'a>(pub &'a [u64]);

impl Args<'_> {
    pub fn u64(self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    pub fn u32(self, index: usize) -> u32 {
        self.u64(index) as u32
    }

    /// Flags of a descriptor; those that do not exist are refused.
    pub fn fd_flags(self, index: usize) -> Result<u16, Errno> {
        match self.u32(index) {
            flags @ 0..32 => Ok(flags as u16),
            _ => Err(Errno::INVAL),
        }
    }
}
