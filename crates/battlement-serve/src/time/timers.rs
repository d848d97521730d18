use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Sleep, sleep_until};

use crate::{TimeoutKind, state::State};

/// The time limits of a connection, polled by its task after the connection itself.
#[derive(Debug)]
pub(crate) struct Timers {
    sleep: Pin<Box<Sleep>>,
    /// The number of requests that had ended when the idle time began.
    idle_since: Option<u64>,
}

/// A time limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The close is announced: GOAWAY over HTTP/2, `Connection: close` on the next response over HTTP/1.
    #[allow(dead_code, reason = "the age of a connection constructs it")]
    Announce(TimeoutKind),
    /// The connection closes when it is idle, after the requests in flight.
    Finish(TimeoutKind),
    /// The connection is dropped.
    Cut(TimeoutKind),
}

impl Timers {
    /// Starts the deadline of the first request.
    pub(crate) fn new(state: &State) -> Self {
        let deadline = state.accepted + state.config.limits.first_request;
        Self { sleep: Box::pin(sleep_until(deadline)), idle_since: None }
    }

    /// Waits for the next time limit. Runs after each poll of the connection, so that it must be cheap.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, state: &State) -> Poll<Due> {
        let begun = state.begun();
        if begun == 0 {
            return self.sleep.as_mut().poll(cx).map(|()| Due::Cut(TimeoutKind::FirstRequest));
        }
        if state.in_flight() > 0 {
            self.idle_since = None;
            return Poll::Pending;
        }
        if self.idle_since != Some(begun) {
            self.idle_since = Some(begun);
            self.sleep.as_mut().reset(tokio::time::Instant::now() + state.config.limits.idle);
        }
        self.sleep.as_mut().poll(cx).map(|()| Due::Finish(TimeoutKind::Idle))
    }
}
