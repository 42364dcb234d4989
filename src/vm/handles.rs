//! Handles: small copies that name something inside one [`Vm`](crate::Vm), and know which.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::Error;

/// The [`Vm`](crate::Vm) of a handle: a number that no other machine of this process ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VmId(NonZeroU64);

impl VmId {
    /// A number that was not given out before.
    pub(super) fn next() -> VmId {
        // The only global state of this library: a number that is unique among all machines must come from one place. No
        // process lives long enough to use up 64 bits.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        VmId(NonZeroU64::new(NEXT.fetch_add(1, Relaxed)).unwrap_or(NonZeroU64::MAX))
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {
        $(
            $(#[$doc])*
            ///
            /// It is valid in the machine that gave it out, for as long as that lives; any other refuses it with
            /// [`ErrorKind::Usage`](crate::ErrorKind::Usage).
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name {
                vm: VmId,
                index: u32,
            }

            impl $name {
                /// Names what has this index in a machine. The machine must have it already, and keeps it.
                pub(super) fn new(vm: VmId, index: u32) -> $name {
                    $name { vm, index }
                }

                /// The index, if the handle is of this machine: then it is in range.
                #[inline]
                pub(super) fn index_in(self, vm: VmId) -> Result<u32, Error> {
                    if self.is_of(vm) { Ok(self.index) } else { Err(foreign($kind)) }
                }

                #[inline]
                pub(super) fn is_of(self, vm: VmId) -> bool {
                    self.vm == vm
                }
            }
        )*
    };
}

handles! {
    /// An instance of a module in a [`Vm`](crate::Vm).
    Instance, "instance";
    /// A function in a [`Vm`](crate::Vm).
    Func, "function";
    /// A memory in a [`Vm`](crate::Vm).
    Memory, "memory";
    /// A table in a [`Vm`](crate::Vm).
    Table, "table";
    /// A global in a [`Vm`](crate::Vm).
    Global, "global";
}

impl Func {
    /// The function as slot bits. They do not say which machine it is of: the caller has [checked](Func::is_of).
    #[inline]
    pub(super) fn to_slot(self) -> u64 {
        u64::from(self.index) + 1
    }
}

/// The instance that has called a host function, or that there is none.
pub(super) fn calling(instance: Option<Instance>) -> Result<Instance, Error> {
    instance.ok_or_else(|| Error::usage("no instance has called this host function"))
}

/// The error for a handle of another machine.
#[cold]
pub(super) fn foreign(kind: &str) -> Error {
    Error::usage(format!(
        "the {kind} belongs to another Vm: a handle is valid only in the Vm that gave it out"
    ))
}

/// Anything that can be imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A memory.
    Memory(Memory),
    /// A table.
    Table(Table),
    /// A global.
    Global(Global),
}
