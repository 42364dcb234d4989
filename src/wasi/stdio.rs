//! The host's standard input and outputs.

use std::io::{self, IsTerminal, Read, Write};

use super::descriptors::{Input, Output, Stream};
use super::wait::Watch;
#[cfg(unix)]
use super::wait::watch;

#[cfg(unix)]
mod host {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::{Watch, watch};

    /// Another name for a descriptor of the host's, without the standard library's buffer, and what to watch if using it may
    /// make anyone wait.
    pub fn unbuffered(of: &impl AsFd) -> Option<(File, Option<Watch>)> {
        let file = File::from(of.as_fd().try_clone_to_owned().ok()?);
        let waits = file.metadata().is_ok_and(|metadata| !metadata.is_file());
        let watch = if waits { watch(of) } else { None };
        Some((file, watch))
    }
}

/// Elsewhere the standard library translates what a terminal reads and shows.
#[cfg(not(unix))]
mod host {
    use super::Watch;

    pub fn unbuffered<T>(_of: &T) -> Option<(std::fs::File, Option<Watch>)> {
        None
    }
}

/// Shows at once what is written.
struct AtOnce<W>(W);

impl<W: Write> Write for AtOnce<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.0.flush()?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub(super) fn stdin() -> Input {
    let stdin = io::stdin();
    let (end, watch): (Box<dyn Read + Send>, _) = match host::unbuffered(&stdin) {
        Some((file, watch)) => (Box::new(file), watch),
        None => (Box::new(io::stdin()), None),
    };
    Stream {
        is_terminal: stdin.is_terminal(),
        watch,
        end,
    }
}

pub(super) fn stdout() -> Output {
    // What the host has printed comes first.
    let _ = io::stdout().flush();
    let stdout = io::stdout();
    let (end, watch): (Box<dyn Write + Send>, _) = match host::unbuffered(&stdout) {
        Some((file, watch)) => (Box::new(file), watch),
        None => (Box::new(AtOnce(io::stdout())), None),
    };
    Stream {
        is_terminal: stdout.is_terminal(),
        watch,
        end,
    }
}

pub(super) fn stderr() -> Output {
    let stderr = io::stderr();
    let (end, watch): (Box<dyn Write + Send>, _) = match host::unbuffered(&stderr) {
        Some((file, watch)) => (Box::new(file), watch),
        None => (Box::new(io::stderr()), None),
    };
    Stream {
        is_terminal: stderr.is_terminal(),
        watch,
        end,
    }
}
