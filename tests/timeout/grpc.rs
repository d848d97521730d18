//! Expired gRPC calls, beside the timeout of tonic.

use std::{
    convert::Infallible,
    future::{Pending, pending},
    task::{Context, Poll},
    time::Duration,
};

use battlement::{metrics::HttpMetrics, timeout::DeadlineLayer};
use battlement_testkit::{
    client::{Collected, Http2},
    echo::EchoServer,
    server::Server,
};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use tonic::{Code, body::Body, server::NamedService};
use tower::Service;

use crate::page::{assert_one_timeout, ms, settled};

/// A service that never answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hang;

impl NamedService for Hang {
    const NAME: &'static str = EchoServer::NAME;
}

impl Service<Request<Body>> for Hang {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pending<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        pending()
    }
}

/// Makes a call without a limit at the client, so that the status is that of the server.
pub(crate) async fn call(server: &Server, timeout: Option<&str>) -> Code {
    let mut request = Request::post("/battlement.testkit.Echo/Say")
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers");
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    let request = request.body(Full::new(Bytes::from_static(&[0; 5]))).unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let response = Collected::of(client.send(request).await.unwrap()).await.unwrap();
    let status = response.header("grpc-status").map(str::to_owned).or_else(|| {
        let trailers = response.trailers.as_ref()?;
        Some(trailers.get("grpc-status")?.to_str().unwrap().to_owned())
    });
    Code::from_bytes(status.expect("a status").as_bytes())
}

/// Starts a server whose calls hang, with tonic's own timeout.
async fn plain(own: Option<Duration>) -> Server {
    let mut builder = tonic::transport::Server::builder();
    if let Some(own) = own {
        builder = builder.timeout(own);
    }
    Server::tonic(builder.add_service(Hang)).await.unwrap()
}

/// Starts the same with a deadline layer inside metrics.
async fn limited(own: Option<Duration>, deadline: DeadlineLayer, metrics: &HttpMetrics) -> Server {
    let mut builder = tonic::transport::Server::builder();
    if let Some(own) = own {
        builder = builder.timeout(own);
    }
    let mut builder = builder.layer(metrics.grpc_layer()).layer(deadline);
    Server::tonic(builder.add_service(Hang)).await.unwrap()
}

#[tokio::test]
async fn the_timeout_of_tonic_answers_cancelled() {
    assert_eq!(call(&plain(Some(ms(50))).await, None).await, Code::Cancelled);
    assert_eq!(call(&plain(None).await, Some("50m")).await, Code::Cancelled);
}

#[tokio::test]
async fn a_deadline_answers_deadline_exceeded_and_is_counted_as_a_timeout() {
    for (default, timeout) in [(50, None), (30_000, Some("50m"))] {
        let metrics = HttpMetrics::new();
        let deadline = DeadlineLayer::new().default_limit(ms(default));
        let server = limited(None, deadline, &metrics).await;
        assert_eq!(call(&server, timeout).await, Code::DeadlineExceeded, "{timeout:?}");
        settled(&metrics, 1).await;
        assert_one_timeout(&metrics, "grpc");
    }
}

#[tokio::test]
async fn a_deadline_answers_before_a_timeout_of_tonic_of_the_same_or_a_longer_time() {
    let deadline = DeadlineLayer::new().default_limit(ms(50));
    for (own, timeout) in [(50, None), (50, Some("50m")), (60, None), (1_000, Some("50m"))] {
        // Repeated, since the order of two timers of the same time could vary.
        let calls = (0..20).map(|_| {
            let deadline = deadline.clone();
            async move {
                let metrics = HttpMetrics::new();
                let server = limited(Some(ms(own)), deadline, &metrics).await;
                let code = call(&server, timeout).await;
                settled(&metrics, 1).await;
                assert_one_timeout(&metrics, "grpc");
                code
            }
        });
        let codes = futures_util::future::join_all(calls).await;
        assert_eq!(codes, [Code::DeadlineExceeded; 20], "{own} ms, {timeout:?}");
    }
}
