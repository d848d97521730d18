use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{Due, Marks, Times, View, Watch, after};
use crate::state::State;

/// The time limits of a connection, polled by its task after the connection itself.
///
/// All limits share a timer, which is set again only when it fires or when a limit is due earlier, so that a request does
/// not move it.
#[derive(Debug)]
pub(crate) struct Timers {
    sleep: Pin<Box<Sleep>>,
    /// Whether the task waits for `sleep`. The task of a connection is always the same.
    waits: bool,
    /// Whether only [pressing](Marks::are_pressing) marks can make something due before `sleep` fires.
    settled: bool,
    watch: Watch,
}

impl Timers {
    /// Starts the deadline of the first request.
    pub(crate) fn new(state: &State) -> Self {
        let times = Times::draw(&state.config.limits);
        let sleep = Box::pin(sleep_until(after(state.accepted, times.first_request)));
        Self { sleep, waits: false, settled: false, watch: Watch::new(times, state.accepted) }
    }

    /// Records a graceful GOAWAY.
    pub(crate) fn goaway(&mut self) {
        self.settled = false;
        self.watch.goaway(Instant::now());
    }

    /// Waits for the next time limit. Runs after each poll of the connection, so that it must be cheap.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, state: &State) -> Poll<Due> {
        if self.settled && !state.marks.are_pressing() && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        // The wait for the client has limits of its own.
        if state.is_lingering() {
            return Poll::Pending;
        }
        self.poll_watch(cx, &state.marks)
    }

    fn poll_watch(&mut self, cx: &mut Context<'_>, marks: &Marks) -> Poll<Due> {
        self.settled = false;
        loop {
            let view = marks.view();
            let next = self.watch.next(&view, Instant::now);
            if let Some((at, _)) = next
                && at < self.sleep.deadline()
            {
                self.reset(at);
            }
            if self.waits && !self.sleep.is_elapsed() {
                self.settle(&view);
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

    /// Skips further looks until `sleep` fires, if nothing is due sooner: an idle time that begins later is at least as
    /// long as the period.
    fn settle(&mut self, view: &View) {
        if !self.watch.can_settle(view) {
            return;
        }
        let latest = after(Instant::now(), self.watch.period());
        self.settled = self.sleep.deadline() <= latest;
        if !self.settled {
            self.reset(latest);
        }
    }

    fn reset(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        self.waits = false;
    }
}

#[cfg(test)]
mod tests;
