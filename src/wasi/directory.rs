//! `fd_readdir`: what is in a folder, with cookies that stay true.

use std::collections::{BTreeMap, HashMap};

use super::abi::{Errno, filetype};
use super::files::Folder;

/// A folder's entries as a descriptor shows them.
///
/// They are taken when reading starts at the beginning, so reading on costs what it returns, and a file that is made
/// meanwhile moves no other. A name keeps its cookie as long as the folder has it, so cookies from before reading started
/// again stay true as well.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By the cookie before each.
    entries: BTreeMap<u64, (String, u8, u64)>,
    cookies: HashMap<String, u64>,
    next: u64,
    /// What it takes, about.
    bytes: usize,
}

/// Bytes of the listings of all descriptors: a program may open a large folder as often as it may open anything.
pub(super) const MAX_LISTED: usize = 256 << 20;

/// What an entry takes, about, besides its name, which is there twice.
const ENTRY: usize = 200;

/// What entries of these names take, about.
fn size<'n>(names: impl Iterator<Item = &'n String>) -> usize {
    names.map(|name| ENTRY + 2 * name.len()).sum()
}

/// Cookies of `.` and `..`.
const OWN: [(u64, &str); 2] = [(0, "."), (1, "..")];

impl Listing {
    /// What it takes, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn refresh(&mut self, folder: &Folder, room: usize) -> Result<(), Errno> {
        let mut found = folder.entries(room / ENTRY)?;
        let bytes = size(found.iter().map(|(name, ..)| name));
        if bytes > room {
            return Err(Errno::NOMEM);
        }
        // The same order on every host.
        found.sort();
        let mut cookies = HashMap::with_capacity(found.len());
        self.entries.clear();
        self.bytes = bytes;
        for (name, filetype, inode) in found {
            let cookie = self.cookies.get(&name).copied().unwrap_or_else(|| {
                self.next = self.next.saturating_add(1);
                self.next.saturating_add(OWN.len() as u64 - 1)
            });
            cookies.insert(name.clone(), cookie);
            self.entries.insert(cookie, (name, filetype, inode));
        }
        self.cookies = cookies;
        Ok(())
    }

    /// The cookies of names, and the number that the next one follows from.
    #[cfg(feature = "snapshot")]
    pub fn cookies(&self) -> (Vec<(String, u64)>, u64) {
        let cookies = self.entries.iter().map(|(&cookie, (name, ..))| (name.clone(), cookie));
        (cookies.collect(), self.next)
    }

    /// A listing whose names keep the cookies that they had.
    #[cfg(feature = "snapshot")]
    pub fn with_cookies((cookies, next): &(Vec<(String, u64)>, u64)) -> Listing {
        Listing {
            entries: BTreeMap::new(),
            cookies: cookies.iter().cloned().collect(),
            next: *next,
            bytes: size(cookies.iter().map(|(name, _)| name)),
        }
    }

    /// Writes entries from a cookie on, and returns how many bytes of the space they take. The last one is cut off where
    /// the space ends, which shows the program that there are more. It may take `room` bytes.
    pub fn read(&mut self, folder: &Folder, cookie: u64, space: &mut [u8], room: usize) -> Result<usize, Errno> {
        let own = folder.stat()?.inode;
        if cookie == 0 || self.entries.is_empty() {
            self.refresh(folder, room)?;
        }
        let mut used = 0;
        let mut put = |next: u64, name: &str, filetype: u8, inode: u64| {
            let mut entry = [0; 24];
            entry[0..8].copy_from_slice(&next.to_le_bytes());
            entry[8..16].copy_from_slice(&inode.to_le_bytes());
            entry[16..20].copy_from_slice(&(name.len() as u32).to_le_bytes());
            entry[20] = filetype;
            for bytes in [&entry[..], name.as_bytes()] {
                let part = bytes.len().min(space.len() - used);
                space[used..used + part].copy_from_slice(&bytes[..part]);
                used += part;
            }
            used < space.len()
        };
        for (at, name) in OWN {
            // What is above a folder is not the program's to know.
            if at >= cookie && !put(at + 1, name, filetype::DIRECTORY, own) {
                return Ok(used);
            }
        }
        for (at, (name, filetype, inode)) in self.entries.range(cookie..) {
            if !put(at.saturating_add(1), name, *filetype, *inode) {
                break;
            }
        }
        Ok(used)
    }
}
