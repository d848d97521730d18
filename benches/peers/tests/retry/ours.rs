//! Our layer, with short waits and without a budget.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_retry::{Backoff, Budgets, Http, Jitter, Observe, ReplayBody, RetryLayer};
use battlement_testkit::{
    probe::ProbeBody,
    upstream::{Behavior, Upstream},
};
use http::{Request, StatusCode};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer as _, ServiceExt as _};

use crate::peers::SHORT;

pub(crate) fn ours() -> RetryLayer<Http> {
    let backoff = Backoff::new(Jitter::Full, SHORT, SHORT);
    RetryLayer::http().backoff(backoff).overload_backoff(backoff).budget(Budgets::Unlimited)
}

/// Returns a POST to a server that behaves like this, with or without a key.
pub(crate) fn charge(
    upstream: &Upstream,
    behaviors: &[Behavior],
    has_key: bool,
) -> Request<ProbeBody> {
    let request = Request::post(upstream.url("/charges"));
    let request = request.header(Behavior::HEADER, Behavior::list(behaviors));
    let request = if has_key { request.header("idempotency-key", "order-1") } else { request };
    request.body(ProbeBody::from("10 ").data("EUR").stream()).unwrap()
}

/// Sends a request through our layer around the client of hyper-util, and returns the status.
pub(crate) async fn send(request: Request<ProbeBody>, http2: bool) -> Result<StatusCode, Error> {
    let mut client = Client::builder(TokioExecutor::new());
    let client = client.retry_canceled_requests(false).http2_only(http2);
    let client: Client<HttpConnector, ReplayBody<ProbeBody>> = client.build_http();
    ours().layer(client).oneshot(request).await.map(|response| response.status())
}

/// The waits before retries.
#[derive(Clone, Default)]
pub(crate) struct Waits(Arc<Mutex<Vec<Duration>>>);

impl Waits {
    pub(crate) fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observe for Waits {
    fn retry(&self, wait: Duration) {
        self.0.lock().unwrap().push(wait);
    }
}
