//! Waiting for clocks and for descriptors of the host: as a future, or by blocking the thread.

use std::time::Instant;

use super::abi::rights;

/// What is waited for at a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    Read,
    Write,
}

impl Interest {
    /// The right to do it.
    pub fn right(self) -> u64 {
        match self {
            Interest::Read => rights::FD_READ,
            Interest::Write => rights::FD_WRITE,
        }
    }
}

/// How a descriptor is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readiness {
    pub ready: bool,
    /// The other end is closed.
    pub hangup: bool,
}

impl Readiness {
    /// The readiness of what never makes anyone wait.
    pub const ALWAYS: Readiness = Readiness {
        ready: true,
        hangup: false,
    };
}

#[cfg(any(unix, windows))]
use self::host::Watched;
pub(super) use self::host::{Watch, available, readiness, watch};

#[cfg(unix)]
mod host {
    use std::collections::BTreeMap;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
    use std::sync::Arc;
    use std::task::Context;

    use async_io::Async;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::{Interest, Readiness};

    /// A descriptor of the host that can be waited for.
    pub type Watch = Arc<OwnedFd>;

    /// A second name of a descriptor, to wait for.
    pub fn watch(end: &impl AsFd) -> Option<Watch> {
        end.as_fd().try_clone_to_owned().ok().map(Arc::new)
    }

    /// Asks the host, without waiting.
    pub fn readiness(list: &[(Watch, Interest)]) -> Vec<Readiness> {
        let flags = |interest| match interest {
            Interest::Read => PollFlags::IN,
            Interest::Write => PollFlags::OUT,
        };
        let mut fds: Vec<_> = list.iter().map(|(fd, of)| PollFd::new(fd, flags(*of))).collect();
        if fds.is_empty() || poll(&mut fds, Some(&Timespec::default())).is_err() {
            return vec![Readiness::ALWAYS; list.len()];
        }
        let of = |fd: &PollFd<'_>| Readiness {
            ready: !fd.revents().is_empty(),
            hangup: fd.revents().contains(PollFlags::HUP),
        };
        fds.iter().map(of).collect()
    }

    /// Bytes that can be read at once.
    pub fn available(fd: &Watch) -> u64 {
        rustix::io::ioctl_fionread(fd).unwrap_or(0)
    }

    /// Descriptors that the host watches, and what for.
    pub struct Watched(Vec<(Async<OwnedFd>, Vec<Interest>)>);

    impl Watched {
        /// Has the host watch these, and returns how many it does not watch.
        pub fn new(ends: &[(Watch, Interest)]) -> (Watched, usize) {
            let mut wanted: BTreeMap<RawFd, (&Watch, Vec<Interest>)> = BTreeMap::new();
            for (fd, of) in ends {
                let (_, interests) = wanted.entry(fd.as_raw_fd()).or_insert((fd, Vec::new()));
                if !interests.contains(of) {
                    interests.push(*of);
                }
            }
            // A name of its own for each, as the host watches no descriptor twice.
            let own = |fd: &Watch| fd.try_clone().and_then(Async::new_nonblocking).ok();
            let all = wanted.len();
            let watched = wanted.into_values().filter_map(|(fd, of)| Some((own(fd)?, of)));
            let watched: Vec<_> = watched.collect();
            let missing = all - watched.len();
            (Watched(watched), missing)
        }

        /// Whether one is ready; otherwise the task is woken when one is.
        pub fn is_ready(&self, context: &mut Context<'_>) -> bool {
            let mut ready = false;
            for (end, interests) in &self.0 {
                for interest in interests {
                    ready |= match interest {
                        Interest::Read => end.poll_readable(context),
                        Interest::Write => end.poll_writable(context),
                    }
                    .is_ready();
                }
            }
            ready
        }
    }
}

#[cfg(not(unix))]
mod host {
    use std::convert::Infallible;
    use std::sync::Arc;
    #[cfg(windows)]
    use std::task::Context;

    use super::{Interest, Readiness};

    /// Here no descriptor can be waited for: reading and writing block instead.
    pub type Watch = Arc<Infallible>;

    pub fn watch<T>(_end: &T) -> Option<Watch> {
        None
    }

    pub fn readiness(list: &[(Watch, Interest)]) -> Vec<Readiness> {
        vec![Readiness::ALWAYS; list.len()]
    }

    pub fn available(watch: &Watch) -> u64 {
        match **watch {}
    }

    /// There is nothing to watch.
    #[cfg(windows)]
    pub struct Watched;

    #[cfg(windows)]
    impl Watched {
        pub fn new(ends: &[(Watch, Interest)]) -> (Watched, usize) {
            (Watched, ends.len())
        }

        pub fn is_ready(&self, _context: &mut Context<'_>) -> bool {
            false
        }
    }
}

/// What a program waits for: the first of these.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub until: Option<Instant>,
    pub ends: Vec<(Watch, Interest)>,
}

/// A poll that waits. It is called again, and knows by this that it has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Polling {
    pub arguments: [u32; 4],
    /// When it began, where time passes.
    pub since: Option<Instant>,
}

#[cfg(any(unix, windows))]
mod waiting {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Poll;
    use std::time::{Duration, Instant};

    use async_io::Timer;

    use super::{Waiting, Watched};

    /// How often a descriptor is looked at that the host does not watch.
    const UNWATCHED: Duration = Duration::from_millis(10);

    impl Waiting {
        /// Ends when something that is waited for has come.
        pub async fn wait(self) {
            let (ends, unwatched) = Watched::new(&self.ends);
            let soon = (unwatched > 0).then(|| Instant::now() + UNWATCHED);
            let until = self.until.into_iter().chain(soon).min();
            let mut timer = until.map(Timer::at);
            poll_fn(move |context| {
                let timed = timer.as_mut().map(|timer| Pin::new(timer).poll(context));
                let timed = timed.is_some_and(|timed| timed.is_ready());
                // Both are asked, so that both wake the task.
                if ends.is_ready(context) | timed {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await
        }

        /// The same, blocking the thread.
        pub fn block(self) {
            async_io::block_on(self.wait());
        }
    }
}

/// Elsewhere clocks step and no descriptor is watched, so nothing waits.
#[cfg(not(any(unix, windows)))]
mod waiting {
    use super::Waiting;

    impl Waiting {
        pub async fn wait(self) {
            self.block();
        }

        pub fn block(self) {
            debug_assert!(
                self.until.is_none() && self.ends.is_empty(),
                "nothing can be waited for"
            );
        }
    }
}
