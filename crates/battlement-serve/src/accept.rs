//! The accept loop of one socket.

mod admit;
mod retry;

use std::{future::poll_fn, io, pin::pin};

use battlement_core::Phase;
use tokio::task::{JoinSet, coop::consume_budget};

pub(crate) use self::admit::Accepting;
use self::retry::Retry;
use crate::{
    connection::Accepted,
    listen::{IdleSocket, ListenSocket},
};

/// An accept loop, with its connections.
pub(crate) struct AcceptLoop<F> {
    accepting: Accepting,
    /// Makes the task of a connection.
    serve: F,
    /// Dropping it aborts the connections.
    connections: JoinSet<()>,
    retry: Retry,
    served: u64,
}

impl<F, C> AcceptLoop<F>
where
    F: Fn(Accepted) -> C,
    C: Future<Output = ()> + Send + 'static,
{
    pub(crate) fn new(accepting: Accepting, serve: F) -> Self {
        let (connections, retry) = (JoinSet::new(), Retry::default());
        Self { accepting, serve, connections, retry, served: 0 }
    }

    /// Accepts until the phase in which accepting ends, and serves the connections to their end. Returns their number.
    pub(crate) async fn run(mut self, socket: ListenSocket) -> u64 {
        self.accept(&socket).await;
        if self.accepting.handed_over {
            // Closes the socket of this process only: the next one has the queue.
            drop(socket);
        } else if let Ok(socket) = socket.into_idle() {
            self.sweep(&socket).await;
        }
        while self.connections.join_next().await.is_some() {}
        self.served
    }

    /// Accepts until the phase in which accepting ends.
    async fn accept(&mut self, socket: &ListenSocket) {
        let mut stopping = pin!(self.accepting.reached(Phase::Stopping));
        loop {
            tokio::select! {
                biased;
                () = &mut stopping => return,
                // First, so that the memory of connections that have ended is free before new ones are made.
                Some(_) = self.connections.join_next() => self.retry.now(),
                accepted = next(&self.accepting, &mut self.retry, socket) => self.spawn(accepted),
            }
        }
    }

    /// Accepts the connections in the queue, which the system would reset when the socket is closed: their clients have
    /// connected, and may have sent a request. Ends with the drain at the latest.
    async fn sweep(&mut self, socket: &IdleSocket) {
        let mut draining = pin!(self.accepting.reached(Phase::Draining));
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut draining => return,
                accepted = next_in_queue(&self.accepting, &mut self.retry, socket) => accepted,
            };
            match accepted {
                Some(accepted) => self.spawn(accepted),
                None => return,
            }
        }
    }

    fn spawn(&mut self, accepted: Accepted) {
        self.served += 1;
        self.connections.spawn((self.serve)(accepted));
    }
}

/// Returns the next connection. The future can be dropped without the loss of one.
async fn next(accepting: &Accepting, retry: &mut Retry, socket: &ListenSocket) -> Accepted {
    loop {
        retry.wait().await;
        match poll_fn(|cx| accepting.poll_accept(socket, cx)).await {
            Ok((place, socket, peer)) => {
                retry.succeeded();
                if let Some(accepted) = accepting.admit(place, socket, peer) {
                    return accepted;
                }
            }
            Err(error) => accepting.failed(&error, retry),
        }
    }
}

/// Returns the next connection in the queue, or `None` if it is empty. The future can be dropped without the loss of one.
async fn next_in_queue(
    accepting: &Accepting,
    retry: &mut Retry,
    socket: &IdleSocket,
) -> Option<Accepted> {
    loop {
        retry.wait().await;
        let place = poll_fn(|cx| accepting.poll_place(cx)).await;
        match socket.accept() {
            Ok((socket, peer)) => {
                retry.succeeded();
                if let Some(accepted) = accepting.admit(place, socket, peer) {
                    return Some(accepted);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(error) => accepting.failed(&error, retry),
        }
        // Nothing else in the loop returns to the runtime while the queue is long.
        consume_budget().await;
    }
}
