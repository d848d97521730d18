use std::net::SocketAddr;

use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_core::PeerAddr;
use battlement_testkit::probe::{Probe, ProbeBody, Reply};
use http::{HeaderName, Request};
use tower::{Layer as _, Service as _};

use super::support::{Client, Events, SECOND, poll};

fn limit(limit: usize) -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::fixed(limit).classes([
        ("critical", 0.2),
        ("default", 0.0),
        ("batch", 0.0),
    ])
}

fn by_path(head: &battlement_concurrency_limit::RequestHead<'_>) -> &'static str {
    match head.uri.path() {
        "/orders" => "critical",
        "/reports" => "batch",
        _ => "default",
    }
}

#[tokio::test]
async fn lower_classes_may_not_use_the_reserve_of_a_higher_one() {
    let client = Client::new(limit(10).class(|head| by_path(head)).pair());
    let browsing: Vec<_> = (0..8).map(|_| client.pending_at("/products")).collect();
    assert_eq!(client.call_at("/products").await.status(), 503);
    assert_eq!(client.call_at("/reports").await.status(), 503);
    let orders = [client.pending_at("/orders"), client.pending_at("/orders")];
    assert_eq!(client.call_at("/orders").await.status(), 503);
    let classes = client.now().classes;
    let in_flight: Vec<_> = classes.iter().map(|class| (&*class.name, class.in_flight)).collect();
    assert_eq!(in_flight, [("critical", 2), ("default", 8), ("batch", 0)]);
    drop((browsing, orders));
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_free_permit_goes_to_the_highest_class_that_waits() {
    let client = Client::new(limit(1).class(|head| by_path(head)).queue(4, SECOND).pair());
    let call = client.pending_at("/products");
    let (mut low, mut high) = (client.pending_at("/reports"), client.pending_at("/orders"));
    let queued: Vec<_> = client.now().classes.iter().map(|class| class.queued).collect();
    assert_eq!(queued, [1, 0, 1]);
    drop(call);
    assert!(poll(&mut low).is_none() && poll(&mut high).is_none());
    let classes = client.now().classes;
    assert_eq!((classes[0].in_flight, classes[2].queued), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_rejects_a_waiter_of_its_lowest_class_to_admit_a_higher_one() {
    let client = Client::new(limit(1).class(|head| by_path(head)).queue(2, SECOND).pair());
    let _call = client.pending_at("/products");
    let (mut browsing, mut report) =
        (client.pending_at("/products"), client.pending_at("/reports"));
    let mut order = client.pending_at("/orders");
    let rejected = poll(&mut report).expect("the lowest class lost its place").unwrap();
    assert_eq!(rejected.status(), 503);
    assert!(poll(&mut browsing).is_none() && poll(&mut order).is_none());
    assert_eq!(client.call_at("/reports").await.status(), 503);
}

#[tokio::test]
async fn an_unknown_class_is_the_default_one() {
    let client = Client::new(limit(10).class(|_| "no such class").pair());
    let _call = client.pending();
    let classes = client.now().classes;
    assert_eq!((classes[1].name.as_ref(), classes[1].in_flight), ("default", 1));
    let client = Client::new(limit(10).default_class("critical").pair());
    let _call = client.pending();
    assert_eq!(client.now().classes[0].in_flight, 1);
}

#[tokio::test]
async fn a_closure_reads_a_request_of_any_type() {
    let layer = limit(10).class_by(
        |request: &Request<ProbeBody>| {
            if request.method() == "POST" { "critical" } else { "default" }
        },
    );
    let client = Client::new(layer.pair());
    let mut service = client.service.clone();
    client.probe.always(Reply::never());
    let order = Request::post("/orders").body(ProbeBody::empty()).unwrap();
    let _call = service.call(order);
    assert_eq!(client.now().classes[0].in_flight, 1);
}

const CLASS: HeaderName = HeaderName::from_static("x-class");

/// Returns the class in which a request with `class` in its header, sent from `peer`, is admitted.
fn class_of(layer: ConcurrencyLimitLayer, class: &str, peer: &str) -> String {
    let (layer, handle) = layer.pair();
    let mut request = Request::get("/").header(CLASS, class).body(ProbeBody::empty()).unwrap();
    request.extensions_mut().insert(PeerAddr(SocketAddr::new(peer.parse().unwrap(), 80)));
    let _call = layer.layer(Probe::new()).call(request);
    let classes = handle.snapshot().classes;
    classes.iter().find(|class| class.in_flight == 1).unwrap().name.clone().into_owned()
}

#[tokio::test]
async fn only_trusted_peers_choose_their_class_by_a_header() {
    let (events, _guard) = Events::start();
    let layer = || limit(10).by_header(CLASS).trust_peers(["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(class_of(layer(), "critical", "10.1.2.3"), "critical");
    assert_eq!(class_of(layer(), "batch", "10.1.2.3"), "batch");
    assert_eq!(class_of(layer(), "nonsense", "10.1.2.3"), "default");
    assert_eq!(events.lines().len(), 0);
    let one = layer();
    assert_eq!(class_of(one.clone(), "critical", "192.0.2.1"), "default");
    assert_eq!(class_of(one, "critical", "192.0.2.1"), "default");
    let lines = events.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["header"]), (&"WARN".into(), &"x-class".into()));
}

#[tokio::test]
async fn a_header_is_not_trusted_by_default_and_a_closure_can_trust_it() {
    assert_eq!(class_of(limit(10).by_header(CLASS), "critical", "10.1.2.3"), "default");
    let layer = limit(10).by_header(CLASS).trust(|head| head.uri.path() == "/");
    assert_eq!(class_of(layer, "critical", "192.0.2.1"), "critical");
}
