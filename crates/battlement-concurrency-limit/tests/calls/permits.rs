use std::{convert::Infallible, sync::Barrier};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, WithResponse};
use battlement_testkit::probe::{Gate, ProbeBody, Reply};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tower::{Layer as _, Service as _, ServiceExt, service_fn};

use super::support::{Client, poll, poll_body};

fn half() -> ProbeBody {
    ProbeBody::empty().data("half").wait(&Gate::new()).data("rest")
}

#[tokio::test]
async fn a_call_holds_its_permit_from_the_call_to_the_end_of_the_body() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let gate = Gate::new();
    let call = client.begin(Reply::body(ProbeBody::empty().data("half").wait(&gate).data("rest")));
    assert_eq!(client.in_flight(), 1);
    assert_eq!(client.status().await, 503);
    let response = call.await.unwrap();
    assert_eq!((client.in_flight(), client.status().await), (1, 503));
    gate.open();
    response.into_body().collect().await.unwrap();
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test]
async fn a_permit_that_is_given_back_at_the_head_leaves_the_body_to_the_client() {
    let layer = ConcurrencyLimitLayer::fixed(1)
        .release_at_head(|head| head.headers.contains_key("x-stream"));
    let client = Client::new(layer.pair());
    let mut stream = Response::new(half());
    stream.headers_mut().insert("x-stream", "yes".parse().unwrap());
    let response = client.begin(Reply::respond(stream)).await.unwrap();
    assert_eq!(client.in_flight(), 0);
    let held = client.begin(Reply::body(half())).await.unwrap();
    assert_eq!((client.in_flight(), client.status().await), (1, 503));
    drop((response, held));
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_read_holds_its_permit_until_it_is_dropped() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let mut response = client.begin(Reply::body(half())).await.unwrap();
    assert!(poll_body(response.body_mut()));
    assert!(!poll_body(response.body_mut()));
    assert_eq!(client.in_flight(), 1);
    drop(response);
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test]
async fn after_a_101_the_call_is_over_at_the_head() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let response = client.begin(Reply::status(http::StatusCode::SWITCHING_PROTOCOLS)).await;
    assert_eq!((response.unwrap().status().as_u16(), client.in_flight()), (101, 0));
}

#[tokio::test]
async fn a_tunnel_in_the_body_holds_its_permit_to_its_end() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let mut tunnel = Response::new(half());
    *tunnel.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    let response = client.begin(Reply::respond(tunnel)).await.unwrap();
    assert_eq!(client.in_flight(), 1);
    drop(response);
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test]
async fn a_service_that_is_not_ready_causes_no_rejection() {
    let layer = ConcurrencyLimitLayer::fixed(1);
    let client = Client::new(layer.pair());
    let gate = Gate::new();
    client.probe.ready_when(&gate);
    let mut waiting: Vec<_> = (0..3).map(|_| client.service.clone()).collect();
    for service in &mut waiting {
        assert!(poll(&mut Box::pin(ServiceExt::<Request<ProbeBody>>::ready(service))).is_none());
    }
    assert_eq!((client.in_flight(), client.now().rejections), (0, 0));
    gate.open();
    for service in &mut waiting {
        let ready = ServiceExt::<Request<ProbeBody>>::ready(service).await.unwrap();
        let response = ready.call(Request::new(ProbeBody::empty())).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(client.now().rejections, 0);
}

#[tokio::test]
async fn a_service_that_is_ready_and_not_called_holds_no_permit() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let mut ready = client.service.clone();
    ServiceExt::<Request<ProbeBody>>::ready(&mut ready).await.unwrap();
    assert_eq!((client.in_flight(), client.status().await), (0, 200));
}

#[tokio::test]
async fn a_layer_that_is_applied_twice_and_cloned_has_one_count() {
    let (layer, handle) = ConcurrencyLimitLayer::fixed(2).pair();
    let first = Client::new((layer.clone(), handle.clone()));
    let second = Client::new((layer, handle));
    let other = second.clone();
    let calls = (first.pending(), second.pending());
    assert_eq!((first.in_flight(), first.status().await), (2, 503));
    assert_eq!((second.status().await, other.status().await), (503, 503));
    drop(calls);
    assert_eq!((first.status().await, other.status().await), (200, 200));
}

#[tokio::test]
async fn probes_and_metrics_are_answered_while_the_limit_is_reached_and_do_not_count() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let call = client.pending();
    let exempt = ["/livez", "/readyz", "/startupz", "/healthz", "/health", "/metrics"];
    for path in exempt.into_iter().chain(["/grpc.health.v1.Health/Check"]) {
        assert_eq!(client.call_at(path).await.status(), 200, "{path}");
        let probe = client.pending_at(path);
        assert_eq!(client.in_flight(), 1, "{path}");
        drop(probe);
    }
    for path in ["/", "/livez/", "/orders", "/healthz/db"] {
        assert_eq!(client.call_at(path).await.status(), 503, "{path}");
    }
    drop(call);
}

#[tokio::test]
async fn other_exempt_paths_replace_the_default_ones() {
    let layer = ConcurrencyLimitLayer::fixed(1).exempt_paths(["/status"]);
    let client = Client::new(layer.pair());
    let _call = client.pending();
    assert_eq!(client.call_at("/status?full").await.status(), 200);
    assert_eq!(client.call_at("/livez").await.status(), 503);
}

#[tokio::test]
async fn a_disabled_layer_counts_nothing() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).enabled(false).pair());
    let _calls = (client.pending(), client.pending());
    assert_eq!((client.status().await, client.in_flight()), (200, 0));
}

#[test]
fn two_threads_at_the_last_free_permit_get_it_once() {
    const ROUNDS: usize = 2_000;
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).pair();
    let answer = || service_fn(async |_: Request<()>| answered());
    let barrier = Barrier::new(2);
    let admitted = || {
        let mut service = layer.layer(answer());
        let mut admitted = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            barrier.wait();
            let mut call = Box::pin(service.call(Request::new(())));
            barrier.wait();
            let response = poll(&mut call).expect("the service answers at once").unwrap();
            admitted.push(response.status() == 200);
        }
        admitted
    };
    let (one, other) = std::thread::scope(|scope| {
        let thread = scope.spawn(admitted);
        (admitted(), thread.join().unwrap())
    });
    let sums: Vec<_> = one.iter().zip(&other).map(|(a, b)| u8::from(*a) + u8::from(*b)).collect();
    assert!(sums.iter().all(|sum| *sum == 1), "{sums:?}");
    assert_eq!(handle.snapshot().in_flight, 0);
}

fn answered() -> Result<Response<Full<bytes::Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

#[test]
fn reserves_of_1_in_sum_are_valid_in_spite_of_rounding() {
    let reserves = [("a", 0.33), ("b", 0.56), ("c", 0.11)];
    assert!(reserves.iter().map(|(_, reserve)| reserve).sum::<f64>() > 1.0);
    let _ = ConcurrencyLimitLayer::fixed(9).classes(reserves);
}

#[test]
fn contradictory_settings_panic() {
    type Layer = ConcurrencyLimitLayer<battlement_concurrency_limit::Http<WithResponse>>;
    type Make = fn() -> Layer;
    let panics: [(&str, Make); 8] = [
        ("limit: must be 1 to 2147483647, got 0", || Layer::fixed(0)),
        ("must be 1 to 4095, got 5000", || {
            Layer::fixed(5_000).classes([("a", 0.0), ("b", 0.0), ("c", 0.0), ("d", 0.0)])
        }),
        ("reserves of at most 1 in sum", || Layer::fixed(9).classes([("a", 0.6), ("b", 0.6)])),
        ("must differ from the other names", || Layer::fixed(9).classes([("a", 0.), ("a", 0.)])),
        ("must be one of the classes", || Layer::fixed(9).default_class("a")),
        ("a fixed limit has no bounds", || Layer::fixed(9).bounds(1..=2)),
        ("adaptive.initial: must be 4 to 1000, got 2000", || Layer::adaptive().initial(2_000)),
        ("`by_header` must precede", || Layer::fixed(9).trust(|_| true)),
    ];
    for (expected, make) in panics {
        let panic = std::panic::catch_unwind(make).unwrap_err();
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        assert!(message.as_ref().is_some_and(|text| text.contains(expected)), "{message:?}");
    }
}
