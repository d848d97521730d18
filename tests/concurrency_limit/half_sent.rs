//! Clients that send half of a body.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use battlement::{
    concurrency_limit::ConcurrencyLimitLayer,
    timeout::{BodyLimits, BodyTimeoutLayer},
};

use crate::service;

/// Counts the requests that handlers work on.
#[derive(Clone, Default)]
pub(crate) struct Working {
    now: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
}

impl Working {
    fn begin(&self) -> Guard {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.peak.fetch_max(now, SeqCst);
        Guard(Arc::clone(&self.now))
    }

    pub(crate) fn now(&self) -> usize {
        self.now.load(SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(SeqCst)
    }
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Returns a router that counts the requests it works on.
pub(crate) fn router(working: &Working) -> Router {
    let working = working.clone();
    Router::new().fallback(move |request: Request| {
        let working = working.clone();
        async move {
            let _guard = working.begin();
            service::serve(request).await
        }
    })
}

/// Returns the limit of request bodies.
fn bodies(idle: Duration) -> BodyTimeoutLayer {
    BodyTimeoutLayer::new().request(BodyLimits::new().first_byte(idle).idle(idle))
}

/// Many requests at once, so that no other test runs beside it.
mod alone {
    use std::net::SocketAddr;

    use battlement_testkit::{
        client::{Http2, Raw},
        eventually,
        server::{Protocol, Server},
    };
    use bytes::Bytes;
    use futures_util::{StreamExt as _, future::join_all, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tonic::service::Routes;
    use tower::{ServiceBuilder, ServiceExt as _};

    use super::*;
    use crate::{
        PATIENCE,
        client::{ALL, Over},
        raise_file_limit,
        service::Under,
    };

    const REQUESTS: usize = 2_000;
    const LIMIT: usize = 100;
    /// Longer than all requests take to arrive.
    const IDLE: Duration = Duration::from_secs(4);

    async fn serve(under: Under, limit: ConcurrencyLimitLayer, working: &Working) -> Server {
        let layers = ServiceBuilder::new().layer(bodies(IDLE)).layer(limit);
        let router = router(working);
        let server = match under {
            Under::Hyper => {
                let router = router.map_request(|request: http::Request<_>| request.map(Body::new));
                let service = layers.service(router);
                Server::hyper(Protocol::Auto, move |_| service.clone()).await
            }
            Under::Axum => Server::axum(router.layer(layers)).await,
            Under::Tonic => {
                let mut builder = tonic::transport::Server::builder().layer(layers);
                Server::tonic(builder.add_routes(Routes::from(router))).await
            }
        };
        server.unwrap()
    }

    /// Sends half of a body on a connection of its own, and returns the status.
    async fn half_over_http1(addr: SocketAddr) -> u16 {
        let mut raw = Raw::connect(addr).await.unwrap();
        let head = "POST /read HTTP/1.1\r\nhost: shop\r\ncontent-length: 32\r\n\r\n";
        raw.write(format!("{head}0123456789abcdef")).await.unwrap();
        let answer = raw.read_until(b"\r\n").await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Sends half of a body on a stream, and returns the status.
    async fn half_over_http2(mut client: Http2) -> u16 {
        let half = stream::once(async { Ok(Frame::data(Bytes::from_static(b"0123456789abcdef"))) });
        let half = half.chain(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let request = http::Request::post("/read").header("content-length", "32");
        let request = request.body(StreamBody::new(half.boxed())).unwrap();
        client.send(request).await.unwrap().status().as_u16()
    }

    async fn half_sent(over: Over, addr: SocketAddr) -> Vec<u16> {
        match over {
            Over::Http1 => join_all((0..REQUESTS).map(|_| half_over_http1(addr))).await,
            Over::Http2 => {
                let clients = join_all((0..20).map(|_| Http2::connect(addr))).await;
                let clients: Vec<_> = clients.into_iter().map(Result::unwrap).collect();
                let client = |at: usize| clients[at % clients.len()].clone();
                join_all((0..REQUESTS).map(|at| half_over_http2(client(at)))).await
            }
        }
    }

    async fn half_sent_bodies_are_bounded_and_freed(under: Under, over: Over) {
        let (limit, handle) = ConcurrencyLimitLayer::fixed(LIMIT).pair();
        let working = Working::default();
        let server = serve(under, limit, &working).await;
        let statuses = tokio::spawn(half_sent(over, server.addr()));
        assert!(
            eventually(PATIENCE, || handle.snapshot().in_flight == LIMIT).await,
            "{under:?} {over:?}: {:?}",
            handle.snapshot()
        );
        let statuses = statuses.await.unwrap();
        let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
        let [timed_out, rejected] = [408, 503].map(count);
        println!("{under:?} {over:?}: {timed_out} timed out, {rejected} rejected");
        assert_eq!(timed_out + rejected, REQUESTS, "{under:?} {over:?}");
        assert_eq!(working.peak(), LIMIT, "{under:?} {over:?}");
        assert!(timed_out >= LIMIT && rejected > 0, "{under:?} {over:?}");
        let freed = || handle.snapshot().in_flight == 0 && working.now() == 0;
        assert!(eventually(PATIENCE, freed).await, "{under:?} {over:?}: {:?}", handle.snapshot());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn half_sent_bodies_are_limited_and_end_at_the_timeout_of_bodies() {
        raise_file_limit(REQUESTS);
        for (under, over) in ALL {
            half_sent_bodies_are_bounded_and_freed(under, over).await;
        }
    }
}
