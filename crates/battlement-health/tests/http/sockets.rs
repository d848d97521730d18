use axum::{Router, routing::get};
use battlement_health::{Check, CheckState, Health, HealthLayer};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    server::Server,
};
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Empty;
use tower::ServiceBuilder;

use crate::instance::instance;

/// Sends a request exactly as a kubelet does: over a new connection, which the server closes.
async fn kubelet(server: &Server, path: &str) -> String {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: kube-probe/1.33\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        server.addr()
    );
    String::from_utf8(Raw::exchange(server.addr(), head).await.unwrap()).unwrap()
}

/// Returns the head without the date, and the body.
fn parts(answer: &str) -> (Vec<&str>, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split("\r\n").filter(|line| !line.starts_with("date: ")).collect(), body)
}

async fn failing() -> Health {
    instance([Check::of_state("database", || CheckState::fail("down")).critical()]).await
}

/// Returns servers that answer probes in every way that is documented.
async fn servers(health: &Health) -> Vec<(&'static str, Server)> {
    let service = || health.service();
    let home = || Router::new().route("/", get("shop"));
    let layered = ServiceBuilder::new().layer(HealthLayer::new(health)).service(service());
    let auto = battlement_testkit::server::Protocol::Auto;
    let ours = service();
    vec![
        ("hyper", Server::http1(service()).await.unwrap()),
        ("hyper auto", Server::hyper(auto, move |_| ours.clone()).await.unwrap()),
        ("hyper, layer", Server::http1(layered).await.unwrap()),
        ("fallback", Server::axum(home().fallback_service(service())).await.unwrap()),
        ("route", Server::axum(home().route_service("/readyz", service())).await.unwrap()),
        ("layer", Server::axum(home().layer(HealthLayer::new(health))).await.unwrap()),
    ]
}

#[tokio::test]
async fn a_kubelet_reads_the_bytes_of_the_api_server_with_a_503_for_its_500() {
    let (passing, failing) = (Health::new(), failing().await);
    for (name, server) in servers(&passing).await {
        let answer = kubelet(&server, "/readyz").await;
        let (head, body) = parts(&answer);
        assert_eq!((head[0], body), ("HTTP/1.1 200 OK", "ok"), "{name}");
        for line in [
            "content-type: text/plain; charset=utf-8",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "vary: accept",
            "content-length: 2",
        ] {
            assert!(head.contains(&line), "{name}: {head:?}");
        }
    }
    for (name, server) in servers(&failing).await {
        let answer = kubelet(&server, "/readyz").await;
        let (head, body) = parts(&answer);
        assert_eq!(head[0], "HTTP/1.1 503 Service Unavailable", "{name}");
        let text = "[+]ping ok\n[-]database failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n";
        assert_eq!(body, text, "{name}");
    }
}

#[tokio::test]
async fn no_probe_is_answered_with_a_redirect_which_a_kubelet_takes_for_a_pass() {
    let health = failing().await;
    for (name, server) in servers(&health).await {
        for path in ["/readyz", "/readyz/", "/readyz//", "//readyz", "/readyz?", "/readyz/../livez"]
        {
            let answer = kubelet(&server, path).await;
            let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(status == 503 || status == 404, "{name} {path}: {status}");
            assert!(!answer.contains("\r\nlocation:"), "{name} {path}");
        }
        for path in ["/readyz", "/readyz?"] {
            assert!(kubelet(&server, path).await.starts_with("HTTP/1.1 503 "), "{name} {path}");
        }
    }
}

#[tokio::test]
async fn a_nested_service_is_asked_below_its_prefix() {
    let health = Health::new();
    let app = Router::new().nest_service("/ops", health.service());
    let server = Server::axum(app).await.unwrap();
    for path in ["/ops/livez", "/ops/readyz/ping"] {
        let answer = kubelet(&server, path).await;
        assert_eq!(parts(&answer).1, "ok", "{path}");
    }
    let missing = kubelet(&server, "/ops/nope").await;
    assert_eq!((&missing[9..12], parts(&missing).1), ("404", "404 page not found\n"));
    assert_eq!(&kubelet(&server, "/livez").await[9..12], "404");
}

#[tokio::test]
async fn a_head_has_the_length_of_the_body_that_it_does_not_send() {
    let head = || Request::head("/readyz?verbose").body(Empty::<Bytes>::new()).unwrap();
    let health = failing().await;
    let length = {
        let server = Server::http1(health.service()).await.unwrap();
        parts(&kubelet(&server, "/readyz?verbose").await).1.len().to_string()
    };
    for (name, server) in servers(&health).await {
        let mut client = Http1::connect(server.addr()).await.unwrap();
        for _ in 0..2 {
            let answer = Collected::of(client.send(head()).await.unwrap()).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.body.len()), (503, 0), "{name}");
            assert_eq!(answer.header("content-length"), Some(&*length), "{name}");
        }
    }
    let server = Server::http2(health.service()).await.unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let response = client.send(head()).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let answer = Collected::of(response).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (503, 0));
    assert_eq!(answer.header("content-length"), Some(&*length));
}

#[tokio::test]
async fn a_kept_connection_answers_probe_after_probe() {
    let server = Server::http1(Health::new().service()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for path in ["/livez", "/readyz?verbose", "/nope", "/health", "/livez"] {
        let status = client.get(path).await.unwrap().status;
        assert_eq!(status, if path == "/nope" { 404 } else { 200 }, "{path}");
    }
    assert!(!client.is_closed());
}
