//! Configurations, engines and stores.

use std::rc::Rc;

use wasm_dispatch::{Limits, Strategy, Vm};

use crate::store::Store;
use crate::types::wasm_name_t;

/// What an engine is made with.
#[derive(Clone, Default)]
pub struct wasm_config_t {
    strategy: Option<Strategy>,
}

/// Makes stores.
pub struct wasm_engine_t {
    config: wasm_config_t,
}

/// A machine, and everything that is in it. It stays until the store and all references into it are deleted.
pub struct wasm_store_t(pub(crate) Rc<Store>);

functions! {
    fn wasm_config_new() -> Option<Box<wasm_config_t>> {
        Some(Box::default())
    }
    fn wasm_config_delete(config: Option<Box<wasm_config_t>>) {
        drop(config);
    }
    /// Not the standard's: chooses the dispatch strategy by its name. False if this build has none of that name.
    fn wasm_dispatch_config_set_strategy(config: Option<&mut wasm_config_t>, name: Option<&wasm_name_t>) -> bool {
        let (Some(config), Some(name)) = (config, name) else { return false };
        let name = std::str::from_utf8(name.elements()).unwrap_or_default();
        config.strategy = name.trim_end_matches('\0').parse().ok();
        config.strategy.is_some()
    }

    fn wasm_engine_new() -> Option<Box<wasm_engine_t>> {
        let config = wasm_config_t::default();
        Some(Box::new(wasm_engine_t { config }))
    }
    /// Takes the configuration.
    fn wasm_engine_new_with_config(config: Option<Box<wasm_config_t>>) -> Option<Box<wasm_engine_t>> {
        let config = *config?;
        Some(Box::new(wasm_engine_t { config }))
    }
    fn wasm_engine_delete(engine: Option<Box<wasm_engine_t>>) {
        drop(engine);
    }

    fn wasm_store_new(engine: Option<&wasm_engine_t>) -> Option<Box<wasm_store_t>> {
        let strategy = engine?.config.strategy.unwrap_or_default();
        let vm = Vm::with(strategy, Limits::default());
        Some(Box::new(wasm_store_t(Store::new(vm))))
    }
    fn wasm_store_delete(store: Option<Box<wasm_store_t>>) {
        drop(store);
    }
}
