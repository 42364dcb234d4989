//! A made-up machine with engines of known times, which writes the records that a measurement would.

use std::path::{Path, PathBuf};

use super::random::Random;
use wasm_dispatch_report::record::{
    self, BlockEnd, Control, Kind, Phase, Plan, Process, Program, Recording, Row, Size, Traits, Writer,
};
use wasm_dispatch_report::summary::{Summary, summarise};

/// What is measured, what the machine is like, and what goes wrong.
#[derive(Clone)]
pub struct World {
    pub id: String,
    pub kind: Kind,
    pub cpu: &'static str,
    pub revision: &'static str,
    pub size: &'static str,
    pub layouts: u32,
    /// Processes of each layout.
    pub processes: u32,
    pub workloads: usize,
    /// Strategies by name, and how long they take.
    pub strategies: Vec<(&'static str, f64)>,
    /// What a layout adds to the logarithm of the last strategy's times, by the state that it is in; a quarter of layouts each.
    pub states: [f64; 4],
    /// Standard deviations of logarithms: of a process for each strategy, of a run.
    pub of_process: f64,
    pub of_run: f64,
    /// Programs differ: standard deviation of the last strategy's logarithm.
    pub of_program: f64,
    /// What the control takes by its strategy, by number of the workload.
    pub control: fn(usize) -> f64,
    /// Whether every strategy has a control.
    pub controls_all: bool,
    /// Share of stolen time, by number of the process.
    pub steal: fn(u32) -> f64,
    pub conditions_known: bool,
    /// What the last strategy takes more, from 0 at the beginning to 1 at the end of the run.
    pub drift: f64,
    /// The same for all strategies.
    pub slowdown: f64,
    /// Layouts in which the last strategy takes that much longer: a number of them, and a factor.
    pub slow_layouts: (u32, f64),
    /// The same of single processes: share, and factor.
    pub slow_processes: (f64, f64),
    /// From this process on, the clock has been set back.
    pub clock_back: Option<u32>,
    /// Bytes of compiled code for each byte of a module, by numbers of the strategy and the workload; 0 if they are not known.
    pub code: fn(usize, usize) -> u64,
}

/// Nothing goes wrong, and there is enough of everything.
pub fn good() -> World {
    World {
        id: "20260102-030405-full".to_owned(),
        kind: Kind::Full,
        cpu: "Intel(R) Example",
        revision: "0123abc",
        size: "full",
        layouts: 24,
        processes: 2,
        workloads: 10,
        strategies: vec![("fast", 1.0), ("slow", 1.5)],
        states: [0.0, 0.01, 0.02, 0.04],
        of_process: 0.004,
        of_run: 0.004,
        of_program: 0.0,
        control: |_| 1.0,
        controls_all: true,
        steal: |_| 0.0,
        conditions_known: true,
        drift: 0.0,
        slowdown: 0.0,
        slow_layouts: (0, 1.0),
        slow_processes: (0.0, 1.0),
        clock_back: None,
        code: |_, _| 0,
    }
}

pub fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

impl World {
    /// Writes what is measured into a new folder below `runs`, named by its id.
    pub fn measure(&self, runs: &Path, seed: u64) -> PathBuf {
        let mut random = Random::new(seed);
        let mut run = super::header();
        (run.id, run.kind) = (self.id.clone(), self.kind);
        (run.fingerprint.cpu, run.fingerprint.revision) = (self.cpu.to_owned(), self.revision.to_owned());
        let folder = runs.join(&run.id);
        let mut writer = Writer::create(&folder, &run).unwrap();
        let controls = self
            .strategies
            .iter()
            .take(if self.controls_all { usize::MAX } else { 1 });
        let controls: Vec<&str> = controls.map(|(name, _)| *name).collect();
        let mut heads: Vec<Row> = (controls.iter())
            .map(|name| {
                Row::Control(Control {
                    name: format!("{name}#2"),
                    of: (*name).to_owned(),
                })
            })
            .collect();
        heads.extend(self.strategies.iter().map(|(name, _)| {
            Row::Traits(Traits {
                strategy: (*name).to_owned(),
                safe: *name != "fast",
                executable: *name == "compiled",
                control_of: None,
            })
        }));
        heads.extend((0..self.workloads).map(|number| {
            Row::Program(Program {
                workload: format!("w{number}"),
                sha256: format!("{number:02x}"),
                size: self.size.to_owned(),
                run: String::new(),
            })
        }));
        for workload in 0..self.workloads {
            let bytes = if workload == 0 { 1_000_000 } else { 1_000 };
            let known = (0..self.strategies.len()).filter(|&strategy| (self.code)(strategy, workload) > 0);
            heads.extend(known.map(|strategy| {
                Row::Size(Size {
                    workload: format!("w{workload}"),
                    strategy: self.strategies[strategy].0.to_owned(),
                    wasm_bytes: bytes,
                    code_bytes: bytes * (self.code)(strategy, workload),
                })
            }));
        }
        let blocks = self.layouts * self.processes;
        heads.push(Row::Plan(Plan { blocks }));
        writer.write_all(&heads).unwrap();
        let of_layouts: Vec<f64> = (0..self.layouts)
            .map(|layout| {
                let slow = layout < self.slow_layouts.0;
                self.states[random.below(4)] + if slow { self.slow_layouts.1.ln() } else { 0.0 }
            })
            .collect();
        let of_programs: Vec<f64> = (0..self.workloads)
            .map(|_| self.of_program * normal(&mut random))
            .collect();
        let last = self.strategies.len() - 1;
        for block in 0..blocks {
            // Layouts take turns in random order, as in a real run.
            let layout = (block * 7 + 3 * (block / self.layouts)) % self.layouts;
            let progress = f64::from(block) / f64::from(blocks.max(2) - 1);
            let of_process: Vec<f64> = self
                .strategies
                .iter()
                .map(|_| self.of_process * normal(&mut random))
                .collect();
            let slow_process = if random.unit() < self.slow_processes.0 {
                self.slow_processes.1.ln()
            } else {
                0.0
            };
            let mut rows = Vec::new();
            for (workload, of_program) in of_programs.iter().enumerate() {
                for (index, (strategy, factor)) in self.strategies.iter().enumerate() {
                    let mut log = (1e6 * factor).ln() + of_process[index] + self.slowdown * progress;
                    if index == last {
                        let of_layout = of_layouts[layout as usize];
                        log += of_layout + slow_process + self.drift * progress + of_program;
                    }
                    let mut add = |name: String, log: f64| {
                        let time = (log + self.of_run * normal(&mut random)).exp();
                        let class = if workload % 2 == 0 { "even" } else { "odd" };
                        let mut sample = super::sample(&format!("w{workload}"), class, &name, Phase::Execute, time);
                        (sample.layout, sample.process, sample.block) =
                            (Some(u64::from(layout) + 1), Some(block), Some(block));
                        rows.push(Row::Sample(sample));
                    };
                    add((*strategy).to_owned(), log);
                    // Controls take turns, a block each.
                    if controls.get(block as usize % controls.len()) == Some(strategy) {
                        add(format!("{strategy}#2"), log + (self.control)(workload).ln());
                    }
                }
            }
            let back = self.clock_back.is_some_and(|from| block >= from);
            let known = self.conditions_known;
            rows.push(Row::Process(Process {
                process: block,
                block: Some(block),
                layout: Some(u64::from(layout) + 1),
                started: run.started + 60 * u64::from(block) - if back { 3600 } else { 0 },
                seed: 1,
                binary: format!("{layout:02x}{}", self.cpu.len()),
                wall_nanoseconds: 100_000_000,
                cpu_nanoseconds: known.then(|| (99_500_000.0 * (1.0 - (self.steal)(block))) as u64),
                steal: known.then(|| (self.steal)(block)),
                ..Process::default()
            }));
            rows.push(Row::BlockEnd(BlockEnd { block }));
            writer.write_all(&rows).unwrap();
        }
        folder
    }

    /// The record of a measurement.
    pub fn recording(&self, seed: u64) -> Recording {
        let folder = tempfile::tempdir().unwrap();
        record::read(&self.measure(folder.path(), seed)).unwrap()
    }

    /// What is said of it.
    pub fn summary(&self, seed: u64) -> Summary {
        summarise(&self.recording(seed))
    }
}
