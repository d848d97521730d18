//! Three servers in a row, of axum, hyper and tonic: the remaining time of a request travels with it.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, routing::get};
use battlement::{
    metrics::HttpMetrics,
    problem::{Problem, ProblemLayer},
    timeout::{
        Deadline, DeadlineLayer, PropagateDeadlineLayer, Rejection, RejectionKind, TimeoutHeader,
    },
};
use battlement_testkit::{
    client::Http1,
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::Instant;
use tonic::{Code, body::Body, codegen::BoxFuture, server::NamedService, transport::Endpoint};
use tower::{BoxError, Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};

use crate::page::ms;

/// The observations of one server.
#[derive(Clone, Debug)]
struct Hop {
    metrics: HttpMetrics,
    // The deadline of each request, and the time that its handler had left.
    seen: Arc<Mutex<Vec<(Instant, Duration)>>>,
}

impl Hop {
    fn new() -> Self {
        Self { metrics: HttpMetrics::new(), seen: Arc::default() }
    }

    /// Notes the deadline of a request and the time that its handler has left.
    fn note(&self) {
        let deadline = Deadline::current().unwrap();
        self.seen.lock().unwrap().push((deadline.instant(), deadline.remaining()));
    }

    /// Returns the deadline of the last request.
    fn deadline(&self) -> Instant {
        self.seen.lock().unwrap().last().unwrap().0
    }

    /// Returns the time that the handler of the last request had left.
    fn left(&self) -> Duration {
        self.seen.lock().unwrap().last().unwrap().1
    }
}

/// Returns a layer that reads the header of any server on this machine.
fn deadline() -> DeadlineLayer {
    let loopback = ["127.0.0.0/8".parse().unwrap()];
    DeadlineLayer::new().header(TimeoutHeader::default()).trust_peers(loopback)
}

/// Returns the answer of a handler whose call has timed out.
fn timed_out() -> Rejection {
    Rejection::new(RejectionKind::Timeout)
}

/// Starts the first server, which calls the second over HTTP.
async fn first(hop: &Hop, second: &Server) -> Server {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let client = PropagateDeadlineLayer::new().layer(client);
    let (seen, url) = (hop.clone(), second.url("/"));
    let handler = async move || {
        seen.note();
        let call = Request::get(url).body(Empty::new()).unwrap();
        match client.oneshot(call).await?.status() {
            StatusCode::GATEWAY_TIMEOUT => Err(timed_out().into()),
            _ => Ok::<_, Problem>("ordered"),
        }
    };
    let layers = ServiceBuilder::new()
        .layer(hop.metrics.server_layer())
        .layer(ProblemLayer::new())
        .layer(deadline());
    Server::axum(Router::new().route("/", get(handler)).layer(layers)).await.unwrap()
}

/// Starts the second server, which calls the third over gRPC.
async fn second(hop: &Hop, third: &Server) -> Server {
    let channel = Endpoint::from_shared(third.url("")).unwrap().connect_lazy();
    let client = EchoClient::new(PropagateDeadlineLayer::new().layer(channel));
    let seen = hop.clone();
    let handler = service_fn(move |_: Request<Incoming>| {
        seen.note();
        let mut client = client.clone();
        async move {
            match client.say(Words::new("order")).await {
                Err(status) if status.code() == Code::DeadlineExceeded => Err(timed_out().into()),
                answer => {
                    Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(answer?.into_inner().text)))
                }
            }
        }
    });
    let service = ServiceBuilder::new()
        .layer(hop.metrics.server_layer())
        .layer(ProblemLayer::new())
        .layer(deadline())
        .service(handler);
    Server::http1(service).await.unwrap()
}

/// The service of the third server, which echoes or hangs.
#[derive(Clone, Debug)]
struct Last {
    hop: Hop,
    hangs: Arc<AtomicBool>,
}

impl NamedService for Last {
    const NAME: &'static str = EchoServer::NAME;
}

impl Service<Request<Body>> for Last {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.hop.note();
        if self.hangs.load(Relaxed) {
            return Box::pin(std::future::pending());
        }
        EchoServer.call(request)
    }
}

async fn third(last: Last) -> Server {
    let router = tonic::transport::Server::builder()
        .layer(last.hop.metrics.grpc_layer())
        .layer(DeadlineLayer::new())
        .add_service(last);
    Server::tonic(router).await.unwrap()
}

/// Three servers in a row, and a client of the first, all of whose connections are open.
struct Row {
    hops: [Hop; 3],
    hangs: Arc<AtomicBool>,
    client: Http1,
    _servers: [Server; 3],
}

impl Row {
    async fn start() -> Self {
        let (hops, hangs) =
            ([Hop::new(), Hop::new(), Hop::new()], Arc::new(AtomicBool::new(false)));
        let third = third(Last { hop: hops[2].clone(), hangs: Arc::clone(&hangs) }).await;
        let second = second(&hops[1], &third).await;
        let first = first(&hops[0], &second).await;
        let client = Http1::connect(first.addr()).await.unwrap();
        let mut row = Self { hops, hangs, client, _servers: [first, second, third] };
        assert_eq!(row.order(30_000).await, 200);
        row
    }

    /// Sends a request that states this many milliseconds to the first server, and returns the status.
    async fn order(&mut self, millis: u32) -> StatusCode {
        let request = Request::get("/").header("x-request-timeout-ms", millis);
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        self.client.send(request).await.unwrap().status()
    }

    /// Returns whether each server has recorded this many requests and serves none.
    fn is_free_after(&self, count: u64) -> bool {
        let free = |hop: &Hop| (hop.metrics.ended(), hop.metrics.active()) == (count, 0);
        self.hops.iter().all(free)
    }
}

#[tokio::test]
async fn each_server_in_a_row_has_less_time_left_than_the_one_before() {
    let mut row = Row::start().await;
    assert_eq!(row.order(2_000).await, 200);
    let [first, second, third] = [0, 1, 2].map(|nth| row.hops[nth].left());
    assert!(first <= ms(2_000), "{first:?}");
    assert!(second <= first - ms(5), "{second:?} after {first:?}");
    assert!(third <= second - ms(5), "{third:?} after {second:?}");
}

/// Measures time, so that no other test runs beside it.
mod alone {
    use std::{sync::atomic::Ordering::Relaxed, time::Duration};

    use battlement_testkit::eventually;
    use tokio::time::Instant;

    use super::{Hop, Row};
    use crate::page::{PATIENCE, ms, of_type, recorded};

    /// Lets the third server hang, and returns the row once all its servers are free, with the time that took.
    async fn hang() -> (Row, Duration) {
        let mut row = Row::start().await;
        row.hangs.store(true, Relaxed);
        let start = Instant::now();
        assert_eq!(row.order(200).await, 504);
        assert!(eventually(PATIENCE, || row.is_free_after(2)).await, "{:?}", row.hops);
        (row, start.elapsed())
    }

    /// Returns whether the machine was so busy that a request was on its way for most of the margin, so that the
    /// deadline of a server is no longer before that of its caller.
    fn was_busy(hops: &[Hop; 3]) -> bool {
        !hops.iter().map(Hop::deadline).is_sorted_by(|one, next| *one >= *next + ms(1))
    }

    #[tokio::test]
    async fn three_servers_in_a_row_are_free_within_250_ms_when_the_last_hangs() {
        for attempt in 1.. {
            let (row, took) = hang().await;
            let left = [0, 1, 2].map(|nth| row.hops[nth].left());
            if attempt < 20 && was_busy(&row.hops) {
                continue;
            }
            assert!(took <= ms(250), "{took:?}");
            assert!(ms(200) >= left[0] && left.is_sorted_by(|a, b| a > b), "{left:?}");
            for hop in &row.hops {
                let recorded = recorded(&hop.metrics);
                assert_eq!(of_type(&hop.metrics, "timeout"), 1, "{left:?}: {recorded:?}");
                assert_eq!(recorded.iter().map(|(_, count)| count).sum::<u64>(), 2);
            }
            break;
        }
    }
}
