//! What the host's errors mean for a program.

use std::io::{self, ErrorKind};

use super::abi::Errno;

/// The number of a host's error.
pub(super) fn errno(error: &io::Error) -> Errno {
    #[cfg(unix)]
    if let Some(found) = unix::errno(error) {
        return found;
    }
    match error.kind() {
        ErrorKind::NotFound => Errno::NOENT,
        // cap-std refuses a path that leads outside, which is no error of the host's.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Errno::PERM,
        ErrorKind::PermissionDenied => Errno::ACCES,
        ErrorKind::AddrInUse => Errno::ADDRINUSE,
        ErrorKind::AddrNotAvailable => Errno::ADDRNOTAVAIL,
        ErrorKind::AlreadyExists => Errno::EXIST,
        ErrorKind::ArgumentListTooLong => Errno::TOOBIG,
        ErrorKind::BrokenPipe => Errno::PIPE,
        ErrorKind::ConnectionAborted => Errno::CONNABORTED,
        ErrorKind::ConnectionRefused => Errno::CONNREFUSED,
        ErrorKind::ConnectionReset => Errno::CONNRESET,
        ErrorKind::CrossesDevices => Errno::XDEV,
        ErrorKind::Deadlock => Errno::DEADLK,
        ErrorKind::DirectoryNotEmpty => Errno::NOTEMPTY,
        ErrorKind::ExecutableFileBusy => Errno::TXTBSY,
        ErrorKind::FileTooLarge => Errno::FBIG,
        ErrorKind::HostUnreachable => Errno::HOSTUNREACH,
        ErrorKind::Interrupted => Errno::INTR,
        ErrorKind::InvalidFilename => Errno::NAMETOOLONG,
        ErrorKind::InvalidInput => Errno::INVAL,
        ErrorKind::IsADirectory => Errno::ISDIR,
        ErrorKind::NetworkDown => Errno::NETDOWN,
        ErrorKind::NetworkUnreachable => Errno::NETUNREACH,
        ErrorKind::NotADirectory => Errno::NOTDIR,
        ErrorKind::NotConnected => Errno::NOTCONN,
        ErrorKind::NotSeekable => Errno::SPIPE,
        ErrorKind::OutOfMemory => Errno::NOMEM,
        ErrorKind::QuotaExceeded => Errno::DQUOT,
        ErrorKind::ReadOnlyFilesystem => Errno::ROFS,
        ErrorKind::ResourceBusy => Errno::BUSY,
        ErrorKind::StaleNetworkFileHandle => Errno::STALE,
        ErrorKind::StorageFull => Errno::NOSPC,
        ErrorKind::TimedOut => Errno::TIMEDOUT,
        ErrorKind::TooManyLinks => Errno::MLINK,
        ErrorKind::Unsupported => Errno::NOTSUP,
        ErrorKind::WouldBlock => Errno::AGAIN,
        _ => Errno::IO,
    }
}

/// Repeats what a signal to the host's process has interrupted. What would make the host wait is [`Errno::AGAIN`].
pub(super) fn again<T>(mut what: impl FnMut() -> io::Result<T>) -> Result<T, Errno> {
    loop {
        match what() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done.map_err(|error| errno(&error)),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use super::Errno;

    macro_rules! table {
        ($($name:ident $([$host:ident])?)*) => {
            &[$((table!(@ $name $($host)?), Errno::$name),)*]
        };
        (@ $name:ident) => { rustix::io::Errno::$name };
        (@ $name:ident $host:ident) => { rustix::io::Errno::$host };
    }

    /// Numbers that both have; the host's name where it is another.
    const TABLE: &[(rustix::io::Errno, Errno)] = table! {
        TOOBIG ACCES[ACCESS] ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG BUSY CANCELED CHILD CONNABORTED
        CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ INPROGRESS INTR INVAL IO
        ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET NETUNREACH NFILE NOBUFS NODEV NOENT
        NOEXEC NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR NOTEMPTY NOTRECOVERABLE NOTSOCK NOTSUP NOTTY
        NXIO OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV
    };

    pub fn errno(error: &io::Error) -> Option<Errno> {
        let host = rustix::io::Errno::from_io_error(error)?;
        Some(
            TABLE
                .iter()
                .find(|(of, _)| *of == host)
                .map_or(Errno::IO, |&(_, to)| to),
        )
    }
}
