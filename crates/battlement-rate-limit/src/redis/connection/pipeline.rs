use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use redis::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
};

use super::{
    input::Input,
    resp::{Invalid, Reply},
};
use crate::redis::{
    fault::{Fault, Unreachable},
    tls,
};

/// A command on its way to the connection.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) bytes: Vec<u8>,
    /// The number of replies before the one that is waited for.
    pub(super) skipped: u8,
    pub(super) reply: oneshot::Sender<Result<Value, Fault>>,
}

/// Writes commands and reads their replies, until the connection closes or no handle is left. Its output is the
/// reason.
#[derive(Debug)]
pub(super) struct Pipeline<S> {
    stream: S,
    commands: mpsc::Receiver<Command>,
    /// Commands that were taken, in their order.
    waiting: VecDeque<PendingCommand>,
    input: Input,
    output: Output,
}

/// A command whose reply has not arrived.
#[derive(Debug)]
struct PendingCommand {
    /// The position of its first byte in all that is written.
    begin: u64,
    skipped: u8,
    reply: oneshot::Sender<Result<Value, Fault>>,
}

/// Bytes to be written.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    /// The bytes before were written.
    next: usize,
    /// The number of bytes written before those in the buffer.
    before: u64,
}

/// No more commands are taken while as many bytes wait to be written, so that commands wait where they can still be
/// given up.
const MAX_UNWRITTEN: usize = 64 << 10;

impl<S: AsyncRead + AsyncWrite + Unpin> Pipeline<S> {
    pub(super) fn new(stream: S, commands: mpsc::Receiver<Command>) -> Self {
        let (input, output) = (Input::new(), Output::default());
        Self { stream, commands, waiting: VecDeque::new(), input, output }
    }

    /// Takes replies for as long as some arrive.
    fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<Fault> {
        loop {
            match ready!(self.input.poll_read(cx, &mut self.stream)) {
                Ok(0) => return Poll::Ready(self.closed()),
                Ok(_) => {}
                Err(error) => return Poll::Ready(broken(&error)),
            }
            loop {
                match self.input.next() {
                    Ok(Some(reply)) => {
                        if let Err(fault) = self.answer(reply) {
                            return Poll::Ready(fault);
                        }
                    }
                    Ok(None) => break,
                    Err(Invalid) => {
                        let protocol = Unreachable::of_reply(self.input.bytes());
                        return Poll::Ready(Fault::Unreachable(protocol));
                    }
                }
            }
        }
    }

    /// Returns the reason for the end of the stream, after bytes that may be the begin of another protocol's reply.
    fn closed(&self) -> Fault {
        match self.input.bytes() {
            [] => Fault::Broken,
            bytes => match Unreachable::of_reply(bytes) {
                Unreachable::NotRedis => Fault::Broken,
                other => Fault::Unreachable(other),
            },
        }
    }

    fn answer(&mut self, reply: Reply) -> Result<(), Fault> {
        let result = match reply {
            Reply::Value(value) => Ok(value),
            Reply::Error(line) => Err(Fault::of_line(&line)),
        };
        let Some(first) = self.waiting.front_mut() else {
            // A server that accepts no client says why before it is asked.
            return Err(result.err().unwrap_or(Fault::Unreachable(Unreachable::NotRedis)));
        };
        if first.skipped > 0 {
            first.skipped -= 1;
        } else if let Some(first) = self.waiting.pop_front() {
            // The caller may have gone.
            drop(first.reply.send(result));
        }
        Ok(())
    }

    /// Takes commands, until there are enough or none waits. Returns `None` when no handle is left.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        while self.output.len() < MAX_UNWRITTEN {
            match ready!(self.commands.poll_recv(cx)) {
                Some(command) => self.push(command),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(Some(()))
    }

    fn push(&mut self, Command { bytes, skipped, reply }: Command) {
        if reply.is_closed() {
            return;
        }
        self.waiting.push_back(PendingCommand { begin: self.output.end(), skipped, reply });
        self.output.push(bytes);
    }
}

impl<S> Pipeline<S> {
    /// Fails all commands: those that were not written as unsent, the others with `fault`.
    pub(super) fn fail(&mut self, fault: &Fault) {
        self.commands.close();
        let written = self.output.written();
        for PendingCommand { begin, reply, .. } in self.waiting.drain(..) {
            let fault = if begin < written { fault.clone() } else { Fault::Unsent };
            drop(reply.send(Err(fault)));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Pipeline<S> {
    type Output = Fault;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fault> {
        let this = &mut *self;
        // Replies come first: once the server has closed the connection, no more commands are written.
        if let Poll::Ready(fault) = this.poll_replies(cx) {
            return Poll::Ready(fault);
        }
        loop {
            let commands = this.poll_commands(cx);
            if commands == Poll::Ready(None) {
                return Poll::Ready(Fault::Broken);
            }
            match this.output.poll_write(cx, &mut this.stream) {
                Poll::Ready(Ok(())) if commands.is_pending() => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(broken(&error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// A runtime that ends drops its tasks, with commands on their way.
impl<S> Drop for Pipeline<S> {
    fn drop(&mut self) {
        self.fail(&Fault::Broken);
    }
}

impl Output {
    fn push(&mut self, bytes: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    /// Returns the number of bytes that wait.
    fn len(&self) -> usize {
        self.bytes.len() - self.next
    }

    /// Returns the number of bytes that were written so far.
    fn written(&self) -> u64 {
        self.before + self.next as u64
    }

    /// Returns the number of bytes that were pushed so far.
    fn end(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    /// Writes all there is.
    fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        while self.len() > 0 {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, &self.bytes[self.next..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.next += written;
        }
        self.before = self.end();
        self.next = 0;
        self.bytes.clear();
        Pin::new(stream).poll_flush(cx)
    }
}

/// Returns the fault of a connection that broke with `error`.
fn broken(error: &io::Error) -> Fault {
    tls::of_io(error).map_or(Fault::Broken, Fault::Unreachable)
}
