//! What is done to paths below folders.

use super::abi::{Errno, flags, rights};
use super::context::{Answer, Args, Context};
use super::descriptors::{Descriptor, Kind, Source};
use super::directory::{Listing, MAX_LISTED};
use super::fd::times;
use super::guest::{Guest, MAX_PATH};
use super::host::HostFolder;
use super::stat::{Found, Opening};

/// How a path is looked up; flags that do not exist are refused.
fn follow(lookup: u32) -> Result<bool, Errno> {
    if lookup > flags::FOLLOW {
        Err(Errno::INVAL)
    } else {
        Ok(lookup == flags::FOLLOW)
    }
}

/// A folder of the host that a program may change in this way.
fn changeable(cx: &Context, fd: u32, right: u64) -> Result<&HostFolder, Errno> {
    let descriptor = cx.descriptors.get(fd)?;
    // That nothing in it can be changed says more than that the right is missing.
    if let Kind::Folder(folder, _) = &descriptor.kind
        && !folder.is_writable()
    {
        return Err(Errno::ROFS);
    }
    descriptor.folder(right)?.host()
}

/// `path_open(fd, lookup, path, its length, open flags, rights, inherited rights, fd flags, out)`
pub(super) fn open(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let (how, wanted) = (a.u32(4), a.u64(5));
    let opening = Opening {
        follow: follow(a.u32(1))?,
        read: wanted & rights::FD_READ != 0,
        write: wanted & rights::FD_WRITE != 0,
        create: how & flags::CREATE != 0,
        exclusive: how & flags::EXCLUSIVE != 0,
        truncate: how & flags::TRUNCATE != 0,
        directory: how & flags::DIRECTORY != 0,
        flags: a.fd_flags(7)?,
    };
    if how >= 16 {
        return Err(Errno::INVAL.into());
    }
    let path = m.text(a.u32(2), a.u32(3))?;
    let from = cx.descriptors.get(a.u32(0))?;
    let folder = from.folder(rights::PATH_OPEN)?;
    if opening.changes() && !folder.is_writable() {
        return Err(Errno::ROFS.into());
    }
    if opening.create {
        from.check(rights::PATH_CREATE_FILE)?;
    }
    if opening.truncate {
        from.check(rights::PATH_FILESTAT_SET_SIZE)?;
    }
    // A descriptor may have fewer rights than asked for, but not without the program's noticing that it cannot be used.
    if wanted & (rights::FD_READ | rights::FD_WRITE) & !from.inheriting != 0 {
        return Err(Errno::NOTCAPABLE.into());
    }
    // Nothing is opened whose descriptor the program could not be given.
    m.bytes(a.u32(8), 4)?;
    cx.descriptors.next()?;
    let kind = match folder.open(path, opening)? {
        Found::File(file) => Kind::File(file),
        Found::Folder(folder) => Kind::Folder(folder, Listing::default()),
    };
    let mut opened = Descriptor::new(kind, below(&from.source, path, &opening));
    opened.base &= wanted & from.inheriting;
    opened.inheriting &= a.u64(6) & from.inheriting;
    opened.flags = opening.flags;
    let fd = cx.descriptors.insert(opened)?;
    Ok(m.write_u32(a.u32(8), fd)?)
}

/// Where a descriptor comes from that was opened below another one.
fn below(from: &Source, path: &str, how: &Opening) -> Source {
    let (given, path) = match from {
        Source::Given(name) => (name.clone(), path.to_owned()),
        // A program could make it longer and longer, and the host does not open what is longer.
        Source::Opened { path: to, .. } if to.len() + path.len() >= MAX_PATH as usize => return Source::Far,
        Source::Opened { given, path: to, .. } => (given.clone(), format!("{to}/{path}")),
        Source::Stream(_) | Source::Far | Source::Socket => return Source::Far,
    };
    Source::Opened {
        given,
        path,
        follow: how.follow,
        read: how.read,
        write: how.write,
    }
}

/// `path_create_directory(fd, path, its length)`
pub(super) fn create_directory(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let path = m.text(a.u32(1), a.u32(2))?;
    Ok(changeable(cx, a.u32(0), rights::PATH_CREATE_DIRECTORY)?.create_folder(path)?)
}

/// `path_remove_directory(fd, path, its length)`
pub(super) fn remove_directory(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let path = m.text(a.u32(1), a.u32(2))?;
    Ok(changeable(cx, a.u32(0), rights::PATH_REMOVE_DIRECTORY)?.remove_folder(path)?)
}

/// `path_unlink_file(fd, path, its length)`
pub(super) fn unlink_file(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let path = m.text(a.u32(1), a.u32(2))?;
    Ok(changeable(cx, a.u32(0), rights::PATH_UNLINK_FILE)?.remove_file(path)?)
}

/// `path_rename(fd, path, its length, fd, path, its length)`
pub(super) fn rename(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let (from, to) = (m.text(a.u32(1), a.u32(2))?, m.text(a.u32(4), a.u32(5))?);
    let source = changeable(cx, a.u32(0), rights::PATH_RENAME_SOURCE)?;
    let target = changeable(cx, a.u32(3), rights::PATH_RENAME_TARGET)?;
    Ok(source.rename(from, target, to)?)
}

/// `path_link(fd, lookup, path, its length, fd, path, its length)`
pub(super) fn link(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    // POSIX leaves it to the host whether links are followed, so none can be.
    if follow(a.u32(1))? {
        return Err(Errno::INVAL.into());
    }
    let (from, to) = (m.text(a.u32(2), a.u32(3))?, m.text(a.u32(5), a.u32(6))?);
    let source = changeable(cx, a.u32(0), rights::PATH_LINK_SOURCE)?;
    let target = changeable(cx, a.u32(4), rights::PATH_LINK_TARGET)?;
    Ok(source.link(from, target, to)?)
}

/// `path_symlink(contents, their length, fd, path, its length)`
pub(super) fn symlink(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let (contents, path) = (m.text(a.u32(0), a.u32(1))?, m.text(a.u32(3), a.u32(4))?);
    Ok(changeable(cx, a.u32(2), rights::PATH_SYMLINK)?.symlink(contents, path)?)
}

/// `path_readlink(fd, path, its length, buffer, its length, out)`
pub(super) fn readlink(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let folder = cx.descriptors.get(a.u32(0))?.folder(rights::PATH_READLINK)?;
    let contents = folder.read_link(m.text(a.u32(1), a.u32(2))?)?;
    // As in POSIX, what does not fit is cut off.
    let part = contents.len().min(a.u32(4) as usize);
    m.write(a.u32(3), &contents.as_bytes()[..part])?;
    Ok(m.write_u32(a.u32(5), part as u32)?)
}

/// `path_filestat_get(fd, lookup, path, its length, out)`
pub(super) fn filestat_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let folder = cx.descriptors.get(a.u32(0))?.folder(rights::PATH_FILESTAT_GET)?;
    let stat = folder.stat_at(m.text(a.u32(2), a.u32(3))?, follow(a.u32(1))?)?;
    Ok(stat.write(m, a.u32(4))?)
}

/// `path_filestat_set_times(fd, lookup, path, its length, accessed, modified, flags)`
pub(super) fn filestat_set_times(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let (accessed, modified) = times(a.u64(4), a.u64(5), a.u32(6))?;
    let path = m.text(a.u32(2), a.u32(3))?;
    let folder = changeable(cx, a.u32(0), rights::PATH_FILESTAT_SET_TIMES)?;
    Ok(folder.set_times_at(path, follow(a.u32(1))?, accessed, modified)?)
}

/// `fd_readdir(fd, buffer, its length, cookie, out)`
pub(super) fn readdir(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let others = cx.descriptors.listed(a.u32(0));
    let descriptor = cx.get(a.u32(0))?;
    descriptor.folder(rights::FD_READDIR)?;
    m.bytes(a.u32(4), 4)?;
    let Kind::Folder(folder, listing) = &mut descriptor.kind else {
        return Err(Errno::NOTDIR.into());
    };
    let room = MAX_LISTED.saturating_sub(others);
    let used = listing.read(folder, a.u64(3), m.bytes_mut(a.u32(1), a.u32(2))?, room)?;
    Ok(m.write_u32(a.u32(4), used as u32)?)
}
