//! Runs a script under a strategy.

use std::collections::{BTreeMap, HashMap};

use wasm_dispatch::{
    AddressType, Error, ErrorKind, Extern, Imports, Instance, Module, SizeLimits, Strategy, TableType, Trap, ValType,
    Value, Vm,
};

use super::files::{OLDER, SUPERSEDED};
use super::script::{Action, Directive, Loaded, Script};
use super::values::Expected;
use crate::mode::{self, Mode};

/// What came of a script, or of many.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Assertions that held.
    pub passed: usize,
    /// Assertions that a text is malformed, which the text format's parser decided: they test it, not this machine.
    pub text_only: usize,
    /// What did not hold, with file and line.
    pub failed: Vec<String>,
    /// Assertions that need an unsupported proposal, by its name.
    pub left_out: BTreeMap<&'static str, usize>,
    /// Instructions that were paid for.
    pub fuel: u64,
    /// Times that a call was paused and went on under another strategy.
    pub hops: u64,
}

impl Outcome {
    /// Adds what came of another script.
    pub fn add(&mut self, other: Outcome) {
        self.passed += other.passed;
        self.text_only += other.text_only;
        self.failed.extend(other.failed);
        self.fuel += other.fuel;
        self.hops += other.hops;
        for (proposal, count) in other.left_out {
            *self.left_out.entry(proposal).or_default() += count;
        }
    }
}

/// Why a directive did not do what it should.
enum Problem {
    /// It depends on a proposal that is not supported.
    LeftOut(&'static str),
    Failed(String),
}

/// Something that a name stands for, unless it needed an unsupported proposal.
type Named<T> = Result<T, &'static str>;

struct Runner<'s> {
    machine: mode::Runner<'static>,
    imports: Imports,
    /// The proposal that a registered module needed, by the name it was registered under.
    missing: HashMap<String, &'static str>,
    latest: Option<Named<Instance>>,
    instances: HashMap<&'s str, Named<Instance>>,
    latest_definition: Option<&'s Loaded>,
    definitions: HashMap<&'s str, &'s Loaded>,
}

/// Runs a script.
pub fn run(script: &Script, strategy: Strategy, mode: Mode) -> Outcome {
    let mut outcome = Outcome::default();
    let mut runner = match Runner::new(strategy, mode) {
        Ok(runner) => runner,
        Err(error) => {
            outcome.failed.push(format!("the host module cannot be made: {error}"));
            return outcome;
        }
    };
    let old = OLDER.iter().any(|folder| script.name.starts_with(folder));
    for (line, directive) in &script.directives {
        if let (true, Directive::AssertRefused(Loaded::Module(_), message)) = (old, directive)
            && let Some((_, reason)) = SUPERSEDED.iter().find(|(superseded, _)| superseded == message)
        {
            *outcome.left_out.entry(reason).or_default() += 1;
            continue;
        }
        let assertion = is_assertion(directive);
        match runner.directive(directive) {
            Ok(()) if matches!(directive, Directive::AssertRefused(Loaded::BadText(_), _)) => outcome.text_only += 1,
            Ok(()) if assertion => outcome.passed += 1,
            Ok(()) => {}
            Err(Problem::LeftOut(proposal)) if assertion => *outcome.left_out.entry(proposal).or_default() += 1,
            Err(Problem::LeftOut(_)) => {}
            Err(Problem::Failed(message)) => outcome.failed.push(format!("{} line {line}: {message}", script.name)),
        }
    }
    (outcome.fuel, outcome.hops) = (runner.machine.fuel, runner.machine.hops);
    outcome
}

fn is_assertion(directive: &Directive) -> bool {
    match directive {
        Directive::Define(..)
        | Directive::Instance(..)
        | Directive::Module(..)
        | Directive::Register(..)
        | Directive::Do(_) => false,
        Directive::AssertReturn(..)
        | Directive::AssertTrap(..)
        | Directive::AssertExhaustion(_)
        | Directive::AssertRefused(..)
        | Directive::AssertUnlinkable(..)
        | Directive::LeftOut(_) => true,
    }
}

/// The host module that the suite imports from.
fn spectest(vm: &mut Vm) -> Result<Imports, Error> {
    let mut imports = Imports::new();
    imports
        .func("spectest", "print", || {})
        .func("spectest", "print_i32", |_: i32| {})
        .func("spectest", "print_i64", |_: i64| {})
        .func("spectest", "print_f32", |_: f32| {})
        .func("spectest", "print_f64", |_: f64| {})
        .func("spectest", "print_i32_f32", |_: i32, _: f32| {})
        .func("spectest", "print_f64_f64", |_: f64, _: f64| {});
    for (name, value) in [
        ("global_i32", Value::I32(666)),
        ("global_i64", Value::I64(666)),
        ("global_f32", Value::F32(666.6)),
        ("global_f64", Value::F64(666.6)),
    ] {
        imports.define("spectest", name, vm.new_global(value, false)?);
    }
    let max = |min, max| SizeLimits { min, max: Some(max) };
    for (name, address) in [("table", AddressType::I32), ("table64", AddressType::I64)] {
        let table = vm.new_table(TableType {
            element: ValType::FuncRef,
            limits: max(10, 20),
            address,
        })?;
        imports.define("spectest", name, table);
    }
    imports.define("spectest", "memory", vm.new_memory(max(1, 2))?);
    Ok(imports)
}

fn failed<T>(message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Failed(message.into()))
}

impl<'s> Runner<'s> {
    fn new(strategy: Strategy, mode: Mode) -> Result<Self, Error> {
        let mut machine = mode::Runner::new(strategy, mode);
        let imports = spectest(&mut machine.vm)?;
        Ok(Runner {
            machine,
            imports,
            missing: HashMap::new(),
            latest: None,
            instances: HashMap::new(),
            latest_definition: None,
            definitions: HashMap::new(),
        })
    }

    fn directive(&mut self, directive: &'s Directive) -> Result<(), Problem> {
        match directive {
            Directive::Define(name, module) => {
                self.latest_definition = Some(module);
                if let Some(name) = name {
                    self.definitions.insert(name, module);
                }
                self.loaded(module).map(|_| ())
            }
            Directive::Instance(name, definition) => {
                let module = match definition {
                    Some(definition) => self.definitions.get(definition.as_str()).copied(),
                    None => self.latest_definition,
                };
                let Some(module) = module else {
                    return failed("no such module definition");
                };
                self.instance(name, module)
            }
            Directive::Module(name, module) => {
                self.latest_definition = Some(module);
                if let Some(name) = name {
                    self.definitions.insert(name, module);
                }
                self.instance(name, module)
            }
            Directive::Register(name, instance) => {
                let instance = match self.named(instance) {
                    Err(Problem::LeftOut(proposal)) => {
                        self.missing.insert(name.clone(), proposal);
                        return Err(Problem::LeftOut(proposal));
                    }
                    other => other?,
                };
                self.missing.remove(name);
                let exports = self.machine.vm.exports(instance);
                for (export, item) in exports.or_else(|error| failed(error.to_string()))? {
                    self.imports.define(name, export, item);
                }
                Ok(())
            }
            Directive::Do(action) => match self.act(action)? {
                Ok(_) => Ok(()),
                Err(error) => failed(error.to_string()),
            },
            Directive::AssertReturn(action, expected) => self.assert_return(action, expected),
            Directive::AssertTrap(action, message) => match self.act(action)? {
                Ok(values) => failed(format!("should trap with {message:?} and returns {values:?}")),
                Err(error) => match error.trap() {
                    Some(trap) if message.starts_with(&trap.to_string()) || trap.to_string().starts_with(message) => {
                        Ok(())
                    }
                    _ => failed(format!("should trap with {message:?}: {error}")),
                },
            },
            Directive::AssertExhaustion(action) => match self.act(action)? {
                Err(error) if error.trap() == Some(Trap::CallStackExhausted) => Ok(()),
                other => failed(format!("should exhaust the call stack: {other:?}")),
            },
            Directive::AssertRefused(module, message) => match module {
                Loaded::BadText(_) | Loaded::Refused(_) => Ok(()),
                Loaded::Unsupported(proposal) => Err(Problem::LeftOut(proposal)),
                Loaded::Module(_) => failed(format!("should be refused: {message}")),
                Loaded::Failed(error) => failed(format!("should be refused with {message:?}: {error}")),
            },
            Directive::AssertUnlinkable(module, message) => {
                let module = self.loaded(module)?;
                match self.machine.instantiate(module, &self.imports) {
                    Ok(_) => failed(format!("should not link: {message}")),
                    Err(error) => match error.kind() {
                        ErrorKind::MissingImport { .. } | ErrorKind::ImportMismatch { .. }
                            if error.to_string().starts_with(message) =>
                        {
                            Ok(())
                        }
                        _ => failed(format!("should not link with {message:?}: {error}")),
                    },
                }
            }
            Directive::LeftOut(proposal) => Err(Problem::LeftOut(proposal)),
        }
    }

    /// The module, if it could be loaded and nothing it imports belongs to an unsupported proposal.
    fn loaded(&self, loaded: &'s Loaded) -> Result<&'s Module, Problem> {
        let module = match loaded {
            Loaded::Module(module) => module,
            Loaded::Unsupported(proposal) => return Err(Problem::LeftOut(proposal)),
            Loaded::BadText(message) | Loaded::Refused(message) => return failed(message),
            Loaded::Failed(error) => return failed(error.to_string()),
        };
        let missing = module.imports().find_map(|import| self.missing.get(&import.module));
        match missing {
            Some(proposal) => Err(Problem::LeftOut(proposal)),
            None => Ok(module),
        }
    }

    fn instance(&mut self, name: &'s Option<String>, module: &'s Loaded) -> Result<(), Problem> {
        let module = match self.loaded(module) {
            Ok(module) => module,
            Err(problem) => {
                let proposal = match problem {
                    Problem::LeftOut(proposal) => Some(proposal),
                    Problem::Failed(_) => None,
                };
                self.latest = proposal.map(Err);
                if let (Some(name), Some(proposal)) = (name, proposal) {
                    self.instances.insert(name, Err(proposal));
                }
                return Err(problem);
            }
        };
        self.latest = None;
        match self.machine.instantiate(module, &self.imports) {
            Ok(instance) => {
                self.latest = Some(Ok(instance));
                if let Some(name) = name {
                    self.instances.insert(name, Ok(instance));
                }
                Ok(())
            }
            Err(error) => failed(format!("cannot be instantiated: {error}")),
        }
    }

    fn named(&self, name: &Option<String>) -> Result<Instance, Problem> {
        let found = match name {
            Some(name) => self.instances.get(name.as_str()).copied(),
            None => self.latest,
        };
        match found {
            Some(Ok(instance)) => Ok(instance),
            Some(Err(proposal)) => Err(Problem::LeftOut(proposal)),
            None => failed("no such instance"),
        }
    }

    fn act(&mut self, action: &'s Action) -> Result<Result<Vec<Value>, Error>, Problem> {
        match action {
            Action::Invoke {
                instance,
                function,
                arguments,
            } => {
                let instance = self.named(instance)?;
                Ok(self.machine.call(instance, function, arguments))
            }
            Action::Get { instance, global } => match self.machine.vm.export(self.named(instance)?, global) {
                Ok(Some(Extern::Global(global))) => Ok(self.machine.vm.global(global).map(|value| vec![value])),
                _ => failed(format!("exports no global {global:?}")),
            },
            Action::Instantiate(module) => {
                let module = self.loaded(module)?;
                Ok(self.machine.instantiate(module, &self.imports).map(|_| Vec::new()))
            }
        }
    }

    fn assert_return(&mut self, action: &'s Action, expected: &[Expected]) -> Result<(), Problem> {
        let values = match self.act(action)? {
            Ok(values) => values,
            Err(error) => return failed(format!("should return {expected:?}: {error}")),
        };
        let all = values.len() == expected.len() && expected.iter().zip(&values).all(|(e, &v)| e.accepts(v));
        if all {
            Ok(())
        } else {
            failed(format!("should return {expected:?} and returns {values:?}"))
        }
    }
}
