//! Where a running program can be stopped, chosen when a module is made.

/// Where a running program can be stopped, and what that costs it.
///
/// It is chosen when a module is made ([`Module::options`](crate::Module::options)), because the checks are part of the code
/// that every strategy compiles: a check that is not there costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metering {
    /// Only in calls of the host: a program that never ends is never stopped.
    #[default]
    Off,
    /// At the start of every function and every loop, in long stretches of straight code, and within operations on ranges:
    /// enough to interrupt any program, and to let others run.
    Interrupts,
    /// Like [`Metering::Interrupts`], and every instruction executed is paid for, in advance for a stretch of code that
    /// runs as a whole. All strategies count the same. `block`, `loop`, `else`, `end` and `nop` are free, everything else
    /// costs one. What works on ranges costs one more for each 16 bytes: `memory.fill`, `memory.copy`, `memory.init` and
    /// their like for tables, whose elements have 8 bytes; growing a memory or table; clearing the locals of a function that
    /// is called, and moving the values of a branch or a return, for what is more than 128 bytes of these.
    Fuel,
}
