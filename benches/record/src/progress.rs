//! A line that says how far a long job is, and how long it will take.
//!
//! ```text
//! [ 12/66]  18 %  fib / threaded   0:32 gone, about 2:24 left
//! ```
//!
//! On a terminal the line replaces itself; elsewhere (a log, a pipe) every step is a line of its own.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

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
    /// A job of `total` steps that starts now.
    pub fn new(total: usize) -> Progress {
        let output = std::io::stderr();
        let in_place = output.is_terminal();
        Progress::with_output(total, Box::new(output), in_place)
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
        label.clone_into(&mut self.label);
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

    /// Prints a line without disturbing the progress line.
    pub fn say(&mut self, text: &str) {
        let wipe = if self.in_place { "\r\x1b[2K" } else { "" };
        let _ = writeln!(self.output, "{wipe}{text}");
        if self.in_place {
            self.show();
        }
    }

    /// Ends the job and says how long it took, if there was anything to do.
    pub fn finish(mut self) {
        if self.total == 0 {
            return;
        }
        let wipe = if self.in_place { "\r\x1b[2K" } else { "" };
        let _ = writeln!(
            self.output,
            "{wipe}{} of {} steps in {}",
            self.done,
            self.total,
            clock(self.started.elapsed())
        );
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
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn run(in_place: bool) -> String {
        let output = Shared::default();
        let mut progress = Progress::with_output(2, Box::new(output.clone()), in_place);
        for label in ["fib / threaded", "fib / match_loop"] {
            progress.begin(label);
            progress.finish_step();
        }
        progress.finish();
        let bytes = output.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_time_left_follows_from_the_time_gone() {
        let line = line(12, 66, "fib / threaded", Duration::from_secs(32));
        assert_eq!(line, "[12/66]  18 %  fib / threaded   0:32 gone, about 2:24 left");
        assert!(super::line(0, 66, "x", Duration::ZERO).contains("not known yet"));
        assert!(super::line(0, 0, "x", Duration::ZERO).contains("100 %"));
        assert_eq!(clock(Duration::from_secs(3725)), "1:02:05");
    }

    #[test]
    fn skipped_steps_do_not_count() {
        let output = Shared::default();
        let mut progress = Progress::with_output(3, Box::new(output.clone()), false);
        progress.skip_step();
        progress.begin("a");
        progress.finish_step();
        progress.skip_step();
        progress.finish();
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("[0/2]") && text.contains("1 of 1 steps"), "{text}");
        let mut nothing = Progress::with_output(1, Box::new(output.clone()), false);
        nothing.skip_step();
        nothing.finish();
        assert_eq!(output.0.lock().unwrap().len(), text.len());
    }

    #[test]
    fn a_log_gets_plain_lines_and_a_terminal_gets_one_line() {
        let log = run(false);
        assert_eq!(log.lines().count(), 3, "{log}");
        assert!(!log.contains('\x1b') && !log.contains('\r'), "{log:?}");
        let terminal = run(true);
        assert_eq!(terminal.matches('\n').count(), 1, "{terminal:?}");
    }
}
