use std::time::Duration;

use battlement_core::{Deadline, RequestFacts, RequestHead, Wire};
use http::{HeaderMap, HeaderName, Request};
use tokio::time::Instant;
use tracing::warn;

use super::config::Config;
use crate::{TimeoutHeader, wire};

/// The time that a request brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brought {
    time: Option<Duration>,
    /// Whether a gRPC caller sent a timeout.
    pub(super) has_grpc_timeout: bool,
}

impl Brought {
    pub(super) const NOTHING: Self = Self { time: None, has_grpc_timeout: false };
}

impl Config {
    /// Returns whether a request of this form may bring a time.
    #[inline(always)]
    pub(super) fn reads(&self, wire: Wire, headers: &HeaderMap) -> bool {
        let is_present = |header: &TimeoutHeader| headers.contains_key(header.name());
        wire.is_grpc() || self.header.as_ref().is_some_and(is_present)
    }

    /// Reads the time that the request brings.
    pub(super) fn brought<B>(&self, wire: Wire, request: &mut Request<B>) -> Brought {
        let from_grpc = if wire.is_grpc() { wire::grpc_timeout(request.headers()) } else { None };
        let time = match (from_grpc, self.read_header(request)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Brought { time, has_grpc_timeout: from_grpc.is_some() }
    }

    /// Sets the deadline of a request, and returns whether it has passed. Without facts there is none.
    #[inline(always)]
    pub(super) fn is_late(&self, facts: Option<&RequestFacts>, brought: Brought) -> bool {
        let Some(facts) = facts else { return false };
        facts.set_deadline(brought.time.unwrap_or(self.default), self.max);
        let deadline = facts.deadline().map_or(facts.start(), Deadline::instant);
        let now = Instant::now();
        if let Some(observe) = self.observer.get() {
            observe.arrived(deadline.saturating_duration_since(now));
        }
        deadline <= now
    }

    /// Reads the header of a trusted peer, and removes that of any other.
    fn read_header<B>(&self, request: &mut Request<B>) -> Option<Duration> {
        let header = self.header.as_ref()?;
        let lines = request.headers().get_all(header.name());
        lines.iter().next()?;
        if self.trusted.contains(&RequestHead::of(request)) {
            return header.read_lines(&lines);
        }
        request.headers_mut().remove(header.name());
        if self.trusted.logs_ignored() {
            warn_of_ignored(header.name());
        }
        None
    }
}

#[cold]
fn warn_of_ignored(header: &HeaderName) {
    warn!(
        %header,
        "ignored and removed the timeout header of a peer that is not trusted; to read it, trust the peer with \
         ClientIpLayer::behind, DeadlineLayer::trust_peers or DeadlineLayer::trust"
    );
}
