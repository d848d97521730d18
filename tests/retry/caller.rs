//! A client that repeats its calls, and the number of attempts beneath it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement::retry::{Attempts, Backoff, Http, Jitter, ReplayBody, RetryBody, RetryLayer};
use battlement_core::ResponseBody;
use battlement_testkit::{
    load::End,
    upstream::{Behavior, Upstream},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{BoxError, Layer, ServiceExt as _, util::BoxCloneSyncService};

/// Longer than anything takes that is not meant to hang, on a machine that is busy with other tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A number that many tasks count up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Adds one, and returns the number.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The version of HTTP that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Creates a client of hyper-util that repeats nothing by itself.
pub(crate) fn client<B>(protocol: Protocol) -> legacy::Client<HttpConnector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    let mut connector = HttpConnector::new();
    // Otherwise, the body of a request on a busy connection waits for the delayed acknowledgment of its head.
    connector.set_nodelay(true);
    legacy::Client::builder(TokioExecutor::new())
        .http2_only(protocol == Protocol::Http2)
        .retry_canceled_requests(false)
        .build(connector)
}

type Call = Request<Full<Bytes>>;
type Reply = Response<ResponseBody<RetryBody<Incoming>>>;
type Service = BoxCloneSyncService<Call, Reply, legacy::Error>;
/// The service beneath the retries.
type Sender =
    BoxCloneSyncService<Request<ReplayBody<Full<Bytes>>>, Response<Incoming>, legacy::Error>;

/// A client of hyper-util in retries or copies.
#[derive(Clone)]
pub(crate) struct Caller {
    service: Service,
    attempts: Arc<Count>,
}

/// A response whose body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) attempts: u32,
    pub(crate) body: Result<Bytes, hyper::Error>,
}

impl Caller {
    pub(crate) fn new<L>(layer: &L, protocol: Protocol) -> Self
    where
        L: Layer<Sender>,
        L::Service: tower::Service<Call, Response = Reply, Error = legacy::Error, Future: Send>,
        L::Service: Clone + Send + Sync + 'static,
    {
        let attempts = Arc::<Count>::default();
        let count = Arc::clone(&attempts);
        let counted = client(protocol).map_request(move |request| {
            count.next();
            request
        });
        Self { service: Service::new(layer.layer(Sender::new(counted))), attempts }
    }

    /// Returns the number of requests that were sent beneath the retries.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.get()
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, BoxError> {
        let response = self.service.clone().oneshot(request).await?;
        let (status, attempts) = (response.status(), Attempts::of(&response).0);
        let body = response.into_body().collect().await.map(Collected::to_bytes);
        Ok(Answer { status, attempts, body })
    }

    /// Sends a request of a load.
    pub(crate) async fn end(self, request: Request<Full<Bytes>>) -> End {
        match self.send(request).await {
            Ok(Answer { status: StatusCode::OK, body: Ok(_), .. }) => End::Answered,
            Ok(Answer { body: Err(_), .. }) => End::CutOff,
            Ok(_) => End::Rejected,
            Err(_) => End::LostFresh,
        }
    }
}

/// Returns a layer that does not take a key as permission to repeat a request, since the upstream counts by the key of
/// every request.
pub(crate) fn layer() -> RetryLayer<Http> {
    quick(RetryLayer::http().idempotency_key(false))
}

/// Shortens the waits after an overload, which are seconds.
pub(crate) fn quick<K>(layer: RetryLayer<K>) -> RetryLayer<K> {
    let (base, cap) = (Duration::from_millis(10), Duration::from_millis(20));
    layer.overload_backoff(Backoff::new(Jitter::Equal, base, cap))
}

/// Returns a request whose attempts with this key meet these behaviors.
pub(crate) fn request(
    upstream: &Upstream,
    method: Method,
    key: &str,
    behaviors: &[Behavior],
) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(upstream.url("/"))
        .header("idempotency-key", key)
        .header(Behavior::HEADER, Behavior::list(behaviors))
        .body(Full::from("order 7"))
        .unwrap()
}
