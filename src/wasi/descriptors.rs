//! The descriptors that a program has, and what it may do with each.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::abi::{Errno, filetype, rights};
use super::directory::Listing;
use super::files::{Folder, Opened};
use super::stat::Stat;
use super::wait::{Watch, watch};

/// Descriptors that a program may have open at once.
const MAX_DESCRIPTORS: usize = 1024;

/// Something that bytes are read from or written to.
pub(super) struct Stream<T: ?Sized> {
    pub is_terminal: bool,
    /// What to watch in order to wait for it, if it is the host's and may make anyone wait.
    pub watch: Option<Watch>,
    pub end: Box<T>,
}

impl<T: ?Sized> Stream<T> {
    /// One that is not of the host's.
    pub fn new(end: Box<T>) -> Stream<T> {
        Stream {
            is_terminal: false,
            watch: None,
            end,
        }
    }

    fn filetype(&self) -> u8 {
        if self.is_terminal {
            filetype::CHARACTER_DEVICE
        } else {
            filetype::UNKNOWN
        }
    }
}

pub(super) type Input = Stream<dyn Read + Send>;
pub(super) type Output = Stream<dyn Write + Send>;

/// A socket that the host has given to the program, or a connection that it has accepted.
#[derive(Debug)]
pub(super) enum Socket {
    Listener(TcpListener),
    Connection(TcpStream),
}

/// What a descriptor stands for.
pub(super) enum Kind {
    Input(Input),
    Output(Output),
    File(Opened),
    Folder(Folder, Listing),
    Socket(Socket),
}

/// Where a descriptor comes from: what it takes to have it again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "snapshot", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(not(feature = "snapshot"), allow(dead_code))]
pub(super) enum Source {
    /// Standard input or an output, by the number that it had first.
    Stream(u32),
    /// A folder that the program was given under this name.
    Given(String),
    /// Opened below a folder that was given, and how.
    Opened {
        given: String,
        path: String,
        follow: bool,
        read: bool,
        write: bool,
    },
    /// Opened by a path that is too long to be kept.
    Far,
    Socket,
}

/// A descriptor.
pub(super) struct Descriptor {
    pub kind: Kind,
    /// What it may be used for.
    pub base: u64,
    /// What may be passed on to what is opened through it.
    pub inheriting: u64,
    pub flags: u16,
    pub source: Source,
}

impl Kind {
    /// All rights that apply to it, and to what is opened through it.
    pub fn rights(&self) -> (u64, u64) {
        match self {
            Kind::Input(_) => (rights::STREAM | rights::FD_READ, 0),
            Kind::Output(_) => (rights::STREAM | rights::FD_WRITE, 0),
            Kind::File(Opened::Memory(..)) => (rights::reading(rights::FILE), 0),
            Kind::File(Opened::Host(_)) => (rights::FILE, 0),
            Kind::Folder(folder, _) => folder.rights(),
            Kind::Socket(_) => (rights::SOCKET, rights::SOCKET),
        }
    }

    pub fn filetype(&self) -> u8 {
        match self {
            Kind::Input(input) => input.filetype(),
            Kind::Output(output) => output.filetype(),
            Kind::File(file) => file.filetype(),
            Kind::Folder(..) => filetype::DIRECTORY,
            Kind::Socket(_) => filetype::SOCKET_STREAM,
        }
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Kind::File(file) => file.stat(),
            Kind::Folder(folder, _) => folder.stat(),
            other => Ok(Stat::of_type(other.filetype())),
        }
    }

    /// What to watch in order to wait for it, if using it may make anyone wait.
    pub fn watch(&self) -> Option<Watch> {
        match self {
            Kind::Input(input) => input.watch.clone(),
            Kind::Output(output) => output.watch.clone(),
            Kind::File(file) => file.watch(),
            Kind::Folder(..) => None,
            Kind::Socket(socket) => socket.watch(),
        }
    }
}

impl Descriptor {
    /// A descriptor with all rights that apply.
    pub fn new(kind: Kind, source: Source) -> Descriptor {
        let (base, inheriting) = kind.rights();
        Descriptor {
            kind,
            base,
            inheriting,
            flags: 0,
            source,
        }
    }

    /// Whether it may be used for this. As in POSIX, what is not open for reading or writing is no descriptor for that.
    pub fn check(&self, right: u64) -> Result<(), Errno> {
        match right & !self.base {
            0 => Ok(()),
            rights::FD_READ | rights::FD_WRITE => Err(Errno::BADF),
            _ => Err(Errno::NOTCAPABLE),
        }
    }

    /// The file, if it is one and may be used for this.
    pub fn file(&mut self, right: u64) -> Result<&mut Opened, Errno> {
        match self.kind {
            Kind::File(_) => self.check(right)?,
            Kind::Folder(..) => return Err(Errno::ISDIR),
            _ => return Err(Errno::SPIPE),
        }
        match &mut self.kind {
            Kind::File(file) => Ok(file),
            _ => Err(Errno::SPIPE),
        }
    }

    /// The folder, if it is one and may be used for this.
    pub fn folder(&self, right: u64) -> Result<&Folder, Errno> {
        match &self.kind {
            Kind::Folder(folder, _) => self.check(right).map(|()| folder),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// The socket, if it is one and may be used for this.
    pub fn socket(&self, right: u64) -> Result<&Socket, Errno> {
        match &self.kind {
            Kind::Socket(socket) => self.check(right).map(|()| socket),
            _ => Err(Errno::NOTSOCK),
        }
    }
}

/// All descriptors of a program, by number.
#[derive(Default)]
pub(super) struct Descriptors(Vec<Option<Descriptor>>);

impl Descriptors {
    pub fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::BADF)
    }

    pub fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    /// The number that the next new descriptor will have: the lowest that is free.
    pub fn next(&self) -> Result<u32, Errno> {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free < MAX_DESCRIPTORS {
            Ok(free as u32)
        } else {
            Err(Errno::MFILE)
        }
    }

    /// Gives a descriptor the lowest number that is free.
    pub fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let fd = self.next()?;
        self.push_at(fd as usize, descriptor);
        Ok(fd)
    }

    fn push_at(&mut self, index: usize, descriptor: Descriptor) {
        if index >= self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(descriptor);
    }

    /// Adds one that the program is given from its start, however many there are.
    pub fn give(&mut self, descriptor: Descriptor) {
        self.push_at(self.0.len(), descriptor);
    }

    /// All that are open, with their numbers.
    #[cfg(feature = "snapshot")]
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Descriptor)> {
        let open = |(fd, descriptor)| Some((fd, Option::as_ref(descriptor)?));
        (0..).zip(&self.0).filter_map(open)
    }

    /// All that are open, with their numbers.
    #[cfg(feature = "snapshot")]
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Descriptor)> {
        let open = |(fd, descriptor)| Some((fd, Option::as_mut(descriptor)?));
        (0..).zip(&mut self.0).filter_map(open)
    }

    /// Takes the first descriptor that comes from there.
    #[cfg(feature = "snapshot")]
    pub fn take(&mut self, source: &Source) -> Option<Descriptor> {
        let is_it = |found: &&mut Option<Descriptor>| found.as_ref().is_some_and(|found| found.source == *source);
        self.0.iter_mut().find(is_it)?.take()
    }

    /// Gives a descriptor a number that none has.
    #[cfg(feature = "snapshot")]
    pub fn place(&mut self, fd: u32, descriptor: Descriptor) -> Result<(), Errno> {
        if fd as usize >= MAX_DESCRIPTORS.max(self.0.len()) || self.get(fd).is_ok() {
            return Err(Errno::BADF);
        }
        self.push_at(fd as usize, descriptor);
        Ok(())
    }

    /// Bytes that the listings of all descriptors but this one take.
    pub fn listed(&self, but: u32) -> usize {
        let others = (0..).zip(&self.0).filter(|(fd, _)| *fd != but);
        let listings = others.filter_map(|(_, descriptor)| match &descriptor.as_ref()?.kind {
            Kind::Folder(_, listing) => Some(listing.bytes()),
            Kind::Input(_) | Kind::Output(_) | Kind::File(_) | Kind::Socket(_) => None,
        });
        listings.sum()
    }

    pub fn close(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let found = self.0.get_mut(fd as usize).and_then(Option::take);
        found.ok_or(Errno::BADF)
    }

    /// Closes `to` and gives its number to `from`.
    pub fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        let descriptor = self.close(from)?;
        self.push_at(to as usize, descriptor);
        Ok(())
    }
}

impl Socket {
    /// Lets the host's calls return at once where a descriptor can be waited for instead.
    pub fn prepare(&self, nonblocking: bool) -> std::io::Result<()> {
        let nonblocking = nonblocking || cfg!(unix);
        match self {
            Socket::Listener(listener) => listener.set_nonblocking(nonblocking),
            Socket::Connection(stream) => stream.set_nonblocking(nonblocking),
        }
    }

    pub fn watch(&self) -> Option<Watch> {
        match self {
            Socket::Listener(listener) => watch(listener),
            Socket::Connection(stream) => watch(stream),
        }
    }
}
