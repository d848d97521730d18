use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_core::{Deadline, EnteredDeadline, Timer};
use tokio::time::Instant;

use super::config::Config;
use crate::{Elapsed, ElapsedKind, expiry, facts::Facts};

/// The time that a call has left.
#[derive(Debug)]
pub(crate) struct Countdown {
    start: Instant,
    /// The end of the call; `None` if it has no limit.
    deadline: Option<Deadline>,
    kind: ElapsedKind,
    /// Whether the limit replaces the deadline of the request.
    is_detached: bool,
    facts: Facts,
    config: Arc<Config>,
}

/// Settings of a route, in the facts of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouteLimit(pub(super) Option<Duration>);

impl Countdown {
    #[inline]
    pub(super) fn new(limit: Option<Duration>, facts: Facts, config: &Arc<Config>) -> Self {
        let (start, config) = (Instant::now(), Arc::clone(config));
        // A limit that the clock cannot express is none.
        let deadline = limit.and_then(|limit| start.checked_add(limit)).map(Deadline::at);
        Self { start, deadline, kind: ElapsedKind::Call, is_detached: false, facts, config }
    }

    /// Creates the countdown of a call without a limit, whatever its route says.
    pub(crate) fn unlimited(config: &Arc<Config>) -> Self {
        Self::new(None, Facts::none(), config)
    }

    /// Creates the countdown of a call with all its tries.
    pub(crate) fn until(
        start: Instant,
        deadline: Deadline,
        kind: ElapsedKind,
        is_detached: bool,
        config: &Arc<Config>,
    ) -> Self {
        let (deadline, facts, config) = (Some(deadline), Facts::none(), Arc::clone(config));
        Self { start, deadline, kind, is_detached, facts, config }
    }

    /// Limits the current deadline to the time that is left, until the guard is dropped.
    // A guard, since a request and a future that a closure passes on are copied.
    #[inline(always)]
    pub(crate) fn enter(&self) -> EnteredDeadline {
        match self.deadline {
            Some(deadline) if self.is_detached => deadline.enter_within(),
            deadline => Deadline::enter_limit(deadline),
        }
    }

    /// Waits until the time is up. For a call that is pending, since that creates the timer.
    pub(super) fn poll_expired(
        &mut self,
        timer: Pin<&mut Timer>,
        cx: &mut Context<'_>,
    ) -> Poll<Elapsed> {
        if let Some(RouteLimit(limit)) = self.facts.overridden() {
            self.deadline = limit.map(|limit| Deadline::after(self.start, limit));
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        ready!(timer.poll_until(deadline.instant(), cx));
        let after = deadline.instant() - self.start;
        let elapsed = Elapsed::new(self.kind, after).answered_with(self.config.status);
        expiry::report(&elapsed, &self.config.observer);
        Poll::Ready(elapsed)
    }

    /// Drops what the call holds, which can read the reason and the facts of its request.
    pub(super) fn drop_call(&mut self, drop_it: impl FnOnce()) {
        let drop_it = || battlement_core::dropping(battlement_core::DropReason::Timeout, drop_it);
        self.facts.within(drop_it);
    }
}
