//! The gauge of requests that a drain waits for, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::{pending, ready},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use battlement_metrics::{Exposition, Format, shutdown::ShutdownMetrics};
use battlement_shutdown::Shutdown;
use battlement_testkit::{
    client::{Http1, Http2},
    eventually,
    matrix::Responses,
    server::{Protocol, Server},
};
use http::Request;
use http_body_util::{BodyExt, Empty};
use tokio::{sync::Semaphore, task::JoinSet};
use tower::Layer;

const ROUNDS: usize = 100;
/// The requests of a round. One in five has a connection of its own, over HTTP/1.
const REQUESTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(30);

/// The stage at which a client leaves.
#[derive(Clone, Copy)]
enum Stage {
    BeforeHead,
    AfterHead,
    WithinBody,
    WithinEvents,
}

impl Stage {
    const ALL: [Self; 4] =
        [Self::BeforeHead, Self::AfterHead, Self::WithinBody, Self::WithinEvents];

    const fn path(self) -> &'static str {
        match self {
            Self::BeforeHead => "/never",
            Self::AfterHead | Self::WithinBody => "/stalled",
            Self::WithinEvents => "/events",
        }
    }
}

/// Sends a request up to `stage`, says so, and holds it. With `http2`, the request is one of many on a connection.
async fn hold(addr: SocketAddr, http2: Option<Http2>, stage: Stage, reached: Arc<Semaphore>) {
    let request = Request::get(stage.path()).body(Empty::new()).unwrap();
    let mut http1 = None;
    let response = match http2 {
        Some(mut client) => client.send(request).await,
        None => http1.insert(Http1::connect(addr).await.unwrap()).send(request).await,
    };
    let mut response = response.unwrap();
    if !matches!(stage, Stage::AfterHead) {
        response.body_mut().frame().await.unwrap().unwrap();
    }
    reached.add_permits(1);
    pending::<()>().await;
}

/// Returns the sum of the gauge of all requests and streams.
fn gauge(metrics: &ShutdownMetrics) -> usize {
    let page = Exposition::new().shutdown(metrics).render(Format::Text);
    let samples = page.lines().filter(|line| line.starts_with("battlement_shutdown_guards{"));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

#[tokio::test]
async fn ten_thousand_requests_whose_clients_leave_at_every_stage_leave_the_gauge_at_0() {
    let metrics = ShutdownMetrics::new();
    let shutdown = Shutdown::without_signals().delay(Duration::ZERO).linger(Duration::ZERO);
    let shutdown = shutdown.observe(metrics.clone());
    let service = shutdown.layer().layer(Responses::new());
    let server = Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap();
    for _ in 0..ROUNDS {
        let (mut held, reached) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
        let http2 = Http2::connect(server.addr()).await.unwrap();
        for request in 0..REQUESTS {
            let client = (request % 5 > 0).then(|| http2.clone());
            let stage = Stage::ALL[request / 5 % 4];
            held.spawn(hold(server.addr(), client, stage, Arc::clone(&reached)));
        }
        // The requests before their head show only in the gauge.
        let after_head = reached.acquire_many(REQUESTS as u32 / 4 * 3).await;
        assert!(after_head.is_ok() && eventually(PATIENCE, || gauge(&metrics) == REQUESTS).await);
        held.shutdown().await;
        assert!(eventually(PATIENCE, || gauge(&metrics) == 0).await, "{} left", gauge(&metrics));
    }
    let report = shutdown.run(ready(())).await;
    assert_eq!((report.answered(), report.code()), (0, 0), "{report}");
}
