//! Metrics of a server's connections, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use battlement_metrics::{Exposition, Format, serve::ServeMetrics};
use battlement_serve::{
    AcceptErrorKind, Flood, Limits, Listener, Observe, Refusal, Server, TimeoutKind,
};
use battlement_testkit::{
    client::{Http1, Http2, Raw},
    eventually,
};
use http::Response;
use tokio::task::JoinHandle;
use tower::service_fn;

use self::page::accepted;

const DEADLINE: Duration = Duration::from_secs(20);

/// Serves on a listener with this name.
async fn start(metrics: &ServeMetrics, name: &str, limits: Limits) -> (SocketAddr, JoinHandle<()>) {
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap().name(name);
    let addr = listener.local_addr().unwrap();
    let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::from("hello"))));
    let serving = Server::new(listener).limits(limits).observe(metrics.clone()).serve(service);
    let server = tokio::spawn(async move {
        serving.await.unwrap();
    });
    (addr, server)
}

fn text(metrics: &ServeMetrics) -> String {
    Exposition::new().serve(metrics).render(Format::Text)
}

/// Waits until the page has this line.
async fn shows(metrics: &ServeMetrics, line: &str) {
    let has_line = || text(metrics).lines().any(|shown| shown == line);
    assert!(eventually(DEADLINE, has_line).await, "{line} in {}", text(metrics));
}

#[tokio::test]
async fn open_connections_are_shown_by_listener_and_protocol() {
    let metrics = ServeMetrics::new();
    let (public, _server) = start(&metrics, "public", Limits::new()).await;
    let (admin, _server) = start(&metrics, "admin", Limits::new()).await;
    let mut first = Http1::connect(public).await.unwrap();
    first.get("/").await.unwrap();
    let mut second = Http2::connect(admin).await.unwrap();
    second.get("/").await.unwrap();
    let [page, _] = accepted(&Exposition::new().serve(&metrics));
    for (listener, protocol, count) in [
        ("public", "unknown", 0),
        ("public", "http1", 1),
        ("public", "http2", 0),
        ("admin", "unknown", 0),
        ("admin", "http1", 0),
        ("admin", "http2", 1),
    ] {
        let labels = format!(r#"listener="{listener}",protocol="{protocol}""#);
        let line = format!("battlement_serve_connections{{{labels}}} {count}\n");
        assert!(page.contains(&line), "{line} in {page}");
    }
    drop(first);
    shows(&metrics, r#"battlement_serve_connections{listener="public",protocol="http1"} 0"#).await;
    let ended = r#"battlement_serve_connection_duration_seconds_count{protocol="http1"} 1"#;
    shows(&metrics, ended).await;
    shows(&metrics, "battlement_serve_accepted_total 2").await;
}

#[tokio::test]
async fn a_connection_without_a_request_counts_as_a_timeout_and_by_its_duration() {
    let metrics = ServeMetrics::new();
    let limits = Limits::new().first_request(Duration::from_millis(100));
    let (addr, _server) = start(&metrics, "public", limits).await;
    let mut silent = Raw::connect(addr).await.unwrap();
    assert_eq!(silent.read_to_end().await.unwrap(), b"");
    shows(&metrics, r#"battlement_serve_timeouts_total{kind="first_request"} 1"#).await;
    let name = "battlement_serve_connection_duration_seconds_bucket";
    shows(&metrics, &format!(r#"{name}{{protocol="unknown",le="0.01"}} 0"#)).await;
    shows(&metrics, &format!(r#"{name}{{protocol="unknown",le="+Inf"}} 1"#)).await;
}

#[tokio::test]
async fn a_listener_that_stops_accepting_at_the_limit_of_connections_is_counted() {
    let metrics = ServeMetrics::new();
    let (addr, _server) = start(&metrics, "public", Limits::new().connections(1)).await;
    let line = r#"battlement_serve_limit_reached_total{listener="public"}"#;
    shows(&metrics, &format!("{line} 0")).await;
    for count in 1..3 {
        Http1::connect(addr).await.unwrap().get("/").await.unwrap();
        shows(&metrics, &format!("{line} {count}")).await;
    }
}

#[test]
fn every_counter_is_at_0_from_the_start_and_counts_its_events() {
    let metrics = ServeMetrics::new();
    let mut expected = vec![String::from("battlement_serve_accepted_total")];
    let mut add = |name: &str, label: &str, values: Vec<&str>| {
        let series = |value| format!(r#"battlement_serve_{name}_total{{{label}="{value}"}}"#);
        expected.extend(values.into_iter().map(series));
    };
    let kinds = |all: &[TimeoutKind]| all.iter().map(|kind| kind.as_str()).collect();
    add("timeouts", "kind", kinds(TimeoutKind::ALL));
    add("floods", "kind", Flood::ALL.iter().map(|kind| kind.as_str()).collect());
    add("refused", "reason", Refusal::ALL.iter().map(|reason| reason.as_str()).collect());
    let errors = AcceptErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    add("accept_errors", "kind", errors);
    let has_all = |count: u32| {
        let page = text(&metrics);
        for series in &expected {
            assert!(page.contains(&format!("{series} {count}\n")), "{series} {count} in {page}");
        }
    };
    has_all(0);
    metrics.on_accepted("public");
    TimeoutKind::ALL.iter().for_each(|kind| metrics.on_timeout("public", *kind));
    Flood::ALL.iter().for_each(|kind| metrics.on_flood("public", *kind));
    Refusal::ALL.iter().for_each(|reason| metrics.on_refused("public", *reason));
    AcceptErrorKind::ALL.iter().for_each(|kind| metrics.on_accept_error("public", *kind));
    has_all(1);
}
