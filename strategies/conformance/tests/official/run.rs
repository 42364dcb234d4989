//! Runs a script on a strategy.

use std::collections::HashMap;

use wasm_dispatch::{Error, ErrorKind, Imports, Instance, Limits, Module, Strategy, Value, Vm};

use crate::script::{Action, Execute, Script};
use crate::spectest;

/// What became of the assertions.
#[derive(Debug, Default)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    /// Assertions of 2.0 that a later, supported proposal makes untrue; see [`superseded_by`].
    pub superseded: usize,
    /// Assertions that the text parser decided: there are no bytes to refuse.
    pub text_only: usize,
    pub failures: Vec<String>,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.superseded += other.superseded;
        self.text_only += other.text_only;
    }
}

/// The supported proposal of 3.0 that allows what 2.0's suite asserts to be refused with this message, if any.
///
/// This is the one list of assertions that are left out.
fn superseded_by(file: &str, message: &str) -> Option<&'static str> {
    if !file.starts_with("wasm-v2/") {
        return None;
    }
    match message {
        // A second memory, and memory indices in the encodings of instructions.
        "multiple memories" | "zero byte expected" => Some("multiple memories"),
        _ => None,
    }
}

struct Runner {
    vm: Vm,
    imports: Imports,
    current: Option<Instance>,
    named: HashMap<String, Instance>,
    definitions: HashMap<Option<String>, Module>,
}

/// Runs all steps of a file and counts.
pub fn run(script: &Script, file: &str, strategy: Strategy, counts: &mut Counts) {
    let mut vm = Vm::with(strategy, Limits::default());
    let mut imports = Imports::new();
    if let Err(error) = spectest::define(&mut vm, &mut imports) {
        counts.failures.push(format!("spectest: {error}"));
        return;
    }
    let (named, definitions) = (HashMap::new(), HashMap::new());
    let mut runner = Runner {
        vm,
        imports,
        current: None,
        named,
        definitions,
    };
    for step in &script.steps {
        let outcome = match &step.action {
            Action::Refused { message, .. } if superseded_by(file, message).is_some() => {
                counts.superseded += 1;
                continue;
            }
            Action::Refused { wasm: None, .. } => {
                counts.text_only += 1;
                continue;
            }
            action => runner.step(action),
        };
        match outcome {
            Ok(true) => counts.passed += 1,
            Ok(false) => {}
            Err(message) => {
                counts.failed += 1;
                counts.failures.push(format!("{file}:{}: {message}", step.line));
            }
        }
    }
}

impl Runner {
    /// Whether the step was an assertion, which passed; or what failed.
    fn step(&mut self, action: &Action) -> Result<bool, String> {
        match action {
            Action::Module { name, wasm } => {
                let module = Module::new(wasm).map_err(|error| format!("module refused: {error}"))?;
                self.instantiate(&module, name.clone())?;
                Ok(false)
            }
            Action::Definition { name, wasm } => {
                let module = Module::new(wasm).map_err(|error| format!("module refused: {error}"))?;
                self.definitions.insert(name.clone(), module);
                Ok(false)
            }
            Action::Instance { name, definition } => {
                let module = self.definitions.get(definition).ok_or("no such definition")?.clone();
                self.instantiate(&module, name.clone())?;
                Ok(false)
            }
            Action::Register { name, module } => {
                let instance = self.instance(module)?;
                for (export, item) in self.vm.exports(instance) {
                    self.imports.define(name, export, item);
                }
                Ok(false)
            }
            Action::Run(execute) => {
                self.execute(execute)?.map_err(|error| error.to_string())?;
                Ok(false)
            }
            Action::Return { execute, results } => {
                let found = self.execute(execute)?.map_err(|error| error.to_string())?;
                let right = found.len() == results.len()
                    && results
                        .iter()
                        .zip(&found)
                        .all(|(expected, found)| expected.accepts(found));
                if right {
                    Ok(true)
                } else {
                    Err(format!("expected {results:?}, got {found:?}"))
                }
            }
            Action::Trap { execute, message } | Action::Exhaustion { execute, message } => {
                match self.execute(execute)? {
                    Ok(results) => Err(format!("expected trap \"{message}\", got {results:?}")),
                    Err(error) => trapped_with(&error, message),
                }
            }
            Action::Refused {
                wasm: Some(wasm),
                message,
            } => match Module::new(wasm) {
                Ok(_) => Err(format!("accepted, but \"{message}\"")),
                Err(error) if matches!(error.kind(), ErrorKind::Limit { .. }) => {
                    Err(format!("refused by a limit ({error}), but \"{message}\""))
                }
                Err(_) => Ok(true),
            },
            Action::Refused { wasm: None, .. } => Ok(false),
            Action::Unlinkable { wasm, message } => {
                let module = Module::new(wasm).map_err(|error| format!("module refused: {error}"))?;
                match self.vm.instantiate(&module, &self.imports) {
                    Ok(_) => Err(format!("linked, but \"{message}\"")),
                    Err(error) if error.to_string().starts_with(message.as_str()) => Ok(true),
                    Err(error) => Err(format!("expected \"{message}\", got \"{error}\"")),
                }
            }
            Action::Unknown(directive) => Err(format!("a directive that the runner does not know: {directive}")),
        }
    }

    fn instantiate(&mut self, module: &Module, name: Option<String>) -> Result<(), String> {
        // A module that fails to start leaves no module to speak of.
        self.current = None;
        let instance = self
            .vm
            .instantiate(module, &self.imports)
            .map_err(|error| error.to_string())?;
        self.current = Some(instance);
        if let Some(name) = name {
            self.named.insert(name, instance);
        }
        Ok(())
    }

    fn instance(&self, name: &Option<String>) -> Result<Instance, String> {
        match name {
            Some(name) => self
                .named
                .get(name)
                .copied()
                .ok_or(format!("no module is called {name}")),
            None => self.current.ok_or("no module".into()),
        }
    }

    fn execute(&mut self, execute: &Execute) -> Result<Result<Vec<Value>, Error>, String> {
        match execute {
            Execute::Invoke {
                module,
                name,
                arguments,
            } => {
                let instance = self.instance(module)?;
                Ok(self.vm.call(instance, name, arguments))
            }
            Execute::Get { module, global } => {
                let instance = self.instance(module)?;
                let global = self
                    .vm
                    .exported_global(instance, global)
                    .map_err(|error| error.to_string())?;
                Ok(self.vm.global(global).map(|value| vec![value]))
            }
            Execute::Instantiate { wasm } => {
                let module = Module::new(wasm).map_err(|error| format!("module refused: {error}"))?;
                Ok(self.vm.instantiate(&module, &self.imports).map(|_| Vec::new()))
            }
        }
    }
}

/// The suite compares messages by prefix: "uninitialized element 7" means "uninitialized element".
fn trapped_with(error: &Error, message: &str) -> Result<bool, String> {
    match error.trap() {
        Some(trap) if message.starts_with(&trap.to_string()) => Ok(true),
        Some(trap) if trap.to_string().starts_with(message) => Ok(true),
        _ => Err(format!("expected trap \"{message}\", got \"{error}\"")),
    }
}
