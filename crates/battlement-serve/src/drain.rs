//! The demands of a shutdown on each connection, phase by phase.

mod cut_off;
mod spread;

use std::{
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use battlement_core::{Phase, Phases};
use tokio::time::timeout;

pub(crate) use self::{cut_off::CutOff, spread::Spread};

/// A demand of a shutdown on a connection, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    /// Announce the close over HTTP/1 only, on a connection that begins after the shutdown has.
    ///
    /// Balancers still send connections for a moment. If each got a GOAWAY at its start, its client would open one
    /// after the other without a request on any of them.
    AnnounceHttp1,
    /// Announce the close: GOAWAY over HTTP/2, `Connection: close` on the next response over HTTP/1.
    Announce,
    /// Close when idle, and finish the requests in flight.
    Finish,
    /// Drop the connection and its requests.
    Abort,
}

/// The demands of a shutdown, read by one connection.
pub(crate) struct Demands {
    phases: Option<Phases>,
    next: Option<Next>,
}

/// A demand that was not made yet.
struct Next {
    demand: Demand,
    /// The phase that makes it.
    phase: Phase,
    due: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// The task that is woken by the next change of the phase, and the phase that it waits in.
    waits: Option<(Waker, Phase)>,
}

impl Demands {
    /// Creates the demands on a connection that announces its close at `point` of the shutdown. Without phases, there
    /// are none.
    pub(crate) fn new(phases: Option<Phases>, point: Duration) -> Self {
        let mut demands = Self { phases, next: None };
        let is_late = demands.phases.as_ref().is_some_and(Phases::is_draining);
        if is_late {
            demands.expect(Demand::AnnounceHttp1, Phase::Unready, Duration::ZERO);
        } else {
            demands.expect(Demand::Announce, Phase::Unready, point);
        }
        demands
    }

    /// Waits for the next demand; after the last one, forever.
    ///
    /// A connection calls this before each of its polls, which costs an atomic load unless the phase has changed.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Demand> {
        let (Some(phases), Some(next)) = (&self.phases, &mut self.next) else {
            return Poll::Pending;
        };
        let now = phases.now();
        let is_registered =
            next.waits.as_ref().is_some_and(|(task, at)| *at == now && task.will_wake(cx.waker()));
        if is_registered && now < next.phase {
            return Poll::Pending;
        }
        next.waits = Some((cx.waker().clone(), now));
        ready!(next.due.as_mut().poll(cx));
        let demand = next.demand;
        match demand {
            Demand::AnnounceHttp1 => self.expect(Demand::Announce, Phase::Stopping, Duration::ZERO),
            Demand::Announce => self.expect(Demand::Finish, Phase::Draining, Duration::ZERO),
            Demand::Finish => self.expect(Demand::Abort, Phase::CutOff, Duration::ZERO),
            Demand::Abort => self.next = None,
        }
        Poll::Ready(demand)
    }

    /// Expects `demand` at `point` of `phase`.
    fn expect(&mut self, demand: Demand, phase: Phase, point: Duration) {
        self.next = self.phases.clone().map(|phases| {
            let due = Box::pin(due(phases, phase, point));
            Next { demand, phase, due, waits: None }
        });
    }
}

/// Waits until `point` after the beginning of the phase, at most until accepting ends.
async fn due(phases: Phases, phase: Phase, point: Duration) {
    phases.reached(phase).await;
    if !point.is_zero() {
        // The time is over, or the phase is.
        let _ = timeout(point, phases.reached(Phase::Stopping)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use battlement_core::PhaseWriter;
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn demands(point: Duration) -> (PhaseWriter, Demands) {
        let (writer, phases) = Phases::new();
        (writer, Demands::new(Some(phases), point))
    }

    /// Returns the demands that are due.
    async fn due(demands: &mut Demands) -> Vec<Demand> {
        let mut due = Vec::new();
        tokio::task::unconstrained(poll_fn(|cx| {
            while let Poll::Ready(demand) = demands.poll_next(cx) {
                due.push(demand);
            }
            Poll::Ready(())
        }))
        .await;
        due
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_demands_more() {
        use Demand::{Abort, Announce, Finish};
        let (writer, mut demands) = demands(Duration::ZERO);
        let steps = [
            (Phase::Running, vec![]),
            (Phase::Unready, vec![Announce]),
            (Phase::Stopping, vec![]),
            (Phase::Draining, vec![Finish]),
            (Phase::CutOff, vec![Abort]),
            (Phase::Done, vec![]),
        ];
        for (phase, expected) in steps {
            writer.advance(phase);
            assert_eq!(due(&mut demands).await, expected, "{phase:?}");
            assert_eq!(due(&mut demands).await, [], "{phase:?} again");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_begins_after_the_shutdown_is_used_over_http2_until_accepting_ends() {
        use Demand::{Announce, AnnounceHttp1, Finish};
        let (writer, phases) = Phases::new();
        writer.advance(Phase::Unready);
        let mut demands = Demands::new(Some(phases), SECOND);
        assert_eq!(due(&mut demands).await, [AnnounceHttp1]);
        advance(2 * SECOND).await;
        assert_eq!(due(&mut demands).await, []);
        writer.advance(Phase::Stopping);
        assert_eq!(due(&mut demands).await, [Announce]);
        writer.advance(Phase::Draining);
        assert_eq!(due(&mut demands).await, [Finish]);
    }

    #[tokio::test(start_paused = true)]
    async fn phases_that_are_skipped_still_make_their_demands_in_order() {
        let (writer, mut demands) = demands(SECOND);
        writer.advance(Phase::CutOff);
        assert_eq!(due(&mut demands).await, [Demand::Announce, Demand::Finish, Demand::Abort]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_announces_its_close_at_its_point_and_no_later_than_the_phase_ends() {
        let (writer, mut spread) = demands(SECOND);
        writer.advance(Phase::Unready);
        assert_eq!(due(&mut spread).await, []);
        advance(SECOND - Duration::from_millis(1)).await;
        assert_eq!(due(&mut spread).await, []);
        advance(Duration::from_millis(1)).await;
        assert_eq!(due(&mut spread).await, [Demand::Announce]);

        let (writer, mut cut_short) = demands(SECOND);
        writer.advance(Phase::Unready);
        assert_eq!(due(&mut cut_short).await, []);
        writer.advance(Phase::Stopping);
        assert_eq!(due(&mut cut_short).await, [Demand::Announce]);
    }

    #[tokio::test]
    async fn a_task_that_waits_is_woken_also_after_it_moved() {
        let (writer, mut demands) = demands(Duration::ZERO);
        assert_eq!(due(&mut demands).await, []);
        let moved = tokio::spawn(async move { poll_fn(|cx| demands.poll_next(cx)).await });
        tokio::task::yield_now().await;
        writer.advance(Phase::Unready);
        assert_eq!(moved.await.unwrap(), Demand::Announce);
    }

    #[tokio::test]
    async fn a_task_is_woken_for_its_phase_also_after_a_change_to_an_earlier_one() {
        let (writer, mut demands) = demands(Duration::ZERO);
        writer.advance(Phase::Unready);
        assert_eq!(due(&mut demands).await, [Demand::Announce]);
        let waits = tokio::spawn(async move { poll_fn(|cx| demands.poll_next(cx)).await });
        tokio::task::yield_now().await;
        // Wakes the task, which then waits for the next change.
        writer.advance(Phase::Stopping);
        tokio::task::yield_now().await;
        writer.advance(Phase::Draining);
        let demand = timeout(SECOND, waits).await.expect("the task was not woken").unwrap();
        assert_eq!(demand, Demand::Finish);
    }

    #[tokio::test]
    async fn without_phases_nothing_is_demanded() {
        assert_eq!(due(&mut Demands::new(None, SECOND)).await, []);
    }
}
