//! Arguments, environment, clocks, randomness, and the program's end.

use super::abi::Errno;
use super::context::{Answer, Args, Context, Stop};
use super::guest::Guest;

/// `args_get(pointers, bytes)`
pub(super) fn args_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    put_strings(&cx.args, m, a.u32(0), a.u32(1))
}

/// `args_sizes_get(count, bytes)`
pub(super) fn args_sizes_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    put_sizes(&cx.args, m, a.u32(0), a.u32(1))
}

/// `environ_get(pointers, bytes)`
pub(super) fn environ_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    put_strings(&cx.env, m, a.u32(0), a.u32(1))
}

/// `environ_sizes_get(count, bytes)`
pub(super) fn environ_sizes_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    put_sizes(&cx.env, m, a.u32(0), a.u32(1))
}

/// `clock_res_get(clock, out)`
pub(super) fn clock_res_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    let resolution = cx.clock.resolution(a.u32(0))?;
    Ok(m.write_u64(a.u32(1), resolution)?)
}

/// `clock_time_get(clock, precision, out)`
pub(super) fn clock_time_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    m.bytes(a.u32(2), 8)?;
    let now = cx.clock.now(a.u32(0))?;
    Ok(m.write_u64(a.u32(2), now)?)
}

/// `random_get(buffer, len)`
pub(super) fn random_get(cx: &mut Context, m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    Ok(cx.random.fill(m.bytes_mut(a.u32(0), a.u32(1))?)?)
}

/// `sched_yield()`
pub(super) fn sched_yield(_cx: &mut Context, _m: &mut Guest<'_>, _a: Args<'_>) -> Answer {
    std::thread::yield_now();
    Ok(())
}

/// `proc_exit(code)`
pub(super) fn proc_exit(_cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    Err(Stop::Exit(a.u32(0)))
}

/// `proc_raise(signal)`: what POSIX does by default, as programs cannot handle signals. The exit code of a program that a
/// signal ends is that of a shell.
pub(super) fn proc_raise(_cx: &mut Context, _m: &mut Guest<'_>, a: Args<'_>) -> Answer {
    // SIGCHLD, SIGCONT, SIGURG and SIGWINCH, in the numbering of the definition, end nothing.
    const IGNORED: [u32; 4] = [16, 17, 22, 27];
    // Nobody could continue a program that SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU has stopped.
    const STOPPING: std::ops::RangeInclusive<u32> = 18..=21;
    match a.u32(0) {
        0 => Ok(()),
        signal if IGNORED.contains(&signal) => Ok(()),
        signal if STOPPING.contains(&signal) => Err(Errno::NOTSUP.into()),
        signal @ 1..=30 => Err(Stop::Exit(128 + signal)),
        _ => Err(Errno::INVAL.into()),
    }
}

fn put_sizes(list: &[String], m: &mut Guest<'_>, count: u32, bytes: u32) -> Answer {
    let total: usize = list.iter().map(|text| text.len() + 1).sum();
    m.write_u32(count, u32::try_from(list.len()).map_err(|_| Errno::OVERFLOW)?)?;
    m.write_u32(bytes, u32::try_from(total).map_err(|_| Errno::OVERFLOW)?)?;
    Ok(())
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
