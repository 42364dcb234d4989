//! All functions of WASI preview 1: one row each.

use wasm_dispatch_ir::types::ValType;

use super::abi::Errno;
use super::context::{Answer, Args, Context, Stop};
use super::guest::Guest;
use super::wait::Waiting;
use super::{fd, io, path, poll, process, socket};

/// The program has ended itself with this exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the program exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

macro_rules! functions {
    ($($name:ident($($param:ident)*) = $text:literal, $room:ident::$handler:ident $(, $waits:ident)?;)*) => {
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

            /// Whether it may wait.
            pub(super) fn waits(self) -> bool {
                match self {
                    $(Function::$name => functions!(@ $($waits)?),)*
                }
            }

            fn carry_out(self, cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
                match self {
                    $(Function::$name => $room::$handler(cx, m, a),)*
                }
            }
        }
    };
    (@ waits) => { true };
    (@) => { false };
}

// `waits` marks those that may have to wait for a clock or a descriptor of the host.
functions! {
    ArgsGet(I32 I32) = "args_get", process::args_get;
    ArgsSizesGet(I32 I32) = "args_sizes_get", process::args_sizes_get;
    EnvironGet(I32 I32) = "environ_get", process::environ_get;
    EnvironSizesGet(I32 I32) = "environ_sizes_get", process::environ_sizes_get;
    ClockResGet(I32 I32) = "clock_res_get", process::clock_res_get;
    ClockTimeGet(I32 I64 I32) = "clock_time_get", process::clock_time_get;
    FdAdvise(I32 I64 I64 I32) = "fd_advise", fd::advise;
    FdAllocate(I32 I64 I64) = "fd_allocate", fd::allocate;
    FdClose(I32) = "fd_close", fd::close;
    FdDatasync(I32) = "fd_datasync", fd::datasync;
    FdFdstatGet(I32 I32) = "fd_fdstat_get", fd::fdstat_get;
    FdFdstatSetFlags(I32 I32) = "fd_fdstat_set_flags", fd::fdstat_set_flags;
    FdFdstatSetRights(I32 I64 I64) = "fd_fdstat_set_rights", fd::fdstat_set_rights;
    FdFilestatGet(I32 I32) = "fd_filestat_get", fd::filestat_get;
    FdFilestatSetSize(I32 I64) = "fd_filestat_set_size", fd::filestat_set_size;
    FdFilestatSetTimes(I32 I64 I64 I32) = "fd_filestat_set_times", fd::filestat_set_times;
    FdPread(I32 I32 I32 I64 I32) = "fd_pread", io::pread;
    FdPrestatGet(I32 I32) = "fd_prestat_get", fd::prestat_get;
    FdPrestatDirName(I32 I32 I32) = "fd_prestat_dir_name", fd::prestat_dir_name;
    FdPwrite(I32 I32 I32 I64 I32) = "fd_pwrite", io::pwrite;
    FdRead(I32 I32 I32 I32) = "fd_read", io::read, waits;
    FdReaddir(I32 I32 I32 I64 I32) = "fd_readdir", path::readdir;
    FdRenumber(I32 I32) = "fd_renumber", fd::renumber;
    FdSeek(I32 I64 I32 I32) = "fd_seek", io::seek;
    FdSync(I32) = "fd_sync", fd::sync;
    FdTell(I32 I32) = "fd_tell", io::tell;
    FdWrite(I32 I32 I32 I32) = "fd_write", io::write, waits;
    PathCreateDirectory(I32 I32 I32) = "path_create_directory", path::create_directory;
    PathFilestatGet(I32 I32 I32 I32 I32) = "path_filestat_get", path::filestat_get;
    PathFilestatSetTimes(I32 I32 I32 I32 I64 I64 I32) = "path_filestat_set_times", path::filestat_set_times;
    PathLink(I32 I32 I32 I32 I32 I32 I32) = "path_link", path::link;
    PathOpen(I32 I32 I32 I32 I32 I64 I64 I32 I32) = "path_open", path::open;
    PathReadlink(I32 I32 I32 I32 I32 I32) = "path_readlink", path::readlink;
    PathRemoveDirectory(I32 I32 I32) = "path_remove_directory", path::remove_directory;
    PathRename(I32 I32 I32 I32 I32 I32) = "path_rename", path::rename;
    PathSymlink(I32 I32 I32 I32 I32) = "path_symlink", path::symlink;
    PathUnlinkFile(I32 I32 I32) = "path_unlink_file", path::unlink_file;
    PollOneoff(I32 I32 I32 I32) = "poll_oneoff", poll::oneoff, waits;
    ProcExit(I32) = "proc_exit", process::proc_exit;
    ProcRaise(I32) = "proc_raise", process::proc_raise;
    SchedYield() = "sched_yield", process::sched_yield;
    RandomGet(I32 I32) = "random_get", process::random_get;
    SockAccept(I32 I32 I32) = "sock_accept", socket::accept, waits;
    SockRecv(I32 I32 I32 I32 I32 I32) = "sock_recv", socket::recv, waits;
    SockSend(I32 I32 I32 I32 I32) = "sock_send", socket::send, waits;
    SockShutdown(I32 I32) = "sock_shutdown", socket::shutdown;
}

/// How far a function has come.
#[derive(Debug)]
pub(super) enum Step {
    Done(Errno),
    /// It is to be called again, with the same arguments, after this.
    Wait(Waiting),
}

impl Context {
    /// Carries out a function: arguments as 64-bit slots, each zero-extended; the program's memory, empty if it has none.
    /// Missing arguments count as zero. Where the function waits, this blocks the thread, for as long as the program asks.
    ///
    /// # Errors
    ///
    /// [`Exit`] when the program has ended itself. Everything else is an error number for the program.
    pub fn call(&mut self, function: Function, args: &[u64], memory: &mut [u8]) -> Result<Errno, Exit> {
        let mut again = false;
        loop {
            match self.step(function, args, memory, again)? {
                Step::Done(errno) => return Ok(errno),
                Step::Wait(waiting) => waiting.block(),
            }
            again = true;
        }
    }

    /// Carries out a function, or says what it waits for. It is then called `again`.
    pub(super) fn step(
        &mut self,
        function: Function,
        args: &[u64],
        memory: &mut [u8],
        again: bool,
    ) -> Result<Step, Exit> {
        if !again {
            // Of a call that was given up.
            self.polling = None;
        }
        match function.carry_out(self, &mut Guest(memory), Args(args)) {
            Ok(()) => Ok(Step::Done(Errno::SUCCESS)),
            Err(Stop::Errno(errno)) => Ok(Step::Done(errno)),
            Err(Stop::Wait(waiting)) => Ok(Step::Wait(waiting)),
            Err(Stop::Exit(code)) => Err(Exit(code)),
        }
    }
}
