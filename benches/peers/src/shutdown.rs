use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_benches::{Bare, Case, request};
use battlement_core::RequestFacts;
use battlement_shutdown::{DrainLayer, Shutdown};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tower::{Layer, Service};
use tower_http::metrics::InFlightRequestsLayer;

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let served: Make = || with_facts(request());
    let waits = || Waits(Bare);
    vec![
        Case::new("ours: drain", served, Bare, drain().layer(Bare)).at_most(300, 0),
        Case::new(
            "ours: drain, a service that waits once",
            served,
            waits(),
            drain().layer(waits()),
        ),
        Case::new("ours: drain, disabled", served, Bare, drain().enabled(false).layer(Bare)),
        Case::new("ours: drain, without facts", request, Bare, drain().layer(Bare)),
        Case::new(
            "tower-http: requests in flight",
            request,
            Bare,
            InFlightRequestsLayer::pair().0.layer(Bare),
        ),
    ]
}

fn drain() -> DrainLayer {
    Shutdown::without_signals().layer()
}

/// Adds facts, as an outer layer does.
fn with_facts(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let facts = RequestFacts::starting(tokio::time::Instant::now());
    request.extensions_mut().insert(facts);
    request
}

/// A service whose future is pending at its first poll.
#[derive(Clone)]
struct Waits<S>(S);

struct Waiting<F> {
    inner: F,
    has_waited: bool,
}

impl<S: Service<R, Future: Unpin>, R> Service<R> for Waits<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Waiting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        Waiting { inner: self.0.call(request), has_waited: false }
    }
}

impl<F: Future + Unpin> Future for Waiting<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if !std::mem::replace(&mut self.has_waited, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll(cx)
    }
}
