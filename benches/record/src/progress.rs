//! A line that says how far a long job is, and how long it will take.
//!
//! ```text
//! [ 12/66]  18 %  fib / threaded   0:32 gone, about 2:24 left
//! ```
//!
//! On a terminal the line replaces itself; elsewhere (a log, a pipe) every step is a line of its own.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::visible;

/// Progress of a job of a known number of steps, written to standard error.
///
/// Writing is best effort: a closed standard error never stops a measurement.
pub struct Progress {
    total: usize,
    done: usize,
    label: String,
    started: Instant,
    /// Wipes the line first, and ends it only when the job ends.
    in_place: bool,
    output: Box<dyn Write + Send>,
}

impl Progress {
    /// A job of `total` steps that starts now, and says nothing if it is to be quiet.
    pub fn new(total: usize, quiet: bool) -> Progress {
        let output = std::io::stderr();
        let in_place = output.is_terminal();
        match quiet {
            true => Progress::with_output(total, Box::new(std::io::sink()), false),
            false => Progress::with_output(total, Box::new(output), in_place),
        }
    }

    /// A job that reports to `output`, in place or line by line.
    pub fn with_output(total: usize, output: Box<dyn Write + Send>, in_place: bool) -> Progress {
        Progress {
            total,
            done: 0,
            label: String::new(),
            started: Instant::now(),
            in_place,
            output,
        }
    }

    /// Says what is being done now. Call it when a step begins.
    pub fn begin(&mut self, label: &str) {
        self.label = visible::name(label).into_owned();
        self.show();
    }

    /// Says more about the step that is being done. On a terminal only: a log has a line a step.
    pub fn detail(&mut self, label: &str) {
        if self.in_place {
            self.begin(label);
        }
    }

    /// Counts a step as done.
    pub fn finish_step(&mut self) {
        self.done = (self.done + 1).min(self.total);
        if self.in_place {
            self.show();
        }
    }

    /// Says that there are more, or fewer, steps than was thought.
    pub fn set_total(&mut self, total: usize) {
        self.total = total.max(self.done);
    }

    /// Takes a step that will not be done off the total.
    pub fn skip_step(&mut self) {
        self.total = self.total.saturating_sub(1).max(self.done);
    }

    /// Ends the job and says how long it took, if there was anything to do.
    pub fn finish(mut self) {
        if self.total == 0 {
            return;
        }
        let wipe = if self.in_place { "\r\x1b[2K" } else { "" };
        let (done, total, time) = (self.done, self.total, clock(self.started.elapsed()));
        let _ = writeln!(self.output, "{wipe}{done} of {total} steps in {time}");
    }

    fn show(&mut self) {
        let line = line(self.done, self.total, &self.label, self.started.elapsed());
        let _ = if self.in_place {
            write!(self.output, "\r\x1b[2K{line}")
        } else {
            writeln!(self.output, "{line}")
        };
        let _ = self.output.flush();
    }
}

/// The progress line. The time left assumes that the steps to come take as long as the past ones.
fn line(done: usize, total: usize, label: &str, elapsed: Duration) -> String {
    let width = total.to_string().len();
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let left = match done {
        0 => "time left not known yet".to_owned(),
        _ => {
            let per_step = elapsed.as_secs_f64() / done as f64;
            let left = Duration::from_secs_f64(per_step * total.saturating_sub(done) as f64);
            format!("about {} left", clock(left))
        }
    };
    format!(
        "[{done:>width$}/{total}] {percent:>3} %  {label}   {} gone, {left}",
        clock(elapsed)
    )
}

/// A duration as `m:ss` or `h:mm:ss`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
#[path = "../tests/unit/progress.rs"]
mod tests;
