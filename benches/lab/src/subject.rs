//! What a command looks at: a module in a file, or a workload by its name.

use std::path::Path;

use wasm_dispatch::{Limits, Metering, Module};
use wasm_dispatch_engines::own::binary;
use wasm_dispatch_workloads::{Workload, all_and_extra};

use super::Failed;

/// Whether a text means a file: there is one, or it is called like a module.
pub fn is_file(text: &str) -> bool {
    let path = Path::new(text);
    let is_module = path.extension().is_some_and(|end| end == "wasm" || end == "wat");
    is_module || path.is_file()
}

/// The module in a file, `.wasm` or `.wat`.
pub fn of_file(file: &Path, limits: &Limits, metering: Metering) -> Result<Module, Failed> {
    let failed = |why: String| Failed::Work(format!("{}: {why}", file.display()));
    let wasm = binary(file)?;
    Module::options()
        .limits(*limits)
        .metering(metering)
        .compile(&wasm)
        .map_err(|error| failed(error.to_string()))
}

/// A module and what it is called: that of a file, or of a workload.
pub fn module(text: &str) -> Result<(String, Module), Failed> {
    if is_file(text) {
        let module = of_file(Path::new(text), &Limits::default(), Metering::Off)?;
        return Ok((text.to_owned(), module));
    }
    let workload = workload(text)?;
    let wasm = workload.wasm()?;
    let module = Module::new(&wasm).map_err(|error| Failed::Work(format!("{}: {error}", workload.name())))?;
    Ok((workload.name().to_owned(), module))
}

fn workload(name: &str) -> Result<Workload, Failed> {
    let found = all_and_extra()?.into_iter().find(|workload| workload.name() == name);
    found.ok_or_else(|| {
        Failed::Usage(format!(
            "'{name}' is neither a file nor a workload; 'list workloads' has their names"
        ))
    })
}
