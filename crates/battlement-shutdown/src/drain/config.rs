use std::{sync::Arc, time::Duration};

use battlement_core::{Phase, Phases, Rejection, RejectionKind};
use tokio::time::Instant;

use super::gradual::Spread;
use crate::{in_flight::InFlight, shared::Shared};

/// The settings of a [`DrainLayer`](crate::DrainLayer).
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) shared: Arc<Shared>,
    // The fields of `shared`, one pointer nearer.
    pub(super) phases: Phases,
    pub(super) in_flight: InFlight,
    /// `None` closes each connection with its next response.
    pub(super) gradual: Option<Spread>,
    /// The time after which a rejected request may be sent again; `None` serves requests in every phase.
    pub(super) reject: Option<Duration>,
    pub(super) enabled: bool,
    /// Whether the layer is enabled and does not reject requests, in one flag for each request to read.
    pub(super) serves: bool,
}

impl Config {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (phases, in_flight) = (shared.phases.clone(), shared.in_flight.clone());
        Self { shared, phases, in_flight, gradual: None, reject: None, enabled: true, serves: true }
    }

    #[inline]
    pub(super) fn phase(&self) -> Phase {
        self.phases.now()
    }

    /// Returns whether a request that arrives now is rejected.
    #[inline]
    pub(super) fn rejects(&self) -> bool {
        self.reject.is_some() && self.phase() >= Phase::Stopping
    }

    /// Returns the rejection of a request.
    pub(super) fn rejection(&self) -> Rejection {
        let rejection = Rejection::new(RejectionKind::ShuttingDown);
        self.reject.map_or(rejection, |wait| rejection.retry_in(wait))
    }

    /// Returns whether the HTTP/1 connection of the current task closes after the response that is sent now.
    pub(super) fn closes_connection(&self) -> bool {
        match self.phase() {
            Phase::Running => false,
            Phase::Unready => self.closes_early(),
            _ => true,
        }
    }

    fn closes_early(&self) -> bool {
        let Some(spread) = &self.gradual else { return true };
        let Some((_, started)) = self.shared.started() else { return true };
        let point = spread.point(self.shared.times().delay);
        started + point <= Instant::now()
    }
}
