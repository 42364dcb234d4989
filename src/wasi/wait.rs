//! Waiting for clocks and for descriptors of the host: as a future, or by blocking the thread.

use std::time::Instant;

/// What is waited for at a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    Read,
    Write,
}

/// How a descriptor is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readiness {
    pub ready: bool,
    /// The other end is closed.
    pub hangup: bool,
}

impl Readiness {
    /// Of what never makes anyone wait.
    pub const ALWAYS: Readiness = Readiness {
        ready: true,
        hangup: false,
    };
}

pub(super) use self::host::{Watch, available, readiness, watch};

#[cfg(unix)]
mod host {
    use std::os::fd::{AsFd, OwnedFd};
    use std::sync::Arc;

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
}

#[cfg(not(unix))]
mod host {
    use super::{Interest, Readiness};

    /// Here no descriptor can be waited for: reading and writing block instead.
    #[derive(Clone, Debug)]
    pub enum Watch {}

    pub fn watch<T>(_end: &T) -> Option<Watch> {
        None
    }

    pub fn readiness(list: &[(Watch, Interest)]) -> Vec<Readiness> {
        vec![Readiness::ALWAYS; list.len()]
    }

    pub fn available(watch: &Watch) -> u64 {
        match *watch {}
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

    #[cfg(unix)]
    use std::time::{Duration, Instant};

    use async_io::Timer;

    use super::Waiting;

    /// How often a descriptor is looked at that the host does not watch.
    #[cfg(unix)]
    const UNWATCHED: Duration = Duration::from_millis(10);

    impl Waiting {
        /// Ends when something that is waited for has come.
        pub async fn wait(self) {
            #[cfg_attr(not(unix), allow(unused_mut))]
            let mut until = self.until;
            #[cfg(unix)]
            let mut ends = Vec::with_capacity(self.ends.len());
            #[cfg(unix)]
            for (fd, interest) in &self.ends {
                // A name of its own, as the host watches no descriptor twice.
                match fd.try_clone().and_then(async_io::Async::new_nonblocking) {
                    Ok(end) => ends.push((end, *interest)),
                    // It cannot be watched, so it is looked at now and then.
                    Err(_) => {
                        let soon = Instant::now() + UNWATCHED;
                        until = Some(until.map_or(soon, |until| until.min(soon)));
                    }
                }
            }
            let mut timer = until.map(Timer::at);
            poll_fn(move |context| {
                let timed = timer.as_mut().map(|timer| Pin::new(timer).poll(context));
                let mut ready = timed.is_some_and(|timed| timed.is_ready());
                #[cfg(unix)]
                for (end, interest) in &ends {
                    ready |= match interest {
                        super::Interest::Read => end.poll_readable(context),
                        super::Interest::Write => end.poll_writable(context),
                    }
                    .is_ready();
                }
                if ready { Poll::Ready(()) } else { Poll::Pending }
            })
            .await
        }

        /// The same, blocking the thread.
        pub fn block(self) {
            async_io::block_on(self.wait());
        }
    }
}

/// Elsewhere clocks step, so nothing waits.
#[cfg(not(any(unix, windows)))]
mod waiting {
    use super::Waiting;

    impl Waiting {
        pub async fn wait(self) {}

        pub fn block(self) {}
    }
}
