//! What a module costs before it runs, under the library and under wasmi: the time to load it, and the time and memory of an
//! instance of it.
//!
//! ```sh
//! cargo run --release -p wasm-dispatch-peers --example costs -- my.wasm
//! ```
//!
//! Both as their users have them by default: functions are translated when they are first called. Loads and instances take
//! turns; memory is what a process of its own grew by, with all instances alive (Linux only). Each instance has a machine, or a
//! store, of its own. Imported functions fail if they are called, so the start function must not call any.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, fs, process};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Instances that are alive at the same time.
const INSTANCES: u32 = 500;

/// Rounds of loading.
const ROUNDS: usize = 21;

/// A way to load modules and make instances.
trait Costs {
    type Instance;
    const NAME: &'static str;
    fn load(wasm: &[u8]) -> Outcome<Self>
    where
        Self: Sized;
    fn instance(&self) -> Outcome<Self::Instance>;
}

/// The library.
struct Ours {
    module: wasm_dispatch::Module,
    imports: wasm_dispatch::Imports,
}

impl Costs for Ours {
    type Instance = wasm_dispatch::Vm;
    const NAME: &'static str = "wasm-dispatch";

    fn load(wasm: &[u8]) -> Outcome<Ours> {
        let module = wasm_dispatch::Module::new(wasm)?;
        let mut imports = wasm_dispatch::Imports::new();
        imports.make_up(&module, &mut wasm_dispatch::Vm::new())?;
        Ok(Ours { module, imports })
    }

    fn instance(&self) -> Outcome<wasm_dispatch::Vm> {
        let mut vm = wasm_dispatch::Vm::new();
        vm.instantiate(&self.module, &self.imports)?;
        Ok(vm)
    }
}

/// wasmi, with its default configuration and vectors.
struct Wasmi {
    module: wasmi::Module,
    linker: wasmi::Linker<()>,
}

impl Costs for Wasmi {
    type Instance = (wasmi::Store<()>, wasmi::Instance);
    const NAME: &'static str = "wasmi";

    fn load(wasm: &[u8]) -> Outcome<Wasmi> {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, wasm)?;
        let mut linker = wasmi::Linker::new(&engine);
        let mut known = HashSet::new();
        for import in module.imports() {
            if let wasmi::ExternType::Func(ty) = import.ty()
                && known.insert((import.module(), import.name()))
            {
                linker.func_new(import.module(), import.name(), ty.clone(), |_, _, _| {
                    Err(wasmi::Error::new("not there"))
                })?;
            }
        }
        Ok(Wasmi { module, linker })
    }

    fn instance(&self) -> Outcome<Self::Instance> {
        let mut store = wasmi::Store::new(self.module.engine(), ());
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        Ok((store, instance))
    }
}

fn timed<T>(run: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let start = Instant::now();
    let result = run()?;
    Ok((result, start.elapsed()))
}

/// The middle one.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Bytes of this process that are in memory.
fn resident() -> Outcome<u64> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = pages.split(' ').nth(1).ok_or("no number of pages")?.parse()?;
    Ok(pages * 4096)
}

/// Kibibytes that each of many instances takes.
fn memory<C: Costs>(wasm: &[u8]) -> Outcome<f64> {
    let costs = C::load(wasm)?;
    // What is made only once is made now.
    let first = costs.instance()?;
    let before = resident()?;
    let instances = (0..INSTANCES).map(|_| costs.instance()).collect::<Outcome<Vec<_>>>()?;
    let grown = resident()?.saturating_sub(before);
    drop((first, instances));
    Ok(grown as f64 / 1024.0 / f64::from(INSTANCES))
}

/// Runs [`memory`] in a process of its own.
fn memory_elsewhere<C: Costs>(path: &str) -> Outcome<String> {
    let output = process::Command::new(env::current_exe()?)
        .args([path, C::NAME])
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?.trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (path, only) = match &arguments[..] {
        [path] => (path, None),
        [path, only] => (path, Some(only.as_str())),
        _ => {
            eprintln!("usage: costs MODULE");
            process::exit(2);
        }
    };
    let wasm = fs::read(path)?;
    match only {
        Some(Ours::NAME) => println!("{:.0}", memory::<Ours>(&wasm)?),
        Some(Wasmi::NAME) => println!("{:.0}", memory::<Wasmi>(&wasm)?),
        Some(other) => return Err(format!("'{other}' is neither {} nor {}", Ours::NAME, Wasmi::NAME).into()),
        None => {
            let (mut loads, mut instances) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
            for _ in 0..ROUNDS {
                let (ours, time) = timed(|| Ours::load(&wasm))?;
                loads[0].push(time);
                let (wasmi, time) = timed(|| Wasmi::load(&wasm))?;
                loads[1].push(time);
                for _ in 0..ROUNDS {
                    instances[0].push(timed(|| ours.instance())?.1);
                    instances[1].push(timed(|| wasmi.instance())?.1);
                }
            }
            let memory = [memory_elsewhere::<Ours>(path)?, memory_elsewhere::<Wasmi>(path)?];
            println!(
                "{} bytes: loaded in, an instance made in, of which each takes",
                wasm.len()
            );
            for (number, name) in [Ours::NAME, Wasmi::NAME].into_iter().enumerate() {
                let (load, instance) = (median(&mut loads[number]), median(&mut instances[number]));
                println!("  {name:14} {load:>10.1?} {instance:>10.1?} {:>6} KiB", memory[number]);
            }
        }
    }
    Ok(())
}
