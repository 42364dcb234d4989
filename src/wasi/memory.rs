//! Folders and files that exist in memory only. They can only be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::abi::{Errno, filetype};
use super::stat::Stat;

/// A folder in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    entries: BTreeMap<String, Entry>,
    /// Tells files apart, as an inode does.
    number: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Entry {
    File(Arc<MemoryFile>),
    Folder(Arc<Tree>),
}

/// A file in memory.
#[derive(Debug)]
pub(super) struct MemoryFile {
    pub bytes: Arc<[u8]>,
    number: u64,
}

impl MemoryFile {
    pub fn stat(&self) -> Stat {
        Stat::memory(filetype::REGULAR_FILE, self.number, self.bytes.len())
    }
}

impl Entry {
    pub fn stat(&self) -> Stat {
        match self {
            Entry::File(file) => file.stat(),
            Entry::Folder(tree) => tree.stat(),
        }
    }
}

/// A number for what has this name in a folder with a number (FNV-1a): the same wherever the program runs.
fn number(folder: u64, name: &str) -> u64 {
    let start = folder ^ 0xCBF2_9CE4_8422_2325;
    name.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
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
            let number = number(tree.number, part);
            if parts.peek().is_none() {
                return match tree.entries.get(part) {
                    Some(Entry::Folder(_)) => false,
                    _ => {
                        let file = Entry::File(Arc::new(MemoryFile { bytes, number }));
                        tree.entries.insert(part.to_string(), file);
                        true
                    }
                };
            }
            let entry = tree.entries.entry(part.to_string());
            let new = || Tree {
                entries: BTreeMap::new(),
                number,
            };
            match entry.or_insert_with(|| Entry::Folder(Arc::new(new()))) {
                Entry::Folder(folder) => tree = Arc::make_mut(folder),
                Entry::File(_) => return false,
            }
        }
        false
    }

    /// Follows a path. It may go up, but not above this folder.
    pub fn find(self: &Arc<Tree>, path: &str) -> Result<Entry, Errno> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        if path.starts_with('/') {
            return Err(Errno::PERM);
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
                        return Err(Errno::PERM);
                    }
                }
                name => match way.last().and_then(|folder| folder.entries.get(name)) {
                    Some(Entry::Folder(folder)) => way.push(folder.clone()),
                    Some(Entry::File(found)) => file = Some(found.clone()),
                    None => return Err(Errno::NOENT),
                },
            }
        }
        match (file, way.pop()) {
            (Some(_), _) if path.ends_with('/') => Err(Errno::NOTDIR),
            (Some(found), _) => Ok(Entry::File(found)),
            (None, Some(folder)) => Ok(Entry::Folder(folder)),
            (None, None) => Err(Errno::NOENT),
        }
    }

    pub fn stat(&self) -> Stat {
        Stat::memory(filetype::DIRECTORY, self.number, 0)
    }

    /// What is in this folder, in order of its names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}
