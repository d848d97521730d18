//! What a shutdown asks of each connection, phase by phase.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use battlement_core::{DropReason, Phase, Phases};

/// A demand of a shutdown to a connection, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
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
    next: Option<(Demand, Reached)>,
}

type Reached = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Demands {
    pub(crate) fn new(phases: Option<Phases>) -> Self {
        let mut demands = Self { phases, next: None };
        demands.await_phase(Demand::Announce, Phase::Unready);
        demands
    }

    /// Waits for the next demand; after the last one, forever. Runs after each poll of the connection, so that it must
    /// be cheap.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Demand> {
        let Some((demand, reached)) = &mut self.next else { return Poll::Pending };
        ready!(reached.as_mut().poll(cx));
        let demand = *demand;
        match demand {
            Demand::Announce => self.await_phase(Demand::Finish, Phase::Draining),
            Demand::Finish => self.await_phase(Demand::Abort, Phase::CutOff),
            Demand::Abort => self.next = None,
        }
        Poll::Ready(demand)
    }

    fn await_phase(&mut self, demand: Demand, phase: Phase) {
        self.next = self
            .phases
            .as_ref()
            .map(|phases| -> (Demand, Reached) { (demand, Box::pin(phases.reached(phase))) });
    }
}

/// The reason for which requests are dropped, once the server is cut off or dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct CutOff(Arc<AtomicBool>);

impl CutOff {
    /// Marks what is dropped from here on as dropped by a shutdown.
    pub(crate) fn set(&self) {
        self.0.store(true, Relaxed);
    }

    /// Returns the reason for a drop at this moment.
    pub(crate) fn reason(&self) -> DropReason {
        if self.0.load(Relaxed) { DropReason::Shutdown } else { DropReason::Cancelled }
    }
}
