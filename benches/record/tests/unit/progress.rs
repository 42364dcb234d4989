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
