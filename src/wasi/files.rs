//! What programs open: files and folders, in memory or of the host.

use std::io::SeekFrom;
use std::sync::Arc;

use super::abi::{Errno, filetype, rights};
use super::host::{HostFile, HostFolder};
use super::memory::{Entry, MemoryFile, Tree};
use super::stat::{Found, Opening, Stat};
use super::wait::Watch;

/// A folder of the host, or one in memory.
#[derive(Clone, Debug)]
pub(super) enum Folder {
    Memory(Arc<Tree>),
    Host(HostFolder),
}

/// An open file.
#[derive(Debug)]
pub(super) enum Opened {
    Memory(Arc<MemoryFile>, u64),
    Host(HostFile),
}

impl Folder {
    /// Whether anything in it can be changed.
    pub fn is_writable(&self) -> bool {
        match self {
            Folder::Memory(_) => false,
            Folder::Host(folder) => folder.is_writable(),
        }
    }

    /// All rights that apply to it, and to what is opened through it.
    pub fn rights(&self) -> (u64, u64) {
        match self.is_writable() {
            true => (rights::FOLDER, rights::INHERITED),
            false => (rights::reading(rights::FOLDER), rights::reading(rights::INHERITED)),
        }
    }

    /// Opens what is under a path.
    pub fn open(&self, path: &str, how: Opening) -> Result<Found<Opened, Folder>, Errno> {
        if how.changes() && !self.is_writable() {
            return Err(Errno::ROFS);
        }
        match self {
            Folder::Memory(tree) => match tree.find(path)? {
                Entry::File(_) if how.directory => Err(Errno::NOTDIR),
                Entry::File(file) => Ok(Found::File(Opened::Memory(file, 0))),
                Entry::Folder(tree) => Ok(Found::Folder(Folder::Memory(tree))),
            },
            Folder::Host(folder) => Ok(match folder.open(path, how)? {
                Found::File(file) => Found::File(Opened::Host(file)),
                Found::Folder(folder) => Found::Folder(Folder::Host(folder)),
            }),
        }
    }

    /// The folder, if it is one of the host's: what is in memory cannot be changed.
    pub fn host(&self) -> Result<&HostFolder, Errno> {
        match self {
            Folder::Memory(_) => Err(Errno::ROFS),
            Folder::Host(folder) => Ok(folder),
        }
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Folder::Memory(tree) => Ok(tree.stat()),
            Folder::Host(folder) => folder.stat(),
        }
    }

    /// What is known of what is under a path.
    pub fn stat_at(&self, path: &str, follow: bool) -> Result<Stat, Errno> {
        match self {
            Folder::Memory(tree) => tree.find(path).map(|entry| entry.stat()),
            Folder::Host(folder) => folder.stat_at(path, follow),
        }
    }

    pub fn read_link(&self, path: &str) -> Result<String, Errno> {
        match self {
            Folder::Memory(tree) => tree.find(path).and(Err(Errno::INVAL)),
            Folder::Host(folder) => folder.read_link(path),
        }
    }

    /// Names, types and inodes of the entries, if there are no more than `most`.
    pub fn entries(&self, most: usize) -> Result<Vec<(String, u8, u64)>, Errno> {
        match self {
            Folder::Memory(tree) => {
                let of = |(name, entry): (&str, &Entry)| {
                    let stat = entry.stat();
                    (name.to_string(), stat.filetype, stat.inode)
                };
                Ok(tree.entries().map(of).collect())
            }
            Folder::Host(folder) => folder.entries(most),
        }
    }
}

impl Opened {
    /// The file, if it is one of the host's: what is in memory cannot be changed.
    pub fn host(&mut self) -> Result<&mut HostFile, Errno> {
        match self {
            Opened::Memory(..) => Err(Errno::ROFS),
            Opened::Host(file) => Ok(file),
        }
    }

    /// Whether reading takes what is there, and may wait.
    pub fn is_stream(&self) -> bool {
        match self {
            Opened::Memory(..) => false,
            Opened::Host(file) => file.is_stream(),
        }
    }

    /// What to watch in order to wait for it, if that may be needed.
    pub fn watch(&self) -> Option<Watch> {
        match self {
            Opened::Memory(..) => None,
            Opened::Host(file) => file.watch(),
        }
    }

    /// Reads from the current position, or from another one without moving that.
    pub fn read(&mut self, into: &mut [u8], at: Option<u64>) -> Result<usize, Errno> {
        match (self, at) {
            (Opened::Host(file), None) => file.read(into),
            (Opened::Host(file), Some(at)) => file.read_at(into, at),
            (Opened::Memory(file, position), at) => {
                let from = usize::try_from(at.unwrap_or(*position)).ok();
                let rest = from.and_then(|at| file.bytes.get(at..)).unwrap_or(&[]);
                let count = rest.len().min(into.len());
                into[..count].copy_from_slice(&rest[..count]);
                if at.is_none() {
                    *position += count as u64;
                }
                Ok(count)
            }
        }
    }

    /// Moves the position, and returns it.
    pub fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        match self {
            Opened::Memory(file, position) => {
                let new = match to {
                    SeekFrom::Start(at) => Some(at),
                    SeekFrom::Current(by) => position.checked_add_signed(by),
                    SeekFrom::End(by) => (file.bytes.len() as u64).checked_add_signed(by),
                };
                *position = new.filter(|&at| i64::try_from(at).is_ok()).ok_or(Errno::INVAL)?;
                Ok(*position)
            }
            Opened::Host(file) => file.seek(to),
        }
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Opened::Memory(file, _) => Ok(file.stat()),
            Opened::Host(file) => file.stat(),
        }
    }

    pub fn filetype(&self) -> u8 {
        match self {
            Opened::Host(file) if file.is_stream() => file.stat().map_or(filetype::UNKNOWN, |stat| stat.filetype),
            _ => filetype::REGULAR_FILE,
        }
    }
}
