//! Our strategies as engines, and strategies from outside this repository: both are entrants.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use wasm_dispatch::ir::code::FunctionBody;
use wasm_dispatch::machine::backend::{Backend, NodeCode};
use wasm_dispatch::{Imports, Limits, Metering, Module, Strategy, Tiers, Value, Vm};
use wasm_dispatch_workloads::{Class, Run, Workload};

use crate::threads::{Serving, on_threads};

use crate::control;
use crate::engine::{Engine, Prepared, Timing, check};
use crate::linking::{Beside, beside, link};
use crate::values::to_value;
use crate::wasi::{ended, surroundings};

/// A strategy that the lab can run and measure.
#[derive(Clone, Copy)]
pub struct Entrant {
    /// Its name on the command line and in records.
    pub name: &'static str,
    /// Its idea in one line.
    pub idea: &'static str,
    /// Whether its crate forbids unsafe code.
    pub is_safe: bool,
    /// Whether memory must become executable for it.
    pub makes_code: bool,
    /// The strategy that it is a control experiment of.
    pub control_of: Option<&'static str>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Ours(Strategy),
    Outside(Outside),
    /// One strategy after another, in modules that can be stopped.
    Tiered(Tiers),
}

/// A backend whose type is forgotten.
#[derive(Clone, Copy)]
struct Outside {
    vm: fn(Limits) -> Vm,
    compile: fn(&Module) -> usize,
    dispatches: fn(&FunctionBody) -> Vec<u32>,
    code_bytes: fn(&FunctionBody) -> usize,
    machine_code: fn(&FunctionBody) -> Option<Vec<Vec<NodeCode>>>,
}

/// Those from outside.
static OUTSIDE: OnceLock<Vec<Entrant>> = OnceLock::new();

impl Entrant {
    /// A strategy chosen by type.
    pub fn of<B: Backend>() -> Entrant {
        Entrant {
            name: B::NAME,
            idea: B::IDEA,
            is_safe: B::SAFE,
            makes_code: B::MAKES_CODE,
            control_of: None,
            kind: Kind::Outside(Outside {
                vm: Vm::with_backend::<B>,
                compile: Module::compile_backend::<B>,
                dispatches: B::dispatches,
                code_bytes: |body| B::code_bytes(&B::compile(body)),
                machine_code: B::machine_code,
            }),
        }
    }

    /// Two of ours, one after the other. Its modules can always be stopped: where a program cannot be stopped, it cannot change.
    pub fn tiered(name: &'static str, idea: &'static str, tiers: Tiers) -> Entrant {
        Entrant {
            name,
            idea,
            is_safe: tiers.start.is_safe() && tiers.then.is_safe(),
            makes_code: tiers.start.makes_code() || tiers.then.makes_code(),
            control_of: None,
            kind: Kind::Tiered(tiers),
        }
    }

    /// All entrants of this process: our strategies, control experiments, tiers, then those that it was
    /// [opened to](Entrant::open_to).
    pub fn all() -> impl Iterator<Item = Entrant> {
        let ours = Strategy::ALL.iter().copied().map(Entrant::from);
        let outside = OUTSIDE.get().into_iter().flatten().copied();
        ours.chain(control::all()).chain(outside)
    }

    /// The entrant of a name.
    pub fn named(name: &str) -> Option<Entrant> {
        Entrant::all().find(|entrant| entrant.name == name)
    }

    /// The names of all, for people.
    pub fn names() -> String {
        let names: Vec<&str> = Entrant::all().map(|entrant| entrant.name).collect();
        names.join(", ")
    }

    /// Lets strategies from outside take part in whatever this process runs and measures. Once, at its beginning.
    ///
    /// # Errors
    ///
    /// If two have the same name, or if it was done before.
    pub fn open_to(outside: &[Entrant]) -> Result<(), String> {
        let ours = Strategy::ALL.iter().map(|strategy| strategy.name());
        let mut names: Vec<&str> = ours.chain(outside.iter().map(|entrant| entrant.name)).collect();
        names.sort_unstable();
        if let Some(two) = names.windows(2).find(|two| two[0] == two[1]) {
            return Err(format!("two strategies are called '{}'", two[0]));
        }
        let set = OUTSIDE.set(outside.to_vec());
        set.map_err(|_| "the strategies from outside are known already".to_owned())
    }

    /// Whether some strategies are from outside: another build of the lab does not know them.
    pub fn some_are_from_outside() -> bool {
        OUTSIDE.get().is_some_and(|outside| !outside.is_empty())
    }

    /// A machine that runs under it.
    pub fn vm(self, limits: Limits) -> Vm {
        match self.kind {
            Kind::Ours(strategy) => Vm::with(strategy, limits),
            Kind::Outside(outside) => (outside.vm)(limits),
            Kind::Tiered(tiers) => Vm::options().tiers(tiers).limits(limits).build(()),
        }
    }

    /// Compiles all functions of a module, for the first tier if there are two, and returns the bytes of code.
    pub fn compile(self, module: &Module) -> usize {
        match self.kind {
            Kind::Ours(strategy) => module.compile(strategy),
            Kind::Outside(outside) => (outside.compile)(module),
            Kind::Tiered(tiers) => module.compile(tiers.start),
        }
    }

    /// How often running once through each block of a function dispatches, in the last tier: see [`Strategy::dispatches`].
    pub fn dispatches(self, body: &FunctionBody) -> Vec<u32> {
        match self.kind {
            Kind::Ours(strategy) => strategy.dispatches(body),
            Kind::Outside(outside) => (outside.dispatches)(body),
            Kind::Tiered(tiers) => tiers.then.dispatches(body),
        }
    }

    /// Heap bytes of a compiled function. Compiles it.
    pub fn code_bytes(self, body: &FunctionBody) -> usize {
        match self.kind {
            Kind::Ours(strategy) => strategy.code_bytes(body),
            Kind::Outside(outside) => (outside.code_bytes)(body),
            Kind::Tiered(tiers) => tiers.start.code_bytes(body) + tiers.then.code_bytes(body),
        }
    }

    /// The machine code that it makes of a function, block by block, if it makes any.
    pub fn machine_code(self, body: &FunctionBody) -> Option<Vec<Vec<NodeCode>>> {
        match self.kind {
            Kind::Ours(strategy) => strategy.machine_code(body),
            Kind::Outside(outside) => (outside.machine_code)(body),
            // That of the last tier, which is shown as its own.
            Kind::Tiered(_) => None,
        }
    }

    /// As an engine.
    pub fn engine(self) -> Ours {
        self.metered(Metering::Off)
    }

    /// What modules are compiled to count, if this is asked for: those of tiers can always be stopped.
    pub fn metering(self, asked: Metering) -> Metering {
        match (self.kind, asked) {
            (Kind::Tiered(_), Metering::Off) => Metering::Interrupts,
            (_, asked) => asked,
        }
    }

    /// As an engine with modules that can be stopped. Those of tiers always can.
    pub fn metered(self, metering: Metering) -> Ours {
        let name = match metering {
            Metering::Off => self.name.to_owned(),
            metering => format!("{}+{metering:?}", self.name),
        };
        let metering = self.metering(metering);
        Ours {
            name,
            entrant: self,
            metering,
        }
    }
}

impl From<Strategy> for Entrant {
    fn from(strategy: Strategy) -> Entrant {
        Entrant {
            name: strategy.name(),
            idea: strategy.idea(),
            is_safe: strategy.is_safe(),
            makes_code: strategy.makes_code(),
            control_of: None,
            kind: Kind::Ours(strategy),
        }
    }
}

/// Names are unique.
impl PartialEq for Entrant {
    fn eq(&self, other: &Entrant) -> bool {
        self.name == other.name
    }
}

impl FromStr for Entrant {
    type Err = String;

    fn from_str(name: &str) -> Result<Entrant, String> {
        let found = Entrant::named(name);
        found.ok_or_else(|| format!("no strategy is called '{name}'; there are {}", Entrant::names()))
    }
}

impl Default for Entrant {
    /// Our default.
    fn default() -> Entrant {
        Strategy::default().into()
    }
}

impl fmt::Display for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entrant").field(&self.name).finish()
    }
}

/// An entrant as an engine.
#[derive(Clone, Debug)]
pub struct Ours {
    name: String,
    entrant: Entrant,
    metering: Metering,
}

impl Ours {
    /// The engine of a name as records have it: that of a strategy, or of one with metering, `threaded+Fuel`.
    pub fn named(name: &str) -> Option<Ours> {
        let (strategy, suffix) = name.split_once('+').unwrap_or((name, "Off"));
        let mut meterings = [Metering::Off, Metering::Interrupts, Metering::Fuel].into_iter();
        let metering = meterings.find(|metering| format!("{metering:?}") == suffix)?;
        Some(Entrant::named(strategy)?.metered(metering))
    }

    /// What it is made of.
    pub fn entrant(&self) -> Entrant {
        self.entrant
    }

    fn module(&self, wasm: &[u8]) -> Result<Module, wasm_dispatch::Error> {
        Module::options().metering(self.metering).compile(wasm)
    }

    /// With everything compiled that it imports from.
    fn prepared(
        &self,
        workload: &Workload,
        wasm: &[u8],
        module: Module,
        code_bytes: usize,
    ) -> Result<Box<dyn Prepared>, String> {
        let from_bytes = (workload.class() == Class::Startup).then(|| wasm.to_vec());
        let unprepared = self.unprepared(workload, module, from_bytes)?;
        for (_, module) in &unprepared.beside {
            self.entrant.compile(module);
        }
        Ok(Box::new(PreparedModule {
            code_bytes,
            ..unprepared
        }))
    }

    /// Loaded, and compiled when it is called.
    fn unprepared(
        &self,
        workload: &Workload,
        module: Module,
        bytes: Option<Vec<u8>>,
    ) -> Result<PreparedModule, String> {
        Ok(PreparedModule {
            engine: self.clone(),
            entry: workload.entry().to_string(),
            module,
            beside: beside(workload, |wasm| self.module(wasm))?,
            code_bytes: 0,
            stubs: workload.stubs(),
            tail: None,
            from_bytes: bytes,
        })
    }
}

impl Engine for Ours {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let module = self.module(wasm).map_err(text)?;
        let code_bytes = self.entrant.compile(&module);
        self.prepared(workload, wasm, module, code_bytes)
    }

    fn prepare_module(
        &self,
        workload: &Workload,
        wasm: &[u8],
        module: &Module,
    ) -> Result<(Box<dyn Prepared>, Timing), String> {
        if module.metering() != self.metering {
            let (prepared, timing) = Timing::of(|| self.prepare(workload, wasm));
            return Ok((prepared?, timing));
        }
        let (code_bytes, timing) = Timing::of(|| self.entrant.compile(module));
        Ok((self.prepared(workload, wasm, module.clone(), code_bytes)?, timing))
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        let mut vm = self.entrant.vm(Limits::default());
        let mut imports = Imports::new();
        if let Some((wasi, _)) = surroundings(workload.quick())? {
            wasi.define(&mut imports);
        }
        link(&mut vm, &beside(workload, |wasm| self.module(wasm))?, &mut imports).map_err(text)?;
        if workload.stubs() {
            let module = self.module(wasm).map_err(text)?;
            imports.make_up(&module, &mut vm).map_err(text)?;
        }
        let (loaded, timing) = Timing::of(|| {
            let module = self.module(wasm)?;
            self.entrant.compile(&module);
            vm.instantiate(&module, &imports)?;
            Ok(module)
        });
        loaded.map(|_| Some(timing)).map_err(text)
    }

    fn cold(&self, workload: &Workload, wasm: &[u8], run: &Run) -> Result<Option<Timing>, String> {
        if !run.is_one_call() {
            return Ok(None);
        }
        let module = self.module(wasm).map_err(text)?;
        let mut fresh = self.unprepared(workload, module, Some(wasm.to_vec()))?;
        fresh.run(run).map(Some)
    }
}

struct PreparedModule {
    engine: Ours,
    entry: String,
    module: Module,
    /// What it imports from.
    beside: Beside,
    code_bytes: usize,
    /// Whether imports that the lab does not know are made up.
    stubs: bool,
    /// Of the last run on threads.
    tail: Option<Duration>,
    /// For startup workloads: the bytes to begin with each time.
    from_bytes: Option<Vec<u8>>,
}

impl Prepared for PreparedModule {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        let arguments: Vec<Value> = run.args.iter().map(|&value| to_value(value)).collect();
        if run.threads > 0 {
            let (timing, tail) = on_threads(run, || self.machine(&arguments))?;
            self.tail = Some(tail);
            return Ok(timing);
        }
        if !run.is_one_call() {
            return self.run_in_turn(run, &arguments);
        }
        // A fresh machine for each run: nothing that one leaves behind can help or hurt the next.
        let mut vm = self.engine.entrant.vm(Limits::default());
        let mut imports = Imports::new();
        let printed = surroundings(run)?.map(|(wasi, printed)| {
            wasi.define(&mut imports);
            printed
        });
        link(&mut vm, &self.beside, &mut imports).map_err(text)?;
        if self.stubs {
            imports.make_up(&self.module, &mut vm).map_err(text)?;
        }
        let (outcome, timing) = match &self.from_bytes {
            Some(bytes) => Timing::of(|| {
                let module = self.engine.module(bytes)?;
                let instance = vm.instantiate(&module, &imports)?;
                Ok((instance, vm.call(instance, &self.entry, &arguments)))
            }),
            None => {
                let instance = vm.instantiate(&self.module, &imports).map_err(text)?;
                Timing::of(|| Ok((instance, vm.call(instance, &self.entry, &arguments))))
            }
        };
        let (instance, results) = outcome.map_err(text)?;
        ended(run, &vm, instance, printed.as_ref(), results)?;
        Ok(timing)
    }

    fn code_bytes(&self) -> Option<usize> {
        Some(self.code_bytes)
    }

    fn tail(&self) -> Option<Duration> {
        self.tail
    }
}

impl PreparedModule {
    /// A machine with an instance whose entry is to be called with these arguments.
    fn machine<'a>(&self, arguments: &'a [Value]) -> Result<Serving<'a>, String> {
        let mut vm = self.engine.entrant.vm(Limits::default());
        let mut imports = Imports::new();
        link(&mut vm, &self.beside, &mut imports).map_err(text)?;
        let instance = vm.instantiate(&self.module, &imports).map_err(text)?;
        let function = vm.exported_func(instance, &self.entry).map_err(text)?;
        Ok(Serving {
            vm,
            instance,
            function,
            arguments,
        })
    }

    /// Several calls, of several instances in turn.
    fn run_in_turn(&self, run: &Run, arguments: &[Value]) -> Result<Timing, String> {
        let mut vm = self.engine.entrant.vm(Limits::default());
        let (mut functions, mut instances) = (Vec::new(), Vec::new());
        let mut imports = Imports::new();
        link(&mut vm, &self.beside, &mut imports).map_err(text)?;
        for _ in 0..run.instances {
            let instance = vm.instantiate(&self.module, &imports).map_err(text)?;
            instances.push(instance);
            functions.push(vm.exported_func(instance, &self.entry).map_err(text)?);
        }
        let expected: Vec<Value> = run.expect.iter().map(|&value| to_value(value)).collect();
        // As numbers, a NaN would not be equal to itself: whatever is not equal is looked at again, by its bits.
        let mut others = Vec::new();
        let (outcome, timing) = Timing::of(|| {
            for &function in functions.iter().cycle().take(run.calls as usize) {
                let results = vm.call_func(function, arguments)?;
                if results != expected {
                    others.push(results);
                }
            }
            Ok(())
        });
        outcome.map_err(text)?;
        for (results, &instance) in others.into_iter().zip(instances.iter().cycle()) {
            check(run, &vm, instance, results)?;
        }
        for &instance in &instances {
            check(run, &vm, instance, expected.clone())?;
        }
        Ok(timing)
    }
}

fn text(error: wasm_dispatch::Error) -> String {
    error.to_string()
}
