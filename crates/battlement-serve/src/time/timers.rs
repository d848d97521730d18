use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{Due, Times, Watch, after};
use crate::state::State;

/// The time limits of a connection, polled by its task after the connection itself.
///
/// One timer serves all limits. It is set again only when it fires or when something is due earlier, so that a request
/// does not move it.
#[derive(Debug)]
pub(crate) struct Timers {
    sleep: Pin<Box<Sleep>>,
    /// Whether the task waits for `sleep`. The task of a connection is always the same.
    waits: bool,
    watch: Watch,
}

impl Timers {
    /// Starts the deadline of the first request.
    pub(crate) fn new(state: &State) -> Self {
        let times = Times::draw(&state.config.limits);
        let sleep = Box::pin(sleep_until(after(state.accepted, times.first_request)));
        Self { sleep, waits: false, watch: Watch::new(times, state.accepted) }
    }

    /// Records a graceful GOAWAY.
    pub(crate) fn goaway(&mut self) {
        self.watch.goaway(Instant::now());
    }

    /// Waits for the next time limit. Runs after each poll of the connection, so that it must be cheap.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, state: &State) -> Poll<Due> {
        loop {
            let next = self.watch.next(&state.marks.view(), Instant::now);
            if let Some((at, _)) = next
                && at < self.sleep.deadline()
            {
                self.reset(at);
            }
            if self.waits && !self.sleep.is_elapsed() {
                return Poll::Pending;
            }
            self.waits = true;
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            let again = after(now, self.watch.period());
            match next {
                Some((at, due)) if at <= now => {
                    self.reset(again);
                    self.watch.happens(due, now);
                    return Poll::Ready(due);
                }
                Some((at, _)) => self.reset(at.min(again)),
                None => self.reset(again),
            }
        }
    }

    fn reset(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        self.waits = false;
    }
}
