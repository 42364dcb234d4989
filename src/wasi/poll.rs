//! `poll_oneoff`: waiting for clocks and descriptors.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::time::{Duration, Instant};

use super::abi::{Errno, rights};
use super::clock::{Clock, nanos};
use super::context::{Answer, Args, Context, Stop};
use super::descriptors::{Descriptor, Kind};
use super::guest::Guest;
use super::wait::{Interest, Polling, Readiness, Waiting, Watch, available, readiness};

/// Things that one call may wait for.
const MAX_SUBSCRIPTIONS: u32 = 4096;

const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;

/// What a program wants to know of.
struct Subscription {
    user: u64,
    what: What,
}

enum What {
    /// Nanoseconds that are left.
    Clock(u64),
    /// It can be used without waiting: bytes that can be read, or an error.
    Settled(Interest, Result<u64, Errno>),
    /// To be asked of the host.
    Watched(Interest, Watch),
}

/// `poll_oneoff(subscriptions, events, count, out)`
pub(super) fn oneoff(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let arguments @ [list, events, count, out] = [0, 1, 2, 3].map(|index| a.u32(index));
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(Errno::INVAL.into());
    }
    m.bytes(events, count * EVENT)?;
    m.bytes(out, 4)?;
    let begun = cx.polling.take().filter(|polling| polling.arguments == arguments);
    let polling = begun.unwrap_or_else(|| Polling {
        arguments,
        since: match cx.clock {
            Clock::Real(_) => Some(Instant::now()),
            Clock::Steps(..) => None,
        },
    });
    let passed = polling.since.map_or(0, |since| nanos(since.elapsed()));
    let mut subscriptions = Vec::with_capacity(count as usize);
    let mut watches = HashMap::new();
    for index in 0..count {
        let at = Guest::element(list, index, SUBSCRIPTION)?;
        subscriptions.push(subscription(cx, m, at, passed, &mut watches)?);
    }
    let watched: Vec<_> = subscriptions
        .iter()
        .filter_map(|subscription| match &subscription.what {
            What::Watched(interest, watch) => Some((watch.clone(), *interest)),
            _ => None,
        })
        .collect();
    let found = readiness(&watched);
    let left = |subscription: &Subscription| match subscription.what {
        What::Clock(left) => Some(left),
        _ => None,
    };
    let shortest = subscriptions.iter().filter_map(left).min();
    let is_settled = |subscription: &Subscription| matches!(subscription.what, What::Settled(..));
    let mut reached = 0;
    if shortest != Some(0) && !subscriptions.iter().any(is_settled) && !found.iter().any(|found| found.ready) {
        match (&mut cx.clock, shortest) {
            // Waiting takes no time, but the clock shows that it has passed.
            (Clock::Steps(now, _), Some(shortest)) => {
                *now = now.saturating_add(shortest);
                reached = shortest;
            }
            (Clock::Steps(..), None) | (Clock::Real(_), _) => {
                let end = |left| Instant::now().checked_add(Duration::from_nanos(left));
                let until = shortest.and_then(end);
                cx.polling = Some(polling);
                return Err(Stop::Wait(Waiting { until, ends: watched }));
            }
        }
    }
    let mut found = found.into_iter();
    let mut written = 0;
    for subscription in subscriptions {
        let Some(event) = event(subscription, reached, &mut found) else {
            continue;
        };
        m.write(Guest::element(events, written, EVENT)?, &event)?;
        written += 1;
    }
    Ok(m.write_u32(out, written)?)
}

/// What to watch, by descriptor: the same for as many subscriptions as name it, because each watch is a descriptor of the host's.
type Watches = HashMap<u32, Option<Watch>>;

/// Reads one subscription, and what can be said about it at once.
fn subscription(
    cx: &mut Context,
    m: &Guest<'_>,
    at: u32,
    passed: u64,
    watches: &mut Watches,
) -> Result<Subscription, Errno> {
    const ABSOLUTE: u8 = 1;
    let bytes: [u8; SUBSCRIPTION as usize] = m.array(at)?;
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
    let word = long(16) as u32;
    let what = match bytes[8] {
        0 => {
            let timeout = long(24);
            Clock::check(word)?;
            let since = if bytes[40] & ABSOLUTE != 0 {
                cx.clock.now(word)?
            } else {
                passed
            };
            What::Clock(timeout.saturating_sub(since))
        }
        1 => descriptor(cx, word, Interest::Read, watches),
        2 => descriptor(cx, word, Interest::Write, watches),
        _ => return Err(Errno::INVAL),
    };
    Ok(Subscription { user: long(0), what })
}

fn descriptor(cx: &mut Context, fd: u32, interest: Interest, watches: &mut Watches) -> What {
    let found = cx.get(fd).and_then(|descriptor| {
        check(descriptor, interest)?;
        let watch = watches.entry(fd).or_insert_with(|| descriptor.kind.watch());
        Ok(match watch.clone() {
            Some(watch) => What::Watched(interest, watch),
            None => What::Settled(interest, Ok(bytes_left(descriptor, interest))),
        })
    });
    found.unwrap_or_else(|errno| What::Settled(interest, Err(errno)))
}

/// Whether a descriptor can be used in this way.
fn check(descriptor: &Descriptor, interest: Interest) -> Result<(), Errno> {
    descriptor.check(rights::POLL_FD_READWRITE)?;
    let accepts = matches!(interest, Interest::Read) && descriptor.base & rights::SOCK_ACCEPT != 0;
    if !accepts {
        descriptor.check(interest.right())?;
    }
    match descriptor.kind {
        Kind::Folder(..) => Err(Errno::BADF),
        Kind::Input(_) | Kind::Output(_) | Kind::File(_) | Kind::Socket(_) => Ok(()),
    }
}

/// How much a program could read of something that never waits: one byte, if that is not known.
fn bytes_left(descriptor: &mut Descriptor, interest: Interest) -> u64 {
    let (Interest::Read, Kind::File(file)) = (interest, &mut descriptor.kind) else {
        return 1;
    };
    let size = file.stat().map_or(0, |stat| stat.size);
    let position = file.seek(SeekFrom::Current(0));
    size.saturating_sub(position.unwrap_or(0))
}

/// The event of a subscription, if there is one.
fn event(
    subscription: Subscription,
    reached: u64,
    found: &mut impl Iterator<Item = Readiness>,
) -> Option<[u8; EVENT as usize]> {
    const HANGUP: u8 = 1;
    let mut event = [0; EVENT as usize];
    event[0..8].copy_from_slice(&subscription.user.to_le_bytes());
    let (kind, bytes) = match subscription.what {
        What::Clock(left) if left > reached => return None,
        What::Clock(_) => (0, 0),
        What::Settled(interest, known) => {
            if let Err(Errno(errno)) = known {
                event[8..10].copy_from_slice(&errno.to_le_bytes());
            }
            (tag(interest), known.unwrap_or(0))
        }
        What::Watched(interest, watch) => {
            let found = found.next()?;
            if !found.ready {
                return None;
            }
            event[24] = if found.hangup { HANGUP } else { 0 };
            let bytes = if interest == Interest::Read {
                available(&watch)
            } else {
                1
            };
            (tag(interest), bytes)
        }
    };
    event[10] = kind;
    event[16..24].copy_from_slice(&bytes.to_le_bytes());
    Some(event)
}

fn tag(interest: Interest) -> u8 {
    match interest {
        Interest::Read => 1,
        Interest::Write => 2,
    }
}
