//! Asynchronous calls with the `futures` crate alone: two that wait for each other, and many machines that take turns on one
//! thread.
//!
//! ```text
//! cargo run --release --example async_futures
//! ```

use futures::channel::mpsc;
use futures::executor::{LocalPool, block_on};
use futures::task::LocalSpawnExt;
use futures::{SinkExt, StreamExt, join};
use wasm_dispatch::{AsyncCaller, Error, Imports, Limits, Metering, Module, Strategy, Value, Vm};

/// `produce` hands numbers to its host, `consume` asks its host for them and adds them up; `count` only computes.
const PROGRAM: &str = r#"(module
    (import "host" "send" (func $send (param i32)))
    (import "host" "receive" (func $receive (result i32)))
    (func (export "produce") (param $n i32)
        (loop $next
            (call $send (local.get $n))
            (br_if $next (i32.ge_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "consume") (result i32) (local $sum i32) (local $got i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (local.tee $got (call $receive))))
            (br_if $next (local.get $got)))
        (local.get $sum))
    (func (export "count") (param $n i32) (result i32) (local $done i32)
        (loop $next
            (local.set $done (i32.add (local.get $done) (i32.const 1)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $done)))"#;

/// A machine whose host functions send into one channel and receive from another.
async fn machine(
    module: &Module,
    sender: mpsc::Sender<i32>,
    receiver: mpsc::Receiver<i32>,
) -> Result<(Vm, wasm_dispatch::Instance), Error> {
    let mut imports = Imports::new();
    imports.func_async("host", "send", move |_: AsyncCaller<'_>, value: i32| {
        let mut sender = sender.clone();
        Box::pin(async move { Ok(sender.send(value).await?) })
    });
    // A host function may be called any number of times, and its future may go to other threads.
    let receiver = std::sync::Arc::new(futures::lock::Mutex::new(receiver));
    imports.func_async("host", "receive", move |_: AsyncCaller<'_>, (): ()| {
        let receiver = receiver.clone();
        Box::pin(async move { receiver.lock().await.next().await.ok_or("nothing more comes".into()) })
    });
    // The unused part of a value stack takes no memory, but it does take address space.
    let limits = Limits::default().stack_slots(1_000).call_depth(100);
    let mut vm = Vm::with(Strategy::default(), limits);
    let instance = vm.instantiate_async(module, &imports).await?;
    Ok((vm, instance))
}

/// Two programs that wait for each other: a full channel stops one, an empty channel the other.
async fn hand_over(module: &Module) -> Result<(), Error> {
    let (sender, receiver) = mpsc::channel(4);
    let (unused_sender, unused_receiver) = mpsc::channel(0);
    let (mut producer, from) = machine(module, sender, unused_receiver).await?;
    let (mut consumer, to) = machine(module, unused_sender, receiver).await?;
    let (produced, consumed) = join!(
        producer.call_async(from, "produce", &[Value::I32(1_000)]),
        consumer.call_async(to, "consume", &[]),
    );
    produced?;
    assert_eq!(consumed?, [Value::I32(500_500)]);
    println!("two programs handed 1,001 numbers over, through a channel with a buffer of four");
    Ok(())
}

/// Many programs that never wait, and still share a thread: each yields after a slice.
fn take_turns(module: &Module) -> Result<(), Box<dyn std::error::Error>> {
    let mut pool = LocalPool::new();
    let (done, ended) = mpsc::unbounded();
    for number in 1..=100 {
        let (module, done) = (module.clone(), done.clone());
        pool.spawner().spawn_local(async move {
            let (sender, receiver) = mpsc::channel(0);
            let result = async {
                let (mut vm, instance) = machine(&module, sender, receiver).await?;
                vm.set_slice(1_000);
                // The first ones have the most to do.
                let turns = Value::I32(10_100 - number * 100);
                vm.call_async(instance, "count", &[turns]).await
            };
            let result = result.await.map(|_| number);
            // The receiver may be gone.
            let _ = done.unbounded_send(result);
        })?;
    }
    drop(done);
    let order: Vec<i32> = pool
        .run_until(ended.collect::<Vec<_>>())
        .into_iter()
        .collect::<Result<_, Error>>()?;
    assert_eq!(
        order.first(),
        Some(&100),
        "the one with the least to do is the first to end"
    );
    assert_eq!(order.last(), Some(&1));
    println!(
        "{} programs took turns: those with less to do were done first",
        order.len()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::options()
        .metering(Metering::Interrupts)
        .compile(&wat::parse_str(PROGRAM)?)?;
    block_on(hand_over(&module))?;
    take_turns(&module)
}
