//! A campaign of hostile modules; `scripts/fuzz --source hostile` builds and runs it.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use wasm_dispatch_hostile::campaign::Campaign;
use wasm_dispatch_hostile::modules::Source;

/// How often it says how far it is, in seeds.
const SAYS: u64 = 20_000;

/// How long one module may take by the clock before the process is given up: nothing else ends a hang.
const PATIENCE: Duration = Duration::from_secs(600);

const USAGE: &str = "Usage: hostile [--from SEED] [--seeds N] [--minutes M] [--source shapes|smith|both]";

fn campaign() -> Option<Campaign> {
    let mut campaign = Campaign {
        source: Source::Both,
        from: 0,
        seeds: None,
        time: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next()?;
        match option.as_str() {
            "--from" => campaign.from = value.parse().ok()?,
            "--seeds" => campaign.seeds = Some(value.parse().ok()?),
            "--minutes" => campaign.time = Some(Duration::from_secs(60 * value.parse::<u64>().ok()?)),
            "--source" => campaign.source = Source::named(&value)?,
            _ => return None,
        }
    }
    if campaign.seeds.is_none() && campaign.time.is_none() {
        campaign.seeds = Some(1_000_000);
    }
    Some(campaign)
}

fn main() -> ExitCode {
    let Some(campaign) = campaign() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let done = Arc::new(AtomicU64::new(campaign.from));
    let seen = done.clone();
    thread::spawn(move || {
        loop {
            let before = seen.load(Relaxed);
            thread::sleep(PATIENCE);
            if seen.load(Relaxed) == before {
                eprintln!("hostile: seed {before} hangs");
                std::process::exit(1);
            }
        }
    });
    let mut wrong = 0;
    let found = campaign.run(|seed, found| {
        done.store(seed + 1, Relaxed);
        for line in &found.wrong[wrong..] {
            eprintln!("{line}");
        }
        wrong = found.wrong.len();
        if (seed + 1).is_multiple_of(SAYS) {
            eprintln!("to seed {seed}: {found}");
        }
    });
    println!("{found}");
    ExitCode::from(u8::from(!found.wrong.is_empty()))
}
