//! Time to the first result of a module that arrives slowly: streamed, and loaded whole.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::join;
use futures::io::AsyncRead;
use wasm_dispatch::{Imports, Module, Value, Vm};

use crate::events::Failed;
use crate::programs;
use crate::report::{Row, Unit};

/// The receiving end of a line on which another thread sends this many bytes per millisecond.
#[derive(Clone, Default)]
struct Line(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    ended: bool,
    waker: Option<Waker>,
}

impl Line {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn send(bytes: Arc<[u8]>, per_millisecond: usize) -> Line {
        let line = Line::default();
        let sender = line.clone();
        std::thread::spawn(move || {
            for chunk in bytes.chunks(per_millisecond) {
                std::thread::sleep(Duration::from_millis(1));
                sender.change(|state| state.bytes.extend(chunk));
            }
            sender.change(|state| state.ended = true);
        });
        line
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = into.len().min(state.bytes.len());
        if count == 0 && !state.ended {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        for (to, byte) in into.iter_mut().zip(state.bytes.drain(..count)) {
            *to = byte;
        }
        Poll::Ready(Ok(count))
    }
}

fn first(result: Result<Vec<Value>, wasm_dispatch::Error>) -> Result<(), Failed> {
    match result?[..] {
        [Value::I32(1)] => Ok(()),
        ref other => Err(format!("1 expected, not {other:?}").into()),
    }
}

fn streamed(line: Line) -> Result<Duration, Failed> {
    let start = Instant::now();
    block_on(async {
        let (module, arrival) = Module::stream(line).await?;
        let program = async {
            let mut vm = Vm::new();
            let instance = vm.instantiate_async(&module, &Imports::new()).await?;
            first(vm.call_async(instance, "first", &[]).await)?;
            Ok(start.elapsed())
        };
        let (arrived, time) = join(arrival, program).await;
        arrived?;
        time
    })
}

fn whole(line: Line) -> Result<Duration, Failed> {
    let start = Instant::now();
    block_on(async {
        let module = Module::load(line).await?;
        let mut vm = Vm::new();
        let instance = vm.instantiate_async(&module, &Imports::new()).await?;
        first(vm.call_async(instance, "first", &[]).await)?;
        Ok(start.elapsed())
    })
}

/// Everything in this part, this many times each.
pub fn run(times: usize, functions: u32) -> Result<Vec<Row>, Failed> {
    let bytes: Arc<[u8]> = programs::large(functions)?.into();
    let mut rows = Vec::new();
    for (speed, per_millisecond) in [("10 MB/s", 10_000), ("100 MB/s", 100_000)] {
        let what = format!("first result of {} bytes at {speed}", bytes.len());
        let (mut stream, mut load) = (Vec::new(), Vec::new());
        for _ in 0..times {
            stream.push(streamed(Line::send(bytes.clone(), per_millisecond))?.as_nanos() as f64);
            load.push(whole(Line::send(bytes.clone(), per_millisecond))?.as_nanos() as f64);
        }
        rows.push(Row::new("stream", &what, "streamed", Unit::Nanoseconds, stream));
        rows.push(Row::new("stream", &what, "loaded whole", Unit::Nanoseconds, load));
    }
    Ok(rows)
}
