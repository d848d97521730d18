use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{DropReason, Timer, dropping};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{HedgeKind, attempt::Attempt, call::HedgedCall};
use crate::{
    AttemptOutcome, Sends,
    course::{Judged, Step},
    repeat::{Answered, SentBy, ServiceError},
};

pin_project! {
    /// The future of a [`Hedge`](crate::Hedge).
    #[must_use = "futures do nothing unless polled"]
    pub struct HedgeFuture<S, K, Req>
    where
        K: Sends<Req>,
        S: Service<SentBy<K, Req>>,
        K: HedgeKind<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
    {
        #[pin]
        first: Attempt<S::Future, K::Held>,
        // Boxed, since a further copy is rare and every call moves the future.
        copies: Vec<Pin<Box<Attempt<S::Future, K::Held>>>>,
        // A failure that goes back if the copies in flight do not succeed.
        failed: Option<K::Held>,
        #[pin]
        timer: Timer,
        // Whether the first copy was pending, and so took time.
        was_pending: bool,
        // `None` if the call is passed through.
        call: Option<HedgedCall<S, K, K::Origin>>,
    }
}

/// The index of the first copy.
const FIRST: usize = 0;

const COMPLETED: &str = "`HedgeFuture` polled after completion";

impl<S, K, Req> HedgeFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: HedgeKind<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    /// Creates the future of a call that is passed through.
    #[inline]
    pub(crate) const fn pass(future: S::Future) -> Self {
        Self::begin(future, None)
    }

    #[inline]
    pub(crate) fn new(future: S::Future, call: HedgedCall<S, K, K::Origin>) -> Self {
        Self::begin(future, Some(call))
    }

    #[inline]
    const fn begin(future: S::Future, call: Option<HedgedCall<S, K, K::Origin>>) -> Self {
        Self {
            first: Attempt::new(future),
            copies: Vec::new(),
            failed: None,
            timer: Timer::unset(),
            was_pending: false,
            call,
        }
    }

    fn in_flight(&self) -> usize {
        usize::from(self.first.is_in_flight())
            + self.copies.iter().filter(|copy| copy.is_in_flight()).count()
    }

    fn copy(self: Pin<&mut Self>, index: usize) -> Pin<&mut Attempt<S::Future, K::Held>> {
        let this = self.project();
        match index {
            FIRST => this.first,
            index => this.copies[index - 1].as_mut(),
        }
    }

    /// Waits for the first copy of a call that is not hedged.
    fn poll_passed(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<<Self as Future>::Output> {
        assert!(self.first.is_in_flight(), "{COMPLETED}");
        std::task::ready!(self.as_mut().copy(FIRST).poll_result(K::hold, cx));
        let held = self.copy(FIRST).take().expect(COMPLETED);
        Poll::Ready(K::finish(held, 1, None))
    }

    /// Waits for the result of the copy `index`, and judges it.
    fn poll_copy(
        mut self: Pin<&mut Self>,
        index: usize,
        is_alone: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Judged> {
        let this = self.as_mut().project();
        let call = this.call.as_ref().expect(COMPLETED);
        let copy = match index {
            FIRST => this.first,
            index => this.copies[index - 1].as_mut(),
        };
        let held = std::task::ready!(copy.poll_result(K::hold, cx));
        call.poll_judge(held, is_alone, cx)
    }

    /// Waits for any copy. Returns its index.
    fn poll_any(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(usize, Judged)> {
        let is_alone = self.in_flight() == 1;
        for index in FIRST..=self.copies.len() {
            if let Poll::Ready(judged) = self.as_mut().poll_copy(index, is_alone, cx) {
                return Poll::Ready((index, judged));
            }
        }
        *self.project().was_pending = true;
        Poll::Pending
    }

    /// Waits until another copy is due, and sends it if it may be sent.
    fn poll_due(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.as_mut().project();
        let Some(due) = this.call.as_mut().expect(COMPLETED).due() else { return Poll::Pending };
        std::task::ready!(this.timer.poll_until(due, cx));
        self.send(cx);
        Poll::Ready(())
    }

    fn send(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        let future = this.call.as_mut().expect(COMPLETED).send::<Req, _, _>(cx);
        this.copies.extend(future.map(|future| Box::pin(Attempt::new(future))));
    }

    /// Returns the success of the copy `index`, and drops the others.
    fn win(mut self: Pin<&mut Self>, index: usize) -> <Self as Future>::Output {
        let held = self.as_mut().copy(index).take().expect(COMPLETED);
        let this = self.project();
        let call = this.call.as_ref().expect(COMPLETED);
        if *this.was_pending && (index == FIRST || this.first.is_in_flight()) {
            call.measure();
        }
        call.won(index == FIRST);
        let (mut first, copies) = (this.first, this.copies);
        dropping(DropReason::Cancelled, || {
            first.as_mut().cut_off();
            copies.clear();
        });
        K::finish(held, call.sent(), None)
    }

    /// Takes the failure of the copy `index`, and sends another copy if that may succeed. Returns the failure that goes
    /// back if no copy is in flight.
    fn fail(
        mut self: Pin<&mut Self>,
        index: usize,
        judged: Judged,
        cx: &mut Context<'_>,
    ) -> Option<<Self as Future>::Output> {
        let mut held = self.as_mut().copy(index).take().expect(COMPLETED);
        self.as_mut().project().call.as_mut().expect(COMPLETED).failed(judged.step);
        self.as_mut().send(cx);
        let is_over = self.in_flight() == 0;
        let this = self.project();
        // A failure of the service says more than a local rejection.
        let is_kept = this.failed.is_some() && judged.outcome == AttemptOutcome::Rejected;
        if !is_over {
            // A short response is read, so that its connection is free, and any other is dropped.
            let _ = K::poll_release(&mut held, cx);
            if K::release(&mut held) && !is_kept {
                *this.failed = Some(held);
            }
            return None;
        }
        let held = if is_kept { this.failed.take().unwrap_or(held) } else { held };
        Some(K::finish(held, this.call.as_ref().expect(COMPLETED).sent(), None))
    }
}

impl<S, K, Req> Future for HedgeFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: HedgeKind<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    type Output = Result<K::Response, K::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.call.is_none() {
            return self.poll_passed(cx);
        }
        loop {
            let result = match self.as_mut().poll_any(cx) {
                Poll::Ready((index, Judged { step: Step::Pass, .. })) => {
                    Some(self.as_mut().win(index))
                }
                Poll::Ready((index, judged)) => self.as_mut().fail(index, judged, cx),
                Poll::Pending => {
                    // Without a further copy, a response may no longer have to wait for its first message.
                    std::task::ready!(self.as_mut().poll_due(cx));
                    None
                }
            };
            if let Some(result) = result {
                *self.project().call = None;
                return Poll::Ready(result);
            }
        }
    }
}

impl<S, K, Req> fmt::Debug for HedgeFuture<S, K, Req>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: HedgeKind<Req, Answered<S, K, Req>, ServiceError<S, K, Req>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeFuture").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}
