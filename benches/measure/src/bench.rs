//! A measurement from its request to its record: the one that decides.
//!
//! In every block a fresh process runs all strategies on all workloads in random order, every result verified. The
//! processes of different layouts take turns. One strategy is enrolled twice, so that the record shows its own noise.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use wasm_dispatch_record::record::{self, Kind, Recording, Run, Setup, Writer};
use wasm_dispatch_workloads::Workload;

use crate::against;
use crate::choice::choose;
use crate::error::Error;
use crate::layouts;
use crate::run::{Order, all_positive, fresh_folder};
use crate::shards::{Shard, matrix};
use crate::supervisor::{Launcher, Progressed, Supervisor};
use wasm_dispatch_engines::own::{self, OwnModule};
use wasm_dispatch_engines::{Entrant, Size};

/// What to measure. Whatever is left out is as the quick run has it, or the full one.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Names, classes or patterns of workloads; none for all.
    pub workloads: Vec<String>,
    /// A module of the user's, instead of workloads.
    pub own: Option<OwnModule>,
    /// Names of strategies; none for all.
    pub strategies: Vec<String>,
    /// The long run.
    pub full: bool,
    /// How many blocks, whatever they take.
    pub blocks: Option<u32>,
    /// How long, in seconds, about.
    pub seconds: Option<u64>,
    /// Timed runs of each strategy on each workload in each block.
    pub iterations: Option<u32>,
    /// In how many layouts.
    pub layouts: Option<u32>,
    /// Seed of all orders.
    pub seed: Option<u64>,
    /// Only a part of it.
    pub shard: Option<Shard>,
    /// Seconds without a sign of life after which a process is given up.
    pub timeout: Option<u64>,
    /// Folder of the run; one below [`runs_folder`](wasm_dispatch_record::runs_folder) otherwise.
    pub folder: Option<PathBuf>,
    /// Whether to keep progress to oneself.
    pub quiet: bool,
}

/// What came of a measurement.
#[derive(Debug)]
pub struct Measured {
    /// The folder of the run.
    pub folder: PathBuf,
    /// Its record.
    pub recording: Recording,
    /// Why there are not as many layouts as were asked for.
    pub note: Option<String>,
}

impl Measured {
    /// Whether everything did what it should.
    pub fn is_clean(&self) -> bool {
        self.recording.failures.is_empty() && self.recording.cut_short().is_none()
    }
}

/// What a run consists of if nothing else is asked for.
struct Defaults {
    kind: Kind,
    size: Size,
    iterations: u32,
    layouts: u32,
    seconds: u64,
    /// For each layout.
    min_blocks: u32,
    max_blocks: u32,
    timeout: u64,
}

const QUICK: Defaults = Defaults {
    kind: Kind::Quick,
    size: Size::Quick,
    iterations: 2,
    layouts: 1,
    seconds: 110,
    min_blocks: 5,
    max_blocks: 200,
    timeout: 120,
};

const FULL: Defaults = Defaults {
    kind: Kind::Full,
    size: Size::Full,
    iterations: 2,
    layouts: 8,
    seconds: 1800,
    min_blocks: 2,
    max_blocks: 10,
    timeout: 900,
};

impl Request {
    fn defaults(&self) -> &'static Defaults {
        if self.full { &FULL } else { &QUICK }
    }

    /// Names of the strategies that are asked for, in their usual order.
    ///
    /// # Errors
    ///
    /// If one is not known.
    pub fn strategies(&self) -> Result<Vec<String>, Error> {
        if let Some(unknown) = self.strategies.iter().find(|name| Entrant::named(name).is_none()) {
            return Err(Error::Asked(format!(
                "no strategy is called '{unknown}'; there are {}",
                Entrant::names()
            )));
        }
        let wanted = |name: &str| self.strategies.is_empty() || self.strategies.iter().any(|wanted| wanted == name);
        let names = Entrant::all().map(|entrant| entrant.name.to_owned());
        Ok(names.filter(|name| wanted(name)).collect())
    }

    /// The project's workloads that are asked for; the full run, or whoever names them, also gets the extra ones that have
    /// been built.
    ///
    /// # Errors
    ///
    /// If a manifest is bad, or a text means no workload.
    pub fn chosen_workloads(&self) -> Result<Vec<Workload>, Error> {
        let own = wasm_dispatch_workloads::all()?;
        if !self.full && self.workloads.is_empty() {
            return Ok(own);
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
        let strategies = self.strategies()?;
        all_positive(&[
            (self.blocks.map(u64::from), "blocks"),
            (self.iterations.map(u64::from), "iterations"),
            (self.layouts.map(u64::from), "layouts"),
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
            control: control_among(&strategies),
            strategies,
            size: defaults.size.name().to_owned(),
            iterations: self.iterations.unwrap_or(defaults.iterations),
            min_blocks: self.blocks.unwrap_or(defaults.min_blocks.saturating_mul(rounds)),
            max_blocks: self.blocks.unwrap_or(defaults.max_blocks.saturating_mul(rounds)),
            seconds: match self.blocks {
                Some(_) => None,
                None => Some(self.seconds.unwrap_or(defaults.seconds)),
            },
            timeout: self.timeout.unwrap_or(defaults.timeout),
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
        self.strategies()?;
        let chosen = match &self.own {
            Some(_) if !self.workloads.is_empty() => {
                return Err(Error::Asked("name workloads or a module, not both".to_owned()));
            }
            Some(_) => None,
            None => Some(self.chosen_workloads()?),
        };
        let mut run = Run::start(self.defaults().kind);
        let seed = self.seed.unwrap_or_else(seed_of_now);
        run.seed = Some(seed);
        if let Some(shard) = self.shard {
            run.id.push_str(&format!("-{}", shard.to_string().replace('/', "of")));
        }
        let folder = fresh_folder(self.folder.as_ref(), &run)?;
        let workloads = match (chosen, &self.own) {
            (Some(workloads), _) => workloads,
            (None, Some(own)) => {
                if !self.quiet {
                    eprintln!("Running {} twice, for what it must give ...", own.file.display());
                }
                vec![own.write(&folder)?]
            }
            (None, None) => Vec::new(),
        };
        let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
        let mut setup = self.setup(&names, &self.layouts())?;
        let mut note = None;
        let launchers = match launchers(&setup, self.quiet) {
            Ok(launchers) => launchers,
            Err(Unbuilt::Broken(error)) => return Err(error),
            Err(Unbuilt::OneLayout(why)) => {
                // A part of a matrix that does not exist cannot be put together with the others.
                if self.shard.is_some() {
                    return Err(Error::Worker(format!("no other layouts: {why}")));
                }
                let told = format!("one layout only, because the lab cannot be relinked here: {why}");
                if !self.quiet {
                    eprintln!("{told}");
                }
                note = Some(told);
                setup = self.setup(&names, &[None])?;
                vec![Launcher::this()?]
            }
        };
        if !self.quiet {
            eprintln!(
                "After an interruption: wasm-dispatch-lab bench --resume {}",
                folder.display()
            );
        }
        let order = Order {
            run: &run,
            folder: &folder,
            heads: &[],
            setup: &setup,
            workloads: &workloads,
            launchers: &launchers,
            quiet: self.quiet,
        };
        Ok(Measured {
            note,
            ..order.measure()?
        })
    }
}

/// Goes on with a run that was killed, by the same plan. Does nothing if it is complete.
///
/// # Errors
///
/// If it is no such run, or if the binaries are not those that it began with.
pub fn resume(folder: &Path, quiet: bool) -> Result<Measured, Error> {
    let recording = record::read(folder)?;
    let wrong = |what: &str| Error::Resume {
        path: recording.path.clone(),
        what: what.to_owned(),
    };
    let setup = (recording.setup.clone()).ok_or_else(|| wrong("it does not say what was asked for"))?;
    let seed = recording.run.seed.ok_or_else(|| wrong("it has no seed"))?;
    if !folder.is_dir() {
        return Err(wrong("name its folder"));
    }
    let workloads = match setup.own {
        true => wasm_dispatch_workloads::load_dir(&folder.join(own::FOLDER))?,
        false => wasm_dispatch_workloads::all_and_extra()?,
    };
    let launchers = match against::launchers(&recording, &setup, quiet) {
        Some(launchers) => launchers?,
        None => launchers(&setup, quiet).map_err(|error| match error {
            Unbuilt::Broken(error) => error,
            Unbuilt::OneLayout(why) => wrong(&why),
        })?,
    };
    for process in &recording.processes {
        let mut known = launchers.iter();
        if !known.any(|launcher| process.layout == launcher.layout && process.binary == launcher.binary) {
            return Err(wrong(
                "this binary is not the one that it began with (the lab has been rebuilt, or it was cargo bench), and times \
                 of different binaries are not to be mixed; start a new run",
            ));
        }
    }
    let supervisor = Supervisor {
        setup: &setup,
        seed,
        workloads: &workloads,
        launchers: &launchers,
        quiet,
    };
    let mut writer = Writer::resume(folder)?;
    supervisor.measure(&mut writer, Progressed::of(&recording))?;
    Ok(Measured {
        folder: folder.to_owned(),
        recording: record::read(folder)?,
        note: None,
    })
}

pub(crate) enum Unbuilt {
    /// There is only the binary as it is.
    OneLayout(String),
    /// Not even that.
    Broken(Error),
}

/// Binaries for all layouts of a setup.
pub(crate) fn launchers(setup: &Setup, quiet: bool) -> Result<Vec<Launcher>, Unbuilt> {
    let mut seeds: Vec<u64> = setup.parts.iter().filter_map(|part| part.layout).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut launchers = Vec::new();
    if setup.parts.iter().any(|part| part.layout.is_none()) {
        launchers.push(Launcher::this().map_err(Unbuilt::Broken)?);
    }
    if !seeds.is_empty() {
        if Entrant::some_are_from_outside() {
            let why = "strategies from outside are in this binary only".to_owned();
            return Err(Unbuilt::OneLayout(why));
        }
        if !quiet {
            eprintln!(
                "Linking the lab in {} layouts (compiles it first, if need be) ...",
                seeds.len()
            );
        }
        launchers.extend(layouts::launchers(&seeds).map_err(Unbuilt::OneLayout)?);
    }
    Ok(launchers)
}

/// The strategy that is enrolled a second time: our default, if it is there.
pub(crate) fn control_among(strategies: &[String]) -> Option<String> {
    let default = strategies.iter().find(|name| *name == Entrant::default().name);
    default.or(strategies.first()).cloned()
}

/// The seeds of so many layouts; one layout is the binary as it is.
pub(crate) fn layouts_of(count: u32) -> Vec<Option<u64>> {
    match count {
        0 | 1 => vec![None],
        // The same for everybody, so that a layout of one machine is the one of another with the same binary.
        count => (1..=u64::from(count)).map(Some).collect(),
    }
}

/// Two runs that start within the same second should not measure in the same order.
pub(crate) fn seed_of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = now.map_or(0, |since| since.as_nanos() as u64);
    let mut random = fastrand::Rng::with_seed(nanoseconds ^ u64::from(std::process::id()).rotate_left(48));
    // Short enough to be typed again.
    u64::from(random.u32(..))
}
