use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_core::{
    Deadline, DropReason, EnteredFacts, RequestFacts, Timer, Wire, dropping, within,
};
use http::{HeaderMap, StatusCode};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::{
    body::{BodyLimit, Limited},
    config::Config,
    part::Part,
};
use crate::{Elapsed, ElapsedKind, expiry};

/// The time by which a caller may be ahead: more than a round trip within a data center.
const GRACE: Duration = Duration::from_millis(5);

pin_project! {
    /// The time that a request has left.
    #[derive(Debug)]
    pub(super) struct Remains {
        #[pin]
        timer: Timer,
        // `None` if the layer is disabled, and once the limit of the body has the facts.
        slot: Option<RequestFacts>,
        config: Arc<Config>,
    }
}

impl Remains {
    #[inline]
    pub(super) const fn new(slot: Option<RequestFacts>, config: Arc<Config>) -> Self {
        Self { timer: Timer::unset(), slot, config }
    }

    /// Returns the same with a timer of its own, for the body of the response.
    pub(super) fn take(self: Pin<&mut Self>) -> Self {
        let this = self.project();
        Self { timer: Timer::unset(), slot: this.slot.take(), config: Arc::clone(this.config) }
    }

    /// Returns whether there is work that the deadline ends.
    #[inline]
    pub(super) const fn has_work(&self) -> bool {
        self.slot.is_some()
    }

    /// Returns whether the deadline may apply to the body of the response.
    #[inline]
    pub(super) fn limits_body(&self, has_grpc_timeout: bool) -> bool {
        self.has_work() && self.config.limits_bodies(has_grpc_timeout)
    }

    /// Returns the limit of the body of a response with this head, if the deadline applies to it, and the headers.
    // The headers are taken and returned, since a reference to them makes every call copy its response.
    #[inline(never)]
    pub(super) fn limit_body(
        self: Pin<&mut Self>,
        status: StatusCode,
        headers: HeaderMap,
        wire: Wire,
        has_grpc_timeout: bool,
    ) -> (BodyLimit, HeaderMap) {
        let part = Part::of(&self.config, wire, has_grpc_timeout, (status, &headers));
        let limit = part.map(|part| Limited::boxed(self.take(), part, wire));
        (limit, headers)
    }

    /// Makes the facts of the request the current ones until the guard is dropped, if there is work.
    #[inline(always)]
    pub(super) fn enter(self: Pin<&mut Self>) -> EnteredFacts<'_> {
        EnteredFacts::enter(self.project().slot)
    }

    /// Runs `work` with the facts of the request as the current ones.
    #[inline]
    pub(super) fn within<R>(self: Pin<&mut Self>, work: impl FnOnce() -> R) -> R {
        within(self.project().slot, work)
    }

    /// Waits until the deadline, which is read again, since inner code may have moved it.
    pub(super) fn poll_expired(
        self: Pin<&mut Self>,
        kind: ElapsedKind,
        cx: &mut Context<'_>,
    ) -> Poll<Elapsed> {
        let this = self.project();
        let Some(facts) = this.slot else { return Poll::Pending };
        let Some(deadline) = facts.deadline() else { return Poll::Pending };
        ready!(this.timer.poll_until(deadline.instant(), cx));
        Poll::Ready(report(this.slot, this.config, kind))
    }

    /// Returns the expiry if the deadline has passed, without a timer.
    pub(super) fn passed(self: Pin<&mut Self>, kind: ElapsedKind) -> Option<Elapsed> {
        let this = self.project();
        let deadline = this.slot.as_ref()?.deadline()?;
        (deadline.instant() < Instant::now()).then(|| report(this.slot, this.config, kind))
    }

    /// Drops unfinished work whose caller went away.
    ///
    /// A caller that states its limit ends the call at that limit itself, as a tonic channel does, and may be ahead of
    /// the timer here. So a call that is dropped at its deadline has timed out.
    pub(super) fn abandon(mut self: Pin<&mut Self>, drop_it: impl FnOnce()) {
        let facts = self.as_mut().project().slot.as_ref();
        let is_over = |deadline: Deadline| deadline.remaining() <= GRACE;
        match facts.filter(|facts| facts.deadline().is_some_and(is_over)) {
            Some(facts) if DropReason::current().is_none() => {
                facts.drop_for(DropReason::Timeout);
                self.drop_work(drop_it);
            }
            _ => self.within(drop_it),
        }
    }

    /// Drops a part of the work, which can read the reason and the facts of its request.
    pub(super) fn drop_work(self: Pin<&mut Self>, drop_it: impl FnOnce()) {
        self.within(|| dropping(DropReason::Timeout, drop_it));
    }
}

/// Reports the expiry of a request at its deadline, and returns it.
#[cold]
fn report(slot: &mut Option<RequestFacts>, config: &Config, kind: ElapsedKind) -> Elapsed {
    let mut after = Duration::ZERO;
    if let Some(facts) = slot {
        let end = facts.deadline().map_or(facts.start(), Deadline::instant);
        after = end.saturating_duration_since(facts.start());
        // Outer layers that see only a failed body, or the trailers of a call, read the reason here.
        facts.drop_for(DropReason::Timeout);
    }
    let elapsed = Elapsed::new(kind, after).answered_with(config.status);
    within(slot, || expiry::report(&elapsed, &config.observer));
    elapsed
}
