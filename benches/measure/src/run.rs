//! From a setup to a record: what all runs have in common.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use wasm_dispatch_engines::{Entrant, Size};
use wasm_dispatch_record::record::{self, Part, Recording, Row, Run, Setup, Writer};
use wasm_dispatch_record::{Lock, take_folder, visible};
use wasm_dispatch_workloads::Workload;

use crate::about;
use crate::error::Error;
use crate::layouts::Sources;
use crate::supervisor::{Launcher, Progressed, Supervisor};

/// Layouts that a run may have: each is a binary on the disk.
pub(crate) const MOST_LAYOUTS: i64 = 1_000;

/// How often kernels and generated programs are measured. Whatever is left out has its default.
#[derive(Args, Clone, Debug, Default)]
pub struct Repeats {
    /// Link the lab in N layouts and measure all of them [default: the lab as it is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=MOST_LAYOUTS))]
    pub layouts: Option<u32>,
    /// Timed runs in each process [default: 2]
    #[arg(long, value_name = "K")]
    pub iterations: Option<u32>,
    /// Seed of all random orders [default: the time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Whether to print no progress.
    #[arg(skip)]
    pub quiet: bool,
}

impl Repeats {
    /// Nothing can be measured zero times, and by no process.
    pub(crate) fn check(&self, processes: Option<u32>) -> Result<(), Error> {
        all_positive(&[
            (processes.map(u64::from), "processes"),
            (self.iterations.map(u64::from), "iterations"),
            (self.layouts.map(u64::from), "layouts"),
        ])
    }

    /// The seeds of the layouts.
    pub(crate) fn layouts(&self) -> Vec<Option<u64>> {
        layouts_of(self.layouts.unwrap_or(1))
    }

    pub(crate) fn iterations(&self) -> u32 {
        self.iterations.unwrap_or(2)
    }

    /// Measures workloads that are in the run's folder.
    pub(crate) fn measure(
        &self,
        setup: &Setup,
        workloads: &[Workload],
        run: &Run,
        folder: &Path,
    ) -> Result<Measured, Error> {
        let supervisor = Supervisor {
            setup,
            seed: self.seed.unwrap_or_else(seed_of_now),
            workloads,
            launchers: &launchers(setup, self.quiet)?,
            quiet: self.quiet,
        };
        measure(&supervisor, run, folder, &[])
    }
}

/// What came of a measurement.
#[derive(Debug)]
pub struct Measured {
    /// The folder of the run.
    pub folder: PathBuf,
    /// Its record.
    pub recording: Recording,
}

impl Measured {
    /// What the record in a folder says.
    pub(crate) fn read(folder: &Path) -> Result<Measured, Error> {
        Ok(Measured {
            folder: folder.to_owned(),
            recording: record::read(folder)?,
        })
    }

    /// Whether everything did what it should.
    pub fn is_clean(&self) -> bool {
        self.recording.failures.is_empty() && self.recording.cut_short().is_none()
    }
}

/// A setup of as many blocks of each part as there are to be processes, of workloads that are in the run's folder.
pub fn setup(parts: Vec<Part>, strategies: Vec<String>, processes: u32, iterations: u32) -> Setup {
    let blocks = processes.saturating_mul(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    Setup {
        parts,
        strategies,
        size: Size::Quick.name().to_owned(),
        iterations,
        min_blocks: blocks,
        max_blocks: blocks,
        timeout: 120,
        own: true,
        ..Setup::default()
    }
}

/// Nothing can be measured zero times: an error if one of the numbers is zero.
pub(crate) fn all_positive(numbers: &[(Option<u64>, &str)]) -> Result<(), Error> {
    match numbers.iter().find(|(number, _)| *number == Some(0)) {
        Some((_, what)) => Err(Error::Asked(format!("--{what} must be at least 1"))),
        None => Ok(()),
    }
}

/// The folder of a new run, the one asked for or one of its own, and the right to write into it.
///
/// # Errors
///
/// If there is a run in the one asked for, or one that is being written; or if none can be made.
pub fn fresh_folder(asked: Option<&PathBuf>, run: &mut Run) -> Result<(PathBuf, Lock), Error> {
    let Some(folder) = asked else {
        let folder = take_folder(run)?;
        let lock = Lock::take(&folder)?;
        return Ok((folder, lock));
    };
    let path = folder.join(record::FILE_NAME);
    let is_free = || match path.exists() {
        true => Err(wasm_dispatch_record::Error::RunExists(path.clone())),
        false => Ok(()),
    };
    // Before, so that nothing is written to a run that is there; and after, in case another has just ended.
    is_free()?;
    let lock = Lock::take(folder)?;
    is_free()?;
    Ok((folder.clone(), lock))
}

/// Begins a record, and measures into it until it is complete. `heads` stand at its beginning.
///
/// # Errors
///
/// When the record cannot be written, or when workers cannot be started, or end without saying what they did.
pub fn measure(supervisor: &Supervisor<'_>, run: &Run, folder: &Path, heads: &[Row]) -> Result<Measured, Error> {
    let run = Run {
        seed: Some(supervisor.seed),
        ..run.clone()
    };
    let mut writer = Writer::create(folder, &run)?;
    writer.write_all(heads)?;
    writer.write_all(&about::rows(supervisor))?;
    writer.write(supervisor.setup.clone())?;
    if !supervisor.quiet {
        eprintln!("Raw data: {}", shown(writer.path()));
    }
    supervisor.measure(&mut writer, Progressed::default())?;
    Measured::read(folder)
}

/// Names of the strategies that are asked for, in their usual order; all of them if none is. An error if one is not known.
pub(crate) fn strategies(asked: &[String]) -> Result<Vec<String>, Error> {
    for name in asked {
        name.parse::<Entrant>().map_err(Error::Asked)?;
    }
    let names = Entrant::all().map(|entrant| entrant.name.to_owned());
    Ok(names.filter(|name| asked.is_empty() || asked.contains(name)).collect())
}

/// Binaries for all layouts of a setup.
pub(crate) fn launchers(setup: &Setup, quiet: bool) -> Result<Vec<Launcher>, Error> {
    launchers_of(Sources::own(), setup, quiet)
}

/// Binaries of these sources for all layouts of a setup; the running one where none is asked for.
///
/// # Errors
///
/// If they cannot be linked.
pub fn launchers_of(sources: Result<Sources, String>, setup: &Setup, quiet: bool) -> Result<Vec<Launcher>, Error> {
    let mut seeds: Vec<u64> = setup.parts.iter().filter_map(|part| part.layout).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut launchers = Vec::new();
    if setup.parts.iter().any(|part| part.layout.is_none()) {
        launchers.push(Launcher::this()?);
    }
    if !seeds.is_empty() {
        if Entrant::some_are_from_outside() {
            let why = "strategies from outside are in this binary only";
            return Err(Error::OneLayout(why.to_owned()));
        }
        if !quiet {
            let count = seeds.len();
            eprintln!("Linking the lab in {count} layouts (compiles it first, if need be) ...");
        }
        let linked = sources.and_then(|sources| sources.link_all(&seeds));
        for (&seed, binary) in seeds.iter().zip(linked.map_err(Error::OneLayout)?) {
            launchers.push(Launcher::of(Some(seed), binary)?);
        }
    }
    Ok(launchers)
}

/// A path as it may be shown.
pub(crate) fn shown(path: &Path) -> String {
    visible::line(&path.to_string_lossy()).into_owned()
}

/// The strategy that is enrolled a second time: our default, if it is there.
pub(crate) fn control_among(strategies: &[String]) -> Option<String> {
    let default = strategies.iter().find(|name| *name == Entrant::default().name);
    default.or(strategies.first()).cloned()
}

/// The seeds of this number of layouts; one layout is the binary as it is.
pub fn layouts_of(count: u32) -> Vec<Option<u64>> {
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
