//! A measurement from its request to its record: the one that decides.
//!
//! In every block a fresh process runs all strategies on all workloads in random order, every result verified. The
//! processes of different layouts take turns. One strategy is enrolled twice, so that the record shows its own noise.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use wasm_dispatch_engines::own::OwnModule;
use wasm_dispatch_engines::{Entrant, Size};
use wasm_dispatch_record::record::{Kind, Run, Setup};
use wasm_dispatch_record::{EXECUTABLE, METERED};
use wasm_dispatch_workloads::{Class, Workload};

use crate::choice::choose;
use crate::error::Error;
use crate::run::{
    MOST_LAYOUTS, Measured, all_positive, control_among, fresh_folder, launchers, layouts_of, measure, seed_of_now,
    shown, strategies,
};
use crate::shards::{Shard, matrix};
use crate::supervisor::{Launcher, Supervisor};

/// What to measure. Whatever is left out is as the quick run has it, or the full one.
#[derive(Args, Clone, Debug, Default)]
pub struct Request {
    /// Workloads by name, class, or pattern with * and ? [default: all; scalar twins only with --full]
    #[arg(value_name = "NAME|CLASS|PATTERN")]
    pub workloads: Vec<String>,
    /// A module of the user's, instead of workloads.
    #[arg(skip)]
    pub own: Option<OwnModule>,
    /// Only these strategies
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub strategies: Vec<String>,
    /// The long run: 24 layouts, short runs in batches, all workloads, including the extra ones that have been built
    #[arg(long)]
    pub full: bool,
    /// Size of the workloads, quick or full [default: quick]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub size: Option<Size>,
    /// About how long to measure
    #[arg(long = "time", value_name = "SECONDS")]
    pub seconds: Option<u64>,
    /// Number of blocks, however long they take
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub blocks: Option<u32>,
    /// Timed batches in each block [default: 1]
    #[arg(long, value_name = "K")]
    pub iterations: Option<u32>,
    /// Link the lab in N layouts and measure all of them [default: the lab as it is; 24 with --full]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=MOST_LAYOUTS))]
    pub layouts: Option<u32>,
    /// Measure each strategy with interrupts and with fuel, instead of without metering
    #[arg(long)]
    pub metered: bool,
    /// Seed of all random orders [default: the time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Give up on a process that is silent for this long, and on your own module if a first run takes longer than this
    /// [default: 120; 900 with --full]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Only a part of it.
    #[arg(skip)]
    pub shard: Option<Shard>,
    /// Folder of the run; one below [`runs_folder`](wasm_dispatch_record::runs_folder) otherwise.
    #[arg(skip)]
    pub folder: Option<PathBuf>,
    /// Whether to print no progress.
    #[arg(skip)]
    pub quiet: bool,
}

/// What a run consists of if nothing else is asked for.
struct Defaults {
    kind: Kind,
    iterations: u32,
    batch_ms: u64,
    layouts: u32,
    seconds: u64,
    /// For each layout.
    min_blocks: u32,
    max_blocks: u32,
    timeout: u64,
}

const QUICK: Defaults = Defaults {
    kind: Kind::Quick,
    // A second run in a process tells less than another process.
    iterations: 1,
    batch_ms: 0,
    layouts: 1,
    seconds: 110,
    min_blocks: 5,
    max_blocks: 200,
    timeout: 120,
};

const FULL: Defaults = Defaults {
    kind: Kind::Full,
    iterations: 1,
    // What one process takes differs from another's by more than one batch of this length from the next. Full sizes would take
    // three hours.
    batch_ms: 20,
    layouts: 24,
    seconds: 3000,
    min_blocks: 2,
    // Two processes of each layout: more would tell little more.
    max_blocks: 2,
    timeout: 900,
};

/// Reads a size.
fn size(text: &str) -> Result<Size, String> {
    Size::named(text).ok_or_else(|| "a size is quick or full".to_owned())
}

impl Request {
    fn defaults(&self) -> &'static Defaults {
        if self.full { &FULL } else { &QUICK }
    }

    /// Seconds after which what says nothing, or does not end, is given up.
    fn patience(&self) -> u64 {
        self.timeout.unwrap_or(self.defaults().timeout)
    }

    /// The project's workloads that are asked for; the full run, and requests that name them, also get the scalar twins and the
    /// extra ones that have been built.
    ///
    /// # Errors
    ///
    /// If a manifest is bad, or a text means no workload.
    pub fn chosen_workloads(&self) -> Result<Vec<Workload>, Error> {
        let own = wasm_dispatch_workloads::all()?;
        if !self.full && self.workloads.is_empty() {
            // The twins take as long as half of all others, and show what vectors are worth, not which strategy is best.
            let is_first = |workload: &Workload| workload.class() != Class::ScalarTwin;
            return Ok(own.into_iter().filter(is_first).collect());
        }
        if !self.full
            && let Ok(chosen) = choose(own, &self.workloads)
        {
            return Ok(chosen);
        }
        choose(wasm_dispatch_workloads::all_and_extra()?, &self.workloads)
    }

    /// The seeds of the layouts that are asked for; one layout is the binary as it is.
    pub fn layouts(&self) -> Vec<Option<u64>> {
        layouts_of(self.layouts.unwrap_or(self.defaults().layouts))
    }

    /// Everything that a run needs to know, for these workloads in these layouts.
    ///
    /// # Errors
    ///
    /// If numbers make no sense.
    pub fn setup(&self, workloads: &[String], layouts: &[Option<u64>]) -> Result<Setup, Error> {
        let defaults = self.defaults();
        let mut strategies = strategies(&self.strategies)?;
        let control = control_among(&strategies);
        if self.metered {
            let with = |strategy: &String| ["Interrupts", "Fuel"].map(|metering| format!("{strategy}+{metering}"));
            strategies = strategies.iter().flat_map(with).collect();
        }
        // Each in its turn where there are enough blocks for that; with fewer, one has them all.
        let (control, controls) = match self.full || self.metered {
            true => (None, strategies.clone()),
            false => (control, Vec::new()),
        };
        all_positive(&[
            (self.blocks.map(u64::from), "blocks"),
            (self.iterations.map(u64::from), "iterations"),
            (self.layouts.map(u64::from), "layouts"),
            (self.timeout, "timeout"),
        ])?;
        if workloads.is_empty() {
            return Err(Error::Asked("there are no workloads to measure".to_owned()));
        }
        let parts = matrix(layouts, workloads);
        let parts = match self.shard {
            Some(shard) => shard.of(&parts)?,
            None => parts,
        };
        let rounds = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        Ok(Setup {
            control,
            controls,
            strategies,
            cold: true,
            size: self.size.unwrap_or(Size::Quick).name().to_owned(),
            batch_ms: defaults.batch_ms,
            iterations: self.iterations.unwrap_or(defaults.iterations),
            min_blocks: self.blocks.unwrap_or(defaults.min_blocks.saturating_mul(rounds)),
            max_blocks: self.blocks.unwrap_or(defaults.max_blocks.saturating_mul(rounds)),
            seconds: match self.blocks {
                Some(_) => None,
                None => Some(self.seconds.unwrap_or(defaults.seconds)),
            },
            timeout: self.patience(),
            shard: self.shard.map(|shard| shard.to_string()),
            own: self.own.is_some(),
            parts,
        })
    }

    /// Measures.
    ///
    /// # Errors
    ///
    /// When what is asked for makes no sense or cannot be started. That a strategy fails is a row of the record.
    pub fn run(&self) -> Result<Measured, Error> {
        // What can be wrong is found out before anything is written or built.
        let strategies = strategies(&self.strategies)?;
        all_positive(&[(self.timeout, "timeout")])?;
        if self.own.is_some() && !self.workloads.is_empty() {
            return Err(Error::Asked("name workloads or a module, not both".to_owned()));
        }
        let mut workloads = match self.own {
            Some(_) => Vec::new(),
            None => self.chosen_workloads()?,
        };
        let mut run = Run::start(self.defaults().kind);
        let makes_code = |name: &String| Entrant::named(name).is_some_and(|entrant| entrant.makes_code);
        if strategies.iter().any(makes_code) {
            run.id.insert_str(0, EXECUTABLE);
        }
        if self.metered {
            run.id.insert_str(0, METERED);
        }
        if let Some(shard) = self.shard {
            run.id.push_str(&format!("-{}", shard.to_string().replace('/', "of")));
        }
        let (folder, _lock) = fresh_folder(self.folder.as_ref(), &mut run)?;
        if let Some(own) = &self.own {
            if !self.quiet {
                eprintln!("Running {} twice, for what it must give ...", shown(&own.file));
            }
            workloads.push(own.write(&folder, Duration::from_secs(self.patience()))?);
        }
        let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
        let mut setup = self.setup(&names, &self.layouts())?;
        let launchers = match launchers(&setup, self.quiet) {
            // A part of a matrix that does not exist cannot be put together with the others.
            Err(Error::OneLayout(why)) if self.shard.is_none() => {
                if !self.quiet {
                    eprintln!("one layout only, because the lab cannot be relinked here: {why}");
                }
                setup = self.setup(&names, &[None])?;
                vec![Launcher::this()?]
            }
            launchers => launchers?,
        };
        if !self.quiet {
            let folder = shown(&folder);
            eprintln!("After an interruption: wasm-dispatch-lab bench --resume {folder}");
        }
        let supervisor = Supervisor {
            setup: &setup,
            seed: self.seed.unwrap_or_else(seed_of_now),
            workloads: &workloads,
            launchers: &launchers,
            quiet: self.quiet,
        };
        measure(&supervisor, &run, &folder, &[])
    }
}
