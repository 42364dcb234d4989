//! Calls in instructions, as Callgrind counts them: the same on every machine, however busy it is.

use std::process::Command;

use wasm_dispatch::Strategy;

use crate::calls::{self, DYNAMIC, LINKED, OWN, READS, RUST_CALL, TYPED};
use crate::events::{Failed, Subject};
use crate::programs;
use crate::report::{Row, Unit};

const KINDS: [&str; 6] = [TYPED, DYNAMIC, OWN, LINKED, RUST_CALL, READS];

/// Iterations over which instructions are counted. `MORE` run besides in both counts, so that what is done once does not count.
const TURNS: u32 = 2_000;
const MORE: u32 = 500;

fn subjects(name: &str) -> Result<Vec<Subject>, Failed> {
    match name.parse::<Strategy>() {
        Ok(strategy) => calls::ours(strategy),
        Err(_) => crate::peers::wasmi_calls(),
    }
}

/// Runs a loop of a subject, for the process that counts.
pub fn turn(name: &str, what: &str, events: &str, turns: &str) -> Result<(), Failed> {
    let mut subjects = subjects(name)?;
    let subject = subjects.iter_mut().find(|subject| subject.what == what);
    let subject = subject.ok_or("no such subject")?;
    match events {
        "with" => (subject.with)(turns.parse()?),
        _ => (subject.without)(turns.parse()?),
    }
}

/// Instructions of a whole process that runs a loop.
fn counted(name: &str, what: &str, events: &str, turns: u32) -> Result<f64, Failed> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--turns-of", name, what, events, &turns.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error} (Debian: apt-get install valgrind)"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected :"));
    match count {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => Err(said.into_owned().into()),
    }
}

/// Instructions of a turn.
fn of_turn(name: &str, what: &str, events: &str) -> Result<f64, Failed> {
    let more = counted(name, what, events, MORE + TURNS)?;
    Ok((more - counted(name, what, events, MORE)?) / f64::from(TURNS))
}

/// Everything in this part.
pub fn run() -> Result<Vec<Row>, Failed> {
    let ours = Strategy::ALL.iter().map(|strategy| strategy.name());
    let names: Vec<&str> = ours.chain(["wasmi 2"]).collect();
    let mut rows = Vec::new();
    for what in KINDS {
        for name in &names {
            let mut count = of_turn(name, what, "with")?;
            // What the host calls in its own loop is measured with the loop.
            if ![TYPED, DYNAMIC].contains(&what) {
                count = (count - of_turn(name, what, "without")?) / f64::from(programs::MORE);
            }
            rows.push(Row::new("counts", what, name, Unit::Number, vec![count]));
        }
    }
    Ok(rows)
}
