//! How a strategy's speed changes when something grows: code, call depth, instances, memory.
//!
//! For each value of each [`Axis`] a program is [made](crate::generated) of which only that grows, and which executes about
//! as many instructions as the others. Every value has processes of its own, which take turns in random order like the
//! blocks of any other run; the record is one like any other, with a [file](wasm_dispatch_record::growth) beside it that
//! says what each workload is.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_record::growth::{self, Axis, Point};
use wasm_dispatch_record::record::{Kind, Run, Setup};

use crate::error::Error;
use crate::generated::{self, Generated, code, depth, memory};
use crate::run::{Measured, Repeats, all_positive, control_among, fresh_folder, setup, strategies};
use crate::shards::apart;

/// What to measure. Whatever is left out is as the quick run has it, or the full one.
#[derive(Args, Clone, Debug, Default)]
pub struct Request {
    /// What grows; none for everything.
    #[arg(skip)]
    pub axes: Vec<Axis>,
    /// Only these strategies
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub strategies: Vec<String>,
    /// The long run: more and larger values, more processes
    #[arg(long)]
    pub full: bool,
    /// Leave out values above N
    #[arg(long, value_name = "N")]
    pub largest: Option<u64>,
    /// About how many instructions a timed run executes [default: 4 million; 20 million with --full]
    #[arg(long, value_name = "N")]
    pub instructions: Option<u64>,
    /// Processes for each value [default: 3; 8 with --full]
    #[arg(long, value_name = "N")]
    pub processes: Option<u32>,
    /// How often, and in which order.
    #[command(flatten)]
    pub repeats: Repeats,
    /// Give up on a process that is silent for this long [default: 600]
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Folder of the run [default: target/wasm-dispatch/growth-DATE-TIME-KIND]
    #[arg(short = 'o', long = "out", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Instructions of a timed run: some milliseconds under the fastest strategy, and some tens of them.
const INSTRUCTIONS: [u64; 2] = [4_000_000, 20_000_000];

const PROCESSES: [u32; 2] = [3, 8];

const TIMEOUT: u64 = 600;

/// Code in use where the rest of the code grows.
const HOT: u64 = 1024;

/// Memory in use in each of several instances.
const OF_AN_INSTANCE: u64 = 4096;

/// Instructions of a call where instances take turns.
const OF_A_CALL: u64 = 500;

/// Memory in use in each of several machines.
const OF_A_MACHINE: u64 = 64 << 10;

/// Instructions of a call where machines take turns: some tens of microseconds.
const OF_A_REQUEST: u64 = 20_000;

/// The values of an axis, smallest first: the endpoints of the quick run are where caches are full, those of the full run
/// are a factor of two apart.
pub fn values(axis: Axis, full: bool) -> Vec<u64> {
    let (from, to, quick_step) = match axis {
        Axis::HotCode | Axis::ColdCode => (1 << 10, 1 << 20, 4),
        Axis::CallDepth => (1, 1 << 15, 8),
        Axis::Instances => (1, 512, 8),
        Axis::Memory => (1 << 12, 16 << 20, 8),
        Axis::Machines => (1, 64, 4),
        Axis::MachinesOnTwo => (2, 64, 4),
    };
    let (to, step, last) = match (full, axis) {
        (false, Axis::MachinesOnTwo) => (to, quick_step, Some(64)),
        (false, _) => (to, quick_step, None),
        (true, Axis::Machines | Axis::MachinesOnTwo) => (to, 2, None),
        (true, Axis::HotCode | Axis::ColdCode) => (8 << 20, 2, Some(10_000_000)),
        (true, Axis::CallDepth) => (to, 2, Some(60_000)),
        (true, Axis::Instances) => (4096, 2, None),
        (true, Axis::Memory) => (256 << 20, 4, None),
    };
    let powers = std::iter::successors(Some(from), move |&value| Some(value * step));
    powers.take_while(|&value| value <= to).chain(last).collect()
}

/// The program of a point.
pub fn program(axis: Axis, value: u64, instructions: u64) -> Generated {
    let name = format!("{}_{value}", axis.name());
    match axis {
        Axis::HotCode => code::code(&name, value, value, instructions),
        Axis::ColdCode => code::code(&name, value, HOT, instructions),
        Axis::CallDepth => depth::depth(&name, value, instructions),
        Axis::Instances => {
            let instances = u32::try_from(value).unwrap_or(u32::MAX);
            memory::memory(&name, OF_AN_INSTANCE, instances, OF_A_CALL, instructions)
        }
        Axis::Memory => memory::memory(&name, value, 1, instructions, instructions),
        Axis::Machines | Axis::MachinesOnTwo => {
            let machines = u32::try_from(value).unwrap_or(u32::MAX);
            // Each machine is called twice at least.
            let request = OF_A_REQUEST.min(instructions / value.saturating_mul(2).max(1));
            Generated {
                threads: if axis == Axis::Machines { 1 } else { 2 },
                ..memory::memory(&name, OF_A_MACHINE, machines, request, instructions)
            }
        }
    }
}

impl Request {
    /// The points that are asked for; an error if none is left.
    fn programs(&self) -> Result<Vec<(Axis, u64, Generated)>, Error> {
        let instructions = self.instructions.unwrap_or(INSTRUCTIONS[usize::from(self.full)]);
        let mut axes = self.axes.clone();
        if axes.is_empty() {
            axes.extend(Axis::ALL);
        }
        let wanted = |value: &u64| self.largest.is_none_or(|largest| *value <= largest);
        let mut programs = Vec::new();
        for axis in Axis::ALL.into_iter().filter(|axis| axes.contains(axis)) {
            let values = values(axis, self.full).into_iter().filter(wanted);
            programs.extend(values.map(|value| (axis, value, program(axis, value, instructions))));
        }
        match programs.is_empty() {
            true => Err(Error::Asked("nothing that grows has a value that small".to_owned())),
            false => Ok(programs),
        }
    }

    /// Measures.
    ///
    /// # Errors
    ///
    /// When what is asked for makes no sense or cannot be started. That a strategy fails is a row of the record.
    pub fn run(&self) -> Result<Measured, Error> {
        let strategies = strategies(&self.strategies)?;
        let (repeats, processes) = (
            &self.repeats,
            self.processes.unwrap_or(PROCESSES[usize::from(self.full)]),
        );
        repeats.check(self.processes)?;
        all_positive(&[(self.instructions, "instructions")])?;
        let mut run = Run::start(if self.full { Kind::Full } else { Kind::Quick });
        run.id.insert_str(0, growth::PREFIX);
        let (folder, _lock) = fresh_folder(self.folder.as_ref(), &mut run)?;
        if !repeats.quiet {
            eprintln!("Making programs and counting their instructions ...");
        }
        let (mut points, mut programs) = (Vec::new(), Vec::new());
        for (axis, value, program) in self.programs()? {
            points.push(Point {
                axis,
                value,
                workload: program.name.clone(),
                wasm_bytes: program.wasm.len() as u64,
                instructions: program.instructions()?,
            });
            programs.push(program);
        }
        let workloads = generated::write_all(&programs, &folder)?;
        drop(programs);
        growth::write(&folder, &points)?;
        let names: Vec<String> = points.into_iter().map(|point| point.workload).collect();
        let parts = apart(&repeats.layouts(), &names);
        let setup = Setup {
            control: control_among(&strategies),
            timeout: self.timeout.unwrap_or(TIMEOUT),
            ..setup(parts, strategies, processes, repeats.iterations())
        };
        repeats.measure(&setup, &workloads, &run, &folder)
    }
}
