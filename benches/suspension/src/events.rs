//! The cost of an event: the time of a loop with many of them, less that of the same loop with few or none.

use std::time::{Duration, Instant};

use crate::report::{Row, Unit};

/// Any failure: a wrong result, a trap, a file.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs a loop of this many iterations and checks its result.
pub type Run = Box<dyn FnMut(u32) -> Result<(), Failed>>;

/// Something whose events are measured.
pub struct Subject {
    /// What kind of event.
    pub what: &'static str,
    /// Whose.
    pub name: String,
    /// Events in a turn of the first loop beyond those in the second.
    pub per_turn: f64,
    /// The loop with more events.
    pub with: Run,
    /// The loop with fewer.
    pub without: Run,
}

impl Subject {
    /// All of one name: what, events in a turn, with, without.
    pub fn all<const N: usize>(name: &str, rows: [(&'static str, f64, Run, Run); N]) -> Vec<Subject> {
        let subject = |(what, per_turn, with, without)| Subject {
            what,
            name: name.to_owned(),
            per_turn,
            with,
            without,
        };
        rows.map(subject).into()
    }
}

/// Turns of a loop for a run of about 2 ms.
const TURNS: u32 = 20_000;

fn timed(run: &mut Run, turns: u32) -> Result<Duration, Failed> {
    let start = Instant::now();
    run(turns)?;
    Ok(start.elapsed())
}

/// Measures all subjects, round by round in random order, for about so long.
pub fn measure(part: &'static str, subjects: &mut [Subject], budget: Duration) -> Result<Vec<Row>, Failed> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); subjects.len()];
    let start = Instant::now();
    let mut round = 0;
    // The first round warms up.
    while round < 4 || start.elapsed() < budget {
        let mut order: Vec<usize> = (0..subjects.len()).collect();
        random.shuffle(&mut order);
        for index in order {
            let subject = &mut subjects[index];
            let with = timed(&mut subject.with, TURNS)?;
            let without = timed(&mut subject.without, TURNS)?;
            if round > 0 {
                let difference = with.as_nanos() as f64 - without.as_nanos() as f64;
                values[index].push(difference / (f64::from(TURNS) * subject.per_turn));
            }
        }
        round += 1;
    }
    let rows = subjects.iter().zip(values);
    let mut rows: Vec<Row> = rows
        .map(|(subject, values)| Row::new(part, subject.what, &subject.name, Unit::Nanoseconds, values))
        .collect();
    // Events of one kind together, in the order in which the kinds first appear.
    let kinds: Vec<String> = rows.iter().map(|row| row.what.clone()).collect();
    rows.sort_by_key(|row| kinds.iter().position(|kind| *kind == row.what));
    Ok(rows)
}
