//! A program that has run: its functions, and how often each of their blocks ran.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use wasm_dispatch::{Module, demangle};
use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_measure::tally::{Counted, tally};
use wasm_dispatch_workloads::{Run, Workload};

/// A program that has run.
pub struct Program {
    /// What it is called.
    pub name: String,
    /// Its functions that were compiled, by index.
    pub functions: Vec<FunctionRuns>,
}

/// A function, and how often its blocks ran.
pub struct FunctionRuns {
    /// Its index in the module.
    pub index: u32,
    /// Its name, from the name section or of an export.
    pub name: Option<String>,
    counted: Arc<Counted>,
    /// How often each block ran.
    pub runs: Vec<u64>,
}

impl FunctionRuns {
    /// Its lowered form.
    pub fn body(&self) -> &FunctionBody {
        &self.counted.body
    }
}

impl Program {
    /// What was counted while a module ran.
    ///
    /// The counting strategy sees functions, but not their indices: they are recognised by where their code stands in the
    /// module, which no two functions share. Functions of other modules are left out.
    pub fn new(name: &str, module: &Module, counted: &[Arc<Counted>]) -> Program {
        let names = names(module);
        let place = |body: &FunctionBody| body.statement_offsets.first().copied();
        let known = module.functions();
        let known = known.filter_map(|function| Some((place(function.body()?)?, function.index())));
        let known: HashMap<u32, u32> = known.collect();
        let mut functions: BTreeMap<u32, FunctionRuns> = BTreeMap::new();
        for counted in counted {
            let Some(&index) = place(&counted.body).and_then(|place| known.get(&place)) else {
                continue;
            };
            // A function of a module beside it may stand at the same place of that one.
            let body = module.function(index).and_then(|function| function.body());
            if body.is_none_or(|body| body.statement_offsets != counted.body.statement_offsets) {
                continue;
            }
            // Several machines may have compiled the same function.
            let function = functions.entry(index).or_insert_with(|| FunctionRuns {
                index,
                name: names.get(&index).cloned(),
                counted: counted.clone(),
                runs: vec![0; counted.body.blocks.len()],
            });
            for (sum, runs) in function.runs.iter_mut().zip(counted.runs()) {
                *sum += runs;
            }
        }
        Program {
            name: name.to_owned(),
            functions: functions.into_values().collect(),
        }
    }

    /// Runs a workload and counts.
    ///
    /// # Errors
    ///
    /// If it cannot be loaded, traps, or does not give what it should.
    pub fn of_workload(workload: &Workload, run: &Run) -> Result<Program, String> {
        let wasm = workload.wasm().map_err(|error| error.to_string())?;
        let module = Module::new(&wasm).map_err(|error| error.to_string())?;
        Ok(Program::new(workload.name(), &module, &tally(workload, run)?))
    }
}

/// The names of a module's functions, by index: from the name section, or else of an export. Those of
/// Rust and C++ are as their authors wrote them.
pub fn names(module: &Module) -> HashMap<u32, String> {
    let exported = module.exports().filter_map(|export| {
        let index = module.exported_function(&export.name)?;
        Some((index, demangle(&export.name).into_owned()))
    });
    let named = module.functions().filter_map(|function| {
        let name = demangle(function.name()?).into_owned();
        Some((function.index(), name))
    });
    exported.chain(named).collect()
}
