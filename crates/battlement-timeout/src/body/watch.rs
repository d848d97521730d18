use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_core::{DropReason, RequestFacts, Timer, Wire, dropping, within};
use tokio::time::Instant;

use super::{config::Config, limits::BodyLimits, pace::Pace, signal::BodyId};
use crate::{Elapsed, ElapsedKind, expiry};

/// The time that a body has left.
#[derive(Debug)]
pub(super) struct Watch {
    role: Role,
    pace: Pace,
    /// Boxed when the body first waits, so that the body stays small and `Unpin`.
    timer: Option<Pin<Box<Timer>>>,
    facts: Option<RequestFacts>,
    config: Arc<Config>,
}

/// The part that a body has in its call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Request(BodyId),
    /// The body of a response, whose form decides how it ends.
    Response(Wire),
}

impl Role {
    const fn limits(self, config: &Config) -> &BodyLimits {
        match self {
            Self::Request(_) => &config.request,
            Self::Response(_) => &config.response,
        }
    }

    const fn kind(self) -> ElapsedKind {
        match self {
            Self::Request(_) => ElapsedKind::RequestBody,
            Self::Response(_) => ElapsedKind::ResponseBody,
        }
    }
}

impl Watch {
    pub(super) const fn new(role: Role, facts: Option<RequestFacts>, config: Arc<Config>) -> Self {
        Self { role, pace: Pace::new(), timer: None, facts, config }
    }

    /// Waits until a limit is exceeded, and returns it. For a body that is pending, since that creates the timer.
    pub(super) fn poll_exceeded(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let limits = self.role.limits(&self.config);
        let Some(due) = self.pace.wait(limits, Instant::now) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(Timer::unset()));
        ready!(timer.as_mut().poll_until(due.at, cx));
        Poll::Ready(due.limit)
    }

    /// Records a frame with data, and returns the limit if the total time is over.
    #[inline]
    pub(super) fn progress(&mut self) -> Option<Duration> {
        self.pace.progress(self.role.limits(&self.config), Instant::now)
    }

    /// Drops a body that has exceeded `limit`, reports it, and returns the error.
    #[cold]
    pub(super) fn expire(&mut self, limit: Duration, drop_it: impl FnOnce()) -> Elapsed {
        let elapsed = Elapsed::new(self.role.kind(), limit);
        drop_expired(&mut self.facts, drop_it);
        expiry::report(&elapsed, &self.config.observer);
        match (self.role, &self.facts) {
            (Role::Request(id), _) => id.expire(limit),
            // Outer layers that see only a failed body, or the trailers of a call, read the reason here.
            (Role::Response(_), Some(facts)) => facts.drop_for(DropReason::Timeout),
            (Role::Response(_), None) => {}
        }
        elapsed
    }

    /// Returns the form in which the body ends.
    pub(super) const fn wire(&self) -> Wire {
        match self.role {
            Role::Request(_) => Wire::Http,
            Role::Response(wire) => wire,
        }
    }
}

/// Runs `drop_it`, in which every `Drop` can read the reason, and the facts of the request if there are any.
pub(super) fn drop_expired(facts: &mut Option<RequestFacts>, drop_it: impl FnOnce()) {
    let drop_it = || dropping(DropReason::Timeout, drop_it);
    if facts.is_some() {
        within(facts, drop_it);
    } else {
        drop_it();
    }
}
