use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_core::Deadline;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::config::Config;
use crate::{Elapsed, ElapsedKind, expiry, facts::Facts, timer::Timer};

pin_project! {
    /// The time that a call has left.
    #[derive(Debug)]
    pub(crate) struct Countdown {
        start: Instant,
        limit: Option<Duration>,
        kind: ElapsedKind,
        // Whether the limit replaces the deadline of the request.
        is_detached: bool,
        #[pin]
        timer: Timer,
        facts: Facts,
        config: Arc<Config>,
    }
}

/// Settings of a route, in the facts of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouteLimit(pub(super) Option<Duration>);

impl Countdown {
    #[inline]
    pub(super) fn new(limit: Option<Duration>, facts: Facts, config: Arc<Config>) -> Self {
        let (start, timer) = (Instant::now(), Timer::unset());
        Self { start, limit, kind: ElapsedKind::Call, is_detached: false, timer, facts, config }
    }

    /// Creates the countdown of a call with all its tries.
    pub(crate) fn until(
        start: Instant,
        left: Duration,
        kind: ElapsedKind,
        is_detached: bool,
        config: Arc<Config>,
    ) -> Self {
        let (limit, timer, facts) = (Some(left), Timer::unset(), Facts::none());
        Self { start, limit, kind, is_detached, timer, facts, config }
    }

    /// Runs `work` with the current deadline limited to the time that is left.
    #[inline]
    pub(crate) fn limit<R>(&self, work: impl FnOnce() -> R) -> R {
        let Some(limit) = self.limit else { return work() };
        let deadline = Deadline::after(self.start, limit);
        if self.is_detached { deadline.within(work) } else { deadline.limit(work) }
    }

    /// Waits until the time is up. For a call that is pending, since that creates the timer.
    pub(super) fn poll_expired(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Elapsed> {
        let this = self.project();
        if let Some(RouteLimit(limit)) = this.facts.overridden() {
            *this.limit = limit;
        }
        let Some(limit) = *this.limit else { return Poll::Pending };
        ready!(this.timer.poll_until(Deadline::after(*this.start, limit).instant(), cx));
        let elapsed = Elapsed::new(*this.kind, limit).answered_with(this.config.status);
        expiry::report(&elapsed, &this.config.observer);
        Poll::Ready(elapsed)
    }

    /// Drops what the call holds, which can read the reason and the facts of its request.
    pub(super) fn drop_call(self: Pin<&mut Self>, drop_it: impl FnOnce()) {
        let facts = self.project().facts;
        facts.within(|| battlement_core::dropping(battlement_core::DropReason::Timeout, drop_it));
    }
}
