//! `cargo bench --bench counts`: how many instructions each strategy executes on the kernels, counted by Callgrind.
//!
//! Counts are the same from run to run, whatever else the machine does, so they show a regression of a percent
//! where times do not. They are not for ranking: a strategy may execute fewer instructions and take longer.
//!
//! Needs valgrind and the iai-callgrind runner in exactly the library's version (`scripts/install-callgrind`);
//! without them nothing is counted, and that is no failure. Every result is verified.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStderr, Command, ExitCode, Stdio};

use wasm_dispatch::Strategy;
use wasm_dispatch_measure::count::{Counted, missing, pairs};
use wasm_dispatch_report::callgrind::{self, Tools};
use wasm_dispatch_report::record::{self, Kind, Run, Writer};
use wasm_dispatch_report::{Limits, Progress, counts, runs_folder, take_folder, target_folder};
use wasm_dispatch_workloads::Workload;

type Failed = Box<dyn std::error::Error>;

const HELP: &str = "\
Counts the instructions of every strategy on the kernels. Counts are for finding regressions, not for ranking.

  cargo bench --bench counts                 all kernels that have a [count] in their manifest
  cargo bench --bench counts -- --check      fails if a count is more than 1 % above its limit in reports/counts.json
  cargo bench --bench counts -- --record     makes the counts the limits: writes reports/counts.json
  cargo bench --bench counts -- --smoke      one kernel only
  cargo bench --bench counts -- --test       verifies results, counts nothing

";

/// Says to the process that starts the runner what to count.
const PART: &str = "WASM_DISPATCH_COUNTS_PART";

fn main() -> ExitCode {
    // Under valgrind there is no environment, but the name of the benchmark: `--iai-run kernels 0 3 counts::all::...`.
    let under_valgrind = std::env::args().nth(1).is_some_and(|first| first == "--iai-run");
    let is_smoke = || std::env::args().any(|argument| argument.starts_with("counts::smoke::"));
    match std::env::var(PART).as_deref() {
        _ if under_valgrind && is_smoke() => smoke::start(),
        _ if under_valgrind => all::start(),
        Ok("smoke") => smoke::start(),
        Ok(_) => all::start(),
        Err(_) => {
            if let Err(error) = run() {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn run() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let workloads = wasm_dispatch_workloads::all()?;
    if has("--help") || has("-h") {
        print!("{HELP}");
        return Ok(());
    }
    if has("--list") {
        for (workload, strategy) in pairs(&workloads) {
            println!("counts/{}/{strategy}: benchmark", workload.name());
        }
        return Ok(());
    }
    // Without cargo's `--bench` this is `cargo test --benches`.
    if has("--test") || !has("--bench") {
        return verify(&workloads);
    }
    if let Some(other) = arguments
        .iter()
        .find(|&argument| !["--bench", "--full", "--smoke", "--check", "--record"].contains(&argument.as_str()))
    {
        println!("No instructions are counted: '{other}' is for the times. All counts: cargo bench --bench counts");
        return Ok(());
    }
    let tools = match Tools::find(iai_version(), &target_folder().join("tools/bin")) {
        Ok(tools) => tools,
        Err(missing) => {
            println!("No instructions are counted: {missing}. To get what is missing: scripts/install-callgrind");
            return Ok(());
        }
    };
    let part = if has("--smoke") { "smoke" } else { "all" };
    let then = match (has("--check"), has("--record")) {
        (true, true) => return Err("--check and --record exclude each other".into()),
        (_, true) if part != "all" => return Err("--smoke counts a part only; limits are for all kernels".into()),
        (_, true) => Then::Record,
        (true, _) => Then::Check,
        (false, false) => Then::Show,
    };
    count(&tools, part, &workloads, then)
}

/// The version of the library, which that of the runner must equal: what Cargo.toml pins.
fn iai_version() -> &'static str {
    let manifest = include_str!("../Cargo.toml");
    let pin = (manifest.lines()).find_map(|line| line.strip_prefix("iai-callgrind = \"=")?.strip_suffix('"'));
    pin.unwrap_or("(unknown)")
}

/// Runs and verifies everything that would be counted.
fn verify(workloads: &[Workload]) -> Result<(), Failed> {
    for (workload, strategy) in pairs(workloads) {
        let name = format!("{} / {strategy}", workload.name());
        let mut counted = Counted::new(strategy, workload).map_err(|error| format!("{name}: {error}"))?;
        let outcome = counted.call();
        counted.check(outcome).map_err(|error| format!("{name}: {error}"))?;
    }
    println!(
        "{} results are right; no instructions are counted in a test",
        pairs(workloads).count()
    );
    Ok(())
}

/// What becomes of the counts, apart from being shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// They are compared with the limits if there are some; nothing fails.
    Show,
    /// One above its limit is a failure.
    Check,
    /// They become the limits.
    Record,
}

/// Starts the runner, reads what it leaves behind, and shows it next to the counts of an earlier run.
fn count(tools: &Tools, part: &str, workloads: &[Workload], then: Then) -> Result<(), Failed> {
    let mut run = Run::start(Kind::Counts);
    // Of each run only the record is kept. Callgrind's own files stay until the next one, for a look with its tools.
    let home = target_folder().join("callgrind");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let expected = match part {
        "all" => pairs(workloads).count(),
        _ => Strategy::ALL.len(),
    };
    println!("Counting instructions ({})", tools.version());
    run_tools(tools, part, &home, expected)?;
    let counted = callgrind::read(&home)?;
    let folder = take_folder(&mut run)?;
    let mut writer = Writer::create_named(&folder, counts::FILE_NAME, &run)?;
    for count in &counted {
        writer.write(count.clone())?;
    }
    let missing = missing(workloads, &counted);
    if counted.len() != expected || (part == "all" && !missing.is_empty()) {
        let (count, missing) = (counted.len(), missing.join(", "));
        let why = format!("{count} counts instead of {expected}; add to the lists in benches/counts.rs: {missing}");
        return Err(why.into());
    }
    println!("{}", counts::text(&runs_folder(), &folder)?);
    let recording = record::read(&folder.join(counts::FILE_NAME))?;
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    if then == Then::Record {
        Limits::of(&recording).write(&reports)?;
        println!("{} counts are the limits now", recording.counts.len());
        return Ok(());
    }
    let checked = match (then, Limits::read(&reports)) {
        (Then::Show, Err(_)) => return Ok(()),
        (_, limits) => limits?.check(&recording),
    };
    print!("{}", checked.text());
    match checked.is_fine() || then == Then::Show {
        true => Ok(()),
        false => Err("instruction counts are above their limits".into()),
    }
}

/// Runs this program again as a benchmark of iai-callgrind's, which starts the runner, which starts it under valgrind.
fn run_tools(tools: &Tools, part: &str, home: &Path, expected: usize) -> Result<(), Failed> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--bench")
        .env(PART, part)
        .env("PATH", tools.search_path()?)
        .env("IAI_CALLGRIND_HOME", home)
        .env("IAI_CALLGRIND_SAVE_SUMMARY", "json")
        .env("IAI_CALLGRIND_COLOR", "never")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let lines = |pipe: ChildStderr| BufReader::new(pipe).lines().map_while(Result::ok).collect::<Vec<_>>();
    let errors = child.stderr.take();
    let errors = errors.map(|pipe| std::thread::spawn(move || lines(pipe)));
    let mut said = Vec::new();
    let mut progress = Progress::new(expected, false);
    let mut begun = false;
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line?;
        // It names a benchmark when it has counted it: "counts::all::kernels::threaded count:ready(...)".
        if let Some((path, rest)) = line.split_once(' ').filter(|(path, _)| path.starts_with("counts::")) {
            if begun {
                progress.finish_step();
            }
            begun = true;
            let strategy = path.rsplit("::").next().unwrap_or_default();
            progress.begin(&format!("{} / {strategy}", rest.split(':').next().unwrap_or_default()));
        }
        said.push(line);
    }
    if begun {
        progress.finish_step();
    }
    progress.finish();
    let status = child.wait()?;
    if !status.success() {
        let errors = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let mut output = std::io::stderr().lock();
        for line in said.iter().rev().take(10).rev().chain(&errors) {
            writeln!(output, "{line}")?;
        }
        return Err(format!("the runner of iai-callgrind failed ({status})").into());
    }
    Ok(())
}

/// A benchmark of iai-callgrind's for each kernel and strategy. It wants their names when it is compiled; that none is
/// missing is checked when it has run.
macro_rules! counted {
    (mod $part:ident: $kernels:tt under $($strategy:ident)*) => {
        mod $part {
            use std::hint::black_box;

            use iai_callgrind::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group};
            use wasm_dispatch::{Error, Value};
            use wasm_dispatch_measure::count::Counted;

            use super::ready;

            /// A wrong result is no count: the runner stops when this panics.
            fn check((counted, outcome): (Counted, Result<Vec<Value>, Error>)) {
                if let Err(error) = counted.check(outcome) {
                    panic!("wrong result: {error}");
                }
            }

            $(counted! { fn $strategy: $kernels })*

            library_benchmark_group!(name = kernels; benchmarks = $($strategy),*);

            // The caches are fixed: by default they are those of the machine, and counts of misses differ.
            iai_callgrind::main!(
                config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args([
                    "--I1=32768,8,64",
                    "--D1=32768,8,64",
                    "--LL=8388608,16,64",
                ]));
                library_benchmark_groups = kernels
            );

            pub fn start() {
                main();
            }
        }
    };
    (fn $strategy:ident: [$($kernel:ident)*]) => {
        #[library_benchmark(setup = ready, teardown = check)]
        $(#[bench::$kernel(stringify!($strategy), stringify!($kernel))])*
        fn $strategy(mut counted: Counted) -> (Counted, Result<Vec<Value>, Error>) {
            let outcome = black_box(counted.call());
            (counted, outcome)
        }
    };
}

counted! {
    mod all: [
        br_table bulk count fib_iterative fib_recursive fib_tail indirect_calls memory_fill_sum mutual_tail shuffled
    ] under stack_loop match_loop closure_per_op linked_closures fused_closures threaded
}

counted! {
    mod smoke: [fib_tail] under stack_loop match_loop closure_per_op linked_closures fused_closures threaded
}

/// What is not counted: loading, compiling, instantiating.
fn ready(strategy: &str, kernel: &str) -> Counted {
    let manifest = wasm_dispatch_workloads::default_folder()
        .join("kernels")
        .join(format!("{kernel}.toml"));
    let counted = (strategy.parse::<Strategy>().map_err(|error| error.to_string())).and_then(|strategy| {
        let workload = Workload::load(manifest).map_err(|error| error.to_string())?;
        Counted::new(strategy, &workload)
    });
    counted.unwrap_or_else(|error| panic!("{kernel} / {strategy}: {error}"))
}
