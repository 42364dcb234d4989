//! Numbers of WASI preview 1, from its definition (`wasi_snapshot_preview1.witx`): functions, error numbers, file types,
//! rights.

use wasm_dispatch_ir::types::ValType;

/// An error number; zero is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub u16);

#[allow(missing_docs)] // The names of the definition.
impl Errno {
    pub const SUCCESS: Errno = Errno(0);
    pub const ACCES: Errno = Errno(2);
    pub const BADF: Errno = Errno(8);
    pub const FAULT: Errno = Errno(21);
    pub const INVAL: Errno = Errno(28);
    pub const IO: Errno = Errno(29);
    pub const ISDIR: Errno = Errno(31);
    pub const MFILE: Errno = Errno(33);
    pub const NAMETOOLONG: Errno = Errno(37);
    pub const NOENT: Errno = Errno(44);
    pub const NOSYS: Errno = Errno(52);
    pub const NOTDIR: Errno = Errno(54);
    pub const NOTSUP: Errno = Errno(58);
    pub const OVERFLOW: Errno = Errno(61);
    pub const ROFS: Errno = Errno(69);
    pub const SPIPE: Errno = Errno(70);
    pub const NOTCAPABLE: Errno = Errno(76);
}

/// Kinds of files.
pub mod filetype {
    #![allow(missing_docs)]
    pub const UNKNOWN: u8 = 0;
    pub const DIRECTORY: u8 = 3;
    pub const REGULAR_FILE: u8 = 4;
    pub const SYMBOLIC_LINK: u8 = 7;
}

/// What a descriptor may be used for, as bits.
pub mod rights {
    #![allow(missing_docs)]
    pub const FD_READ: u64 = 1 << 1;
    pub const FD_SEEK: u64 = 1 << 2;
    pub const FD_TELL: u64 = 1 << 5;
    pub const FD_WRITE: u64 = 1 << 6;
    pub const PATH_OPEN: u64 = 1 << 13;
    pub const FD_READDIR: u64 = 1 << 14;
    pub const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub const FD_FILESTAT_GET: u64 = 1 << 21;
    pub const POLL_FD_READWRITE: u64 = 1 << 27;
    /// Of a file that can be read.
    pub const FILE: u64 = FD_READ | FD_SEEK | FD_TELL | FD_FILESTAT_GET | POLL_FD_READWRITE;
    /// Of a folder that can be read.
    pub const FOLDER: u64 = PATH_OPEN | FD_READDIR | PATH_FILESTAT_GET | FD_FILESTAT_GET;
}

macro_rules! functions {
    ($($name:ident($($param:ident)*) = $text:literal;)*) => {
        /// The functions of WASI preview 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // The names of the definition.
        pub enum Function {
            $($name,)*
        }

        impl Function {
            /// All functions.
            pub const ALL: &'static [Function] = &[$(Function::$name,)*];

            /// The name under which programs import it from `wasi_snapshot_preview1`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Function::$name => $text,)*
                }
            }

            /// Types of its parameters. Its result is an error number as an `i32`; [`Function::ProcExit`] has none.
            pub fn params(self) -> &'static [ValType] {
                match self {
                    $(Function::$name => &[$(ValType::$param,)*],)*
                }
            }
        }
    };
}

functions! {
    ArgsGet(I32 I32) = "args_get";
    ArgsSizesGet(I32 I32) = "args_sizes_get";
    EnvironGet(I32 I32) = "environ_get";
    EnvironSizesGet(I32 I32) = "environ_sizes_get";
    ClockResGet(I32 I32) = "clock_res_get";
    ClockTimeGet(I32 I64 I32) = "clock_time_get";
    FdAdvise(I32 I64 I64 I32) = "fd_advise";
    FdAllocate(I32 I64 I64) = "fd_allocate";
    FdClose(I32) = "fd_close";
    FdDatasync(I32) = "fd_datasync";
    FdFdstatGet(I32 I32) = "fd_fdstat_get";
    FdFdstatSetFlags(I32 I32) = "fd_fdstat_set_flags";
    FdFdstatSetRights(I32 I64 I64) = "fd_fdstat_set_rights";
    FdFilestatGet(I32 I32) = "fd_filestat_get";
    FdFilestatSetSize(I32 I64) = "fd_filestat_set_size";
    FdFilestatSetTimes(I32 I64 I64 I32) = "fd_filestat_set_times";
    FdPread(I32 I32 I32 I64 I32) = "fd_pread";
    FdPrestatGet(I32 I32) = "fd_prestat_get";
    FdPrestatDirName(I32 I32 I32) = "fd_prestat_dir_name";
    FdPwrite(I32 I32 I32 I64 I32) = "fd_pwrite";
    FdRead(I32 I32 I32 I32) = "fd_read";
    FdReaddir(I32 I32 I32 I64 I32) = "fd_readdir";
    FdRenumber(I32 I32) = "fd_renumber";
    FdSeek(I32 I64 I32 I32) = "fd_seek";
    FdSync(I32) = "fd_sync";
    FdTell(I32 I32) = "fd_tell";
    FdWrite(I32 I32 I32 I32) = "fd_write";
    PathCreateDirectory(I32 I32 I32) = "path_create_directory";
    PathFilestatGet(I32 I32 I32 I32 I32) = "path_filestat_get";
    PathFilestatSetTimes(I32 I32 I32 I32 I64 I64 I32) = "path_filestat_set_times";
    PathLink(I32 I32 I32 I32 I32 I32 I32) = "path_link";
    PathOpen(I32 I32 I32 I32 I32 I64 I64 I32 I32) = "path_open";
    PathReadlink(I32 I32 I32 I32 I32 I32) = "path_readlink";
    PathRemoveDirectory(I32 I32 I32) = "path_remove_directory";
    PathRename(I32 I32 I32 I32 I32 I32) = "path_rename";
    PathSymlink(I32 I32 I32 I32 I32) = "path_symlink";
    PathUnlinkFile(I32 I32 I32) = "path_unlink_file";
    PollOneoff(I32 I32 I32 I32) = "poll_oneoff";
    ProcExit(I32) = "proc_exit";
    ProcRaise(I32) = "proc_raise";
    SchedYield() = "sched_yield";
    RandomGet(I32 I32) = "random_get";
    SockAccept(I32 I32 I32) = "sock_accept";
    SockRecv(I32 I32 I32 I32 I32 I32) = "sock_recv";
    SockSend(I32 I32 I32 I32 I32) = "sock_send";
    SockShutdown(I32 I32) = "sock_shutdown";
}
