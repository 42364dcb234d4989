//! Reading and writing through descriptors.

use std::io::{Read, SeekFrom, Write};

use super::abi::{Errno, flags, rights};
use super::context::{Answer, Args, Context, Stop};
use super::descriptors::{Descriptor, Kind, Socket};
use super::errors::again;
use super::files::Opened;
use super::guest::Guest;
use super::wait::{Interest, Waiting, Watch, readiness, watch};

/// `fd_read(fd, buffers, count, out)`
pub(super) fn read(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    read_into(descriptor, m, (a.u32(1), a.u32(2)), None, a.u32(3))
}

/// `fd_pread(fd, buffers, count, offset, out)`
pub(super) fn pread(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    read_into(descriptor, m, (a.u32(1), a.u32(2)), Some(a.u64(3)), a.u32(4))
}

/// `fd_write(fd, buffers, count, out)`
pub(super) fn write(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    write_from(descriptor, m, (a.u32(1), a.u32(2)), None, a.u32(3))
}

/// `fd_pwrite(fd, buffers, count, offset, out)`
pub(super) fn pwrite(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    write_from(descriptor, m, (a.u32(1), a.u32(2)), Some(a.u64(3)), a.u32(4))
}

/// `fd_seek(fd, offset, whence, out)`
pub(super) fn seek(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let offset = a.u64(1);
    let to = match a.u32(2) {
        0 => SeekFrom::Start(offset),
        1 => SeekFrom::Current(offset as i64),
        2 => SeekFrom::End(offset as i64),
        _ => return Err(Errno::INVAL.into()),
    };
    // Asking where one is needs the right to do only that.
    let descriptor = cx.get(a.u32(0))?;
    let telling = to == SeekFrom::Current(0) && descriptor.base & rights::FD_SEEK == 0;
    let file = descriptor.file(if telling { rights::FD_TELL } else { rights::FD_SEEK })?;
    m.bytes(a.u32(3), 8)?;
    let position = file.seek(to)?;
    Ok(m.write_u64(a.u32(3), position)?)
}

/// `fd_tell(fd, out)`
pub(super) fn tell(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    // The right to seek includes this one.
    let seeks = descriptor.base & rights::FD_SEEK != 0;
    let file = descriptor.file(if seeks { rights::FD_SEEK } else { rights::FD_TELL })?;
    let position = file.seek(SeekFrom::Current(0))?;
    Ok(m.write_u64(a.u32(1), position)?)
}

/// What to do about something that would make the host wait: wait for it, unless the program asked not to.
pub(super) fn wait_for(watch: Option<Watch>, interest: Interest, flags: u16) -> Stop {
    match watch {
        Some(watch) if flags & flags::NONBLOCK == 0 => Stop::Wait(Waiting {
            until: None,
            ends: vec![(watch, interest)],
        }),
        _ => Errno::AGAIN.into(),
    }
}

/// Stops where something could not be read or written at once.
fn ready(watch: Option<&Watch>, interest: Interest, flags: u16) -> Answer {
    match watch {
        Some(watch) if !readiness(&[(watch.clone(), interest)])[0].ready => {
            Err(wait_for(Some(watch.clone()), interest, flags))
        }
        _ => Ok(()),
    }
}

/// Checks that this may be done with a descriptor's bytes: from this position on, or where the descriptor is.
fn check(descriptor: &Descriptor, interest: Interest, at: Option<u64>) -> Result<(), Errno> {
    match (&descriptor.kind, interest) {
        (Kind::Folder(..), _) => return Err(Errno::ISDIR),
        (Kind::Output(_), Interest::Read) | (Kind::Input(_), Interest::Write) => return Err(Errno::BADF),
        (Kind::Input(_) | Kind::Output(_) | Kind::Socket(_), _) if at.is_some() => return Err(Errno::SPIPE),
        _ => descriptor.check(interest.right())?,
    }
    match at {
        Some(_) => descriptor.check(rights::FD_SEEK),
        None => Ok(()),
    }
}

fn read_into(
    descriptor: &mut Descriptor,
    m: &mut Guest<'_>,
    (list, count): (u32, u32),
    at: Option<u64>,
    out: u32,
) -> Answer {
    let flags = descriptor.flags;
    check(descriptor, Interest::Read, at)?;
    let buffers = m.buffers(list, count)?;
    m.bytes(out, 4)?;
    // A stream gives what is there, however many buffers the program has.
    let first = buffers.iter().copied().find(|&(_, len)| len > 0).unwrap_or_default();
    let total = match &mut descriptor.kind {
        _ if first.1 == 0 => 0,
        Kind::Input(input) => {
            ready(input.watch.as_ref(), Interest::Read, flags)?;
            let into = m.bytes_mut(first.0, first.1)?;
            again(|| input.end.read(into))?
        }
        Kind::Socket(Socket::Connection(stream)) => {
            let into = m.bytes_mut(first.0, first.1)?;
            match again(|| stream.read(into)) {
                Err(Errno::AGAIN) => return Err(wait_for(watch(stream), Interest::Read, flags)),
                read => read?,
            }
        }
        Kind::File(file) if file.is_stream() => {
            ready(file.watch().as_ref(), Interest::Read, flags)?;
            file.read(m.bytes_mut(first.0, first.1)?, at)?
        }
        Kind::File(file) => read_file(file, m, &buffers, at)?,
        Kind::Socket(Socket::Listener(_)) => return Err(Errno::NOTCONN.into()),
        Kind::Folder(..) | Kind::Output(_) => return Err(Errno::BADF.into()),
    };
    Ok(m.write_u32(out, total as u32)?)
}

/// Fills buffers one after another, as far as the file goes.
fn read_file(file: &mut Opened, m: &mut Guest<'_>, buffers: &[(u32, u32)], at: Option<u64>) -> Result<usize, Errno> {
    let mut total = 0;
    for &(address, len) in buffers {
        let into = m.bytes_mut(address, len)?;
        let at = at.map(|at| at.saturating_add(total as u64));
        match file.read(into, at) {
            Ok(read) => {
                total += read;
                if read < into.len() {
                    break;
                }
            }
            // What was read before must not be lost.
            Err(_) if total > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(total)
}

fn write_from(
    descriptor: &mut Descriptor,
    m: &mut Guest<'_>,
    (list, count): (u32, u32),
    at: Option<u64>,
    out: u32,
) -> Answer {
    let flags = descriptor.flags;
    check(descriptor, Interest::Write, at)?;
    let buffers = m.buffers(list, count)?;
    m.bytes(out, 4)?;
    let mut total = 0;
    for (address, len) in buffers {
        let mut bytes = m.bytes(address, len)?;
        while !bytes.is_empty() {
            match write_some(
                &mut descriptor.kind,
                bytes,
                at.map(|at| at.saturating_add(total)),
                flags,
            ) {
                Ok(written) => {
                    total += written as u64;
                    bytes = &bytes[written..];
                }
                // The program learns of what was written; it meets the error when it goes on.
                Err(_) if total > 0 => return Ok(m.write_u32(out, total as u32)?),
                Err(stop) => return Err(stop),
            }
        }
    }
    Ok(m.write_u32(out, total as u32)?)
}

/// Bytes that a pipe takes at once when it takes any (`PIPE_BUF`).
const TAKEN: usize = 4096;

/// Writes some of these bytes, at least one.
fn write_some(kind: &mut Kind, mut bytes: &[u8], at: Option<u64>, flags: u16) -> Answer<usize> {
    let may_block = match kind {
        Kind::Output(output) => output.watch.clone(),
        Kind::File(file) if file.is_stream() => file.watch(),
        Kind::File(_) | Kind::Socket(_) | Kind::Folder(..) | Kind::Input(_) => None,
    };
    if may_block.is_some() {
        ready(may_block.as_ref(), Interest::Write, flags)?;
        bytes = &bytes[..bytes.len().min(TAKEN)];
    }
    let written = match kind {
        Kind::File(file) => {
            let file = file.host()?;
            match at {
                Some(at) => file.write_at(bytes, at),
                None => file.write(bytes, flags & flags::APPEND != 0),
            }
        }
        Kind::Output(output) => again(|| output.end.write(bytes)),
        Kind::Socket(Socket::Connection(stream)) => again(|| stream.write(bytes)),
        Kind::Socket(Socket::Listener(_)) => return Err(Errno::NOTCONN.into()),
        Kind::Folder(..) | Kind::Input(_) => return Err(Errno::BADF.into()),
    };
    match written {
        Ok(0) => Err(Errno::IO.into()),
        Err(Errno::AGAIN) => Err(wait_for(kind.watch(), Interest::Write, flags)),
        written => Ok(written?),
    }
}
