use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use battlement_benches::{Bare, Case, request};
use battlement_core::{ClientIp, RequestFacts, Via};
use battlement_rate_limit::{Headers, Key, Memory, MemoryOr, Policy, RateLimitLayer};
use bytes::Bytes;
use governor::{
    clock::QuantaInstant,
    middleware::{NoOpMiddleware, StateInformationMiddleware},
};
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_governor::{
    GovernorError, GovernorLayer,
    governor::{Governor, GovernorConfigBuilder},
    key_extractor::KeyExtractor,
};
use tower_resilience_ratelimiter::RateLimiterLayer;

use crate::lazy::Lazy;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 195));
/// A rate so high that no request is rejected during the measurement.
const MANY: u32 = 1_000_000;

pub(crate) fn cases() -> Vec<Case> {
    let one = || RateLimitLayer::new(policy("one"), Key::client_ip());
    let three = [policy("one"), policy("two"), policy("three")];
    let three = RateLimitLayer::new(three, Key::client_ip());
    let chosen = one().headers(Headers::None).store(MemoryOr::<Memory>::from(None)).layer(Bare);
    vec![
        ours("ours: no headers", one().headers(Headers::None)).at_most(700, 0),
        ours("ours: both headers", one()).at_most(1_800, 1),
        Case::new("ours: no headers, a store chosen at run time", from_client, Bare, chosen),
        ours("ours: draft 6, four headers", one().headers(Headers::Draft6)),
        ours("ours: three policies, both headers", three),
        ours("ours: both headers, refund and information", one().refund(|_| false).expose(true)),
        Case::new("tower_governor: no headers", from_client, BareAxum, Lazy::new(governor)),
        Case::new(
            "tower_governor: with headers",
            from_client,
            BareAxum,
            Lazy::new(governor_with_headers),
        ),
        resilience("tower-resilience: fixed window, no keys"),
    ]
}

fn policy(name: &str) -> Policy {
    Policy::per_second(name, MANY).burst(50_000_000)
}

/// Creates a request with a client address in its facts.
fn from_client() -> Request<Full<Bytes>> {
    let mut request = request();
    let facts = RequestFacts::starting(tokio::time::Instant::now());
    facts.set_client(ClientIp::new(CLIENT, Via::Peer));
    request.extensions_mut().insert(facts);
    request
}

fn ours(name: &'static str, layer: RateLimitLayer) -> Case {
    Case::new(name, from_client, Bare, layer.layer(Bare))
}

type Governed<M> = Governor<ClientIpExtractor, M, BareAxum, Body>;

/// Wraps a service with axum's body, the only body type that tower_governor supports.
fn governor() -> Governed<NoOpMiddleware<QuantaInstant>> {
    let mut config = GovernorConfigBuilder::default().key_extractor(ClientIpExtractor);
    config.period(Duration::from_nanos(1_000)).burst_size(MANY);
    GovernorLayer::new(config.finish().expect("the quota is valid")).layer(BareAxum)
}

fn governor_with_headers() -> Governed<StateInformationMiddleware> {
    let mut config = GovernorConfigBuilder::default().key_extractor(ClientIpExtractor);
    config.period(Duration::from_nanos(1_000)).burst_size(MANY);
    let config = config.use_headers().finish().expect("the quota is valid");
    GovernorLayer::new(config).layer(BareAxum)
}

fn resilience(name: &'static str) -> Case {
    let layer = RateLimiterLayer::per_second(MANY as usize).build().expect("the limit is valid");
    Case::new(name, from_client, Bare, layer.layer(Bare))
}

/// Extracts the client address from the request's facts, as our layer does.
#[derive(Clone, Debug)]
struct ClientIpExtractor;

impl KeyExtractor for ClientIpExtractor {
    type Key = IpAddr;

    fn extract<B>(&self, request: &Request<B>) -> Result<IpAddr, GovernorError> {
        ClientIp::of(request).map(|client| client.ip).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// A service like [`Bare`] with axum's body.
#[derive(Clone, Copy)]
struct BareAxum;

impl<B> Service<Request<B>> for BareAxum {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Body::from("hello"));
        let value = HeaderValue::from_static("text/plain");
        response.headers_mut().insert(header::CONTENT_TYPE, value);
        ready(Ok(response))
    }
}
