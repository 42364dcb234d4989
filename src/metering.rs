//! Where a running program can be stopped, chosen when a module is made.

/// Where a running program can be stopped, and what that costs it.
///
/// It is chosen when a module is made ([`Module::options`](crate::Module::options)), because the checks are part of the code
/// that every strategy compiles. Checks that were not asked for cost nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metering {
    /// Only in calls of the host: a program that never ends is never stopped.
    #[default]
    Off,
    /// At the start of every function and every loop, in long stretches of straight code, and within bulk operations:
    /// enough to interrupt any program, and to let others run.
    Interrupts,
    /// Like [`Metering::Interrupts`], and every instruction executed is paid for, in advance for a stretch of code that
    /// runs as a whole. All strategies count the same. `block`, `loop`, `else`, `end` and `nop` are free, everything else
    /// costs one. Work on ranges costs one more for each 16 bytes: `memory.fill`, `memory.copy`, `memory.init` and
    /// their counterparts for tables, whose elements count as 8 bytes; growing a memory or table; clearing the locals of a called
    /// function, and moving the values of a branch or a return, as far as these exceed 128 bytes.
    Fuel,
}
