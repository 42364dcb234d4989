//! Stands for `host` where cap-std does not reach: there are no folders of the host, so none of this can be called.

use std::io::{self, SeekFrom};
use std::path::Path;

use super::abi::Errno;
use super::stat::{Found, Opening, SetTime, Stat};
use super::wait::Watch;

/// There is none.
#[derive(Clone, Debug)]
pub(super) enum HostFolder {}

/// There is none.
#[derive(Debug)]
pub(super) enum HostFile {}

type Answer<T = ()> = Result<T, Errno>;

impl HostFolder {
    pub fn ambient(_path: &Path, _writable: bool) -> io::Result<HostFolder> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Methods that nobody can call.
macro_rules! never {
    ($ty:ident: $($name:ident($($arg:ty),*) -> $result:ty;)*) => {
        impl $ty {
            $(pub fn $name(&self $(, _: $arg)*) -> $result {
                match *self {}
            })*
        }
    };
}

never! { HostFolder:
    open(&str, Opening) -> Answer<Found<HostFile, HostFolder>>;
    stat() -> Answer<Stat>;
    stat_at(&str, bool) -> Answer<Stat>;
    set_times_at(&str, bool, SetTime, SetTime) -> Answer;
    set_times(SetTime, SetTime) -> Answer;
    sync() -> Answer;
    create_folder(&str) -> Answer;
    remove_folder(&str) -> Answer;
    remove_file(&str) -> Answer;
    rename(&str, &HostFolder, &str) -> Answer;
    link(&str, &HostFolder, &str) -> Answer;
    symlink(&str, &str) -> Answer;
    read_link(&str) -> Answer<String>;
    entries(usize) -> Answer<Vec<(String, u8, u64)>>;
    is_writable() -> bool;
}

never! { HostFile:
    stat() -> Answer<Stat>;
    set_times(SetTime, SetTime) -> Answer;
    set_size(u64) -> Answer;
    sync(bool) -> Answer;
    allocate(u64, u64) -> Answer;
    advise(u64, u64, u32) -> Answer;
    set_flags(u16) -> Answer;
    read(&mut [u8]) -> Answer<usize>;
    write(&[u8], bool) -> Answer<usize>;
    read_at(&mut [u8], u64) -> Answer<usize>;
    write_at(&[u8], u64) -> Answer<usize>;
    seek(SeekFrom) -> Answer<u64>;
    is_stream() -> bool;
    watch() -> Option<Watch>;
}
