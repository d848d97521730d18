use std::time::Duration;

use battlement_core::{Caller, RequestFacts, Wire};
use http::Request;
use tokio::time::Instant;

use super::config::Config;
use crate::wire;

/// A request whose deadline is set.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(super) facts: RequestFacts,
    pub(super) caller: Caller,
    /// Whether a gRPC caller sent a timeout.
    pub(super) has_grpc_timeout: bool,
    /// The time that is left.
    pub(super) left: Duration,
}

impl Config {
    /// Reads the time that the request brings, and sets its deadline in its facts.
    #[inline]
    pub(super) fn arrive<B>(&self, request: &mut Request<B>) -> Arrival {
        let facts = RequestFacts::of_or_start(request);
        let caller = Caller::of(request);
        let from_grpc = match caller.wire() {
            Wire::Http => None,
            _ => wire::grpc_timeout(request.headers()),
        };
        let from_header = if self.header.is_some() { self.read_header(request) } else { None };
        let brought = match (from_grpc, from_header) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        facts.set_deadline(brought.unwrap_or(self.default), self.max);
        let left = facts.deadline().map_or(self.default, |at| at.remaining_at(Instant::now()));
        Arrival { facts, caller, has_grpc_timeout: from_grpc.is_some(), left }
    }

    /// Reads the header of a trusted peer, and removes that of any other.
    fn read_header<B>(&self, request: &mut Request<B>) -> Option<Duration> {
        let header = self.header.as_ref()?;
        if !request.headers().contains_key(header.name()) {
            return None;
        }
        if self.trust.allows(request) {
            return header.read(request.headers());
        }
        request.headers_mut().remove(header.name());
        self.trust.ignored(header.name());
        None
    }
}
