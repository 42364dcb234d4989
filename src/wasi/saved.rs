//! A program's surroundings as data, beside a snapshot of its machine.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::abi::Errno;
use super::clock::{Clock, nanos};
use super::context::Context;
use super::descriptors::{Descriptor, Descriptors, Kind, Source};
use super::directory::Listing;
use super::files::Folder;
use super::random::Randomness;
use super::stat::{Found, Opening, Stat};

/// The state of a program's surroundings: descriptors with their positions, rights and flags, clocks, seeded randomness.
///
/// It holds no contents: files are opened again in the same folders, which must be given, and streams are those that are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    descriptors: Vec<Described>,
    lost: Vec<Lost>,
    clock: SavedClock,
    /// The state of seeded randomness.
    random: Option<u64>,
}

/// A descriptor that cannot be carried, or could not be restored. Using it is [`Errno::BADF`] for the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Its number.
    pub descriptor: u32,
    /// Why.
    pub why: WhyLost,
}

/// Why a descriptor is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WhyLost {
    /// It is a socket.
    Socket,
    /// What it stands for is no longer found under the path by which it was opened: it was removed or renamed.
    Moved,
    /// The path by which it was opened is too long to be kept.
    Far,
    /// No descriptor can have its number, or two have it.
    Number,
    /// A folder or stream that it needs is not given here.
    NotGiven,
    /// It cannot be opened here; the error is the one that a program would get, by its number.
    Refused(u16),
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "descriptor {}: ", self.descriptor)?;
        match self.why {
            WhyLost::Socket => f.write_str("a socket cannot be carried"),
            WhyLost::Moved => f.write_str("what it stands for was removed or renamed"),
            WhyLost::Far => f.write_str("its path is too long to be kept"),
            WhyLost::Number => f.write_str("no descriptor can have this number, or two have it"),
            WhyLost::NotGiven => f.write_str("what it needs is not given here"),
            WhyLost::Refused(errno) => write!(f, "it cannot be opened here (WASI error {errno})"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Described {
    descriptor: u32,
    source: Source,
    base: u64,
    inheriting: u64,
    flags: u16,
    /// Where a file is read or written next.
    position: u64,
    /// Cookies of a folder's entries, and the next one.
    cookies: (Vec<(String, u64)>, u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SavedClock {
    /// Nanoseconds since the start.
    Real(u64),
    Steps(u64, u64),
}

impl Saved {
    /// What it cannot carry.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }
}

impl Context {
    /// What has become of the surroundings, without what cannot be carried: [`Saved::lost`] says what that is.
    pub fn save(&mut self) -> Saved {
        let mut descriptors = Vec::new();
        let mut lost = Vec::new();
        let folders = given_folders(&self.descriptors);
        for (fd, descriptor) in self.descriptors.iter_mut() {
            match describe(fd, descriptor, &folders) {
                Ok(described) => descriptors.push(described),
                Err(why) => lost.push(Lost { descriptor: fd, why }),
            }
        }
        Saved {
            descriptors,
            lost,
            clock: match self.clock {
                Clock::Real(start) => SavedClock::Real(nanos(start.elapsed())),
                Clock::Steps(now, step) => SavedClock::Steps(now, step),
            },
            random: match self.random {
                Randomness::System => None,
                Randomness::Seeded(state) => Some(state),
            },
        }
    }

    /// Takes over what was saved, in surroundings that were set up as those were: with the same folders under the same names, and
    /// standard streams. Files are opened again by their paths, and neither created nor truncated. If one fails, the rest are
    /// restored all the same.
    ///
    /// Returns what could not be restored, besides what was lost when it was saved.
    pub fn restore(&mut self, saved: &Saved) -> Vec<Lost> {
        let folders = given_folders(&self.descriptors);
        let mut here = std::mem::take(&mut self.descriptors);
        let mut lost = Vec::new();
        for described in &saved.descriptors {
            let restored = reopen(described, &mut here, &folders).and_then(|descriptor| {
                let placed = self.descriptors.place(described.descriptor, descriptor);
                placed.map_err(|_| WhyLost::Number)
            });
            if let Err(why) = restored {
                lost.push(Lost {
                    descriptor: described.descriptor,
                    why,
                });
            }
        }
        match (&mut self.clock, &saved.clock) {
            (Clock::Real(start), SavedClock::Real(passed)) => {
                let then = Instant::now().checked_sub(Duration::from_nanos(*passed));
                *start = then.unwrap_or(*start);
            }
            (Clock::Steps(now, step), SavedClock::Steps(saved_now, saved_step)) => {
                (*now, *step) = (*saved_now, *saved_step);
            }
            // The host has decided otherwise.
            _ => {}
        }
        if let (Randomness::Seeded(state), Some(saved)) = (&mut self.random, saved.random) {
            *state = saved;
        }
        self.polling = None;
        lost
    }
}

/// The folders that a program was given, by name.
fn given_folders(descriptors: &Descriptors) -> HashMap<String, Folder> {
    let given = |(_, descriptor): (u32, &Descriptor)| match (&descriptor.source, &descriptor.kind) {
        (Source::Given(name), Kind::Folder(folder, _)) => Some((name.clone(), folder.clone())),
        _ => None,
    };
    // The first of a name, as programs take it.
    let mut folders = HashMap::new();
    for (name, folder) in descriptors.iter().filter_map(given) {
        folders.entry(name).or_insert(folder);
    }
    folders
}

fn describe(fd: u32, descriptor: &mut Descriptor, folders: &HashMap<String, Folder>) -> Result<Described, WhyLost> {
    if descriptor.source == Source::Far {
        return Err(WhyLost::Far);
    }
    let mut position = 0;
    let mut cookies = (Vec::new(), 0);
    match &mut descriptor.kind {
        Kind::Socket(_) => return Err(WhyLost::Socket),
        Kind::Input(_) | Kind::Output(_) => {}
        Kind::File(file) => {
            if !file.is_stream() {
                position = file
                    .seek(SeekFrom::Current(0))
                    .map_err(|Errno(errno)| WhyLost::Refused(errno))?;
            }
        }
        Kind::Folder(_, listing) => cookies = listing.cookies(),
    }
    if let Source::Opened {
        given, path, follow, ..
    } = &descriptor.source
    {
        // Closed by the program: then the folder is still given where it is restored.
        if let Some(folder) = folders.get(given) {
            let same = |found: Stat, own: Stat| (found.device, found.inode) == (own.device, own.inode);
            match (folder.stat_at(path, *follow), descriptor.kind.stat()) {
                (Ok(found), Ok(own)) if same(found, own) => {}
                _ => return Err(WhyLost::Moved),
            }
        }
    }
    Ok(Described {
        descriptor: fd,
        source: descriptor.source.clone(),
        base: descriptor.base,
        inheriting: descriptor.inheriting,
        flags: descriptor.flags,
        position,
        cookies,
    })
}

fn reopen(
    described: &Described,
    here: &mut Descriptors,
    folders: &HashMap<String, Folder>,
) -> Result<Descriptor, WhyLost> {
    let refused = |Errno(errno)| WhyLost::Refused(errno);
    let mut descriptor = match &described.source {
        Source::Socket => return Err(WhyLost::Socket),
        Source::Far => return Err(WhyLost::Far),
        Source::Stream(_) | Source::Given(_) => here.take(&described.source).ok_or(WhyLost::NotGiven)?,
        Source::Opened {
            given,
            path,
            follow,
            read,
            write,
        } => {
            let folder = folders.get(given).ok_or(WhyLost::NotGiven)?;
            let opening = Opening {
                follow: *follow,
                read: *read,
                write: *write,
                create: false,
                exclusive: false,
                truncate: false,
                directory: false,
                flags: described.flags,
            };
            let kind = match folder.open(path, opening).map_err(refused)? {
                Found::File(mut file) => {
                    if !file.is_stream() {
                        file.seek(SeekFrom::Start(described.position)).map_err(refused)?;
                    }
                    Kind::File(file)
                }
                Found::Folder(folder) => Kind::Folder(folder, Listing::default()),
            };
            // As for a program that opens it: no more than the folder passes on here, whatever it did there.
            let (_, passed_on) = folder.rights();
            let mut opened = Descriptor::new(kind, described.source.clone());
            opened.base &= passed_on;
            opened.inheriting &= passed_on;
            opened
        }
    };
    if let Kind::Folder(_, listing) = &mut descriptor.kind {
        *listing = Listing::with_cookies(&described.cookies);
    }
    descriptor.base &= described.base;
    descriptor.inheriting &= described.inheriting;
    descriptor.flags = described.flags;
    Ok(descriptor)
}
