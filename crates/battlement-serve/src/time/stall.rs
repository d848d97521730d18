use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use crate::{End, TimeoutKind, state::State};

/// Limits the time in which a peer reads nothing.
#[derive(Debug)]
pub(crate) struct WriteStall {
    limit: Duration,
    since: Option<Pin<Box<Sleep>>>,
}

impl WriteStall {
    pub(crate) const fn new(limit: Duration) -> Self {
        Self { limit, since: None }
    }

    /// Notes that the peer has read.
    #[inline]
    pub(crate) fn progress(&mut self) {
        if self.since.is_some() {
            self.since = None;
        }
    }

    /// Waits for the peer to read, and fails when it has not in time.
    #[cold]
    pub(crate) fn pending(
        &mut self,
        cx: &mut Context<'_>,
        state: &State,
    ) -> Poll<io::Result<usize>> {
        let limit = self.limit;
        ready!(self.since.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        state.end_with(End::Timeout(TimeoutKind::Write));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}
