//! Whether an engine can run a workload at all: tried in a process of its own, because engines panic, crash, overflow the
//! stack and loop. What does not survive that is refused, with the reason, and never run in the process that measures.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasm_dispatch_measure::{Engine, Prepared, Timing};
use wasm_dispatch_report::Progress;
use wasm_dispatch_workloads::Workload;

use crate::catalogue::{self, Entry};

/// Exit code of a trial that ended with an error, which then stands on standard output.
const REFUSED: u8 = 3;

/// How Rust says it, between thread and place.
const PANICKED: &str = "panicked at ";

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine, and what it refuses.
pub struct Tried {
    engine: Box<dyn Engine>,
    refused: HashMap<String, String>,
}

/// Makes engines and tries each on all workloads, as many at a time as the machine has threads: nothing is timed here.
///
/// # Errors
///
/// When an engine cannot be made.
pub fn all(entries: &[Entry], workloads: &[Workload]) -> Result<Vec<Tried>, String> {
    let mut engines: Vec<Tried> = Vec::new();
    for entry in entries {
        let engine = entry.engine().map_err(|error| format!("{}: {error}", entry.name))?;
        let refused = HashMap::new();
        engines.push(Tried { engine, refused });
    }
    let trials = entries.len() * workloads.len();
    let next = AtomicUsize::new(0);
    let progress = Mutex::new(Progress::new(trials));
    let refusals = Mutex::new(Vec::new());
    let work = || {
        loop {
            let trial = next.fetch_add(1, Ordering::Relaxed);
            // Nearby trials are of one workload and many engines, so that slow engines are not tried all at the end.
            let (Some(entry), Some(workload)) = (
                entries.get(trial % entries.len().max(1)),
                workloads.get(trial / entries.len().max(1)),
            ) else {
                break;
            };
            let outcome = in_a_process(&entry.name, workload);
            if let Err(reason) = outcome {
                let reason = format!("refused: {}", one_line(&reason));
                locked(&refusals).push((entry.name.clone(), workload.name().to_string(), reason));
            }
            let mut progress = locked(&progress);
            progress.begin(&format!("tried {} on {}", workload.name(), entry.name));
            progress.finish_step();
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    progress.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    for (name, workload, reason) in refusals.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let refusing = engines.iter_mut().filter(|tried| tried.engine.name() == name);
        refusing.for_each(|tried| drop(tried.refused.insert(workload.clone(), reason.clone())));
    }
    Ok(engines)
}

/// A lock whose owner cannot have panicked in a state that matters.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tried {
    /// Why it does not run a workload.
    pub fn refusal(&self, workload: &str) -> Option<&str> {
        self.refused.get(workload).map(String::as_str)
    }
}

impl Engine for Tried {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        self.allowed(workload)?;
        self.engine.prepare(workload, wasm)
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        self.allowed(workload)?;
        self.engine.load(workload, wasm)
    }
}

impl Tried {
    fn allowed(&self, workload: &Workload) -> Result<(), String> {
        self.refusal(workload.name())
            .map_or(Ok(()), |reason| Err(reason.to_string()))
    }
}

/// What the process does that is started for a trial.
pub fn run(engine: &str, manifest: &Path) -> ExitCode {
    match attempt(engine, manifest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            print!("{reason}");
            ExitCode::from(REFUSED)
        }
    }
}

fn attempt(engine: &str, manifest: &Path) -> Result<(), String> {
    let workload = Workload::load(manifest).map_err(|error| error.to_string())?;
    let wasm = workload.wasm().map_err(|error| error.to_string())?;
    let entries = catalogue::all();
    let entry = entries.iter().find(|entry| entry.name == engine);
    let engine = entry.ok_or_else(|| format!("no engine is called {engine}"))?.engine()?;
    let mut prepared = engine.prepare(&workload, &wasm)?;
    // Twice: measuring will run it again and again.
    for _ in 0..2 {
        prepared.run(workload.quick())?;
    }
    Ok(())
}

fn in_a_process(engine: &str, workload: &Workload) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(program);
    command
        .arg("--trial")
        .arg(engine)
        .arg(workload.file())
        .stdin(Stdio::null());
    outcome(command, PATIENCE)
}

/// Runs a trial's process and says why it failed, if it did.
fn outcome(mut command: Command, patience: Duration) -> Result<(), String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start a process for the trial: {error}"))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child, patience)?;
    let [stdout, stderr] = [stdout, stderr].map(|text| text.join().unwrap_or_default());
    match (status.code(), status) {
        (Some(0), _) => Ok(()),
        (Some(code), _) if code == i32::from(REFUSED) => Err(stdout),
        // Rust's exit code after a panic.
        (Some(101), _) => Err(format!("it panics: {}", panic_message(&stderr))),
        // Where a panic cannot unwind, it aborts.
        (_, status) if stderr.contains(PANICKED) => Err(format!("it panics: {}, {status}", panic_message(&stderr))),
        (_, status) => Err(format!("it crashes ({status}){}", last_words(&stderr))),
    }
}

/// Reads in a thread, so that a full pipe blocks nobody.
fn collect<R: Read + Send + 'static>(pipe: Option<R>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What could be read until an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, patience: Duration) -> Result<ExitStatus, String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if started.elapsed() < patience => thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                let killed = child.kill().and_then(|()| child.wait());
                let failed = killed.err().map(|error| format!(", and cannot be killed: {error}"));
                return Err(format!(
                    "it takes longer than {} s{}",
                    patience.as_secs(),
                    failed.unwrap_or_default()
                ));
            }
            Err(error) => return Err(format!("cannot wait for the trial: {error}")),
        }
    }
}

/// The line after "thread 'main' panicked at src/x.rs:1:2:".
fn panic_message(stderr: &str) -> String {
    let mut lines = stderr.lines();
    let place = lines.find_map(|line| Some(line.split_once(PANICKED)?.1));
    let message = lines.next().unwrap_or("without a word");
    match place {
        Some(place) => format!("{message} (at {})", file_name(place)),
        None => message.to_string(),
    }
}

/// `src/x.rs:1:2` of a path with the user's folders in front.
fn file_name(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place).trim_end_matches(':')
}

fn last_words(stderr: &str) -> String {
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    last.map(|line| format!(": {line}")).unwrap_or_default()
}

/// A reason as a cell of a table.
fn one_line(reason: &str) -> String {
    const LONGEST: usize = 200;
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let begin: String = line.chars().take(LONGEST).collect();
    format!("{begin}...")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<(), String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        outcome(command, patience)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_trial_that_ends_well_says_nothing() {
        assert_eq!(shell("echo noise >&2", LONG), Ok(()));
    }

    #[test]
    fn an_error_is_handed_on_as_it_was_said() {
        assert_eq!(
            shell("printf 'no tail calls'; exit 3", LONG),
            Err("no tail calls".to_string())
        );
    }

    #[test]
    fn a_panic_is_told_by_its_message_and_place() {
        let script = "echo \"thread 'main' (1) panicked at /home/me/src/compile.rs:9:5:\" >&2; \
                      echo 'no suitable instruction' >&2; exit 101";
        let reason = shell(script, LONG).unwrap_err();
        assert_eq!(reason, "it panics: no suitable instruction (at compile.rs:9:5)");
    }

    #[test]
    fn a_panic_that_aborts_is_a_panic() {
        let script = "printf \"thread 'main' (1) panicked at x.rs:1:2:\\nno\\naborting\\n\" >&2; kill -ABRT $$";
        let reason = shell(script, LONG).unwrap_err();
        assert!(reason.starts_with("it panics: no (at x.rs:1:2), signal: 6"), "{reason}");
    }

    #[test]
    fn a_crash_is_told_by_its_signal() {
        let reason = shell("kill -SEGV $$", LONG).unwrap_err();
        assert!(reason.contains("signal: 11"), "{reason}");
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let started = Instant::now();
        let reason = shell("exec sleep 60", Duration::from_millis(50)).unwrap_err();
        assert!(reason.starts_with("it takes longer"), "{reason}");
        assert!(started.elapsed() < LONG);
    }

    #[test]
    fn reasons_fit_into_a_cell() {
        assert_eq!(one_line("a\n  b"), "a b");
        assert_eq!(one_line(&"x".repeat(500)).len(), 203);
    }
}
