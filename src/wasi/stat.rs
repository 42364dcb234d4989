//! What is known of a file, and what a program asks of one: plain data.

use super::abi::Errno;
use super::guest::Guest;

/// What is known of a file. Times in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stat {
    pub device: u64,
    pub inode: u64,
    pub filetype: u8,
    pub links: u64,
    pub size: u64,
    pub accessed: u64,
    pub modified: u64,
    pub changed: u64,
}

impl Stat {
    /// What is known of a stream or a socket.
    pub fn of_type(filetype: u8) -> Stat {
        Stat {
            filetype,
            ..Stat::default()
        }
    }

    /// What is known of a file or folder that exists in memory only.
    pub fn memory(filetype: u8, inode: u64, size: usize) -> Stat {
        Stat {
            inode,
            filetype,
            links: 1,
            size: size as u64,
            ..Stat::default()
        }
    }

    /// Writes a `filestat`.
    pub fn write(&self, m: &mut Guest<'_>, out: u32) -> Result<(), Errno> {
        let fields = [
            self.device,
            self.inode,
            self.filetype.into(),
            self.links,
            self.size,
            self.accessed,
            self.modified,
            self.changed,
        ];
        let mut bytes = [0; 64];
        for (to, field) in bytes.chunks_exact_mut(8).zip(fields) {
            to.copy_from_slice(&field.to_le_bytes());
        }
        m.write(out, &bytes)
    }
}

/// How a file is to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub follow: bool,
    pub read: bool,
    pub write: bool,
    pub create: bool,
    #[cfg_attr(not(any(unix, windows)), expect(dead_code, reason = "only the host makes files"))]
    pub exclusive: bool,
    pub truncate: bool,
    pub directory: bool,
    /// Flags of the descriptor.
    pub flags: u16,
}

impl Opening {
    /// Whether opening it changes something, or lets the program do so.
    pub fn changes(&self) -> bool {
        self.write || self.create || self.truncate
    }
}

/// What was found under a path.
pub(super) enum Found<File, Folder> {
    File(File),
    Folder(Folder),
}

/// A time to set.
#[derive(Clone, Copy, Debug)]
pub(super) enum SetTime {
    Keep,
    Now,
    /// In nanoseconds since 1970.
    #[cfg_attr(not(any(unix, windows)), expect(dead_code, reason = "only the host sets times"))]
    At(u64),
}
