//! Clients that other people wrote.

use std::{convert::Infallible, net::SocketAddr, process::Command};

use battlement::serve::{Listener, Server, Serving};
use http::Response;
use tower::service_fn;

async fn start() -> (SocketAddr, Serving) {
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::from("hello"))));
    (addr, Server::new(listener).serve(service))
}

/// Runs a client, and returns what it prints.
async fn run(program: &'static str, arguments: &[&str], addr: SocketAddr) -> String {
    let mut command = Command::new(program);
    command.args(arguments).arg(format!("http://{addr}/"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn curl_is_answered_over_http1_and_over_http2() {
    let (addr, serving) = start().await;
    tokio::spawn(serving);
    for protocol in ["--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge"] {
        let answer = run("curl", &["--silent", "--fail", protocol], addr).await;
        assert_eq!(answer, "hello", "{protocol}");
    }
}

#[tokio::test]
async fn h2load_loses_no_request() {
    let (addr, serving) = start().await;
    tokio::spawn(serving);
    let report = run("h2load", &["-n", "5000", "-c", "10", "-m", "50"], addr).await;
    assert!(report.contains("5000 succeeded, 0 failed, 0 errored, 0 timeout"), "{report}");
}

#[tokio::test]
async fn wrk_sees_no_error() {
    let (addr, serving) = start().await;
    tokio::spawn(serving);
    let report =
        run("wrk", &["--threads", "1", "--connections", "20", "--duration", "1s"], addr).await;
    assert!(report.contains("requests in") && !report.contains("errors"), "{report}");
}
