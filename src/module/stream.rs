//! Modules that arrive: read asynchronously, and started before the last byte is there.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::AsyncRead;

use super::Module;
use super::bodies::ModuleBodies;
use super::decode::Decoder;
use crate::error::{Error, ErrorKind};

/// Bytes that are asked for at a time.
const CHUNK: usize = 1 << 16;

/// Reads until the module can be instantiated.
pub(super) async fn start<R: AsyncRead + Unpin>(reader: R, decoder: Decoder) -> Result<(Module, Arrival<R>), Error> {
    let mut source = Source {
        reader,
        decoder,
        buffer: Vec::new(),
        size: 0,
    };
    while !source.decoder.can_start() {
        poll_fn(|context| source.poll_step(context)).await?;
    }
    let module = source.decoder.module();
    let bodies = source.decoder.bodies();
    let arrival = Arrival {
        source,
        module: module.clone(),
        bodies,
        done: false,
    };
    Ok((module, arrival))
}

/// The rest of a [streamed](Module::stream) module: a future that reads, decodes and validates it.
///
/// It is done when everything has arrived. If it fails, all calls that wait for functions, now or later, end with the same error; if
/// it is dropped before the end, they end with [`ErrorKind::Read`].
#[must_use = "nothing arrives unless it is polled"]
pub struct Arrival<R> {
    source: Source<R>,
    module: Module,
    bodies: Arc<ModuleBodies>,
    done: bool,
}

impl<R: AsyncRead + Unpin> Future for Arrival<R> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        while !this.done && !this.source.decoder.has_ended() {
            if let Err(error) = ready!(this.source.poll_step(context)) {
                this.done = true;
                this.bodies.fail(&error);
                return Poll::Ready(Err(error));
            }
        }
        if !this.done {
            this.done = true;
            this.module.inner.complete(this.source.decoder.late());
        }
        Poll::Ready(this.bodies.failure().map_or(Ok(()), Err))
    }
}

impl<R> Drop for Arrival<R> {
    fn drop(&mut self) {
        if !self.done {
            let given_up = io::Error::new(io::ErrorKind::Interrupted, "reading was given up");
            self.bodies.fail(&ErrorKind::Read(given_up).into());
        }
    }
}

impl<R> std::fmt::Debug for Arrival<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival")
            .field("size", &self.source.size)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

/// Bytes on their way into a decoder.
struct Source<R> {
    reader: R,
    decoder: Decoder,
    /// Bytes that the decoder could not use yet: part of a section or of a function.
    buffer: Vec<u8>,
    /// All bytes so far.
    size: usize,
}

impl<R: AsyncRead + Unpin> Source<R> {
    /// Reads once and decodes what can be decoded.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let old = self.buffer.len();
        self.buffer.resize(old + CHUNK, 0);
        let read = Pin::new(&mut self.reader).poll_read(context, &mut self.buffer[old..]);
        let count = match &read {
            Poll::Ready(Ok(count)) => (*count).min(CHUNK),
            _ => 0,
        };
        self.buffer.truncate(old + count);
        Poll::Ready(match ready!(read) {
            Ok(_) => self.take_in(count),
            // The reader was not ready for good; the next poll tries again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(ErrorKind::Read(error).into()),
        })
    }

    /// Decodes what can be decoded; no bytes mean that none will follow.
    fn take_in(&mut self, count: usize) -> Result<(), Error> {
        self.size += count;
        self.decoder.check_size(self.size)?;
        let used = self.decoder.push(&self.buffer, count == 0)?;
        self.buffer.drain(..used);
        Ok(())
    }
}
