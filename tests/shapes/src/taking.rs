//! What a module takes from its bytes to its last result, and to be explained and profiled.

use std::fmt;
use std::str::FromStr;

use allocation_counter::{measure, opt_out};
use wasm_dispatch::{Imports, Instance, Limits, Module, Strategy, Vm};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::tally::{self, Tally};
use wasm_dispatch_profile::{Profile, Program, explain, profile};

/// What a module is taken through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything that running it takes, under a strategy.
    Run(Strategy),
    /// A list of its functions, and what all strategies make of `run`.
    Explain,
    /// A run in which blocks are counted, and the tables of that.
    Profile,
}

impl Way {
    /// Every strategy, and what the lab does with modules.
    pub fn all() -> impl Iterator<Item = Way> {
        let run = Strategy::ALL.iter().map(|&strategy| Way::Run(strategy));
        run.chain([Way::Explain, Way::Profile])
    }
}

impl From<Strategy> for Way {
    fn from(strategy: Strategy) -> Way {
        Way::Run(strategy)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Run(strategy) => strategy.name(),
            Way::Explain => "explain",
            Way::Profile => "profile",
        })
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(name: &str) -> Result<Way, String> {
        let found = Way::all().find(|way| way.to_string() == name);
        found.ok_or_else(|| format!("'{name}' is no strategy, and neither explain nor profile"))
    }
}

/// What a module took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// The most heap bytes at once, without memories and the value stack.
    pub peak: u64,
    /// All bytes that were ever taken, given back or not: what is copied again and again shows here.
    pub total: u64,
}

/// Loads a module, instantiates it with zeros for what it imports, compiles all functions, calls `run`, and asks for its exports
/// and a snapshot; or explains it, or profiles it.
///
/// # Errors
///
/// What went wrong, as a sentence.
pub fn take(bytes: &[u8], way: impl Into<Way>) -> Result<Taken, String> {
    let way = way.into();
    let mut outcome = Ok(());
    let info = measure(|| {
        outcome = match way {
            Way::Run(strategy) => run(bytes, strategy),
            Way::Explain => explained(bytes),
            Way::Profile => profiled(bytes),
        }
    });
    outcome?;
    Ok(Taken {
        peak: info.bytes_max,
        total: info.bytes_total,
    })
}

fn text(error: wasm_dispatch::Error) -> String {
    error.to_string()
}

/// A machine with an instance of a module.
fn started(make: impl FnOnce(Limits) -> Vm, module: &Module) -> Result<(Vm, Instance), wasm_dispatch::Error> {
    let mut vm = None;
    // The value stack is as large for any module.
    opt_out(|| vm = Some(make(Limits::default().stack_slots(1 << 16))));
    let Some(mut vm) = vm else { unreachable!() };
    let mut imports = Imports::new();
    imports.make_up(module, &mut vm)?;
    let instance = vm.instantiate(module, &imports)?;
    Ok((vm, instance))
}

fn run(bytes: &[u8], strategy: Strategy) -> Result<(), String> {
    let module = Module::new(bytes).map_err(text)?;
    let (mut vm, instance) = started(|limits| Vm::with(strategy, limits), &module).map_err(text)?;
    module.compile(strategy);
    for _ in 0..2 {
        vm.call(instance, "run", &[]).map_err(text)?;
    }
    // By name, and once for all.
    let exports = module
        .exports()
        .filter(|export| module.exported_function(&export.name).is_some());
    if exports.count() == 0 {
        return Err("nothing is exported".to_owned());
    }
    vm.snapshot().map_err(text)?;
    Ok(())
}

fn explained(bytes: &[u8]) -> Result<(), String> {
    let module = Module::new(bytes).map_err(text)?;
    if explain::functions(&module).is_empty() {
        return Err("no function can be explained".to_owned());
    }
    let entrants: Vec<Entrant> = Entrant::all().collect();
    let explained = explain::find(&module, "run")?;
    let explained = explain::explain(&module, explained, &entrants);
    match explained.map(|explained| explained.text()) {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err("'run' cannot be explained".to_owned()),
    }
}

fn profiled(bytes: &[u8]) -> Result<(), String> {
    let module = Module::new(bytes).map_err(text)?;
    let (ran, counted) = tally::during(|| {
        let (mut vm, instance) = started(Vm::with_backend::<Tally>, &module)?;
        vm.call(instance, "run", &[])
    });
    ran.map_err(text)?;
    let program = Program::new("made", &module, &counted);
    match Profile::of(&[program], profile::Options::default()).text().is_empty() {
        true => Err("a profile of nothing".to_owned()),
        false => Ok(()),
    }
}
