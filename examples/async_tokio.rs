//! Programs on tokio: many machines share a thread and wait for timers without blocking it. Each holds data for the host, which
//! its asynchronous host functions change.
//!
//! ```text
//! cargo run --release --example async_tokio
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasm_dispatch::{AsyncCaller, Imports, Limits, Metering, Module, Value, Vm};

/// Sleeps and works in turn.
const PROGRAM: &str = r#"(module
    (import "host" "sleep" (func $sleep (param i32)))
    (func (export "run") (param $rounds i32) (result i32) (local $done i32) (local $i i32)
        (loop $round
            (call $sleep (i32.const 20))
            (local.set $i (i32.const 10000))
            (loop $work
                (local.set $done (i32.add (local.get $done) (i32.const 1)))
                (br_if $work (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (local.get $done)))"#;

/// What each machine holds for its program, and lends to host functions: no lock is needed, not even across an `await`.
#[derive(Default)]
struct Host {
    naps: u32,
    slept: Duration,
}

/// Made once, for all machines.
fn imports() -> Imports<Host> {
    let mut imports = Imports::new();
    imports.func_async(
        "host",
        "sleep",
        |mut caller: AsyncCaller<'_, Host>, milliseconds: u32| {
            Box::pin(async move {
                let started = Instant::now();
                tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
                let host = caller.data_mut();
                host.naps += 1;
                host.slept += started.elapsed();
                Ok(())
            })
        },
    );
    imports
}

async fn run(module: Module, imports: Arc<Imports<Host>>) -> Result<(Vec<Value>, Host), wasm_dispatch::Error> {
    // A small value stack: the unused part takes no memory, but it does take address space.
    let limits = Limits::default().stack_slots(1_000).call_depth(100);
    let mut vm = Vm::options().limits(limits).build(Host::default());
    let instance = vm.instantiate_async(&module, &imports).await?;
    let results = vm.call_async(instance, "run", &[Value::I32(5)]).await?;
    Ok((results, vm.into_data()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::options()
        .metering(Metering::Interrupts)
        .compile(&wat::parse_str(PROGRAM)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let imports = Arc::new(imports());
    let started = Instant::now();
    let slept = runtime.block_on(async {
        // Futures of calls are `Send`: a multi-threaded runtime could spread them over its threads.
        let start = |_| tokio::spawn(run(module.clone(), imports.clone()));
        let tasks: Vec<_> = (0..1000).map(start).collect();
        let mut slept = Duration::ZERO;
        for task in tasks {
            let (results, host) = task.await??;
            assert_eq!((&results[..], host.naps), (&[Value::I32(50_000)][..], 5));
            slept += host.slept;
        }
        Ok::<_, Box<dyn std::error::Error>>(slept)
    })?;
    println!(
        "1,000 programs slept {slept:?} together and worked, on one thread, in {:?}",
        started.elapsed()
    );
    Ok(())
}
