//! Calls over sockets that fail in a chosen way.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_circuit_breaker::{
    CircuitBreakerLayer, Failure, FallbackOn, FallbackOutcome, Observe, State,
};
use battlement_testkit::upstream::{Behavior, Upstream};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{BoxError, Layer as _, Service, ServiceExt as _, util::BoxCloneSyncService};

/// A client over a socket, with requests whose body is a `B`.
pub(crate) type Sender<B> = BoxCloneSyncService<Request<B>, Response<Received>, BoxError>;

/// The body of a response.
pub(crate) type Received = UnsyncBoxBody<Bytes, BoxError>;

/// Returns a client that sends requests to `url`.
pub(crate) fn client<B>(url: String) -> Sender<B>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = client.map_request(move |mut request: Request<B>| {
        *request.uri_mut() = url.parse().unwrap();
        request
    });
    Sender::new(client.map_err(BoxError::from).map_response(received))
}

fn received(
    response: Response<impl Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static>,
) -> Response<Received> {
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// An upstream whose calls fail with a failure of a class.
pub(crate) struct Failing {
    upstream: Upstream,
    on: FallbackOn,
}

impl Failing {
    pub(crate) async fn start(on: FallbackOn) -> Self {
        Self { upstream: Upstream::start().await.unwrap(), on }
    }

    /// Returns the number of requests that arrived.
    pub(crate) fn received(&self) -> u64 {
        self.upstream.counts().received
    }

    /// Returns a client of the upstream.
    pub(crate) fn client<B>(&self) -> Sender<B>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let behavior = match self.on {
            FallbackOn::Timeout => Behavior::Hang,
            FallbackOn::Server => Behavior::Error,
            FallbackOn::Transport => Behavior::ResetHead,
            _ => Behavior::Answer,
        };
        let client = client(self.upstream.url("/"));
        let client = client.map_request(move |mut request: Request<B>| {
            request.headers_mut().insert(Behavior::HEADER, behavior.into());
            request
        });
        match self.on {
            FallbackOn::Rejected => {
                let (breaker, handle) = CircuitBreakerLayer::new("upstream").as_error().pair();
                handle.force_open();
                assert_eq!(handle.state(), State::ForcedOpen);
                Sender::new(breaker.layer(client).map_response(received))
            }
            FallbackOn::Timeout => Sender::new(limited(client)),
            _ => Sender::new(client),
        }
    }
}

/// Limits the time of each call.
fn limited<S, Req>(
    service: S,
) -> impl Service<Req, Response = S::Response, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static
where
    S: Service<Req, Error = BoxError, Response: Send, Future: Send> + Clone + Send + Sync + 'static,
    Req: Send + 'static,
{
    tower::service_fn(move |request: Req| {
        let call = service.clone().oneshot(request);
        async move { tokio::time::timeout(Duration::from_millis(50), call).await? }
    })
}

/// Returns a request with a body.
pub(crate) fn order() -> Request<Full<Bytes>> {
    Request::post("/orders").body(Full::from("order 7")).unwrap()
}

/// Reads the status and the body of a response.
pub(crate) async fn read<B>(response: Response<B>) -> (StatusCode, Bytes)
where
    B: Body<Error: std::fmt::Debug>,
{
    let status = response.status();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

/// Records the fallbacks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<(Failure, FallbackOutcome)>>>);

impl Seen {
    pub(crate) fn take(&self) -> Vec<(Failure, FallbackOutcome)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Returns the outcomes.
    pub(crate) fn outcomes(&self) -> Vec<FallbackOutcome> {
        self.take().into_iter().map(|(_, outcome)| outcome).collect()
    }
}

impl Observe for Seen {
    fn fell_back(&self, failure: Failure, outcome: FallbackOutcome) {
        self.0.lock().unwrap().push((failure, outcome));
    }
}
