//! Modules and instances.

use std::sync::Arc;

use anyhow::{Context, Result};
use wasm_dispatch as wd;
use wasm_runtime_layer::backend::{AsContext, AsContextMut, Export, Extern, Imports, WasmInstance, WasmModule};
use wasm_runtime_layer::{ExportType, ExternType, ImportType};

use crate::Engine;
use crate::externs::{Global, Memory, Table};
use crate::func::Func;
use crate::types;

/// A module.
#[derive(Clone, Debug)]
pub struct Module {
    module: wd::Module,
    /// The layer's types borrow names.
    exports: Arc<[wd::ExportType]>,
}

/// An instance of a store.
#[derive(Clone, Copy, Debug)]
pub struct Instance(wd::Instance);

impl WasmModule<Engine> for Module {
    fn new(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let module = engine.options.compile(bytes)?;
        let exports = module.exports().collect();
        Ok(Module { module, exports })
    }

    fn exports(&self) -> Box<dyn '_ + Iterator<Item = ExportType<'_>>> {
        Box::new(self.exports.iter().filter_map(|export| {
            let (name, ty) = (&export.name[..], types::item(&export.ty)?);
            Some(ExportType { name, ty })
        }))
    }

    fn get_export(&self, name: &str) -> Option<ExternType> {
        let export = self.exports.iter().find(|export| export.name == name)?;
        types::item(&export.ty)
    }

    fn imports(&self) -> Box<dyn '_ + Iterator<Item = ImportType<'_>>> {
        Box::new(self.module.imports().filter_map(|import| {
            Some(ImportType {
                module: &import.module,
                name: &import.name,
                ty: types::item(&import.ty)?,
            })
        }))
    }
}

/// What a machine exports, as the layer has it.
fn export(item: wd::Extern) -> Option<Extern<Engine>> {
    Some(match item {
        wd::Extern::Func(func) => Extern::Func(Func(func)),
        wd::Extern::Global(global) => Extern::Global(Global(global)),
        wd::Extern::Memory(memory) => Extern::Memory(Memory(memory)),
        wd::Extern::Table(table) => Extern::Table(Table(table)),
        // The library may come to know more.
        _ => return None,
    })
}

impl WasmInstance<Engine> for Instance {
    fn new(mut store: impl AsContextMut<Engine>, module: &Module, imports: &Imports<Engine>) -> Result<Self> {
        let given = module.module.imports().map(|import| {
            let (module, name) = (&import.module, &import.name);
            let item = imports.get_export(module, name);
            let item = item.with_context(|| format!("{module}.{name} is not provided"))?;
            Ok(match item {
                Extern::Func(func) => func.0.into(),
                Extern::Global(global) => global.0.into(),
                Extern::Memory(memory) => memory.0.into(),
                Extern::Table(table) => table.0.into(),
            })
        });
        let given = given.collect::<Result<Vec<wd::Extern>>>()?;
        Ok(Instance(
            store.as_context_mut().0.instantiate_with(&module.module, &given)?,
        ))
    }

    fn exports(&self, store: impl AsContext<Engine>) -> Box<dyn Iterator<Item = Export<Engine>>> {
        let exports = store.as_context().0.exports(self.0).unwrap_or_default();
        Box::new(exports.into_iter().filter_map(|(name, item)| {
            let value = export(item)?;
            Some(Export { name, value })
        }))
    }

    fn get_export(&self, store: impl AsContext<Engine>, name: &str) -> Option<Extern<Engine>> {
        export(store.as_context().0.export(self.0, name).ok()??)
    }
}
