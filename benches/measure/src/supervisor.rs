//! Starts a fresh process for every block, listens to it, and writes blocks into the record when they are complete.
//!
//! Whatever kills the supervisor costs at most a block. A worker that crashes or hangs costs nothing but its time: what it
//! was about to do becomes a failure, and the block is measured again without that.
//!
//! The supervisor shares the machine with what is measured: while a worker measures, it wakes up twenty times a second and
//! does next to nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wasm_dispatch_record::record::{
    Control, EVERY_STRATEGY, Failure, Part, Phase, Plan, Recording, Row, Setup, Writer,
};
use wasm_dispatch_record::{Progress, Side, file_hash};
use wasm_dispatch_workloads::Workload;

use crate::error::Error;
use crate::worker::{Cell, Job, Said, VARIABLE};
use wasm_dispatch_engines::Size;

/// How to start a worker of one layout.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// Seed of the layout; none for the binary as it was linked.
    pub layout: Option<u64>,
    /// What it is measured as, in a run that compares builds. There, launchers of one layout take turns within a block.
    pub side: Option<Side>,
    /// The binary.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// SHA-256 of the binary.
    pub binary: String,
}

impl Launcher {
    /// A worker of the binary that is running.
    ///
    /// # Errors
    ///
    /// If it cannot be found or read.
    pub fn this() -> Result<Launcher, Error> {
        // Stays the same binary even if its file is replaced meanwhile, as a build does.
        let alive = PathBuf::from("/proc/self/exe");
        let program = match alive.exists() {
            true => alive,
            false => std::env::current_exe().map_err(Error::io(Path::new("the running program")))?,
        };
        Launcher::of(None, program)
    }

    /// A worker of another binary.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(layout: Option<u64>, program: PathBuf) -> Result<Launcher, Error> {
        let binary = file_hash(&program)
            .ok_or_else(|| Error::Worker(format!("the binary {} cannot be read", program.display())))?;
        Ok(Launcher {
            layout,
            side: None,
            program,
            arguments: Vec::new(),
            binary,
        })
    }

    /// A strategy's name in the record.
    fn name_of(&self, strategy: &str) -> String {
        self.side.map_or(strategy.to_owned(), |side| side.of(strategy))
    }

    /// What this binary calls what the record calls so; none if it is another side's.
    fn own(&self, cell: &Cell) -> Option<Cell> {
        let strategy = match (self.side, Side::split(&cell.strategy)) {
            (None, _) => Some(cell.strategy.as_str()),
            (Some(own), Some((strategy, side))) => (side == own).then_some(strategy),
            (Some(_), None) => None,
        };
        Some(Cell::new(&cell.workload, strategy?))
    }

    /// What the record calls what this binary says.
    fn tag(&self, rows: &mut [Row], number: u32) {
        for row in rows {
            match row {
                Row::Sample(sample) => {
                    sample.strategy = self.name_of(&sample.strategy);
                    sample.process = Some(number);
                }
                Row::Failure(failure) => failure.strategy = self.name_of(&failure.strategy),
                Row::Size(size) => size.strategy = self.name_of(&size.strategy),
                Row::Process(process) => process.process = number,
                _ => {}
            }
        }
    }
}

/// What there is of a run already.
#[derive(Clone, Debug, Default)]
pub struct Progressed {
    /// Complete blocks.
    pub blocks: u32,
    /// What failed.
    pub failed: BTreeSet<Cell>,
    /// Cells for which the size of code is known.
    sized: BTreeSet<Cell>,
    /// What the blocks took.
    spent: Duration,
}

impl Progressed {
    /// As far as a run has come.
    pub fn of(recording: &Recording) -> Progressed {
        let failed = recording.failures.iter();
        let sized = recording.sizes.iter();
        let nanoseconds = recording.processes.iter().map(|process| process.wall_nanoseconds);
        let failed = failed.map(|failure| Cell::new(&failure.workload, &failure.strategy));
        let sized = sized.map(|size| Cell::new(&size.workload, &size.strategy));
        Progressed {
            blocks: recording.finished_blocks,
            failed: failed.collect(),
            sized: sized.collect(),
            spent: Duration::from_nanos(nanoseconds.fold(0, u64::saturating_add)),
        }
    }
}

/// A run with all that is needed to measure it.
pub struct Supervisor<'a> {
    /// What to measure.
    pub setup: &'a Setup,
    /// Seed of all orders.
    pub seed: u64,
    /// The workloads that the setup names.
    pub workloads: &'a [Workload],
    /// A binary for each layout that the setup names.
    pub launchers: &'a [Launcher],
    /// Whether to print no progress.
    pub quiet: bool,
}

/// Starting, loading and compiling are timed in this many blocks, where they are timed at all: they differ little, and each of
/// them is as many rows of the record as running.
const COLD_BLOCKS: u32 = 16;

/// In so many blocks each strategy is measured against itself at least, where strategies take turns in that and the run has as
/// many layouts: with fewer, a control could not have seen the differences that are claimed.
const CONTROL_BLOCKS: usize = 8;

/// The name under which a strategy is enrolled a second time.
pub fn control_of(strategy: &str) -> Control {
    Control {
        name: format!("{strategy}#2"),
        of: strategy.to_owned(),
    }
}

/// A number for every block, or round, of a run: it decides an order.
fn seed_of(seed: u64, purpose: u64, number: u32) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed ^ purpose.rotate_left(32) ^ u64::from(number).rotate_left(16));
    // Short, so that no reader of JSON rounds it.
    u64::from(random.u32(..))
}

impl Supervisor<'_> {
    /// Measures what is missing and returns how far the run has come then.
    ///
    /// # Errors
    ///
    /// When the record cannot be written, or when workers cannot be started, or end without saying what they did.
    pub fn measure(&self, writer: &mut Writer, mut so_far: Progressed) -> Result<Progressed, Error> {
        let mut planned = self.blocks(&so_far);
        writer.write(Plan { blocks: planned })?;
        let mut progress = Progress::new(0, self.quiet);
        let begun_with = so_far.blocks;
        progress.set_total(planned.saturating_sub(begun_with) as usize);
        while so_far.blocks < planned && self.something_is_left(&so_far) {
            let block = so_far.blocks;
            let begun = Instant::now();
            let part = self.part(block)?;
            let label = match part.layout {
                Some(layout) => format!("block {} of {planned}, layout {layout}", block + 1),
                None => format!("block {} of {planned}", block + 1),
            };
            progress.begin(&label);
            let rows = self.block(block, part, &mut so_far, writer, |cell| {
                progress.detail(&format!("{label}: {}", cell.workload));
            })?;
            writer.block(&rows, block)?;
            so_far.blocks += 1;
            so_far.spent += begun.elapsed();
            progress.finish_step();
            let better = self.blocks(&so_far);
            if better != planned {
                planned = better;
                progress.set_total(planned.saturating_sub(begun_with) as usize);
                writer.write(Plan { blocks: planned })?;
            }
        }
        if so_far.blocks < planned {
            // Everything has failed: there is nothing to wait for.
            writer.write(Plan { blocks: so_far.blocks })?;
        }
        progress.finish();
        Ok(so_far)
    }

    /// How many blocks there will be. Every layout has as many as the others.
    fn blocks(&self, so_far: &Progressed) -> u32 {
        let setup = self.setup;
        let blocks = match setup.seconds {
            None => setup.max_blocks,
            Some(_) if so_far.blocks == 0 => setup.min_blocks,
            Some(seconds) => {
                let left = Duration::from_secs(seconds).saturating_sub(so_far.spent);
                let of_one = (so_far.spent / so_far.blocks).max(Duration::from_micros(1));
                // A conversion to integer is clamped.
                let more = (left.as_secs_f64() / of_one.as_secs_f64()).round() as u32;
                let blocks = so_far.blocks.saturating_add(more);
                blocks.clamp(setup.min_blocks, setup.max_blocks.max(setup.min_blocks))
            }
        };
        let parts = u32::try_from(setup.parts.len().max(1)).unwrap_or(u32::MAX);
        blocks.div_ceil(parts).saturating_mul(parts)
    }

    fn something_is_left(&self, so_far: &Progressed) -> bool {
        let failed = |workload: &str, strategy: &str| so_far.failed.contains(&Cell::new(workload, strategy));
        let mut workloads = self.setup.parts.iter().flat_map(|part| &part.workloads);
        workloads.any(|workload| {
            !self.is_out(workload, &so_far.failed)
                && (self.setup.strategies.iter()).any(|strategy| !failed(workload, strategy))
        })
    }

    /// Whether a binary can do nothing with a workload: where sides are compared, then there is nothing to compare it with.
    fn is_out(&self, workload: &str, failed: &BTreeSet<Cell>) -> bool {
        let of = |launcher: &Launcher| Cell::new(workload, &launcher.name_of(EVERY_STRATEGY));
        self.launchers.iter().any(|launcher| failed.contains(&of(launcher)))
    }

    /// The part whose turn it is: in each round every part once, in random order.
    fn part(&self, block: u32) -> Result<&Part, Error> {
        let parts = &self.setup.parts;
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX).max(1);
        let mut order: Vec<usize> = (0..parts.len()).collect();
        fastrand::Rng::with_seed(seed_of(self.seed, 1, block / count)).shuffle(&mut order);
        let part = order.get((block % count) as usize).and_then(|&part| parts.get(part));
        part.ok_or_else(|| Error::Asked("there is nothing to measure".to_owned()))
    }

    /// Measures a block, without whatever makes it fail.
    fn block(
        &self,
        block: u32,
        part: &Part,
        so_far: &mut Progressed,
        writer: &mut Writer,
        mut begins: impl FnMut(&Cell),
    ) -> Result<Vec<Row>, Error> {
        let turns = self.turns(block, part)?;
        let processes = u32::try_from(turns.len()).unwrap_or(u32::MAX);
        let mut all = Vec::new();
        for (turn, number) in turns.iter().zip(0..) {
            let launcher = turn.launcher;
            let mut rows = loop {
                // One that came to nothing in this block or before.
                if launcher.side.is_some() && turn.workloads.iter().any(|name| self.is_out(name, &so_far.failed)) {
                    break Vec::new();
                }
                let job = self.job(block, part, turn, &so_far.failed)?;
                match ask(launcher, &job, Duration::from_secs(self.setup.timeout), &mut begins)? {
                    Told::Whole(rows) => break rows,
                    Told::Broke(cell, error) => {
                        let cell = match cell {
                            Some(cell) => Some(Cell::new(&cell.workload, &launcher.name_of(&cell.strategy))),
                            None => turn.unread(),
                        };
                        let Some(cell) = cell.filter(|cell| !so_far.failed.contains(cell)) else {
                            let side = launcher.side.map_or(String::new(), |side| format!("{}: ", side.name()));
                            return Err(Error::Worker(side + &error));
                        };
                        writer.write(self.failure(&cell, error))?;
                        so_far.failed.insert(cell);
                    }
                }
            };
            launcher.tag(&mut rows, block.saturating_mul(processes).saturating_add(number));
            all.extend(rows);
        }
        if self.setup.cold && block >= COLD_BLOCKS {
            all.retain(|row| !matches!(row, Row::Sample(sample) if sample.phase != Phase::Execute));
        }
        Ok(self.tidied(all, so_far))
    }

    /// The processes of a block, one after the other, and what each measures. One binary measures everything at once. Where
    /// several sides are compared, each workload is measured by a process of every side, in random order, so that times
    /// that are compared are as close to each other as processes can be.
    fn turns<'t>(&'t self, block: u32, part: &'t Part) -> Result<Vec<Turn<'t>>, Error> {
        let launchers = self.launchers.iter().filter(|launcher| launcher.layout == part.layout);
        let mut launchers: Vec<&Launcher> = launchers.collect();
        match launchers.as_slice() {
            [] => return Err(Error::Worker(format!("no binary of layout {:?}", part.layout))),
            [launcher] => {
                return Ok(vec![Turn {
                    launcher,
                    workloads: &part.workloads,
                    seed: seed_of(self.seed, 2, block),
                }]);
            }
            _ => {}
        }
        let mut random = fastrand::Rng::with_seed(seed_of(self.seed, 3, block));
        let mut workloads: Vec<&[String]> = part.workloads.chunks(1).collect();
        random.shuffle(&mut workloads);
        let mut turns = Vec::new();
        for workload in workloads {
            random.shuffle(&mut launchers);
            // Strategies run in the same order on every side.
            let seed = u64::from(random.u32(..));
            turns.extend(launchers.iter().map(|launcher| Turn {
                launcher,
                workloads: workload,
                seed,
            }));
        }
        Ok(turns)
    }

    fn job(&self, block: u32, part: &Part, turn: &Turn<'_>, failed: &BTreeSet<Cell>) -> Result<Job, Error> {
        let launcher = turn.launcher;
        let mut controls = self.controls(block, part).into_iter().map(control_of);
        let manifest = |name: &String| {
            let workload = self.workloads.iter().find(|workload| workload.name() == name);
            let workload = workload.ok_or_else(|| Error::Asked(format!("there is no workload '{name}'")))?;
            // Workers may be started elsewhere.
            std::path::absolute(workload.file()).map_err(Error::io(workload.file()))
        };
        let size = Size::named(&self.setup.size)
            .ok_or_else(|| Error::Asked(format!("a size is quick or full, not '{}'", self.setup.size)))?;
        Ok(Job {
            manifests: turn.workloads.iter().map(manifest).collect::<Result<_, _>>()?,
            strategies: self.setup.strategies.clone(),
            control: controls.next(),
            more_controls: controls.collect(),
            size,
            warm_up: Size::Quick,
            iterations: self.setup.iterations,
            batch_ms: self.setup.batch_ms,
            seed: turn.seed,
            block,
            layout: launcher.layout,
            binary: launcher.binary.clone(),
            excluded: failed.iter().filter_map(|cell| launcher.own(cell)).collect(),
            cold: self.setup.cold && block < COLD_BLOCKS,
        })
    }

    /// The strategies that run twice in a block. Where several take turns, each layout has another of them in each round.
    fn controls(&self, block: u32, part: &Part) -> Vec<&str> {
        let (setup, all) = (self.setup, &self.setup.controls);
        if all.is_empty() {
            return setup.control.iter().map(String::as_str).collect();
        }
        let (parts, blocks) = (setup.parts.len().max(1), setup.max_blocks.max(1) as usize);
        let at_once = (all.len() * CONTROL_BLOCKS.min(parts)).div_ceil(blocks).min(all.len());
        let place = setup.parts.iter().position(|other| other == part).unwrap_or(0);
        let turn = place + block as usize / parts;
        let first = turn * at_once % all.len();
        let names = all.iter().cycle().skip(first).take(at_once);
        names.map(String::as_str).collect()
    }

    fn failure(&self, cell: &Cell, error: String) -> Failure {
        let workload = self.workloads.iter().find(|workload| workload.name() == cell.workload);
        Failure {
            workload: cell.workload.clone(),
            class: workload.map_or(String::new(), |workload| workload.class().name().to_owned()),
            strategy: cell.strategy.clone(),
            error,
        }
    }

    /// The rows of a block as the record wants them: the process first, sizes once in a run.
    fn tidied(&self, rows: Vec<Row>, so_far: &mut Progressed) -> Vec<Row> {
        let (mut first, others): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| matches!(row, Row::Process(_)));
        for row in others {
            if let Row::Size(size) = &row
                && !so_far.sized.insert(Cell::new(&size.workload, &size.strategy))
            {
                continue;
            }
            if let Row::Failure(failure) = &row {
                so_far.failed.insert(Cell::new(&failure.workload, &failure.strategy));
            }
            first.push(row);
        }
        first
    }
}

/// One process of a block.
struct Turn<'t> {
    launcher: &'t Launcher,
    workloads: &'t [String],
    /// Decides the order within it.
    seed: u64,
}

impl Turn<'_> {
    /// What failed if the worker ended before it began anything: another revision may not know what stands in a manifest. None
    /// where no revisions are compared. What the control cannot read, the base cannot: it is the same code.
    fn unread(&self) -> Option<Cell> {
        let side = match self.launcher.side? {
            Side::Control => Side::Base,
            side => side,
        };
        let [workload] = self.workloads else { return None };
        Some(Cell::new(workload, &side.of(EVERY_STRATEGY)))
    }
}

/// What came of a worker.
enum Told {
    /// A complete block.
    Whole(Vec<Row>),
    /// It crashed, hung or gave up, while it did this.
    Broke(Option<Cell>, String),
}

/// Ends a worker when nobody waits for it any more.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // Fails if it has ended by itself, as it should.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often it is looked what a worker says. It may say some hundreds of lines meanwhile before it has to wait.
const LISTEN: Duration = Duration::from_millis(50);

/// Starts a worker, gives it its job, and listens to it until it ends, or says nothing for too long.
fn ask(launcher: &Launcher, job: &Job, patience: Duration, begins: &mut impl FnMut(&Cell)) -> Result<Told, Error> {
    let wrong = |error: io::Error| Error::Worker(error.to_string());
    let text = serde_json::to_string(job).map_err(|error| Error::Worker(error.to_string()))?;
    let child = Command::new(&launcher.program)
        .args(&launcher.arguments)
        .env(VARIABLE, "1")
        // What a panic says is enough; where it was called from would only bury it.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::Worker(format!("{} does not start: {error}", launcher.program.display())))?;
    let mut child = Kept(child);
    let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
    let complaints = thread::spawn(move || complaint(stderr));
    if let Some(mut stdin) = child.0.stdin.take() {
        // A worker that has crashed already does not listen; it is found out below.
        let _ = stdin.write_all(text.as_bytes());
    }
    let (sender, chunks) = mpsc::channel();
    thread::spawn(move || {
        let Some(mut stdout) = stdout else { return };
        let mut chunk = vec![0; 1 << 16];
        while let Ok(length @ 1..) = stdout.read(&mut chunk) {
            if sender.send(chunk[..length].to_vec()).is_err() {
                break;
            }
            // Reading every line at once would disturb the worker: processors share resources.
            thread::sleep(LISTEN);
        }
    });
    let mut heard = Vec::new();
    let mut told = String::new();
    let mut why = None;
    loop {
        match chunks.recv_timeout(patience) {
            Ok(chunk) => {
                if let Some(cell) = last_begin(&chunk)
                    && told != cell.workload
                {
                    begins(&cell);
                    told = cell.workload;
                }
                heard.extend(chunk);
            }
            Err(RecvTimeoutError::Timeout) => {
                why = Some(format!("no sign of life for {} s", patience.as_secs_f64()));
                child.0.kill().map_err(wrong)?;
                heard.extend(chunks.iter().flatten());
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let mut rows = Vec::new();
    let mut doing: Option<Cell> = None;
    let mut is_done = false;
    // What comes after the last end of a line was cut short.
    let whole = heard.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    for line in heard[..whole].split(|&byte| byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Said::Begin(cell)) => doing = Some(cell),
            Ok(Said::Row(row)) => match *row {
                row @ (Row::Sample(_) | Row::Failure(_) | Row::Size(_) | Row::Process(_)) => rows.push(row),
                row => why = Some(format!("it says what is not its business: {row:?}")),
            },
            Ok(Said::Done) => is_done = true,
            Err(_) if line.is_empty() => {}
            Err(error) => {
                let line = String::from_utf8_lossy(line);
                why = Some(format!("it cannot be understood: {error} in {line:?}"));
                break;
            }
        }
    }
    let status = child.0.wait().map_err(wrong)?;
    if is_done && why.is_none() {
        return Ok(Told::Whole(rows));
    }
    let complaint = complaints.join().unwrap_or_default();
    let what = why.unwrap_or_else(|| match complaint.is_empty() {
        true => format!("it ended with {status}"),
        false => format!("it ended with {status}: {complaint}"),
    });
    Ok(Told::Broke(doing, what))
}

/// What was begun last, as far as these bytes tell.
fn last_begin(chunk: &[u8]) -> Option<Cell> {
    let mut lines = chunk.split(|&byte| byte == b'\n').rev();
    match serde_json::from_slice(lines.find(|line| line.starts_with(b"{\"begin\"") && line.ends_with(b"}"))?) {
        Ok(Said::Begin(cell)) => Some(cell),
        _ => None,
    }
}

/// What a process complains about first, in one line.
fn complaint(stderr: Option<impl Read>) -> String {
    const ENOUGH: u64 = 1000;
    let Some(mut stderr) = stderr else { return String::new() };
    let mut bytes = Vec::new();
    // What can be read, is; the rest must be read too, so that nobody waits for it.
    let _ = stderr.by_ref().take(ENOUGH).read_to_end(&mut bytes);
    let _ = io::copy(&mut stderr, &mut io::sink());
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
#[path = "../tests/unit/supervisor.rs"]
mod tests;
