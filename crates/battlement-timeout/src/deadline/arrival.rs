use std::time::Duration;

use battlement_core::{Deadline, RequestFacts, RequestHead, Wire};
use http::{HeaderName, Request};
use tokio::time::Instant;
use tracing::warn;

use super::config::Config;
use crate::wire;

/// A request whose deadline is set.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The facts of the request, in a slot of [`within`](battlement_core::within).
    pub(super) facts: Option<RequestFacts>,
    pub(super) wire: Wire,
    /// Whether a gRPC caller sent a timeout.
    pub(super) has_grpc_timeout: bool,
    /// Whether the deadline has passed.
    pub(super) is_late: bool,
}

impl Config {
    /// Reads the time that the request brings, and sets its deadline in its facts.
    // A call costs more than it saves, since a service has one place where requests arrive.
    #[inline(always)]
    pub(super) fn arrive<B>(&self, request: &mut Request<B>) -> Arrival {
        let facts = RequestFacts::of_or_start(request);
        let wire = Wire::of_request(request.method(), request.headers());
        let from_grpc = match wire {
            Wire::Http => None,
            _ => wire::grpc_timeout(request.headers()),
        };
        let from_header = if self.header.is_some() { self.read_header(request) } else { None };
        let brought = match (from_grpc, from_header) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        facts.set_deadline(brought.unwrap_or(self.default), self.max);
        let deadline = facts.deadline().map_or(facts.start(), Deadline::instant);
        let now = Instant::now();
        if let Some(observe) = self.observer.get() {
            observe.arrived(deadline.saturating_duration_since(now));
        }
        Arrival {
            facts: Some(facts),
            wire,
            has_grpc_timeout: from_grpc.is_some(),
            is_late: deadline <= now,
        }
    }

    /// Reads the header of a trusted peer, and removes that of any other.
    fn read_header<B>(&self, request: &mut Request<B>) -> Option<Duration> {
        let header = self.header.as_ref()?;
        if !request.headers().contains_key(header.name()) {
            return None;
        }
        if self.trusted.contains(&RequestHead::of(request)) {
            return header.read(request.headers());
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
