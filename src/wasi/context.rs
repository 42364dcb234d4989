//! What a program does through WASI, independent of the engine that runs it.

use std::io::{Read, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::abi::{Errno, Function, filetype, rights};
use super::files::{Folder, Found, Opened, Stat};
use super::guest::Guest;

/// Descriptors that a program may have open at once.
const MAX_DESCRIPTORS: usize = 1024;

/// Longest that one `poll_oneoff` blocks the calling thread.
const MAX_SLEEP: Duration = Duration::from_secs(1);

/// The program has ended itself with this exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the program exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

pub(super) enum Clock {
    Real(Instant),
    /// Nanoseconds now, and by how many each reading moves on.
    Steps(u64, u64),
}

pub(super) enum Randomness {
    System,
    Seeded(u64),
}

pub(super) enum Descriptor {
    Input(Box<dyn Read + Send>),
    Output(Box<dyn Write + Send>),
    File(Opened),
    /// A folder, with its name if the program was given it.
    Folder(Folder, Option<String>),
}

/// The surroundings of one program: descriptors, arguments, clocks.
///
/// Independent of any engine: give [`Context::call`] the arguments of an imported function and the program's memory.
pub struct Context {
    pub(super) args: Vec<String>,
    /// Each `NAME=value`.
    pub(super) env: Vec<String>,
    pub(super) clock: Clock,
    pub(super) random: Randomness,
    pub(super) descriptors: Vec<Option<Descriptor>>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

type Answer = Result<(), Errno>;

impl Context {
    /// Carries out a function: arguments as 64-bit slots, each zero-extended; the program's memory, empty if it has none.
    /// Missing arguments count as zero.
    ///
    /// # Errors
    ///
    /// [`Exit`] when the program has ended itself. Everything else is an error number for the program.
    pub fn call(&mut self, function: Function, args: &[u64], memory: &mut [u8]) -> Result<Errno, Exit> {
        if function == Function::ProcExit {
            return Err(Exit(args.first().copied().unwrap_or(0) as u32));
        }
        Ok(match self.dispatch(function, args, &mut Guest(memory)) {
            Ok(()) => Errno::SUCCESS,
            Err(errno) => errno,
        })
    }

    fn dispatch(&mut self, function: Function, args: &[u64], m: &mut Guest<'_>) -> Answer {
        let long = |index: usize| args.get(index).copied().unwrap_or(0);
        let a = |index: usize| long(index) as u32;
        match function {
            Function::ArgsGet => put_strings(&self.args, m, a(0), a(1)),
            Function::ArgsSizesGet => put_sizes(&self.args, m, a(0), a(1)),
            Function::EnvironGet => put_strings(&self.env, m, a(0), a(1)),
            Function::EnvironSizesGet => put_sizes(&self.env, m, a(0), a(1)),
            Function::ClockResGet => {
                self.known_clock(a(0))?;
                m.write_u64(a(1), 1)
            }
            Function::ClockTimeGet => {
                let now = self.now(a(0))?;
                m.write_u64(a(2), now)
            }
            Function::RandomGet => self.random(m.bytes_mut(a(0), a(1))?),
            Function::SchedYield => Ok(()),
            Function::PollOneoff => self.poll(m, a(0), a(1), a(2), a(3)),
            Function::FdClose => self.close(a(0)),
            Function::FdRead => self.read(m, a(0), a(1), a(2), a(3)),
            Function::FdPread => self.pread(m, a(0), a(1), a(2), long(3), a(4)),
            Function::FdWrite => self.write(m, a(0), a(1), a(2), a(3)),
            Function::FdSeek => {
                let to = match a(2) {
                    0 => SeekFrom::Start(long(1)),
                    1 => SeekFrom::Current(long(1) as i64),
                    2 => SeekFrom::End(long(1) as i64),
                    _ => return Err(Errno::INVAL),
                };
                let position = self.file(a(0))?.seek(to)?;
                m.write_u64(a(3), position)
            }
            Function::FdTell => {
                let position = self.file(a(0))?.seek(SeekFrom::Current(0))?;
                m.write_u64(a(1), position)
            }
            Function::FdFdstatGet => self.fdstat(m, a(0), a(1)),
            // Neither asks for a change.
            Function::FdFdstatSetFlags | Function::FdAdvise | Function::FdSync | Function::FdDatasync => {
                self.descriptor(a(0)).map(|_| ())
            }
            Function::FdFilestatGet => {
                let stat = match self.descriptor(a(0))? {
                    Descriptor::File(file) => file.stat()?,
                    Descriptor::Folder(folder, _) => folder.stat()?,
                    _ => Stat {
                        filetype: filetype::UNKNOWN,
                        size: 0,
                        modified: 0,
                    },
                };
                put_stat(m, a(1), stat)
            }
            Function::FdPrestatGet => {
                let len = self.preopened(a(0))?.len() as u32;
                m.write_u32(a(1), 0)?;
                m.write_u32(a(1).checked_add(4).ok_or(Errno::FAULT)?, len)
            }
            Function::FdPrestatDirName => {
                let name = self.preopened(a(0))?;
                if (a(2) as usize) < name.len() {
                    return Err(Errno::NAMETOOLONG);
                }
                m.write(a(1), name.as_bytes())
            }
            Function::FdReaddir => self.readdir(m, a(0), a(1), a(2), long(3), a(4)),
            Function::PathOpen => self.open(m, args),
            Function::PathFilestatGet => {
                let stat = self.folder(a(0))?.stat_at(m.text(a(2), a(3))?, a(1) & 1 != 0)?;
                put_stat(m, a(4), stat)
            }
            // Nothing can be changed here.
            Function::PathCreateDirectory
            | Function::PathUnlinkFile
            | Function::PathRemoveDirectory
            | Function::PathRename
            | Function::PathSymlink
            | Function::PathLink => Err(Errno::ROFS),
            _ => Err(Errno::NOSYS),
        }
    }

    fn descriptor(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        let found = self.descriptors.get_mut(fd as usize).and_then(Option::as_mut);
        found.ok_or(Errno::BADF)
    }

    fn file(&mut self, fd: u32) -> Result<&mut Opened, Errno> {
        match self.descriptor(fd)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Folder(..) => Err(Errno::ISDIR),
            _ => Err(Errno::SPIPE),
        }
    }

    fn folder(&mut self, fd: u32) -> Result<&Folder, Errno> {
        match self.descriptor(fd)? {
            Descriptor::Folder(folder, _) => Ok(folder),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// The name of a folder that the program was given.
    fn preopened(&mut self, fd: u32) -> Result<&str, Errno> {
        match self.descriptor(fd)? {
            Descriptor::Folder(_, Some(name)) => Ok(name),
            _ => Err(Errno::BADF),
        }
    }

    fn close(&mut self, fd: u32) -> Answer {
        self.descriptor(fd)?;
        self.descriptors[fd as usize] = None;
        Ok(())
    }

    fn known_clock(&self, clock: u32) -> Answer {
        if clock < 4 { Ok(()) } else { Err(Errno::INVAL) }
    }

    /// Nanoseconds: since 1970 for the wall clock (0), since the start for all others.
    fn now(&mut self, clock: u32) -> Result<u64, Errno> {
        self.known_clock(clock)?;
        Ok(match &mut self.clock {
            Clock::Real(_) if clock == 0 => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0, |since| since.as_nanos() as u64)
            }
            Clock::Real(start) => start.elapsed().as_nanos() as u64,
            Clock::Steps(now, step) => {
                let time = *now;
                *now = now.saturating_add(*step);
                time
            }
        })
    }

    fn random(&mut self, bytes: &mut [u8]) -> Answer {
        match &mut self.random {
            Randomness::System => getrandom::fill(bytes).map_err(|_| Errno::IO),
            Randomness::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mut z = *state;
                    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    z ^= z >> 31;
                    chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
                }
                Ok(())
            }
        }
    }

    fn read(&mut self, m: &mut Guest<'_>, fd: u32, list: u32, count: u32, out: u32) -> Answer {
        let mut total = 0;
        for (address, len) in m.buffers(list, count)? {
            let into = m.bytes_mut(address, len)?;
            let read = match self.descriptor(fd)? {
                Descriptor::File(file) => file.read(into)?,
                Descriptor::Input(input) => input.read(into).map_err(|_| Errno::IO)?,
                Descriptor::Folder(..) => return Err(Errno::ISDIR),
                Descriptor::Output(_) => return Err(Errno::BADF),
            };
            total += read as u32;
            if (read as u32) < len {
                break;
            }
        }
        self.descriptor(fd)?;
        m.write_u32(out, total)
    }

    fn pread(&mut self, m: &mut Guest<'_>, fd: u32, list: u32, count: u32, at: u64, out: u32) -> Answer {
        let file = self.file(fd)?;
        let before = file.seek(SeekFrom::Current(0))?;
        file.seek(SeekFrom::Start(at))?;
        let result = self.read(m, fd, list, count, out);
        self.file(fd)?.seek(SeekFrom::Start(before))?;
        result
    }

    fn write(&mut self, m: &mut Guest<'_>, fd: u32, list: u32, count: u32, out: u32) -> Answer {
        let output = match self.descriptor(fd)? {
            Descriptor::Output(output) => output,
            Descriptor::File(_) => return Err(Errno::ROFS),
            Descriptor::Folder(..) => return Err(Errno::ISDIR),
            Descriptor::Input(_) => return Err(Errno::BADF),
        };
        let mut total = 0;
        for (address, len) in m.buffers(list, count)? {
            output.write_all(m.bytes(address, len)?).map_err(|_| Errno::IO)?;
            total += len;
        }
        m.write_u32(out, total)
    }

    fn fdstat(&mut self, m: &mut Guest<'_>, fd: u32, out: u32) -> Answer {
        let (filetype, base, inheriting) = match self.descriptor(fd)? {
            Descriptor::Input(_) => (filetype::UNKNOWN, rights::FD_READ | rights::POLL_FD_READWRITE, 0),
            Descriptor::Output(_) => (filetype::UNKNOWN, rights::FD_WRITE | rights::POLL_FD_READWRITE, 0),
            Descriptor::File(_) => (filetype::REGULAR_FILE, rights::FILE, 0),
            Descriptor::Folder(..) => (filetype::DIRECTORY, rights::FOLDER, rights::FOLDER | rights::FILE),
        };
        let mut stat = [0; 24];
        stat[0] = filetype;
        stat[8..16].copy_from_slice(&base.to_le_bytes());
        stat[16..24].copy_from_slice(&inheriting.to_le_bytes());
        m.write(out, &stat)
    }

    /// `path_open(fd, lookup flags, path, its length, open flags, rights, inherited rights, fd flags, out)`
    fn open(&mut self, m: &mut Guest<'_>, args: &[u64]) -> Answer {
        let [fd, lookup, path, len, flags, wanted, _, _, out] = *args else {
            return Err(Errno::INVAL);
        };
        const CREATE: u64 = 1;
        const DIRECTORY: u64 = 2;
        const EXCLUSIVE: u64 = 4;
        const TRUNCATE: u64 = 8;
        if flags & (CREATE | EXCLUSIVE | TRUNCATE) != 0 || wanted & rights::FD_WRITE != 0 {
            return Err(Errno::ROFS);
        }
        let path = m.text(path as u32, len as u32)?;
        let folder = self.folder(fd as u32)?;
        // Without following, a symbolic link itself would have to be opened.
        if lookup & 1 == 0 && folder.stat_at(path, false)?.filetype == filetype::SYMBOLIC_LINK {
            return Err(Errno::NOTSUP);
        }
        let opened = match folder.open(path)? {
            Found::File(_) if flags & DIRECTORY != 0 => return Err(Errno::NOTDIR),
            Found::File(file) => Descriptor::File(file),
            Found::Folder(folder) => Descriptor::Folder(folder, None),
        };
        // Nothing is opened whose descriptor the program could not be given.
        m.bytes(out as u32, 4)?;
        let free = self.descriptors.iter().position(Option::is_none);
        let fd = free.unwrap_or(self.descriptors.len());
        if fd >= MAX_DESCRIPTORS {
            return Err(Errno::MFILE);
        }
        if fd == self.descriptors.len() {
            self.descriptors.push(None);
        }
        self.descriptors[fd] = Some(opened);
        m.write_u32(out as u32, fd as u32)
    }

    fn readdir(&mut self, m: &mut Guest<'_>, fd: u32, buffer: u32, len: u32, cookie: u64, out: u32) -> Answer {
        let mut entries = vec![
            (".".to_string(), filetype::DIRECTORY),
            ("..".to_string(), filetype::DIRECTORY),
        ];
        entries.extend(self.folder(fd)?.entries()?);
        let space = m.bytes_mut(buffer, len)?;
        let mut used = 0;
        let skipped = usize::try_from(cookie).unwrap_or(usize::MAX);
        for (index, (name, filetype)) in entries.iter().enumerate().skip(skipped) {
            let mut entry = [0; 24].to_vec();
            entry[0..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
            entry[8..16].copy_from_slice(&(index as u64 + 1).to_le_bytes());
            entry[16..20].copy_from_slice(&(name.len() as u32).to_le_bytes());
            entry[20] = *filetype;
            entry.extend_from_slice(name.as_bytes());
            // The last entry is cut off where the buffer ends, which shows the program that there are more.
            let part = entry.len().min(space.len() - used);
            space[used..used + part].copy_from_slice(&entry[..part]);
            used += part;
            if used == space.len() {
                break;
            }
        }
        m.write_u32(out, used as u32)
    }

    /// Waiting for the clock only. Blocks the thread for a second at most; a longer wait ends early.
    fn poll(&mut self, m: &mut Guest<'_>, subscriptions: u32, events: u32, count: u32, out: u32) -> Answer {
        const SUBSCRIPTION: u32 = 48;
        const EVENT: u32 = 32;
        if count == 0 || count > MAX_DESCRIPTORS as u32 {
            return Err(Errno::INVAL);
        }
        let at =
            |base: u32, index: u32, size: u32, field: u32| base.checked_add(index * size + field).ok_or(Errno::FAULT);
        let mut shortest: Option<(u64, u64)> = None;
        for index in 0..count {
            let user = m.u64(at(subscriptions, index, SUBSCRIPTION, 0)?)?;
            if m.array::<1>(at(subscriptions, index, SUBSCRIPTION, 8)?)? != [0] {
                return Err(Errno::NOSYS);
            }
            let clock = m.u32(at(subscriptions, index, SUBSCRIPTION, 16)?)?;
            let mut timeout = m.u64(at(subscriptions, index, SUBSCRIPTION, 24)?)?;
            if m.array::<2>(at(subscriptions, index, SUBSCRIPTION, 40)?)?[0] & 1 != 0 {
                timeout = timeout.saturating_sub(self.now(clock)?);
            }
            if shortest.is_none_or(|(known, _)| timeout < known) {
                shortest = Some((timeout, user));
            }
        }
        let (timeout, user) = shortest.unwrap_or_default();
        match &mut self.clock {
            Clock::Real(_) => std::thread::sleep(Duration::from_nanos(timeout).min(MAX_SLEEP)),
            Clock::Steps(now, _) => *now = now.saturating_add(timeout),
        }
        let mut event = [0; EVENT as usize];
        event[0..8].copy_from_slice(&user.to_le_bytes());
        m.write(events, &event)?;
        m.write_u32(out, 1)
    }
}

fn put_sizes(list: &[String], m: &mut Guest<'_>, count: u32, bytes: u32) -> Answer {
    let total: usize = list.iter().map(|text| text.len() + 1).sum();
    m.write_u32(count, u32::try_from(list.len()).map_err(|_| Errno::OVERFLOW)?)?;
    m.write_u32(bytes, u32::try_from(total).map_err(|_| Errno::OVERFLOW)?)
}

/// Writes texts, each with a NUL, and where each begins.
fn put_strings(list: &[String], m: &mut Guest<'_>, mut pointers: u32, mut at: u32) -> Answer {
    for text in list {
        m.write_u32(pointers, at)?;
        m.write(at, text.as_bytes())?;
        let end = at.checked_add(text.len() as u32).ok_or(Errno::FAULT)?;
        m.write(end, &[0])?;
        at = end.checked_add(1).ok_or(Errno::FAULT)?;
        pointers = pointers.checked_add(4).ok_or(Errno::FAULT)?;
    }
    Ok(())
}

fn put_stat(m: &mut Guest<'_>, out: u32, stat: Stat) -> Answer {
    let mut bytes = [0; 64];
    bytes[16] = stat.filetype;
    bytes[24] = 1;
    bytes[32..40].copy_from_slice(&stat.size.to_le_bytes());
    for field in [40, 48, 56] {
        bytes[field..field + 8].copy_from_slice(&stat.modified.to_le_bytes());
    }
    m.write(out, &bytes)
}
