//! WASI preview 1: what command-line programs import from `wasi_snapshot_preview1`.
//!
//! It has all functions: arguments, environment, clocks, randomness, standard input and outputs, read-only files that exist in
//! memory only, folders of the host, which no path or link leads out of, and sockets that the host hands over.
//!
//! Rights are enforced: a descriptor permits what the program asked for when it opened it, and the program can give up more of it.
//!
//! ```
//! use wasm_dispatch::wasi::{Output, Wasi};
//! use wasm_dispatch::{Module, Vm};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str(r#"(module
//!     (import "wasi_snapshot_preview1" "fd_write"
//!         (func $write (param i32 i32 i32 i32) (result i32)))
//!     (memory (export "memory") 1)
//!     (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
//!     (func (export "_start")
//!         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))"#)?;
//! let output = Output::default();
//! let wasi = Wasi::new().arg("hello").stdout(output.clone());
//! let code = wasi.run(&mut Vm::new(), &Module::new(&wasm)?)?;
//! assert_eq!((code, output.take()), (0, b"hello\n".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! [`Context`] is independent of this library's machine, so other engines can have the same surroundings.

mod abi;
mod clock;
mod context;
mod descriptors;
mod directory;
mod errors;
mod fd;
mod files;
mod guest;
#[cfg_attr(not(any(unix, windows)), path = "nowhere.rs")]
mod host;
mod io;
mod memory;
mod path;
mod poll;
mod process;
mod random;
#[cfg(feature = "snapshot")]
mod saved;
mod socket;
mod stat;
mod stdio;
mod table;
mod wait;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_dispatch_ir::types::{FuncType, ValType};

pub use self::abi::Errno;
use self::clock::Clock;
pub use self::context::Context;
use self::descriptors::{Descriptor, Descriptors, Input, Kind, Output as Writer, Socket, Source, Stream};
use self::directory::Listing;
use self::files::Folder;
use self::host::HostFolder;
use self::memory::Tree;
use self::random::Randomness;
#[cfg(feature = "snapshot")]
pub use self::saved::{Lost, Saved, WhyLost};
use self::table::Step;
pub use self::table::{Exit, Function};
use self::wait::Waiting;
use crate::error::{Error, ErrorKind};
use crate::module::Module;
use crate::vm::{Imports, Vm};

/// The module name that programs import from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// What a program writes, to be read afterwards. Clones share their contents.
///
/// It holds 256 MiB, or as much as it was [made](Output::with_limit) for: a program that writes endlessly gets an error
/// ([`Errno::NOSPC`]), not all of the host's memory.
#[derive(Clone, Debug)]
pub struct Output(Arc<Held>);

#[derive(Debug)]
struct Held {
    contents: Mutex<Vec<u8>>,
    limit: usize,
}

impl Default for Output {
    fn default() -> Output {
        Output::with_limit(256 << 20)
    }
}

impl Output {
    /// An output that holds this many bytes at most until they are taken.
    pub fn with_limit(limit: usize) -> Output {
        let contents = Mutex::default();
        Output(Arc::new(Held { contents, limit }))
    }

    /// Takes what was written so far.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut contents = self.0.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.0.limit.saturating_sub(contents.len());
        if room == 0 && !bytes.is_empty() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let part = &bytes[..bytes.len().min(room)];
        contents.try_reserve(part.len()).map_err(std::io::Error::other)?;
        contents.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sets up the surroundings of a program.
pub struct Wasi {
    args: Vec<String>,
    env: Vec<String>,
    stdin: Input,
    stdout: Writer,
    stderr: Writer,
    clock: Clock,
    random: Randomness,
    files: Tree,
    has_files: bool,
    folders: Vec<(String, HostFolder)>,
    sockets: Vec<Socket>,
}

impl Default for Wasi {
    fn default() -> Wasi {
        Wasi::new()
    }
}

impl std::fmt::Debug for Wasi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasi").field("args", &self.args).finish_non_exhaustive()
    }
}

impl Wasi {
    /// No arguments, no environment, no files, empty input, outputs that go nowhere; the host's clocks and randomness.
    pub fn new() -> Wasi {
        Wasi {
            args: Vec::new(),
            env: Vec::new(),
            stdin: Stream::new(Box::new(std::io::empty())),
            stdout: Stream::new(Box::new(std::io::sink())),
            stderr: Stream::new(Box::new(std::io::sink())),
            clock: Clock::default(),
            random: Randomness::System,
            files: Tree::default(),
            has_files: false,
            folders: Vec::new(),
            sockets: Vec::new(),
        }
    }

    /// Adds an argument; the first is the program's name. It ends at a NUL, if it has one.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Wasi {
        self.args.push(until_nul(arg.into()));
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Wasi {
        self.args.extend(args.into_iter().map(|arg| until_nul(arg.into())));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Wasi {
        self.env
            .push(until_nul(format!("{}={}", name.as_ref(), value.as_ref())));
        self
    }

    /// Sets what the program reads from standard input.
    #[must_use]
    pub fn stdin(mut self, input: impl Read + Send + 'static) -> Wasi {
        self.stdin = Stream::new(Box::new(input));
        self
    }

    /// Sets where standard output goes: an [`Output`], or any writer.
    #[must_use]
    pub fn stdout(mut self, output: impl Write + Send + 'static) -> Wasi {
        self.stdout = Stream::new(Box::new(output));
        self
    }

    /// Sets where standard error goes: an [`Output`], or any writer.
    #[must_use]
    pub fn stderr(mut self, output: impl Write + Send + 'static) -> Wasi {
        self.stderr = Stream::new(Box::new(output));
        self
    }

    /// Uses the host's standard input and outputs without a buffer in between: what the program writes is seen at once and in
    /// order, and it reads no more than it asks for. It sees terminals as character devices.
    #[must_use]
    pub fn inherit_stdio(mut self) -> Wasi {
        self.stdin = stdio::stdin();
        self.stdout = stdio::stdout();
        self.stderr = stdio::stderr();
        self
    }

    /// Replaces all clocks by one that starts at `start` nanoseconds and advances by `step` nanoseconds with each reading. Waiting
    /// takes no time.
    #[must_use]
    pub fn steady_clock(mut self, start: u64, step: u64) -> Wasi {
        self.clock = Clock::Steps(start, step);
        self
    }

    /// Replaces the host's randomness by numbers from a seed.
    #[must_use]
    pub fn random_seed(mut self, seed: u64) -> Wasi {
        self.random = Randomness::Seeded(seed);
        self
    }

    /// Adds a file below the program's working folder. It exists in memory only.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) when the path is empty or leads out of that folder, or another file is in the way.
    pub fn file(mut self, path: &str, contents: impl Into<Arc<[u8]>>) -> Result<Wasi, Error> {
        if path.starts_with('/') || path.ends_with('/') || !self.files.insert(path, contents.into()) {
            return Err(Error::usage(format!("a file cannot be called \"{path}\"")));
        }
        self.has_files = true;
        Ok(self)
    }

    /// Gives the program a folder of the host, under this name: it may read, write, create and remove what is in it. No `..`,
    /// absolute path or symbolic link leads out of it (`cap-std` sees to that).
    ///
    /// # Errors
    ///
    /// What the host says when it cannot be opened; [`Unsupported`](std::io::ErrorKind::Unsupported) on hosts without folders.
    pub fn folder(mut self, host: impl AsRef<Path>, name: impl Into<String>) -> std::io::Result<Wasi> {
        let folder = HostFolder::ambient(host.as_ref(), true)?;
        self.folders.push((until_nul(name.into()), folder));
        Ok(self)
    }

    /// [`Wasi::folder`], but the program may only read. What would change something fails with [`Errno::ROFS`].
    ///
    /// # Errors
    ///
    /// As for [`Wasi::folder`].
    pub fn read_only_folder(mut self, host: impl AsRef<Path>, name: impl Into<String>) -> std::io::Result<Wasi> {
        let folder = HostFolder::ambient(host.as_ref(), false)?;
        self.folders.push((until_nul(name.into()), folder));
        Ok(self)
    }

    /// Gives the program a socket that accepts connections. Sockets are its first descriptors after the folders, in the
    /// order in which they are given; a program cannot make sockets itself.
    ///
    /// # Errors
    ///
    /// What the host says when it cannot be set up.
    pub fn tcp_listener(self, listener: TcpListener) -> std::io::Result<Wasi> {
        self.socket(Socket::Listener(listener))
    }

    /// Gives the program a connection. See [`Wasi::tcp_listener`].
    ///
    /// # Errors
    ///
    /// What the host says when it cannot be set up.
    pub fn tcp_stream(self, stream: TcpStream) -> std::io::Result<Wasi> {
        self.socket(Socket::Connection(stream))
    }

    fn socket(mut self, socket: Socket) -> std::io::Result<Wasi> {
        socket.prepare(false)?;
        self.sockets.push(socket);
        Ok(self)
    }

    /// The surroundings, for any engine.
    pub fn context(self) -> Context {
        let mut descriptors = Descriptors::default();
        let streams = [
            Kind::Input(self.stdin),
            Kind::Output(self.stdout),
            Kind::Output(self.stderr),
        ];
        for (number, kind) in (0..).zip(streams) {
            descriptors.give(Descriptor::new(kind, Source::Stream(number)));
        }
        let files = self
            .has_files
            .then(|| (".".into(), Folder::Memory(Arc::new(self.files))));
        let folders = self
            .folders
            .into_iter()
            .map(|(name, folder)| (name, Folder::Host(folder)));
        for (name, folder) in files.into_iter().chain(folders) {
            let kind = Kind::Folder(folder, Listing::default());
            descriptors.give(Descriptor::new(kind, Source::Given(name)));
        }
        for socket in self.sockets {
            descriptors.give(Descriptor::new(Kind::Socket(socket), Source::Socket));
        }
        Context {
            args: self.args,
            env: self.env,
            clock: self.clock,
            random: self.random,
            descriptors,
            polling: None,
        }
    }

    /// Defines all functions of WASI. Instances that are given these imports share one set of descriptors; use one `Wasi`
    /// for each program.
    ///
    /// A program that exits ends its call with [`ErrorKind::Host`], whose source is an [`Exit`]: see [`exit_code`].
    ///
    /// Returns a handle with which the host can save and restore the surroundings.
    pub fn define<T: 'static>(self, imports: &mut Imports<T>) -> Surroundings {
        let context = Arc::new(Mutex::new(self.context()));
        for &function in Function::ALL {
            let results: &[ValType] = if function == Function::ProcExit {
                &[]
            } else {
                &[ValType::I32]
            };
            let context = context.clone();
            let ty = FuncType::new(function.params(), results);
            if function.waits() {
                imports.func_waiting(MODULE, function.name(), ty, move |caller, slots, again| {
                    let memory = caller.memory_mut(0).unwrap_or(&mut []);
                    Ok(match step(&context, function, memory, slots, again)? {
                        Some(waiting) => Some(Box::pin(waiting.wait())),
                        None => None,
                    })
                });
            } else {
                imports.func_slots(MODULE, function.name(), ty, move |caller, slots| {
                    let memory = caller.memory_mut(0).unwrap_or(&mut []);
                    step(&context, function, memory, slots, false)?;
                    Ok(())
                });
            }
        }
        Surroundings(context)
    }

    /// Instantiates a command and runs it: returns its exit code, 0 if it just returns.
    ///
    /// # Errors
    ///
    /// As for [`Vm::instantiate`] and [`Vm::call`].
    pub fn run<T: 'static>(self, vm: &mut Vm<T>, module: &Module) -> Result<u32, Error> {
        let mut imports = Imports::new();
        self.define(&mut imports);
        let ended = match vm.instantiate(module, &imports) {
            Ok(instance) => vm.call(instance, "_start", &[]).map(|_| 0),
            Err(error) => Err(error),
        };
        ended.or_else(|error| exit_code(&error).ok_or(error))
    }
}

/// A program's surroundings, which its imports share.
#[derive(Clone, Debug)]
pub struct Surroundings(#[cfg_attr(not(feature = "snapshot"), allow(dead_code))] Arc<Mutex<Context>>);

#[cfg(feature = "snapshot")]
impl Surroundings {
    /// [`Context::save`], for a program that is paused: beside a [snapshot](Vm::snapshot) of its machine.
    pub fn save(&self) -> Saved {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).save()
    }

    /// [`Context::restore`], before the program goes on.
    pub fn restore(&self, saved: &Saved) -> Vec<Lost> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).restore(saved)
    }
}

/// Carries out a function over slots, or says what it waits for and leaves them as they are. `again`: it has waited already.
fn step(
    context: &Mutex<Context>,
    function: Function,
    memory: &mut [u8],
    slots: &mut [u64],
    again: bool,
) -> Result<Option<Waiting>, Exit> {
    let mut context = context.lock().unwrap_or_else(PoisonError::into_inner);
    match context.step(function, &slots[..function.params().len()], memory, again)? {
        Step::Done(Errno(errno)) => slots[0] = errno.into(),
        Step::Wait(waiting) => return Ok(Some(waiting)),
    }
    Ok(None)
}

/// The exit code, if this error says that the program has ended itself.
pub fn exit_code(error: &Error) -> Option<u32> {
    match error.kind() {
        ErrorKind::Host { source, .. } => source.downcast_ref::<Exit>().map(|exit| exit.0),
        _ => None,
    }
}

fn until_nul(mut text: String) -> String {
    if let Some(end) = text.find('\0') {
        text.truncate(end);
    }
    text
}
