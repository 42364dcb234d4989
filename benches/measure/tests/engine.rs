//! The engine that decides, with processes and all: this binary is also the process that measures, and knows strategies
//! that are broken on purpose.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_dispatch_engines::{Engine, Entrant, Ours, Prepared, Timing};
use wasm_dispatch_measure::shards::matrix;
use wasm_dispatch_measure::supervisor::{Launcher, Progressed, Supervisor, control_of};
use wasm_dispatch_measure::{Error, resume, worker};
use wasm_dispatch_record::record::{self, Kind, Phase, Recording, Row, Run as Header, Setup, Writer};
use wasm_dispatch_workloads::{Run, Value, Workload};

/// Makes a supervisor of this binary, which measures into the folder that the variable names.
const SUPERVISOR: &str = "WASM_DISPATCH_TEST_SUPERVISOR";

type Test = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    if worker::asked() {
        return serve();
    }
    if let Some(folder) = env::var_os(SUPERVISOR) {
        let setup = setup(&["count", "sort"], &["match_loop", "slow"], 2);
        return match measure(&PathBuf::from(folder), &setup) {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let tests: [(&str, Test); 10] = [
        (
            "a_block_has_every_strategy_on_every_workload_and_says_how_it_was",
            whole,
        ),
        ("a_wrong_result_is_a_failure_and_never_a_time", wrong_result),
        (
            "whatever_crashes_or_hangs_is_named_and_the_others_are_measured",
            crashes,
        ),
        ("a_binary_that_is_no_worker_ends_the_run", no_worker),
        ("a_run_that_was_killed_within_a_block_is_whole_after_it_went_on", killed),
        ("a_run_goes_on_with_the_same_binaries_only", other_binary),
        ("a_run_ends_when_its_time_is_over", time_is_over),
        ("when_everything_has_failed_the_run_ends", nothing_left),
        (
            "engines_of_known_times_come_out_of_the_whole_pipeline_as_they_went_in",
            known_times,
        ),
        ("a_full_disk_ends_a_run_which_then_goes_on_and_lacks_nothing", full_disk),
    ];
    let trials = tests.map(|(name, test)| Trial::test(name, test));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// Engines whose times are known, because they say them without running: nanoseconds of a run, whatever the workload.
const KNOWN: [(&str, f64); 2] = [("known-1.00", 1e6), ("known-1.05", 1.05e6)];

/// Says a time that is known but for a little noise.
struct Known(&'static str, f64);

impl Engine for Known {
    fn name(&self) -> &str {
        self.0
    }

    fn prepare(&self, _: &Workload, _: &[u8]) -> Result<Box<dyn Prepared>, String> {
        Ok(Box::new(KnownModule(self.1, fastrand::Rng::new())))
    }
}

struct KnownModule(f64, fastrand::Rng);

impl Prepared for KnownModule {
    fn run(&mut self, _: &Run) -> Result<Timing, String> {
        let time = Duration::from_nanos((self.0 * (0.995 + 0.01 * self.1.f64())) as u64);
        Ok(Timing { wall: time, cpu: time })
    }
}

/// What a strategy does in the place of what it should.
#[derive(Clone, Copy, PartialEq)]
enum Vice {
    /// Computes something else.
    Wrong,
    Aborts,
    Panics,
    Hangs,
    /// Takes its time.
    Slow,
}

const BROKEN: [(&str, Vice); 5] = [
    ("wrong", Vice::Wrong),
    ("aborts", Vice::Aborts),
    ("panics", Vice::Panics),
    ("hangs", Vice::Hangs),
    ("slow", Vice::Slow),
];

/// A strategy that shows its vice on the workload `count` only; the slow one always does.
struct Broken {
    name: &'static str,
    vice: Vice,
    good: Ours,
}

impl Engine for Broken {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let good = self.good.prepare(workload, wasm)?;
        if workload.name() != "count" && self.vice != Vice::Slow {
            return Ok(good);
        }
        Ok(Box::new(BrokenModule { vice: self.vice, good }))
    }
}

struct BrokenModule {
    vice: Vice,
    good: Box<dyn Prepared>,
}

impl Prepared for BrokenModule {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        match self.vice {
            Vice::Wrong => {
                // Counts one too few.
                let mut other = run.clone();
                for arg in &mut other.args {
                    match arg {
                        Value::I32(value) => *value -= 1,
                        Value::I64(value) => *value -= 1,
                        _ => {}
                    }
                }
                return self.good.run(&other);
            }
            Vice::Aborts => std::process::abort(),
            Vice::Panics => panic!("the strategy\n is at its wits' end"),
            Vice::Hangs => thread::sleep(Duration::from_secs(3600)),
            Vice::Slow => thread::sleep(Duration::from_millis(40)),
        }
        self.good.run(run)
    }
}

fn serve() -> ExitCode {
    let engine = |name: &str| {
        if let Some(&(name, time)) = KNOWN.iter().find(|(known, _)| *known == name) {
            return Ok(Box::new(Known(name, time)) as Box<dyn Engine>);
        }
        let Some(&(name, vice)) = BROKEN.iter().find(|(known, _)| *known == name) else {
            let entrant = Entrant::named(name).ok_or("no such strategy")?;
            return Ok(Box::new(entrant.engine()) as Box<dyn Engine>);
        };
        let good = Entrant::default().engine();
        Ok(Box::new(Broken { name, vice, good }))
    };
    worker::serve(&engine, worker::Loads::Shared)
}

fn setup(workloads: &[&str], strategies: &[&str], blocks: u32) -> Setup {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<String>>();
    Setup {
        parts: matrix(&[None], &texts(workloads)),
        strategies: texts(strategies),
        control: Some("match_loop".to_owned()),
        size: "quick".to_owned(),
        iterations: 2,
        min_blocks: blocks,
        max_blocks: blocks,
        seconds: None,
        timeout: 20,
        shard: None,
        own: false,
        ..Setup::default()
    }
}

fn begin(folder: &Path, setup: &Setup) -> Result<Writer, Error> {
    let mut run = Header::start(Kind::Quick);
    run.seed = Some(7);
    let mut writer = Writer::create(folder, &run)?;
    if let Some(control) = &setup.control {
        writer.write(control_of(control))?;
    }
    writer.write(setup.clone())?;
    Ok(writer)
}

fn measure(folder: &Path, setup: &Setup) -> Result<Recording, Error> {
    let mut writer = begin(folder, setup)?;
    let workloads = wasm_dispatch_workloads::all()?;
    let launchers = [Launcher::this()?];
    let supervisor = Supervisor {
        setup,
        seed: 7,
        workloads: &workloads,
        launchers: &launchers,
        quiet: true,
    };
    supervisor.measure(&mut writer, Progressed::default())?;
    Ok(record::read(folder)?)
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// How many executions of each strategy on each workload there are in each block.
fn executions(recording: &Recording) -> BTreeMap<(u32, String, String), usize> {
    let mut found = BTreeMap::new();
    for sample in &recording.samples {
        if sample.phase == Phase::Execute {
            let block = sample.block.expect("a block");
            let key = (block, sample.workload.clone(), sample.strategy.clone());
            *found.entry(key).or_default() += 1;
        }
    }
    found
}

fn expected(blocks: u32, workloads: &[&str], strategies: &[&str]) -> BTreeMap<(u32, String, String), usize> {
    let mut all = BTreeMap::new();
    for block in 0..blocks {
        for workload in workloads {
            for strategy in strategies {
                all.insert((block, workload.to_string(), strategy.to_string()), 2);
            }
        }
    }
    all
}

fn whole() -> Result<(), Failed> {
    let folder = temporary();
    let setup = setup(&["count", "sort"], &["match_loop", "threaded"], 3);
    let recording = measure(folder.path(), &setup)?;
    let entrants = ["match_loop", "threaded", "match_loop#2"];
    assert_eq!(executions(&recording), expected(3, &["count", "sort"], &entrants));
    assert!(
        recording
            .samples
            .iter()
            .all(|sample| sample.verified && sample.process == sample.block)
    );
    assert_eq!(recording.controls, [control_of("match_loop")]);
    assert_eq!(recording.setup.as_ref(), Some(&setup));
    assert_eq!((recording.blocks(), recording.cut_short()), (3, None));
    assert!(
        recording.failures.is_empty() && recording.warnings.is_empty(),
        "{recording:?}"
    );
    // Loading is shared, compiling is not; sizes are told once, and not of the control.
    let count = |phase, strategy: &str| {
        let of_phase = recording.samples.iter().filter(|sample| sample.phase == phase);
        of_phase.filter(|sample| sample.strategy == strategy).count()
    };
    assert_eq!(count(Phase::Load, record::EVERY_STRATEGY), 3 * 2);
    assert_eq!(count(Phase::Compile, "threaded"), 3 * 2);
    assert_eq!(recording.sizes.len(), 2 * 2);

    let processes = &recording.processes;
    assert_eq!(processes.len(), 3);
    let binary = Launcher::this()?.binary;
    for (number, process) in processes.iter().enumerate() {
        assert_eq!(
            (process.process as usize, process.block),
            (number, Some(process.process))
        );
        assert_eq!(process.binary, binary);
        assert!(process.wall_nanoseconds > 0 && process.cpu_nanoseconds > Some(0));
    }
    // Different blocks, different orders.
    assert_ne!(processes[0].seed, processes[1].seed);
    let order = |block: u32| -> Vec<(String, String)> {
        let of_block = recording.samples.iter().filter(|sample| sample.block == Some(block));
        of_block
            .map(|sample| (sample.workload.clone(), sample.strategy.clone()))
            .collect()
    };
    assert!(order(0) != order(1) || order(1) != order(2));
    Ok(())
}

fn wrong_result() -> Result<(), Failed> {
    let folder = temporary();
    let setup = setup(&["count", "sort"], &["match_loop", "wrong"], 2);
    let recording = measure(folder.path(), &setup)?;
    let failures: Vec<(&str, &str)> = (recording.failures.iter())
        .map(|failure| (failure.workload.as_str(), failure.strategy.as_str()))
        .collect();
    assert_eq!(failures, [("count", "wrong")]);
    let failure = &recording.failures[0];
    assert!(failure.error.contains("expected"), "{}", failure.error);
    assert_eq!(failure.class, "dispatch");
    let mut all = expected(2, &["count", "sort"], &["match_loop", "wrong", "match_loop#2"]);
    all.retain(|(_, workload, strategy), _| (workload.as_str(), strategy.as_str()) != ("count", "wrong"));
    assert_eq!(executions(&recording), all);
    Ok(())
}

fn crashes() -> Result<(), Failed> {
    let folder = temporary();
    let mut setup = setup(&["count", "sort"], &["match_loop", "aborts", "panics", "hangs"], 2);
    setup.timeout = 5;
    let recording = measure(folder.path(), &setup)?;
    let mut failures: Vec<(&str, &str, &str)> = (recording.failures.iter())
        .map(|failure| {
            (
                failure.workload.as_str(),
                failure.strategy.as_str(),
                failure.error.as_str(),
            )
        })
        .collect();
    failures.sort_unstable();
    let [aborts, hangs, panics] = failures[..] else {
        return Err(format!("{failures:?}").into());
    };
    assert!(
        aborts.0 == "count" && aborts.1 == "aborts" && aborts.2.contains("signal"),
        "{aborts:?}"
    );
    assert!(
        hangs.0 == "count" && hangs.1 == "hangs" && hangs.2.contains("no sign of life"),
        "{hangs:?}"
    );
    assert!(
        panics.0 == "count" && panics.1 == "panics" && panics.2.contains("the strategy is at its wits' end"),
        "{panics:?}"
    );
    let mut all = expected(
        2,
        &["count", "sort"],
        &["match_loop", "match_loop#2", "aborts", "panics", "hangs"],
    );
    all.retain(|(_, workload, strategy), _| workload == "sort" || strategy.starts_with("match_loop"));
    assert_eq!(executions(&recording), all);
    Ok(())
}

fn no_worker() -> Result<(), Failed> {
    let folder = temporary();
    let setup = setup(&["count"], &["match_loop"], 2);
    let workloads = wasm_dispatch_workloads::all()?;
    for (program, said) in [("/bin/true", "ended"), ("/bin/echo", "understood")] {
        let folder = folder.path().join(said);
        let mut launcher = Launcher::of(None, program.into())?;
        launcher.arguments.push("hello".into());
        let supervisor = Supervisor {
            setup: &setup,
            seed: 7,
            workloads: &workloads,
            launchers: &[launcher],
            quiet: true,
        };
        let error = supervisor.measure(&mut begin(&folder, &setup)?, Progressed::default());
        let error = error.expect_err("nothing can be measured").to_string();
        assert!(error.contains(said), "{error}");
        assert!(record::read(&folder)?.samples.is_empty());
    }
    Ok(())
}

/// Waits for something that another process does.
fn wait_for(what: impl Fn() -> bool) -> Result<(), Failed> {
    let begun = Instant::now();
    while !what() {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err("it does not happen".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn killed() -> Result<(), Failed> {
    let folder = temporary();
    let run = folder.path().join("run");
    let mut child = Command::new(env::current_exe()?).env(SUPERVISOR, &run).spawn()?;
    let blocks = || record::read(&run).map_or(0, |recording| recording.finished_blocks);
    let waited = wait_for(|| blocks() >= 1);
    // Long enough to be within the next block, which naps twelve times for 40 ms.
    thread::sleep(Duration::from_millis(100));
    child.kill()?;
    child.wait()?;
    waited?;
    let before = record::read(&run)?;
    assert!(before.cut_short() == Some(2), "{:?}", before.warnings);

    // Half a block, as a kill within the write leaves it.
    let mut text = fs::read_to_string(run.join(record::FILE_NAME))?;
    let next = before.finished_blocks;
    let mut sample = before.samples.last().cloned().ok_or("no samples")?;
    sample.block = Some(next);
    sample.process = Some(next);
    let line = serde_json::to_string(&Row::Sample(sample))?;
    text.push_str(&format!("{line}\n{line}\n{}", &line[..20]));
    fs::write(run.join(record::FILE_NAME), text)?;

    let after = resume(&run, true)?.recording;
    assert_eq!((after.blocks(), after.cut_short()), (2, None));
    assert!(after.warnings.is_empty(), "{:?}", after.warnings);
    let entrants = ["match_loop", "slow", "match_loop#2"];
    assert_eq!(executions(&after), expected(2, &["count", "sort"], &entrants));
    // What was there is still there, and the plan is the same.
    assert_eq!(&after.samples[..before.samples.len()], &before.samples[..]);
    let unbroken = measure(
        &folder.path().join("unbroken"),
        before.setup.as_ref().ok_or("no setup")?,
    )?;
    let seeds = |recording: &Recording| {
        recording
            .processes
            .iter()
            .map(|process| process.seed)
            .collect::<Vec<_>>()
    };
    assert_eq!(seeds(&after), seeds(&unbroken));
    // A run that is complete stays as it is.
    let text = fs::read(run.join(record::FILE_NAME))?;
    resume(&run, true)?;
    let again = record::read(&run)?;
    assert_eq!(again.samples, after.samples);
    assert!(fs::read(run.join(record::FILE_NAME))?.starts_with(&text));
    Ok(())
}

fn other_binary() -> Result<(), Failed> {
    let folder = temporary();
    let run = folder.path().join("run");
    let setup = setup(&["count"], &["match_loop"], 1);
    let recording = measure(&run, &setup)?;
    let path = run.join(record::FILE_NAME);
    let binary = &recording.processes[0].binary;
    let text = fs::read_to_string(&path)?.replace(binary, &"0".repeat(64));
    fs::write(&path, text)?;
    let error = resume(&run, true).expect_err("another binary").to_string();
    assert!(error.contains("rebuilt"), "{error}");
    Ok(())
}

fn time_is_over() -> Result<(), Failed> {
    let folder = temporary();
    let mut setup = setup(&["count"], &["match_loop"], 2);
    setup.max_blocks = 10_000;
    setup.seconds = Some(0);
    let recording = measure(&folder.path().join("none"), &setup)?;
    assert_eq!((recording.blocks(), recording.cut_short()), (2, None));
    // However busy the machine is, there is time for more blocks than the fewest, and not for all.
    let slowest = recording.processes.iter().map(|process| process.wall_nanoseconds).max();
    setup.seconds = Some(2 + 8 * slowest.unwrap_or(0).div_ceil(1_000_000_000));
    let recording = measure(&folder.path().join("some"), &setup)?;
    assert!(
        recording.blocks() > 2 && recording.blocks() < 10_000 && recording.cut_short().is_none(),
        "{recording:?}"
    );
    Ok(())
}

fn nothing_left() -> Result<(), Failed> {
    let folder = temporary();
    let mut setup = setup(&["count"], &["wrong", "aborts"], 50);
    setup.control = None;
    let recording = measure(folder.path(), &setup)?;
    assert_eq!(recording.failures.len(), 2);
    assert!(executions(&recording).is_empty());
    assert!(
        recording.blocks() <= 1 && recording.cut_short().is_none(),
        "{}",
        recording.blocks()
    );
    Ok(())
}

/// Collects by real processes, merges, decides and draws.
fn known_times() -> Result<(), Failed> {
    use wasm_dispatch_report::{decision, summary};
    let folder = temporary();
    let workloads = wasm_dispatch_workloads::all()?;
    let names: Vec<&str> = workloads.iter().take(10).map(Workload::name).collect();
    let of = |at: usize| KNOWN[at].0.to_owned();
    let setup = Setup {
        control: None,
        controls: vec![of(0), of(1)],
        iterations: 1,
        ..setup(&names, &[KNOWN[0].0, KNOWN[1].0], 6)
    };
    let runs = ["one", "two"].map(|name| folder.path().join(name));
    for run in &runs {
        let mut writer = begin(run, &setup)?;
        writer.write(control_of(KNOWN[0].0))?;
        writer.write(control_of(KNOWN[1].0))?;
        let supervisor = Supervisor {
            setup: &setup,
            seed: 7,
            workloads: &workloads,
            launchers: &[Launcher::this()?],
            quiet: true,
        };
        supervisor.measure(&mut writer, Progressed::default())?;
        // Two runs of one second have one name otherwise.
        let file = run.join(record::FILE_NAME);
        let text = fs::read_to_string(&file)?;
        let id = run.file_name().unwrap_or_default().to_string_lossy();
        fs::write(&file, text.replacen("\"id\":\"", &format!("\"id\":\"{id}-"), 1))?;
    }
    let merged = record::merge(&runs, &folder.path().join("merged"))?;
    assert_eq!((merged.blocks(), merged.controls.len()), (12, 2));
    // Controls take turns, a block each.
    for block in 0..6 {
        let of_block = merged.samples.iter().filter(|sample| sample.block == Some(block));
        let controls = of_block.filter(|sample| sample.strategy.ends_with("#2") && sample.phase == Phase::Execute);
        assert_eq!(controls.count(), 10, "{block}");
    }
    let summary = summary::summarise(&merged);
    let claim = &summary.claims[0];
    assert_eq!(claim.id, "mean known-1.00 known-1.05");
    // An interval of 95 % lies beside the truth in one run of twenty; far from it, it lies in none.
    let near = |value: f64| (value - 1.05).abs() < 0.01;
    assert!(
        claim.holds && near(claim.ratio.low) && near(claim.ratio.high),
        "{claim:?}"
    );
    assert!(
        summary.foundation.controls.iter().all(|control| !control.differs),
        "{:?}",
        summary.foundation
    );
    // Quick, one layout, whatever else ran: said, with reasons.
    assert!(claim.grade > summary::Grade::A && !claim.reasons.is_empty());
    let reports = folder.path().join("reports");
    fs::create_dir(&reports)?;
    // On a busy machine the grade may say nothing.
    let force = !claim.grade.speaks();
    let recorded = decision::record_decision(&folder.path().join("merged"), &reports, force)?;
    assert_eq!(recorded.decision.default_strategy(), KNOWN[0].0);
    assert!(fs::read_to_string(recorded.kept.join("summary.md"))?.contains("known-1.00"));
    // A binary says itself how it was built.
    let own = wasm_dispatch_record::Fingerprint::own_profile();
    assert!(merged.processes.iter().all(|process| process.profile == own));
    Ok(())
}

/// A limit on the size of files does what a full disk does: the write fails, half done.
fn full_disk() -> Result<(), Failed> {
    let folder = temporary();
    let run = folder.path().join("run");
    let own = env::current_exe()?;
    let line = "trap '' XFSZ; ulimit -f 8; exec \"$0\"";
    let status = Command::new("sh")
        .args(["-c", line])
        .arg(own)
        .env(SUPERVISOR, &run)
        .status()?;
    assert!(!status.success(), "it says that something went wrong");
    let before = record::read(&run)?;
    let unfinished = before.cut_short();
    resume(&run, true)?;
    let after = record::read(&run)?;
    assert_eq!((after.blocks(), after.cut_short()), (2, None));
    assert!(unfinished.is_some() || before.blocks() < 2);
    assert!(after.samples.starts_with(&before.samples), "what was there is there");
    Ok(())
}
