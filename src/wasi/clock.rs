//! Clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::abi::Errno;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const PROCESS_CPU: u32 = 2;
const THREAD_CPU: u32 = 3;

/// Where a program's time comes from.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    /// The host; its monotonic clock starts at zero here.
    Real(Instant),
    /// Nanoseconds now, and by how many each reading moves on.
    Steps(u64, u64),
}

impl Default for Clock {
    fn default() -> Clock {
        // Other hosts may have no clock, and answer the question with a panic.
        if cfg!(any(unix, windows)) {
            Clock::Real(Instant::now())
        } else {
            Clock::Steps(0, 1)
        }
    }
}

impl Clock {
    /// Whether there is a clock of this number.
    pub fn check(clock: u32) -> Result<(), Errno> {
        if matches!(clock, REALTIME | MONOTONIC | PROCESS_CPU | THREAD_CPU) {
            Ok(())
        } else {
            Err(Errno::INVAL)
        }
    }

    /// The smallest difference that a clock shows, in nanoseconds.
    pub fn resolution(&self, clock: u32) -> Result<u64, Errno> {
        Clock::check(clock)?;
        Ok(match *self {
            Clock::Real(_) => resolution(clock),
            Clock::Steps(_, step) => step.max(1),
        })
    }

    /// Nanoseconds: since 1970 for the wall clock, since the start for the monotonic one.
    pub fn now(&mut self, clock: u32) -> Result<u64, Errno> {
        Clock::check(clock)?;
        Ok(match self {
            Clock::Real(_) if clock == REALTIME => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0, nanos)
            }
            Clock::Real(start) => cpu_time(clock).unwrap_or_else(|| nanos(start.elapsed())),
            Clock::Steps(now, step) => {
                let time = *now;
                *now = now.saturating_add(*step);
                time
            }
        })
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What the host's process or thread has used of the processor, where the host tells.
#[cfg(unix)]
fn cpu_time(clock: u32) -> Option<u64> {
    use rustix::time::{ClockId, clock_gettime};
    let id = match clock {
        PROCESS_CPU => ClockId::ProcessCPUTime,
        THREAD_CPU => ClockId::ThreadCPUTime,
        _ => return None,
    };
    Duration::try_from(clock_gettime(id)).ok().map(nanos)
}

#[cfg(not(unix))]
fn cpu_time(_clock: u32) -> Option<u64> {
    None
}

#[cfg(unix)]
fn resolution(clock: u32) -> u64 {
    use rustix::time::{ClockId, clock_getres};
    let time = clock_getres(match clock {
        REALTIME => ClockId::Realtime,
        MONOTONIC => ClockId::Monotonic,
        PROCESS_CPU => ClockId::ProcessCPUTime,
        _ => ClockId::ThreadCPUTime,
    });
    Duration::try_from(time).map_or(1, nanos).max(1)
}

/// The units in which Windows counts.
#[cfg(not(unix))]
fn resolution(_clock: u32) -> u64 {
    100
}
