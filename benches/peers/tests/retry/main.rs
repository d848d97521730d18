//! Tests the behavior of the peers' retries that COMPARE.md describes, and ours under the same conditions.
#![allow(missing_docs, reason = "a test")]

mod backoff;
mod body;
mod budget;
mod grpc;
mod idempotency;
mod ours;
mod peers;
mod readiness;
mod stacked;
mod wait;

use std::time::Duration;

use battlement_testkit::{
    probe::{ProbeBody, ProbeError, Reply},
    upstream::{Behavior, Upstream},
};
use http::{Request, Response, StatusCode};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const BROKEN: ProbeError = ProbeError::new("the connection broke");

pub(crate) type Call = Request<ProbeBody>;
pub(crate) type Answer = Response<ProbeBody>;

pub(crate) fn get() -> Call {
    Request::new(ProbeBody::empty())
}

pub(crate) fn post() -> Call {
    Request::post("/charges").body(ProbeBody::from("10 EUR")).unwrap()
}

/// Returns a reply with the status 503.
pub(crate) fn unavailable() -> Reply {
    Reply::status(StatusCode::SERVICE_UNAVAILABLE)
}

/// Returns a POST to a server that behaves like this, once for each attempt.
pub(crate) fn charge(
    client: &reqwest::Client,
    upstream: &Upstream,
    behaviors: &[Behavior],
) -> reqwest::RequestBuilder {
    client
        .post(upstream.url("/charges"))
        .header("idempotency-key", "order-1")
        .header(Behavior::HEADER, Behavior::list(behaviors))
}
