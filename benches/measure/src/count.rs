//! One call of a workload, separated from everything else, so that an instruction counter sees nothing but the call.

use wasm_dispatch::{Imports, Instance, Limits, Module, Strategy, Value, Vm};
use wasm_dispatch_record::Count;
use wasm_dispatch_workloads::{Run, Workload};

use wasm_dispatch_engines::engine::check;
use wasm_dispatch_engines::values::to_value;

/// What is counted: the kernels that have a size for it, under each strategy.
pub fn pairs(workloads: &[Workload]) -> impl Iterator<Item = (&Workload, Strategy)> {
    let kernels = workloads.iter().filter(|workload| workload.count().is_some());
    kernels.flat_map(|workload| Strategy::ALL.iter().map(move |&strategy| (workload, strategy)))
}

/// What of that is not among these counts, as workload and strategy.
pub fn missing(workloads: &[Workload], counts: &[Count]) -> Vec<String> {
    let is_missing = |(workload, strategy): &(&Workload, Strategy)| {
        let is_it = |count: &Count| count.workload == workload.name() && count.strategy == strategy.name();
        !counts.iter().any(is_it)
    };
    let name = |(workload, strategy): (&Workload, Strategy)| format!("{} / {strategy}", workload.name());
    pairs(workloads).filter(is_missing).map(name).collect()
}

/// A workload compiled and instantiated, ready to be called.
pub struct Counted {
    vm: Vm,
    instance: Instance,
    entry: String,
    arguments: Vec<Value>,
    run: Run,
}

impl Counted {
    /// Gets everything ready that is not to be counted.
    ///
    /// # Errors
    ///
    /// If the workload has no size for counting, or cannot be loaded.
    pub fn new(strategy: Strategy, workload: &Workload) -> Result<Counted, String> {
        let run = workload.count().ok_or("the manifest has no [count]")?.clone();
        if !run.is_one_call() {
            return Err("one call is counted, on one instance".to_string());
        }
        let wasm = workload.wasm().map_err(|error| error.to_string())?;
        let module = Module::new(&wasm).map_err(|error| error.to_string())?;
        module.compile(strategy);
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm
            .instantiate(&module, &Imports::new())
            .map_err(|error| error.to_string())?;
        Ok(Counted {
            vm,
            instance,
            entry: workload.entry().to_string(),
            arguments: run.args.iter().map(|&value| to_value(value)).collect(),
            run,
        })
    }

    /// The call that is counted.
    pub fn call(&mut self) -> Result<Vec<Value>, wasm_dispatch::Error> {
        self.vm.call(self.instance, &self.entry, &self.arguments)
    }

    /// Whether the call did what the workload expects.
    ///
    /// # Errors
    ///
    /// A trap, or "expected A, got B".
    pub fn check(&self, outcome: Result<Vec<Value>, wasm_dispatch::Error>) -> Result<(), String> {
        let results = outcome.map_err(|error| error.to_string())?;
        check(&self.run, &self.vm, self.instance, results)
    }
}
