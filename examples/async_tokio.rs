//! Programs on tokio: many machines share a thread and wait for timers without blocking it.
//!
//! ```text
//! cargo run --release --example async_tokio
//! ```

use std::time::{Duration, Instant};

use wasm_dispatch::{AsyncCaller, Imports, Limits, Metering, Module, Strategy, Value, Vm};

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

async fn run(module: Module) -> Result<Vec<Value>, wasm_dispatch::Error> {
    let mut imports = Imports::new();
    imports.func_async("host", "sleep", |_: AsyncCaller<'_>, milliseconds: u32| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
            Ok(())
        })
    });
    // A small value stack: the unused part takes no memory, but a thousand machines also need addresses.
    let limits = Limits::default().stack_slots(1_000).call_depth(100);
    let mut vm = Vm::with(Strategy::default(), limits);
    let instance = vm.instantiate_async(&module, &imports).await?;
    vm.call_async(instance, "run", &[Value::I32(5)]).await
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::options()
        .metering(Metering::Interrupts)
        .compile(&wat::parse_str(PROGRAM)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let started = Instant::now();
    runtime.block_on(async {
        // Futures of calls are `Send`: on another runtime they would be spread over its threads.
        let tasks: Vec<_> = (0..1000).map(|_| tokio::spawn(run(module.clone()))).collect();
        for task in tasks {
            assert_eq!(task.await??, [Value::I32(50_000)]);
        }
        Ok::<(), Box<dyn std::error::Error>>(())
    })?;
    println!(
        "1,000 programs slept 100 ms each and worked, on one thread, in {:?}",
        started.elapsed()
    );
    Ok(())
}
