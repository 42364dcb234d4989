//! Folders and files of the host, through cap-std: no path, no `..` and no symbolic link leads out of a folder.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_fs_ext::{
    DirExt, FileTypeExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt,
    SystemTimeSpec,
};
use cap_std::fs::{Dir, File, FileType, Metadata, OpenOptions};
use cap_std::time::SystemTime as CapTime;

use super::abi::{Errno, filetype, flags};
use super::clock::nanos;
use super::errors::{again, errno};
use super::stat::{Found, Opening, SetTime, Stat};
use super::wait::{Watch, watch};

/// A folder of the host: a capability, nothing outside can be reached through it.
#[derive(Clone, Debug)]
pub(super) struct HostFolder {
    dir: Arc<Dir>,
    writable: bool,
}

fn spec(time: SetTime) -> Option<SystemTimeSpec> {
    match time {
        SetTime::Keep => None,
        SetTime::Now => Some(SystemTimeSpec::SymbolicNow),
        SetTime::At(nanos) => {
            let time = UNIX_EPOCH + Duration::from_nanos(nanos);
            Some(SystemTimeSpec::Absolute(CapTime::from_std(time)))
        }
    }
}

type Answer<T = ()> = Result<T, Errno>;

fn check<T>(result: io::Result<T>) -> Answer<T> {
    result.map_err(|error| errno(&error))
}

fn type_of(found: FileType) -> u8 {
    if found.is_dir() {
        filetype::DIRECTORY
    } else if found.is_file() {
        filetype::REGULAR_FILE
    } else if found.is_symlink() {
        filetype::SYMBOLIC_LINK
    } else if found.is_char_device() {
        filetype::CHARACTER_DEVICE
    } else if found.is_block_device() {
        filetype::BLOCK_DEVICE
    } else if found.is_socket() {
        filetype::SOCKET_STREAM
    } else {
        filetype::UNKNOWN
    }
}

fn since_1970(time: io::Result<CapTime>) -> u64 {
    let since = time
        .ok()
        .and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    since.map_or(0, nanos)
}

fn stat_of(metadata: &Metadata) -> Stat {
    #[cfg(unix)]
    let changed = {
        use cap_fs_ext::OsMetadataExt;
        let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
        nanos(Duration::new(seconds, metadata.ctime_nsec() as u32))
    };
    #[cfg(not(unix))]
    let changed = since_1970(metadata.modified());
    Stat {
        device: MetadataExt::dev(metadata),
        inode: MetadataExt::ino(metadata),
        filetype: type_of(metadata.file_type()),
        links: MetadataExt::nlink(metadata),
        size: metadata.len(),
        accessed: since_1970(metadata.accessed()),
        modified: since_1970(metadata.modified()),
        changed,
    }
}

/// A path without the slashes at its end, and whether it had some.
fn trimmed(path: &str) -> (&str, bool) {
    let short = path.trim_end_matches('/');
    match short {
        // It is the root, which is refused as it is.
        "" => (path, false),
        _ => (short, short.len() < path.len()),
    }
}

impl HostFolder {
    /// Opens a folder by a path of the host's.
    pub fn ambient(path: &Path, writable: bool) -> io::Result<HostFolder> {
        let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority())?;
        Ok(HostFolder::new(dir, writable))
    }

    fn new(dir: Dir, writable: bool) -> HostFolder {
        HostFolder {
            dir: Arc::new(dir),
            writable,
        }
    }

    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// This folder, if it may be changed.
    pub fn changeable(&self) -> Answer<&HostFolder> {
        if self.writable { Ok(self) } else { Err(Errno::ROFS) }
    }

    pub fn open(&self, path: &str, how: Opening) -> Answer<Found<HostFile, HostFolder>> {
        if how.directory && (how.create || how.truncate) {
            return Err(Errno::INVAL);
        }
        let mut options = OpenOptions::new();
        options
            .follow(if how.follow {
                FollowSymlinks::Yes
            } else {
                FollowSymlinks::No
            })
            .maybe_dir(true)
            // Opening a pipe waits for its other end otherwise.
            .nonblock(true)
            .sync(how.flags & flags::SYNC != 0)
            .dsync(how.flags & flags::DSYNC != 0)
            .rsync(how.flags & flags::RSYNC != 0)
            .write(how.write || how.truncate)
            .read(how.read || !(how.write || how.truncate))
            .truncate(how.truncate);
        let open = |options: &OpenOptions| self.dir.open_with(path, options);
        let mut create_options = options.clone();
        create_options.write(true).create(true).create_new(how.exclusive);
        // The host creates only what it may write, but a program may open what is there only to read it.
        let file = if !how.create {
            open(&options)
        } else if how.exclusive || how.write || how.truncate {
            open(&create_options)
        } else {
            match open(&options) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => open(&create_options),
                opened => opened,
            }
        };
        let file = check(file)?;
        let metadata = check(file.metadata())?;
        if metadata.is_dir() {
            if how.write {
                return Err(Errno::ISDIR);
            }
            let dir = Dir::from_std_file(file.into_std());
            return Ok(Found::Folder(HostFolder::new(dir, self.writable)));
        }
        if how.directory {
            return Err(Errno::NOTDIR);
        }
        let stream = !metadata.is_file();
        let file = HostFile { file, stream };
        file.set_flags(how.flags)?;
        Ok(Found::File(file))
    }

    pub fn stat(&self) -> Answer<Stat> {
        check(self.dir.dir_metadata()).map(|metadata| stat_of(&metadata))
    }

    pub fn stat_at(&self, path: &str, follow: bool) -> Answer<Stat> {
        let metadata = match follow {
            true => self.dir.metadata(path),
            false => self.dir.symlink_metadata(path),
        };
        check(metadata).map(|metadata| stat_of(&metadata))
    }

    pub fn set_times_at(&self, path: &str, follow: bool, accessed: SetTime, modified: SetTime) -> Answer {
        let dir = &self.changeable()?.dir;
        let (accessed, modified) = (spec(accessed), spec(modified));
        check(match follow {
            true => dir.set_times(path, accessed, modified),
            false => dir.set_symlink_times(path, accessed, modified),
        })
    }

    pub fn set_times(&self, accessed: SetTime, modified: SetTime) -> Answer {
        self.set_times_at(".", true, accessed, modified)
    }

    pub fn sync(&self) -> Answer {
        let file = check(self.dir.try_clone())?.into_std_file();
        match file.sync_all() {
            // Some hosts cannot do that for folders, and have nothing to do.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => check(synced),
        }
    }

    pub fn create_folder(&self, path: &str) -> Answer {
        let (short, _) = trimmed(path);
        check(self.changeable()?.dir.create_dir(short))
    }

    pub fn remove_folder(&self, path: &str) -> Answer {
        let (short, _) = trimmed(path);
        check(self.changeable()?.dir.remove_dir(short))
    }

    pub fn remove_file(&self, path: &str) -> Answer {
        let dir = &self.changeable()?.dir;
        let (short, slashes) = trimmed(path);
        if slashes {
            // It says that it is a folder, so it cannot be removed as a file.
            return Err(match self.stat_at(short, true)?.filetype {
                filetype::DIRECTORY => Errno::ISDIR,
                _ => Errno::NOTDIR,
            });
        }
        check(dir.remove_file_or_symlink(path))
    }

    pub fn rename(&self, from: &str, folder: &HostFolder, to: &str) -> Answer {
        check(self.changeable()?.dir.rename(from, &folder.changeable()?.dir, to))
    }

    pub fn link(&self, from: &str, folder: &HostFolder, to: &str) -> Answer {
        check(self.changeable()?.dir.hard_link(from, &folder.changeable()?.dir, to))
    }

    pub fn symlink(&self, contents: &str, path: &str) -> Answer {
        check(DirExt::symlink(&*self.changeable()?.dir, contents, path))
    }

    pub fn read_link(&self, path: &str) -> Answer<String> {
        let contents = check(self.dir.read_link(path))?;
        contents.into_os_string().into_string().map_err(|_| Errno::ILSEQ)
    }

    /// Names, types and inodes of what is in the folder, if that is no more than `most`. WASI cannot express names that are not
    /// Unicode.
    pub fn entries(&self, most: usize) -> Answer<Vec<(String, u8, u64)>> {
        let mut entries = Vec::new();
        for entry in check(self.dir.entries())? {
            let entry = check(entry)?;
            if entries.len() == most {
                return Err(Errno::NOMEM);
            }
            let (Ok(name), Ok(filetype)) = (entry.file_name().into_string(), entry.file_type()) else {
                continue;
            };
            #[cfg(unix)]
            let inode = std::os::unix::fs::DirEntryExt::ino(&entry);
            #[cfg(not(unix))]
            let inode = cap_fs_ext::DirEntryExt::full_metadata(&entry).map_or(0, |of| MetadataExt::ino(&of));
            entries.push((name, type_of(filetype), inode));
        }
        Ok(entries)
    }
}

/// An open file of the host.
#[derive(Debug)]
pub(super) struct HostFile {
    file: File,
    /// Reading it takes what is there, and may wait.
    stream: bool,
}

impl HostFile {
    pub fn stat(&self) -> Answer<Stat> {
        check(self.file.metadata()).map(|metadata| stat_of(&metadata))
    }

    pub fn set_times(&self, accessed: SetTime, modified: SetTime) -> Answer {
        let time = |time| match time {
            SetTime::Keep => None,
            SetTime::Now => Some(SystemTime::now()),
            SetTime::At(nanos) => Some(UNIX_EPOCH + Duration::from_nanos(nanos)),
        };
        let mut times = std::fs::FileTimes::new();
        if let Some(time) = time(accessed) {
            times = times.set_accessed(time);
        }
        if let Some(time) = time(modified) {
            times = times.set_modified(time);
        }
        check(check(self.file.try_clone())?.into_std().set_times(times))
    }

    pub fn set_size(&self, size: u64) -> Answer {
        if size > i64::MAX as u64 {
            return Err(Errno::FBIG);
        }
        check(self.file.set_len(size))
    }

    pub fn sync(&self, data_only: bool) -> Answer {
        check(if data_only {
            self.file.sync_data()
        } else {
            self.file.sync_all()
        })
    }

    /// Makes sure that the file has these bytes: it grows if it ends before.
    pub fn allocate(&self, offset: u64, len: u64) -> Answer {
        let end = offset.checked_add(len).filter(|&end| end <= i64::MAX as u64);
        let end = end.ok_or(Errno::FBIG)?;
        if len == 0 {
            return Err(Errno::INVAL);
        }
        #[cfg(target_os = "linux")]
        {
            let _ = end;
            let flags = rustix::fs::FallocateFlags::empty();
            check(rustix::fs::fallocate(&self.file, flags, offset, len).map_err(Into::into))
        }
        #[cfg(not(target_os = "linux"))]
        {
            if check(self.file.metadata())?.len() < end {
                self.set_size(end)
            } else {
                Ok(())
            }
        }
    }

    /// Tells the host how the file will be read.
    pub fn advise(&self, offset: u64, len: u64, advice: u32) -> Answer {
        if offset > i64::MAX as u64 || len > i64::MAX as u64 {
            return Err(Errno::INVAL);
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::Advice;
            let advice = match advice {
                0 => Advice::Normal,
                1 => Advice::Sequential,
                2 => Advice::Random,
                3 => Advice::WillNeed,
                4 => Advice::DontNeed,
                _ => Advice::NoReuse,
            };
            check(rustix::fs::fadvise(&self.file, offset, std::num::NonZero::new(len), advice).map_err(Into::into))
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = advice;
            Ok(())
        }
    }

    /// Changes whether the file is appended to, and whether it blocks.
    #[cfg(unix)]
    pub fn set_flags(&self, wanted: u16) -> Answer {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        let before = check(fcntl_getfl(&self.file).map_err(Into::into))?;
        let mut after = before;
        after.set(OFlags::APPEND, wanted & flags::APPEND != 0);
        after.set(OFlags::NONBLOCK, wanted & flags::NONBLOCK != 0);
        if after == before {
            return Ok(());
        }
        check(fcntl_setfl(&self.file, after).map_err(Into::into))
    }

    /// Here [`HostFile::write`] appends, and files never make anyone wait.
    #[cfg(not(unix))]
    pub fn set_flags(&self, _wanted: u16) -> Answer {
        Ok(())
    }

    /// Reads from the current position.
    pub fn read(&mut self, into: &mut [u8]) -> Answer<usize> {
        again(|| self.file.read(into))
    }

    /// Writes at the current position, or at the end.
    pub fn write(&mut self, bytes: &[u8], append: bool) -> Answer<usize> {
        #[cfg(not(unix))]
        if append {
            self.seek(SeekFrom::End(0))?;
        }
        let _ = append;
        again(|| self.file.write(bytes))
    }

    /// Reads from a position, without moving the current one.
    pub fn read_at(&mut self, into: &mut [u8], at: u64) -> Answer<usize> {
        if at > i64::MAX as u64 {
            return Err(Errno::INVAL);
        }
        #[cfg(unix)]
        {
            again(|| cap_std::fs::FileExt::read_at(&self.file, into, at))
        }
        #[cfg(not(unix))]
        {
            self.aside(at, |file| file.read(into))
        }
    }

    /// Writes at a position, without moving the current one.
    pub fn write_at(&mut self, bytes: &[u8], at: u64) -> Answer<usize> {
        if at > i64::MAX as u64 {
            return Err(Errno::INVAL);
        }
        #[cfg(unix)]
        {
            again(|| cap_std::fs::FileExt::write_at(&self.file, bytes, at))
        }
        #[cfg(not(unix))]
        {
            self.aside(at, |file| file.write(bytes, false))
        }
    }

    /// Does something at another position. No one else uses the descriptor, so nobody sees it move.
    #[cfg(not(unix))]
    fn aside<T>(&mut self, at: u64, what: impl FnOnce(&mut HostFile) -> Answer<T>) -> Answer<T> {
        let before = self.seek(SeekFrom::Current(0))?;
        self.seek(SeekFrom::Start(at))?;
        let result = what(self);
        self.seek(SeekFrom::Start(before))?;
        result
    }

    /// Moves the current position.
    pub fn seek(&mut self, to: SeekFrom) -> Answer<u64> {
        match to {
            SeekFrom::Start(at) if at > i64::MAX as u64 => Err(Errno::INVAL),
            to => check(self.file.seek(to)),
        }
    }

    pub fn is_stream(&self) -> bool {
        self.stream
    }

    /// What to watch in order to wait for it, if that may be needed.
    pub fn watch(&self) -> Option<Watch> {
        if self.stream { watch(&self.file) } else { None }
    }
}
