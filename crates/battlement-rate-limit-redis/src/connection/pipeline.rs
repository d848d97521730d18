use std::{
    collections::VecDeque,
    fmt, io,
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
    tls,
};
use crate::fault::{Fault, Unreachable};

/// A command to be written.
pub(super) struct Command {
    pub(super) bytes: Vec<u8>,
    /// The number of replies to ignore before the one that is wanted.
    pub(super) skipped: u8,
    pub(super) reply: oneshot::Sender<Result<Value, Fault>>,
}

/// A future that writes commands and reads their replies until the connection closes or the last handle is dropped.
/// Its output is the reason.
#[derive(Debug)]
pub(super) struct Pipeline<S> {
    stream: S,
    commands: mpsc::Receiver<Command>,
    /// Commands without a reply, in the order in which they were written.
    waiting: VecDeque<PendingCommand>,
    input: Input,
    output: Output,
}

/// A command whose reply has not arrived.
#[derive(Debug)]
struct PendingCommand {
    /// The offset of its first byte in everything that is written.
    begin: u64,
    skipped: u8,
    reply: oneshot::Sender<Result<Value, Fault>>,
}

/// Bytes to be written.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    /// The index of the first byte that was not written.
    next: usize,
    /// The number of bytes written before those in the buffer.
    before: u64,
}

/// No more commands are taken while this many bytes are unwritten, so that commands wait where they can still be
/// dropped.
const MAX_UNWRITTEN: usize = 64 << 10;

impl<S: AsyncRead + AsyncWrite + Unpin> Pipeline<S> {
    pub(super) fn new(stream: S, commands: mpsc::Receiver<Command>) -> Self {
        let (input, output) = (Input::new(), Output::default());
        Self { stream, commands, waiting: VecDeque::new(), input, output }
    }

    /// Reads replies for as long as some arrive.
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

    /// Returns the reason the stream ended, after bytes that may be the beginning of another protocol's reply.
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
            // A server that accepts no more clients sends the reason before the first command.
            return Err(result.err().unwrap_or(Fault::Unreachable(Unreachable::NotRedis)));
        };
        if first.skipped > 0 {
            first.skipped -= 1;
        } else if let Some(first) = self.waiting.pop_front() {
            // The caller may have been dropped.
            drop(first.reply.send(result));
        }
        Ok(())
    }

    /// Takes commands, until the buffer is full or none is left. Returns `None` when the last handle was dropped.
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
    /// Fails all commands: unwritten ones as [`Fault::Unsent`], the others with `fault`.
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

/// A runtime that shuts down drops its tasks, with commands in flight.
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

    /// Returns the number of unwritten bytes.
    fn len(&self) -> usize {
        self.bytes.len() - self.next
    }

    /// Returns the number of bytes written so far.
    fn written(&self) -> u64 {
        self.before + self.next as u64
    }

    /// Returns the number of bytes pushed so far.
    fn end(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    /// Writes all bytes in the buffer.
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

/// Omits the bytes, which may contain a password.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("skipped", &self.skipped).finish_non_exhaustive()
    }
}

/// Omits the bytes, which may contain a password.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("unwritten", &self.len()).finish_non_exhaustive()
    }
}

/// Returns the fault of a connection that broke with `error`.
fn broken(error: &io::Error) -> Fault {
    tls::of_io(error).map_or(Fault::Broken, Fault::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_command_is_not_in_its_debug_text() {
        let (reply, _receiver) = oneshot::channel();
        let command = Command { bytes: b"AUTH hunter2".to_vec(), skipped: 0, reply };
        let mut pipeline = Pipeline::new(tokio::io::empty(), mpsc::channel(1).1);
        let text = format!("{command:?}");
        pipeline.push(command);
        let text = format!("{text} {pipeline:?}");
        let password = b"hunter2".map(|byte| byte.to_string()).join(", ");
        assert!(!text.contains("hunter2") && !text.contains(&password), "{text}");
        assert!(text.contains("unwritten: 12"), "{text}");
    }
}
