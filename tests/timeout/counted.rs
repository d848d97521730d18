//! Metrics outside and inside of a deadline that drops a call.

use std::convert::Infallible;

use battlement::{metrics::HttpMetrics, timeout::DeadlineLayer};
use battlement_testkit::{
    client::{Http1, Http2},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tonic::Code;
use tower::{ServiceBuilder, service_fn};

use crate::{
    grpc::{Hang, call},
    page::{assert_one_timeout, ms, settled},
};

async fn hang(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    std::future::pending().await
}

/// Asserts that metrics on both sides of the deadline have one request, which has timed out.
async fn both_count_a_timeout(metrics: &[HttpMetrics; 2], what: &str) {
    for (metrics, place) in metrics.iter().zip(["outside", "inside"]) {
        settled(metrics, 1).await;
        assert_one_timeout(metrics, &format!("{place}, {what}"));
    }
}

#[tokio::test]
async fn a_call_that_a_deadline_drops_is_a_timeout_over_http1_and_http2() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let metrics = [HttpMetrics::new(), HttpMetrics::new()];
        let service = ServiceBuilder::new()
            .layer(metrics[0].server_layer())
            .layer(DeadlineLayer::new().default_limit(ms(50)))
            .layer(metrics[1].server_layer())
            .service(service_fn(hang));
        let server = Server::hyper(protocol, move |_| service.clone()).await.unwrap();
        let response = match protocol {
            Protocol::Http1 => Http1::connect(server.addr()).await.unwrap().get("/").await,
            _ => Http2::connect(server.addr()).await.unwrap().get("/").await,
        };
        assert_eq!(response.unwrap().status, 504, "{protocol:?}");
        both_count_a_timeout(&metrics, &format!("{protocol:?}")).await;
    }
}

#[tokio::test]
async fn a_call_that_a_deadline_ends_with_an_error_is_a_timeout_over_http1_and_http2() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let metrics = [HttpMetrics::new(), HttpMetrics::new()];
        let service = ServiceBuilder::new()
            .layer(metrics[0].server_layer())
            .layer(DeadlineLayer::new().default_limit(ms(50)).as_error())
            .layer(metrics[1].server_layer())
            .service(service_fn(hang));
        let server = Server::hyper(protocol, move |_| service.clone()).await.unwrap();
        let response = match protocol {
            Protocol::Http1 => Http1::connect(server.addr()).await.unwrap().get("/").await,
            _ => Http2::connect(server.addr()).await.unwrap().get("/").await,
        };
        response.unwrap_err();
        both_count_a_timeout(&metrics, &format!("{protocol:?}")).await;
    }
}

#[tokio::test]
async fn a_call_that_a_deadline_drops_is_a_timeout_over_grpc() {
    let metrics = [HttpMetrics::new(), HttpMetrics::new()];
    let router = tonic::transport::Server::builder()
        .layer(metrics[0].grpc_layer())
        .layer(DeadlineLayer::new().default_limit(ms(50)))
        .layer(metrics[1].grpc_layer())
        .add_service(Hang);
    let server = Server::tonic(router).await.unwrap();
    assert_eq!(call(&server, None).await, Code::DeadlineExceeded);
    both_count_a_timeout(&metrics, "gRPC").await;
}
