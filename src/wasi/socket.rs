//! Sockets that the host has given to the program. It can make none.

use std::io::Read;
use std::net::Shutdown;

use super::abi::{Errno, flags, rights};
use super::context::{Answer, Args, Context};
use super::descriptors::{Descriptor, Kind, Socket, Source};
use super::errors::{again, errno};
use super::guest::Guest;
use super::io::{wait_for, write};
use super::wait::{Interest, watch};

/// `sock_accept(fd, flags, out)`
pub(super) fn accept(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let wanted = a.fd_flags(1)?;
    let descriptor = cx.descriptors.get(a.u32(0))?;
    let Socket::Listener(listener) = descriptor.socket(rights::SOCK_ACCEPT)? else {
        return Err(Errno::INVAL.into());
    };
    if wanted & !flags::NONBLOCK != 0 {
        return Err(Errno::INVAL.into());
    }
    m.bytes(a.u32(2), 4)?;
    cx.descriptors.next()?;
    let (stream, _) = match again(|| listener.accept()) {
        Err(Errno::AGAIN) => return Err(wait_for(watch(listener), Interest::Read, descriptor.flags)),
        accepted => accepted?,
    };
    let socket = Socket::Connection(stream);
    socket
        .prepare(wanted & flags::NONBLOCK != 0)
        .map_err(|error| errno(&error))?;
    let mut accepted = Descriptor::new(Kind::Socket(socket), Source::Socket);
    accepted.base &= descriptor.inheriting;
    accepted.flags = wanted;
    let fd = cx.descriptors.insert(accepted)?;
    Ok(m.write_u32(a.u32(2), fd)?)
}

/// `sock_recv(fd, buffers, count, flags, out, flags out)`
pub(super) fn recv(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    const PEEK: u32 = 1;
    const WAIT_ALL: u32 = 2;
    let descriptor = cx.get(a.u32(0))?;
    let flags = descriptor.flags;
    let Socket::Connection(stream) = descriptor.socket(rights::FD_READ)? else {
        return Err(Errno::NOTCONN.into());
    };
    match a.u32(3) {
        0 | PEEK => {}
        how if how & !(PEEK | WAIT_ALL) == 0 => return Err(Errno::NOTSUP.into()),
        _ => return Err(Errno::INVAL.into()),
    }
    let buffers = m.buffers(a.u32(1), a.u32(2))?;
    m.bytes(a.u32(4), 4)?;
    m.bytes(a.u32(5), 2)?;
    let first = buffers.into_iter().find(|&(_, len)| len > 0);
    let received = match first {
        None => 0,
        Some((address, len)) => {
            let into = m.bytes_mut(address, len)?;
            let peeks = a.u32(3) == PEEK;
            let received = again(|| {
                if peeks {
                    stream.peek(into)
                } else {
                    (&*stream).read(into)
                }
            });
            match received {
                Err(Errno::AGAIN) => return Err(wait_for(watch(stream), Interest::Read, flags)),
                received => received?,
            }
        }
    };
    m.write_u32(a.u32(4), received as u32)?;
    Ok(m.write(a.u32(5), &[0, 0])?)
}

/// `sock_send(fd, buffers, count, flags, out)`
pub(super) fn send(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    cx.get(a.u32(0))?.socket(rights::FD_WRITE)?;
    if a.u32(3) != 0 {
        return Err(Errno::INVAL.into());
    }
    write(cx, m, Args(&[a.u64(0), a.u64(1), a.u64(2), a.u64(4)]))
}

/// `sock_shutdown(fd, how)`
pub(super) fn shutdown(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    let socket = descriptor.socket(rights::SOCK_SHUTDOWN)?;
    let how = match a.u32(1) {
        1 => Shutdown::Read,
        2 => Shutdown::Write,
        3 => Shutdown::Both,
        _ => return Err(Errno::INVAL.into()),
    };
    match socket {
        Socket::Connection(stream) => stream.shutdown(how).map_err(|error| errno(&error).into()),
        Socket::Listener(_) => Err(Errno::NOTCONN.into()),
    }
}
