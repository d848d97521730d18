//! A connection to one server, over which commands are pipelined.

mod clock;
#[cfg_attr(not(feature = "redis-cluster"), path = "connection/no_cluster.rs")]
pub(crate) mod cluster;
mod dial;
mod endpoint;
mod epoch;
#[cfg(fuzzing)]
mod fuzz;
mod input;
mod link;
mod node;
mod pipeline;
mod resp;
mod slot;
mod target;
#[cfg_attr(not(feature = "redis-tls"), path = "connection/no_tls.rs")]
pub(crate) mod tls;

use std::sync::{Arc, OnceLock};

use redis::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
};

#[cfg(fuzzing)]
pub use self::fuzz::fuzz;
use self::{
    clock::Clock,
    pipeline::{Command, Pipeline},
};
pub(crate) use self::{
    dial::{Dial, max_connect_time},
    endpoint::{Address, Endpoint},
    epoch::Epoch,
    link::Link,
    node::{Node, OnChange},
    slot::{SLOTS, slot_of},
    target::{Plan, Server, Target},
};
use crate::fault::Fault;

/// The largest number of commands that wait for the connection to take them; more wait in the queue of the client.
const QUEUE: usize = 1_024;

/// A connection to one server. Commands are written in the order in which they arrive, without waiting for earlier
/// replies.
///
/// The connection knows for each command whether any byte of it was written. A command of which none was fails with
/// [`Fault::Unsent`], and can be sent over another connection without being executed twice.
#[derive(Debug)]
pub(crate) struct Connection {
    commands: mpsc::Sender<Command>,
    /// The clock of the server.
    pub(crate) clock: Clock,
    end: Arc<OnceLock<Fault>>,
}

impl Connection {
    /// Returns the connection over `stream`, and the future that drives it and ends with it. The connection closes
    /// when either is dropped.
    fn new<S>(stream: S) -> (Self, impl Future<Output = ()> + Send + 'static)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (commands, receiver) = mpsc::channel(QUEUE);
        let end = Arc::<OnceLock<Fault>>::default();
        let connection = Self { commands, clock: Clock::new(), end: Arc::clone(&end) };
        let pipeline = Pipeline::new(stream, receiver);
        let driver = async move {
            let mut pipeline = pipeline;
            let fault = (&mut pipeline).await;
            // Set before the callers learn that their commands failed.
            let _ = end.set(fault.clone());
            pipeline.fail(&fault);
        };
        (connection, driver)
    }

    /// Sends a command, and waits for the reply.
    pub(crate) async fn send(&self, command: Vec<u8>) -> Result<Value, Fault> {
        self.send_after(command, 0).await
    }

    /// Sends several commands as one, and waits for the reply to the last; the `skipped` replies before are ignored.
    pub(crate) async fn send_after(&self, command: Vec<u8>, skipped: u8) -> Result<Value, Fault> {
        let (reply, receiver) = oneshot::channel();
        let command = Command { bytes: command, skipped, reply };
        if self.commands.send(command).await.is_err() {
            return Err(Fault::Unsent);
        }
        // A command that is dropped without a reply was never written.
        receiver.await.unwrap_or(Err(Fault::Unsent))
    }

    /// Returns whether commands can be sent.
    pub(crate) fn is_open(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Returns the reason the connection closed, once it has.
    fn end(&self) -> Option<&Fault> {
        self.end.get()
    }
}
