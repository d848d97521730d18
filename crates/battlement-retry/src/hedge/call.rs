use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;
use tower_service::Service;

use super::{HedgeKind, config::HedgeConfig};
use crate::{
    Attempt, Budget, StopReason,
    course::{Ask, Judged, Step, Wait},
};

/// A call that may be hedged: what its further copies are made of, and when the next one is due.
pub(crate) struct HedgedCall<S, K, O> {
    /// `None` once the service was not ready for a copy.
    service: Option<S>,
    kind: K,
    origin: O,
    config: Arc<HedgeConfig>,
    budget: Option<Budget>,
    start: Instant,
    /// The copies that were sent, the first included.
    sent: u32,
    /// Whether a further copy may follow.
    is_open: bool,
    due: Due,
}

/// The time of the next copy.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// The time is looked up when the call first waits.
    Unknown,
    At(Instant),
    /// A copy follows only after a failure.
    AfterFailure,
}

impl<S, K, O> HedgedCall<S, K, O> {
    pub(crate) fn new(
        service: S,
        kind: K,
        origin: O,
        config: Arc<HedgeConfig>,
        budget: Option<Budget>,
        start: Instant,
    ) -> Self {
        let (service, due) = (Some(service), Due::Unknown);
        Self { service, kind, origin, config, budget, start, sent: 1, is_open: true, due }
    }

    pub(crate) const fn sent(&self) -> u32 {
        self.sent
    }

    /// Returns the time of the next copy, unless that depends on a failure.
    pub(crate) fn due(&mut self) -> Option<Instant> {
        if !self.is_open {
            return None;
        }
        if matches!(self.due, Due::Unknown) {
            let delay = self.config.delay.now(&self.config.latencies);
            // The first copy was sent when the call began, and a further one was sent just now.
            let from = if self.sent == 1 { self.start } else { Instant::now() };
            self.due = delay.map_or(Due::AfterFailure, |delay| Due::At(from + delay));
        }
        match self.due {
            Due::At(time) => Some(time),
            Due::Unknown | Due::AfterFailure => None,
        }
    }

    /// Judges the result of a copy; `is_alone` if no other copy is in flight.
    pub(crate) fn poll_judge<Req, Res, E>(
        &self,
        held: &mut K::Held,
        is_alone: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Judged>
    where
        K: HedgeKind<Req, Res, E, Origin = O>,
    {
        let attempt = || Attempt::new(self.sent, self.config.copies, self.start.elapsed());
        let is_last = is_alone && !self.is_open;
        self.kind.poll_judge(held, Ok(&self.origin), attempt, is_last, cx)
    }

    /// Records a failure, and ends the hedging of the call unless the failure may be repeated at once.
    pub(crate) const fn failed(&mut self, step: Step) {
        match step {
            Step::Again(Ask {
                wait: Wait::Backoff | Wait::Overload | Wait::Exactly(_), ..
            }) => {}
            Step::Again(Ask { wait: Wait::Pushback(_), .. }) | Step::Stop(_) | Step::Pass => {
                self.is_open = false;
            }
        }
    }

    /// Records the success of the first copy, or of a further one.
    pub(crate) fn won(&self, is_first: bool) {
        if !is_first && let Some(observer) = self.config.observer.get() {
            observer.hedge_won();
        }
    }

    /// Records the time of the first copy, which succeeded or lost. A lost one would have taken longer, and without it
    /// the measured times would be those of fast calls alone.
    pub(crate) fn measure(&self) {
        self.config.latencies.record(self.start.elapsed());
    }

    /// Sends another copy, if attempts, budget, deadline and service allow.
    pub(crate) fn send<Req, Res, E>(&mut self, cx: &mut Context<'_>) -> Option<S::Future>
    where
        K: HedgeKind<Req, Res, E, Origin = O>,
        S: Service<K::Sent, Response = Res, Error = E>,
    {
        if !self.is_open {
            return None;
        }
        let sent = self.try_send(Instant::now(), cx);
        self.is_open = sent.is_ok() && self.sent < self.config.copies;
        self.due = Due::Unknown;
        let reason = match sent {
            Ok(future) => return Some(future),
            Err(reason) => reason,
        };
        if let Some(observer) = self.config.observer.get() {
            observer.hedge_stopped(reason);
        }
        None
    }

    fn try_send<Req, Res, E>(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Result<S::Future, StopReason>
    where
        K: HedgeKind<Req, Res, E, Origin = O>,
        S: Service<K::Sent, Response = Res, Error = E>,
    {
        if let Some(stop) = K::stop(&self.origin) {
            return Err(stop);
        }
        let left = K::deadline(&self.origin).map(|deadline| deadline.remaining_at(now));
        if left.is_some_and(|left| left < self.config.latencies.needed()) {
            return Err(StopReason::Deadline);
        }
        let permit = match &self.budget {
            Some(budget) => Some(budget.withdraw(now, 1).ok_or(StopReason::Budget)?),
            None => None,
        };
        let request = self.kind.again(&self.origin, self.sent + 1)?;
        // A service that is not ready may hold a place in a queue, and is dropped.
        let mut service = self.service.take().ok_or(StopReason::NotReady)?;
        let Poll::Ready(Ok(())) = service.poll_ready(cx) else { return Err(StopReason::NotReady) };
        let future = service.call(request);
        (self.service, self.sent) = (Some(service), self.sent + 1);
        if let Some(permit) = permit {
            permit.spend();
        }
        if let Some(observer) = self.config.observer.get() {
            observer.hedge();
        }
        Ok(future)
    }
}
