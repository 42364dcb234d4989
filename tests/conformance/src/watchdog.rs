//! Ends the process when a test hangs, saying which.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Watches over one step at a time. A hang inside a strategy cannot be interrupted, only reported.
#[derive(Debug)]
pub struct Watchdog {
    shared: Arc<(Mutex<Step>, Condvar)>,
}

#[derive(Debug)]
struct Step {
    number: u64,
    what: String,
    done: bool,
}

impl Watchdog {
    /// Starts watching: every step must begin within this time of the one before.
    pub fn new(patience: Duration) -> Watchdog {
        let step = Step {
            number: 0,
            what: "the start".into(),
            done: false,
        };
        let shared = Arc::new((Mutex::new(step), Condvar::new()));
        let watched = shared.clone();
        thread::spawn(move || watch(&watched, patience));
        Watchdog { shared }
    }

    /// Begins a step.
    pub fn step(&self, what: impl Into<String>) {
        let mut step = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        step.number += 1;
        step.what = what.into();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let mut step = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        step.done = true;
        self.shared.1.notify_all();
    }
}

fn watch(shared: &(Mutex<Step>, Condvar), patience: Duration) {
    let mut step = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let before = step.number;
        let waited = shared.1.wait_timeout_while(step, patience, |step| !step.done);
        step = waited.unwrap_or_else(PoisonError::into_inner).0;
        if step.done {
            return;
        }
        if step.number == before {
            eprintln!("no end within {} s: {}", patience.as_secs(), step.what);
            std::process::exit(101);
        }
    }
}
