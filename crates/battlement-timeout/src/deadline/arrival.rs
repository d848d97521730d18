use std::time::Duration;

use battlement_core::{Deadline, RequestFacts, RequestHead, Wire};
use http::{HeaderMap, HeaderName, Request};
use tokio::time::Instant;
use tracing::warn;

use super::config::Config;
use crate::wire;

/// The time that a request brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brought {
    time: Option<Duration>,
    /// Whether a gRPC caller sent a timeout.
    pub(super) has_grpc_timeout: bool,
}

/// The time in the first line of the header; `None` if the value is invalid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent(Option<Duration>);

impl Brought {
    pub(super) const NOTHING: Self = Self { time: None, has_grpc_timeout: false };
}

impl Config {
    /// Reads the header that is looked for, before its peer is known to be trusted; `None` if it is absent.
    #[inline(always)]
    pub(super) fn sent(&self, headers: &HeaderMap) -> Option<Sent> {
        let header = self.header.as_ref()?;
        // The first line alone: a reference to all of them would make every call copy its request.
        headers.get(header.name()).map(|line| Sent(header.parse(line.as_bytes())))
    }

    /// Reads the time that the request brings. `sent` is that of the header.
    pub(super) fn brought<B>(
        &self,
        wire: Wire,
        sent: Option<Sent>,
        request: &mut Request<B>,
    ) -> Brought {
        let from_grpc = if wire.is_grpc() { wire::grpc_timeout(request.headers()) } else { None };
        let time = match (from_grpc, sent.and_then(|sent| self.of_trusted(sent, request))) {
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

    /// Returns the time that a trusted peer has sent, and removes the header of any other.
    fn of_trusted<B>(&self, Sent(time): Sent, request: &mut Request<B>) -> Option<Duration> {
        let header = self.header.as_ref()?;
        if self.trusted.contains(&RequestHead::of(request)) {
            let headers = request.headers();
            // If any header has several lines, it may be this one.
            return if headers.len() > headers.keys_len() { header.read(headers) } else { time };
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
