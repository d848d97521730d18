//! What those do that COMPARE.md speaks of, and ours with the same requests.
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

/// A service that answers at once, with a body of axum's or with hyper's plain one.
struct Answers<B>(fn() -> B);

impl<B> Clone for Answers<B> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<B> Service<Request<()>> for Answers<B> {
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

const AXUM: Answers<Body> = Answers(Body::empty);
const PLAIN: Answers<Full<Bytes>> = Answers(Full::default);

fn now<F: Future>(future: F) -> F::Output {
    let poll = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(output) = poll else { panic!("it answers at once") };
    output
}

fn ask<S, B>(mut service: S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    now(service.call(request)).expect("it never fails")
}

fn status<S, B>(service: S, request: Request<()>) -> u16
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    ask(service, request).status().as_u16()
}

/// One an hour of each key.
fn governor_by<K: KeyExtractor>(key: K) -> GovernorConfig<K, NoOpMiddleware> {
    let mut config = GovernorConfigBuilder::default().key_extractor(key);
    config.period(HOUR).burst_size(1).finish().expect("a quota")
}

fn with_peer(forwarded: &str) -> Request<()> {
    let request = Request::builder().header("x-forwarded-for", forwarded);
    request.extension(PeerAddr(PEER)).body(()).expect("a request")
}

#[test]
fn governor_gives_each_made_up_address_a_bucket_of_its_own() {
    let made_up = ["1.1.1.1", "2.2.2.2", "3.3.3.3, 192.0.2.7", "4.4.4.4, 192.0.2.7"];
    let theirs = GovernorLayer::new(governor_by(SmartIpKeyExtractor));
    let ours = ServiceBuilder::new()
        .layer(ClientIpLayer::new())
        .layer(RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::client_ip()));
    let ours = ours.service(AXUM);
    let ours = made_up.map(|forwarded| status(ours.clone(), with_peer(forwarded)));
    let theirs = made_up.map(|forwarded| status(theirs.layer(AXUM), with_peer(forwarded)));
    assert_eq!(theirs, [200; 4]);
    assert_eq!(ours, [200, 429, 429, 429]);
}

#[test]
fn governor_tells_who_must_wait_for_a_part_of_a_second_to_wait_for_none() {
    let half = Duration::from_millis(500);
    let mut config = GovernorConfigBuilder::default().key_extractor(SmartIpKeyExtractor);
    let config = config.period(half).burst_size(1).finish().expect("a quota");
    let theirs = GovernorLayer::new(config);
    let ours = RateLimitLayer::new(Policy::new("one", 1, half), Key::global());
    let request = || with_peer("192.0.2.7");
    assert_eq!(status(theirs.layer(AXUM), request()), 200);
    assert_eq!(status(ours.layer(AXUM), request()), 200);
    assert_eq!(ask(theirs.layer(AXUM), request()).headers()[RETRY_AFTER], "0");
    assert_eq!(ask(ours.layer(AXUM), request()).headers()[RETRY_AFTER], "1");
}

#[test]
fn governor_answers_500_to_all_where_the_server_does_not_say_who_connects() {
    let theirs = GovernorLayer::new(governor_by(PeerIpKeyExtractor));
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::peer());
    let theirs = [(); 2].map(|()| status(theirs.layer(AXUM), Request::new(())));
    let ours = [(); 2].map(|()| status(ours.layer(AXUM), Request::new(())));
    assert_eq!(theirs, [500, 500]);
    assert_eq!(ours, [200, 429]);
}

#[test]
fn governor_keeps_every_key_there_ever_was() {
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
    assert!(handle.memory().held() < 1_200, "{}", handle.memory().held());
}

/// A type may call itself this twice if it is a service, and then it is not clear which is meant.
trait IsNoService<A> {
    fn is_known() {}
}
struct AService;
impl<T> IsNoService<()> for T {}
impl<T: Service<Request<()>>> IsNoService<AService> for T {}

#[test]
fn governor_around_hyper_s_plain_body_is_no_service() {
    // This line would not compile if it were one.
    <Governor<PeerIpKeyExtractor, NoOpMiddleware, Answers<Full<Bytes>>, Full<Bytes>> as IsNoService<_>>::is_known();
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::global());
    assert_eq!(status(ours.layer(PLAIN), Request::new(())), 200);
    assert_eq!(status(ours.layer(PLAIN), Request::new(())), 429);
}

#[test]
fn tower_s_own_limit_counts_anew_in_each_service_it_makes() {
    let theirs = TowerRateLimitLayer::new(1, HOUR);
    let ours = RateLimitLayer::new(Policy::new("one", 1, HOUR), Key::global());
    // As a router does that applies the layer to each route, or to each request.
    let ready = |mut service: tower::limit::RateLimit<Answers<Body>>| {
        let polled = service.poll_ready(&mut Context::from_waker(Waker::noop()));
        polled.is_ready().then(|| status(service, Request::new(())))
    };
    // It needs a runtime for the time it has to wait.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let _entered = runtime.as_ref().expect("a runtime").enter();
    assert_eq!([(); 3].map(|()| ready(theirs.layer(AXUM))), [Some(200); 3]);
    assert_eq!([(); 3].map(|()| status(ours.layer(AXUM), Request::new(()))), [200, 429, 429]);
}
