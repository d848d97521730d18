//! Tests the behavior of the peers that COMPARE.md describes, and ours with the same requests.
#![allow(missing_docs, reason = "a test")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::body::Body;
use battlement_client_ip::{ClientIpLayer, PeerAddr};
use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use bytes::Bytes;
use governor::middleware::NoOpMiddleware;
use http::{Request, Response, header::RETRY_AFTER};
use http_body_util::Full;
use tower::{Layer, Service, ServiceBuilder, limit::RateLimitLayer as TowerRateLimitLayer};
use tower_governor::{
    GovernorLayer,
    governor::{Governor, GovernorConfig, GovernorConfigBuilder},
    key_extractor::{KeyExtractor, PeerIpKeyExtractor, SmartIpKeyExtractor},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 4711);

/// A service that responds immediately, with axum's body or with a plain one.
struct Respond<B>(fn() -> B);

impl<B> Clone for Respond<B> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<B> Service<Request<()>> for Respond<B> {
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new((self.0)())))
    }
}

const AXUM: Respond<Body> = Respond(Body::empty);
const PLAIN: Respond<Full<Bytes>> = Respond(Full::default);

fn now<F: Future>(future: F) -> F::Output {
    let poll = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(output) = poll else { panic!("the future is pending") };
    output
}

fn call<S, B>(mut service: S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    now(service.call(request)).expect("the service returned an error")
}

fn status<S, B>(service: S, request: Request<()>) -> u16
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    call(service, request).status().as_u16()
}

/// Returns a configuration that allows one request per key and hour.
fn governor_by<K: KeyExtractor>(key: K) -> GovernorConfig<K, NoOpMiddleware> {
    let mut config = GovernorConfigBuilder::default().key_extractor(key);
    config.period(HOUR).burst_size(1).finish().expect("the quota is valid")
}

fn with_peer(forwarded: &str) -> Request<()> {
    let request = Request::builder().header("x-forwarded-for", forwarded);
    request.extension(PeerAddr(PEER)).body(()).expect("the request is valid")
}

#[test]
fn governor_gives_each_forged_address_a_bucket_of_its_own() {
    let forged = ["1.1.1.1", "2.2.2.2", "3.3.3.3, 192.0.2.7", "4.4.4.4, 192.0.2.7"];
    let theirs = GovernorLayer::new(governor_by(SmartIpKeyExtractor));
    let ours = ServiceBuilder::new()
        .layer(ClientIpLayer::new())
        .layer(RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::client_ip()));
    let ours = ours.service(AXUM);
    let ours = forged.map(|forwarded| status(ours.clone(), with_peer(forwarded)));
    let theirs = forged.map(|forwarded| status(theirs.layer(AXUM), with_peer(forwarded)));
    assert_eq!(theirs, [200; 4]);
    assert_eq!(ours, [200, 429, 429, 429]);
}

#[test]
fn governor_rounds_a_wait_below_one_second_down_to_zero() {
    let half = Duration::from_millis(500);
    let mut config = GovernorConfigBuilder::default().key_extractor(SmartIpKeyExtractor);
    let config = config.period(half).burst_size(1).finish().expect("the quota is valid");
    let theirs = GovernorLayer::new(config);
    let ours = RateLimitLayer::new(Policy::new("one", 1, half), Key::global());
    let request = || with_peer("192.0.2.7");
    assert_eq!(status(theirs.layer(AXUM), request()), 200);
    assert_eq!(status(ours.layer(AXUM), request()), 200);
    assert_eq!(call(theirs.layer(AXUM), request()).headers()[RETRY_AFTER], "0");
    assert_eq!(call(ours.layer(AXUM), request()).headers()[RETRY_AFTER], "1");
}

#[test]
fn governor_responds_with_500_where_the_peer_address_is_unknown() {
    let theirs = GovernorLayer::new(governor_by(PeerIpKeyExtractor));
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::peer());
    let theirs = [(); 2].map(|()| status(theirs.layer(AXUM), Request::new(())));
    let ours = [(); 2].map(|()| status(ours.layer(AXUM), Request::new(())));
    assert_eq!(theirs, [500, 500]);
    assert_eq!(ours, [200, 429]);
}

#[test]
fn governor_never_removes_a_key() {
    let config = governor_by(SmartIpKeyExtractor);
    let limiter = config.limiter().clone();
    let theirs = GovernorLayer::new(config);
    let (ours, handle) = RateLimitLayer::new(
        Policy::new("one", 1, HOUR),
        Key::by(|inbound| Some(inbound.headers.get("x-forwarded-for").cloned())),
    )
    .capacity(1_000)
    .pair();
    for n in 0..20_000 {
        let ip = Ipv4Addr::from_bits(n).to_string();
        let _ = status(theirs.layer(AXUM), with_peer(&ip));
        let _ = status(ours.layer(AXUM), with_peer(&ip));
    }
    assert_eq!(limiter.len(), 20_000);
    assert!(handle.memory().cells() < 1_200, "{}", handle.memory().cells());
}

/// A trait that is ambiguous for services, so that a call compiles only for a type that is not a service.
trait NotAService<A> {
    fn assert() {}
}
struct Ambiguous;
impl<T> NotAService<()> for T {}
impl<T: Service<Request<()>>> NotAService<Ambiguous> for T {}

#[test]
fn governor_around_a_plain_body_does_not_implement_service() {
    // This line would not compile if the type were a service.
    <Governor<PeerIpKeyExtractor, NoOpMiddleware, Respond<Full<Bytes>>, Full<Bytes>> as NotAService<_>>::assert();
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::global());
    assert_eq!(status(ours.layer(PLAIN), Request::new(())), 200);
    assert_eq!(status(ours.layer(PLAIN), Request::new(())), 429);
}

#[test]
fn towers_own_limit_counts_separately_in_each_service_it_creates() {
    let theirs = TowerRateLimitLayer::new(1, HOUR);
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::global());
    // Like a router that applies the layer to each route or to each request.
    let ready = |mut service: tower::limit::RateLimit<Respond<Body>>| {
        let polled = service.poll_ready(&mut Context::from_waker(Waker::noop()));
        polled.is_ready().then(|| status(service, Request::new(())))
    };
    // tower's limit needs a runtime for its timer.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let _entered = runtime.as_ref().expect("failed to create the runtime").enter();
    assert_eq!([(); 3].map(|()| ready(theirs.layer(AXUM))), [Some(200); 3]);
    assert_eq!([(); 3].map(|()| status(ours.layer(AXUM), Request::new(()))), [200, 429, 429]);
}
