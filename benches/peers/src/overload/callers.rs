use std::{
    error::Error,
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_retry::{Budgets, ReplayBody, RetryLayer};
use battlement_testkit::{
    client::{Collected, Http2},
    load::End,
};
use battlement_timeout::{CallDeadlineLayer, TimeoutLayer};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt as _, service_fn, util::BoxCloneSyncService,
};

use super::limit::CLASS;

/// The time after which callers give up, counted from the time when their request was due.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// The attempts of callers with retries, and the time of each. More attempts would not fit into the patience.
const ATTEMPTS: u32 = 5;
const PER_TRY: Duration = Duration::from_millis(150);
/// The connections of all callers.
const CONNECTIONS: usize = 8;

/// The retries of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retries {
    None,
    Budget,
    Unlimited,
}

type Call = Request<Full<Bytes>>;

/// Sends requests over HTTP/2, so that a request that is given up does not cost a connection.
#[derive(Clone)]
pub(super) struct Caller(BoxCloneSyncService<Call, StatusCode, BoxError>);

impl Caller {
    pub(super) async fn new(addr: SocketAddr, retries: Retries) -> Result<Self, BoxError> {
        let connections = Connections::open(addr).await?;
        let retry = || RetryLayer::http().attempts(ATTEMPTS);
        Ok(Self(match retries {
            Retries::None => {
                let send = move |call: Call| connections.clone().send(call);
                BoxCloneSyncService::new(status(service_fn(send)))
            }
            Retries::Budget => with_retries(connections, retry()),
            Retries::Unlimited => with_retries(connections, retry().budget(Budgets::Unlimited)),
        }))
    }

    /// Sends a request of this class.
    pub(super) async fn call(self, class: &'static str) -> End {
        let request = Request::get("/").header(CLASS, class).body(Full::default());
        let request = request.expect("the request is valid");
        match self.0.oneshot(request).await {
            Ok(StatusCode::OK) => End::Answered,
            Ok(StatusCode::SERVICE_UNAVAILABLE) => End::Rejected,
            Ok(_) => End::ServerError,
            Err(_) => End::LostReused,
        }
    }
}

/// Puts the time of all attempts, the retries, and the time of each attempt around the connections.
fn with_retries(
    connections: Connections,
    retry: RetryLayer<battlement_retry::Http>,
) -> BoxCloneSyncService<Call, StatusCode, BoxError> {
    let send = move |call: Request<ReplayBody<Full<Bytes>>>| connections.clone().send(call);
    let send = service_fn(send);
    let service = ServiceBuilder::new()
        .layer(CallDeadlineLayer::new(PATIENCE))
        .layer(retry)
        .layer(TimeoutLayer::new(PER_TRY))
        .service(send);
    BoxCloneSyncService::new(status(service))
}

/// Reads responses to their end, and returns their status.
fn status<S, R, B>(
    service: S,
) -> impl Service<R, Response = StatusCode, Error = BoxError, Future: Send> + Clone
where
    S: Service<R, Response = Response<B>, Error: Into<BoxError>, Future: Send> + Clone,
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    service.map_err(Into::into).and_then(async |response: Response<B>| {
        Ok(Collected::of(response).await.map_err(Into::into)?.status)
    })
}

/// The error of a request that has no complete answer. A layer of retries needs a type that is an error.
#[derive(Debug)]
struct SendError(BoxError);

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// The connections to a server, which take turns.
#[derive(Clone)]
struct Connections(Arc<(Vec<Http2>, AtomicUsize)>);

impl Connections {
    async fn open(addr: SocketAddr) -> Result<Self, BoxError> {
        let connections = (0..CONNECTIONS).map(|_| Http2::connect(addr));
        Ok(Self(Arc::new((try_join_all(connections).await?, AtomicUsize::new(0)))))
    }

    async fn send<B>(self, request: Request<B>) -> Result<Response<Incoming>, SendError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (connections, turn) = &*self.0;
        let mut connection = connections[turn.fetch_add(1, Relaxed) % CONNECTIONS].clone();
        connection.send(request).await.map_err(SendError)
    }
}
