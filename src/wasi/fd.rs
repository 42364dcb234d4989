//! What is known of descriptors and can be changed about them.

use super::abi::{Errno, flags, rights};
use super::context::{Answer, Args, Context};
use super::descriptors::{Kind, Source};
use super::guest::Guest;
use super::stat::SetTime;

/// `fd_advise(fd, offset, len, advice)`
pub(super) fn advise(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let file = cx.get(a.u32(0))?.file(rights::FD_ADVISE)?;
    if a.u32(3) > 5 {
        return Err(Errno::INVAL.into());
    }
    match file.host() {
        Ok(file) => Ok(file.advise(a.u64(1), a.u64(2), a.u32(3))?),
        // What is in memory needs no advice.
        Err(_) => Ok(()),
    }
}

/// `fd_allocate(fd, offset, len)`
pub(super) fn allocate(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let file = cx.get(a.u32(0))?.file(rights::FD_ALLOCATE)?;
    Ok(file.host()?.allocate(a.u64(1), a.u64(2))?)
}

/// `fd_close(fd)`
pub(super) fn close(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    cx.descriptors.close(a.u32(0))?;
    Ok(())
}

/// `fd_renumber(from, to)`
pub(super) fn renumber(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    Ok(cx.descriptors.renumber(a.u32(0), a.u32(1))?)
}

/// `fd_sync(fd)`
pub(super) fn sync(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    synchronise(cx, a.u32(0), rights::FD_SYNC)
}

/// `fd_datasync(fd)`
pub(super) fn datasync(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    synchronise(cx, a.u32(0), rights::FD_DATASYNC)
}

fn synchronise(cx: &mut Context, fd: u32, right: u64) -> Answer {
    let descriptor = cx.get(fd)?;
    if !matches!(descriptor.kind, Kind::Folder(..) | Kind::Socket(_)) {
        descriptor.check(right)?;
    }
    match &mut descriptor.kind {
        Kind::File(file) => match file.host() {
            Ok(file) => Ok(file.sync(right == rights::FD_DATASYNC)?),
            Err(_) => Ok(()),
        },
        Kind::Folder(folder, _) => match folder.host() {
            Ok(folder) => Ok(folder.sync()?),
            Err(_) => Ok(()),
        },
        Kind::Output(output) => output.end.flush().map_err(|_| Errno::IO.into()),
        Kind::Input(_) | Kind::Socket(_) => Err(Errno::INVAL.into()),
    }
}

/// `fd_fdstat_get(fd, out)`
pub(super) fn fdstat_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    let mut stat = [0; 24];
    stat[0] = descriptor.kind.filetype();
    stat[2..4].copy_from_slice(&descriptor.flags.to_le_bytes());
    stat[8..16].copy_from_slice(&descriptor.base.to_le_bytes());
    stat[16..24].copy_from_slice(&descriptor.inheriting.to_le_bytes());
    Ok(m.write(a.u32(1), &stat)?)
}

/// `fd_fdstat_set_flags(fd, flags)`
pub(super) fn fdstat_set_flags(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let wanted = a.fd_flags(1)?;
    let descriptor = cx.get(a.u32(0))?;
    descriptor.check(rights::FD_FDSTAT_SET_FLAGS)?;
    // How writes are synchronised is settled when a file is opened.
    if (wanted ^ descriptor.flags) & (flags::DSYNC | flags::RSYNC | flags::SYNC) != 0 {
        return Err(Errno::INVAL.into());
    }
    if let Kind::File(file) = &mut descriptor.kind
        && let Ok(file) = file.host()
    {
        file.set_flags(wanted)?;
    }
    descriptor.flags = wanted;
    Ok(())
}

/// `fd_fdstat_set_rights(fd, base, inheriting)`: rights can be given up.
pub(super) fn fdstat_set_rights(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    let (base, inheriting) = (a.u64(1), a.u64(2));
    if base & !descriptor.base != 0 || inheriting & !descriptor.inheriting != 0 {
        return Err(Errno::NOTCAPABLE.into());
    }
    descriptor.base = base;
    descriptor.inheriting = inheriting;
    Ok(())
}

/// `fd_filestat_get(fd, out)`
pub(super) fn filestat_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let descriptor = cx.get(a.u32(0))?;
    descriptor.check(rights::FD_FILESTAT_GET)?;
    let stat = descriptor.kind.stat()?;
    Ok(stat.write(m, a.u32(1))?)
}

/// `fd_filestat_set_size(fd, size)`
pub(super) fn filestat_set_size(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let file = cx.get(a.u32(0))?.file(rights::FD_FILESTAT_SET_SIZE)?;
    Ok(file.host()?.set_size(a.u64(1))?)
}

/// `fd_filestat_set_times(fd, accessed, modified, flags)`
pub(super) fn filestat_set_times(cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let (accessed, modified) = times(a.u64(1), a.u64(2), a.u32(3))?;
    let descriptor = cx.get(a.u32(0))?;
    descriptor.check(rights::FD_FILESTAT_SET_TIMES)?;
    match &mut descriptor.kind {
        Kind::File(file) => Ok(file.host()?.set_times(accessed, modified)?),
        Kind::Folder(folder, _) => Ok(folder.host()?.set_times(accessed, modified)?),
        Kind::Input(_) | Kind::Output(_) | Kind::Socket(_) => Err(Errno::BADF.into()),
    }
}

/// The times that a program wants to set.
pub(super) fn times(accessed: u64, modified: u64, wanted: u32) -> Result<(SetTime, SetTime), Errno> {
    let time = |at: u64, set: u32, now: u32| match (wanted & set != 0, wanted & now != 0) {
        (true, true) => Err(Errno::INVAL),
        (true, false) => Ok(SetTime::At(at)),
        (false, true) => Ok(SetTime::Now),
        (false, false) => Ok(SetTime::Keep),
    };
    if wanted >= 16 {
        return Err(Errno::INVAL);
    }
    Ok((
        time(accessed, flags::ATIM, flags::ATIM_NOW)?,
        time(modified, flags::MTIM, flags::MTIM_NOW)?,
    ))
}

/// `fd_prestat_get(fd, out)`
pub(super) fn prestat_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let len = given(cx, a.u32(0))?.len() as u64;
    // The kind, which is zero for a folder, and the length of its name.
    Ok(m.write_u64(a.u32(1), len << 32)?)
}

/// `fd_prestat_dir_name(fd, buffer, len)`
pub(super) fn prestat_dir_name(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let name = given(cx, a.u32(0))?;
    if (a.u32(2) as usize) < name.len() {
        return Err(Errno::NAMETOOLONG.into());
    }
    Ok(m.write(a.u32(1), name.as_bytes())?)
}

/// The name of a folder that the program was given.
fn given(cx: &mut Context, fd: u32) -> Result<&str, Errno> {
    match &cx.get(fd)?.source {
        Source::Given(name) => Ok(name),
        Source::Stream(_) | Source::Opened { .. } | Source::Far | Source::Socket => Err(Errno::BADF),
    }
}
