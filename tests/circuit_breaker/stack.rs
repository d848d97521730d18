//! A client with a breaker around the timeout of each call, and its upstream.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement::{
    circuit_breaker::{CircuitBreakerLayer, Handle, OpenFor, Rejection, RejectionKind},
    timeout::TimeoutLayer,
};
use battlement_testkit::upstream::{Behavior, Upstream};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{Instant, sleep};
use tower::{Layer as _, ServiceExt as _, util::BoxCloneSyncService};

/// Longer than anything takes that is not meant to hang, on a machine that is busy with other tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Longer than a few thousand rejections take.
pub(crate) const OPEN_FOR: Duration = Duration::from_secs(2);
/// The consecutive failures that open a breaker with few calls.
pub(crate) const FAILURES: usize = 5;

pub(crate) type Call = Request<Full<Bytes>>;
pub(crate) type Reply = Response<UnsyncBoxBody<Bytes, hyper::Error>>;
pub(crate) type Service = BoxCloneSyncService<Call, Reply, legacy::Error>;

/// The behavior of an upstream, which a test changes while calls are made.
#[derive(Clone, Debug)]
pub(crate) struct Mode(Arc<Mutex<Behavior>>);

impl Default for Mode {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Behavior::Answer)))
    }
}

impl Mode {
    pub(crate) fn set(&self, behavior: Behavior) {
        *self.0.lock().unwrap() = behavior;
    }

    pub(crate) fn get(&self) -> Behavior {
        *self.0.lock().unwrap()
    }
}

/// The result of a call whose response was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Failed,
    /// The breaker rejected the call.
    Rejected,
}

/// Returns the layer of a breaker with the default conditions, which is open for a while.
pub(crate) fn breaker() -> CircuitBreakerLayer {
    CircuitBreakerLayer::new("upstream").open_for(OpenFor::fixed(OPEN_FOR))
}

/// Returns the layer of the timeout of a call.
pub(crate) fn timeout() -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_millis(100))
}

/// Creates a client that repeats nothing by itself.
pub(crate) fn client<B>(is_http2: bool) -> Client<HttpConnector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let mut builder = Client::builder(TokioExecutor::new());
    builder.http2_only(is_http2).retry_canceled_requests(false).build(connector)
}

/// Makes a call, and reads its response.
pub(crate) async fn call(service: Service, request: Call) -> Outcome {
    let Ok(response) = service.oneshot(request).await else { return Outcome::Failed };
    let rejection: Option<&Rejection> = response.extensions().get();
    if rejection.is_some_and(|rejection| rejection.kind() == RejectionKind::CircuitOpen) {
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
        return Outcome::Rejected;
    }
    let is_success = response.status().is_success();
    match response.into_body().collect().await {
        Ok(_) if is_success => Outcome::Answered,
        _ => Outcome::Failed,
    }
}

pub(crate) struct Stack {
    pub(crate) upstream: Upstream,
    pub(crate) mode: Mode,
    pub(crate) handle: Handle,
    pub(crate) service: Service,
}

impl Stack {
    /// Starts an upstream, with a breaker around a timeout around a client of it.
    pub(crate) async fn start(is_http2: bool) -> Self {
        let (upstream, mode) = (Upstream::start().await.unwrap(), Mode::default());
        let (breaker, handle) = breaker().pair();
        let behavior = mode.clone();
        let client = client(is_http2).map_request(move |mut request: Call| {
            request.headers_mut().insert(Behavior::HEADER, behavior.get().into());
            request
        });
        let service = breaker.layer(timeout().layer(client));
        let service = service.map_response(|response| response.map(BodyExt::boxed_unsync));
        Self { upstream, mode, handle, service: Service::new(service) }
    }

    pub(crate) fn request(&self) -> Call {
        Request::get(self.upstream.url("/")).body(Full::default()).unwrap()
    }

    pub(crate) async fn call(&self) -> Outcome {
        call(self.service.clone(), self.request()).await
    }

    /// Makes calls, which fail, until the breaker is open. Returns their number.
    pub(crate) async fn open(&self) -> usize {
        for calls in 0..=FAILURES {
            if self.handle.state().is_tripped() {
                return calls;
            }
            assert_eq!(self.call().await, Outcome::Failed);
        }
        panic!("the breaker is not open: {:?}", self.handle.snapshot());
    }

    /// Makes calls until the breaker is closed, and asserts that further ones are answered.
    pub(crate) async fn recover(&self) {
        let end = Instant::now() + DEADLINE;
        while self.handle.state().is_tripped() {
            assert!(Instant::now() < end, "{:?}", self.handle.snapshot());
            self.call().await;
            sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(self.call().await, Outcome::Answered);
    }
}

/// Asserts that 99 of 100 calls are rejected within a millisecond. The best of eight thousands counts, since another
/// process may have the processor.
pub(crate) async fn assert_rejected_at_once<F>(mut call: impl FnMut() -> F)
where
    F: Future<Output = Outcome>,
{
    let mut best = Duration::MAX;
    for _ in 0..8 {
        let mut times = Vec::new();
        for _ in 0..1_000 {
            let start = Instant::now();
            assert_eq!(call().await, Outcome::Rejected);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        best = best.min(times[989]);
        if best < Duration::from_millis(1) {
            return;
        }
    }
    panic!("99 of 100 rejections take up to {best:?}");
}
