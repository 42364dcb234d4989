//! Other engines, each configured at its best, one file each; and the list of all, built or not.

#[cfg(feature = "ablation")]
mod ablation;
mod native;
#[cfg(feature = "sf-nano")]
mod sf_nano;
#[cfg(feature = "stitch")]
mod stitch;
#[cfg(feature = "tinywasm")]
mod tinywasm;
#[cfg(feature = "wasm3")]
mod wasm3;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use crate::{Engine, Entrant};

/// Makes an engine; the argument is its name.
type Make = fn(&str) -> Result<Box<dyn Engine>, String>;

/// An engine, whether it was built or not: one of ours or another.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name on the command line and in the report.
    pub name: String,
    /// Its version, as it was built.
    pub version: String,
    /// How it is configured, and what of that the reader should know.
    pub configuration: String,
    /// Whether it is a strategy of ours less a technique: compared when that is asked for.
    pub is_ablated: bool,
    make: Result<Make, &'static str>,
}

impl Peer {
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
        (self.make?)(&self.name)
    }
}

/// Rows of the list: name, version, feature, how to make it, what to do if it was not built, configuration.
macro_rules! others {
    ($($name:literal $version:expr, $feature:literal $make:path, $missing:literal $configuration:expr;)*) => {
        vec![$(Peer {
            name: $name.to_string(),
            version: $version,
            configuration: $configuration.to_string(),
            is_ablated: false,
            #[cfg(feature = $feature)]
            make: Ok($make),
            #[cfg(not(feature = $feature))]
            make: Err(concat!("not in this build; add --features ", $missing)),
        }),*]
    };
}

/// All engines: ours first.
pub fn all() -> Vec<Peer> {
    let own_version = env!("CARGO_PKG_VERSION");
    let ours = |entrant: Entrant| Peer {
        name: entrant.name.to_string(),
        version: own_version.to_string(),
        configuration: "compiled beforehand; lazily where only starting is timed".to_string(),
        is_ablated: false,
        make: Ok(|name| Ok(Box::new(name.parse::<Entrant>()?.engine()))),
    };
    let mut all: Vec<Peer> = Entrant::all().map(ours).collect();
    let wasm3 =
        "compiled beforehand; lazily where only starting is timed; what hosts must copy for WASI is not counted";
    #[cfg(feature = "wasm3")]
    let wasm3 = wasm3::configuration(wasm3);
    all.extend(others! {
        "wasmi" of("wasmi"), "wasmi" wasmi::engine, "all"
            "eager translation; lazy translation where only starting is timed";
        "wasmtime-cranelift" of("wasmtime"), "wasmtime" wasmtime::cranelift, "all"
            "machine code by Cranelift, optimised for speed, on one thread";
        "wasmtime-winch" of("wasmtime"), "wasmtime" wasmtime::winch, "all"
            "machine code by Winch, in a pass, on one thread; no tail calls";
        "wasmtime-pulley" of("wasmtime"), "wasmtime" wasmtime::pulley, "all"
            "Pulley's bytecode by Cranelift, optimised for speed, on one thread";
        "tinywasm" of("tinywasm"), "tinywasm" tinywasm::engine, "all"
            "no canonical NaNs, stacks of fixed size; what hosts must copy for WASI is not counted";
        "sf-nano" of("sf-nano-core"), "sf-nano" sf_nano::engine, "all"
            "the interpreter; its compiler is not built";
        "stitch" of("makepad-stitch"), "stitch" stitch::engine, "all"
            "compiles functions when they are first called, within the timed run; no other way";
        "wasm3" format!("0.9.0, by wasm3x {}", of("wasm3x")), "wasm3" wasm3::engine,
            "all,wasm3 (needs clang with libclang; best with CC=clang)" wasm3;
    });
    all.push(Peer {
        name: "native".to_string(),
        version: native::version(),
        configuration: "no WebAssembly: the workload's C by gcc -O2, each run a process, the call alone timed"
            .to_string(),
        is_ablated: false,
        make: Ok(native::engine),
    });
    #[cfg(feature = "ablation")]
    all.extend(ablation::ALL.iter().map(|(name, what, _)| Peer {
        name: name.to_string(),
        version: own_version.to_string(),
        configuration: what.to_string(),
        is_ablated: true,
        make: Ok(ablation::engine),
    }));
    all
}

/// The version of a package that this was built with, from the lock file that cargo built it by; "unknown" if there is
/// none of exactly that name.
fn of(package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let mut lines = include_str!("../../../../Cargo.lock").lines();
    let version = lines.find(|line| *line == name).and_then(|_| lines.next());
    let version = version.and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.unwrap_or("unknown").to_string()
}
