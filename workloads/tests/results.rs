//! Every expected result, checked on an engine that shares no code with the dispatch strategies.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use wasm_dispatch_engines::peers;
use wasm_dispatch_workloads::{Run, Value, Workload, all, extra};
use wasmi::{Config, Engine, Extern, F32, F64, Instance, Linker, Module, Store, Val};

struct Running {
    store: Store<()>,
    instance: Instance,
}

impl Running {
    fn new(workload: &Workload) -> Running {
        let mut config = Config::default();
        config.wasm_tail_call(true).wasm_simd(true);
        let engine = Engine::new(&config);
        let wasm = workload.wasm().unwrap_or_else(|error| panic!("{error}"));
        let module =
            Module::new(&engine, &wasm).unwrap_or_else(|error| panic!("{}: {error}", workload.file().display()));
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        for beside in workload.beside() {
            let wasm = beside.wasm().unwrap_or_else(|error| panic!("{error}"));
            let module = Module::new(&engine, &wasm).unwrap_or_else(|error| panic!("{}: {error}", beside.name));
            let instance = linker.instantiate_and_start(&mut store, &module);
            let instance = instance.unwrap_or_else(|error| panic!("{}: {error}", beside.name));
            let defined = linker.instance(&mut store, &beside.name, instance);
            defined.unwrap_or_else(|error| panic!("{}: {error}", beside.name));
        }
        // Whatever else it imports is missing here.
        let instance = linker
            .instantiate_and_start(&mut store, &module)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.file().display()));
        Running { store, instance }
    }

    fn call(&mut self, entry: &str, args: &[Value]) -> Vec<Value> {
        let function = self
            .instance
            .get_func(&self.store, entry)
            .unwrap_or_else(|| panic!("no exported function `{entry}`"));
        let args: Vec<Val> = args.iter().map(|&arg| to_wasmi(arg)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function
            .call(&mut self.store, &args, &mut results)
            .unwrap_or_else(|error| panic!("{entry}: {error}"));
        results.iter().map(from_wasmi).collect()
    }

    /// Runs one size of a workload and compares all that its manifest expects.
    fn check(&mut self, workload: &Workload, run: &Run) {
        let results = self.call(workload.entry(), &run.args);
        assert_eq!(results, run.expect, "{}: result for {:?}", workload.name(), run.args);
        if let Some(check) = &run.memory {
            let Some(Extern::Memory(memory)) = self.instance.get_export(&self.store, &check.export) else {
                panic!("{}: no exported memory `{}`", workload.name(), check.export);
            };
            assert!(
                check.matches(memory.data(&self.store)),
                "{}: memory for {:?}",
                workload.name(),
                run.args
            );
        }
    }
}

/// Runs a command once: exit code and outputs are compared with the manifest.
fn check_command(workload: &Workload, run: &Run) {
    let name = workload.name();
    let wasm = workload.wasm().unwrap_or_else(|error| panic!("{error}"));
    let wasmi = peers::all().into_iter().find(|peer| peer.name == "wasmi");
    let engine = wasmi.expect("wasmi").engine().unwrap_or_else(|error| panic!("{error}"));
    let prepared = engine.prepare(workload, &wasm);
    let mut prepared = prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Err(error) = prepared.run(run) {
        panic!("{name}: {error}");
    }
}

fn to_wasmi(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
    }
}

fn from_wasmi(value: &Val) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        other => panic!("manifests cannot express {other:?}"),
    }
}

fn at_least_eight_workloads() -> Vec<Workload> {
    let workloads = all().unwrap_or_else(|error| panic!("{error}"));
    assert!(workloads.len() >= 8, "only {} workloads found", workloads.len());
    workloads
}

fn named(name: &str) -> Workload {
    let workload = at_least_eight_workloads()
        .into_iter()
        .find(|workload| workload.name() == name);
    workload.unwrap_or_else(|| panic!("no workload named {name}"))
}

/// A benchmark calls the entry again and again on one instance, so the second call is checked too.
#[test]
fn every_quick_run_gives_its_expected_result_twice_on_one_instance() {
    let workloads = at_least_eight_workloads();
    // On all processors, because this engine is slow in a debug build.
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(workload) = workloads.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if workload.quick().wasi.is_some() {
                        check_command(workload, workload.quick());
                        continue;
                    }
                    let mut running = Running::new(workload);
                    running.check(workload, workload.quick());
                    running.check(workload, workload.quick());
                    if let Some(count) = workload.count() {
                        running.check(workload, count);
                    }
                }
            });
        }
    });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes in a debug build; release builds run it")]
fn every_full_run_gives_its_expected_result() {
    for workload in at_least_eight_workloads() {
        if workload.full().wasi.is_some() {
            check_command(&workload, workload.full());
            continue;
        }
        Running::new(&workload).check(&workload, workload.full());
    }
}

/// Whatever `scripts/build-workloads --extra` has built, if anything.
#[test]
#[ignore = "needs programs that are not committed; it passes over those that have not been built"]
fn every_extra_run_gives_its_expected_result() {
    for workload in extra().unwrap_or_else(|error| panic!("{error}")) {
        println!("{}", workload.name());
        for run in [workload.quick(), workload.full()] {
            check_command(&workload, run);
        }
    }
}

/// A larger run before a smaller one must leave nothing behind that the smaller one sees.
#[test]
fn a_run_does_not_depend_on_the_size_of_the_one_before() {
    for (name, larger) in [
        ("sort", 30_000),
        ("sieve", 400_000),
        ("hash_map", 120_000),
        ("string_search", 80_000),
    ] {
        let workload = named(name);
        let mut running = Running::new(&workload);
        running.call(workload.entry(), &[Value::I32(larger)]);
        running.check(&workload, workload.quick());
    }
}

// Values that others have published, at the sizes at which they published them.

#[test]
fn fibonacci_kernels_agree_with_the_table_of_fibonacci_numbers() {
    for name in ["fib_recursive", "fib_iterative", "fib_tail"] {
        let mut running = Running::new(&named(name));
        for (n, number) in [(0, 0), (1, 1), (2, 1), (3, 2), (10, 55), (20, 6765)] {
            assert_eq!(
                running.call("run", &[Value::I32(n)]),
                [Value::I64(number)],
                "{name}({n})"
            );
        }
    }
}

#[test]
fn nbody_and_spectral_norm_agree_with_the_computer_language_benchmarks_game() {
    for (name, n, published) in [
        ("nbody", 0, "-0.169075164"),
        ("nbody", 1000, "-0.169087605"),
        ("spectral_norm", 100, "1.274219991"),
    ] {
        let results = Running::new(&named(name)).call("run", &[Value::I32(n)]);
        let [Value::F64(bits)] = results[..] else {
            panic!("{name} returned {results:?}")
        };
        assert_eq!(format!("{:.9}", f64::from_bits(bits)), published, "{name}({n})");
    }
}

#[test]
fn sieve_agrees_with_the_table_of_prime_counts() {
    let mut running = Running::new(&named("sieve"));
    for (n, primes) in [(10, 4), (100, 25), (1000, 168), (10_000, 1229), (100_000, 9592)] {
        assert_eq!(
            running.call("run", &[Value::I32(n)]),
            [Value::I32(primes)],
            "primes below {n}"
        );
    }
}

#[test]
fn sha256_of_nothing_begins_as_in_the_standard() {
    let mut running = Running::new(&named("sha256"));
    assert_eq!(
        running.call("run", &[Value::I32(0)]),
        ["i64:0xe3b0c44298fc1c14".parse().unwrap()]
    );
}
