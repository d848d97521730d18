//! Tests the behavior of the peers that COMPARE.md describes, and ours under the same conditions.
#![allow(missing_docs, reason = "a test")]

mod answer;
mod body;
mod drop;
mod grpc;
mod remaining;
mod timer;

use std::{convert::Infallible, future::pending, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use seatbelt::ResilienceContext;
use tick::Clock;

pub(crate) const LIMIT: Duration = Duration::from_millis(100);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) type Answer = Result<Response<Full<Bytes>>, Infallible>;

/// Waits forever.
pub(crate) async fn hang(_: Request<()>) -> Answer {
    pending().await
}

/// Returns seatbelt's layer for services of HTTP. Its timer is that of its own clock, so the limit is real time.
pub(crate) fn of_seatbelt<B: Default + Send + 'static>() -> Seatbelt<B> {
    let context = ResilienceContext::new(Clock::new_tokio());
    seatbelt::timeout::Timeout::layer("call", &context)
        .timeout_output(|_| Ok(Response::new(B::default())))
        .timeout(LIMIT)
}

type Seatbelt<B> = seatbelt::timeout::TimeoutLayer<
    Request<()>,
    Result<Response<B>, Infallible>,
    seatbelt::typestates::Set,
    seatbelt::typestates::Set,
>;
