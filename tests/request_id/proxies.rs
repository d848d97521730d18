//! Reverse proxies, which send the received request on.

use std::sync::Arc;

use axum::{Router, extract::Request as AxumRequest};
use battlement::request_id::{PropagateLayer, RequestIdLayer, TraceContext, Trust};
use battlement_testkit::{client::Raw, server::Server};
use http::{Request, Uri};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, Service, ServiceExt as _};

use crate::services::header_service;

const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// Sets the upstream of a request to `authority`.
fn aimed<B>(mut request: Request<B>, authority: &str) -> Request<B> {
    *request.uri_mut() = Uri::try_from(format!("http://{authority}/")).unwrap();
    request
}

/// Starts a proxy on axum that sends requests on through a client of hyper-util.
async fn proxy(layer: RequestIdLayer, upstream: &Server) -> Server {
    let client: Client<HttpConnector, axum::body::Body> =
        Client::builder(TokioExecutor::new()).build_http();
    let client = PropagateLayer::new().layer(client);
    let authority: Arc<str> = upstream.addr().to_string().into();
    let pass_on = move |request: AxumRequest| {
        let (client, authority) = (client.clone(), Arc::clone(&authority));
        async move { client.oneshot(aimed(request, &authority)).await.unwrap() }
    };
    Server::axum(Router::new().fallback(pass_on).layer(layer)).await.unwrap()
}

/// Starts a proxy whose client has its own request type, to which the headers are copied.
async fn copying_proxy(layer: RequestIdLayer, upstream: &Server) -> Server {
    let client = PropagateLayer::new().layer(reqwest::Client::new());
    let url: Arc<str> = upstream.url("/").into();
    let pass_on = move |request: AxumRequest| {
        let (mut client, url) = (client.clone(), Arc::clone(&url));
        async move {
            let mut call = reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap());
            *call.headers_mut() = request.headers().clone();
            let answer = client.ready().await.unwrap().call(call).await.unwrap();
            answer.text().await.unwrap()
        }
    };
    Server::axum(Router::new().fallback(pass_on).layer(layer)).await.unwrap()
}

/// Sends `lines` to `proxy`, and returns the headers that its upstream receives.
async fn reaches(proxy: &Server, lines: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{lines}\r\n");
    let answer = Raw::exchange(proxy.addr(), request).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

const FORGED: &str = "x-request-id: a-forged-id\r\nx-correlation-id: a-forged-flow\r\n\
     traceparent: 00-12345678901234567890123456789012-1234567890123456-01\r\n\
     tracestate: forged=1\r\n";

#[tokio::test]
async fn an_edge_forwards_neither_a_forged_id_nor_a_forged_trace() {
    let upstream = Server::http1(header_service()).await.unwrap();
    for mode in [TraceContext::Off, TraceContext::Read, TraceContext::Own] {
        let edge = RequestIdLayer::new().trust(Trust::Never).trace_context(mode);
        let rewriting = edge.clone().rewrite_request(true);
        for proxy in [proxy(edge, &upstream).await, copying_proxy(rewriting, &upstream).await] {
            let sent = reaches(&proxy, FORGED).await;
            assert!(sent.contains("x-request-id: "), "the edge's own id goes on: {sent}");
            assert!(!sent.contains("forged") && !sent.contains("90123456789012-"), "{sent}");
        }
    }
}

#[tokio::test]
async fn a_proxy_forwards_an_accepted_trace_unchanged() {
    let upstream = Server::http1(header_service()).await.unwrap();
    let proxy = proxy(RequestIdLayer::new(), &upstream).await;
    let lines =
        format!("traceparent: {TRACEPARENT}\r\ntracestate: b=2,a=1,b=3\r\ntracestate: c=4\r\n");
    let sent = reaches(&proxy, &lines).await;
    assert!(sent.contains(&lines.replace("\r\n", "\n")), "{sent}");
}
