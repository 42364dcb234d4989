//! What a cost model is made of: counts of what workloads execute, and times of kernels.
//!
//! A [tally](crate::tally) says how often each block of a program runs; every strategy says how often it
//! [dispatches](wasm_dispatch::Strategy::dispatches) in each block; and what a block [works](work) is the same for all of
//! them. The kernels are measured like any workload, and counted like one, so that what a dispatch takes is their time
//! divided by their dispatches.

pub mod work;

use std::path::Path;

use clap::Args;
use wasm_dispatch_record::cost::{self, Executed, FOLDER, Kernel, Work};
use wasm_dispatch_record::record::{self, Kind, Recording, Run};
use wasm_dispatch_record::{Lock, Progress, folder_of};
use wasm_dispatch_workloads::{Class, Workload};

use crate::error::Error;
use crate::generated::{self, straight};
use crate::run::{Repeats, setup};
use crate::shards::matrix;
use crate::tally::tally;
use wasm_dispatch_engines::own;
use wasm_dispatch_engines::{Entrant, Size};
use work::BlockWork;

/// How to measure the kernels. Whatever is left out is as usual.
#[derive(Args, Clone, Debug, Default)]
pub struct Request {
    /// Processes that measure the kernels [default: 10]
    #[arg(long, value_name = "N")]
    pub processes: Option<u32>,
    /// Statements of a timed run of a kernel, about [default: 2 million]
    #[arg(long, value_name = "N")]
    pub statements: Option<u64>,
    /// How often, and in which order.
    #[command(flatten)]
    pub repeats: Repeats,
}

/// Some milliseconds under the fastest strategy.
const STATEMENTS: u64 = 2_000_000;

const PROCESSES: u32 = 10;

/// What a run of a workload executes.
///
/// # Errors
///
/// If it does not run, or does not give what it should.
pub fn executed(
    workload: &Workload,
    size: Size,
    strategies: &[Entrant],
    kernel: Option<Kernel>,
) -> Result<Executed, String> {
    let name = |strategy: &Entrant| strategy.name.to_owned();
    let mut executed = Executed {
        workload: workload.name().to_owned(),
        class: workload.class().name().to_owned(),
        kernel,
        size: size.name().to_owned(),
        nodes: 0,
        work: Work::ALL.into_iter().map(|work| (work, 0)).collect(),
        dispatches: strategies.iter().map(name).map(|name| (name, 0)).collect(),
    };
    // What a module imports may be another instance's.
    let imports = match workload.beside() {
        [] => Work::Host,
        _ => Work::Call,
    };
    for function in tally(workload, size.of(workload))? {
        let runs: Vec<u64> = function.runs().collect();
        for (block, &runs) in (0..).zip(&runs).filter(|(_, runs)| **runs > 0) {
            let BlockWork { nodes, work } = BlockWork::of(&function.body, block);
            executed.nodes += nodes * runs;
            for (kind, times) in work {
                let kind = if kind == Work::Host { imports } else { kind };
                *executed.work.entry(kind).or_default() += times * runs;
            }
        }
        for strategy in strategies {
            let blocks = strategy.dispatches(&function.body).into_iter().zip(&runs);
            let dispatches = blocks.map(|(of_one, runs)| u64::from(of_one) * runs);
            *executed.dispatches.entry(name(strategy)).or_default() += dispatches.sum::<u64>();
        }
    }
    Ok(executed)
}

/// The workloads that a run measured, as far as a model of running is about them: what mostly loads and compiles is not.
fn workloads_of(recording: &Recording, folder: &Path) -> Result<Vec<Workload>, Error> {
    let is_own = recording.setup.as_ref().is_some_and(|setup| setup.own);
    let known = match is_own {
        true => wasm_dispatch_workloads::load_dir(&folder.join(own::FOLDER))?,
        false => wasm_dispatch_workloads::all_and_extra()?,
    };
    let is_measured = |workload: &Workload| {
        let mut samples = recording.samples.iter();
        workload.class() != Class::Startup && samples.any(|sample| sample.workload == workload.name())
    };
    let workloads: Vec<Workload> = known.into_iter().filter(is_measured).collect();
    match workloads.is_empty() {
        true => Err(Error::Asked(format!(
            "{} has no workload that a cost model could explain",
            recording.path.display()
        ))),
        false => Ok(workloads),
    }
}

/// Counts what the workloads of a run execute, measures the kernels, and writes both into the folder [`FOLDER`] of the run.
///
/// # Errors
///
/// If it is no run of this project's strategies, if something cannot be written or started, or if a program does not do
/// what it should.
pub fn measure(run: &Path, request: &Request) -> Result<(), Error> {
    let recording = record::read(run)?;
    let folder = folder_of(run);
    let into = folder.join(FOLDER);
    let size = recording.setup.as_ref().map(|setup| setup.size.as_str());
    let size = size.and_then(Size::named).unwrap_or(match recording.run.kind {
        Kind::Full => Size::Full,
        _ => Size::Quick,
    });
    let is_measured = |entrant: &Entrant| recording.samples.iter().any(|sample| sample.strategy == entrant.name);
    let strategies: Vec<Entrant> = Entrant::all().filter(is_measured).collect();
    if strategies.is_empty() {
        return Err(Error::Asked(format!(
            "{} has no times of this build's strategies",
            recording.path.display()
        )));
    }
    let workloads = workloads_of(&recording, &folder)?;

    let _lock = Lock::take(&into)?;
    let statements = request.statements.unwrap_or(STATEMENTS);
    let kernels = Kernel::ALL.map(|kernel| straight::kernel(kernel, statements));
    let kernel_workloads = generated::write_all(&kernels, &into)?;
    let mut progress = Progress::new(workloads.len() + kernels.len(), request.repeats.quiet);
    let mut counts = Vec::new();
    let of_run = workloads.iter().map(|workload| (workload, size, None));
    let of_kernels = kernel_workloads.iter().zip(Kernel::ALL);
    let of_kernels = of_kernels.map(|(workload, kernel)| (workload, Size::Quick, Some(kernel)));
    for (workload, size, kernel) in of_run.chain(of_kernels) {
        progress.begin(&format!("counting: {}", workload.name()));
        let counted = executed(workload, size, &strategies, kernel);
        counts.push(counted.map_err(|what| own::Error {
            path: workload.file().to_owned(),
            what,
        })?);
        progress.finish_step();
    }
    progress.finish();
    // Kernels first: where the counts are found, everything is there.
    measure_kernels(&into, &kernel_workloads, &strategies, request)?;
    cost::write(&into, &counts)?;
    Ok(())
}

fn measure_kernels(
    folder: &Path,
    kernels: &[Workload],
    strategies: &[Entrant],
    request: &Request,
) -> Result<(), Error> {
    let repeats = &request.repeats;
    repeats.check(request.processes)?;
    let names: Vec<String> = kernels.iter().map(|kernel| kernel.name().to_owned()).collect();
    let parts = matrix(&repeats.layouts(), &names);
    let names = strategies.iter().map(|strategy| strategy.name.to_owned()).collect();
    let processes = request.processes.unwrap_or(PROCESSES);
    let setup = setup(parts, names, processes, repeats.iterations());
    let mut run = Run::start(Kind::Quick);
    run.id.insert_str(0, "cost-");
    // Times of before are not mixed with those of now.
    let samples = folder.join(record::FILE_NAME);
    if samples.exists() {
        std::fs::remove_file(&samples).map_err(Error::io(&samples))?;
    }
    repeats.measure(&setup, kernels, &run, folder).map(|_| ())
}
