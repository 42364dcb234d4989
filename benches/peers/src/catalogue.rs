//! All engines that can be compared: what they are, how they are configured, and how to make them if they were built.

use wasm_dispatch::Strategy;
use wasm_dispatch_measure::wasmi_engine::Wasmi;
use wasm_dispatch_measure::{Engine, ours};

use crate::versions;

/// Everybody is compared with this strategy of ours.
pub const REFERENCE: &str = "threaded";

/// Makes an engine; the argument is its name.
type Make = fn(&str) -> Result<Box<dyn Engine>, String>;

/// An engine, whether it was built or not.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name on the command line and in the report.
    pub name: String,
    /// Its version, as it was built.
    pub version: String,
    /// How it is configured, and what of that the reader should know.
    pub configuration: String,
    make: Result<Make, &'static str>,
}

impl Entry {
    /// Why it cannot be used in this build, and what to do about it.
    pub fn missing(&self) -> Option<&'static str> {
        self.make.err()
    }

    /// Makes the engine.
    ///
    /// # Errors
    ///
    /// When it was not built, or does not like this machine.
    pub fn engine(&self) -> Result<Box<dyn Engine>, String> {
        let make = self.make.map_err(str::to_string)?;
        make(&self.name)
    }
}

/// All engines: ours first.
pub fn all() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Strategy::ALL.iter().map(|&strategy| our(strategy)).collect();
    entries.extend([
        Entry {
            name: "wasmi".to_string(),
            version: versions::of("wasmi"),
            configuration: "eager translation; lazy translation where only starting is timed".to_string(),
            make: Ok(|_| Ok(Box::new(Wasmi::default()))),
        },
        Entry {
            name: "wasmtime-cranelift".to_string(),
            version: versions::of("wasmtime"),
            configuration: "machine code by Cranelift, optimised for speed, on one thread".to_string(),
            make: made::CRANELIFT,
        },
        Entry {
            name: "wasmtime-pulley".to_string(),
            version: versions::of("wasmtime"),
            configuration: "Pulley's bytecode by Cranelift, optimised for speed, on one thread".to_string(),
            make: made::PULLEY,
        },
        Entry {
            name: "tinywasm".to_string(),
            version: versions::of("tinywasm"),
            configuration: "no canonical NaNs, stacks of fixed size; what hosts must copy for WASI is not counted"
                .to_string(),
            make: made::TINYWASM,
        },
        Entry {
            name: "sf-nano".to_string(),
            version: versions::of("sf-nano-core"),
            configuration: "the interpreter; its compiler is not built".to_string(),
            make: made::SF_NANO,
        },
        Entry {
            name: "stitch".to_string(),
            version: versions::of("makepad-stitch"),
            configuration: "compiles functions when they are first called, within the timed run; no other way"
                .to_string(),
            make: made::STITCH,
        },
        Entry {
            name: "wasm3".to_string(),
            version: format!("0.9.0, by wasm3x {}", versions::of("wasm3x")),
            configuration: made::wasm3_configuration(),
            make: made::WASM3,
        },
        Entry {
            name: "native".to_string(),
            version: made::native_version(),
            configuration: "no WebAssembly: the workload's C by gcc -O2, each run a process, the call alone timed"
                .to_string(),
            make: made::NATIVE,
        },
    ]);
    #[cfg(feature = "ablation")]
    entries.extend(crate::engines::ablation::ALL.iter().map(|(name, what, _)| Entry {
        name: name.to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        configuration: what.to_string(),
        make: Ok(crate::engines::ablation::engine),
    }));
    entries
}

/// Whether an entry is `threaded` less a technique: compared when that is asked for.
pub fn is_ablated(entry: &Entry) -> bool {
    #[cfg(feature = "ablation")]
    return crate::engines::ablation::is_one(&entry.name);
    #[cfg(not(feature = "ablation"))]
    {
        let _ = entry;
        false
    }
}

fn our(strategy: Strategy) -> Entry {
    Entry {
        name: strategy.name().to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        configuration: "compiled beforehand; lazily where only starting is timed".to_string(),
        make: Ok(|name| {
            let strategy = Strategy::ALL.iter().find(|strategy| strategy.name() == name);
            strategy
                .map(|&strategy| Box::new(ours::strategy(strategy)) as Box<dyn Engine>)
                .ok_or_else(|| format!("no strategy is called {name}"))
        }),
    }
}

/// What of the engines behind features was built.
mod made {
    use super::Make;

    type Made = Result<Make, &'static str>;

    macro_rules! behind {
        ($($name:ident = $feature:literal, $make:path, $missing:literal;)*) => {
            $(
                #[cfg(feature = $feature)]
                pub const $name: Made = Ok($make);
                #[cfg(not(feature = $feature))]
                pub const $name: Made = Err($missing);
            )*
        };
    }

    behind! {
        CRANELIFT = "wasmtime", crate::engines::wasmtime::cranelift, "not in this build; add --features wasmtime or all";
        PULLEY = "wasmtime", crate::engines::wasmtime::pulley, "not in this build; add --features wasmtime or all";
        TINYWASM = "tinywasm", crate::engines::tinywasm::engine, "not in this build; add --features tinywasm or all";
        SF_NANO = "sf-nano", crate::engines::sf_nano::engine, "not in this build; add --features sf-nano or all";
        STITCH = "stitch", crate::engines::stitch::engine, "not in this build; add --features stitch or all";
        NATIVE = "native", crate::engines::native::engine, "not in this build; add --features native or all";
        WASM3 = "wasm3", crate::engines::wasm3::engine,
            "not in this build; add --features all,wasm3 (needs clang with libclang; best with CC=clang)";
    }

    pub fn native_version() -> String {
        #[cfg(feature = "native")]
        return crate::engines::native::version();
        #[cfg(not(feature = "native"))]
        "0".to_string()
    }

    pub fn wasm3_configuration() -> String {
        let common =
            "compiled beforehand; lazily where only starting is timed; what hosts must copy for WASI is not counted";
        #[cfg(feature = "wasm3")]
        if !wasm3x::has_guaranteed_tail_calls() {
            return format!("{common}; built by a C compiler without guaranteed tail calls (CC=clang has them)");
        }
        common.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_on_a_command_line() {
        let mut names: Vec<String> = all().into_iter().map(|entry| entry.name).collect();
        assert!(names.iter().all(|name| !name.contains([' ', ','])));
        assert!(names.iter().any(|name| name == REFERENCE));
        let before = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), before);
    }

    #[test]
    fn every_engine_that_was_built_can_be_made_under_its_own_name() {
        for entry in all().iter().filter(|entry| entry.missing().is_none()) {
            let engine = entry.engine().unwrap_or_else(|error| panic!("{}: {error}", entry.name));
            assert_eq!(engine.name(), entry.name);
        }
    }

    #[test]
    fn every_engine_has_a_version_and_a_configuration() {
        for entry in all() {
            assert!(
                entry.version.starts_with(|first: char| first.is_ascii_digit()),
                "{entry:?}"
            );
            assert!(!entry.configuration.is_empty());
        }
    }
}
