//! Goes through seeds.
//!
//! - `WASM_DISPATCH_SEED=n` runs one seed.
//! - `WASM_DISPATCH_SEEDS=n` and `WASM_DISPATCH_FROM=n` say how many, and where to begin.
//! - `WASM_DISPATCH_MINUTES=n` goes on for so long instead.
//! - `WASM_DISPATCH_ONLY=a,b` leaves the other strategies out.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use wasm_dispatch::Module;

use super::compare::{Tally, compare};
use super::plan::Plan;
use super::reduce::reduce;
use super::{arithmetic, peer, smith};
use crate::random::{Random, setting};
use crate::watchdog::Watchdog;

/// A source of modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// wasm-smith.
    Smith,
    /// The generator of this crate.
    Arithmetic,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Smith => "smith",
            Source::Arithmetic => "arithmetic",
        }
    }

    /// Name of the test that replays a seed.
    fn test(self) -> &'static str {
        match self {
            Source::Smith => "modules_from_wasm_smith_end_the_same_on_every_strategy_and_in_the_reference",
            Source::Arithmetic => "deep_expressions_and_branches_end_the_same_on_every_strategy_and_in_the_reference",
        }
    }
}

/// The seeds to go through.
struct Seeds {
    from: u64,
    count: u64,
    until: Option<Instant>,
    alone: bool,
}

impl Seeds {
    fn new(usual: u64) -> Seeds {
        if let Some(seed) = setting("WASM_DISPATCH_SEED") {
            return Seeds {
                from: seed,
                count: 1,
                until: None,
                alone: true,
            };
        }
        let minutes = setting("WASM_DISPATCH_MINUTES");
        let count = setting("WASM_DISPATCH_SEEDS").unwrap_or(if minutes.is_some() { u64::MAX } else { usual });
        Seeds {
            from: setting("WASM_DISPATCH_FROM").unwrap_or(0),
            count,
            until: minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60)),
            alone: false,
        }
    }
}

/// Runs a source's seeds. Returns how many they were and what was compared, unless a single seed was asked for.
///
/// # Panics
///
/// On the first seed with a difference, with how to replay it.
pub fn run(source: Source, usual: u64) -> Option<(u64, Tally)> {
    // The reference recurses where the program does.
    let thread = thread::Builder::new().stack_size(512 << 20);
    let ran = thread
        .spawn(move || go_through(source, usual))
        .expect("a thread")
        .join();
    ran.unwrap_or_else(|panic| resume_unwind(panic))
}

fn go_through(source: Source, usual: u64) -> Option<(u64, Tally)> {
    let seeds = Seeds::new(usual);
    let watchdog = Watchdog::new(Duration::from_secs(150));
    let engine = peer::engine();
    let mut tally = Tally::default();
    let mut last_said = Instant::now();
    let mut done = 0;
    for seed in (seeds.from..).take(usize::try_from(seeds.count).unwrap_or(usize::MAX)) {
        if seeds.until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        watchdog.step(format!(
            "{} seed {seed}; replay with {}",
            source.name(),
            replay(source, seed)
        ));
        match one(source, seed, &engine) {
            Ok(more) => {
                tally.add(more);
                done += 1;
            }
            Err((message, module)) => {
                let kept = module.map(|(bytes, extension)| keep(source, seed, &bytes, extension));
                panic!(
                    "{} seed {seed}: {message}\nmodule: {}\nreplay: {}",
                    source.name(),
                    kept.unwrap_or_default(),
                    replay(source, seed)
                );
            }
        }
        if last_said.elapsed() > Duration::from_secs(60) {
            println!("{} seed {seed}: {tally:?}", source.name());
            last_said = Instant::now();
        }
    }
    println!("{}: {done} seeds, {tally:?}", source.name());
    (!seeds.alone).then_some((done, tally))
}

type Failure = (String, Option<(Vec<u8>, &'static str)>);

fn one(source: Source, seed: u64, engine: &wasmi::Engine) -> Result<Tally, Failure> {
    match source {
        Source::Smith => {
            let Some(wasm) = smith::module(seed) else {
                return Ok(Tally::default());
            };
            let plan = |module: &Module| Plan::new(module, &mut Random::new(!seed), 3);
            compare(&wasm, plan, engine).map_err(|message| (message, Some((wasm, "wasm"))))
        }
        Source::Arithmetic => {
            let text = arithmetic::module(seed);
            arithmetic_text(&text, seed, engine).map_err(|message| {
                let reduced = reduce(&text, Duration::from_secs(100), |smaller| {
                    arithmetic_text(smaller, seed, engine).is_err_and(|other| class(&other) == class(&message))
                });
                let message = arithmetic_text(&reduced, seed, engine).err().unwrap_or(message);
                (message, Some((reduced.into_bytes(), "wat")))
            })
        }
    }
}

/// What kind of failure it is: reducing must not turn one into another.
fn class(message: &str) -> &str {
    for class in [
        NOT_A_MODULE,
        "refused",
        "backtrace",
        "panicked",
        "leaves something else",
        "contract",
    ] {
        if message.contains(class) {
            return class;
        }
    }
    "another end"
}

const NOT_A_MODULE: &str = "not a module";

fn arithmetic_text(text: &str, seed: u64, engine: &wasmi::Engine) -> Result<Tally, String> {
    let wasm = wat::parse_str(text).map_err(|error| format!("{NOT_A_MODULE}: {error}"))?;
    let plan = |module: &Module| Plan {
        fuel: Some(arithmetic::FUEL),
        ..Plan::new(module, &mut Random::new(!seed), 4)
    };
    compare(&wasm, plan, engine)
}

fn replay(source: Source, seed: u64) -> String {
    format!(
        "WASM_DISPATCH_SEED={seed} cargo test -p wasm-dispatch-conformance --test differential {}",
        source.test()
    )
}

/// Keeps a failing module for inspection; returns where.
fn keep(source: Source, seed: u64, bytes: &[u8], extension: &str) -> String {
    let path = std::env::temp_dir().join(format!("wasm-dispatch-{}-{seed}.{extension}", source.name()));
    match std::fs::write(&path, bytes) {
        Ok(()) => path.display().to_string(),
        Err(error) => format!("could not be kept: {error}"),
    }
}
