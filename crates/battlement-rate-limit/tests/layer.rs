//! Behavior of the layer by its settings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{PeerAddr, Rejection, RejectionKind, RequestFacts, Via};
use battlement_rate_limit::{
    ClientIp, Decision, Headers, Key, MissingKey, Observe, Policies, Policy, RateLimitInfo,
    RateLimitLayer, Source,
};
use http::{HeaderName, Method, Request, Response, StatusCode};
use tower::{Layer, ServiceExt as _, service_fn};

use self::service::{Answer, Empty, call, ok, send};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

async fn status(layer: &RateLimitLayer, request: Request<()>) -> u16 {
    send(layer.layer(ok()), request).await.status.as_u16()
}

fn with_key(key: &str) -> Request<()> {
    Request::builder().header(API_KEY, key).body(()).unwrap()
}

/// Returns a request whose client an outer layer has resolved.
fn from(ip: &str) -> Request<()> {
    let mut request = Request::new(());
    let facts = RequestFacts::of_or_start(&mut request);
    facts.set_client(ClientIp::new(ip.parse::<IpAddr>().unwrap(), Via::Header));
    request
}

fn at(path: &str) -> Request<()> {
    Request::get(path).body(()).unwrap()
}

fn one_a_day(key: impl Into<Key>) -> RateLimitLayer {
    RateLimitLayer::new(Policy::per_day("day", 1), key)
}

#[tokio::test]
async fn each_client_has_a_limit_of_its_own_and_ipv6_counts_by_its_network() {
    let layer = one_a_day(Key::client_ip());
    for (ip, expected) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("::ffff:192.0.2.1", 429),
        ("192.0.2.2", 200),
        ("2001:db8::1", 200),
        ("2001:db8::ffff:2", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(status(&layer, from(ip)).await, expected, "{ip}");
    }
}

#[tokio::test]
async fn each_peer_has_a_limit_of_its_own() {
    let layer = one_a_day(Key::peer());
    let peer = |addr: &str| {
        let mut request = Request::new(());
        request.extensions_mut().insert(PeerAddr(addr.parse().unwrap()));
        request
    };
    assert_eq!(status(&layer, peer("192.0.2.1:1")).await, 200);
    assert_eq!(status(&layer, peer("192.0.2.1:2")).await, 429);
    assert_eq!(status(&layer, peer("[2001:db8::1]:1")).await, 200);
    assert_eq!(status(&layer, peer("[2001:db8::2]:1")).await, 429);
}

#[tokio::test]
async fn keys_may_be_headers_extensions_routes_closures_and_several_of_them() {
    #[derive(Clone, Hash)]
    struct User(u32);
    let user = |id| {
        let mut request = Request::new(());
        request.extensions_mut().insert(User(id));
        request
    };
    let layer = one_a_day(Key::extension::<User>());
    assert_eq!([status(&layer, user(1)).await, status(&layer, user(1)).await], [200, 429]);
    assert_eq!(status(&layer, user(2)).await, 200);

    let layer = one_a_day((Key::header(API_KEY), Key::by(|head| Some(head.uri.path().len()))));
    assert_eq!(
        [status(&layer, with_key("a")).await, status(&layer, with_key("a")).await],
        [200, 429]
    );
    assert_eq!(status(&layer, with_key("b")).await, 200);
    let longer = Request::get("/longer").header(API_KEY, "a").body(()).unwrap();
    assert_eq!(status(&layer, longer).await, 200);

    let layer = one_a_day(Key::route());
    let routed = |template: &'static str| {
        let mut request = Request::new(());
        RequestFacts::of_or_start(&mut request).set_route(template);
        request
    };
    assert_eq!(
        [status(&layer, routed("/a")).await, status(&layer, routed("/a")).await],
        [200, 429]
    );
    assert_eq!(status(&layer, routed("/b")).await, 200);

    let layer = one_a_day(Key::global());
    assert_eq!([status(&layer, user(1)).await, status(&layer, user(2)).await], [200, 429]);
}

#[tokio::test]
async fn the_parts_of_a_key_do_not_run_into_each_other() {
    const TENANT: HeaderName = HeaderName::from_static("x-tenant");
    let layer = one_a_day((Key::header(TENANT), Key::header(API_KEY)));
    for (tenant, key) in [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("c", "ab")] {
        let request = Request::builder().header(TENANT, tenant).header(API_KEY, key);
        assert_eq!(status(&layer, request.body(()).unwrap()).await, 200, "{tenant:?} {key:?}");
    }
}

#[tokio::test]
async fn a_header_with_two_values_is_not_a_key() {
    let layer = one_a_day(Key::header(API_KEY)).without_key(MissingKey::Deny);
    assert_eq!(status(&layer, with_key("a")).await, 200);
    for other in ["b", "c", "a"] {
        for (one, two) in [("a", other), (other, "a")] {
            let request = Request::builder().header(API_KEY, one).header(API_KEY, two);
            assert_eq!(status(&layer, request.body(()).unwrap()).await, 429, "{one} {two}");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_key_gets_the_configured_treatment_and_is_logged_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for (missing, expected) in [
        (MissingKey::Shared, [200, 429]),
        (MissingKey::Deny, [429, 429]),
        (MissingKey::Skip, [200, 200]),
    ] {
        let layer = one_a_day(Key::client_ip()).without_key(missing);
        let got = [status(&layer, at("/")).await, status(&layer, at("/")).await];
        assert_eq!(got, expected, "{missing:?}");
        assert_eq!(
            status(&layer, from("192.0.2.1")).await,
            200,
            "a request with a key is not affected"
        );
    }
    let text = log.text();
    assert_eq!(text.matches("without a rate limit key").count(), 3, "once for each layer: {text}");
    assert!(text.contains("add `ClientIpLayer` outside"), "{text}");
}

#[tokio::test]
async fn a_rejection_for_a_missing_key_names_no_policy() {
    let layer = one_a_day(Key::header(API_KEY)).without_key(MissingKey::Deny);
    let answer = send(layer.layer(ok()), at("/")).await;
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = serde_json::json!({
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "the request has no key by which it could be counted",
        "code": "rate_limited",
    });
    assert_eq!(problem, expected);
    for header in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(!answer.headers.contains_key(header), "{header}");
    }
}

#[tokio::test]
async fn cost_and_tiers_depend_on_the_request_and_some_are_skipped() {
    let gold = Policies::new([Policy::per_day("gold", 10)]);
    let layer = RateLimitLayer::new(Policy::per_day("free", 3), Key::header(API_KEY))
        .cost(|head| if head.uri.path() == "/export" { 3 } else { 1 })
        .policies_for(move |head| head.headers.contains_key("x-gold").then(|| gold.clone()))
        .skip(|head| head.uri.path() == "/healthz");
    let request = |path: &str, is_gold: bool| {
        let mut request = with_key("a");
        *request.uri_mut() = path.parse().unwrap();
        if is_gold {
            request.headers_mut().insert("x-gold", "yes".parse().unwrap());
        }
        request
    };
    assert_eq!(status(&layer, request("/", false)).await, 200);
    assert_eq!(
        status(&layer, request("/export", false)).await,
        429,
        "three units do not fit after one"
    );
    for _ in 0..5 {
        assert_eq!(status(&layer, request("/healthz", false)).await, 200);
    }
    for expected in [200, 200, 200, 429] {
        assert_eq!(status(&layer, request("/export", true)).await, expected);
    }
}

#[tokio::test]
async fn a_cost_above_the_capacity_is_rejected_without_retry_after() {
    let layer = RateLimitLayer::new(Policy::per_day("day", 3), Key::global()).cost(|_| 4);
    let answer = call(&layer).await;
    assert_eq!(answer.status, 429);
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn only_failures_of_a_login_count() {
    let layer = one_a_day(Key::global()).refund(|head| head.status.is_success());
    for _ in 0..3 {
        assert_eq!(call(&layer).await.status, 200);
    }
    let wrong = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::builder().status(401).body(Empty::new()).unwrap())
    });
    assert_eq!(send(layer.layer(wrong), at("/")).await.status, 401);
    assert_eq!(call(&layer).await.status, 429);
}

#[tokio::test]
async fn the_cost_stays_charged_when_the_service_fails_or_the_caller_goes_away() {
    let layer = RateLimitLayer::new(Policy::per_day("day", 2), Key::global()).refund(|_| true);
    let broken =
        service_fn(async |_: Request<()>| Err::<Response<Empty>, _>(io::Error::other("broken")));
    let error = layer.layer(broken).oneshot(at("/")).await.unwrap_err();
    assert_eq!(error.to_string(), "broken", "the inner error is returned unchanged");
    let stuck = service_fn(async |_: Request<()>| {
        std::future::pending::<Result<Response<Empty>, Infallible>>().await
    });
    let mut call_of_it = Box::pin(layer.layer(stuck).oneshot(at("/")));
    assert!(futures_poll(&mut call_of_it).is_pending());
    drop(call_of_it);
    assert_eq!(call(&layer).await.status, 429);
}

fn futures_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut cx)
}

#[tokio::test]
async fn handlers_read_the_decision_if_it_is_exposed() {
    let reads = service_fn(async |request: Request<()>| {
        let info = RateLimitInfo::of(&request);
        let left = info.and_then(|info| info.policy("day")).map(|state| state.remaining);
        let text = format!("{left:?}");
        Ok::<_, Infallible>(Response::new(http_body_util::Full::from(text)))
    });
    let layer = RateLimitLayer::new(Policy::per_day("day", 5), Key::global());
    assert_eq!(send(layer.layer(reads), at("/")).await.body, "None");
    assert_eq!(send(layer.expose(true).layer(reads), at("/")).await.body, "Some(3)");
}

#[tokio::test]
async fn a_handle_peeks_resets_and_replaces_policies_while_requests_arrive() {
    let (layer, handle) = one_a_day(Key::header(API_KEY)).pair();
    let key = handle.key(&with_key("a")).unwrap();
    assert_eq!(status(&layer, with_key("a")).await, 200);
    assert!(handle.peek(key).is_denied(&handle.policies()));
    assert_eq!(handle.memory().cells(), 1);
    handle.reset(key);
    assert_eq!(status(&layer, with_key("a")).await, 200);

    handle.replace(Policy::per_day("day", 3));
    assert_eq!(handle.policies()[0].quota(), 3);
    for expected in [200, 200, 200, 429] {
        // One of four is used.
        handle.replace(Policy::per_day("day", 3).burst(4));
        assert_eq!(status(&layer, with_key("a")).await, expected);
    }
    assert_eq!(handle.key(&at("/")), None);
}

type Decisions = Arc<Mutex<Vec<(String, &'static str, Source)>>>;

struct Record(Decisions);

impl Observe for Record {
    fn on_decision(&self, policy: &Policy, decision: Decision, source: Source) {
        let label = decision.label(policy);
        self.0.lock().unwrap().push((policy.name().to_owned(), label, source));
    }
}

#[tokio::test]
async fn an_observer_receives_each_decision_and_never_the_key() {
    let decisions = Decisions::default();
    let policies = [Policy::per_day("real", 2), Policy::per_day("shadow", 1).shadow(true)];
    let layer =
        RateLimitLayer::new(policies, Key::header(API_KEY)).observe(Record(decisions.clone()));
    for _ in 0..3 {
        let _ = status(&layer, with_key("secret")).await;
    }
    let decisions = decisions.lock().unwrap();
    let words: Vec<_> =
        decisions.iter().map(|(name, d, s)| (name.as_str(), *d, s.as_str())).collect();
    assert_eq!(
        words,
        [
            ("real", "allow", "memory"),
            ("shadow", "allow", "memory"),
            ("real", "allow", "memory"),
            ("shadow", "shadow_deny", "memory"),
            ("real", "deny", "memory"),
            ("shadow", "shadow_deny", "memory"),
        ]
    );
    assert!(!format!("{layer:?}").contains("secret"));
}

#[tokio::test]
async fn a_grpc_caller_receives_code_8_and_a_retry_delay() {
    let layer = RateLimitLayer::new(Policy::per_minute("minute", 1), Key::global());
    let grpc = || Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    assert_eq!(status(&layer, grpc()).await, 200);
    let Answer { status, headers, body } = send(layer.layer(ok()), grpc()).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(headers["grpc-status"], "8");
    let pushback: u64 = headers["grpc-retry-pushback-ms"].to_str().unwrap().parse().unwrap();
    assert!((59_000..=60_000).contains(&pushback), "{pushback}");
    assert!(headers.contains_key("grpc-status-details-bin"));
    assert!(headers.contains_key("ratelimit"));
    let mut get = grpc();
    *get.method_mut() = Method::GET;
    assert_eq!(self::status(&layer, get).await, 429, "a gRPC request is a POST");
}

#[tokio::test]
async fn a_rejection_is_marked_in_the_extensions_of_the_response() {
    let layer = one_a_day(Key::global());
    let _ = call(&layer).await;
    let response = layer.layer(ok()).oneshot(at("/")).await.unwrap();
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.kind(), RejectionKind::RateLimited);
    assert!(rejection.retry_after().unwrap() <= Duration::from_secs(86_400));
}

#[tokio::test(start_paused = true)]
async fn jitter_lengthens_retry_after_and_never_shortens_it() {
    let layer = RateLimitLayer::new(Policy::per_minute("minute", 1), Key::global())
        .jitter(Duration::from_secs(600))
        .headers(Headers::None);
    let _ = call(&layer).await;
    let mut waits = Vec::new();
    for _ in 0..50 {
        let wait =
            call(&layer).await.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
        assert!((60..=660).contains(&wait), "{wait}");
        waits.push(wait);
    }
    assert!(waits.iter().any(|wait| *wait != waits[0]));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_retry_after_is_admitted() {
    let layer = RateLimitLayer::new(Policy::per_minute("minute", 7), Key::global());
    for _ in 0..30 {
        let answer = call(&layer).await;
        if let Some(wait) = answer.headers.get("retry-after") {
            let wait = wait.to_str().unwrap().parse().unwrap();
            tokio::time::advance(Duration::from_secs(wait)).await;
            assert_eq!(call(&layer).await.status, 200);
        }
    }
}

/// A buffer for log lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
