//! What programs can open: files in memory, and folders of the host. Both can only be read.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cap_std::fs::{Dir, File, Metadata, OpenOptions};

use super::abi::{Errno, filetype};

/// A folder of the host, or one in memory.
#[derive(Clone, Debug)]
pub(super) enum Folder {
    Memory(Arc<Tree>),
    /// A capability: nothing outside can be reached through it.
    Host(Arc<Dir>),
}

/// A folder in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(BTreeMap<String, Entry>);

#[derive(Clone, Debug)]
enum Entry {
    File(Arc<[u8]>),
    Folder(Arc<Tree>),
}

/// An open file.
#[derive(Debug)]
pub(super) enum Opened {
    Memory { bytes: Arc<[u8]>, position: u64 },
    Host(File),
}

/// What was found under a path.
pub(super) enum Found {
    File(Opened),
    Folder(Folder),
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    pub filetype: u8,
    pub size: u64,
    /// Last change, in nanoseconds since 1970.
    pub modified: u64,
}

impl Stat {
    fn of(metadata: &Metadata) -> Stat {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
        let filetype = if metadata.is_dir() {
            filetype::DIRECTORY
        } else if metadata.is_file() {
            filetype::REGULAR_FILE
        } else if metadata.is_symlink() {
            filetype::SYMBOLIC_LINK
        } else {
            filetype::UNKNOWN
        };
        Stat {
            filetype,
            size: metadata.len(),
            modified: since.map_or(0, |since| since.as_nanos() as u64),
        }
    }

    fn memory(filetype: u8, size: usize) -> Stat {
        Stat {
            filetype,
            size: size as u64,
            modified: 0,
        }
    }
}

/// What the host's error means for a program.
pub(super) fn errno(error: &io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::NotFound => Errno::NOENT,
        // A path that leads outside is refused as a lack of permission.
        io::ErrorKind::PermissionDenied => Errno::NOTCAPABLE,
        io::ErrorKind::InvalidInput => Errno::INVAL,
        io::ErrorKind::NotADirectory => Errno::NOTDIR,
        io::ErrorKind::IsADirectory => Errno::ISDIR,
        _ => Errno::IO,
    }
}

impl Tree {
    /// Adds a file, and the folders on its way. `false` if something else is in the way.
    pub fn insert(&mut self, path: &str, bytes: Arc<[u8]>) -> bool {
        let mut parts = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .peekable();
        let mut tree = self;
        while let Some(part) = parts.next() {
            if part == ".." {
                return false;
            }
            if parts.peek().is_none() {
                return match tree.0.get(part) {
                    Some(Entry::Folder(_)) => false,
                    _ => {
                        tree.0.insert(part.to_string(), Entry::File(bytes));
                        true
                    }
                };
            }
            let entry = tree.0.entry(part.to_string());
            match entry.or_insert_with(|| Entry::Folder(Arc::default())) {
                Entry::Folder(folder) => tree = Arc::make_mut(folder),
                Entry::File(_) => return false,
            }
        }
        false
    }

    /// Follows a path. It may go up, but not above this folder.
    fn find(self: &Arc<Tree>, path: &str) -> Result<Entry, Errno> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        if path.starts_with('/') {
            return Err(Errno::NOTCAPABLE);
        }
        let mut way = vec![self.clone()];
        let mut file = None;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if file.is_some() {
                return Err(Errno::NOTDIR);
            }
            match part {
                "." => {}
                ".." => {
                    way.pop();
                    if way.is_empty() {
                        return Err(Errno::NOTCAPABLE);
                    }
                }
                name => match way.last().and_then(|folder| folder.0.get(name)) {
                    Some(Entry::Folder(folder)) => way.push(folder.clone()),
                    Some(Entry::File(bytes)) => file = Some(bytes.clone()),
                    None => return Err(Errno::NOENT),
                },
            }
        }
        match (file, way.pop()) {
            (Some(_), _) if path.ends_with('/') => Err(Errno::NOTDIR),
            (Some(bytes), _) => Ok(Entry::File(bytes)),
            (None, Some(folder)) => Ok(Entry::Folder(folder)),
            (None, None) => Err(Errno::NOENT),
        }
    }
}

impl Folder {
    /// Opens what is under a path.
    pub fn open(&self, path: &str) -> Result<Found, Errno> {
        match self {
            Folder::Memory(tree) => Ok(match tree.find(path)? {
                Entry::File(bytes) => Found::File(Opened::Memory { bytes, position: 0 }),
                Entry::Folder(tree) => Found::Folder(Folder::Memory(tree)),
            }),
            Folder::Host(dir) => {
                let metadata = dir.metadata(path).map_err(|error| errno(&error))?;
                if metadata.is_dir() {
                    let dir = dir.open_dir(path).map_err(|error| errno(&error))?;
                    return Ok(Found::Folder(Folder::Host(Arc::new(dir))));
                }
                // A pipe would block, and a device is not for programs.
                if !metadata.is_file() {
                    return Err(Errno::ACCES);
                }
                let file = dir.open_with(path, OpenOptions::new().read(true));
                Ok(Found::File(Opened::Host(file.map_err(|error| errno(&error))?)))
            }
        }
    }

    /// What is known of what is under a path.
    pub fn stat_at(&self, path: &str, follow: bool) -> Result<Stat, Errno> {
        match self {
            Folder::Memory(tree) => Ok(match tree.find(path)? {
                Entry::File(bytes) => Stat::memory(filetype::REGULAR_FILE, bytes.len()),
                Entry::Folder(_) => Stat::memory(filetype::DIRECTORY, 0),
            }),
            Folder::Host(dir) => {
                let metadata = if follow {
                    dir.metadata(path)
                } else {
                    dir.symlink_metadata(path)
                };
                metadata.map(|m| Stat::of(&m)).map_err(|error| errno(&error))
            }
        }
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Folder::Memory(_) => Ok(Stat::memory(filetype::DIRECTORY, 0)),
            Folder::Host(dir) => dir.dir_metadata().map(|m| Stat::of(&m)).map_err(|e| errno(&e)),
        }
    }

    /// Names and types of the entries, in order of their names.
    pub fn entries(&self) -> Result<Vec<(String, u8)>, Errno> {
        match self {
            Folder::Memory(tree) => Ok(tree
                .0
                .iter()
                .map(|(name, entry)| match entry {
                    Entry::File(_) => (name.clone(), filetype::REGULAR_FILE),
                    Entry::Folder(_) => (name.clone(), filetype::DIRECTORY),
                })
                .collect()),
            Folder::Host(dir) => {
                let mut entries = Vec::new();
                for entry in dir.entries().map_err(|error| errno(&error))? {
                    let entry = entry.map_err(|error| errno(&error))?;
                    // WASI cannot express names that are not Unicode.
                    if let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata()) {
                        entries.push((name, Stat::of(&metadata).filetype));
                    }
                }
                entries.sort();
                Ok(entries)
            }
        }
    }
}

impl Opened {
    /// Reads from the current position.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, Errno> {
        match self {
            Opened::Memory { bytes, position } => {
                let rest = usize::try_from(*position)
                    .ok()
                    .and_then(|at| bytes.get(at..))
                    .unwrap_or(&[]);
                let count = rest.len().min(into.len());
                into[..count].copy_from_slice(&rest[..count]);
                *position += count as u64;
                Ok(count)
            }
            Opened::Host(file) => file.read(into).map_err(|error| errno(&error)),
        }
    }

    /// Moves the position, and returns it.
    pub fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        match self {
            Opened::Memory { bytes, position } => {
                let new = match to {
                    SeekFrom::Start(at) => Some(at),
                    SeekFrom::Current(by) => position.checked_add_signed(by),
                    SeekFrom::End(by) => (bytes.len() as u64).checked_add_signed(by),
                };
                *position = new.ok_or(Errno::INVAL)?;
                Ok(*position)
            }
            Opened::Host(file) => file.seek(to).map_err(|error| errno(&error)),
        }
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Opened::Memory { bytes, .. } => Ok(Stat::memory(filetype::REGULAR_FILE, bytes.len())),
            Opened::Host(file) => file.metadata().map(|m| Stat::of(&m)).map_err(|error| errno(&error)),
        }
    }
}
